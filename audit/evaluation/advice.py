"""Advice from evidence: the tightest RPO, RTO and retention that each asset really kept, and its longest restore (docs/compare.md). Pure.

Instants and lengths are Int64 microseconds; a *stair* is a stretch in which the newest live state is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from audit.controls._drills import proofs, results
from audit.model.drill import FULL_SERVICE
from audit.model.facts import INSTANT
from audit.model.intervals import INT, highest, islands
from audit.model.lives import Lives
from audit.model.terms import FOR_EVER
from audit.model.world import World

KEPT = 0.99
"""The share of the time, or of the buckets, for which the looser figures hold."""
BUCKETS = {"day": "1d", "week": "1w", "month": "1mo"}
RPO: dict[str, pl.DataType] = {
    "code": pl.UInt32(),
    "rpo_kept": INT(),  # surely, all the time; null: at some time nothing was surely live
    "rpo_kept_99": INT(),
    "rpo_at_best": INT(),  # the same if everything that is possible is true
    "rpo_at_best_99": INT(),
    "rpo_typical": INT(),  # how old the newest state typically was when a newer one came
}
RTO: dict[str, pl.DataType] = {
    "code": pl.UInt32(),
    "rto_kept": INT(),  # surely, by all that was measured; null: nothing proven shows one, or something took longer than all that is proven
    "rto_kept_99": INT(),  # by 99 of 100 measurements (nearest rank)
    "rto_at_best": INT(),  # the same if everything that is possible is true
    "rto_at_best_99": INT(),
    "recoveries": INT(),  # to the full service, of all of the asset: what `rto_at_best` rests on
    "recoveries_proven": INT(),  # of these: what `rto_kept` rests on
    "recoveries_failed": INT(),
    "recoveries_awaited": INT(),
    "recoveries_of": pl.String(),  # what `recoveries` were: `drill`, `incident`, or both; null: there are none
    "restores": INT(),  # restore runs, which show no RTO
    "longest_restore": INT(),
}


def rpo_kept(world: World) -> pl.DataFrame:
    """Return, for each group that was in service, which RPO it kept (RPO)."""
    judged, world = _in_service(world), world.at_latest()
    lives = world.lives[False]
    found = judged.select("code").unique().sort("code")
    for which, name in (("sure", "rpo_kept"), ("possible", "rpo_at_best")):
        stairs = _inside(staircase(world, lives, which), judged)
        whole, most = _least_allowed(stairs, judged, 0.0), _least_allowed(stairs, judged, 1 - KEPT)
        found = found.join(whole.rename({"allowed": name}), on="code", how="left")
        found = found.join(most.rename({"allowed": f"{name}_99"}), on="code", how="left")
        if which == "sure":
            peaks = stairs.group_by("code").agg(rpo_typical=(pl.col("end") - pl.col("state")).median().cast(INT))
            found = found.join(peaks, on="code", how="left")
    return found.select(pl.col(name).cast(kind) for name, kind in RPO.items())


def staircase(world: World, lives: Lives, which: str) -> pl.DataFrame:
    """Return the newest live state at every instant of the period: `code`, `begin`, `end`, `state` (the instant it restores); nothing where nothing is live.

    which: of the `sure` or of the `possible` world. A new asset's own beginning counts as its state until its first point.
    """
    rows, points, line = lives.rows(which), world.points, world.line
    rows = rows.select("begin", "end", code=points["code"].gather(rows["point"]), state=points["restorable"].gather(rows["point"]))
    rows = rows.drop_nulls().select(pl.col("code").cast(INT), "begin", "end", "state")
    first = rows.group_by("code").agg(first=pl.col("begin").min())
    young = world.segments.select(pl.col("code").cast(INT), "started").unique()
    young = young.join(first, on="code", how="left").with_columns(pl.col("first").fill_null(FOR_EVER))
    young = young.filter(pl.col("started") < pl.col("first"))
    rows = pl.concat([rows, young.select("code", begin="started", end="first", state="started")])
    live = rows.select(*line.put(pl.col("code"), pl.col("begin"), pl.col("end")), "state").filter(pl.col("begin") < pl.col("end"))
    if live.is_empty():
        return pl.DataFrame(schema={"code": INT, "begin": INT, "end": INT, "state": INT})
    borders = pl.concat([live["begin"], live["end"]]).unique().sort()
    steps = pl.DataFrame({"begin": borders, "state": highest(live, borders, "state")})
    steps = steps.filter(pl.col("state").ne_missing(pl.col("state").shift(1)) | (pl.int_range(pl.len()) == 0))
    steps = steps.with_columns(end=pl.col("begin").shift(-1)).drop_nulls()
    return line.get(steps, "code").with_columns(state=steps["state"])


def _in_service(world: World) -> pl.DataFrame:
    """Return when each group was in service in the period: `code`, `begin`, `end`, disjoint."""
    begin = pl.max_horizontal("begin", pl.col("in_service").fill_null(-FOR_EVER))
    end = pl.min_horizontal("end", pl.col("retired").fill_null(FOR_EVER))
    rows = world.segments.filter(pl.col("in_service").is_not_null())
    return world.line.get(islands(rows.select(*world.line.put(pl.col("code"), begin, end))), "code")


def _inside(stairs: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Return the stairs cut to the judged time."""
    both = stairs.join(judged, on="code", suffix="_of")
    both = both.with_columns(begin=pl.max_horizontal("begin", "begin_of"), end=pl.min_horizontal("end", "end_of"))
    return both.filter(pl.col("begin") < pl.col("end")).select("code", "begin", "end", "state")


def _least_allowed(stairs: pl.DataFrame, judged: pl.DataFrame, share: float) -> pl.DataFrame:
    """Return the least age to allow so that at most a share of the judged time is over it: `code`, `allowed`; no row where nothing was live for longer.

    In a stair the age grows from begin - state to end - state. From the greatest age down, the time over an age grows by the number of stairs that reach it.
    """
    length = pl.col("end") - pl.col("begin")
    time = judged.group_by("code").agg(time=length.sum()).join(stairs.group_by("code").agg(covered=length.sum()), on="code")
    time = time.select("code", budget=(pl.col("time") * share).cast(INT) - (pl.col("time") - pl.col("covered")))
    ages = pl.concat([
        stairs.select("code", age=pl.col("end") - pl.col("state"), step=pl.lit(1, INT)),
        stairs.select("code", age=pl.col("begin") - pl.col("state"), step=pl.lit(-1, INT)),
    ])  # fmt: skip
    ages = ages.join(time.filter(pl.col("budget") >= 0), on="code").sort(["code", "age"], descending=[False, True])
    ages = ages.with_columns(reaching=pl.col("step").cum_sum().over("code"), next=pl.col("age").shift(-1).over("code"))
    over = (pl.col("reaching") * (pl.col("age") - pl.col("next")).fill_null(0)).cum_sum().over("code")
    ages = ages.with_columns(over=over, before=over.shift(1).over("code").fill_null(0))
    # The time over an age is told by the first step that uses up the budget; where none does, even the youngest age is enough.
    hit = ages.filter(pl.col("over") > pl.col("budget")).group_by("code", maintain_order=True).first()
    lower = pl.col("age") - ((pl.col("budget") - pl.col("before")) // pl.col("reaching"))
    enough = ages.group_by("code").agg(allowed=pl.col("age").min()).join(hit, on="code", how="anti")
    return pl.concat([hit.select("code", allowed=lower), enough.select("code", "allowed")])


def rto_kept(world: World) -> pl.DataFrame:
    """Return, for each group, which RTO it kept in what was measured in the period (RTO): the least under which recovery-time finds nothing of that breached, surely nothing in doubt
    either, and which a recovery shows.

    What shows an RTO is a pass of the full service, of all of the asset, that was carried through: from the declaration to the validated service; surely only a proven one. All else
    is a lower bound, and shows only what was not kept: a pass of less, a restore run, a recovery that failed (for ever), or is awaited (so far).
    """
    start, stop = world.line.start, world.line.stop
    known = results(world).with_columns(length=pl.col("ended") - pl.col("declared"))
    done = known.filter(pl.col("ended").is_between(start, stop, closed="left"))
    passed, failed = done.filter(pl.col("outcome") == "passed"), done.filter(pl.col("outcome") == "failed")
    awaited = known.filter(pl.col("outcome").is_null() & (pl.col("declared") < stop) & (pl.col("end") > start))
    full = (pl.col("depth") >= FULL_SERVICE) & (pl.col("coverage") == "full") & ~pl.col("given_up")
    shown = passed.filter(full).with_columns(kind=pl.col("drill").replace_strict({"incident": "incident"}, default="drill"))
    runs = _restores(world)
    # A run that shows a recovery is in it: it is no measurement of its own.
    others = runs.join(proofs(world, shown).select("source", "id").unique(), on=["source", "id"], how="anti")
    never = failed.with_columns(length=pl.lit(FOR_EVER, INT))
    waited = awaited.with_columns(length=pl.min_horizontal("end", stop) - pl.col("declared"))
    surely = _least_kept(shown.filter("proven"), [passed.filter(~(full & pl.col("proven"))), never, waited, others], "rto_kept")
    at_best = _least_kept(shown, [passed.filter(~full), never, others.filter("whole")], "rto_at_best")
    counts = [
        shown.group_by("code").agg(recoveries=pl.len(), recoveries_proven=pl.col("proven").sum(), recoveries_of=pl.col("kind").unique().sort().str.join(", ")),
        failed.group_by("code").agg(recoveries_failed=pl.len()),
        awaited.group_by("code").agg(recoveries_awaited=pl.len()),
        runs.group_by("code").agg(restores=pl.len(), longest_restore=pl.col("length").max()),
    ]  # fmt: skip
    found = world.groups.select("code")
    for told in (surely, at_best, *counts):
        found = found.join(told, on="code", how="left")
    numbers = ("recoveries", "recoveries_proven", "recoveries_failed", "recoveries_awaited", "restores")
    return found.select(pl.col(name).cast(kind) for name, kind in RTO.items()).with_columns(pl.col(numbers).fill_null(0))


def _restores(world: World) -> pl.DataFrame:
    """Return the restore runs that recovery-time reads, of those that started in the period: `code`, `source`, `id`, `length`, `whole`. Not those told to be of a part."""
    well = (pl.col("kind") == "restore") & pl.col("outcome").is_in(["success", "warning"]) & ~pl.col("partial")
    runs = world.runs.filter(well & pl.col("started").is_between(world.line.start, world.line.stop, closed="left"))
    return runs.select("code", "source", "id", "whole", length=pl.col("finished") - pl.col("started")).drop_nulls("length")


def _least_kept(shown: pl.DataFrame, short: Sequence[pl.DataFrame], name: str) -> pl.DataFrame:
    """Return, by code, the least of the lengths that are shown (`code`, `length`) within which all measurements were (`name`), and 99 of 100 (`<name>_99`); null where none is.

    short: lower bounds. Those that are not longer than a length say nothing against it; the others are measurements beyond it.
    """
    told = [(shown, 1), *((rows, 0) for rows in short)]
    rows = pl.concat([rows.select("code", "length", shown=pl.lit(which, INT)) for rows, which in told])
    rows = rows.group_by("code", "length").agg(pl.col("shown").sum(), short=(1 - pl.col("shown")).sum()).sort("code", "length")
    beyond = (pl.col("short").sum() - pl.col("short").cum_sum()).over("code")
    rows = rows.with_columns(within=pl.col("shown").cum_sum().over("code"), measured=pl.col("shown").sum().over("code") + beyond)
    least = [
        pl.col("length").filter(pl.col("within") * 100 >= pl.col("measured") * share).min().alias(f"{name}{end}")
        for end, share in (("", 100), ("_99", round(100 * KEPT)))
    ]
    return rows.filter(pl.col("shown") > 0).group_by("code").agg(least)


def retention_kept(world: World, zone: str) -> pl.DataFrame:
    """Return how long points, and one of each day, week and month of a zone, were really kept: `code`, and for each `every` of point, day, week, month
    `kept_<every>` and `kept_<every>_99` (of those that went in the period, the shortest, and all but one in a hundred), and `lost_<every>` (how many went).

    Where none went, `kept_<every>` is the age of the oldest that is still there. A point's age counts from its capture, a bucket's from its end; it ends
    with the last instant at which a point was surely live.
    """
    lives = world.lives[False]
    ends = [
        lives.rows(which).group_by("point").agg(pl.col("end").max().alias(which)) for which in ("sure", "possible")
    ]  # fmt: skip
    points = world.points.select("code", "captured").with_row_index("point").drop_nulls()
    points = (
        points.join(ends[1], on="point")
        .join(ends[0], on="point", how="left")
        .with_columns(pl.col("sure").fill_null(pl.col("captured")))
    )
    found = points.select("code").unique().sort("code")
    captured = pl.col("captured").cast(INSTANT).dt.convert_time_zone(zone)
    for every in ("point", *BUCKETS):
        if every == "point":
            kept = points.with_columns(anchor="captured")
        else:
            closes = captured.dt.truncate(BUCKETS[every]).dt.offset_by(BUCKETS[every]).dt.convert_time_zone("UTC").cast(INT)
            kept = points.with_columns(anchor=closes)
            kept = kept.group_by("code", "anchor").agg(pl.col("sure", "possible").max())
        mine = kept.filter((pl.col("anchor") < world.line.stop) & (pl.col("possible") > world.line.start))
        age = (pl.min_horizontal("sure", pl.lit(world.line.stop)) - pl.col("anchor")).clip(lower_bound=0)
        gone = pl.col("possible") < world.line.stop
        lost = age.filter(gone)
        found = found.join(
            mine.group_by("code").agg(
                lost.min().fill_null(age.max()).alias(f"kept_{every}"),
                lost.quantile(1 - KEPT, "lower").fill_null(age.max()).cast(INT).alias(f"kept_{every}_99"),
                gone.sum().cast(INT).alias(f"lost_{every}"),
            ),
            on="code", how="left",
        )  # fmt: skip
    return found


def judged_groups(world: World) -> pl.DataFrame:
    """Return the groups with what their policy at the period's end allows: `code`, `asset`, `part`, `unit`, `policy`, `version`, `rpo_agreed`, `rto_agreed` (null: none)."""
    allowed = [
        None if (rpo := policy.objectives.get("rpo")) is None else rpo.target.microseconds + rpo.tolerance.microseconds
        for policy in world.policies
    ]
    times = [None if (rto := policy.objectives.get("rto")) is None else rto.target.microseconds for policy in world.policies]
    last = world.segments.filter(pl.col("begin") < world.line.stop).group_by("code", maintain_order=True).last()
    named = last.select("code", index="policy").with_columns(
        policy=pl.col("index").replace_strict(dict(enumerate(one.name for one in world.policies)), default=None, return_dtype=pl.String),
        version=pl.col("index").replace_strict(dict(enumerate(one.version for one in world.policies)), default=None, return_dtype=pl.Int64),
        rpo_agreed=pl.col("index").replace_strict(dict(enumerate(allowed)), default=None, return_dtype=pl.Int64),
        rto_agreed=pl.col("index").replace_strict(dict(enumerate(times)), default=None, return_dtype=pl.Int64),
    )  # fmt: skip
    return world.groups.select("code", "asset", "part", "unit").join(named.drop("index"), on="code", how="left")
