"""Protection: at the period's end, which assets are assigned, protected and restorable (design 5, "protection")."""

from __future__ import annotations

import polars as pl

from audit.controls import restore_test
from audit.controls.recovery_point import WITHOUT_RPO, allowance
from audit.model.intervals import INT
from audit.model.lives import Lives
from audit.model.terms import FOR_EVER
from audit.model.world import JUDGED, Outcome, World

OBJECTIVES: dict[str, type] = {}
READS_KNOWN = "drill"
"""As the restore tests do that it counts: of assets that no record of this kind speaks of it comes to the same (`audit.evaluation.changed`)."""
COUNTS_COVERAGE = True
NEVER_WAIVED = True
"""It counts what there is."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group in service at the last microsecond of the period, in three legs: `assigned`, `protected`, `restorable`."""
    at = world.line.stop - 1
    serving = world.segments.filter(
        (pl.col("begin") <= at)
        & (pl.col("end") > at)
        & (pl.col("in_service").fill_null(-FOR_EVER) <= at)
        & (pl.col("retired").fill_null(FOR_EVER) > at)
    ).select("code", "policy", "started")
    sure, possible = _protected(world.at_latest(), serving, at)
    nobody = serving.clear()
    tested = pl.col("code").is_in(restore_test.in_time(world, serving, at).implode())
    failing = [one.breached.filter((pl.col("begin") <= at) & (pl.col("end") > at))["code"] for one in restore_test.evaluate(world)]
    overdue = pl.col("code").is_in(pl.concat([serving["code"].clear(), *failing]).implode())
    return [
        _outcome("assigned", at, serving, serving.filter(pl.col("policy").is_null()), nobody),
        _outcome("protected", at, serving, serving.filter(~possible), serving.filter(possible & ~sure)),
        _outcome("restorable", at, serving, serving.filter(overdue), serving.filter(~tested & ~overdue), reason="no-restore-test"),
    ]


def _outcome(
    leg: str, at: int, judged: pl.DataFrame, breached: pl.DataFrame, unproven: pl.DataFrame, reason: str | None = None
) -> Outcome:
    def moment(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(begin=pl.lit(at, INT), end=pl.lit(at + 1, INT)).select(
            pl.col(name).cast(kind) for name, kind in JUDGED.items()
        )

    return Outcome(
        leg, moment(judged), moment(judged.clear()), moment(breached), moment(unproven), extra={"reason": reason} if reason else {}
    )


def _protected(world: World, serving: pl.DataFrame, at: int) -> tuple[pl.Series, pl.Series]:
    """Say for each row of serving whether its exposure is within the RPO at an instant: surely, and possibly."""
    allowances = [allowance(policy) for policy in world.policies]
    allowed = (
        pl.Series([WITHOUT_RPO if value is None else value for value in allowances], dtype=INT)
        .gather(serving["policy"])
        .fill_null(WITHOUT_RPO)
    )
    rows = serving.with_columns(allowed=allowed)
    new = (rows["started"] + allowed > at).fill_null(value=False)
    young = world.unseen.join(rows.select("code", "allowed"), on="code")
    young = young.filter(
        (pl.col("begin") <= at) & (pl.min_horizontal(pl.col("end").clip(upper_bound=FOR_EVER) + pl.col("allowed"), "gone") > at)
    )
    sure, possible = new, new | rows["code"].is_in(young["code"].implode())
    for accepts, lives in world.lives.items():
        mine = [index for index, policy in enumerate(world.policies) if policy.accept_partial is accepts]
        counted = rows.filter(pl.col("policy").is_in(mine) | (pl.col("policy").is_null() if not accepts else pl.lit(value=False)))
        sure = sure | rows["code"].is_in(_young(world, lives, counted, at, "sure").implode())
        possible = possible | rows["code"].is_in(_young(world, lives, counted, at, "possible").implode())
    blind = rows["code"].is_in(world.blind.implode())
    return sure & ~blind, possible | sure | blind


def _young(world: World, lives: Lives, rows: pl.DataFrame, at: int, name: str) -> pl.Series:
    """Return the codes that have, at an instant, a live point young enough."""
    live = lives.rows(name).filter((pl.col("begin") <= at) & (pl.col("end") > at))["point"]
    points = world.points.select("code", "restorable")[live].drop_nulls()
    return (
        points.join(rows.select("code", "allowed"), on="code")
        .filter(pl.col("restorable") + pl.col("allowed") > at)["code"]
        .unique()
    )
