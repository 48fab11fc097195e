"""Verification: each live point was read and found good, lately enough (design 5, "verification")."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audit.controls._cover import GOOD, due, kinds_of, laid_out, of_repositories
from audit.controls._each import NO_COPY, Rule, hidden, inside, judge
from audit.controls._each import doubts as doubts_of
from audit.controls._objectives import Length, Objective
from audit.controls._retention import live_at
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, islands, subtract, union
from audit.model.lives import Lives
from audit.model.terms import FOR_EVER
from audit.model.world import Layer, Outcome, World, plus


class Verify(Objective):
    """`verify: {every: 7d}`."""

    every: Length

    def weaker_than(self, least: Verify, zone: str) -> Iterator[Shortfall]:
        """Yield in what it lets checks be further apart."""
        yield from weaker("every", self.every, least.every, shorter([least.every], [self.every], zone))


OBJECTIVES = {"verify": Verify}
OTHERWISE = NO_COPY
UNKNOWN = "unchecked"
"""Why it is unproven where a point is surely there, and may or may not have been read in time."""
AT_A_TIME = 200
"""How many breaches are explained at a time: each is joined with all points of its group."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy asks for checks: breached while a point that is surely there is damaged, or was surely not read for too long."""
    return judge(_Rule, world)


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when; see `_each.doubts`."""
    return doubts_of(_Rule(world), UNKNOWN, names)


class _Rule(Rule):
    """When points are not covered by checks."""

    key = "verify"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.kinds = kinds_of(world)

    def lives_of(self, policy: PolicyVersion) -> Lives:
        """Return when points live, checked or not: a damaged one that is still there counts."""
        return self.world.standing(policy.accept_partial)

    def failing(self, layer: Layer, policy: PolicyVersion, has: str, life: str) -> pl.DataFrame:
        """Return when points stand in the world `life` and are not covered in the world `has`; see `_each`."""
        world, places, kinds = self.world, self.places, self.kinds
        every = policy.objectives["verify"].every
        lives = self.lives_of(policy)
        codes = world.points["code"]
        low, high = layer.of(codes, "begin"), layer.of(codes, "end")
        mine = high.is_not_null()
        late = pl.select(pl.max_horizontal(low, due(world, policy, every, has))).to_series()
        shared = places.live(lives, life, mine & ~kinds.alone & ~kinds.own, late, high)

        def placed(some: pl.Series, *, alone: bool) -> pl.DataFrame:
            rows = laid_out(world, policy, every, has, (some & mine).arg_true(), shared=not alone)
            rows = inside(world, lives, life, rows, layer)
            rows = rows.with_columns(place=places.number.gather(rows["point"]))
            return islands(rows.select(*places.line.put(pl.col("place"), pl.col("begin"), pl.col("end"))))

        shared = union(shared, placed(kinds.own, alone=False))
        numbered = places.frame.select("pair").with_row_index("place")
        covered = of_repositories(world, policy, every, has).join(numbered, on="pair")
        covered = islands(covered.select(*places.line.put(pl.col("place"), pl.col("begin"), pl.col("end"))))
        return places.named(union(subtract(shared, covered), placed(kinds.alone, alone=True)))

    def unseen(self, layer: Layer, policy: PolicyVersion) -> pl.DataFrame:
        """Return when points that nobody saw may be there unchecked: from their term after their capture to the listing that would show them."""
        rows = hidden(self.world, layer)
        late = plus(rows["begin"], policy.objectives["verify"].every, policy.timezone)
        rows = rows.with_columns(begin=pl.max_horizontal(late, rows["low"]), captured=pl.col("begin"))
        return rows.filter(pl.col("begin") < pl.col("gone")).drop("low", "captured")


def unsure(world: World, stretches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that surely stand when stretches (`row`, `code`, `policy`, `begin`) begin, and of which it is not known whether they were read in time: `row`, `point`."""
    found = [pl.DataFrame(schema={"row": stretches.schema["row"], "point": pl.UInt32})]
    alone = kinds_of(world).alone
    for index in stretches["policy"].drop_nulls().unique():
        mine = stretches.filter(pl.col("policy") == index).select("row", "code", at="begin")
        found += [_failing_at(world, world.policies[index], some, alone, "sure").drop("at") for some in mine.iter_slices(AT_A_TIME)]
    return pl.concat(found)


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that are damaged, or were not read in time, when a breach (`row`, `code`, `policy`, `begin`) begins: `row`, `role`, `point`, and for damaged ones
    the `entry` and `locator` of the check that found it."""
    found = [pl.DataFrame(schema={"row": breaches.schema["row"], "point": pl.UInt32, "at": INT})]
    alone = kinds_of(world).alone
    for index in breaches["policy"].drop_nulls().unique():
        policy = world.policies[index]
        mine = breaches.filter(pl.col("policy") == index).select("row", "code", at="begin")
        found += [_failing_at(world, policy, some, alone, "possible") for some in mine.iter_slices(AT_A_TIME)]
    rows = pl.concat(found)
    checks = world.checks.filter(pl.col("point").is_not_null()).select(
        "point", "entry", "locator", "failed_surely", passed=GOOD["possible"], checked="at"
    )
    last = rows.join(checks, on="point").filter((pl.col("checked") <= pl.col("at")) & (pl.col("failed_surely") | pl.col("passed")))
    last = last.sort("row", "point", "checked", "failed_surely", "entry").unique(["row", "point"], keep="last", maintain_order=True)
    damaged = last.filter("failed_surely").select("row", "point", "entry", "locator")
    unchecked = rows.join(damaged, on=["row", "point"], how="anti").select("row", "point", role=pl.lit("unchecked"))
    return pl.concat([damaged.with_columns(role=pl.lit("damaged")), unchecked], how="diagonal").select(
        "row", "role", "point", "entry", "locator"
    )


def _failing_at(world: World, policy: PolicyVersion, asked: pl.DataFrame, alone: pl.Series, has: str) -> pl.DataFrame:
    """Return the points that surely stand at an instant (asked: `row`, `code`, `at`) and are not covered in the world `has`: `row`, `point`, `at`."""
    every = policy.objectives["verify"].every
    late = due(world, policy, every, has)
    points = world.points.select("code").with_columns(late=late, alone=alone).with_row_index("point")
    rows = points.join(asked, on="code").filter((pl.col("late") <= pl.col("at")) | pl.col("alone"))
    rows = rows.filter(live_at(world.standing(policy.accept_partial), rows.select("at", object="point"), "sure"))
    gaps = laid_out(world, policy, every, has, rows["point"].unique().sort(), shared=False)
    rows = rows.select("row", "point", "at").join(gaps, on="point")
    rows = rows.filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end").clip(upper_bound=FOR_EVER)))
    return rows.select("row", "point", "at")
