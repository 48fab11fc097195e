"""Disputes: points that one of two complete listings of one instant has, and the other lacks (docs/definitions.md, section 24). Instants are Int64 microseconds.

Where listings of one instant disagree on a point, its rows name the listing that tells it (`audit.catalog.membership`). The first such rows are written when one arrives
that disagrees: up to then all of that instant had the point, all with the same words, or all lacked it. From then on each listing that has it has a row of its own.
"""

from __future__ import annotations

import polars as pl

from audit.model.intervals import INT
from audit.model.terms import FOR_EVER

DISPUTED = {
    "pair": pl.Int32,
    "id": pl.String,
    "begin": INT,
    "end": INT,
    "has": INT,
    "has_at": pl.String,
    "lacks": INT,
    "lacks_at": pl.String,
}
"""has, lacks: the entries of a listing that has the point and of one of the same instant that lacks it; has_at, lacks_at: their places. end: when the chain's next complete listing
speaks of it again."""


def disputes(tellings: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """Return the disputed points (DISPUTED).

    tellings: `pair`, `id`, `chain`, `at`, `entry` (from which the row is known), `told` (whose row it is): of complete listings that name their tellers.
    listings: `chain`, `at`, `entry`, `locator`: all complete ones.
    """
    none = pl.DataFrame(schema=DISPUTED)
    if tellings.is_empty():
        return none
    listings = listings.unique(["chain", "at", "entry"], keep="first", maintain_order=True).sort("chain", "at", "entry")
    several = listings.filter(pl.len().over("chain", "at") > 1)
    if several.is_empty():
        return none
    key = ["pair", "id", "chain", "at"]
    told = tellings.unique([*key, "entry", "told"]).with_columns(first=pl.col("entry").min().over(key))
    rows = told.select(*key, "first").unique().join(several, on=["chain", "at"])
    own = told.select(*key, entry="told", has=pl.lit(value=True)).unique()
    rows = rows.join(own, on=[*key, "entry"], how="left").with_columns(pl.col("has").fill_null(value=False))
    # What those before the first that disagreed said, one of them says for all.
    agreed = told.filter(pl.col("told") < pl.col("first")).select(key).unique().with_columns(agreed=pl.lit(value=True))
    rows = rows.join(agreed, on=key, how="left").with_columns(
        has=pl.when(pl.col("entry") < pl.col("first")).then(pl.col("agreed").fill_null(value=False)).otherwise("has")
    )
    rows = rows.sort(*key, "entry")
    found = rows.group_by(key, maintain_order=True).agg(
        has=pl.col("entry").filter("has").first(),
        has_at=pl.col("locator").filter("has").first(),
        lacks=pl.col("entry").filter(~pl.col("has")).first(),
        lacks_at=pl.col("locator").filter(~pl.col("has")).first(),
    )
    found = found.drop_nulls(["has", "lacks"])
    following = listings.select("chain", "at").unique().sort("chain", "at")
    following = following.with_columns(end=pl.col("at").shift(-1).over("chain").fill_null(FOR_EVER))
    found = found.join(following, on=["chain", "at"]).rename({"at": "begin"})
    return found.select(pl.col(name).cast(kind) for name, kind in DISPUTED.items()).sort("begin", "pair", "id")
