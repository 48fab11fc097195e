from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.model import intervals
from audit.model.intervals import Line, at_least, collapse, highest, intersect, islands, search, subtract, union

STRETCHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda one: (one[0], one[0] + one[1])), max_size=12)


@pytest.fixture(
    autouse=True,
    scope="module",
    params=[(0, 0, 0), (0, 0, 2), (intervals.FEW, intervals.MANY, intervals.CUT)],
    ids=["cut in columns", "in columns", "as few are"],
)
def size(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take every way: that of many, which sets of this size do not go, and that of few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "FEW", request.param[0])
        patch.setattr(intervals, "MANY", request.param[1])
        patch.setattr(intervals, "CUT", request.param[2])
        yield


def frame(stretches: list[tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(stretches, schema={"begin": pl.Int64, "end": pl.Int64}, orient="row")


def instants(found: pl.DataFrame) -> set[int]:
    return {instant for begin, end in found.rows() for instant in range(begin, end)}


def naive(stretches: list[tuple[int, int]]) -> set[int]:
    return {instant for begin, end in stretches for instant in range(begin, end)}


def are_islands(found: pl.DataFrame) -> bool:
    rows = found.rows()
    return all(begin < end for begin, end in rows) and all(first[1] < second[0] for first, second in pairwise(rows))


@given(STRETCHES)
def test_islands_are_the_union(stretches: list[tuple[int, int]]) -> None:
    found = islands(frame(stretches))
    assert are_islands(found)
    assert instants(found) == naive(stretches)


@given(STRETCHES)
def test_collapse_keeps_the_union(stretches: list[tuple[int, int]]) -> None:
    kept = [one for one in stretches if one[0] < one[1]]
    found = collapse(frame(kept).lazy()).collect()
    assert found.height <= len(kept)
    assert instants(found) == naive(kept)


@given(STRETCHES, STRETCHES)
def test_set_operations(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    one, two = islands(frame(first)), islands(frame(second))
    for found, expected in (
        (subtract(one, two), naive(first) - naive(second)),
        (intersect(one, two), naive(first) & naive(second)),
        (union(one, two), naive(first) | naive(second)),
    ):
        assert are_islands(found)
        assert instants(found) == expected


@given(STRETCHES, st.integers(1, 4))
def test_at_least(stretches: list[tuple[int, int]], need: int) -> None:
    kept = [one for one in stretches if one[0] < one[1]]
    found = at_least(frame(kept).with_columns(need=pl.lit(need)))
    assert are_islands(found)
    assert instants(found) == {instant for instant in range(60) if sum(begin <= instant < end for begin, end in kept) >= need}


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-10, 60), st.integers(0, 30)), max_size=12))
def test_a_line_keeps_groups_apart(rows: list[tuple[int, int, int]]) -> None:
    line = Line(5, 45)
    given_rows = pl.DataFrame(
        [(group, begin, begin + length) for group, begin, length in rows], schema=["group", "begin", "end"], orient="row"
    )
    given_rows = given_rows.cast(pl.Int64)
    found = line.get(islands(given_rows.select(*line.put(pl.col("group"), pl.col("begin"), pl.col("end")))))
    said = {(group, instant) for group, begin, end in found.rows() for instant in range(begin, end)}
    assert said == {(group, instant) for group, begin, length in rows for instant in range(max(begin, 5), min(begin + length, 45))}


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(-50, 50)), max_size=25),
    st.lists(st.integers(-2, 62), max_size=40).map(sorted),
)
def test_highest_is_the_greatest_value_of_what_holds_a_position(rows, positions):
    frame = pl.DataFrame(rows, schema={"begin": pl.Int64, "end": pl.Int64, "value": pl.Int64}, orient="row")
    found = highest(frame, pl.Series(positions, dtype=pl.Int64), "value").to_list()
    assert found == [max((value for begin, end, value in rows if begin <= at < end), default=None) for at in positions]


NUMBERS = st.one_of(st.integers(-5, 30), st.sampled_from([-(2**62), 2**62]))


@given(st.lists(NUMBERS, max_size=25).map(sorted), st.lists(st.one_of(NUMBERS, NUMBERS, st.none()), max_size=25), st.booleans())
def test_a_value_is_searched_among_keys(keys: list[int], values: list[int | None], in_order: bool) -> None:
    known = [value for value in values if value is not None]
    asked = sorted(known) if in_order else values
    for side, comes in (("left", lambda key, value: key < value), ("right", lambda key, value: key <= value)):
        found = search(pl.Series(keys, dtype=pl.Int64), pl.Series(asked, dtype=pl.Int64), side)
        assert found.dtype == pl.UInt32
        told = [
            (count, sum(comes(key, value) for key in keys))
            for count, value in zip(found.to_list(), asked, strict=True)
            if value is not None
        ]
        assert all(count == truth for count, truth in told)


def test_a_stretch_without_an_end_is_none() -> None:
    rows = pl.DataFrame({"begin": [1, None, 5, None], "end": [2, 9, None, None]}, schema={"begin": pl.Int64, "end": pl.Int64})
    assert islands(rows).rows() == union(rows).rows() == [(1, 2)]
