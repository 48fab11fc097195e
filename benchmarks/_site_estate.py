"""The data folder that the site is measured on: 5,000 assets, two million points in complete listings, thousands of small logs, a kept assessment.

Built once, by the commands a user types, into `bench-data/`, and used again until this file changes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.review import PLACES, START, TEXT, UNITS, YEAR, command, programme

USER = "reader"
PASSWORD = "eight readers at once"
DAYS = 200
"""Days that have points: the first thirty lie before the period."""
PERIOD = ("--from", f"{YEAR}-01-01", "--to", f"{YEAR}-06-15")
LOGS = 2_000
"""Small payloads, ten runs and one unreadable line each, so that journal, evidence and quarantine are as long as in real life."""
LOST = 40
"""One point in so many is missing in both places: a breach."""
FOLDER = Path(__file__).parents[1] / "bench-data"


def built(assets: int) -> Path:
    """Return the data folder, built when it is not there (some minutes)."""
    target = FOLDER / f"site-{assets}-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]}"
    if target.exists():
        return target
    aside = FOLDER / f".{target.name}"
    shutil.rmtree(aside, ignore_errors=True)
    data, given = aside / "data", aside / "given"
    points = taken_in(data, given, assets)
    seconds, _, peak = command(data, "assess", *PERIOD, "--keep", "--format", "json", "-o", str(aside / "a.json"), fine=(0, 1))
    program = [str(Path(sys.executable).with_name("backup-audit")), "--data", str(data), "user", "add", USER]
    subprocess.run([*program, "--role", "operator", "--password-file", "-"], input=PASSWORD.encode(), check=True)
    shutil.rmtree(given)
    (aside / "about.json").write_text(json.dumps({"assets": assets, "points": points, "assess_s": seconds, "assess_gb": peak}))
    aside.rename(target)
    return target


def taken_in(data: Path, given: Path, assets: int) -> int:
    """Write the programme and the evidence of so many assets into `given`, and take them into a new data folder. Returns the points."""
    (given / "programme").mkdir(parents=True)
    programme(given / "programme", assets, keeps_at_least="400d")
    points = evidence(given / "evidence", assets)
    logs(given / "logs", assets)
    command(data, "init", "--organisation", "Benchmark")
    command(data, "apply", str(given / "programme"))
    for folder in ("evidence", "logs"):
        command(data, "ingest", str(given / folder))
    return points


def evidence(folder: Path, assets: int) -> int:
    """Write, for each place and unit, the complete listing of its daily points, with its envelope. Returns the points."""
    days = pl.DataFrame({"day": range(-30, DAYS - 30)}, schema={"day": pl.Int64})
    every = pl.DataFrame({"asset": range(assets)}, schema={"asset": pl.Int64}).join(days, how="cross")
    lost = (pl.struct("asset", "day").hash(1) % LOST == 0) & (pl.col("day") >= 0)
    captured = pl.lit(START) + pl.duration(days="day", seconds=pl.col("asset") % 7_000)
    number = pl.col("asset").cast(pl.String).str.zfill(5)
    rows = every.filter(~lost).select(
        unit=pl.col("asset") % UNITS,
        id=pl.format("{}-{}", number, pl.col("day") + 30),
        subject=pl.format("vm/{}", number),
        captured_at=captured.dt.strftime(TEXT),
        available_at=(captured + timedelta(minutes=20)).dt.strftime(TEXT),
        method=pl.lit("full"),
        bytes=1_000_000_000 + pl.col("asset") * 1_000,
    )
    listed = (START + timedelta(days=DAYS - 30)).strftime(TEXT)
    for place in PLACES:
        for unit in range(UNITS):
            target = folder / place / f"unit-{unit:02}.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            rows.filter(pl.col("unit") == unit).drop("unit").write_csv(target)
            envelope(target, repository=place, scope=f"unit-{unit:02}", observed_at=listed, complete=True)
    return len(rows) * len(PLACES)


def logs(folder: Path, assets: int) -> None:
    """Write small logs of ten verifications each, one line of which cannot be read; one run in a hundred is of a subject that is nobody's."""
    folder.mkdir()
    for number in range(LOGS):
        at = datetime(YEAR, 1, 1, tzinfo=UTC) + timedelta(hours=2 * number)
        rows = []
        for run in range(10):
            subject = f"vm/{(number * 10 + run) % assets:05}" if (number * 10 + run) % 100 else f"stray/{number:05}"
            rows.append(
                {
                    "record": "run", "id": f"{number}-{run}", "subject": subject, "kind": "verify", "outcome": "success",
                    "started_at": at.strftime(TEXT), "finished_at": (at + timedelta(minutes=run + 1)).strftime(TEXT),
                }
            )  # fmt: skip
        target = folder / f"{number:05}.ndjson"
        target.write_text("\n".join([*map(json.dumps, rows), '{"record": "run", "id": "cut o']) + "\n")
        envelope(target, repository=PLACES[number % 2])


def envelope(file: Path, **told: object) -> None:
    """Write what is known of a payload beside it."""
    Path(f"{file}.envelope.json").write_text(json.dumps({"source": "db", "tool": "interchange", **told}))
