"""Facts: what the catalog knows, one row for each recovery point, run or listing."""

from __future__ import annotations

import polars as pl

from audit.errors import UsageError
from audit.evaluation.chunks import rows_of
from audit.evaluation.facts import Facts, resolve_facts
from audit.model.facts import INSTANT
from audit.model.runs import merge_runs
from audit.model.terms import FOR_EVER
from audit.policy.suggest import one_of, unknown
from audit.steps._open import Store
from audit.steps.assess import known_at_of
from audit.steps.catch_up import catch_up

RUN_COLUMNS = ("source", "id", "subject", "kind", "method", "mode", "started_at", "finished_at", "outcome", "bytes", "repository", "recovery_point",
               "coverage", "message", "entry", "locator")  # fmt: skip
LISTING_COLUMNS = ("source", "repository", "scope", "listed_at", "complete", "covers_from", "covers_to", "entry", "locator")


def facts(store: Store, kind: str, source: str | None = None, known_at: int | None = None) -> pl.DataFrame:
    """Return the facts of a kind (`recovery_point`, `run` or `listing`) as known at a journal entry (null: the newest), in a fixed order.

    Of recovery points one merged row each: the fields of the interchange format, and `first_seen`, `surely_until`, `possibly_until` (UTC; null: nothing ended it).
    Raises `UsageError` for a source that is neither declared nor seen.
    """
    catch_up(store)
    known = known_at_of(store, known_at)
    there = {*store.estate(known).sources, *store.catalog.payloads(known)["source"].drop_nulls()}
    if source is not None and source not in there:
        raise UsageError(f"{unknown('source', source, there)} ({one_of(there)})")
    mine = pl.lit(value=True) if source is None else pl.col("source") == source
    if kind == "listing":
        listings = store.catalog.listings(known).filter(mine)
        return listings.sort("source", "repository", "scope", "listed_at", "covers_from", "entry", nulls_last=True).select(
            LISTING_COLUMNS
        )
    if kind == "run":
        return (
            merge_runs(store.catalog.runs(known).filter(mine).collect())
            .sort("source", "started_at", "id", nulls_last=True)
            .select(RUN_COLUMNS)
        )
    return points_of(resolved(store, known, mine))


def resolved(store: Store, known: int, mine: pl.Expr) -> Facts:
    """Return points and lives of the rows that `mine` selects, as known at a journal entry."""
    catalog = store.catalog
    rows = rows_of(
        catalog.tellings(known).filter(mine),
        catalog.runs(known).filter(mine),
        catalog.listings(known).filter(mine),
        catalog.payloads(known),
    )
    return resolve_facts(rows, store.estate(known).sources, {False})


def points_of(facts: Facts) -> pl.DataFrame:
    """Return points as rows of the interchange format."""

    def at(name: str) -> pl.Expr:
        return pl.when(pl.col(name).is_between(-FOR_EVER, FOR_EVER - 1)).then(name).cast(INSTANT)

    checks = facts.checks.sort("at", "corrupt").group_by("point").agg(checked=pl.col("at").last(), corrupt=pl.col("corrupt").last())
    ends = facts.presence.ends
    rows = (
        facts.points.with_row_index("point")
        .with_columns(ends["sure_end"], ends["possible_end"])
        .join(checks, on="point", how="left")
    )
    rows = rows.join(facts.names.pairs, on="pair")
    return rows.select(
        "source", "id", "subject", "repository", "method",
        at("captured").alias("captured_at"), at("captured_until"), at("available").alias("available_at"),
        "base", "self_contained", "copy_of_source", "copy_of_repository", "copy_of_id", "bytes",
        at("expires").alias("expires_at"), at("deleted").alias("deleted_at"), at("immutable").alias("immutable_until"),
        pl.when("encrypted").then(pl.lit("yes")).when(~pl.col("encrypted")).then(pl.lit("no")).alias("encrypted"),
        pl.when("corrupt").then(pl.lit("corrupt")).when(~pl.col("corrupt")).then(pl.lit("verified")).alias("integrity"),
        at("checked").alias("checked_at"),
        pl.when("partial").then(pl.lit("partial")).alias("completeness"),
        pl.when("catalog").then(pl.lit("catalog")).otherwise(pl.lit("job")).alias("basis"),
        at("first_sighting").alias("first_seen"), at("sure_end").alias("surely_until"), at("possible_end").alias("possibly_until"),
        "entry", "locator",
    ).sort("source", "repository", "subject", "captured_at", "id", nulls_last=True)  # fmt: skip


def with_times_as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with its instants as RFC 3339 UTC: whole or six decimals of a second, and `Z`."""
    return frame.with_columns(_text(name) for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime))


def _text(name: str) -> pl.Expr:
    whole = pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = pl.col(name).dt.microsecond()
    return pl.when(fraction == 0).then(whole + "Z").otherwise(whole + pl.col(name).dt.strftime(".%6fZ")).alias(name)
