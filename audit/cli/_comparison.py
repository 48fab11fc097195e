"""A comparison of two assessments on the screen, and as CSV."""

from __future__ import annotations

import io
import sys

import polars as pl
from rich.console import Console
from rich.table import Table

from audit.evaluation.compare import Change, Comparison
from audit.reporting.harmless import harmless

SHOWN = 200
"""Rows a table shows at the most; the other formats have all."""


def table_of(comparison: Comparison, before: str, after: str, *, covering: bool = True) -> str:
    """Return what changed, as a table for people, with the counts below it. before, after: what the two assessments are called; covering: they are of all assets."""
    console = Console(record=True, file=io.StringIO(), width=None if sys.stdout.isatty() else 180, highlight=False, markup=False)
    changed = comparison.changed
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("asset", "control", "leg"):
        table.add_column(name, overflow="fold")
    for name in ("verdict", "breached", "unproven", "worst exposure"):
        table.add_column(f"{name}: {before}", justify="left" if name == "verdict" else "right")
        table.add_column(after, justify="left" if name == "verdict" else "right")
    for row in (
        changed.sort(pl.col("breached_seconds_after").fill_null(0.0), descending=True, maintain_order=True)
        .head(SHOWN)
        .iter_rows(named=True)
    ):
        asset = f"{row['asset']} / {row['part']}" if row["part"] else row["asset"]
        times = [
            length(row[f"{name}_{when}"]) for name in ("breached_seconds", "unproven_seconds", "worst_exposure_seconds") for when in ("before", "after")
        ]  # fmt: skip
        table.add_row(asset, row["control"], row["leg"] or "", row["verdict_before"] or "-", row["verdict_after"] or "-", *times)
    if changed.height:
        console.print(table)
    if changed.height > SHOWN:
        console.print(f"and {changed.height - SHOWN} more; --format csv has all")
    same = comparison.promises.height - changed.height
    counts = comparison.counts()
    said = ", ".join(f"{counts[change]} {change}" for change in Change)
    console.print(f"\n{changed.height} promises differ, {same} do not. Breaches: {said}.", soft_wrap=True)
    if covering:
        console.print(f"Coverage: {_coverage(comparison)}.", soft_wrap=True)
    return console.export_text(styles=sys.stdout.isatty())


def _coverage(comparison: Comparison) -> str:
    """Say what changed of the numbers of protection; what was not judged is not the same."""
    if any(None in both for both in comparison.coverage.values()):
        return "not judged (the control protection counts it: --control protection beside the others)"
    moved = [f"{name.replace('_', ' ')} {was} -> {now}" for name, (was, now) in comparison.coverage.items() if was != now]
    return ", ".join(moved) or "the same"


def csv_of(comparison: Comparison) -> str:
    """Return the promises that differ as CSV, safe to open in a spreadsheet."""
    frame = comparison.changed
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    safe = [pl.Series(name, [harmless(value) for value in frame[name]], dtype=pl.String) for name in texts]
    return frame.with_columns(safe).write_csv()


def length(seconds: float | None) -> str:
    """Return a length of time in its two largest units: `3 d 4 h`."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return "0" if seconds == 0 else "< 1 s"
    left, parts = int(seconds), []
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])
