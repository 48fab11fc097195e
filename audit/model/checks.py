"""Checks: what is known of when a point's data were read, and with what outcome (docs/definitions.md, section 12).

Instants are Int64 microseconds. A check is of one point (`point`), of a subject's points (`pair`, `subject`), or of a whole repository (`pair`).
"""

from __future__ import annotations

import polars as pl

from audit.model.runs import named_points

INT = pl.Int64
CHECK: dict[str, pl.DataType | type[pl.DataType]] = {
    "point": pl.UInt32,  # null: not of one point
    "pair": pl.Int32,
    "subject": pl.String,  # null: not of one subject
    "begun": INT,  # null: not known
    "at": INT,  # null: `verified` without an instant
    "passed_surely": pl.Boolean,  # it read all data, and found them good
    "passed_possibly": pl.Boolean,  # it may have done so
    "failed_surely": pl.Boolean,  # it found the data damaged
    "failed_possibly": pl.Boolean,  # it may have found them so
    "entry": INT,
    "locator": pl.String,
}


def checks_of(told: pl.DataFrame, runs: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """Return all checks, as CHECK.

    told: `point`, `at` (null: `verified` without an instant), `corrupt`, `entry`, `locator`. runs: merged runs with `pair`. points: `pair`, `id`, in order of number.
    """
    listed = told.select(
        "point",
        *_nothing("pair", "subject", "begun"),
        "at",
        passed_surely=~pl.col("corrupt") & pl.col("at").is_not_null(),
        passed_possibly=~pl.col("corrupt"),
        failed_surely="corrupt",
        failed_possibly="corrupt",
        entry="entry",
        locator="locator",
    )
    return pl.concat([listed.select(pl.col(name).cast(kind) for name, kind in CHECK.items()), _by_runs(runs, points)])


def _nothing(*names: str) -> list[pl.Expr]:
    return [pl.lit(None, CHECK[name]).alias(name) for name in names]


def _by_runs(runs: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """Return the checks that verify runs made: of the point that each names, else of its subject, else of its whole repository."""
    checks = runs.filter(
        (pl.col("kind") == "verify")
        & pl.col("outcome").is_in(["success", "warning", "failed"])
        & pl.col("finished_at").is_not_null()
    ).drop_nulls("pair")
    if checks.is_empty():
        return pl.DataFrame(schema=CHECK)
    checks = checks.with_row_index("run")
    names = checks.filter(pl.col("recovery_point").is_not_null()).select("run", "pair", "recovery_point")
    found = named_points(names, points.select("pair", "point", recovery_point="id")).select("run", "point")
    checks = checks.join(found, on="run", how="left")
    # A check that names a point nobody knows is a check of nothing.
    checks = checks.filter(pl.col("recovery_point").is_null() | pl.col("point").is_not_null())
    one, failed = pl.col("point").is_not_null(), pl.col("outcome") == "failed"
    whole, some = (pl.col("coverage") == "full").fill_null(value=False), (pl.col("coverage") == "partial").fill_null(value=False)
    # Of a subject's points nobody knows which were read; in a repository all are that were there when the run began.
    all_read = one | (pl.col("subject").is_null() & pl.col("started_at").is_not_null())
    return checks.select(
        "point",
        "pair",
        subject=pl.when(~one).then("subject"),
        begun=pl.col("started_at").cast(INT),
        at=pl.col("finished_at").cast(INT),
        passed_surely=(pl.col("outcome") == "success") & whole & all_read,
        passed_possibly=~some & ~(one & failed),
        failed_surely=pl.lit(value=False),
        failed_possibly=failed,
        entry="entry",
        locator="locator",
    ).select(pl.col(name).cast(kind) for name, kind in CHECK.items())
