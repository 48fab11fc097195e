"""backup-audit export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audit.cli._content import content_option
from audit.cli._dates import parse_period
from audit.cli._period import known_number
from audit.cli._progress import progress
from audit.cli._user import user
from audit.content import Content
from audit.reporting.compose import Definition
from audit.reporting.formats import LOCALES
from audit.steps._open import open_store
from audit.steps.export import Documents, Exported, export, newest_of_evidence
from audit.steps.report import formats, of_a_period

FOR_PEOPLE = ("pdf", "xlsx", "html")
"""Formats of the reports in a package when none is asked for, as far as there are writers: for programs it has assessment.json."""


@click.command("export")
@click.option("--from", "since", metavar="DATE", help="First day (in the programme's zone) or instant of the period.")
@click.option("--to", "until", metavar="DATE", help="Day or instant at which the period ends; not in it any more.")
@click.option("--year", type=int, help="A calendar year in the programme's zone, in place of --from and --to.")
@click.option("--unit", help="Only the assets of this business unit.")
@click.option("--asset", "assets", multiple=True, help="Only this asset (may be given more than once).")
@click.option("--control", "controls", multiple=True, help="Only this control (may be given more than once).")
@click.option("--as-known-at", "known_at", metavar="N|TIME", help="As known at a journal entry or an instant. Default: now.")
@click.option("--report", "reports", multiple=True, default=("annual-review",), show_default=True,
              help="A report to put in (may be given more than once).")  # fmt: skip
@click.option("--format", "chosen", multiple=True, type=click.Choice(formats()),
              help=f"Format of the reports (may be given more than once). Default: {', '.join(one for one in FOR_PEOPLE if one in formats())}.")  # fmt: skip
@click.option("--lang", "languages", multiple=True, type=click.Choice(sorted(LOCALES)), default=("en",), show_default=True,
              help="Language of the reports (may be given more than once).")  # fmt: skip
@content_option
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The zip to write.")
@click.pass_obj
def command(
    data: Path, since: str | None, until: str | None, year: int | None, unit: str | None, assets: tuple[str, ...], controls: tuple[str, ...],
    known_at: str | None, reports: tuple[str, ...], chosen: tuple[str, ...], languages: tuple[str, ...], own: Path | None, output: Path,
) -> None:  # fmt: skip
    """Write the evidence behind an assessment as a package that an auditor can verify without us: verdicts, reports, every payload they rest on, the
    journal entries with the proof that they are in it, all signed. VERIFY.txt in it says how to check it.

    The same scope as known at the same journal entry gives the same bytes. That a package was made is entered into the journal.

    \b
    Examples:
      backup-audit export --year 2026 -o evidence-2026.zip
      backup-audit export --year 2026 --unit customer-operations --lang en --lang zh -o evidence-2026.zip
      backup-audit export --from 2026-11-01 --to 2026-12-01 --asset im-messages-db --control recovery-point -o november.zip
    """
    content = Content(own)
    definitions = [Definition.load(content, name) for name in dict.fromkeys(reports)]
    for definition in definitions:
        of_a_period(definition)
    store = open_store(data)
    known = known_number(store, known_at)
    zone = store.estate(newest_of_evidence(store) if known is None else known).timezone
    begin, end = parse_period(since, until, year, zone)
    wanted = [one for one in formats() if one in (chosen or FOR_PEOPLE)]
    with progress() as shown:
        done = export(
            store, output, begin, end, known, unit=unit, assets=assets, controls=controls,
            documents=Documents(definitions, sorted(set(languages)), wanted), content=content, now=datetime.now(UTC), by=user(), progress=shown,
        )  # fmt: skip
    for line in _summary(output, done):
        click.echo(line)


def _summary(output: Path, done: Exported) -> list[str]:
    return [
        (
            f"Wrote {output} ({done.size:,} bytes, as known at journal entry {done.known_at}): {done.payloads} payload(s) of "
            f"{done.payload_bytes:,} bytes, {done.entries} journal entries. Entered into the journal as {done.entry}."
        ),
        f"SHA-256: {done.sha256}",
        f"Key: {done.fingerprint} (tell the auditor in another way than with the package)",
        f"Check it: backup-audit verify {output}",
    ]
