"""The calendar of drills against a naive one, on random histories; and by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from audit.controls.exercise import Exercise
from audit.controls.recovery_time import RecoveryTime
from audit.controls.restore_test import RestoreTest
from audit.evaluation.drill_calendar import calendar
from audit.model.drill import Due
from audit.model.estate import ALIAS, ASSET_REPOSITORY, REPOSITORY, SEGMENT, Estate, PolicyVersion
from audit.model.records import RECORD
from audit.model.terms import Term
from audit.register.records import drill, runbook

ZONE = "Asia/Shanghai"
START = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def policy(**objectives: Any) -> PolicyVersion:
    return PolicyVersion("core", 1, ZONE, objectives, effective=START)


MONTHLY = policy(restore_test=RestoreTest(partial="monthly", full="quarterly"), rto=RecoveryTime.model_validate("4h"))
OTHER = policy()
SHARED = policy(restore_test=RestoreTest(partial="monthly", per="scope"), exercise=Exercise.model_validate({"table-top": "60d"}))
POLICIES = (MONTHLY, OTHER, SHARED)


def segment(asset: str, since: float | None, until: float | None, index: int | None, **more: Any) -> Row:
    bounds = {"from": None if since is None else day(since), "to": None if until is None else day(until)}
    fields = {"unit": "im", "tier": "core", "data_class": "messages", "site": "dc1", "in_service": day(-1), "policy": index, **more}
    return {"asset": asset, **bounds, **fields}


def passed(
    name: str,
    asset: str,
    ended: float,
    *,
    depth: int = 4,
    coverage: str = "full",
    entry: int = 1,
    given_up: bool = False,
    outcome: str = "passed",
) -> Row:
    return {
        "id": name, "entry": entry, "begin": day(ended - 1), "assets": [asset], "asset": asset, "drill": "full", "outcome": outcome, "depth": depth,
        "coverage": coverage, "declared": day(ended - 1), "ended": day(ended), "signed": True, "given_up": given_up,
    }  # fmt: skip


def held(name: str, asset: str, at: float, kind: str, *, tried: bool = True) -> Row:
    return {"id": name, "entry": 9, "begin": day(at), "assets": [asset], "asset": asset, "drill": kind, "held": day(at), "signed": False, "given_up": False,
            "told": False, "tried": tried}  # fmt: skip


def estate(segments: list[Row], drills: list[Row], revised: list[float] | None = None) -> Estate:
    books = [
        {"id": "runbook-1", "entry": 5, "at": day(at), "begin": day(at), "tiers": ["core"], "act": "revise", "on": day(at)}
        for at in revised or []
    ]
    known = {
        "drill": pl.DataFrame(drills, schema={**RECORD, **drill.COLUMNS}),
        "runbook": pl.DataFrame(books, schema={**RECORD, **runbook.COLUMNS}),
    }
    return Estate(
        pl.DataFrame(segments, schema=SEGMENT), pl.DataFrame(schema=ALIAS), pl.DataFrame(schema=REPOSITORY), pl.DataFrame(schema=ASSET_REPOSITORY),
        policies=POLICIES, records=known, timezone=ZONE,
    )  # fmt: skip


def states(found: tuple[Due, ...]) -> dict[tuple[str, str | None], tuple[str, datetime, str | None]]:
    return {(one.control, one.leg): (one.state, one.due, one.drill) for one in found}


def local(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def test_by_hand() -> None:
    always = [segment("a", None, None, 0)]
    untried = states(calendar(estate(always, []), day(100)))
    assert untried == {
        ("restore-test", "partial"): ("overdue", local(2026, 4), None),
        ("restore-test", "full"): ("overdue", local(2026, 4), None),
        ("recovery-time", None): ("due", datetime(2026, 12, 31, tzinfo=UTC), None),
    }
    tried = states(calendar(estate(always, [passed("drill-1", "a", 95)]), day(100)))
    assert tried["restore-test", "partial"] == ("done", local(2026, 6), "drill-1")
    assert tried["restore-test", "full"] == ("done", local(2026, 10), "drill-1")
    # Nothing deeper or wider is shown by what is shallow, or of a part.
    shallow = states(calendar(estate(always, [passed("drill-1", "a", 95, depth=1, coverage="partial")]), day(100)))
    assert [shallow[key][0] for key in (("restore-test", "partial"), ("restore-test", "full"), ("recovery-time", None))] == [
        "done",
        "overdue",
        "due",
    ]
    # A drill that was given up, and a failure, is no try.
    for none in (passed("drill-1", "a", 95, given_up=True), passed("drill-1", "a", 95, outcome="failed")):
        assert states(calendar(estate(always, [none]), day(100)))["restore-test", "partial"][0] == "overdue"
    # A new version of the runbook, or of the asset's tier, after it was tried.
    changed = states(calendar(estate(always, [passed("drill-1", "a", 95)], [98]), day(100)))
    assert {state for state, _, _ in changed.values()} == {"needs-verification"}
    moved = [segment("a", None, 98, 0), segment("a", 98, None, 0, city="Hangzhou")]
    assert states(calendar(estate(moved, [passed("drill-1", "a", 95)]), day(100)))["recovery-time", None][0] == "needs-verification"


def test_who_is_asked() -> None:
    gone = [
        segment("a", None, None, 0, retired=day(50)),
        segment("b", None, None, 1),
        segment("c", None, None, 0, in_service=day(120)),
    ]
    assert calendar(estate(gone, []), day(100)) == ()
    # Asked only since the middle of the month before: it is not overdue yet.
    young = [segment("a", None, 70, 1), segment("a", 70, None, 0)]
    assert states(calendar(estate(young, []), day(100)))["restore-test", "partial"] == ("due", local(2026, 5), None)


def test_what_stands_for_others() -> None:
    both = [segment("a", None, None, 2), segment("b", None, None, 2)]
    drills = [passed("drill-1", "a", 95), held("drill-1", "a", 95, "full"), held("drill-1", "b", 95, "full")]
    found = {(one.asset, one.control): (one.state, one.last) for one in calendar(estate(both, drills), day(100))}
    assert found["b", "restore-test"] == ("done", day(95))
    # A full exercise stands for a talk at a table; where the asset was named and not tried it does not.
    assert found["b", "exercise"] == ("done", day(95))
    untried = [held("drill-1", "b", 95, "full", tried=False)]
    assert {one.control: one.state for one in calendar(estate(both[1:], untried), day(100))}["exercise"] == "overdue"


def naive(segments: list[Row], drills: list[Row], revised: list[float], at: datetime) -> dict[str, str]:
    """Say day by day what is to be said of the partial restore test of asset `a`."""
    (here,) = [one for one in segments if (one["from"] is None or one["from"] <= at) and (one["to"] is None or one["to"] > at)]
    if here["policy"] != 0:
        return {}
    wall = at.astimezone(ZoneInfo(ZONE))
    begin = local(wall.year, wall.month)
    before = local(wall.year - (wall.month == 1), wall.month - 1 or 12)
    asked = begin
    while asked > before:  # back, an hour at a time, as long as it is asked
        asked -= timedelta(hours=1)
        if not any(
            one["policy"] == 0
            and one["in_service"] <= asked
            and (one["from"] is None or one["from"] <= asked)
            and (one["to"] is None or one["to"] > asked)
            for one in segments
        ):
            asked += timedelta(hours=1)
            break
    tries = [one["ended"] for one in drills if one["outcome"] == "passed" and not one["given_up"] and one["ended"] <= at]
    changes = [day(one) for one in revised] + [one["from"] for one in segments if one["from"] is not None]
    last = max(tries, default=None)
    changed = last is not None and any(last < one <= at for one in changes)
    if last is not None and last >= begin and not changed:
        return {"partial": "done"}
    if last is not None and last >= before and changed:
        return {"partial": "needs-verification"}
    return {"partial": "overdue" if asked <= before and (last is None or last < before) else "due"}


DAYS = st.integers(0, 150)


@given(
    cut=st.none() | DAYS,
    first=st.sampled_from([0, 1]),
    drills=st.lists(st.tuples(DAYS, st.sampled_from(["passed", "failed"]), st.booleans()), max_size=4),
    revised=st.lists(DAYS, max_size=2),
    at=DAYS,
)
def test_as_a_naive_one_says(cut: int | None, first: int, drills: list[tuple[int, str, bool]], revised: list[int], at: int) -> None:
    # Acts at noon, so that none falls on another's instant or on a border.
    segments = (
        [segment("a", None, None, 0)] if cut is None else [segment("a", None, cut + 0.3, first), segment("a", cut + 0.3, None, 0)]
    )
    if cut is not None and first == 0:
        segments[1]["city"] = "Hangzhou"
    rows = [
        passed(f"drill-{place}", "a", number + 0.1 + place / 100, outcome=outcome, given_up=given_up, entry=place)
        for place, (number, outcome, given_up) in enumerate(drills)
    ]
    moment = day(at + 0.7)
    found = calendar(estate(segments, rows, [one + 0.5 for one in revised]), moment)
    assert {one.leg: one.state for one in found if one.control == "restore-test" and one.leg == "partial"} == naive(
        segments, rows, [one + 0.5 for one in revised], moment
    )


def test_a_grace_is_not_asked() -> None:
    graced = replace(MONTHLY, new_asset_grace=Term.parse("40d"))
    known = replace(estate([segment("a", None, None, 0)], []), policies=(graced, OTHER, SHARED))
    assert states(calendar(known, day(45)))["restore-test", "partial"] == ("due", local(2026, 3), None)
    assert states(calendar(known, day(100)))["restore-test", "partial"][0] == "overdue"
