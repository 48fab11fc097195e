"""backup-audit tabular."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import polars as pl
from rich.console import Console
from rich.table import Table

from audit.cli._content import content_option
from audit.cli.ingest import Time
from audit.content import Content
from audit.errors import Exit, Fault, InputError, UsageError
from audit.reporting.formats import LOCALES
from audit.steps.facts import with_times_as_text
from audit.steps.tabular import Wording, one_line, suggest, written
from audit.steps.tabular_check import ZONE_UNTOLD, Checked, check, declared, openings, tried

SHOWN = 8
"""Rows that a check shows unless told otherwise."""
WIDE = 2_000

Command = TypeVar("Command", bound=Callable[..., Any])


def _told(command: Command) -> Command:
    """Add what both commands are told of a table."""
    for option in (
        click.option("--source", metavar="NAME", help="The name of the source."),
        click.option("--timezone", metavar="ZONE", help="IANA zone of times without one, such as Asia/Shanghai."),
        click.option("--repository", metavar="NAME", help="For the check: what --repository of ingest will say."),
        click.option("--observed-at", type=Time(), metavar="TIME", help="For the check: what --observed-at of ingest will say."),
        click.option("--rows", type=click.IntRange(1, 200), default=SHOWN, show_default=True, help="For the check: how many rows are shown."),
        click.option("--lang", "language", type=click.Choice(sorted(LOCALES)), default="en", show_default=True, help="Language of the explanations."),
        content_option,
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(name=__name__.rpartition(".")[2])
def command() -> None:
    """Connect a console that no adapter knows: a mapping for its CSV, XLSX or JSON is proposed, a person edits it, and it is tried.

    \b
    Examples:
      backup-audit tabular suggest history.csv --source oa-console --timezone Asia/Shanghai -o oa.yaml
      backup-audit tabular suggest history.csv --check
      backup-audit tabular check history.csv --mapping oa.yaml
    """


@command.command("suggest")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the proposal into this new file.")
@click.option("--check", "checking", is_flag=True, help="Show the first rows as they would be read, instead of the proposal.")
@click.option(
    "--mapping", "mapping_file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="With --check: the edited file."
)
@_told
def suggest_command(
    file: Path, output: Path | None, checking: bool, mapping_file: Path | None, own: Path | None, language: str, **said: Any
) -> None:
    """Propose a source with its mapping for an unknown table, as YAML with the reasons; or try one with --check.

    What only a person can say is left open with ???, which `apply` refuses: words that are in no vocabulary, the order of day and
    month where the values do not settle it (both are shown), the time zone. An unknown word is never taken for success.
    With --check: ends with 2 when the file cannot be read, with 1 when rows would be quarantined, else with 0.

    \b
    Examples:
      backup-audit tabular suggest history.csv --source oa-console --timezone Asia/Shanghai -o oa.yaml
      backup-audit tabular suggest report.xlsx --lang zh
      backup-audit tabular suggest history.csv --check --mapping oa.yaml
    """
    if mapping_file is not None and not checking:
        raise UsageError("--mapping belongs to --check")
    _zone(said["timezone"])
    content = Content(own)
    words = Wording(content, language)
    if checking:
        _check(file, mapping_file, content, words, **said)
        return
    proposal = suggest(file.read_bytes(), file.name, content)
    text = written(proposal, file.name, words, source=said["source"], timezone=said["timezone"])
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{output} is there already, and may be edited: choose another name") from None
    click.echo(f"{output}: {text.count('???') - 1} ???, {text.count('CHECK') + text.count('核对') - 1} CHECK")


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--mapping",
    "mapping_file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A sources.yaml, or a mapping alone.",
)
@_told
def check_command(file: Path, mapping_file: Path, own: Path | None, language: str, **said: Any) -> None:
    """Show the first rows of a table as a mapping would have them read, what is not read and why, and what stays unknown.

    Nothing is stored. Ends with 2 when the file or the mapping cannot be read, with 1 when rows would be quarantined, else with 0.

    \b
    Examples:
      backup-audit tabular check history.csv --mapping oa.yaml
      backup-audit tabular check catalog.xlsx --mapping programme/sources.yaml --source vault --repository nas --rows 20
    """
    _zone(said["timezone"])
    content = Content(own)
    _check(file, mapping_file, content, Wording(content, language), **said)


def _zone(name: str | None) -> None:
    try:
        ZoneInfo(name or ZONE_UNTOLD)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            "the command cannot be right",
            [Fault("--timezone", f"there is no time zone {name!r}", "use an IANA name such as Asia/Shanghai")],
        ) from None


def _check(file: Path, mapping_file: Path | None, content: Content, words: Wording, *, rows: int, source: str | None, timezone: str | None,
           repository: str | None, observed_at: datetime | None) -> None:  # fmt: skip
    payload = file.read_bytes()
    if mapping_file is not None:
        try:
            text = mapping_file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{mapping_file.name} is not UTF-8 text (byte {error.start})") from None
        told = declared(text, mapping_file.name, source)
        found = [check(payload, told, file.name, source=source, timezone=timezone, repository=repository, observed_at=observed_at)]
        left: list[str] = []
    else:
        proposal = suggest(payload, file.name, content)
        left = openings(proposal)
        found = tried(
            payload, proposal, file.name, source=source, timezone=timezone, repository=repository, observed_at=observed_at
        )
        if proposal.naive and timezone is None:
            click.echo(words("check-zone", zone=ZONE_UNTOLD))
    if len(found) > 1:
        click.echo(words("check-undecided"))
    for one in found:
        how = ", ".join(one.times) or (mapping_file.name if mapping_file else words("check-proposal"))
        click.echo(words("check-title", name=file.name, how=how))
        _show(one, words, rows)
    if left:
        click.echo(words("check-open", open=left))
    bad = len(found) > 1 or any(one.bad for one in found) or bool(left)
    click.echo(words("check-bad" if bad else "check-fine"))
    if bad:
        click.get_current_context().exit(int(Exit.FAILED))


def _show(one: Checked, words: Wording, rows: int) -> None:
    if one.rows.is_empty():
        click.echo(words("check-none"))
    else:
        click.echo(
            words("check-rows", read=one.rows.height, bad=len(one.bad), notes=len(one.notes), shown=min(rows, one.rows.height))
        )
        _table(one.rows.head(rows))
    if one.bad:
        click.echo(words("check-faults", count=len(one.bad)))
        for count, fault in one.by_what():
            click.echo(f"  {count} x {one_line(str(fault))}")
    if one.notes:
        click.echo(words("check-notes"))
        for fault in one.notes[:10]:
            click.echo(f"  {one_line(str(fault))}")
    if one.unknown:
        click.echo(words("check-unknown", fields=[f"{name} ({count})" for name, count in one.unknown.items()]))
    means = words.means(one.record)
    if told := [f"  {name}: {means[name]}" for name in one.empty if name in means]:
        click.echo("\n".join([words("check-empty"), *told]))


def _table(rows: pl.DataFrame) -> None:
    told = with_times_as_text(rows).select(
        "locator",
        *(
            name
            for name in rows.columns
            if name not in ("locator", "source", "basis", "ambiguous") and rows[name].null_count() < rows.height
        ),
    )
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in told.columns:
        table.add_column(name, overflow="fold")
    for row in told.iter_rows():
        table.add_row(*("" if value is None else one_line(str(value)) for value in row))
    Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False).print(table)
