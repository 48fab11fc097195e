"""Instants, stretches and calendar terms of the oracle. Instants are integer microseconds in UTC; stretches are half-open (from, to)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from audit.model.terms import Term, instant, local, micros

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

BEGIN = -(10**18)
"""The beginning of time: tens of thousands of years ago."""
FOR_EVER = 10**18
"""The end of time."""

Stretch = tuple[int, int]


def at(text: str) -> int:
    """Return the instant of `2026-03-01` (midnight UTC) or of an RFC 3339 time."""
    value = datetime.fromisoformat(text)
    return micros(value if value.tzinfo else value.replace(tzinfo=UTC))


def text_of(microseconds: int) -> str:
    """Return RFC 3339 of an instant; the ends of time by name."""
    if microseconds <= BEGIN:
        return "the beginning"
    if microseconds >= FOR_EVER:
        return "for ever"
    return instant(microseconds).isoformat().replace("+00:00", "Z")


def after(start: int, term: Term | None, zone: str) -> int:
    """Return the instant that is a term after another (section 9: calendar terms on local wall time); no term adds nothing."""
    if term is None:
        return start
    if not term.months:
        return start + term.microseconds
    return micros(term.after(instant(start), zone))


def before(end: int, term: Term, zone: str) -> int:
    """Return the instant that is a term before another."""
    if not term.months:
        return end - term.microseconds
    return micros(term.before(instant(end), zone))


def stretches(holds: Callable[[int], bool], critical: Iterable[int], since: int = BEGIN, until: int = FOR_EVER) -> list[Stretch]:
    """Return where `holds` is true in [since, until). It is asked once between each two neighbouring critical instants, in the middle.

    Right when the answer changes only at critical instants, which are at least two microseconds apart.
    """
    borders = sorted({since, until} | {x for x in critical if since < x < until})
    found: list[Stretch] = []
    for start, end in pairwise(borders):
        if holds((start + end) // 2):
            add(found, (start, end))
    return found


def add(found: list[Stretch], new: Stretch) -> None:
    """Append a stretch that begins at or after all others; neighbours become one."""
    if found and found[-1][1] == new[0]:
        found[-1] = (found[-1][0], new[1])
    else:
        found.append(new)


def merged(many: Iterable[Stretch]) -> list[Stretch]:
    """Return stretches in order, overlapping and neighbouring ones as one, those of no length left out."""
    found: list[Stretch] = []
    for start, end in sorted(many):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def covers(many: Sequence[Stretch], t: int) -> bool:
    """Say whether one of the stretches (merged, in order) holds the instant."""
    place = bisect_right(many, (t, FOR_EVER + 1)) - 1
    return place >= 0 and many[place][0] <= t < many[place][1]


def length(many: Iterable[Stretch]) -> int:
    """Return the length of disjoint stretches."""
    return sum(end - start for start, end in many)


def borders(many: Iterable[Stretch]) -> set[int]:
    """Return all ends of stretches."""
    return {x for stretch in many for x in stretch}


def bucket_of(t: int, every: str, zone: str) -> Stretch:
    """Return the calendar bucket of a zone that holds an instant (section 9: weeks are ISO weeks)."""
    day = instant(t).astimezone(ZoneInfo(zone)).date()
    first = _first_day(day, every)
    return _midnight(first, zone), _midnight(_next_first_day(first, every), zone)


def buckets_within(start: int, end: int, every: str, zone: str) -> list[Stretch]:
    """Return the calendar buckets that lie wholly in [start, end)."""
    found = []
    bucket = bucket_of(start, every, zone)
    while bucket[1] <= end:
        if bucket[0] >= start:
            found.append(bucket)
        bucket = bucket_of(bucket[1], every, zone)
    return found


def _midnight(day: date, zone: str) -> int:
    return micros(local(datetime(day.year, day.month, day.day), zone))


def _first_day(day: date, every: str) -> date:
    match every:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.isoweekday() - 1)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    raise ValueError(f"no calendar word: {every}")


def _next_first_day(first: date, every: str) -> date:
    far = {"day": 1, "week": 7, "month": 31, "quarter": 95, "year": 366}[every]
    return _first_day(first + timedelta(days=far), every)
