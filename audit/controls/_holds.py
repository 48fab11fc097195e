"""When legal holds stand for groups: shared by hold and retention-maximum (docs/definitions.md, section 22)."""

from __future__ import annotations

import polars as pl

from audit.model.estate import PolicyVersion
from audit.model.intervals import INT
from audit.model.terms import Term
from audit.model.world import Layer, World, plus


def held(world: World) -> pl.DataFrame:
    """Return when groups are under a hold: `code`, `begin`, `end`, `preserve` (`all` or `month`), one row for each hold; and `rank` among the holds of its group."""
    rows = world.records.get("hold")
    if rows is None or rows.is_empty():
        return pl.DataFrame(schema={"code": pl.UInt32, "begin": INT, "end": INT, "preserve": pl.String, "rank": INT})
    rows = rows.filter(~pl.col("code").is_in(world.beside.implode())).sort("code", "id", "begin")
    # A record speaks of a group segment by segment; what was there when the hold began is asked once, not again in each segment.
    fresh = (
        (pl.col("code") != pl.col("code").shift(1))
        | (pl.col("id") != pl.col("id").shift(1))
        | (pl.col("begin") != pl.col("end").shift(1))
    )
    rows = rows.with_columns(hold=fresh.fill_null(value=True).cum_sum())
    rows = rows.group_by("hold", maintain_order=True).agg(pl.col("code", "begin", "preserve").first(), pl.col("end").last())
    return rows.select("code", "begin", "end", "preserve", rank=pl.int_range(pl.len(), dtype=INT).over("code"))


def suspended(world: World, layer: Layer, policy: PolicyVersion, grace: Term) -> pl.DataFrame:
    """Return, as islands on the world's line, when the groups of a layer owe no disposal under a policy version: while a hold stands, and for its grace after that."""
    rows = held(world).filter(pl.col("code").is_in(layer.frame["code"].implode()))
    ends = plus(rows["end"], grace, policy.timezone)
    return world.on_line(rows.with_columns(end=ends))
