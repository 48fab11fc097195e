"""The catalog: how long listings take to apply, what a point takes on disk, how much memory it needs.

Everything goes through `Catalog.apply`, with facts that lie in memory. Beside it in the same run: the same rows through the
Delta writer, and what parsing the same listing as NDJSON with Polars takes. `python -m benchmarks.catalog [POINTS]`; the large
listing is ten times as long.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from deltalake import WriterProperties, write_deltalake

from audit.catalog.catalog import Applied, Catalog
from audit.model.facts import RECOVERY_POINT, Facts, frame

START = datetime(2026, 1, 1, tzinfo=UTC)
SUBJECTS = 2_000
PAYLOADS, PER_PAYLOAD = 300, 100


def points(count: int, first: int = 0) -> pl.DataFrame:
    """Points with random ids, as a listing shows them: full backups of many subjects, one after the other."""
    number = pl.int_range(first, first + count, eager=True).alias("number")
    captured = pl.lit(START).dt.epoch("us") + pl.col("number") * 3_000_017
    said = {
        "source": pl.lit("vm-backup"),
        "repository": pl.lit("disk"),
        "id": pl.format("{}{}", pl.col("number").hash(1), pl.col("number").hash(2)),
        "subject": pl.format("vm/{}", pl.col("number") % SUBJECTS),
        "method": pl.lit("full"),
        "captured_at": captured,
        "available_at": captured + 1_800_000_000,
        "self_contained": pl.lit(value=True),
        "bytes": pl.col("number").hash(3) % 10**10,
        "basis": pl.lit("catalog"),
        "locator": pl.format("line {}", "number"),
    }
    return number.to_frame().select(said.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in RECOVERY_POINT.items())


def applied(number: int, rows: pl.DataFrame, hours: float, scope: str | None = None) -> Applied:
    """A complete listing of these points."""
    at = START + timedelta(days=400, hours=hours)
    told = {"source": "vm-backup", "repository": "disk", "scope": scope, "listed_at": at, "complete": True}
    return Applied(number, f"{number:064x}", at, Facts(points=rows, listings=frame("listing", [told])), {"source": "vm-backup"})


def timed(name: str, work: Callable[[], object]) -> float:
    """Print and return the seconds that the work took, and those that the processors worked for it."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"  {name:<66} {wall:7.2f} s   (processor {processor:.2f} s)", flush=True)
    return wall


def bytes_of(folder: Path) -> int:
    """Return the size of the data files that the tables in a folder have now, also those that vacuum would remove."""
    return sum(file.stat().st_size for file in folder.rglob("*.parquet") if "_delta_log" not in file.parts)


def run(count: int = 1_000_000, *, large: bool = True) -> dict[str, float]:
    """Measure, print and return the figures: seconds, and bytes a point."""
    figures: dict[str, float] = {}
    rows = points(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = Catalog(folder / "catalog")
        catalog.mark()
        print(f"{count:,} points in one listing")
        figures["new_s"] = timed("all new", lambda: catalog.apply([applied(1, rows, 0)], 1))
        delta = WriterProperties(compression="ZSTD", compression_level=3)
        figures["delta_writer_s"] = timed(
            "beside it: the same rows through deltalake.write_deltalake",
            lambda: write_deltalake(folder / "rival", catalog.tellings(1).collect(), writer_properties=delta),
        )
        figures["same_s"] = timed("the same again, a day later", lambda: catalog.apply([applied(2, rows, 24)], 2))
        mixed = rows.sample(fraction=1, shuffle=True, seed=1)
        figures["same_shuffled_s"] = timed("the same in another order", lambda: catalog.apply([applied(3, mixed, 48)], 3))
        rows.write_ndjson(folder / "listing.ndjson")
        figures["parse_s"] = timed(
            "beside it: polars.read_ndjson of the listing", lambda: pl.read_ndjson(folder / "listing.ndjson")
        )
        later = pl.concat([rows[count // 100 :], points(count // 100, count)])
        figures["changed_s"] = timed("1 % gone and 1 % new", lambda: catalog.apply([applied(4, later, 72)], 4))
        figures["late_s"] = timed("a late one, between known ones", lambda: catalog.apply([applied(5, rows, 71)], 5))
        figures["inbox_bytes_a_point"] = bytes_of(folder / "catalog" / "recovery_points_inbox") / count
        figures["compact_s"] = timed("compaction", lambda: catalog.compact(force=True))
        figures["bytes_a_point"] = bytes_of(folder / "catalog" / "recovery_points") / count
        figures["same_laid_out_s"] = timed(
            "the same again, from the laid-out table", lambda: catalog.apply([applied(6, later, 96)], 6)
        )
        keys = pl.DataFrame({"source": "vm-backup", "subject": [f"vm/{number}" for number in range(10)]})
        figures["ten_subjects_s"] = timed("reading ten subjects", lambda: catalog.tellings(6, keys).collect())
        figures["everything_s"] = timed("reading all columns of all rows", lambda: catalog.tellings(6).collect())
        print(f"  bytes a point: {figures['inbox_bytes_a_point']:.1f} as appended, {figures['bytes_a_point']:.1f} laid out")
        small = [points(PER_PAYLOAD, number * PER_PAYLOAD) for number in range(PAYLOADS)]
        one = [applied(10 + number, part, number, "one") for number, part in enumerate(small)]
        print(f"{PAYLOADS} payloads of {PER_PAYLOAD} points in one batch")
        figures["small_one_chain_s"] = timed("of one chain, all points new each time", lambda: catalog.apply(one, 1000))
        many = [applied(1001 + number, part, number, f"scope {number}") for number, part in enumerate(small)]
        figures["small_many_chains_s"] = timed("of as many chains", lambda: catalog.apply(many, 2000))
        shuffled = [applied(2001 + number, part, number * 101 % PAYLOADS, "mixed") for number, part in enumerate(small)]
        figures["small_shuffled_s"] = timed("of one chain, in any order", lambda: catalog.apply(shuffled, 3000))
    if large:
        subprocess.run([sys.executable, "-m", "benchmarks.catalog", str(count * 10), "large"], check=True)
    return figures


def run_large(count: int) -> None:
    """One listing so long that memory matters; in its own process, so that the peak is its own."""
    rows = points(count)
    own = peak()
    with tempfile.TemporaryDirectory() as name:
        catalog = Catalog(Path(name) / "catalog")
        print(
            f"{count:,} points in one listing, which take {rows.estimated_size() / 1e9:.1f} GB as facts; peak before {own:.1f} GB"
        )
        timed("all new", lambda: catalog.apply([applied(1, rows, 0)], 1))
        print(f"  peak {peak():.1f} GB")
        timed("the same again, a day later", lambda: catalog.apply([applied(2, rows, 24)], 2))
        print(f"  peak {peak():.1f} GB")
        timed("compaction", lambda: catalog.compact(force=True))
        print(f"  peak {peak():.1f} GB")


def peak() -> float:
    """The most memory this process ever had, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    if "large" in sys.argv:
        run_large(count)
    else:
        run(count)
