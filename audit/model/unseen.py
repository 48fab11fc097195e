"""Unseen points: the capture instants that no listing and no job log observed (docs/definitions.md, section 5).

All instants are Int64 microseconds.
"""

from __future__ import annotations

import polars as pl

from audit.model.intervals import INT, Line, islands, subtract
from audit.model.terms import FOR_EVER

UNSEEN = {"view": pl.UInt32, "begin": INT, "end": INT, "gone": INT}


def unseen(views: pl.DataFrame, observed: pl.DataFrame, complete: pl.DataFrame) -> pl.DataFrame:
    """Return the unseen stretches of capture instants of each view: `view`, `begin`, `end`, and `gone`: the next complete listing after them.

    A *view* is what one group can know of one (source, repository). views: `view`, `begin`, `end`: when the group's points could have been captured
    there at all (several rows a view are fine). observed: `view`, `begin`, `end`: observed capture instants. complete: `view`, `at`: complete listings.
    """
    if views.is_empty():
        return pl.DataFrame(schema=UNSEEN)
    order = views["view"].unique().sort()
    number = pl.DataFrame({"view": order, "place": pl.int_range(len(order), dtype=INT, eager=True)})
    parts = []
    line = Line(-FOR_EVER, FOR_EVER)
    for offset in range(0, len(order), line.capacity):
        some = number.slice(offset, line.capacity).with_columns(pl.col("place") - offset)

        def on_line(frame: pl.DataFrame, some: pl.DataFrame = some) -> pl.DataFrame:
            return islands(frame.join(some, on="view").select(*line.put(pl.col("place"), pl.col("begin"), pl.col("end"))))

        dark = subtract(on_line(views), on_line(observed))
        parts.append(line.get(dark, "place").join(some, on="place", maintain_order="left").select("view", "begin", "end"))
    return _cut_at_listings(pl.concat(parts), complete)


def _cut_at_listings(dark: pl.DataFrame, complete: pl.DataFrame) -> pl.DataFrame:
    """Cut unseen stretches at each complete listing: what was captured before it and is not in it is gone."""
    listings = complete.unique().sort("view", "at")
    inner = dark.join(listings, on="view").filter((pl.col("at") > pl.col("begin")) & (pl.col("at") < pl.col("end")))
    borders = pl.concat(
        [
            dark.select("view", "begin", "end", at="begin"),
            inner.select("view", "begin", "end", "at"),
        ]
    ).sort("view", "begin", "at")
    pieces = borders.with_columns(
        until=pl.when((pl.col("view") == pl.col("view").shift(-1)) & (pl.col("begin") == pl.col("begin").shift(-1)))
        .then(pl.col("at").shift(-1))
        .otherwise("end")
    ).select("view", begin="at", end="until")
    ahead = listings.select("view", gone="at", key="at").sort("key")
    pieces = pieces.sort("end").join_asof(
        ahead, left_on="end", right_on="key", by="view", strategy="forward", check_sortedness=False
    )
    return pieces.select(pl.col("view").cast(pl.UInt32), "begin", "end", gone=pl.col("gone").fill_null(FOR_EVER)).sort(
        "view", "begin"
    )
