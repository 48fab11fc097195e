"""Waivers: what is breached is waived where an approved waiver covers it. They are subtracted last, from what the controls found; nothing is deleted by them."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import polars as pl

from audit.model.intervals import intersect, islands, subtract
from audit.model.world import JUDGED, WAIVED, Outcome, World


def waived(world: World, control: str, module: ModuleType, outcome: Outcome) -> Outcome:
    """Return an outcome whose breached time is waived where a waiver of its control, and of its leg or of all legs, covers it.

    Where several cover the same time the first that was approved is named.
    """
    told = world.records.get("waiver")
    if told is None or told.is_empty() or outcome.breached.is_empty() or getattr(module, "NEVER_WAIVED", False):
        return outcome
    mine = told.filter((pl.col("control") == control) & pl.col("leg").eq_missing(outcome.leg).or_(pl.col("leg").is_null()))
    covered = outcome.breached.join(mine.select("code").unique(), on="code", how="semi")
    if covered.is_empty():
        return outcome
    groups = covered.select("code", "policy").unique().sort("code", "policy", nulls_last=True).with_row_index("group")
    placed = covered.join(groups, on=["code", "policy"], nulls_equal=True)
    left = islands(placed.select(*world.line.put(pl.col("group"), pl.col("begin"), pl.col("end"))))
    found = []
    # A loop over waivers, which people approve one by one.
    for (_, identity), rows in mine.sort("entry").group_by("entry", "id", maintain_order=True):
        cover = islands(rows.join(groups, on="code").select(*world.line.put(pl.col("group"), pl.col("begin"), pl.col("end"))))
        found.append(_named(world, groups, intersect(left, cover)).with_columns(waiver=pl.lit(identity, pl.String)))
        left = subtract(left, cover)
    others = outcome.breached.join(groups, on=["code", "policy"], how="anti", nulls_equal=True)
    breached = pl.concat([others, _named(world, groups, left).select(others.columns)])
    return replace(outcome, breached=breached, waived=pl.concat(found).select(*WAIVED))


def _named(world: World, groups: pl.DataFrame, stretches: pl.DataFrame) -> pl.DataFrame:
    """Return stretches of the line as `code`, `policy`, `begin`, `end`."""
    rows = world.line.get(stretches)
    return pl.concat([groups[rows["group"]].drop("group"), rows.drop("group")], how="horizontal").select(*JUDGED)
