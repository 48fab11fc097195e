"""backup-audit register."""

from __future__ import annotations

import getpass
import io
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import click
import polars as pl
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from audit.cli._content import content_option
from audit.cli.report import replace_file
from audit.content import Content
from audit.errors import Fault, InputError, UsageError
from audit.inventories import _sheets
from audit.inventories._rows import Rows, from_csv, from_sheet
from audit.policy.suggest import unknown
from audit.register.acts import kinds, records
from audit.reporting.harmless import harmless
from audit.steps._open import open_store
from audit.steps.registers import OWN, exported, fields_of, imported

KIND = click.Choice(sorted(kinds()))
LONGEST = 32_767
"""Characters that a cell can hold."""
WIDEST = 60
"""The widest column of a sheet, in characters."""


@click.group("register")
def command() -> None:
    """All records as tables (XLSX or CSV), and new ones from tables.

    \b
    Examples:
      backup-audit register export -o registers.xlsx
      backup-audit register import registers.xlsx --check
    """


@command.command("export")
@click.argument("only", type=KIND, nargs=-1, metavar="[KIND...]")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="FILE.xlsx, a sheet a kind; or FILE.csv, of one kind. Else CSV on the screen.")  # fmt: skip
@click.pass_obj
def export(data: Path, only: tuple[str, ...], output: Path | None) -> None:
    """Write records as tables: what was told with the act that made each, who made it, and the state it is in. All kinds when none is named.

    A workbook has a sheet for each kind, also for those of which there are none yet: it is the form that `register import` reads.

    \b
    Examples:
      backup-audit register export -o registers.xlsx
      backup-audit register export waiver finding -o waivers-and-findings.xlsx
      backup-audit register export training > trainings.csv
    """
    wanted = list(dict.fromkeys(only)) or sorted(kinds())
    store = open_store(data)
    known = records(store.journal, store.vault)
    frames = {kind: exported(store, kind, known) for kind in wanted}
    if output is not None and output.suffix.lower() == ".xlsx":
        replace_file(output, _workbook(frames))
    elif len(wanted) == 1:
        frame = frames[wanted[0]].with_columns(pl.all().map_elements(harmless, return_dtype=pl.String))
        text = frame.write_csv().encode("utf-8-sig" if output else "utf-8")
        if output is None:
            sys.stdout.write(text.decode())
            return
        replace_file(output, text)
    else:
        raise UsageError("a CSV file holds one kind of record: name it, or write a workbook with -o FILE.xlsx")
    click.echo(f"Wrote {sum(frame.height for frame in frames.values())} records of {len(frames)} kinds to {output}")


def _workbook(frames: Mapping[str, pl.DataFrame]) -> bytes:
    """Return a workbook with a sheet for each table. Every cell is a text, whatever it begins with."""
    book = Workbook(write_only=True)
    for kind, frame in frames.items():
        sheet = book.create_sheet(kind)
        sheet.freeze_panes = "B2"
        for place, column in enumerate(frame.columns, 1):
            longest = max([len(column), *(len(line) for text in frame[column].drop_nulls() for line in text.splitlines())])
            sheet.column_dimensions[get_column_letter(place)].width = min(longest + 2, WIDEST)
        sheet.auto_filter.ref = f"A1:{get_column_letter(frame.width)}{frame.height + 1}"
        for number, row in enumerate([tuple(frame.columns), *frame.iter_rows()]):
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, None if value is None else ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)[:LONGEST])
                if value is not None:
                    cell.data_type = "s"
                cell.font = Font(bold=number == 0)
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                cells.append(cell)
            sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return _timeless(file.getvalue())


def _timeless(book: bytes) -> bytes:
    """Return a workbook without the time at which it was written: the same records are the same file."""
    file = io.BytesIO()
    with ZipFile(io.BytesIO(book)) as written, ZipFile(file, "w", ZIP_DEFLATED) as kept:
        for part in written.infolist():
            data = written.read(part)
            if part.filename == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", data)
            timeless = ZipInfo(part.filename, (1980, 1, 1, 0, 0, 0))
            timeless.compress_type = ZIP_DEFLATED
            kept.writestr(timeless, data)
    return file.getvalue()


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--kind", type=KIND, help="Which records a CSV file holds, or a workbook whose sheets are not named like kinds.")
@click.option("--check", is_flag=True, help="Say what would be made, and enter nothing.")
@click.option("--by", help="Who does this; the login name when not given.")
@content_option
@click.pass_obj
def import_(data: Path, file: Path, kind: str | None, check: bool, by: str | None, own: Path | None) -> None:
    """Make records of the rows of a table that have no id. All faults are told, each with its cell, and then nothing is entered; else all are entered at once.

    The columns are those of `register export`; only what must be told has to be there. Rows with an id are of records that are there: they stay as they are. Whoever imports is
    who did the act: a signature that somebody else gave on paper is not theirs.

    \b
    Examples:
      backup-audit register import registers.xlsx --check
      backup-audit register import registers.xlsx --by "Li Na"
      backup-audit register import trainings.csv --kind training --by "Li Na"
    """
    payload = file.read_bytes()
    store = open_store(data)
    done = imported(
        store, _tables(payload, file.name, kind), file.name, now=datetime.now(UTC), by=by or getpass.getuser(), content=Content(own), check=check
    )  # fmt: skip
    for name, ids in done.made.items():
        named = "" if check else f" ({ids[0]}{f' to {ids[-1]}' if len(ids) > 1 else ''})"
        click.echo(f"{len(ids)} {name} record{'' if len(ids) == 1 else 's'} {'would be made' if check else 'made'}{named}.")
    if not done.made:
        click.echo("There is nothing new.")
    if done.there:
        click.echo(f"{done.there} row{' is' if done.there == 1 else 's are'} of records that were there: left as {'it is' if done.there == 1 else 'they are'}.")  # fmt: skip


def _nameless(payload: bytes, where: str, sheet: str) -> list[Fault]:
    """Return a fault for each cell below an empty heading: it would be lost."""
    (_, header), *rows = [*_sheets.rows(payload, where, sheet)] or [(0, [])]
    return [
        Fault(
            where,
            "stands below an empty heading",
            "name its column, or empty the cell",
            f"cell {sheet}!{get_column_letter(place + 1)}{number}",
        )
        for number, texts in rows
        for place, text in enumerate(texts)
        if text and not (header[place] if place < len(header) else "")
    ]


def _tables(payload: bytes, where: str, kind: str | None) -> dict[str, Rows]:
    """Return the tables of a file by kind of record."""
    if not _sheets.is_workbook(payload):
        if kind is None:
            raise UsageError(f"which records does {where} hold? say it with --kind ({', '.join(sorted(kinds()))})")
        return {kind: from_csv(payload, where, wanted=[*OWN, *fields_of(kind)])}
    if kind is not None:
        names = _sheets.sheet_names(payload, where)
        return {kind: from_sheet(payload, where, kind if kind in names else None, wanted=[*OWN, *fields_of(kind)])}
    named = _sheets.sheet_names(payload, where)
    if odd := [name for name in named if name not in kinds()]:
        remedy = "name it like a kind of record, take it out, or say --kind"
        raise InputError("nothing was entered", [Fault(where, unknown("sheet", name, kinds()), remedy, name) for name in odd])
    if faults := [fault for name in named for fault in _nameless(payload, where, name)]:
        raise InputError("nothing was entered", faults)
    return {name: from_sheet(payload, where, name, wanted=[*OWN, *fields_of(name)]) for name in named}
