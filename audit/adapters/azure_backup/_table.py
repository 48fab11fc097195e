"""The table AddonAzureBackupJobs of Log Analytics, as the portal exports it: columns of times say their zone behind their name."""

from __future__ import annotations

import polars as pl

from audit.adapters import _columns, _formats, _records, _table, _text
from audit.adapters._typed import typed
from audit.adapters.azure_backup._json import METHODS, OPERATIONS, STATUSES
from audit.model.envelope import Envelope
from audit.model.facts import Facts

COLUMNS = ("JobUniqueId", "JobOperation", "JobStatus", "BackupItemUniqueId")
_TIMES = (_formats.RFC3339, "%m/%d/%Y, %I:%M:%S.%f %p", "%m/%d/%Y, %I:%M:%S %p")


def table(payload: bytes, envelope: Envelope) -> Facts:
    """Make runs of the rows of the table. A job has a row for each state that it went through. Raises `InputError` when it is another table."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    names = _columns.named(text, COLUMNS, where, "export the table AddonAzureBackupJobs")
    read = _table.rows(text, names, where)
    raw = read.raw
    start = next((name for name in raw.columns if name.startswith("JobStartDateTime")), None)
    rows = raw.select(
        pl.format("line {}", "line").alias("locator"),
        id="JobUniqueId",
        operation="JobOperation",
        status="JobStatus",
        item=pl.col("BackupItemUniqueId").str.to_lowercase(),
        repository=_column(raw, "ResourceId").str.to_lowercase(),
        type=_column(raw, "JobOperationSubType"),
        started_at=_column(raw, start or ""),
        seconds=_column(raw, "JobDurationInSecs"),
    )
    rows = _records.times(rows, ("started_at",), _TIMES)
    if start is not None and start.endswith("[UTC]"):
        naive = pl.col("started_at").str.contains(r"[0-9]$")
        rows = rows.with_columns(pl.when(naive).then(pl.col("started_at") + "Z").otherwise("started_at").alias("started_at"))
    operation = _records.told(rows, "operation", OPERATIONS, where, into="kind")
    status = _records.told(operation.rows.filter(pl.col("kind") != "none"), "status", STATUSES, where, into="outcome")
    parts = pl.col("item").str.splitn(";", 3).struct.field("field_2")
    rows = status.rows.with_columns(
        subject=pl.coalesce(parts, "item"),
        method=pl.col("type").replace_strict(METHODS, default=None),
    )
    made = typed("run", rows, envelope)
    lasted = pl.DataFrame({"locator": rows["locator"], "seconds": rows["seconds"].cast(pl.Float64, strict=False)})
    lasted = lasted.filter(pl.col("seconds").is_between(0, 10.0**8))
    runs = made.frame.join(lasted, on="locator", how="left", maintain_order="left").with_columns(
        finished_at=pl.when(pl.col("outcome") != "running").then(
            pl.col("started_at") + pl.duration(microseconds=pl.col("seconds") * 1_000_000)
        )
    )
    return _records.assembled(
        envelope, [*read.faults, *operation.faults, *status.faults, *made.faults], runs=runs.select(made.frame.columns)
    )


def _column(raw: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in raw.columns else pl.lit(None, pl.String())
