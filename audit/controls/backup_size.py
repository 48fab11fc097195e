"""Backup size: no copy is empty, or much smaller than those of its kind before it (design 5, "size")."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from pydantic import Field

from audit.controls._drills import UNPROVEN, results
from audit.controls._each import NO_COPY, Rule, hidden, inside, judge, versions
from audit.controls._each import doubts as doubts_of
from audit.controls._objectives import Objective, Share
from audit.controls._retention import live_at
from audit.controls._sizes import RECORD, cured_at, cures, uncured
from audit.controls._weaker import Shortfall, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import islands, union
from audit.model.lives import Lives
from audit.model.world import Layer, Outcome, World


class Size(Objective):
    """`size: {drop: 50%, over: 14}`."""

    drop: Share = Field(description="how much smaller than the median a backup may not be")
    over: int = Field(14, ge=1, le=1000, description="how many backups before it the median is of")

    def weaker_than(self, least: Size, zone: str) -> Iterator[Shortfall]:  # noqa: ARG002 - it has no lengths of time
        """Yield in what it lets backups be smaller. Medians of other numbers of backups cannot be compared."""
        yield from weaker("drop", self.drop, least.drop, self.drop > least.drop)
        yield from weaker("over", self.over, least.over, None if self.over != least.over else False)


OBJECTIVES = {"size": Size}
OTHERWISE = NO_COPY
UNKNOWN = "size-unknown"
"""Why it is unproven where a point is surely there, and its size, or that of those before it, is not known."""
ENDLESS = 2**62
"""Stands for a size that may be anything, where it is to be large."""
SERIES = ["code", "pair", "subject", "method"]


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy says how much smaller a backup may be: breached while one is surely there that surely is smaller, or empty, and nothing cured it."""
    return judge(_Rule, world)


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when; see `_each.doubts`."""
    found = [doubts_of(_Rule(world, only), key, names) for only, key in (("perhaps", UNKNOWN), ("surely", UNPROVEN))]
    return pl.concat(found).unique(maintain_order=True)


class _Rule(Rule):
    """Which points are too small. only: of those that are `surely`, or that are only `perhaps`; null: of both."""

    key = "size"

    def __init__(self, world: World, only: str | None = None) -> None:
        super().__init__(world)
        self.only, self.known = only, results(world)

    def lives_of(self, policy: PolicyVersion) -> Lives:
        """Return when points live."""
        return self.world.lives_of(policy)

    def failing(self, layer: Layer, policy: PolicyVersion, has: str, life: str) -> pl.DataFrame:
        """Return when points are too small in the world `has`, and live in the world `life`; see `_each`."""
        world, places, lives = self.world, self.places, self.lives_of(policy)
        codes = world.points["code"]
        low, high = layer.of(codes, "begin"), layer.of(codes, "end")
        rows = too_small(world, layer, policy).filter(has)
        if self.only is not None:
            rows = rows.filter(pl.col("possible") == (self.only == "surely"))
        # What may be cured does not surely lack it any more, and what surely is has it.
        cured = cures(world, self.known, policy).filter(pl.col("sure") | pl.lit(has == "possible"))
        others = rows.filter(~pl.col("point").is_in(cured["point"].implode()))["point"]
        some = pl.repeat(value=False, n=len(codes), dtype=pl.Boolean, eager=True)
        some = some.scatter(others, values=True) if len(others) else some
        whole = places.live(lives, life, some, low, high)
        left = inside(
            world, lives, life, uncured(rows.filter(pl.col("point").is_in(cured["point"].implode()))["point"], cured), layer
        )
        left = left.with_columns(place=places.number.gather(left["point"]))
        return places.named(union(whole, islands(left.select(*places.line.put(pl.col("place"), pl.col("begin"), pl.col("end"))))))

    def unseen(self, layer: Layer, policy: PolicyVersion) -> pl.DataFrame:  # noqa: ARG002 - as the others of its kind
        """Return when points that nobody saw may be there, of any size."""
        rows = hidden(self.world, layer)
        rows = rows.with_columns(begin=pl.max_horizontal("begin", "low"))
        return rows.filter(pl.col("begin") < pl.col("gone")).drop("low")


def too_small(world: World, layer: Layer, policy: PolicyVersion) -> pl.DataFrame:
    """Return the points of the groups of a layer that are too small under a policy version: `point`, and whether it is so in the possible world (`possible`: surely) and
    in the sure one (`sure`: it may be)."""
    terms: Size = policy.objectives["size"]
    points = world.points.select(*SERIES, "id", "captured", "bytes", "partial").with_row_index("point")
    points = points.filter(layer.of(points["code"], "policy").is_not_null())
    if not policy.accept_partial:
        points = points.filter(~pl.col("partial"))
    points = points.sort(*SERIES, "captured", "id", nulls_last=False)
    fresh = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in SERIES).fill_null(value=True)
    points = points.with_columns(series=fresh.cum_sum())

    def median(unknown: int) -> pl.Expr:
        """Of those before it, if all whose size is not known were of this one; null where there is none before it."""
        sizes = pl.col("bytes").fill_null(unknown).cast(pl.Float64)
        return sizes.shift(1).rolling_median(terms.over, min_samples=1).over("series")

    least, most = median(0) * (1 - terms.drop), median(ENDLESS) * (1 - terms.drop)
    # Where nobody told when one of them was captured, nobody knows which came before which: any may have come after the largest, and be the first.
    mixed = pl.col("captured").is_null().any().over("series")
    least = pl.when(~mixed).then(least)
    most = pl.when(mixed).then(pl.col("bytes").fill_null(ENDLESS).max().over("series") * (1 - terms.drop)).otherwise(most)
    surely = (pl.col("bytes") == 0) | (pl.col("bytes") < least).fill_null(value=False)
    maybe = pl.col("bytes").is_null() | (pl.col("bytes") == 0) | (pl.col("bytes") < most).fill_null(value=False)
    return points.select("point", possible=surely.fill_null(value=False), sure=maybe).filter("sure")


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that are too small when a breach (`row`, `code`, `policy`, `begin`) begins: `row`, `role`, `point`."""
    found = [pl.DataFrame(schema={"row": pl.UInt32, "point": pl.UInt32})]
    for rows, lives, cured in _small(world, breaches):
        there = rows.filter(live_at(lives, rows.select("at", object="point"), "sure"))
        found.append(there.join(cured_at(there, cured), on=["row", "point"], how="anti").select("row", "point"))
    return pl.concat(found).unique().with_columns(role=pl.lit("small")).select("row", "role", "point")


def ended_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the records that cured a point that was too small in a breach (`row`, `code`, `policy`, `begin`, `end`), up to its end: `row`, `id`, `entry`, `sha256`, `by`."""
    found = [_NOBODY]
    for rows, lives, cured in _small(world, breaches):
        mine = rows.join(cured.select("point", *RECORD, since="begin"), on="point")
        mine = mine.filter((pl.col("at") < pl.col("since")) & (pl.col("since") <= pl.col("end")))
        there = live_at(lives, mine.select(object="point", at=pl.col("since") - 1), "sure")
        found.append(mine.filter(there).select(_NOBODY.columns))
    return pl.concat(found).unique().sort("row", "entry", "id")


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the records that cured a point which is too small and lives when a stretch in which it is met (`row`, `code`, `policy`, `begin`) begins."""
    found = [_NOBODY]
    for rows, lives, cured in _small(world, met.with_columns(end="begin")):
        there = rows.filter(live_at(lives, rows.select("at", object="point"), "possible"))
        found.append(cured_at(there, cured.filter("sure")).select(_NOBODY.columns))
    return pl.concat(found).unique().sort("row", "entry", "id")


_NOBODY = pl.DataFrame(schema={"row": pl.UInt32, "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String})


def _small(world: World, asked: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, Lives, pl.DataFrame]]:
    """Yield, by policy version, the points that surely are too small of the groups of stretches (`row`, `code`, `policy`, `begin`, `end`): `row`, `point`, `at` (its begin), `end`; when
    points live; and what cures them."""
    known = results(world)
    for whole in world.layers(_Rule.applies):
        for layer, policy in versions(world, whole):
            mine = asked.filter(layer.of(asked["code"], "policy") == asked["policy"]).select("row", "code", "end", at="begin")
            small = too_small(world, layer, policy).filter("possible").select("point")
            small = small.with_columns(code=world.points["code"].gather(small["point"]))
            rows = small.join(mine, on="code").select(pl.col("row", "point").cast(pl.UInt32), "at", "end")
            yield rows, world.lives_of(policy), cures(world, known, policy)
