"""backup-audit recoverable."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from audit.cli._dates import parse_instant
from audit.cli._period import known_number
from audit.cli._tables import show
from audit.errors import Exit
from audit.steps._open import open_store
from audit.steps.recoverable import recoverable


@click.command("recoverable")
@click.argument("asset")
@click.option("--at", required=True, metavar="TIME", help="The instant whose state is wanted, or a date.")
@click.option("--as-known-at", metavar="N|TIME", help="As known at a journal entry or an instant. Default: now.")
@click.option("--format", "fmt", type=click.Choice(["ndjson", "csv", "table"]), default="table", show_default=True)
@click.pass_context
def command(ctx: click.Context, asset: str, at: str, as_known_at: str | None, fmt: str) -> None:
    """Show from which recovery points an asset's state at an instant can be restored now, the nearest first. Ends with 1 when from none.

    \b
    Examples:
      backup-audit recoverable im-messages-db --at 2026-11-20T09:30:00+08:00
    """
    store = open_store(ctx.obj)
    moment = parse_instant(at, store.estate(store.head()).timezone)
    found = recoverable(store, asset, moment, datetime.now(UTC), known_number(store, as_known_at))
    show(found, fmt, "recovery points")
    if found.is_empty():
        ctx.exit(int(Exit.FAILED))
