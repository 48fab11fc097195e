"""backup-audit vendors."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli._tables import show
from audit.errors import UsageError
from audit.steps._open import open_store
from audit.steps.vendors import compared, vendors

TWO = 2


@click.command("vendors")
@click.option(
    "--compare",
    "providers",
    multiple=True,
    metavar="PROVIDER",
    help="Show the answers of these side by side (given twice or more).",
)
@click.option("--format", "fmt", type=click.Choice(["table", "csv", "ndjson"]), default="table", show_default=True)
@click.pass_obj
def command(data: Path, providers: tuple[str, ...], fmt: str) -> None:
    """List the providers who hold copies, with their newest assessment: its state, score, mandatory questions without an answer, and when it lapses.

    `backup-audit vendor --help` says how they are assessed.

    \b
    Examples:
      backup-audit vendors
      backup-audit vendors --compare north-cloud --compare south-cloud
    """
    store = open_store(data)
    if not providers:
        found = vendors(store, datetime.now(UTC))
        show(found, fmt, "provider" if found.height == 1 else "providers")
        return
    names = list(dict.fromkeys(providers))
    if len(names) < TWO:
        raise UsageError("name two providers: --compare ONE --compare OTHER")
    show(compared(store, names), fmt, "questions")
