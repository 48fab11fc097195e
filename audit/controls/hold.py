"""Hold: what is under a legal hold stays until the hold is released (docs/definitions.md, section 22)."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audit.controls._buckets import Bucketed
from audit.controls._each import NO_COPY
from audit.controls._holds import held as held_of
from audit.controls._retention import bound_objects, when_missing
from audit.model.intervals import INT, empty, intersect, islands, subtract, union
from audit.model.lives import Lives, presence_as_lives
from audit.model.terms import FOR_EVER
from audit.model.world import Layer, Outcome, World, live_stretches

OBJECTIVES: dict[str, type] = {}
OTHERWISE = NO_COPY
EACH_POINT = True
"""Every point counts by itself: what is in doubt is in doubt whatever else is there."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group under a hold: breached while a point that was surely there is surely gone, unproven while one is possibly gone, or none surely there."""
    held = held_of(world)
    if held.is_empty():
        return []
    lives = presence_as_lives(world.points, world.presence)
    time = world.on_line(held)
    gone = {name: _gone(world, lives, held, name) for name in ("sure", "possible")}
    everything = pl.repeat(-FOR_EVER, world.points.height, dtype=INT, eager=True)
    some, _ = live_stretches(lives, world.line, world.points["code"], everything, -everything)
    last = pl.repeat(None, world.groups.height, dtype=INT, eager=True)
    ends = held.group_by("code").agg(pl.col("end").max())
    last = last.scatter(ends["code"], ends["end"])
    outcomes = []
    for whole in world.layers(lambda _: True):
        layer = Layer(whole.frame.filter(pl.col("code").is_in(ends["code"].implode())), whole.size)
        served, grace = world.judged(layer, outlives=last)
        judged = intersect(union(served, grace), time)
        unproven = subtract(judged, subtract(some, gone["sure"]))
        outcomes.append(world.outcome(layer, None, judged, empty(), gone["possible"], unproven, unseen=False))
    return outcomes


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that are gone during a breach (`row`, `code`, `policy`, `begin`, `end`): `row`, `role`, `point`."""
    held = held_of(world).filter(pl.col("code").is_in(breaches["code"].implode()))
    lives = presence_as_lives(world.points, world.presence)
    rows = pl.concat([lost.select("object", "code", "begin", "end") for lost in _losses(world, lives, held, "possible")])
    asked = breaches.select("row", "code", since="begin", until="end")
    rows = rows.join(asked, on="code").filter((pl.col("begin") < pl.col("until")) & (pl.col("since") < pl.col("end")))
    return rows.select("row", pl.lit("lost").alias("role"), point="object").unique()


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the holds that stand when a breach (`row`, `code`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    rows = breaches.select("row", "code", at_begin="begin").join(world.records["hold"], on="code")
    rows = rows.filter((pl.col("begin") <= pl.col("at_begin")) & (pl.col("at_begin") < pl.col("end")))
    return rows.select("row", "id", "entry", "sha256", "by").unique().sort("row", "entry")


def _gone(world: World, lives: Lives, held: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return, as islands on the world's line, when something held is not there in a world."""
    found = [
        lost.select(*world.line.put(pl.col("code"), pl.col("begin"), pl.col("end"))) for lost in _losses(world, lives, held, name)
    ]
    return islands(pl.concat(found))


def _losses(world: World, lives: Lives, held: pl.DataFrame, name: str) -> Iterator[pl.DataFrame]:
    """Yield, of one hold of each group after the other, when points are not there in a world and should be: `object` (the point), `code`, `deadline`, `begin`, `end`."""
    points = world.points
    ever = (lives.scalars["begin"] < lives.scalars["possible_end"]) & ~lives.scalars["gapped"]
    ever = ever.scatter(lives.possible["point"].unique(), values=True) if lives.possible.height else ever
    begin = lives.scalars["begin"]
    since = pl.select(
        pl.when(points["catalog"]).then(pl.max_horizontal(points["first_sighting"], begin)).otherwise(begin)
    ).to_series()
    for _, rows in held.group_by("rank", maintain_order=True):
        layer = Layer(rows.drop("rank"), world.groups.height)
        objects = pl.DataFrame({
            "code": points["code"], "since": since, "deadline": layer.of(points["code"], "end"),
            "exists": ever & layer.of(points["code"], "begin").is_not_null(),
        })  # fmt: skip
        kept = Bucketed(objects.with_columns(ever=ever, opens=pl.lit(None, INT)), lives, lives.possible, None, "UTC")
        yield when_missing(world, kept, bound_objects(kept, layer), name)
