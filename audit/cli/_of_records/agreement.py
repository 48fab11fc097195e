"""backup-audit agreement read."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from audit.cli._content import content_option
from audit.cli._document import on_screen
from audit.cli._period import known_number
from audit.cli._progress import progress
from audit.cli.report import OUTPUT, replace_file
from audit.content import Content
from audit.reporting.formats import LOCALES
from audit.steps._open import open_store
from audit.steps.reading import document_of, read
from audit.steps.report import file_of, formats

TEXT = "text"


@click.command("read")
@click.argument("identity", metavar="ID")
@click.option("--unit", help="Only what concerns the assets of this business unit.")
@click.option("--lang", "language", type=click.Choice(sorted(LOCALES)), default="en", show_default=True, help="Its language.")
@click.option(
    "--format", "fmt", type=click.Choice([TEXT, *formats()]), default=TEXT, show_default=True, help="For the screen, or a file."
)
@click.option(
    "--effects/--no-effects",
    default=None,
    help="Work out what the version, and what units would sign instead, would have done in the year before. Default: for up to 100 assets.",
)
@click.option("--as-known-at", "known_at", metavar="N|TIME", help="Leave out what entered the journal later. Default: everything.")
@click.option("-o", "--output", type=OUTPUT, help="The file to write; the screen when not given.")
@content_option
@click.pass_context
def read_command(
    ctx: click.Context, identity: str, unit: str | None, language: str, fmt: str, effects: bool | None, known_at: str | None,
    output: Path | None, own: Path | None,
) -> None:  # fmt: skip
    """Read an agreement in plain words, before it is signed.

    It says what the version promises, for which data and from when, what that changes and what was promised a year earlier, what the copies of these assets cost, what speaks against
    it, what a signature binds, and what was answered so far.

    \b
    Examples:
      backup-audit agreement read agreement-4751
      backup-audit agreement read agreement-4751 --unit messaging-services --lang zh --format pdf -o agreement.pdf
    """
    assert ctx.parent is not None
    store, content = open_store(ctx.obj), Content(own)
    with progress() as shown:
        reading = read(
            store, str(ctx.parent.command.name), identity, known_number(store, known_at), unit=unit, effects=effects, progress=shown
        )
    document = document_of(reading, language, content)
    told = on_screen(document, content).encode() if fmt == TEXT else file_of(document, fmt, content)
    if output is not None and str(output) != "-":
        replace_file(output, told)
        click.echo(f"Wrote {output} ({len(told):,} bytes, as known at journal entry {reading.known_at}).")
        return
    sys.stdout.buffer.write(told)


COMMANDS = (read_command,)
