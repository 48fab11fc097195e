"""Assess: every control over a period, as known at an entry of the journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

import polars as pl

import audit.controls
from audit.adapters._documented import from_schema_only
from audit.catalog.catalog import Catalog
from audit.discovery import modules, modules_named
from audit.errors import UsageError
from audit.evaluation.assess import CONFLICT, UNDATED, UNPLACED, Judged, coverage_of
from audit.evaluation.changed import Then, changed_assets
from audit.evaluation.chunks import Chunk, chunks_of, judge_chunks
from audit.evaluation.cluster import Cluster
from audit.evaluation.facts import Facts
from audit.evaluation.kept import KeptAssessment, Making
from audit.evaluation.outline import Outline, in_order
from audit.evaluation.what_if import WhatIf, what_if
from audit.model.assessment import Assessment, Results
from audit.model.estate import Estate, Known
from audit.model.terms import micros
from audit.model.world import World
from audit.policy.in_one_go import in_one_go
from audit.policy.suggest import one_of, unknown
from audit.steps._open import Progress, Store, quietly
from audit.steps.catch_up import catch_up

CLOCKS_DIFFER = timedelta(hours=1)
"""By how much a listing may be later than its receipt before we say so."""
NAMED = 10
"""How many of a kind a notice names at the most."""
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
"""Periods lie between these."""


def assess(
    store: Store,
    since: datetime,
    until: datetime,
    known_at: int | None = None,
    *,
    controls: Sequence[str] | None = None,
    assets: Sequence[str] | None = None,
    instead: WhatIf | None = None,
    looking: Callable[[int, World], None] | None = None,
    read_on: datetime | None = None,
    cluster: Cluster | None = None,
    progress: Progress = quietly,
) -> Assessment:
    """Judge all controls over [since, until), as known at journal entry `known_at` (null: at the newest).

    controls, assets: only these. instead: as if other values had been agreed. looking: is shown the world of each chunk (not on a cluster). read_on: the instant of the
    journal's newest entry, where a part of the journal stands for the whole. cluster: who reads and judges; null: this process. Raises `UsageError` for an empty period,
    an unknown asset, control, scope or objective, or a journal number that does not exist.
    """
    return assessed(
        store,
        since,
        until,
        known_at,
        controls=controls,
        assets=assets,
        instead=instead,
        looking=looking,
        read_on=read_on,
        cluster=cluster,
        progress=progress,
    ).assessment


@dataclass(frozen=True, slots=True)
class Outlined:
    """An assessment; where it was judged in outline, the breaches and unproven stretches of its results are only in `outline`. making: how it was made, for another that goes on
    from it. unchanged: the assets that were not judged for it, and are as an earlier one says; judged: how many were."""

    assessment: Assessment
    outline: Outline
    making: Making | None = None
    unchanged: frozenset[str] = frozenset()
    judged: int = 0

    def whole(self) -> Assessment:
        """Return the assessment with the stretches of its results."""
        return replace(self.assessment, results=Results(self.outline.whole()))

    def of_unit(self, unit: str, declared: Collection[str]) -> Outlined:
        """Return the results of one unit only, as `with_unit` does."""
        assessment = with_unit(self.assessment, unit, declared)
        return replace(self, assessment=assessment, outline=self.outline.only(lambda result: result.unit == unit))


@in_one_go()
def assessed(
    store: Store,
    since: datetime,
    until: datetime,
    known_at: int | None = None,
    *,
    controls: Sequence[str] | None = None,
    assets: Sequence[str] | None = None,
    instead: WhatIf | None = None,
    in_outline: bool = False,
    looking: Callable[[int, World], None] | None = None,
    resolved: Callable[[int, Chunk, Facts], None] | None = None,
    read_on: datetime | None = None,
    before: KeptAssessment | None = None,
    cluster: Cluster | None = None,
    progress: Progress = quietly,
) -> Outlined:
    """Judge as `assess` does; with `in_outline` only in outline, else with an empty one. looking, resolved: are shown the world and the facts of each chunk (not on a cluster).

    before: an assessment of the same period that this program made of everything as known at an earlier entry: only what changed since is judged, the rest is as it says.
    """
    check_period(since, until)
    for name in controls or ():
        if name not in (there := modules(audit.controls.__name__)):
            raise UsageError(f"{unknown('control', name, there)} ({one_of(there)})")
    catch_up(store, progress=progress)
    known = known_at_of(store, known_at)
    estate = estate_of(store, known, given=known_at is not None)
    if instead is not None:
        estate = what_if(estate, instead)
    estate = replace(estate, known=known_of(store, known, estate, controls) if read_on is None else Known(read_on, intact=True))
    listings, payloads = store.catalog.listings(known), store.catalog.payloads(known)
    parts: list[Results] = []
    outlines: list[Outline] = []
    faults: list[str] = []
    conflicts = [pl.DataFrame(schema=CONFLICT)]
    unplaced = [pl.DataFrame(schema=UNPLACED)]
    undated = [pl.DataFrame(schema=UNDATED)]
    declared = frozenset(estate.segments["asset"])
    unchanged = frozenset[str]() if before is None else _unchanged(store, before, known, estate, until)
    judged_now = sorted(declared - unchanged) if assets is None else list(assets)
    if before is not None:
        parts.append(before.assessment(unchanged).results)
        conflicts.append(before.conflicts.filter(pl.col("asset").is_in(list(unchanged))))
        unplaced.append(_still_unplaced(before.unplaced, estate, unchanged, judged_now))
        mine = estate.aliases.filter(pl.col("asset").is_in(list(unchanged)))
        undated.append(before.undated.join(mine, on=["source", "subject"], how="semi"))
    pieces = chunks_of(store.catalog, known, estate, judged_now if unchanged else assets, controls) if judged_now else []
    here = partial(judge_chunks, outlined=in_outline, looking=looking, resolved=resolved)
    work: Callable[..., Iterator[Judged]] = here if cluster is None else cluster.judge
    period = micros(since), micros(until)
    for judged in work(store.catalog, known, pieces, *period, controls, lambda number: progress("assess", number, len(pieces))):
        parts.append(Results(judged.results))
        outlines += [] if judged.outline is None else [judged.outline]
        faults += [fault for fault in judged.faults if fault not in faults]
        # Several chunks may have the same ones: of points that others need, and of runs that name no subject.
        conflicts.append(judged.conflicts)
        unplaced.append(judged.unplaced)
        undated.append(judged.undated)
    outline = Outline.joined(outlines)
    results = Results(outline.results) if in_outline else _together(parts)
    orphans = [] if assets else orphans_of(store.catalog, known, estate)
    making = Making(
        estate.known,
        pl.concat(conflicts).unique().sort(list(CONFLICT)),
        pl.concat(unplaced).unique().sort(list(UNPLACED)),
        pl.concat(undated).unique().sort(list(UNDATED)),
    )
    head = next(store.journal.entries(after=known - 1, up_to=known), None)
    assessment = Assessment(
        since=since,
        until=until,
        as_known_at=known,
        journal_head=head.hash if head else "",
        results=results,
        quarantined=store.catalog.quarantine(known).filter(pl.col("level") == "error").height,
        coverage=coverage_of(results, orphans, controls),
        faults=tuple(faults),
        notices=tuple(
            notices_of(
                estate,
                listings,
                payloads,
                sorted(set(making.conflicts["point"])),
                _count(making.unplaced, estate, assets),
                orphans,
                making.undated,
            )
        ),
    )
    return Outlined(assessment, outline, making, unchanged, len(judged_now))


def _together(parts: Sequence[Results]) -> Results:
    """Return results as those of one assessment. Where only one part has any, as what was kept and is unchanged, they are in order."""
    some = [part for part in parts if len(part)]
    return some[0] if len(some) == 1 and some[0].in_columns else Results(sorted(chain.from_iterable(some), key=in_order))


def _unchanged(store: Store, before: KeptAssessment, known: int, estate: Estate, until: datetime) -> frozenset[str]:
    """Return the assets whose results are as an earlier assessment says."""
    then = Then(before.as_known_at, replace(store.estate(before.as_known_at), known=before.known))
    return frozenset(estate.segments["asset"]) - changed_assets(store.catalog, then, Then(known, estate), micros(until))


def _still_unplaced(unplaced: pl.DataFrame, estate: Estate, unchanged: Collection[str], judged: Sequence[str]) -> pl.DataFrame:
    """Return the runs without a repository of assets that are not judged. Those that name no subject come with any that is."""
    mine = estate.aliases.filter(pl.col("asset").is_in(list(unchanged)))
    named = unplaced.join(mine, on=["source", "subject"], how="semi")
    return named if judged else pl.concat([named, unplaced.filter(pl.col("subject").is_null())])


def check_period(since: datetime, until: datetime) -> None:
    """Raise `UsageError` for a period that is empty, or lies where none can."""
    if since >= until:
        what = "is empty" if since == until else "ends before it begins"
        raise UsageError(f"the period {what} ({since:%Y-%m-%dT%H:%MZ} to {until:%Y-%m-%dT%H:%MZ}); `to` is exclusive")
    if since < EARLIEST or until > LATEST:
        raise UsageError(f"periods lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}")


def estate_of(store: Store, known: int, *, given: bool) -> Estate:
    """Return the estate as known at an entry of the journal (`given`: that somebody named). Raises `UsageError` where no programme is applied."""
    estate = store.estate(known)
    if estate.segments.is_empty():
        when = f" as known at entry {known}" if given else ""
        raise UsageError(
            f"no programme is applied{when}, so nothing is promised and there is nothing to judge: backup-audit apply DIR"
        )
    return estate


def _count(unplaced: pl.DataFrame, estate: Estate, assets: Sequence[str] | None) -> int:
    """Count the runs without a repository (`source`, `subject`, `id`) that are of the assets, or may be: those of their sources that name no subject."""
    names = estate.aliases if assets is None else estate.aliases.filter(pl.col("asset").is_in(assets))
    told = unplaced.join(names, on=["source", "subject"], how="semi")
    untold = unplaced.filter(pl.col("subject").is_null()).join(names, on="source", how="semi")
    return pl.concat([told, untold]).select("source", "id").n_unique()


def known_of(store: Store, known: int, estate: Estate, controls: Sequence[str] | None) -> Known | None:
    """Say how far the journal is known at an entry. Its chain is followed only where a control judges it: that takes longer, the longer it is."""
    newest = next(store.journal.links(after=known - 1, up_to=known), None)
    if newest is None:
        return None
    return Known(newest.at, store.intact(known) if reads_sources(estate, controls) else None)


def reads_sources(estate: Estate, controls: Sequence[str] | None) -> bool:
    """Say whether a control judges an asset of the estate by all that its sources delivered, and by the journal itself."""
    used = estate.segments["policy"].drop_nulls().unique()
    asking = [
        module.OBJECTIVES.keys()
        for name, module in modules(audit.controls.__name__).items()
        if getattr(module, "READS_SOURCES", False) and (controls is None or name in controls)
    ]
    return any(keys & estate.policies[index].objectives.keys() for keys in asking for index in used)


def known_at_of(store: Store, known_at: int | None) -> int:
    """Return the journal entry to assess at. Raises `UsageError` when there is none of that number."""
    head = store.head()
    if known_at is None:
        return head
    if not 0 <= known_at <= head:
        raise UsageError(f"the journal has no entry {known_at}; its last one is {head}")
    return known_at


def orphans_of(catalog: Catalog, known: int, estate: Estate) -> list[dict[str, str]]:
    """Return the subjects (`source`, `subject`) of evidence that map to no asset."""
    return (
        subjects_of(catalog, known)
        .join(estate.aliases, on=["source", "subject"], how="anti")
        .select("source", "subject")
        .to_dicts()
    )


def subjects_of(catalog: Catalog, known: int) -> pl.DataFrame:
    """Return every subject that any recovery point or run named: `source`, `subject`, sorted."""
    both = ["source", "subject"]
    told = pl.concat(
        [catalog.tellings(known, columns=both).select(both).unique().collect(), catalog.runs(known).select(both).unique().collect()]
    )
    return told.drop_nulls().unique().sort(both)


def notices_of(
    estate: Estate,
    listings: pl.DataFrame,
    payloads: pl.DataFrame,
    conflicts: Sequence[str],
    unplaced: int,
    orphans: Sequence[Mapping[str, str]],
    undated: pl.DataFrame,
) -> list[dict[str, Any]]:
    """Say what a reader should know of the inputs, as message keys with numbers. undated: points of which nobody told when they were captured (UNDATED)."""
    notices: list[dict[str, Any]] = []
    simulated = payloads.filter("simulated").height
    if simulated:
        notices.append({"key": "simulated", "count": simulated})
    untried = sorted(from_schema_only(modules_named(audit.adapters.__name__, set(payloads["tool"]))))
    if untried:
        notices.append({"key": "tools-from-their-schema", "tools": untried})
    declared = set(estate.repositories["repository"])
    undeclared = sorted(set(listings["repository"]) - declared)
    if undeclared:
        notices.append({"key": "undeclared-repositories", "repositories": undeclared})
    named = {*payloads["source"].drop_nulls(), *listings["source"], *(orphan["source"] for orphan in orphans)}
    strangers = sorted(named - set(estate.sources))
    if strangers:
        notices.append({"key": "undeclared-sources", "sources": strangers})
    late = listings.join(payloads.select(pl.col("entry").cast(pl.Int64), "received_at"), on="entry")
    late = late.filter(pl.max_horizontal("listed_at", "covers_to") > pl.col("received_at") + CLOCKS_DIFFER)
    if late.height:
        notices.append({"key": "evidence-from-the-future", "count": late.height, "sources": sorted(set(late["source"]))})
    if conflicts:
        notices.append({"key": "conflicting-points", "count": len(conflicts), "points": sorted(conflicts)[:NAMED]})
    if unplaced:
        notices.append({"key": "runs-without-repository", "count": unplaced})
    if undated.height:
        notices.append({"key": "no-capture-time", "count": int(undated["points"].sum()), "sources": sorted(set(undated["source"]))})
    if orphans:
        notices.append({"key": "orphans", "count": len(orphans)})
    back = sorted({policy.name for policy in estate.policies if policy.reaches_back})
    if back:
        notices.append({"key": "policies-reach-back", "policies": back})
    return notices


def with_unit(assessment: Assessment, unit: str, declared: Collection[str]) -> Assessment:
    """Return an assessment with the results of one unit only. Raises `UsageError` when none of the declared ones is called so."""
    if unit not in declared:
        raise UsageError(f"{unknown('unit', unit, declared)} ({one_of(declared)})")
    results = assessment.results.of_unit(unit)
    judged = None if assessment.coverage.in_service is not None else ()
    return replace(assessment, results=results, coverage=coverage_of(results, assessment.coverage.orphans, judged))
