"""The recovery points of a vault, or of a resource."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from audit.adapters import _command, _formats, _listing, _records
from audit.adapters._typed import typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TIMES = (_formats.RFC3339, _formats.SECONDS)

STATUSES: dict[str, str | None] = {
    "COMPLETED": "complete",
    "PARTIAL": "partial",
    "AVAILABLE": "continuous",
    "STOPPED": "continuous",  # restorable in its range, which grows no more
    "EXPIRED": "expired",  # should have been deleted, and was not
    "CREATING": "creating",
    "DELETING": "gone",
}
"""Status of a recovery point. `creating` and `gone` are no points, and are passed over."""

AIR_GAPPED = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"
_FIELDS: dict[str, str | tuple[str, ...]] = {
    "id": "RecoveryPointArn",
    "subject": "ResourceArn",
    "repository": "BackupVaultArn",
    "vault": "BackupVaultName",
    "Status": "Status",
    "captured_at": "CreationDate",
    "available_at": "CompletionDate",
    "bytes": "BackupSizeInBytes",
    "size": "BackupSizeBytes",
    "expires_at": ("CalculatedLifecycle", "DeleteAt"),
    "locked": "VaultType",
    "copied_from": "SourceBackupVaultArn",
    "encrypted": "IsEncrypted",
    "kind": "ResourceType",
}


def recovery_points(objects: list[_records.Object], faults: list[Fault], document: dict[str, Any], envelope: Envelope) -> Facts:
    """Make points of a list of recovery points, and the listing that they are."""
    where = envelope.name or envelope.tool
    resource = asked_for(envelope, "--resource-arn")
    picked = _records.pick(objects, _FIELDS, where)
    known = _records.told(picked.rows, "Status", STATUSES, where, into="state")
    rows = _records.times(known.rows, ("captured_at", "available_at", "expires_at"), TIMES)
    if resource is not None:
        rows = rows.with_columns(pl.col("subject").fill_null(pl.lit(resource)))
        envelope = replace(envelope, scope=envelope.scope or resource)
    rows = rows.filter(~pl.col("state").is_in(["creating", "gone"])).with_columns(
        pl.coalesce("repository", _vault_of(), "vault").alias("repository"),
        pl.coalesce("bytes", "size").alias("bytes"),
        # A point that was copied shows when it was copied; a continuous one when it was set up.
        captured_at=pl.when(pl.col("copied_from").is_null() & (pl.col("state") != "continuous")).then("captured_at"),
        # Of a continuous point the end of its set-up is no end of a backup, nor has it an expiry of its own.
        expires_at=pl.when(pl.col("state") != "continuous").then("expires_at"),
        immutable_until=pl.when(pl.col("locked") == AIR_GAPPED).then("expires_at"),
        copy_of_repository="copied_from",
        encrypted=pl.col("encrypted").replace_strict({"true": "yes", "false": "no"}, default=None),
        completeness=pl.when(pl.col("state").is_in(["complete", "partial"])).then("state"),
        method=pl.when(~chained() & (pl.col("state") != "continuous")).then(pl.lit("snapshot")),
        self_contained=pl.when(~chained() & (pl.col("state") != "continuous")).then(pl.lit("true")),
        basis=pl.lit("catalog"),
    )
    read = typed("recovery_point", rows, envelope)
    several = "RecoveryPoints" in document
    whole = several and not document.get("NextToken") and not filtered(envelope)
    told = replace(envelope, complete=bool(envelope.complete) and whole)
    listings = _listing.from_envelope(read.frame, told, empty_table=several and not objects)
    return _records.assembled(
        envelope, [*faults, *picked.faults, *known.faults, *read.faults], read.frame, listings=listings if several else None
    )


def chained(kind: str = "kind") -> pl.Expr:
    """Tell points that may need others: of SAP HANA databases there are incremental and log backups, and nothing says which is which."""
    return pl.col(kind).str.contains("SAP HANA", literal=True).fill_null(value=False) | pl.col("subject").str.contains(
        ":ssm-sap:", literal=True
    ).fill_null(value=False)


def asked_for(envelope: Envelope, option: str) -> str | None:
    """Return the value that the command in the envelope gave to an option."""
    command = _command.parse(envelope.command, "aws", (), (option,))
    return next(iter(command.values(option)), None) if command is not None else None


def filtered(envelope: Envelope) -> bool:
    """Tell whether the command in the envelope asked for a part."""
    return any(f" --{option}" in (envelope.command or "") for option in ("by-", "filter", "max-items", "max-records", "query"))


def _vault_of() -> pl.Expr:
    """Return the ARN of a vault from its name and the ARN of a point in it, which has its region and account."""
    parts = pl.col("id").str.extract_groups(r"^(arn:[a-z-]+:backup:[a-z0-9-]+:[0-9]+:)recovery-point:").struct.field("1")
    return parts + "backup-vault:" + pl.col("vault")
