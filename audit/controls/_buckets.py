"""Calendar buckets of keep rules (`every: day | week | month | quarter | year`): which there are, and when a point captured in one lives.

Buckets are those of the policy's zone; weeks are ISO weeks. All instants are Int64 microseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl
from dateutil.relativedelta import MO, relativedelta

from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, search
from audit.model.lives import NEVER, Lives
from audit.model.presence import GAP
from audit.model.terms import FOR_EVER, Term, instant, local, micros
from audit.model.world import Layer, World, plus

STEP = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}
Chosen = Callable[[pl.DataFrame, pl.DataFrame], pl.Series]
EARLIEST = micros(datetime.fromisoformat("1980-01-01T00:00:00+00:00"))
LATEST = micros(datetime.fromisoformat("2090-01-01T00:00:00+00:00"))


@dataclass(frozen=True, slots=True)
class Bucketed:
    """Objects of a rule. objects: `code`, `since` (when the obligation begins), `deadline`, `exists` (there is an obligation to consider), `point` (null of a
    bucket) and `opens` (null of a point), in order of object; seen: their lives by seen points; possible: the live stretches of the gapped ones in the possible
    world, unseen points counted too; every: the word of the buckets, null of points; zone: in which they are counted. undated: when points of unknown capture time may live, and the
    latest instant at which each can have been captured (`code`, `begin`, `end`, `latest`; null: there are none): each may be of any bucket that opens by then. only_sure: in the
    possible world nothing is obliged."""

    objects: pl.DataFrame
    seen: Lives
    possible: pl.DataFrame
    every: str | None
    zone: str
    undated: pl.DataFrame | None = None
    only_sure: bool = False


@lru_cache(maxsize=256)
def borders(every: str, zone: str, low: int, high: int) -> list[int]:
    """Return the borders of the zone's calendar buckets, from the one at or before `low` to the second one after `high`."""
    day = instant(max(low, EARLIEST)).astimezone(ZoneInfo(zone)).replace(
        hour=0, minute=0, second=0, microsecond=0, tzinfo=None
    ) - timedelta(days=1)
    if every == "week":
        day += relativedelta(weekday=MO(-1))
    elif every == "month":
        day = day.replace(day=1)
    elif every == "quarter":
        day = day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
    elif every == "year":
        day = day.replace(day=1, month=1)
    found: list[int] = []
    step, count = STEP[every], 0
    while len(found) < 2 or found[-2] <= min(high, LATEST):
        found.append(micros(local(day + step * count, zone)))
        count += 1
    return found


def bucket_objects(
    world: World,
    layer: Layer,
    lives: Lives,
    policy: PolicyVersion,
    every: str,
    term: Term,
    horizon: int | None = None,
    chosen: Chosen | None = None,
) -> Bucketed:
    """Return the buckets of one rule that matter within the period, and are not plainly kept through all of it.

    horizon: an instant at or after the period's end; with it also those that begin to matter later, of points captured up to there. chosen: says which matter instead, from the
    buckets (`code`, `opens`, `since`, `deadline`) and the points that were ever live in each (`point`, `row` of its bucket).
    """
    zone = policy.timezone
    # A bucket matters when it ends before the period does, and its deadline lies in the period or later.
    lowest = micros(term.before(instant(world.line.start), zone))
    edges = pl.Series(borders(every, zone, lowest, horizon or world.line.stop), dtype=INT)
    points, number = world.points, len(edges)
    ever = (lives.scalars["begin"] < lives.scalars["possible_end"]) & ~lives.scalars["gapped"]
    ever = ever.scatter(lives.possible["point"].unique(), values=True) if lives.possible.height else ever
    mine = pl.DataFrame(
        {"code": points["code"], "captured": points["captured"], "in": layer.of(points["code"], "begin"), "ever": ever}
    )
    mine = mine.with_row_index("point").filter(pl.col("in").is_not_null() & pl.col("captured").is_not_null() & pl.col("ever"))
    mine = mine.select("point", "code", bucket=edges.search_sorted(mine["captured"], side="right").cast(INT) - 1)
    mine = mine.filter((pl.col("bucket") >= 0) & (pl.col("bucket") < number - 1))
    required = whole_buckets(_ruled(world, every), layer, edges, "left")
    # Every bucket of every group has a place of its own, so that they are looked up instead of joined.
    mine, required = (rows.with_columns(place=pl.col("code").cast(INT) * number + pl.col("bucket")) for rows in (mine, required))
    there = pl.repeat(value=False, n=world.groups.height * number, dtype=pl.Boolean, eager=True)
    for rows in (mine, required):
        there = there.scatter(rows["place"], values=True) if rows.height else there
    found = there.arg_true().cast(INT).alias("place").to_frame()
    found = found.select("place", code=(pl.col("place") // number).cast(pl.UInt32), bucket=pl.col("place") % number)
    found = found.with_columns(opens=edges.gather(found["bucket"]), since=edges.gather(found["bucket"] + 1))
    found = found.with_columns(deadline=plus(found["since"], term, zone), start=layer.of(found["code"], "begin"))
    found = found.filter(pl.col("deadline") > world.line.start)
    if horizon is None:
        found = found.filter(pl.col("since") < world.line.stop)
    inside = mine.select("point", row=_numbers(found, len(there)).gather(mine["place"])).drop_nulls("row")
    found = found.filter(chosen(found, inside) if chosen is not None else ~_plainly_kept(found, inside, lives, world))
    members = mine.select("point", object=_numbers(found, len(there)).gather(mine["place"])).drop_nulls()
    sure, possible = _rows_of(members, lives)
    scalars = pl.DataFrame(
        {
            "begin": pl.repeat(FOR_EVER, found.height, dtype=INT, eager=True),
            "sure_end": pl.repeat(NEVER, found.height, dtype=INT, eager=True),
            "possible_end": pl.repeat(NEVER, found.height, dtype=INT, eager=True),
            "gapped": pl.repeat(value=True, n=found.height, dtype=pl.Boolean, eager=True),
        }
    )
    objects = found.select("code", "since", "deadline", "opens", exists=pl.lit(value=True), point=pl.lit(None, pl.UInt32))
    return Bucketed(objects, Lives(scalars, sure, possible), pl.concat([possible, _unseen_rows(world, found)]), every, zone)


def _ruled(world: World, every: str) -> pl.DataFrame:
    """Return when groups are in service under versions that have a rule of that `every`: `code`, `begin`, `end`, in order."""
    with_rule = [
        index
        for index, policy in enumerate(world.policies)
        if "keep" in policy.objectives and any(rule.every == every for rule in policy.objectives["keep"].root)
    ]
    return world.segments.filter(pl.col("policy").is_in(with_rule)).select(
        "code",
        begin=pl.max_horizontal("begin", "in_service"),
        end=pl.min_horizontal("end", pl.col("retired").fill_null(FOR_EVER)),
    )


def whole_buckets(rows: pl.DataFrame, layer: Layer, edges: pl.Series, side: Literal["left", "right"]) -> pl.DataFrame:
    """Return (`code`, `bucket`) of the buckets that lie wholly in unbroken stretches of rows, and end within the layer.

    rows: `code`, `begin`, `end`, in order. side: a bucket that ends where two versions meet belongs to the one that begins there (`left`), or to the
    one that ends there (`right`).
    """
    rows = rows.filter(pl.col("begin") < pl.col("end"))
    fresh = (pl.col("code") != pl.col("code").shift(1)) | (pl.col("begin") != pl.col("end").shift(1))
    spans = (
        rows.with_columns(span=fresh.fill_null(value=True).cum_sum())
        .group_by("span")
        .agg(pl.col("code", "begin").first(), pl.col("end").last())
    )
    start, stop = layer.of(spans["code"], "begin"), layer.of(spans["code"], "end")
    spans = spans.with_columns(start=start, stop=stop).drop_nulls("start")
    first = edges.search_sorted(spans["begin"], side="left").cast(INT)
    ends_after = edges.search_sorted(spans["start"], side=side).cast(INT) - 1
    last_inside = edges.search_sorted(spans["end"], side="right").cast(INT) - 2
    ends_before = edges.search_sorted(spans["stop"], side=side).cast(INT) - 2
    spans = spans.with_columns(
        low=pl.max_horizontal(first, ends_after, pl.lit(0)),
        high=pl.min_horizontal(last_inside, ends_before, pl.lit(len(edges) - 2)) + 1,
    )
    ranges = spans.filter(pl.col("low") < pl.col("high")).select("code", bucket=pl.int_ranges("low", "high"))
    return ranges.explode("bucket").select("code", pl.col("bucket").cast(INT))


def _numbers(found: pl.DataFrame, places: int) -> pl.Series:
    """Return, for each place of a bucket, its row in found; null where it has none."""
    table = pl.repeat(None, places, dtype=pl.UInt32, eager=True)
    return table.scatter(found["place"], pl.int_range(found.height, dtype=pl.UInt32, eager=True)) if found.height else table


def _plainly_kept(found: pl.DataFrame, members: pl.DataFrame, lives: Lives, world: World) -> pl.Series:
    """Say of which buckets one point without gaps lives through all that the period asks: they are most, and need no more work."""
    low = pl.max_horizontal("since", "start", pl.lit(world.line.start))
    high = pl.min_horizontal("deadline", pl.lit(world.line.stop))
    asked = found.select(low=low, high=high)
    scalars = lives.scalars[members["point"]]
    whole = pl.select(
        ~scalars["gapped"]
        & (scalars["begin"] <= asked["low"].gather(members["row"]))
        & (scalars["sure_end"] >= asked["high"].gather(members["row"]))
    ).to_series()
    kept = pl.repeat(value=False, n=found.height, dtype=pl.Boolean, eager=True)
    rows = members["row"].filter(whole)
    return kept.scatter(rows, values=True) if len(rows) else kept


def _rows_of(members: pl.DataFrame, lives: Lives) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the live stretches (`point` is the object's number) of the points in each bucket (`object`, `point`), surely and possibly."""
    scalars = lives.scalars[members["point"]]
    plain = members.with_columns(scalars["begin"], scalars["sure_end"], scalars["possible_end"], scalars["gapped"]).filter(
        ~pl.col("gapped")
    )

    def rows(end: str, gapped: pl.DataFrame) -> pl.DataFrame:
        whole = plain.select("object", "begin", end=end).filter(pl.col("begin") < pl.col("end"))
        rest = members.join(gapped, on="point").select("object", "begin", "end")
        return pl.concat([whole, rest]).select(pl.col("object").cast(pl.UInt32).alias("point"), "begin", "end")

    return rows("sure_end", lives.sure), rows("possible_end", lives.possible)


def _unseen_rows(world: World, found: pl.DataFrame) -> pl.DataFrame:
    """Return when a point captured unseen in a bucket may live: from its capture to the next complete listing."""
    pieces = world.unseen.select("code", low="begin", high="end", gone="gone").filter(pl.col("low") < pl.col("high"))
    pieces = pieces.filter(pl.col("code").is_in(found["code"].unique().implode()))
    if pieces.is_empty() or found.is_empty():
        return pl.DataFrame(schema=GAP)
    objects = found.with_row_index("object").select("object", "code", "opens", closes="since").sort("code", "opens")
    # Buckets of a group are sorted and disjoint: a piece meets those from the first that closes after it begins to the last that opens before it ends.
    width = int(objects["closes"].max() or 0) - int(objects["opens"].min() or 0) + 2  # type: ignore[arg-type]
    origin = int(objects["opens"].min() or 0)  # type: ignore[arg-type]
    codes = pl.DataFrame({"code": objects["code"].unique().sort()}).with_row_index("rank")
    objects, pieces = objects.join(codes, on="code", maintain_order="left"), pieces.join(codes, on="code")

    def on_line(frame: pl.DataFrame, column: str) -> pl.Series:
        return frame["rank"].cast(INT) * width + (frame[column].clip(origin, origin + width - 2) - origin)

    first = search(on_line(objects, "closes"), on_line(pieces, "low"), "right").cast(INT)
    after = search(on_line(objects, "opens"), on_line(pieces, "high"), "left").cast(INT)
    hits = pieces.with_columns(where=pl.int_ranges(first, after)).filter(pl.col("where").list.len() > 0).explode("where")
    hits = hits.with_columns(
        object=objects["object"].gather(hits["where"]),
        opens=objects["opens"].gather(hits["where"]),
        of=objects["rank"].gather(hits["where"]),
    )
    rows = hits.filter(pl.col("of") == pl.col("rank")).select(
        pl.col("object").cast(pl.UInt32).alias("point"), begin=pl.max_horizontal("low", "opens"), end="gone"
    )
    return rows.filter(pl.col("begin") < pl.col("end"))
