"""CSV into frames of strings: the whole file with Polars where it is sound, line by line where it is not.

Polars fills short rows and knows no line numbers. So the file is counted first: when separators and line ends add up and every quoted
line is well formed, each row has all its fields and row n stands in line n + 1. Otherwise its lines are told apart: those that are whole rows are still read as columns, and
Python's strict reader goes through the rows that begin in a line whose quotes do not close in it. Each bad row is a fault.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

import polars as pl

from audit.errors import Fault, InputError

LONGEST_FIELD = 200
"""A quoted field over more lines than this is taken for a quote that was never closed."""

_HEADER = 64 * 1024


@dataclass(slots=True)
class Table:
    """`raw`: a String column a header field, and `line` (the header is line 1). `unread`: number of rows left out."""

    raw: pl.DataFrame
    faults: list[Fault] = field(default_factory=list)
    unread: int = 0


def header(text: str, separator: str = ",") -> list[str]:
    """Return the field names of the first line that is not blank, trimmed. No names: no header."""
    lines = io.StringIO(text[:_HEADER], newline="").readlines()
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return []
    try:  # a quoted name may go on over several lines, as spreadsheets write it
        return [
            name.strip() for name in next(csv.reader(iter(lines[first : first + LONGEST_FIELD]), delimiter=separator, strict=True))
        ]
    except csv.Error:
        return []


def read(text: str, where: str) -> Table:
    """Read CSV text with a header line. Raises `InputError` when the header itself cannot be used."""
    names = header(text)
    if not names:
        raise InputError(*_refused(where, "has no header that can be read", "export it again with the names of its columns"))
    _usable(names, where)
    return rows(text, names, where)


def rows(text: str, names: list[str], where: str, separator: str = ",", before: int = 0) -> Table:
    """Read CSV text whose first line is a header, under these names (all different), one a column.

    `before`: how many lines of the file stand before the text; they count in the lines that are told.
    """
    if "line" in names:
        raise InputError(*_refused(where, "a column is called `line`, as the number of a row's line is", "give it another name"))
    # Names of columns are anything, also `*` and `^x$`, which mean something to Polars.
    own = [str(place) for place in range(len(names))]
    table = _fast(text, own, separator) or _exact(text, own, where, separator, before)
    # Spreadsheets end in rows of nothing but separators.
    filled = table.raw.filter(pl.any_horizontal(pl.col(own).str.contains(r"\S"))).with_columns(pl.col("line") + before)
    table.raw = filled.rename(dict(zip(own, names, strict=True)))
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


def _fast(text: str, names: list[str], separator: str = ",") -> Table | None:
    payload, sign = text.encode(), separator.encode()
    rows = payload.count(b"\n") + (not payload.endswith(b"\n")) - 1
    if rows < 1 or payload.count(b"\r") != payload.count(b"\r\n") or payload[:1] in b"\r\n \t":
        return None
    try:
        raw = pl.read_csv(payload, infer_schema=False, new_columns=names, raise_if_empty=False, separator=separator)
    except pl.exceptions.PolarsError:
        return None
    if raw.height != rows or raw.columns != names:
        return None
    inside = 0
    if b'"' in payload:
        options = {"has_header": False, "separator": "\x01", "quote_char": None, "infer_schema": False}
        lines = pl.read_csv(payload, **options).to_series() if b"\x01" not in payload else None  # type: ignore[arg-type]
        if lines is None or not lines.filter(lines.str.contains('"', literal=True)).str.contains(_quoted_line(separator)).all():
            return None
        inside = int(sum(raw[name].str.count_matches(separator, literal=True).sum() for name in names))
        inside += sum(name.count(separator) for name in _header_fields(text, separator))
    if payload.count(sign) != (len(names) - 1) * (rows + 1) + inside:
        return None
    return Table(raw.with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.UInt32)))


def _quoted_line(separator: str) -> str:
    """Return the pattern of a line of which every field that has a quote is quoted as a whole."""
    plain, quoted = rf'[^"{separator}]*', r'"(?:[^"]|"")*"'
    return rf"^(?:{plain}|{quoted})(?:[{separator}](?:{plain}|{quoted}))*\r?$"


def _header_fields(text: str, separator: str) -> list[str]:
    return next(csv.reader([text.split("\n", 1)[0]], delimiter=separator))


def _exact(text: str, names: list[str], where: str, separator: str = ",", before: int = 0) -> Table:
    """Read a table in which something is not plain: one by one only the rows that begin in a line whose quotes do not close in it."""
    texts = io.StringIO(text, newline="").readlines()
    lines = _lines(texts, separator)
    start = next(at for at, line in enumerate(texts) if line.strip())
    start += _row(texts, start, separator)[1]
    odd, used = _odd_rows(texts, lines, start, separator)
    rest = lines.filter((pl.col("at") >= start) & ~pl.col("at").is_in(used) & pl.col("text").str.contains(r"\S"))
    right = pl.col("fields") == len(names)
    frames = [
        _plain(rest.filter(right & ~pl.col("quoted")), names, separator),
        _quoted(rest.filter(right & pl.col("quoted")), names, separator),
    ]
    wrong = [(at, _count(fields, names)) for at, fields in rest.filter(~right).select("at", "fields").iter_rows()]
    good = []
    for at, row, problem in odd:
        if problem is None and row is not None and len(row) == len(names):
            good.append([at, *row])
        else:
            wrong.append((at, problem or _count(len(row or ()), names)))
    schema = {"at": pl.UInt32(), **dict.fromkeys(names, pl.String())}
    frames.append(pl.DataFrame(good, schema=schema, orient="row"))
    raw = pl.concat(frames).sort("at").select((pl.col("at") + 1).cast(pl.UInt32).alias("line"), *names)
    remedy = "write one field for each column; quote fields that contain a separator, a quote or a line end"
    faults = [Fault(where, problem, remedy, f"line {at + 1 + before}") for at, problem in sorted(wrong)]
    return Table(raw, faults, len(wrong))


def _lines(texts: list[str], separator: str) -> pl.DataFrame:
    """Return the lines without their ends: `at` (the first is 0), `text`, `quoted` (has a quote), `odd` (has one that does not close in it), `fields`."""
    text = pl.col("text")
    outside = pl.when("quoted").then(text.str.replace_all(r'"(?:[^"]|"")*"', "")).otherwise(text)
    return (
        pl.DataFrame({"text": pl.Series(texts, dtype=pl.String).str.strip_chars_end("\r\n")})
        .with_row_index("at")
        .with_columns(quoted=text.str.contains('"', literal=True))
        .with_columns(
            odd=pl.col("quoted") & ~text.str.contains(_quoted_line(separator)),
            fields=outside.str.count_matches(separator, literal=True) + 1,
        )
    )


def _odd_rows(
    texts: list[str], lines: pl.DataFrame, start: int, separator: str
) -> tuple[list[tuple[int, list[str] | None, str | None]], pl.Series]:
    """Return place, fields and problem of each row that begins in an odd line, and the places of all lines that such rows take up."""
    rows: list[tuple[int, list[str] | None, str | None]] = []
    used: list[int] = []
    behind = start
    for at in lines.filter("odd")["at"]:
        if at < behind:
            continue
        row, taken, problem = _row(texts, at, separator)
        rows.append((at, row, problem))
        behind = at + taken
        used.extend(range(at, behind))
    return rows, pl.Series("used", used, dtype=pl.UInt32).implode()


def _plain(lines: pl.DataFrame, names: list[str], separator: str) -> pl.DataFrame:
    cells = lines["text"].str.split(separator)
    return lines.select("at").with_columns(cells.list.get(place).alias(name) for place, name in enumerate(names))


def _quoted(lines: pl.DataFrame, names: list[str], separator: str) -> pl.DataFrame:
    if lines.is_empty():
        return _plain(lines, names, separator)
    payload = "\n".join(lines["text"]).encode()
    cells = pl.read_csv(payload, has_header=False, infer_schema=False, new_columns=names, separator=separator)
    return lines.select("at").hstack(cells.fill_null(""))


def _count(fields: int, names: list[str]) -> str:
    return f"this row has {fields} fields, the header has {len(names)}"


def _row(lines: list[str], at: int, separator: str) -> tuple[list[str] | None, int, str | None]:
    """Read the row that begins at a line: its fields, how many lines it took, and what is wrong with it."""
    reader = csv.reader(iter(lines[at : at + LONGEST_FIELD]), delimiter=separator, strict=True)
    try:
        return next(reader), reader.line_num, None
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None, 1, "a quote is opened in this row and never closed"
        return None, 1, f"this row is not CSV: {error}"
