"""The workbook around the cells: styles made once, sheets written row by row and never held, print set-up, and a file whose bytes depend on
nothing but its content.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.writer.excel import ExcelWriter

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
_RULE = Side(style="thin", color="D5DAE1")


class Book:
    """A workbook that is being written, in the font of its language."""

    def __init__(self, title: str, subject: str, language: str) -> None:
        self._book = Workbook(write_only=True)
        self._font = FONTS[language]
        self._styles: dict[Look, Any] = {}
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
        return Rows(self, sheet)

    def style(self, sheet: Any, look: Look) -> Any:
        """Return the style of a look, made once."""
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
            self._styles[look] = cell._style
        return self._styles[look]

    def bytes(self) -> bytes:
        """Return the file."""
        file = io.BytesIO()
        ExcelWriter(self._book, _Archive(file, "w", ZIP_DEFLATED)).save()
        return file.getvalue()


class Rows:
    """One sheet that is being written, from its first row to its last. `number`: the rows written."""

    def __init__(self, book: Book, sheet: Any) -> None:
        self._book, self._sheet = book, sheet
        self.number = 0
        self._links = 0

    def append(self, values: Iterable[Value | None], height: float | None = None) -> None:
        """Write one row. `height` in points; without it, whoever opens the sheet fits it."""
        self.number += 1
        if height is not None:
            self._sheet.row_dimensions[self.number].height = min(height, TALLEST)
        self._sheet.append([self._cell(value) for value in values])

    def across(self, value: Value, height: float, last: int, before: Sequence[Value | None] = ()) -> None:
        """Write one value over the columns to `last`, after those `before` it."""
        self.append([*before, value], height)
        first = len(before) + 1
        if first < last:
            self._sheet.merged_cells.add(f"{get_column_letter(first)}{self.number}:{get_column_letter(last)}{self.number}")

    def _cell(self, value: Value | None) -> Any:
        if value is None:
            return None
        cell = WriteOnlyCell(self._sheet, value.value)
        cell._style = self._book.style(self._sheet, value.look)
        if isinstance(value.value, str):
            cell.data_type = "s"  # text, also where it looks like a formula or like an error
        if value.place is not None and self._links < LINKS:
            self._links += 1
            cell._hyperlink = Hyperlink(ref="", location=value.place)
        return cell

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


class _Archive(ZipFile):
    """A ZIP whose parts all have the same time, and the same owner's rights."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Write a part from memory."""
        super().writestr(_part(str(zinfo_or_arcname)), data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Write a part from a file."""
        with Path(filename).open("rb") as source, self.open(_part(str(arcname)), "w", force_zip64=True) as target:
            shutil.copyfileobj(source, target, 1 << 20)


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name, _WHEN)
    part.compress_type = ZIP_DEFLATED
    part.external_attr = 0o644 << 16
    return part
