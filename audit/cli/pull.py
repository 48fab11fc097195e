"""backup-audit pull."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli._progress import progress
from audit.cli._user import user
from audit.errors import InputError
from audit.steps._open import open_store
from audit.steps.pull import Pulled, fetched_sources, pull


@click.command("pull")
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.pass_obj
def command(data: Path, sources: tuple[str, ...]) -> None:
    """Fetch the evidence of sources that say in sources.yaml how they are fetched, and take it in as it was received.

    All of them, or those named. A source that cannot be fetched does not stop the others; the command then ends with 2.

    \b
    Examples:
      backup-audit pull
      backup-audit pull veeam-dc1 restic-fileserver
    """
    store = open_store(data)
    chosen = fetched_sources(store, sources)
    with progress() as shown:
        done = pull(store, chosen, clock=lambda: datetime.now(UTC), by=user(), progress=shown)
    for one in done:
        for line in lines(one):
            click.echo(line)
    if not done:
        click.echo("No source says how it is fetched: add `fetch:` to it in sources.yaml (docs/connectors.md).")
    failed = [one for one in done if one.failed]
    if failed:
        raise InputError(f"{len(failed)} of {len(done)} source(s) could not be fetched: {', '.join(one.source for one in failed)}")


def lines(one: Pulled) -> list[str]:
    """Return what a pull of a source did, in lines."""
    told = f"{one.source}: {one.payloads} payload(s), {one.new} new: {one.points} recovery point(s), {one.runs} run(s), {one.listings} listing(s)"
    told += f", {one.quarantined} quarantined" if one.quarantined else ""
    return [told, *(f"  Warning: {warning}" for warning in one.warnings), *([f"  Failed: {one.failed}"] if one.failed else [])]
