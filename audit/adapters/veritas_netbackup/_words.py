"""The numbers and words of NetBackup's jobs, and what all its job logs have in common."""

from __future__ import annotations

import polars as pl

from audit.adapters import _records
from audit.adapters._listing import job_log
from audit.adapters._typed import typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

JOB_TYPES: dict[str, str | None] = {
    "0": "backup",
    "1": "backup",  # archive: a backup whose source is deleted afterwards
    "2": "restore",
    "3": "verify",
    "4": "copy",  # duplicate
    "6": "backup",  # of the catalog
    "7": "copy",  # vault
    "17": "prune",  # image cleanup
    "20": "copy",  # replication to another domain
    "22": "backup",  # from a snapshot
} | dict.fromkeys(map(str, (5, *range(8, 17), 18, 21, *range(23, 35))))
"""Job types of `bpdbjobs`: the kind of run that each is, or nothing where it is no evidence (imports, labels, inventories, indexing, snapshots on the array)."""

REST_TYPES: dict[str, str | None] = {
    "BACKUP": "backup",
    "ARCHIVE": "backup",
    "RESTORE": "restore",
    "VERIFY": "verify",
    "DUPLICATE": "copy",
    "DBBACKUP": "backup",
    "VAULT": "copy",
    "IMAGEDELETE": "prune",
    "REPLICATE": "copy",
    "SNAPDUPE": "backup",  # backup from a snapshot
} | dict.fromkeys(
    [
        "IMPORT",
        "LABEL",
        "ERASE",
        "TPREQ",
        "TPCLEAN",
        "TPFORMAT",
        "VMPHYSINV",
        "DQTS",
        "DBRECOVER",
        "MCONTENTS",
        "GENERIC",
        "REPLICA_IMPORT",
        "SNAPREPLICATE",
        "SNAPIMPORT",
        "APP_STATE_CAPTURE",
        "INDEXING",
        "INDEXCLEANUP",
        "SNAPINDEX",
        "ACTIVATE_IR",
        "DEACTIVATE_IR",
        "REACTIVATE_IR",
        "STOP_IR",
        "INSTANT_RECOVERY",
        "RMAN_CATALOG",
        "LOCKVM",
        "CLOUD_SNAPSHOT_REPLICATE",
        "SNAPSHOT",
    ]
)
"""The same by the names of the REST API."""

STATES: dict[str, str | None] = {
    "0": "running",  # queued
    "1": "running",
    "2": "running",  # requeued after an attempt that failed
    "3": "done",
    "4": "running",  # suspended
    "5": "running",  # incomplete: it can be resumed
    "QUEUED": "running",
    "ACTIVE": "running",
    "REQUEUED": "running",
    "DONE": "done",
    "SUSPENDED": "running",
    "INCOMPLETE": "running",
}
"""Lifecycle states: that a job is done does not say how."""

OTHER, OPEN = "any other number", "not done yet"
STATUSES: dict[str, str | None] = {"0": "success", "1": "warning", "150": "cancelled", OTHER: "failed", OPEN: "running"}
"""Status codes of jobs that are done. Every number but three is an error."""

MESSAGES = {
    "1": "partly successful",
    "150": "cancelled by an administrator",
    "191": "no image was processed",
    "196": "not attempted: the backup window closed",
}

METHODS = {
    "0": "full",
    "1": "incremental",
    "4": "differential",  # cumulative
    "FULL": "full",
    "FULL_BACKUP": "full",
    "DIFFERENTIAL_INCREMENTAL_BACKUP": "incremental",
    "CUMULATIVE_INCREMENTAL_BACKUP": "differential",
    "TRANSACTION_LOG_BACKUP": "log",
    "ARCHIVE_REDO_LOG_BACKUP": "log",
}
"""Types of schedules. Backups that users and databases begin (2, 3) do not say of which kind they are."""


def kilobytes(column: str) -> pl.Expr:
    """Turn kilobytes into bytes; what is no number stays, to be told."""
    text = pl.col(column)
    number = pl.when(text.str.contains("^[0-9]{1,15}$")).then(text).cast(pl.Int64, strict=False)
    return pl.coalesce((number * 1024).cast(pl.String), text).alias("bytes")


def subject(client: pl.Expr, policy: pl.Expr) -> pl.Expr:
    """`client:policy`, or the client alone where there is no policy (restores)."""
    client, policy = (pl.when(each.str.strip_chars() != "").then(each) for each in (client, policy))
    return pl.coalesce(client + ":" + policy, client)


def runs(rows: pl.DataFrame, types: dict[str, str | None], envelope: Envelope, found: list[Fault]) -> Facts:
    """Make runs of jobs.

    rows: `locator`, `id`, `type`, `state`, `status`, `client`, `policy`, `schedule`, `started_at`, `finished_at` (RFC 3339), `kilobytes`, `repository`,
    `recovery_point`, `parent` ("true": it only starts other jobs).
    """
    where = envelope.name or envelope.tool
    known = _records.told(rows.filter(pl.col("parent").is_null()), "type", types, where, into="kind")
    # "none" is no word of ours: such jobs are known and are no evidence.
    kept = known.rows.filter(pl.col("kind").is_not_null())
    stated = _records.told(kept, "state", STATES, where, into="life")
    code = pl.col("status").str.strip_chars().replace("", None)
    plain = pl.when(pl.col("life") == "running").then(pl.lit(OPEN)).when(code.is_in(list(STATUSES))).then(code)
    judged = stated.rows.with_columns(
        code=code, status=plain.when(code.str.contains("^[0-9]{1,5}$")).then(pl.lit(OTHER)).otherwise(code)
    )
    ended = _records.told(judged, "status", STATUSES, where, into="outcome")
    done = pl.col("life") == "done"
    named = pl.col("code").replace_strict(MESSAGES, default=None, return_dtype=pl.String)
    raw = ended.rows.with_columns(
        kilobytes("kilobytes"),
        subject=subject(pl.col("client"), pl.col("policy")),
        method=pl.when(pl.col("kind") == "backup").then(
            pl.col("schedule").replace_strict(METHODS, default=None, return_dtype=pl.String)
        ),
        finished_at=pl.when(done).then("finished_at"),
        coverage=pl.when(done & (pl.col("code") == "1") & (pl.col("kind") != "prune")).then(pl.lit("partial")),
        message=pl.when(done & (pl.col("code") != "0")).then(pl.coalesce(named, pl.format("status {}", "code"))),
        recovery_point=pl.when(pl.col("kind").is_in(["backup", "restore"])).then("recovery_point"),
    )
    read = typed("run", raw, envelope)
    faults = [*found, *known.faults, *stated.faults, *ended.faults, *read.faults]
    return _records.assembled(envelope, faults, runs=read.frame, listings=job_log(read.frame, envelope))
