"""CSV texts and sheets as rows by the names of their columns, each with its place."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from audit.adapters import _table, _text
from audit.adapters._mapping import SEPARATORS
from audit.errors import Fault, InputError
from audit.inventories import _sheets

Row = tuple[str, dict[str, str]]
"""Place and texts by column; what is empty is left out."""


@dataclass(slots=True)
class Rows:
    """A table: the names of its columns, its rows, and what could not be read."""

    names: list[str]
    rows: list[Row]
    faults: list[Fault] = field(default_factory=list)


def first_line(head: bytes, encoding: str = "utf-8") -> str:
    """Return the first line of a text that is not blank and no remark of PowerShell (`#TYPE ...`); empty when it is no text."""
    for cut in range(4):  # the head may end within a character
        try:
            text = _text.decode_as("payload", head[: len(head) - cut], encoding)
        except InputError:
            continue
        return next((line for line in io.StringIO(text) if line.strip() and not line.startswith("#TYPE")), "")
    return ""


def columns_of(head: bytes) -> tuple[str, list[str]]:
    """Return the separator and names of a header, judged by the head of a text."""
    return _split(first_line(head), ())


def _split(line: str, wanted: Collection[str]) -> tuple[str, list[str]]:
    signs = [(sign, _table.header(line, sign)) for sign in SEPARATORS.values()]
    return max(signs, key=lambda one: (len(set(wanted) & set(one[1])), len(one[1])))


def from_csv(payload: bytes, where: str, *, encoding: str = "utf-8", separator: str = "", before: int = 0, after: int = 0,
             wanted: Collection[str] = ()) -> Rows:  # fmt: skip
    """Read a table of text. `before`, `after`: lines that are no part of it. `wanted`: columns by which the separator is told."""
    text = _text.decode_as(where, payload, encoding)
    start = 0
    for _ in range(before):
        start = text.find("\n", start) + 1 or len(text)
    while text[start:].startswith("#TYPE"):
        start, before = text.find("\n", start) + 1 or len(text), before + 1
    body = text[start:]
    for _ in range(after):
        body = body.rstrip()
        body = body[: body.rfind("\n") + 1]
    if not body.strip():
        raise _no_header(where, before + 1)
    sign, names = (separator, _table.header(body, separator)) if separator else _split(body, wanted)
    own = [str(place) for place in range(len(names))]
    table = _table.rows(body, own, where, sign, before)
    found: list[Row] = []
    for line, *cells in table.raw.select("line", *own).iter_rows():
        found.append((f"line {line}", _by_name(names, cells)))
    return Rows(names, found, [*table.faults, *_twice(names, where, f"line {before + 1}", wanted)])


def from_sheet(payload: bytes, where: str, sheet: str | None = None, *, before: int = 0, after: int = 0,
               wanted: Collection[str] = ()) -> Rows:  # fmt: skip
    """Read a sheet of a workbook. `before`, `after`: rows that are no part of the table."""
    rows = [(number, texts) for number, texts in _sheets.rows(payload, where, sheet) if number > before]
    if not rows:
        raise _no_header(where, before + 1)
    number, names = rows[0]
    body = rows[1 : len(rows) - after]
    found = [(f"row {at}", _by_name(names, texts)) for at, texts in body]
    return Rows(names, found, _twice(names, where, f"row {number}", wanted))


def _by_name(names: list[str], cells: Iterable[str | None]) -> dict[str, str]:
    told: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=False):
        text = (cell or "").strip()
        if text and name:
            told.setdefault(name, text)
    return told


def _twice(names: list[str], where: str, locator: str, wanted: Collection[str]) -> list[Fault]:
    twice = sorted({name for name in names if name and names.count(name) > 1 and name in wanted})
    return [
        Fault(
            where,
            f"the column {name!r} stands there twice",
            "the first that says something is read",
            locator,
            name,
            level="warning",
        )
        for name in twice
    ]


def _no_header(where: str, line: int) -> InputError:
    fault = Fault(where, "has no header: nothing stands there", "export it again, or correct `skip` in the mapping", f"line {line}")
    return InputError(str(fault), [fault])
