"""Why something is unproven where nobody told when points were captured; what is judged is in tests/oracle/cases_of_undated.py."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from audit.evaluation.assess import judge
from audit.model.terms import FOR_EVER
from audit.model.world import World
from tests.oracle.build import day
from tests.oracle.cases_of_undated import CASES_OF_UNDATED
from tests.oracle.direct import assess_directly, estate_of_case, rows_of_case

BY_NAME = {one.case.name.removeprefix("untold when captured: "): one for one in CASES_OF_UNDATED}


def _said(name: str) -> dict[str, object]:
    one = BY_NAME[name]
    ((asset, part, control, leg),) = one.expected
    found = [
        result
        for result in assess_directly(one.case)["results"]
        if (result["asset"], result["part"], result["control"], result["leg"]) == (asset, part, control, leg)
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    "name",
    [
        "one a day", "young enough until a day after it became available", "copies", "a schedule by the clock", "a schedule by the calendar", "made by day 5",
        "one of each day", "perhaps overdue", "surely overdue from day 5 on, and perhaps before",
    ],
)  # fmt: skip
def test_the_reason_is_that_nobody_told_when_it_was_captured(name: str) -> None:
    for stretch in _said(name)["unproven"]:  # type: ignore[attr-defined]
        assert stretch["reason"] == "capture-unknown"
        assert stretch["detail"] == {"sources": ["s"], "repositories": ["r1"]}


def test_an_overdue_point_is_named_without_its_capture_time() -> None:
    (breach,) = _said("surely overdue")["breaches"]  # type: ignore[misc]
    (point,) = breach["detail"]["overdue"]["points"]
    assert (point["id"], point["captured_at"]) == ("old", None)
    assert len(breach["evidence"]) >= 1


def test_what_asks_when_points_were_captured_has_none_for_sure_without_it() -> None:
    worlds: list[World] = []
    case = BY_NAME["as a base"].case
    judge(estate_of_case(case), rows_of_case(case), case.since, case.until, looking=worlds.append)
    (world,) = worlds
    late = world.at_latest()
    told = late.points.select("id", "captured", "undated").sort("id").rows()
    assert told == [("inc", day(-1), False), ("old", day(-400), True)]
    ends = {
        name: dict(zip(one.points["id"], one.lives[False].scalars["sure_end"], strict=True))
        for name, one in (("as told", world), ("late", late))
    }
    assert ends["as told"]["old"] == ends["as told"]["inc"] == ends["late"]["inc"] == day(20)
    assert ends["late"]["old"] == -FOR_EVER
    dated = replace(world, points=world.points.filter(pl.col("id") == "inc"))
    assert dated.at_latest() is dated
