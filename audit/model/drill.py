"""A drill or a real incident as reports tell it: what was planned, by the clock, with what each recovery showed beside what was agreed, and what follows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.model.terms import Term
from audit.model.verdicts import EvidenceRef

FULL_SERVICE = 4
"""The depth of a recovery that brings the service back. One less deep shows how long it takes at the least."""


@dataclass(frozen=True, slots=True)
class Told:
    """One act of a drill: when it is said to have been (UTC), when it was entered, by whom, and the journal's entry that holds it. asset: which it is of; null: the whole
    drill. files: the names of those that were handed over with it."""

    act: str
    at: datetime
    entered: datetime
    by: str
    evidence: EvidenceRef
    asset: str | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreRun:
    """A restore run in the evidence. whole: it is told to have restored all; null: nothing is told of it."""

    asset: str
    source: str
    id: str
    outcome: str
    started: datetime
    finished: datetime | None
    repository: str | None
    whole: bool | None
    evidence: EvidenceRef


@dataclass(frozen=True, slots=True)
class Recovery:
    """One recovery of an asset: a result, or one that was begun or named and has none (outcome null).

    rto, rpo: what the policy agreed when the drill was declared (null: it states none); rpo with its tolerance. stamps: by step, when it was last stamped before the result.
    captured: to when the recovery point that it names restores (null: not named, or not known).
    runs: the restore runs within it; proving: those that show it. proven: signed off by somebody else, with a restore run in the evidence.
    changed: when something of the asset changed afterwards, so that it has to be tried again (null: nothing did).
    """

    asset: str
    unit: str
    tier: str | None
    rto: timedelta | None
    rpo: timedelta | None
    stamps: Mapping[str, datetime]
    outcome: str | None = None
    ended: datetime | None = None
    depth: int | None = None
    coverage: str | None = None
    point: str | None = None
    repository: str | None = None
    captured: datetime | None = None
    by: str | None = None
    checks: str = ""
    problems: str = ""
    actions: str = ""
    runs: tuple[RestoreRun, ...] = ()
    proving: tuple[RestoreRun, ...] = ()
    proven: bool = False
    changed: datetime | None = None
    evidence: tuple[EvidenceRef, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all of the asset was brought back to the full service, so that the time taken is that of a recovery."""
        return self.depth == FULL_SERVICE and self.coverage == "full"

    def taken(self, declared: datetime) -> timedelta | None:
        """Return how long it took from the declaration to the validated service; null where it did not get there."""
        return self.ended - declared if self.outcome == "passed" and self.ended else None

    def lost(self, declared: datetime) -> timedelta | None:
        """Return how far before the declaration the restored state lies: the data that a disaster would have cost. Null: not known."""
        return None if self.captured is None else max(declared - self.captured, timedelta(0))


@dataclass(frozen=True, slots=True)
class Following:
    """A finding that names the drill: what is to be done, by whom and by when (UTC), and its state."""

    id: str
    title: str
    severity: str
    owner: str
    due: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill or a real incident, as known at an entry of the journal. kind: as planned, or `incident`; declared: when its clock started (null: it has not).

    drawn: how many assets were drawn of how many with the seed, and how the population was scoped (null: they were chosen). signed_off, cancelled: that act.
    """

    id: str
    title: str
    kind: str
    state: str
    planned_for: datetime | None
    declared: datetime | None
    scenario: str
    runbook: str
    participants: tuple[str, ...]
    criteria: str
    seed: int | None
    population: int | None
    assets: tuple[str, ...]
    told: tuple[Told, ...]
    recoveries: tuple[Recovery, ...]
    findings: tuple[Following, ...] = ()
    statement: str = ""
    lessons: str = ""
    reason: str = ""

    def last(self, act: str) -> Told | None:
        """Return the newest act of a name."""
        return next((one for one in reversed(self.told) if one.act == act), None)

    @property
    def ended(self) -> datetime | None:
        """When its last recovery ended; null while none has."""
        return max((one.ended for one in self.recoveries if one.ended), default=None)


CALENDAR_STATES = ("overdue", "needs-verification", "due", "done")
"""What a calendar says of a promise to try something: the worst first."""


@dataclass(frozen=True, slots=True)
class Due:
    """One line of the calendar of drills: what is to be tried with an asset, when it was last tried, and by when it is next to be (UTC).

    control, leg: the promise; every: how often, as the policy says it. last, drill, signed: the newest try that counts for it (null: none is recorded), its record and whether
    somebody else signed it off.
    """

    asset: str
    unit: str
    tier: str | None
    control: str
    leg: str | None
    every: str | Term
    state: str
    due: datetime
    last: datetime | None = None
    drill: str | None = None
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Drills:
    """What a report on drills tells: those of a period or the one that it is about, the calendar at an instant, and the restore runs in the evidence that no record tells of."""

    at: datetime
    drills: tuple[Drill, ...]
    calendar: tuple[Due, ...] = ()
    unrecorded: tuple[RestoreRun, ...] = ()

    @property
    def references(self) -> set[EvidenceRef]:
        """Every place in the evidence that is named here, and the entries of the acts."""
        of_drills = {
            ref
            for one in self.drills
            for ref in (*(act.evidence for act in one.told), *(ref for mine in one.recoveries for ref in mine.evidence))
        }
        runs = [*self.unrecorded, *(run for one in self.drills for mine in one.recoveries for run in mine.runs)]
        return of_drills | {run.evidence for run in runs}
