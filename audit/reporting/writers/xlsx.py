"""XLSX: the document as a workbook. A sheet of one section whose table has the section's or the sheet's id is a data sheet: that table alone,
whole, from A1, with filters. What such a section says beside its table stands on the last of the other sheets, whose blocks are set under
one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import polars as pl

from audit.content import Content
from audit.model.cell_rows import CellColumn, CellRows
from audit.model.document import (
    Block,
    Cell,
    Column,
    Document,
    EvidenceCell,
    Name,
    OrdinalCell,
    Sheet,
    Table,
    Text,
    TextCell,
)
from audit.reporting.formats import Formats
from audit.reporting.words import Words
from audit.reporting.writers._cells import HEADING, TEXT, Cells, Look, Value, written
from audit.reporting.writers._stack import QUIET, SUBHEADING, TITLE, WARNING, Stack, widths
from audit.reporting.writers._workbook import LINE, ROWS, Book, display_width, height, place, value_width

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST = 68.0
"""The widest that a column of a data sheet may be, in characters: a SHA-256 has room; longer text is wrapped."""
_SAMPLED = 500
_AT_ONCE = 8_192
"""Rows that are made together, column by column."""
_BUTTON = 4.0
"""The width of the button of a filter, in characters."""
_BUTTONED = HEADING._replace(buttoned=True)
_NONE = TextCell(())
_TO_SHEET = Look(link=True, ruled=True)


@dataclass(frozen=True, slots=True)
class _Data:
    """A data sheet: its table, in as many pieces as Excel's sheets have room for, by name; and what else is said of it."""

    title: Text
    table: Table
    names: tuple[str, ...]
    rest: tuple[Block, ...]

    def pieces(self) -> Iterator[tuple[str, Sequence[tuple[Cell, ...]]]]:
        """Yield each piece's name and rows."""
        for number, name in enumerate(self.names):
            yield name, self.table.rows[number * _room() : (number + 1) * _room()]


@dataclass(frozen=True, slots=True)
class _Read:
    """A sheet that is read: its sections under one another."""

    name: str
    sections: tuple[tuple[Text, tuple[Block, ...]], ...]


def write(document: Document, content: Content) -> bytes:
    """Return the document as an XLSX file. The same document gives the same bytes."""
    words = Words(content, Formats(document.language, document.zone))
    book = Book(written(document.title), written(document.subtitle), document.language, _running(document, words))
    sheets = _planned(document, book, words)
    cells = Cells(words, _places(sheets))
    reads = [sheet for sheet in sheets if isinstance(sheet, _Read)]
    for sheet in sheets:
        if isinstance(sheet, _Data):
            _write_data(sheet, book, cells, words)
            continue
        sections = list(sheet.sections)
        if sheet is reads[-1]:
            sections += [(data.title, data.rest) for data in sheets if isinstance(data, _Data) and data.rest]
        columns = widths([block for _, blocks in sections for block in blocks], cells, words)
        stack = Stack(book.sheet(sheet.name, columns), cells, words, columns)
        if sheet is reads[0]:
            _write_cover(stack, document, sheets, reads[-1].name, cells, words)
        for title, blocks in sections:
            stack.section(title, blocks)
    return book.bytes()


def _running(document: Document, words: Words) -> tuple[str, str]:
    """Return what stands above every printed page: what the report is and rests on, and what makes it less than final."""
    known = next((fact.value.value for fact in document.facts if fact.key == "as-known-at"), None)
    said = [document.title, *([words("paper.known-at", n=str(known))] if known is not None else [])]
    marks = [key for key, on in (("simulated", document.simulated), ("provisional", document.provisional)) if on]
    return " · ".join(map(written, said)), " · ".join(written(words(f"paper.{key}")) for key in marks)


def _room() -> int:
    """Return how many rows of a table a sheet holds, beside the head and, where the table goes on, a line that says so."""
    return ROWS - 2


def _planned(document: Document, book: Book, words: Words) -> list[_Data | _Read]:
    """Return the sheets in order. Where the report's definition lays out no workbook, each section is a sheet; where no sheet is to be read,
    one is put before the others, for the cover.
    """
    wanted = document.sheets or tuple(Sheet(section.id, section.title, (section,)) for section in document.sections)
    mains = [_main(sheet) for sheet in wanted]
    planned: list[_Data | _Read] = []
    if all(main is not None for main in mains):
        planned.append(_Read(book.name(words.plain("workbook.front")), ()))
    for sheet, main in zip(wanted, mains, strict=True):
        title = written(sheet.title)
        if main is None:
            planned.append(_Read(book.name(title), tuple((section.title, section.blocks) for section in sheet.sections)))
            continue
        names = tuple(book.name(title) for _ in range(max(1, -(-len(main.rows) // _room()))))
        rest = tuple(block for section in sheet.sections for block in section.blocks if block is not main)
        planned.append(_Data(sheet.title, _spread(main, words), names, rest))
    return planned


def _spread(table: Table, words: Words) -> Table:
    """Return the table with two columns for each of evidence: the first reference, which leads to its row, and the others."""
    found = [index for index, column in enumerate(table.columns) if column.kind == "evidence"]
    if not found:
        return table
    columns, rows = list(table.columns), [list(row) for row in table.rows]
    for index in reversed(found):
        columns.insert(index + 1, Column(f"{columns[index].key}-more", words("workbook.more-evidence"), "evidence"))
        for row in rows:
            cell = row[index]
            if isinstance(cell, EvidenceCell):
                row[index : index + 1] = EvidenceCell(cell.value[:1]), EvidenceCell(cell.value[1:]) if cell.value[1:] else _NONE
    return replace(table, columns=tuple(columns), rows=tuple(map(tuple, rows)))


def _main(sheet: Sheet) -> Table | None:
    """Return the table that a data sheet is made of; null: the sheet is one to read."""
    if len(sheet.sections) != 1:
        return None
    section = sheet.sections[0]
    return next((block for block in section.blocks if isinstance(block, Table) and block.id in (section.id, sheet.id)), None)


def _places(sheets: list[_Data | _Read]) -> dict[str, str]:
    """Return where the rows stand that are referred to, by `<anchor>-<first cell>`."""
    return {
        f"{sheet.table.anchor}-{row[0].value}": place(name, number)
        for sheet in sheets
        if isinstance(sheet, _Data) and sheet.table.anchor
        for name, rows in sheet.pieces()
        for number, row in enumerate(rows, 2)
    }


def _write_data(data: _Data, book: Book, cells: Cells, words: Words) -> None:
    columns = _column_widths(data.table, cells)
    line = LINE[words.language]
    for number, (name, found) in enumerate(data.pieces(), 1):
        rows = book.sheet(name, columns)
        rows.head()
        heads = [cells.heading(column, _BUTTONED) for column in data.table.columns]
        rows.append(heads, height(heads, [width - _BUTTON for width in columns]) * line + 4)
        for told in _in_columns(found):
            rows.extend(told, cells.value, columns, line)
        rows.filter(len(columns), rows.number)
        if number < len(data.names):
            rows.append([cells.text(words.plain("workbook.continued", sheet=Name(data.names[number])), QUIET)])
        elif not found and data.table.empty:
            rows.append([cells.text(written(data.table.empty), Look(colour=QUIET.colour))])


def _in_columns(rows: Sequence[tuple[Cell, ...]]) -> Iterator[Sequence[CellColumn]]:
    """Yield rows by columns: those that come so at once, others some thousand at a time."""
    if isinstance(rows, CellRows):
        yield rows.columns
        return
    for begin in range(0, len(rows), _AT_ONCE):
        yield [CellColumn.of(cells) for cells in zip(*rows[begin : begin + _AT_ONCE], strict=True)]


def _column_widths(table: Table, cells: Cells) -> list[float]:
    """Return the width of each column: of its widest value, within bounds, and with room for the button of its filter."""
    step = len(table.rows) // _SAMPLED + 1
    found = []
    for index, column in enumerate(table.columns):
        head = _head_width(str(cells.heading(column).value))
        shown = max((value_width(cells.value(cell)) for cell in _sampled(table.rows, index, step)), default=0)
        found.append(min(WIDEST, max(head, shown + 2.0)))
    return found


def _sampled(rows: Sequence[tuple[Cell, ...]], index: int, step: int) -> Iterator[Cell]:
    """Yield cells of a column: of the first rows, and of every so many-th after them."""
    if isinstance(rows, CellRows):
        column = rows.columns[index]
        codes = pl.concat([column.codes[:_SAMPLED], column.codes[_SAMPLED:].gather_every(step)])
        yield from map(column.cells.__getitem__, codes.unique())
    else:
        yield from (row[index] for row in chain(rows[:_SAMPLED], islice(rows, _SAMPLED, None, step)))


def _head_width(title: str) -> float:
    """Return the width of a column that its head asks for: its longest word, and the title in two lines."""
    word = max((display_width(word) for word in title.split()), default=0)
    return min(24.0, max(word if title.isascii() else 0, display_width(title) / 2 + 2) + _BUTTON)


def _write_cover(stack: Stack, document: Document, sheets: list[_Data | _Read], notes: str, cells: Cells, words: Words) -> None:
    """Write what must be read first: title, warnings, facts; then the sheets there are."""
    stack.line(document.title, TITLE)
    if document.subtitle:
        stack.line(document.subtitle, QUIET)
    for warning in document.warnings:
        stack.line(warning, WARNING)
    stack.gap()
    for fact in document.facts:
        stack.pair(fact.label, cells.value(fact.value))
    stack.gap()
    stack.line(words("labels.zone-note", zone=Name(document.zone)), QUIET)
    stack.line(words("workbook.reading"), QUIET)
    stack.gap()
    stack.line(words("workbook.sheets"), SUBHEADING)
    stack.head([cells.text(words.plain(f"workbook.{what}"), HEADING) for what in ("sheet", "rows", "also")])
    for sheet in sheets:
        if isinstance(sheet, _Read):
            stack.row([Value(sheet.name, _TO_SHEET, place(sheet.name, 1)), Value(None, TEXT), Value(None, TEXT)])
            continue
        for name, rows in sheet.pieces():
            also = words.plain("workbook.notes", sheet=Name(notes)) if sheet.rest else None
            stack.row([Value(name, _TO_SHEET, place(name, 1)), cells.value(OrdinalCell(len(rows))), Value(also, Look())])
