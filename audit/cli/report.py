"""backup-audit report."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from audit.cli._content import content_option
from audit.cli._dates import parse_period
from audit.cli._period import known_number
from audit.cli._progress import progress
from audit.content import Content
from audit.reporting.compose import Definition
from audit.reporting.formats import LOCALES
from audit.steps._open import open_store
from audit.steps.assess import assess
from audit.steps.report import agreeing, formats, report_of

FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command("report")
@click.argument("name", metavar="REPORT")
@click.option("--from", "since", metavar="DATE", help="First day (in the programme's zone) or instant of the period.")
@click.option("--to", "until", metavar="DATE", help="Day or instant at which the period ends; not in it any more.")
@click.option("--year", type=int, help="A calendar year in the programme's zone, in place of --from and --to.")
@click.option("--unit", help="Report on the assets of one business unit.")
@click.option(
    "--lang", "language", type=click.Choice(sorted(LOCALES)), default="en", show_default=True, help="Language of the report."
)
@click.option("--format", "fmt", type=click.Choice(formats()), default="html", show_default=True, help="Format of the file.")
@click.option("--as-known-at", "known_at", metavar="N|TIME", help="Leave out what entered the journal later. Default: everything.")
@click.option("--framework", metavar="ID", help="The standard or law to answer: with the report `framework`.")
@content_option
@click.option("-o", "--output", type=FILE, required=True, help="The file to write; - for standard output.")
@click.pass_obj
def command(
    data: Path, name: str, since: str | None, until: str | None, year: int | None, unit: str | None, language: str, fmt: str,
    known_at: str | None, framework: str | None, own: Path | None, output: Path,
) -> None:  # fmt: skip
    """Write a report, such as annual-review, over a period.

    The report says what was proven kept, what was broken and what is unproven, with the evidence. It is provisional until every
    source has
    delivered evidence to 14 days after the period's end. The same period, as known at the same journal entry, gives the same file.

    \b
    Examples:
      backup-audit report annual-review --year 2026 -o review-2026.html
      backup-audit report annual-review --year 2026 --lang zh -o review-2026-zh.html
      backup-audit report framework --framework iso-27001-2022 --year 2026 --format pdf -o iso-27001.pdf
      backup-audit report annual-review --from 2026-01-01 --to 2026-07-01 --unit platform --format json -o half-year.json
    """
    content = Content(own)
    definition = Definition.load(content, name)
    agreeing(definition, framework, content)  # say now, and not after the assessment, what is wrong
    store = open_store(data)
    known = known_number(store, known_at)
    zone = store.estate(store.head() if known is None else known).timezone
    begin, end = parse_period(since, until, year, zone)
    with progress() as shown:
        assessment = assess(store, begin, end, known, progress=shown)
    written = report_of(store, assessment, definition, language, fmt, unit, content=content, framework=framework)
    if str(output) == "-":
        sys.stdout.buffer.write(written)
        return
    replace_file(output, written)
    click.echo(f"Wrote {output} ({len(written):,} bytes, as known at journal entry {assessment.as_known_at}).")


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the whole old one or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
