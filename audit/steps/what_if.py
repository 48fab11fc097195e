"""What if: other promises beside the agreed ones.

The first call writes what the controls looked at into the data folder (`worlds/`, by journal entry, period and program); later calls for the same period read only the columns that
their controls look at. What is there proves nothing and may be deleted.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl

from audit.errors import DataFolderError
from audit.evaluation.assess import coverage_of
from audit.evaluation.kept import keep, kept
from audit.evaluation.kept_worlds import is_enough, judge_kept, judges, keep_world, places
from audit.evaluation.outline import Outline
from audit.evaluation.program import fingerprint
from audit.evaluation.what_if import WhatIf, what_if
from audit.model.assessment import Assessment, Results
from audit.model.estate import Estate
from audit.model.terms import micros
from audit.steps._open import Progress, Store, quietly
from audit.steps.assess import Outlined, assessed, check_period, estate_of, known_at_of, known_of
from audit.steps.catch_up import catch_up

PERIODS = 2
"""For how many periods and journal entries, the last used, worlds stay written: of 40 million recovery points they take about 4 GB."""
AGREED, STRETCHES = "agreed", ("breaches", "unproven", "waived")


def assess_what_if(
    store: Store,
    since: datetime,
    until: datetime,
    known_at: int | None,
    asked: WhatIf,
    *,
    controls: Sequence[str] | None = None,
    assets: Sequence[str] | None = None,
    progress: Progress = quietly,
) -> tuple[Outlined, Outlined]:
    """Return what was agreed and what would be, judged over [since, until) as known at a journal entry (null: the newest), both in outline: who, for how long, how much.

    controls: only these; null: those whose verdicts may differ. assets: only these. Raises `UsageError` as `assess` does, and for a what-if that changes nothing.
    """
    check_period(since, until)
    catch_up(store, progress=progress)
    known = known_at_of(store, known_at)
    estate = estate_of(store, known, given=known_at is not None)
    other = what_if(estate, asked)
    chosen = list(controls or asked.controls())
    shown = {*store.catalog.listings(known)["repository"], *estate.asset_repositories["repository"]}
    if not assets and set(chosen) <= set(judges(other.policies)) and is_enough(asked, other, shown):
        try:
            return _on_kept_worlds(store, since, until, known, other, chosen, progress)
        except (OSError, DataFolderError, pl.exceptions.PolarsError):
            # The disk is full, or somebody deleted or damaged what was kept: it is only the quicker way.
            shutil.rmtree(_place(store, since, until, known), ignore_errors=True)
    agreed, would = (
        assessed(store, since, until, known, controls=chosen, assets=assets, instead=instead, in_outline=True, progress=progress)
        for instead in (None, asked)
    )
    return agreed, would


def _on_kept_worlds(
    store: Store, since: datetime, until: datetime, known: int, other: Estate, controls: Sequence[str], progress: Progress
) -> tuple[Outlined, Outlined]:
    place = _place(store, since, until, known)
    if not place.exists():
        _write(store, since, until, known, place, progress)
    place.touch()
    agreed = _agreed(place, controls)
    other = replace(other, known=known_of(store, known, other, controls))
    outlines: list[Outline] = []
    faults: list[str] = []
    whole = len(places(place))
    for number, (outline, wrong) in enumerate(judge_kept(place, other, controls), 1):
        progress("what if", number, whole)
        outlines.append(outline)
        faults += [fault for fault in wrong if fault not in faults]
    return agreed, _told(agreed.assessment, Outline.joined(outlines), controls, faults)


def _agreed(place: Path, controls: Sequence[str]) -> Outlined:
    """Read what was agreed, of some controls."""
    found = kept(place / AGREED)
    if not found:
        raise DataFolderError(f"{place / AGREED} holds no assessment")
    told = found[0]
    assessment = told.assessment()
    every = Outline(list(assessment.results), *(pl.read_ipc(place / f"{name}.arrow") for name in STRETCHES))
    faults = [fault for fault in assessment.faults if fault.partition(":")[0] in controls]
    return _told(assessment, every.only(lambda result: result.control in controls), controls, faults)


def _told(like: Assessment, outline: Outline, controls: Sequence[str], faults: Sequence[str]) -> Outlined:
    results = Results(outline.results)
    coverage = coverage_of(results, like.coverage.orphans, controls)
    return Outlined(replace(like, results=results, coverage=coverage, faults=tuple(faults)), outline)


def _write(store: Store, since: datetime, until: datetime, known: int, place: Path, progress: Progress) -> None:
    """Keep the worlds of a period, and what was agreed judged on them; the oldest ones beyond PERIODS are taken away."""
    place.parent.mkdir(exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
    try:
        looking = partial(keep_world, aside)
        agreed = assessed(store, since, until, known, controls=judges(), in_outline=True, looking=looking, progress=progress)
        keep(aside / AGREED, agreed.assessment, until)  # nobody asks when it was made
        for name in STRETCHES:
            getattr(agreed.outline, name).write_ipc(aside / f"{name}.arrow")
        aside.chmod(0o755)
        aside.rename(place)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    others = [each for each in place.parent.iterdir() if each != place and not each.name.startswith(".")]
    for old in sorted(others, key=lambda each: each.stat().st_mtime, reverse=True)[PERIODS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def _place(store: Store, since: datetime, until: datetime, known: int) -> Path:
    return store.folder.worlds_path / f"{known}-{micros(since)}-{micros(until)}-{fingerprint()}-{pl.__version__}"
