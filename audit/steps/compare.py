"""Compare: two assessments, of two periods or of one as known at two entries of the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.evaluation.compare import Comparison, compare
from audit.model.assessment import Assessment
from audit.steps._open import Progress, Store, quietly
from audit.steps.assess import assess


@dataclass(frozen=True, slots=True)
class Asked:
    """A period [since, until), as known at an entry of the journal (null: the newest)."""

    since: datetime
    until: datetime
    known_at: int | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two assessments and what differs."""

    before: Assessment
    after: Assessment
    comparison: Comparison


def compare_periods(
    store: Store, before: Asked, after: Asked, *, controls: Sequence[str] | None = None, assets: Sequence[str] | None = None,
    progress: Progress = quietly,
) -> Compared:  # fmt: skip
    """Judge both and compare. Raises as `assess` does."""
    both = [
        assess(store, one.since, one.until, one.known_at, controls=controls, assets=assets, progress=progress)
        for one in (before, after)
    ]
    return Compared(both[0], both[1], compare(both[0], both[1]))
