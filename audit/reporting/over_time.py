"""Exposure and copies over time as pictures, of one asset or part, with what the verdict says below them.

Drawn on as many columns as a strip has. Where several teeth of the sawtooth fall on one column, the column shows the greatest exposure in it, so that no
peak is lost. Only the judged time is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import polars as pl

from audit.model.document import State, Stretch, Text
from audit.model.intervals import INT
from audit.model.terms import micros
from audit.reporting.charts import FILL, INK, QUIET, RULE, SMALL, WIDTH, Canvas, legend_width
from audit.reporting.formats import Formats
from audit.reporting.strips import COLUMNS, raster, ticks
from audit.reporting.words import Words, plain

LEFT = 78.0
"""Where the plot begins, in pixels; left of it stand the labels of its axis."""
PLOT = WIDTH - LEFT - 6
EXPOSURE, STEP = 190.0, 44.0
"""Height of the plot of exposure, and of that of one leg."""
SURE, POSSIBLE, ENDLESS = "#9cc3dc", "#1d5f86", "#f2aaa1"
LINEAR = 6
"""Up to how many times what is agreed the axis of exposure is linear."""
MARKS = [
    timedelta(seconds=1), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1),
    timedelta(hours=4), timedelta(hours=12), timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30), timedelta(days=90),
    timedelta(days=365), timedelta(days=3650),
]  # fmt: skip
"""Where the axis of exposure can have a mark."""


def envelope(stairs: pl.DataFrame, since: datetime, until: datetime) -> pl.DataFrame:
    """Return the least and greatest exposure in each column that has any: `column`, `low`, `high` (microseconds), sorted. stairs: `begin`, `end`, `state`."""
    start, stop = micros(since), micros(until)
    step = (stop - start) / COLUMNS
    rows = stairs.with_columns(begin=pl.max_horizontal("begin", pl.lit(start)), end=pl.min_horizontal("end", pl.lit(stop)))
    rows = rows.filter(pl.col("begin") < pl.col("end"))
    first = ((pl.col("begin") - start) / step).floor().cast(INT).clip(0, COLUMNS - 1)
    last = ((pl.col("end") - 1 - start) / step).floor().cast(INT).clip(0, COLUMNS - 1)
    rows = rows.with_columns(column=pl.int_ranges(first, last + 1)).explode("column")
    low = pl.max_horizontal(pl.col("begin"), (start + pl.col("column") * step).cast(INT)) - pl.col("state")
    high = pl.min_horizontal(pl.col("end"), (start + (pl.col("column") + 1) * step).cast(INT)) - pl.col("state")
    return rows.group_by("column").agg(low=low.min(), high=high.max()).sort("column")


def exposure_picture(
    name: Text,
    since: datetime,
    until: datetime,
    stairs: pl.DataFrame,
    allowed: pl.DataFrame,
    verdict: Sequence[Stretch],
    words: Words,
) -> str:
    """Return the sawtooth of exposure of one group as SVG. stairs: `bound`, `begin`, `end`, `state`; allowed: `begin`, `end`, `allowed`; verdict: its states in time order."""
    states = raster(verdict, since, until)
    judged = pl.Series([place for place, state in enumerate(states) if state is not State.NOT_JUDGED], dtype=INT)
    sure, possible = (
        envelope(stairs.filter(pl.col("bound") == bound), since, until).filter(pl.col("column").is_in(judged.implode()))
        for bound in ("sure", "possible")
    )
    # That there was nothing to restore is said only where that is why the promise was broken; where it is unproven, there may have been.
    nothing = list(_nothing(possible, states))
    terms = sorted(set(allowed["allowed"].to_list()))
    proven, most_possible = (int(frame["high"].max() or 0) for frame in (possible, sure))  # type: ignore[arg-type]
    peak = max(proven, most_possible)
    top = 30.0
    # A sawtooth with one long tooth among thousands of short ones is read on a logarithmic axis, from a quarter of what is agreed; any other on a linear one.
    linear = peak <= LINEAR * max([*terms, 1]) or not terms
    most = max([*terms, peak, 60_000_000]) * (6 if linear else 8) // 5
    least = 0 if linear else max(1_000_000, min(terms) // 4)

    def y(exposure: float) -> float:
        held = min(max(exposure, least), most)
        return top + EXPOSURE * (1 - (held / most if linear else math.log(held / least) / math.log(most / least)))

    canvas = Canvas(top + EXPOSURE + 58)
    for mark in MARKS:
        at = mark // timedelta(microseconds=1)
        if max(least, most // 12 if linear else 0) <= at <= most:
            height = y(at)
            canvas.box(LEFT, height, PLOT, 0.7, RULE)
            canvas.text(LEFT - 6, height, words.formats.duration(mark.total_seconds()), align="right", size=SMALL, fill=QUIET)
    for first, last in nothing:
        canvas.box(_x(first), top, _x(last) - _x(first), EXPOSURE, ENDLESS)
    for run in _runs(sure):
        canvas.area([(_x(column + 0.5), top + EXPOSURE, y(high)) for column, _, high in run], SURE)
        canvas.line([(_x(column + 0.5), y(high)) for column, _, high in run], FILL["met"])
    if not possible.equals(sure):
        for run in _runs(possible):
            canvas.line([(_x(column + 0.5), y(high)) for column, _, high in run], POSSIBLE, dash="dashed", width=1.1)
    for begin, end, most_allowed in allowed.select("begin", "end", "allowed").iter_rows():
        across = [_at(begin, since, until), _at(end, since, until)]
        canvas.line([(x, y(most_allowed)) for x in across], INK, width=1.2)
    said = (
        words.plain("over-time.allowed", length=words.formats.duration(terms[0] / 1e6))
        if len(terms) == 1
        else words.plain("over-time.allowed-changed")
    )
    entries = [
        ("box", SURE, words.plain("over-time.sure")),
        *([] if possible.equals(sure) else [("dashed", POSSIBLE, words.plain("over-time.possible"))]),
    ]
    entries += [("solid", INK, said)] if terms else []
    entries += [("box", ENDLESS, words.plain("over-time.nothing"))] if nothing else []
    _legend(canvas, entries)
    _strip(canvas, top + EXPOSURE + 6, since, until, verdict)
    _axis(canvas, top + EXPOSURE + 26, since, until, words.formats)
    described = words.plain("over-time.exposure-said", worst=words.formats.duration(proven / 1e6)) if possible.height else ""
    if most_possible > proven:
        described += words.plain("over-time.exposure-at-most", worst=words.formats.duration(most_possible / 1e6))
    described += words.plain("over-time.nothing-said") if nothing else ""
    return canvas.svg("exposure-over-time", words.plain("over-time.exposure", asset=name), described)


def copies_picture(
    name: Text,
    since: datetime,
    until: datetime,
    counts: pl.DataFrame,
    legs: Mapping[str, tuple[Text, Sequence[Stretch]]],
    words: Words,
) -> str:
    """Return the copies over time of one group as SVG, a plot for each leg. counts: `leg`, `bound`, `begin`, `end`, `count`, `needed`; legs: the title and the
    states in time order of each leg, in the order in which they are drawn.
    """
    row = STEP + 44
    canvas = Canvas(26 + row * len(legs) + 26)
    entries = [("box", SURE, words.plain("over-time.sure"))]
    told = []
    for place, (leg, (title, verdict)) in enumerate(legs.items()):
        mine = counts.filter(pl.col("leg") == leg)
        most = max(1, int(mine["count"].max() or 0), int(mine["needed"].max() or 0))  # type: ignore[arg-type]
        base = 26 + row * place + 18 + STEP
        canvas.text(LEFT, base - STEP - 10, plain(title), size=SMALL)
        for number in range(most + 1):
            height = base - STEP * number / most
            canvas.box(LEFT, height, PLOT, 0.7, RULE)
            if most <= 4 or number in (0, most):
                canvas.text(LEFT - 6, height, words.formats.number(number), align="right", size=SMALL, fill=QUIET)
        sure, possible = (_steps(mine.filter(pl.col("bound") == bound), since, until) for bound in ("sure", "possible"))
        for x, x2, count in sure:
            if count:
                canvas.box(x, base - STEP * count / most, x2 - x, STEP * count / most, SURE)
        if sure != possible:
            entries += [("dashed", POSSIBLE, words.plain("over-time.possible"))] if len(entries) == 1 else []
            for run in _touching(possible):
                line = [
                    corner for x, x2, count in run for corner in ((x, base - STEP * count / most), (x2, base - STEP * count / most))
                ]
                canvas.line(line, POSSIBLE, dash="dashed", width=1.1)
        for begin, end, needed in mine.filter(pl.col("bound") == "sure").select("begin", "end", "needed").iter_rows():
            height = base - STEP * needed / most
            canvas.line([(_at(begin, since, until), height), (_at(end, since, until), height)], INK, width=1.2)
        needs = sorted(set(mine["needed"].to_list()))
        if needs:
            said = words.plain("over-time.needed", n=needs[0]) if len(needs) == 1 else words.plain("over-time.allowed-changed")
            canvas.text(LEFT + PLOT, base - STEP - 10, said, align="right", size=SMALL, fill=QUIET)
            least = int(mine.filter(pl.col("bound") == "sure")["count"].min() or 0)  # type: ignore[arg-type]
            told.append(words.plain("over-time.counts-said", leg=title, least=least, needed=needs[-1]))
        _strip(canvas, base + 4, since, until, verdict)
    _legend(canvas, entries)
    _axis(canvas, 26 + row * len(legs), since, until, words.formats)
    return canvas.svg("copies-over-time", words.plain("over-time.copies", asset=name), "".join(told))


def _x(column: float) -> float:
    return LEFT + PLOT * column / COLUMNS


def _at(instant: int, since: datetime, until: datetime) -> float:
    start, stop = micros(since), micros(until)
    return LEFT + PLOT * min(max((instant - start) / (stop - start), 0.0), 1.0)


def _runs(columns: pl.DataFrame) -> Iterator[list[tuple[int, int, int]]]:
    """Yield the columns that follow one another without a hole."""
    rows = columns.select("column", "low", "high").rows()
    for _, run in groupby(enumerate(rows), key=lambda both: both[1][0] - both[0]):
        yield [row for _, row in run]


def _nothing(columns: pl.DataFrame, states: Sequence[State]) -> Iterator[tuple[int, int]]:
    """Yield the stretches [first, last) of columns that are breached and in which nothing is live."""
    live = set(columns["column"].to_list())
    lacking = [place for place, state in enumerate(states) if state is State.BREACHED and place not in live]
    for _, run in groupby(enumerate(lacking), key=lambda both: both[1] - both[0]):
        places = [place for _, place in run]
        yield places[0], places[-1] + 1


def _steps(rows: pl.DataFrame, since: datetime, until: datetime) -> list[tuple[float, float, int]]:
    """Return the counts as (left, right, count), neighbours of one count joined; those narrower than half a pixel take the least of their neighbours' room."""
    found: list[tuple[float, float, int]] = []
    for begin, end, count in rows.sort("begin").select("begin", "end", "count").iter_rows():
        x, x2 = _at(begin, since, until), _at(end, since, until)
        if found and found[-1][1] == x and found[-1][2] == count:
            found[-1] = (found[-1][0], x2, count)
        elif found and found[-1][1] == x and x2 - found[-1][0] < 1:
            # Many changes within one pixel: the least of them is shown, so that no lack is lost.
            found[-1] = (found[-1][0], x2, min(count, found[-1][2]))
        else:
            found.append((x, x2, count))
    return found


def _touching(steps: list[tuple[float, float, int]]) -> Iterator[list[tuple[float, float, int]]]:
    run: list[tuple[float, float, int]] = []
    for step in steps:
        if run and run[-1][1] != step[0]:
            yield run
            run = []
        run.append(step)
    if run:
        yield run


def _strip(canvas: Canvas, top: float, since: datetime, until: datetime, verdict: Sequence[Stretch]) -> None:
    at = 0
    for state, run in groupby(raster(verdict, since, until)):
        width = len(list(run))
        if state is not State.NOT_JUDGED:
            canvas.box(_x(at), top, _x(at + width) - _x(at), 12, FILL[state])
            if _x(at + width) - _x(at) >= 16:
                light = state in (State.MET, State.BREACHED)
                canvas.shape((_x(at) + _x(at + width)) / 2, top + 6, str(state), "#ffffff" if light else INK)
        at += width


def _axis(canvas: Canvas, top: float, since: datetime, until: datetime, formats: Formats) -> None:
    for tick in ticks(since, until, formats):
        x = _x(tick.x)
        if x + 3 + legend_width(tick.label) > WIDTH:
            continue
        canvas.box(x, top - 4, 0.8, 5, QUIET)
        canvas.text(x + 3, top + 6, tick.label, size=SMALL, fill=QUIET)


def _legend(canvas: Canvas, entries: Sequence[tuple[str, str, str]]) -> None:
    x = LEFT
    for kind, colour, said in entries:
        if kind == "box":
            canvas.box(x, 3, 18, 12, colour)
        else:
            canvas.line([(x, 9), (x + 18, 9)], colour, dash=kind)
        canvas.text(x + 23, 9, said, size=SMALL, fill=QUIET)
        x += 23 + legend_width(said) + 16
