"""Sections 7, 8, 10 and 11 of docs/definitions.md: what a control asks at one instant, in one world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audit.model.terms import Term
from tests.oracle import readings
from tests.oracle.each import EachPoint
from tests.oracle.instants import DAY, FOR_EVER, Stretch, after, borders, covers
from tests.oracle.lives import POSSIBLE, SURE, WORLDS
from tests.oracle.making import Making
from tests.oracle.ownership import Ownership
from tests.oracle.points import Point
from tests.oracle.records import Place, Segment, Version
from tests.oracle.success import Running

LEGS = ("count", "media", "offsite", "immutable", "offline")
DEFAULTS: Mapping[str, int] = {"count": 3, "media": 2, "offsite": 1, "immutable": 0, "offline": 0}
WEEK_FOR_PROTECTION = Term(microseconds=7 * DAY)


class AtInstants:
    """The controls of one part of an asset, asked at instants. Points live at an instant are looked up once for all of them."""

    def __init__(self, own: Ownership) -> None:
        self.own, self.each, self.making, self.running = own, EachPoint(own), Making(own), Running(own)
        self._live: dict[tuple[int, str], list[Point]] = {}

    def live(self, t: int, world: str) -> list[Point]:
        """Return the points live at t in a world."""
        if (t, world) not in self._live:
            # Section 4: one of unknown capture time is none for sure; in the possible world it was captured as late as it can have been.
            asked = [point for point in self.own.points if world == POSSIBLE or point.captured_at is not None]
            self._live[t, world] = [point for point in asked if self.own.live(point, world, t)]
        return self._live[t, world]

    # recovery-point

    def recovery_point(self, t: int, world: str, version: Version) -> bool:
        """Section 7, with the version in force at t."""
        return self._is_recoverable(t, world, *target_of(version), version.zone)

    def protected(self, t: int, world: str, version: Version | None) -> bool:
        """Section 11: recovery-point with the version's target + tolerance, with 7 days when it has none."""
        if version is None:
            return self._is_recoverable(t, world, WEEK_FOR_PROTECTION, None, "UTC")
        if version.objectives.get("rpo") is None:
            return self._is_recoverable(t, world, WEEK_FOR_PROTECTION, None, version.zone)
        return self.recovery_point(t, world, version)

    def _is_recoverable(self, t: int, world: str, target: Term, tolerance: Term | None, zone: str) -> bool:
        def allowed(start: int) -> int:
            return after(after(start, target, zone), tolerance, zone)

        service = self.own.started
        if service <= t < allowed(service):
            return True
        if any(t < allowed(restores_until(point)) for point in self.live(t, world)):
            return True
        return world == POSSIBLE and any((c := pair.witness(t)) is not None and t < allowed(c) for pair in self.own.pairs)

    # copies

    def copies(self, leg: str, t: int, world: str, version: Version) -> bool:
        """Section 8: number >= the one asked; a leg that asks for 0 is met without any copy."""
        return self._number(leg, t, world, version, version.objectives["copies"]) >= asked(version, leg)

    def _number(self, leg: str, t: int, world: str, version: Version, terms: Mapping[str, Any]) -> int:
        """Section 8: what each leg counts. Attributes of repository and asset are those at t."""
        max_age, zone = age_of(terms), version.zone
        holding = [point for point in self.live(t, world) if is_young(point.latest, t, max_age, zone)]
        unseen: list[str] = []
        if world == POSSIBLE:
            for pair in self.own.pairs:
                c = pair.witness(t)
                if c is not None and is_young(c, t, max_age, zone):
                    unseen.append(pair.repository)
        names = {point.repository for point in holding} | set(unseen)
        segment = self.own.segment(t)
        match leg:
            case "count":
                return self._domains(names, t, world, bool(terms.get("production", True)))
            case "media":
                return self._media(names, t, world, segment, bool(terms.get("production", True)))
            case "offsite":
                return sum(self._is_offsite(name, t, world, segment) for name in names)
            case "immutable":
                ends = {(point.repository, point.locked_until if world == SURE else point.immutable_until) for point in holding}
                locked = {repository for repository, end in ends if end is not None and end > t}
                return sum(not self._is_mirror(name, t, world) for name in locked | set(unseen))
            case "offline":
                return sum(not self._is_mirror(name, t) and self._is_offline(name, t, world) for name in names)
        raise ValueError(leg)

    def _domains(self, names: set[str], t: int, world: str, production: bool) -> int:
        """Section 8, count: distinct failure domains of R(t) (not mirrors), with production's when `production`.

        Production's domain is its own unless declared; an undeclared one of a repository is nothing in the sure world, its own in the possible one.
        """
        found = {self._value(name, t, world, "failure_domain") for name in names if not self._is_mirror(name, t)}
        if production:
            found.add(self.own.segment(t).failure_domain or ("its own", "production"))
        return len(found - {None})

    def _media(self, names: set[str], t: int, world: str, segment: Segment, production: bool) -> int:
        """Section 8, media: distinct media of R(t), with production's medium. Mirrors count."""
        found = {self._value(name, t, world, "medium") for name in names}
        if production or readings.MEDIA_ALWAYS_WITH_PRODUCTION:
            found.add(segment.medium if segment.medium is not None else None if world == SURE else ("its own", "production"))
        return len(found - {None})

    def _is_offsite(self, name: str, t: int, world: str, segment: Segment) -> bool:
        """Section 8, offsite: the repository's city is not the asset's; an undeclared one differs from all in the possible world only."""
        place = self._place(name, t)
        city = None if place is None else place.city
        if city is None or segment.city is None:
            return world == POSSIBLE
        return city != segment.city

    def _value(self, name: str, t: int, world: str, key: str) -> object:
        """Section 6: where none is declared, nothing in the sure world, a value of its own in the possible one."""
        place = self._place(name, t)
        value = None if place is None else getattr(place, key)
        return value if value is not None or world == SURE else ("its own", name)

    def _is_mirror(self, name: str, t: int, world: str = POSSIBLE) -> bool:
        place = self._place(name, t)
        if place is None:
            return world == SURE  # section 6: of a repository that nobody declared it is not known
        return place.mirror

    def _is_offline(self, name: str, t: int, world: str) -> bool:
        place = self._place(name, t)
        if place is None:
            return world == POSSIBLE  # section 6: of a repository that nobody declared it is not known
        return place.offline

    def _place(self, name: str, t: int) -> Place | None:
        return next((one for one in self.own.estate.places if one.repository == name and one.start <= t < one.end), None)

    # retention-maximum

    def has_too_old(self, t: int, world: str, version: Version) -> bool:
        """Section 10: a point with captured_at + after + grace <= t is present (surely, or possibly). Unseen points do not count. One of unknown capture time may be as old."""
        return any(
            covers(self.own.lives.presence(point, world), t)
            and point.latest is not None
            and ((world == POSSIBLE and point.captured_at is None) or disposed_by(point.latest, version) <= t)
            for point in self.own.points
        )

    # critical instants

    def instants(self, until: int) -> set[int]:
        """Return every instant at which an answer of these controls may change."""
        found = self.own.instants() | {x for one in self.own.estate.places for x in (one.start, one.end)}
        for pair in self.own.pairs:
            found |= borders(pair.unseen) | set(pair.listings)
        for point in self.own.points:
            found |= self._instants_of(point)
        for version in self._versions():
            for term in lengths(version):
                starts = {restores_until(point) for point in self.own.points} | {point.latest or 0 for point in self.own.points}
                starts.add(self.own.started)
                starts |= {end for pair in self.own.pairs for _, end in pair.unseen}
                found |= {term(start) for start in starts if 0 < start < until}
        return found | self.each.instants(until) | self.making.instants(self._versions()) | self.running.instants(self._versions())

    def _instants_of(self, point: Point) -> set[int]:
        found = {point.latest or 0} | {end for end in (point.immutable_until, point.locked_until) if end}
        for world in WORLDS:
            found |= borders(self.own.lives.presence(point, world))
            found |= borders(self.own.lives.live(point, world, False)) | borders(self.own.lives.live(point, world, True))
        return found

    def _versions(self) -> Iterator[Version]:
        for index in sorted({segment.policy for segment in self.own.segments if segment.policy is not None}):
            yield self.own.estate.versions[index]


def asked(version: Version, leg: str) -> int:
    """Section 8: the number that a leg asks for."""
    return int(version.objectives["copies"].get(leg, DEFAULTS[leg]))


def lengths(version: Version) -> list[Any]:
    """Return the functions from a capture to the instants at which the objectives of a version are decided."""
    found: list[Any] = []
    if version.objectives.get("rpo") is not None:
        target, tolerance = target_of(version)
        found.append(lambda start: after(after(start, target, version.zone), tolerance, version.zone))
    if version.objectives.get("copies") is not None and age_of(version.objectives["copies"]) is not None:
        found.append(lambda start: after(start, age_of(version.objectives["copies"]), version.zone))
    if version.objectives.get("dispose") is not None:
        found.append(lambda start: disposed_by(start, version))
    return found


def target_of(version: Version) -> tuple[Term, Term | None]:
    """Return target and tolerance of `rpo: 15m` or `rpo: {target: 1h, tolerance: 10m}`."""
    written = version.objectives["rpo"]
    if not isinstance(written, Mapping):
        return Term.parse(written), None
    return Term.parse(written["target"]), Term.parse(written["tolerance"]) if written.get("tolerance") else None


def age_of(terms: Mapping[str, Any]) -> Term | None:
    """Return max_age; None for `any`."""
    return None if terms["max_age"] == "any" else Term.parse(terms["max_age"])


def is_young(captured: int | None, t: int, max_age: Term | None, zone: str) -> bool:
    """Section 8: captured_at <= t < captured_at + max_age."""
    return captured is not None and captured <= t < (FOR_EVER if max_age is None else after(captured, max_age, zone))


def restores_until(point: Point) -> int:
    """Section 7: captured_until, else captured_at (the latest instant that it can be)."""
    assert point.latest is not None
    return point.latest if point.captured_until is None else point.captured_until


def disposed_by(captured: int, version: Version) -> int:
    """Section 10: captured_at + after + grace."""
    terms = version.objectives["dispose"]
    due = after(captured, Term.parse(terms["after"]), version.zone)
    return after(due, Term.parse(terms["grace"]) if terms.get("grace") else None, version.zone)


def ends_of(many: list[Stretch]) -> list[int]:
    """Return the ends of stretches."""
    return [end for _, end in many]
