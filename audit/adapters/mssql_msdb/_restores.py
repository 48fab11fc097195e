"""The table restorehistory: a row for each step of a restore. A restore has ended when a step was told to recover the database."""

from __future__ import annotations

from typing import Any

import polars as pl

from audit.adapters import _records
from audit.adapters._typed import typed
from audit.adapters.mssql_msdb._common import column, root, subject, yes
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TYPES: dict[str, str | None] = {
    "D": "database",
    "F": "piece",
    "G": "piece",
    "I": "more",
    "L": "more",
    "V": "verify",
    "R": "revert",  # to a snapshot of the database: no backup was used
}
"""Type of a step: database, file, filegroup, differential, log, verify only, revert. Reverts are passed over."""

_OPEN = "restored without recovery: the database was not brought online"
_GIVEN_UP = "restored without recovery, and begun anew"


def restores(raw: pl.DataFrame, faults: list[Fault], envelope: Envelope) -> Facts:
    """Make a run of each restore (all its steps) and of each verification."""
    where = envelope.name or envelope.tool
    rows = raw.select(
        "locator", "restore_type",
        number=pl.col("restore_history_id").cast(pl.Int64, strict=False), target=column(raw, "destination_database_name"), at=pl.col("restore_date"),
        done=yes(raw, "recovery"), recovery_point=column(raw, "backup_set_uuid"), subject=subject(raw), repository=root(raw),
    )  # fmt: skip
    lost = [
        Fault(
            where,
            "restore_history_id is no number: the row was not used",
            "export the column as it is",
            locator,
            "restore_history_id",
        )
        for locator in rows.filter(pl.col("number").is_null())["locator"]
    ]
    known = _records.told(rows.filter(pl.col("number").is_not_null()), "restore_type", TYPES, where, into="step")
    found = [*faults, *lost, *known.faults]
    if known.rows.height and known.rows["subject"].null_count() == known.rows.height:
        what = "the restores do not say of which database the backup was"
        remedy = "join backupset (backup_set_uuid, server_name, database_name) and backupmediafamily (physical_device_name)"
        found.append(Fault(where, what, remedy, "line 1", "database_name", level="warning"))
    steps = known.rows.filter(pl.col("step") != "revert").unique("number", keep="first", maintain_order=True).sort("number")
    made = pl.DataFrame(_runs(steps), schema=_SCHEMA, orient="row")
    ran = typed("run", made, envelope)
    return _records.assembled(envelope, [*found, *ran.faults], runs=ran.frame)


_SCHEMA = dict.fromkeys(
    ("id", "kind", "subject", "repository", "recovery_point", "started_at", "outcome", "coverage", "message", "locator"),
    pl.String(),
)


def _runs(steps: pl.DataFrame) -> list[dict[str, str | None]]:
    """Put steps together: a restore goes on in one database until a step recovers it, or a new restore begins there."""
    open_: dict[str | None, dict[str, Any]] = {}
    runs: list[dict[str, str | None]] = []
    for step in steps.iter_rows(named=True):
        if step["step"] == "verify":
            runs.append(_run(step, "verify", "success"))
            continue
        target = step["target"]
        if step["step"] == "database" and target in open_:
            runs.append(open_.pop(target) | {"outcome": "cancelled", "coverage": None, "message": _GIVEN_UP})
        whole = {"database": "full", "piece": "partial"}.get(step["step"])
        first = open_.pop(target, None) or _run(step, "restore", "running", coverage=whole)
        now = first | {"recovery_point": step["recovery_point"], "repository": step["repository"]}
        if step["step"] == "piece":
            now["coverage"] = "partial"
        if step["done"]:
            runs.append(now | {"outcome": "success"})
        else:
            open_[target] = now
    return [*runs, *(run | {"coverage": None, "message": _OPEN} for run in open_.values())]


def _run(step: dict[str, Any], kind: str, outcome: str, coverage: str | None = None) -> dict[str, str | None]:
    return {
        "id": f"{kind}:{step['number']}",
        "kind": kind,
        "subject": step["subject"],
        "repository": step["repository"],
        "recovery_point": step["recovery_point"],
        "started_at": step["at"],
        "outcome": outcome,
        "coverage": coverage,
        "message": None,
        "locator": step["locator"],
    }
