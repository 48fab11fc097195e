"""Sections 25 to 27 of docs/definitions.md: drills and what rests on them, at one instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from audit.model.terms import Term
from tests.oracle.governed import Kept, in_use, speaks
from tests.oracle.instants import FOR_EVER, after
from tests.oracle.lives import SURE
from tests.oracle.ownership import Ownership
from tests.oracle.records import Segment, Version


@dataclass(frozen=True)
class Result:
    """How the recovery of the asset went in one drill. `outcome` None: nobody said so yet; it is awaited until `ended`."""

    outcome: str | None
    depth: int
    whole: bool
    declared: int
    started: int
    ended: int
    signed: bool
    point: tuple[str, str] | None
    entered: int
    given_up: bool = False
    names: tuple[str, ...] = ()
    """All assets that the drill names."""
    keys: str | None = None
    """What it says of keys without production: usable, unusable, or nothing."""


@dataclass(frozen=True)
class Restore:
    """A restore run of the asset's that ended well. `whole`: told to be of all data (True), of a part (False), or not told."""

    started: int
    finished: int
    whole: bool | None
    repository: str | None
    point: str | None


class Drills:
    """The drills that say something of one part of an asset."""

    def __init__(self, own: Ownership, drilled: Sequence[Mapping[str, Any]], known: int, acted: Sequence[Kept] = ()) -> None:
        self.own, self.known = own, known
        self.runbooks = [one for one in acted if one.kind == "runbook"]
        self.results = [result for one in drilled for result in _results(one, own.asset)]
        self.restores = list(self._restores())

    # Section 26

    def in_time(self, t: int, world: str, version: Version) -> bool:
        """Section 26: whether recovery-time holds at t in a world."""
        target, every = _rto(version)
        told = [one for one in self.results if one.outcome is not None]
        for one in told:
            late = after(one.declared, target, version.zone)
            if one.outcome == "failed" and min(late, one.ended) <= t and not self.is_cured(one, t, world):
                return False
            if one.outcome == "passed" and one.ended > late and late <= t < after(one.ended, every, version.zone):
                return False
        for run in self.restores:
            late = after(run.started, target, version.zone)
            counts = run.whole is True or (run.whole is None and world == SURE)
            if counts and run.finished > late and late <= t < after(run.finished, every, version.zone):
                return False
        if world != SURE:
            return True
        if t >= self.known:
            return False
        awaited = [one for one in self.results if one.outcome is None]
        if any(after(one.declared, target, version.zone) <= t < one.ended for one in awaited):
            return False
        return any(
            self.is_proven(one)
            and one.depth == 4
            and one.whole
            and one.ended <= after(one.declared, target, version.zone)
            and one.ended <= t < after(one.ended, every, version.zone)
            and not self.changed(one.ended, t)
            for one in told
        )

    def is_proven(self, one: Result) -> bool:
        """Section 26: somebody else signed it off, and a restore run lies within it that has not shown as much before."""
        return (
            one.outcome == "passed"
            and one.signed
            and any(_fits(run, one) and not self._shown_before(run, one) for run in self.restores)
        )

    def _shown_before(self, run: Restore, one: Result) -> bool:
        """Whether a run fits another pass that was signed off, ended earlier, and is at least as deep and as wide."""
        return any(
            other.outcome == "passed"
            and other.signed
            and other.ended < one.ended
            and other.depth >= one.depth
            and (other.whole or not one.whole)
            and _fits(run, other)
            for other in self.results
        )

    def is_cured(self, failure: Result, t: int, world: str) -> bool:
        return any(
            one.outcome == "passed"
            and not one.given_up
            and failure.ended < one.ended <= t
            and one.depth >= failure.depth
            and (one.whole or not failure.whole)
            and (world != SURE or self.is_proven(one))
            for one in self.results
        )

    def changed(self, since: int, t: int) -> bool:
        """Whether the asset or its policy version changed in (since, t]."""
        return any(since < x <= t for x in self.changes())

    def changes(self) -> list[int]:
        """Return when what counts of the asset changed."""
        segments = self.own.segments
        found = [new.start for old, new in pairwise(segments) if _look(old) != _look(new)]
        for one in self.runbooks:
            revised = [each.on for each in one.all("revise")]
            found += [x for x in revised if in_use(one, x) and speaks(one, self.own.segment(x))]
        return found

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        found = {x for one in self.results for x in (one.declared, one.ended)} | set(self.changes()) | {self.known}
        found |= {x for run in self.restores for x in (run.started, run.finished)}
        bases = [x for x in found if x < FOR_EVER]
        for version in self.own.estate.versions:
            if version.objectives.get("rto") is not None:
                found |= {after(x, term, version.zone) for term in _rto(version) for x in bases}
        return found

    def _restores(self) -> Iterator[Restore]:
        """The restore runs whose subject was the asset's when they started, and that ended well."""
        for row in self.own.lives.runs:
            start, end = row.get("started_at"), row.get("finished_at")
            if row.get("kind") != "restore" or row.get("outcome") not in ("success", "warning") or start is None or end is None:
                continue
            if any(
                (one.source, one.subject) == (row["source"], row.get("subject")) and one.start <= start < one.end
                for one in self.own.aliases
            ):
                yield Restore(
                    start,
                    end,
                    {"full": True, "partial": False}.get(row.get("coverage") or ""),
                    row.get("repository"),
                    self._named(row),
                )

    def _named(self, row: Mapping[str, Any]) -> str | None:
        """The id of the point that a run names: of that id, else the only one whose id begins so, else what it says."""
        said: str | None = row.get("recovery_point")
        here = [point[2] for point in self.own.lives.points if point[:2] == (row["source"], row.get("repository"))]
        begun = [] if said is None or len(said) < 8 or said in here else [name for name in here if name.startswith(said)]
        return begun[0] if len(begun) == 1 else said


def _fits(run: Restore, one: Result) -> bool:
    """Whether a run lies within a result, and restored what that is about."""
    return one.declared <= run.started and run.finished <= one.ended and _agree(run, one) and (run.whole is True or not one.whole)


def _agree(run: Restore, one: Result) -> bool:
    """Whether a run and a result name no two repositories and no two points."""
    if one.point is None:
        return True
    return run.repository in (None, one.point[0]) and run.point in (None, one.point[1])


def _rto(version: Version) -> tuple[Term, Term]:
    written = version.objectives["rto"]
    written = written if isinstance(written, Mapping) else {"target": written}
    return Term.parse(written["target"]), Term.parse(written.get("every", "1y"))


def _look(segment: Segment) -> tuple[Any, ...]:
    return (segment.policy, segment.city, segment.medium, segment.failure_domain, segment.tier, segment.data_class)


def _first(one: Mapping[str, Any], asset: str) -> int:
    """When the first act about an asset was entered: the report of the incident, or the first stamp."""
    if not one.get("live"):
        return entered_at(one)
    started = [told["started"] for told in one["results"] if told["asset"] == asset]
    return int(one["declared"] if one["kind"] == "incident" else min(started))


def entered_at(one: Mapping[str, Any]) -> int:
    """When what was done in a drill was entered: at its end, unless it was entered as it was done."""
    return max([one["declared"], one["cancelled"] or one["declared"], *(told["ended"] for told in one["results"])])


def _results(one: Mapping[str, Any], asset: str) -> Iterator[Result]:
    """A drill as told: kind, assets, declared, signed, cancelled (an instant or None), and results; those of an asset that name no outcome were only begun."""
    ends = [told["ended"] for told in one["results"] if told["asset"] == asset and told["outcome"] is not None]
    for told in one["results"]:
        if told["asset"] != asset:
            continue
        if told["outcome"] is None:
            if not ends:
                yield _result(one, told, FOR_EVER if one["cancelled"] is None else one["cancelled"])
        else:
            yield _result(one, told, told["ended"])


def _result(one: Mapping[str, Any], told: Mapping[str, Any], ended: int) -> Result:
    point = (told["repository"], told["point"]) if told.get("point") else None
    whole, signed = told.get("coverage") == "full", bool(one["signed"]) and one["cancelled"] is None
    return Result(
        told["outcome"],
        told.get("depth", 0),
        whole,
        one["declared"],
        told["started"],
        ended,
        signed,
        point,
        _first(one, told["asset"]),
        one["cancelled"] is not None,
        tuple(one["assets"]),
        told.get("keys"),
    )
