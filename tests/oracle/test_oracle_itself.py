"""The oracle against truths computed by hand, and its parts against simpler ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.oracle.case import HandMade
from tests.oracle.cases import CASES
from tests.oracle.instants import HOUR, at, bucket_of, buckets_within, merged, stretches


@pytest.mark.parametrize("hand_made", CASES, ids=lambda one: f"{one.section} {one.case.name}")
def test_hand_made_case(hand_made: HandMade) -> None:
    result = hand_made.case.judge()
    assert hand_made.expected or hand_made.protected or hand_made.restorable
    for name, truth in hand_made.expected.items():
        found = result.united(name)
        assert name in result.results or truth.judged == 0, name
        assert (found.breached, found.unproven, found.waived) == tuple(map(list, (truth.breached, truth.unproven, truth.waived))), (
            name
        )
        assert truth.judged in (None, found.judged), name
    if hand_made.protected is not None:
        assert result.protection["a"].protected == hand_made.protected
    if hand_made.restorable is not None:
        assert result.protection["a"].restorable == hand_made.restorable


def test_each_section_has_cases() -> None:
    page = Path(__file__).parents[2] / "docs" / "definitions.md"
    sections = re.findall(r"^## (\d+)\. ", page.read_text(encoding="utf-8"), re.MULTILINE)
    # 32 and 34 are of no control: tests/evaluation/test_costs.py and test_drill_calendar.py have their cases, and oracles of their own.
    assert {one.section for one in CASES} == set(sections) - {"32", "34"}
    assert len(sections) == len(set(sections)) >= 12
    names = [one.case.name for one in CASES]
    assert len(names) == len(set(names)) >= 40


def test_stretches_are_asked_between_critical_instants() -> None:
    assert stretches(lambda t: 10 <= t < 20 or 20 <= t < 30, [10, 20, 30], 0, 100) == [(10, 30)]
    assert merged([(5, 9), (1, 3), (3, 4), (9, 9), (8, 12)]) == [(1, 4), (5, 12)]


@pytest.mark.parametrize(
    ("every", "zone", "start", "end"),
    [
        ("day", "Europe/Berlin", "2026-03-28T23:00:00+00:00", "2026-03-29T22:00:00+00:00"),
        ("week", "Asia/Shanghai", "2026-03-22T16:00:00+00:00", "2026-03-29T16:00:00+00:00"),
        ("month", "UTC", "2026-03-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00"),
        ("quarter", "UTC", "2026-01-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00"),
        ("year", "UTC", "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
    ],
)
def test_calendar_buckets(every: str, zone: str, start: str, end: str) -> None:
    assert bucket_of(at("2026-03-29T12:00:00+00:00"), every, zone) == (at(start), at(end))
    assert buckets_within(at(start) - HOUR, at(end) + HOUR, every, zone) == [(at(start), at(end))]
