"""Section 23 of docs/definitions.md: what each source delivered, at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audit.model.terms import Term
from tests.oracle.instants import BEGIN, after
from tests.oracle.lives import POSSIBLE
from tests.oracle.ownership import Ownership
from tests.oracle.records import Origin, Payload, Version

DELIVERED = ("delivery", "quarantine", "journal")


class Delivered:
    """What the sources of one part of an asset delivered. known_on: what was not received by then may still come."""

    def __init__(self, own: Ownership, payloads: Sequence[Payload], known_on: int) -> None:
        self.own, self.payloads, self.known_on = own, payloads, known_on

    def holds(self, leg: str, t: int, world: str, version: Version) -> bool:
        """Section 22: it holds for each source that an alias names at t and that is in use; where there is none, only possibly."""
        names = {alias.source for alias in self.own.aliases if alias.start <= t < alias.end}
        used = [self.own.estate.origins[name] for name in names]
        used = [one for one in used if one.start <= t < one.end]
        if not used:
            return world == POSSIBLE
        return all(self._of_source(leg, one, t, world, version) for one in used)

    def _of_source(self, leg: str, source: Origin, t: int, world: str, version: Version) -> bool:
        match leg:
            case "delivery":
                return self._in_time(source, t, world, version)
            case "quarantine":
                return self._readable(source, t, world)
        return world == POSSIBLE or any(self._is_of(source.name, one) for one in self.payloads)

    def _in_time(self, source: Origin, t: int, world: str, version: Version) -> bool:
        if source.expected_every is None:
            return world == POSSIBLE
        mine = [instant_of(one) for one in self.payloads if self._is_of(source.name, one) and _has_rows(one)]
        if any(x <= t < self._late(source, x, version) for x in mine):
            return True
        if source.start != BEGIN and source.start <= t < self._late(source, source.start, version):
            return True
        if world != POSSIBLE:
            return False
        perhaps = [instant_of(one) for one in self.payloads if one.source is None and _has_rows(one)]
        unheard = source.start == BEGIN and not any(x <= t for x in mine)
        return t >= self.known_on or unheard or any(x <= t < self._late(source, x, version) for x in perhaps)

    def _readable(self, source: Origin, t: int, world: str) -> bool:
        mine = [(instant_of(one), one.unread) for one in self.payloads if self._is_of(source.name, one) and instant_of(one) <= t]
        if t >= self.known_on or not mine:
            return world == POSSIBLE
        last = max(mine)[0]
        if any(unread for x, unread in mine if x == last):
            return False
        strays = [instant_of(one) for one in self.payloads if one.source is None and one.unread]
        return world == POSSIBLE or not any(last <= x <= t for x in strays)

    def _is_of(self, name: str, payload: Payload) -> bool:
        """Its envelope names the source; where it names none, one of its listings does."""
        return payload.source == name or (payload.source is None and any(row["source"] == name for row in payload.listings))

    def _late(self, source: Origin, x: int, version: Version) -> int:
        assert source.expected_every is not None
        written = version.objectives["evidence"]
        tolerance = written.get("tolerance") if isinstance(written, Mapping) else None
        return after(after(x, source.expected_every, source.zone), Term.parse(tolerance) if tolerance else None, source.zone)

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        starts = {instant_of(one) for one in self.payloads}
        found = {self.known_on, *starts}
        for alias in self.own.aliases:
            source = self.own.estate.origins[alias.source]
            found |= {alias.start, alias.end, source.start, source.end}
            for version in self.own.estate.versions:
                if source.expected_every is not None and version.objectives.get("evidence") is not None:
                    found |= {self._late(source, x, version) for x in {*starts, source.start} if x != BEGIN}
        return found


def instant_of(payload: Payload) -> int:
    """When it was observed, else the newest instant that its listings speak of, else when it was received."""
    spoken = [row[key] for row in payload.listings for key in ("listed_at", "covers_to") if row.get(key) is not None]
    if payload.observed_at is not None:
        return payload.observed_at
    return max(spoken, default=payload.received_at)


def _has_rows(payload: Payload) -> bool:
    return bool(payload.points or payload.runs or payload.listings)
