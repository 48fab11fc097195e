"""backup-audit quarantine."""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli._tables import show
from audit.steps._open import open_store
from audit.steps.catch_up import catch_up


@click.command("quarantine")
@click.option("--format", "fmt", type=click.Choice(["ndjson", "csv", "table"]), default="table", show_default=True)
@click.pass_obj
def command(data: Path, fmt: str) -> None:
    """Show what could not be read: where it stands, why, and what to do. Level `error`: not used; `warning`: used, with a doubt.

    \b
    Examples:
      backup-audit quarantine
      backup-audit quarantine --format csv > quarantine.csv
    """
    store = open_store(data)
    catch_up(store)
    show(store.catalog.quarantine(store.head()).sort("entry", "where", "locator"), fmt, "rows in quarantine or in doubt")
