"""What an assessment says of the requirements of a framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from audit.evaluation.agreed import Agreed
from audit.evaluation.framework import Answer, Asked, ControlAnswer, answers
from audit.model.assessment import Assessment, Coverage
from audit.model.estate import ALIAS, ASSET_REPOSITORY, REPOSITORY, SEGMENT, Estate, PolicyVersion
from audit.model.verdicts import Result, Verdict
from audit.policy.objectives import judged
from audit.policy.place import Place
from audit.policy.validate import validate

THERE = {"copies": True, "recovery-point": True, "retention-minimum": True, "exercise": True, "protection": False}


def result(asset: str, control: str, verdict: str, leg: str | None = None, policy: str = "p") -> Result:
    shares = {"met": 1.0} if verdict != "not-applicable" else None
    return Result(asset, "u", policy, 1, None, control, leg, Verdict(verdict), shares, 1.0)


def of(*results: Result) -> Assessment:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    return Assessment(since, since.replace(year=2027), 1, "", tuple(results), 0, Coverage(0, 0, 0, 0, 0))


def objectives(written: Mapping[str, Any]) -> dict[str, Any]:
    return {key: validate(judged()[key], value, Place("here"))[0] for key, value in written.items()}


def estate(policies: Iterable[Mapping[str, Any]] = (), *segments: Mapping[str, Any]) -> Estate:
    """Return an estate whose policies promise these objectives: `p` versions 1, 2... ; segments say what is in force of which asset."""
    versions = tuple(PolicyVersion("p", number + 1, "UTC", objectives(written)) for number, written in enumerate(policies))
    rows = [dict.fromkeys(SEGMENT) | {"unit": "u"} | dict(row) for row in segments]
    frames = (pl.DataFrame(schema=schema) for schema in (ALIAS, REPOSITORY, ASSET_REPOSITORY))
    return Estate(pl.DataFrame(rows, schema=SEGMENT), *frames, policies=versions)


def said(assessment: Assessment, controls: Iterable[tuple[str, str | None]], *, in_part: bool = False) -> Answer:
    nothing = Agreed(assessment, estate())
    (answered,) = answers(assessment, [Asked("R", tuple(controls), in_part)], THERE, {"training", "vendor"}, nothing)
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
    (answered,) = answers(some, [Asked("R", (RPO,))], THERE, (), Agreed(some, estate()))
    assert answered.controls[0].assets == {"met": 1, "waived": 0, "unproven": 0, "breached": 0, "agreed-less": 0, "not-judged": 1}


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


# --- what the clause itself states ----------------------------------------------------------------------------------------------


def of_number(
    assessment: Assessment, least: Mapping[str, Any], known: Estate, control: str = "recovery-point", unit: str | None = None, read_beside: tuple[str, ...] = ()
) -> tuple[Answer, ControlAnswer]:  # fmt: skip
    """Return what is answered of a requirement that states a number: the requirement, and its one control."""
    asked = Asked("R", ((control, None),), at_least={control: objectives(least)}, read_beside=read_beside)
    (answered,) = answers(assessment, [asked], THERE, (), Agreed(assessment, known, unit))
    return answered.answer, answered.controls[0]


def at(month: int, day: int = 1) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


@pytest.mark.parametrize("verdict", ["met", "waived", "unproven", "breached"])
def test_what_was_agreed_for_less_than_the_clause_states_does_not_support_whatever_its_verdict(verdict: str) -> None:
    known = estate([{"rpo": "25h"}], {"asset": "a", "policy": 0})
    answer, control = of_number(of(result("a", "recovery-point", verdict)), {"rpo": "1d"}, known)
    assert answer is Answer.DOES_NOT_SUPPORT
    assert control.assets == {"met": 0, "waived": 0, "unproven": 0, "breached": 0, "agreed-less": 1, "not-judged": 0}
    assert control.named == ("a",)
    (less,) = control.to_json()["agreed_less"]
    assert less == {"asset": "a", "policy": "p", "version": 1, "objective": "rpo", "stated": "25h", "least": "1d", "surely": True}
    assert control.to_json()["at_least"] == {"rpo": "1d"}


def test_a_period_may_be_told_in_another_zone() -> None:
    """Midnight of Shanghai is 16:00 of the day before: the version that promised less had ended then."""
    midnight = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    known = estate(
        [{"rpo": "25h"}, {"rpo": "1h"}], {"asset": "a", "policy": 0, "to": midnight}, {"asset": "a", "policy": 1, "from": midnight}
    )
    met = replace(of(Result("a", "u", "p", 2, None, "recovery-point", None, Verdict.MET, {"met": 1.0}, 1.0)), since=midnight)
    assert of_number(met, {"rpo": "1d"}, known)[0] is Answer.SUPPORTS


def test_what_was_agreed_for_as_much_or_more_supports_when_it_was_kept() -> None:
    known = estate([{"rpo": "24h"}, {"rpo": "15m"}], {"asset": "a", "policy": 0}, {"asset": "b", "policy": 1})
    both = of(result("a", "recovery-point", "met"), result("b", "recovery-point", "met"))
    answer, control = of_number(both, {"rpo": "1d"}, known)
    assert (answer, control.less) == (Answer.SUPPORTS, ())
    assert of_number(of(result("a", "recovery-point", "breached")), {"rpo": "1d"}, known)[0] is Answer.DOES_NOT_SUPPORT


def test_the_least_that_was_agreed_of_any_asset_counts_and_no_average() -> None:
    known = estate([{"rpo": "15m"}, {"rpo": "25h"}], {"asset": "a", "policy": 0}, {"asset": "b", "policy": 1})
    answer, control = of_number(of(*(result(asset, "recovery-point", "met") for asset in "ab")), {"rpo": "1d"}, known)
    assert answer is Answer.DOES_NOT_SUPPORT
    assert (control.assets["met"], control.assets["agreed-less"], control.named) == (1, 1, ("b",))
    # A share of the time in which it may not hold is less as well.
    sometimes = estate([{"rpo": {"target": "15m", "at_least": "99.5%"}}], {"asset": "a", "policy": 0})
    assert of_number(of(result("a", "recovery-point", "met")), {"rpo": "1d"}, sometimes)[0] is Answer.DOES_NOT_SUPPORT


@pytest.mark.parametrize(
    ("first", "until", "in_service", "answer"),
    [
        (0, at(1, 2), None, Answer.DOES_NOT_SUPPORT),  # one day of the period under the version that promised less
        (0, at(1), None, Answer.SUPPORTS),  # it ended when the period began
        (0, at(3), at(3), Answer.SUPPORTS),  # the asset was not in service yet
        (None, at(3), None, Answer.NOT_JUDGED),  # for two months nothing was agreed: the least is nothing
        (2, at(3), None, Answer.NOT_JUDGED),  # a version that promises something else
    ],
)
def test_the_least_of_all_versions_in_force_in_the_period_counts(
    first: int | None, until: datetime, in_service: datetime | None, answer: Answer
) -> None:
    known = estate(
        [{"rpo": "25h"}, {"rpo": "1h"}, {"keep": [{"every": "day", "for": "7d"}]}],
        {"asset": "a", "policy": first, "to": until, "in_service": in_service},
        {"asset": "a", "policy": 1, "from": until, "in_service": in_service},
    )
    met = Result("a", "u", "p", 2, None, "recovery-point", None, Verdict.MET, {"met": 1.0}, 1.0)
    found, control = of_number(of(met), {"rpo": "1d"}, known)
    assert found is answer
    assert sum(control.assets.values()) == 1


def test_an_asset_to_which_no_policy_ever_promised_it_is_not_judged_and_not_agreed_less() -> None:
    known = estate([{"rpo": "1h"}, {}], {"asset": "a", "policy": 0}, {"asset": "b", "policy": 1})
    answer, control = of_number(
        of(result("a", "recovery-point", "met"), result("b", "copies", "met", "offsite")), {"rpo": "1d"}, known
    )
    assert answer is Answer.SUPPORTS_IN_PART
    assert (control.assets["met"], control.assets["not-judged"], control.assets["agreed-less"]) == (1, 1, 0)


def test_a_number_that_was_agreed_for_less_counts_also_where_nothing_was_judged() -> None:
    known = estate([{"rpo": "25h"}], {"asset": "a", "policy": 0})
    answer, control = of_number(of(result("a", "copies", "met", "offsite")), {"rpo": "1d"}, known)
    assert (answer, control.assets["agreed-less"]) == (Answer.DOES_NOT_SUPPORT, 1)


def test_where_nobody_can_say_which_is_more_it_is_unproven() -> None:
    """A rule for each day keeps the month's last day for as long, and its first perhaps not."""
    known = estate([{"keep": [{"every": "day", "for": "3y"}]}], {"asset": "a", "policy": 0})
    asked = {"keep": [{"every": "month", "for": "3y"}]}
    answer, control = of_number(of(result("a", "retention-minimum", "met")), asked, known, "retention-minimum")
    assert (answer, control.assets["unproven"], control.named) == (Answer.UNPROVEN, 1, ("a",))
    assert [one.shortfall.surely for one in control.less] == [False]
    assert (
        of_number(of(result("a", "retention-minimum", "breached")), asked, known, "retention-minimum")[0] is Answer.DOES_NOT_SUPPORT
    )


def test_a_field_that_a_policy_leaves_out_is_agreed_for_less() -> None:
    known = estate([{"exercise": {"file": "6 months"}}], {"asset": "a", "policy": 0})
    answer, control = of_number(of(result("a", "exercise", "met", "file")), {"exercise": {"table-top": "1y"}}, known, "exercise")
    assert (answer, control.assets["agreed-less"]) == (Answer.DOES_NOT_SUPPORT, 1)


def test_what_is_kept_of_an_asset_after_it_was_retired_is_compared_with_its_last_policy() -> None:
    """Retention is judged after retirement, when the asset was in service at no time of the period."""
    known = estate(
        [{"keep": [{"every": "point", "for": "7d"}]}], {"asset": "a", "policy": 0, "retired": datetime(2025, 12, 1, tzinfo=UTC)}
    )
    least = {"keep": [{"every": "point", "for": "3y"}]}
    answer, control = of_number(of(result("a", "retention-minimum", "met")), least, known, "retention-minimum")
    assert (answer, control.assets["agreed-less"]) == (Answer.DOES_NOT_SUPPORT, 1)


def test_only_what_was_agreed_while_the_asset_was_of_the_unit_counts() -> None:
    known = estate(
        [{"rpo": "25h"}, {"rpo": "1h"}],
        {"asset": "a", "policy": 0, "to": at(6), "unit": "before"},
        {"asset": "a", "policy": 1, "from": at(6)},
    )
    # The unit before had another promise; its results are not among those of `u`.
    of_u = of(Result("a", "u", "p", 2, None, "recovery-point", None, Verdict.MET, {"met": 1.0}, 1.0))
    assert of_number(of_u, {"rpo": "1d"}, known, unit="u")[0] is Answer.SUPPORTS
    assert of_number(of_u, {"rpo": "1d"}, known)[0] is Answer.DOES_NOT_SUPPORT


def test_a_number_that_people_have_to_read_is_supported_in_part_at_the_most() -> None:
    known = estate([{"rpo": "1h"}], {"asset": "a", "policy": 0})
    met = of(result("a", "recovery-point", "met"))
    assert of_number(met, {"rpo": "1d"}, known)[0] is Answer.SUPPORTS
    assert of_number(met, {"rpo": "1d"}, known, read_beside=("recovery-point",))[0] is Answer.SUPPORTS_IN_PART
    assert of_number(met, {"rpo": "30m"}, known, read_beside=("recovery-point",))[0] is Answer.DOES_NOT_SUPPORT


def test_the_same_control_answers_each_requirement_by_its_own_number() -> None:
    known = estate([{"rpo": "25h"}], {"asset": "a", "policy": 0})
    met = of(result("a", "recovery-point", "met"))
    numbers = ("7d", None, "1d")
    asked = [
        Asked(str(number), (RPO,), at_least={"recovery-point": objectives({"rpo": number})} if number else {}) for number in numbers
    ]
    found = answers(met, asked, THERE, (), Agreed(met, known))
    assert [one.answer for one in found] == [Answer.SUPPORTS, Answer.SUPPORTS, Answer.DOES_NOT_SUPPORT]
