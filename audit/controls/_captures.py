"""Captures: when backups of a strength were surely, and possibly, made (docs/definitions.md, section 15). Instants are Int64 microseconds.

A capture is a stretch: a point captured at every instant of [begin, end] (most at one), or an unseen one at any of [begin, end).
"""

from __future__ import annotations

import polars as pl

from audit.model.captures import STRENGTH
from audit.model.intervals import INT, Line, islands
from audit.model.terms import FOR_EVER
from audit.model.world import Layer, World

CAPTURE = {
    "code": pl.UInt32,
    "pair": pl.Int32,
    "repository": pl.Int32,
    "point": pl.UInt32,
    "key": pl.String,
    "begin": INT,
    "end": INT,
    "last": INT,
}
"""key: why it is not sure. last: the last instant that it surely or possibly captured: `end`, or of an unseen one just before it. point: null: of no point."""
NOWHERE = -1
"""The pair of a run that names no repository."""


def captures(world: World, layer: Layer, method: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the captures of the groups of a layer at least as strong as a method: those surely made, and those only possibly made (both as CAPTURE)."""
    need = STRENGTH[method]
    accepting = pl.Series([policy.accept_partial for policy in world.policies], dtype=pl.Boolean)
    points = world.points.select(
        "code", "pair", "repository", "captured", "restorable", "partial", "catalog", "available", "weakest", "strongest", "retold",
        undated=pl.col("undated") if not world.dated else pl.lit(value=False),
    )  # fmt: skip
    points = points.with_columns(policy=layer.of(points["code"], "policy"), present=world.presence.ends["sure_end"]).with_row_index(
        "point"
    )
    points = points.filter(pl.col("policy").is_not_null() & pl.col("captured").is_not_null() & (pl.col("strongest") >= need))
    points = points.filter(~pl.col("partial") | accepting.gather(points["policy"]))
    last = pl.max_horizontal("captured", "restorable") if method == "log" else pl.col("captured")
    # A catalog showed it, or a job that is trusted for a while said so.
    certain = pl.col("catalog") | (pl.col("present") > pl.col("available")).fill_null(value=False)
    key = (
        pl.when(pl.col("undated")).then(pl.lit("capture-unknown"))
        .when(~certain).then(pl.lit("job-only"))
        .when(pl.col("weakest") < need).then(pl.lit("method"))
        .when(pl.col("retold")).then(pl.lit("capture-time"))
    )  # fmt: skip
    # At any instant by then, where nobody told when it was captured.
    begin = pl.when("undated").then(pl.lit(-FOR_EVER, INT)).otherwise("captured")
    rows = _shaped(points.with_columns(key=key, begin=begin, end=last, last=last))
    if not world.dated:
        # Each of them reaches back for ever: of a place, the one that reaches on the longest says it all.
        unknown = (pl.col("key") == "capture-unknown").fill_null(value=False)
        longest = rows.filter(unknown).sort("last", "point").unique(["code", "pair"], keep="last", maintain_order=True)
        rows = pl.concat([rows.filter(~unknown), longest])
    others = [_open_runs(world, layer, need, accepting), _unseen(world, layer)]
    return rows.filter(pl.col("key").is_null()), pl.concat([rows.filter(pl.col("key").is_not_null()), *others])


def _shaped(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.col(name).cast(kind) if name in rows.columns else pl.lit(None, kind).alias(name) for name, kind in CAPTURE.items()
    )


def _open_runs(world: World, layer: Layer, need: int, accepting: pl.Series) -> pl.DataFrame:
    """Return the captures of backup runs that may have ended well, and are no points because their end or their repository was not told."""
    ended = pl.col("outcome").is_in(["success", "warning"]) & (pl.col("finished").is_null() | pl.col("pair").is_null())
    runs = world.runs.filter((pl.col("kind") == "backup") & (ended | (pl.col("outcome") == "running")))
    strongest = pl.col("method").replace_strict(STRENGTH, default=max(STRENGTH.values()), return_dtype=pl.Int8)
    runs = runs.with_columns(policy=layer.of(runs["code"], "policy")).filter(pl.col("policy").is_not_null() & (strongest >= need))
    runs = runs.filter(~pl.col("partial") | accepting.gather(runs["policy"]))
    return _shaped(
        runs.with_columns(pl.col("pair").fill_null(NOWHERE), key=pl.lit("run-open"), begin="started", end="started", last="started")
    )


def _unseen(world: World, layer: Layer) -> pl.DataFrame:
    """Return the captures that nobody can have seen: of any method."""
    hidden = world.unseen.filter(layer.of(world.unseen["code"], "policy").is_not_null())
    key = pl.when(pl.col("end") >= FOR_EVER).then(pl.lit("no-listing-after")).otherwise(pl.lit("unseen"))
    return _shaped(hidden.with_columns(key=key, last=pl.col("end") - 1))


def reasons(rows: pl.DataFrame, leg: str) -> pl.DataFrame:
    """Return stretches (`code`, `pair`, `repository`, `key`, `begin`, `end`) in which something may have been made, those of one place and key united."""
    by = ["code", "pair", "repository", "key"]
    groups = rows.select(by).unique().sort(by).with_row_index("group")
    if groups.is_empty():
        return rows.select(*by, "begin", "end").with_columns(leg=pl.lit(leg))
    line = Line(int(rows["begin"].min()), int(rows["end"].max()))  # type: ignore[arg-type]
    placed = rows.join(groups, on=by, nulls_equal=True).select(*line.put(pl.col("group"), pl.col("begin"), pl.col("end")))
    found = line.get(islands(placed))
    told = groups[found["group"]].select(by)
    return pl.concat([told, found.select("begin", "end")], how="horizontal").with_columns(leg=pl.lit(leg))
