"""What a payload without listing lines of its own says by its envelope: that its points are a listing; and what each point rests on."""

from __future__ import annotations

import polars as pl

from audit.model.envelope import Envelope
from audit.model.facts import SCHEMAS


def pure_log() -> pl.Expr:
    """A listing line that says which runs a log holds, and nothing of which points there are."""
    return pl.col("covers_from").is_not_null() & pl.col("listed_at").is_null() & ~pl.col("complete").fill_null(value=False)


def from_envelope(points: pl.DataFrame, envelope: Envelope, *, empty_table: bool) -> pl.DataFrame:
    """Return the listings (LISTING schema) that the envelope makes of a payload's points: one for each source and repository, at its
    `observed_at`. `empty_table`: the payload is a table of points that has no rows, so a listing of nothing.
    """
    nothing = pl.DataFrame(schema=SCHEMAS["listing"])
    if envelope.observed_at is None and envelope.complete is None:
        return nothing
    # Points that all say they were inferred from jobs are no listing, whenever the log was fetched.
    pairs = (
        points.filter((pl.col("basis") != "job").fill_null(value=True)).select("source", "repository").unique(maintain_order=True)
    )
    if empty_table and envelope.source and envelope.repository:
        pairs = pl.DataFrame({"source": [envelope.source], "repository": [envelope.repository]})  # a listing too: of nothing
    at = pl.lit(envelope.observed_at, SCHEMAS["listing"]["listed_at"])
    listed = pairs.drop_nulls().with_columns(
        scope=pl.lit(envelope.scope, pl.String()), listed_at=at, complete=pl.lit(bool(envelope.complete))
    )
    return pl.concat([nothing, listed], how="diagonal").with_columns(locator=pl.lit("envelope"))


def based(points: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """Say of each point what it rests on: a listing of its source and repository in this payload, else its own word, else a job."""
    pairs = listings.filter(~pure_log()).select("source", "repository").unique().with_columns(listed=pl.lit(value=True))
    joined = points.join(pairs, on=["source", "repository"], how="left", maintain_order="left")
    basis = pl.when("listed").then(pl.lit("catalog")).otherwise(pl.col("basis").fill_null("job"))
    return joined.with_columns(basis=basis).select(list(SCHEMAS["recovery_point"]))
