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
from audit.errors import UsageError
from audit.evidence.package import safe_name
from audit.model.drill import Drills
from audit.reporting.compose import Definition
from audit.reporting.formats import LOCALES
from audit.steps._open import open_store
from audit.steps.assess import assess
from audit.steps.report import about_drill, agreeing, costs_for, drills_for, formats, of_a_period, report_of

OUTPUT = click.Path(path_type=Path, allow_dash=True)


@click.command("report")
@click.argument("name", metavar="REPORT")
@click.option("--from", "since", metavar="DATE", help="First day (in the programme's zone) or instant of the period.")
@click.option("--to", "until", metavar="DATE", help="Day or instant at which the period ends; not in it any more.")
@click.option("--year", type=int, help="A calendar year in the programme's zone, in place of --from and --to.")
@click.option("--record", "record", metavar="ID", help="The drill or incident that the report `drill` is about.")
@click.option("--unit", help="Report on the assets of one business unit.")
@click.option(
    "--lang", "languages", type=click.Choice(sorted(LOCALES)), default=("en",), show_default="en", multiple=True,
    help="Language of the report; given again, another report.",
)  # fmt: skip
@click.option(
    "--format", "fmts", type=click.Choice(formats()), default=("html",), show_default="html", multiple=True,
    help="Format of the file; given again, another file.",
)  # fmt: skip
@click.option("--as-known-at", "known_at", metavar="N|TIME", help="Leave out what entered the journal later. Default: everything.")
@click.option("--framework", metavar="ID", help="The standard or law to answer: with the report `framework`.")
@content_option
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    required=True,
    help="The file to write, or a folder, where files get names of their own; - for standard output.",
)
@click.pass_obj
def command(
    data: Path, name: str, since: str | None, until: str | None, year: int | None, record: str | None, unit: str | None, languages: tuple[str, ...],
    fmts: tuple[str, ...], known_at: str | None, framework: str | None, own: Path | None, output: Path,
) -> None:  # fmt: skip
    """Write a report, such as annual-review, over a period.

    The report says what was proven kept, what was broken and what is unproven, with the evidence. It is provisional until every
    source has
    delivered evidence to 14 days after the period's end. The same period, as known at the same journal entry, gives the same file.
    Several formats or languages are judged once and written into a folder.

    \b
    Examples:
      backup-audit report annual-review --year 2026 -o review-2026.html
      backup-audit report annual-review --year 2026 --lang zh -o review-2026-zh.html
      backup-audit report annual-review --year 2026 --lang en --lang zh --format pdf --format xlsx -o reviews/
      backup-audit report framework --framework iso-27001-2022 --year 2026 --format pdf -o iso-27001.pdf
      backup-audit report drill --record drill-4730 --lang zh --format pdf -o drill-4730.pdf
      backup-audit report drills --year 2026 --format xlsx -o drills-2026.xlsx
      backup-audit report annual-review --from 2026-01-01 --to 2026-07-01 --unit platform --format json -o half-year.json
    """
    wanted = {(language, fmt): None for language in languages for fmt in fmts}
    if len(wanted) > 1 and (str(output) == "-" or output.is_file()):
        raise UsageError(f"{len(wanted)} files were asked for, and -o {output} is one: name a folder")
    content = Content(own)
    definition = Definition.load(content, name)
    agreeing(definition, framework, content)  # say now, and not after the assessment, what is wrong
    store = open_store(data)
    known = known_number(store, known_at)
    zone = store.estate(store.head() if known is None else known).timezone
    if record is None:
        of_a_period(definition)
    elif definition.about is None:
        raise UsageError(f"the report {name} is about a period, not about one record")
    if record is not None:
        if since or until or year or unit:
            raise UsageError(f"the report {name} is about one {definition.about}, whole: leave --from, --to, --year and --unit out")
        assessment, told = about_drill(store, record, known)
        found: Drills | None = told
    else:
        begin, end = parse_period(since, until, year, zone)
        with progress() as shown:
            assessment = assess(store, begin, end, known, controls=definition.controls, progress=shown)
        found = drills_for(store, assessment, definition, unit)
    stored = costs_for(store, assessment, definition, unit)
    stem = "-".join(safe_name(part) for part in ((record,) if record else (name, framework, unit)) if part)
    folder = len(wanted) > 1 or output.is_dir()
    for language, fmt in wanted:
        written = report_of(
            store,
            assessment,
            definition,
            language,
            fmt,
            unit,
            content=content,
            framework=framework,
            costs_found=stored,
            drills_found=found,
        )
        if str(output) == "-":
            sys.stdout.buffer.write(written)
            continue
        file = output / f"{stem}-{language}.{fmt}" if folder else output
        replace_file(file, written)
        click.echo(f"Wrote {file} ({len(written):,} bytes, as known at journal entry {assessment.as_known_at}).")


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
