"""Sections 25 to 27 of docs/definitions.md: hand-made cases of drills and of what rests on them, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import PROGRAMME, day, hand_made, listing, must, p, policy, programme, rows, run, when
from tests.oracle.case import HandMade, Told
from tests.oracle.cases_of_governed import revised, runbook
from tests.oracle.cases_of_groups import OTHER


def drill(
    declared: float,
    *results: dict[str, Any],
    kind: str = "full",
    signed: bool = True,
    cancelled: float | None = None,
    assets: tuple[str, ...] = ("a",),
    live: bool = False,
) -> dict[str, Any]:
    """Return a drill, signed off where it may be; times are days."""
    given_up = None if cancelled is None else day(cancelled)
    done = [{**one, "started": day(declared)} for one in results]
    return {
        "kind": kind,
        "assets": list(assets),
        "declared": day(declared),
        "signed": signed,
        "cancelled": given_up,
        "live": live,
        "results": done,
    }


def result(
    ended: float, outcome: str | None = "passed", depth: int = 4, coverage: str = "full", asset: str = "a", **named: str
) -> dict[str, Any]:
    """Return how a recovery ended."""
    return {"asset": asset, "outcome": outcome, "depth": depth, "coverage": coverage, "ended": day(ended), **named}


def restore(started: float, finished: float, coverage: str | None = "full", **fields: Any) -> dict[str, Any]:
    """Return a restore run of subject x from r1."""
    name = f"restore-{started}-{finished}-{coverage}"
    return {**run(name, started, finished), "kind": "restore", "method": None, "coverage": coverage, **fields}


def _timed(
    name: str,
    told: list[dict[str, Any]],
    drills: list[dict[str, Any]],
    truth: Any,
    *later: dict[str, Any],
    rto: Any = None,
    read_on: float | None = None,
    **changes: Any,
) -> HandMade:
    acted = changes.pop("acted", ())
    said = programme(policy({"rto": rto or {"target": "1d", "every": "5d"}}, **changes.pop("terms", {})), *later, **changes)
    payloads: list[Told] = [rows(20 if read_on is None else read_on, *told)] if told else []
    return hand_made("26", name, payloads, said, ("recovery-time", truth), drilled=drills, read_on=read_on, acted=acted)


BOOK = runbook(-8, -7)
RAN, QUICK = [restore(1, 1.5)], result(1.5)
"""A restore run and a result of half a day, declared on day 1: in time, and counting until 6.5."""

LONG = "0123456789abcdef"

TIMES: list[HandMade] = [
    _timed("no drill", [], [], must([], [(0, 10)], judged=10)),
    _timed("a restore run alone proves nothing", RAN, [], must([], [(0, 10)])),
    _timed("in time, signed and with its restore run", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (6.5, 10)])),
    _timed("for a year when nothing is said", RAN, [drill(1, QUICK)], must([], [(0, 1.5)]), rto="1d"),
    _timed("measured before the period, and counting through it", [restore(-4, -3.5)], [drill(-4, result(-3.5))], must(), rto="1d"),
    _timed("not ahead of what is known", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (4, 10)]), read_on=4),
    _timed("nobody signed it off", RAN, [drill(1, QUICK, signed=False)], must([], [(0, 10)])),
    _timed("without a restore run", [], [drill(1, QUICK)], must([], [(0, 10)])),
    _timed("a restore run before the declaration", [restore(0.9, 1.5)], [drill(1, QUICK)], must([], [(0, 10)])),
    _timed("a restore run that ends after the validation", [restore(1, 1.6)], [drill(1, QUICK)], must([], [(0, 10)])),
    _timed("a restore run that failed", [restore(1, 1.5, outcome="failed")], [drill(1, QUICK)], must([], [(0, 10)])),
    _timed("a restore run of another subject", [restore(1, 1.5, subject="y")], [drill(1, QUICK)], must([], [(0, 10)])),
    _timed("a restore run of a part", [restore(1, 1.5, "partial")], [drill(1, QUICK)], must([], [(0, 10)])),
    _timed("a restore run of nobody knows how much", [restore(1, 1.5, None)], [drill(1, QUICK)], must([], [(0, 10)])),
    _timed("a restore run from the repository that is named", RAN, [drill(1, result(1.5, point="p1", repository="r1"))], must([], [(0, 1.5), (6.5, 10)])),
    _timed("a restore run from another repository than is named", RAN, [drill(1, result(1.5, point="p1", repository="r2"))], must([], [(0, 10)])),
    _timed("a restore run that does not say from which repository", [restore(1, 1.5, repository=None)], [drill(1, result(1.5, point="p1", repository="r2"))],
           must([], [(0, 1.5), (6.5, 10)])),
    _timed("a restore run of the point that is named", [restore(1, 1.5, recovery_point="p1")], [drill(1, result(1.5, point="p1", repository="r1"))], must([], [(0, 1.5), (6.5, 10)])),
    _timed("a restore run of another point than is named", [restore(1, 1.5, recovery_point="p2")], [drill(1, result(1.5, point="p1", repository="r1"))], must([], [(0, 10)])),
    _timed("a restore run of a point where none is named", [restore(1, 1.5, recovery_point="p2")], [drill(1, QUICK)], must([], [(0, 1.5), (6.5, 10)])),
    _timed("a restore run that names the beginning of a point", [restore(1, 1.5, recovery_point=LONG[:8]), p(LONG, 0)], [drill(1, result(1.5, point=LONG, repository="r1"))],
           must([], [(0, 1.5), (6.5, 10)])),
    _timed("a restore run that names the beginning of two points", [restore(1, 1.5, recovery_point=LONG[:8]), p(LONG, 0), p(LONG[:8] + "x", 0)],
           [drill(1, result(1.5, point=LONG, repository="r1"))], must([], [(0, 10)])),
    _timed("exactly the target", [restore(1, 2)], [drill(1, result(2))], must([], [(0, 2), (7, 10)])),
    _timed("longer: from when it had to be done", [restore(1, 3)], [drill(1, result(3))], must([(2, 8)], [(0, 2), (8, 10)])),
    _timed("longer, although nobody signed it off", [], [drill(1, result(3), signed=False)], must([(2, 8)], [(0, 2), (8, 10)])),
    _timed("the worst within the cadence decides", [restore(1, 3), restore(4, 4.5)], [drill(1, result(3)), drill(4, result(4.5))], must([(2, 8)], [(0, 2), (9.5, 10)])),
    _timed("less than the full service proves nothing", RAN, [drill(1, result(1.5, depth=3))], must([], [(0, 10)])),
    _timed("a part of the asset proves nothing", RAN, [drill(1, result(1.5, coverage="partial"))], must([], [(0, 10)])),
    _timed("less than the full service, and longer", [], [drill(1, result(3, depth=1))], must([(2, 8)], [(0, 2), (8, 10)])),
    _timed("a failure stands until it is cured", [], [drill(1, result(1.5, "failed"))], must([(1.5, 10)], [(0, 1.5)])),
    _timed("a failure found late, from when it had to be done", [], [drill(1, result(3, "failed"))], must([(2, 10)], [(0, 2)])),
    _timed("a failure that nobody signed off, of a drill given up", [], [drill(1, result(1.5, "failed"), signed=False, cancelled=4)], must([(1.5, 10)], [(0, 1.5)])),
    _timed("a failure cured", [restore(3, 3.5)], [drill(1, result(1.5, "failed")), drill(3, result(3.5))], must([(1.5, 3.5)], [(0, 1.5), (8.5, 10)])),
    _timed("a failure perhaps cured", [], [drill(1, result(1.5, "failed")), drill(3, result(3.5), signed=False)], must([(1.5, 3.5)], [(0, 1.5), (3.5, 10)])),
    _timed("a shallower pass cures no failure", [restore(3, 3.5)], [drill(1, result(1.5, "failed")), drill(3, result(3.5, depth=3))], must([(1.5, 10)], [(0, 1.5)])),
    _timed("a pass of a part cures no failure of all", [restore(3, 3.5)], [drill(1, result(1.5, "failed")), drill(3, result(3.5, coverage="partial"))],
           must([(1.5, 10)], [(0, 1.5)])),
    _timed("a pass of a part cures a failure of a part", [restore(3, 3.5)], [drill(1, result(1.5, "failed", coverage="partial")), drill(3, result(3.5, coverage="partial"))],
           must([(1.5, 3.5)], [(0, 1.5), (3.5, 10)])),
    _timed("an earlier pass cures no failure", RAN, [drill(1, QUICK), drill(2, result(2.5, "failed"))], must([(2.5, 10)], [(0, 1.5)])),
    _timed("a pass at a second attempt, by one clock", [restore(1, 2)], [drill(1, result(1.5, "failed"), result(2))], must([(1.5, 2)], [(0, 1.5), (7, 10)])),
    _timed("a shallow failure, perhaps cured by a pass as deep", [], [drill(1, result(1.5, "failed", 1)), drill(3, result(3.5, depth=1), signed=False)],
           must([(1.5, 3.5)], [(0, 1.5), (3.5, 10)])),
    _timed("a pass of a drill given up counts for nothing", RAN, [drill(1, QUICK, signed=False, cancelled=4)], must([], [(0, 10)])),
    _timed("one of a drill given up that took too long stays so", [restore(1, 1.5)], [drill(1, QUICK), drill(1, result(3, depth=1), signed=False, cancelled=4)],
           must([(2, 8)], [(0, 1.5), (8, 10)])),
    _timed("a drill given up cures nothing", [restore(3, 3.5)], [drill(1, result(1.5, "failed")), drill(3, result(3.5), signed=False, cancelled=4)], must([(1.5, 10)], [(0, 1.5)])),
    _timed("begun, and nobody said how it ended", RAN, [drill(1, QUICK), drill(2, result(9, None), signed=False)], must([], [(0, 1.5), (3, 10)])),
    _timed("begun, and given up", [*RAN], [drill(1, QUICK), drill(2, result(2.5, None), signed=False, cancelled=4)], must([], [(0, 1.5), (3, 4), (6.5, 10)])),
    _timed("an incident that names it awaits a result", RAN, [drill(1, QUICK), drill(2, result(9, None), kind="incident", signed=False)], must([], [(0, 1.5), (3, 10)])),
    _timed("a drill that only names it awaits none", RAN, [drill(1, QUICK), drill(2, result(2.5, asset="b"), assets=("a", "b"))], must([], [(0, 1.5), (6.5, 10)]), assets=[OTHER]),
    _timed("a real incident in time", RAN, [drill(1, QUICK, kind="incident")], must([], [(0, 1.5), (6.5, 10)])),
    _timed("a drill of another asset", RAN, [drill(1, result(1.5, asset="b"), assets=("b",))], must([], [(0, 10)]), assets=[OTHER]),
    _timed("a restore run alone that takes longer", [restore(1, 3)], [], must([(2, 8)], [(0, 2), (8, 10)])),
    _timed("one of a part that takes longer proves nothing", [restore(1, 3, "partial")], [], must([], [(0, 10)])),
    _timed("one of nobody knows how much that takes longer", [restore(4, 6, None), *RAN], [drill(1, QUICK)], must([], [(0, 1.5), (5, 10)])),
    _timed("one that failed shows no time", [restore(4, 6, outcome="failed"), *RAN], [drill(1, QUICK)], must([], [(0, 1.5), (6.5, 10)])),
    _timed("a new version of the policy needs verification", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (4, 10)]), policy({"rto": {"target": "1d", "every": "5d"}}, 2, 4)),
    _timed("a shorter target", [restore(5, 5.75)], [drill(5, result(5.75))], must([(5.5, 10)], [(0, 5.5)]), policy({"rto": {"target": "12h", "every": "5d"}}, 2, 4)),
    _timed("a new version of a runbook needs verification", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (3, 10)]), acted=[revised(BOOK, 3)]),
    _timed("a new version is of the day it says", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (3, 10)]), acted=[revised(BOOK, 3, entered=5)]),
    _timed("of one dated ahead it is the entry", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (3, 10)]), acted=[revised(BOOK, 5, entered=3)]),
    _timed("a new version at the end of a drill is no change after it", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (6.5, 10)]), acted=[revised(BOOK, 1.5)]),
    _timed("a review of the version that is there changes nothing", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (6.5, 10)]), acted=[runbook(-8, -7, 3)]),
    _timed("a new runbook changes nothing", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (6.5, 10)]), acted=[runbook(3, 4)]),
    _timed("a runbook taken out of use changes nothing", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (6.5, 10)]), acted=[runbook(-8, -7, retired=3)]),
    _timed("a new version of a runbook for others", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (6.5, 10)]), acted=[revised(runbook(-8, -7, tiers=["other"]), 3)]),
    _timed("a new version of a runbook for its tier", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (3, 10)]), acted=[revised(runbook(-8, -7, tiers=["core"]), 3)]),
    _timed("a new version that is older than the runbook", RAN, [drill(1, QUICK)], must([], [(0, 1.5), (6.5, 10)]), acted=[revised(runbook(2, 2.5), 1.75, entered=4)]),
    _timed("a new version of a runbook for a tier that it joins later", RAN, [drill(1, QUICK)], must([], [(0, 1.5)], judged=5),
           acted=[revised(runbook(-8, -7, tiers=["next"]), 3)], assets=[{**PROGRAMME["assets"][0], "since": when(5), "tier": "next"}]),
    _timed("a restore run shows no second pass", RAN, [drill(1, QUICK), drill(1, result(1.75))], must([], [(0, 1.5), (6.5, 10)])),
    _timed("it shows one where the pass before was not signed off", RAN, [drill(1, QUICK, signed=False), drill(1, result(1.75))], must([], [(0, 1.75), (6.75, 10)])),
    _timed("it shows a deeper one", RAN, [drill(1, result(1.5, depth=3)), drill(1, result(1.75))], must([], [(0, 1.75), (6.75, 10)])),
    _timed("it cures no failure that came after what it showed", RAN, [drill(1, QUICK, result(1.75, "failed"), result(2))], must([(1.75, 2)], [(0, 1.5), (2, 10)])),
    _timed("grace of a new asset without a drill", [], [], must([], [(3, 10)], judged=10), terms={"new_asset_grace": "3d"}, assets={"a": {"in_service": "2026-03-01T00:00:00Z"}}),
]  # fmt: skip


# Section 25


def _tested(
    name: str,
    told: list[Any],
    drills: list[dict[str, Any]],
    truth: Any,
    *later: dict[str, Any],
    ask: Any = None,
    leg: str = "partial",
    rpo: str | None = "5d",
    read_on: float | None = None,
    **changes: Any,
) -> HandMade:
    """A case in March to May, of which March (day 0 to 31) and April (to 61) are judged."""
    asked, acted = ask or {"partial": "monthly", "depth": 2}, changes.pop("acted", ())
    said = programme(
        policy({"restore_test": asked, **({"rpo": rpo} if rpo else {})}, **changes.pop("terms", {})), *later, **changes
    )
    return hand_made(
        "25", name, told, said, (f"restore-test {leg}", truth), period=(0, 70), drilled=drills, read_on=read_on, acted=acted
    )


P1 = p("p1", 1)
POINT = {"point": "p1", "repository": "r1"}
RUN = rows(70, restore(3, 3.5, "partial"))
TOLD = [listing(70, P1), RUN]
TEST = result(3.5, depth=2, coverage="partial", **POINT)
"""Point p1 of day 1, restored in part on day 3 to a depth of 2."""
EARLY = [listing(10, P1), rows(10, restore(3, 3.5, "partial"))]
LATER = [rows(71, restore(40, 40.5)), listing(72, P1, p("p2", 38))]
AGAIN = drill(40, result(40.5, depth=2, point="p2", repository="r1"))

MOVED = {**PROGRAMME["assets"][0], "since": when(20), "medium": "tape"}
"""The asset from day 20 on, on another medium."""

TESTS: list[HandMade] = [
    _tested("no test recorded at all", TOLD, [], must([], [(0, 61)], judged=61)),
    _tested("a test in March, none in April", TOLD, [drill(3, TEST)], must([(31, 61)])),
    _tested("none in April as it was known before April was over", EARLY, [drill(3, TEST)], must([], [(31, 61)]), read_on=60),
    _tested("none in April as it was known when April was over", EARLY, [drill(3, TEST)], must([(31, 61)]), read_on=61),
    _tested("a failure stands beyond what is known", EARLY, [drill(3, TEST), drill(10, result(10.5, "failed", 2))], must([(10.5, 61)]), read_on=40),
    _tested("one test in each month", [*TOLD, *LATER], [drill(3, TEST), AGAIN], must()),
    _tested("the restore of March found good once more in April", TOLD, [drill(3, TEST, result(40, depth=2, coverage="partial", **POINT))], must([], [(31, 61)])),
    _tested("a test recorded late: what came before is not known", LATER, [AGAIN], must([], [(0, 31)])),
    _tested("one that nobody signed off", TOLD, [drill(3, TEST, signed=False)], must([(31, 61)], [(0, 31)])),
    _tested("one without a restore run", TOLD[:1], [drill(3, TEST)], must([(31, 61)], [(0, 31)])),
    _tested("one that names no point", TOLD, [drill(3, result(3.5, depth=2))], must([(31, 61)], [(0, 31)])),
    _tested("one of a point that nobody knows", TOLD, [drill(3, result(3.5, depth=2, point="p9", repository="r1"))], must([(31, 61)], [(0, 31)])),
    _tested("one of a point that another repository holds", TOLD, [drill(3, result(3.5, depth=2, point="p1", repository="r2"))], must([(31, 61)], [(0, 31)])),
    _tested("a test of an old point is none", [*TOLD, *LATER, rows(71, restore(10, 10.5))], [drill(10, result(10.5, depth=2, coverage="partial", **POINT)), AGAIN], must([], [(0, 31)])),
    _tested("a point is young enough up to its RPO", [*TOLD[:1], rows(71, restore(5.5, 6))], [drill(5.5, result(6, depth=2, coverage="partial", **POINT))], must([(31, 61)])),
    _tested("within seven days where no RPO is stated", [*TOLD[:1], rows(71, restore(7.5, 8))], [drill(7.5, result(8, "passed", 2, "partial", **POINT))], must([(31, 61)]), rpo=None),
    _tested("one that is not deep enough", [*TOLD, *LATER], [drill(3, result(3.5, depth=1, coverage="partial", **POINT)), AGAIN], must([], [(0, 31)])),
    _tested("one of a part where all is asked", [*TOLD, *LATER], [drill(3, TEST), AGAIN], must([], [(0, 31)]), ask={"full": "monthly", "depth": 2}, leg="full"),
    _tested("a month that is over before anything is recorded", [*TOLD, *LATER], [drill(-40, result(-39.5, "failed", 0, "partial")), drill(3, TEST)], must([(0, 3.5), (31, 61)])),
    _tested("nothing was tested after a first record", TOLD, [drill(-10, result(-9.5, depth=1))], must([(0, 61)])),
    _tested("one of a scope may stand for it", TOLD, [drill(-10, result(-9.5, depth=1))], must([], [(0, 61)]), ask={"partial": "monthly", "per": "scope"}),
    _tested("a failure stands until it is made good", [*TOLD, *LATER], [drill(3, TEST), drill(10, result(10.5, "failed", 2)), AGAIN], must([(10.5, 40.5)])),
    _tested("a failure perhaps made good", [*TOLD, *LATER], [drill(3, TEST), drill(10, result(10.5, "failed", 2)), drill(20, result(20.5, depth=2), signed=False), AGAIN],
            must([(10.5, 20.5)], [(20.5, 40.5)])),
    _tested("a failure of all is not made good by a part", TOLD, [drill(-2, result(-1.5, "failed", 2)), drill(3, TEST)], must([(0, 61)])),
    _tested("a change needs verification", [*TOLD, *LATER], [drill(3, TEST), AGAIN], must([], [(20, 31)]), assets=[MOVED]),
    _tested("a new version of a runbook: tested before it", [*TOLD, *LATER], [drill(3, TEST), AGAIN], must([], [(20, 31)]), acted=[revised(BOOK, 20)]),
    _tested("tested again after the change", [*TOLD, *LATER, rows(72, restore(25, 25.5)), listing(73, P1, p("p2", 38), p("p3", 24))],
            [drill(3, TEST), drill(25, result(25.5, depth=2, point="p3", repository="r1")), AGAIN], must(), assets=[MOVED]),
    _tested("by quarters: one is over, the next is due", TOLD, [drill(3, TEST)], must(judged=31), ask={"partial": "quarterly"}),
    _tested("the first part of a month does not count", LATER, [AGAIN], must(judged=30), assets={"a": {"in_service": "2026-03-05T00:00:00Z"}}),
    _tested("the register is in use from when a drill was begun, told late", TOLD, [drill(-2, result(35, depth=1), live=True)], must([(0, 61)])),
    _tested("the register is in use from when a drill was begun, given up late", TOLD, [drill(-2, result(-1, depth=1), signed=False, cancelled=35, live=True)], must([(0, 61)])),
    _tested("the register is in use from when an incident was reported", TOLD, [drill(-2, result(35, depth=1), kind="incident", live=True)], must([(0, 61)])),
    _tested("the register is in use from the last act, when all was entered then", TOLD, [drill(-2, result(25, depth=1))], must([(31, 61)], [(0, 31)])),
    _tested("of a drill given up", TOLD, [drill(3, TEST, signed=False, cancelled=5)], must([(31, 61)], [(0, 31)])),
]  # fmt: skip


SCOPE = {"partial": "monthly", "depth": 2, "per": "scope"}
FOR_TWO = ("a", "b")
Q1 = p("q1", 1, subject="y")
RESTORED = [listing(70, P1, Q1), rows(70, restore(3, 3.5, "partial", subject="y"))]
"""What tells of the point q1 of asset b, and of its restore in part on day 3."""
TEST_OF_B = {**TEST, "asset": "b", "point": "q1"}
BY_B = [drill(3, TEST_OF_B, assets=FOR_TWO)]
FAILED_B = drill(10, result(10.5, "failed", 2, "partial", asset="b"), assets=FOR_TWO)
MOVED_B = {**OTHER, "since": when(20), "medium": "tape"}
PARTS_OF_B = {
    **OTHER,
    "subjects": [],
    "parts": [{"name": one, "subjects": [{"source": one, "subject": "y"}]} for one in ("s", "t")],
}
OF_T = [listing(70, Q1, source="t"), Told("t", day(70), [restore(3, 3.5, "partial", subject="y")])]
"""The same of a source t, where another part of b has a point of that name."""
T = {"name": "t", "tool": "interchange", "timezone": "UTC"}
NEVER, MARCH = must([], [(0, 61)]), must([], [(31, 61)])
"""It is proven at no time; in March only."""


def _shared(name: str, told: list[Any], drills: list[dict[str, Any]], truth: Any, **changes: Any) -> HandMade:
    return _tested(f"of a scope: {name}", told, drills, truth, **{"ask": SCOPE, "assets": [OTHER], **changes})


SHARED: list[HandMade] = [
    _shared("another asset of the drill stands for it", RESTORED, BY_B, MARCH),
    _shared("not where each asset is to be tested", RESTORED, BY_B, NEVER, ask={"partial": "monthly", "depth": 2}),
    _shared("not in a drill that did not name it", RESTORED, [drill(3, TEST_OF_B, assets=("b",))], NEVER),
    _shared("nobody signed it off", RESTORED, [drill(3, TEST_OF_B, assets=FOR_TWO, signed=False)], NEVER),
    _shared("of a drill given up", RESTORED, [drill(3, TEST_OF_B, assets=FOR_TWO, signed=False, cancelled=5)], NEVER),
    _shared("without a restore run of that asset", RESTORED[:1], BY_B, NEVER),
    _shared("a restore run of the asset itself is none of the other", [RESTORED[0], RUN], BY_B, NEVER),
    _shared("of an old point", [listing(70, P1, p("q1", -3, subject="y")), RESTORED[1]], BY_B, NEVER),
    _shared("as recent as its own RPO asks", RESTORED, BY_B, NEVER, rpo="1d"),
    _shared("not deep enough", RESTORED, [drill(3, {**TEST_OF_B, "depth": 1}, assets=FOR_TWO)], NEVER),
    _shared("a part where all is asked", RESTORED, BY_B, NEVER, ask={"full": "monthly", "depth": 2, "per": "scope"}, leg="full"),
    _shared("until the other asset changes", RESTORED, BY_B, must([], [(20, 61)]), assets=[OTHER, MOVED_B]),
    _shared("until it changes itself", RESTORED, BY_B, must([], [(20, 61)]), assets=[OTHER, MOVED]),
    _shared("until the text of a runbook for the other changes", RESTORED, BY_B, must([], [(20, 61)]), acted=[revised(runbook(-8, -7, assets=["b"]), 20)]),
    _shared("until another of a drill that names it fails", RESTORED, [*BY_B, FAILED_B], must([], [(10.5, 61)])),
    _shared("a failure in a drill that does not name it", RESTORED, [*BY_B, {**FAILED_B, "assets": ["b"]}], MARCH),
    _shared("a failure in a drill given up", RESTORED, [*BY_B, {**FAILED_B, "signed": False, "cancelled": day(12)}], must([], [(10.5, 61)])),
    _shared("the other was made good", [listing(70, P1, Q1, p("q2", 18, subject="y")), RESTORED[1], rows(70, restore(20, 20.5, "partial", subject="y"))],
            [*BY_B, FAILED_B, drill(20, {**TEST_OF_B, "ended": day(20.5), "point": "q2"}, assets=FOR_TWO)], must([], [(10.5, 20.5), (31, 61)])),
    _shared("tested itself, while another failed", [listing(70, P1, Q1), rows(70, restore(3, 3.5, "partial", id="own")), RESTORED[1]],
            [drill(3, TEST, assets=FOR_TWO), FAILED_B], MARCH),
    _shared("a failure of its own", RESTORED, [*BY_B, drill(10, result(10.5, "failed", 2))], must([(10.5, 61)])),
    _shared("of the parts of the other only one was restored", RESTORED, BY_B, NEVER, assets=[PARTS_OF_B], sources=[T]),
    _shared("each part of the other was restored", [*RESTORED, *OF_T], BY_B, MARCH, assets=[PARTS_OF_B], sources=[T]),
    _shared("a point of the other's second part is not young", [*RESTORED, listing(70, p("q1", -3, subject="y"), source="t"), OF_T[1]], BY_B, NEVER,
            assets=[PARTS_OF_B], sources=[T]),
]  # fmt: skip

# Section 11


def _restorable(
    name: str, restorable: str, until: float, told: list[Any], drills: list[dict[str, Any]], *later: dict[str, Any], ask: Any = None, **changes: Any
) -> HandMade:  # fmt: skip
    """A case from March (day 0) to a day."""
    read_on, acted = changes.pop("read_on", None), changes.pop("acted", ())
    stated = MONTHLY if ask is None else ask
    said = programme(policy({"rpo": "5d", **stated}, **changes.pop("terms", {})), *later, **changes)
    name = f"restorable: {name}"
    return hand_made("11", name, told, said, period=(0, until), drilled=drills, read_on=read_on, restorable=restorable, acted=acted)


MONTHLY = {"restore_test": {"partial": "monthly", "depth": 2}}
QUARTERLY = {"restore_test": {"partial": "monthly", "full": "quarterly", "depth": 2}}
SOME, FULL = [drill(3, TEST)], [drill(3, result(3.5, depth=1, **POINT))]
"""A test of a part, and one of all, on day 3."""
RUN_OF_ALL = [listing(70, P1), rows(70, restore(3, 3.5))]
IN_FIVE_DAYS = {"rto": {"target": "1d", "every": "5d"}}

RESTORABLE: list[HandMade] = [
    _restorable("no test", "unproven", 10, TOLD, []),
    _restorable("tested this month", "met", 10, TOLD, SOME),
    _restorable("tested last month", "met", 60, TOLD, SOME),
    _restorable("not tested this month, which is over", "breached", 61, TOLD, SOME),
    _restorable("tested two months ago", "unproven", 62, TOLD, SOME),
    _restorable("tested after the period", "unproven", 3, TOLD, SOME),
    _restorable("nobody signed the test off", "unproven", 10, TOLD, [drill(3, TEST, signed=False)]),
    _restorable("no restore run", "unproven", 10, TOLD[:1], SOME),
    _restorable("nobody knows the point", "unproven", 10, TOLD[1:], SOME),
    _restorable("not deep enough", "unproven", 10, TOLD, [drill(3, {**TEST, "depth": 1})]),
    _restorable("something changed since", "unproven", 30, TOLD, SOME, assets=[MOVED]),
    _restorable("a runbook changed since", "unproven", 30, TOLD, SOME, acted=[revised(BOOK, 20)]),
    _restorable("the policy changed since", "unproven", 30, TOLD, SOME, policy(MONTHLY, 2, 20)),
    _restorable("not ahead of what is known", "unproven", 10, TOLD, SOME, read_on=5),
    _restorable("a failure since", "unproven", 20, TOLD, [*SOME, drill(10, result(10.5, "failed", 2))]),
    _restorable("a failure that stands at the month's end", "breached", 31, TOLD, [*SOME, drill(10, result(10.5, "failed", 2))]),
    _restorable("a failure after the period", "met", 10, TOLD, [*SOME, drill(10, result(10.5, "failed", 2))]),
    _restorable("only one of two legs", "unproven", 10, TOLD, SOME, ask=QUARTERLY),
    _restorable("each of two legs", "met", 60, [*TOLD, *LATER], [*SOME, AGAIN], ask=QUARTERLY),
    _restorable("within the term of the recovery time", "met", 8, RUN_OF_ALL, FULL, ask=IN_FIVE_DAYS),
    _restorable("beyond the term of the recovery time", "unproven", 9, RUN_OF_ALL, FULL, ask=IN_FIVE_DAYS),
    _restorable("of a part, where nothing is said of tests", "unproven", 10, TOLD, SOME, ask={}),
    _restorable("within a year, where nothing is said", "met", 368, RUN_OF_ALL, FULL, ask={}),
    _restorable("beyond a year, where nothing is said", "unproven", 369, RUN_OF_ALL, FULL, ask={}),
    _restorable("a checksum is no test", "unproven", 10, RUN_OF_ALL, [drill(3, result(3.5, depth=0, **POINT))], ask={}),
    _restorable("another asset stands for it", "met", 10, RESTORED, BY_B, ask={"restore_test": SCOPE}, assets=[OTHER]),
    _restorable("another asset does not stand for it", "unproven", 10, RESTORED, BY_B, assets=[OTHER]),
    _restorable("another asset of the scope failed", "unproven", 20, RESTORED, [*BY_B, FAILED_B], ask={"restore_test": SCOPE}, assets=[OTHER]),
    _restorable("no policy is in force", "met", 10, RUN_OF_ALL, FULL, terms={"effective": 20}),
    _restorable("no policy is in force, and no test", "unproven", 10, RUN_OF_ALL, [], terms={"effective": 20}),
]  # fmt: skip

CASES_OF_DRILLS = [*TIMES, *TESTS, *SHARED, *RESTORABLE]
