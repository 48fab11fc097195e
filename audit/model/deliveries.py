"""Deliveries: which payload came from which source, and of which instant it speaks. The health of sources and the control of evidence go by the same ones.

What a source delivered at an instant is *unread* where rows of it could not be understood. Instants are Int64 microseconds.
"""

from __future__ import annotations

import polars as pl

from audit.model.estate import Source
from audit.model.intervals import INT
from audit.model.terms import Term
from audit.model.world import plus

DELIVERY = {"entry": INT, "source": pl.String, "at": INT, "read": pl.Boolean, "unread": INT}
"""`source`: null where neither the envelope nor a listing names it: it may be of any. `read`: whether anything of it could be read; `unread`: rows that could not."""
_ROWS = pl.col("points") + pl.col("runs") + pl.col("listings")


def deliveries_of(payloads: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """Return DELIVERY of the catalog's payloads and listings, one row for each payload and source, sorted.

    A payload is of the instant at which it was observed, else of the newest that its listings speak of, else of its receipt. It is its envelope's source's. Where
    that names none, the rows name theirs: it is delivered by those that its listings name, and perhaps by others.
    """
    spoken = listings.group_by("entry").agg(spoken=pl.max_horizontal("listed_at", "covers_to").max())
    told = payloads.join(spoken, on="entry", how="left").select(
        pl.col("entry").cast(INT),
        "source",
        at=pl.coalesce("observed_at", "spoken", "received_at").cast(INT),
        read=_ROWS > 0,
        unread=pl.col("quarantined").cast(INT),
    )
    nameless = told.filter(pl.col("source").is_null())
    named = listings.select(pl.col("entry").cast(INT), "source").drop_nulls().unique()
    by_rows = nameless.drop("source").join(named, on="entry")
    rows = pl.concat([told, by_rows.select(told.columns)]).drop_nulls("at")
    return rows.select(pl.col(name).cast(kind) for name, kind in DELIVERY.items()).sort("source", "at", "entry")


def zone_of(source: Source, zone: str) -> str:
    """Return the zone in which a source's terms are counted: its own, else the programme's."""
    return source.timezone or zone


def due(at: pl.Series, every: Term, zone: str, tolerance: Term | None = None) -> pl.Series:
    """Return up to when a source that delivered at instants (Int64 microseconds) is not late."""
    until = plus(at, every, zone)
    return until if tolerance is None else plus(until, tolerance, zone)
