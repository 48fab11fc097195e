"""Frames on paper: as a table for people, as NDJSON or CSV for programs."""

from __future__ import annotations

import sys

import click
import polars as pl
from rich.console import Console
from rich.table import Table

from audit.steps.facts import with_times_as_text

WIDE = 2_000
"""Columns of text in a table that goes into a file or a pipe."""
SHOWN = 200
"""Rows a table shows at the most; the other formats have all."""

WIDEST = 4000
"""Columns of text that a table may take where there is no screen to fit into."""


def show(frame: pl.DataFrame, fmt: str, what: str) -> None:
    """Print a frame as `table`, `ndjson` or `csv`; instants as RFC 3339 UTC."""
    frame = with_times_as_text(frame)
    if fmt == "ndjson":
        sys.stdout.write(frame.write_ndjson())
        return
    flat = frame.with_columns(pl.col(name).list.join("; ") for name, kind in frame.schema.items() if isinstance(kind, pl.List))
    if fmt == "csv":
        sys.stdout.write(flat.write_csv())
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in flat.columns:
        table.add_column(name, overflow="fold")
    for row in flat.head(SHOWN).iter_rows():
        table.add_row(*("" if value is None else str(value) for value in row))
    # Into a file or a pipe a row stays one line, whatever its width.
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False)
    if flat.height:
        console.print(table)
    more = f"; the first {SHOWN} are shown, --format csv has all" if flat.height > SHOWN else ""
    click.echo(f"{flat.height} {what}{more}")
