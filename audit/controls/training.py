"""Training: enough people hold unexpired training for each runbook (docs/definitions.md, section 29)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import polars as pl
from pydantic import Field

from audit.controls._objectives import Objective
from audit.controls._recorded import Things, always, at_begin, judge, recorded, speaking, told_doubts
from audit.controls._weaker import Shortfall, weaker
from audit.controls.runbook import IN_USE
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, at_least, empty, islands, subtract
from audit.model.world import Layer, Outcome, World


class People(Objective):
    """`people: 2`, or `{trained: 2}`: how many people have to hold unexpired training for each runbook of the asset."""

    SHORT = "trained"

    trained: Annotated[int, Field(strict=True, ge=1)]

    def weaker_than(self, least: People, zone: str) -> Iterator[Shortfall]:  # noqa: ARG002 - the same at any date
        """Yield in what it asks for fewer people."""
        yield from weaker("trained", self.trained, least.trained, self.trained < least.trained)


OBJECTIVES = {"people": People}
READS_KNOWN = True
OTHERWISE = "no-runbook"
"""Why it is unproven where nothing else says why: no runbook speaks of the asset, so nobody can be trained for one."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy asks for trained people: breached while too few hold training for a runbook, once anybody ever did."""
    return judge(world, "people", _said)


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:  # noqa: ARG001 - it has no doubts about points
    """Return why it is unproven, and when: no runbook speaks of the asset, nobody was trained for one yet, or it takes trainings that nobody confirmed."""

    def one(world: World, layer: Layer, policy: PolicyVersion) -> list[pl.DataFrame]:
        none = always(layer).with_columns(key=pl.lit("no-runbook"))
        if not recorded(world, "runbook"):
            return [none]
        things, used = _runbooks(world, layer)
        need = policy.objectives["people"].trained
        sure, possible = (subtract(used, _enough(world, things, need, sure=sure)) for sure in (True, False))
        unconfirmed = things.get(subtract(sure, possible)).with_columns(key=pl.lit("training-not-confirmed"))
        first = _first(world)
        waiting = things.get(possible).join(first, on=["code", "id"], how="left").with_columns(key=pl.lit("no-training"))
        waiting = waiting.with_columns(end=pl.min_horizontal("end", "first"))
        left = world.line.get(subtract(world.on_line(none), things.of_groups(used)), "code")
        return [left.with_columns(key=pl.lit("no-runbook")), unconfirmed, waiting]

    return told_doubts(world, "people", one)


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the newest record of training of each person for the runbooks for which too few hold one when a breach (`row`, `code`, `begin`) begins: `row`, `id`, `entry`,
    `sha256`, `by`."""
    used = at_begin(breaches, world.records["runbook"].filter(pl.col("act").is_in(IN_USE))).select(
        "row", "at_begin", "id", "code", "policy"
    )
    need = pl.Series([policy.objectives["people"].trained if "people" in policy.objectives else 0 for policy in world.policies])
    told = world.records["training"].rename({"id": "training"})
    rows = (
        used.unique().join(told, left_on=["code", "id"], right_on=["code", "runbook"]).filter(pl.col("begin") <= pl.col("at_begin"))
    )
    holds = pl.when(pl.col("end") > pl.col("at_begin")).then("person").drop_nulls().n_unique().over("row", "id")
    short = rows.filter(holds < need.gather(rows["policy"]))
    short = short.sort("entry").unique(["row", "id", "person"], keep="last", maintain_order=True)
    return (
        short.select("row", "training", "entry", "sha256", "by")
        .rename({"training": "id"})
        .unique(maintain_order=True)
        .sort("row", "entry")
    )


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the confirmed trainings for the runbooks in use that count when a stretch in which it is met (`row`, `code`, `begin`) begins: `row`, `id`, `entry`, `sha256`,
    `by`."""
    used = (
        at_begin(met, world.records["runbook"].filter(pl.col("act").is_in(IN_USE))).select("row", "at_begin", "id", "code").unique()
    )
    told = world.records["training"].filter("confirmed").rename({"id": "training"})
    rows = used.join(told, left_on=["code", "id"], right_on=["code", "runbook"])
    rows = rows.filter((pl.col("begin") <= pl.col("at_begin")) & (pl.col("at_begin") < pl.col("end")))
    rows = rows.select("row", "entry", "sha256", "by", id="training")
    return rows.unique(["row", "id"], keep="last", maintain_order=True).sort("row", "entry")


def _said(world: World, layer: Layer, policy: PolicyVersion) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return when enough people hold confirmed training for every runbook in use, and when too few hold any for one of them, as islands on the world's line."""
    if not recorded(world, "runbook"):
        return empty(), empty()
    things, used = _runbooks(world, layer)
    need = policy.objectives["people"].trained
    sure, possible = (subtract(used, _enough(world, things, need, sure=sure)) for sure in (True, False))
    late = things.get(possible).join(_first(world), on=["code", "id"])
    late = late.with_columns(begin=pl.max_horizontal("begin", "first"))
    return subtract(things.of_groups(used), things.of_groups(sure)), world.on_line(late)


def _runbooks(world: World, layer: Layer) -> tuple[Things, pl.DataFrame]:
    """Return the runbooks that speak of a layer's groups, and when they are in use, on their line."""
    rows = speaking(world, "runbook", layer).filter(pl.col("act").is_in(IN_USE))
    things = Things(world, rows)
    return things, things.put(rows)


def _trainings(world: World) -> pl.DataFrame:
    """Return when people hold training: `code`, `id` (of the runbook), `person`, `confirmed`, `begin`, `end`."""
    kept = world.records.get("training")
    if kept is None:
        return pl.DataFrame(
            schema={"code": pl.UInt32, "id": pl.String, "person": pl.String, "confirmed": pl.Boolean, "begin": INT, "end": INT}
        )
    return kept.select("code", "person", "confirmed", "begin", "end", id="runbook")


def _first(world: World) -> pl.DataFrame:
    """Return since when anybody was ever trained for each runbook: `code`, `id`, `first`. From there on the register is kept of it."""
    return _trainings(world).group_by("code", "id").agg(first=pl.col("begin").min())


def _enough(world: World, things: Things, need: int, *, sure: bool) -> pl.DataFrame:
    """Return, on the line of runbooks, when so many people hold training. sure: confirmed ones alone. Who holds two is one."""
    rows = _trainings(world).drop_nulls("person").filter(pl.col("confirmed") | (not sure)).join(things.keys, on=["code", "id"])
    people = rows.select("thing", "person").unique().sort("thing", "person").with_row_index("place")
    rows = rows.join(people, on=["thing", "person"])
    each = things.line.get(islands(rows.select(*things.line.put(pl.col("place"), pl.col("begin"), pl.col("end")))), "place")
    each = each.with_columns(pl.col("place").cast(pl.UInt32)).join(people, on="place")
    held = each.select(*things.line.put(pl.col("thing"), pl.col("begin"), pl.col("end")), need=pl.lit(need, INT))
    return at_least(held)
