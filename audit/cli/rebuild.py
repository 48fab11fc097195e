"""backup-audit rebuild."""

from __future__ import annotations

from pathlib import Path

import click

from audit.cli._progress import progress
from audit.steps._open import open_store
from audit.steps.rebuild import rebuild


@click.command("rebuild")
@click.pass_obj
def command(data: Path) -> None:
    """Make the catalog and the register's tables again, from vault and journal.

    Vault, journal and checkpoints stay untouched. Use it after a table was damaged, or after a payload was brought back into the
    vault.

    \b
    Example:
      backup-audit rebuild
    """
    store = open_store(data)
    with progress() as show:
        done = rebuild(store, show)
    caught = done.caught_up
    click.echo(f"Register: {done.rows} row(s) made again from the journal.")
    click.echo(
        f"Catalog: {caught.entries} payload(s) read again: {caught.points} recovery point(s), {caught.runs} run(s), "
        f"{caught.listings} listing(s), {caught.faults} fault(s)."
    )
