"""When some point of a group is live: against going through the instants one by one."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from audit.model.intervals import Line
from audit.model.lives import NEVER, Lives, cut
from audit.model.presence import GAP
from audit.model.terms import FOR_EVER
from audit.model.world import live_stretches

LINE = Line(10, 30)
INSTANT = st.integers(0, 40)
POINT = st.fixed_dictionaries(
    {
        "group": st.none() | st.integers(0, 2),
        "begin": INSTANT | st.just(FOR_EVER),
        "sure_end": INSTANT | st.just(NEVER),
        "more": st.integers(0, 12),
        "low": st.none() | INSTANT,
        "high": st.none() | INSTANT | st.just(FOR_EVER),
        "gap": st.none() | st.tuples(INSTANT, st.integers(1, 8)),
    }
)


def lives_of(points: list[dict[str, Any]]) -> Lives:
    rows = [(one["begin"], one["sure_end"], max(one["sure_end"], NEVER) + one["more"], one["gap"] is not None) for one in points]
    kinds = {"begin": pl.Int64, "sure_end": pl.Int64, "possible_end": pl.Int64, "gapped": pl.Boolean}
    scalars = pl.DataFrame(rows, schema=kinds, orient="row")
    gaps = [(row, one["gap"][0], sum(one["gap"])) for row, one in enumerate(points) if one["gap"] is not None]
    sure_gaps = pl.DataFrame(gaps, schema=GAP, orient="row")
    # What is not even possible is less than what is not sure: here its first instant.
    possible_gaps = pl.DataFrame([(row, begin, begin + 1) for row, begin, _ in gaps], schema=GAP, orient="row")
    return Lives(scalars, cut(scalars, "sure_end", sure_gaps), cut(scalars, "possible_end", possible_gaps))


def naive(points: list[dict[str, Any]], *, sure: bool, lows: bool) -> set[tuple[int, int]]:
    found = set()
    for one in points:
        if one["group"] is None or one["high"] is None or (lows and one["low"] is None):
            continue
        end = one["sure_end"] if sure else one["sure_end"] + one["more"]
        for at in range(LINE.start, LINE.stop):
            gap = one["gap"]
            hidden = gap is not None and gap[0] <= at < (gap[0] + gap[1] if sure else gap[0] + 1)
            counts = at < one["high"] and (not lows or one["low"] <= at)
            if one["begin"] <= at < end and counts and not hidden:
                found.add((one["group"], at))
    return found


def said(stretches: pl.DataFrame) -> set[tuple[int, int]]:
    return {(group, at) for group, begin, end in LINE.get(stretches).rows() for at in range(begin, end)}


@given(st.lists(POINT, max_size=12), st.booleans())
def test_live_stretches_are_what_is_live_at_each_instant(points: list[dict[str, Any]], lows: bool) -> None:
    group, low, high = (pl.Series([one[name] for one in points], dtype=pl.Int64) for name in ("group", "low", "high"))
    sure, possible = live_stretches(lives_of(points), LINE, group, low if lows else None, high)
    assert said(sure) == naive(points, sure=True, lows=lows)
    assert said(possible) == naive(points, sure=False, lows=lows) | said(sure)


def test_a_point_that_is_never_available_on_a_line_of_many_groups_is_nowhere() -> None:
    line = Line(0, 30_000_000_000_000)
    last = pl.Series([line.capacity - 1])
    one = {"begin": FOR_EVER, "sure_end": FOR_EVER - 1, "more": 2, "gap": None}
    sure, possible = live_stretches(lives_of([one]), line, last, None, pl.Series([FOR_EVER + 1]))
    assert sure.rows() == possible.rows() == []
