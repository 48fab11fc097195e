"""The annual review of 5,000 assets over a year, as users make it: evidence on disk, then `report --format pdf`, and as HTML.

Beside it in the same run: the HTML of the same review (what the PDF costs beyond judging and composing), and the judging alone.
Each is a process of its own, with its own peak of memory. `python -m benchmarks.review [ASSETS]`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

YEAR = 2025
START = datetime(YEAR, 1, 1, tzinfo=UTC)
END = datetime(YEAR + 1, 1, 1, tzinfo=UTC)
DAYS = (END - START).days
UNITS = 20
PLACES = ("nas", "vault")
PERIOD = ("--from", f"{YEAR}-01-01", "--to", f"{YEAR + 1}-01-01")
TEXT = "%Y-%m-%dT%H:%M:%SZ"
LIMIT_SECONDS, LIMIT_GB = 60, 2


def programme(folder: Path, assets: int, **of_repositories: object) -> None:
    """Write a company of so many assets in twenty units, all under one policy. `of_repositories`: what its repositories declare beside the usual."""
    from ruamel.yaml import YAML

    def write(name: str, content: object) -> None:
        with (folder / name).open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(content, file)

    write("programme.yaml", {"title": {"en": "Benchmark", "zh": "基准"}, "timezone": "Asia/Shanghai"})
    names = [f"unit-{number:02}" for number in range(UNITS)]
    write(
        "units.yaml",
        {"units": [{"name": name, "title": {"en": f"Unit {name[-2:]}", "zh": f"第{name[-2:]}部门"}} for name in names]},
    )
    write(
        "sites.yaml",
        {"sites": [{"name": "sh", "city": "Shanghai", "country": "CN"}, {"name": "hz", "city": "Hangzhou", "country": "CN"}]},
    )
    write(
        "repositories.yaml",
        {
            "repositories": [
                {"name": "nas", "medium": "disk", "site": "sh", "failure_domain": "nas", **of_repositories},
                {"name": "vault", "medium": "object", "site": "hz", "failure_domain": "vault", **of_repositories},
            ]
        },
    )
    write("sources.yaml", {"sources": [{"name": "db", "tool": "interchange", "expected_every": "31d"}]})
    write(
        "assets.yaml",
        {
            "assets": [
                {
                    "name": f"asset-{number:05}",
                    "unit": names[number % UNITS],
                    "data_class": "files",
                    "tier": "standard",
                    "site": "sh",
                    "medium": "flash",
                    "in_service": f"{YEAR - 1}-12-01",
                    "subjects": [{"source": "db", "subject": f"vm/{number:05}"}],
                }
                for number in range(assets)
            ]
        },
    )
    write(
        "policy-standard.yaml",
        {
            "policy": "standard",
            "version": 1,
            "effective": f"{YEAR - 1}-12-01",
            "timezone": "Asia/Shanghai",
            "applies_to": {"tier": "standard"},
            "objectives": {
                "rpo": {"target": "24h", "tolerance": "2h"},
                "copies": {"count": 3, "media": 2, "offsite": 1, "max_age": "50h"},
                "keep": [{"every": "day", "for": "30d"}],
                "dispose": {"after": "2y", "grace": "30d"},
            },
        },
    )


def evidence(folder: Path, assets: int, days_of_it: int = DAYS) -> int:
    """Write, for each place, the complete listing of the daily points of so many days; 1 day in 500 is missing. Returns the points."""
    days = pl.DataFrame({"day": range(-30, days_of_it)}, schema={"day": pl.Int64})
    every = pl.DataFrame({"asset": range(assets)}, schema={"asset": pl.Int64}).join(days, how="cross")
    lost = (pl.struct("asset", "day").hash(1) % 500 == 0) & (pl.col("day") >= 0) & (pl.col("asset") % 4 == 0)
    kept = every.filter(~lost)
    captured = pl.lit(START) + pl.duration(days="day", seconds=pl.col("asset") % 7_000)
    rows = kept.select(
        captured=captured,
        id=pl.format("{}-{}", pl.col("asset").cast(pl.String).str.zfill(5), "day"),
        subject=pl.format("vm/{}", pl.col("asset").cast(pl.String).str.zfill(5)),
        captured_at=captured.dt.strftime(TEXT),
        available_at=(captured + timedelta(minutes=20)).dt.strftime(TEXT),
        method=pl.lit("full"),
    )
    for place in PLACES:
        target = folder / place
        target.mkdir(parents=True)
        rows.drop("captured").write_csv(target / f"{YEAR}.csv")
    return len(rows) * len(PLACES)


def command(data: Path, *arguments: str, fine: tuple[int, ...] = (0,)) -> tuple[float, float, float]:
    """Run one command of backup-audit; return its seconds, its seconds of processor time, and its peak of memory (GB)."""
    began = time.perf_counter()
    program = [str(Path(sys.executable).with_name("backup-audit")), "--data", str(data), *arguments]
    # As where it is installed: its modules compiled, once.
    around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, env=around)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in fine:
        sys.exit(f"{arguments} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024 / 1024


def run(assets: int) -> dict[str, tuple[float, float, float]]:
    """Measure, print and return seconds, processor seconds and GB of each step."""
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data"
        (folder / "programme").mkdir()
        programme(folder / "programme", assets)
        points = evidence(folder / "evidence", assets)
        command(data, "init", "--organisation", "Benchmark")
        command(data, "apply", str(folder / "programme"))
        for place in PLACES:
            more = ("--source", "db", "--repository", place, "--complete", "--observed-at", f"{YEAR + 1}-01-01T12:00:00Z")
            figures[f"ingest {place}"] = command(data, "ingest", *more, str(folder / "evidence" / place / f"{YEAR}.csv"))
        figures["assess"] = command(data, "assess", *PERIOD, "--format", "json", "-o", str(folder / "a.json"), fine=(0, 1))
        for fmt in ("html", "pdf"):
            file = folder / f"review.{fmt}"
            figures[fmt] = command(data, "report", "annual-review", *PERIOD, "--format", fmt, "-o", str(file))
            print(f"{fmt}: {file.stat().st_size:,} bytes")
    print(f"{assets:,} assets, {points:,} recovery points")
    for step, (seconds, used, peak) in figures.items():
        print(f"{step:14} {seconds:7.1f} s  processor {used:7.1f} s  peak {peak:.2f} GB")
    print(
        f"PDF beyond HTML: {figures['pdf'][0] / figures['html'][0]:.2f} times; beyond judging: {figures['pdf'][0] / figures['assess'][0]:.2f}"
    )
    return figures


if __name__ == "__main__":
    found = run(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
    seconds, _, peak = found["pdf"]
    sys.exit(0 if seconds < LIMIT_SECONDS and peak < LIMIT_GB else f"over the limit of {LIMIT_SECONDS} s and {LIMIT_GB} GB")
