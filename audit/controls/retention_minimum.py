"""Retention minimum: what must be kept is kept (design 5, "retention-minimum")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import polars as pl
from pydantic import Field, RootModel

from audit.controls._at_risk import warned
from audit.controls._objectives import Length, Objective
from audit.controls._retention import failures, keeps, obligations, outlives
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.intervals import subtract
from audit.model.terms import Term
from audit.model.world import Outcome, World


class KeepRule(Objective):
    """`{every: point | day | week | month | quarter | year, for: 30d}`."""

    every: Literal["point", "day", "week", "month", "quarter", "year"]
    term: Length = Field(alias="for")


class Keep(RootModel[list[KeepRule]]):
    """`keep: [{every: day, for: 30d}, {every: month, for: 7y}]`."""

    root: list[KeepRule] = Field(min_length=1)

    def weaker_than(self, least: Keep, zone: str) -> Iterator[Shortfall]:
        """Yield the rules that it does not satisfy. A rule for each day satisfies one for each month when it keeps a month longer: the day may be the month's first."""
        for rule in least.root:
            answers = [_weaker(mine, rule, zone) for mine in self.root]
            answer = False if False in answers else None if None in answers else True
            yield from weaker("", self.model_dump(mode="json", by_alias=True), rule, answer)


FINEST_FIRST = {
    "point": None,
    "day": Term.parse("1 day"),
    "week": Term.parse("1 week"),
    "month": Term.parse("1 month"),
    "quarter": Term.parse("1 quarter"),
    "year": Term.parse("1 year"),
}


def _weaker(mine: KeepRule, rule: KeepRule, zone: str) -> bool | None:
    """Say whether keeping as one rule says is less than another asks: yes, no, or (null) nobody can say."""
    order, bucket = list(FINEST_FIRST), FINEST_FIRST[rule.every]
    answer = shorter([mine.term], [rule.term], zone)
    if mine.every == rule.every or answer is True:
        return answer
    if order.index(mine.every) > order.index(rule.every) or bucket is None:
        return True
    # Of a finer rule the oldest bucket or point inside may be as much older as the whole bucket is long; a week may lie in two months.
    lengths = [bucket] + ([FINEST_FIRST["week"]] if mine.every == "week" else [])
    return False if shorter([mine.term], [*lengths, rule.term], zone) is False else None  # type: ignore[list-item]


OBJECTIVES = {"keep": Keep}
LOOKS_AT = ("lives", "presence", "code", "captured", "available", "restorable", "catalog", "first_sighting", "expires", "locked")
EACH_POINT = True
"""Every point counts by itself: what is in doubt is in doubt whatever else is there."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy has keep rules: breached where something that has to be kept is not even possibly there. What may expire too early is said beside."""
    layers = list(world.layers(keeps))
    if not layers:
        return []
    failing = obligations(world)
    after, gone = outlives(world)
    outcomes = []
    for layer in layers:
        judged, grace = world.judged(layer, outlives=after, gone=gone)
        outcomes.append(
            world.outcome(layer, None, judged, grace, failing["possible"], subtract(failing["sure"], failing["possible"]))
        )
    numbers, named = warned(world, outcomes)
    first, *rest = outcomes
    return [replace(first, numbers=numbers, extra={**first.extra, **named}), *rest]


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that were lost, and should not have been, during a breach (`row`, `code`, `policy`, `begin`, `end`): `row`, `role`, `point`.

    Of a calendar bucket those are lost with which the last of its points went.
    """
    failing = failures(world, breaches)
    buckets = failing.filter(pl.col("point").is_null()).select("row", "code", "opens", "closes", begin="begin")
    found = [failing.drop_nulls("point").select("row", "point")]
    if buckets.height:
        captured = world.points["captured"]
        for lives in world.lives.values():
            ends = lives.rows("possible").select("point", begin="end")
            ends = ends.with_columns(code=world.points["code"].gather(ends["point"]), captured=captured.gather(ends["point"]))
            lost = ends.join(buckets, on=["code", "begin"])
            lost = lost.filter((pl.col("opens") <= pl.col("captured")) & (pl.col("captured") < pl.col("closes")))
            found.append(lost.select("row", "point"))
    return pl.concat(found).unique().with_columns(role=pl.lit("lost")).select("row", "role", "point")


def missing(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the calendar buckets without any point during a breach (`row`, `code`, `begin`, `end`), though one has to be kept: `row`, `every`, `first_day`,
    `last_day` (Date, both inside, in the policy's zone), `deadline` (microseconds), in time order."""
    failing = failures(world, breaches).filter(pl.col("point").is_null())

    def days(zone: str, instants: pl.Expr) -> pl.Expr:
        return instants.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone).dt.date()

    found = [
        rows.select(
            "row", "every", first_day=days(zone, pl.col("opens")), last_day=days(zone, pl.col("closes") - 1), deadline="deadline"
        )
        for (zone,), rows in failing.group_by("zone")
    ]
    shape = {"row": pl.UInt32, "every": pl.String, "first_day": pl.Date, "last_day": pl.Date, "deadline": pl.Int64}
    return pl.concat([pl.DataFrame(schema=shape), *found]).unique().sort("row", "first_day", "last_day", "deadline")
