"""CSV into frames of strings: the whole file with Polars where it is sound, row by row where it is not.

Polars fills short rows and knows no line numbers. So the file is counted first: when commas and line ends add up and every quoted
line is well formed, each row has all its fields and row n stands in line n + 1. Otherwise Python's strict reader goes through it,
with a fault for each bad row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from audit.errors import Fault, InputError

LONGEST_FIELD = 200
"""A quoted field over more lines than this is taken for a quote that was never closed."""

_HEADER = 64 * 1024
_QUOTED_LINE = r'^(?:[^",]*|"(?:[^"]|"")*")(?:,(?:[^",]*|"(?:[^"]|"")*"))*\r?$'


@dataclass(slots=True)
class Table:
    """`raw`: a String column a header field, and `line` (the header is line 1). `unread`: number of rows left out."""

    raw: pl.DataFrame
    faults: list[Fault] = field(default_factory=list)
    unread: int = 0


def header(text: str) -> list[str]:
    """Return the field names of the first line that is not blank, trimmed. No names: no header."""
    for line in text[:_HEADER].lstrip("\r\n\t ").splitlines()[:1]:
        try:
            return [name.strip() for name in next(csv.reader([line], strict=True))]
        except csv.Error:
            return []
    return []


def read(text: str, where: str) -> Table:
    """Read CSV text with a header line. Raises `InputError` when the header itself cannot be used."""
    names = header(text)
    _usable(names, where)
    table = _fast(text, names) or _exact(text, names, where)
    # Spreadsheets end in rows of nothing but commas.
    table.raw = table.raw.filter(pl.any_horizontal(pl.col(names).is_not_null() & (pl.col(names) != "")))
    return table


def _usable(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InputError(
            *_refused(where, f"the header names {', '.join(map(repr, twice))} twice", "give each column a name of its own")
        )
    if any(not name for name in names):
        raise InputError(
            *_refused(where, f"column {names.index('') + 1} of the header has no name", "name every column, or leave it out")
        )


def _refused(where: str, what: str, remedy: str) -> tuple[str, list[Fault]]:
    fault = Fault(where, what, remedy, "line 1")
    return str(fault), [fault]


def _fast(text: str, names: list[str]) -> Table | None:
    payload = text.encode()
    rows = payload.count(b"\n") + (not payload.endswith(b"\n")) - 1
    if rows < 1 or payload.count(b"\r") != payload.count(b"\r\n") or payload[:1] in b"\r\n \t":
        return None
    try:
        raw = pl.read_csv(payload, infer_schema=False, new_columns=names, raise_if_empty=False)
    except pl.exceptions.PolarsError:
        return None
    if raw.height != rows or raw.columns != names:
        return None
    inside = 0
    if b'"' in payload:
        options = {"has_header": False, "separator": "\x01", "quote_char": None, "infer_schema": False}
        lines = pl.read_csv(payload, **options).to_series() if b"\x01" not in payload else None  # type: ignore[arg-type]
        if lines is None or not lines.filter(lines.str.contains('"', literal=True)).str.contains(_QUOTED_LINE).all():
            return None
        inside = int(sum(raw[name].str.count_matches(",", literal=True).sum() for name in names))
        if ',"' in text.split("\n", 1)[0] or text.startswith('"'):
            return None  # a quoted header may hold commas of its own
    if payload.count(b",") != (len(names) - 1) * (rows + 1) + inside:
        return None
    return Table(raw.with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.UInt32)))


def _exact(text: str, names: list[str], where: str) -> Table:
    table = Table(pl.DataFrame())
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, row, problem in _rows(text):
        if problem is None and row is not None and len(row) != len(names):
            problem = f"this row has {len(row)} fields, the header has {len(names)}"
        if problem is None and row is not None:
            rows.append(row)
            lines.append(line)
            continue
        table.faults.append(
            Fault(
                where,
                problem or "",
                "write one field for each column; quote fields that contain a comma, a quote or a line end",
                f"line {line}",
            )
        )
        table.unread += 1
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    given = {name: pl.Series(column, dtype=pl.String) for name, column in zip(names, columns, strict=True)}
    table.raw = pl.DataFrame({"line": pl.Series(lines, dtype=pl.UInt32), **given})
    return table


def _rows(text: str) -> Iterator[tuple[int, list[str] | None, str | None]]:
    """Yield line number, fields and problem of each row behind the header, blank lines left out."""
    lines = io.StringIO(text, newline="").readlines()
    at, header_seen = 0, False
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        row, taken, problem = _row(lines, at)
        if header_seen:
            yield at + 1, row, problem
        header_seen = True
        at += taken


def _row(lines: list[str], at: int) -> tuple[list[str] | None, int, str | None]:
    """Read the row that begins at a line: its fields, how many lines it took, and what is wrong with it."""
    if '"' not in lines[at]:
        return lines[at].rstrip("\r\n").split(","), 1, None
    reader = csv.reader(iter(lines[at : at + LONGEST_FIELD]), strict=True)
    try:
        return next(reader), reader.line_num, None
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None, 1, "a quote is opened in this row and never closed"
        return None, 1, f"this row is not CSV: {error}"
