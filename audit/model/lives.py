"""Lives: when a point was surely, and when possibly, live: begun, present, undamaged, and its base as well (docs/definitions.md, section 3).

All instants are Int64 microseconds; a point is its row number. Of most points a life is three scalars: [begin, sure_end) and [begin, possible_end). Only points
with gaps have rows of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2
from typing import Literal

import polars as pl

from audit.model.presence import GAP, Presence
from audit.model.terms import FOR_EVER

INT = pl.Int64
POINT = pl.UInt32
NEVER = -FOR_EVER
SUSPICION = {**GAP, "at": INT, "entry": INT, "locator": pl.String}
"""A gap of certainty, and the check that left it: when it ended, and where that is told."""


@dataclass(frozen=True, slots=True)
class Lives:
    """Lives of points in row order. `scalars`: `begin`, `sure_end`, `possible_end`, `gapped` (Boolean). `sure` and `possible` hold the live
    stretches (`point`, `begin`, `end`) of the gapped points; every other one is live in one stretch, which its scalars say."""

    scalars: pl.DataFrame
    sure: pl.DataFrame
    possible: pl.DataFrame

    def rows(self, world: str, of: pl.Series | None = None) -> pl.DataFrame:
        """Return all live stretches of all points in a world (`sure` or `possible`), as `point`, `begin`, `end`. of: Boolean for each point; only of these."""
        plain = self.scalars.with_row_index("point")
        plain = plain.filter(~pl.col("gapped") if of is None else ~pl.col("gapped") & of)
        cut = self.sure if world == "sure" else self.possible
        cut = cut if of is None else cut.filter(of.gather(cut["point"]))
        plain = plain.select("point", "begin", end=f"{world}_end")
        return pl.concat([plain.filter(pl.col("begin") < pl.col("end")), cut])

    def possible_only(self, some: pl.Series) -> Lives:
        """Return lives in which some of the points (Boolean, for each) are never surely live."""
        scalars = self.scalars.with_columns(sure_end=pl.when(some).then(pl.lit(NEVER, INT)).otherwise("sure_end"))
        return Lives(scalars, self.sure.filter(~some.gather(self.sure["point"])), self.possible)


def damage(points: pl.DataFrame, checks: pl.DataFrame, copy_of: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the gaps (sure, possible) that checks prove or suspect.

    points: `available`. checks: `point`, `at`, `corrupt`; at one instant corrupt wins. copy_of: for each point the row of its original, or null.
    """
    checks = checks.group_by("point", "at").agg(pl.col("corrupt").any()).sort("point", "at")
    if not checks["corrupt"].any():
        none = pl.DataFrame(schema=GAP)
        return none, none
    damaged = checks.filter("corrupt")["point"].unique()
    good = pl.when(~pl.col("corrupt")).then("at")
    around = checks.filter(pl.col("point").is_in(damaged.implode())).with_columns(
        before=good.forward_fill().over("point"), after=good.backward_fill().over("point")
    )
    found = around.filter("corrupt").with_columns(available=points["available"].gather(around.filter("corrupt")["point"]))
    stretches = found.select(
        "point",
        since=pl.coalesce("before", "available", pl.lit(NEVER)),
        found="at",
        until=pl.col("after").fill_null(FOR_EVER),
    )
    sure = stretches.select(pl.col("point").cast(POINT), begin="since", end="until")
    possible = stretches.select(pl.col("point").cast(POINT), begin="found", end="until")
    tainted = _copies_of(stretches.select("point", "since"), copy_of)
    if tainted.height:
        verified = checks.filter(~pl.col("corrupt")).select("point", verified="at").sort("verified")
        tainted = tainted.sort("since").join_asof(
            verified, left_on="since", right_on="verified", by="point", strategy="forward", check_sortedness=False
        )
        sure = pl.concat(
            [sure, tainted.select(pl.col("point").cast(POINT), begin="since", end=pl.col("verified").fill_null(FOR_EVER))]
        )
    return sure, possible


def _copies_of(originals: pl.DataFrame, copy_of: pl.Series) -> pl.DataFrame:
    """Return (`point`, `since`) of all copies, direct and through copies, of the given points."""
    links = pl.DataFrame({"copy": pl.int_range(len(copy_of), dtype=POINT, eager=True), "point": copy_of.cast(POINT)}).drop_nulls()
    found: list[pl.DataFrame] = []
    front = originals.with_columns(pl.col("point").cast(POINT))
    for _ in range(links.height + 1):  # a ring of copies ends when it brings nothing new
        front = front.join(links, on="point").select("since", point="copy").unique()
        if found:
            front = front.join(pl.concat(found), on=["point", "since"], how="anti")
        if front.is_empty():
            break
        found.append(front.select("point", "since"))
    return pl.concat(found) if found else pl.DataFrame(schema={"point": POINT, "since": INT})


def suspicion(points: pl.DataFrame, repository_checks: pl.DataFrame, checks: pl.DataFrame) -> pl.DataFrame:
    """Return the gaps of certainty that failed checks of whole repositories leave.

    points: `pair`, `available`. repository_checks: `pair`, `at`, `failed` (Boolean; false: succeeded, and read everything).
    """
    # Of two of one instant that do not agree, the one that failed wins.
    said = repository_checks.group_by("pair", "at").agg(pl.col("failed").any())
    failures = said.sort("pair", "at").with_columns(ok=pl.when(~pl.col("failed")).then("at"))
    failures = failures.with_columns(
        since=pl.col("ok").forward_fill().over("pair"), until=pl.col("ok").backward_fill().over("pair")
    )
    failures = failures.filter("failed").select("pair", "since", failed_at="at", until=pl.col("until").fill_null(FOR_EVER))
    if failures.is_empty():
        return pl.DataFrame(schema=GAP)
    rows = points.select("pair", "available").with_row_index("point").join(failures, on="pair").sort("failed_at")
    verified = checks.filter(~pl.col("corrupt")).select(pl.col("point").cast(POINT), verified="at").sort("verified")
    rows = rows.join_asof(
        verified, left_on="failed_at", right_on="verified", by="point", strategy="forward", check_sortedness=False
    )
    return rows.select(
        pl.col("point").cast(POINT),
        begin=pl.coalesce("since", "available", pl.lit(NEVER)),
        end=pl.min_horizontal("until", pl.col("verified").fill_null(FOR_EVER)),
    ).filter(pl.col("begin") < pl.col("end"))


def suspicion_by_name(points: pl.DataFrame, failed: pl.DataFrame, passed: pl.DataFrame, unnamed: pl.DataFrame) -> pl.DataFrame:
    """Return the gaps of certainty that failed checks of single points, and of a subject's points, leave: from the last check before each that found the
    point good to the first after it.

    points: `pair`, `subject`, `available`. failed: `point`, `at`, `by_subject` (Boolean), `entry`, `locator`. Returned are `point`, `begin`, `end`, and of what failed `at`, `entry`,
    `locator`. passed: `point`, `at`: checks of a point that read all its data, and found
    them good. unnamed: `pair`, `subject` (null: of the whole repository), `at`, `failed` (false: succeeded, and read everything).
    """
    if failed.is_empty():
        return pl.DataFrame(schema=SUSPICION)
    rows = failed.unique().sort("at", "point", "entry", "locator")
    rows = rows.with_columns(points[name].gather(rows["point"]).alias(name) for name in ("pair", "subject", "available"))
    good = unnamed.filter(~pl.col("failed"))
    whole, some = good.filter(pl.col("subject").is_null()), good.filter(pl.col("subject").is_not_null())

    def nearest(strategy: Literal["backward", "forward"], checks: pl.DataFrame, *by: str) -> pl.Series:
        found = checks.select(*by, "at", found="at").sort("at")
        return rows.select(*by, "at").join_asof(
            found, on="at", by=by, strategy=strategy, allow_exact_matches=False, check_sortedness=False
        )["found"]  # fmt: skip

    # Of a subject's points nobody knows which were read: that it was checked in full tells only of those that came after the failure.
    later = rows.select(pl.col("by_subject") & (pl.col("available") > pl.col("at"))).to_series()
    nothing = pl.repeat(None, rows.height, dtype=INT, eager=True)
    anew = nearest("forward", some, "pair", "subject").zip_with(later.fill_null(value=False), nothing)
    since = pl.max_horizontal(nearest("backward", passed, "point"), nearest("backward", whole, "pair"))
    until = pl.min_horizontal(nearest("forward", passed, "point"), nearest("forward", whole, "pair"), anew)
    gaps = rows.with_columns(
        pl.col("point").cast(POINT), begin=pl.coalesce(since, "available", pl.lit(NEVER)), end=until.fill_null(FOR_EVER)
    )
    return gaps.filter(pl.col("begin") < pl.col("end")).select(pl.col(name).cast(kind) for name, kind in SUSPICION.items())


def lives_of(points: pl.DataFrame, presence: Presence, sure_damage: pl.DataFrame, possible_damage: pl.DataFrame) -> Lives:
    """Lives of points.

    points: `available` (Int64, when it was there and captured, null: never), `base` (row number of the base, null: none or not seen), `base_missing` (Boolean: a base is
    named that was never seen), `self_contained` (Boolean, null: not known), `dead` (Boolean: partial, and partial points do not count).
    """
    never = pl.lit(NEVER, INT)
    lost = pl.col("dead") | pl.col("base_missing") | pl.col("available").is_null()
    alone = pl.col("self_contained").fill_null(value=False) | pl.col("base").is_not_null()
    own = points.select("available", "base", "base_missing", "self_contained", "dead").hstack(presence.ends)
    own = own.select(
        begin=pl.col("available").fill_null(FOR_EVER),
        sure_end=pl.when(lost | ~alone).then(never).otherwise("sure_end"),
        possible_end=pl.when(lost).then(never).otherwise("possible_end"),
    )
    sure_gaps = pl.concat([presence.sure_gaps, sure_damage]).select(GAP.keys())
    possible_gaps = pl.concat([presence.possible_gaps, possible_damage]).select(GAP.keys())
    own, sure_gaps, possible_gaps = _down_the_chains(own, points["base"], sure_gaps, possible_gaps)
    marked = pl.concat([sure_gaps["point"], possible_gaps["point"]]).unique()
    gapped = pl.repeat(value=False, n=own.height, eager=True, dtype=pl.Boolean)
    gapped = gapped.scatter(marked, values=True) if len(marked) else gapped
    scalars = own.with_columns(gapped=gapped)
    return Lives(scalars, cut(scalars, "sure_end", sure_gaps), cut(scalars, "possible_end", possible_gaps))


def presence_as_lives(points: pl.DataFrame, presence: Presence, cuts: tuple[pl.DataFrame, pl.DataFrame] | None = None) -> Lives:
    """Return presence in the form of lives, so that the same arithmetic serves what asks of points that are there, restorable or not. points: `available`. cuts: what
    `cuts_of_presence` returns of them, where it is at hand."""
    scalars = _presence_as_scalars(points, presence)
    return Lives(scalars, *(cuts or _cuts(scalars, presence)))


def cuts_of_presence(points: pl.DataFrame, presence: Presence) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return when points with gaps are surely, and when possibly present: `point`, `begin`, `end`. points: `available`."""
    return _cuts(_presence_as_scalars(points, presence), presence)


def _presence_as_scalars(points: pl.DataFrame, presence: Presence) -> pl.DataFrame:
    marked = pl.concat([presence.sure_gaps["point"], presence.possible_gaps["point"]]).unique()
    gapped = pl.repeat(value=False, n=points.height, eager=True, dtype=pl.Boolean).scatter(marked, values=True)
    begin = points["available"].fill_null(FOR_EVER)
    return presence.ends.select(begin=begin, sure_end="sure_end", possible_end="possible_end", gapped=gapped)


def _cuts(scalars: pl.DataFrame, presence: Presence) -> tuple[pl.DataFrame, pl.DataFrame]:
    return cut(scalars, "sure_end", presence.sure_gaps), cut(scalars, "possible_end", presence.possible_gaps)


def _down_the_chains(
    own: pl.DataFrame, base: pl.Series, sure_gaps: pl.DataFrame, possible_gaps: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Let each point inherit from all bases below it: the latest begin, the earliest ends, every gap. Pointer doubling: a chain of n points
    takes log2(n) rounds, and only points that have a base are touched. What still points on after that runs in a circle."""
    rows = pl.DataFrame({"point": pl.int_range(len(base), dtype=POINT, eager=True), "base": base.cast(POINT)}).drop_nulls()
    if rows.is_empty():
        return own, sure_gaps, possible_gaps
    place = pl.repeat(None, own.height, dtype=POINT, eager=True).scatter(
        rows["point"], pl.int_range(rows.height, dtype=POINT, eager=True)
    )
    values = _inherit(own[rows["point"]], own[rows["base"]])
    sure_gaps, possible_gaps = _inherit_gaps(sure_gaps, rows, own.height), _inherit_gaps(possible_gaps, rows, own.height)
    pointers = pl.DataFrame(
        {"row": pl.int_range(rows.height, dtype=POINT, eager=True), "to": place.gather(rows["base"])}
    ).drop_nulls()
    for _ in range(ceil(log2(rows.height + 1)) + 1):
        if pointers.is_empty():
            break
        merged = _inherit(values[pointers["row"]], values[pointers["to"]])
        values = pl.DataFrame({name: values[name].scatter(pointers["row"], merged[name]) for name in values.columns})
        links = pl.DataFrame({"point": rows["point"].gather(pointers["row"]), "base": rows["point"].gather(pointers["to"])})
        sure_gaps, possible_gaps = _inherit_gaps(sure_gaps, links, own.height), _inherit_gaps(possible_gaps, links, own.height)
        jump = pl.repeat(None, rows.height, dtype=POINT, eager=True).scatter(pointers["row"], pointers["to"])
        pointers = pointers.select("row", to=jump.gather(pointers["to"])).drop_nulls()
    if pointers.height:
        values = values.with_columns(values[name].scatter(pointers["row"], NEVER) for name in ("sure_end", "possible_end"))
    own = pl.DataFrame({name: own[name].scatter(rows["point"], values[name]) for name in own.columns})
    return own, sure_gaps, possible_gaps


def _inherit(point: pl.DataFrame, base: pl.DataFrame) -> pl.DataFrame:
    return point.select(
        begin=pl.max_horizontal("begin", base["begin"]),
        sure_end=pl.min_horizontal("sure_end", base["sure_end"]),
        possible_end=pl.min_horizontal("possible_end", base["possible_end"]),
    )


def _inherit_gaps(gaps: pl.DataFrame, links: pl.DataFrame, height: int) -> pl.DataFrame:
    """Add to each `point` of links the gaps of its `base`. A Boolean gather first, so that the join sees only points that inherit something."""
    if gaps.is_empty():
        return gaps
    has = pl.repeat(value=False, n=height, eager=True, dtype=pl.Boolean).scatter(gaps["point"].unique(), values=True)
    heirs = links.filter(has.gather(links["base"]))
    if heirs.is_empty():
        return gaps
    inherited = heirs.join(gaps, left_on="base", right_on="point").select("point", "begin", "end")
    return pl.concat([gaps, inherited]).unique()


def cut(scalars: pl.DataFrame, end: str, gaps: pl.DataFrame) -> pl.DataFrame:
    """Return the stretches (`point`, `begin`, `end`) of the gapped points: [begin, end) less their gaps."""
    whole = (
        scalars.with_row_index("point")
        .filter(pl.col("gapped") & (pl.col("begin") < pl.col(end)))
        .select("point", low="begin", high=end)
    )
    if whole.is_empty():
        return pl.DataFrame(schema=GAP)
    inside = gaps.join(whole, on="point").select(
        "point", begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high")
    )
    fences = pl.concat(
        [
            whole.select("point", begin=pl.lit(NEVER, INT), end="low"),
            inside.filter(pl.col("begin") < pl.col("end")),
            whole.select("point", begin="high", end=pl.lit(FOR_EVER + 1, INT)),
        ]
    ).sort("point", "begin", "end")
    fences = fences.with_columns(reach=pl.col("end").cum_max().over("point"))
    fences = fences.with_columns(since=pl.col("reach").shift(1), of=pl.col("point").shift(1))
    return fences.filter((pl.col("of") == pl.col("point")) & (pl.col("since") < pl.col("begin"))).select(
        "point", begin="since", end="begin"
    )
