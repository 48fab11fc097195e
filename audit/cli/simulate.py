"""backup-audit simulate."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli._content import content_option
from audit.cli._progress import progress
from audit.content import Content
from audit.steps.simulate import simulate


@click.command("simulate")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--year", "number", type=int, default=2025, show_default=True, help="The year that is simulated.")
@click.option("--seed", type=int, default=1, show_default=True, help="The seed of all chance; the same seed gives the same bytes.")
@content_option
def command(folder: Path, number: int, seed: int, own: Path | None) -> None:
    """Write a simulated year of a company into FOLDER: its programme, the evidence of its tools, and the truth about its accidents.

    Nothing in it is real, and every envelope says so. README.md in the folder tells how to load it.

    \b
    Examples:
      backup-audit simulate simulated
      backup-audit simulate other-year --year 2024 --seed 7
    """
    with progress() as shown:
        done = simulate(folder, Content(own), number, seed, now=datetime.now(UTC), progress=shown)
    if not done.new:
        click.echo(f"{folder} has this year already ({done.payloads} payloads); nothing was changed.")
        return
    click.echo(
        f"Wrote a simulated year to {folder}: {done.payloads} payloads in evidence/, the company in programme/, its accidents in truth.yaml."
    )
    click.echo(f"Next: {folder}/README.md tells how to load it.")
