"""Section 22 of docs/definitions.md: what is under a legal hold, at one instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit.model.terms import Term
from tests.oracle.instants import FOR_EVER, Stretch, after, covers, merged, stretches
from tests.oracle.lives import POSSIBLE, SURE, WORLDS
from tests.oracle.ownership import Ownership
from tests.oracle.points import Point
from tests.oracle.records import Version
from tests.oracle.stated import ATTRIBUTES


class Holds:
    """The legal holds on one part of an asset."""

    def __init__(self, own: Ownership, held: Sequence[Mapping[str, Any]]) -> None:
        self.own = own
        self._stretches = [stretch for one in held for stretch in self._of(one)]
        self._failing: dict[str, list[Stretch]] = {
            world: merged(x for hold in self._stretches for x in self._losses(hold, world)) for world in WORLDS
        }

    def stands(self, t: int) -> bool:
        """Whether a hold speaks of the part at t."""
        return any(start <= t < end for start, end in self._stretches)

    def holds(self, t: int, world: str) -> bool:
        """Section 22: breached where something held is surely gone, met where nothing held is possibly gone and some point is surely there."""
        there = world == POSSIBLE or any(covers(self.own.lives.presence(point, SURE), t) for point in self.own.points)
        return there and not covers(self._failing[world], t)

    def suspends(self, t: int, version: Version) -> bool:
        """Section 22: whether nothing is owed of disposal at t: a hold stands, or stood not longer ago than the grace."""
        return any(start <= t < _with_grace(end, version) for start, end in self._stretches)

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        ends = {x for many in (self._stretches, *self._failing.values()) for stretch in many for x in stretch}
        ends |= {_with_grace(end, version) for _, end in self._stretches for version in self.own.estate.versions}
        return ends | {x for point in self.own.points for stretch in self.own.lives.presence(point, SURE) for x in stretch}

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


def _with_grace(end: int, version: Version) -> int:
    grace = (version.objectives.get("dispose") or {}).get("grace")
    return end if grace is None or end >= FOR_EVER else after(end, Term.parse(grace), version.zone)


def _first(point: Point) -> int:
    """The later of first sighting and available_at (basis job, or never sighted: available_at)."""
    assert point.available_at is not None
    return max([point.available_at, *point.sightings[:1]]) if point.basis == "catalog" else point.available_at
