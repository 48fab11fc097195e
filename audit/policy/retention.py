"""Promises of one policy that no backup can keep together: disposal earlier than retention or lock. Pure."""

from __future__ import annotations

from collections.abc import Iterator
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


def contradictions(declared: Declared[Policy], zone: str) -> Iterator[Fault]:
    """Yield the faults of a policy whose `dispose` comes before its `keep` or `locked_for` has run out; `zone` is the policy's."""
    objectives = promise(declared.item, declared.place)[0].objectives
    dispose = objectives.get("dispose")
    if dispose is None:
        return
    here = declared.place.at("objectives", "dispose")
    for rule in getattr(objectives.get("keep"), "root", ()):
        if _earlier(dispose.after, rule.term, zone):
            kept = f"`keep` every {rule.every} for {rule.term}"
            what = f"`dispose` after {dispose.after} is earlier than {kept}: no copy can satisfy both"
            yield here.fault(what, f"dispose after {rule.term} or later, or keep for less")
        elif rule.every in _BUCKETS and _too_early_in_bucket(dispose, rule, zone):
            what = (
                f"a copy taken early in its {rule.every} is to be disposed of after {dispose.after}, before `keep` every "
                f"{rule.every} for {rule.term} ends, counted from the {rule.every}'s end: only copies taken late in it satisfy both"
            )
            yield here.fault(what, f"add a {rule.every} to `after` or to `grace`", level="warning")
    locked = objectives.get("locked_for")
    if locked is not None and _earlier(dispose.after, locked.term, zone):
        what = f"`dispose` after {dispose.after} is earlier than `locked_for` {locked.term}: a locked copy cannot be deleted"
        yield here.fault(what, f"dispose after {locked.term} or later, or lock for less")


def _earlier(one: Term, other: Term, zone: str) -> bool:
    return any(one.after(start, zone) < other.after(start, zone) for start in _STARTS)


def _too_early_in_bucket(dispose: Any, rule: Any, zone: str) -> bool:
    bucket = _BUCKETS[rule.every]
    ends = (
        (dispose.grace.after(dispose.after.after(start, zone), zone), rule.term.after(bucket.after(start, zone), zone))
        for start in _STARTS
    )
    return any(gone < kept for gone, kept in ends)
