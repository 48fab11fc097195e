"""Snapshots that services make themselves: EBS, RDS (instances and clusters), DynamoDB; and what a table of DynamoDB was restored from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from audit.adapters import _listing, _records
from audit.adapters._typed import typed
from audit.adapters.aws_backup._points import TIMES, filtered
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

EBS_STATES: dict[str, str | None] = {
    "completed": "complete",
    "pending": "running",
    "error": "failed",
    "recoverable": "gone",  # deleted, and for some days in the recycle bin
    "recovering": "gone",
}
RDS_STATES: dict[str, str | None] = {
    "available": "complete",
    "creating": "running",
    "copying": "running",
    "failed": "failed",
    "deleting": "gone",
    "deleted": "gone",
}
DYNAMODB_STATES: dict[str, str | None] = {"AVAILABLE": "complete", "CREATING": "running", "DELETED": "gone"}
"""States of snapshots: `running` and `failed` are runs and no points; `gone` is neither, and is passed over."""

TABLE_STATES: dict[str, str | None] = {"ACTIVE": "success", "UPDATING": "success", "CREATING": "running"}
"""States of a table that is being restored; one in another state cannot be used."""

NO_VOLUME = "vol-ffffffff"
"""What EBS shows as the volume of a snapshot that was copied."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`more`: the keys that say that the list goes on."""

    states: dict[str, str | None]
    more: tuple[str, ...]
    fields: dict[str, str | tuple[str, ...]]


def _rds(of: str, type_: str) -> dict[str, str | tuple[str, ...]]:
    return {
        "id": f"{of}SnapshotArn", "subject": f"{type_}Identifier", "State": "Status", "captured_at": "SnapshotCreateTime",
        "copy_of_id": f"Source{of}SnapshotIdentifier" if of == "DB" else "SourceDBClusterSnapshotArn",
        "encrypted": "Encrypted" if of == "DB" else "StorageEncrypted", "original_at": "OriginalSnapshotCreateTime",
    }  # fmt: skip


SNAPSHOTS = {
    "Snapshots": Kind(
        EBS_STATES, ("NextToken",),
        {"id": "SnapshotId", "subject": "VolumeId", "State": "State", "captured_at": "StartTime", "encrypted": "Encrypted", "available_at": "CompletionTime"},
    ),
    "DBSnapshots": Kind(RDS_STATES, ("Marker", "NextToken"), _rds("DB", "DBInstance")),
    "DBClusterSnapshots": Kind(RDS_STATES, ("Marker", "NextToken"), _rds("DBCluster", "DBCluster")),
    "BackupSummaries": Kind(
        DYNAMODB_STATES, ("LastEvaluatedBackupArn", "NextToken"),
        {"id": "BackupArn", "subject": "TableArn", "State": "BackupStatus", "captured_at": "BackupCreationDateTime", "bytes": "BackupSizeBytes",
         "expires_at": "BackupExpiryDateTime"},
    ),
}  # fmt: skip
"""The lists of snapshots by their key."""


def snapshots(key: str, objects: list[_records.Object], faults: list[Fault], document: dict[str, Any], envelope: Envelope) -> Facts:
    """Make points of snapshots that are there, and runs of those that failed or are being made."""
    where = envelope.name or envelope.tool
    kind = SNAPSHOTS[key]
    picked = _records.pick(objects, kind.fields, where)
    known = _records.told(picked.rows, "State", kind.states, where, into="state")
    rows = _records.times(known.rows, ("captured_at", "original_at", "available_at", "expires_at"), TIMES)
    rows, odd = _owned(key, rows, where)
    points = rows.filter(pl.col("state") == "complete")
    if "encrypted" in points.columns:
        points = points.with_columns(pl.col("encrypted").replace_strict({"true": "yes", "false": "no"}, default=None))
    points = points.with_columns(
        method=pl.lit("snapshot"), self_contained=pl.lit("true"), completeness=pl.lit("complete"), basis=pl.lit("catalog")
    )
    made = rows.filter(pl.col("state").is_in(["running", "failed"])).select(
        "id", "subject", "locator", kind=pl.lit("backup"), method=pl.lit("snapshot"), outcome="state", started_at="captured_at"
    )
    read, ran = typed("recovery_point", points, envelope), typed("run", made, envelope)
    whole = not any(document.get(more) for more in kind.more) and not filtered(envelope)
    told = replace(envelope, complete=bool(envelope.complete) and whole)
    listings = _listing.from_envelope(read.frame, told, empty_table=not objects)
    found = [*faults, *picked.faults, *known.faults, *odd, *read.faults, *ran.faults]
    return _records.assembled(envelope, found, read.frame, ran.frame, listings)


def _owned(key: str, rows: pl.DataFrame, where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Name what each snapshot is of, as AWS Backup names it, and when its original was taken."""
    if key == "Snapshots":
        lost = rows.filter(pl.col("subject") == NO_VOLUME)
        odd = [
            Fault(
                where,
                f"the snapshot {id_} is a copy, and EBS does not tell of which volume: it was not used",
                "ingest the copy jobs of AWS Backup, which tell it",
                locator,
                "VolumeId",
                level="warning",
            )
            for id_, locator in lost.select("id", "locator").iter_rows()
        ]
        return rows.filter((pl.col("subject") != NO_VOLUME).fill_null(value=True)), odd
    if key == "BackupSummaries":
        table = pl.col("id").str.extract(r"^(arn:[^/]*:table/[^/]+)/backup/")
        return rows.with_columns(pl.coalesce("subject", table).alias("subject")), []
    which = "db" if key == "DBSnapshots" else "cluster"
    place = pl.col("id").str.extract(r"^(arn:[a-z-]+:rds:[a-z0-9-]+:[0-9]*:)")
    rows = rows.with_columns(
        pl.coalesce(place + f"{which}:" + pl.col("subject"), "subject").alias("subject"),
        pl.coalesce("original_at", "captured_at").alias("captured_at"),
        copy_of_id=pl.when(pl.col("copy_of_id").str.starts_with("arn:")).then("copy_of_id"),
    )
    return rows, []


def restored_table(table: _records.Object, envelope: Envelope) -> Facts:
    """Make a run of a restore of a table of DynamoDB: it is done when the table is there."""
    where = envelope.name or envelope.tool
    summary = "RestoreSummary"
    picked = _records.pick(
        [table],
        {"target": "TableArn", "State": "TableStatus", "subject": (summary, "SourceTableArn"), "recovery_point": (summary, "SourceBackupArn"),
         "started_at": (summary, "RestoreDateTime"), "going_on": (summary, "RestoreInProgress")},
        where,
    )  # fmt: skip
    known = _records.told(picked.rows, "State", TABLE_STATES, where, into="outcome")
    rows = _records.times(known.rows, ("started_at",), TIMES)
    done = (pl.col("going_on") == "false").fill_null(value=False)
    rows = rows.with_columns(
        id=pl.concat_str("target", "started_at", separator="@", ignore_nulls=False),
        kind=pl.lit("restore"),
        outcome=pl.when(done).then("outcome").otherwise(pl.lit("running")),
    )
    read = typed("run", rows, envelope)
    return _records.assembled(envelope, [*picked.faults, *known.faults, *read.faults], runs=read.frame)
