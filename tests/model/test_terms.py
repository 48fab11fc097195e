from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audit.model.terms import Term, instant, local, micros, to_seconds

ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


@pytest.mark.parametrize(
    ("text", "months", "seconds"),
    [
        ("15m", 0, 900),
        ("90 d", 0, 7_776_000),
        ("3 months", 3, 0),
        ("7y", 84, 0),
        ("1 quarter", 3, 0),
        ("2w", 0, 1_209_600),
        ("1 hour", 0, 3600),
    ],
)
def test_parse(text: str, months: int, seconds: int) -> None:
    term = Term.parse(text)
    assert (term.months, term.microseconds) == (months, seconds * 1_000_000)
    assert str(term) == text


@pytest.mark.parametrize("text", ["", "m", "1.5h", "3 fortnights", "-1d", "abc"])
def test_parse_says_what_it_wants(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length of time; write a number and a unit"):
        Term.parse(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"), [("3M", "may be minutes or months"), ("15ms", "not a length of time"), ("2 ds", "not a length")]
)
def test_what_may_be_misread_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Term.parse(text)
    assert Term.parse("3 Months").months == Term.parse("3mos").months == 3
    assert Term.parse("7Y").months == 84


def test_a_month_is_clamped_to_the_months_end() -> None:
    assert Term.parse("1 month").after(utc("2026-01-31T12:00"), "UTC") == utc("2026-02-28T12:00")
    assert Term.parse("1y").after(utc("2024-02-29T12:00"), "UTC") == utc("2025-02-28T12:00")
    assert Term.parse("1 month").before(utc("2026-03-31T12:00"), "UTC") == utc("2026-02-28T12:00")


def test_a_skipped_hour_moves_forward_and_a_doubled_one_takes_the_first() -> None:
    # Berlin skips 02:00 to 03:00 on 29 March 2026 and has it twice on 25 October 2026.
    assert Term.parse("1 month").after(local(datetime(2026, 2, 28, 2, 30), "Europe/Berlin"), "Europe/Berlin") == utc(
        "2026-03-28T01:30"
    )
    assert Term.parse("2 months").after(local(datetime(2026, 1, 29, 2, 30), "Europe/Berlin"), "Europe/Berlin") == utc(
        "2026-03-29T01:30"
    )
    assert Term.parse("1 month").after(local(datetime(2026, 9, 25, 2, 30), "Europe/Berlin"), "Europe/Berlin") == utc(
        "2026-10-25T00:30"
    )


def test_days_are_exact() -> None:
    before_the_change = utc("2026-03-28T12:00")
    assert Term.parse("1d").after(before_the_change, "Europe/Berlin") - before_the_change == timedelta(hours=24)


@given(
    st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(["1 month", "3 months", "7y", "90d", "15m", "1 quarter"]),
    st.sampled_from(ZONES),
)
def test_series_agree_with_single_instants(walls: list[datetime], text: str, zone: str) -> None:
    term = Term.parse(text)
    times = [wall.replace(tzinfo=UTC) for wall in walls]
    series = pl.Series(times, dtype=pl.Datetime("us", "UTC"))
    assert term.added_to(series, zone).to_list() == [term.after(time, zone) for time in times]
    assert term.taken_from(series, zone).to_list() == [term.before(time, zone) for time in times]


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)),
    st.sampled_from(["1 month", "3 months", "1y", "7y", "40d", "26h"]),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Pacific/Apia", "Pacific/Kwajalein", "Antarctica/Troll"]),
)
@example(datetime(2023, 1, 31), "1 month", "UTC")
@example(datetime(2011, 11, 30, 12), "1 month", "Pacific/Apia")
def test_no_term_is_over_before_the_least_that_it_takes(wall: datetime, text: str, zone: str) -> None:
    term, time = Term.parse(text), wall.replace(tzinfo=UTC)
    passed = (term.after(time, zone) - time) // timedelta(microseconds=1)
    assert passed >= term.least
    assert passed == term.least or term.months


def test_micros_refuses_naive_times() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        micros(datetime(2026, 1, 1))
    assert instant(micros(utc("2026-01-01T00:00"))) == utc("2026-01-01T00:00")


@given(st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), max_size=20))
def test_seconds_are_those_of_python_however_many_they_are(microseconds: list[int | None]) -> None:
    frame = pl.DataFrame({"length": microseconds}, schema={"length": pl.Int64})
    told = frame.select(to_seconds(pl.col("length")))["length"]
    assert told.dtype == pl.Float64
    assert told.to_list() == [None if length is None else length / 1_000_000 for length in microseconds]
