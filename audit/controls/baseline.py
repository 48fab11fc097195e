"""Baseline: policies promise at least what is demanded of their tier (design 5, "baseline").

It judges what was declared, not what evidence shows.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from audit.controls._weaker import shortfalls
from audit.model.intervals import INT, Line, islands, subtract
from audit.model.terms import FOR_EVER, micros
from audit.model.world import JUDGED, Outcome, World

OBJECTIVES: dict[str, type] = {}
DECLARATIONS = True
"""No recovery point and no listing says anything of it."""
LOOKS_AT = ()
UNKNOWN = "baseline-unsure"
"""Why it is unproven where nobody can say that a policy states less, nor that it does not."""
ASKED = {**JUDGED, "demand": INT}


def evaluate(world: World) -> list[Outcome]:
    """Judge every group in service of which anything is demanded: breached while the policy version in force, or that there is none, states less."""
    asked = _asked(world)
    if asked.is_empty():
        return []
    kinds = asked.select("policy", "demand").unique()
    answers = [_answer(world, policy, demand) for policy, demand in kinds.iter_rows()]
    asked = asked.join(kinds.with_columns(answer=pl.Series(answers, dtype=pl.String)), on=["policy", "demand"], nulls_equal=True)
    groups = asked.select("code", "policy").unique().sort("code", "policy").with_row_index("group")
    line = Line(world.line.start, world.line.stop)

    def placed(*answers: str) -> pl.DataFrame:
        rows = asked.filter(pl.col("answer").is_in(answers)).join(groups, on=["code", "policy"], nulls_equal=True)
        return islands(rows.select(*line.put(pl.col("group"), pl.col("begin"), pl.col("end"))))

    def named(stretches: pl.DataFrame) -> pl.DataFrame:
        rows = line.get(stretches)
        return pl.concat([groups[rows["group"]].drop("group"), rows.drop("group")], how="horizontal").select(
            pl.col(name).cast(kind) for name, kind in JUDGED.items()
        )

    judged, breached = placed("below", "unsure", "kept"), placed("below")
    unproven = subtract(placed("unsure"), breached)
    found = [named(rows) for rows in (judged, breached, unproven)]
    return [Outcome(None, found[0], found[0].clear(), found[1], found[2], extra={"reason": UNKNOWN, "of_points": False})]


def told(world: World, stretches: pl.DataFrame, *, surely: bool) -> dict[int, dict[str, Any]]:
    """Return, by `row` of stretches (`row`, `code`, `policy`, `begin`, `end`), what the policy surely (or not surely) states less than is demanded, and by whom."""
    rows = stretches.select("row", "code", "policy", since="begin", until="end")
    rows = rows.join(_asked(world), on=["code", "policy"], nulls_equal=True)
    rows = rows.filter((pl.col("begin") < pl.col("until")) & (pl.col("since") < pl.col("end")))
    found: dict[int, dict[str, Any]] = {}
    for row, policy, number in rows.select("row", "policy", "demand").unique().sort("row", "demand").iter_rows():
        demand = world.demands[number]
        for one in [one for one in _shortfalls(world, policy, number) if one.surely is surely]:
            less = {
                "objective": one.what,
                "stated": one.stated,
                "least": one.least,
                "demanded_by": demand.demanded_by,
                "reference": dict(demand.reference),
            }
            found.setdefault(row, {"below": []})["below"].append(less)
    return found


def _asked(world: World) -> pl.DataFrame:
    """Return when which demand is made of which group, under which policy version: ASKED."""
    start, stop = pl.lit(world.line.start, INT), pl.lit(world.line.stop, INT)
    segments = world.segments.filter(~pl.col("code").is_in(world.beside.implode())).with_columns(
        begin=pl.max_horizontal("begin", "in_service", start),
        end=pl.min_horizontal("end", pl.col("retired").fill_null(FOR_EVER), stop),
    )
    found = [pl.DataFrame(schema=ASKED)]
    for number, demand in enumerate(world.demands):
        since, until = (bound if at is None else micros(at) for at, bound in ((demand.since, -FOR_EVER), (demand.until, FOR_EVER)))
        mine = [
            pl.col(name).is_in(list(words))
            for name, words in (("tier", demand.tiers), ("data_class", demand.data_classes))
            if words is not None
        ]
        rows = segments.filter(*mine).with_columns(
            begin=pl.max_horizontal("begin", pl.lit(since, INT)),
            end=pl.min_horizontal("end", pl.lit(until, INT)),
            demand=pl.lit(number, INT),
        )
        found.append(rows.filter(pl.col("begin") < pl.col("end")).select(pl.col(name).cast(kind) for name, kind in ASKED.items()))
    return pl.concat(found)


def _answer(world: World, policy: int | None, demand: int) -> str:
    lacking = _shortfalls(world, policy, demand)
    return "kept" if not lacking else "below" if any(one.surely for one in lacking) else "unsure"


def _shortfalls(world: World, policy: int | None, demand: int) -> list[Any]:
    least = world.demands[demand].objectives
    if policy is None:
        return shortfalls({}, least, "UTC")
    return shortfalls(world.policies[policy].objectives, least, world.policies[policy].timezone)
