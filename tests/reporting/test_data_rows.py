"""Rows of data sheets, which are written column by column, beside the same rows written cell by cell."""

import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from audit.content import Content
from audit.model.cell_rows import CellColumn, CellRows
from audit.model.document import (
    Cell,
    Column,
    Document,
    DurationCell,
    EvidenceCell,
    InstantCell,
    Name,
    NumberCell,
    OrdinalCell,
    Section,
    ShareCell,
    Table,
    TextCell,
    VerdictCell,
)
from audit.model.verdicts import EvidenceRef, Verdict
from audit.reporting.formats import Formats
from audit.reporting.words import Words
from audit.reporting.writers import _workbook, xlsx
from audit.reporting.writers._cells import Cells
from audit.reporting.writers._workbook import Book, Rows, height

LINE = 13.5
LEADS = ["", "=", "+", "-", "@", "\t", "\n", " ", "'", "＝", "\ufeff=", "#REF!", "_x0041_"]
BODIES = [
    "",
    "1+1",
    "a word and another",
    "two  blanks ",
    "a\nb\r\nc",
    "\x00\x07\x7f\ud800\ufffe",
    '<b>&"]]>',
    "消息库" * 30,
    "😀",
    "%s %d",
    "x" * 40_000,
]
TEXTS = st.tuples(st.sampled_from(LEADS), st.sampled_from(BODIES) | st.text(max_size=80)).map("".join)
NUMBERS = st.none() | st.integers(-(10**17), 10**17) | st.floats()
INSTANTS = st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda at: at.replace(tzinfo=UTC))
REFS = st.builds(EvidenceRef, st.integers(1, 3), st.just("ab" * 32), st.sampled_from(["line 3", "/snapshots/4", "=x"]))
CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.builds(TextCell, st.tuples(TEXTS, TEXTS.map(Name))),
    st.builds(NumberCell, NUMBERS),
    st.builds(OrdinalCell, st.none() | st.integers(-(10**17), 10**17)),
    st.builds(ShareCell, st.none() | st.floats(0, 1)),
    st.builds(DurationCell, st.none() | st.floats()),
    st.builds(InstantCell, INSTANTS),
    st.builds(VerdictCell, st.sampled_from(Verdict)),
    st.builds(EvidenceCell, st.lists(REFS, max_size=3).map(tuple)),
)
TABLES = st.lists(CELLS, min_size=1, max_size=8).flatmap(
    lambda cells: st.tuples(st.lists(st.lists(st.sampled_from(cells), min_size=4, max_size=4), min_size=1, max_size=6), st.sampled_from(["en", "zh"]))
)  # fmt: skip
"""Tables of four columns in which cells are the same objects in many places, as sections make them."""
WIDTHS = (12.0, 68.0, 8.0, 30.0)


@cache
def words(language: str) -> Words:
    """The words of a language, which take longer to read than a table to write."""
    return Words(Content(), Formats(language, "Asia/Shanghai"))


def by_columns(rows: Rows, table: Sequence[Sequence[Cell]], cells: Cells) -> None:
    """Write a table as data sheets are."""
    rows.extend([CellColumn.of(column) for column in zip(*table, strict=True)], cells.value, WIDTHS, LINE)


def by_cells(rows: Rows, table: Sequence[Sequence[Cell]], cells: Cells) -> None:
    """Write a table by what its rows are meant to be."""
    for row in table:
        values = [cells.value(cell) for cell in row]
        many = height(values, WIDTHS)
        rows.append(values, many * LINE + 2 if many > 1 else None)


def told(write, table: Sequence[Sequence[Cell]], language: str) -> tuple[str, list[tuple[str, str]]]:
    """The rows of a table as they stand in the workbook, with the looks of cells in place of the numbers of their styles; and the links."""
    cells = Cells(words(language), {"entry-1": "'Things'!A2", "entry-2": "'Things'!A3"})
    book = Book("t", "s", language)
    rows = book.sheet("Things", WIDTHS)
    rows.append([])
    write(rows, table, cells)
    assert rows.number == len(table) + 1
    looks: dict[str, str] = {}
    for look in sorted(book._styles, key=repr):
        looks.setdefault(str(book._styles[look]), repr(look))
    with rows.file as file:
        file.seek(0)
        xml = re.sub(r'(<c(?: r="[A-Z]+[0-9]+")? s=)"([0-9]+)"', lambda found: found[1] + looks[found[2]], file.read().decode())
    return xml, [(link.ref, link.location) for link in rows._links]


def without_addresses(xml: str, links: list[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    """Cells that follow one another from the first column on need none."""
    for row in re.findall(r"<row .*?</row>", xml, re.DOTALL):
        number = re.match(r'<row r="([0-9]+)"', row)[1]
        found = re.findall(r'<c r="([A-Z]+[0-9]+)"', row)
        assert found == [f"{letter}{number}" for letter in "ABCD"[: len(found)]]
    return re.sub(r'<c r="[A-Z]+[0-9]+"', "<c", xml), links


@given(TABLES)
def test_rows_written_by_columns_are_those_written_by_cells(given):
    assert told(by_columns, *given) == without_addresses(*told(by_cells, *given))


def test_rows_have_the_height_of_their_tallest_cell():
    short, tall = TextCell(("a",)), TextCell((Name("="), "a\nb\nc"))
    xml, _ = told(by_columns, [(short, short, short, short), (short, tall, short, short)], "en")
    assert re.findall(r"<row [^>]*>", xml) == ['<row r="1">', '<row r="2">', f'<row r="3" ht="{3 * LINE + 2:g}" customHeight="1">']


def test_links_stand_in_the_order_of_rows_and_are_so_many_at_the_most(monkeypatch):
    monkeypatch.setattr(_workbook, "LINKS", 3)
    ref = EvidenceCell((EvidenceRef(1, "ab" * 32, "line 3"),))
    _, links = told(by_columns, [(ref, ref, TextCell(()), TextCell(()))] * 2, "en")
    assert links == [("A2", "'Things'!A2"), ("B2", "'Things'!A2"), ("A3", "'Things'!A2")]


@given(TABLES, st.integers(1, 4))
def test_rows_by_columns_are_a_sequence_of_rows(given, step):
    table = [tuple(row) for row in given[0]]
    rows = CellRows(CellColumn.of(column) for column in zip(*table, strict=True))
    assert [*rows] == table
    assert len(rows) == len(table)
    assert rows[-1] == table[-1]
    assert [*rows[1:]] == table[1:]
    assert [*rows[::step]] == table[::step]
    assert [*rows[len(table) :]] == []


@pytest.mark.parametrize("room", [1, 7, 30, 100])
def test_a_table_by_columns_is_the_same_workbook(room, monkeypatch):
    """Also where it goes on over several sheets."""
    monkeypatch.setattr(xlsx, "ROWS", room + 2)
    cells = [TextCell(("one",)), TextCell((Name("two"), "\nthree")), NumberCell(3), NumberCell(None)]
    rows = tuple((cells[n % 4], cells[n // 4 % 4], InstantCell(datetime(2026, 1, 1 + n % 5, tzinfo=UTC))) for n in range(30))
    columns = (Column("a", ("a",)), Column("b", ("b",), "number"), Column("c", ("c",), "instant"))

    def book(rows: Sequence[tuple[Cell, ...]]) -> list[list[tuple[object, str, float | None]]]:
        section = Section("things", ("Things",), (Table("things", columns, rows),))
        document = Document("r", "en", "Asia/Shanghai", ("T",), (), False, (), (section,))
        found = load_workbook(io.BytesIO(xlsx.write(document, Content())))
        return [
            [(cell.value, cell.number_format, sheet.row_dimensions[cell.row].height) for line in sheet.iter_rows() for cell in line]
            for sheet in found
        ]

    by_columns = book(CellRows(CellColumn.of(column) for column in zip(*rows, strict=True)))
    assert by_columns == book(rows)
    assert len(by_columns) == 1 + -(-30 // room)  # the cover, and the table
