"""Why what people recorded leaves a control unproven: shared by the controls over records of the register."""

from __future__ import annotations

import polars as pl

from audit.model.intervals import INT
from audit.model.world import DOUBT


def as_doubts(found: list[pl.DataFrame]) -> pl.DataFrame:
    """Return frames of `code`, `key`, `begin`, `end`, of controls that repositories say nothing of, as DOUBT."""
    schema = {"code": pl.UInt32, "key": pl.String, "begin": INT, "end": INT}
    rows = pl.concat(
        [pl.DataFrame(schema=schema), *(frame.select(pl.col(n).cast(k) for n, k in schema.items()) for frame in found)]
    )
    # A doubt that began later and is over already must not hide an older one: of each kind only islands.
    rows = rows.filter(pl.col("begin") < pl.col("end")).sort("code", "key", "begin")
    apart = (pl.col("begin") > pl.col("end").cum_max().shift(1).over("code", "key")).fill_null(value=True)
    islets = rows.with_columns(island=apart.cum_sum()).group_by("code", "key", "island", maintain_order=True)
    rows = islets.agg(pl.col("begin").min(), pl.col("end").max())
    rows = rows.with_columns(pair=pl.lit(-1, pl.Int32), repository=pl.lit(None, pl.Int32))
    return rows.select(DOUBT.keys())
