"""`bpdbjobs -report -all_columns`: 32 columns, the files of the job, its attempts, and what follows them."""

from __future__ import annotations

import re

import polars as pl

from audit.adapters import _formats, _records
from audit.adapters.veritas_netbackup._words import JOB_TYPES, runs
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

_FIELD = re.compile(r"(?:[^\\,]|\\.)*\\?")
_COLUMNS = {
    "id": 0,
    "type": 1,
    "state": 2,
    "status": 3,
    "policy": 4,
    "label": 5,
    "client": 6,
    "started_at": 8,
    "finished_at": 10,
    "unit": 11,
    "kilobytes": 14,
    "schedule": 22,
}
_FILES = 31
"""The column that says how many files follow; the attempts come behind them."""
_ATTEMPT, _ATTEMPT_LINES = 11, 8
"""An attempt has so many columns, one of which says how many lines it has besides."""
_BACKUP_ID = re.compile(r".*_[0-9]{10}\Z")
_POOL = re.compile(r"DiskPool=([^;]+).*?StorageServer=([^;]+)")
_COUNT = re.compile(r"C([0-9]+)\s*\Z")
_ESCAPED = re.compile(r"\\(.)")
_REMEDY = "copy the whole output and ingest it again"


def read(text: str, envelope: Envelope) -> Facts:
    """Read one job a line; a line that is none is a fault."""
    where = envelope.name or envelope.tool
    faults: list[Fault] = []
    columns: dict[str, list[str | None]] = {name: [] for name in (*_COLUMNS, "repository", "recovery_point", "parent", "locator")}
    parents: set[str] = set()
    expected: int | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or re.fullmatch(r"-[0-9]+\s*", line):
            continue  # "-48211": this job was removed from the log
        if number == 1 and (count := _COUNT.match(line)):
            expected = int(count[1][:18])
            continue
        fields, tail, attempts = _parts(line.rstrip("\r"))
        if tail is None:
            faults.append(Fault(where, "this line is no job: its columns do not add up", _REMEDY, f"line {number}"))
            continue
        for name, place in _COLUMNS.items():
            columns[name].append(fields[place])
        backup_id = next((each for each in tail[13:] if _BACKUP_ID.match(each)), None)
        pool = _POOL.search(attempts)
        columns["repository"].append(f"{pool[2]}:{pool[1]}" if pool else fields[11].strip() or None)
        columns["recovery_point"].append(backup_id)
        columns["parent"].append("true" if fields[5].strip() == "-" and backup_id is None else None)
        columns["locator"].append(f"line {number}")
        if tail and tail[0] != fields[0]:
            parents.add(tail[0])
    told = len(columns["locator"]) + len(faults)
    if expected is not None and expected != told:
        faults.append(Fault(where, f"it says that it holds {expected} jobs, and holds {told}", _REMEDY, "line 1"))
    elif not told:
        faults.append(
            Fault(
                where,
                "this is no output of NetBackup that is known",
                "ingest bpdbjobs -report -all_columns, bpimagelist -l or bpimmedia -l",
            )
        )
    rows = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    starts_others = pl.col("id").is_in(list(parents)) & pl.col("recovery_point").is_null()
    rows = rows.with_columns(parent=pl.when(starts_others).then(pl.lit("true")).otherwise("parent"))
    rows = rows.with_columns(pl.col("started_at", "finished_at").str.replace("^0+$", "0"))
    return runs(_records.times(rows, ("started_at", "finished_at"), (_formats.SECONDS,)), JOB_TYPES, envelope, faults)


def _parts(line: str) -> tuple[list[str], list[str] | None, str]:
    """Return a line's columns, those behind the attempts (`None` where they do not add up), and the text of the attempts."""
    ways = (
        [line.split(",")] if "\\" not in line else [_fields(line), line.split(",")]
    )  # a path may end in a backslash that escapes nothing
    for fields in ways:
        tail, attempts = _tail(fields)
        if tail is not None:
            return fields, tail, attempts
    return ways[0], None, ""


def _fields(line: str) -> list[str]:
    """Split at the commas that no backslash stands before."""
    found, at = [], 0
    while True:
        match = _FIELD.match(line, at)
        assert match is not None
        field = match[0]
        found.append(_ESCAPED.sub(r"\1", field) if "\\" in field else field)
        if match.end() >= len(line):
            return found
        at = match.end() + 1


def _tail(fields: list[str]) -> tuple[list[str] | None, str]:
    """Return the columns behind the attempts, the first of which is the parent job, and the text of the attempts; `None` where the columns do not add up."""
    try:
        at = start = _FILES + 1 + _count(fields[_FILES])
        for _ in range(_count(fields[at])):
            at += _ATTEMPT + _count(fields[at + 1 + _ATTEMPT_LINES])
        if at < start or at + 1 > len(fields):
            return None, ""
    except (IndexError, ValueError):
        return None, ""
    return fields[at + 1 :], ",".join(fields[start:at])


def _count(text: str) -> int:
    """Read how many follow; never negative, and never more than a line can hold."""
    return max(0, min(int(text or 0), 100_000))
