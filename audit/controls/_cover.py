"""For how long checks cover points: when each point was checked recently enough, and when not (docs/definitions.md, section 12).

Most points have no check of their own, and what covers them is the same for all of their repository: that is worked out once for each repository. Only points with checks of
their own, or that became available while a check ran, are laid out one by one. Instants are Int64 microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from audit.model.estate import PolicyVersion
from audit.model.intervals import INT
from audit.model.lives import cut
from audit.model.presence import GAP
from audit.model.terms import FOR_EVER, Term
from audit.model.world import World, plus

GOOD = {"sure": "passed_surely", "possible": "passed_possibly"}
BAD = {"sure": "failed_possibly", "possible": "failed_surely"}


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which points (Boolean, for each) are laid out one by one: `alone` with all checks, `own` only with those of their own."""

    alone: pl.Series
    own: pl.Series


def kinds_of(world: World) -> Kinds:
    """Sort the points by how their cover is worked out."""
    points, checks = world.points, world.checks
    nobody = pl.repeat(value=False, n=points.height, dtype=pl.Boolean, eager=True)
    mine = checks.filter(pl.col("point").is_not_null())
    odd = mine.filter(pl.col("failed_possibly") | pl.col("at").is_null())["point"].unique()
    alone = nobody.clone().scatter(odd, values=True) if len(odd) else nobody
    of_subjects = checks.filter(pl.col("subject").is_not_null()).select("pair", "subject").unique()
    if of_subjects.height:
        row = points.select("pair", "subject").with_row_index("row").join(of_subjects, on=["pair", "subject"], how="semi")["row"]
        alone = alone | nobody.clone().scatter(row, values=True)
    whole = checks.filter(pl.col("point").is_null() & pl.col("subject").is_null() & pl.col("passed_surely"))
    if whole.height:
        # What became available while the check ran was not surely read by it.
        alone = alone | _within(whole.select("pair", begin=pl.col("begun") + 1, end=pl.col("at") + 1), points)
    checked = mine["point"].unique()
    own = nobody.clone().scatter(checked, values=True) if len(checked) else nobody
    return Kinds(alone, own & ~alone)


def due(world: World, policy: PolicyVersion, every: Term, has: str) -> pl.Series:
    """Return, for each point, up to when it needs no check: until its term after it became available, or a failed check of its repository before that."""
    available = world.points["available"].fill_null(FOR_EVER)
    return _ends(world, available, world.points["pair"], policy, every, has)


def laid_out(world: World, policy: PolicyVersion, every: Term, has: str, points: pl.Series, *, shared: bool) -> pl.DataFrame:
    """Return when some points (their rows) are not covered: `point`, `begin`, `end`. shared: checks of whole repositories cover nothing yet, and are left to `of_repositories`."""
    if points.is_empty():
        return pl.DataFrame(schema=GAP)
    good, bad, checks = GOOD[has], BAD[has], world.checks
    rows = world.points.select("pair", "subject", "available").with_row_index("point")[points].drop_nulls("available")
    own = rows.select("point", "available").join(checks.drop("pair", "subject"), on="point")
    marks = [own.select("point", "at", good=good, bad=bad).drop_nulls("at")]
    if not shared:
        scoped = checks.filter(pl.col("point").is_null()).drop("point")
        whole = rows.join(scoped.filter(pl.col("subject").is_null()).drop("subject"), on="pair")
        some = rows.join(scoped.filter(pl.col("subject").is_not_null()), on=["pair", "subject"])
        whole = pl.concat([whole, some.select(whole.columns)]).filter(pl.col("at") >= pl.col("available"))
        there = pl.lit(value=True) if has == "possible" else (pl.col("begun") >= pl.col("available")).fill_null(value=False)
        marks.append(whole.select("point", "at", good=pl.col(good) & there, bad=bad))
    # Having become available stands for a check, but not after one that found it damaged.
    spoilt = own.filter(pl.col(bad) & (pl.col("at") <= pl.col("available")))["point"].unique()
    fresh = rows.filter(~pl.col("point").is_in(spoilt.implode()))
    marks.append(fresh.select("point", at="available", good=pl.lit(value=True), bad=pl.lit(value=False)))
    every_mark = pl.concat(marks).sort("point", "at", "bad")  # at one instant what fails comes last, and wins
    every_mark = every_mark.with_columns(until=pl.when("bad").then("at").backward_fill().over("point"))
    passed = every_mark.filter("good")
    of_pair = world.points["pair"].gather(passed["point"])
    ends = _ends(world, passed["at"], of_pair, policy, every, has) if shared else plus(passed["at"], every, policy.timezone)
    passed = passed.with_columns(end=ends)
    if has == "possible":
        endless = own.filter(pl.col("at").is_null())["point"].unique()
        passed = passed.with_columns(end=pl.when(pl.col("point").is_in(endless.implode())).then(FOR_EVER).otherwise("end"))
    covered = passed.select("point", begin="at", end=pl.min_horizontal("end", pl.col("until").fill_null(FOR_EVER)))
    local = rows.select("point", row=pl.int_range(pl.len(), dtype=pl.UInt32))
    covered = covered.filter(pl.col("begin") < pl.col("end")).join(local, on="point")
    lives = rows.select(begin="available", end=pl.lit(FOR_EVER, INT), gapped=pl.lit(value=True))
    gaps = cut(lives, "end", covered.select("begin", "end", point="row"))
    return gaps.with_columns(point=rows["point"].gather(gaps["point"])).select(
        pl.col(name).cast(kind) for name, kind in GAP.items()
    )


def of_repositories(world: World, policy: PolicyVersion, every: Term, has: str) -> pl.DataFrame:
    """Return when checks of whole repositories cover the points in them: `pair`, `begin`, `end`."""
    whole = world.checks.filter(pl.col("point").is_null() & pl.col("subject").is_null() & pl.col(GOOD[has]))
    ends = _ends(world, whole["at"], whole["pair"], policy, every, has)
    rows = whole.select("pair", begin="at").with_columns(end=ends)
    return rows.filter((pl.col("begin") < world.line.stop) & (pl.col("end") > world.line.start) & (pl.col("begin") < pl.col("end")))


def _ends(world: World, at: pl.Series, pair: pl.Series, policy: PolicyVersion, every: Term, has: str) -> pl.Series:
    """Return when what was good at an instant is so no more: a term later, or at the first failed check of the repository at or after it."""
    ends = plus(at, every, policy.timezone)
    failed = (
        world.checks.filter(pl.col("point").is_null() & pl.col("subject").is_null() & pl.col(BAD[has]))
        .select("pair", "at")
        .unique()
    )
    if failed.is_empty():
        return ends
    asked = pl.DataFrame({"pair": pair, "at": at}).with_row_index("row").sort("at")
    found = asked.join_asof(
        failed.select("pair", failed="at").sort("failed"), left_on="at", right_on="failed", by="pair", strategy="forward",
        check_sortedness=False,
    )  # fmt: skip
    failing = found.sort("row")["failed"].fill_null(FOR_EVER)
    return pl.select(pl.min_horizontal(ends, failing)).to_series()


def _within(stretches: pl.DataFrame, points: pl.DataFrame) -> pl.Series:
    """Say for each point whether it became available in a stretch (`pair`, `begin`, `end`) of its repository."""
    spans = stretches.sort("pair", "begin").with_columns(reach=pl.col("end").cum_max().over("pair")).sort("begin")
    asked = points.select("pair", "available").with_row_index("row").drop_nulls("available").sort("available")
    found = asked.join_asof(
        spans.select("pair", "begin", "reach"), left_on="available", right_on="begin", by="pair", check_sortedness=False
    )
    rows = found.filter(pl.col("reach") > pl.col("available"))["row"]
    nobody = pl.repeat(value=False, n=points.height, dtype=pl.Boolean, eager=True)
    return nobody.scatter(rows, values=True) if len(rows) else nobody
