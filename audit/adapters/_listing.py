"""What a payload without listing lines of its own says by its envelope: that its points are a listing, or its runs all there were; and what each point
rests on.
"""

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


def job_log(runs: pl.DataFrame, envelope: Envelope) -> pl.DataFrame:
    """Return the listings (LISTING schema) of a job history that its envelope says is complete: for each source and repository of its runs, the stretch in
    which every run is in it, up to `observed_at`.

    It begins where the first of its runs ended: whether the history was cut by the starts of runs or by their ends, later ones are all in it. It ends
    before a run that is still running, which may yet leave a point. None where a run may have left a point in a repository, or of a subject, that is
    not known, nor where the command failed.
    """
    nothing = pl.DataFrame(schema=SCHEMAS["listing"])
    if not envelope.complete or envelope.exit_code or envelope.observed_at is None or envelope.scope is not None:
        return nothing
    made = runs.filter(pl.col("kind").is_in(["backup", "copy"]) & ~pl.col("outcome").is_in(["failed", "cancelled"]))
    running = made.filter(pl.col("outcome") == "running")
    unknown = sum(frame[name].null_count() for frame, name in ((made, "repository"), (made, "subject"), (running, "started_at")))
    at = SCHEMAS["listing"]["covers_from"]
    begin = runs.select(pl.col("finished_at").min()).item()
    end = running.select(pl.min_horizontal(pl.col("started_at").min(), pl.lit(envelope.observed_at, at))).item()
    if unknown or begin is None or begin >= end:
        return nothing
    pairs = runs.select("source", "repository").drop_nulls().unique(maintain_order=True)
    stretch = {"covers_from": pl.lit(begin, at), "covers_to": pl.lit(end, at)}
    told = pairs.with_columns(complete=pl.lit(value=False), locator=pl.lit("envelope"), **stretch)
    return pl.concat([nothing, told], how="diagonal")


def based(points: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """Say of each point what it rests on: a listing of its source and repository in this payload, else its own word, else a job."""
    pairs = listings.filter(~pure_log()).select("source", "repository").unique().with_columns(listed=pl.lit(value=True))
    joined = points.join(pairs, on=["source", "repository"], how="left", maintain_order="left")
    basis = pl.when("listed").then(pl.lit("catalog")).otherwise(pl.col("basis").fill_null("job"))
    return joined.with_columns(basis=basis).select(list(SCHEMAS["recovery_point"]))
