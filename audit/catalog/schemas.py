"""The columns of the catalog's tables.

Every time is an instant in UTC; `entry` is the number of the journal entry that made the row known.
"""

from __future__ import annotations

import polars as pl

from audit.model.facts import INSTANT, LISTING, RECOVERY_POINT, RUN

POINT_ROW: dict[str, pl.DataType] = {
    **RECOVERY_POINT,
    "entry": pl.Int64(),  # the row is known from this journal entry on
    "shown_entry": pl.Int64(),  # `locator` is in the evidence of this entry; another than `entry` only in rows that re-assert
    "told_entry": pl.Int64(),  # only where complete listings of one instant disagree on a point: whose row it is
    "observed_at": INSTANT,  # when it was true at the origin: listed_at, else the envelope's observed_at; null: not known
    "listed_at": INSTANT,  # the instant of the listing that shows (or lacks) it; null: told without a listing
    "scope": pl.String(),  # of that listing
    "from_complete": pl.Boolean(),  # the row belongs to the chain of complete listings of its source, repository and scope
    "present": pl.Boolean(),  # false: from listed_at on the listings of the chain lack the point
}

RUN_ROW: dict[str, pl.DataType] = {**RUN, "entry": pl.Int64(), "observed_at": INSTANT}

LISTING_ROW: dict[str, pl.DataType] = {**LISTING, "entry": pl.Int64()}

PAYLOAD_ROW: dict[str, pl.DataType] = {
    "entry": pl.Int64(),
    "sha256": pl.String(),
    "source": pl.String(),
    "tool": pl.String(),
    "name": pl.String(),
    "method": pl.String(),
    "by": pl.String(),
    "observed_at": INSTANT,
    "received_at": INSTANT,
    "points": pl.Int64(),
    "runs": pl.Int64(),
    "listings": pl.Int64(),
    "quarantined": pl.Int64(),  # rows that could not be used; warnings do not count
    "simulated": pl.Boolean(),  # true: made up, as its sidecar says; null: not said
}

QUARANTINE_ROW: dict[str, pl.DataType] = {
    "entry": pl.Int64(),
    "where": pl.String(),
    "locator": pl.String(),
    "key": pl.String(),
    "what": pl.String(),
    "remedy": pl.String(),
    "level": pl.String(),  # error: the row was not used; warning: it was
}

TABLES: dict[str, dict[str, pl.DataType]] = {
    "payloads": PAYLOAD_ROW,
    "listings": LISTING_ROW,
    "quarantine": QUARANTINE_ROW,
    "runs": RUN_ROW,
    "recovery_points": POINT_ROW,
}
"""The tables that take appends, in the order of their commits."""

POINT_CONTENT = tuple(name for name in RECOVERY_POINT if name not in ("source", "repository", "id", "locator"))
"""What is said of a point: all its columns but its identity and the place where it is said."""

RUN_CONTENT = tuple(name for name in RUN if name not in ("source", "id", "locator"))
"""What is said of a run."""


def conform(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """Return the frame with exactly the columns and types of a schema; what it lacks is null.

    Delta refuses columns of type Null and takes naive times for local ones, so nothing is written that was not cast.
    """
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name) for name, kind in schema.items()
    )


def where(frame: pl.DataFrame, holds: pl.Expr) -> pl.DataFrame:
    """Return the rows for which it holds; the frame itself, not a copy, when that is all of them."""
    mask = frame.select(holds).to_series() if frame.height else pl.Series(dtype=pl.Boolean)
    if len(mask) == frame.height and mask.all():
        return frame
    return frame.filter(holds)
