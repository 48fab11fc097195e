"""Listings whose rows could not all be read: a point that we failed to read is not a point that is gone."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from audit.adapters._typed import shown
from audit.errors import Fault
from audit.model.facts import SCHEMAS, Facts

_SCHEMA = {"source": pl.String(), "repository": pl.String(), "point": pl.Boolean()}

ANYTHING = pl.DataFrame({"source": [None], "repository": [None], "point": [True]}, schema=_SCHEMA)
"""A row of which nothing could be read: it may have been a point of any listing in the payload."""


def lost(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Say of rows of a kind that are left out what they may concern: source, repository (null: not known), and whether they were
    points.
    """
    if kind == "listing" or rows.is_empty():
        return ANYTHING.clear()
    return rows.select("source", "repository", point=pl.lit(kind == "recovery_point")).unique(maintain_order=True)


def without(facts: Facts, gone: pl.DataFrame, where: str) -> Facts:
    """Take back what listings can no longer claim once rows that concern them are gone (`lost`, `ANYTHING`), with a warning each.

    Without all its points a listing is not complete; without all its runs or points a job log does not hold every run of its
    stretch.
    """
    if gone.is_empty() or facts.listings.is_empty():
        return facts
    listings = _touched(facts.listings, gone)
    taken = (pl.col("complete") & pl.col("points_gone")) | (pl.col("covers_from").is_not_null() & pl.col("rows_gone"))
    told = [
        Fault(
            where,
            f"this listing of {shown(repository)} is taken as incomplete: rows that belong to it could not be read",
            "see the faults of this payload, repair them and ingest it again",
            locator or "",
            "complete",
            level="warning",
        )
        for repository, locator in listings.filter(taken).select("repository", "locator").iter_rows()
    ]
    covers = {name: pl.when(~pl.col("rows_gone")).then(name) for name in ("covers_from", "covers_to")}
    # A line that was nothing but a job log, and can no longer claim that, says nothing at all.
    silent = pl.col("rows_gone") & pl.col("covers_from").is_not_null() & pl.col("listed_at").is_null() & ~pl.col("complete")
    kept = listings.filter(~silent).with_columns(complete=pl.col("complete") & ~pl.col("points_gone"), **covers)
    return replace(facts, listings=kept.select(list(SCHEMAS["listing"])), faults=(*facts.faults, *told))


def _touched(listings: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Add to each listing whether points (`points_gone`) or any rows (`rows_gone`) that concern it are gone."""
    pairs = gone.rename({"source": "gone_source", "repository": "gone_repository"})
    same = [(pl.col(name) == pl.col(f"gone_{name}")).fill_null(value=True) for name in ("source", "repository")]
    numbered = listings.with_row_index("row")
    hits = (
        numbered.join(pairs, how="cross")
        .filter(*same)
        .group_by("row")
        .agg(points_gone=pl.col("point").any(), rows_gone=pl.lit(value=True))
    )
    flags = [pl.col(name).fill_null(value=False) for name in ("points_gone", "rows_gone")]
    return numbered.join(hits, on="row", how="left", maintain_order="left").with_columns(flags).drop("row")
