"""What controls share that judge what people recorded of something that speaks of assets, such as a runbook: each such thing is judged by itself, and all of them have to hold."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from audit.controls._doubts import as_doubts
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, Line, empty, islands, subtract, union
from audit.model.terms import FOR_EVER, micros
from audit.model.world import Layer, Outcome, World


class Things:
    """A line for the things that rows name: each pair of a group and an `id` is one."""

    def __init__(self, world: World, rows: pl.DataFrame) -> None:
        self.world = world
        self.line = Line(world.line.start, world.line.stop)
        self.keys = rows.select("code", "id").unique().sort("code", "id").with_row_index("thing")

    def put(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows (`code`, `id`, `begin`, `end`) as islands on the line; of what is no thing here nothing."""
        rows = rows.join(self.keys, on=["code", "id"])
        return islands(rows.select(*self.line.put(pl.col("thing"), pl.col("begin"), pl.col("end"))))

    def get(self, stretches: pl.DataFrame) -> pl.DataFrame:
        """Return stretches of the line as rows: `code`, `id`, `begin`, `end`."""
        rows = self.line.get(stretches, "thing").with_columns(pl.col("thing").cast(pl.UInt32))
        return rows.join(self.keys, on="thing", maintain_order="left").select("code", "id", "begin", "end")

    def of_groups(self, stretches: pl.DataFrame) -> pl.DataFrame:
        """Return stretches of the line as islands on the world's line: when it is so of some thing of the group."""
        return self.world.on_line(self.get(stretches))


def speaking(world: World, kind: str, layer: Layer) -> pl.DataFrame:
    """Return the rows of a kind of record, cut to a layer's segments."""
    return layer.cut(world.records[kind])


def recorded(world: World, kind: str) -> bool:
    """Say whether there is any record of a kind."""
    return kind in world.records and not world.records[kind].is_empty()


Judge = Callable[[World, Layer, PolicyVersion], tuple[pl.DataFrame, pl.DataFrame]]


def judge(world: World, key: str, one: Judge) -> list[Outcome]:
    """Judge every group whose policy has an objective. one: of a layer under one policy, when it is met and when it is breached, as islands on the world's line; the rest
    is unproven."""
    outcomes = []
    for whole in world.layers(lambda policy: key in policy.objectives):
        judged, grace = world.judged(whole)
        met, breached = empty(), empty()
        for index in whole.policies():
            good, bad = one(world, whole.only(index), world.policies[index])
            met, breached = union(met, good), union(breached, bad)
        met, breached = so_far(world, met), so_far(world, breached)
        unproven = subtract(judged, union(met, breached))
        outcomes.append(world.outcome(whole, None, judged, grace, breached, unproven, of_points=False))
    return outcomes


def so_far(world: World, judged: pl.DataFrame) -> pl.DataFrame:
    """Return what is met or breached as far as the journal is known: what was not entered by then may still be done in time, or be taken back."""
    if world.known is None:
        return judged
    ahead = world.groups.select("code", begin=pl.lit(micros(world.known.at), INT), end=pl.lit(FOR_EVER, INT))
    return subtract(judged, world.on_line(ahead))


def not_yet_known(world: World, layer: Layer) -> pl.DataFrame:
    """Return, as a doubt, the time of which the journal is not known yet: `code`, `key`, `begin`, `end`."""
    known = FOR_EVER if world.known is None else micros(world.known.at)
    return always(layer).with_columns(key=pl.lit("not-yet-known"), begin=pl.max_horizontal("begin", pl.lit(known, INT)))


def told_doubts(world: World, key: str, one: Callable[[World, Layer, PolicyVersion], list[pl.DataFrame]]) -> pl.DataFrame:
    """Return why it is unproven, and when, as a control's `doubts` does. one: of a layer under one policy, frames of `code`, `key`, `begin`, `end`."""
    found: list[pl.DataFrame] = []
    for whole in world.layers(lambda policy: key in policy.objectives):
        for index in whole.policies():
            layer = whole.only(index)
            found += [*one(world, layer, world.policies[index]), not_yet_known(world, layer)]
    return as_doubts(found)


def always(layer: Layer) -> pl.DataFrame:
    """Return all of a layer's segments as rows: `code`, `begin`, `end`."""
    return layer.frame.select("code", "begin", "end")


def at_begin(breaches: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of records with the breaches (`row`, `code`, `begin`) at whose beginning they stand: each column, and `row` and `at_begin`."""
    found = breaches.select("row", "code", "policy", at_begin="begin").join(rows, on="code")
    return found.filter((pl.col("begin") <= pl.col("at_begin")) & (pl.col("at_begin") < pl.col("end").fill_null(FOR_EVER)))
