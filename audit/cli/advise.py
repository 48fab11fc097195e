"""backup-audit advise."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from audit.cli._comparison import length
from audit.cli._period import instants, known_number, period_options
from audit.cli._progress import progress
from audit.cli._tables import show
from audit.steps._open import open_store
from audit.steps.advise import advise

Cell = Callable[[dict[str, Any]], str]
"""What a table shows of a row of the advice."""


@click.command("advise")
@period_options
@click.option("--asset", "assets", multiple=True, help="Only this asset (may be given more than once).")
@click.option("--format", "fmt", type=click.Choice(["table", "csv", "ndjson"]), default="table", show_default=True)
@click.pass_obj
def command(data: Path, since: str, until: str, as_known_at: str | None, assets: tuple[str, ...], fmt: str) -> None:
    """Show the tightest RPO, RTO and retention that each asset really kept: what units can promise each other from facts.

    \b
    Examples:
      backup-audit advise --from 2026-01-01 --to 2027-01-01
      backup-audit advise --from 2026-01-01 --to 2027-01-01 --asset im-messages-db --format csv
    """
    store = open_store(data)
    known = known_number(store, as_known_at)
    with progress() as shown:
        found = advise(store, *instants(store, known, since, until), known, assets=assets or None, progress=shown)
    if fmt != "table":
        show(found, fmt, "assets and parts")
        return
    console = Console(record=True, file=io.StringIO(), width=None if sys.stdout.isatty() else 220, highlight=False, markup=False)
    for title, columns, legend in TABLES:
        table = Table(box=None, header_style="bold", pad_edge=False)
        table.add_column(title, overflow="fold")
        for name in columns:
            table.add_column(name, overflow="fold", justify="right")
        for row in found.iter_rows(named=True):
            asset = f"{row['asset']} / {row['part']}" if row["part"] else row["asset"]
            table.add_row(asset, *(cell(row) for cell in columns.values()))
        console.print(table)
        console.print(f"{legend}\n", soft_wrap=True)
    late = [
        row
        for row in found.iter_rows(named=True)
        if row["rpo_agreed_seconds"] and (row["rpo_typical_seconds"] or 0) > row["rpo_agreed_seconds"]
    ]
    for row in late:
        agreed, typical = length(row["rpo_agreed_seconds"]), length(row["rpo_typical_seconds"])
        console.print(
            f"{row['asset']}: an RPO of {agreed} breaches with every backup: the newest copy is typically {typical} old when the next one is there."
            " An RPO has to allow the interval and the time that a backup takes.",
            soft_wrap=True,
        )
    click.echo(console.export_text(styles=sys.stdout.isatty()), nl=False)


def _kept(every: str, share: str = "") -> Cell:
    """Return what shows how long points, or one of each day and so on, were kept."""

    def cell(row: dict[str, Any]) -> str:
        kept = length(row[f"kept_{every}{share}_seconds"])
        return f">= {kept}" if kept != "-" and not row[f"lost_{every}"] else kept

    return cell


def _length(name: str) -> Cell:
    return lambda row: length(row[f"{name}_seconds"])


def _rests_on(row: dict[str, Any]) -> str:
    """Return how many recoveries there were and what they were, how many of them are proven, and how many are not yet over or failed."""
    told = [f"{row['recoveries']} ({row['recoveries_of']})" if row["recoveries"] else "none"]
    told += [f"{row['recoveries_proven']} proven"] if row["recoveries"] else []
    told += [f"{row[f'recoveries_{how}']} {how}" for how in ("failed", "awaited") if row[f"recoveries_{how}"]]
    return ", ".join(told)


TABLES: tuple[tuple[str, dict[str, Cell], str], ...] = (
    (
        "recovery point",
        {
            "RPO agreed": _length("rpo_agreed"),
            "kept": _length("rpo_kept"),
            "kept 99 %": _length("rpo_kept_99"),
            "at best": _length("rpo_at_best"),
            "typical": _length("rpo_typical"),
        },
        (
            "kept: the newest copy was never surely older (99 %: but for one part in a hundred of the time); -: at some time nothing surely lived."
            " at best: the same of all that is possible. typical: how old it was when a newer one came."
        ),
    ),
    (
        "retention",
        {
            f"{'each' if every == 'point' else 'one a'} {every}{title}": _kept(every, share)
            for every in ("point", "day", "week", "month")
            for share, title in (("", ""), ("_99", " 99 %"))
        },
        "each point, one a day, ...: how long they stayed at the least (99 %: but for one in a hundred of those that went); >= where none has gone yet.",
    ),
    (
        "recovery time",
        {
            "RTO agreed": _length("rto_agreed"),
            "kept": _length("rto_kept"),
            "kept 99 %": _length("rto_kept_99"),
            "at best": _length("rto_at_best"),
            "rests on": _rests_on,
            "restore": _length("longest_restore"),
        },
        (
            "kept: no proven recovery of the full service took longer, from its declaration to the validated service (99 %: but for one in a hundred)."
            " at best: the same of those that are not proven, too. -: there is none, or one failed, is awaited, or is only known to have taken longer."
            " restore: the longest restore run, which is not yet a recovery."
        ),
    ),
)
"""What is shown of each asset: a title, the columns with what each shows, and what they mean."""
