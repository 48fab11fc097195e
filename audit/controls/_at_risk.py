"""What is kept, and would by its declared expiry be gone before it may: for retention-minimum (docs/definitions.md, section 9). It is a warning, and changes no verdict.

All instants are Int64 microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from audit.controls._buckets import borders, bucket_objects
from audit.controls._retention import bound_objects, keeps, of_points
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT
from audit.model.lives import Lives
from audit.model.terms import FOR_EVER, Term
from audit.model.world import Layer, Outcome, World, plus

AT_RISK = {
    "code": pl.UInt32,
    "policy": pl.Int32,
    "bucket": pl.Boolean,
    "point": pl.UInt32,
    "goes": INT,
    "needed": INT,
    "since": INT,
}
"""A point, or a calendar bucket and the point of it that goes last: when it may go by what is declared of it, up to when it is needed, and since when it would be missing."""
EXAMPLES = 5
"""How many points of a result are named: those that would be missed first."""
RULES = 8
"""How many rules name the same point, if not more: with more, fewer points are named."""
BOTH = ("code", "policy")


def warned(world: World, outcomes: Sequence[Outcome]) -> tuple[pl.DataFrame, Mapping[str, Any]]:
    """Return of what is at risk at the period's end the numbers of an outcome, and what else it says: the points that its results name (`at_risk`: `code`, `policy`, `point`,
    `goes_at`, `needed_until_at`)."""
    rows = _at_risk(world, outcomes)
    counted = rows.group_by(BOTH).agg(
        at_risk_points=(~pl.col("bucket")).sum().replace(0, None).cast(INT),
        at_risk_buckets=pl.col("bucket").sum().replace(0, None).cast(INT),
        at_risk_from_at=pl.col("since").min(),
    )
    if rows.is_empty():
        return counted, {}
    # Of millions few are named: those that would be missed first are found before they are sorted. A point is there once for each rule.
    latest = rows.group_by(BOTH).agg(latest=pl.col("since").bottom_k(EXAMPLES * RULES).max())
    rows = rows.join(latest, on=BOTH).filter(pl.col("since") <= pl.col("latest")).drop("latest")
    # Kept worlds know no ids of points, and name none.
    told = world.points.select("captured", *(name for name in ("id", "pair") if name in world.points.columns))[rows["point"]]
    rows = rows.with_columns(told).sort(*BOTH, "since", "goes", *told.columns)
    first = rows.unique([*BOTH, "point"], keep="first", maintain_order=True)
    first = first.filter(pl.int_range(pl.len()).over(BOTH) < EXAMPLES)
    return counted, {"named": {"at_risk": first.select(*BOTH, "point", goes_at="goes", needed_until_at="needed")}}


def _at_risk(world: World, outcomes: Sequence[Outcome]) -> pl.DataFrame:
    """Return what is at risk (AT_RISK) of the groups that are judged, or in the grace of new ones, at the period's end, under the version that is in force there."""
    none, stop = pl.DataFrame(schema=AT_RISK), world.line.stop
    declared = world.points["expires"].is_not_null() & world.points["captured"].is_not_null()
    if not declared.any():
        return none
    judged = pl.concat(
        [none["code"], *(rows.filter(pl.col("end") == stop)["code"] for one in outcomes for rows in (one.judged, one.grace))]
    )
    # What is locked for longer than it is declared to stay cannot go before the lock ends.
    goes = world.points.select(pl.when(declared).then(pl.max_horizontal("expires", "locked")).otherwise(FOR_EVER)).to_series()
    found = [none]
    for whole in world.layers(keeps):
        last = Layer(whole.frame.filter((pl.col("end") >= stop) & pl.col("code").is_in(judged.implode())), whole.size)
        free = _free_until(world, last)
        for layer, lives in world.by_acceptance(last):
            there = _live_at_end(world, lives)
            for index in layer.policies():
                for rows in _of_version(world, layer.only(index), lives, world.policies[index], there, goes):
                    # Nothing is missed before the period ends: it is there.
                    since = pl.max_horizontal("since", "goes", free.gather(rows["code"]), pl.lit(stop, INT))
                    rows = rows.with_columns(since=since, policy=pl.lit(index, pl.Int32)).filter(pl.col("since") < pl.col("needed"))
                    found.append(rows.select(pl.col(name).cast(kind) for name, kind in AT_RISK.items()))
    return pl.concat(found)


def _free_until(world: World, layer: Layer) -> pl.Series:
    """Return, for each code, up to when the grace of a new asset runs, in which nothing is missed; null: it has none."""
    rows = world.serving(layer)
    rows = rows.with_columns(until=world.grace_ends(rows)).drop_nulls("until")
    free = pl.repeat(None, layer.size, dtype=INT, eager=True)
    return free.scatter(rows["code"], rows["until"]) if rows.height else free


def _live_at_end(world: World, lives: Lives) -> pl.Series:
    """Say for each point whether it was told when it was captured, and possibly lives at the last instant of the period."""
    end = world.line.stop - 1
    there = lives.scalars.select(
        ~pl.col("gapped") & (pl.col("begin") <= end) & (pl.col("possible_end") > end) & world.points["captured"].is_not_null()
    )
    alive = there.to_series().fill_null(value=False)
    gapped = lives.possible.filter((pl.col("begin") <= end) & (pl.col("end") > end))["point"].unique()
    gapped = gapped.filter(world.points["captured"].gather(gapped).is_not_null())
    return alive.scatter(gapped, values=True) if len(gapped) else alive


def _of_version(
    world: World, layer: Layer, lives: Lives, policy: PolicyVersion, there: pl.Series, goes: pl.Series
) -> Iterator[pl.DataFrame]:
    """Yield what is at risk of what a version obliges: `code`, `bucket`, `point`, `goes`, `needed`, `since` (when the obligation begins)."""
    points, rules = world.points, policy.objectives["keep"].root
    mine = (there & (goes < FOR_EVER) & layer.of(points["code"], "begin").is_not_null()).arg_true()
    if mine.is_empty():
        return
    captured, going = points["captured"].gather(mine), goes.gather(mine)
    terms = [rule.term for rule in rules if rule.every == "point"]
    if terms:
        needed = pl.select(pl.max_horizontal(plus(captured, term, policy.timezone) for term in terms)).to_series()
        early = going < needed
        if early.any():
            yield _single(world, layer, lives, policy, mine.filter(early), needed.filter(early), goes)
    for rule in rules:
        if rule.every != "point" and _any_early(captured, going, rule.every, rule.term, policy.timezone):
            yield _of_buckets(world, layer, lives, policy, (rule.every, rule.term), there, goes)


def _single(
    world: World, layer: Layer, lives: Lives, policy: PolicyVersion, some: pl.Series, needed: pl.Series, goes: pl.Series
) -> pl.DataFrame:
    """Return points (rows of points) that each have to stay up to an instant of its own, those that the version binds."""
    height = world.points.height
    ends = pl.repeat(None, height, dtype=INT, eager=True).scatter(some, needed)
    chosen = pl.repeat(value=False, n=height, dtype=pl.Boolean, eager=True).scatter(some, values=True)
    kept = of_points(world, layer, lives, policy, [ends], chosen)
    bound = bound_objects(kept, layer)
    point = kept.objects["point"].gather(bound["object"])
    return bound.select(
        "code", "since", bucket=pl.lit(value=False), point=point, goes=goes.gather(point), needed=pl.col("deadline")
    )


def _any_early(captured: pl.Series, goes: pl.Series, every: str, term: Term, zone: str) -> bool:
    """Say whether any of some points may go before the bucket that it was captured in is needed no more: if none does, no bucket is at risk."""
    edges = pl.Series(borders(every, zone, int(captured.min()), int(captured.max())), dtype=INT)  # type: ignore[arg-type]
    until = plus(edges, term, zone).gather(edges.search_sorted(captured, side="right").clip(0, len(edges) - 1))
    return bool((goes < until).any())


def _of_buckets(
    world: World, layer: Layer, lives: Lives, policy: PolicyVersion, rule: tuple[str, Term], there: pl.Series, goes: pl.Series
) -> pl.DataFrame:
    """Return the buckets of a rule that have ended, and of which every point that lives at the period's end may go before they are needed no more."""
    last: list[pl.DataFrame] = []

    def chosen(found: pl.DataFrame, members: pl.DataFrame) -> pl.Series:
        rows = members.filter(there.gather(members["point"]))
        rows = rows.with_columns(goes=goes.gather(rows["point"]), until=found["deadline"].gather(rows["row"]))
        # Of a bucket that has not ended, a point that stays for longer may still come.
        going = (found["since"] <= world.line.stop) & (found["deadline"] > world.line.stop)
        held = pl.repeat(value=False, n=found.height, dtype=pl.Boolean, eager=True)
        if rows.is_empty():
            last.append(rows)
            return held
        stays = rows["row"].filter(rows["goes"] >= rows["until"])
        held = held.scatter(rows["row"], values=True)
        held = (held.scatter(stays, values=False) if len(stays) else held) & going
        rows = rows.filter(held.gather(rows["row"])).sort("row", "goes", "point")
        last.append(rows.unique("row", keep="last", maintain_order=True))
        return held

    every, term = rule
    kept = bucket_objects(world, layer, lives, policy, every, term, world.line.stop, chosen)
    bound, (goers,) = bound_objects(kept, layer), last
    goer = goers[bound["object"]]  # objects are the chosen buckets, in order
    return bound.select(
        "code", "since", bucket=pl.lit(value=True), point=goer["point"], goes=goer["goes"], needed=pl.col("deadline")
    )
