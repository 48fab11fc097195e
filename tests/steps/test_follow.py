"""What an assessment shows of breaches, and what findings come to say of it: joined, split, clipped by the period, silent about what was not asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.content import Content
from audit.model.assessment import Assessment, Coverage
from audit.model.verdicts import Breach, Result, Unproven, Verdict, Waived
from audit.policy.severities import severities_of
from audit.register.records._record import Done, Record, records_of
from audit.register.records.finding import ACTS
from audit.steps.follow import changes, key_of, shown_in

TABLE = severities_of(Content())
NOW = datetime(2026, 4, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number)


def said(number: float) -> str:
    return day(number).isoformat().replace("+00:00", "Z")


def result(*breached: tuple[float, float], unproven: tuple[tuple[float, float], ...] = (), waived: tuple[tuple[float, float], ...] = (),
           verdict: Verdict = Verdict.BREACHED, judged: tuple[float, float] = (0, 30), control: str = "hold", policy: str = "p", version: int = 1) -> Result:  # fmt: skip
    return Result(
        "db", "unit", policy, version, None, control, None, verdict, None, 0.0,
        tuple(Breach(day(since), day(until)) for since, until in breached),
        tuple(Unproven(day(since), day(until), "no-evidence") for since, until in unproven),
        judged=((day(judged[0]), day(judged[1])),), waived=tuple(Waived(day(since), day(until), waiver="waiver-1") for since, until in waived),
    )  # fmt: skip


def assessment(*results: Result, period: tuple[float, float] = (0, 30), known: int = 10) -> Assessment:
    return Assessment(day(period[0]), day(period[1]), known, "", results, 0, Coverage(0, 0, 0, 0, 0))


class Register:
    """Findings, and what assessments do to them."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Done]] = []

    @property
    def records(self) -> list[Record]:
        return list(records_of(ACTS, self.told).values())

    def do(self, name: str, act: str, values: dict[str, Any] | None = None) -> None:
        number = len(self.told) + 1
        self.told.append((name, Done(number, NOW, act, "somebody", "0" * 64, values or {})))

    def follow(self, one: Assessment, known_to: float = 30) -> list[tuple[str, str]]:
        """Return what was done: act, and the number of the finding."""
        stretches = list(shown_in(one, day(known_to)))
        judged = {key_of(result): [result] for result in one.results}
        found = list(changes(self.records, stretches, judged, one, TABLE, NOW, "UTC"))
        about = {"assessed": [one.since.isoformat(), one.until.isoformat()], "as_known_at": one.as_known_at}
        for record, act, values in found:
            name = record or (f"finding-{len(self.records) + 1}" if act == "follow" else self.records[-1].id)
            self.do(name, act, {**values, **about})
        return [(act, record or "new") for record, act, _ in found]

    def stretches(self) -> list[tuple[str, str, str, str]]:
        found = []
        for record in self.records:
            last = {key: value for done in record.done for key, value in done.values.items()}
            found.append((record.state, last["since"], last["until"], last["then"]))
        return found


def test_each_breach_is_a_finding_and_is_followed() -> None:
    register = Register()
    assert register.follow(assessment(result((2, 5), (8, 9)))) == [("follow", "new"), ("follow", "new")]
    assert register.stretches() == [("open", said(2), said(5), "met"), ("open", said(8), said(9), "met")]
    assert register.records[0].values["severity"] == "critical", "the loss of what is held is as serious as it gets"
    assert register.records[0].values["due"] == "2026-04-08T00:00:00Z"
    assert register.follow(assessment(result((2, 5), (8, 9)), known=11)) == []
    assert register.follow(assessment(result((2, 6), (8, 9)), known=12)) == [("see", "finding-1")]
    assert register.stretches()[0] == ("open", said(2), said(6), "met")


def test_a_new_version_of_the_policy_does_not_end_a_finding_and_a_breach_over_both_is_one() -> None:
    register = Register()
    both = assessment(result((2, 5), judged=(0, 5)), result((5, 8), version=2, judged=(5, 30)))
    assert register.follow(both) == [("follow", "new")]
    assert register.stretches() == [("open", said(2), said(8), "met")]


def test_on_a_split_the_earliest_keeps_it_and_what_grows_together_joins_the_earliest() -> None:
    register = Register()
    register.follow(assessment(result((2, 8))))
    assert register.follow(assessment(result((2, 4), (6, 8)), known=11)) == [("follow", "new"), ("see", "finding-1")]
    assert register.stretches() == [("open", said(2), said(4), "met"), ("open", said(6), said(8), "met")]
    # What came later between them joins the first; nothing of the second is left that the first does not say.
    assert register.follow(assessment(result((2, 8)), known=12)) == [("see", "finding-1"), ("refute", "finding-2")]
    assert [one[0] for one in register.stretches()] == ["open", "closed"]


def test_what_begins_or_ends_with_the_period_may_go_on_outside_it() -> None:
    register = Register()
    register.follow(assessment(result((2, 8))))
    assert register.follow(assessment(result((4, 8)), period=(4, 30), known=11)) == []
    assert register.follow(assessment(result((2, 6)), period=(0, 6), known=12), known_to=30) == []
    assert register.stretches() == [("open", said(2), said(8), "met")]
    assert register.follow(assessment(result((5, 6)), period=(5, 6), known=13), known_to=30) == []
    assert register.follow(assessment(result((1, 3)), period=(0, 3), known=14), known_to=30) == [("see", "finding-1")]
    assert register.stretches() == [("open", said(1), said(8), "met")]


@pytest.mark.parametrize(
    ("later", "known_to", "then"),
    [
        (result((2, 8)), 30, "met"),
        (result((2, 8)), 8, "ongoing"),
        (result((2, 8), unproven=((8, 9),)), 30, "unproven"),
        (result((2, 8), unproven=((9, 10),)), 30, "met"),
        (result((2, 8), judged=(0, 8)), 30, "not-judged"),
    ],
)
def test_what_is_shown_at_its_end(later: Result, known_to: float, then: str) -> None:
    register = Register()
    register.follow(assessment(later), known_to)
    assert register.stretches() == [("open", said(2), said(8), then)]


def test_that_a_breach_goes_on_is_told_once() -> None:
    register = Register()
    register.follow(assessment(result((2, 8))), known_to=8)
    assert register.follow(assessment(result((2, 20)), known=11), known_to=20) == []
    assert register.follow(assessment(result((2, 21)), known=12), known_to=30) == [("see", "finding-1")]


def test_what_was_not_asked_changes_nothing() -> None:
    register = Register()
    register.follow(assessment(result((2, 8))))
    assert register.follow(assessment(result(control="copies", verdict=Verdict.MET), known=11)) == []
    assert register.follow(assessment(result(verdict=Verdict.MET, judged=(4, 30)), period=(4, 30), known=11)) == []
    assert register.follow(assessment(result(verdict=Verdict.MET), known=9)) == [], "it knew less"
    assert register.follow(assessment(result((2, 30)), known=9)) == [], "it knew less"
    assert register.follow(assessment(result(verdict=Verdict.MET), known=11)) == [("refute", "finding-1")]


def test_what_a_policy_tolerates_and_what_is_wholly_waived_is_no_finding() -> None:
    register = Register()
    assert register.follow(assessment(result((2, 8), verdict=Verdict.MET))) == []
    assert register.follow(assessment(result(waived=((2, 8),), verdict=Verdict.WAIVED))) == []
    half = assessment(result((2, 4), waived=((4, 8),)))
    assert register.follow(half) == [("follow", "new"), ("waive", "new")]
    assert register.follow(half) == []
    assert register.stretches() == [("waived", said(2), said(8), "met")]


def test_a_closed_finding_stays_closed_until_its_breach_is_longer() -> None:
    register = Register()
    register.follow(assessment(result((2, 8))))
    register.do("finding-1", "close", {"reason": "mended"})
    assert register.follow(assessment(result((2, 8)), known=11)) == []
    assert register.follow(assessment(result((2, 7)), known=12)) == []
    assert register.follow(assessment(result((2, 9)), known=13)) == [("reopen", "finding-1")]
    assert register.follow(assessment(result((2, 9)), known=14)) == []


def test_what_is_not_proven_any_more_is_not_refuted() -> None:
    register = Register()
    register.follow(assessment(result((2, 8))))
    doubted = assessment(result(unproven=((2, 8),), verdict=Verdict.UNPROVEN), known=11)
    assert register.follow(doubted) == [("see", "finding-1")]
    assert register.stretches() == [("open", said(2), said(8), "unproven")]
    assert register.follow(doubted) == []
    assert register.follow(assessment(result(verdict=Verdict.MET, judged=(0, 5)), known=12)) == [], "of day 5 to 8 it says nothing"
    assert register.follow(assessment(result(verdict=Verdict.MET), known=13)) == [("refute", "finding-1")]


def test_a_longer_period_that_tolerates_the_breach_does_not_refute_it() -> None:
    register = Register()
    register.follow(assessment(result((2, 8))))
    assert register.follow(assessment(result((2, 8), verdict=Verdict.MET), known=11)) == []
    assert register.follow(assessment(result((2, 9), verdict=Verdict.MET), known=12)) == [("see", "finding-1")]
    assert register.stretches() == [("open", said(2), said(9), "met")]


def test_what_was_refuted_and_is_there_after_all_is_reopened() -> None:
    register = Register()
    register.follow(assessment(result((2, 8))))
    register.follow(assessment(result(verdict=Verdict.MET), known=11))
    assert [one[0] for one in register.stretches()] == ["closed"]
    assert register.follow(assessment(result((2, 8)), known=12)) == [("reopen", "finding-1")]
    assert register.stretches() == [("reopened", said(2), said(8), "met")]


def test_a_closed_finding_whose_breach_began_earlier_is_reopened() -> None:
    register = Register()
    register.follow(assessment(result((4, 8))))
    register.do("finding-1", "close", {"reason": "mended"})
    assert register.follow(assessment(result((2, 8)), known=11)) == [("reopen", "finding-1")]


def test_a_breach_that_goes_on_from_period_to_period_is_one_finding() -> None:
    register = Register()
    assert register.follow(assessment(result((2, 10)), period=(0, 10)), known_to=10) == [("follow", "new")]
    assert register.follow(assessment(result((10, 20), judged=(10, 20)), period=(10, 20), known=11), known_to=20) == []
    assert register.follow(assessment(result((20, 24), judged=(20, 30)), period=(20, 30), known=12), known_to=30) == [
        ("see", "finding-1")
    ]
    assert register.stretches() == [("open", said(2), said(24), "met")]
    assert register.follow(assessment(result((26, 28), judged=(20, 30)), period=(20, 30), known=13)) == [("follow", "new")], (
        "another one"
    )


def test_the_parts_of_a_closed_finding_keep_their_findings() -> None:
    register = Register()
    register.follow(assessment(result((2, 20))))
    register.do("finding-1", "close", {"reason": "mended"})
    two = ((2, 5), (10, 20))
    assert register.follow(assessment(result(*two), known=11)) == [("follow", "new")]
    for known in (12, 13):
        assert register.follow(assessment(result(*two), known=known)) == []
    assert [one[0] for one in register.stretches()] == ["closed", "open"]


def test_what_is_judged_at_the_end_of_each_period_only_is_one_finding_while_it_goes_on() -> None:
    """Coverage is judged at the last instant of the period: every night at another one."""
    register, instant = Register(), 0.01

    def night(number: float, *, breached: bool = False, unproven: bool = False, known: int) -> list[tuple[str, str]]:
        there = (number - instant, number)
        told = result(
            *([there] if breached else []),
            unproven=(there,) if unproven else (),
            verdict=Verdict.BREACHED if breached else Verdict.MET,
            judged=there,
            control="protection",
        )
        return register.follow(assessment(told, period=(number - 20, number), known=known), known_to=number)

    assert night(20, breached=True, known=10) == [("follow", "new")]
    assert night(21, breached=True, known=11) == []
    assert night(22, unproven=True, known=12) == [("see", "finding-1")]
    assert register.stretches() == [("open", said(20 - instant), said(20), "unproven")]
    assert night(23, known=13) == [("see", "finding-1")]
    assert register.stretches() == [("open", said(20 - instant), said(20), "met")], "it can be closed now"
    assert night(24, known=14) == []
    assert night(25, breached=True, known=15) == [("follow", "new")], "another one"


def test_what_went_on_and_is_kept_when_the_next_period_begins_is_over() -> None:
    register = Register()
    register.follow(assessment(result((2, 10)), period=(0, 10)), known_to=10)
    assert register.follow(assessment(result(verdict=Verdict.MET, judged=(12, 20)), period=(12, 20), known=11)) == [], (
        "of day 10 to 12 it says nothing"
    )
    assert register.follow(assessment(result(verdict=Verdict.MET, judged=(10, 20)), period=(10, 20), known=12)) == [
        ("see", "finding-1")
    ]
    assert register.stretches() == [("open", said(2), said(10), "met")]


def test_a_period_of_the_calendar_that_is_not_over_shows_nothing_kept() -> None:
    register = Register()
    told = result((2, 8), judged=(0, 8), control="restore-test")
    register.follow(assessment(replace(told, detail={"due_at": said(16)})))
    assert register.stretches() == [("open", said(2), said(8), "unproven")]
    assert register.follow(assessment(told, known=11)) == [("see", "finding-1")], "of the next one it was tried"
    assert register.stretches() == [("open", said(2), said(8), "not-judged")]


def test_what_is_tolerated_is_no_finding_where_a_waiver_covers_what_it_touches() -> None:
    register = Register()
    assert register.follow(assessment(result((2, 4), waived=((4, 8),), verdict=Verdict.MET))) == []
