"""Rows per second of adapters, beside the bare parser on the same bytes: `json.loads`, or `csv.reader` (for tables framed with `|` too).

For the ten biggest tools and the two formats of ours, a payload of the shape of each main sample (less the records that make faults), ids and times of its own in each row; processor
time, in turns, the best of three. Then rows per second of each other adapter, where a sample of it can be enlarged without knowing the tool.
`python -m benchmarks.adapters [ROWS] [TOOL ...]`.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from benchmarks._enlarged import IDS, enlarged
from benchmarks.ingest import payload as points
from tests.adapters import golden

MOST = 4
"""Times the bare parser: what the ten biggest may need."""
TIMES = 3
BIGGEST = {
    "veeam-vbr": {"restorePoints-first-page.json": r"^(id|backupFileId)$", "powershell_Get-VBRBackupSession.csv": "^Id$"},
    "veritas-netbackup": {"admin_jobs_page1.json": "(?i)^(id|jobId)$", "bpdbjobs.csv": "(?i)^jobid$"},
    "commvault": {"Job_page.json": "^jobId$", "backup_job_summary_report.csv": "(?i)job id"},
    "aws-backup": {"recovery-points.json": "^RecoveryPointArn$", "backup-jobs.json": "^(BackupJobId|RecoveryPointArn)$"},
    "azure-backup": {"recovery-points-vm.json": "^(id|name|recoveryPointId)$", "jobs-table.csv": IDS},
    "rubrik": {"snapshots.json": "^id$", "activities.json": "^(id|activitySeriesId)$"},
    "cohesity": {"v2_protection-group_runs.json": "^(id|protectionGroupInstanceId|localTaskId)$"},
    "restic": {"snapshots-before-forget.json": "^(id|short_id|tree)$"},
    "borgbackup": {"list.json": "^(archive|barchive|id|name)$"},
    "bacula": {"catalog-jobs-after-purge.csv": "^(jobid|job)$", "list-jobs.txt": "-"},
}
"""The samples of each tool that are enlarged, with the keys (or columns) that tell their records apart."""

Figures = dict[str, float | int | str]


def _bare(kind: str, payload: bytes) -> Callable[[], Any]:
    if kind == "json":
        return lambda: json.loads(payload)
    text, sign = payload.decode(), "," if kind == "csv" else "|"
    return lambda: list(csv.reader(io.StringIO(text), delimiter=sign))


def _spent(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def measured(payload: bytes, kind: str, told: Envelope, rows: int, times: int = TIMES) -> Figures:
    """Return what an adapter and the bare parser need for a payload."""
    facts = _registry.read(told.tool, payload, told)
    bare, own = _bare(kind, payload), []
    best = float("inf")
    for _ in range(times):
        best = min(best, _spent(bare))
        own.append(_spent(lambda: _registry.read(told.tool, payload, told)))
    return {
        "tool": told.tool,
        "kind": kind,
        "megabytes": len(payload) / 1e6,
        "facts": facts.points.height + facts.runs.height,
        "faults": len(facts.faults),
        "rows_per_s": rows / min(own),
        "ratio": min(own) / best,
    }


def _sample(path: Path, rows: int, keys: str, times: int = TIMES) -> Figures | None:
    """Measure an enlarged sample; `None` where it cannot be made."""
    trial = _trial(path, keys)
    if trial is None:
        return None
    payload, kind = enlarged(path.read_bytes(), rows, keys, trial[1])
    return measured(payload, kind, golden.envelope(path), rows, times) | {"sample": path.name}


def _trial(path: Path, keys: str) -> tuple[float, set[int]] | None:
    """Return how long 50 records of a sample take, and which of its records make faults; `None` where so many cannot be made, or give fewer than 25 facts."""
    try:
        places = (re.findall("/([0-9]+)(?:/|$)", fault.locator)[:1] for fault in golden.facts_of(path).faults)
        faulty = {int(number) for found in places for number in found}
        few, _ = enlarged(path.read_bytes(), 50, keys, faulty)
        began = time.process_time()
        facts = _registry.read(path.parent.name, few, golden.envelope(path))
    except (ValueError, InputError):  # NoRecordsError, no UTF-8, a day that no calendar has
        return None
    return (time.process_time() - began, faulty) if facts.points.height + facts.runs.height >= 25 else None


def _ours(rows: int) -> list[Figures]:
    """Measure the interchange format and a table that is told in a mapping: the same points as CSV."""
    data = points(rows)
    told = Envelope("interchange", "s", "r", complete=True, name="points.csv")
    columns = {"id": "id", "subject": "subject", "captured_at": "captured_at", "bytes": "bytes"}
    mapping = {"record": "recovery_point", "columns": columns}
    found = [measured(data, "csv", told, rows) | {"sample": "as of benchmarks.ingest"}]
    try:
        found.append(
            measured(data, "csv", replace(told, tool="tabular", mapping=mapping, timezone="UTC"), rows)
            | {"sample": "as of benchmarks.ingest"}
        )
    except InputError as error:
        print(f"tabular: {error}")
    return found


def _others(rows: int) -> tuple[list[Figures], list[str]]:
    """Measure of each other adapter the sample that is read fastest when it is enlarged: there a row is a record, not a document; and name those of which
    none can be.
    """
    found, left = [], []
    for tool in golden.adapters():
        if tool in BIGGEST or tool in ("interchange", "tabular"):
            continue
        paths = [path for path in golden.samples() if path.parent.name == tool]
        tried = [(trial[0], path) for path in paths if (trial := _trial(path, IDS))]
        figures = _sample(min(tried)[1], rows, IDS, 1) if tried else None
        if figures:
            _print(figures)
            found.append(figures)
        else:
            left.append(tool)
    return found, left


def _print(figures: Figures) -> None:
    ratio = float(figures["ratio"])
    beyond = f"  more than {MOST}" if ratio > MOST and figures["tool"] in BIGGEST else ""
    print(
        f"{figures['tool']:22} {figures['sample']:36} {figures['kind']:4} {figures['megabytes']:7.1f} MB {figures['facts']:8,} facts "
        f"{figures['faults']:5} faults {figures['rows_per_s']:10,.0f} rows/s {ratio:6.1f} times the bare parser{beyond}",
        flush=True,
    )


def run(rows: int, tools: list[str] | None = None, *, others: bool = True) -> list[Figures]:
    """Measure, print and return the figures."""
    found: list[Figures] = []
    for tool, samples in BIGGEST.items():
        if tools and tool not in tools:
            continue
        for name, keys in samples.items():
            figures = _sample(golden.DATA / tool / name, rows, keys)
            assert figures is not None, f"{tool}: {name} was not enlarged"
            _print(figures)
            found.append(figures)
    if tools:
        return found
    for figures in _ours(rows):
        _print(figures)
        found.append(figures)
    if others:
        rest, left = _others(max(50, rows // 10))
        print(f"left out, no sample of them can be enlarged without knowing the tool: {', '.join(left)}")
        found += rest
    return found


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, sys.argv[2:])
