"""Section 16 of docs/definitions.md: job-success. Whether runs ended well, one by one and instant by instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.oracle.instants import BEGIN, FOR_EVER, Stretch, bucket_of, stretches
from tests.oracle.lives import POSSIBLE, SURE
from tests.oracle.making import METHODS, clock_of, every_of, word_of
from tests.oracle.ownership import Ownership
from tests.oracle.records import Alias, Version

LEGS = {"rate": "rate", "consecutive": "consecutive_failures"}
KINDS = ("backup", "copy")
WELL, BADLY = ("success", "warning"), ("failed", "cancelled")
LONG_AGO = 1_000_000_000_000_000
"""In 2001: before any period of the calendar that matters."""


@dataclass(frozen=True)
class Run:
    """A run of the asset. `until`: the end of its alias, or of its source."""

    kind: str
    source: str
    subject: str
    repository: str | None
    start: int
    outcome: str
    until: int

    def is_good(self, world: str) -> bool:
        """Whether it ended well; an open one did in the possible world."""
        return self.outcome in WELL or (world == POSSIBLE and self.outcome not in BADLY)


@dataclass(frozen=True)
class Dark:
    """A stretch [start, end) in which runs to a place (None: of the source as a whole) may have started unlogged, or (no stretch) a half-told run."""

    source: str
    subject: str
    repository: str | None
    start: int
    end: int
    until: int
    kind: str | None = None
    well: bool = True
    bad: bool = True

    @property
    def is_half_told(self) -> bool:
        """Whether it is one run, at an instant."""
        return self.start == self.end

    def first(self, c: int) -> int | None:
        """Return the first of its instants at c or later."""
        if self.start >= c:
            return self.start
        return c if c < self.end else None


class Running:
    """The runs of one part of an asset."""

    def __init__(self, own: Ownership) -> None:
        self.own = own
        self.runs = [Run(row["kind"], row["source"], row["subject"], row.get("repository"), row["started_at"], row["outcome"], self._until(alias))
                     for row in own.lives.runs if row.get("kind") in KINDS and row.get("started_at") is not None
                     for alias in own.aliases if _names(alias, row) and alias.start <= row["started_at"] < alias.end]  # fmt: skip
        self.dark = [*self._gaps(), *self._half_told()]
        self._nexts: dict[tuple[Run, str], int] = {}
        self._heals: dict[tuple[str, str, int, str], int] = {}

    def _until(self, alias: Alias) -> int:
        return min(alias.end, self._use(alias.source)[1])

    def _use(self, source: str) -> Stretch:
        origin = self.own.estate.origins.get(source)
        return (BEGIN, FOR_EVER) if origin is None else (origin.start, origin.end)

    # Unlogged

    def _places(self, alias: Alias) -> dict[str, int]:
        """Return the repositories of a subject, each with the first start of a run and capture of a point there."""
        found: dict[str, int] = {}
        told = [(run.repository, run.start) for run in self.runs if (run.source, run.subject) == (alias.source, alias.subject)]
        told += [
            (point.repository, BEGIN if point.captured_at is None else point.captured_at)
            for point in self.own.points
            if (point.source, point.subject) == (alias.source, alias.subject)
        ]
        for repository, at in told:
            if repository is not None and at is not None:
                found[repository] = min(at, found.get(repository, at))
        return found

    def _gaps(self) -> Iterator[Dark]:
        for alias in self.own.aliases:
            of_source = {place: many for place, many in self.own.lives._listings.items() if place[0] == alias.source}
            for repository, since in [(None, BEGIN), *self._places(alias).items()]:
                logs = [
                    one.covers
                    for place, many in of_source.items()
                    for one in many
                    if one.covers is not None
                    and repository in (None, place[1])
                    and one.scope in self.own.scopes_of(*place, alias.subject)
                ]
                start, end = max(alias.start, self._use(alias.source)[0], since), self._until(alias)

                def is_dark(u: int, logs: list[Stretch] = logs, within: Stretch = (start, end)) -> bool:
                    return within[0] <= u < within[1] and not any(low <= u < high for low, high in logs)

                for low, high in stretches(is_dark, {x for log in logs for x in log} | {start, end}):
                    yield Dark(alias.source, alias.subject, repository, low, high, end)

    def _half_told(self) -> Iterator[Dark]:
        for row in self.own.lives.runs:
            at = row.get("started_at") if row.get("started_at") is not None else row.get("finished_at")
            whole = row.get("subject") is not None and row.get("started_at") is not None
            if row.get("kind") not in KINDS or at is None or whole:
                continue
            for alias in self.own.aliases:
                start, end = max(alias.start, self._use(alias.source)[0]), self._until(alias)
                if alias.source != row["source"] or row.get("subject") not in (None, alias.subject) or not start <= at < end:
                    continue
                repository = row.get("repository")
                begun = [None, *(name for name, since in self._places(alias).items() if since <= at)]
                for place in begun if repository is None else [repository]:
                    well, bad = row["outcome"] not in BADLY, row["outcome"] not in WELL
                    yield Dark(alias.source, alias.subject, place, at, at, end, row["kind"], well, bad)

    # What a run that ended badly weighs

    def _next(self, run: Run, world: str) -> int:
        if (run, world) not in self._nexts:
            self._nexts[run, world] = self._find_next(run, world)
        return self._nexts[run, world]

    def _find_next(self, run: Run, world: str) -> int:
        found = [
            one.start
            for one in self.runs
            if one.is_good(world)
            and one.start >= run.start
            and (one.kind, one.source, one.subject) == (run.kind, run.source, run.subject)
            and (run.repository in (None, one.repository) or (world == POSSIBLE and one.repository is None))
        ]
        if world == POSSIBLE:
            here = [one for one in self._dark_of(run.source, run.subject) if run.repository in (None, one.repository)]
            found += [x for one in here if one.well and (x := one.first(run.start)) is not None]
        return min(found, default=FOR_EVER)

    def _dark_of(self, source: str, subject: str) -> list[Dark]:
        return [one for one in self.dark if (one.source, one.subject) == (source, subject)]

    def _healed(self, source: str, subject: str, over: int, world: str) -> int:
        key = (source, subject, over, world)
        if key not in self._heals:
            self._heals[key] = self._find_healed(*key)
        return self._heals[key]

    def _find_healed(self, source: str, subject: str, over: int, world: str) -> int:
        found = [
            one.start
            for one in self.runs
            if one.is_good(world) and (one.source, one.subject) == (source, subject) and one.start >= over
        ]
        if world == POSSIBLE:
            found += [x for one in self._dark_of(source, subject) if one.well and (x := one.first(over)) is not None]
        return min(found, default=FOR_EVER)

    def _weighs(self, run: Run, t: int, world: str, version: Version) -> bool:
        if run.is_good(world) or t < run.start:
            return False
        healed = self._healed(run.source, run.subject, over_after(run.start, version), world)
        return t < min(self._next(run, world), healed, run.until)

    def _shadows(self, t: int, version: Version) -> bool:
        """Whether what may have started unlogged weighs on t, in the sure world."""
        for one in self.dark:
            if not one.bad or t < one.start:
                continue
            if t < one.end:
                return True
            kinds = {
                run.kind
                for run in self.runs
                if (run.source, run.subject, run.repository) == (one.source, one.subject, one.repository)
            }
            for kind in kinds:
                ghost = Run(kind, one.source, one.subject, one.repository, one.end, "failed", one.until)
                over = over_after(one.end, version, just_before=not one.is_half_told)
                healed = self._healed(one.source, one.subject, over, SURE)
                if t < min(self._next(ghost, SURE), healed, one.until):
                    return True
        return False

    # The legs

    def holds(self, leg: str, t: int, world: str, version: Version) -> bool:
        """Section 16, at an instant."""
        if world == SURE and self._shadows(t, version):
            return False
        weighing = [run for run in self.runs if self._weighs(run, t, world, version)]
        if leg == "rate":
            unforgiven = [run for run in weighing if self._next(run, world) >= retry_before(run.start, version)]
            return not unforgiven and self._is_enough(t, world, version)
        if world == SURE and not any(run.is_good(SURE) and run.start <= t for run in self.runs):
            return False
        most = version.objectives["success"]["consecutive_failures"]
        return not any(self._place(run, world) >= most for run in weighing)

    def _place(self, run: Run, world: str) -> int:
        """Return which of its row a run is; of several that started at one instant, the last."""
        return sum(
            (one.kind, one.source, one.subject, one.repository) == (run.kind, run.source, run.subject, run.repository)
            and not one.is_good(world)
            and one.start <= run.start
            and self._next(one, world) == self._next(run, world)
            for one in self.runs
        )

    def _is_enough(self, t: int, world: str, version: Version) -> bool:
        if version.objectives.get("schedule") is None:
            return world == POSSIBLE
        service = self.own.started
        if service <= t < due_after(service, version):
            return True
        good = [run for run in self.runs if run.kind == "backup" and run.is_good(world)]
        if any(run.start <= t < due_after(run.start, version) for run in good):
            return True
        return world == POSSIBLE and any(
            one.start <= t < due_after(one.end, version, just_before=not one.is_half_told)
            for one in self.dark
            if one.well and one.kind in (None, "backup")
        )

    def instants(self, versions: Iterator[Version]) -> set[int]:
        """Return the instants at which an answer may change."""
        starts = {run.start for run in self.runs} | {x for one in self.dark for x in (one.start, one.end)}
        found = starts | {run.until for run in self.runs} | {one.until for one in self.dark}
        for version in versions:
            if version.objectives.get("success") is None or version.objectives.get("schedule") is None:
                continue
            known = {x for x in starts if abs(x) < FOR_EVER // 2} | {self.own.started}
            for before in (False, True):
                found |= {due_after(x, version, just_before=before) for x in known}
                found |= {over_after(x, version, just_before=before) for x in known}
        return {x for x in found if abs(x) < FOR_EVER // 2}


def _names(alias: Alias, row: Mapping[str, Any]) -> bool:
    return (alias.source, alias.subject) == (row["source"], row.get("subject"))


def _of_legs(c: int, version: Version, by_clock: Callable[[str], int], by_word: Callable[[str], int]) -> list[int]:
    found = []
    for leg in METHODS:
        if clock_of(version, leg) is not None:
            found.append(by_clock(leg))
        elif (word := word_of(version, leg)) is not None:
            found.append(by_word(word))
    return found


def _ends(c: int, version: Version, just_before: bool) -> list[int]:
    """Return when a run that started at c (or just before it) is due again, by each leg."""

    def by_word(word: str) -> int:
        c_ = min(max(c - just_before, LONG_AGO), 2 * LONG_AGO)
        return bucket_of(bucket_of(c_, word, version.zone)[1], word, version.zone)[1]

    return _of_legs(c, version, lambda leg: c + (clock_of(version, leg) or 0), by_word)


def due_after(c: int, version: Version, just_before: bool = False) -> int:
    """Section 16: the earliest of what each leg says."""
    return min(_ends(c, version, just_before))


def over_after(c: int, version: Version, just_before: bool = False) -> int:
    """Section 16: the latest of what each leg says; without schedule never."""
    return max(_ends(c, version, just_before), default=FOR_EVER)


def retry_before(c: int, version: Version) -> int:
    """Section 16: before when a retry starts."""
    halves = _of_legs(c, version, lambda leg: c + every_of(version, leg) // 2, lambda word: bucket_of(c, word, version.zone)[1])
    return min(halves, default=c)
