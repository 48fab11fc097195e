"""Veeam ONE: the last backup of each machine, from the table of its report of protected machines.

Formats read: the CSV of the report "Protected VMs" (in English, with its titles above the table or without), by the columns `Virtual Machine` (or `VM Name`),
`Last Backup State` and `Last Backup Date`, and `Job Name` and `Repository` where they are there. Other reports differ by release and by the options chosen:
bring them in through a declared mapping (tabular).

Point: none. The report counts restore points and does not list them.

Time semantics: times are in the zone and culture of whoever made the report, so the source needs its zone; a table whose days and months cannot be told apart
is refused. Whether the date is the start or the end of the last backup the report does not say: it is taken as its end, and no start is claimed.

Proof of deletion: none.

Success: by `Last Backup State`, for each machine by itself. `Protected`, `RPO Met` and `Is Immutable` are Veeam ONE's own judgements and are not taken over. A
machine without a last backup carries no facts, and neither does a line in which only the first column is filled (the head of a group).

What Veeam ONE cannot show: restore points, chains, runs before the last one, until when something is immutable.

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re

import polars as pl

from audit.adapters import _cultures, _records, _table, _text, _whole
from audit.adapters._typed import typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

STATES = {"Success": "success", "Warning": "warning", "Failed": "failed", "Error": "failed", "Running": "running"}
"""`Last Backup State` of a machine."""

_NAMES = ("Virtual Machine", "VM Name")
_NEEDED = ("Last Backup State", "Last Backup Date")
_MOST_TITLES = 20
_HEADER = re.compile(rb'(?:Virtual Machine|VM Name)[^\n]*Last Backup State"?[,;]"?Last Backup Date')


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A table with the report's columns, whatever titles stand above it."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"[", b"<") and bool(_HEADER.search(head))


def whole(payload: bytes) -> bytes:
    """The report ends every row, so one without its end was cut off: half of a name or a number is another one."""
    return _whole.rows(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the report. Raises `InputError` when there is no such table in it."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    before, names, separator = _header(text)
    column = next((name for name in _NAMES if name in names), "")
    if not column or len(set(names)) < len(names) or "" in names or "line" in names:
        what = f"is no table of protected machines: it needs the columns {_NAMES[0]}, {', '.join(_NEEDED)}, each once"
        fault = Fault(where, what, "export the report Protected VMs, or declare a mapping (tabular)")
        raise InputError(str(fault), [fault])
    body = "".join(text.splitlines(keepends=True)[before:])
    table = _table.rows(body, names, where, separator, before)
    told = {"subject": column, "state": "Last Backup State", "finished_at": "Last Backup Date", "repository": "Repository"}
    rows = table.raw.select(
        *(
            pl.col(key).str.strip_chars().alias(name) if key in names else pl.lit(None, pl.String()).alias(name)
            for name, key in told.items()
        ),
        locator=pl.format("line {}", "line"),
    )
    rows = rows.with_columns(pl.when(pl.col(name) != "").then(name).alias(name) for name in told)
    rows = rows.filter(pl.col("state").is_not_null() | pl.col("finished_at").is_not_null())
    known = _records.told(rows, "state", STATES, where, "outcome")
    faults = [*table.faults, *known.faults]
    if known.rows.is_empty():
        return _records.assembled(envelope, faults)
    rows = _cultures.read(known.rows, ["finished_at"], where)
    rows = rows.with_columns(
        id=pl.concat_str("subject", pl.col("finished_at").fill_null("?"), separator="@"), kind=pl.lit("backup")
    )
    read_ = typed("run", rows, envelope)
    running = pl.col("outcome") == "running"
    runs = read_.frame.with_columns(finished_at=pl.when(~running).then("finished_at"))
    return _records.assembled(envelope, [*faults, *read_.faults], runs=runs)


def _header(text: str) -> tuple[int, list[str], str]:
    """Return how many lines stand above the header, its names, and what separates them; no names: there is none."""
    for before, line in enumerate(text.splitlines()[:_MOST_TITLES]):
        separator = ";" if line.count(";") > line.count(",") else ","
        names = _table.header(line, separator)
        if set(_NEEDED) <= set(names):
            return before, names, separator
    return 0, [], ","
