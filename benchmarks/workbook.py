"""The annual review's workbook with 200,000 breaches, as `report --format xlsx` writes it, beside the same cells of its breaches written by plain openpyxl
(write_only, no style), each in a process of its own. `python -m benchmarks.workbook [ROWS]`.

The customer's bound: 200,000 rows under 40 s.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from openpyxl import Workbook

from audit.content import Content
from audit.model.document import (
    Cell,
    Column,
    Document,
    DurationCell,
    EvidenceCell,
    InstantCell,
    Name,
    NumberCell,
    OrdinalCell,
    Section,
    Sheet,
    Table,
    TextCell,
)
from audit.model.verdicts import EvidenceRef
from audit.reporting.writers.xlsx import write

START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = (
    ("asset", "text"), ("unit", "text"), ("promise", "text"), ("policy", "text"), ("from", "instant"), ("to", "instant"),
    ("length", "duration"), ("severity", "number"), ("what", "text"), ("evidence", "evidence"),
)  # fmt: skip
BOUND = 40.0
"""Seconds that the workbook may take at 200,000 rows."""


def document(rows: int) -> Document:
    """A review of `rows` breaches of 2,000 assets, each with two references to one of 4,000 payloads."""
    entries = [EvidenceRef(1 + n, f"{n:064x}", f"line {n}") for n in range(4_000)]
    breaches = Table(
        "breaches", tuple(Column(key, (key,), kind) for key, kind in COLUMNS), tuple(_row(n, entries) for n in range(rows))
    )
    heads = (Column("entry", ("entry",), "ordinal"), Column("sha256", ("sha256",)))
    told = Table(
        "evidence", heads, tuple((OrdinalCell(ref.entry), TextCell((Name(ref.sha256),))) for ref in entries), anchor="entry"
    )
    sections = (Section("breaches", ("Breaches",), (breaches,)), Section("evidence", ("Evidence",), (told,)))
    sheets = tuple(Sheet(section.id, section.title, (section,)) for section in sections)
    return Document("benchmark", "en", "Asia/Shanghai", ("Benchmark",), (), False, (), sections, sheets=sheets)


def _row(number: int, entries: list[EvidenceRef]) -> tuple[Cell, ...]:
    asset = f"asset-{number % 2_000:04}"
    since, length = START + timedelta(seconds=150 * number), 3_600 + number % 90_000
    told = f"No recovery point that could be restored was recent enough. It lies between point-{number} and point-{number + 1}."
    return (
        TextCell((Name(asset),)), TextCell(("Messaging Services",)), TextCell(("Recovery point (RPO)",)), TextCell(("core version 1",)),
        InstantCell(since), InstantCell(since + timedelta(seconds=length)), DurationCell(float(length)), NumberCell(1 + number % 400 / 100),
        TextCell((told,)), EvidenceCell((entries[number % 4_000], entries[(number + 1) % 4_000])),
    )  # fmt: skip


def ours(given: Document) -> int:
    """Return the bytes of our workbook."""
    return len(write(given, Content()))


def plain(given: Document) -> int:
    """Return the bytes of the breaches' cells alone, as openpyxl writes them row by row."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Breaches")
    table = given.sections[0].blocks[0]
    assert isinstance(table, Table)
    sheet.append([column.key for column in table.columns])
    for row in table.rows:
        sheet.append([_bare(cell) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return len(file.getvalue())


def _bare(cell: Cell) -> object:
    match cell:
        case TextCell(value=parts):
            return "".join(part.text if isinstance(part, Name) else part for part in parts)
        case InstantCell(value=datetime() as instant):
            return instant.replace(tzinfo=None)
        case DurationCell(value=float() as seconds):
            return timedelta(seconds=seconds)
        case EvidenceCell(value=refs):
            return "\n".join(_told(ref) for ref in refs)
    return cell.value


@cache
def _told(ref: EvidenceRef) -> str:
    return f"entry {ref.entry} · {ref.sha256[:12]}… · {ref.locator}"


WAYS: dict[str, Callable[[Document], int]] = {"ours": ours, "plain": plain}


def measured(way: str, rows: int) -> None:
    """Write once, and print seconds, bytes and MB of memory: before (the document alone) and at the peak."""
    given = document(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.perf_counter()
    size = WAYS[way](given)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "bytes": size, "before_mb": before, "peak_mb": peak}))


def run(rows: int) -> dict[str, float]:
    """Measure both ways, print and return the figures."""
    figures: dict[str, float] = {}
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.workbook", str(rows), way]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        figures |= {f"{way}_s": found["seconds"], f"{way}_document_mb": found["before_mb"], f"{way}_peak_mb": found["peak_mb"]}
        figures[f"{way}_file_mb"] = found["bytes"] / 1e6
    figures |= {"rows_per_s": rows / figures["ours_s"], "ours_to_plain": figures["ours_s"] / figures["plain_s"]}
    print(f"rows={rows:,} " + " ".join(f"{key}={value:,.2f}" for key, value in figures.items()))
    return figures


def main(arguments: list[str]) -> int:
    """Run; 1 when 200,000 rows take longer than the bound."""
    rows = int(arguments[0]) if arguments else 200_000
    if len(arguments) > 1:
        measured(arguments[1], rows)
        return 0
    return int(run(rows)["ours_s"] > BOUND * max(1.0, rows / 200_000))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
