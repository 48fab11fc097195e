"""Keep: assess a period, and keep the result as columns for the site and for comparisons."""

from __future__ import annotations

from datetime import datetime

from audit.evaluation.kept import KeptAssessment, keep
from audit.model.verdicts import Assessment
from audit.steps._open import Progress, Store, quietly
from audit.steps.assess import assess
from audit.steps.points import write_points


def keep_assessment(store: Store, assessment: Assessment, now: datetime) -> KeptAssessment:
    """Keep an assessment of everything in the data folder, and write the points it rests on. One of the same period and entry is replaced."""
    store.folder.must_be_writable()
    write_points(store, assessment.as_known_at)
    return keep(store.folder.assessments_path, assessment, now)


def assess_and_keep(
    store: Store, since: datetime, until: datetime, known_at: int | None = None, *, now: datetime, progress: Progress = quietly
) -> KeptAssessment:
    """Judge everything over [since, until) as known at an entry (null: the newest), and keep it. Raises as `assess` does."""
    return keep_assessment(store, assess(store, since, until, known_at, progress=progress), now)
