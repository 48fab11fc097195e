"""What an unknown file is: its format and encoding, where its table begins and ends. Looked at, never guessed in silence: each choice carries why."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.adapters import _cells, _json, _nested, _tables, _text, _xlsx
from audit.adapters._mapping import CODECS, SEPARATORS, Layout
from audit.errors import Fault, InputError

LINES = 60
"""A header stands in one of so many first lines."""
_UNIT = re.compile(r"[(（\[【]\s*([^)）\]】]*)\s*[)）\]】]|\b([kmgtp]i?b|bytes?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Note:
    """Why something was chosen, or what a person must look at: a key of the wording, and what stands in it."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Vocabulary:
    """`headers`: by record and field the names of columns; `words`: by field and our word the words of tools; `doubts`: words that say less than they
    seem to; the rest are texts. All as people wrote them."""

    headers: Mapping[str, Mapping[str, Sequence[str]]]
    words: Mapping[str, Mapping[str, Sequence[str]]]
    doubts: Mapping[str, Sequence[str]]
    jobs: Sequence[str]
    points: Sequence[str]
    backups: Sequence[str]
    unknown: Sequence[str]
    never: Sequence[str]
    totals: Sequence[str]

    def names(self) -> set[str]:
        """Return all names of columns, plain."""
        told = {plain(name) for fields in self.headers.values() for names in fields.values() for name in names}
        return told | {plain(name) for name in (*self.jobs, *self.points)}


@dataclass(slots=True)
class Looked:
    """A file that was understood: where its table stands, its rows, and why."""

    layout: Layout
    encoding: str
    rows: _tables.Rows
    notes: dict[str, list[Note]] = field(default_factory=dict)

    def note(self, place: str, key: str, **values: Any) -> None:
        """Add a note at a key of the mapping."""
        self.notes.setdefault(place, []).append(Note(key, values))


def plain(name: str) -> str:
    """Return a column's name without case, unit, blanks and signs, for comparing."""
    return re.sub(r"[\W_]+", "", re.sub(r"[(（\[【].*?[)）\]】]", "", name).casefold())


def unit_of(name: str) -> str | None:
    """Return the unit that a column's name tells: `Size (MB)`, `数据量(MB)`, `Size KB`."""
    for match in _UNIT.finditer(name):
        told = (match[1] or match[2] or "").strip().lower()
        if re.fullmatch(r"bytes?|b|字节", told):
            return "B"
        if re.fullmatch(r"[kmgtp](i?b)?", told):
            letter = told[0].upper()
            return f"{letter}iB" if "i" in told else "kB" if letter == "K" else f"{letter}B"
    return None


def look(payload: bytes, vocabulary: Vocabulary, where: str) -> Looked:
    """Find out what a file is and where its table stands. Raises `InputError` when it is no table that can be read."""
    if payload.startswith((_xlsx.MAGIC, _xlsx.OLE)):
        return _workbook(payload, vocabulary, where)
    encoding, text, notes = _decoded(payload, vocabulary, where)
    first = text.lstrip()[:1]
    looked = (_document(text, payload, encoding, where) if first in ("{", "[") else None) or _lines(
        text, payload, encoding, vocabulary, where
    )
    looked.notes = {**notes, **looked.notes}
    return looked


# --- text -------------------------------------------------------------------------------------------------------------------------


def _decoded(payload: bytes, vocabulary: Vocabulary, where: str) -> tuple[str, str, dict[str, list[Note]]]:
    try:
        text = _text.decode_as(where, payload, "utf-8")
    except InputError as error:
        if (
            not payload
            or payload[:4] in (b"%PDF", b"PK\5\6")
            or (not payload.startswith(b"\xff\xfe") and b"\0" not in payload[:400] and _packed(error))
        ):
            raise
    else:
        return "utf-8", text, {}
    words = {name for names in vocabulary.headers.values() for several in names.values() for name in several} | {
        one for kinds in vocabulary.words.values() for several in kinds.values() for one in several
    }
    foreign = [one for one in words if not one.isascii()]
    scores: dict[str, tuple[int, int]] = {}
    texts: dict[str, str] = {}
    for place, (name, codec) in enumerate(CODECS.items()):
        if name == "utf-8" or (name == "utf-16") != (b"\0" in payload[:400]):
            continue
        try:
            texts[name] = _text.decode_as(where, payload, codec)
        except InputError:
            continue
        scores[name] = (sum(one in texts[name][:200_000] for one in foreign), -place)
    if not scores:
        fault = Fault(where, f"is text of none of these encodings: {', '.join(CODECS)}", "convert it to UTF-8 first")
        raise InputError(str(fault), [fault])
    best = max(scores, key=lambda name: scores[name])
    if scores[best][0] == 0 and best != "utf-16" and "windows-1252" in scores and _latin(payload):
        best = "windows-1252"
    others = ", ".join(sorted(name for name in scores if name != best))
    key = "encoding-known" if scores[best][0] or best == "utf-16" else "encoding-unsure"
    return best, texts[best], {"encoding": [Note(key, {"encoding": best, "words": scores[best][0], "others": others or "-"})]}


def _packed(error: InputError) -> bool:
    return any(
        "compressed" in fault.what or "archive" in fault.what or "is empty" in fault.what or "database" in fault.what
        for fault in error.faults
    )


def _latin(payload: bytes) -> bool:
    """Whether the bytes that are no ASCII stand alone between letters, as in European text."""
    high = len(re.findall(rb"[\x80-\xff]", payload))
    return len(re.findall(rb"[\x80-\xff]{2}", payload)) < 0.2 * high


def _lines(text: str, payload: bytes, encoding: str, vocabulary: Vocabulary, where: str) -> Looked:
    lines = text.split("\n")[:LINES]
    known = vocabulary.names()
    best: tuple[tuple[int, int, int], str, int] | None = None
    for name, sign in SEPARATORS.items():
        cut = [_fields(line, sign) for line in lines]
        usual = Counter(len(row) for row in cut if len(row) > 1).most_common(1)
        if not usual:
            continue
        for at, row in enumerate(cut):
            if len(row) < 2 or not _could_be_header(row):
                continue
            score = (sum(plain(cell) in known for cell in row), int(len(row) == usual[0][0]), -at)
            if best is None or score > best[0]:
                best = (score, name, at)
    if best is None:
        fault = Fault(
            where, "no line of it looks like the header of a table", f"separators that are known: {', '.join(SEPARATORS)}", "line 1"
        )
        raise InputError(str(fault), [fault])
    _, delimiter, at = best
    cut = [_fields(line, SEPARATORS[delimiter]) for line in text.split("\n")]
    after = _totals([row for row in cut[at + 1 :] if any(cell.strip() for cell in row)], len(cut[at]), vocabulary)
    layout = Layout("csv", CODECS[encoding], delimiter, at, after)
    looked = Looked(layout, encoding, _tables.read(payload, layout, None, where))
    looked.note("delimiter", "delimiter", name=delimiter, columns=len(cut[at]))
    _skipped(looked, at, after, next((line.strip() for line in reversed(text.split("\n")[:at]) if line.strip()), ""), "line")
    return looked


def _fields(line: str, sign: str) -> list[str]:
    try:
        return next(csv.reader([line.strip("\r")], delimiter=sign), [])
    except csv.Error:
        return []


def _could_be_header(row: Sequence[str]) -> bool:
    names = [cell.strip() for cell in row]
    some = [name for name in names if name]
    return (
        len(some) >= max(2, len(names) - 2)
        and sum(bool(re.search(r"[^\W\d_]", name)) for name in some) >= 0.8 * len(some)
        and len(set(some)) >= 0.7 * len(some)
    )


def _totals(rows: Sequence[Sequence[str]], width: int, vocabulary: Vocabulary) -> int:
    """Return how many of the last rows are a total, or a remark, and no rows."""
    words = {plain(one) for one in vocabulary.totals}
    count = 0
    for row in reversed(rows[-5:]):
        first = next((plain(cell.split(":")[0].split("：")[0]) for cell in row if cell.strip()), "")
        starts = any(first.startswith(word) and not word.isascii() for word in words)
        if first in words or starts or (len(row) == 1 and width > 2):
            count += 1
        else:
            break
    return count


def _skipped(looked: Looked, before: int, after: int, last: str, noun: str) -> None:
    if before:
        looked.note("skip", f"skip-before-{noun}", count=before, last=last[:60])
    if after:
        looked.note("skip", f"skip-after-{noun}", count=after)


# --- JSON -------------------------------------------------------------------------------------------------------------------------


def _document(text: str, payload: bytes, encoding: str, where: str) -> Looked | None:
    """Return the table of a JSON document, or of objects a line; `None` where the text is neither."""
    codec = CODECS[encoding]
    try:
        value = _json.loads(text)
    except ValueError:
        lines = [line for line in text.split("\n") if line.strip()][:20]
        if len(lines) > 1 and _objects(lines[:2]):
            looked = Looked(Layout("ndjson", codec), encoding, _tables.read(payload, Layout("ndjson", codec), None, where))
            looked.note("format", "format-ndjson")
            return looked
        if text.lstrip().startswith(("[{", "{")) or _objects(lines[:1]):
            _nested.document(text, None, where)  # says what is wrong with it
        return None
    found = sorted(_nested.lists(value), key=lambda one: len(one[1]) * max(len(row) for row in one[1][:20]), reverse=True)
    if not found:
        if isinstance(value, dict) and len(text.strip().split("\n")) == 1:
            return Looked(
                Layout("ndjson", codec),
                encoding,
                _tables.read(payload, Layout("ndjson", codec), None, where),
                {"format": [Note("format-ndjson")]},
            )
        fault = Fault(
            where, "is JSON without a list of objects", "a table is a list: [{...}, {...}], wherever in the document it stands"
        )
        raise InputError(str(fault), [fault])
    path, items = found[0]
    layout = Layout("json", codec, rows=path or None)
    looked = Looked(layout, encoding, _tables.read(payload, layout, None, where))
    looked.note("format", "format-json")
    if path:
        others = ", ".join(one for one, _ in found[1:]) or "-"
        looked.note("rows", "rows", path=path, count=len(items), others=others)
    if isinstance(value, dict) and (paged := _paged(value, len(items))):
        looked.note("rows" if path else "format", "paged", name=paged)
    return looked


def _objects(lines: Iterable[str]) -> bool:
    try:
        return all(isinstance(_json.loads(line), dict) for line in lines)
    except ValueError:
        return False


def _paged(value: Mapping[str, Any], count: int, before: str = "") -> str | None:
    """Return the key that says that there is more than this answer holds."""
    for key, below in value.items():
        name = plain(key)
        more = (
            (name in ("next", "nextlink", "nextpage", "nexttoken", "nextpagetoken", "nextcursor") and bool(below))
            or (name in ("total", "totalcount", "count", "totalelements") and isinstance(below, int) and below > count)
            or (name in ("hasmore", "hasnextpage", "truncated") and below is True)
        )
        if isinstance(below, dict):
            if told := _paged(below, count, f"{before}{key}."):
                return told
        elif more:
            return f"{before}{key}"
    return None


# --- workbooks --------------------------------------------------------------------------------------------------------------------


def _workbook(payload: bytes, vocabulary: Vocabulary, where: str) -> Looked:
    book = _xlsx.opened(payload, where)
    known = vocabulary.names()
    best: tuple[tuple[int, int, int], _xlsx.Sheet, int, _cells.Grid] | None = None
    for place, sheet in enumerate([one for one in book.sheets if one.visible][:12] or book.sheets[:1]):
        grid = _cells.read(book, sheet, where)
        for number in [one for one in sorted(grid.rows) if one <= LINES]:
            row = [grid.rows[number].get(at, "") for at in range(max(grid.rows[number]) + 1)]
            if len([cell for cell in row if cell.strip()]) < 2 or not _could_be_header([cell for cell in row if cell.strip()]):
                continue
            score = (sum(plain(cell) in known for cell in row), -place, -number)
            if best is None or score > best[0]:
                best = (score, sheet, number, grid)
    if best is None:
        raise _xlsx.refused(where, "no row of its sheets looks like the header of a table", "export it with a header")
    _, sheet, number, grid = best
    below = [list(grid.rows[one].values()) for one in sorted(grid.rows) if one > number]
    after = _totals([row for row in below if any(cell.strip() for cell in row)], len(grid.rows[number]), vocabulary)
    # The rows above the header that are blank are left out anyway.
    above = [one for one in grid.rows if one < number and any(cell.strip() for cell in grid.rows[one].values())]
    before = number - 1 if above else 0
    several = len(book.sheets) > 1
    layout = Layout("xlsx", before=before, after=after, sheet=sheet.name.strip() if several else None)
    looked = Looked(layout, "utf-8", _tables.read(payload, layout, None, where))
    looked.note("format", "format-xlsx")
    if several:
        looked.note("sheet", "sheet", sheet=sheet.name, others=", ".join(one.name for one in book.sheets if one is not sheet))
    _skipped(looked, before, after, " ".join(grid.rows[above[-1]].values()) if above else "", "row")
    return looked
