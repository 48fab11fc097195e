"""Vaults of Microsoft.DataProtection (Backup vaults): recovery points of backup instances, and jobs."""

from __future__ import annotations

from typing import Any

import polars as pl

from audit.adapters import _records
from audit.adapters._typed import typed
from audit.errors import Fault
from audit.model.envelope import Envelope

VAULT = "microsoft.dataprotection/backupvaults"
INSTANCE = f"{VAULT}/backupinstances"
POINT, JOB = f"{INSTANCE}/recoverypoints", f"{VAULT}/backupjobs"

STATUSES: dict[str, str | None] = {
    "Success": "success",
    "Succeeded": "success",
    "Completed": "success",
    "SuccessWithWarning": "warning",
    "Failed": "failed",
    "Cancelled": "cancelled",
    "InProgress": "running",
    "Started": "running",
}
"""Status of a job: the words of the API's specification, and `Succeeded`, `Completed` and `Started` of the vendor's examples of answers."""

CATEGORIES: dict[str, str | None] = {"Backup": "backup", "Restore": "restore", "Tiering": "copy", "Management": "none"}
"""`operationCategory` of a job. Those of `none` change settings and are passed over."""

STORES: dict[str, str | None] = {"OperationalStore": "/operationalstore", "VaultStore": "", "ArchiveStore": "/archivestore"}
"""Data stores in which a point lies, and what each adds to the name of the repository."""

STATES: dict[str, str | None] = {"COMMITTED": "there"}
"""State of a point in a data store. The vendor shows this one, and documents none; another one is quarantined."""

VISIBLE: dict[str, str | None] = {"true": "there"}
"""What a point that is not visible is, is not documented: it is quarantined."""

KINDS: dict[str, str | None] = {"AzureBackupDiscreteRecoveryPoint": "point"}

COMPLETIONS: dict[str, str | None] = {"Completed": "complete", "Partial": "partial", "not told": None}
"""`recoveryPointState`: whether all that should be in the point is. Older answers do not tell it."""

METHODS: dict[str, str] = {"Full": "full", "Differential": "differential", "Incremental": "incremental", "Log": "log"}
"""`recoveryPointType` of points that were written to a vault. What is in the operational store is a snapshot, which needs no other: of a disk's incremental one
Azure makes a whole disk.
"""

_PARTS = r"^(.*/backupvaults/[^/]+)/backupinstances/([^/]+)(?:/|$)"
_P = "properties"


def points(objects: list[_records.Object], where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Make a row of each data store in which a recovery point is: strings, with `repository` and `subject`."""
    picked = _records.pick(
        objects,
        {
            "path": "id",
            "id": "name",
            "kind": (_P, "objectType"),
            "captured_at": (_P, "recoveryPointTime"),
            "type": (_P, "recoveryPointType"),
            "completeness": (_P, "recoveryPointState"),
        },
        where,
    )
    known = _records.told(picked.rows, "kind", KINDS, where)
    told = _records.told(known.rows.with_columns(pl.col("completeness").fill_null("not told")), "completeness", COMPLETIONS, where)
    faults = [*picked.faults, *known.faults, *told.faults]
    kept = set(told.rows["locator"])
    details = []
    for place, record in objects:
        if place in kept:
            found, bad = _records.objects(_records.at(record, (_P, "recoveryPointDataStoresDetails")), f"{place}/{_P}", where)
            details += [(place, each) for _, each in found]
            faults += bad
    stores = _records.pick(details, {"store": "type", "state": "state", "visible": "visible", "expires_at": "expiryTime"}, where)
    store = _records.told(stores.rows, "store", STORES, where, into="tier")
    state = _records.told(store.rows, "state", STATES, where)
    seen = _records.told(state.rows.with_columns(pl.col("visible").fill_null("true")), "visible", VISIBLE, where)
    rows = told.rows.join(seen.rows, on="locator", maintain_order="left_right").with_columns(_parts("path"))
    snapshot = pl.col("store") == "OperationalStore"
    rows = rows.unnest("parts").with_columns(
        repository=pl.col("vault") + pl.col("tier"),
        subject="instance",
        method=pl.when(snapshot).then(pl.lit("snapshot")).otherwise(pl.col("type").replace_strict(METHODS, default=None)),
        basis=pl.lit("catalog"),
    )
    rows = rows.with_columns(self_contained=pl.when(pl.col("method").is_in(["full", "snapshot"])).then(pl.lit("true")))
    return rows, [*faults, *stores.faults, *store.faults, *state.faults, *seen.faults]


def jobs(objects: list[_records.Object], envelope: Envelope) -> tuple[pl.DataFrame, list[Fault]]:
    """Make runs of jobs. They name the instance as its points do, and where they say it their data store and point."""
    where = envelope.name or envelope.tool
    fields: dict[str, Any] = {
        "path": (_P, "backupInstanceId"),
        "id": "name",
        "category": (_P, "operationCategory"),
        "status": (_P, "status"),
        "started_at": (_P, "startTime"),
        "finished_at": (_P, "endTime"),
        "from": (_P, "sourceDataStoreName"),
        "to": (_P, "destinationDataStoreName"),
        "read": (_P, "extendedInfo", "sourceRecoverPoint", "recoveryPointID"),
        "made": (_P, "extendedInfo", "targetRecoverPoint", "recoveryPointID"),
    }
    picked = _records.pick(objects, fields, where)
    category = _records.told(picked.rows, "category", CATEGORIES, where, into="kind")
    status = _records.told(category.rows.filter(pl.col("kind") != "none"), "status", STATUSES, where, into="outcome")
    restores = pl.col("kind") == "restore"
    store = pl.when(restores).then("from").otherwise("to")
    rows = status.rows.with_columns(_parts("path")).unnest("parts")
    rows = rows.with_columns(
        subject="instance",
        repository=pl.col("vault") + store.replace_strict(STORES, default=None, return_dtype=pl.String),
        recovery_point=pl.when(restores).then("read").when(pl.col("kind") == "backup").then("made"),
        finished_at=pl.when(pl.col("outcome") != "running").then("finished_at"),
    )
    read = typed("run", _records.times(rows, ("started_at", "finished_at")), envelope)
    # Where nothing says the data store, the envelope's repository is none: a vault has several.
    runs = read.frame.join(
        rows.select("locator", told=pl.col("repository")), on="locator", how="left", maintain_order="left"
    ).with_columns(repository="told")
    return runs.drop("told"), [*picked.faults, *category.faults, *status.faults, *read.faults]


def _parts(column: str) -> pl.Expr:
    """The vault and the instance that a path of Azure Resource Manager names, in lower case."""
    found = pl.col(column).str.to_lowercase().str.extract_groups(_PARTS)
    return found.struct.rename_fields(["vault", "instance"]).alias("parts")
