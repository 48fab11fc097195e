"""A million recovery points as one interchange CSV, taken in as users do: vault, journal, adapter, catalog. Then the same listing a day later, unchanged.

Beside it in the same run: what the adapter alone needs for the payload, and what Polars needs to read the bare CSV. `python -m benchmarks.ingest [ROWS]`.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from audit.adapters._registry import read
from audit.model.envelope import Envelope
from audit.steps._open import open_store
from audit.steps._payloads import gather
from audit.steps.ingest import ingest
from audit.steps.init import init

START = datetime(2026, 1, 1, tzinfo=UTC)


def payload(rows: int) -> bytes:
    """Full backups of 2,000 subjects, one after the other, with random ids, as CSV."""
    number = pl.int_range(rows, eager=True).alias("number")
    captured = pl.lit(START) + pl.duration(seconds=pl.col("number") * 20)
    text = "%Y-%m-%dT%H:%M:%SZ"
    frame = number.to_frame().select(
        id=pl.format("{}{}", pl.col("number").hash(1), pl.col("number").hash(2)),
        subject=pl.format("vm/{}", pl.col("number") % 2_000),
        method=pl.lit("full"),
        captured_at=captured.dt.strftime(text),
        available_at=(captured + timedelta(minutes=10)).dt.strftime(text),
        bytes=pl.col("number") * 4096,
    )
    out = io.BytesIO()
    frame.write_csv(out)
    return out.getvalue()


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def run(rows: int) -> dict[str, float]:
    """Measure, print and return the figures."""
    data = payload(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "points.csv").write_bytes(data)
        init(folder / "data")
        store = open_store(folder / "data")
        said = {"source": "s", "tool": "interchange", "repository": "r", "complete": True}

        def take(day: int) -> Callable[[], Any]:
            observed = START + timedelta(days=400 + day)
            given = {**said, "observed_at": observed}
            return lambda: ingest(store, gather([folder / "points.csv"]), given, now=observed, by="bench")

        envelope = Envelope("interchange", "s", "r", observed_at=START + timedelta(days=400), complete=True, name="points.csv")
        figures = {
            "polars_s": timed(lambda: pl.read_csv(data, infer_schema=False)),
            "parse_s": timed(lambda: read("interchange", data, envelope)),
            "ingest_s": timed(take(0)),
            "unchanged_s": timed(take(1)),
            "parse_again_s": timed(lambda: read("interchange", data, envelope)),
        }
        store.close()
    parse = min(figures["parse_s"], figures["parse_again_s"])
    figures |= {
        "rows_per_s": rows / figures["ingest_s"],
        "unchanged_to_parse": figures["unchanged_s"] / parse,
        "parse_to_polars": parse / figures["polars_s"],
    }
    print(f"rows={rows:,} " + " ".join(f"{key}={value:,.2f}" for key, value in figures.items()))
    return figures


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
