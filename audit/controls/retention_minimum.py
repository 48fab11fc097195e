"""Retention minimum: what must be kept is kept (design 5, "retention-minimum")."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import Field, RootModel

from audit.controls._objectives import Length, Objective
from audit.controls._retention import keeps, obligations, outlives
from audit.model.intervals import subtract
from audit.model.world import Outcome, World


class KeepRule(Objective):
    """`{every: point | day | week | month | quarter | year, for: 30d}`."""

    every: Literal["point", "day", "week", "month", "quarter", "year"]
    term: Length = Field(alias="for")


class Keep(RootModel[list[KeepRule]]):
    """`keep: [{every: day, for: 30d}, {every: month, for: 7y}]`."""

    root: list[KeepRule] = Field(min_length=1)


OBJECTIVES = {"keep": Keep}


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy has keep rules: breached where something that has to be kept is not even possibly there."""
    layers = list(world.layers(keeps))
    if not layers:
        return []
    failing = obligations(world).failing
    after = outlives(world)
    outcomes = []
    for layer in layers:
        judged, grace = world.judged(layer, outlives=after)
        outcomes.append(
            world.outcome(layer, None, judged, grace, failing["possible"], subtract(failing["sure"], failing["possible"]))
        )
    return outcomes


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that were lost where a breach (`row`, `code`, `policy`, `begin`) begins: `row`, `role`, `point`."""
    found = []
    for accepts, lives in world.lives.items():
        under = [index for index, policy in enumerate(world.policies) if policy.accept_partial is accepts]
        mine = breaches.filter(pl.col("policy").is_in(under)).select("row", "code", "begin")
        ends = lives.rows("possible").select("point", begin="end")
        ends = ends.with_columns(code=world.points["code"].gather(ends["point"]))
        found.append(ends.join(mine, on=["code", "begin"]).select("row", "point"))
    return pl.concat(found).with_columns(role=pl.lit("lost")).select("row", "role", "point")
