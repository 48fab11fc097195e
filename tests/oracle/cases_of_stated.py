"""Section 20 of docs/definitions.md: hand-made cases of what people stated, with the truth computed by hand; and random statements."""

from __future__ import annotations

import random
from typing import Any

from tests.oracle.build import day, hand_made, listing, must, p, policy, programme
from tests.oracle.case import HandMade
from tests.oracle.instants import DAY
from tests.oracle.programmes import Plan
from tests.oracle.stated import STATED

ALONE = [control for control in STATED if control != "corrective"]
"""Those that statements alone decide; of the other one speaks section 35."""


def said(
    at: float, since: float, until: float, control: str = "isolation", *, holds: bool = True, **scope: list[str]
) -> dict[str, Any]:
    """Return a statement; times are days."""
    return {"control": control, "holds": holds, "at": day(at), "since": day(since), "until": day(until), **scope}


def _stated(
    name: str,
    stated: list[dict[str, Any]],
    truth: Any,
    *later: dict[str, Any],
    attested: str = "1y",
    control: str = "isolation",
    **changes: Any,
) -> HandMade:
    first = policy({STATED[control]: attested}, **changes.pop("terms", {}))
    return hand_made("20", name, [], programme(first, *later, **changes), (control, truth), stated=stated)


DISPOSAL = "retention-maximum"
ASKED = {"after": "2d", "grace": "1d", "content": True}


def _content(
    name: str,
    stated: list[dict[str, Any]],
    truth: Any,
    told: Any = (),
    *,
    first: Any = None,
    later: Any = (),
    age: Any = None,
    **changes: Any,
) -> HandMade:
    """Return a case of section 10 about content. age: what the other leg has to say, where it matters."""
    written = programme(policy({"dispose": first or ASKED}), *later, **changes)
    truths = [(f"{DISPOSAL} content", truth), *([] if age is None else [(DISPOSAL, age)])]
    return hand_made("10", name, list(told), written, *truths, stated=stated)


CASES_OF_STATED: list[HandMade] = [
    _stated("nobody said anything", [], must([], [(0, 10)], judged=10)),
    _stated("a statement that covers all of it", [said(0, -5, 20)], must()),
    _stated("from its since to its until", [said(0, 2, 6)], must([], [(0, 2), (6, 10)])),
    _stated("it does not hold", [said(0, 2, 6, holds=False)], must([(2, 6)], [(0, 2), (6, 10)])),
    _stated("the newest governs", [said(0, -1, 20), said(3, 3, 5, holds=False)], must([(3, 5)])),
    _stated("the newest governs, not the one that begins last", [said(0, 4, 20, holds=False), said(1, -1, 20)], must()),
    _stated("the policy says how long one counts", [said(-1, -5, 20)], must([], [(2, 10)]), attested="3d"),
    _stated("a statement about another control", [said(0, -5, 20, "access")], must([], [(0, 10)])),
    _stated("a statement about another asset", [said(0, -5, 20, assets=["b"])], must([], [(0, 10)])),
    _stated("a statement about its tier", [said(0, -5, 20, tiers=["core", "other"])], must()),
    _stated("every key must match", [said(0, -5, 20, tiers=["core"], units=["other"])], must([], [(0, 10)])),
    _stated("looking back", [said(9, 1, 20)], must([], [(0, 1)])),
    _stated("a new version asks for younger statements", [said(0, -5, 20)], must([], [(7, 10)]), policy({"isolation": {"attested": "7d"}}, 2, 5)),
    _stated("grace without a statement", [], must([], [(3, 10)], judged=10), terms={"new_asset_grace": "3d"}, assets={"a": {"in_service": "2026-03-01T00:00:00Z"}}),
    *(
        _stated(f"{control}: one that holds, one that does not, none", [said(0, 0, 4, control), said(1, 4, 7, control, holds=False)], must([(4, 7)], [(7, 10)]), control=control)
        for control in ALONE
    ),
    *(_stated(f"{control}: holds", [said(0, -5, 20, control)], must(), control=control) for control in ALONE),
    *(_stated(f"{control}: none", [], must([], [(0, 10)]), control=control) for control in ALONE),
    _content("nobody stated that production was purged", [], must([], [(0, 10)])),
    _content("a statement of the purge, up to its own last day", [said(-400, -500, 6, DISPOSAL)], must([], [(6, 10)])),
    _content("it was not purged, then it was", [said(0, -5, 20, DISPOSAL, holds=False), said(4, 4, 20, DISPOSAL)], must([(0, 4)])),
    _content("a statement about another control says nothing of content", [said(0, -5, 20, "erasure-replay")], must([], [(0, 10)])),
    _content("another asset was purged", [said(0, -5, 20, DISPOSAL, assets=["b"])], must([], [(0, 10)])),
    _content("copies that stay too long are of the other leg", [said(0, -5, 20, DISPOSAL)], must(), [listing(20, p("p", 0))], age=must([(3, 10)])),
    _content("a purge keeps no copy from being overdue, nor the other way round", [], must([], [(0, 10)]), [listing(20, p("p", 0))], age=must([(3, 10)])),
    _content("asked from the second version on", [], must([], [(4, 10)]), first={"after": "2d"}, later=(policy({"dispose": ASKED}, 2, 4),)),
    _content("after it retired, as long as a copy may be left", [], must([], [(0, 6.5)], judged=6.5), [listing(6, p("p", 0)), listing(6.5)],
             assets={"a": {"retired": "2026-03-03T00:00:00Z"}}),
]  # fmt: skip


def random_statements(seed: int, made: Plan) -> list[dict[str, Any]]:
    """Add objectives of controls that rest on statements to a random programme's policies, and return statements about them."""
    rng = random.Random(f"stated {seed}")
    controls = rng.sample(sorted(STATED), 2)
    for one in made.programme["policies"]:
        one["objectives"] |= {
            STATED[control]: rng.choice(("1d", "5d", "1 month", "1y")) for control in controls if rng.random() < 0.4
        }
    found = []
    for _ in range(rng.randint(0, 5)):
        since = made.since + rng.randint(-10, 10) * DAY // 2
        scope = random_scope(rng, made)
        found.append({
            "control": rng.choice(controls), "holds": rng.random() < 0.7, "at": made.since + rng.randint(-10, 20) * DAY // 2, "since": since,
            "until": since + rng.randint(1, 30) * DAY // 2, **scope,
        })  # fmt: skip
    return found + _about_content(random.Random(f"content {seed}"), made)


def _about_content(rng: random.Random, made: Plan) -> list[dict[str, Any]]:
    """Ask some of the versions that dispose for a statement of the purge in production, and return some."""
    for one in made.programme["policies"]:
        if "dispose" in one["objectives"] and rng.random() < 0.5:
            one["objectives"] |= {"dispose": {**one["objectives"]["dispose"], "content": True}}
    found = []
    for _ in range(rng.randint(0, 3)):
        since = made.since + rng.randint(-10, 10) * DAY // 2
        times = {"at": made.since + rng.randint(-10, 20) * DAY // 2, "since": since, "until": since + rng.randint(1, 30) * DAY // 2}
        found.append({"control": DISPOSAL, "holds": rng.random() < 0.7, **times, **random_scope(rng, made)})
    return found


def random_scope(rng: random.Random, made: Plan) -> dict[str, list[str]]:
    """Return the scope of a record: mostly none, else of one asset, tier or class of data."""
    assets = made.programme["assets"]
    scopes = {"assets": "name", "tiers": "tier", "data_classes": "data_class"}
    return {many: [rng.choice(assets)[key]] for many, key in scopes.items() if rng.random() < 0.3}
