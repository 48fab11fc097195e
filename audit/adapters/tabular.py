"""Any table in CSV, XLSX or JSON, read through the mapping that is declared with its source: which column is which field, how times are written, what words mean.

Formats read: text with one record a row and a header that names the columns; fields separated by commas, semicolons, tabs or bars, quoted as RFC 4180 says
(also over several lines); UTF-8, UTF-16, GB18030 and others as declared. Sheets of XLSX workbooks: cells by their type, formulas by the value that was saved.
JSON: a list of objects, wherever it stands in a document, or an object a line, keys inside of keys with dots between them. The mapping stands in the
envelope: `ingest` puts it there as declared for the source, so that a row means for ever what it meant when it was read. docs/tabular.md explains every key.

Statuses: those of the mapping's `words`. A word that is not in it is quarantined, never guessed.
Time semantics: as the mapping says which column is which. A time without offset takes the source's time zone (`_time`); one that the zone had twice is
marked and told as a doubt. A time told to the minute is taken at its first second. `expires_at` told by the day is the end of that day, `immutable_until` its
beginning; where no listing shows the copy, an end told by the day is not read.
A chain: `base`, where the table has such a column.
Proof of deletion: `deleted_at`, or, of tables of recovery points, an envelope that says `complete` and when. Of tables of runs such an envelope says
that no run is missing, from the first end in the table on.

Tested against: tables with the columns, words and times of many tools, in English and Chinese; what a table means is declared by people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from typing import Any

import polars as pl

from audit.adapters import _formats, _sizes, _tables
from audit.adapters._listing import based, from_envelope, job_log
from audit.adapters._lost import ANYTHING, lost, without
from audit.adapters._mapping import CODECS, Column, TableMapping, read_mapping
from audit.adapters._typed import LATEST, Typed, shown, typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import INSTANT, SCHEMAS, Facts

TESTED_AGAINST = "own"
MAPPING = TableMapping
"""What a source of this tool declares as its `mapping`; `ingest` and the programme's checks find it here."""


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - a table could be anyone's
    """Claim nothing: only a declared mapping makes a table ours (`fits`)."""
    return False


def fits(payload: bytes, mapping: Mapping[str, Any]) -> bool:
    """Return whether a payload is of the format, and has every column that a mapping (as in an envelope) names."""
    try:
        told = read_mapping(mapping, "mapping")
    except InputError:
        return False
    return _tables.fits(payload, told.layout(), told.wanted())


def encoding(mapping: Mapping[str, Any]) -> str:
    """Return the codec (of Python) that a mapping, as in an envelope, declares for text without a byte order mark."""
    return CODECS.get(str(mapping.get("encoding")), "utf-8")


def shown_as(payload: bytes, mapping: Mapping[str, Any]) -> bytes | None:
    """Return the text in which a payload that is none is shown to people, a line for each row of its sheet; `None` where it is text itself."""
    try:
        told = read_mapping(mapping, "mapping")
        return _tables.drawn(payload, told.layout()) if told.format == "xlsx" else None
    except InputError:
        return None


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a whole table. Raises `InputError` when it, or its mapping, cannot be used as a whole; a bad row is a fault of its own."""
    where = envelope.name or envelope.tool
    mapping = read_mapping(envelope.mapping, where)
    table = _tables.read(payload, mapping.layout(), mapping.wanted(), where, mapping.unknown or ())
    kept, passed = _passed_over(table.raw, mapping)
    faults = list(_notes(passed, table, mapping, where))
    raw, bad, wrong = _fields(kept, mapping, where)
    faults += wrong
    kind = mapping.record
    result = typed(kind, raw.filter(~bad), envelope, loose=True)
    left_out = typed(kind, raw.filter(bad), envelope, loose=True)  # what else is wrong in them, and which listings they concern
    faults += [replace(fault, key=_column(fault.key, mapping)) for fault in (*result.faults, *left_out.faults)]
    faults = [*table.faults, *(table.placed(fault) for fault in (*faults, *_told_twice(result.frame, envelope, where)))]
    home = replace(envelope, repository=mapping.constants.get("repository", envelope.repository))
    gone = _gone(kind, result, left_out, unsure=bool(table.unread) or _repository_unread(raw.filter(bad), mapping))
    if kind == "run":
        return without(Facts(runs=result.frame, listings=job_log(result.frame, home), faults=tuple(faults)), gone, where)
    listings = from_envelope(result.frame, home, empty_table=kept.is_empty() and not table.unread)
    points, ends = _ends_by_the_day(based(result.frame, listings), kept, mapping, where)
    return without(Facts(points, listings=listings, faults=(*faults, *map(table.placed, ends))), gone, where)


def _passed_over(raw: pl.DataFrame, mapping: TableMapping) -> tuple[pl.DataFrame, list[tuple[str, int]]]:
    """Return the rows that are read, and for each column of `pass_over` how many rows it took out."""
    passed = []
    for name, marks in mapping.pass_over.items():
        marked = _trimmed(_tables.cells(raw, name)).is_in(list(marks)).fill_null(value=False)
        passed.append((name, int(marked.sum())))
        raw = raw.filter(~marked)
    return raw, passed


def _notes(passed: list[tuple[str, int]], table: _tables.Rows, mapping: TableMapping, where: str) -> Iterable[Fault]:
    for name, count in passed:
        if count:
            told = ", ".join(mapping.pass_over[name])
            yield Fault(
                where, f"{count} row(s) passed over: {name} is {told}", "as the mapping says", key="pass_over", level="warning"
            )
    if table.raw.is_empty() and not table.unread:
        yield Fault(
            where,
            "has a header and no rows",
            "check that the export was not filtered",
            table.header,
            level="warning",
        )


def _fields(table: pl.DataFrame, mapping: TableMapping, where: str) -> tuple[pl.DataFrame, pl.Series, list[Fault]]:
    """Return the table as text under the fields' names with `locator`, the mask of rows with a cell that the mapping does not cover, and a fault for each such cell."""
    locator = table["locator"]
    bad = pl.Series("bad", [False], dtype=pl.Boolean).new_from_index(0, table.height)
    faults: list[Fault] = []
    told = {}
    for field, column in mapping.columns.items():
        text = _joined(table, column, mapping, timed=SCHEMAS[mapping.record][field] == INSTANT)
        told[field], what, remedy = _converted(field, text, column, mapping)
        missed = text.is_not_null() & told[field].is_null()
        if missed.any():
            bad = bad | missed
            near = partial(_nearest, list(mapping.words.get(field, ())))
            faults += [
                Fault(where, f"{shown(value)} {what}", remedy.format(near=near(value)), place, _column(field, mapping))
                for place, value in zip(locator.filter(missed), text.filter(missed), strict=True)
            ]
    constants = [pl.lit(value, pl.String).alias(name) for name, value in mapping.constants.items()]
    return pl.DataFrame({"locator": locator, **told}).with_columns(constants), bad, faults


def _column(field: str, mapping: TableMapping) -> str:
    """Return a field's name as the table has it, so that who reads a fault finds the cell."""
    return " + ".join(mapping.columns[field].column) if field in mapping.columns else field


def _trimmed(text: pl.Series) -> pl.Series:
    """Blanks around a cell are layout, and a cell of nothing else is unknown."""
    stripped = text.str.strip_chars()
    return stripped.set(stripped == "", None) if stripped.len() else stripped


def _joined(table: pl.DataFrame, column: Column, mapping: TableMapping, *, timed: bool) -> pl.Series:
    """Return the text of a field; null where it is unknown, which joined columns are when all of them are."""
    unknown = [*(mapping.unknown or ()), *(column.unknown or ())]
    parts = []
    for name in column.column:
        text = _trimmed(_tables.cells(table, name))
        parts.append(text.set(text.is_in(unknown), None) if unknown and text.len() else text)
    if len(parts) == 1:
        return parts[0]
    frame = pl.DataFrame({str(number): part for number, part in enumerate(parts)})
    join = column.join if column.join is not None else " " if timed else "/"
    some = pl.concat_str(pl.all().fill_null(""), separator=join)
    return frame.select(pl.when(~pl.all_horizontal(pl.all().is_null())).then(some).alias("text"))["text"]


def _converted(field: str, text: pl.Series, column: Column, mapping: TableMapping) -> tuple[pl.Series, str, str]:
    """Return a field's text as `typed` reads it, null where the mapping does not cover it, and what to say of that."""
    schema = SCHEMAS[mapping.record]
    if schema[field] == INSTANT:
        formats = mapping.formats(field)
        read = _formats.normal(text, formats, day_end=field in LATEST)
        return (
            read,
            f"is not a time as the mapping says: {' or '.join(formats)}",
            "correct `times` in the mapping, or name it in `unknown`",
        )
    if field == "bytes":
        numbers = mapping.numbers
        read = _sizes.read(text, column.unit, numbers.decimal, numbers.thousands, numbers.kilo)
        return read, "is not a size as the mapping says", "correct `numbers` or `unit` in the mapping, or name it in `unknown`"
    if field in mapping.words:
        words = dict(mapping.words[field])
        return (
            text.replace_strict(words, default=None, return_dtype=pl.String),
            f"is not a word of {field} in the mapping",
            "add it to `words`{near}",
        )
    return text, "", ""


def _nearest(words: list[str], value: str) -> str:
    near = get_close_matches(value, words, n=1)
    return f"; the nearest there is {shown(near[0])}" if near else ""


def _told_twice(rows: pl.DataFrame, envelope: Envelope, where: str) -> list[Fault]:
    """Say of which rows a time had two readings, when the clocks were put back: the first few one by one, the rest as a number."""
    doubled = rows.filter("ambiguous")["locator"]
    what = f"a time that {envelope.timezone} had twice, when its clocks were put back: the later one is taken for {', '.join(sorted(LATEST))}, the earlier for others"
    remedy = "export times with their offset, or in UTC"
    told = [Fault(where, what, remedy, locator, level="warning") for locator in doubled.head(_tables.NAMED)]
    if (rest := doubled.len() - _tables.NAMED) > 0:
        told.append(Fault(where, f"{rest} more rows have {what}", remedy, level="warning"))
    return told


def _ends_by_the_day(
    points: pl.DataFrame, table: pl.DataFrame, mapping: TableMapping, where: str
) -> tuple[pl.DataFrame, list[Fault]]:
    """Leave out points that no listing shows and whose expiry is told by the day: for them it decides how long they are there, and of a day no instant is
    safe, as the earlier ones end too early what may still be there and the later ones promise what may be gone.
    """
    column = mapping.columns.get("expires_at")
    days = tuple(one for one in mapping.formats("expires_at") if _formats.is_day(one)) if column else ()
    if column is None or not days:
        return points, []
    by_day = _formats.normal(_joined(table, column, mapping, timed=True), days, day_end=True).is_not_null()
    lines = table["locator"].filter(by_day)
    unsafe = (points["basis"] == "job") & points["locator"].is_in(lines.implode())
    remedy = "say when the table was true (--observed-at): then the listing decides how long a copy is there"
    what = "the end is told by the day, of a copy that no listing shows"
    faults = [Fault(where, what, remedy, locator, _column("expires_at", mapping)) for locator in points.filter(unsafe)["locator"]]
    return points.filter(~unsafe), faults


def _repository_unread(bad: pl.DataFrame, mapping: TableMapping) -> bool:
    """Whether a row is left out of which it is not known in which repository it was: the envelope's must not take its place."""
    return "repository" in mapping.columns and bad["repository"].null_count() > 0


def _gone(kind: str, result: Typed, left_out: Typed, *, unsure: bool) -> pl.DataFrame:
    parts = [lost(rows, kind) for rows in (result.unread, left_out.frame, left_out.unread)]
    return pl.concat([ANYTHING if unsure else ANYTHING.clear(), *parts])
