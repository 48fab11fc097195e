"""Promises of one policy that no backup can keep together: disposal earlier than retention or lock. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit.errors import Fault
from audit.model.terms import Term
from audit.policy.kinds.policy import Policy
from audit.policy.objectives import promise
from audit.policy.programme import Declared

# Calendar terms have no one length (3 months are 89 to 92 days): terms are compared from the first day of each month of four years.
_STARTS = tuple(datetime(year, month, 1, 12, tzinfo=UTC) for year in range(2025, 2029) for month in range(1, 13))

_BUCKETS = {name: Term.parse(f"1 {name}") for name in ("day", "week", "month", "quarter", "year")}


@dataclass(frozen=True, slots=True)
class Clash:
    """What a disposal comes before. after: when copies are disposed of; term: for how long they have to stay; every: of which rule (null: of the lock); late: only copies taken
    late in their period satisfy both."""

    after: Term
    term: Term
    every: str | None
    late: bool = False


def clashes(objectives: Mapping[str, Any], zone: str) -> Iterator[Clash]:
    """Yield where `dispose` of some objectives comes before their `keep` or `locked_for` has run out; `zone` is the policy's."""
    dispose = objectives.get("dispose")
    if dispose is None:
        return
    for rule in getattr(objectives.get("keep"), "root", ()):
        if _earlier(dispose.after, rule.term, zone):
            yield Clash(dispose.after, rule.term, rule.every)
        elif rule.every in _BUCKETS and _too_early_in_bucket(dispose, rule, zone):
            yield Clash(dispose.after, rule.term, rule.every, late=True)
    locked = objectives.get("locked_for")
    if locked is not None and _earlier(dispose.after, locked.term, zone):
        yield Clash(dispose.after, locked.term, None)


def contradictions(declared: Declared[Policy], zone: str) -> Iterator[Fault]:
    """Yield the faults of a policy whose `dispose` comes before its `keep` or `locked_for` has run out; `zone` is the policy's."""
    here = declared.place.at("objectives", "dispose")
    for one in clashes(promise(declared.item, declared.place)[0].objectives, zone):
        if one.late:
            what = (
                f"a copy taken early in its {one.every} is to be disposed of after {one.after}, before `keep` every "
                f"{one.every} for {one.term} ends, counted from the {one.every}'s end: only copies taken late in it satisfy both"
            )
            yield here.fault(what, f"add a {one.every} to `after` or to `grace`", level="warning")
        elif one.every is not None:
            what = f"`dispose` after {one.after} is earlier than `keep` every {one.every} for {one.term}: no copy can satisfy both"
            yield here.fault(what, f"dispose after {one.term} or later, or keep for less")
        else:
            what = f"`dispose` after {one.after} is earlier than `locked_for` {one.term}: a locked copy cannot be deleted"
            yield here.fault(what, f"dispose after {one.term} or later, or lock for less")


def _earlier(one: Term, other: Term, zone: str) -> bool:
    return any(one.after(start, zone) < other.after(start, zone) for start in _STARTS)


def _too_early_in_bucket(dispose: Any, rule: Any, zone: str) -> bool:
    bucket = _BUCKETS[rule.every]
    ends = (
        (dispose.grace.after(dispose.after.after(start, zone), zone), rule.term.after(bucket.after(start, zone), zone))
        for start in _STARTS
    )
    return any(gone < kept for gone, kept in ends)
