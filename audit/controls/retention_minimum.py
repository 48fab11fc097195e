"""Retention minimum: what must be kept is kept (design 5, "retention-minimum")."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field, RootModel

from audit.controls._buckets import borders
from audit.controls._objectives import Length, Objective
from audit.controls._retention import keeps, obligations, outlives
from audit.model.estate import PolicyVersion
from audit.model.intervals import subtract
from audit.model.lives import Lives
from audit.model.world import Outcome, World, plus


class KeepRule(Objective):
    """`{every: point | day | week | month | quarter | year, for: 30d}`."""

    every: Literal["point", "day", "week", "month", "quarter", "year"]
    term: Length = Field(alias="for")


class Keep(RootModel[list[KeepRule]]):
    """`keep: [{every: day, for: 30d}, {every: month, for: 7y}]`."""

    root: list[KeepRule] = Field(min_length=1)


OBJECTIVES = {"keep": Keep}
EACH_POINT = True
"""Every point counts by itself: what is in doubt is in doubt whatever else is there."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy has keep rules: breached where something that has to be kept is not even possibly there."""
    layers = list(world.layers(keeps))
    if not layers:
        return []
    failing = obligations(world)
    after = outlives(world)
    outcomes = []
    for layer in layers:
        judged, grace = world.judged(layer, outlives=after)
        outcomes.append(
            world.outcome(layer, None, judged, grace, failing["possible"], subtract(failing["sure"], failing["possible"]))
        )
    return outcomes


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that were lost, and should not have been, where a breach (`row`, `code`, `policy`, `begin`) begins: `row`, `role`, `point`."""
    found = [pl.DataFrame(schema={"row": breaches.schema["row"], "point": pl.UInt32})]
    for index in breaches["policy"].drop_nulls().unique():
        policy = world.policies[index]
        lost = _ended(world, world.lives_of(policy), breaches.filter(pl.col("policy") == index))
        for rule in policy.objectives["keep"].root if lost.height else []:
            if rule.every == "point":
                due = plus(world.points["captured"].gather(lost["point"]), rule.term, policy.timezone)
                found.append(lost.filter(due > lost["begin"]).select("row", "point"))
            else:
                found.append(_last_of_their_bucket(world, policy, lost, rule))
    return pl.concat(found).unique().with_columns(role=pl.lit("lost")).select("row", "role", "point")


def _ended(world: World, lives: Lives, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points whose life ended in the very instant in which a breach of their group begins: `row`, `code`, `begin`, `point`."""
    ends = lives.rows("possible").select("point", begin="end")
    ends = ends.with_columns(code=world.points["code"].gather(ends["point"]))
    return ends.join(breaches.select("row", "code", "begin"), on=["code", "begin"]).select("row", "code", "begin", "point")


def _last_of_their_bucket(world: World, policy: PolicyVersion, lost: pl.DataFrame, rule: KeepRule) -> pl.DataFrame:
    """Return those lost points that leave their calendar bucket without any live point, while it has to have one: `row`, `point`."""
    captured = world.points["captured"]
    known = captured.gather(lost["point"])
    low, high = known.min(), known.max()
    if not isinstance(low, int) or not isinstance(high, int):
        return lost.select("row", "point").clear()
    edges = pl.Series(borders(rule.every, policy.timezone, low, high), dtype=pl.Int64)
    lost = lost.with_columns(bucket=edges.search_sorted(known, side="right").cast(pl.Int64) - 1)
    closes = edges.gather(lost["bucket"] + 1)
    lost = lost.filter((closes <= lost["begin"]) & (plus(closes, rule.term, policy.timezone) > lost["begin"]))
    place = edges.search_sorted(captured.fill_null(low - 1), side="right").cast(pl.Int64) - 1
    rows = world.lives_of(policy).rows("possible")
    rows = rows.with_columns(code=world.points["code"].gather(rows["point"]), bucket=place.gather(rows["point"])).drop("point")
    left = lost.select("row", "code", "bucket", at="begin").unique().join(rows, on=["code", "bucket"])
    left = left.filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end"))).select("row", "bucket").unique()
    return lost.join(left, on=["row", "bucket"], how="anti").select("row", "point")
