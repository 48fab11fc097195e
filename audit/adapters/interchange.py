"""Interchange format (NDJSON and CSV): any tool's catalogs and job logs, brought in under the product's own words.

Formats read: NDJSON, one record a line with `"record": "recovery_point" | "run" | "listing"`; CSV with a header of field names, one
kind a file (or a column `record`). The fields are those of `audit/model/facts.py`; the format in full is in docs/interchange.md.

Time semantics: RFC 3339; a time without offset takes the source's time zone (`_time`).
A chain: `base` names the id of the point that a point needs.
Proof of deletion: `deleted_at`, or a complete listing that lacks the point.

Tested against: the examples of docs/interchange.md, and a thousand damaged ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches

import polars as pl

from audit.adapters import _lines, _table, _text, _whole
from audit.adapters._listing import based, from_envelope, pure_log
from audit.adapters._lost import ANYTHING, lost, without
from audit.adapters._typed import fields, shown, typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import SCHEMAS, Facts

TESTED_AGAINST = "own"
KINDS = tuple(SCHEMAS)
COPY_OF = {f"copy_of.{name}": f"copy_of_{name}" for name in _lines.COPY_OF} | {"copy_of": "copy_of_id"}
"""Columns of CSV that name the original of a copy, and the field each one fills."""

_NAMES = frozenset().union(*(fields(kind) for kind in KINDS))
_CORE = {
    "listing": ({"listed_at"}, {"covers_from"}, {"complete"}),
    "run": ({"kind", "outcome"},),
    "recovery_point": ({"captured_at"}, {"available_at"}),
}
_RECORD = re.compile(rb'"record"\s*:\s*"(?:recovery_point|run|listing)"')
_TELLING = {
    "record",
    "captured_at",
    "available_at",
    "captured_until",
    "listed_at",
    "covers_from",
    "outcome",
    "self_contained",
    "immutable_until",
    "deleted_at",
}


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """NDJSON whose lines say `"record"`, or CSV whose header is made of the format's field names."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"["):
        return any(_RECORD.search(line) for line in text.splitlines()[:50] if line.lstrip()[:1] in (b"{", b"["))
    names = set(_table.header(text.splitlines()[0].decode("utf-8", "replace"))) if text else set()
    known = names & (_NAMES | COPY_OF.keys() | {"record"})
    return len(known) >= 2 and 2 * len(known) >= len(names) and bool(known & _TELLING)


@dataclass(slots=True)
class _Reading:
    """What was read of a payload so far: a raw frame a kind, faults, how many rows of unknown kind were lost, and whether it is a
    table of points without rows.
    """

    raw: dict[str, pl.DataFrame]
    loose: bool
    empty_table: bool = False
    faults: list[Fault] = field(default_factory=list)
    unread: int = 0


def whole(payload: bytes) -> bytes:
    """CSV that ends in the midst of a line may have been cut off, and half of an id is another id: whoever writes it ends every line. NDJSON says itself where
    a record ends.
    """
    return payload if payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else _whole.lines(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a whole payload. Raises `InputError` when it cannot be used as a whole; a bad row is a fault of its own."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    start = text.lstrip()[:1]
    if start == "[":
        fault = Fault(where, "is a JSON array, not one record a line", f"convert it first: jq -c '.[]' {where}")
        raise InputError(str(fault), [fault])
    reading = _ndjson(text, where) if start == "{" else _csv(text, where)
    frames: dict[str, pl.DataFrame] = {}
    gone = [ANYTHING if reading.unread else ANYTHING.clear()]
    faults = reading.faults
    for kind in KINDS:
        raw = reading.raw.get(kind, pl.DataFrame(schema={"locator": pl.String()}))
        result = typed(kind, raw, envelope, loose=reading.loose)
        frames[kind] = result.frame
        faults += result.faults
        gone.append(lost(result.unread, kind))
    frames["listing"] = _listings(frames, envelope, reading)
    points = based(frames["recovery_point"], frames["listing"])
    facts = Facts(points, frames["run"], frames["listing"], tuple(faults))
    return without(facts, pl.concat(gone), where)


def _ndjson(text: str, where: str) -> _Reading:
    lines = _lines.read(text, _NAMES | {"record"}, where)
    reading = _Reading({}, loose=False, faults=lines.faults, unread=lines.unread)
    for key, line in lines.unknown.items():
        reading.faults.append(_unknown(where, key, sorted(_NAMES | {"copy_of", "record"}), f"line {line}"))
    _split(lines.raw, where, reading)
    return reading


def _csv(text: str, where: str) -> _Reading:
    names = _table.header(text)
    if not set(names) & (_NAMES | COPY_OF.keys() | {"record"}):
        raise InputError(*_no_header(where, text))
    table = _table.read(text, where)
    meant = [COPY_OF.get(name, name) for name in names]
    twice = sorted({name for name, field in zip(names, meant, strict=True) if meant.count(field) > 1})
    if twice:
        fault = Fault(where, f"the columns {', '.join(twice)} mean the same", "give the original of a copy once", "line 1")
        raise InputError(str(fault), [fault])
    raw = table.raw.rename({name: field for name, field in zip(names, meant, strict=True) if name != field})
    reading = _Reading({}, loose=True, faults=table.faults, unread=table.unread)
    if "record" not in names:
        kind = _kind_of(names, where)
        reading.empty_table = kind == "recovery_point" and raw.is_empty() and not table.unread
        allowed = sorted(fields(kind) | COPY_OF.keys()) if kind == "recovery_point" else sorted(fields(kind))
        reading.faults += [_unknown(where, name, allowed, "line 1") for name in names if name not in allowed]
        reading.raw[kind] = _located(raw)
        return reading
    known = sorted(_NAMES | COPY_OF.keys() | {"record"})
    reading.faults += [_unknown(where, name, known, "line 1") for name in names if name not in known]
    _split(raw, where, reading)
    return reading


def _no_header(where: str, text: str) -> tuple[str, list[Fault]]:
    first = text.lstrip().split("\n", 1)[0]
    separator = next((name for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")) if sign in first), None)
    what = f"its fields are separated by {separator}" if separator else "its first line is no header of field names"
    fault = Fault(
        where,
        what,
        "write a first line such as: id,subject,repository,captured_at,available_at (commas between the fields)",
        "line 1",
    )
    return str(fault), [fault]


def _kind_of(names: list[str], where: str) -> str:
    """Tell the kind of a CSV file without a column `record` by its header."""
    given = set(names)
    fits = [kind for kind, cores in _CORE.items() if any(core <= given for core in cores)]
    if not fits:
        own = {kind: fields(kind) - frozenset().union(*(fields(other) for other in KINDS if other != kind)) for kind in KINDS}
        fits = [kind for kind in KINDS if given & own[kind]]
    if len(fits) == 1:
        return fits[0]
    what = (
        f"the header fits {' and '.join(fits)}"
        if fits
        else "the header does not tell whether the rows are recovery points, runs or listings"
    )
    fault = Fault(
        where, what, "add a column `record` with recovery_point, run or listing in each row, or write one kind a file", "line 1"
    )
    raise InputError(str(fault), [fault])


def _split(raw: pl.DataFrame, where: str, reading: _Reading) -> None:
    """Divide rows by their kind; a row of no kind is a fault."""
    record = (
        raw["record"].str.strip_chars()
        if "record" in raw.columns
        else pl.Series("record", [None], dtype=pl.String).new_from_index(0, raw.height)
    )
    raw = raw.with_columns(record)
    for kind in KINDS:
        rows = raw.filter(record == kind)
        reading.raw[kind] = _located(rows)
        used = [
            name for name in rows.columns if name in _NAMES and name not in fields(kind) and rows[name].null_count() < rows.height
        ]
        for name in used:
            line = rows.filter(pl.col(name).is_not_null())["line"][0]
            reading.faults.append(_unknown(where, name, sorted(fields(kind)), f"line {line}", of=kind))
    strange = raw.filter(~record.is_in(KINDS).fill_null(value=False))
    for line, value in strange.select("line", "record").iter_rows():
        near = get_close_matches(value or "", KINDS, n=1)
        what = f"{shown(value)} is not a kind of record" if value else "this row does not say what it is: `record` is missing"
        reading.faults.append(Fault(where, what, f"write {' or '.join(near or KINDS)}", f"line {line}", "record"))
    reading.unread += strange.height


def _located(raw: pl.DataFrame) -> pl.DataFrame:
    return raw.with_columns(locator=pl.format("line {}", "line")).drop("line")


def _unknown(where: str, key: str, known: list[str], locator: str, of: str = "") -> Fault:
    near = get_close_matches(key, known, n=1)
    what = f"{shown(key)} is not a field{' of a ' + of if of else ''}; it was not read"
    return Fault(
        where, what, f"did you mean {near[0]!r}?" if near else f"the fields are {', '.join(known)}", locator, key, level="warning"
    )


def _listings(frames: dict[str, pl.DataFrame], envelope: Envelope, reading: _Reading) -> pl.DataFrame:
    """Complete the listing lines from the envelope; where there is none, the envelope itself may say that the points are a
    listing.
    """
    given = frames["listing"]
    if given.is_empty() and not reading.raw.get("listing", given).height:
        return from_envelope(frames["recovery_point"], envelope, empty_table=reading.empty_table)
    return given.with_columns(
        listed_at=pl.when(~pure_log()).then(
            pl.col("listed_at").fill_null(pl.lit(envelope.observed_at, SCHEMAS["listing"]["listed_at"]))
        ),
        complete=pl.col("complete").fill_null(value=False),
    )
