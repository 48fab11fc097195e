"""Captures: how strong a backup each point surely and possibly is, and which copies are told otherwise than their originals (docs/definitions.md, section 15).

Instants are Int64 microseconds; a point is its row number.
"""

from __future__ import annotations

import polars as pl

STRENGTH = {"log": 1, "incremental": 2, "differential": 3, "full": 4, "snapshot": 4}
"""A stronger method counts for a weaker one."""


def strengths(points: pl.DataFrame) -> pl.DataFrame:
    """Return `weakest` and `strongest` (Int8) of points (`method`, `base`, `self_contained`): how strong each surely, and possibly, is.

    Of an unknown method: what restores alone is a full; what needs another point is none; of the rest only that it is a log at least.
    """
    told = pl.col("method").replace_strict(STRENGTH, default=None, return_dtype=pl.Int8)
    whole, log, differential = (pl.lit(STRENGTH[name], pl.Int8) for name in ("full", "log", "differential"))
    leaning = pl.col("base").is_not_null()
    alone = pl.col("self_contained").fill_null(value=False) & ~leaning
    needing = leaning | (~pl.col("self_contained")).fill_null(value=False)
    return points.select(
        weakest=pl.coalesce(told, pl.when(alone).then(whole).otherwise(log)),
        strongest=pl.coalesce(told, pl.when(needing).then(differential).otherwise(whole)),
    )


def retold(captured: pl.Series, original: pl.Series) -> pl.Series:
    """Say for each point whether it, or a copy through which it is one, is told with another capture time than its original.

    captured: null unknown. original: the row of the point's original; null where it is no copy, or that was never seen.
    """
    differ = (captured != captured.gather(original)).fill_null(value=False)
    while differ.any():  # each round hands it one link on, from a copy to the copies of it; a ring brings nothing new
        more = differ | differ.gather(original).fill_null(value=False)
        if more.sum() == differ.sum():
            break
        differ = more
    return differ
