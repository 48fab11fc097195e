"""Veeam Backup Enterprise Manager: restore points of machines, job sessions and task sessions of its REST API, as XML or JSON.

Formats read: entities (`format=Entity`, or `query?...&format=Entities`) of `BackupTaskSession`, `ReplicaTaskSession`, `BackupJobSession`, `ReplicaJobSession`,
`VmRestorePoint` and `AgentRestorePoint`. Entities of jobs, backups, backup files, repositories and restore points of whole jobs are known and carry no facts;
answers of mere references (`EntityRef`, `Ref`) are refused.

Point: id = the UID, subject = the machine's name (what stands before `@` in the name of the point), method by `PointType`. A full needs no other point; on
which point an increment rests the API does not tell, so it is left unproven. The repository is the one that the source declares.

Time semantics: all times are UTC by contract (`CreationTimeUTC`), with `Z`; captured_at is the creation time of the point.

Proof of deletion: a complete listing of restore points that lacks one, where the paging says that it is the only page.

Success: `Completed` and `Stopped` say only that a task or session ended; `Result` says how. A job session has the subject `job:` and the job's name, and is not
the result of its machines. A task is a copy where its job session stands in the same answer and says so, else a backup.

What Veeam Backup Enterprise Manager cannot show: chains, repositories of points, immutability, encryption; and of sessions only the last 30 days unless it is
asked by query.

Tested against: Veeam's own examples of the XML of single entities; lists and JSON are of the documented shape, and no output of a real system was seen.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _listing, _records, _xml
from audit.adapters._records import Object
from audit.adapters._typed import typed
from audit.adapters.veeam_vbr import _tables
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "samples"

STATES = {**_tables.STATES, "Pending": "running", "InProgress": "running", "Completed": "ended"}
"""`State` of a task (Pending, InProgress, Completed) or of a job session."""

RESULTS = {"Success": "success", "Warning": "warning", "Failed": "failed", "None": None}
"""`Result` of a task or session; `None`: there is none (yet)."""

POINT_TYPES = {"Full": "full", "Increment": "incremental", "ReverseIncrement": "incremental"}
"""`PointType` of a restore point, as our method. A reverse increment needs later points."""

JOB_TYPES: dict[str, str | None] = {**_tables.CSV_JOBS, **_tables.JOB_TYPES}
"""`JobType` of a job session, as the kind of run."""

_TASKS = ("BackupTaskSession", "ReplicaTaskSession")
_SESSIONS = ("BackupJobSession", "ReplicaJobSession")
_POINTS = ("VmRestorePoint", "AgentRestorePoint")
_NO_FACTS = ("RestorePoint", "BackupFile", "Repository", "Job", "Backup", "BackupServer", "Replica", "VAppRestorePoint")
_NAMES = frozenset({*_TASKS, *_SESSIONS, *_POINTS, *_NO_FACTS})
_DEEPEST = 12


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """XML of Veeam's namespace, or JSON with its urns."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        return b"http://www.veeam.com/ent/v1.0" in head
    return start in (b"{", b"[") and b'"record"' not in head and bool(re.search(rb'"U(?:ID|id)"\s*:\s*"urn:veeam:', head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one answer. Raises `InputError` when it holds no entity."""
    where = envelope.name or envelope.tool
    if payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        found, others = _xml.records(payload, _NAMES, where)
        pages = others.get("PagingInfo", {}).get("PagesCount", "1")
        asked = "VmRestorePoints" in others or "AgentRestorePoints" in others
    else:
        found, pages, asked = _entities(_records.document(payload, envelope))
    if not found and not asked:
        what = "holds no entity of Enterprise Manager that is known: references alone say nothing"
        fault = Fault(where, what, "ask with format=Entity, or query with format=Entities")
        raise InputError(str(fault), [fault])
    faults: list[Fault] = []
    by_name = {names: [(place, record) for place, name, record in found if name in names] for names in (_TASKS, _SESSIONS, _POINTS)}
    jobs, kinds = _sessions(by_name[_SESSIONS], envelope, faults)
    runs = pl.concat([jobs, _tasks(by_name[_TASKS], kinds, envelope, faults)])
    points = _points(by_name[_POINTS], envelope, faults)
    listings = frame("listing")
    if by_name[_POINTS] or asked:
        listings = _listing.from_envelope(points, envelope, empty_table=points.is_empty())
        if pages != "1" or not asked:  # a page of several, or one entity by itself
            listings = listings.with_columns(complete=pl.lit(value=False))
    return _records.assembled(envelope, faults, points, runs, listings)


def _entities(value: Any) -> tuple[list[tuple[str, str, dict[str, Any]]], str, bool]:
    """Return the entities of a JSON answer with pointers and types, the number of pages, and whether a list of points is among what was asked."""
    found, pages, asked = [], "1", False
    left: list[tuple[str, Any, int]] = [("", value, 0)]
    while left:
        pointer, each, depth = left.pop()
        if isinstance(each, dict):
            if each.get("Type") in _NAMES if isinstance(each.get("Type"), str) else False:
                found.append((pointer, str(each["Type"]), each))
                continue
            paging = each.get("PagingInfo")
            if isinstance(paging, dict):
                pages = str(paging.get("PagesCount", "1"))
            asked = asked or "VmRestorePoints" in each or "AgentRestorePoints" in each
            inner = [(f"{pointer}/{key}", below, depth + 1) for key, below in each.items()]
        elif isinstance(each, list):
            inner = [(f"{pointer}/{place}", below, depth + 1) for place, below in enumerate(each)]
        else:
            continue
        left += [one for one in reversed(inner) if depth < _DEEPEST]
    return found, pages, asked


_TIMES = {"started_at": "CreationTimeUTC", "finished_at": "EndTimeUTC"}
_ENDED = {"state": "State", "result": "Result"}


def _sessions(records: list[Object], envelope: Envelope, faults: list[Fault]) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the runs of jobs, and what kind each session is."""
    if not records:
        return frame("run"), {}
    where = envelope.name or envelope.tool
    picked = _records.pick(records, {"id": "UID", "subject": "JobName", "type": "JobType", **_TIMES, **_ENDED}, where)
    told = _records.told(picked.rows, "type", JOB_TYPES, where, "kind")
    faults += [*picked.faults, *told.faults]
    rows = told.rows.filter(pl.col("kind").is_not_null()).with_columns(subject=pl.lit("job:") + pl.col("subject"))
    kinds = {uid: kind for uid, kind in rows.select("id", "kind").iter_rows() if uid}
    return _ran(rows, envelope, faults), kinds


def _tasks(records: list[Object], kinds: dict[str, str], envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    if not records:
        return frame("run")
    fields = {
        "id": "UID",
        "name": "Name",
        "machine": "VmDisplayName",
        "job": "JobSessionUid",
        "message": "Reason",
        **_TIMES,
        **_ENDED,
    }
    picked = _records.pick(records, fields, envelope.name or envelope.tool)
    faults += picked.faults
    points = {place: _point_of(record) for place, record in records}
    rows = picked.rows.with_columns(
        subject=pl.coalesce("machine", _machine("name")),
        kind=pl.col("job")
        .replace_strict(list(kinds), list(kinds.values()), default="backup", return_dtype=pl.String)
        .fill_null("backup"),
        recovery_point=pl.col("locator").replace_strict(list(points), list(points.values()), return_dtype=pl.String),
        message=pl.when(pl.col("result") != "Success").then("message"),
    )
    return _ran(rows, envelope, faults)


def _point_of(record: dict[str, Any]) -> str | None:
    """Return the UID of the point that a task links to."""
    links = record.get("Links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and str(link.get("Type", "")).removesuffix("Reference") in _POINTS:
            found = re.search(r"/(?:vm|agent)RestorePoints/([0-9a-f-]{36})\b", str(link.get("Href", "")))
            if found:
                return f"urn:veeam:{str(link['Type']).removesuffix('Reference')}:{found[1]}"
    return None


def _machine(column: str) -> pl.Expr:
    """What stands before the last `@`: names of points and tasks are machine@time."""
    return pl.col(column).str.replace(r"@[^@]*$", "")


def _ran(rows: pl.DataFrame, envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    where = envelope.name or envelope.tool
    told = _records.told(rows, "state", STATES, where, "life")
    ended = _records.told(told.rows.with_columns(pl.col("result").fill_null("None")), "result", RESULTS, where, "outcome")
    faults += [*told.faults, *ended.faults]
    rows = _records.times(ended.rows, ["started_at", "finished_at"])
    rows = rows.with_columns(outcome=pl.when(life="running").then(pl.lit("running")).otherwise("outcome"))
    for locator in rows.filter(pl.col("outcome").is_null())["locator"]:
        faults.append(
            Fault(where, "this run has ended and has no result: how it ended is not known", "look it up", locator, "Result")
        )
    rows = rows.filter(pl.col("outcome").is_not_null()).with_columns(
        finished_at=pl.when(pl.col("outcome") != "running").then("finished_at")
    )
    read_ = typed("run", rows, envelope)
    faults += read_.faults
    return read_.frame


def _points(records: list[Object], envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    if not records:
        return frame("recovery_point")
    where = envelope.name or envelope.tool
    picked = _records.pick(records, {"id": "UID", "subject": "Name", "captured_at": "CreationTimeUTC", "type": "PointType"}, where)
    told = _records.told(picked.rows, "type", POINT_TYPES, where, "method")
    rows = _records.times(told.rows, ["captured_at"]).with_columns(subject=_machine("subject"))
    read_ = typed("recovery_point", rows, envelope)
    faults += [*picked.faults, *told.faults, *read_.faults]
    return read_.frame.with_columns(self_contained=pl.when(method="full").then(statement=True), basis=pl.lit("catalog"))
