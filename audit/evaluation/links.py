"""Links between points: an incremental to its base, a copy to its original, whose capture time it shares."""

from __future__ import annotations

import polars as pl

from audit.model.captures import retold
from audit.model.points import key_of

ROW = pl.UInt32


def link_bases(points: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Add `base_row`: the row of the point's base, in the same source and repository. The second result says where a base is named that was never seen."""
    base = pl.repeat(None, points.height, dtype=ROW, eager=True)
    needing = points.select("pair", "base").with_row_index("row").drop_nulls("base")
    if needing.height:
        known = points.select(key_of("id")).with_row_index("base_row")
        found = needing.with_columns(key_of("base")).join(known, on="key", how="inner")
        found = found.filter(
            (found["base"] == points["id"].gather(found["base_row"])) & (found["pair"] == points["pair"].gather(found["base_row"]))
        )
        base = base.scatter(found["row"], found["base_row"])
    return points.with_columns(base_row=base), points["base"].is_not_null() & base.is_null()


def link_originals(points: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `original_row`: the row of the point that this one is a copy of; and give copies without a capture time that of their original.

    A null source is the copy's own; a null repository is the only other one of that source in which the id exists.
    """
    copies = (
        points.select("pair", "copy_of_source", "copy_of_repository", "copy_of_id").with_row_index("row").drop_nulls("copy_of_id")
    )
    original = pl.repeat(None, points.height, dtype=ROW, eager=True)
    if copies.is_empty():
        return points.with_columns(original_row=original)
    copies = copies.join(pairs.select("pair", "source"), on="pair").with_columns(source=pl.coalesce("copy_of_source", "source"))
    rows = points.select("pair", copy_of_id="id").with_row_index("original_row")
    rows = rows.join(copies.select("copy_of_id").unique(), on="copy_of_id", how="semi").join(pairs, on="pair")
    exact = copies.drop_nulls("copy_of_repository").join(
        rows, left_on=["source", "copy_of_repository", "copy_of_id"], right_on=["source", "repository", "copy_of_id"]
    )
    elsewhere = copies.filter(pl.col("copy_of_repository").is_null()).join(rows, on=["source", "copy_of_id"], suffix="_of")
    elsewhere = elsewhere.filter(pl.col("pair_of") != pl.col("pair")).filter(pl.len().over("row") == 1)
    found = pl.concat([exact.select("row", "original_row"), elsewhere.select("row", "original_row")]).filter(
        pl.col("row") != pl.col("original_row")
    )
    original = original.scatter(found["row"], found["original_row"]) if found.height else original
    captured = points["captured"]
    while True:  # a copy of a copy of a copy: each round hands capture times one link on
        filled = pl.select(pl.coalesce(captured, captured.gather(original))).to_series()
        if filled.null_count() == captured.null_count():
            break
        captured = filled
    return points.with_columns(captured=captured, original_row=original)


def share_captures(points: pl.DataFrame) -> pl.DataFrame:
    """Let a copy that is told a later capture time than its original count as captured with that, and restore nothing later than that does; add `retold`: which
    copies are told otherwise, or are copies of such. Of an original without a capture time it is known by when it was captured at the latest: a copy told later has none either.

    What is told of a copy is often when it was made: it holds nothing that happened since its original was captured.
    """
    original, captured, until = points["original_row"], points["captured"], points["captured_until"]
    if original.null_count() == points.height:
        return points.with_columns(retold=pl.lit(value=False))
    otherwise = retold(captured, original)
    while True:  # of a copy of a copy: each round hands the earlier time one link on; in a ring the earliest ends it
        theirs = captured.gather(original)
        by = pl.select(pl.coalesce(captured, pl.min_horizontal(until, points["available"]))).to_series().gather(original)
        later = (by < captured).fill_null(value=False)
        if not later.any():
            return points.with_columns(captured=captured, captured_until=until, retold=otherwise)
        restorable = pl.select(pl.coalesce(until, captured)).to_series()
        least = pl.select(pl.min_horizontal(restorable, restorable.gather(original))).to_series()
        least = least.zip_with(theirs.is_not_null(), by)
        captured, until = theirs.zip_with(later, captured), least.zip_with(later, until)
