"""Runbook: a written recovery procedure is there and was reviewed within its term (docs/definitions.md, section 28)."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audit.controls._objectives import Length, Objective
from audit.controls._recorded import Things, always, at_begin, judge, recorded, speaking, told_doubts
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, empty, subtract, union
from audit.model.world import Layer, Outcome, World, plus

IN_USE = ("publish", "review")
"""What the rows say of a runbook that is in use."""


class Reviewed(Objective):
    """`runbook: {reviewed: 1y}`, or for short `1y`: how long after its last review the next one is due."""

    SHORT = "reviewed"

    reviewed: Length

    def weaker_than(self, least: Reviewed, zone: str) -> Iterator[Shortfall]:
        """Yield in what it lets reviews be older."""
        yield from weaker("reviewed", self.reviewed, least.reviewed, shorter([least.reviewed], [self.reviewed], zone))


OBJECTIVES = {"runbook": Reviewed}
READS_KNOWN = True
OTHERWISE = "no-runbook"
"""Why it is unproven where nothing else says why: no runbook speaks of the asset."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy asks for reviewed runbooks: breached while the review of one is overdue, or while the last one was taken out of use."""
    return judge(world, "runbook", _said)


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:  # noqa: ARG001 - it has no doubts about points
    """Return why it is unproven, and when: no runbook speaks of the asset, or one has yet to be reviewed for the first time."""

    def one(world: World, layer: Layer, policy: PolicyVersion) -> list[pl.DataFrame]:
        none = always(layer).with_columns(key=pl.lit("no-runbook"))
        if not recorded(world, "runbook"):
            return [none]
        things, rows = _things(world, layer, policy)
        waiting = things.get(_unreviewed(things, rows)).join(_first_due(rows), on=["code", "id"])
        waiting = waiting.with_columns(key=pl.lit("runbook-not-reviewed"), end=pl.min_horizontal("end", "first"))
        kept = world.on_line(rows.filter(pl.col("act").is_in(IN_USE)))
        left = world.line.get(subtract(world.on_line(none), kept), "code").with_columns(key=pl.lit("no-runbook"))
        return [left, waiting]

    return told_doubts(world, "runbook", one)


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the runbooks that are overdue, or were taken out of use, when a breach (`row`, `code`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    found = []
    for index in breaches["policy"].drop_nulls().unique():
        policy = world.policies[index]
        rows = at_begin(breaches.filter(pl.col("policy") == index), _due(world.records["runbook"], policy))
        used = rows.filter(pl.col("act").is_in(IN_USE))
        overdue = used.filter((pl.col("until") <= pl.col("at_begin")).all().over("row", "id"))
        gone = rows.filter(pl.col("act") == "retire").join(used.select("row").unique(), on="row", how="anti")
        found.append(pl.concat([overdue, gone]).sort("entry").unique(["row", "id"], keep="last", maintain_order=True))
    return pl.concat(found).select("row", "id", "entry", "sha256", "by").sort("row", "entry")


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the last review in time of each runbook when a stretch in which it is met (`row`, `code`, `policy`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    found = [
        pl.DataFrame(schema={"row": met.schema["row"], "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String})
    ]
    for index in met["policy"].drop_nulls().unique():
        reviews = _due(world.records["runbook"], world.policies[index]).filter(pl.col("act") == "review")
        rows = at_begin(met.filter(pl.col("policy") == index), reviews.with_columns(end=pl.min_horizontal("end", "until")))
        found.append(rows.select(found[0].columns))
    return pl.concat(found).sort("entry").unique(["row", "id"], keep="last", maintain_order=True).sort("row", "entry")


def _said(world: World, layer: Layer, policy: PolicyVersion) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return when every runbook in use was reviewed in time, and when one is overdue or none is left, as islands on the world's line."""
    if not recorded(world, "runbook"):
        return empty(), empty()
    things, rows = _things(world, layer, policy)
    used = world.on_line(rows.filter(pl.col("act").is_in(IN_USE)))
    late = _unreviewed(things, rows)
    overdue = things.get(late).join(_first_due(rows), on=["code", "id"])
    overdue = world.on_line(overdue.with_columns(begin=pl.max_horizontal("begin", "first")))
    gone = subtract(world.on_line(rows.filter(pl.col("act") == "retire")), used)
    return subtract(used, things.of_groups(late)), union(overdue, gone)


def _things(world: World, layer: Layer, policy: PolicyVersion) -> tuple[Things, pl.DataFrame]:
    rows = _due(speaking(world, "runbook", layer), policy)
    return Things(world, rows), rows


def _due(rows: pl.DataFrame, policy: PolicyVersion) -> pl.DataFrame:
    """Add `until`: when the next review is due after what was done."""
    return rows.with_columns(until=plus(rows["on"].cast(INT), policy.objectives["runbook"].reviewed, policy.timezone))


def _first_due(rows: pl.DataFrame) -> pl.DataFrame:
    """Return when the first review of each runbook was due at the latest: `code`, `id`, `first`."""
    return rows.filter(pl.col("act").is_in(IN_USE)).group_by("code", "id").agg(first=pl.col("until").min())


def _unreviewed(things: Things, rows: pl.DataFrame) -> pl.DataFrame:
    """Return, on the line of things, when a runbook is in use without a review that is young enough."""
    reviews = rows.filter(pl.col("act") == "review").with_columns(end=pl.min_horizontal("end", "until"))
    return subtract(things.put(rows.filter(pl.col("act").is_in(IN_USE))), things.put(reviews))
