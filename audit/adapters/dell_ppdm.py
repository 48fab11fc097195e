r"""Dell PowerProtect Data Manager: activities and copies, as REST JSON.

Formats read: the JSON of `GET /api/v2/activities`, and of `GET /api/v2/copies` or `/api/v2/assets/{id}/copies`.

Point: one for each copy that is not deleted; id = its id; subject = the asset's name and id, `name (id)`; the repository is the storage system's id. A FULL
copy is self-contained, others need their `baseCopyId`. Of which copy a replica was made is not told, so its capture time is not known: `createTime` is only
when the replica came to be.

Time semantics: RFC 3339 in UTC. captured_at = a copy's startTime, else its createTime (never for replicas); available_at = endTime, for replicas createTime.

Proof of deletion: a complete answer (all elements on one page) that lacks the copy, or has it as SOFT_DELETED, DELETED, DELETING or DELETE_FAILED: such
copies are no points.

Success: state COMPLETED says only that an activity ended; result.status says how: OK, OK_WITH_ERRORS (a warning), FAILED, CANCELED, SKIPPED (cancelled);
UNKNOWN is quarantined. Only activities of class JOB count: a JOB_GROUP holds jobs, and TASKs are their parts. A copy whose chain is broken (`partialCopy`) is
partial. A copy is immutable until its retention time where all of it is locked in compliance mode; governance can be lifted.

What Dell PowerProtect Data Manager cannot show: here, encryption, integrity checks, and which copy a replica is of.

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from audit.adapters import _records
from audit.adapters._listing import based, from_envelope, job_log
from audit.adapters._typed import typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

OPEN = "not ended yet"
STATES: dict[str, str | None] = {"QUEUED": OPEN, "RUNNING": OPEN, "PENDING_CANCELLATION": OPEN, "COMPLETED": "ended"}
"""Lifecycle states of activities: that one is completed does not say how."""

RESULTS: dict[str, str | None] = {
    "OK": "success",
    "OK_WITH_ERRORS": "warning",
    "FAILED": "failed",
    "CANCELED": "cancelled",
    "SKIPPED": "cancelled",
    OPEN: "running",
}
"""`result.status` of activities that ended."""

CATEGORIES: dict[str, str | None] = {
    "PROTECT": "backup",
    "REPLICATE": "copy",
    "CLOUD_TIER": "copy",
    "RESTORE": "restore",
    "VALIDATE": "verify",
    "DELETE": "prune",
} | dict.fromkeys(
    (
        "INDEX",
        "CLOUD_COPY_RECOVER",
        "CLOUD_DR",
        "CONFIG",
        "CONSOLE",
        "DISASTER_RECOVERY",
        "DISCOVER",
        "HOST_CONFIGURATION",
        "MANAGE",
        "NOTIFY",
        "SYSTEM",
    )
)
"""Categories of activities: the kind of run, or nothing where it is no evidence for an asset."""

CLASSES: dict[str, str | None] = {"JOB": "counts", "JOB_GROUP": None, "TASK": None}

COPY_STATES: dict[str, str | None] = {"IDLE": "there"} | dict.fromkeys(("SOFT_DELETED", "DELETED", "DELETING", "DELETE_FAILED"))
"""States of copies: there, or (nothing) deleted or on the way to be."""

COPY_TYPES = {"FULL": "full", "INCREMENTAL": "incremental", "DIFFERENTIAL": "differential", "LOG": "log"}

_ACTIVITY = {
    "id": "id",
    "class": "classType",
    "category": "category",
    "state": "state",
    "status": ("result", "status"),
    "asset": ("asset", "name"),
    "asset_id": ("asset", "id"),
    "started_at": "startTime",
    "finished_at": "endTime",
    "bytes": ("result", "bytesTransferred"),
}
_COPY = {
    "id": "id",
    "asset": "assetName",
    "asset_id": "assetId",
    "type": "copyType",
    "base": "baseCopyId",
    "create": "createTime",
    "start": "startTime",
    "end": "endTime",
    "expires_at": "retentionTime",
    "lock": "retentionLock",
    "mode": "retentionLockMode",
    "replica": "replicatedCopy",
    "partial": "partialCopy",
    "state": "state",
    "bytes": "size",
    "repository": "storageSystemId",
}


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A page of JSON whose content has the keys of activities or copies."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{" or not re.search(rb'"content"\s*:\s*\[', head):
        return False
    activity = re.search(rb'"classType"\s*:', head) and re.search(rb'"category"\s*:', head)
    return bool(activity or (re.search(rb'"copyType"\s*:', head) and re.search(rb'"(?:assetId|storageSystemId)"\s*:', head)))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one page. Raises `InputError` when it is none."""
    where = envelope.name or envelope.tool
    document = _records.document(payload, envelope)
    if not isinstance(_records.at(document, "content"), list):
        fault = Fault(
            where,
            "this is no answer of PowerProtect Data Manager that is known",
            "ingest what GET /api/v2/activities or /api/v2/copies answers",
            "/content",
        )
        raise InputError(str(fault), [fault])
    found, faults = _records.objects(document["content"], "/content", where)
    if _records.at(document, ("page", "totalElements")) != len(document["content"]):
        envelope = replace(envelope, complete=None if envelope.complete is None else False)
    copies = [each for each in found if "copyType" in each[1]]
    activities = [each for each in found if "classType" in each[1]]
    if copies and not activities:
        return _copies(found, envelope, faults, where)
    return _activities(found, envelope, faults, where)


def _subject() -> pl.Expr:
    name, key = (pl.when(pl.col(each) != "").then(each) for each in ("asset", "asset_id"))
    return pl.coalesce(pl.format("{} ({})", name, key), name, key)


def _activities(found: list[_records.Object], envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    picked = _records.pick(found, _ACTIVITY, where)
    counted = _records.told(picked.rows, "class", CLASSES, where, into="counted")
    kinds = _records.told(counted.rows.filter(pl.col("counted").is_not_null()), "category", CATEGORIES, where, into="kind")
    stated = _records.told(kinds.rows.filter(pl.col("kind").is_not_null()), "state", STATES, where, into="life")
    judged = stated.rows.with_columns(
        raw_status="status", status=pl.when(pl.col("life") == OPEN).then(pl.lit(OPEN)).otherwise("status")
    )
    ended = _records.told(judged, "status", RESULTS, where, into="outcome")
    raw = ended.rows.with_columns(subject=_subject(), message=pl.when(pl.col("outcome") != "success").then("raw_status"))
    read_ = typed("run", raw, envelope)
    told = [*faults, *picked.faults, *counted.faults, *kinds.faults, *stated.faults, *ended.faults, *read_.faults]
    return _records.assembled(envelope, told, runs=read_.frame, listings=job_log(read_.frame, envelope))


def _copies(found: list[_records.Object], envelope: Envelope, faults: list[Fault], where: str) -> Facts:
    picked = _records.pick(found, _COPY, where)
    there = _records.told(picked.rows, "state", COPY_STATES, where, into="there")
    original = (pl.col("replica") == "false").fill_null(value=False)
    locked = (pl.col("lock") == "ALL_COPIES_LOCKED") & (pl.col("mode") == "COMPLIANCE")
    full = (pl.col("type") == "FULL") & pl.col("base").is_null()
    raw = there.rows.filter(pl.col("there").is_not_null()).with_columns(
        subject=_subject(),
        method=pl.col("type").replace_strict(COPY_TYPES, default=None, return_dtype=pl.String),
        captured_at=pl.when(original).then(pl.coalesce("start", "create")),
        available_at=pl.when(original).then("end").otherwise("create"),
        self_contained=pl.when(full).then(pl.lit("true")),
        immutable_until=pl.when(locked).then("expires_at"),
        completeness=pl.when(pl.col("partial") == "true").then(pl.lit("partial")),
        basis=pl.lit("catalog"),
    )
    read_ = typed("recovery_point", raw, envelope)
    listings = from_envelope(read_.frame, envelope, empty_table=not found and not faults)
    told = [*faults, *picked.faults, *there.faults, *read_.faults]
    return _records.assembled(envelope, told, points=based(read_.frame, listings), listings=listings)
