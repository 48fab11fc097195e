"""Stretches of time, worked out one by one from the definitions: small, slow, and nothing of the program's own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from audit.simulation.files import Shelf

Stretch = tuple[datetime, datetime]
Stretches = tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A recovery point as listings show it: first known to be there, last seen, and first missed (null: never). id: the simulation's."""

    id: str
    base: str | None
    captured: datetime
    first: datetime
    since: datetime
    last: datetime
    missed: datetime | None


def seen(shelf: Shelf, subject: str) -> list[Seen]:
    """Return the points of a subject that some listing shows."""
    listings = list(shelf.listings)
    found = []
    for row in shelf.points.filter(pl.col("subject") == subject).iter_rows(named=True):
        first = bisect_left(listings, row["available"])
        after = bisect_left(listings, row["gone"]) if row["gone"] else len(listings)
        if first < after:
            since = row["available"] if shelf.told else listings[first]
            missed = listings[after] if after < len(listings) else None
            found.append(Seen(row["id"], row["base"], row["captured"], listings[first], since, listings[after - 1], missed))
    return found


def without_needing(points: Collection[Seen], ids: Collection[str]) -> list[Seen]:
    """Return points without those of the ids and all that need them, however far."""
    out = set(ids)
    left = []
    for point in sorted(points, key=lambda each: each.captured):
        if point.id in out or point.base in out:
            out.add(point.id)
        else:
            left.append(point)
    return left


@dataclass(frozen=True, slots=True)
class Held:
    """When copies are there and young enough: surely, and possibly."""

    sure: tuple[Stretch, ...]
    possible: tuple[Stretch, ...]

    def __add__(self, other: Held) -> Held:
        """Return when copies of either are."""
        return Held(self.sure + other.sure, self.possible + other.possible)


def held(points: Iterable[Seen], length: timedelta) -> Held:
    """Return when points are there and not older than a length of time: surely until they were last seen, possibly until they were missed."""
    rows = list(points)
    sure = tuple((row.since, min(row.captured + length, row.last)) for row in rows)
    possible = tuple((row.since, min(row.captured + length, row.missed or row.captured + length)) for row in rows)
    return Held(sure, possible)


@dataclass(frozen=True, slots=True)
class Lacking:
    """When something is not there, even possibly; and when that is not known."""

    breached: Stretches
    unproven: Stretches


def lacking(number: int, groups: Sequence[Held], period: Stretch) -> Lacking:
    """Return when, in a period, less than `number` groups are held."""
    breached = fewer_than(number, [group.possible for group in groups], period)
    return Lacking(breached, beyond(fewer_than(number, [group.sure for group in groups], period), breached))


def lacking_it(points: Iterable[Seen], has: Callable[[Seen], tuple[Stretches, Stretches]], period: Stretch) -> Lacking:
    """Return when a point is there that lacks something. has: when each surely has it, and when possibly. Some point must surely be there all the time."""
    breached: list[Stretch] = []
    failed: list[Stretch] = []
    for point in points:
        sure, possible = has(point)
        breached += beyond(((point.since, point.last),), possible)
        failed += beyond(((point.since, point.missed or max(period[1], point.last)),), sure)
    surely = clipped(breached, period)
    return Lacking(surely, beyond(clipped(failed, period), surely))


def covered(point: Seen, checks: Iterable[Stretch], every: timedelta) -> tuple[Stretches, Stretches]:
    """Return when a point had been read lately enough, surely and possibly, by checks (begun, done) of its whole repository. Having become restorable counts as one."""
    later = [(begun, done) for begun, done in checks if done >= point.since]
    surely = [point.since, *(done for begun, done in later if begun >= point.since)]
    possibly = [point.since, *(done for _, done in later)]
    return union((at, at + every) for at in surely), union((at, at + every) for at in possibly)


def worst_exposure(points: Collection[Seen], within: Stretch) -> timedelta | None:
    """Return the most work that a failure in a stretch would have lost: the instant less the newest capture that may have been there, at its worst.
    Null: for a while nothing may have been there at all.

    It grows until a point comes: so it is worst just before one does, or at the end of the stretch.
    """
    since, until = within
    worst = timedelta(0)
    for at in [until, *(point.since for point in points if since < point.since < until)]:
        there = [point.captured for point in points if point.since < at and (point.missed is None or point.missed >= at)]
        if not there:
            return None
        worst = max(worst, at - max(there))
    return worst


def beyond(stretches: Stretches, taken: Stretches) -> Stretches:
    """Return the parts of stretches that lie in none of those taken."""
    left = []
    for since, until in stretches:
        for begin, end in taken:
            if since < end and begin < until:
                left.append((since, begin))
                since = max(since, end)
        left.append((since, until))
    return union(left)


def fewer_than(number: int, groups: Sequence[Iterable[Stretch]], period: Stretch) -> Stretches:
    """Return when, in a period, less than `number` groups have a stretch that holds."""
    events: list[tuple[datetime, int]] = []
    for group in groups:
        for since, until in union(group):
            events += [(since, 1), (until, -1)]
    there, low = 0, period[0]
    missing: list[Stretch] = []
    for at, step in sorted(events):
        if there < number:
            missing.append((low, at))
        there, low = there + step, at
    if there < number:
        missing.append((low, period[1]))
    return clipped(missing, period)


def union(stretches: Iterable[Stretch]) -> Stretches:
    """Return stretches as few and as long as can be, in order; those of no length are nothing."""
    found: list[Stretch] = []
    for since, until in sorted(stretches):
        if since >= until:
            continue
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return tuple(found)


def clipped(stretches: Iterable[Stretch], period: Stretch) -> Stretches:
    """Return the part of stretches that lies in a period."""
    return union((max(since, period[0]), min(until, period[1])) for since, until in stretches)
