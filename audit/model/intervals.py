"""Sets of instants as frames of half-open stretches, and the few operations on them that all time-based controls are made of.

A frame of stretches has the Int64 columns `begin` and `end`: positions on a `Line`. *Islands* are stretches that are sorted, not empty, and
neither overlap nor touch. Everything is one global sort on one integer column: several times faster in Polars than work by group.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from audit.model import few

INT = pl.Int64
STRETCH = {"begin": INT, "end": INT}
BEGIN, END = pl.col("begin"), pl.col("end")
BEFORE_ALL = -(2**62)
FEW = 200
"""Sets of up to so many stretches are worked on as lists: that takes a twentieth of the time that one query takes to be planned."""


@dataclass(frozen=True, slots=True)
class Line:
    """Time lines of many groups laid end to end on one line: position = group x (length + 1) + (instant clipped to [start, stop) - start).

    `start` and `stop` are microseconds since 1970. The gap of one between groups keeps the stretches of neighbouring groups apart.
    """

    start: int
    stop: int

    @property
    def pitch(self) -> int:
        """The distance between the beginnings of two neighbouring groups."""
        return self.stop - self.start + 1

    @property
    def capacity(self) -> int:
        """How many groups fit into 64 bits."""
        return (2**63 - 1) // self.pitch - 1

    def put(self, group: pl.Expr, begin: pl.Expr, end: pl.Expr) -> list[pl.Expr]:
        """Return the expressions `begin` and `end` on the line."""
        offset = group.cast(INT) * self.pitch - self.start
        return [
            (offset + begin.clip(self.start, self.stop)).alias("begin"),
            (offset + end.clip(self.start, self.stop)).alias("end"),
        ]

    def get(self, stretches: pl.DataFrame, group: str = "group") -> pl.DataFrame:
        """Return stretches with their group and instants: the inverse of `put`."""
        return stretches.select(
            (BEGIN // self.pitch).alias(group),
            begin=BEGIN % self.pitch + self.start,
            end=END % self.pitch + self.start,
        )


def empty() -> pl.DataFrame:
    """Return no stretches."""
    return pl.DataFrame(schema=STRETCH)


def collapse(stretches: pl.LazyFrame) -> pl.LazyFrame:
    """Merge neighbouring rows, in whatever order they come, that overlap and move forward. No sort: of points in time order most rows go."""
    before, until = BEGIN.shift(1), END.shift(1)
    new = ~((before <= BEGIN) & (until >= BEGIN) & (until <= END)).fill_null(value=False)
    return (
        stretches.select("begin", "end", new=new, until=until, last=END.last())
        .filter("new")
        .select("begin", end=pl.col("until").shift(-1).fill_null(pl.col("last")))
    )


def islands(stretches: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Return the union of stretches as islands."""
    if isinstance(stretches, pl.DataFrame) and stretches.height <= FEW:
        return _frame(few.islands(_rows(stretches)))
    rows = collapse(stretches.lazy().select("begin", "end").filter(BEGIN < END)).collect().sort("begin")
    if rows.is_empty():
        return rows
    rows = rows.with_columns(reach=END.cum_max())
    rows = rows.with_columns(reached=pl.col("reach").shift(1, fill_value=BEFORE_ALL))
    last = rows["reach"][-1]
    heads = rows.filter(pl.col("reached") < BEGIN)
    return heads.select("begin", end=pl.col("reached").shift(-1).fill_null(last))


def _rows(stretches: pl.DataFrame) -> list[few.Stretch]:
    return list(zip(stretches["begin"].to_list(), stretches["end"].to_list(), strict=True))


def _frame(stretches: list[few.Stretch]) -> pl.DataFrame:
    return pl.DataFrame({"begin": [begin for begin, _ in stretches], "end": [end for _, end in stretches]}, schema=STRETCH)


def union(*sets: pl.DataFrame) -> pl.DataFrame:
    """Return the islands of everything in any of the sets."""
    some = [one for one in sets if one.height]
    if sum(one.height for one in some) <= FEW:
        return _frame(few.islands([row for one in some for row in _rows(one)]))
    return islands(pl.concat([one.select("begin", "end") for one in some]))


def _sweep(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return the elementary stretches between all borders of two sets of islands, with how often each set covers them."""
    one, none = pl.lit(1, INT), pl.lit(0, INT)
    borders = pl.concat(
        [
            first.select(at="begin", first=one, second=none),
            first.select(at="end", first=-one, second=none),
            second.select(at="begin", first=none, second=one),
            second.select(at="end", first=none, second=-one),
        ]
    )
    borders = borders.group_by("at").agg(pl.col("first").sum(), pl.col("second").sum()).sort("at")
    return borders.select(
        begin="at", end=pl.col("at").shift(-1), first=pl.col("first").cum_sum(), second=pl.col("second").cum_sum()
    )


def subtract(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return the islands of what is in `first` and not in `second`; both are islands."""
    if first.is_empty() or second.is_empty():
        return first.select("begin", "end")
    if first.height + second.height <= FEW:
        return _frame(few.subtract(_rows(first), _rows(second)))
    return islands(_sweep(first, second).filter((pl.col("first") > 0) & (pl.col("second") == 0)))


def intersect(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return the islands of what is in both; both are islands."""
    if first.is_empty() or second.is_empty():
        return empty()
    if first.height + second.height <= FEW:
        return _frame(few.intersect(_rows(first), _rows(second)))
    return islands(_sweep(first, second).filter((pl.col("first") > 0) & (pl.col("second") > 0)))


def at_least(stretches: pl.DataFrame) -> pl.DataFrame:
    """Return the islands where at least `need` (Int column, one value for each group of the line, at least 1) of the stretches overlap."""
    if stretches.is_empty():
        return empty()
    borders = pl.concat(
        [
            stretches.select(at="begin", step=pl.lit(1, INT), need="need"),
            stretches.select(at="end", step=pl.lit(-1, INT), need="need"),
        ]
    )
    borders = borders.group_by("at").agg(pl.col("step").sum(), pl.col("need").max()).sort("at")
    counted = borders.select("need", begin="at", end=pl.col("at").shift(-1), count=pl.col("step").cum_sum())
    return islands(counted.filter((pl.col("count") >= pl.col("need")) & (pl.col("count") > 0)))


def highest(stretches: pl.DataFrame, positions: pl.Series, value: str) -> pl.Series:
    """Return, for each of sorted positions, the greatest `value` (Int64) of the stretches that hold it; null where none does.

    The positions that a stretch holds are a range. It is laid as two overlapping blocks of a power of two in length, which takes one row
    for each; then the blocks are halved level by level, so that each position learns the greatest of all blocks over it.
    """
    first = positions.search_sorted(stretches["begin"], side="left")
    after = positions.search_sorted(stretches["end"], side="left")
    rows = pl.DataFrame({"first": first.cast(INT), "after": after.cast(INT), "value": stretches[value].cast(INT)})
    rows = rows.filter(pl.col("first") < pl.col("after"))
    level = ((pl.col("after") - pl.col("first")).cast(pl.Float64).log(2) + 1e-9).floor().cast(INT)
    rows = rows.with_columns(level=level)
    size = pl.lit(2, INT).pow(pl.col("level")).cast(INT)
    both = [rows.select("level", "value", place="first"), rows.select("level", "value", place=pl.col("after") - size)]
    blocks = pl.concat(both).group_by("level", "place").agg(pl.col("value").max())
    above = blocks.clear().select("place", "value")
    for number in range(int(blocks["level"].max() or 0), -1, -1):  # type: ignore[arg-type]
        half = 2**number
        # Blocks of the level above are twice as long: their two halves.
        halves = [above, above.with_columns(pl.col("place") + half)]
        own = blocks.filter(pl.col("level") == number).select("place", "value")
        above = pl.concat([*halves, own]).group_by("place").agg(pl.col("value").max())
    places = pl.DataFrame({"place": pl.int_range(len(positions), dtype=INT, eager=True)})
    return places.join(above, on="place", how="left", maintain_order="left")["value"]
