"""The four interval controls on many recovery points: 2,000 assets x 3 repositories, random ids, 30 % in chains, arrival shuffled.

Beside it in the same run: a bare Polars scan of the columns used, and the recovery-point rule alone as one SQL window query in SQLite.
The rows are those that daily complete listings leave in the catalog, in the order in which compaction leaves them.
"""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from audit.catalog.schemas import PAYLOAD_ROW, conform
from audit.controls.copies import Copies
from audit.controls.recovery_point import Rpo
from audit.controls.retention_maximum import Dispose
from audit.controls.retention_minimum import Keep
from audit.evaluation.chunks import chunks_of, judge_chunks
from audit.evaluation.rows import HELD
from audit.model.estate import ALIAS, ASSET_REPOSITORY, REPOSITORY, SEGMENT, Estate, PolicyVersion, Source
from audit.model.facts import INSTANT, LISTING, RECOVERY_POINT, RUN
from audit.model.terms import micros

DAY, HOUR = 86_400_000_000, 3_600_000_000
START = micros(datetime(2026, 1, 1, tzinfo=UTC))
REPOSITORIES, DAYS = 3, 365
PER_ASSET = 5_000
POINTS = "points"
"""The folder of the files of recovery points, each with the next assets: as many as fit into memory beside what makes them."""
BLOCK = 2_000_000
CONTROLS = ("recovery-point", "copies", "retention-minimum", "retention-maximum")


@dataclass(frozen=True, eq=False)
class Tables:
    """Stands where the catalog stands: the same four scans, over Parquet in the catalog's order."""

    folder: Path
    listings_frame: pl.DataFrame

    def tellings(self, known_at: int, keys: pl.DataFrame | None = None, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        rows = pl.scan_parquet(self.folder / POINTS)
        if keys is not None:
            subjects = keys["subject"].unique().sort()
            rows = rows.filter(pl.col("subject").is_between(pl.lit(subjects[0]), pl.lit(subjects[-1])))
        return rows.select(columns or pl.all())

    def runs(self, known_at: int, keys: pl.DataFrame | None = None, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        return pl.LazyFrame(schema={**RUN, "entry": pl.Int64(), "observed_at": INSTANT})

    def listings(self, known_at: int) -> pl.DataFrame:
        return self.listings_frame

    def payloads(self, known_at: int) -> pl.DataFrame:
        listed = self.listings_frame
        told = listed.select(
            "entry", "source", sha256=pl.col("entry").cast(pl.String).str.zfill(64), method=pl.lit("pull"), by=pl.lit(""),
            observed_at="listed_at", received_at="listed_at", points=1, runs=0, listings=1, quarantined=0,
        )  # fmt: skip
        return conform(told, PAYLOAD_ROW)


def tables(folder: Path, points: int, per_asset: int = PER_ASSET, *, in_turn: bool = False, seed: int = 1) -> Tables:
    """Write the rows that a year of daily listings leaves of so many points. in_turn: one repository after the other has one, not all at the same time."""
    assets = points // per_asset
    (folder / POINTS).mkdir(parents=True)
    at_once = max(1, BLOCK // per_asset)
    for number, first in enumerate(range(0, assets, at_once)):
        rows = _rows(first, min(assets, first + at_once), per_asset // REPOSITORIES, seed, in_turn=in_turn)
        rows.write_parquet(folder / POINTS / f"{number:05}.parquet", row_group_size=250_000)
    listings = pl.DataFrame({"day": range(DAYS + 1)}).join(pl.DataFrame({"place": range(REPOSITORIES)}), how="cross").select(
        source=pl.lit("s"), repository=pl.format("r{}", "place"), scope=pl.lit(None, pl.String), listed_at=(START + pl.col("day") * DAY).cast(INSTANT),
        complete=pl.lit(value=True), covers_from=pl.lit(None, INSTANT), covers_to=pl.lit(None, INSTANT), locator=pl.lit("line 1"),
        entry=pl.col("day") * REPOSITORIES + pl.col("place"),
    )  # fmt: skip
    listings = listings.select(*LISTING, "entry")
    listings.write_parquet(folder / "listings.parquet")
    return Tables(folder, listings)


def _rows(first: int, after: int, each: int, seed: int, *, in_turn: bool) -> pl.DataFrame:
    """Return the rows of assets numbered [first, after), with so many points in each repository, in the order of compaction."""
    pace = DAYS * DAY // each
    apart = pace // REPOSITORIES if in_turn else 0
    base = pl.int_range(first * each * REPOSITORIES, after * each * REPOSITORIES, eager=True)
    frame = pl.select(
        asset=base // (each * REPOSITORIES),
        number=(base // REPOSITORIES) % each,
        place=base % REPOSITORIES,
        jitter=(base.hash(seed + 2) % min(pace // 4, HOUR // 12)).cast(pl.Int64),
        chance=base.hash(seed + 1) % 1000,
        tag=base.hash(seed),
        other=base.hash(seed + 7),
    )
    frame = frame.with_columns(
        captured=START + pl.col("number") * pace + pl.col("place") * apart + pl.col("jitter"),
        id=pl.format("{}{}", "tag", pl.col("other") % 100_000),
    )
    frame = frame.filter(pl.col("chance") != 7)  # some are missing: breaches
    frame = frame.sort("asset", "place", "captured")
    fresh = (
        (pl.col("number") % 10 != 0)
        & (pl.col("asset") % 10 < 3)
        & (pl.col("asset") == pl.col("asset").shift(1))
        & (pl.col("place") == pl.col("place").shift(1))
    )
    frame = frame.with_columns(base=pl.when(fresh).then(pl.col("id").shift(1)))
    life = pl.when(pl.col("chance") < 2).then(10 * DAY).otherwise(40 * DAY)
    listing = START + ((pl.col("captured") + HOUR - START) // DAY + 1) * DAY
    gone = START + ((pl.col("captured") + life - START) // DAY + 1) * DAY
    end = START + DAYS * DAY
    common = {
        "source": pl.lit("s"), "repository": pl.format("r{}", "place"), "scope": pl.lit(None, pl.String), "id": pl.col("id"),
        "subject": pl.format("vm-{}", pl.col("asset").cast(pl.String).str.zfill(5)), "captured_at": pl.col("captured").cast(INSTANT),
    }  # fmt: skip
    seen = frame.filter(listing <= end).select(
        **common, base="base", method=pl.when(pl.col("base").is_null()).then(pl.lit("full")).otherwise(pl.lit("incremental")),
        available_at=(pl.col("captured") + HOUR // 2).cast(INSTANT), immutable_until=(pl.col("captured") + 30 * DAY).cast(INSTANT),
        basis=pl.lit("catalog"), listed_at=listing.cast(INSTANT), present=pl.lit(value=True),
    )  # fmt: skip
    lost = frame.filter(gone <= end).select(
        **common, basis=pl.lit("catalog"), listed_at=gone.cast(INSTANT), present=pl.lit(value=False)
    )
    rows = pl.concat([seen, lost], how="diagonal")
    entry = (pl.col("listed_at").cast(pl.Int64) - START) // DAY * REPOSITORIES + pl.col("repository").str.slice(1).cast(pl.Int64)
    schema = {
        **RECOVERY_POINT,
        "observed_at": INSTANT,
        "listed_at": INSTANT,
        "scope": pl.String(),
        "from_complete": pl.Boolean(),
        "present": pl.Boolean(),
        "told_entry": pl.Int64(),
    }
    missing = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in rows.columns]
    rows = rows.with_columns(missing).with_columns(
        from_complete=pl.lit(value=True),
        observed_at="listed_at",
        shown_entry=entry,
        entry=entry,
        locator=pl.format("line {}", entry),
    )
    return rows.sort("subject", "repository", "captured_at")


def estate(assets: int, pace_hours: float) -> Estate:
    objectives: dict[str, Any] = {
        "rpo": Rpo.model_validate(f"{int(pace_hours * 90)}m"),
        "copies": Copies.model_validate({"max_age": "2d", "immutable": 1}),
        "keep": Keep.model_validate([{"every": "point", "for": "30d"}]),
        "dispose": Dispose.model_validate({"after": "45d"}),
    }
    policy = PolicyVersion("p", 1, "Asia/Shanghai", objectives)
    names = [f"vm-{number:05d}" for number in range(assets)]
    segments = pl.DataFrame({"asset": names}).with_columns(
        policy=pl.lit(0, pl.Int32), unit=pl.lit("u"), city=pl.lit("Shanghai"), medium=pl.lit("disk")
    )
    segments = segments.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in SEGMENT.items() if name not in segments.columns
    ).select(*SEGMENT)
    aliases = pl.DataFrame([{"asset": name, "source": "s", "subject": name} for name in names], schema=ALIAS)
    repositories = pl.DataFrame(
        [
            {
                "repository": f"r{number}",
                "medium": ["disk", "disk", "tape"][number],
                "city": ["Shanghai", "Shanghai", "Hangzhou"][number],
                "failure_domain": f"d{number}",
                "offline": False,
            }
            for number in range(REPOSITORIES)
        ],
        schema=REPOSITORY,
    )
    return Estate(
        segments, aliases, repositories, pl.DataFrame(schema=ASSET_REPOSITORY), {"s": Source("s", "interchange")}, (policy,)
    )


def in_sqlite(folder: Path, allowance: int) -> tuple[float, float, int]:
    """The recovery-point rule alone, and only on the sure bound, as one window query. Returns the seconds to load, to answer, and the breaches."""
    rows = pl.scan_parquet(folder / POINTS).filter("present").select("subject", "captured_at", "available_at").collect()
    rows = rows.with_columns(pl.col("captured_at", "available_at").cast(pl.Int64))
    database = sqlite3.connect(folder / "rival.sqlite")
    began = time.perf_counter()
    database.execute("create table point (subject text, captured integer, available integer)")
    database.executemany("insert into point values (?, ?, ?)", rows.iter_rows())
    database.execute("create index by_subject on point (subject, captured, available)")
    database.commit()
    loaded = time.perf_counter() - began
    began = time.perf_counter()
    query = """
        select count(*) from (
          select captured, lead(available) over (partition by subject order by captured) as next from point
        ) where next > captured + ?"""
    (count,) = database.execute(query, (allowance,)).fetchone()
    return loaded, time.perf_counter() - began, count


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def cpu() -> float:
    """Seconds of processor time so far: what a loaded machine does not blur."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def made_elsewhere(folder: Path, points: int, per_asset: int = PER_ASSET, *, in_turn: bool = False) -> Tables:
    """Write the rows in a process of its own, so that the peak of memory is that of the work alone."""
    subprocess.run(
        [sys.executable, "-m", "benchmarks.engine", "--write", str(folder), str(points), str(per_asset), str(int(in_turn))],
        check=True,
    )
    return Tables(folder, pl.read_parquet(folder / "listings.parquet"))


def run(points: int, *, sqlite: bool = True) -> dict[str, float]:
    """Measure, print and return the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = made_elsewhere(folder, points)
        pace_hours = DAYS * 24 / (PER_ASSET // REPOSITORIES)
        world = estate(points // PER_ASSET, pace_hours)
        allowance = world.policies[0].objectives["rpo"].target.microseconds
        scan, rows = timed(lambda: pl.scan_parquet(folder / POINTS).select(HELD).select(pl.all().count()).collect()["id"][0])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        def controls() -> tuple[int, int]:
            breaches = unproven = 0
            chunks = chunks_of(catalog, 0, world)  # type: ignore[arg-type]
            for judged in judge_chunks(catalog, 0, chunks, START + 60 * DAY, START + DAYS * DAY, CONTROLS):  # type: ignore[arg-type]
                assert not judged.faults, judged.faults
                breaches += sum(len(result.breaches) for result in judged.results)
                unproven += sum(len(result.unproven) for result in judged.results)
            return breaches, unproven

        used = cpu()
        seconds, (breaches, unproven) = timed(controls)
        used = cpu() - used
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
        figures = {
            "points": points,
            "rows": rows,
            "scan_s": scan,
            "controls_s": seconds,
            "controls_cpu_s": used,
            "ratio_to_scan": seconds / scan,
            "peak_gb": peak,
            "before_gb": before / 1024 / 1024,
            "breaches": breaches,
            "unproven": unproven,
        }
        if sqlite:
            figures["sqlite_load_s"], figures["sqlite_rpo_s"], figures["sqlite_rows_over"] = in_sqlite(folder, allowance)
        print(" ".join(f"{key}={value:,.2f}" if isinstance(value, float) else f"{key}={value:,}" for key, value in figures.items()))
        return figures


if __name__ == "__main__" and "--write" in sys.argv:
    tables(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), in_turn=sys.argv[5] == "1")
elif __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000, sqlite="--no-sqlite" not in sys.argv)
