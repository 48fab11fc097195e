"""Corrective action: no finding of the register is overdue, and a signed statement says that findings are closed in time (docs/definitions.md, section 35)."""

from __future__ import annotations

import polars as pl

from audit.controls._attested import Attested, doubts_of, of_key, said, stated_by
from audit.controls._doubts import as_doubts
from audit.controls._recorded import not_yet_known, recorded, so_far, speaking
from audit.model.intervals import INT, empty, subtract, union
from audit.model.terms import FOR_EVER, micros
from audit.model.world import Layer, Outcome, World

CONTROL = KEY = "corrective"
OBJECTIVES = {KEY: Attested}
ASKED = of_key(CONTROL, KEY)
READS_KNOWN = True
READS_FINDINGS = True

_NOT_ITS_OWN = pl.col("control").ne_missing(CONTROL)
"""A finding that follows a breach of this control says no more than those that were overdue then, and could never be closed if it counted itself."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy asks for it: breached while a finding is overdue, whatever is stated, and while a statement says that it does not hold; met while one says that
    it does, as far as the register is known."""
    outcomes = []
    for whole in world.layers(lambda policy: KEY in policy.objectives):
        judged, grace = world.judged(whole)
        holds, fails = said(world, whole, ASKED)
        breached = union(fails, so_far(world, _overdue(world, whole)))
        met = subtract(so_far(world, holds), breached)
        unproven = subtract(judged, union(met, breached))
        outcomes.append(world.outcome(whole, None, judged, grace, breached, unproven, of_points=False))
    return outcomes


def _overdue(world: World, layer: Layer) -> pl.DataFrame:
    """Return when a finding that speaks of a group is overdue, as islands on the world's line."""
    return world.on_line(speaking(world, "finding", layer).filter(_NOT_ITS_OWN)) if recorded(world, "finding") else empty()


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:  # noqa: ARG001 - it has no doubts about points
    """Return why it is unproven, and when: there was no statement yet, the last one had run out, or the register is not known that far."""
    unknown = [not_yet_known(world, whole) for whole in world.layers(lambda policy: KEY in policy.objectives)]
    # Of what is not known yet it does not matter what was stated.
    known = FOR_EVER if world.known is None else micros(world.known.at)
    stated = doubts_of(world, ASKED).with_columns(end=pl.min_horizontal("end", pl.lit(known, INT)))
    return pl.concat([stated.filter(pl.col("begin") < pl.col("end")), as_doubts(unknown)])


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the findings that are overdue during a breach (`row`, `code`, `policy`, `begin`, `end`), each with who set the due date that it missed, and the statement that governs
    when the breach begins, if it says that it does not hold: `row`, `id`, `entry`, `sha256`, `by`."""
    stated = stated_by(world, ASKED, breaches, holds=False)
    if not recorded(world, "finding"):
        return stated
    rows = breaches.select("row", "code", since="begin", until="end").join(world.records["finding"].filter(_NOT_ITS_OWN), on="code")
    rows = rows.filter((pl.col("begin") < pl.col("until")) & (pl.col("since") < pl.col("end").fill_null(FOR_EVER)))
    overdue = rows.sort("entry").unique(["row", "id"], keep="first", maintain_order=True).sort("row", "entry")
    return pl.concat([overdue.select(stated.columns), stated])


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the statement that governs when a stretch in which it is met (`row`, `code`, `policy`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    return stated_by(world, ASKED, met, holds=True)
