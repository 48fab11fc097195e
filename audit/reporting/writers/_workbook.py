"""The workbook around the cells: styles made once, sheets written row by row and never held, print set-up, and a file whose bytes depend on
nothing but its content.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from unicodedata import east_asian_width
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import polars as pl
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.writer.excel import ExcelWriter

from audit.model.cell_rows import CellColumn
from audit.model.codes import joined, text_of
from audit.model.document import Cell
from audit.reporting.writers._cells import Look, Value, harmless

ROWS = 1_048_576
"""Rows of a sheet of Excel."""
LINKS = 10_000
"""Links of a sheet; Excel takes 65,530, and each is held in memory."""
TALLEST = 409.0
"""The tallest that a row of Excel may be, in points."""
LINE = {"en": 13.5, "zh": 16.5}
"""The height of a line in points, by language."""
FONTS = {"en": "Calibri", "zh": "Microsoft YaHei"}
_LONGEST_NAME = 31
_WHEN = (1980, 1, 1, 0, 0, 0)
_A4 = 9
_IN_MEMORY = 1 << 22
_AT_ONCE = 1 << 14
"""Rows that are put together in one step."""
_NO_ROWS = re.compile(rb"<sheetData */>|<sheetData></sheetData>")
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_KEPT_ANYWAY = re.compile(r"\S+(?: \S+)*")
"""Text whose blanks stay as they are in every program: single ones between words."""
_LEVEL = 3
"""Of compression: rows are so alike that a higher one takes three times as long for a file that is a sixth smaller."""
_RULE = Side(style="thin", color="D5DAE1")


class Book:
    """A workbook that is being written, in the font of its language."""

    def __init__(self, title: str, subject: str, language: str, running: tuple[str, str] = ("", "")) -> None:
        """`running`: what stands above every printed page, left and right."""
        self._book = Workbook(write_only=True)
        self._font = FONTS[language]
        self._running = running
        self._styles: dict[Look, int] = {}
        self._sheets: list[Rows] = []
        self._names: set[str] = {"history"}  # a name that Excel keeps for itself
        properties = self._book.properties
        properties.title, properties.subject, properties.language = harmless(title), harmless(subject), language
        properties.creator = "backup-audit"
        # The same report is the same file whenever it is made: it does not say when.
        properties.__elements__ = tuple(element for element in properties.__elements__ if element not in ("created", "modified"))

    def name(self, title: str) -> str:
        """Return a name for a sheet that Excel accepts and that is not taken, and take it."""
        clean = re.sub(r"[\[\]:*?/\\]", " ", harmless(title)).strip().strip("'").strip() or "–"
        number = 1
        name = clean[:_LONGEST_NAME].rstrip()
        while name.casefold() in self._names:
            number += 1
            name = f"{clean[: _LONGEST_NAME - len(str(number)) - 1].rstrip()} {number}"
        self._names.add(name.casefold())
        return name

    def sheet(self, name: str, widths: Sequence[float]) -> Rows:
        """Return a new, empty sheet with columns of these widths (in characters)."""
        sheet = self._book.create_sheet(name)
        for index, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(index)].width = width
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = _A4
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        for side in ("left", "right", "top", "bottom"):
            setattr(sheet.page_margins, side, 0.5)
        sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&A", "&P / &N"
        # An ampersand begins a code.
        sheet.oddHeader.left.text, sheet.oddHeader.right.text = (text.replace("&", "&&") for text in self._running)
        self._sheets.append(Rows(self, sheet))
        return self._sheets[-1]

    def style(self, sheet: Any, look: Look) -> int:
        """Return the number of a look's style, made once."""
        if look not in self._styles:
            cell = WriteOnlyCell(sheet)
            cell.font = Font(
                name=self._font, size=look.size, bold=look.bold, italic=look.italic,
                color=look.colour or ("1F5C8A" if look.link else "1B2230"), underline="single" if look.link else None,
            )  # fmt: skip
            cell.alignment = Alignment(
                wrap_text=look.wrap or None,
                vertical="center" if look.middle else "top",
                horizontal="left" if look.left else "right" if look.right else None,
                # A number that ends where the next column's text begins reads as one with it; the button of a filter hides what it is on.
                indent=0 if look.left or not look.right else 2 if look.buttoned else 1,
            )
            if look.fill:
                cell.fill = PatternFill("solid", start_color=look.fill)
            if look.ruled:
                cell.border = Border(bottom=_RULE)
            cell.number_format = look.number_format
            if look.quoted:
                cell.quotePrefix = True
            self._styles[look] = cell.style_id
        return self._styles[look]

    def bytes(self) -> bytes:
        """Return the file."""
        file = io.BytesIO()
        for sheet in self._sheets:
            sheet.close()
        rows = {f"xl/worksheets/sheet{number}.xml": sheet.file for number, sheet in enumerate(self._sheets, 1)}
        try:
            ExcelWriter(self._book, _Archive(file, rows)).save()
        finally:
            for one in rows.values():
                one.close()
        return file.getvalue()


class Rows:
    """One sheet that is being written, from its first row to its last. `number`: the rows written; `file`: them, as they stand in the
    sheet's part. openpyxl writes all else; it would take three times as long for the rows (`benchmarks/workbook.py`).
    """

    def __init__(self, book: Book, sheet: Any) -> None:
        self._book, self._sheet = book, sheet
        self.file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the book closes it when it has read it back
        self.number = 0
        self._links: list[Hyperlink] = []

    def append(self, values: Iterable[Value | None], height: float | None = None) -> None:
        """Write one row. `height` in points; without it, whoever opens the sheet fits it."""
        self.number += 1
        cells = "".join([self._cell(index, value) for index, value in enumerate(values, 1) if value is not None])
        self.file.write(f'<row r="{self.number}"{_tall(height)}>{cells}</row>'.encode())

    def extend(self, columns: Sequence[CellColumn], value: Callable[[Cell], Value], widths: Sequence[float], line: float) -> None:
        """Write rows that are given as columns of these widths, of cells that `value` makes values of. Each cell of a column is made once; then the rows are put together, many in one
        step. A row of one line has the height of the sheet; one of several is not fitted by everybody who opens it, and has so many times `line` points.
        """
        many = len(columns[0].codes)
        first = self.number + 1
        self.number += many
        parts, lines, links = list[tuple[pl.Series, pl.Series]](), list[pl.Series](), list[tuple[int, str, str]]()
        for index, (column, width) in enumerate(zip(columns, widths, strict=True), 1):
            values = list(map(value, column.cells))
            parts.append((pl.Series([f"<c{self._rest(one)}" for one in values], dtype=pl.String), column.codes))
            high = pl.Series([height([one], [width]) for one in values], dtype=pl.UInt32)
            if (high > 1).any():
                lines.append(high.gather(column.codes))
            places = {code: one.place for code, one in enumerate(values) if one.place is not None}
            if places:
                letter = get_column_letter(index)
                links += [(row, f"{letter}{first + row}", places[code]) for row, code in enumerate(column.codes) if code in places]
        for _, address, place in sorted(links, key=lambda link: link[0]):
            self._link(address, place)
        heads = self._heads(first, many, lines, line)
        for begin in range(0, many, _AT_ONCE):
            # The cells of a row follow one another from the first column on: none has to say its address.
            made = [heads.slice(begin, _AT_ONCE), *(cells.gather(codes.slice(begin, _AT_ONCE)) for cells, codes in parts)]
            rows = pl.select(pl.concat_str(*map(pl.lit, made), pl.lit("</row>"))).to_series()
            self.file.write(joined(rows).encode())

    @staticmethod
    def _heads(first: int, many: int, lines: Sequence[pl.Series], line: float) -> pl.Series:
        """Return what begins each of so many rows: its number and, where one of its cells has several lines, its height."""
        most = pl.max_horizontal(*map(pl.lit, lines)) if lines else pl.repeat(1, many, dtype=pl.UInt32)
        rows = pl.select(number=pl.int_range(first, first + many), lines=most)
        tall = text_of(rows["lines"], lambda many: _tall(many * line + 2 if many > 1 else None))
        return rows.select(pl.concat_str(pl.lit('<row r="'), pl.col("number"), pl.lit('"'), pl.lit(tall), pl.lit(">"))).to_series()

    def across(self, value: Value, height: float, last: int, before: Sequence[Value | None] = ()) -> None:
        """Write one value over the columns to `last`, after those `before` it."""
        self.append([*before, value], height)
        first = len(before) + 1
        if first < last:
            self._sheet.merged_cells.add(f"{get_column_letter(first)}{self.number}:{get_column_letter(last)}{self.number}")

    def _cell(self, index: int, value: Value) -> str:
        address = f"{get_column_letter(index)}{self.number}"
        if value.place is not None:
            self._link(address, value.place)
        return f'<c r="{address}"{self._rest(value)}'

    def _rest(self, value: Value) -> str:
        """Return a cell's XML after its address."""
        told, look, _ = value
        style = self._book.style(self._sheet, look)
        if told is None:
            return f' s="{style}" />'
        if isinstance(told, str):  # text, also where it looks like a formula or like an error
            kept = "" if _KEPT_ANYWAY.fullmatch(told) else ' xml:space="preserve"'
            return f' s="{style}" t="inlineStr"><is><t{kept}>{_escaped(told)}</t></is></c>'
        return f' s="{style}"><v>{told!r}</v></c>'

    def _link(self, address: str, place: str) -> None:
        if len(self._links) < LINKS:
            self._links.append(Hyperlink(ref=address, location=place))

    def close(self) -> None:
        """End the sheet."""
        self._sheet._get_writer()  # which begins with no links
        self._sheet._hyperlinks.extend(self._links)

    def head(self) -> None:
        """Make what is to be written next the head of a table: it stays in sight, and is repeated on each page."""
        self._sheet.freeze_panes = "B2"
        self._sheet.print_title_rows = "1:1"

    def filter(self, columns: int, last: int) -> None:
        """Let a reader filter the rows from the first to `last` by each of their columns."""
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(columns)}{last}"

    def plain(self) -> None:
        """Show no grid: the sheet is read, not sorted."""
        self._sheet.sheet_view.showGridLines = False


def place(sheet: str, row: int) -> str:
    """Return the address of a row."""
    return f"{quote_sheetname(sheet)}!A{row}"


def display_width(text: str) -> int:
    """Return how many columns of characters a line takes: Chinese characters take two."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def lines(text: str, width: float) -> int:
    """Return how many lines a text takes when wrapped to a width in characters: a line that is broken at a word is not full."""
    found = 0
    for line in text.split("\n"):
        wide = display_width(line)
        found += 1 if wide <= width else max(2, -(-wide * 11 // int(width * 10)))
    return found


def height(values: Iterable[Value], widths: Iterable[float]) -> int:
    """Return how many lines the values of a row take in columns of these widths: at least one."""
    return max(
        (
            lines(value.value, width) if value.look.wrap else value.value.count("\n") + 1
            for value, width in zip(values, widths, strict=False)
            # What is shorter than half the column is one line, even in Chinese.
            if isinstance(value.value, str) and (len(value.value) * 2 > width - 2 or "\n" in value.value)
        ),
        default=1,
    )


def value_width(value: Value) -> int:
    """Return how many characters a value takes, as it is shown."""
    match value.value:
        case str() as text:
            return max(map(display_width, text.split("\n")))
        case None:
            return 0
    shown = value.look.number_format
    if shown.startswith("yyyy"):
        return len(shown) + 4
    return 13 if shown.startswith(("[h]", "[<0.00001")) else 10 if "%" in shown else len(f"{value.value:,}") + 3


def _tall(height: float | None) -> str:
    return "" if height is None else f' ht="{min(height, TALLEST):g}" customHeight="1"'


def _escaped(text: str) -> str:
    if _NOT_XML.search(text):
        raise ValueError(f"text that no workbook may hold was not made harmless: {text[:60]!r}")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Archive(ZipFile):
    """A ZIP whose parts all have the same time, and the same owner's rights; `rows` are put into the sheets, by the name of their part."""

    def __init__(self, file: IO[bytes], rows: Mapping[str, IO[bytes]]) -> None:
        super().__init__(file, "w", ZIP_DEFLATED)
        self._rows = rows

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Write a part from memory."""
        super().writestr(_part(str(zinfo_or_arcname)), data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Write a sheet: as openpyxl has it in a file, with its rows."""
        rows = self._rows[str(arcname)]
        rows.seek(0)
        before, after = _NO_ROWS.split(Path(filename).read_bytes())
        with self.open(_part(str(arcname)), "w", force_zip64=True) as target:
            target.write(before + b"<sheetData>")
            shutil.copyfileobj(rows, target, 1 << 20)
            target.write(b"</sheetData>" + after)


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name, _WHEN)
    part.compress_type = ZIP_DEFLATED
    part._compresslevel = _LEVEL  # type: ignore[attr-defined]  # `open` takes it from nowhere else
    part.external_attr = 0o644 << 16
    return part
