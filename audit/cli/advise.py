"""backup-audit advise."""

from __future__ import annotations

import io
import sys
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


@click.command("advise")
@period_options
@click.option("--asset", "assets", multiple=True, help="Only this asset (may be given more than once).")
@click.option("--format", "fmt", type=click.Choice(["table", "csv", "ndjson"]), default="table", show_default=True)
@click.pass_obj
def command(data: Path, since: str, until: str, as_known_at: str | None, assets: tuple[str, ...], fmt: str) -> None:
    """Show the tightest RPO and retention that each asset really kept, and its longest restore: what units can promise each other from facts.

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
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in (
        "asset",
        "RPO agreed",
        "kept",
        "kept 99 %",
        "at best",
        "typical",
        "each point",
        "one a day",
        "one a week",
        "one a month",
        "restore",
    ):
        table.add_column(name, overflow="fold", justify="left" if name == "asset" else "right")
    for row in found.iter_rows(named=True):
        asset = f"{row['asset']} / {row['part']}" if row["part"] else row["asset"]
        rpo = [length(row[f"{name}_seconds"]) for name in ("rpo_agreed", "rpo_kept", "rpo_kept_99", "rpo_at_best", "rpo_typical")]
        table.add_row(
            asset, *rpo, *(_kept(row, every) for every in ("point", "day", "week", "month")), length(row["longest_restore_seconds"])
        )
    console.print(table)
    late = [
        row
        for row in found.iter_rows(named=True)
        if row["rpo_agreed_seconds"] and (row["rpo_typical_seconds"] or 0) > row["rpo_agreed_seconds"]
    ]
    console.print(
        "\nkept: the newest copy was never surely older (99 %: but for one part in a hundred of the time). at best: if all that is possible is true. -: at some time nothing was"
        " live. typical: how old it was when a newer one came.\nEach point, one a day, ...: how long they stayed at the least; >= where none has gone yet. restore: the longest restore"
        " run, which is not yet a recovery.",
        soft_wrap=True,
    )
    for row in late:
        agreed, typical = length(row["rpo_agreed_seconds"]), length(row["rpo_typical_seconds"])
        console.print(
            f"{row['asset']}: an RPO of {agreed} breaches with every backup: the newest copy is typically {typical} old when the next one is there."
            " An RPO has to allow the interval and the time that a backup takes.",
            soft_wrap=True,
        )
    click.echo(console.export_text(styles=sys.stdout.isatty()), nl=False)


def _kept(row: dict[str, Any], every: str) -> str:
    kept = length(row[f"kept_{every}_seconds"])
    return f">= {kept}" if kept != "-" and not row[f"lost_{every}"] else kept
