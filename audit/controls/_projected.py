"""How long the recovery of what is there now would take at the rate that was measured (docs/definitions.md, section 26). It is a projection: no verdict looks at it.

Bytes of points are compared with bytes of points wherever a restore names one: what a tool says that it wrote back may be unpacked.
"""

from __future__ import annotations

import polars as pl

from audit.controls._drills import passes
from audit.controls._retention import live_at
from audit.model.drill import FULL_SERVICE
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT
from audit.model.lives import Lives
from audit.model.terms import Term
from audit.model.world import World, plus

SECOND = 1_000_000
DOUBLINGS = 40
"""After so many doublings of its reach a chain has ended, or it returns to itself."""
PROJECTED = {
    "code": pl.UInt32, "policy": pl.Int32, "projected_seconds": INT, "projected_bytes": INT, "projected_rate": pl.Float64, "projected_by": pl.String,
}  # fmt: skip
MEASURED = {"code": pl.UInt32, "ended": INT, "taken": INT, "bytes": INT, "by": pl.String}
"""A restore of all of a group: when it ended, how long it took (microseconds), of how many bytes, and the record or run that says so."""


def projections(world: World, known: pl.DataFrame, policy: PolicyVersion, every: Term, ends: pl.DataFrame) -> pl.DataFrame:
    """Return for groups at the ends of their judged time under a policy version (`code`, `policy`, `end`) what is projected: `code`, `policy`, `projected_seconds`, `projected_bytes`,
    `projected_rate` (bytes a second) and `projected_by`. known: the results of drills; every: for how long a measurement counts. The slowest of those that count is taken."""
    restored = (pl.col("kind") == "restore") & pl.col("whole")
    if known.is_empty() and not world.runs.select(restored.any()).item():
        return pl.DataFrame(schema=PROJECTED)  # nothing was measured: chains of millions of points need not be followed
    lives = world.lives_of(policy)
    sizes = _with_bases(world)
    at = ends.select("code", "policy", at=pl.col("end") - 1)
    rows = pl.concat([_of_drills(world, known, sizes), _of_runs(world, lives, sizes)])
    rows = rows.with_columns(until=plus(rows["ended"], every, policy.timezone)).join(at, on="code")
    rows = rows.filter((pl.col("ended") <= pl.col("at")) & (pl.col("at") < pl.col("until")))
    rows = rows.with_columns(rate=pl.col("bytes") * SECOND / pl.col("taken")).sort("code", "rate", "by")
    slowest = rows.unique("code", keep="first", maintain_order=True)
    found = slowest.join(_newest(world, lives, sizes, slowest.select("code", "at")), on="code")
    seconds, rate = (pl.col("size") / pl.col("rate")).ceil(), pl.col("rate").round_sig_figs(4)
    found = found.with_columns(projected_seconds=seconds, projected_rate=rate, projected_bytes="size", projected_by="by")
    return found.select(pl.col(name).cast(kind) for name, kind in PROJECTED.items()).sort("code")


def _with_bases(world: World) -> pl.Series:
    """Return for each point the bytes of it and of all that it needs; null where those of any are not told, or there is no end to what it needs."""
    total, base = world.points["bytes"].cast(INT), world.points["base"]
    for _ in range(DOUBLINGS):
        if base.null_count() == len(base):
            return total
        # What is behind the base by now is added at once: each turn reaches twice as far.
        total = total.zip_with(base.is_null(), total + total.gather(base))
        base = base.gather(base)
    return total.zip_with(base.is_null(), pl.repeat(None, len(total), dtype=INT, eager=True))


def _of_drills(world: World, known: pl.DataFrame, sizes: pl.Series) -> pl.DataFrame:
    """Return the proven passes to the full service that name their point, from the declaration to the validated service (MEASURED)."""
    names = world.repositories.select("repository", name="name").unique()
    points = world.points.select("code", "repository", "id").with_columns(bytes=sizes).drop_nulls(["code", "repository", "id"])
    points = points.filter(pl.len().over("code", "repository", "id") == 1).join(names, on="repository")
    points = points.select("code", "bytes", repository="name", point="id")
    whole = (pl.col("coverage") == "full") & (pl.col("depth") >= FULL_SERVICE) & pl.col("proven")
    rows = passes(known).filter(whole).join(points, on=["code", "repository", "point"])
    return _measured(rows.select("code", "ended", "bytes", taken=pl.col("ended") - pl.col("declared"), by="id"))


def _of_runs(world: World, lives: Lives, sizes: pl.Series) -> pl.DataFrame:
    """Return the restore runs of all data that ended well (MEASURED): by what their point holds, where they name one that may have lived then, else by what they say."""
    well = (pl.col("kind") == "restore") & pl.col("outcome").is_in(["success", "warning"]) & pl.col("whole") & ~pl.col("partial")
    runs = world.runs.filter(well).with_row_index("run").drop_nulls(["started", "finished"])
    points = world.points.select("code", "pair", "id").with_row_index("object").drop_nulls()
    named = runs.join(points, left_on=["code", "pair", "named"], right_on=["code", "pair", "id"])
    named = named.filter(live_at(lives, named.select("object", at="started"), "possible"))
    told = named.select("run", size=sizes.gather(named["object"])).unique("run", keep="first")
    runs = runs.join(told, on="run", how="left").with_columns(bytes=pl.coalesce("size", "bytes"))
    by = pl.concat_str("source", "id", separator="/")
    return _measured(runs.select("code", "bytes", ended="finished", taken=pl.col("finished") - pl.col("started"), by=by))


def _measured(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.select(pl.col(name).cast(kind) for name, kind in MEASURED.items())
    return rows.filter((pl.col("bytes") > 0) & (pl.col("taken") > 0))


def _newest(world: World, lives: Lives, sizes: pl.Series, asked: pl.DataFrame) -> pl.DataFrame:
    """Return for groups at instants (`code`, `at`) the `size`, with all that it needs, of the newest point that surely lived by then and may live still; of several the largest."""
    mine = world.points.select("code", "restorable", size=sizes).with_row_index("object").drop_nulls(["code", "restorable"])
    mine = mine.join(asked, on="code")
    mine = mine.join(lives.rows("sure").group_by(object="point").agg(since=pl.col("begin").min()), on="object")
    mine = mine.filter(pl.col("since") <= pl.col("at"))
    mine = mine.filter(live_at(lives, mine.select("object", "at"), "possible"))
    # One of unknown size is larger than all: then nothing is projected.
    newest = mine.sort("code", "restorable", "size", descending=[False, True, True], nulls_last=False)
    return newest.unique("code", keep="first", maintain_order=True).select("code", "size").filter(pl.col("size") > 0)
