"""Section 15 of docs/definitions.md: schedule. When backups were made, and whether that was often enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.model.terms import Term
from tests.oracle.calendar_periods import counting
from tests.oracle.instants import BEGIN, FOR_EVER, Stretch
from tests.oracle.lives import POSSIBLE, SURE
from tests.oracle.ownership import Ownership
from tests.oracle.points import Point
from tests.oracle.records import Version

METHODS = ("log", "incremental", "differential", "full")
"""From the weakest to the strongest."""
WORDS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Capture:
    """Captures at every instant of [first, end]; `end` itself left out of those that nobody saw."""

    first: int
    end: int
    seen: bool = True

    def lies_in(self, period: Stretch) -> bool:
        """Whether one of the instants lies in a period."""
        return self.first < period[1] and (self.end >= period[0] if self.seen else self.end > period[0])


class Making:
    """What one part of an asset had made, and when."""

    def __init__(self, own: Ownership) -> None:
        self.own = own
        self._captures: dict[tuple[str, int, str, str], list[Capture]] = {}

    def captures(self, version: Version, leg: str, world: str) -> list[Capture]:
        """Return the captures at least as strong as a leg's method, as a version judges; looked up once."""
        key = (version.name, version.version, leg, world)
        if key not in self._captures:
            self._captures[key] = list(self._found(version, leg, world))
        return self._captures[key]

    def _found(self, version: Version, leg: str, world: str) -> Iterator[Capture]:
        """Section 15: points, runs that may have ended well, and what nobody saw."""
        for point in self.own.points:
            if (version.accept_partial or not point.partial) and self._is_made(point, leg, world):
                last = point.latest
                if last is None:
                    continue
                until = point.captured_until if leg == "log" and point.captured_until is not None else last
                # At any instant by then, where nobody told when it was captured.
                yield Capture(BEGIN if point.captured_at is None else last, max(until, last))
        if world == POSSIBLE:
            yield from (Capture(start, start) for start in self._open_runs(version, leg))
            yield from (Capture(start, end, seen=False) for pair in self.own.pairs for start, end in pair.unseen)

    def _is_made(self, point: Point, leg: str, world: str) -> bool:
        if _strength(point, world) < METHODS.index(leg):
            return False
        if world == POSSIBLE:
            return True
        if point.captured_at is None:
            return False
        return (point.basis == "catalog" or bool(self.own.lives.presence(point, SURE))) and not self._is_told_otherwise(point)

    def _is_told_otherwise(self, point: Point, way: tuple[Point, ...] = ()) -> bool:
        """Section 15: its original is a point with another captured_at, or a copy told otherwise itself."""
        original = None if point.copy_of is None else self.own.lives.points.get(point.copy_of)
        if original is None or point in way:
            return False
        if None not in (original.told_captured_at, point.told_captured_at) and original.told_captured_at != point.told_captured_at:
            return True
        return self._is_told_otherwise(original, (*way, point))

    def _open_runs(self, version: Version, leg: str) -> Iterator[int]:
        """Section 15: when runs started that may have made something, and are no points."""
        for run in self.own.lives.runs:
            started, method = run.get("started_at"), run.get("method")
            if run.get("kind") != "backup" or started is None or not self._is_mine(run, started):
                continue
            half_told = run["outcome"] in ("success", "warning") and (
                run.get("finished_at") is None or run.get("repository") is None
            )
            if not half_told and run["outcome"] != "running":
                continue
            if run.get("coverage") == "partial" and not version.accept_partial:
                continue
            if method is None or _index(method) >= METHODS.index(leg):
                yield started

    def _is_mine(self, run: Mapping[str, Any], started: int) -> bool:
        return any(
            (alias.source, alias.subject) == (run["source"], run.get("subject")) and alias.start <= started < alias.end
            for alias in self.own.aliases
        )

    # By the clock

    def is_in_time(self, leg: str, t: int, world: str, version: Version) -> bool:
        """Section 15, by the clock."""
        allowed = clock_of(version, leg)
        assert allowed is not None
        service = self.own.started
        if service <= t < service + allowed:
            return True
        return any(one.first <= t < one.end + allowed for one in self.captures(version, leg, world))

    def instants(self, versions: Iterator[Version]) -> set[int]:
        """Return the instants at which an answer by the clock may change."""
        found: set[int] = set()
        for version in versions:
            for leg in METHODS:
                allowed = clock_of(version, leg)
                if allowed is None:
                    continue
                for one in self.captures(version, leg, POSSIBLE):
                    found |= {one.first, one.end, one.end + allowed}
                found.add(self.own.started + allowed)
        return {x for x in found if abs(x) < FOR_EVER // 2}

    # By the calendar

    def periods(self, until: int) -> Iterator[tuple[Version, str, Stretch]]:
        """Section 15, by the calendar: the periods that count and end up to an instant, each with the version and the leg for which it counts."""
        return counting(self.own, METHODS, word_of, until)

    def has_one_in(self, period: Stretch, leg: str, world: str, version: Version) -> bool:
        """Whether a capture lies in a period."""
        return any(one.lies_in(period) for one in self.captures(version, leg, world))


def _strength(point: Point, world: str) -> int:
    if point.method is not None:
        return _index(point.method)
    if point.base is not None or point.self_contained is False:
        return METHODS.index("log" if world == SURE else "differential")
    if point.self_contained:
        return METHODS.index("full")
    return METHODS.index("log" if world == SURE else "full")


def _index(method: str) -> int:
    return METHODS.index("full" if method == "snapshot" else method)


def _written(version: Version, leg: str) -> Any:
    return (version.objectives.get("schedule") or {}).get(leg)


def clock_of(version: Version, leg: str) -> int | None:
    """Return every + tolerance of a leg in microseconds; None where it is not stated by the clock."""
    said = _written(version, leg)
    if said is None or said in WORDS:
        return None
    if not isinstance(said, Mapping):
        return Term.parse(said).microseconds
    return Term.parse(said["every"]).microseconds + (Term.parse(said["tolerance"]).microseconds if said.get("tolerance") else 0)


def every_of(version: Version, leg: str) -> int:
    """Return every of a leg that is stated by the clock, without its tolerance."""
    said = _written(version, leg)
    return Term.parse(said["every"] if isinstance(said, Mapping) else said).microseconds


def word_of(version: Version, leg: str) -> str | None:
    """Return the word of the calendar by which a leg is stated."""
    said = _written(version, leg)
    return said if isinstance(said, str) and said in WORDS else None
