"""backup-audit drills."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import polars as pl

from audit.cli._dates import parse_period
from audit.cli._tables import show
from audit.errors import UsageError
from audit.model.drill import CALENDAR_STATES
from audit.steps._open import open_store
from audit.steps.drills import candidates, due_drills


@click.command("drills")
@click.option(
    "--state",
    "states",
    type=click.Choice(CALENDAR_STATES),
    multiple=True,
    help="Only what is in this state (may be given more than once).",
)
@click.option("--asset", "assets", multiple=True, help="Only this asset (may be given more than once).")
@click.option(
    "--candidates",
    "restores",
    is_flag=True,
    help="Instead: the restore runs in the evidence that no record of a drill or an incident tells of.",
)
@click.option(
    "--from", "since", metavar="DATE", help="Of --candidates: first day (in the programme's zone) or instant of the period."
)
@click.option("--to", "until", metavar="DATE", help="Of --candidates: day or instant at which the period ends; not in it any more.")
@click.option("--year", type=int, help="Of --candidates: a calendar year in the programme's zone, in place of --from and --to.")
@click.option("--format", "fmt", type=click.Choice(["table", "csv", "ndjson"]), default="table", show_default=True)
@click.pass_obj
def command(
    data: Path, states: tuple[str, ...], assets: tuple[str, ...], restores: bool, since: str | None, until: str | None, year: int | None, fmt: str
) -> None:  # fmt: skip
    """List what policies ask to be tried with each asset, when it last was, and by when it is next to be.

    \b
      overdue             it should have been tried by the day shown
      needs-verification  it was tried, but the asset, its policy or a runbook for it changed since
      due                 to be tried by the day shown
      done                tried as asked; due again by the day shown

    It tells what people recorded; whether that is proven, `assess` tells. Restores that tools tell of and nobody recorded are offered by --candidates: each was a test, which counts
    once it is recorded, or an incident, which must not be left out.

    \b
    Examples:
      backup-audit drills
      backup-audit drills --state overdue --state needs-verification --format csv
      backup-audit drills --candidates --year 2026
    """
    store = open_store(data)
    if not restores:
        if since or until or year:
            raise UsageError("--from, --to and --year are of --candidates; the calendar is of now")
        found = due_drills(store, datetime.now(UTC))
        if states:
            found = found.filter(pl.col("state").is_in(states))
        show(
            found.filter(pl.col("asset").is_in(assets)) if assets else found,
            fmt,
            "to be tried" if found.height == 1 else "things to be tried",
        )
        return
    if states:
        raise UsageError("--state is of the calendar, not of --candidates")
    begin, end = parse_period(since, until, year, store.estate(store.head()).timezone)
    runs = candidates(store, begin, end)
    show(
        runs.filter(pl.col("asset").is_in(assets)) if assets else runs,
        fmt,
        "restores without a record" if runs.height != 1 else "restore without a record",
    )
