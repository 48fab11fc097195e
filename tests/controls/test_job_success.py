"""Job success: what its verdicts say of themselves, its objective's faults, and how it compares with a demand."""

from __future__ import annotations

from typing import Any

import pytest

from audit.controls.job_success import Success
from audit.policy.objectives import judged
from audit.policy.place import Place
from audit.policy.validate import validate
from tests.controls.test_explanations import results
from tests.oracle.build import day, listing, p
from tests.oracle.case import Told
from tests.oracle.cases_of_success import ALWAYS, DAILY, LENIENT, bad, daily, good, log, still
from tests.oracle.instants import text_of


def legs(told: list[Told], period: tuple[float, float] = (0, 10), schedule: Any = DAILY, **success: Any) -> dict[str | None, Any]:
    """Return the results of the control by leg."""
    objectives = {"success": success or {"rate": "90%", "consecutive_failures": 2}, **({"schedule": schedule} if schedule else {})}
    return {leg: found for (control, leg), found in results(told, objectives, period).items() if control == "job-success"}


def reasons(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["from"], one["reason"]) for one in result["unproven"]]


def test_a_breach_names_the_runs_that_failed_with_their_lines() -> None:
    found = legs([log(*ALWAYS, *daily(0, 1, 4), bad("b", 2), bad("c", 3, outcome="cancelled"))], (0, 5), schedule=LENIENT)
    (rate,), (row,) = found["rate"]["breaches"], found["consecutive"]["breaches"]
    assert (rate["from"], rate["to"], row["from"]) == (text_of(day(2)), text_of(day(4)), text_of(day(3)))
    told = {"kind": "backup", "repository": "r1"}
    assert rate["detail"]["failed"] == {
        "count": 2,
        "runs": [
            {"run": "c", "outcome": "cancelled", "started_at": text_of(day(3)), **told},
            {"run": "b", "outcome": "failed", "started_at": text_of(day(2)), **told},
        ],
    }
    assert [ref["entry"] for ref in rate["evidence"]] == [1, 1]
    assert len({ref["locator"] for ref in rate["evidence"]}) == 2
    assert all(len(ref["sha256"]) == 64 for ref in rate["evidence"])
    assert [one["run"] for one in row["detail"]["failed"]["runs"]] == ["c"]


def test_a_breach_without_a_failure_names_the_last_that_ended_well() -> None:
    (breach,) = legs([log(*ALWAYS, *daily(0, 1, 4))], (0, 5))["rate"]["breaches"]
    assert (breach["from"], breach["to"]) == (text_of(day(2)), text_of(day(4)))
    assert [one["run"] for one in breach["detail"]["last"]["runs"]] == ["d1"]
    assert "failed" not in breach["detail"]
    assert len(breach["evidence"]) == 1


def test_many_failures_are_counted_and_the_latest_named() -> None:
    (breach,) = legs([log(*ALWAYS, *daily(0), *(bad(f"b{number}", number) for number in range(1, 9)))])["consecutive"]["breaches"]
    assert breach["detail"]["failed"]["count"] == 7
    assert [one["run"] for one in breach["detail"]["failed"]["runs"]] == ["b8", "b7", "b6", "b5", "b4"]


@pytest.mark.parametrize(("rate", "verdict"), [("70%", "met"), ("71%", "breached"), (1, "breached")])
def test_the_rate_decides_the_verdict_of_its_leg_alone(rate: Any, verdict: str) -> None:
    found = legs([log(*ALWAYS, *daily(0, 1, 2, 3, 4, 8, 9, 10), bad("b", 5))], rate=rate, consecutive_failures=1)
    assert found["rate"]["verdict"] == verdict
    assert found["consecutive"]["verdict"] == "breached"
    assert found["rate"]["shares"]["met"] == pytest.approx(0.7)


def test_each_leg_may_be_stated_alone() -> None:
    told = [log(*ALWAYS, *daily(*range(-1, 10)))]
    assert {leg: one["verdict"] for leg, one in legs(told, rate="99%").items()} == {"rate": "met"}
    assert {leg: one["verdict"] for leg, one in legs(told, consecutive_failures=3).items()} == {"consecutive": "met"}


def test_what_makes_it_unproven() -> None:
    told = [log(-40, 3, *daily(*range(-1, 3))), log(4, 40, *daily(*range(5, 7)), still("o", 7), *daily(8, 9))]
    found = legs(told)
    assert reasons(found["rate"]) == [(text_of(day(3)), "unlogged"), (text_of(day(7)), "run-running")]
    assert found["rate"]["unproven"][0]["detail"] == {"sources": ["s"], "repositories": ["r1"]}
    assert reasons(found["consecutive"]) == [(text_of(day(3)), "unlogged")]
    half = legs([log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 3.5, subject=None))])["rate"]
    assert reasons(half) == [(text_of(day(3.5)), "run-untold")]
    assert half["unproven"][0]["detail"]["repositories"] == ["r1"]


def test_without_a_schedule_or_a_run_it_says_so() -> None:
    found = legs([log(*ALWAYS, *daily(4))], schedule=None)
    assert reasons(found["rate"]) == [(text_of(day(0)), "no-schedule")]
    assert reasons(found["consecutive"]) == [(text_of(day(0)), "no-run")]


def test_a_place_without_a_job_log_is_named() -> None:
    told = [log(*ALWAYS, *daily(*range(-1, 10))), listing(20, p("p", 6, "r2"), repository="r2")]
    (open_,) = legs(told)["rate"]["unproven"]
    assert (open_["from"], open_["detail"]) == (text_of(day(6)), {"sources": ["s"], "repositories": ["r2"]})


def test_a_source_without_any_job_log_is_named_too() -> None:
    (open_,) = legs([listing(-30), listing(20, p("p", 1))])["rate"]["unproven"]
    assert (open_["from"], open_["reason"], open_["detail"]["sources"]) == (text_of(day(0)), "unlogged", ["s"])


def test_a_part_of_the_history_settles_the_same_as_the_whole() -> None:
    """A run that is told as running, and later as failed, failed."""
    told = [log(-40, 4, *daily(*range(-1, 3)), still("b", 3)), log(3.5, 40, bad("b", 3), *daily(*range(4, 10)))]
    assert legs(told, schedule=LENIENT)["rate"]["breaches"][0]["from"] == text_of(day(3))
    assert legs([told[0], log(3.5, 40, good("b", 3), *daily(*range(4, 10)))])["rate"]["verdict"] == "met"


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ({}, "write `rate`, such as 99%, or `consecutive_failures`, such as 3, or both"),
        ({"rate": "0%"}, "0% is not a share that can be asked for"),
        ({"consecutive_failures": 0}, "greater than or equal to 1"),
        ({"rat": "99%"}, "did you mean `rate`?"),
    ],
)
def test_faults_of_the_objective(written: dict[str, Any], fault: str) -> None:
    _, faults = validate(judged()["success"], written, Place(""))
    assert any(fault in str(one) for one in faults)


@pytest.mark.parametrize(
    ("stated", "least", "what"),
    [
        ({"rate": 0.9}, {"rate": 0.99}, ["rate"]),
        ({"rate": 0.99}, {"rate": 0.9}, []),
        ({"consecutive_failures": 3}, {"consecutive_failures": 2}, ["consecutive_failures"]),
        ({"consecutive_failures": 2}, {"consecutive_failures": 3}, []),
        ({"rate": 0.99}, {"rate": 0.99, "consecutive_failures": 2}, ["consecutive_failures"]),
        ({"consecutive_failures": 1}, {"rate": 0.5}, ["rate"]),
    ],
)
def test_in_what_it_is_weaker(stated: dict[str, Any], least: dict[str, Any], what: list[str]) -> None:
    found = list(Success(**stated).weaker_than(Success(**least), "UTC"))
    assert [one.what for one in found] == what
    assert all(one.surely for one in found)
