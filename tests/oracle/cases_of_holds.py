"""Section 22 of docs/definitions.md: hand-made cases of legal holds, with the truth computed by hand; and random holds."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle.build import day, hand_made, listing, must, p, policy, programme
from tests.oracle.case import HandMade, Told
from tests.oracle.cases_of_stated import random_scope
from tests.oracle.instants import DAY
from tests.oracle.programmes import Plan


def held(at: float, since: float, until: float | None = None, **scope: list[str]) -> dict[str, Any]:
    """Return a hold; times are days."""
    return {"at": day(at), "since": day(since), "until": None if until is None else day(until), **scope}


def _hold(name: str, told: list[Told], holds: list[dict[str, Any]], truth: Any, *later: dict[str, Any], **changes: Any) -> HandMade:
    said = programme(policy({"rpo": "60d"}, **changes.pop("terms", {})), *later, **changes)
    return hand_made("22", name, told, said, ("hold", truth), held=holds)


BOTH, ONE = [p("p", -1), p("q", -1)], [p("q", -1)]
CORRUPT = p("p", -1, integrity="corrupt", checked=0)
STAYS = [listing(0, *BOTH), listing(20, *BOTH)]
GOES = [listing(0, *BOTH), listing(2, *BOTH), listing(4, *ONE), listing(20, *ONE)]
"""p goes between day 2 and day 4: until 2 it is surely there, from 4 on surely not."""

CASES_OF_HOLDS: list[HandMade] = [
    _hold("everything stays", STAYS, [held(0, -5)], must(judged=10)),
    _hold("a point goes: breached from the listing that lacks it, unproven since the one that had it", GOES, [held(0, -5)], must([(4, 10)], [(2, 4)])),
    _hold("until it is released", GOES, [held(0, -5, 7)], must([(4, 7)], [(2, 4)], judged=7)),
    _hold("before it begins anything may go", GOES, [held(0, 5)], must(judged=5)),
    _hold("what is possibly there when it begins is held", GOES, [held(0, 3)], must([(4, 10)], [(3, 4)], judged=7)),
    _hold("what comes while it stands is held", [listing(0, *ONE), listing(3, *BOTH), listing(6, *ONE), listing(20, *ONE)], [held(0, -5)], must([(6, 10)], [(3, 6)])),
    _hold("past the newest listing nothing is sure", [listing(0, *BOTH), listing(6, *BOTH)], [held(0, -5)], must([], [(6, 10)])),
    _hold("a point that is there again is no longer missing", [*GOES[:3], listing(8, *BOTH), listing(20, *BOTH)], [held(0, -5)], must([], [(2, 8)])),
    _hold("nothing was ever there", [listing(0), listing(20)], [held(0, -5)], must([], [(0, 10)], judged=10)),
    _hold("nobody ever listed anything", [], [held(0, -5)], must([], [(0, 10)], judged=10)),
    _hold("of another asset", GOES, [held(0, -5, assets=["b"])], must(judged=0)),
    _hold("of its tier", GOES, [held(0, -5, tiers=["core"])], must([(4, 10)], [(2, 4)])),
    _hold("two holds: the first ends, the second goes on", GOES, [held(0, -5, 5), held(0, 1)], must([(4, 10)], [(2, 4)])),
    _hold("a second hold does not ask for what went before it", GOES, [held(0, -5, 5), held(0, 5)], must([(4, 5)], [(2, 4)], judged=10)),
    _hold("a new version of the policy changes nothing", GOES, [held(0, -5)], must([(4, 10)], [(2, 4)]), policy({"rpo": "60d"}, 2, 6)),
    _hold("there is no grace", GOES, [held(0, -5)], must([(4, 10)], [(2, 4)]), terms={"new_asset_grace": "90d"}),
    _hold("after retirement it goes on", GOES, [held(0, -5)], must([(4, 10)], [(2, 4)], judged=10), assets={"a": {"retired": "2026-03-04T00:00:00Z"}}),
    _hold("a corrupt point is still there", [listing(0, CORRUPT), listing(20, CORRUPT)], [held(0, -5)], must(judged=10)),
]  # fmt: skip


DISPOSE = programme(policy({"dispose": {"after": "3d", "grace": "1d"}}))
CASES_OF_HOLDS += [
    hand_made("22", name, STAYS, DISPOSE, ("retention-maximum", truth), held=holds)
    for name, holds, truth in (
        ("without a hold: overdue from day 3", [], must([(3, 10)])),
        ("under a hold nothing is overdue", [held(0, -5)], must(judged=10)),
        ("after its release the grace runs", [held(0, -5, 6)], must([(7, 10)])),
        ("a hold that begins late suspends what was overdue", [held(0, 5, 6)], must([(3, 5), (7, 10)])),
    )
]


def random_holds(seed: int, made: Plan) -> list[dict[str, Any]]:
    """Return a few holds on assets of a random programme."""
    rng = random.Random(f"held {seed}")
    found = []
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        since = made.since + rng.randint(-10, 20) * DAY // 2
        scope = random_scope(rng, made)
        found.append(
            {"at": since, "since": since, "until": since + rng.randint(1, 30) * DAY // 2 if rng.random() < 0.5 else None, **scope}
        )
    return found
