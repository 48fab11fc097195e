"""Two assessments compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import audit.evaluation.compare
from audit.evaluation.compare import Change, Comparison, compare
from audit.evaluation.outline import LISTED, NOT_ASKED, STRETCH, WAIVED, Outline
from audit.model.assessment import Assessment
from audit.model.facts import INSTANT
from tests.oracle.build import day, listing, p, policy, programme
from tests.oracle.case import Case
from tests.oracle.cases_of_waivers import waiver
from tests.oracle.direct import assessment_of
from tests.oracle.instants import text_of

POINTS = [p("p1", 1), p("p2", 5), p("p3", 12), p("p4", 13)]
CASE = Case("compared", programme(policy({"rpo": "2d"})), [listing(14, *POINTS), listing(30, *POINTS)], day(1), day(14))
"""Breached from day 3 to 5 and from day 7 to 12."""


def judged(rpo: str = "2d", since: float = 1, until: float = 14) -> Assessment:
    return assessment_of(replace(CASE, programme=programme(policy({"rpo": rpo})), since=day(since), until=day(until)))


def changes(before: Assessment, after: Assessment) -> list[tuple[str, str, str, float, float]]:
    rows = (
        compare(before, after)
        .breaches.filter(control="recovery-point")
        .select("change", "from", "to", "seconds_before", "seconds_after")
    )
    return [
        (change, f"{begin:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}", was / 86400, now / 86400)
        for change, begin, end, was, now in rows.iter_rows()
    ]


def test_nothing_differs_from_itself():
    found = compare(judged(), judged())
    assert found.changed.height == 0
    assert found.counts() == {Change.NEW: 0, Change.GONE: 0, Change.WAIVED: 0, Change.LONGER: 0, Change.SHORTER: 0, Change.SAME: 2}
    assert set(found.coverage) == {"in_service", "assigned", "protected", "protected_up_to", "restorable"}
    assert all(was == now for was, now in found.coverage.values())


def test_breaches_get_shorter_or_go_when_more_is_allowed():
    assert changes(judged("2d"), judged("5d")) == [
        ("gone", text_of(day(3)), text_of(day(5)), 2, 0), ("shorter", text_of(day(7)), text_of(day(12)), 5, 2),
    ]  # fmt: skip
    assert changes(judged("5d"), judged("2d")) == [
        ("new", text_of(day(3)), text_of(day(5)), 0, 2), ("longer", text_of(day(7)), text_of(day(12)), 2, 5),
    ]  # fmt: skip


def test_a_breach_that_a_waiver_covers_is_waived():
    covered = assessment_of(replace(CASE, acted=[waiver(-2, 0, 5, approved=-1)]))
    assert changes(judged(), covered) == [
        ("waived", text_of(day(3)), text_of(day(5)), 2, 0), ("same", text_of(day(7)), text_of(day(12)), 5, 5),
    ]  # fmt: skip
    half = assessment_of(replace(CASE, acted=[waiver(-2, 0, 4, approved=-1)]))
    assert changes(judged(), half)[0] == ("shorter", text_of(day(3)), text_of(day(5)), 2, 1)


def test_two_breaches_that_grow_into_one_are_one():
    # Later evidence shows that p2 never was.
    less = [point for point in POINTS if point["id"] != "p2"]
    grown = assessment_of(replace(CASE, told=[listing(14, *less), listing(30, *less)]))
    assert changes(judged(), grown) == [("longer", text_of(day(3)), text_of(day(12)), 7, 9)]
    assert changes(grown, judged()) == [("shorter", text_of(day(3)), text_of(day(12)), 9, 7)]


def test_a_breach_that_goes_on_over_the_turn_of_the_period_is_one():
    assert changes(judged(since=1, until=9), judged(since=9, until=14)) == [
        ("gone", text_of(day(3)), text_of(day(5)), 2, 0), ("longer", text_of(day(7)), text_of(day(12)), 2, 3),
    ]  # fmt: skip


def test_promises_are_told_with_verdicts_times_and_exposure_of_both():
    (row,) = compare(judged("2d"), judged("7d")).changed.filter(control="recovery-point").to_dicts()
    assert (row["verdict_before"], row["verdict_after"]) == ("breached", "met")
    assert (row["breached_seconds_before"], row["breached_seconds_after"]) == (7 * 86400, 0)
    assert (row["worst_exposure_seconds_before"], row["worst_exposure_seconds_after"]) == (7 * 86400, 7 * 86400)
    assert (row["asset"], row["unit"], row["judged_seconds_after"]) == ("a", "unit", 13 * 86400)


def test_a_promise_that_only_one_judges_has_no_values_of_the_other():
    other = assessment_of(replace(CASE, programme=programme(policy({"dispose": {"after": "90d"}}))))
    rows = {row["control"]: row for row in compare(judged(), other).changed.to_dicts()}
    assert (rows["recovery-point"]["verdict_before"], rows["recovery-point"]["verdict_after"]) == ("breached", None)
    assert (rows["retention-maximum"]["verdict_before"], rows["retention-maximum"]["judged_seconds_before"]) == (None, None)
    told = compare(judged(), other).to_json()
    assert told["counts"]["gone"] == 2
    assert [one["change"] for one in told["breaches"]] == ["gone", "gone"]


Stretch = tuple[int, int, int]
"""The promise that is breached, and from which second to which."""


@st.composite
def some_stretches(draw: st.DrawFn) -> list[Stretch]:
    """Stretches of three promises; those of one promise neither overlap nor touch, as those of one result."""
    found = []
    for promise in range(3):
        borders = draw(st.lists(st.integers(0, 20), max_size=6, unique=True).map(sorted))
        found += [(promise, begin, end) for begin, end in zip(borders[::2], borders[1::2], strict=False)]
    return found


def naively(before: list[Stretch], after: list[Stretch], waived: list[Stretch]) -> list[tuple[int, str, int, int, int, int]]:
    """Return what became of each breach: promise, change, from, to, seconds before and after; what overlaps or touches grows together until nothing does."""
    found = []
    for promise in sorted({one[0] for one in [*before, *after]}):
        mine = sorted((begin, end) for whose, begin, end in [*before, *after] if whose == promise)
        grown: list[list[int]] = []
        for begin, end in mine:
            if grown and begin <= grown[-1][1]:
                grown[-1][1] = max(grown[-1][1], end)
            else:
                grown.append([begin, end])
        for begin, end in grown:
            was, now = (
                sum(b - a for whose, a, b in side if whose == promise and begin <= a and b <= end) for side in (before, after)
            )
            covered = any(whose == promise and a < end and begin < b for whose, a, b in waived)
            gone = "waived" if covered else "gone"
            change = "new" if not was else gone if not now else "longer" if now > was else "shorter" if now < was else "same"
            found.append((promise, change, begin, end, was, now))
    return found


def frame_of(stretches: list[Stretch]) -> pl.DataFrame:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [(promise, start + timedelta(seconds=begin), start + timedelta(seconds=end)) for promise, begin, end in stretches]
    return pl.DataFrame(rows, schema={"promise": pl.UInt32, "from": INSTANT, "to": INSTANT}, orient="row")


@given(some_stretches(), some_stretches(), some_stretches(), st.sampled_from([1, 3, 5_000_000]))
@example([], [], [], 1)
@example([], [(1, 0, 5)], [(1, 2, 3)], 1)
def test_what_became_of_breaches_is_what_it_is_one_by_one(
    before: list[Stretch], after: list[Stretch], waived: list[Stretch], block: int
) -> None:
    told = {"before": frame_of(before), "after": frame_of(after), "waived": frame_of(waived)}
    names = pl.DataFrame({name: ["x", "y", "z"] for name in ("asset", "part", "control", "leg")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit.evaluation.compare, "_BLOCK", block)
        found = Comparison(names, {}, told).breaches
    start = datetime(2026, 1, 1, tzinfo=UTC)
    said = [
        ("xyz".index(asset), change, (begin - start).total_seconds(), (end - start).total_seconds(), was, now)
        for asset, change, begin, end, was, now in found.select(
            "asset", "change", "from", "to", "seconds_before", "seconds_after"
        ).iter_rows()
    ]
    assert said == naively(before, after, waived)


def test_of_very_many_breaches_of_a_promise_the_longest_are_listed_and_all_are_counted() -> None:
    """One for each hour, each as many minutes long as its number; every third time the promise is unproven for a minute too."""
    (result,) = (one for one in judged().results if one.control == "recovery-point")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=number) for number in range(LISTED + 20)]
    rows = [(0, hour, hour + timedelta(minutes=1 + number * 50 / 200), None) for number, hour in enumerate(hours)]
    breaches = pl.DataFrame(rows, schema=STRETCH, orient="row")
    unproven = pl.DataFrame([(0, hour - timedelta(minutes=2), hour, None) for hour in hours[::3]], schema=STRETCH, orient="row")
    bare = replace(result, breaches=(), unproven=())
    outline = Outline([bare], breaches, unproven, pl.DataFrame(schema=WAIVED))
    (whole,) = outline.whole()
    assert [one.since for one in whole.breaches] == hours[20:]
    assert [(one.since, one.reason) for one in whole.unproven] == [(hour - timedelta(minutes=2), NOT_ASKED) for hour in hours[::3]]
    assert whole.detail == {**bare.detail, "breaches_counted": LISTED + 20}
    other = replace(judged(), results=(bare,))
    empty = Outline([bare], breaches.clear(), unproven.clear(), pl.DataFrame(schema=WAIVED))
    told = compare(other, other, (empty, outline)).to_json(LISTED)
    assert told["counts"]["new"] == LISTED + 20
    assert [one["from"] for one in told["breaches"]] == [f"{hour:%Y-%m-%dT%H:%M:%SZ}" for hour in hours[20:]]
