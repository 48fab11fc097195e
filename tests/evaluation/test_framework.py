"""What an assessment says of the requirements of a framework."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from audit.evaluation.framework import Answer, Asked, answers
from audit.model.verdicts import Assessment, Coverage, Result, Verdict

THERE = {"copies": True, "recovery-point": True, "protection": False}


def result(asset: str, control: str, verdict: str, leg: str | None = None, policy: str = "p") -> Result:
    shares = {"met": 1.0} if verdict != "not-applicable" else None
    return Result(asset, "u", policy, 1, None, control, leg, Verdict(verdict), shares, 1.0)


def of(*results: Result) -> Assessment:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    return Assessment(since, since.replace(year=2027), 1, "", tuple(results), 0, Coverage(0, 0, 0, 0, 0))


def said(assessment: Assessment, controls: Iterable[tuple[str, str | None]], *, in_part: bool = False) -> Answer:
    (answered,) = answers(assessment, [Asked("R", tuple(controls), in_part)], THERE, {"training", "vendor"})
    return answered.answer


RPO, OFFSITE = ("recovery-point", None), ("copies", "offsite")


def test_a_requirement_is_supported_only_when_all_its_controls_were_kept_on_every_asset() -> None:
    whole = of(
        *(result(asset, "recovery-point", "met") for asset in "ab"), *(result(asset, "copies", "met", "offsite") for asset in "ab")
    )
    assert said(whole, [RPO, OFFSITE]) is Answer.SUPPORTS
    assert said(whole, [RPO, OFFSITE], in_part=True) is Answer.SUPPORTS_IN_PART
    assert said(whole, [RPO, ("training", None)]) is Answer.SUPPORTS_IN_PART
    assert said(whole, [RPO, ("hold", None)]) is Answer.SUPPORTS_IN_PART


def test_an_asset_to_which_nothing_was_promised_makes_it_a_part() -> None:
    some = of(result("a", "recovery-point", "met"), result("b", "copies", "met", "offsite"))
    assert said(some, [RPO]) is Answer.SUPPORTS_IN_PART
    (answered,) = answers(some, [Asked("R", (RPO,))], THERE, ())
    assert answered.controls[0].assets == {"met": 1, "waived": 0, "unproven": 0, "breached": 0, "not-judged": 1}


def test_what_is_not_applicable_was_not_judged() -> None:
    none = of(result("a", "recovery-point", "not-applicable"), result("a", "copies", "met", "offsite"))
    assert said(none, [RPO]) is Answer.NOT_JUDGED


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [
        ("met", Answer.SUPPORTS),
        ("waived", Answer.SUPPORTS_IN_PART),
        ("unproven", Answer.UNPROVEN),
        ("breached", Answer.DOES_NOT_SUPPORT),
    ],
)
def test_the_worst_result_of_an_asset_counts(verdict: str, answer: Answer) -> None:
    # The same asset under two versions of a policy, and another asset that kept all.
    some = of(
        result("a", "recovery-point", "met", policy="p1"),
        result("a", "recovery-point", verdict, policy="p2"),
        result("b", "recovery-point", "met"),
    )
    assert said(some, [RPO]) is answer


def test_breached_outweighs_unproven_and_unproven_all_else() -> None:
    some = of(result("a", "recovery-point", "unproven"), result("a", "copies", "breached", "offsite"))
    assert said(some, [RPO, OFFSITE]) is Answer.DOES_NOT_SUPPORT
    assert said(some, [RPO, ("training", None)]) is Answer.UNPROVEN


def test_a_control_without_leg_is_all_its_legs() -> None:
    some = of(result("a", "copies", "met", "offsite"), result("a", "copies", "breached", "count"))
    assert said(some, [("copies", None)]) is Answer.DOES_NOT_SUPPORT
    assert said(some, [OFFSITE]) is Answer.SUPPORTS


def test_nothing_judged_supports_nothing() -> None:
    assert said(of(), [RPO]) is Answer.NOT_JUDGED
    assert said(of(), [("training", None)]) is Answer.MANUAL
    assert said(of(), [("training", None), ("hold", None)]) is Answer.NOT_JUDGED
    assert said(of(result("a", "recovery-point", "met")), [("training", None), ("vendor", None)]) is Answer.MANUAL


def test_a_control_that_needs_no_promise_has_its_own_denominator() -> None:
    """An asset that was retired before the end is in no figure of the end."""
    some = of(result("retired", "recovery-point", "met"), result("a", "protection", "met", "assigned"))
    assert said(some, [("protection", "assigned")]) is Answer.SUPPORTS
    assert said(some, [RPO]) is Answer.SUPPORTS_IN_PART
