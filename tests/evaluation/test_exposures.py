"""The exposure of a breach beside a naive one: instant by instant, the newest capture that may have been live."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.evaluation.explain import exposures
from audit.model import intervals
from audit.model.intervals import Line
from audit.model.lives import Lives

STOP = 24
Point = tuple[int | None, int | None, list[tuple[int, int]]]
"""Whose it is, when it was captured, and when it may have been live."""


@pytest.fixture(autouse=True, scope="module", params=[0, intervals.MANY], ids=["as many are", "as few are"])
def many(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "MANY", request.param)
        yield


@st.composite
def points(draw: st.DrawFn) -> list[Point]:
    """Some points of two groups or of nobody; in whatever order, so that neighbours cover each other in every way. Some were captured as far apart as 64 bits have room for."""
    found: list[Point] = []
    apart = draw(st.sampled_from([1, 1, 10**17]))
    for _ in range(draw(st.integers(0, 7))):
        borders = draw(st.lists(st.integers(-4, STOP + 4), min_size=2, max_size=4, unique=True).map(sorted))
        stretches = list(zip(borders[::2], borders[1::2], strict=False))
        captured = draw(st.none() | st.integers(-9, STOP).map(lambda at: at * apart))
        found.append((draw(st.sampled_from([0, 0, 1, None])), captured, stretches))
    return found


def naively(of: list[Point], code: int, begin: int, end: int) -> int | None:
    """Return the greatest exposure over [begin, end); none when nothing is live at some instant of it."""
    worst = []
    for at in range(begin, end):
        live = [
            captured for whose, captured, when in of if whose == code and captured is not None and any(a <= at < b for a, b in when)
        ]
        if not live:
            return None
        worst.append(at + 1 - max(live))  # it grows up to the next instant
    return max(worst)


@given(points(), st.lists(st.tuples(st.integers(0, 1), st.integers(0, STOP - 1), st.integers(1, STOP)), min_size=1, max_size=4))
def test_an_exposure_is_what_it_is_instant_by_instant(of: list[Point], asked: list[tuple[int, int, int]]) -> None:
    breaches = [(code, begin, min(begin + length, STOP)) for code, begin, length in asked]
    world: Any = SimpleNamespace(
        line=Line(0, STOP),
        points=pl.DataFrame(
            [(code, captured) for code, captured, _ in of], schema={"code": pl.UInt32, "restorable": pl.Int64}, orient="row"
        ),
        lives={False: lives_of(of)},
    )
    rows = pl.DataFrame(breaches, schema={"code": pl.UInt32, "begin": pl.Int64, "end": pl.Int64}, orient="row").with_row_index(
        "row"
    )
    said = dict(exposures(world, rows, policies_accept=False).iter_rows())
    truth = {row: naively(of, *breach) for row, breach in enumerate(breaches)}
    assert said == {row: value for row, value in truth.items() if value is not None}


def lives_of(of: list[Point]) -> Lives:
    """Return the lives of points: scalars of those live in one stretch, rows of those with gaps."""
    gap = {"point": pl.UInt32, "begin": pl.Int64, "end": pl.Int64}
    scalars = pl.DataFrame(
        [(when[0][0], 0, when[0][1], len(when) > 1) for _, _, when in of],
        schema={"begin": pl.Int64, "sure_end": pl.Int64, "possible_end": pl.Int64, "gapped": pl.Boolean},
        orient="row",
    )
    cut = [(number, *one) for number, (_, _, when) in enumerate(of) if len(when) > 1 for one in when]
    return Lives(scalars, pl.DataFrame(schema=gap), pl.DataFrame(cut, schema=gap, orient="row"))
