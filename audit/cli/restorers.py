"""backup-audit restorers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli._tables import show
from audit.steps._open import open_store
from audit.steps.restorers import restorers


@click.command("restorers")
@click.option(
    "--without", "away", multiple=True, metavar="PERSON", help="As if this person were away (may be given more than once)."
)
@click.option("--format", "fmt", type=click.Choice(["table", "csv", "ndjson"]), default="table", show_default=True)
@click.pass_obj
def command(data: Path, away: tuple[str, ...], fmt: str) -> None:
    """List who can restore by each runbook in use: people with a confirmed training that has not expired. Those of which there are too few come first.

    Needed is what the policies of its assets ask for (`people`); where none asks, one is enough.

    \b
    Examples:
      backup-audit restorers
      backup-audit restorers --without "Chen Jie" --without "Sun Peng"
    """
    found = restorers(open_store(data), datetime.now(UTC), away)
    show(found, fmt, "runbook" if found.height == 1 else "runbooks")
