"""The rows of a sheet as text, each cell by its type: dates as RFC 3339 without offset, numbers with all their digits, words as they are.

A cell tells no more than the spreadsheet holds: of a formula the value that was calculated when it was saved, of a day without a clock time the
day alone. An error (#REF!), or a formula that was never calculated, is no value: it is told as a problem of its cell.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from audit.adapters import _xlsx
from audit.adapters._xlsx import CELLS, COLUMNS, ROWS, Sheet, Workbook

_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_RANGE = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_INTEGER = re.compile(r"-?[0-9]{1,400}")
_LAST_SERIAL = 2_958_466
"""The day after 31 December 9999, as spreadsheets count."""


@dataclass(slots=True)
class Grid:
    """The cells of a sheet by row and column (A is 0). `problems`: what is wrong with a cell, by row and column; `errors`: those whose text is an error
    (`#N/A`); `merged`: cells that cover more rows of their column, as (column, first, last)."""

    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    problems: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    cut: set[tuple[int, int]] = field(default_factory=set)
    """Numbers of so many digits that the spreadsheet has rounded them."""

    def spread(self) -> None:
        """Write what stands in a merged cell into each row that it covers: that is what people see there."""
        numbers = sorted(self.rows)
        left = CELLS
        for column, first, last in self.merged:
            value = self.rows.get(first, {}).get(column)
            problem = self.problems.get((first, column))
            covered = numbers[bisect_right(numbers, first) : bisect_right(numbers, last)]
            left -= len(covered)
            for number in covered if left > 0 else ():
                if value is not None:
                    self.rows[number].setdefault(column, value)
                if problem is not None:
                    self.problems.setdefault((number, column), problem)


def letter(column: int) -> str:
    """Return the letters of a column (0 is A)."""
    return str(get_column_letter(column + 1))


class _EnoughError(Exception):
    """All rows that were asked for are read."""


def read(book: Workbook, sheet: Sheet, where: str, until: int = ROWS) -> Grid:
    """Read a sheet, or its first rows. Raises `InputError` when it is damaged, or has more than a sheet can hold."""
    reader = _Reader(book, where, until)
    with suppress(_EnoughError):
        _xlsx.stream(book, sheet.part, where, (reader.start, reader.end, reader.text))
    reader.grid.spread()
    return reader.grid


@dataclass(slots=True)
class _Reader:
    book: Workbook
    where: str
    until: int
    grid: Grid = field(default_factory=Grid)
    row: int = 0
    column: int = -1
    count: int = 0
    kind: str = "n"
    style: int = 0
    formula: bool = False
    value: list[str] | None = None
    words: list[str] | None = None
    taking: list[str] | None = None
    spoken: bool = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._place(attributes.get("r", ""))
            self.kind, self.formula, self.value, self.words = attributes.get("t", "n"), False, None, None
            style = attributes.get("s", "0")
            self.style = int(style) if _INTEGER.fullmatch(style) else 0
        elif name == "v":
            self.value = self.taking = []
        elif name == "t" and not self.spoken:
            self.words = [] if self.words is None else self.words
            self.taking = self.words
        elif name == "rPh":
            self.spoken = True
        elif name == "f":
            self.formula = True
        elif name == "row":
            told = attributes.get("r", "")
            self.row = int(told) if _INTEGER.fullmatch(told) else self.row + 1
            self.column = -1
            if not 0 < self.row <= ROWS:
                raise _xlsx.refused(self.where, f"has a row {self.row}: a sheet has no more than {ROWS}", "export it again")
            if self.row > self.until:
                raise _EnoughError
        elif name == "mergeCell":
            self._merged(attributes.get("ref", ""))

    def text(self, piece: str) -> None:
        if self.taking is not None:
            self.taking.append(piece)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self.taking = None
        elif name == "rPh":
            self.spoken = False
        elif name == "c":
            self._cell()

    def _place(self, told: str) -> None:
        place = _PLACE.fullmatch(told)
        self.column = column_index_from_string(place[1]) - 1 if place else self.column + 1
        self.count += 1
        if self.column >= COLUMNS or self.count > CELLS:
            raise _xlsx.refused(self.where, "has more cells than are read of one sheet", "export less at a time", f"row {self.row}")

    def _merged(self, told: str) -> None:
        place = _RANGE.fullmatch(told)
        if place and int(place[4]) > int(place[2]):
            self.grid.merged.append((column_index_from_string(place[1]) - 1, int(place[2]), int(place[4])))

    def _cell(self) -> None:
        if self.row == 0:
            return
        raw = "".join(self.value) if self.value is not None else None
        here = (self.row, self.column)
        if self.kind == "inlineStr":
            told = _xlsx.unescaped("".join(self.words or ()))
        elif raw is None or (raw == "" and self.kind != "str"):
            if self.formula:
                self.grid.problems[here] = "holds a formula whose value was never calculated"
            return
        else:
            told, problem = self._told(raw)
            if problem:
                self.grid.problems[here] = problem
        if told:
            self.grid.rows.setdefault(self.row, {})[self.column] = told

    def _told(self, raw: str) -> tuple[str, str | None]:
        """Return a cell's text, and what is wrong with it."""
        match self.kind:
            case "s":
                at = int(raw) if _INTEGER.fullmatch(raw.strip()) and len(raw) < 12 else -1
                known = 0 <= at < len(self.book.strings)
                return (self.book.strings[at], None) if known else ("", "refers to a text that the workbook does not have")
            case "str":
                return _xlsx.unescaped(raw), None
            case "b":
                return "TRUE" if raw.strip() in ("1", "true") else "FALSE", None
            case "e":
                return raw, f"holds an error of the spreadsheet: {raw[:20]}"
            case "d":
                return raw.strip(), None
            case _:
                return self._number(raw.strip())

    def _number(self, raw: str) -> tuple[str, str | None]:
        try:
            number = Decimal(raw)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number.adjusted()) > 300:
            return "", f"holds no number: {raw[:20]!r}"
        code = self.book.formats[self.style] if 0 <= self.style < len(self.book.formats) else "General"
        if (told := when(number, code, since_1904=self.book.since_1904)) is not None:
            return told, None
        if _INTEGER.fullmatch(raw):
            if len(raw.lstrip("-")) > 15:
                self.grid.cut.add((self.row, self.column))
            return raw, None
        # Spreadsheets write 17 digits of what they hold in binary: the shortest text that is the same number is what people see.
        plain = Decimal(repr(float(number)))
        if plain == plain.to_integral_value():
            if plain.adjusted() >= 15:
                self.grid.cut.add((self.row, self.column))
            return f"{plain.to_integral_value():f}", None
        return f"{plain:f}".rstrip("0"), None


def when(number: Decimal, code: str, *, since_1904: bool) -> str | None:
    """Return the text of a number under a format of days or clock times; `None` when the format is of neither.

    A whole day under a format without clock time is told as that day, a fraction of a day under one without days as a clock time or a length.
    """
    plain = _LITERAL.sub("", code.split(";")[0]).lower()
    length = bool(re.search(r"\[(h+|m+|s+)\]", plain))
    clock = length or bool(re.search(r"[hs]|am/pm|a/p", plain))
    day = not length and (bool(re.search(r"[yd]", plain)) or (bool(re.search(r"m", plain)) and not clock))
    if not (day or clock) or re.search(r"[0#?]", re.sub(r"\.0+", "", plain)) or "general" in plain:
        return None
    if not 0 <= number < _LAST_SERIAL:
        return None
    seconds = timedelta(milliseconds=round(float(number % 1) * 86_400_000))
    days = int(number)
    if length or (not day and days == 0):
        whole = timedelta(days=days) + seconds
        return _clock(whole)
    if days == 0 and not since_1904:
        return _clock(seconds)
    # 1900 was no leap year, and spreadsheets count a 29 February of it.
    begin = MAC_EPOCH if since_1904 else WINDOWS_EPOCH + timedelta(days=1 if days < 60 else 0)
    at: datetime = begin + timedelta(days=days) + seconds
    if not clock and not seconds:
        return at.date().isoformat()
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")


def _clock(length: timedelta) -> str:
    whole, rest = divmod(round(length.total_seconds() * 1000), 1000)
    text = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{text}.{rest:03}" if rest else text
