"""In doubt: which points leave a stretch unproven, why each of them may live and does not surely, and what says so; and which points lived at an instant.

Worked out of the facts of one asset when somebody asks; no assessment holds it. Pure. Instants are Int64 microseconds; a point is its row number.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from audit.evaluation.explain import DOUBTS, exceeding
from audit.evaluation.facts import Facts, is_self_contained, suspected_by_name
from audit.model.intervals import INT
from audit.model.lives import NEVER
from audit.model.terms import FOR_EVER
from audit.model.world import World

POINT = pl.UInt32
PRESENCE, JOB_ONLY, INTEGRITY, CHAIN, _ = DOUBTS
DAMAGE = {
    "point": POINT,
    "begin": INT,
    "end": INT,
    "kind": pl.String,
    "at": INT,
    "of": POINT,
    "entry": INT,
    "locator": pl.String,
    "run": pl.String,
}
"""That a point is not surely undamaged in [begin, end), and what says so: kind `check` (a telling that point `of` is corrupt, `at`; of another point than
`point`: of its original) or `run` (a check of the point, of its subject or of the whole repository that failed, `at`, by the id `run`)."""
ASKED: dict[str, Any] = {
    "row": POINT,
    "code": POINT,
    "accepts": pl.Boolean,
    "at": INT,
    "reach": INT,
    "repositories": pl.List(pl.Int32),
    "doubts": pl.List(pl.Int8),
}
"""What is asked of an instant: of a group, with partial points or without, of points of some repositories and with some `doubt` only (as reasons were found by),
captured less than `reach` ago (null: whenever)."""
OWN = ["absent", "damaged", "alone"]
"""What a point may be in doubt for by itself: it may have gone, it may be damaged, and it may need others of which nothing is told."""


def damages(facts: Facts) -> pl.DataFrame:
    """Return DAMAGE: the gaps of certainty that `audit.model.lives.damage`, `suspicion` and `suspicion_by_name` leave, each with what says so."""
    checks = facts.checks.sort("point", "at", "corrupt", "entry", "locator", descending=[False, False, True, False, False])
    checks = checks.unique(["point", "at"], keep="first", maintain_order=True)
    good = pl.when(~pl.col("corrupt")).then("at")
    around = checks.with_columns(before=good.forward_fill().over("point"), after=good.backward_fill().over("point"))
    bad = around.filter("corrupt").with_columns(available=facts.points["available"].gather(around.filter("corrupt")["point"]))
    own = bad.select(
        "point", begin=pl.coalesce("before", "available", pl.lit(NEVER)), end=pl.col("after").fill_null(FOR_EVER), kind=pl.lit("check"), at="at",
        of="point", entry="entry", locator="locator", run=pl.lit(None, pl.String),
    )  # fmt: skip
    verified = checks.filter(~pl.col("corrupt")).select(pl.col("point").cast(POINT), verified="at").sort("verified")
    return pl.concat(
        [_shaped(one) for one in (own, _of_copies(own, facts, verified), _of_repositories(facts, verified), _by_name(facts))]
    )


def _shaped(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(kind) for name, kind in DAMAGE.items())


def _of_copies(own: pl.DataFrame, facts: Facts, verified: pl.DataFrame) -> pl.DataFrame:
    """Return what damage of an original says of its copies, direct and through copies, each until it was verified itself."""
    links = facts.points.select(pl.col("original_row").cast(POINT).alias("point")).with_row_index("copy").drop_nulls()
    front, found = _shaped(own), [pl.DataFrame(schema=DAMAGE)]
    for _ in range(links.height + 1):  # a ring of copies ends when it brings nothing new
        front = front.join(links, on="point").drop("point").rename({"copy": "point"})
        front = _shaped(front).join(pl.concat(found), on=["point", "begin", "of", "at"], how="anti")
        if front.is_empty():
            break
        found.append(front)
    rows = pl.concat(found).sort("begin")
    rows = rows.join_asof(verified, left_on="begin", right_on="verified", by="point", strategy="forward", check_sortedness=False)
    return rows.with_columns(end=pl.col("verified").fill_null(FOR_EVER))


def _of_repositories(facts: Facts, verified: pl.DataFrame) -> pl.DataFrame:
    """Return what failed checks of whole repositories say of the points in them."""
    runs = facts.runs.filter((pl.col("kind") == "verify") & pl.col("subject").is_null() & pl.col("recovery_point").is_null())
    failed = pl.col("outcome") == "failed"
    good = ((pl.col("outcome") == "success") & (pl.col("coverage") == "full")).fill_null(value=False)
    runs = runs.filter(failed | good).with_columns(at=pl.col("finished_at").cast(INT), failed=failed).drop_nulls(["pair", "at"])
    runs = runs.sort("pair", "at").with_columns(ok=pl.when(~pl.col("failed")).then("at"))
    runs = runs.with_columns(since=pl.col("ok").forward_fill().over("pair"), until=pl.col("ok").backward_fill().over("pair"))
    failures = runs.filter("failed").select("pair", "since", "until", "at", "entry", "locator", run="id")
    rows = facts.points.select("pair", "available").with_row_index("point").join(failures, on="pair").sort("at")
    rows = rows.join_asof(verified, left_on="at", right_on="verified", by="point", strategy="forward", check_sortedness=False)
    rows = rows.with_columns(
        begin=pl.coalesce("since", "available", pl.lit(NEVER)),
        end=pl.min_horizontal(pl.col("until").fill_null(FOR_EVER), pl.col("verified").fill_null(FOR_EVER)),
        kind=pl.lit("run"), of=pl.lit(None, POINT),
    )  # fmt: skip
    return rows.filter(pl.col("begin") < pl.col("end"))


def _by_name(facts: Facts) -> pl.DataFrame:
    """Return what failed checks of single points, and of a subject's points, say of them."""
    runs = facts.runs.select("entry", "locator", run="id").unique(["entry", "locator"], keep="first", maintain_order=True)
    rows = suspected_by_name(facts.points, facts.readings, facts.runs).join(
        runs, on=["entry", "locator"], how="left", nulls_equal=True
    )
    return rows.with_columns(kind=pl.lit("run"), of=pl.lit(None, POINT))


def points_in_doubt(world: World, facts: Facts, damaged: pl.DataFrame, asked: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return the points that possibly live and not surely at instants (ASKED): `row`, `at`, `point`, OWN, and `count`, how many there are in all.

    Of each row at the most so many are named: first those that are in doubt by themselves, of each repository the newest before others.
    """
    points = world.points.select(
        pl.col("code").cast(POINT).alias("of_code"), "repository", "doubt", captured="restorable", identity="id"
    ).with_row_index("point")
    found = [
        pl.DataFrame(
            schema={"row": POINT, "at": INT, "point": POINT, "repository": pl.Int32, "captured": INT, "identity": pl.String}
        )
    ]
    for accepts, lives in world.lives.items():
        mine = asked.filter(pl.col("accepts") == accepts)
        rows = (
            exceeding(lives).with_columns(pl.col("point").cast(POINT)).join(points, on="point").drop_nulls(["of_code", "captured"])
        )
        # A point may live in several stretches; at an instant it does in one.
        rows = mine.join_where(
            rows, pl.col("code") == pl.col("of_code"), pl.col("begin") <= pl.col("at"), pl.col("at") < pl.col("end")
        )
        placed = pl.col("repository").is_in(pl.col("repositories")) & pl.col("doubt").is_in(pl.col("doubts"))
        young = (pl.col("captured") + pl.col("reach") > pl.col("at")).fill_null(value=True)
        found.append(rows.filter(placed & young).select(found[0].columns))
    every = own_doubts(world, facts, damaged, pl.concat(found))
    by_itself = pl.any_horizontal(OWN)
    every = every.with_columns(count=pl.len().over("row"), by_itself=by_itself)
    every = every.sort("row", "captured", "repository", "identity", descending=[False, True, False, False])
    every = every.with_columns(place=pl.int_range(pl.len()).over("row", "repository", "by_itself"))
    every = every.sort("row", "by_itself", "place", descending=[False, True, False], maintain_order=True)
    named = every.filter(pl.int_range(pl.len()).over("row") < most)
    return named.select("row", "at", "point", *OWN, "count")


def own_doubts(world: World, facts: Facts, damaged: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Add to rows (`point`, `at`) what the point may be in doubt for by itself at the instant: OWN."""
    rows = rows.with_row_index("number")
    ends = world.presence.ends["sure_end"].gather(rows["point"]) <= rows["at"]
    absent = ends | _held(rows, world.presence.sure_gaps)
    alone = ~facts.points.select(is_self_contained().fill_null(value=False) | pl.col("base").is_not_null()).to_series()
    return rows.with_columns(absent=absent, damaged=_held(rows, damaged), alone=alone.gather(rows["point"])).drop("number")


def _held(rows: pl.DataFrame, stretches: pl.DataFrame) -> pl.Series:
    """Say of each row (`number`, `point`, `at`) whether a stretch of the point holds the instant."""
    inside = rows.select("number", "point", "at").join(stretches.select(pl.col("point").cast(POINT), "begin", "end"), on="point")
    inside = inside.filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end")))
    return rows["number"].is_in(inside["number"].unique().implode())


def roots_of(world: World, facts: Facts, damaged: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return, of points (`row`, `point`, `at`) that need others, the nearest one below each that is in doubt by itself: `row`, `point`, `at`, `root`, OWN.
    Of a point that needs none, or that rests on nothing doubtful, there is no row."""
    base = facts.points["base_row"].cast(POINT)
    here = rows.select("row", "at", of="point", point=base.gather(rows["point"])).drop_nulls("point")
    found = []
    # Who may live rests on a chain that ends, so this does.
    while here.height:
        here = own_doubts(world, facts, damaged, here)
        found.append(here.filter(pl.any_horizontal(OWN)))
        here = here.filter(~pl.any_horizontal(OWN)).drop(OWN)
        here = here.with_columns(point=base.gather(here["point"])).drop_nulls("point")
    schema = {"row": POINT, "at": INT, "of": POINT, "point": POINT, **dict.fromkeys(OWN, pl.Boolean)}
    every = pl.concat([pl.DataFrame(schema=schema), *(one.select(schema.keys()) for one in found)])
    return every.rename({"point": "root", "of": "point"})


def told_damaged(damaged: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return, of points (`row`, `point`, `instant`), what says that each is not surely undamaged then: `row` and DAMAGE, one a row and point. What was found of the
    point itself says more than what its original or its repository was found to be; and of several the next after the instant."""
    inside = rows.select("row", pl.col("point").cast(POINT), "instant").join(damaged, on="point")
    inside = inside.filter((pl.col("begin") <= pl.col("instant")) & (pl.col("instant") < pl.col("end")))
    inside = inside.with_columns(
        nearness=pl.when(pl.col("of") == pl.col("point")).then(0).when(pl.col("kind") == "check").then(1).otherwise(2),
        past=pl.col("at") <= pl.col("instant"),
    )
    inside = inside.sort("row", "point", "nearness", "past", "at", "entry", "locator")
    return inside.unique(["row", "point"], keep="first", maintain_order=True).select("row", *DAMAGE)


def seen_and_missed(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    """Return, of points (`row`, `point`, `at`), the last sighting by a listing at or before the instant and the first complete listing after it that lacks the
    point: `row`, `point`, `seen`, `missed` (null: there is none)."""
    points = rows["point"].unique()
    if world.observations is None:
        return rows.select("row", "point", seen=pl.lit(None, INT), missed=pl.lit(None, INT))
    sightings, _ = world.observations.of(points)
    lacking = world.observations.lacking(points)
    seen, missed = (one.select(pl.col("point").cast(POINT), pl.col("at").cast(INT)).sort("at") for one in (sightings, lacking))
    found = rows.select("row", "point", "at").sort("at")
    found = found.join_asof(seen.with_columns(seen="at"), on="at", by="point", check_sortedness=False)
    found = found.join_asof(
        missed.with_columns(missed="at"), on="at", by="point", strategy="forward", check_sortedness=False, allow_exact_matches=False
    )
    return found.select("row", "point", "seen", "missed")


def points_living(world: World, asked: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return the newest point of each repository that surely lives at instants (ASKED): `row`, `point`, and `count`, in how many repositories there is one. At the
    most so many are named, the newest first."""
    points = world.points.select(
        pl.col("code").cast(POINT).alias("of_code"), "repository", "pair", captured="restorable", identity="id"
    ).with_row_index("point")
    found = [pl.DataFrame(schema={"row": POINT, "point": POINT, "pair": pl.Int32, "captured": INT, "identity": pl.String})]
    for accepts, lives in world.lives.items():
        rows = (
            lives.rows("sure")
            .with_columns(pl.col("point").cast(POINT))
            .join(points, on="point")
            .drop_nulls(["of_code", "captured"])
        )
        rows = asked.filter(pl.col("accepts") == accepts).join_where(
            rows, pl.col("code") == pl.col("of_code"), pl.col("begin") <= pl.col("at"), pl.col("at") < pl.col("end")
        )
        found.append(rows.select(found[0].columns))
    every = pl.concat(found).sort("row", "captured", "pair", "identity", descending=[False, True, False, False])
    newest = every.unique(["row", "pair"], keep="first", maintain_order=True).with_columns(count=pl.len().over("row"))
    return newest.filter(pl.int_range(pl.len()).over("row") < most).select("row", "point", "count")


def last_listings(listings: pl.DataFrame, scopes: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Return the last complete listing of each source and repository at or before an instant that speaks of a group, of the whole repository or of a scope in which
    the group stands: `row`, `pair`, `listed`, `entry`, `locator` (all null: there is none). asked: `row`, `code`, `pair`, `at`. listings, scopes: of results' evidence.
    """
    chains = listings.select("pair", "chain", "whole").unique()
    spoken = asked.join(chains, on="pair")
    mine = scopes.select(pl.col("code").cast(POINT), "chain").unique()
    spoken = pl.concat([spoken.filter("whole"), spoken.filter(~pl.col("whole")).join(mine, on=["code", "chain"], how="semi")])
    found = spoken.sort("at").join_asof(
        listings.select("chain", "at", "entry", "locator", listed="at").sort("at"), on="at", by="chain", check_sortedness=False
    )
    found = found.drop_nulls("entry").sort("row", "pair", "listed", "entry", descending=[False, False, True, False])
    found = found.unique(["row", "pair"], keep="first", maintain_order=True).select("row", "pair", "listed", "entry", "locator")
    return asked.select("row", "pair").join(found, on=["row", "pair"], how="left").sort("row", "pair")
