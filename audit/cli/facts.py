"""backup-audit facts."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl

from audit.cli._period import known_number
from audit.cli._tables import show
from audit.model.facts import SCHEMAS
from audit.steps._open import open_store
from audit.steps.facts import facts


@click.command("facts")
@click.option("--kind", required=True, type=click.Choice(list(SCHEMAS)), help="Which kind of facts.")
@click.option("--source", help="Only this source.")
@click.option("--as-known-at", metavar="N|TIME", help="As known at a journal entry or an instant. Default: now.")
@click.option("--format", "fmt", type=click.Choice(["ndjson", "csv", "table"]), default="table", show_default=True)
@click.pass_obj
def command(data: Path, kind: str, source: str | None, as_known_at: str | None, fmt: str) -> None:
    """Show what the evidence says: one row for each recovery point, run or listing, with the journal entry and the place it came from.

    ndjson and csv are the interchange format (with further columns, which an ingest passes over).

    \b
    Examples:
      backup-audit facts --kind recovery_point --source nas
      backup-audit facts --kind run --format csv > runs.csv
    """
    store = open_store(data)
    found = facts(store, kind, source, known_number(store, as_known_at))
    if fmt != "table":
        found = found.select(pl.lit(kind).alias("record"), pl.all())
    show(found, fmt, f"facts of kind {kind}")
