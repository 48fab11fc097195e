"""15,000 protected items x 3 months: the assessment as JSON and as XLSX, as users make them: each alone, and both of one run.

The only public figure of a product in this field is 20 to 30 s for its tables of so many items. Beside it in the same run: the assessment as a table on the screen, which is judging and
nothing else; and both files of the assessment that the night before left kept (`assess --keep`), of which nothing is judged again. Each is a process of its own.
`python -m benchmarks.tables [ITEMS]`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.review import PLACES, YEAR, command, evidence, programme

DAYS = 90
PERIOD = ("--from", f"{YEAR}-01-01", "--to", f"{YEAR}-04-01")
RIVAL = 20
"""Seconds: the best of the public figure."""


def run(items: int) -> dict[str, tuple[float, float, float]]:
    """Measure, print and return seconds, processor seconds and GB of each step."""
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data"
        (folder / "programme").mkdir()
        programme(folder / "programme", items)
        points = evidence(folder / "evidence", items, DAYS)
        command(data, "init", "--organisation", "Benchmark")
        command(data, "apply", str(folder / "programme"))
        for place in PLACES:
            more = ("--source", "db", "--repository", place, "--complete", "--observed-at", f"{YEAR}-04-01T12:00:00Z")
            command(data, "ingest", *more, str(folder / "evidence" / place / f"{YEAR}.csv"))
        figures["judging"] = command(data, "assess", *PERIOD, "-o", str(folder / "a.txt"), fine=(0, 1))
        for fmt in ("json", "xlsx"):
            file = folder / f"a.{fmt}"
            figures[fmt] = command(data, "assess", *PERIOD, "--format", fmt, "-o", str(file), fine=(0, 1))
            print(f"{fmt}: {file.stat().st_size:,} bytes")
        both = ("-o", str(folder / "b.json"), "-o", str(folder / "b.xlsx"))
        figures["json and xlsx"] = command(data, "assess", *PERIOD, *both, fine=(0, 1))
        figures["keeping"] = command(data, "assess", *PERIOD, "--keep", "-o", str(folder / "k.txt"), fine=(0, 1))
        again = ("-o", str(folder / "k.json"), "-o", str(folder / "k.xlsx"))
        figures["of kept, both"] = command(data, "assess", *PERIOD, "--keep", *again, fine=(0, 1))
        if any((folder / f"k.{fmt}").read_bytes() != (folder / f"b.{fmt}").read_bytes() for fmt in ("json", "xlsx")):
            sys.exit("the kept assessment says something else than the one judged anew")
    print(f"{items:,} items, {points:,} recovery points")
    for step, (seconds, used, peak) in figures.items():
        print(f"{step:14} {seconds:7.1f} s  processor {used:7.1f} s  peak {peak:.2f} GB")
    judged, kept = figures["json and xlsx"][0], figures["of kept, both"][0]
    print(f"JSON and XLSX of one run: {judged:.1f} s all judged, {kept:.1f} s of what was kept, beside {RIVAL} s")
    return figures


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 15_000)
