"""Hand-made cases of section 18 of docs/definitions.md: what has to be recovered together, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import PROGRAMME, hand_made, listing, must, p, policy, programme, when
from tests.oracle.case import HandMade

EMPTY = listing(-30)
"""Without it a copy captured before anything was observed might still be there."""
OTHER = {**PROGRAMME["assets"][0], "name": "b", "tier": "standard", "subjects": [{"source": "s", "subject": "y"}]}
"""An asset that the policy is not for."""


def _together(
    name: str,
    told: list[Any],
    *truth: Any,
    skew: str = "0h",
    age: str | None = None,
    later: Any = (),
    other: Any = OTHER,
    **changes: Any,
) -> HandMade:
    terms = {"assets": ["b"], "skew": skew, **({"max_age": age} if age else {})}
    assets = changes.pop("assets", {})
    said = programme(policy({"recover_with": terms}), *later, assets=assets, **changes)
    said["assets"].append(other)
    return hand_made("18", name, [EMPTY, *told], said, *(("consistency", one) for one in truth))


def b(name: str, captured: float | None, **fields: Any) -> dict[str, Any]:
    """Return a point of the other asset."""
    return p(name, captured, subject="y", **fields)


PARTS = {"a": {"subjects": None, "parts": [
    {"name": "m", "subjects": [{"source": "s", "subject": "x"}]}, {"name": "n", "subjects": [{"source": "s", "subject": "z"}]}]}}  # fmt: skip
BOTH = [p("a1", 1), b("b1", 1)]

CONSISTENCY = [
    _together("captured at one instant", [listing(20, *BOTH)], must([(0, 1)])),
    _together("captured within the skew", [listing(20, p("a1", 1), b("b1", 2))], must([(0, 2)]), skew="1d"),
    _together("captured further apart than the skew", [listing(20, p("a1", 1), b("b1", 2.5))], must([(0, 10)]), skew="1d"),
    _together("of several the ones that fit", [listing(20, p("a1", 1), p("a2", 4), b("b1", 2.5), b("b2", 4.5))], must([(0, 4.5)]), skew="1d"),
    _together("the ones that fit were not there at one time", [listing(3, *BOTH), listing(3.5, b("b1", 1), p("a2", 5)), listing(20, b("b1", 1), p("a2", 5))],
              must([(0, 1), (3.5, 10)], [(3, 3.5)])),
    _together("untold when one was captured: any instant by which it was there", [listing(20, p("a1", 1), b("b1", None, available=5))], must([(0, 5)], [(5, 10)])),
    _together("untold when one was captured: not after it was there", [listing(20, p("a1", 6), b("b1", None, available=5))], must([(0, 10)])),
    _together("untold when one was captured: within the skew of the last such instant", [listing(20, p("a1", 6), b("b1", None, available=5))], must([(0, 6)], [(6, 10)]), skew="1d"),
    _together("too old to count", [listing(20, *BOTH)], must([(0, 1), (4, 10)]), age="3d"),
    _together("as old as they like", [listing(20, *BOTH)], must([(0, 1)]), age="any"),
    _together("one of them alone is too old to count", [listing(20, p("a1", 1), b("b1", 2))], must([(0, 2), (4, 10)]), age="3d", skew="1d"),
    _together("a continuous backup may restore each instant", [listing(20, p("a1", 1, until=3, available=3), b("b1", 2))], must([(0, 3)], [(3, 10)])),
    _together("a continuous backup restores its first instant", [listing(20, p("a1", 1, until=3, available=3), b("b1", 1))], must([(0, 3)])),
    _together("a continuous backup restores its last instant", [listing(20, p("a1", 1, until=3, available=3), b("b1", 3))], must([(0, 3)])),
    _together("a continuous backup is as old as its last instant", [listing(20, p("a1", 1, until=3, available=3), b("b1", 3))], must([(0, 3), (6, 10)]), age="3d"),
    _together("the first instant of a continuous backup is older than its last", [listing(20, p("a1", 1, until=3, available=3), b("b1", 1, until=1))],
              must([(0, 3), (4, 10)]), age="3d"),
    _together("each part is to fit", [listing(20, p("a1", 1), p("a2", 4, subject="z"), b("b1", 1), b("b2", 4))], must([(0, 10)], part="m"), must([(0, 10)], part="n"),
              assets=PARTS, skew="1d"),
    _together("each part fits", [listing(20, p("a1", 1), p("a2", 2, subject="z"), b("b1", 1.5))], must([(0, 2)], part="m"), must([(0, 2)], part="n"),
              assets=PARTS, skew="1d"),
    _together("a companion may have a copy in a repository that nobody listed", [listing(20, p("a1", 1), b("b1", 5))], must([(0, 1)], [(1, 10)]),
              other={**OTHER, "repositories": ["r2"]}),
    _together("what was captured unseen was captured by then", [listing(20, p("a1", 1), b("b1", 5))], must([(0, 1)], [(1, 10)]), skew="1d",
              other={**OTHER, "repositories": ["r2"]}),
    _together("what was captured unseen is too old as well", [listing(20, p("a1", 1), b("b1", 5))], must([(0, 1), (4, 10)], [(1, 4)]), age="3d",
              other={**OTHER, "repositories": ["r2"]}),
    _together("a listing ends what was captured unseen", [listing(3, p("a1", 1)), listing(11, p("a1", 1))], must([(3, 10)], [(0, 3)]),
              repositories={"r1": {"keeps_at_least": "8d"}}),
    _together("of a companion nothing is known", [listing(20, p("a1", 1))], must([], [(0, 10)]), other={**OTHER, "subjects": []}),
    _together("of one of several companions nothing is known", [listing(20, *BOTH)], must([], [(0, 10)], part=None), other={**OTHER, "subjects": [], "parts": [
        {"name": "known", "subjects": [{"source": "s", "subject": "y"}]}, {"name": "unknown", "subjects": [{"source": "t", "subject": "y"}]}]},
              sources=[{"name": "t", "tool": "interchange", "timezone": "UTC"}]),
    _together("a companion in doubt", [listing(3, *BOTH), listing(5, p("a1", 1)), listing(20, p("a1", 1))], must([(0, 1), (5, 10)], [(3, 5)])),
    _together("a companion out of service is one still", [listing(20, *BOTH)], must([(0, 1)]), other={**OTHER, "in_service": when(2), "retired": when(5)}),
    _together("the version in force says what counts of a companion", [listing(20, p("a1", 1), b("b1", 1, completeness="partial"))], must([(0, 5)]),
              later=[policy({"recover_with": {"assets": ["b"], "skew": "0h"}}, 2, 5, accept_partial=True)]),
    _together("the version in force says the skew", [listing(20, p("a1", 1), b("b1", 2))], must([(0, 5)]),
              later=[policy({"recover_with": {"assets": ["b"], "skew": "1d"}}, 2, 5)]),
    _together("only in service", [listing(20, *BOTH)], must([], judged=3), assets={"a": {"in_service": when(3), "retired": when(6)}}),
]  # fmt: skip


def demanded(name: str, stated: Any, least: Any, truth: Any, *later: Any, demand: Any = None, **changes: Any) -> HandMade:
    """Return a case of what is demanded of a policy."""
    said = programme(policy(stated, **changes.pop("terms", {})), *later, **changes)
    said["baseline"] = [{"by": "enterprise", "objectives": least, **(demand or {})}]
    return hand_made("21", name, [], said, ("baseline", truth))


ALL = must([(0, 10)])
DEPENDS = must([], [(0, 10)])
KEPT = [{"every": "day", "for": "30d"}]
STANDARD = {**PROGRAMME["assets"][0], "tier": "standard", "since": when(5)}


def kept(every: str, term: str) -> dict[str, Any]:
    """Return an objective `keep` of one rule."""
    return {"keep": [{"every": every, "for": term}]}


BASELINE = [
    demanded("as demanded", {"rpo": "1h"}, {"rpo": "1h"}, must()),
    demanded("a longer tolerance is more work lost", {"rpo": {"target": "1h", "tolerance": "10m"}}, {"rpo": "1h"}, ALL),
    demanded("a shorter target makes up for a tolerance", {"rpo": {"target": "50m", "tolerance": "10m"}}, {"rpo": "1h"}, must()),
    demanded("something is not stated", {"rpo": "1h"}, {"rpo": "1h", "verify": {"every": "7d"}}, ALL),
    demanded("of the tier and the class of data", {"rpo": "2h"}, {"rpo": "1h"}, ALL, demand={"tier": ["standard", "core"], "data_class": "files"}),
    demanded("no policy is in force", {"rpo": "1h"}, {"rpo": "1h"}, must([(0, 5)]), terms={"effective": 5}),
    demanded("a new version states enough", {"rpo": "2h"}, {"rpo": "1h"}, must([(0, 5)]), policy({"rpo": "1h"}, 2, 5)),
    demanded("not before it takes effect", {"rpo": "2h"}, {"rpo": "1h"}, must([(4, 10)], judged=6), demand={"effective": when(4)}),
    demanded("the tier changes", {"rpo": "1h"}, {"rpo": "1h"}, must([(5, 10)]), assets=[STANDARD]),
    demanded("the tier of which it is demanded changes", {"rpo": "2h"}, {"rpo": "1h"}, must([(0, 5)], judged=5), assets=[STANDARD], demand={"tier": "core"}),
    demanded("in service", {"rpo": "2h"}, {"rpo": "1h"}, must([(2, 6)], judged=4), assets={"a": {"in_service": when(2), "retired": when(6)}}),
    demanded("fewer copies", {"copies": {"max_age": "1d", "count": 2}}, {"copies": {"max_age": "2d", "count": 3}}, ALL),
    demanded("enough copies", {"copies": {"max_age": "1d", "count": 3}}, {"copies": {"max_age": "2d", "count": 3}}, must()),
    demanded("older copies", {"copies": {"max_age": "any"}}, {"copies": {"max_age": "2d"}}, ALL),
    demanded("copies besides production", {"copies": {"max_age": "1d", "count": 2, "production": False}}, {"copies": {"max_age": "1d", "count": 3}}, DEPENDS),
    demanded("copies of which production is one", {"copies": {"max_age": "1d", "count": 4, "media": 3}},
              {"copies": {"max_age": "1d", "count": 3, "media": 2, "production": False}}, must()),
    demanded("too few copies of which production is one", {"copies": {"max_age": "1d", "count": 2, "media": 3}},
              {"copies": {"max_age": "1d", "count": 3, "media": 2, "production": False}}, ALL),
    demanded("three months are no fewer than 89 days", {"dispose": {"after": "89d"}}, {"dispose": {"after": "3 months"}}, must()),
    demanded("three months may be fewer than 90 days", {"dispose": {"after": "90d"}}, {"dispose": {"after": "3 months"}}, DEPENDS),
    demanded("three months and their grace", {"dispose": {"after": "3 months", "grace": "8d"}}, {"dispose": {"after": "3 months", "grace": "7d"}}, ALL),
    demanded("kept long enough", kept("day", "30d"), {"keep": KEPT}, must()),
    demanded("kept too short", kept("day", "29d"), {"keep": KEPT}, ALL),
    demanded("one of each month is not one of each day", kept("month", "7y"), {"keep": KEPT}, ALL),
    demanded("every point, a day longer", kept("point", "31d"), {"keep": KEPT}, must()),
    demanded("every point, as long", kept("point", "30d"), {"keep": KEPT}, DEPENDS),
    demanded("every point, shorter", kept("point", "29d"), {"keep": KEPT}, ALL),
    demanded("one of each week, a month and a week longer", kept("week", "68d"), kept("month", "30d"), must()),
    demanded("one of each week, a month longer", kept("week", "61d"), kept("month", "30d"), DEPENDS),
    demanded("of two rules one is lacking", kept("day", "30d"), {"keep": [*KEPT, {"every": "month", "for": "1y"}]}, ALL),
    demanded("checked seldom", {"verify": {"every": "31d"}}, {"verify": {"every": "1 month"}}, DEPENDS),
]  # fmt: skip

CASES_OF_GROUPS: list[HandMade] = [*CONSISTENCY, *BASELINE]
