"""From the catalog's rows to points and their lives: reading, naming, merging, linking. The catalog is only scanned; the arithmetic is in `audit.model`.

All instants become Int64 microseconds here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl

from audit.evaluation.links import link_bases, link_originals, share_captures
from audit.evaluation.rows import Names, Rows, name_rows
from audit.model.checks import checks_of
from audit.model.deliveries import deliveries_of
from audit.model.estate import Source
from audit.model.intervals import INT
from audit.model.jobs import presence_of_jobs
from audit.model.lives import Lives, damage, lives_of, suspicion, suspicion_by_name
from audit.model.observations import Observations
from audit.model.points import FIELDS, Merged, merge_tellings, presence_in_catalog, sightings_of
from audit.model.presence import GAP, Presence
from audit.model.runs import captured_inside, match, merge_runs
from audit.model.terms import FOR_EVER

POINT_COLUMNS = (
    "pair",
    "id",
    *FIELDS,
    "locked",
    "encrypted",
    "partial",
    "catalog",
    "first_sighting",
    "entry",
    "locator",
    "ended",
    "ended_entry",
    "ended_locator",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Points with all that is needed to judge them.

        names: numbers of (source, repository) and of scopes. points: one row a point: POINT_COLUMNS and `retold` (`audit.evaluation.links`). lives: by whether partial points count.
        standing: the lives under the same condition as if nobody had ever checked a point. checks: `point`, `at`, `corrupt`. readings: as
    `audit.model.checks.CHECK`. runs: merged, with `pair`. listed_scopes: `chain`, `subject`: who was ever listed in which scope. unplaced: successful runs without a repository:
    `source`, `subject`, `id`. deliveries: as `audit.model.deliveries.DELIVERY`. observations: of the points that listings told of, which are the first ones.
    """

    names: Names
    points: pl.DataFrame
    presence: Presence
    lives: Mapping[bool, Lives]
    standing: Callable[[bool], Lives]
    checks: pl.DataFrame
    readings: pl.DataFrame
    runs: pl.DataFrame
    listed_scopes: pl.DataFrame
    conflicts: pl.DataFrame
    unplaced: pl.DataFrame
    deliveries: pl.DataFrame
    observations: Observations


def resolve_facts(rows: Rows, sources: Mapping[str, Source], acceptances: set[bool]) -> Facts:
    """Make points and lives of the catalog's rows. acceptances: whether partial points count, for each way that some policy asks for."""
    names, held, gone = name_rows(rows)
    merged = merge_tellings(held, gone, names.chains)
    runs = names.with_pairs(merge_runs(rows.runs))
    points, unplaced = _with_runs(merged, runs, names.pairs)
    points = link_originals(points, names.pairs)
    points = points.with_columns(available=pl.coalesce("available", pl.when(~pl.col("catalog")).then("captured")))
    presence = _presence(merged, points, names, sources)
    points, base_missing = link_bases(share_captures(points))
    dated = merged.checks.drop_nulls("at")
    sure_damage, possible_damage = damage(points, dated, points["original_row"])
    readings = checks_of(merged.checks, runs, points.select("pair", "id").with_row_index("point"))
    unnamed = unnamed_checks(runs)
    by_name = suspected_by_name(points, readings, runs).select(GAP.keys()).unique()
    whole = suspicion(points, unnamed.filter(pl.col("subject").is_null()), dated)
    sure_damage = pl.concat([sure_damage, whole, by_name])
    points = points.with_columns(doubt=_doubt(points, sure_damage["point"]))

    def lives(accepts: bool, sure: pl.DataFrame, possible: pl.DataFrame) -> Lives:
        dead = pl.col("partial") & (not accepts)
        # Clocks lie, and a name may be given again: what was there before the state that it restores was captured, restored another.
        begin = pl.when(pl.col("available").is_not_null()).then(pl.max_horizontal("available", "captured"))
        alone = is_self_contained()
        rows = points.select(available=begin, base="base_row", base_missing=base_missing, self_contained=alone, dead=dead)
        return lives_of(rows, presence, sure, possible)

    judged = {accepts: lives(accepts, sure_damage, possible_damage) for accepts in acceptances}

    @cache
    def standing(accepts: bool) -> Lives:
        if sure_damage.is_empty():  # every stretch of possible damage is one of sure damage too
            return judged[accepts]
        return lives(accepts, sure_damage.clear(), possible_damage.clear())

    numbered = names.disputed.join(points.select("pair", "id").with_row_index("point"), on=["pair", "id"])
    return Facts(
        names,
        points,
        presence,
        judged,
        standing,
        dated,
        readings,
        runs,
        names.listed_scopes,
        merged.conflicts,
        unplaced,
        deliveries_of(rows.payloads, rows.listings),
        Observations(merged.states, names.chains, numbered),
    )


def is_self_contained() -> pl.Expr:
    """Say of points whether each is restorable by itself; null: not known."""
    by_method = pl.when(pl.col("base").is_null() & pl.col("method").is_in(["full", "snapshot"])).then(pl.lit(value=True))
    return pl.coalesce("self_contained", by_method)


def _doubt(points: pl.DataFrame, damaged: pl.Series) -> pl.Series:
    """Return why a point may be live without being so for sure, as its place in `explain.DOUBTS`: presence, job only, integrity, chain."""
    marked = pl.repeat(0, points.height, dtype=pl.Int8, eager=True)
    chained = points["base"].is_not_null() | ~points.select(is_self_contained().fill_null(value=False)).to_series()
    marked = marked.scatter(chained.arg_true(), 3)
    marked = marked.scatter(damaged.unique(), 2) if len(damaged) else marked
    return marked.scatter((~points["catalog"]).arg_true(), 1)


def _with_runs(merged: Merged, runs: pl.DataFrame, pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the points with what runs tell of them and with those that only runs tell of, and the successful runs that name no repository."""
    made_points = runs.filter((pl.col("kind") == "backup") & pl.col("outcome").is_in(["success", "warning"]))
    unplaced = made_points.filter(pl.col("repository").is_null()).select("source", "subject", "id")
    timed = made_points.drop_nulls(["pair", "finished_at"]).with_columns(
        started=pl.col("started_at").cast(INT),
        finished=pl.col("finished_at").cast(INT),
        partial=(pl.col("coverage") == "partial").fill_null(value=False),
    )
    if timed.is_empty():
        return merged.points.with_columns(available=pl.coalesce("available", "first_sighting")).select(POINT_COLUMNS), unplaced
    # A run that does not say what it backed up can still name the point it made; it makes none that nobody listed.
    whole = pl.col("subject").is_not_null() & pl.col("started").is_not_null()
    every = timed.filter(whole | pl.col("recovery_point").is_not_null()).with_row_index("run")
    usable = every.filter(whole)
    known = merged.points
    if (known["captured"].is_null() & known["copy_of_id"].is_not_null()).any():
        # A run may have made a copy: it is known by the instant that the copy has from its original.
        known = link_originals(known, pairs)
    known = known.select("pair", "id", "subject", "captured", "catalog").with_row_index("point")
    found = match(every.select("run", "pair", "id", "subject", "recovery_point", "started", "finished", "partial"), known)
    points = merged.points.with_row_index("point").join(found.told, on="point", how="left", maintain_order="left", suffix="_run")
    points = points.with_columns(
        available=pl.coalesce("available", "finished", "first_sighting"),
        partial=pl.col("partial") | pl.col("partial_run").fill_null(value=False),
    ).select(POINT_COLUMNS)
    made = usable.join(found.made.rename({"id": "point_id"}), on="run").sort("finished").unique(["pair", "point_id"], keep="last")
    new = made.sort("pair", "point_id").select(
        pl.col("pair"),
        pl.col("point_id").alias("id"),
        *(_of_run(name) for name in FIELDS),
        "partial",
        locked=pl.lit(None, INT),
        encrypted=pl.lit(None, pl.Boolean),
        catalog=pl.lit(value=False),
        first_sighting=pl.lit(None, INT),
        entry="entry",
        locator="locator",
        ended=pl.lit(None, INT),
        ended_entry=pl.lit(None, INT),
        ended_locator=pl.lit(None, pl.String),
    )
    points = pl.concat([points, new.select(POINT_COLUMNS)])
    return points, unplaced


def _of_run(name: str) -> pl.Expr:
    """Return the field of a point that only a run tells of."""
    known = {
        "subject": pl.col("subject"),
        "method": pl.col("method"),
        "captured": pl.col("started"),
        "available": pl.col("finished"),
        "bytes": pl.col("bytes"),
    }
    kinds = {
        "base": pl.String,
        "self_contained": pl.Boolean,
        "copy_of_source": pl.String,
        "copy_of_repository": pl.String,
        "copy_of_id": pl.String,
    }
    return known.get(name, pl.lit(None, kinds.get(name, INT))).alias(name)


def _presence(merged: Merged, points: pl.DataFrame, names: Names, sources: Mapping[str, Source]) -> Presence:
    """Return the presence of all points: of those that a catalog lists, and of those that only jobs tell of."""
    presence = presence_in_catalog(merged.states, points, names.chains)
    jobs = points.with_row_index("point").filter(~pl.col("catalog"))
    if jobs.is_empty():
        return presence
    trust = {name: source.trust_jobs_for.microseconds for name, source in sources.items() if source.trust_jobs_for}
    of_pair = names.pairs.select("pair", trust=pl.col("source").replace_strict(trust, default=None, return_dtype=INT))
    jobs = jobs.join(of_pair, on="pair", how="left", maintain_order="left")
    windows = jobs.select("pair", "subject", started="captured", finished="available").drop_nulls()
    catalog = points.with_row_index("point").filter("catalog").select("point", "pair", "subject", "captured")
    inside = captured_inside(windows, catalog)["point"].unique()
    seen = sightings_of(merged.states, inside, names.chains)
    listed = seen.join(catalog, on="point").select("pair", "subject", "captured", "at")
    ends = presence_of_jobs(jobs, names.whole_listings(), listed)
    both = {name: presence.ends[name].scatter(jobs["point"], ends[name]) for name in ("sure_end", "possible_end")}
    return Presence(pl.DataFrame(both), presence.sure_gaps, presence.possible_gaps)


def suspected_by_name(points: pl.DataFrame, readings: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """Return the gaps of certainty that failed verify runs of single points and of subjects leave, with what says so: `audit.model.lives.SUSPICION`."""
    return suspicion_by_name(points, _failed_checks(readings, points), _passed_checks(readings), unnamed_checks(runs))


def unnamed_checks(runs: pl.DataFrame) -> pl.DataFrame:
    """Return the checks of subjects and of whole repositories that say something: those that failed, and those that succeeded and read everything."""
    checks = runs.filter((pl.col("kind") == "verify") & pl.col("recovery_point").is_null())
    good = (pl.col("outcome") == "success") & (pl.col("coverage") == "full")
    at = pl.col("finished_at").cast(INT).clip(-FOR_EVER, FOR_EVER)
    said = checks.filter((pl.col("outcome") == "failed") | good.fill_null(value=False))
    return said.select("pair", "subject", at=at, failed=pl.col("outcome") == "failed").drop_nulls(["pair", "at"])


def _failed_checks(readings: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """Return the failed verify runs of single points and of subjects, for each point that they may have found damaged: `point`, `at`, `by_subject`, `entry`, `locator`."""
    failed = readings.filter(pl.col("failed_possibly") & ~pl.col("failed_surely"))
    told = ("at", "entry", "locator")
    named = failed.drop_nulls("point").select("point", *told, by_subject=pl.lit(value=False))
    subjects = failed.filter(pl.col("point").is_null()).select("pair", "subject", *told).drop_nulls(["pair", "subject", "at"])
    if subjects.is_empty():
        return named
    theirs = points.select("pair", "subject").with_row_index("point").join(subjects, on=["pair", "subject"])
    return pl.concat([named, theirs.select("point", *told, by_subject=pl.lit(value=True))])


def _passed_checks(readings: pl.DataFrame) -> pl.DataFrame:
    """Return the checks of single points that read all data, and found them good: `point`, `at`."""
    return readings.filter("passed_surely").select("point", "at").drop_nulls()
