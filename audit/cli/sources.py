"""backup-audit sources."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli._tables import show
from audit.steps._open import open_store
from audit.steps.sources import sources


@click.command("sources")
@click.option("--format", "fmt", type=click.Choice(["ndjson", "csv", "table"]), default="table", show_default=True)
@click.pass_obj
def command(data: Path, fmt: str) -> None:
    """Show each source of evidence: its tool, its last evidence, what was read and what not, when the next is due, and its health.

    \b
    Examples:
      backup-audit sources
      backup-audit sources --format csv
    """
    show(sources(open_store(data), datetime.now(UTC)), fmt, "sources")
