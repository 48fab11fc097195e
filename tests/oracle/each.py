"""Sections 12 and on of docs/definitions.md: what controls ask of each live point, at one instant, in one world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from audit.model.terms import Term
from tests.oracle.instants import FOR_EVER, after, borders, covers
from tests.oracle.lives import POSSIBLE, SURE, WORLDS
from tests.oracle.ownership import Ownership, Pair
from tests.oracle.points import Point
from tests.oracle.records import Version

LONG_AGO = 0
"""Calendar terms cannot be added to the beginning of time; what was captured in 1970 stands for what was captured before."""
OF_EACH = {"verification": "verify"}
"""The objective of each control."""


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
        self._checks = {point.key: sorted(self._checks_of(point), key=lambda check: check.at) for point in own.points}

    def holds(self, key: str, t: int, world: str, version: Version) -> bool:
        """Section 12: breached when a point surely live surely lacks it; met when some is surely live and each possibly live one surely has it."""
        has = self._has(key, version)
        if world == POSSIBLE:
            return all(has(point, t, POSSIBLE) for point in self._live(key, t, SURE))
        if not self._live(key, t, SURE):
            return False
        return all(has(point, t, SURE) for point in self._live(key, t, POSSIBLE)) and not self._unseen_lacks(key, t, version)

    def _has(self, key: str, version: Version) -> Callable[[Point, int, str], bool]:
        terms = version.objectives[key]
        match key:
            case "verify":
                every = Term.parse(terms["every"])
                return lambda point, t, world: self._is_covered(point, t, world, every, version.zone)
        raise ValueError(key)

    def _live(self, key: str, t: int, world: str) -> list[Point]:
        accepts = self.own.accepts_partial(t)
        return [point for point in self.own.points if covers(self.own.lives.live(point, world, accepts, key != "verify"), t)]

    def _unseen_lacks(self, key: str, t: int, version: Version) -> bool:
        """Whether a point captured unseen may be live at t and lack what is asked."""
        for pair in self.own.pairs:
            for start, end in _alive_at(pair, t):
                match key:
                    case "verify":
                        # The earliest capture lacks it first.
                        if after(start, Term.parse(version.objectives[key]["every"]), version.zone) <= t:
                            return True
                    case _:
                        raise ValueError(key, end)
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
            if not self._names(name, point):
                return None
            return Check(x, success and coverage == "full", not failed and coverage != "partial", False, failed)
        if run.get("subject") not in (None, point.subject) or point.available_at is None or point.available_at > x:
            return None
        started = run.get("started_at")
        there = run.get("subject") is None and started is not None and point.available_at <= started
        return Check(x, success and coverage == "full" and there, coverage != "partial", False, failed, named=False)

    def _names(self, name: str, point: Point) -> bool:
        here = [other[2] for other in self.own.lives.points if other[:2] == point.key[:2]]
        if name in here:
            return name == point.id
        longer = [other for other in here if other.startswith(name)]
        return len(name) >= 8 and longer == [point.id]

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
        return {x for x in found if abs(x) < FOR_EVER}


def _alive_at(pair: Pair, t: int) -> list[tuple[int, int]]:
    """Return the stretches of unseen capture instants at or before t whose points may be live at t: no complete listing lies after the capture and at or before t."""
    last = max((x for x in pair.listings if x <= t), default=None)
    found = []
    for begin, end in pair.unseen:
        start = max(begin, LONG_AGO)
        first = start if last is None else max(start, last)
        if first < end and first <= t:
            found.append((first, min(end, t + 1)))
    return found
