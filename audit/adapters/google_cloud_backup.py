"""Google Cloud: backups of Backup and DR, Cloud SQL, Spanner, Bigtable and Firestore, as JSON of their APIs or of gcloud.

Formats read: lists of backups (`backups` of an answer, or the array that `gcloud ... backups list --format=json` prints) of Backup and DR vaults, Spanner,
Bigtable and Firestore, and of Cloud SQL's backup runs; also as a recorded answer, under `body` beside its `headers`. Schedules of backups are recognised and
carry no facts. Backups of other services are faults.

Point: id = the backup's name (Cloud SQL: the run's id); subject = the data source, database, table or instance by its path; repository = the vault, or where the service keeps
it: the instance (Spanner, Cloud SQL), cluster (Bigtable) or location (Firestore). Backups that a service keeps beside its data go with the instance or
cluster: give both one failure domain. Each is self-contained; of Spanner's incremental chains it is not told what needs what.

Time semantics: UTC. captured_at = consistencyTime (Backup and DR), versionTime (Spanner), snapshotTime (Firestore), else startTime; available_at = endTime where there is one. A
copied backup of Bigtable has the time of its original.

Proof of deletion: a complete list that lacks a backup. A list with `unreachable` places or a next page is not complete.

Success: the state, by the tables below. Being made is a run that runs, ERROR and FAILED one that failed; only Cloud SQL keeps its runs. Skipped runs of Cloud SQL are passed over.

What Google Cloud cannot show: immutability, but in vaults of Backup and DR (enforcedRetentionEndTime); when a backup became restorable, but for Bigtable and Cloud SQL;
that restores work.

Tested against: recorded answers for Cloud SQL, Bigtable, Spanner and Firestore's schedules; Backup and DR and Firestore's backups as documented schema only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from audit.adapters import _listing, _records
from audit.adapters._typed import shown, typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import SCHEMAS, Facts

TESTED_AGAINST = "samples"

PART = re.compile(r"\s--(?:filter|limit)\b|[?&](?:filter|pageToken)=")
"""Options of gcloud and of the API that ask for some of the backups."""

VAULT_STATES: dict[str, str | None] = {
    "ACTIVE": "there",
    "CREATING": "running",
    "UPLOADING": "running",
    "ERROR": "failed",
    "DELETING": "gone",
}
STATES: dict[str, str | None] = {"READY": "there", "CREATING": "running", "NOT_AVAILABLE": "gone"}
"""State of a backup of Spanner, Bigtable and Firestore (which alone has NOT_AVAILABLE)."""
RUN_STATES: dict[str, str | None] = {
    "SUCCESSFUL": "there",
    "DELETION_FAILED": "there",  # it should be gone, and is not
    "ENQUEUED": "running",
    "OVERDUE": "running",
    "RUNNING": "running",
    "FAILED": "failed",
    "DELETION_PENDING": "gone",
    "DELETED": "gone",
    "SKIPPED": "gone",  # nothing was tried
}
"""State of a backup run of Cloud SQL. Of these tables: `there` is a point; `running` and `failed` are runs and no points; `gone` is neither."""

ENCRYPTION = {"GOOGLE_DEFAULT_ENCRYPTION": "yes", "CUSTOMER_MANAGED_ENCRYPTION": "yes"}

_Fields = Mapping[str, str | tuple[str, ...]]


_EVERY: _Fields = {"id": "name", "state": "state", "expires_at": "expireTime", "begun": "createTime"}
_ENCRYPTED = ("encryptionInfo", "encryptionType")
_SERVICES: dict[str, tuple[str, dict[str, str | None], _Fields]] = {
    "vault": (
        r"^(projects/[^/]+/locations/[^/]+/backupVaults/[^/]+)/dataSources/[^/]+/backups/[^/]+$", VAULT_STATES,
        {**_EVERY, "captured_at": "consistencyTime", "immutable_until": "enforcedRetentionEndTime", "bytes": "resourceSizeBytes"},
    ),
    "bigtable": (
        r"^(projects/[^/]+/instances/[^/]+/clusters/[^/]+)/backups/[^/]+$", STATES,
        {**_EVERY, "subject": "sourceTable", "captured_at": "startTime", "available_at": "endTime", "bytes": "sizeBytes",
         "encrypted": _ENCRYPTED, "copy_of_id": "sourceBackup"},
    ),
    "spanner": (
        r"^(projects/[^/]+/instances/[^/]+)/backups/[^/]+$", STATES,
        {**_EVERY, "subject": "database", "captured_at": "versionTime", "bytes": "sizeBytes", "encrypted": _ENCRYPTED, "chain": "incrementalBackupChainId"},
    ),
    "firestore": (
        r"^(projects/[^/]+/locations/[^/]+)/backups/[^/]+$", STATES,
        {**_EVERY, "subject": "database", "captured_at": "snapshotTime", "bytes": ("stats", "sizeBytes")},
    ),
    "sql": (
        "", RUN_STATES,
        {"id": "id", "state": "status", "instance": "instance", "path": "selfLink", "captured_at": "startTime", "available_at": "endTime", "begun": "startTime",
         "ended": "endTime"},
    ),
}  # fmt: skip
"""For each service: the pattern of names, whose first group is the repository; the states; our column -> their key."""

_SCHEDULE = re.compile(r"^projects/.*/backupSchedules/[^/]+$")
_HEAD = re.compile(
    rb'"name"\s*:\s*"projects/[^"/]+/(?:locations/[^"/]+/backupVaults/[^"/]+/dataSources/[^"/]+|instances/[^"/]+(?:/clusters/[^"/]+)?'
    rb'|locations/[^"/]+|databases/[^"/]+|instances/[^"/]+/databases/[^"/]+)/(?:backups|backupSchedules)/[^"/]+"|"kind"\s*:\s*"sql#backupRun(?:sList)?"'
)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON that names a backup by its path, or backup runs of Cloud SQL."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") and bool(_HEAD.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read one list of backups. Raises `InputError` when it is none."""
    where = envelope.name or envelope.tool
    document, below = _answer(_records.document(payload, envelope), where)
    several, objects, faults = _listed(document, where, below)
    points, runs, whole = [], [], several
    for name, records in _sorted(objects, where, faults).items():
        made, ran, found = _facts(name, records, envelope)
        points.append(made)
        runs.append(ran)
        faults += found
    if isinstance(document, dict) and document.get("unreachable"):
        what = f"places could not be reached: {shown(document['unreachable'])}: the list is not complete"
        faults.append(Fault(where, what, "list again when they can be reached", f"{below}/unreachable", level="warning"))
    if isinstance(document, dict) and (document.get("unreachable") or document.get("nextPageToken")):
        whole = False
    joined = pl.concat([pl.DataFrame(schema=SCHEMAS["recovery_point"]), *points])
    told = replace(envelope, complete=bool(envelope.complete) and whole)
    listings = _listing.from_envelope(joined, told, empty_table=not objects) if several else None
    return _records.assembled(envelope, faults, joined, pl.concat([pl.DataFrame(schema=SCHEMAS["run"]), *runs]), listings)


def _answer(document: Any, where: str) -> tuple[Any, str]:
    """Return what an answer says, and its pointer. One that was recorded (`headers` and `body`) says it in its body, unless its status is an error's."""
    if not isinstance(document, dict) or set(document) != {"headers", "body"}:
        return document, ""
    status = _records.at(document, ("headers", "status"))
    if status is not None and not str(status).startswith("2"):
        fault = Fault(
            where, f"this answer has the status {shown(status)}: it lists nothing", "list the backups again", "/headers/status"
        )
        raise InputError(str(fault), [fault])
    return document["body"], "/body"


def _listed(document: Any, where: str, below: str) -> tuple[bool, list[_records.Object], list[Fault]]:
    """Return whether this is a list of backups, and its records. An empty answer is a list of nothing."""
    if isinstance(document, list):
        return True, *_records.objects(document, below, where)
    for key in ("backups", "items", "backupSchedules"):
        if isinstance(document, dict) and key in document:
            return key != "backupSchedules", *_records.objects(document[key], f"{below}/{key}", where)
    if isinstance(document, dict) and set(document) <= {"kind", "nextPageToken", "unreachable"}:
        return True, [], []
    if isinstance(document, dict) and ("name" in document or document.get("kind") == "sql#backupRun"):
        return False, [(below, document)], []
    fault = Fault(where, "this is no list of backups of Google Cloud that is known", "list backups with --format=json")
    raise InputError(str(fault), [fault])


def _sorted(objects: list[_records.Object], where: str, faults: list[Fault]) -> dict[str, list[_records.Object]]:
    """Part the records by the service that they are of; those of none become faults."""
    found: dict[str, list[_records.Object]] = {}
    for place, record in objects:
        path = record.get("name")
        path = path if isinstance(path, str) else ""
        named = next((name for name, (pattern, _, _) in _SERVICES.items() if pattern and re.search(pattern, path)), "")
        service = "sql" if record.get("kind") == "sql#backupRun" else named
        if service == "firestore" and "/databases/" not in str(record.get("database")):
            service = ""  # other services name their backups so too
        if service:
            found.setdefault(service, []).append((place, record))
        elif not _SCHEDULE.search(path):
            what = f"{shown(path)} is a backup of no service that is known: the record was not used"
            faults.append(Fault(where, what, "list backups of Backup and DR, Cloud SQL, Spanner, Bigtable or Firestore", place))
    return found


def _facts(service: str, objects: list[_records.Object], envelope: Envelope) -> tuple[pl.DataFrame, pl.DataFrame, list[Fault]]:
    """Make points of the backups that are there, and runs of those that are not, or not yet."""
    where = envelope.name or envelope.tool
    pattern, states, fields = _SERVICES[service]
    picked = _records.pick(objects, fields, where)
    known = _records.told(picked.rows, "state", states, where)
    rows = _records.times(known.rows, ("captured_at", "available_at", "expires_at", "immutable_until", "begun", "ended"))
    rows = _placed(service, pattern, rows).with_columns(
        method=pl.lit("snapshot"), basis=pl.lit("catalog"), self_contained=pl.lit("true")
    )
    if "encrypted" in rows.columns:
        rows = rows.with_columns(pl.col("encrypted").replace_strict(ENCRYPTION, default=None))
    if "chain" in rows.columns:
        alone = pl.col("chain").is_null() | (pl.col("chain") == "")
        rows = rows.with_columns(pl.when(alone).then(name).alias(name) for name in ("method", "self_contained"))
    if "copy_of_id" in rows.columns:
        copied = pl.col("copy_of_id").str.len_chars() > 0
        rows = rows.with_columns(
            copy_of_id=pl.when(copied).then("copy_of_id"),
            copy_of_repository=pl.col("copy_of_id").str.extract(pattern, 1),
            captured_at=pl.when(~copied.fill_null(value=False)).then("captured_at"),
        )
    read_ = typed("recovery_point", rows.filter(pl.col("state") == "there"), envelope)
    told = pl.col("state").is_in(["running", "failed"])
    if service == "sql":
        told |= pl.col("state") == "there"
    ended = pl.col("ended") if "ended" in rows.columns else pl.lit(None, pl.String())
    made = rows.filter(told).select(
        "subject", "repository", "method", "locator",
        id="id" if service != "sql" else pl.col("repository") + "/backupRuns/" + pl.col("id"),
        kind=pl.lit("backup"), started_at="begun", finished_at=ended,
        outcome=pl.when(pl.col("state") == "there").then(pl.lit("success")).otherwise("state"),
        recovery_point=pl.when(pl.col("state") == "there").then("id"),
    )  # fmt: skip
    ran = typed("run", made, envelope)
    return read_.frame, ran.frame, [*picked.faults, *known.faults, *read_.faults, *ran.faults]


def _placed(service: str, pattern: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Say of each backup what it is of, and where it is."""
    if service == "sql":
        path = pl.coalesce(pl.col("path").str.extract(r"/(projects/[^/]+/instances/[^/]+)/backupRuns/"), "instance")
        return rows.with_columns(subject=path, repository=path)
    rows = rows.with_columns(repository=pl.col("id").str.extract(pattern, 1))
    return rows.with_columns(subject=pl.col("id").str.extract(r"^(.*)/backups/")) if service == "vault" else rows
