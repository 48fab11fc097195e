"""What holds for every control: cases for met, breached and unproven exist and come out; without facts it is unproven; one that raises is a fault."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from audit.discovery import modules
from audit.evaluation.assess import judge
from audit.model.terms import instant
from audit.policy.estate import AppliedProgramme, estate_at
from audit.register.acts import frames
from tests.oracle.build import PERIOD, day, listing, p, policy, programme
from tests.oracle.case import Case, programme_files
from tests.oracle.cases import CASES
from tests.oracle.cases_of_groups import OTHER
from tests.oracle.cases_of_holds import held
from tests.oracle.compare import compare
from tests.oracle.direct import assess_directly, holds_of, rows_of_case
from tests.oracle.stated import STATED

CONTROLS = modules("audit.controls")
EVERYTHING = {
    "rpo": "1d",
    "copies": {"max_age": "2d", "immutable": 1, "offline": 1},
    "keep": [{"every": "point", "for": "5d"}, {"every": "day", "for": "3d"}],
    "dispose": {"after": "10d"},
    "verify": {"every": "2d"},
    "encrypted": True,
    "locked_for": "4d",
    "location": {"countries": ["CN"]},
    "recover_with": {"assets": ["b"], "skew": "1h"},
    "schedule": {"full": "day", "log": "1h"},
    "success": {"rate": "99%", "consecutive_failures": 3},
    "size": {"drop": "50%"},
    "evidence": True,
    "contradiction": True,
    "rto": "4h",
    "restore_test": {"partial": "weekly"},
    "exercise": dict.fromkeys(("table-top", "file", "database", "full", "failover"), "1y"),
    **dict.fromkeys(STATED.values(), "1y"),
    "runbook": "1y",
    "people": 2,
    "review": "1y",
    "vendor": "1y",
}

OF_RECORDS = {
    **dict.fromkeys(STATED, "no-statement"),
    "runbook": "no-runbook",
    "training": "no-runbook",
    "agreement": "not-proposed",
    "recovery-time": "no-drill",
    "restore-test": "no-test",
    "exercise": "no-exercise",
}
"""Why what people record is unproven: it does not rest on repositories either."""
OF_SOURCES = {"delivery": "no-interval", "quarantine": "no-delivery", "journal": "no-delivery"}
"""Why what sources delivered is unproven, by leg: it does not rest on repositories."""


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


def test_every_control_has_cases_for_met_breached_and_unproven() -> None:
    """By the oracle, which costs little; tests/oracle/test_program.py has the program say the same of each case."""
    assert compare(assess_directly(KEPT), KEPT.judge()) == []
    verdicts: dict[str, set[str]] = {}
    for case in [*(one.case for one in CASES), KEPT]:
        truth = case.judge()
        for (_, _, control, _), versions in truth.results.items():
            verdicts.setdefault(control, set()).update(judged.verdict for judged in versions.values())
        for one in truth.protection.values():
            verdicts.setdefault("protection", set()).update([one.assigned, one.protected, one.restorable])
    assert {control: {"met", "breached", "unproven"} - verdicts[control] for control in CONTROLS} == {
        control: set() for control in CONTROLS
    }


def without_facts(**changes: Any) -> Case:
    said = programme(policy(EVERYTHING), **changes)
    said["assets"].append(OTHER)
    said["baseline"] = [{"by": "law", "objectives": {"rpo": "1d"}, "tier": "core"}]
    return Case("nothing", said, [], day(PERIOD[0]), day(PERIOD[1]), held=[held(0, -5)])


@pytest.mark.parametrize(
    "changes", [{}, {"assets": {"a": {"repositories": ["r1", "r2"]}}}], ids=["plain", "with declared repositories"]
)
def test_without_facts_nothing_is_met_but_that_a_policy_is_assigned(changes: dict[str, Any]) -> None:
    results = assess_directly(without_facts(**changes))["results"]
    assert {result["control"] for result in results} == set(CONTROLS)
    # What was declared needs no facts.
    declared = {name for name, module in CONTROLS.items() if getattr(module, "DECLARATIONS", False)}
    results = [result for result in results if result["control"] not in declared]
    assert {result["leg"] for result in results if result["verdict"] != "unproven"} == {"assigned"}
    for result in results:
        if result["verdict"] == "unproven" and result["leg"] != "restorable":
            of_people = OF_RECORDS.get(result["control"])
            reason = of_people or OF_SOURCES.get(result["leg"], "no-evidence")
            assert [stretch["reason"] for stretch in result["unproven"]] == [reason]
            assert result["unproven"][0]["detail"]["sources"] == ([] if of_people else ["s"])


def test_a_control_that_raises_is_a_fault_and_not_a_lost_assessment(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ModuleType("broken")

    def evaluate(world: object) -> list[object]:
        raise pl.exceptions.ComputeError("division of nothing by nothing")

    broken.evaluate = evaluate  # type: ignore[attr-defined]
    monkeypatch.setattr("audit.evaluation.assess.modules", lambda package: {**CONTROLS, "broken": broken})
    case = without_facts()
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    estate = replace(estate, records=frames({"hold": holds_of(case)}))
    judged = judge(estate, rows_of_case(case), case.since, case.until)
    assert judged.faults == ("broken: ComputeError: division of nothing by nothing",)
    assert {result.control for result in judged.results} == set(CONTROLS)


def test_the_legs_that_results_have_are_those_that_the_control_names() -> None:
    every = {"full": "week", "differential": "1d", "incremental": "1h", "log": "1h"}
    asked = {
        **EVERYTHING,
        "schedule": every,
        "restore_test": {"partial": "weekly", "full": "weekly"},
        "dispose": {"after": "10d", "content": True},
    }
    found: dict[str, set[str]] = {}
    for result in assess_directly(replace(KEPT, programme=programme(policy(asked)), since=day(0), until=day(40)))["results"]:
        if result["leg"] is not None and result["control"] != "protection":
            found.setdefault(result["control"], set()).add(result["leg"])
    assert {name: set(module.LEGS) for name, module in CONTROLS.items() if hasattr(module, "LEGS")} == found
