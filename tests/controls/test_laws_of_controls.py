"""What holds for every control: cases for met, breached and unproven exist and come out; without facts it is unproven; one that raises is a fault."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import polars as pl
import pytest

from audit.discovery import modules
from audit.evaluation.assess import judge
from audit.model.terms import instant
from audit.policy.estate import AppliedProgramme, estate_at
from tests.oracle.build import PERIOD, day, listing, p, policy, programme
from tests.oracle.case import Case, programme_files
from tests.oracle.cases import CASES
from tests.oracle.direct import assess_directly, rows_of_case

CONTROLS = modules("audit.controls")
EVERYTHING = {
    "rpo": "1d",
    "copies": {"max_age": "2d", "immutable": 1, "offline": 1},
    "keep": [{"every": "point", "for": "5d"}, {"every": "day", "for": "3d"}],
    "dispose": {"after": "10d"},
    "verify": {"every": "2d"},
}

KEPT = Case(
    "everything kept",
    programme(policy({"rpo": "60d", "copies": {"max_age": "any"}})),
    [
        listing(0, p("p", -1)), listing(50, p("p", -1)),
        listing(0, p("q", -1, "r2"), repository="r2"), listing(50, p("q", -1, "r2"), repository="r2"),
    ],
    day(1),
    day(9),
)  # fmt: skip


@pytest.fixture(scope="module")
def results() -> list[dict[str, Any]]:
    """The results of all hand-made cases; one test in this file needs them all, so that one process computes them."""
    return [result for case in [*(one.case for one in CASES), KEPT] for result in assess_directly(case)["results"]]


@pytest.mark.slow
def test_of_all_hand_made_cases(results: list[dict[str, Any]]) -> None:
    """Every control has cases for met, breached and unproven; shares sum to one; compliance is what is met, up to what is not breached."""
    verdicts: dict[str, set[str]] = {}
    for result in results:
        verdicts.setdefault(result["control"], set()).add(result["verdict"])
    assert {control: {"met", "breached", "unproven"} - verdicts[control] for control in CONTROLS} == {
        control: set() for control in CONTROLS
    }
    for result in results:
        if result["shares"] is not None:
            assert sum(result["shares"].values()) == pytest.approx(1, abs=1e-9)
            assert result["compliance"] == result["shares"]["met"]
            assert result["compliance_up_to"] == pytest.approx(1 - result["shares"]["breached"])


def without_facts(**changes: Any) -> Case:
    return Case("nothing", programme(policy(EVERYTHING), **changes), [], day(PERIOD[0]), day(PERIOD[1]))


@pytest.mark.parametrize(
    "changes", [{}, {"assets": {"a": {"repositories": ["r1", "r2"]}}}], ids=["plain", "with declared repositories"]
)
def test_without_facts_nothing_is_met_but_that_a_policy_is_assigned(changes: dict[str, Any]) -> None:
    results = assess_directly(without_facts(**changes))["results"]
    assert {result["control"] for result in results} == set(CONTROLS)
    assert {result["leg"] for result in results if result["verdict"] != "unproven"} == {"assigned"}
    for result in results:
        if result["verdict"] == "unproven" and result["leg"] != "restorable":
            assert [stretch["reason"] for stretch in result["unproven"]] == ["no-evidence"]
            assert result["unproven"][0]["detail"]["sources"] == ["s"]


def test_a_control_that_raises_is_a_fault_and_not_a_lost_assessment(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ModuleType("broken")

    def evaluate(world: object) -> list[object]:
        raise pl.exceptions.ComputeError("division of nothing by nothing")

    broken.evaluate = evaluate  # type: ignore[attr-defined]
    monkeypatch.setattr("audit.evaluation.assess.modules", lambda package: {**CONTROLS, "broken": broken})
    case = without_facts()
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    judged = judge(estate, rows_of_case(case), case.since, case.until)
    assert judged.faults == ("broken: ComputeError: division of nothing by nothing",)
    assert {result.control for result in judged.results} == set(CONTROLS)
