"""The view V$RMAN_BACKUP_JOB_DETAILS: a row for each session that backed something up."""

from __future__ import annotations

import polars as pl

from audit.adapters import _columns, _listing, _records, _table
from audit.adapters._typed import typed
from audit.adapters.oracle_rman import _times
from audit.model.envelope import Envelope
from audit.model.facts import Facts

COLUMNS = ("SESSION_KEY", "INPUT_TYPE", "STATUS", "START_TIME", "END_TIME")

STATUSES: dict[str, str | None] = {
    "COMPLETED": "success",
    "COMPLETED WITH WARNINGS": "warning",
    "COMPLETED WITH ERRORS": "failed",  # a failure until proven otherwise
    "FAILED": "failed",
    "RUNNING": "running",
    "RUNNING WITH WARNINGS": "running",
    "RUNNING WITH ERRORS": "running",
}

INPUTS: dict[str, tuple[str, str | None, str | None]] = {
    "DB FULL": ("backup", "full", None),
    "DB INCR": ("backup", "incremental", None),
    "ARCHIVELOG": ("backup", "log", None),
    "DATAFILE FULL": ("backup", "full", "partial"),
    "DATAFILE INCR": ("backup", "incremental", "partial"),
    "CONTROLFILE": ("backup", None, "partial"),
    "SPFILE": ("backup", None, "partial"),
    "RECVR AREA": ("copy", None, None),
    "BACKUPSET": ("copy", None, None),
}
"""What was backed up: kind of run, method, coverage. A DB INCR may be of level 0 or 1."""


def jobs(text: str, envelope: Envelope) -> Facts:
    """Make runs of the rows of the view. Raises `InputError` when it is another table."""
    where = envelope.name or envelope.tool
    names = _columns.named(text, COLUMNS, where, "select them from V$RMAN_BACKUP_JOB_DETAILS", case=str.upper)
    table = _table.rows(text, names, where)
    raw = table.raw

    def column(*names: str) -> pl.Expr:
        return next((pl.col(name).str.strip_chars() for name in names if name in raw.columns), pl.lit(None, pl.String()))

    rows = raw.select(
        pl.format("line {}", "line").alias("locator"),
        id=column("SESSION_KEY"), input=column("INPUT_TYPE"), status=column("STATUS"), started_at=column("START_TIME"), finished_at=column("END_TIME"),
        device=column("OUTPUT_DEVICE_TYPE"), bytes=column("OUTPUT_BYTES"), subject=pl.coalesce(column("DB_UNIQUE_NAME", "DB_NAME"), pl.lit(envelope.scope, pl.String())),
    )  # fmt: skip
    inputs = _records.told(rows, "input", {name: name for name in INPUTS}, where)
    known = _records.told(inputs.rows, "status", STATUSES, where, into="outcome")
    rows = _times.read(known.rows, ("started_at",), ("finished_at",)).with_columns(
        *(
            pl.col("input").replace_strict({name: told[place] for name, told in INPUTS.items()}, return_dtype=pl.String).alias(into)
            for place, into in enumerate(("kind", "method", "coverage"))
        ),
        repository=pl.when(pl.col("device") == "DISK")
        .then(pl.lit(envelope.repository or "DISK"))
        .when(pl.col("device") != "*")
        .then("device"),
        finished_at=pl.when(pl.col("outcome") != "running").then("finished_at"),
    )
    read = typed("run", rows, envelope)
    # Where a session wrote to several devices it is not known which; the envelope's repository is not it.
    several = rows.filter(pl.col("device").ne_missing("DISK") & pl.col("repository").is_null())["locator"].implode()
    runs = read.frame.with_columns(repository=pl.when(~pl.col("locator").is_in(several)).then("repository"))
    return _records.assembled(
        envelope, [*table.faults, *inputs.faults, *known.faults, *read.faults], runs=runs, listings=_listing.job_log(runs, envelope)
    )
