"""Sets of instants as frames of half-open stretches, and the few operations on them that all time-based controls are made of.

A frame of stretches has the Int64 columns `begin` and `end`: positions on a `Line`. *Islands* are stretches that are sorted, not empty, and
neither overlap nor touch. Everything is one global sort on one integer column: several times faster in Polars than work by group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from audit.model import few

INT = pl.Int64
STRETCH = {"begin": INT, "end": INT}
BEGIN, END = pl.col("begin"), pl.col("end")
BEFORE_ALL, AFTER_ALL = -(2**62), 2**62
FEW = 200
"""Sets of up to so many stretches are worked on as lists: that takes a twentieth of the time that one query takes to be planned."""
MANY = 10_000
"""From so many on, values are looked up among others by one pass along both."""
CUT = 200
"""So many times more stretches in one set than in another are cut at the borders of that one, not sorted with it: a cut takes as long as sorting so many."""


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
        return [(offset + self._clipped(begin)).alias("begin"), (offset + self._clipped(end)).alias("end")]

    def _clipped(self, instant: pl.Expr) -> pl.Expr:
        """Return instants clipped to [start, stop]; null stays null. `clip` does the same in three times the time."""
        return pl.when(instant < self.start).then(self.start).when(instant > self.stop).then(self.stop).otherwise(instant)

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


def _merged(rows: pl.LazyFrame, new: pl.Expr) -> pl.LazyFrame:
    """Merge rows: each from where it is `new` up to the next one that is, with the begin of the first and the end of the last."""
    rows = rows.select("begin", "end", new=new.fill_null(value=True))
    return rows.select(BEGIN.filter(pl.col("new")), END.filter(pl.col("new").shift(-1, fill_value=True)))


def collapse(stretches: pl.LazyFrame) -> pl.LazyFrame:
    """Merge neighbouring rows, in whatever order they come, that overlap and move forward. No sort: of points in time order most rows go."""
    before, until = BEGIN.shift(1), END.shift(1)
    return _merged(stretches, (before > BEGIN) | (until < BEGIN) | (until > END))


def islands(stretches: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Return the union of stretches as islands."""
    if isinstance(stretches, pl.DataFrame):
        if stretches.height <= FEW:
            return _frame(few.islands(_rows(stretches)))
        if _are_islands(stretches):
            return stretches.select("begin", "end")
    # Rows mostly come in runs, group by group in time order: a stable sort finds the runs and merges them.
    rows = collapse(stretches.lazy().filter(BEGIN < END)).sort("begin", maintain_order=True)
    return _merged(rows.select("begin", end=END.cum_max()), END.shift(1) < BEGIN).collect()


def _are_islands(stretches: pl.DataFrame) -> bool:
    apart = (END.shift(1) < BEGIN).fill_null(value=True)
    return bool(stretches.select(((BEGIN < END) & apart).fill_null(value=False).all()).item())


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


def _twice(begins: list[pl.Series], ends: list[pl.Series]) -> pl.DataFrame:
    """Return where two sets of islands overlap, of their begins and ends, in order.

    By an instant, i begins and j ends have come: i - j stretches are there. Two are where the begin numbered j + 2 has come and the end numbered
    j + 1 has not: [begin(j + 2), end(j + 1)), where that is not empty. What overlaps does not touch, as islands do not.
    """
    begin, end = (pl.concat(borders).sort() for borders in (begins, ends))
    return pl.select(begin=begin.shift(-1), end=end).filter(BEGIN < END)


def subtract(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return the islands of what is in `first` and not in `second`; both are islands."""
    if first.is_empty() or second.is_empty():
        return first.select("begin", "end")
    if first.height + second.height <= FEW:
        return _frame(few.subtract(_rows(first), _rows(second)))
    if first.height >= MANY and second.height >= MANY:
        # Of what is only almost the same, as two worlds are, little is left to compare. What is the same in both, nothing else in either meets.
        place = (search(second["begin"], first["begin"], "right").cast(INT) - 1).clip(lower_bound=0)
        same = (second["begin"].gather(place) == first["begin"]) & (second["end"].gather(place) == first["end"])
        first = first.filter(~same)
        if first.is_empty():
            return empty()
    # What is not in `second` begins where it ends, and ends where it begins.
    before, after = pl.Series([BEFORE_ALL], dtype=INT), pl.Series([AFTER_ALL], dtype=INT)
    if _outweighs(first, second) or _outweighs(second, first):
        others = pl.DataFrame({"begin": pl.concat([before, second["end"]]), "end": pl.concat([second["begin"], after])})
        return _cut(others, first) if second.height > first.height else _cut(first, others)
    return _twice([first["begin"], before, second["end"]], [first["end"], second["begin"], after])


def intersect(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return the islands of what is in both; both are islands."""
    if first.is_empty() or second.is_empty():
        return empty()
    if first.height + second.height <= FEW:
        return _frame(few.intersect(_rows(first), _rows(second)))
    if _outweighs(first, second) or _outweighs(second, first):
        return _cut(second, first) if second.height > first.height else _cut(first, second)
    return _twice([first["begin"], second["begin"]], [first["end"], second["end"]])


def _outweighs(first: pl.DataFrame, second: pl.DataFrame) -> bool:
    return second.height * CUT <= first.height


def _cut(many: pl.DataFrame, borders: pl.DataFrame) -> pl.DataFrame:
    """Return the islands of what is in both. Of each stretch of `borders`, those of `many` that it meets are taken as they are, and the first and the last are cut to it."""
    met = borders.select(
        "begin",
        "end",
        first=many["end"].search_sorted(borders["begin"], side="right").cast(INT),
        after=many["begin"].search_sorted(borders["end"], side="left").cast(INT),
    ).filter(pl.col("first") < pl.col("after"))
    if met.is_empty():
        return empty()
    many = many.select("begin", "end")
    rows = pl.concat([many.slice(first, after - first) for first, after in met.select("first", "after").iter_rows()], rechunk=True)
    place = met.select(last=(pl.col("after") - pl.col("first")).cum_sum() - 1, count=pl.col("after") - pl.col("first"))
    place = place.select("last", first=pl.col("last") - pl.col("count") + 1)
    begin = rows["begin"].scatter(place["first"], _greater(rows["begin"].gather(place["first"]), met["begin"]))
    end = rows["end"].scatter(place["last"], _less(rows["end"].gather(place["last"]), met["end"]))
    return pl.DataFrame({"begin": begin, "end": end})


def _greater(one: pl.Series, other: pl.Series) -> pl.Series:
    return one.zip_with(one >= other, other)


def _less(one: pl.Series, other: pl.Series) -> pl.Series:
    return one.zip_with(one <= other, other)


def search(keys: pl.Series, values: pl.Series, side: Literal["left", "right"]) -> pl.Series:
    """Return, for each value, how many of sorted keys are less (`left`), or less or the same (`right`), as UInt32. Both are Int64; the keys have no nulls.

    It is what `keys.search_sorted` returns, nulls included; many values among many keys take a tenth of its time.
    """
    if len(keys) < MANY or len(values) < MANY or values.null_count():
        return keys.search_sorted(values, side=side).cast(pl.UInt32)
    rows = pl.LazyFrame({"value": values})
    in_order = values.is_sorted()
    rows = rows if in_order else rows.with_row_index("row").sort("value", maintain_order=True)
    numbered = pl.LazyFrame({"key": keys}).with_row_index("place", offset=1)
    found = rows.join_asof(
        numbered, left_on="value", right_on="key", allow_exact_matches=side == "right", check_sortedness=False
    ).with_columns(pl.col("place").fill_null(0))
    if in_order:
        return found.select(pl.col("place").cast(pl.UInt32)).collect().to_series()
    placed = found.select("row", pl.col("place").cast(pl.UInt32)).collect()
    return pl.repeat(0, len(values), dtype=pl.UInt32, eager=True).scatter(placed["row"], placed["place"])


def at_least(stretches: pl.DataFrame) -> pl.DataFrame:
    """Return the islands where at least `need` (Int column, one value for each group of the line, at least 1) of the stretches overlap."""
    if stretches.is_empty():
        return empty()
    # As in `_twice`, with another number: the begin that comes `need` - 1 after the one of the end's own place. It is of the same group, or after the end.
    begins = stretches["begin"].sort()
    rows = stretches.lazy().select("end", "need").sort("end").with_row_index("row")
    rows = rows.select("end", begin=pl.lit(begins).gather(pl.col("row") + pl.col("need") - 1, null_on_oob=True))
    return islands(rows)


def highest(stretches: pl.DataFrame, positions: pl.Series, value: str) -> pl.Series:
    """Return, for each of sorted positions, the greatest `value` (Int64) of the stretches that hold it; null where none does.

    Where the greatest of all stretches that have begun by a position still holds it, that is the one: of values that only grow along the line, almost everywhere.
    """
    some = (
        stretches.lazy()
        .select("begin", "end", value=pl.col(value).cast(INT))
        .filter(BEGIN < END)
        .sort("begin", maintain_order=True)
    )
    rows = some.with_columns(
        pl.when(pl.col("value") >= pl.col("value").cum_max()).then(pl.col("end", "value")).forward_fill()
    ).collect()
    begun = search(rows["begin"], positions, "right")
    # One more row in front, for where none has begun.
    end, greatest = (pl.concat([rows[name].clear(1), rows[name]]).gather(begun) for name in ("end", "value"))
    holds: pl.Series = (end > positions.cast(INT)).fill_null(value=False)
    found = greatest.zip_with(holds, pl.repeat(None, len(positions), dtype=INT, eager=True))
    left = (~holds & end.is_not_null()).arg_true()
    return found.scatter(left, _highest_in_blocks(stretches, positions.gather(left), value)) if len(left) else found


def _highest_in_blocks(stretches: pl.DataFrame, positions: pl.Series, value: str) -> pl.Series:
    """Return the same wherever the values may be.

    The positions that a stretch holds are a range. It is laid as two overlapping blocks of a power of two in length, which takes one row
    for each; then the blocks are halved level by level, so that each position learns the greatest of all blocks over it.
    """
    first = search(positions, stretches["begin"], "left")
    after = search(positions, stretches["end"], "left")
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
