"""Typed cells of a document as values of a spreadsheet, and text that can neither harm one nor break its file.

A spreadsheet guesses: text that begins like a formula becomes one when it is saved as CSV and opened again. Such text gets an apostrophe
before it, which everybody sees. Characters that no workbook may hold are shown as pictures (␀) or codes, never dropped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from openpyxl.utils.datetime import to_excel

from audit.model.document import (
    Cell,
    Column,
    DurationCell,
    EvidenceCell,
    InstantCell,
    Name,
    NumberCell,
    OrdinalCell,
    ShareCell,
    Text,
    TextCell,
    VerdictCell,
)
from audit.model.verdicts import EvidenceRef, Verdict
from audit.reporting.formats import ABSENT
from audit.reporting.places import place
from audit.reporting.words import Words

LONGEST_TEXT = 32_767
"""Characters (UTF-16) that a cell of Excel holds."""
MOST_REFS = 100
"""References to evidence that one cell names; Excel takes 253 lines in a cell."""
_EXACT_UP_TO = 10**15
"""Excel keeps 15 digits of a number."""
_FIRST_DAY = datetime(1900, 3, 1)  # noqa: DTZ001 - Excel's days have no zone; those before are counted in different ways
_SHA_SHOWN = 12
# Tab and carriage return are among them: a tab inside a cell makes two cells of it when it is pasted.
_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_LIKE_A_FORMULA = re.compile("[\\s\u200b-\u200f\u2060\ufeff]*[-=+@＝＋－＠﹦﹢﹣﹫]")


class Look(NamedTuple):
    """How a cell looks: its number format and style. Colours are RRGGBB. `quoted`: text, whatever it begins with. `buttoned`: beside
    the button of a filter."""

    number_format: str = "General"
    bold: bool = False
    italic: bool = False
    size: int = 10
    colour: str | None = None
    fill: str | None = None
    wrap: bool = False
    right: bool = False
    buttoned: bool = False
    quoted: bool = False
    link: bool = False
    ruled: bool = False
    middle: bool = False
    left: bool = False


class Value(NamedTuple):
    """What is put into a cell of a sheet: text, or a number; and the place in the workbook (`'Sheet'!A7`) that it leads to."""

    value: str | float | None
    look: Look
    place: str | None = None


TEXT = Look(wrap=True)
QUOTED = Look(wrap=True, quoted=True)
NUMBER = Look("#,##0", right=True)
RATIO = Look("#,##0.00", right=True)
ORDINAL = Look("0", right=True)
SHARE = Look("0.00%", right=True)
# A share that is not quite all is never shown as 100 %, nor one that is not quite nothing as 0 %: the number itself is exact.
SHARE_HIGH = Look('[>0.9999]">99.99%";0.00%', right=True)
SHARE_LOW = Look('[<0.0001]"<0.01%";0.00%', right=True)
INSTANT = Look("yyyy-mm-dd hh:mm:ss", right=True)
INSTANT_FINE = Look("yyyy-mm-dd hh:mm:ss.000", right=True)
DURATION = Look("[h]:mm:ss", right=True)
DURATION_FINE = Look("[h]:mm:ss.000", right=True)
DURATION_SHORT = Look('[<0.0000115741]"<0:00:01";[h]:mm:ss', right=True)
MISSING = Look(right=True)
EVIDENCE = Look(wrap=True, link=True)
HEADING = Look(bold=True, wrap=True, fill="E4E9EE", middle=True)
FIGURES = ("number", "ordinal", "share", "instant", "duration")
"""Kinds of columns that are set to the right."""
VERDICTS = {
    Verdict.BREACHED: Look(bold=True, fill="F6D5D1", colour="8C1D18"),
    Verdict.UNPROVEN: Look(bold=True, fill="F6DD7D", colour="5C4500"),
    Verdict.WAIVED: Look(bold=True, fill="E3DAF3", colour="4E3580"),
    Verdict.MET: Look(bold=True, fill="D5E8F3", colour="1B4F6E"),
    Verdict.NOT_APPLICABLE: Look(fill="ECEFF2", colour="5A6473"),
}


def harmless(text: str) -> str:
    """Return text as it may stand in a cell: what no workbook may hold made visible, and nothing that begins like a formula."""
    if _UNSAFE.search(text):
        text = _UNSAFE.sub(_visible, text.replace("\r\n", "\n"))
    text = _LOOKS_ESCAPED.sub("_x005F_", text)
    return f"'{text}" if _LIKE_A_FORMULA.match(text) else text


def _visible(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else f"\\u{code:04x}"


def written(text: Text) -> str:
    """Return a text as a string; a line break in a name is shown, for it is no line break of ours."""
    return "".join(part.text.replace("\n", "\N{SYMBOL FOR LINE FEED}") if isinstance(part, Name) else part for part in text)


class Cells:
    """Makes values of cells in the words and the zone of one document. `places`: where a piece of evidence stands in the workbook, by
    `<anchor>-<entry>`.
    """

    def __init__(self, words: Words, places: Mapping[str, str]) -> None:
        self._words = words
        self._formats = words.formats
        self._places = places
        self._verdicts = {verdict: Value(words.plain(f"verdicts.{verdict}"), VERDICTS[verdict]) for verdict in Verdict}
        self._refs: dict[EvidenceRef, str] = {}

    def value(self, cell: Cell) -> Value:
        """Return the value of a cell, typed as a spreadsheet knows types."""
        match cell:
            case TextCell():
                return self.text(written(cell.value))
            case VerdictCell():
                return self._verdicts[cell.value]
            case EvidenceCell():
                return self._evidence(cell.value)
            case _ if cell.value is None:
                return Value(ABSENT, MISSING)
            case InstantCell(value=datetime() as instant):
                return self._instant(instant)
            case DurationCell(value=int() | float() as seconds):
                return self._duration(seconds)
            case ShareCell(value=int() | float() as share):
                return Value(share, SHARE_HIGH if 0.9999 < share < 1 else SHARE_LOW if 0 < share < 0.0001 else SHARE)
            case NumberCell(value=int() as number) | OrdinalCell(value=int() as number):
                if abs(number) >= _EXACT_UP_TO:
                    return Value(harmless(str(number)), QUOTED)
                return Value(number, NUMBER if isinstance(cell, NumberCell) else ORDINAL)
            case NumberCell(value=float() as number):
                if not math.isfinite(number) or abs(number) >= _EXACT_UP_TO:
                    return self.text(self._formats.number(number))
                return Value(number, NUMBER if number == int(number) else RATIO)
        raise TypeError(f"{type(cell).__name__} is no cell of a document")

    def heading(self, column: Column, look: Look = HEADING) -> Value:
        """Return the title of a column: of which clock its instants are, in what its lengths are counted. It stands over numbers as they do."""
        unit = {"instant": str(self._formats.zone), "duration": self._words.plain("workbook.length-unit")}.get(column.kind)
        title = written(column.title) + (self._words.plain("labels.in-brackets", value=Name(unit)) if unit else "")
        return self.text(title, look._replace(right=True) if column.kind in FIGURES else look)

    def text(self, text: str, look: Look = TEXT) -> Value:
        """Return words as a value; cut, and said to be so, where they are longer than a cell holds."""
        shown = harmless(text)
        if len(shown) > LONGEST_TEXT // 2:
            shown = self._cut(shown)
        # An empty text is an empty cell, so that a filter has it among the blanks.
        return Value(shown or None, QUOTED if look is TEXT and shown.startswith("'") else look)

    def _cut(self, text: str) -> str:
        raw = text.encode("utf-16-le")
        if len(raw) <= 2 * LONGEST_TEXT:
            return text
        mark = self._words.plain("workbook.cut", n=len(text))
        # Half of a pair of surrogates, where the cut goes through one, is ignored.
        return raw[: 2 * (LONGEST_TEXT - 2 * len(mark))].decode("utf-16-le", errors="ignore") + mark

    def _instant(self, instant: datetime) -> Value:
        try:
            there = instant.astimezone(self._formats.zone)
        except OverflowError:  # the last day of the year 9999 has no tomorrow east of Greenwich
            return Value(f"{instant.replace(tzinfo=None).isoformat(' ', 'seconds')} UTC", TEXT)
        wall = there.replace(tzinfo=None, fold=0)
        if wall < _FIRST_DAY:
            return Value(wall.isoformat(" "), TEXT)
        look = INSTANT_FINE if wall.microsecond else INSTANT
        if there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset():
            look = look._replace(number_format=f'{look.number_format}" (UTC{there.isoformat()[-6:]})"')
        # A spreadsheet shows thousandths at the finest, and rounds: cut, so that the last microsecond of a year stays in it.
        return Value(float(to_excel(wall.replace(microsecond=wall.microsecond // 1000 * 1000))), look)

    def _duration(self, seconds: float) -> Value:
        if not math.isfinite(seconds) or seconds < 0:  # a spreadsheet has no negative times
            return self.text(self._formats.duration(seconds) if math.isfinite(seconds) else ABSENT)
        if 0 < seconds < 1:
            return Value(seconds / 86_400, DURATION_SHORT)
        fine = round(seconds, 3) != round(seconds)  # else the thousandths to be shown are none
        return Value(seconds / 86_400, DURATION_FINE if fine else DURATION)

    def _evidence(self, refs: tuple[EvidenceRef, ...]) -> Value:
        if not refs:
            return Value(self._words.plain("labels.no-evidence-ref"), TEXT)
        lines = [self._ref(ref) for ref in refs[:MOST_REFS]]
        if len(refs) > MOST_REFS:
            lines.append(self._words.plain("workbook.more-refs", n=len(refs) - MOST_REFS))
        # LibreOffice shows what is linked in one line: several references lead nowhere.
        place = self._places.get(f"entry-{refs[0].entry}") if len(refs) == 1 else None
        shown = self.text("\n".join(lines))
        return Value(shown.value, EVIDENCE, place) if place else shown

    def _ref(self, ref: EvidenceRef) -> str:
        if ref not in self._refs:
            entry = self._words.plain("labels.entry-short", entry=str(ref.entry))
            parts = [entry, f"{ref.sha256[:_SHA_SHOWN]}…", written(place(ref.locator, self._words))]
            self._refs[ref] = " · ".join(part for part in parts if part)
        return self._refs[ref]
