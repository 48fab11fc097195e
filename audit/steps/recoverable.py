"""Recoverable: which live points hold the state an asset had at an instant, and where."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from audit.evaluation.chunks import chunks_of, fetch
from audit.evaluation.facts import resolve_facts
from audit.evaluation.world import build_world
from audit.model.facts import INSTANT
from audit.model.terms import micros, to_seconds
from audit.steps._open import Store
from audit.steps.assess import known_at_of
from audit.steps.catch_up import catch_up


def recoverable(store: Store, asset: str, at: datetime, now: datetime, known_at: int | None = None) -> pl.DataFrame:
    """Return the points from which the state of `asset` at an instant can be restored now: of each part and repository the nearest to it first.

    `lost_seconds`: how much before the instant the restored state is. `live`: `surely`, or `possibly` (no evidence later than `now` minus
    what listings show). `last_verified`: the last check of the point's data that passed; null: never. Raises `UsageError` for an unknown asset.
    """
    catch_up(store)
    known = known_at_of(store, known_at)
    estate = store.estate(known)
    (chunk,) = chunks_of(store.catalog, known, estate, [asset])
    facts = resolve_facts(fetch(store.catalog, known, chunk), estate.sources, {False})
    moment, present = micros(at), micros(now)
    world = build_world(chunk.estate, facts, present, present + 1)
    lives = world.lives[False]

    def live(name: str) -> pl.Series:
        return lives.rows(name).filter((pl.col("begin") <= present) & (pl.col("end") > present))["point"].unique()

    checked = facts.checks.filter(~pl.col("corrupt")).group_by("point").agg(verified=pl.col("at").max())
    surely = live("sure")
    rows = world.points.with_row_index("point").filter(
        pl.col("code").is_not_null() & (pl.col("captured") <= moment) & pl.col("point").is_in(live("possible").implode())
    )
    rows = rows.join(world.groups.select("code", "part"), on="code").join(checked, on="point", how="left")
    rows = rows.join(world.repositories.select("repository", "name").unique(), on="repository")
    reached = pl.min_horizontal("restorable", pl.lit(moment))
    return (
        rows.with_columns(reached=reached)
        .sort(["part", "reached", "name", "id"], descending=[False, True, False, False], nulls_last=True)
        .select(
            part="part",
            repository="name",
            id="id",
            captured_at=pl.col("captured").cast(INSTANT),
            lost_seconds=to_seconds(moment - pl.col("reached")),
            live=pl.when(pl.col("point").is_in(surely.implode())).then(pl.lit("surely")).otherwise(pl.lit("possibly")),
            last_verified=pl.col("verified").cast(INSTANT),
            entry="entry",
            locator="locator",
        )
    )
