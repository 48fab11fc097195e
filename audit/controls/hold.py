"""Hold: what is under a legal hold stays until the hold is released (docs/definitions.md, section 22)."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audit.controls._buckets import Bucketed
from audit.controls._each import NO_COPY
from audit.controls._holds import held as held_of
from audit.controls._monthly import last_missing, orders
from audit.controls._retention import bound_objects, live_at, when_missing
from audit.model.intervals import INT, empty, intersect, islands, subtract, union
from audit.model.lives import Lives, presence_as_lives
from audit.model.terms import FOR_EVER
from audit.model.world import Layer, Outcome, World, live_stretches

OBJECTIVES: dict[str, type] = {}
NEVER_WAIVED = True
OTHERWISE = NO_COPY
EACH_POINT = True
"""Every point counts by itself: what is in doubt is in doubt whatever else is there."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group under a hold: breached while what has to stay is surely gone, unproven while it is possibly gone, or no point surely there."""
    held = held_of(world)
    if held.is_empty():
        return []
    lives = presence_as_lives(world.points, world.presence)
    time = world.on_line(held)
    everything = pl.repeat(-FOR_EVER, world.points.height, dtype=INT, eager=True)
    some, _ = live_stretches(lives, world.line, world.points["code"], everything, -everything)
    last = pl.repeat(None, world.groups.height, dtype=INT, eager=True)
    ends = held.group_by("code").agg(pl.col("end").max(), monthly=(pl.col("preserve") == "month").any())
    last = last.scatter(ends["code"], ends["end"])
    outcomes = []
    for zone in _zones(world, held):
        gone = {name: _gone(world, lives, held, zone, name) for name in ("sure", "possible")}
        # A point that nobody saw counts only where one a month is enough.
        for codes, unseen in ((ends.filter(~pl.col("monthly")), False), (ends.filter("monthly"), True)):
            for whole in _layers(world, zone):
                layer = Layer(whole.frame.filter(pl.col("code").is_in(codes["code"].implode())), whole.size)
                if layer.frame.is_empty():
                    continue
                served, grace = world.judged(layer, outlives=last)
                judged = intersect(union(served, grace), time)
                unproven = subtract(judged, subtract(some, gone["sure"]))
                outcomes.append(world.outcome(layer, None, judged, empty(), gone["possible"], unproven, unseen=unseen))
    return outcomes


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that are gone during a breach (`row`, `code`, `policy`, `begin`, `end`): `row`, `role`, `point`."""
    held = held_of(world).filter(pl.col("code").is_in(breaches["code"].implode()))
    lives = presence_as_lives(world.points, world.presence)
    found = []
    for zone in _zones(world, held):
        mine = [index for index, policy in enumerate(world.policies) if _counts_in(zone, policy.timezone)]
        unpromised = pl.col("policy").is_null() & _counts_in(zone, world.zone)
        asked = breaches.filter(pl.col("policy").is_in(mine) | unpromised).select("row", "code", since="begin", until="end")
        rows = pl.concat([lost.select("object", "code", "begin", "end") for lost in _losses(world, lives, held, zone, "possible")])
        rows = rows.join(asked, on="code").filter((pl.col("begin") < pl.col("until")) & (pl.col("since") < pl.col("end")))
        found.append(rows.select("row", pl.lit("lost").alias("role"), point="object"))
    return pl.concat(found).unique()


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the holds that stand when a breach (`row`, `code`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    rows = breaches.select("row", "code", at_begin="begin").join(world.records["hold"], on="code")
    rows = rows.filter((pl.col("begin") <= pl.col("at_begin")) & (pl.col("at_begin") < pl.col("end")))
    return rows.select("row", "id", "entry", "sha256", "by").unique().sort("row", "entry")


def _zones(world: World, held: pl.DataFrame) -> list[str | None]:
    """Return the zones whose months count, each for the versions of that zone, the programme's where no version is in force; null where no month counts: for all."""
    if not (held["preserve"] == "month").any():
        return [None]
    return list(dict.fromkeys([*(policy.timezone for policy in world.policies), world.zone]))


def _counts_in(zone: str | None, mine: str) -> bool:
    return zone is None or mine == zone


def _layers(world: World, zone: str | None) -> Iterator[Layer]:
    """Yield the segments whose months count in a zone. A hold asks for no promise: also those in which no policy version is in force."""
    yield from world.layers(lambda policy: _counts_in(zone, policy.timezone), unpromised=_counts_in(zone, world.zone))


def _gone(world: World, lives: Lives, held: pl.DataFrame, zone: str | None, name: str) -> pl.DataFrame:
    """Return, as islands on the world's line, when something held is not there in a world."""
    found = [
        lost.select(*world.line.put(pl.col("code"), pl.col("begin"), pl.col("end")))
        for lost in _losses(world, lives, held, zone, name)
    ]
    return islands(pl.concat(found))


def _losses(world: World, lives: Lives, held: pl.DataFrame, zone: str | None, name: str) -> Iterator[pl.DataFrame]:
    """Yield, of one hold of each group after the other, when points are not there in a world and should be: `object` (the point), `code`, `begin`, `end`."""
    points = world.points
    ever = (lives.scalars["begin"] < lives.scalars["possible_end"]) & ~lives.scalars["gapped"]
    ever = ever.scatter(lives.possible["point"].unique(), values=True) if lives.possible.height else ever
    begin = lives.scalars["begin"]
    since = pl.select(
        pl.when(points["catalog"]).then(pl.max_horizontal(points["first_sighting"], begin)).otherwise(begin)
    ).to_series()
    columns = ("object", "code", "begin", "end")
    for (_, preserve), rows in held.group_by("rank", "preserve", maintain_order=True):
        layer = Layer(rows.drop("rank"), world.groups.height)
        objects = pl.DataFrame({
            "code": points["code"], "since": since, "deadline": layer.of(points["code"], "end"),
            "exists": ever & layer.of(points["code"], "begin").is_not_null(),
        })  # fmt: skip
        if preserve == "month" and zone is not None:
            start, later = _of_start_and_later(lives, objects, layer.of(points["code"], "begin"), name)
            # Nobody knows whether one of unknown capture time is the last of its month: in the sure world it has to stay.
            start = start | (later & world.undated()) if name == "sure" else start
            members = objects.with_row_index("point").filter(later)
            members = members.select(
                "point", "code", since=pl.max_horizontal("since", layer.of(members["code"], "begin")), stop="deadline"
            )
            lost = last_missing(world, lives, members, zone, name)
            placed = members.with_columns(order=orders(world).gather(members["point"]))
            yield lost.join(placed, on=["code", "order"]).select(object="point", code="code", begin="begin", end="end")
            objects = objects.with_columns(exists=start)
        kept = Bucketed(objects.with_columns(ever=ever, opens=pl.lit(None, INT)), lives, lives.possible, None, "UTC")
        yield when_missing(world, kept, bound_objects(kept, layer), name).select(columns)


def _of_start_and_later(lives: Lives, objects: pl.DataFrame, begin: pl.Series, name: str) -> tuple[pl.Series, pl.Series]:
    """Say for each point whether it was there when the hold began (`begin`), and whether it came later; in a world.

    One that is first seen later, and was possibly there already, is in the sure world of those that have to stay, and no other one's successor; in the possible
    world it may have come later.
    """
    rows = objects.with_row_index("object").select("object", "since", "exists", at=begin).filter("exists").drop_nulls("at")
    surely, possibly = (live_at(lives, rows.select("object", "at"), world) for world in ("sure", "possible"))
    seen_before = rows["since"] < rows["at"]
    perhaps = ~seen_before & possibly & ~surely
    there = (
        (seen_before & possibly)
        | surely
        | (perhaps if name == "sure" else pl.repeat(value=False, n=len(perhaps), dtype=pl.Boolean, eager=True))
    )
    came = (
        ~seen_before
        & ~surely
        & (~possibly if name == "sure" else pl.repeat(value=True, n=len(perhaps), dtype=pl.Boolean, eager=True))
    )
    nothing = pl.repeat(value=False, n=objects.height, dtype=pl.Boolean, eager=True)
    marked = [
        nothing.clone().scatter(rows["object"].filter(some), values=True) if some.any() else nothing.clone()
        for some in (there, came)
    ]
    return marked[0], marked[1]
