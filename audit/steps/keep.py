"""Keep: assess a period, and keep the result as columns for the site and for comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from audit.evaluation.cluster import Cluster
from audit.evaluation.kept import KeptAssessment, keep, kept_again, to_go_on_from
from audit.model.assessment import Assessment
from audit.policy.in_one_go import in_one_go
from audit.steps._open import Progress, Store, quietly
from audit.steps.assess import assessed, check_period, estate_of, known_at_of, known_of
from audit.steps.catch_up import catch_up
from audit.steps.over_time import gathering
from audit.steps.points import gathering_points


@dataclass(frozen=True, slots=True)
class Kept:
    """An assessment that was kept. judged: how many assets were judged for it; the others are as one said that was kept as known at the entry `since` (null: all were judged)."""

    kept: KeptAssessment
    assessment: Assessment
    judged: int
    since: int | None


@in_one_go()
def assess_and_keep(
    store: Store,
    since: datetime,
    until: datetime,
    known_at: int | None = None,
    *,
    now: datetime,
    anew: bool = False,
    cluster: Cluster | None = None,
    progress: Progress = quietly,
) -> Kept:
    """Judge everything over [since, until) as known at an entry (null: the newest), keep it in the data folder, and write the points it rests on. One of the same period and entry
    is replaced.

    Where this program kept an assessment of the same period before, only what changed since then is judged (`audit.evaluation.changed`); `anew`: all is. The result is the same.
    Raises as `assess` does.
    """
    check_period(since, until)
    store.folder.must_be_writable()
    catch_up(store, progress=progress)
    known = known_at_of(store, known_at)
    before = None if anew else to_go_on_from(store.folder.assessments_path, since, until, known)
    if before is not None and before.as_known_at == known:
        estate = estate_of(store, known, given=known_at is not None)
        if before.known == known_of(store, known, estate, None):  # it is this very assessment
            with gathering_points(store, known) as points:
                points.write()
            return Kept(kept_again(before, now), before.assessment(), 0, known)
    with gathering(store) as gathered, gathering_points(store, known) as points:
        looking, resolved = (None, None) if cluster else (gathered.look, points.take)
        made = assessed(
            store, since, until, known_at, looking=looking, resolved=resolved, before=before, cluster=cluster, progress=progress
        )
        points.write(None if before is None else (before.as_known_at, made.unchanged))
        if before is not None and made.unchanged and cluster is None:
            gathered.take_from(before, made.unchanged)
        beside = partial(gathered.write, made.assessment)
        done = keep(store.folder.assessments_path, made.assessment, now, beside, made.making)
    return Kept(done, made.assessment, made.judged, None if before is None else before.as_known_at)
