"""What a legal hold with `preserve: month` asks of the points that come while it stands (docs/definitions.md, section 22).

Points of a group that were captured in one calendar month and are equally complete stand in an *order*, by the instant of their capture. At t the hold asks that
of the points that have come by then the last one is there; or one after it in the order, which then is the last one. Instants are Int64 microseconds.
"""

from __future__ import annotations

import polars as pl

from audit.controls._buckets import borders
from audit.model.intervals import INT, Line, highest
from audit.model.lives import Lives
from audit.model.terms import FOR_EVER
from audit.model.world import World

COMPLETE = 2**61
"""Added to the place in the order of a point that is not partial: a partial one takes no complete one's place."""
MISSING = {"code": pl.UInt32, "order": INT, "begin": INT, "end": INT}


def orders(world: World) -> pl.Series:
    """Return the place of each point in the order (Int64; null: captured at an unknown instant)."""
    return world.points.select(
        pl.col("captured") + pl.when(pl.col("partial").fill_null(value=False)).then(0).otherwise(COMPLETE)
    ).to_series()


def last_missing(world: World, lives: Lives, members: pl.DataFrame, zone: str, name: str) -> pl.DataFrame:
    """Return when the last point of some month that has come is not there in a world (`sure` or `possible`), nor one after it: MISSING, `order`: which one.

    members: `point`, `code` and `since`, `stop`: when it binds, as soon as it has come; one that binds nowhere (since at or after stop) still stands in the
    order. zone: of the months. In the possible world a point that nobody saw may be the last one.
    """
    points = world.points
    rows = members.with_columns(captured=points["captured"].gather(members["point"]), order=orders(world).gather(members["point"]))
    undated = rows.filter(pl.col("captured").is_null()).select(pl.col("point").cast(pl.UInt32), "code")
    rows = rows.drop_nulls("captured")
    if rows.is_empty():
        return pl.DataFrame(schema=MISSING)
    least, most = int(rows["captured"].min()), int(rows["captured"].max())  # type: ignore[arg-type]
    edges = pl.Series(borders("month", zone, least, most), dtype=INT)
    rows = rows.with_columns(month=edges.search_sorted(rows["captured"], side="right").cast(INT) - 1)
    months = rows.select("code", "month").unique().sort("code", "month")
    rows = rows.join(months.with_row_index("group"), on=["code", "month"])
    come = rows.select("group", "order", begin=pl.max_horizontal("since", "captured"), end="stop")
    there = lives.rows(name).join(rows.select(pl.col("point").cast(pl.UInt32), "group", "order"), on="point")
    failing = unreached(world, come, there.select(come.columns), months.height)
    if name == "possible" and failing.height:
        groups = failing["group"].unique()
        named = _spanned(months.with_row_index("group")[groups], edges)
        hidden = pl.concat([_unseen(world, named), _undated(world, lives, undated, named)])
        some = pl.col("group").is_in(groups.implode())
        failing = unreached(world, come.filter(some), pl.concat([there.select(come.columns).filter(some), hidden]), months.height)
    return failing.select(code=months["code"].gather(failing["group"]), order="order", begin="begin", end="end")


def unreached(world: World, come: pl.DataFrame, there: pl.DataFrame, size: int) -> pl.DataFrame:
    """Return when the greatest `order` of what has come is not reached by what is there: `group`, `order` (of what has come), `begin`, `end`."""
    line, found = Line(world.line.start, world.line.stop), []
    for offset in range(0, size, line.capacity):
        part = pl.col("group").cast(INT).is_between(offset, offset + line.capacity, closed="left")
        here = pl.col("group").cast(INT) - offset
        both = [
            rows.filter(part)
            .select(*line.put(here, pl.col("begin"), pl.col("end")), "order")
            .filter(pl.col("begin") < pl.col("end"))
            for rows in (come, there)
        ]
        if both[0].is_empty():
            continue
        steps = pl.DataFrame({"begin": pl.concat([rows[side] for rows in both for side in ("begin", "end")]).unique().sort()})
        steps = steps.with_columns(end=pl.col("begin").shift(-1), order=highest(both[0], steps["begin"], "order"))
        nothing = pl.repeat(None, steps.height, dtype=INT, eager=True)
        steps = steps.with_columns(kept=highest(both[1], steps["begin"], "order") if both[1].height else nothing)
        steps = steps.drop_nulls(["end", "order"]).filter(pl.col("kept").is_null() | (pl.col("kept") < pl.col("order")))
        found.append(line.get(steps, "group").with_columns(pl.col("group") + offset, order=steps["order"]))
    schema = {"group": INT, "begin": INT, "end": INT, "order": INT}
    return (
        pl.concat(found).select("group", "order", "begin", "end")
        if found
        else pl.DataFrame(schema=schema).select("group", "order", "begin", "end")
    )


def _spanned(months: pl.DataFrame, edges: pl.Series) -> pl.DataFrame:
    """Add to months (`group`, `code`, `month`) when each `opens` and `closes`."""
    last = len(edges) - 1
    opens = pl.when(months["month"] < 0).then(-FOR_EVER).otherwise(edges.gather(months["month"].clip(0, last)))
    closes = pl.when(months["month"] >= last).then(FOR_EVER).otherwise(edges.gather((months["month"] + 1).clip(0, last)))
    return months.with_columns(opens=opens, closes=closes)


def _undated(world: World, lives: Lives, undated: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Return when points of unknown capture time (`point`, `code`) may be there, each in any month that opens by the latest instant at which it can have been captured: as `_unseen`."""
    rows = undated.with_columns(
        latest=world.latest().gather(undated["point"]),
        whole=~world.points["partial"].gather(undated["point"]).fill_null(value=False),
    )
    rows = rows.join(months, on="code").filter(pl.col("latest") >= pl.col("opens"))
    order = pl.min_horizontal("latest", pl.col("closes") - 1) + pl.when("whole").then(COMPLETE).otherwise(0)
    return (
        rows.join(lives.rows("possible"), on="point")
        .select("group", "begin", "end", order=order)
        .select("group", "order", "begin", "end")
    )


def _unseen(world: World, months: pl.DataFrame) -> pl.DataFrame:
    """Return when points that nobody saw may be there: `group`, `order` (of the last that the stretch may hold), `begin`, `end`. months: as `_spanned`."""
    rows = world.unseen.select("code", low="begin", high="end", gone="gone").join(months, on="code")
    rows = rows.with_columns(begin=pl.max_horizontal("low", "opens"), high=pl.min_horizontal("high", "closes"))
    rows = rows.filter(pl.col("begin") < pl.col("high"))
    return rows.select("group", order=pl.col("high") - 1 + COMPLETE, begin="begin", end="gone")
