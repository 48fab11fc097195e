"""Jobs: backups, copies and restores. A copy that ended well is a point as well, and the only evidence of what it is a copy of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from audit.adapters import _listing, _records
from audit.adapters._typed import typed
from audit.adapters.aws_backup._points import TIMES, chained, filtered
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

BACKUP_STATES: dict[str, str | None] = {
    "COMPLETED": "success",
    "PARTIAL": "warning",
    "FAILED": "failed",
    "EXPIRED": "failed",  # never begun within its window
    "ABORTED": "cancelled",
    "ABORTING": "running",
    "CREATED": "running",
    "PENDING": "running",
    "RUNNING": "running",
}
COPY_STATES: dict[str, str | None] = {
    "COMPLETED": "success",
    "PARTIAL": "warning",
    "FAILED": "failed",
    "CREATED": "running",
    "RUNNING": "running",
}
RESTORE_STATES: dict[str, str | None] = {
    "COMPLETED": "restored",
    "FAILED": "failed",
    "ABORTED": "cancelled",
    "PENDING": "running",
    "RUNNING": "running",
}
VALIDATIONS: dict[str, str | None] = {
    "SUCCESSFUL": "success",
    "FAILED": "failed",
    "TIMED_OUT": "warning",  # restored, and not proven
    "VALIDATING": "running",
    "none": "warning",  # restored, and nobody looked
}


@dataclass(frozen=True, slots=True)
class Kind:
    """`many`: the key of the list; `one`: of what describes one; `fields`: our column -> their key."""

    kind: str
    many: str
    one: str
    states: dict[str, str | None]
    fields: dict[str, str | tuple[str, ...]]


_EVERY: dict[str, str | tuple[str, ...]] = {
    "started_at": "CreationDate",
    "finished_at": "CompletionDate",
    "bytes": "BackupSizeInBytes",
    "kind_of_resource": "ResourceType",
}
JOBS = {
    "BackupJobId": Kind(
        "backup", "BackupJobs", "BackupJob", BACKUP_STATES,
        {**_EVERY, "id": "BackupJobId", "subject": "ResourceArn", "repository": "BackupVaultArn", "vault": "BackupVaultName",
         "State": "State", "recovery_point": "RecoveryPointArn"},
    ),
    "CopyJobId": Kind(
        "copy", "CopyJobs", "CopyJob", COPY_STATES,
        {**_EVERY, "id": "CopyJobId", "subject": "ResourceArn", "repository": "DestinationBackupVaultArn", "State": "State",
         "recovery_point": "DestinationRecoveryPointArn", "original": "SourceRecoveryPointArn", "copied_from": "SourceBackupVaultArn"},
    ),
    "RestoreJobId": Kind(
        "restore", "RestoreJobs", "RestoreJob", RESTORE_STATES,
        {**_EVERY, "id": "RestoreJobId", "subject": "SourceResourceArn", "repository": "BackupVaultArn", "State": "Status",
         "recovery_point": "RecoveryPointArn", "Validation": "ValidationStatus"},
    ),
}  # fmt: skip
"""The kinds of jobs by the key of their id."""


def jobs(kind: Kind, objects: list[_records.Object], faults: list[Fault], document: dict[str, Any], envelope: Envelope) -> Facts:
    """Make runs of jobs."""
    where = envelope.name or envelope.tool
    picked = _records.pick(objects, kind.fields, where)
    known = _records.told(picked.rows, "State", kind.states, where, into="outcome")
    rows = _records.times(known.rows, ("started_at", "finished_at"), TIMES).with_columns(kind=pl.lit(kind.kind))
    found = [*faults, *picked.faults, *known.faults]
    if kind.kind == "restore":
        rows, unknown = _validated(rows, where)
        found += unknown
    elif kind.kind == "backup":
        rows = rows.with_columns(pl.coalesce("repository", "vault").alias("repository"))
    read = typed("run", rows, envelope)
    runs = read.frame.with_columns(
        recovery_point=pl.when(pl.col("outcome").is_in(["success", "warning"]) | (pl.col("kind") == "restore")).then(
            "recovery_point"
        ),
        coverage=pl.when((pl.col("kind") != "restore") & (pl.col("outcome") == "warning")).then(pl.lit("partial")),
    )
    copies = _copies(rows, envelope) if kind.kind == "copy" else None
    # A history of copies or restores says nothing of the backups beside them.
    whole = kind.kind == "backup" and kind.many in document and not document.get("NextToken") and not filtered(envelope)
    covered = _listing.job_log(runs, replace(envelope, complete=bool(envelope.complete) and whole))
    return _records.assembled(envelope, [*found, *read.faults], copies, runs, covered)


def _validated(rows: pl.DataFrame, where: str) -> tuple[pl.DataFrame, tuple[Fault, ...]]:
    """A restore is as good as its validation."""
    known = _records.told(
        rows.with_columns(pl.col("Validation").fill_null("none")), "Validation", VALIDATIONS, where, into="proven"
    )
    restored = pl.col("outcome") == "restored"
    return known.rows.with_columns(outcome=pl.when(restored).then("proven").otherwise("outcome")), known.faults


def _copies(rows: pl.DataFrame, envelope: Envelope) -> pl.DataFrame:
    """Make the points that copy jobs made. Their rows were read as runs, so that what is wrong with them is told once."""
    rows = rows.filter(pl.col("outcome").is_in(["success", "warning"]) & pl.col("recovery_point").is_not_null())
    made = rows.select(
        "subject", "repository", "bytes", "locator",
        id="recovery_point", available_at="finished_at", copy_of_id="original", copy_of_repository="copied_from",
        completeness=pl.when(pl.col("outcome") == "success").then(pl.lit("complete")).otherwise(pl.lit("partial")),
        method=pl.when(~chained("kind_of_resource")).then(pl.lit("snapshot")), self_contained=pl.when(~chained("kind_of_resource")).then(pl.lit("true")), basis=pl.lit("job"),
    )  # fmt: skip
    return typed("recovery_point", made, envelope).frame
