"""Tables set for paper: how wide each column is, and what a table does that is wider than the page.

A screen scrolls and a spreadsheet is as wide as it likes; a page is not. Where the columns of a table cannot stand side by side, first
leading columns whose values repeat from row to row become headings of their rows, then the longest texts go below their row, over the
whole width. Nothing is left out. Lengths are millimetres, estimated from the characters: the page is set after it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from audit.model.document import (
    Cell,
    DurationCell,
    EvidenceCell,
    InstantCell,
    NumberCell,
    OrdinalCell,
    ShareCell,
    Table,
    TextCell,
    VerdictCell,
)
from audit.reporting.places import place
from audit.reporting.words import Words, plain

PAGE = 182.0
"""The width of the text on the page: A4 less the margins of print.css."""
_EM = 2.646
"""The type of tables in print.css, 7.5 pt."""
_PADDING = 2.0
_FIGURES = ("number", "share", "duration")
"""Set to the right: text in the next column keeps away from them."""
_HEADING = 1.08 * 6.5 / 7.5
"""Headings are bold, and 6.5 pt."""
_REFERENCES = 3
"""Cells with more references to evidence than this go below their row, where they stand one after the other."""
_LINES = 5
"""A text that would need more lines than this in its column goes below its row."""
_PROSE = 58.0
"""A text longer than this is prose: it may be broken into lines, of at least `_LINE`."""
_LINE = 42.0
_NAME = 22.0
"""A name is not broken into lines shorter than this, also in Chinese, which may break anywhere."""
_WORD = 30.0
"""A longer word (a path, a hash) may be broken anywhere."""
_REPEATED = 2
"""A leading column becomes headings when its values stand still for so many rows on the average."""
_MOST_HEADINGS = 3
_TITLE = 5
"""A Chinese heading of at most so many letters stands on one line."""
_MANY = 7
"""Columns of a table whose leading ones become headings also where there is room: so it is in every language."""
_JOINT = re.compile(r"(?<=[-_/.:])(?=[^-_/.:\s])")
"""Where a name is broken: after the marks that join its words. Nowhere else, but where a word is so long that nobody reads it (a hash)."""
_RUN = re.compile(r"[^\s\-_/.:\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]{21,}")
_PIECE = 20
"""Such words are broken into equal pieces of at most so many letters."""
_MAY_BREAK = "\N{ZERO WIDTH SPACE}"
_BREAK = re.compile(f"[ \\n{_MAY_BREAK}]+")
_EMS = {
    letter: width
    for letters, width in (
        ("ijlIJ.,:;'|!` ", 0.28), ("frt-/()[]{}\"", 0.39), ("_csvxyz*?", 0.53), ("EFLSTYXZ", 0.57), ("m", 0.94), ("w", 0.79), ("MW", 0.93),
        ("%@", 0.86), ("DGHNOQUV&", 0.76), (_MAY_BREAK, 0.0),
    )
    for letter in letters
}  # fmt: skip
"""Of Noto Sans, in its size; of all other letters `_LETTER`."""
_LETTER = 0.61


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table stands on the page, by the numbers of its columns: `headings` above runs of rows, `beside` one another with their
    `widths` in millimetres, `below` their row.
    """

    headings: tuple[int, ...]
    beside: tuple[int, ...]
    widths: tuple[float, ...]
    below: tuple[int, ...]

    def heading(self, table: Table, row: int) -> tuple[int, ...]:
        """Return the columns of headings that are to stand above a row: all when any differs from the row before, else none."""
        if row and all(table.rows[row][at] == table.rows[row - 1][at] for at in self.headings):
            return ()
        return self.headings


@dataclass(frozen=True, slots=True)
class _Column:
    """least: what the longest word and the heading need. natural: what the longest cell needs on one line."""

    least: float
    natural: float


def arrange(table: Table, words: Words) -> Layout:
    """Return the layout of a table that has rows."""
    measured = [_measured(table, at, words) for at in range(len(table.columns))]
    beside = list(range(len(measured)))
    headings: list[int] = []
    below: list[int] = []
    many = len(beside) >= _MANY
    if table.runs is not None:
        headings, beside = beside[: table.runs], beside[table.runs :]
    while table.runs is None and len(headings) < _MOST_HEADINGS and _repeats(table, [*headings, beside[0]]):
        if not many and _needed(measured, beside) <= PAGE:
            break
        headings.append(beside.pop(0))
    while _needed(measured, beside) > PAGE:
        longest = max(
            (at for at in beside[1:] if table.columns[at].kind in ("text", "evidence")),
            key=lambda at: measured[at].natural,
            default=None,
        )
        if longest is None:
            break
        beside.remove(longest)
        below.append(longest)
    widths = _widths([measured[at] for at in beside])
    while tall := [
        at
        for at, width in zip(beside[1:], widths[1:], strict=True)
        if table.columns[at].kind in ("text", "evidence") and (measured[at].natural > _LINES * width or _many_references(table, at))
    ]:
        beside.remove(tall[-1])
        below.append(tall[-1])
        widths = _widths([measured[at] for at in beside])
    return Layout(tuple(headings), tuple(beside), widths, tuple(sorted(below)))


def _many_references(table: Table, at: int) -> bool:
    return any(isinstance(cell := row[at], EvidenceCell) and len(cell.value) > _REFERENCES for row in table.rows)


def _measured(table: Table, at: int, words: Words) -> _Column:
    column = table.columns[at]
    cells = [shown(row[at], words) for row in table.rows]
    title = _longest_title(plain(column.title)) * _HEADING
    natural = max([_width(cell) for cell in cells], default=0.0)
    prose = column.kind in ("text", "evidence") and natural > _PROSE
    # A number stays on its line, a date on its own.
    broken = _width if column.kind in ("number", "share", "duration") else _date if column.kind == "instant" else _longest_word
    word = max(map(broken, cells), default=0.0)
    if column.kind in ("text", "evidence"):
        word = max(min(word, _WORD), min(natural, _NAME if at == 0 or not prose else _LINE))
    least = max(title, word)
    extra = 4.0 if column.kind == "verdict" else 0.0  # its shape
    if at and table.columns[at - 1].kind in _FIGURES and column.kind not in (*_FIGURES, "ordinal"):
        extra += _PADDING
    return _Column(least + extra + _PADDING, max(natural, title) + extra + _PADDING)


def _needed(measured: Sequence[_Column], beside: Sequence[int]) -> float:
    return sum(measured[at].least for at in beside)


def _repeats(table: Table, columns: Sequence[int]) -> bool:
    """Say whether the values of leading columns stand still for some rows, so that headings save more than they cost."""
    if any(table.columns[at].kind not in ("text", "ordinal") for at in columns) or len(columns) + 2 >= len(table.columns):
        return False
    keys = [tuple(row[at] for at in columns) for row in table.rows]
    runs = 1 + sum(one != other for one, other in pairwise(keys))
    return len(keys) >= _REPEATED * runs


def _widths(columns: Sequence[_Column]) -> tuple[float, ...]:
    """Share the page: what each needs at least, then towards what each would like, then the rest to texts, else to all."""
    widths = [column.least for column in columns]
    room = PAGE - sum(widths)
    if room <= 0:
        return tuple(round(PAGE * width / sum(widths), 2) for width in widths)
    wishes = [min(max(column.natural - column.least, 0.0), 90.0) for column in columns]
    given = min(room, sum(wishes))
    if given > 0:
        widths = [width + given * wish / sum(wishes) for width, wish in zip(widths, wishes, strict=True)]
    left = (room - given) / len(columns)
    return tuple(round(width + left, 2) for width in widths)


def breakable(name: str) -> str:
    """Return a name with a mark that nobody sees wherever a line may end in it: paper breaks it there, or not at all."""
    return _RUN.sub(lambda run: _MAY_BREAK.join(_even(run[0])), _JOINT.sub(_MAY_BREAK, name))


def _even(run: str) -> list[str]:
    pieces = -(-len(run) // _PIECE)
    size = -(-len(run) // pieces)
    return [run[at : at + size] for at in range(0, len(run), size)]


def shown(cell: Cell, words: Words) -> str:
    """Return what a reader sees of a cell, as a string."""
    formats = words.formats
    match cell:
        case TextCell():
            return plain(cell.value)
        case NumberCell():
            return formats.number(cell.value)
        case OrdinalCell():
            return formats.number(None) if cell.value is None else str(cell.value)
        case ShareCell():
            return formats.share(cell.value)
        case InstantCell():
            return formats.instant(cell.value)
        case DurationCell():
            return formats.duration(cell.value)
        case VerdictCell():
            return words.plain(f"verdicts.{cell.value}")
        case EvidenceCell():
            entries = (
                f"{words.plain('labels.entry-short', entry=str(ref.entry))} {ref.sha256[:8]} {plain(place(ref.locator, words))}"
                for ref in cell.value
            )
            return "  ".join(entries) or words.plain("labels.no-evidence-ref")


def _width(text: str) -> float:
    return sum(map(_em, text)) * _EM


def _em(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return _EMS.get(char, _LETTER)


def _longest_word(text: str) -> float:
    """Return the width of the longest part that is not broken: Chinese breaks after every character."""
    return max((_width(part) for word in _BREAK.split(breakable(text)) for part in _pieces(word)), default=0.0)


def _longest_title(text: str) -> float:
    """Return the width of the longest part of a heading that is not broken: a short Chinese word is one that is read at a glance."""
    whole = _width(text) if len(text) <= _TITLE else 0.0
    return max(whole if any(_em(char) == 1.0 for char in text) else 0.0, _longest_word(text))


def _date(text: str) -> float:
    return max(map(_width, text.split(" ")), default=0.0)


def _pieces(word: str) -> list[str]:
    pieces: list[str] = [""]
    for char in word:
        if unicodedata.east_asian_width(char) in "WF":
            # Two stay together: a mark stays with the character before it.
            pieces += [char * 2, ""]
        else:
            pieces[-1] += char
    return pieces
