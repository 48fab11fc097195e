r"""Cohesity DataProtect: the runs of protection groups, of the REST APIs v2 and v1.

Formats read: the JSON of `GET /v2/data-protect/protection-groups/{id}/runs` (with or without `includeObjectDetails`) and of `GET
/irisservices/api/v1/public/protectionRuns`.

Point: the local snapshot of a run, while it is not deleted, and each copy on another cluster or in an archive that succeeded. subject = `group/object`, or
the group where the answer has no objects: ask for them, for a green run can hold red objects. id = the run's id, with `/object`. The local repository is that
of the envelope, a copy's is the name of its cluster or archive. Every snapshot but those of logs can be restored by itself.

Time semantics: microseconds since 1970, UTC; 0 = not ended. captured_at = the start of the run; available_at = its end, for copies the end of their task.

Proof of deletion: `isLocalSnapshotsDeleted` and `snapshotsDeleted`: such a run makes no point, and a complete answer (as many runs as `totalRuns`, for the
group that the envelope's scope names) proves it. `numRuns` cuts an answer without saying so. Whether a copy was deleted at its target is not shown: copies
are of basis `job`.

Success: Succeeded (kSuccess); SucceededWithWarning (kWarning) is a warning; Failed and Missed failed; Canceled and Skipped are cancelled. Failed objects make
a run without object details partial. A run of a status that is not known is quarantined with its objects. `isSlaViolated` says that a run took too long, not that a point is missing.

What Cohesity cannot show: here, encryption and integrity, and how long the local snapshot lives and is locked (a mode without an end is no proof).

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from audit.adapters import _records, _text
from audit.adapters._listing import based, from_envelope, job_log
from audit.adapters._typed import typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

STATUSES: dict[str, str | None] = {
    "Succeeded": "success",
    "SucceededWithWarning": "warning",
    "Failed": "failed",
    "Missed": "failed",
    "Canceled": "cancelled",
    "Skipped": "cancelled",
    "Accepted": "running",
    "Running": "running",
    "Finalizing": "running",
    "OnHold": "running",
    "Paused": "running",
    "Canceling": "running",
    "kSuccess": "success",
    "kWarning": "warning",
    "kFailure": "failed",
    "kMissed": "failed",
    "kCanceled": "cancelled",
    "kAccepted": "running",
    "kRunning": "running",
    "kOnHold": "running",
    "kCanceling": "running",
    "kSuccessful": "success",
    "kFailed": "failed",
    "kInProgress": "running",
    "kWaitingForNextAttempt": "running",
}
"""Statuses of runs and copies (v2), of runs, copies and sources (v1), and of the objects of a run (v2: the last four and kWarning)."""

METHODS = {"kRegular": "incremental", "kFull": "full", "kLog": "log"}
"""Types of runs. The first regular run of an object is a full one, and each can be restored by itself."""

_MADE = ("success", "warning")
_RUN = {
    "kind",
    "id",
    "subject",
    "type",
    "status",
    "started_at",
    "finished_at",
    "bytes",
    "repository",
    "message",
    "coverage",
    "recovery_point",
    "locator",
}
_POINT = ("completeness", "expires_at", "immutable_until", "copy_of_id", "copy_of_repository")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with the keys of runs of protection groups."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return False
    two = re.search(rb'"protectionGroup(?:Id|InstanceId)"\s*:', head) and b'"runs"' in head
    return bool(two or (re.search(rb'"backupRun"\s*:\s*\{', head) and re.search(rb'"jobUid"|"copyRun"', head)))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one answer. Raises `InputError` when it is none."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload).lstrip()
    if not text.startswith(("{", "[")):
        fault = Fault(where, "this is no answer of Cohesity that is known", "ingest the JSON of protection-groups/{id}/runs")
        raise InputError(str(fault), [fault])
    document = _records.document(payload, envelope, ("runs",))
    if isinstance(document, list):
        found, faults = _records.objects(document, "", where)
        rows = [row for place, run in found for row in _first(place, run, envelope)]
        return _facts(rows, envelope, faults, where, whole=False)
    found, faults = _records.objects(document.get("runs"), "/runs", where)
    rows = [row for place, run in found for row in _second(place, run, envelope)]
    return _facts(rows, envelope, faults, where, whole=document.get("totalRuns") == len(found))


Row = dict[str, Any]


def _list(value: Any) -> list[Any]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _second(place: str, run: dict[str, Any], envelope: Envelope) -> Iterator[Row]:
    """Yield the rows of a run of API v2: the backup, or one for each object, and its copies."""
    info, group = run.get("localBackupInfo"), run.get("protectionGroupName")
    told: dict[str, Any] = info if isinstance(info, dict) else {}
    objects = _list(run.get("objects"))
    failed = told.get("failedObjectsCount")
    base = {
        "id": run.get("id"),
        "subject": group,
        "type": told.get("runType"),
        "status": told.get("status"),
        "started_at": told.get("startTimeUsecs"),
        "finished_at": told.get("endTimeUsecs"),
        "repository": envelope.repository,
        "bytes": _records.at(told, ("localSnapshotStats", "logicalSizeBytes")),
        "message": _joined(told.get("messages")),
        "coverage": "partial" if isinstance(failed, int) and failed > 0 else None,
        "there": run.get("hasLocalSnapshot") is True and run.get("isLocalSnapshotsDeleted") is False,
        "locator": place,
    }
    parts: list[Row] = [base]
    if objects and _known(base["status"]):
        parts = [
            _object(base, each, f"{place}/objects/{at}", group) for at, each in enumerate(run["objects"]) if isinstance(each, dict)
        ]
    if info is not None:
        for part in parts:
            yield {"kind": "backup", **part}
    targets = [(each, each.get("clusterName")) for each in _list(_records.at(run, ("replicationInfo", "replicationTargetResults")))]
    targets += [(each, each.get("targetName")) for each in _list(_records.at(run, ("archivalInfo", "archivalTargetResults")))]
    for target, name in targets:
        lock = target.get("dataLockConstraints")
        strict = _records.at(lock, "mode") == "Compliance"
        yield from _copies(
            parts,
            {
                "status": target.get("status"),
                "repository": name,
                "started_at": target.get("startTimeUsecs"),
                "finished_at": target.get("endTimeUsecs"),
                "expires_at": target.get("expiryTimeUsecs"),
                "immutable_until": _records.at(lock, "expiryTimeUsecs") if strict else None,
            },
        )


def _object(base: Row, each: dict[str, Any], place: str, group: Any) -> Row:
    """Return the row of one object of a run of API v2."""
    info = _records.at(each, ("localSnapshotInfo", "snapshotInfo"))
    name = _records.at(each, ("object", "name"))
    return base | {
        "id": _joined_id(base["id"], "/", name),
        "subject": _joined_id(group, "/", name),
        "status": _records.at(info, "status"),
        "finished_at": _records.at(info, "endTimeUsecs") or base["finished_at"],
        "bytes": _records.at(info, ("stats", "logicalSizeBytes")),
        "expires_at": _records.at(info, "expiryTimeUsecs"),
        "message": None,
        "coverage": None,
        "locator": place,
    }


def _first(place: str, run: dict[str, Any], envelope: Envelope) -> Iterator[Row]:
    """Yield the rows of a run of API v1: one for each source, and the copies of those that succeeded."""
    info, job = run.get("backupRun"), run.get("jobName")
    started = _records.at(info, ("stats", "startTimeUsecs"))
    base = {
        "id": _joined_id(_joined_id(run.get("jobId"), ":", _records.at(info, "jobRunId")), ":", started),
        "subject": job,
        "type": _records.at(info, "runType"),
        "status": _records.at(info, "status"),
        "started_at": started,
        "finished_at": _records.at(info, ("stats", "endTimeUsecs")),
        "repository": envelope.repository,
        "bytes": _records.at(info, ("stats", "totalLogicalBackupSizeBytes")),
        "there": _records.at(info, "snapshotsDeleted") is False,
        "locator": f"{place}/backupRun",
    }
    sources = [
        base
        | {
            "id": _joined_id(base["id"], "/", _records.at(each, ("source", "name"))),
            "subject": _joined_id(job, "/", _records.at(each, ("source", "name"))),
            "status": each.get("status"),
            "message": each.get("error"),
            "bytes": None,
            "locator": f"{place}/backupRun/sourceBackupStatus/{at}",
        }
        for at, each in enumerate(_list(_records.at(info, "sourceBackupStatus")))
    ]
    copies = _list(run.get("copyRun"))
    local: dict[str, Any] = next((each for each in copies if _records.at(each, ("target", "type")) == "kLocal"), {})
    told = sources if sources and _known(base["status"]) else [base]
    parts = [part | {"expires_at": local.get("expiryTimeUsecs")} for part in told]
    for part in parts:
        yield {"kind": "backup", **part}
    for copy in copies:
        target = copy.get("target")
        names = (_records.at(target, ("replicationTarget", "clusterName")), _records.at(target, ("archivalTarget", "vaultName")))
        if _records.at(target, "type") != "kLocal":
            how = {"status": copy.get("status"), "repository": names[0] or names[1], "expires_at": copy.get("expiryTimeUsecs")}
            yield from _copies(parts, how | {"started_at": None, "finished_at": None})


def _known(status: Any) -> bool:
    """Tell whether the status of a run is one that is known, or none: where it is not, its objects are not used either."""
    return status is None or str(status) in STATUSES


def _copies(parts: list[Row], told: Row) -> Iterator[Row]:
    """Yield the rows of a copy of a run: one for each of its objects that was backed up."""
    for part in parts:
        if STATUSES.get(str(part["status"])) in _MADE:
            target = told["repository"]
            yield (
                part
                | told
                | {
                    "kind": "copy",
                    "id": _joined_id(part["id"], ">", target),
                    "point": part["id"],
                    "captured_at": part["started_at"],
                    "copy_of_repository": part["repository"],
                    "copy_of_id": part["id"] if part["repository"] else None,
                    "message": None,
                }
            )


def _joined_id(first: Any, sign: str, second: Any) -> str | None:
    """Join two names; without one of them there is none."""
    return f"{first}{sign}{second}" if isinstance(first, (str, int)) and isinstance(second, (str, int)) else None


def _joined(value: Any) -> str | None:
    return "; ".join(each for each in value if isinstance(each, str)) or None if isinstance(value, list) else None


def _facts(rows: list[Row], envelope: Envelope, faults: list[Fault], where: str, *, whole: bool) -> Facts:
    names = {name: name for name in (*_RUN, *_POINT, "there", "point", "captured_at") if name != "locator"}
    picked = _records.pick([(row["locator"], row) for row in rows], names, where)
    raw = picked.rows.with_columns(
        _instant(name) for name in ("started_at", "finished_at", "captured_at", "expires_at", "immutable_until")
    )
    stated = _records.told(raw, "status", STATUSES, where, into="outcome")
    made = pl.col("outcome").is_in(_MADE)
    raw = stated.rows.with_columns(
        method=pl.col("type").replace_strict(METHODS, default=None, return_dtype=pl.String),
        recovery_point=pl.when(made).then(pl.coalesce("point", "id")),
        bytes=pl.when(made).then("bytes"),
        coverage=pl.when(made).then("coverage"),
        captured_at=pl.coalesce("captured_at", "started_at"),
        message=pl.coalesce("message", pl.when(pl.col("outcome").is_in(["failed", "cancelled"])).then("status")),
    )
    runs = typed("run", raw, envelope)
    there = (pl.col("kind") == "copy") | (pl.col("there") == "true").fill_null(value=False)
    # That a copy succeeded was true when the answer was given, whenever it ended.
    seen = pl.when(pl.col("kind") == "copy").then(pl.lit(envelope.observed_at and time_text(envelope.observed_at), pl.String))
    points = typed(
        "recovery_point",
        raw.filter(made & there).with_columns(
            id="recovery_point",
            available_at=pl.coalesce("finished_at", seen),
            completeness="coverage",
            self_contained=pl.when(pl.col("method") != "log").then(pl.lit("true")),
            basis=pl.when(pl.col("kind") == "backup").then(pl.lit("catalog")).otherwise(pl.lit("job")),
        ),
        envelope,
    )
    named = [*faults, *picked.faults, *stated.faults, *runs.faults, *points.faults]
    complete = bool(whole and envelope.complete and envelope.scope)
    listings = from_envelope(points.frame, envelope, empty_table=False).with_columns(complete=pl.lit(complete))
    frame = based(points.frame, listings)
    log = job_log(runs.frame, envelope) if whole else listings.clear()
    # The snapshot of such a run is deleted: named in no repository, the run proves no point.
    gone = raw.filter(made & ~there)["id"].implode()
    told = runs.frame.with_columns(repository=pl.when(~pl.col("id").is_in(gone)).then("repository"))
    return _records.assembled(envelope, named, points=frame, runs=told, listings=pl.concat([listings, log]))


def _instant(name: str) -> pl.Expr:
    """Turn microseconds since 1970 into RFC 3339; 0 is no time, and what is no number stays, to be told."""
    text = pl.col(name)
    number = pl.when(text.str.contains("^[0-9]{16}$")).then(text).cast(pl.Int64, strict=False)
    at = number.cast(pl.Datetime("us", "UTC")).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return pl.when(text != "0").then(pl.coalesce(at, text)).alias(name)
