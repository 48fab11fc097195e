"""What cures a copy that is too small: a test that restored all from that very point, or two people who looked into it (docs/definitions.md, section 17).

That its data were read and found good cures nothing: they may be what was written, and too little. Nor does what names no point: it may have been another.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audit.controls._drills import passes
from audit.controls._recorded import recorded
from audit.controls.restore_test import DEPTH
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT
from audit.model.terms import FOR_EVER
from audit.model.world import World

RECORD = ("id", "entry", "sha256", "by")
CURE = {
    "point": pl.UInt32, "code": pl.UInt32, "begin": INT, "end": INT, "sure": pl.Boolean, "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String,
}  # fmt: skip
"""That a point (its row) is not held to be too small in [begin, end), and the record that says so. sure: it is proven; else somebody stated it, and it is only possible."""
NAMED = ["code", "repository", "point"]


def cures(world: World, known: pl.DataFrame, policy: PolicyVersion) -> pl.DataFrame:
    """Return CURE for the points of a world under a policy version, which says how deep a test has to be. known: the results of drills (`_drills.results`)."""
    names = world.repositories.select("repository", name="name").unique()
    points = world.points.select("code", "repository", "id", latest=world.latest()).with_row_index("row").drop_nulls()
    # Where two sources have a point of that name in one repository, nobody said of which it was.
    points = points.with_columns(alone=pl.len().over("code", "repository", "id") == 1)
    points = points.join(names, on="repository").select("code", "row", "alone", "latest", repository="name", point="id")
    rows = pl.concat([*_tests(known, policy), *_confirmations(world)]).join(points, on=NAMED)
    # Before a point was captured nobody can have looked into it: what had its name then was another.
    rows = rows.filter(pl.col("latest") <= pl.col("looked"))
    rows = rows.with_columns(sure=pl.col("sure") & pl.col("alone"), point="row").filter(pl.col("begin") < pl.col("end"))
    return rows.select(pl.col(name).cast(kind) for name, kind in CURE.items())


def _tests(known: pl.DataFrame, policy: PolicyVersion) -> Iterator[pl.DataFrame]:
    """Yield the passes that restored all from a point that they name, each until a recovery from it failed."""
    stated = policy.objectives.get("restore_test")
    depth = DEPTH if stated is None else max(DEPTH, stated.depth)
    named = pl.col("point").is_not_null() & pl.col("repository").is_not_null()
    passed = passes(known).filter(named & (pl.col("coverage") == "full") & (pl.col("depth") >= depth))
    rows = passed.select(*NAMED, *RECORD, begin="ended", sure="proven", looked=pl.coalesce("started", "declared")).with_row_index(
        "pass"
    )
    failed = known.filter(named & (pl.col("outcome") == "failed")).select(*NAMED, at="ended")
    later = rows.join(failed, on=NAMED).filter(pl.col("at") >= pl.col("begin")).group_by("pass").agg(end=pl.col("at").min())
    rows = rows.join(later, on="pass", how="left").with_columns(pl.col("end").fill_null(FOR_EVER))
    yield rows.select(*NAMED, *RECORD, "begin", "end", "sure", "looked")


def _confirmations(world: World) -> Iterator[pl.DataFrame]:
    """Yield what two people confirmed."""
    if recorded(world, "confirmation"):
        rows = world.records["confirmation"].with_columns(pl.col("looked").cast(INT), sure=pl.lit(value=True))
        yield rows.select(*NAMED, *RECORD, "begin", "end", "sure", "looked")


def uncured(points: pl.Series, cured: pl.DataFrame) -> pl.DataFrame:
    """Return when points are not cured: `point`, `begin`, `end`. cured: CURE. A loop over what people recorded, one by one."""
    times: dict[int, list[tuple[int, int]]] = {}
    for point, begin, end in (
        cured.filter(pl.col("point").is_in(points.implode())).select("point", "begin", "end").sort("begin").iter_rows()
    ):
        times.setdefault(point, []).append((begin, end))
    found = []
    for point in points:
        free = -FOR_EVER
        for begin, end in times.get(point, ()):
            if free < begin:
                found.append((point, free, begin))
            free = max(free, end)
        if free < FOR_EVER:
            found.append((point, free, FOR_EVER))
    return pl.DataFrame(found, schema={"point": pl.UInt32, "begin": INT, "end": INT}, orient="row")


def cured_at(rows: pl.DataFrame, cured: pl.DataFrame) -> pl.DataFrame:
    """Return rows (`point`, `at`) with the cures that count for the point then: all columns, and RECORD."""
    found = rows.join(cured.select("point", "begin", "end", *RECORD), on="point")
    return found.filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end"))).drop("begin", "end")
