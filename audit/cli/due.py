"""backup-audit due."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import polars as pl

from audit.cli._tables import show
from audit.errors import UsageError
from audit.model.terms import Term
from audit.register.acts import kinds
from audit.steps._open import open_store
from audit.steps.due import due


@click.command("due")
@click.option("--within", default="30d", show_default=True, metavar="TERM", help="How far to look ahead, such as 14d or 3 months.")
@click.option("--kind", "only", type=click.Choice(sorted(kinds())), multiple=True, help="Only records of this kind.")
@click.option("--format", "fmt", type=click.Choice(["table", "csv", "ndjson"]), default="table", show_default=True)
@click.pass_obj
def command(data: Path, within: str, only: tuple[str, ...], fmt: str) -> None:
    """List what waits for somebody, and what lapses soon.

    \b
      decide    a waiver, an assessment of a provider or a release that somebody asked for
      confirm   a training
      review    a runbook's newest version
      answer    an agreement, with the unit and its representatives
      mend      a finding
      run       a drill
      fulfil    a request for evidence
      accept    what was shown to somebody who asked
      sign      a review, with the unit and its representatives
      begin     the next review
      lapses    a waiver, statement, training, delegation or assessment of a provider

    \b
    Examples:
      backup-audit due
      backup-audit due --within 3mo --kind waiver --kind training --format csv
    """
    try:
        term = Term.parse(within)
        store, now = open_store(data), datetime.now(UTC)
        until = term.after(now, store.estate(store.head()).timezone)
    except ValueError as error:
        raise UsageError(f"--within {within}: {error}") from error
    except OverflowError as error:
        raise UsageError(f"--within {within} is too far ahead") from error
    found = due(store, now, until)
    show(found.filter(pl.col("kind").is_in(only)) if only else found, fmt, "due")
