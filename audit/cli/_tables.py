"""Frames on paper: as a table for people, as NDJSON or CSV for programs."""

from __future__ import annotations

import sys

import click
import polars as pl
from rich.console import Console
from rich.table import Table

SHOWN = 200
"""Rows a table shows at the most; the other formats have all."""


def show(frame: pl.DataFrame, fmt: str, what: str) -> None:
    """Print a frame as `table`, `ndjson` or `csv`; instants as RFC 3339 UTC."""
    frame = frame.with_columns(_text(name, kind) for name, kind in frame.schema.items())
    if fmt == "ndjson":
        sys.stdout.write(frame.write_ndjson())
        return
    flat = frame.with_columns(pl.col(name).list.join("; ") for name, kind in frame.schema.items() if isinstance(kind, pl.List))
    if fmt == "csv":
        sys.stdout.write(flat.write_csv())
        return
    table = Table(*flat.columns, box=None, header_style="bold", pad_edge=False)
    for row in flat.head(SHOWN).iter_rows():
        table.add_row(*("" if value is None else str(value) for value in row))
    console = Console(soft_wrap=not sys.stdout.isatty(), highlight=False, markup=False)
    if flat.height:
        console.print(table)
    more = f"; the first {SHOWN} are shown, --format csv has all" if flat.height > SHOWN else ""
    click.echo(f"{flat.height} {what}{more}")


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    if not isinstance(kind, pl.Datetime):
        return pl.col(name)
    whole = pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = pl.col(name).dt.microsecond()
    return pl.when(fraction == 0).then(whole + "Z").otherwise(whole + pl.col(name).dt.strftime(".%6fZ")).alias(name)
