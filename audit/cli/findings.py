"""backup-audit findings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import polars as pl

from audit.cli._tables import show
from audit.policy.severities import SEVERITIES
from audit.register.records.finding import OPEN
from audit.steps._open import open_store
from audit.steps.findings import findings


@click.command("findings")
@click.option("--state", "states", type=click.Choice([*OPEN, "closed"]), multiple=True, help="Only these; all but closed ones when not given.")  # fmt: skip
@click.option("--severity", "severities", type=click.Choice(SEVERITIES), multiple=True, help="Only these.")
@click.option("--owner", help="Only those of this owner; an empty text for those of nobody.")
@click.option("--asset", "assets", multiple=True, help="Only of this asset (may be given more than once).")
@click.option("--overdue", is_flag=True, help="Only those that are due and not closed.")
@click.option("--format", "fmt", type=click.Choice(["table", "csv", "ndjson"]), default="table", show_default=True)
@click.pass_obj
def command(
    data: Path, states: tuple[str, ...], severities: tuple[str, ...], owner: str | None, assets: tuple[str, ...], overdue: bool, fmt: str
) -> None:  # fmt: skip
    """List what is wrong and not yet mended: who mends it, by when, how old it is, and what the newest assessment shows.

    `backup-audit follow` makes findings of breaches; `backup-audit finding --help` says what people do with them.

    \b
    Examples:
      backup-audit findings
      backup-audit findings --overdue --severity critical --severity high
      backup-audit findings --state closed --format csv
    """
    found = findings(open_store(data), datetime.now(UTC))
    found = found.filter(pl.col("state").is_in(states or OPEN))
    if severities:
        found = found.filter(pl.col("severity").is_in(severities))
    if owner is not None:
        found = found.filter(pl.col("owner").fill_null("") == owner)
    if assets:
        found = found.filter(pl.col("asset").is_in(assets))
    if overdue:
        found = found.filter("overdue")
    order = {name: place for place, name in enumerate(SEVERITIES)}
    found = found.sort(pl.col("severity").replace_strict(order, return_dtype=pl.Int8), "due", maintain_order=True)
    if fmt == "table":  # what says nothing here takes no room
        found = found.select(column for column in found if column.null_count() < found.height or not found.height)
    show(found, fmt, "finding" if found.height == 1 else "findings")
