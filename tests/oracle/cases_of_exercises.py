"""Section 27 of docs/definitions.md: hand-made cases of exercises, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import hand_made, must, policy, programme, when
from tests.oracle.case import HandMade
from tests.oracle.cases_of_drills import drill, result
from tests.oracle.cases_of_groups import OTHER, demanded


def exercise(declared: float, *results: dict[str, Any], kind: str = "table-top", **fields: Any) -> dict[str, Any]:
    """Return an exercise. `without`: of its scenario and its lessons, what it does not tell."""
    without = fields.pop("without", ())
    return {**drill(declared, *results, kind=kind, **fields), **dict.fromkeys(without, "")}


def _held(name: str, drills: list[dict[str, Any]], truth: Any, *later: dict[str, Any], ask: Any = None, leg: str = "table-top", **changes: Any) -> HandMade:  # fmt: skip
    read_on = changes.pop("read_on", None)
    said = programme(policy({"exercise": ask or {leg: "5d"}}, **changes.pop("terms", {})), *later, **changes)
    return hand_made("27", f"an exercise: {name}", [], said, (f"exercise {leg}", truth), drilled=drills, read_on=read_on)


TALK, DONE = exercise(1), result(1.5)
"""A talk at a table on day 1, which counts until day 6; a recovery that ended on day 1.5."""
WHOLE = exercise(1, DONE, kind="full")
BOTH = {"assets": ("a", "b")}

CASES_OF_EXERCISES: list[HandMade] = [
    _held("none was ever recorded", [], must([], [(0, 10)], judged=10)),
    _held("a talk at a table, until it lapsed", [TALK], must([(6, 10)], [(0, 1)])),
    _held("again and again", [exercise(-3), exercise(2), exercise(6)], must()),
    _held("the next one too late", [exercise(-3), exercise(4)], must([(2, 4), (9, 10)])),
    _held("held before the period, and lapsed", [exercise(-8)], must([(0, 10)])),
    _held("not ahead of what is known", [TALK], must([], [(0, 1), (4, 10)]), read_on=4),
    _held("lapsed before what is known ends", [TALK], must([(6, 8)], [(0, 1), (8, 10)]), read_on=8),
    _held("nobody signed it off", [exercise(1, signed=False)], must([], [(0, 10)])),
    _held("nobody signed off the next one: when it was over nobody said", [TALK, exercise(7, signed=False)], must([(6, 7)], [(0, 1), (7, 10)])),
    _held("without lessons", [exercise(1, without=["lessons"])], must([(6, 10)], [(0, 6)])),
    _held("without a scenario", [exercise(1, without=["scenario"])], must([(6, 10)], [(0, 6)])),
    _held("one that is lacking lessons keeps none from counting", [TALK, exercise(2, without=["lessons"])], must([(7, 10)], [(0, 1), (6, 7)])),
    _held("given up", [exercise(1, signed=False, cancelled=2)], must([], [(0, 10)])),
    _held("one given up renews nothing", [TALK, exercise(4, signed=False, cancelled=5)], must([(6, 10)], [(0, 1)])),
    _held("of another asset", [exercise(1, assets=("b",))], must([], [(0, 10)]), assets=[OTHER]),
    _held("of several assets", [exercise(1, **BOTH)], must([(6, 10)], [(0, 1)]), assets=[OTHER]),
    _held("a real incident is none", [exercise(1, DONE, kind="incident")], must([], [(0, 10)])),
    _held("everything was recovered: more than a talk", [WHOLE], must([(6.5, 10)], [(0, 1.5)])),
    _held("a failover: more than a talk", [exercise(1, DONE, kind="failover")], must([(6.5, 10)], [(0, 1.5)])),
    _held("a file is no talk", [exercise(1, DONE, kind="file")], must([], [(0, 10)])),
    _held("a talk recovers nothing", [TALK], must([], [(0, 10)]), leg="full"),
    _held("everything: a file among it", [WHOLE], must([(6.5, 10)], [(0, 1.5)]), leg="file"),
    _held("everything: a database among it", [WHOLE], must([(6.5, 10)], [(0, 1.5)]), leg="database"),
    _held("a database is not a file", [exercise(1, DONE, kind="database")], must([], [(0, 10)]), leg="file"),
    _held("a file is not everything", [exercise(1, DONE, kind="file")], must([], [(0, 10)]), leg="full"),
    _held("a failover recovers nothing from a backup", [exercise(1, DONE, kind="failover")], must([], [(0, 10)]), leg="full"),
    _held("everything, but nothing is switched over", [WHOLE], must([], [(0, 10)]), leg="failover"),
    _held("a failover", [exercise(1, DONE, kind="failover")], must([(6.5, 10)], [(0, 1.5)]), leg="failover"),
    _held("one that failed was held", [exercise(1, result(1.5, "failed"), kind="full")], must([(6.5, 10)], [(0, 1.5)]), leg="full"),
    _held("held when the last recovery ended, whose it was", [exercise(1, DONE, result(3, asset="b"), kind="full", **BOTH)], must([(8, 10)], [(0, 3)]), leg="full", assets=[OTHER]),
    _held("named, and not tried", [exercise(1, result(1.5, asset="b"), kind="full", **BOTH)], must([(6.5, 10)], [(0, 6.5)]), leg="full", assets=[OTHER]),
    _held("of two kinds asked for, each is judged", [TALK], must([(6, 10)], [(0, 1)]), ask={"table-top": "5d", "full": "5d"}),
    _held("the version in force says how long it counts", [TALK], must([(4, 10)], [(0, 1)]), policy({"exercise": {"table-top": "3d"}}, 2, 3)),
    _held("a version that asks for none", [TALK], must([], [(0, 1)], judged=3), policy({"rpo": "1d"}, 2, 3)),
    _held("grace of a new asset", [], must([], [(3, 10)], judged=10), terms={"new_asset_grace": "3d"}, assets={"a": {"in_service": when(0)}}),
    demanded("exercised as often", {"exercise": {"full": "1y"}}, {"exercise": {"full": "1y"}}, must()),
    demanded("exercised more seldom", {"exercise": {"full": "2y"}}, {"exercise": {"full": "1y"}}, must([(0, 10)])),
    demanded("exercised in a way that shows more", {"exercise": {"full": "6 months"}}, {"exercise": {"table-top": "1y", "file": "1y"}}, must()),
    demanded("exercised in another way", {"exercise": {"failover": "6 months"}}, {"exercise": {"full": "1y"}}, must([(0, 10)])),
    demanded("exercised in months, asked for in days", {"exercise": {"table-top": "3 months"}}, {"exercise": {"table-top": "91d"}}, must([], [(0, 10)])),
]  # fmt: skip
