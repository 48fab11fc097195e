"""Sections 12 and on of docs/definitions.md: what controls ask of each live point, at one instant, in one world."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, Any

from audit.model.terms import Term
from tests.oracle.instants import FOR_EVER, after, borders, covers
from tests.oracle.lives import POSSIBLE, SURE, WORLDS
from tests.oracle.ownership import Ownership, Pair
from tests.oracle.points import Point
from tests.oracle.records import Version

if TYPE_CHECKING:
    from tests.oracle.keyed import Keys
    from tests.oracle.sized import Cures

LONG_AGO = 0
"""Calendar terms cannot be added to the beginning of time; what was captured in 1970 stands for what was captured before."""
OF_EACH = {
    "verification": "verify", "encryption": "encrypted", "immutability": "locked_for", "location": "location", "backup-size": "size",
}  # fmt: skip
"""The objective of each control."""
RUN_ON = ("encryption", "immutability", "location")
"""Those of which T runs on after retirement while a point of the part is possibly present."""
OF_KEY = {key: control for control, key in OF_EACH.items()}


@dataclass(frozen=True)
class Check:
    """A check of a point, in the words of section 12."""

    at: int
    passed: bool = False
    perhaps_passed: bool = False
    damaged: bool = False
    perhaps_damaged: bool = False
    named: bool = True


class EachPoint:
    """What is asked of each point of one part of an asset."""

    def __init__(self, own: Ownership) -> None:
        self.own = own
        self.cures: Cures | None = None
        """What cures points that are too small; null where nothing does."""
        self.keys: Keys | None = None
        """What drills say of keys; null where nothing is asked of them."""
        self._checks = {point.key: sorted(self._checks_of(point), key=lambda check: check.at) for point in own.points}

    def holds(self, key: str, t: int, world: str, version: Version) -> bool:
        """Section 12: breached when a point surely live surely lacks it; met when some is surely live and each possibly live one surely has it."""
        has = self._has(key, version)
        if key == "encrypted" and self.keys is not None and not self.keys.holds(t, world, version):
            return False
        if world == POSSIBLE:
            return all(has(point, t, POSSIBLE) for point in self._live(key, t, SURE, version))
        if not self._live(key, t, SURE, version) and not (OF_KEY[key] in RUN_ON and t >= self.own.segment(t).retired):
            return False
        return all(has(point, t, SURE) for point in self._live(key, t, POSSIBLE, version)) and not self._unseen_lacks(
            key, t, version
        )

    def _has(self, key: str, version: Version) -> Callable[[Point, int, str], bool]:
        terms = version.objectives[key]
        match key:
            case "verify":
                every = Term.parse(terms["every"])
                return lambda point, t, world: self._is_covered(point, t, world, every, version.zone)
            case "encrypted":
                return lambda point, t, world: point.encrypted == {"yes"} if world == SURE else point.encrypted != {"no"}
            case "locked_for":
                term = term_of_lock(version)
                return lambda point, t, world: _is_locked(point, t, world, term, version.zone)
            case "location":
                return lambda point, t, world: self._stands(point.repository, t, world, terms)
            case "size":
                drop, over = share_of(terms["drop"]), int(terms.get("over", 14))
                return lambda point, t, world: (
                    not self._is_too_small(point, world, drop, over, version.accept_partial)
                    or (self.cures is not None and self.cures.cures(point, t, world, version))
                )
        raise ValueError(key)

    def _stands(self, repository: str, t: int, world: str, terms: Mapping[str, Any]) -> bool:
        """Section 19: whether a repository stands at t in one of the countries and in one of the cities; where that is not declared, in the possible world."""
        place = next((one for one in self.own.estate.places if one.repository == repository and one.start <= t < one.end), None)
        for key, value in (("countries", place and place.country), ("cities", place and place.city)):
            allowed = terms.get(key)
            if (
                allowed is not None
                and (value not in ([allowed] if isinstance(allowed, str) else allowed))
                and not (value is None and world == POSSIBLE)
            ):
                return False
        return True

    def _is_too_small(self, point: Point, world: str, drop: float, over: int, accepts: bool) -> bool:
        """Section 17: empty, or less than (1 - drop) x the median of the last ones of its series before it."""
        if point.bytes is None:
            return world == SURE
        if point.bytes == 0:
            return True
        series = [
            one
            for one in self.own.points
            if (*one.key[:2], one.subject, one.method) == (*point.key[:2], point.subject, point.method)
        ]
        series = [one for one in series if accepts or not one.partial]
        if any(one.captured_at is None for one in [*series, point]):
            # Nobody knows which came before which.
            sizes = [float("inf") if one.bytes is None else one.bytes for one in series if one is not point]
            return world == SURE and bool(sizes) and point.bytes < max(sizes) * (1 - drop)
        earlier = [
            one for one in series if (one.captured_at, one.id) < (point.captured_at, point.id) and (accepts or not one.partial)
        ]
        earlier.sort(key=lambda one: (one.captured_at, one.id))
        unknown = float("inf") if world == SURE else 0
        sizes = [unknown if one.bytes is None else one.bytes for one in earlier[-over:]]
        return bool(sizes) and point.bytes < median(sizes) * (1 - drop)

    def _live(self, key: str, t: int, world: str, version: Version) -> list[Point]:
        """Return the points that are asked at t: the live ones, of encryption the present ones, in the repositories that the objective names."""
        accepts = self.own.accepts_partial(t)
        names = repositories_of(key, version)
        return [
            point
            for point in self.own.points
            if (names is None or point.repository in names)
            and covers(
                self.own.lives.presence(point, world)
                if key in ("encrypted", "location")
                else self.own.lives.live(point, world, accepts, key != "verify"),
                t,
            )
        ]

    def is_left(self, t: int) -> bool:
        """Section 13: whether a point of the part is possibly present at t or later."""
        return any(end > t for point in self.own.points for _, end in self.own.lives.presence(point, POSSIBLE))

    def _unseen_lacks(self, key: str, t: int, version: Version) -> bool:
        """Whether a point captured unseen may be live at t and lack what is asked."""
        names = repositories_of(key, version)
        for pair in self.own.pairs:
            if names is not None and pair.repository not in names:
                continue
            for start, end in alive_at(pair, t):
                match key:
                    case "verify":
                        # The earliest capture lacks it first.
                        if after(start, Term.parse(version.objectives[key]["every"]), version.zone) <= t:
                            return True
                    case "encrypted":
                        return True
                    case "location":
                        if not self._stands(pair.repository, t, SURE, version.objectives[key]):
                            return True
                    case "locked_for":
                        # Of the latest capture it is asked longest.
                        if t < after(end - 1, term_of_lock(version), version.zone):
                            return True
                    case "size":
                        return True
                    case _:
                        raise ValueError(key)
        return False

    # Checks

    def _checks_of(self, point: Point) -> Iterator[Check]:
        for x in point.verified:
            yield Check(x, passed=True, perhaps_passed=True)
        for x in point.corrupt:
            yield Check(x, damaged=True, perhaps_damaged=True)
        for run in self.own.lives.runs:
            found = self._check_by_run(point, run)
            if found is not None:
                yield found

    def _check_by_run(self, point: Point, run: dict[str, Any]) -> Check | None:
        if run.get("kind") != "verify" or (run["source"], run.get("repository")) != point.key[:2]:
            return None
        x, coverage, success = run.get("finished_at"), run.get("coverage"), run["outcome"] == "success"
        if x is None or run["outcome"] not in ("success", "warning", "failed"):
            return None
        failed = run["outcome"] == "failed"
        name = run.get("recovery_point")
        if name is not None:
            if not self.own.lives.names(name, point):
                return None
            return Check(x, success and coverage == "full", not failed and coverage != "partial", False, failed)
        if run.get("subject") not in (None, point.subject) or point.available_at is None or point.available_at > x:
            return None
        started = run.get("started_at")
        there = run.get("subject") is None and started is not None and point.available_at <= started
        return Check(x, success and coverage == "full" and there, coverage != "partial", False, failed, named=False)

    def _is_covered(self, point: Point, t: int, world: str, every: Term, zone: str) -> bool:
        """Section 12, covered."""
        assert point.available_at is not None
        checks = self._checks[point.key]
        bad = [check for check in checks if check.damaged or (world == SURE and check.perhaps_damaged)]
        good = [check.at for check in checks if check.passed or (world == POSSIBLE and check.perhaps_passed)]
        if not any(check.named and check.at <= point.available_at for check in bad):
            good.append(point.available_at)
        return any(
            c <= t
            and (t < after(c, every, zone) or (world == POSSIBLE and point.undated))
            and not any(c <= check.at <= t for check in bad)
            for c in good
        )

    # Critical instants

    def instants(self, until: int) -> set[int]:
        """Return the instants at which an answer may change."""
        found: set[int] = set()
        for point in self.own.points:
            found |= {check.at for check in self._checks[point.key]}
            for world in WORLDS:
                for accepts in (False, True):
                    found |= borders(self.own.lives.live(point, world, accepts, False))
        starts = found | {point.available_at for point in self.own.points if point.available_at is not None}
        for pair in self.own.pairs:
            starts |= borders(pair.unseen) | set(pair.listings)
        found |= starts
        for version in self.own.estate.versions:
            if version.objectives.get("verify") is not None:
                every = Term.parse(version.objectives["verify"]["every"])
                found |= {after(start, every, version.zone) for start in starts if 0 < start < until}
            if version.objectives.get("locked_for") is not None:
                captures = {point.latest for point in self.own.points if point.latest is not None}
                captures |= {x for pair in self.own.pairs for x in borders(pair.unseen)}
                found |= {after(x, term_of_lock(version), version.zone) for x in captures if 0 < x < until}
        return {x for x in found if abs(x) < FOR_EVER}


def repositories_of(key: str, version: Version) -> list[str] | None:
    """Return the repositories that an objective names; None: all."""
    written = version.objectives[key]
    return written.get("repositories") if isinstance(written, Mapping) else None


def term_of_lock(version: Version) -> Term:
    """Return the term of `locked_for: 30d` or `locked_for: {for: 30d}`."""
    written = version.objectives["locked_for"]
    return Term.parse(written["for"] if isinstance(written, Mapping) else written)


def _is_locked(point: Point, t: int, world: str, term: Term, zone: str) -> bool:
    """Section 14: locked until captured_at + for, or nothing is asked any more."""
    assert point.latest is not None
    due = after(point.latest, term, zone)
    if t >= due or (world == POSSIBLE and point.captured_at is None):  # it may have been captured long ago
        return True
    until = point.immutable_until if world == POSSIBLE else point.locked_until
    return world == POSSIBLE if until is None else until >= due


def share_of(written: object) -> float:
    """Return a share of a policy: `50%` or 0.5."""
    text = str(written)
    return float(Fraction(text.removesuffix("%")) / 100) if text.endswith("%") else float(text)


def alive_at(pair: Pair, t: int) -> list[tuple[int, int]]:
    """Return the stretches of unseen capture instants at or before t whose points may be live at t: no complete listing lies after the capture and at or before t."""
    last = max((x for x in pair.listings if x <= t), default=None)
    found = []
    for begin, end in pair.unseen:
        start = max(begin, LONG_AGO)
        first = start if last is None else max(start, last)
        if first < end and first <= t:
            found.append((first, min(end, t + 1)))
    return found
