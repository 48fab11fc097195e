"""Places in a payload: the text around a locator, with the very place marked. Pure: bytes and a locator in, pieces of text out.

A locator is `line 12`, a JSON pointer (RFC 6901) such as `/3/time`, in the text form of a sheet (a line for each row, tabs between cells) `row 12` or
`cell B12`, or a word that names no place (`envelope`, nothing).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

LINES_AROUND = 12
"""Lines shown before and after a marked line."""
CHARACTERS_AROUND = 600
"""Characters shown before and after a marked value inside a long line."""
LONGEST_LINE = 4_000
"""Characters of one line that are shown."""
BEGINNING = 60
"""Lines shown of a payload when nothing is marked."""

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or a piece of one, as three texts: `marked` is the place asked for, `before` and `after` what stands around it in the line."""

    number: int
    before: str
    marked: str
    after: str
    cut: bool = False
    """Whether more of the line is left out."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a payload around a place. `found`: whether the locator names a place that is there; `lines_in_all`: of the payload."""

    lines: tuple[Line, ...]
    found: bool
    lines_in_all: int


def excerpt(payload: bytes, locator: str, encoding: str = "utf-8") -> Excerpt:
    """Return the lines of a payload around a locator; its beginning when the locator names no place in it.

    `encoding`: of text without a byte order mark (a codec of Python).
    """
    text = text_of(payload, encoding)
    span = _span(text, locator)
    begin, end = span if span else (0, 0)
    first = text.count("\n", 0, begin) + 1
    in_all = text.count("\n") + (0 if text.endswith("\n") or not text else 1)
    if span is None:
        return Excerpt(tuple(_lines(text, 0, 1, BEGINNING, (0, 0))), found=False, lines_in_all=in_all)
    start, number = begin, first
    for _ in range(LINES_AROUND + 1):
        start = text.rfind("\n", 0, start)
        if start < 0:
            break
    start = max(start, -1) + 1
    number = first - text.count("\n", start, begin)
    marked_lines = text.count("\n", begin, max(end - 1, begin)) + 1
    count = (first - number) + min(marked_lines, 200) + LINES_AROUND
    return Excerpt(tuple(_lines(text, start, number, count, (begin, end))), found=True, lines_in_all=in_all)


def text_of(payload: bytes, encoding: str = "utf-8") -> str:
    """Return bytes as text, whatever they are: by a byte order mark, else in the encoding, with what cannot be read shown as such."""
    if payload.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif payload.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8"
    text = payload.decode(encoding, errors="replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n") if "\r\n" in text[:100_000] else text


def _span(text: str, locator: str) -> tuple[int, int] | None:
    """Return where a locator's place begins and ends in the text."""
    number = re.match(r"(?:line|row) (\d{1,12})", locator)
    if number:
        return _line_span(text, int(number[1]))
    cell = re.match(r"cell ([A-Z]{1,3})(\d{1,12})", locator)
    if cell:
        return _cell_span(text, cell[1], int(cell[2]))
    if not locator.startswith("/"):
        return None
    try:
        return _pointed(text, locator)
    except (ValueError, IndexError, RecursionError):
        return None


def _line_span(text: str, number: int) -> tuple[int, int] | None:
    begin = 0
    for _ in range(number - 1):
        begin = text.find("\n", begin) + 1
        if begin == 0:
            return None
    if number < 1 or begin >= len(text):
        return None
    end = text.find("\n", begin)
    return begin, len(text) if end < 0 else end


def _cell_span(text: str, letters: str, number: int) -> tuple[int, int] | None:
    """Return where a cell begins and ends; an empty one is told by its whole row."""
    line = _line_span(text, number)
    if line is None:
        return None
    cells = text[line[0] : line[1]].split("\t")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    if column > len(cells) or not cells[column - 1]:
        return line
    begin = line[0] + sum(len(one) + 1 for one in cells[: column - 1])
    return begin, begin + len(cells[column - 1])


def _pointed(text: str, pointer: str) -> tuple[int, int]:
    """Return where the value of a JSON pointer begins and ends. Raises `ValueError` or `IndexError` when there is none.

    Values before it are passed over one by one with the decoder of the standard library, which says where each ends.
    """
    at = _skip(text, 0)
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        at = _member(text, at, key) if text[at] == "{" else _item(text, at, int(key))
    return at, _DECODER.raw_decode(text, at)[1]


def _item(text: str, at: int, wanted: int) -> int:
    if text[at] != "[" or wanted < 0:
        raise ValueError("no array here, or no such number")
    at = _skip(text, at + 1)
    for _ in range(wanted):
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        if text[at] != ",":
            raise IndexError("no such item")
        at = _skip(text, at + 1)
    if text[at] == "]":
        raise IndexError("no such item")
    return at


def _member(text: str, at: int, wanted: str) -> int:
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)  # the colon
        if key == wanted:
            return at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _skip(text, at + 1)
    raise IndexError("no such key")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _lines(text: str, start: int, number: int, count: int, mark: tuple[int, int]) -> list[Line]:
    lines = []
    for line in range(number, number + count):
        if start >= len(text):
            break
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        lines.append(_line(text, start, end, line, mark))
        start = end + 1
    return lines


def _line(text: str, start: int, end: int, number: int, mark: tuple[int, int]) -> Line:
    begin, stop = max(mark[0], start), min(mark[1], end)
    if begin >= stop:
        return Line(number, text[start : min(end, start + LONGEST_LINE)], "", "", cut=end - start > LONGEST_LINE)
    low, high = max(start, begin - CHARACTERS_AROUND), min(end, stop + CHARACTERS_AROUND)
    marked = text[begin:stop]
    cut = low > start or high < end or len(marked) > LONGEST_LINE
    return Line(number, text[low:begin], marked[:LONGEST_LINE], text[stop:high], cut=cut)
