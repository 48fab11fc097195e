"""Presence of points that only a job told us of (docs/definitions.md, section 2, "Job").

Instants are Int64 microseconds.
"""

from __future__ import annotations

import polars as pl

from audit.model.terms import FOR_EVER

INT = pl.Int64


def presence_of_jobs(points: pl.DataFrame, whole: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Return `sure_end` and `possible_end` of points of basis job, in their order.

    points: `pair`, `subject`, `captured`, `available`, `expires`, `deleted`, `trust` (Int64 microseconds, null: no trust). whole: `pair`, `at`: complete
    listings of whole repositories. listed: `pair`, `subject`, `captured`, `at`: sightings of catalog points of the same subjects.
    """
    rows = points.with_row_index("row")
    speaking = rows.select("row", "pair", "subject", "captured", "available").join(whole.select("pair", "at").unique(), on="pair")
    speaking = speaking.filter(pl.col("at") >= pl.col("available"))
    shown = speaking.join(listed.select("pair", "subject", "at", inside="captured").unique(), on=["pair", "subject", "at"])
    shown = (
        shown.filter((pl.col("inside") >= pl.col("captured")) & (pl.col("inside") <= pl.col("available")))
        .select("row", "at")
        .unique()
    )
    lacking = speaking.join(shown, on=["row", "at"], how="anti").group_by("row").agg(lacked=pl.col("at").min())
    rows = rows.join(lacking, on="row", how="left", maintain_order="left")
    stop = pl.min_horizontal(pl.col("expires").fill_null(FOR_EVER), pl.col("deleted").fill_null(FOR_EVER))
    known = pl.col("available").is_not_null()
    # What is not possible is not trusted either: a listing that lacks it outweighs the word of the job.
    stop = pl.min_horizontal(stop, pl.col("lacked").fill_null(FOR_EVER))
    return rows.select(
        sure_end=pl.when(known)
        .then(pl.min_horizontal(pl.col("available") + pl.col("trust").fill_null(0), stop))
        .otherwise(-FOR_EVER),
        possible_end=pl.when(known).then(stop).otherwise(-FOR_EVER),
    )
