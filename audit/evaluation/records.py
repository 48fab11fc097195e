"""Register records placed on the groups that they speak of."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from audit.model.estate import Estate
from audit.model.intervals import INT
from audit.model.records import SCOPE
from audit.model.terms import FOR_EVER


def placed_records(estate: Estate, groups: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """Return by kind when each record speaks of a group: `code`, `begin`, `end` (Int64), and the record's other columns but its scope.

    A record speaks of an asset while the asset has what the scope names: of a unit's assets, those that are the unit's at the time.
    """
    segments = estate.segments.join(groups.select(pl.col("code").cast(pl.UInt32), "asset"), on="asset").select(
        "code",
        *SCOPE.values(),
        low=pl.col("from").cast(INT).fill_null(-FOR_EVER),
        high=pl.col("to").cast(INT).fill_null(FOR_EVER),
    )
    return {kind: _placed(frame, segments) for kind, frame in estate.records.items()}


def _placed(frame: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    own = frame.select(
        pl.exclude(*SCOPE, "begin", "end"),
        begin=pl.col("begin").cast(INT).fill_null(-FOR_EVER),
        end=pl.col("end").cast(INT).fill_null(FOR_EVER),
    ).with_row_index("row")
    scopes = frame.select(*SCOPE).unique().with_row_index("scope")
    of_row = frame.select(*SCOPE).with_row_index("row").join(scopes, on=list(SCOPE), nulls_equal=True).select("row", "scope")
    # Records are many, their scopes few: each scope is looked up once.
    reached = [segments.clear().with_columns(scope=pl.lit(0, pl.UInt32))]
    for scope in scopes.iter_rows(named=True):
        mine = pl.lit(value=True)
        for key, column in SCOPE.items():
            if scope[key]:
                mine = mine & pl.col(column).is_in(scope[key])
        reached.append(segments.filter(mine.fill_null(value=False)).with_columns(scope=pl.lit(scope["scope"], pl.UInt32)))
    rows = own.join(of_row, on="row").join(pl.concat(reached).select("scope", "code", "low", "high"), on="scope")
    rows = rows.with_columns(begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high"))
    return rows.filter(pl.col("begin") < pl.col("end")).drop("row", "scope", "low", "high").sort("entry", "code", "begin")
