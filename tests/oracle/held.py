"""Section 22 of docs/definitions.md: what is under a legal hold, at one instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit.model.terms import Term
from tests.oracle.instants import FOR_EVER, Stretch, after, bucket_of, covers, merged, stretches
from tests.oracle.lives import POSSIBLE, SURE, WORLDS
from tests.oracle.ownership import Ownership
from tests.oracle.points import Point
from tests.oracle.records import Version
from tests.oracle.stated import ATTRIBUTES


class Holds:
    """The legal holds on one part of an asset."""

    def __init__(self, own: Ownership, held: Sequence[Mapping[str, Any]]) -> None:
        self.own = own
        self._of_all = [stretch for one in held if one.get("preserve", "all") == "all" for stretch in self._of(one)]
        self._of_months = [stretch for one in held if one.get("preserve", "all") == "month" for stretch in self._of(one)]
        self._stretches = [*self._of_all, *self._of_months]
        self._failing: dict[str, list[Stretch]] = {
            world: merged(x for hold in self._of_all for x in self._losses(hold, world)) for world in WORLDS
        }

    def stands(self, t: int) -> bool:
        """Whether a hold speaks of the part at t."""
        return any(start <= t < end for start, end in self._stretches)

    def holds(self, t: int, world: str) -> bool:
        """Section 22: breached where something held is surely gone, met where nothing held is possibly gone and some point is surely there."""
        there = world == POSSIBLE or any(covers(self.own.lives.presence(point, SURE), t) for point in self.own.points)
        return there and not covers(self._failing[world], t) and not any(self._fails(hold, t, world) for hold in self._of_months)

    def suspends(self, t: int, version: Version) -> bool:
        """Section 22: whether nothing is owed of disposal at t: a hold stands, or stood not longer ago than the grace."""
        return any(start <= t < _with_grace(end, version) for start, end in self._stretches)

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        ends = {x for many in (self._stretches, *self._failing.values()) for stretch in many for x in stretch}
        ends |= {_with_grace(end, version) for _, end in self._stretches for version in self.own.estate.versions}
        ends |= {x for point in self.own.points for stretch in self.own.lives.presence(point, SURE) for x in stretch}
        return ends | (self._instants_of_months() if self._of_months else set())

    def _of(self, one: Mapping[str, Any]) -> Iterator[Stretch]:
        """When a hold speaks of the part: while the asset has what the scope names. Neighbouring segments are one stretch."""
        found = []
        for segment in self.own.segments:
            if all(not one.get(many) or getattr(segment, attribute) in one[many] for many, attribute in ATTRIBUTES.items()):
                found.append((max(segment.start, one["since"]), min(segment.end, one["until"] or FOR_EVER)))
        yield from merged(found)

    def _losses(self, hold: Stretch, world: str) -> Iterator[Stretch]:
        """When points that the hold binds are not there in a world, from when it binds them."""
        for point in self.own.points:
            life = self.own.lives.presence(point, POSSIBLE)
            if not life or not self._binds(hold, point):
                continue
            seen = self.own.lives.presence(point, world)
            critical = {x for stretch in seen for x in stretch}
            start = max(_first(point), hold[0])
            if start < hold[1]:
                yield from stretches(lambda t, seen=seen: not covers(seen, t), critical, start, hold[1])

    def _binds(self, hold: Stretch, point: Point) -> bool:
        """Points that come while it stands, and those that are possibly there when it begins."""
        if _first(point) >= hold[0]:
            return _first(point) < hold[1]
        return covers(self.own.lives.presence(point, POSSIBLE), hold[0])

    # One a month

    def _fails(self, hold: Stretch, t: int, world: str) -> bool:
        """Section 22, `preserve: month`: whether something that has to stay is not there at t."""
        if not hold[0] <= t < hold[1]:
            return False
        ever = [point for point in self.own.points if self.own.lives.presence(point, POSSIBLE)]
        there = {kind: [one for one in ever if self._class(hold, one) == kind] for kind in ("start", "perhaps", "later")}
        # Whether one of unknown capture time is the last of its month nobody knows: in the sure world it has to stay.
        undated = [one for one in there["later"] + there["perhaps"] if one.captured_at is None]
        stay = there["start"] + ([*there["perhaps"], *undated] if world == SURE else [])
        if any(t >= _first(one) and not self._is_there(one, world, t) for one in stay):
            return True
        came = [one for one in there["later"] + (there["perhaps"] if world == POSSIBLE else []) if one not in undated]
        others = [*came, *(undated if world == POSSIBLE else [])]
        return any(not self._is_kept(one, others, t, world) for one in came if _first(one) < hold[1] and _come(one) <= t)

    def _class(self, hold: Stretch, point: Point) -> str:
        """Was it there when the hold began?"""
        surely, possibly = (self._is_there(point, world, hold[0]) for world in (SURE, POSSIBLE))
        if surely or (possibly and _first(point) < hold[0]):
            return "start"
        if possibly:
            return "perhaps"
        return "gone before" if _first(point) < hold[0] else "later"

    def _is_there(self, point: Point, world: str, t: int) -> bool:
        return covers(self.own.lives.presence(point, world), t)

    def _is_kept(self, point: Point, others: Sequence[Point], t: int, world: str) -> bool:
        """Section 22: it is there at t, or one of its month that takes its place: seen, or (in the possible world) not."""
        month = bucket_of(_captured(point), "month", self._zone(t))
        for other in others:
            if other.captured_at is None:
                assert other.latest is not None
                last = (not other.partial, min(other.latest, month[1] - 1))
                if other.latest >= month[0] and last >= _order(point) and self._is_there(other, world, t):
                    return True
                continue
            if month[0] <= _captured(other) < month[1] and _order(other) >= _order(point) and self._is_there(other, world, t):
                return True
        later = (max(month[0], _captured(point)) if not point.partial else month[0], month[1])
        return world == POSSIBLE and any(pair.witness(t, later) is not None for pair in self.own.pairs)

    def _zone(self, t: int) -> str:
        version = self.own.version(t)
        return self.own.estate.zone if version is None else version.zone

    def _instants_of_months(self) -> set[int]:
        points = self.own.points
        found = {x for point in points for stretch in self.own.lives.presence(point, POSSIBLE) for x in stretch}
        found |= {x for one in points if one.available_at is not None for x in (_first(one), _come(one))}
        zones = {version.zone for version in self.own.estate.versions} | {self.own.estate.zone}
        found |= {
            x for one in points if one.captured_at is not None for zone in zones for x in bucket_of(one.captured_at, "month", zone)
        }
        return found | {x for pair in self.own.pairs for x in (*pair.listings, *(y for stretch in pair.unseen for y in stretch))}


def _captured(point: Point) -> int:
    assert point.captured_at is not None
    return point.captured_at


def _come(point: Point) -> int:
    """When it has come: it was captured, and its first sighting and available_at have passed."""
    return _first(point) if point.captured_at is None else max(_first(point), point.captured_at)


def _order(point: Point) -> tuple[bool, int]:
    """Partial points before complete ones, then by capture."""
    return (not point.partial, _captured(point))


def _with_grace(end: int, version: Version) -> int:
    grace = (version.objectives.get("dispose") or {}).get("grace")
    return end if grace is None or end >= FOR_EVER else after(end, Term.parse(grace), version.zone)


def _first(point: Point) -> int:
    """The later of first sighting and available_at (basis job, or never sighted: available_at)."""
    assert point.available_at is not None
    return max([point.available_at, *point.sightings[:1]]) if point.basis == "catalog" else point.available_at
