"""What the API lists: each record says by its type what it is."""

from __future__ import annotations

from typing import Any

import polars as pl

from audit.adapters import _records
from audit.adapters._typed import shown, typed
from audit.adapters.azure_backup import _backup_vaults
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import SCHEMAS, Facts

VAULT = "microsoft.recoveryservices/vaults"
ITEM = f"{VAULT}/backupfabrics/protectioncontainers/protecteditems"
POINT, JOB = f"{ITEM}/recoverypoints", f"{VAULT}/backupjobs"
PASSED_OVER = (
    VAULT,
    f"{VAULT}/backuppolicies",
    f"{VAULT}/backupconfig",
    _backup_vaults.VAULT,
    f"{_backup_vaults.VAULT}/backuppolicies",
)

STATUSES: dict[str, str | None] = {
    "Completed": "success",
    "CompletedWithWarnings": "warning",
    "Failed": "failed",
    "Cancelled": "cancelled",
    "Cancelling": "running",
    "InProgress": "running",
}
"""Status of a job. `Invalid` is documented too; what it means is not, so it is quarantined."""

OPERATIONS: dict[str, str | None] = {
    "Backup": "backup",
    "Restore": "restore",
    "CrossRegionRestore": "restore",
    "DeleteBackupData": "prune",
    "Undelete": "none",
    "Register": "none",
    "UnRegister": "none",
    "ConfigureBackup": "none",
    "DisableBackup": "none",
    "UpdateCustomerManagedKey": "none",
}
"""What a job did. Those of `none` change settings and are passed over."""

TIERS: dict[str, str | None] = {"InstantRP": "/instantrp", "HardenedRP": "", "ArchivedRP": "/archivedrp"}
"""Tier of a point, and what it adds to the name of the repository."""

TIER_STATUSES: dict[str, str | None] = {"Valid": "there", "Rehydrated": "there", "Deleted": "gone"}
"""`Disabled` and `Invalid` are documented as words only, and are quarantined."""

KINDS: dict[str, str | None] = {
    "IaasVMRecoveryPoint": "machine",
    "AzureFileShareRecoveryPoint": "share",
    "AzureWorkloadRecoveryPoint": "database",
    "AzureWorkloadSQLRecoveryPoint": "database",
    "AzureWorkloadSAPHanaRecoveryPoint": "database",
    "AzureWorkloadPointInTimeRecoveryPoint": "database",
    "AzureWorkloadSQLPointInTimeRecoveryPoint": "database",
    "AzureWorkloadSAPHanaPointInTimeRecoveryPoint": "database",
}
METHODS = {"Full": "full", "CopyOnlyFull": "full", "Differential": "differential", "Incremental": "incremental", "Log": "log"}
"""Kinds of backups of databases; of others nothing is said."""


def items(value: list[Any], pointer: str, envelope: Envelope, *, more: bool) -> Facts:
    """Read a list of records, each by its type. `more`: the list goes on elsewhere."""
    where = envelope.name or envelope.tool
    objects, faults = _records.objects(value, pointer, where)
    by_type: dict[str, list[_records.Object]] = {}
    for place, record in objects:
        kind = record.get("type")
        by_type.setdefault(kind.lower() if isinstance(kind, str) else "", []).append((place, record))
    points, runs, listings = (pl.DataFrame(schema=SCHEMAS[kind]) for kind in ("recovery_point", "run", "listing"))
    for kind, records in by_type.items():
        if kind in (POINT, _backup_vaults.POINT):
            rows, found = _points(records, where) if kind == POINT else _backup_vaults.points(records, where)
            made, bad = _made(rows, envelope)
            points = pl.concat([points, made])
            listings = pl.concat([listings, _listings(rows, envelope, more=more)])
            faults += [*found, *bad]
        elif kind in (JOB, _backup_vaults.JOB):
            ran, found = _jobs(records, envelope) if kind == JOB else _backup_vaults.jobs(records, envelope)
            runs = pl.concat([runs, ran])
            faults += found
        elif kind in (ITEM, _backup_vaults.INSTANCE):
            what = f"{len(records)} protected items tell when their last point was made, but not where it is: they carry no facts"
            faults.append(Fault(where, what, "list the recovery points of each item", records[0][0], level="warning"))
        elif kind not in PASSED_OVER:
            what = f"{shown(kind)} is no type of record that is known: the record was not used"
            faults += [Fault(where, what, "list recovery points or jobs", place) for place, _ in records]
    return _records.assembled(envelope, faults, points, runs, listings)


def _made(rows: pl.DataFrame, envelope: Envelope) -> tuple[pl.DataFrame, list[Fault]]:
    """Make points of the rows that are there still."""
    if "soft" in rows.columns:
        rows = rows.filter((pl.col("status") == "there") & (pl.col("soft") != "true").fill_null(value=True))
    read = typed("recovery_point", _records.times(rows, ("captured_at", "expires_at")), envelope)
    return read.frame, list(read.faults)


def _points(objects: list[_records.Object], where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Make a row of each tier in which a recovery point is, deleted ones too: strings, with `repository` and `subject`."""
    properties = "properties"
    picked = _records.pick(
        objects,
        {"path": "id", "id": "name", "kind": (properties, "objectType"), "at": (properties, "recoveryPointTime"), "utc": (properties, "recoveryPointTimeInUTC"),
         "type": (properties, "type"), "expires_at": (properties, "recoveryPointProperties", "expiryTime"),
         "soft": (properties, "recoveryPointProperties", "isSoftDeleted")},
        where,
    )  # fmt: skip
    known = _records.told(picked.rows, "kind", KINDS, where)
    tiers, faults = _tiers(objects, known.rows.select("locator", "kind"), where)
    tier = _records.told(tiers, "tier", TIERS, where)
    state = _records.told(tier.rows, "status", TIER_STATUSES, where)
    groups = (
        pl.col("path")
        .str.to_lowercase()
        .str.extract_groups(r"^(.*/vaults/[^/]+)/backupfabrics/[^/]+/protectioncontainers/([^/]+)/protecteditems/([^/]+)/")
    )
    machine = pl.col("item").str.strip_prefix("vm;")
    rows = (
        known.rows.join(state.rows, on="locator", maintain_order="left_right")
        .with_columns(groups.struct.rename_fields(["vault", "container", "item"]).alias("parts"))
        .unnest("parts")
        .with_columns(
            repository=pl.col("vault") + pl.col("tier"),
            subject=pl.when(pl.col("kind") == "machine").then(machine).otherwise(pl.col("container") + "/" + pl.col("item")),
            captured_at=pl.coalesce("at", "utc"),
            method=pl.when(pl.col("kind") == "database")
            .then(pl.col("type").replace_strict(METHODS, default=None))
            .otherwise(pl.lit("snapshot")),
            basis=pl.lit("catalog"),
        )
        .with_columns(self_contained=pl.when(pl.col("method").is_in(["full", "snapshot"])).then(pl.lit("true")))
    )
    return rows, [*picked.faults, *known.faults, *faults, *tier.faults, *state.faults]


def _tiers(objects: list[_records.Object], kinds: pl.DataFrame, where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Return the tiers of each point: `locator` of the point, `tier`, `status`. Older answers have none: shares are then snapshots, databases are in the vault."""
    kind_of = dict(kinds.iter_rows())
    rows: list[tuple[str, str | None, str | None]] = []
    faults: list[Fault] = []
    for place, record in objects:
        told = _records.at(record, ("properties", "recoveryPointTierDetails"))
        if place not in kind_of:
            continue
        if isinstance(told, list) and told:
            rows += [(place, _text(each, "type"), _text(each, "status")) for each in told]
        elif kind_of[place] == "machine":
            what = "the tier of this point is not told, and a snapshot beside the machine is no copy in the vault: it was not used"
            faults.append(Fault(where, what, "list the points with api-version 2021-01-01 or later", place))
        else:
            rows.append((place, "InstantRP" if kind_of[place] == "share" else "HardenedRP", "Valid"))
    return pl.DataFrame(rows, schema=dict.fromkeys(("locator", "tier", "status"), pl.String()), orient="row"), faults


def _text(value: Any, key: str) -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _listings(rows: pl.DataFrame, envelope: Envelope, *, more: bool) -> pl.DataFrame:
    """Points are listed one item at a time: each listing speaks of one item in one tier, whether anything is left of it there or not."""
    at = SCHEMAS["listing"]["listed_at"]
    if envelope.observed_at is None:
        return pl.DataFrame(schema=SCHEMAS["listing"])
    return (
        rows.filter(pl.col("repository").is_not_null() & pl.col("subject").is_not_null())
        .group_by("repository", scope="subject", maintain_order=True)
        .agg(pl.col("locator").first())
        .select(
            pl.lit(envelope.source, pl.String()).alias("source"), "repository", "scope", pl.lit(envelope.observed_at, at).alias("listed_at"),
            pl.lit(bool(envelope.complete) and not more).alias("complete"), pl.lit(None, at).alias("covers_from"), pl.lit(None, at).alias("covers_to"), "locator",
        )
    )  # fmt: skip


def _jobs(objects: list[_records.Object], envelope: Envelope) -> tuple[pl.DataFrame, list[Fault]]:
    """Make runs of jobs. They say no repository: their short name of what was backed up would tie them to points of others."""
    where = envelope.name or envelope.tool
    properties = "properties"
    picked = _records.pick(
        objects,
        {"id": "name", "subject": (properties, "entityFriendlyName"), "operation": (properties, "operation"), "status": (properties, "status"),
         "started_at": (properties, "startTime"), "finished_at": (properties, "endTime")},
        where,
    )  # fmt: skip
    operation = _records.told(picked.rows, "operation", OPERATIONS, where, into="kind")
    status = _records.told(operation.rows.filter(pl.col("kind") != "none"), "status", STATUSES, where, into="outcome")
    read = typed("run", _records.times(status.rows, ("started_at", "finished_at")), envelope)
    runs = read.frame.with_columns(repository=pl.lit(None, pl.String()))
    return runs, [*picked.faults, *operation.faults, *status.faults, *read.faults]
