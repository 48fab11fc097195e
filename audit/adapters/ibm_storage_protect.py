r"""IBM Storage Protect (Spectrum Protect, TSM): sessions, events, file spaces and replications, as comma-delimited queries of dsmadmc.

Formats read: the output of `dsmadmc -dataonly=yes -commadelimited "select COLUMNS from TABLE ..."` for the tables SUMMARY and SUMMARY_EXTENDED, EVENTS,
FILESPACES and REPLICATIONVIEW. Output has no header, so the query has to be known: from the envelope's command, or from the line ANS8000I that dsmadmc prints
without `-dataonly`; else the columns are taken to be `activity, entity, schedule_name, bytes, start_time, end_time, successful, failed`, or `schedule_name,
node_name, status, result, scheduled_start, actual_start, completed`, or `node_name, fsname, start_time, end_time, totfiles_replicated, totbytes_replicated,
comp_state`. Tables of pools, volumes, nodes and occupancy are recognised by their query and carry no facts.

Point: the last full incremental backup of each file space (FILESPACES): id = `node:file space:end`; subject = `node:file space`; the repository is the
envelope's. Backup is incremental for ever and the server holds every active version, so there are no chains and the point is self-contained.

Time semantics: local times of the server; the source has to declare its zone; 1900-01-01 is no time. captured_at = BACKUP_START, available_at = BACKUP_END;
where a new backup has begun since, the start of the last is not known.

Proof of deletion: none: only the last backup of a file space is shown, and retention is by versions of files.

Success: of a session SUCCESSFUL is YES and FAILED is 0; with failed files it is a warning and partial. Of an event Completed with RESULT 0; 4 (files were
left out) and 8 are warnings, the first of them partial, 12 failed; without RESULT it is a warning. Missed, Failed and Severed failed; Future is not due yet
and passed over; Uncertain and the like are quarantined. A query that does not select what tells success yields nothing.

What IBM Storage Protect cannot show: whether a session backed up all of a node: runs name no repository and make no points, only FILESPACES does. Copies in
other pools or servers have no points here; declare nothing for them. Immutability and encryption are not shown.

Tested against: query output published as test data of an open project (replications, sessions), and files shaped after the tables' documented columns.
"""

from __future__ import annotations

import csv
import re

import polars as pl

from audit.adapters import _records, _text, _whole
from audit.adapters._listing import based, from_envelope
from audit.adapters._typed import typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

ACTIVITIES: dict[str, str | None] = {
    "BACKUP": "backup",
    "ARCHIVE": "backup",
    "NAS BACKUP": "backup",
    "FULL_DBBACKUP": "backup",
    "INCR_DBBACKUP": "backup",
    "RESTORE": "restore",
    "RETRIEVE": "restore",
    "REPLICATION": "copy",
    "STGPOOL BACKUP": "copy",
    "EXPIRATION": "prune",
    "TAPE MOUNT": None,
    "MIGRATION": None,
    "RECLAMATION": None,
    "IDENTIFY": None,
    "MOVE DATA": None,
}
"""Activities of SUMMARY: the kind of run, or nothing where it is no evidence."""

OPEN, SOME_FAILED = "not ended yet", "YES, but files failed"
SESSIONS: dict[str, str | None] = {"YES": "success", SOME_FAILED: "warning", "NO": "failed", OPEN: "running"}
"""SUCCESSFUL of a session."""

EVENTS: dict[str, str | None] = {
    "Completed": "warning",  # without a result
    "Completed, 0": "success",
    "Completed, 4": "warning",
    "Completed, 8": "warning",
    "Completed, 12": "failed",
    "Missed": "failed",
    "Failed": "failed",
    "Failed - no restart": "failed",
    "Severed": "failed",
    "Restarted": "running",
    "Started": "running",
    "In Progress": "running",
    "Pending": "running",
    "Future": None,
}
"""Statuses of scheduled events, for completed ones with their result."""

REPLICATIONS: dict[str, str | None] = {"COMPLETE": "success", "INCOMPLETE": "failed", OPEN: "running"}
"""COMP_STATE of a replication."""

_LAYOUTS = {
    "SUMMARY": ("ACTIVITY", "ENTITY", "SCHEDULE_NAME", "BYTES", "START_TIME", "END_TIME", "SUCCESSFUL", "FAILED"),
    "EVENTS": ("SCHEDULE_NAME", "NODE_NAME", "STATUS", "RESULT", "SCHEDULED_START", "ACTUAL_START", "COMPLETED"),
    "REPLICATIONVIEW": (
        "NODE_NAME",
        "FSNAME",
        "START_TIME",
        "END_TIME",
        "TOTFILES_REPLICATED",
        "TOTBYTES_REPLICATED",
        "COMP_STATE",
    ),
}
_NEEDED = {
    "SUMMARY": {"ACTIVITY", "ENTITY", "START_TIME", "END_TIME", "SUCCESSFUL"},
    "EVENTS": {"SCHEDULE_NAME", "NODE_NAME", "STATUS", "SCHEDULED_START"},
    "FILESPACES": {"NODE_NAME", "FILESPACE_NAME", "BACKUP_START", "BACKUP_END"},
    "REPLICATIONVIEW": {"NODE_NAME", "FSNAME", "START_TIME", "END_TIME", "COMP_STATE"},
}
_OTHER = {"ACTLOG", "OCCUPANCY", "NODES", "VOLUMES", "VOLUMEUSAGE", "STGPOOLS"}
_SELECT = re.compile(r"\bselect\s+(?:distinct\s+)?([^\"';]{1,2000}?)\s+from\s+(\w+)", re.IGNORECASE)
_COLUMN = re.compile(r"(?:\w+\()?(?:\w+\.)?(\w+)\)?(?:\s+as\s+\w+)?", re.IGNORECASE)
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}"
_TIMED = re.compile(f",{_TIME},".encode())
"""What every row has: payloads without it are many, and rows are sought slowly."""
_ROW = re.compile(
    rf"^(?:(?:BACKUP|ARCHIVE|RESTORE|RETRIEVE|REPLICATION|EXPIRATION|STGPOOL BACKUP|TAPE MOUNT|MIGRATION|RECLAMATION),[^\n]*,{_TIME},{_TIME}"
    rf"|[^,\n]*,[^,\n]*,{_TIME},{_TIME},[0-9]+,[0-9]+,(?:COMPLETE|INCOMPLETE)\b"
    rf"|[^,\n]*,[^,\n]*,(?:Completed|Missed|Failed|Failed - no restart|Severed|Restarted|Started|In Progress|Pending|Future|Uncertain),[0-9]*,{_TIME},)",
    re.MULTILINE,
)
_TALK = re.compile(
    r"\s*(?:AN[RS][0-9]{4}[IWEDSK]\b|IBM |Tivoli |Command Line Administrative Interface|\(c\) Copyright|Session established|Server Version|Server date/time)"
)


_REFUSED = re.compile(r"\s*(?!ANR2034E)AN[RS][0-9]{4}[ES]\b")
"""An error of server or client; ANR2034E says that nothing matched the query."""


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Rows of one of the known layouts, or what dsmadmc says around them."""
    text = head.decode("utf-8", "replace")
    if "Command Line Administrative Interface" in text[:500] or "ANS8000I Server command" in text[:2000]:
        return True
    return bool(_TIMED.search(head) and _ROW.search(text))


def whole(payload: bytes) -> bytes:
    """Dsmadmc ends every line, so one without its end was cut off: half of a time is another time."""
    return _whole.lines(payload)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the output of one query. Raises `InputError` when it is no text at all."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    query = _SELECT.search(envelope.command or "") or _SELECT.search(
        next((line for line in text.split("\n")[:50] if "ANS8000I" in line), "")
    )
    rows = _rows(text)
    if query is not None:
        table, columns = query[2].upper().removesuffix("_EXTENDED"), tuple(_columns(query[1]))
    else:
        table, columns = _guess([fields for _, fields in rows])
    if table in _OTHER:
        return Facts()
    refused = [
        Fault(where, f"dsmadmc says: {line.strip()[:200]}", "see to it, and run the query again", f"line {number}")
        for number, line in enumerate(text.split("\n"), 1)
        if _REFUSED.match(line)
    ]
    missing = sorted(_NEEDED.get(table, {"a known table"}) - set(columns))
    if missing or len(set(columns)) < len(columns):
        known = ", ".join(sorted(_NEEDED))
        what = f"the query does not tell what is needed: {', '.join(missing)}" if missing else "the query selects a column twice"
        return Facts(
            faults=(
                *refused,
                Fault(
                    where,
                    what,
                    f"give the query in the envelope's command; select these columns of one of the tables {known}",
                    "",
                    "command",
                ),
            )
        )
    good = [(number, fields) for number, fields in rows if fields is not None and len(fields) == len(columns)]
    first = good[0][0] if good else 0
    faults = refused + [
        Fault(
            where,
            f"this line is no row of the query: it should have {len(columns)} columns",
            "run it again",
            f"line {number}",
            level="warning" if number < first else "error",
        )
        for number, fields in rows
        if fields is None or len(fields) != len(columns)
    ]
    raw = pl.DataFrame([fields for _, fields in good], schema=dict.fromkeys(columns, pl.String), orient="row")
    raw = raw.with_columns(locator=pl.Series([f"line {number}" for number, _ in good], dtype=pl.String))
    optional = ("SCHEDULE_NAME", "BYTES", "FAILED", "NUMBER", "RESULT", "ACTUAL_START", "COMPLETED", "TOTBYTES_REPLICATED")
    raw = raw.with_columns(pl.lit(None, pl.String).alias(name) for name in optional if name not in columns)
    if table == "FILESPACES":
        return _file_spaces(raw, envelope, faults)
    return {"SUMMARY": _sessions, "EVENTS": _events, "REPLICATIONVIEW": _replications}[table](raw, envelope, faults, where)


def _rows(text: str) -> list[tuple[int, list[str] | None]]:
    """Return each line's number and columns (`None`: it is not CSV), without what dsmadmc says around them."""
    found: list[tuple[int, list[str] | None]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or _TALK.match(line):
            continue
        try:
            fields = next(csv.reader([line.rstrip("\r")], strict=True), None) if '"' in line else line.rstrip("\r").split(",")
        except csv.Error:
            fields = None
        found.append((number, fields))
    return found


def _columns(text: str) -> list[str]:
    """Return the names of the columns that a query selects; `max(end_time) as e` is END_TIME."""
    matches = [_COLUMN.fullmatch(each.strip()) for each in text.split(",")]
    return [match[1].upper() if match else f"column {place}" for place, match in enumerate(matches, 1)]


def _guess(rows: list[list[str] | None]) -> tuple[str, tuple[str, ...]]:
    """Return the layout that the first rows of a known one have."""
    for fields in rows[:100]:
        line = ",".join(fields or [])
        if fields and _ROW.match(line):
            if fields[0] in ACTIVITIES:
                return "SUMMARY", _LAYOUTS["SUMMARY"] if len(fields) == len(_LAYOUTS["SUMMARY"]) else tuple(
                    f"column {place}" for place in range(len(fields))
                )
            return (
                ("REPLICATIONVIEW", _LAYOUTS["REPLICATIONVIEW"])
                if fields[-1].endswith("COMPLETE")
                else ("EVENTS", _LAYOUTS["EVENTS"])
            )
    return "", ()


def _ended(column: str) -> pl.Expr:
    """Tell whether a time is one."""
    return (pl.col(column).str.strip_chars() != "") & ~pl.col(column).str.starts_with("1900-01-01")


def _sessions(raw: pl.DataFrame, envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    kinds = _records.told(raw, "ACTIVITY", ACTIVITIES, where, into="kind")
    failed = pl.col("FAILED").fill_null("0").str.strip_chars().str.contains("^0*$")
    success = pl.col("SUCCESSFUL").str.strip_chars()
    rows = kinds.rows.filter(pl.col("kind").is_not_null()).with_columns(
        SUCCESSFUL=pl.when(~_ended("END_TIME"))
        .then(pl.lit(OPEN))
        .when((success == "YES") & ~failed)
        .then(pl.lit(SOME_FAILED))
        .otherwise(success)
    )
    ended = _records.told(rows, "SUCCESSFUL", SESSIONS, where, into="outcome")
    told = ended.rows.with_columns(
        id=pl.concat_str("ACTIVITY", "ENTITY", "SCHEDULE_NAME", "NUMBER", "START_TIME", separator="|", ignore_nulls=True),
        # Behind a node stands in brackets who acted for it.
        subject=pl.col("ENTITY").str.replace(r"\s*\([^()]*\)\s*$", ""),
        started_at="START_TIME",
        finished_at="END_TIME",
        bytes="BYTES",
        coverage=pl.when(pl.col("SUCCESSFUL") == SOME_FAILED).then(pl.lit("partial")),
        message=pl.when(pl.col("SUCCESSFUL") == SOME_FAILED).then(pl.format("{} files failed", "FAILED")),
    )
    return _runs(told, envelope, [*faults, *kinds.faults, *ended.faults])


def _events(raw: pl.DataFrame, envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    result = pl.col("RESULT").str.strip_chars().replace("", None)
    status = pl.col("STATUS").str.strip_chars()
    rows = raw.with_columns(
        STATUS=pl.when((status == "Completed") & result.is_not_null()).then(pl.format("{}, {}", status, result)).otherwise(status)
    )
    ended = _records.told(rows, "STATUS", EVENTS, where, into="outcome")
    told = ended.rows.filter(pl.col("outcome").is_not_null()).with_columns(
        id=pl.concat_str("SCHEDULE_NAME", "NODE_NAME", "SCHEDULED_START", separator="|"),
        kind=pl.lit("backup"),
        subject="NODE_NAME",
        started_at="ACTUAL_START",
        finished_at="COMPLETED",
        coverage=pl.when(pl.col("STATUS") == "Completed, 4").then(pl.lit("partial")),
        message=pl.when(pl.col("outcome") != "success").then("STATUS"),
    )
    return _runs(told, envelope, [*faults, *ended.faults])


def _replications(raw: pl.DataFrame, envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    rows = raw.with_columns(
        COMP_STATE=pl.when(_ended("END_TIME")).then(pl.col("COMP_STATE").str.strip_chars()).otherwise(pl.lit(OPEN))
    )
    ended = _records.told(rows, "COMP_STATE", REPLICATIONS, where, into="outcome")
    told = ended.rows.with_columns(
        id=pl.concat_str("NODE_NAME", "FSNAME", "START_TIME", separator="|"),
        kind=pl.lit("copy"),
        subject=pl.format("{}:{}", "NODE_NAME", "FSNAME"),
        started_at="START_TIME",
        finished_at="END_TIME",
        bytes="TOTBYTES_REPLICATED",
    )
    return _runs(told, envelope, [*faults, *ended.faults])


def _runs(rows: pl.DataFrame, envelope: Envelope, faults: list[Fault]) -> Facts:
    read_ = typed("run", _records.times(rows, ("started_at", "finished_at")), envelope)
    # A session may have backed up any part of its node: named in no repository, it makes no point.
    runs = read_.frame.with_columns(repository=pl.lit(None, pl.String))
    return _records.assembled(envelope, [*faults, *read_.faults], runs=runs)


def _file_spaces(raw: pl.DataFrame, envelope: Envelope, faults: list[Fault]) -> Facts:
    rows = raw.filter(_ended("BACKUP_END")).with_columns(
        id=pl.concat_str("NODE_NAME", "FILESPACE_NAME", "BACKUP_END", separator=":"),
        subject=pl.format("{}:{}", "NODE_NAME", "FILESPACE_NAME"),
        captured_at=pl.when(_ended("BACKUP_START") & (pl.col("BACKUP_START") <= pl.col("BACKUP_END"))).then("BACKUP_START"),
        available_at="BACKUP_END",
        method=pl.lit("incremental"),
        self_contained=pl.lit("true"),
        basis=pl.lit("catalog"),
    )
    read_ = typed("recovery_point", _records.times(rows, ("captured_at", "available_at")), envelope)
    listings = from_envelope(read_.frame, envelope, empty_table=False).with_columns(complete=pl.lit(value=False))
    return _records.assembled(envelope, [*faults, *read_.faults], points=based(read_.frame, listings), listings=listings)
