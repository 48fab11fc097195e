"""Presence: when a point was surely, and when possibly, in its repository (docs/definitions.md, section 2).

All instants are Int64 microseconds. A point is a row number `point`; a *chain* is the series of complete listings of one source, repository and
scope; `pair` numbers (source, repository).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from audit.model.intervals import INT, search
from audit.model.terms import FOR_EVER

GAP = {"point": pl.UInt32, "begin": INT, "end": INT}


@dataclass(frozen=True, slots=True)
class Presence:
    """`ends` (one row a point, in order): `sure_end`, `possible_end`: present from available_at to there, but for the gaps
    (`point`, `begin`, `end`): `sure_gaps` where it is not surely, `possible_gaps` where it is not even possibly present."""

    ends: pl.DataFrame
    sure_gaps: pl.DataFrame
    possible_gaps: pl.DataFrame


def presence_of(points: pl.DataFrame, sightings: pl.DataFrame, complete: pl.DataFrame) -> Presence:
    """Presence of catalog points from explicit observations.

    points: `available` (Int64, null: never present), `deleted`, `ended` (Int64, null). sightings: `point`, `at`: instants at which a listing
    has the point. complete: `point`, `at`: instants of the complete listings that speak of the point, whether they have it or not.
    """
    available = points.with_row_index("point").select("point", at="available").drop_nulls("at")
    rows = pl.concat(
        [
            available.select("point", "at", has=pl.lit(1, pl.Int8)),
            sightings.select(pl.col("point").cast(pl.UInt32), "at", has=pl.lit(1, pl.Int8)),
            complete.select(pl.col("point").cast(pl.UInt32), "at", has=pl.lit(0, pl.Int8)),
        ]
    )
    start = points["available"].gather(rows["point"])
    rows = rows.filter((rows["at"] >= start).fill_null(value=False))
    rows = rows.group_by("point", "at").agg(pl.col("has").max()).sort("point", "at")
    return _from_observations(points, rows)


def _from_observations(points: pl.DataFrame, rows: pl.DataFrame) -> Presence:
    """`rows`: `point`, `at`, `has`, sorted by point and instant, the first of each point having it."""
    rows = rows.with_columns(
        next_at=pl.col("at").shift(-1), next_has=pl.col("has").shift(-1), last=pl.col("point") != pl.col("point").shift(-1)
    )
    rows = rows.with_columns(pl.col("last").fill_null(value=True))
    # The last instant at which it was seen, and the first lacking observation after it, end the point; what lies before are gaps.
    seen = rows.filter(pl.col("has") == 1).group_by("point").agg(sure_end=pl.col("at").max())
    ends = (
        points.with_row_index("point").select("point", "deleted", "ended").join(seen, on="point", how="left", maintain_order="left")
    )
    rows = rows.join(seen, on="point", how="left", maintain_order="left")
    final = rows.filter((pl.col("at") == pl.col("sure_end")) & (pl.col("has") == 1))
    final = final.select("point", possible_end=pl.when("last").then(FOR_EVER).otherwise("next_at"))
    ends = ends.join(final, on="point", how="left", maintain_order="left")
    ends = ends.select(_ends(pl.col("sure_end").fill_null(-FOR_EVER), pl.col("possible_end").fill_null(-FOR_EVER)))
    inner = rows.filter(~pl.col("last") & (pl.col("at") < pl.col("sure_end")))
    both, one = pl.col("has") + pl.col("next_has"), (pl.col("has") + pl.col("next_has")) == 1
    stretch = {"begin": pl.col("at"), "end": pl.col("next_at")}
    sure_gaps = inner.filter((both == 0) | one).select("point", **stretch)
    possible_gaps = inner.filter(both == 0).select("point", **stretch)
    return Presence(ends, sure_gaps, possible_gaps)


def _ends(last: pl.Expr, lacked: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return `sure_end` and `possible_end` of points that were last seen at one instant and found lacking at the next: at `deleted` both end at the latest. What was
    deleted by the time that was told (`ended`), neither before it was last seen nor after it was found lacking, was there until then."""
    deleted = pl.col("deleted").fill_null(FOR_EVER)
    there = pl.col("ended").is_between(last, lacked)
    sure = pl.when(there).then("ended").otherwise(pl.min_horizontal(last, deleted))
    return sure.alias("sure_end"), pl.min_horizontal(lacked, deleted).alias("possible_end")


def presence_of_runs_in_one_chain(points: pl.DataFrame, listed: pl.DataFrame) -> Presence:
    """Presence of the common catalog points: of one chain only, and in one unbroken run of its listings. Scalars, no observations laid out.

    points: `available`, `deleted`, `ended`, `chain` (Int64), `first`, `last` (Int64: the first and the last listing that has it).
    listed: `chain`, `at`, sorted: all complete listings.
    """
    if points.is_empty():
        none = pl.DataFrame(schema=GAP)
        return Presence(pl.DataFrame(schema={"sure_end": INT, "possible_end": INT}), none, none)
    low = min(_least(points["available"]), _least(listed["at"]))
    high = max(_most(points["available"]), _most(points["last"]), _most(listed["at"])) + 1
    width = high - low + 2
    on_line = (listed["chain"].cast(INT) * width + (listed["at"] - low)).sort()
    at = listed.sort("chain", "at")

    def next_after(instants: pl.Series) -> pl.Series:
        """The first listing of the point's chain strictly after the instant; for ever when there is none."""
        where = search(on_line, points["chain"].cast(INT) * width + (instants.clip(low, high) - low), "right").cast(INT)
        return _in_chain(where, points["chain"], at, FOR_EVER)

    def last_before(instants: pl.Series) -> pl.Series:
        where = search(on_line, points["chain"].cast(INT) * width + (instants.clip(low, high) - low), "left").cast(INT) - 1
        return _in_chain(where, points["chain"], at, -FOR_EVER)

    frame = points.select("available", "deleted", "ended", "first", "last").with_columns(
        last=pl.max_horizontal("available", "last")
    )
    frame = frame.with_columns(possible_end=next_after(frame["last"]), lacked=next_after(frame["available"]))
    known = pl.col("available").is_not_null()
    ends = frame.select(_ends(pl.col("last"), pl.col("possible_end"))).with_columns(
        pl.when(frame.select(known).to_series()).then(name).otherwise(-FOR_EVER).alias(name)
        for name in ("sure_end", "possible_end")
    )
    late = frame.with_row_index("point").filter(pl.col("lacked") < pl.col("first"))
    if late.is_empty():
        none = pl.DataFrame(schema=GAP)
        return Presence(ends, none, none)
    lacked_last = last_before(frame["first"]).gather(late["point"])
    sure_gaps = late.select("point", begin="available", end="first")
    possible_gaps = late.select("point", begin="lacked", end=lacked_last).filter(pl.col("begin") < pl.col("end"))
    return Presence(ends, sure_gaps, possible_gaps)


def _in_chain(where: pl.Series, chain: pl.Series, listed: pl.DataFrame, otherwise: int) -> pl.Series:
    inside = (where >= 0) & (where < listed.height)
    found = (
        pl.DataFrame(
            {
                "at": listed["at"].gather(where.clip(0, max(listed.height - 1, 0))),
                "of": listed["chain"].gather(where.clip(0, max(listed.height - 1, 0))),
                "chain": chain,
                "inside": inside,
            }
        )
        if listed.height
        else None
    )
    if found is None:
        return pl.repeat(otherwise, len(where), dtype=INT, eager=True)
    return found.select(pl.when(pl.col("inside") & (pl.col("of") == pl.col("chain"))).then("at").otherwise(otherwise)).to_series()


def _least(values: pl.Series) -> int:
    found = values.min()
    return found if isinstance(found, int) else 0


def _most(values: pl.Series) -> int:
    found = values.max()
    return found if isinstance(found, int) else 0
