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
    terms, zone = changes.pop("terms", {}), changes.pop("zone", "UTC")
    said = {**programme(policy({"rpo": "60d"}) | terms, *later, **changes), "timezone": zone}
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
    _hold("no policy speaks of the asset", GOES, [held(0, -5)], must([(4, 10)], [(2, 4)], judged=10), terms={"applies_to": {"tier": "basic"}}),
    _hold("a policy comes into force while it stands", GOES, [held(0, -5)], must([(4, 10)], [(2, 4)], judged=10), terms={"effective": "2026-03-04T00:00:00Z"}),
    _hold("a corrupt point is still there", [listing(0, CORRUPT), listing(20, CORRUPT)], [held(0, -5)], must(judged=10)),
]  # fmt: skip


def _monthly(name: str, told: list[Told], truth: Any, since: float = -5, until: float | None = None, **changes: Any) -> HandMade:
    """A case of `preserve: month`. Day 0 is the first of March: days below it are of February."""
    return _hold(f"monthly: {name}", told, [held(-40, since, until, preserve="month")], truth, **changes)


def _listed(*when: tuple[float, str], **fields: Any) -> list[Told]:
    """Return complete listings: the day, and the points in each; a point's name ends with the day of its capture."""
    return [listing(at, *(p(name, float(name[1:]), **fields) for name in names.split())) for at, names in when]


def _one(at: float, *points: dict[str, Any]) -> Told:
    return listing(at, p("s", -10), *points)


GONE = _listed((-9, "s-10"), (2, "s-10 a1"), (4, "s-10"), (20, "s-10"))
"""a of March goes, and nothing takes its place."""
NEXT = _listed((-9, "s-10"), (2, "s-10 a1 b2"), (4, "s-10 b2"), (20, "s-10 b2"))
"""a of March goes between day 2 and 4; b, captured after it, stays."""
OPEN = {"repositories": {"r1": {"keeps_at_least": None}}}
"""Listings show all that is there, but say nothing of what was captured between them."""
PARTIAL = p("b", 2, completeness="partial")
COPY = [listing(at, p("c", 1, "r2"), repository="r2") for at in (2, 20)]

CASES_OF_HOLDS += [
    _hold("of all, each that comes has to stay", NEXT, [held(-40, -5, preserve="all")], must([(4, 10)], [(2, 4)])),
    _monthly("of those that come, the last of a month stays, and its elder may go", NEXT, must(judged=10)),
    _monthly("what was there when it began stays, all of it", _listed((-9, "a-10 b-9.5"), (2, "a-10 b-9.5"), (4, "b-9.5"), (20, "b-9.5")), must([(4, 10)], [(2, 4)])),
    _monthly("the last of the month goes, though an elder is kept", _listed((-9, "s-10"), (2, "s-10 a1 b2"), (4, "s-10 a1"), (20, "s-10 a1")), must([(4, 10)], [(2, 4)])),
    _monthly("the last of February goes, one of March stays", _listed((-9, "s-10"), (-1, "s-10 f-2"), (2, "s-10 f-2 m1"), (4, "s-10 m1"), (20, "s-10 m1")), must([(4, 10)], [(2, 4)])),
    _monthly("the elder goes too early", _listed((-9, "s-10"), (2, "s-10 a1"), (4, "s-10"), (6, "s-10 b5.5"), (20, "s-10 b5.5")), must([(4, 5.5)], [(2, 4)])),
    _monthly("until it is released", GONE, must([(4, 7)], [(2, 4)], judged=7), until=7),
    _monthly("goes before the next is seen, not before it was there", _listed((-9, "s-10"), (2, "s-10 a1"), (4, "s-10"), (6, "s-10 b3"), (20, "s-10 b3")), must([], [(2, 6)])),
    _monthly("months of the policy's zone", _listed((-9, "s-10"), (2, "s-10 a-0.25 b2"), (4, "s-10 b2"), (20, "s-10 b2")), must(judged=10), terms={"timezone": "Asia/Shanghai"}),
    _monthly("where no policy is in force, months of the programme's zone",
             _listed((-9, "s-10"), (2, "s-10 a-0.25 b2"), (4, "s-10 b2"), (20, "s-10 b2")), must(judged=10), terms={"applies_to": {"tier": "basic"}}, zone="Asia/Shanghai"),
    _monthly("in another zone it is the last of February", _listed((-9, "s-10"), (2, "s-10 a-0.25 b2"), (4, "s-10 b2"), (20, "s-10 b2")), must([(4, 10)], [(2, 4)])),
    _monthly("a partial point takes no complete one's place", [_one(-9), _one(2, p("a", 1), PARTIAL), _one(4, PARTIAL), _one(20, PARTIAL)], must([(4, 10)], [(2, 4)])),
    _monthly("a complete one takes a partial one's", [_one(-9), _one(2.5, p("a", 1), PARTIAL), _one(4, p("a", 1)), _one(20, p("a", 1))], must(judged=10)),
    _monthly("a copy of the last one is the last one", [*GONE, *COPY], must(judged=10)),
    _monthly("nobody saw whether another one came: a loss is not proven", GONE, must([], [(2, 10)]), **OPEN),
    _monthly("unseen ones of another month help nothing", _listed((-9, "s-10"), (-1, "s-10 f-2"), (2, "s-10 f-2"), (4, "s-10"), (20, "s-10")), must([(4, 10)], [(2, 4)]), **OPEN),
    _monthly("what was there when it began nobody unseen replaces", _listed((-9, "a-10 b-9.5"), (2, "a-10 b-9.5"), (4, "b-9.5"), (20, "b-9.5")), must([(4, 10)], [(2, 4)]), **OPEN),
    _monthly("seen after it began, and surely there before", _listed((-9, "s-10"), (6, "s-10 a1 b5"), (8, "s-10 b5"), (20, "s-10 b5")), must([(8, 10)], [(6, 8)], judged=7), since=3),
    _monthly("seen later, and perhaps there before", _listed((-9, "s-10"), (2, "s-10"), (6, "s-10 a1 b5"), (8, "s-10 b5"), (20, "s-10 b5")), must([], [(6, 10)], judged=7), since=3),
    _monthly("past the newest listing nothing is sure", _listed((-9, "s-10"), (6, "s-10 a1")), must([], [(6, 10)])),
    _monthly("nothing was ever there", [listing(-9), listing(20)], must([], [(0, 10)], judged=10)),
    _hold("one of all and one monthly: all", NEXT, [held(-40, -5, preserve="month"), held(-40, -5)], must([(4, 10)], [(2, 4)])),
    _hold("one of all that is released, and one monthly", NEXT, [held(-40, -5, 5), held(-40, -5, preserve="month")], must([(4, 5)], [(2, 4)])),
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
    monthly = random.Random(f"monthly {seed}")
    for one in found:
        if monthly.random() < 0.6:
            one["preserve"] = "month"
    return found
