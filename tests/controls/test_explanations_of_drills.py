"""What is told beside a verdict that rests on drills: the drills and restore runs that show it, and why it is unproven."""

from __future__ import annotations

from typing import Any

import pytest

from audit.model.terms import micros
from audit.register.records._record import records_of
from audit.register.records.drill import ACTS
from audit.register.records.drill import rows as rows_of
from tests.oracle.build import day, policy, programme, rows
from tests.oracle.case import Case
from tests.oracle.cases_of_drills import AGAIN, CASES_OF_DRILLS, EARLY, LATER, MOVED, QUICK, RAN, TEST, TOLD, drill, restore, result
from tests.oracle.cases_of_exercises import exercise
from tests.oracle.direct import assess_directly, drills_of
from tests.oracle.instants import text_of


def judged(control: str, told: list[Any], drills: list[Any], *later: Any, objectives: Any) -> dict[str, Any]:
    """Return the results of a control over ten days, as one."""
    said = programme(policy(objectives), *later)
    case = Case("told", said, [rows(20, *told)] if told else [], day(0), day(10), drilled=drills)
    found = [one for one in assess_directly(case)["results"] if one["control"] == control]
    return {key: [stretch for one in found for stretch in one[key]] for key in ("breaches", "unproven")}


RTO = {"rto": {"target": "1d", "every": "5d"}}


def test_a_breach_names_the_drills_that_show_it_and_the_runs() -> None:
    drills = [drill(1, result(3, depth=1)), drill(1, result(1.5, "failed"))]
    first = judged("recovery-time", [restore(0, 0.5)], drills, objectives=RTO)["breaches"]
    assert [(one["from"], one["to"]) for one in first] == [(text_of(day(1.5)), text_of(day(10)))]
    assert first[0]["detail"]["records"] == [{"record": "drill-2", "by": "runner"}]
    assert len(first[0]["evidence"]) == 1
    (second,) = judged("recovery-time", [restore(1, 3), restore(1, 1.5)], [], objectives=RTO)["breaches"]
    assert [one["run"] for one in second["detail"]["slow"]["runs"]] == ["restore-1-3-full"]
    assert [one["locator"] for one in second["evidence"]] == ["run 0"]


def test_a_breach_that_a_drill_and_a_run_show_names_both() -> None:
    (found,) = judged("recovery-time", [restore(1, 3)], [drill(1, result(3))], objectives=RTO)["breaches"]
    assert found["detail"]["records"] == [{"record": "drill-1", "by": "runner"}]
    assert [one["run"] for one in found["detail"]["slow"]["runs"]] == ["restore-1-3-full"]
    assert [one["locator"] for one in found["evidence"]] == ["run 0", ""]


@pytest.mark.parametrize(
    ("told", "drills", "later", "reasons"),
    [
        ([], [], (), [(0, "no-drill")]),
        (RAN, [drill(1, QUICK)], (), [(0, "no-drill"), (6.5, "drill-expired")]),
        (RAN, [drill(1, QUICK, signed=False)], (), [(0, "no-drill")]),
        ([], [drill(-1, result(-0.5))], (), [(0, "drill-unproven")]),
        ([restore(-1, -0.5)], [drill(-1, result(-0.5))], (policy(RTO, 2, 2),), [(2, "needs-verification")]),
        ([restore(4.5, 5)], [drill(1, result(1.5, "failed", 3)), drill(2, result(2.5, "failed", 1)), drill(4.5, result(5, depth=1)), drill(5.5, result(6, depth=3), signed=False)],
         (), [(0, "no-drill"), (6, "drill-unproven")]),
        ([restore(-1, -0.5)], [drill(-1, result(-0.5)), drill(1, result(9, None), signed=False)], (), [(2, "drill-open")]),
        ([restore(-1, -0.5)], [drill(-1, result(-0.5)), drill(1, result(1.5, "failed")), drill(2, result(2.5))], (), [(2.5, "drill-unproven")]),
    ],
)  # fmt: skip
def test_why_a_recovery_time_is_unproven(told: Any, drills: Any, later: Any, reasons: Any) -> None:
    found = judged("recovery-time", told, drills, *later, objectives=RTO)["unproven"]
    assert [(one["from"], one["reason"]) for one in found][: len(reasons)] == [(text_of(day(at)), reason) for at, reason in reasons]


def restores_of(told: list[Any], drills: list[Any], **changes: Any) -> dict[str, Any]:
    """Return the result of restore-test in March to the tenth of May; March and April are over."""
    read_on = changes.pop("read_on", None)
    case = Case(
        "tested",
        programme(policy({"restore_test": {"partial": "monthly", "depth": 2}, "rpo": "5d"}), **changes),
        told,
        day(0),
        day(70),
        drilled=drills,
        read_on=read_on,
    )
    (found,) = [one for one in assess_directly(case)["results"] if one["control"] == "restore-test"]
    return found


def test_a_failed_test_is_named_and_the_next_one_is_due() -> None:
    found = restores_of(TOLD, [drill(3, TEST), drill(10, result(10.5, "failed", 2))])
    assert found["verdict"] == "breached"
    assert [one["from"] for one in found["breaches"]] == [text_of(day(10.5))]
    assert found["breaches"][0]["detail"] == {"records": [{"record": "drill-2", "by": "runner"}]}
    assert found["detail"]["due_at"] == "2026-06-01T00:00:00Z"


@pytest.mark.parametrize(
    ("told", "drills", "changes", "reasons"),
    [
        ([], [], {}, [(0, "no-test")]),
        (EARLY, [drill(3, TEST)], {"read_on": day(60)}, [(31, "not-yet-known")]),
        (TOLD, [drill(3, result(3.5, depth=2, coverage="partial")), AGAIN], {}, [(0, "test-point-unknown")]),
        (TOLD[1:], [drill(3, TEST), AGAIN], {}, [(0, "test-point-unknown")]),
        (TOLD[1:], [drill(3, TEST, signed=False), AGAIN], {}, [(0, "drill-unproven")]),
        ([*TOLD[:1], *LATER], [drill(3, TEST), AGAIN], {}, [(0, "drill-unproven")]),
        ([*TOLD, *LATER], [drill(3, TEST), AGAIN], {"assets": [MOVED]}, [(20, "needs-verification")]),
        (TOLD, [drill(3, TEST), drill(10, result(10.5, "failed", 2)), drill(20, result(20.5, depth=2)), AGAIN], {}, [(20.5, "drill-unproven")]),
    ],
)  # fmt: skip
def test_why_a_test_is_unproven(told: Any, drills: Any, changes: Any, reasons: Any) -> None:
    found = restores_of(told, drills, **changes)["unproven"]
    assert [(one["from"], one["reason"]) for one in found][: len(reasons)] == [(text_of(day(at)), reason) for at, reason in reasons]


def test_why_a_test_of_another_asset_does_not_stand_for_it() -> None:
    (case,) = [one.case for one in CASES_OF_DRILLS if one.case.name == "of a scope: until another of a drill that names it fails"]
    (found,) = [one for one in assess_directly(case)["results"] if one["control"] == "restore-test"]
    assert [(one["from"], one["reason"]) for one in found["unproven"]] == [(text_of(day(10.5)), "scope-failed")]


def exercises_of(drills: list[Any], **changes: Any) -> dict[str, Any]:
    """Return the result of exercise over ten days, of a talk at a table every five days."""
    case = Case("held", programme(policy({"exercise": {"table-top": "5d"}})), [], day(0), day(10), drilled=drills, **changes)
    (found,) = [one for one in assess_directly(case)["results"] if one["control"] == "exercise"]
    return found


def test_a_lapsed_exercise_is_named_and_of_several_the_last() -> None:
    found = exercises_of([exercise(1), exercise(-2), exercise(2, signed=False, cancelled=3)])
    assert [(one["from"], one["to"]) for one in found["breaches"]] == [(text_of(day(6)), text_of(day(10)))]
    assert found["breaches"][0]["detail"] == {"records": [{"record": "drill-1", "by": "signer"}]}
    assert len(found["breaches"][0]["evidence"]) == 1
    assert (found["leg"], found["verdict"]) == ("table-top", "breached")


@pytest.mark.parametrize(
    ("drills", "reasons"),
    [
        ([], [(0, "no-exercise")]),
        ([exercise(-1, signed=False)], [(0, "exercise-open")]),
        ([exercise(-1, without=["lessons"])], [(0, "exercise-untold")]),
        ([exercise(-1, result(-0.5, asset="b"), kind="full", assets=("a", "b"))], [(0, "exercise-untried")]),
        ([exercise(-1), exercise(1, without=["scenario"])], [(4, "exercise-untold")]),
        ([exercise(2, cancelled=3, signed=False)], [(0, "no-exercise")]),
    ],
)
def test_why_an_exercise_is_unproven(drills: Any, reasons: Any) -> None:
    found = exercises_of(drills)["unproven"]
    assert [(one["from"], one["reason"]) for one in found] == [(text_of(day(at)), reason) for at, reason in reasons]


def test_of_what_lies_ahead_of_the_journal_no_exercise_is_said_to_lapse() -> None:
    found = exercises_of([exercise(1)], read_on=day(4))["unproven"]
    assert [(one["from"], one["reason"]) for one in found] == [(text_of(day(0)), "no-exercise"), (text_of(day(4)), "not-yet-known")]


def test_an_exercise_that_is_only_planned_was_not_held() -> None:
    acts = {"drill-1": drills_of(Case("told", {}, [], day(0), day(10), drilled=[exercise(1)]))["drill-1"].done}
    planned, declared, done = (
        records_of(ACTS, [("drill-1", one) for one in acts["drill-1"][:count]])["drill-1"] for count in (1, 2, 3)
    )
    assert [record.state for record in (planned, declared, done)] == ["planned", "running", "signed off"]
    assert list(rows_of(planned)) == []
    (begun,), (held,) = list(rows_of(declared)), list(rows_of(done))
    assert (begun["signed"], begun["told"], held["signed"], held["told"]) == (False, False, True, True)
    assert {micros(one["held"]) for one in (begun, held)} == {day(1)}
