"""Strips as pictures: stretches of any number become one path per state, a few hundred bytes, in which a breach is never too
short to see.

The line is cut into `COLUMNS` columns; of all states that touch a column the strongest is drawn (`State` gives the order).
States differ in
height and pattern as well as in colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from audit.model.document import State, Stretch
from audit.model.terms import local
from audit.reporting.formats import Formats

COLUMNS = 720
HEIGHT = 20
_BANDS = {
    State.NOT_JUDGED: (9, 2),
    State.MET: (6, 8),
    State.GRACE: (6, 8),
    State.WAIVED: (2, 16),
    State.UNPROVEN: (1, 18),
    State.BREACHED: (0, 20),
}
"""Top and height of each state's band."""
MAX_TICKS = 14


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick of the axis: its column, and what stands at it."""

    x: float
    label: str


def paths(stretches: Sequence[Stretch], since: datetime, until: datetime) -> dict[State, str]:
    """Return the SVG path of each state that is seen, in the order in which they are drawn."""
    columns = raster(stretches, since, until)
    found: dict[State, list[str]] = {}
    at = 0
    for state, run in groupby(columns):
        width = len(list(run))
        top, height = _BANDS[state]
        found.setdefault(state, []).append(f"M{at} {top}h{width}v{height}h-{width}z")
        at += width
    return {state: "".join(found[state]) for state in State if state in found}


def sample(state: State, width: int) -> str:
    """Return the path of a stretch of `width` columns in which one state holds, for a legend."""
    top, height = _BANDS[state]
    return f"M0 {top}h{width}v{height}h-{width}z"


def raster(stretches: Sequence[Stretch], since: datetime, until: datetime) -> list[State]:
    """Return the strongest state that touches each column."""
    columns = [State.NOT_JUDGED] * COLUMNS
    span = until - since
    order = list(State)
    for stretch in sorted(stretches, key=lambda one: order.index(one.state)):
        first = (stretch.since - since) * COLUMNS // span
        last = -((since - stretch.until) * COLUMNS // span)  # rounded up: a stretch shorter than a column still has one
        first, last = max(first, 0), min(last, COLUMNS)
        columns[first:last] = [stretch.state] * (last - first)
    return columns


def ticks(since: datetime, until: datetime, formats: Formats) -> list[Tick]:
    """Return at most `MAX_TICKS` ticks at round hours, days, months or years of the zone's clock."""
    pattern, inside = "", list[datetime]()
    for pattern, instants in _scales(since, until, formats):  # noqa: B007 - the scale that was good enough labels the ticks
        inside = []
        for instant in instants:
            if instant >= until or len(inside) > MAX_TICKS:
                break
            if instant >= since:
                inside.append(instant)
        if len(inside) <= MAX_TICKS:
            break
    span = until - since
    years = span > timedelta(days=370)

    def label(instant: datetime) -> str:
        january = pattern == "month" and years and instant.astimezone(formats.zone).month == 1
        return formats.clock(instant, "year" if january else pattern)

    return [Tick(round((instant - since) / span * COLUMNS, 1), label(instant)) for instant in inside]


def _scales(since: datetime, until: datetime, formats: Formats) -> Iterator[tuple[str, Iterator[datetime]]]:
    """Yield scales from fine to coarse: the pattern of their labels, and their instants from before `since` on."""
    zone = formats.zone
    start = since.astimezone(zone).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    days = (until - since) / timedelta(days=1)
    for hours in (1, 3, 6, 12):
        if days * 24 / hours <= MAX_TICKS + 1:
            yield "hour", _steps(start, timedelta(hours=hours), zone)
    for step in (1, 2, 5, 7):
        if days / step <= MAX_TICKS + 1:
            yield "day", _steps(start, timedelta(days=step), zone)
    for months in (1, 2, 3, 6, 12, 24, 60, 120, 600):
        yield ("month" if months < 12 else "year"), _months(start, months, zone)


def _steps(start: datetime, step: timedelta, zone: ZoneInfo) -> Iterator[datetime]:
    while True:
        yield local(start, zone.key)
        start += step


def _months(start: datetime, step: int, zone: ZoneInfo) -> Iterator[datetime]:
    months = (start.year * 12 + start.month - 1) // step * step
    while months < 9999 * 12:
        yield local(start.replace(year=months // 12, month=months % 12 + 1, day=1), zone.key)
        months += step
