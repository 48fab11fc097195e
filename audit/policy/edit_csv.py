"""Edits of a CSV list of assets, cell by cell: rows without an edit stay as they are, letter by letter."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit.errors import InputError

_COLUMNS = ("name", "unit", "data_class", "tier", "site", "medium", "in_service", "subjects", "inventories", "known_as")
_PAIRS = {"subjects": ("source", "subject"), "inventories": ("inventory", "key")}


class CsvEdits:
    """Collects edits of one text."""

    def __init__(self, text: str) -> None:
        """`text` is a file that can be read, or empty."""
        self._lines = list(_records(text)) if text.strip() else [",".join(_COLUMNS) + "\n"]
        self._head = next(number for number, line in enumerate(self._lines) if line.strip())
        self._names = [cell.strip() for cell in next(csv.reader(io.StringIO(self._lines[self._head], newline="")))]
        self._added: list[str] = []
        self._rows = [
            number
            for number, line in enumerate(self._lines)
            if number > self._head and any(cell.strip() for row in csv.reader(io.StringIO(line, newline="")) for cell in row)
        ]
        self._ending = "\r\n" if self._lines[self._head].endswith("\r\n") else "\n"

    def append(self, index: int, part: int | None, key: str, items: Sequence[Any]) -> None:
        """Add items to the list of a cell."""
        if part is not None:
            raise InputError("parts cannot be written as CSV: move the asset to assets.yaml")
        told = "; ".join(_piece(key, item) for item in items)
        self._change(index, key, lambda before: f"{before.rstrip().rstrip(';')}; {told}" if before.strip() else told)

    def fill(self, index: int, key: str, text: str) -> None:
        """Say a cell that is empty."""
        self._change(index, key, lambda _: text)

    def replace(self, index: int, key: str, text: str) -> None:
        """Say something else in a cell."""
        self._change(index, key, lambda _: text)

    def add(self, item: Mapping[str, Any]) -> None:
        """Add a row at the end."""
        told = {key: _cell(key, value) for key, value in item.items()}
        for key in told:
            self._column(key)
        if not self._lines[-1].endswith(("\n", "\r")):
            self._lines[-1] += self._ending
        self._rows.append(len(self._lines))
        self._lines.append(",".join(_quoted(told.get(name, "")) for name in self._names) + self._ending)

    def text(self) -> str:
        """Return the text with all edits."""
        return "".join(self._lines)

    def _column(self, key: str) -> int:
        if key not in self._names:
            self._names.append(key)
            self._lines[self._head] = _with_end(self._lines[self._head], lambda line: f"{line},{key}")
        return self._names.index(key)

    def _change(self, index: int, key: str, change: Any) -> None:
        column, number = self._column(key), self._rows[index]

        def changed(line: str) -> str:
            fields = list(_fields(line))
            fields += [""] * (column + 1 - len(fields))
            before = next(csv.reader(io.StringIO(fields[column], newline="")), [""])
            fields[column] = _quoted(change(before[0] if before else ""))
            return ",".join(fields)

        self._lines[number] = _with_end(self._lines[number], changed)


def _records(text: str) -> Iterator[str]:
    """Yield the text of each record, with its end."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(iter(lines))
    begin = 0
    for _ in reader:
        yield "".join(lines[begin : reader.line_num])
        begin = reader.line_num


def _fields(line: str) -> Iterator[str]:
    """Yield the fields of a record as they are written, quotes and blanks included."""
    begin, quoted = 0, False
    for place, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            yield line[begin:place]
            begin = place + 1
    yield line[begin:]


def _with_end(line: str, change: Any) -> str:
    body = line.rstrip("\r\n")
    return str(change(body)) + line[len(body) :]


def _piece(key: str, item: Any) -> str:
    if key in _PAIRS:
        first, second = (str(item[name]) for name in _PAIRS[key])
        told = f"{first}={second}"
        clean = "=" not in first and first == first.strip() and second == second.strip()
    else:
        told, clean = str(item), str(item) == str(item).strip()
    if ";" in told or not clean:
        raise InputError(f"`{told}` cannot be written in a cell of a table: it needs assets.yaml")
    return told


def _cell(key: str, value: Any) -> str:
    return "; ".join(_piece(key, item) for item in value) if isinstance(value, list | tuple) else str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(character in text for character in ',"\r\n') else text
