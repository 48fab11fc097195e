"""Keep: assess a period, and keep the result as columns for the site and for comparisons."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from audit.evaluation.kept import KeptAssessment, keep
from audit.model.verdicts import Assessment
from audit.steps._open import Progress, Store, quietly
from audit.steps.assess import assess
from audit.steps.over_time import Gathered, gathering
from audit.steps.points import write_points


def keep_assessment(store: Store, assessment: Assessment, now: datetime, gathered: Gathered) -> KeptAssessment:
    """Keep an assessment of everything in the data folder, with what was gathered while it was made, and write the points it rests on. One of the same period and entry is replaced."""
    store.folder.must_be_writable()
    write_points(store, assessment.as_known_at)
    return keep(store.folder.assessments_path, assessment, now, partial(gathered.write, assessment))


def assess_and_keep(
    store: Store, since: datetime, until: datetime, known_at: int | None = None, *, now: datetime, progress: Progress = quietly
) -> KeptAssessment:
    """Judge everything over [since, until) as known at an entry (null: the newest), and keep it. Raises as `assess` does."""
    with gathering(store) as gathered:
        assessment = assess(store, since, until, known_at, looking=gathered.look, progress=progress)
        return keep_assessment(store, assessment, now, gathered)
