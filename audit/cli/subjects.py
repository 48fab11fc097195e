"""backup-audit subjects."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl

from audit.cli._tables import show
from audit.steps._open import open_store
from audit.steps.subjects import subjects


@click.command("subjects")
@click.option("--orphans", is_flag=True, help="Only subjects without an asset.")
@click.option("--format", "fmt", type=click.Choice(["ndjson", "csv", "table"]), default="table", show_default=True)
@click.pass_obj
def command(data: Path, orphans: bool, fmt: str) -> None:
    """Show what the tools say they back up and whose it is; for what is nobody's, the assets with names most alike.

    \b
    Examples:
      backup-audit subjects
      backup-audit subjects --orphans
    """
    found = subjects(open_store(data))
    show(found.filter(pl.col("asset").is_null()) if orphans else found, fmt, "subjects")
