"""Veeam Backup for Microsoft 365: job sessions, restore points and restore sessions of its REST API.

Formats read: answers to `JobSessions`, `RestorePoints` and `RestoreSessions` of the REST API v6 to v8, as pages (`results`) or bare lists.

Point: id = the restore point's id, subject = `job:` with the job's id, and the services that the point holds, such as `job:ID:exchange,onedrive`; repository =
the repository's id. What a point needs to be restored, and whether retention has removed items that it held, the API does not tell: method and chain are left
unproven. Names of mailboxes and people never become facts.

Time semantics: times carry offsets; captured_at is `backupTime`, when the point was created. Sessions run from `creationTime` to `endTime`.

Proof of deletion: a complete listing of restore points that lacks one, where the page is the first and there is no next one.

Success: by `status` of a session. `Stopped` is cancelled by a user; `Disconnected` (its proxy was lost) and `NotConfigured` are neither running nor ended, and
count as failed. A job's success says nothing of a single mailbox. Restore sessions have a result once their state is `Stopped`.

What Veeam Backup for Microsoft 365 cannot show: which objects a point holds, which point a copy was made of (only that it is one), encryption; until when a
point is immutable only since v8.

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _listing, _records
from audit.adapters._records import Object
from audit.adapters._typed import typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "schema"

STATUSES = {
    "Success": "success",
    "Warning": "warning",
    "Failed": "failed",
    "Stopped": "cancelled",
    "Running": "running",
    "Queued": "running",
    "NotConfigured": "failed",
    "Disconnected": "failed",
}
"""`status` of a job session."""

JOB_TYPES = {"Backup": "backup", "Copy": "copy"}
"""`jobType` of a job session."""

RESTORE_TYPES = {"Vex": "restore", "Veod": "restore", "Vesp": "restore", "Vet": "restore"}
"""`type` of a restore session: the explorer of Exchange, OneDrive, SharePoint or Teams."""

RESTORE_STATES = {"Working": "running", "Stopped": "ended"}
RESTORE_RESULTS = {"Success": "success", "Warning": "warning", "Failed": "failed"}
"""`state` and `result` of a restore session."""

_SERVICES = {"isExchange": "exchange", "isOneDrive": "onedrive", "isSharePoint": "sharepoint", "isTeams": "teams"}
_MARKS = (
    (b'"jobType"', b'"retryCount"', b'"creationTime"'),
    (b'"backupTime"', b'"isSharePoint"'),
    (b'"scopeName"', b'"clientHost"', b'"creationTime"'),
)
"""Keys that together only this API has."""


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with keys of the API."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start in (b"{", b"[") and b'"record"' not in head and any(all(mark in head for mark in marks) for marks in _MARKS)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one answer. Raises `InputError` when it holds nothing that is known."""
    where = envelope.name or envelope.tool
    value = _records.document(payload, envelope)
    data, pointer = (value.get("results"), "/results") if isinstance(value, dict) else (value, "")
    records, faults = _records.objects(data, pointer, where)
    asked = not records and not faults and bool(re.search(r"/RestorePoints\b", envelope.command or ""))
    points = [each for each in records if "backupTime" in each[1]]
    sessions = [each for each in records if "jobType" in each[1]]
    restores = [each for each in records if "result" in each[1] and "jobType" not in each[1] and "backupTime" not in each[1]]
    known = {place for place, _ in (*points, *sessions, *restores)}
    if not known and not asked and not faults:
        fault = Fault(where, "holds no sessions or restore points", "see the formats that are read")
        raise InputError(str(fault), [fault])
    faults += [
        Fault(where, "this record is no session and no restore point: it was not used", "leave it out", place)
        for place, _ in records
        if place not in known
    ]
    runs = pl.concat([_sessions(sessions, envelope, faults), _restores(restores, envelope, faults)])
    found = _points(points, envelope, faults)
    listings = _listing.from_envelope(found, envelope, empty_table=found.is_empty()) if points or asked else frame("listing")
    if not _whole(value):
        listings = listings.with_columns(complete=pl.lit(value=False))
    return _records.assembled(envelope, faults, found, runs, listings)


def _whole(value: Any) -> bool:
    """A page is all there is when it is the first and tells of no next one."""
    if not isinstance(value, dict):
        return True
    links = value.get("_links")
    return not value.get("offset") and not (isinstance(links, dict) and links.get("next"))


def _sessions(records: list[Object], envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    if not records:
        return frame("run")
    where = envelope.name or envelope.tool
    fields: dict[str, str | tuple[str, ...]] = {
        "id": "id",
        "job": "jobId",
        "type": "jobType",
        "status": "status",
        "started_at": "creationTime",
        "finished_at": "endTime",
        "repository": "repositoryId",
        "bytes": ("statistics", "transferredDataBytes"),
    }
    picked = _records.pick(records, fields, where)
    kinds = _records.told(picked.rows, "type", JOB_TYPES, where, "kind")
    told = _records.told(kinds.rows, "status", STATUSES, where, "outcome")
    rows = _records.times(told.rows, ["started_at", "finished_at"]).with_columns(
        subject=pl.lit("job:") + pl.col("job"),
        message=pl.when(pl.col("status").is_in(["Disconnected", "NotConfigured"])).then("status"),
        finished_at=pl.when(pl.col("outcome") != "running").then("finished_at"),
    )
    read_ = typed("run", rows, envelope)
    faults += [*picked.faults, *kinds.faults, *told.faults, *read_.faults]
    return read_.frame


def _restores(records: list[Object], envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    if not records:
        return frame("run")
    where = envelope.name or envelope.tool
    fields = {
        "id": "id",
        "type": "type",
        "state": "state",
        "result": "result",
        "started_at": "creationTime",
        "finished_at": "endTime",
        "of": "organization",
    }
    picked = _records.pick(records, fields, where)
    kinds = _records.told(picked.rows, "type", RESTORE_TYPES, where, "kind")
    states = _records.told(kinds.rows, "state", RESTORE_STATES, where, "life")
    running = states.rows.filter(life="running").with_columns(outcome=pl.lit("running"), finished_at=pl.lit(None, pl.String()))
    told = _records.told(states.rows.filter(life="ended"), "result", RESTORE_RESULTS, where, "outcome")
    rows = pl.concat([told.rows, running], how="diagonal").with_columns(subject=pl.lit("organization:") + pl.col("of"))
    read_ = typed("run", _records.times(rows, ["started_at", "finished_at"]), envelope)
    faults += [*picked.faults, *kinds.faults, *states.faults, *told.faults, *read_.faults]
    return read_.frame


def _points(records: list[Object], envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    if not records:
        return frame("recovery_point")
    fields = {
        "id": "id",
        "job": "jobId",
        "repository": "repositoryId",
        "captured_at": "backupTime",
        "immutable_until": "immutabilityExpiresOn",
        **{name: key for key, name in _SERVICES.items()},
    }
    picked = _records.pick(records, fields, envelope.name or envelope.tool)
    held = [pl.when(pl.col(name) == "true").then(pl.lit(name)) for name in _SERVICES.values()]
    services = pl.concat_list(held).list.drop_nulls().list.join(",")
    rows = _records.times(picked.rows, ["captured_at", "immutable_until"])
    rows = rows.with_columns(
        subject=pl.concat_str(pl.lit("job:"), "job", pl.when(services != "").then(":" + services).otherwise(pl.lit("")))
    )
    read_ = typed("recovery_point", rows, envelope)
    faults += [*picked.faults, *read_.faults]
    return read_.frame.with_columns(basis=pl.lit("catalog"))
