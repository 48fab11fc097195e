"""Runs: what a job log says of points (docs/definitions.md, section 1, "Points of runs").

Instants are Int64 microseconds; `pair` numbers (source, repository).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from audit.model.intervals import search

SHORTEST_BEGINNING = 8
"""Tools that print short ids print at least this many characters (restic, git: 8)."""


WORST_FIRST = ("failed", "cancelled", "warning", "success", "running")
MADE_NOTHING = WORST_FIRST[:2]


def merge_runs(runs: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each (source, id), field by field: of a final outcome before `running`, then the latest end (one that made no point and tells no end has it too), then one
    that made no point (a catalog that calls a run good does not hide a log that says it failed), then one that tells its end, then the latest observation, then the worse outcome
    (what a command said on stderr counts as much as what it said on stdout); known before unknown.

    runs: the columns of facts.RUN with `observed_at` and `entry`.
    """
    twice = pl.struct("source", "id").is_duplicated()
    once, several = runs.filter(~twice), runs.filter(twice)
    if several.is_empty():
        return once
    worst = pl.col("outcome").replace_strict(dict(zip(WORST_FIRST, range(len(WORST_FIRST)), strict=True)), return_dtype=pl.Int8)
    final, bad = pl.col("outcome") != "running", pl.col("outcome").is_in(MADE_NOTHING)
    # A log that broke off tells no end: as far as anybody knows it is the latest.
    end = pl.coalesce("finished_at", pl.when(bad).then(pl.col("finished_at").max().over("source", "id")))
    ranked = several.with_columns(final=final, bad=bad, worst=worst, end=end).sort(
        ["source", "id", "final", "end", "bad", "finished_at", "observed_at", "worst", "message", "entry"],
        descending=[False, False, True, True, True, True, True, False, False, False],
        nulls_last=True,
    )
    fields = [name for name in runs.columns if name not in ("source", "id", "entry", "locator")]
    merged = ranked.group_by("source", "id", maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in fields), pl.col("entry", "locator").first()
    )
    return pl.concat([once, merged.select(once.columns)])


@dataclass(frozen=True, slots=True)
class RunsOfPoints:
    """`told`: `point` (row), `finished` (Int64), `partial` (Boolean): what runs say of known points, one row a point.
    `made`: `run` (row number), `id`: the points of basis job that only runs know."""

    told: pl.DataFrame
    made: pl.DataFrame


def match(runs: pl.DataFrame, points: pl.DataFrame) -> RunsOfPoints:
    """Match successful backup runs with the points they made.

    runs: `run`, `pair`, `id`, `subject`, `recovery_point`, `started`, `finished`, `partial`. points: `point`, `pair`, `id`, `subject`,
    `captured` (Int64, null unknown), `catalog` (Boolean).
    """
    named = named_points(runs.filter(pl.col("recovery_point").is_not_null()), points.select("pair", "point", recovery_point="id"))
    found = [named.filter(pl.col("point").is_not_null())]
    made = [named.filter(pl.col("point").is_null()).select("run", id="recovery_point")]
    nameless = runs.filter(pl.col("recovery_point").is_null())
    if nameless.height:
        inside = captured_inside(nameless, points.filter("catalog"))
        found.append(inside.select(named.columns))
        rest = nameless.join(inside.select("run").unique(), on="run", how="anti")
        made.append(rest.select("run", id=pl.lit("run:") + pl.col("id")))
    told = pl.concat(found).group_by("point").agg(pl.col("finished").max(), pl.col("partial").any())
    none = pl.DataFrame(schema={"run": runs.schema["run"], "id": pl.String})
    return RunsOfPoints(told, pl.concat([none, *made]))


def named_points(runs: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Return runs (`pair`, `recovery_point`, ...) with the `point` that each names (null: none does): the one of that id, else, of at least SHORTEST_BEGINNING
    characters, the only one whose id begins so.

    ids: `pair`, `point`, `recovery_point` (the id).
    """
    if runs.is_empty():
        return runs.with_columns(point=pl.lit(None, ids.schema["point"]))
    exact = runs.join(ids, on=["pair", "recovery_point"], how="left")
    found = [exact.filter(pl.col("point").is_not_null())]
    short = exact.filter(pl.col("point").is_null()).drop("point")
    for (length,), some in short.group_by(pl.col("recovery_point").str.len_chars().alias("length")):
        assert isinstance(length, int)
        beginnings = ids.with_columns(pl.col("recovery_point").str.slice(0, length))
        if length < SHORTEST_BEGINNING:
            beginnings = beginnings.clear()
        beginnings = (
            beginnings.group_by("pair", "recovery_point").agg(pl.col("point").first(), count=pl.len()).filter(pl.col("count") == 1)
        )
        found.append(some.join(beginnings.drop("count"), on=["pair", "recovery_point"], how="left").select(exact.columns))
    return pl.concat(found)


def captured_inside(runs: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """Return runs (`pair`, `subject`, `started`, `finished`, ...) with the `point`s of the same pair and subject captured in [started, finished]; a row for each match."""
    mine = points.filter(pl.col("captured").is_not_null()).join(
        runs.select("pair", "subject").unique(), on=["pair", "subject"], how="semi"
    )
    groups = pl.concat([mine.select("pair", "subject"), runs.select("pair", "subject")]).unique().with_row_index("group")
    mine = mine.join(groups, on=["pair", "subject"]).sort("group", "captured")
    asked = runs.join(groups, on=["pair", "subject"])
    low = min([value for value in (mine["captured"].min(), asked["started"].min()) if isinstance(value, int)], default=0)
    high = max([value for value in (mine["captured"].max(), asked["finished"].max()) if isinstance(value, int)], default=0)
    width = high - low + 1
    line = mine["group"].cast(pl.Int64) * width + (mine["captured"] - low)
    base = asked["group"].cast(pl.Int64) * width - low
    first = search(line, base + asked["started"], "left")
    after = search(line, base + asked["finished"], "right")
    hits = (
        asked.with_columns(where=pl.int_ranges(first.cast(pl.Int64), after.cast(pl.Int64)))
        .filter(pl.col("where").list.len() > 0)
        .explode("where")
    )
    return hits.with_columns(point=mine["point"].gather(hits["where"]))
