"""The catalog: `list-backups` and `show-backup` as JSON."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _formats, _records
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

STATUSES = {
    "DONE": "point",
    "WAITING_FOR_WALS": "not yet",
    "SYNCING": "not yet",
    "EMPTY": "not yet",
    "STARTED": "running",
    "FAILED": "failed",
}
"""Every status that Barman documents, and what is made of it: a point, a run that failed or still runs, or nothing yet."""

TYPES = {"full": "full", "rsync": "full", "snapshot": "snapshot", "incremental": "incremental"}
"""Every backup_type; versions that write none make only full backups."""

BACKUP_ID = re.compile(r"\d{8}T\d{6}")
_FIELDS: dict[str, str | tuple[str, ...]] = {
    "backup": "backup_id",
    "status": "status",
    "kind": "backup_type",
    "kind_shown": ("base_backup_information", "backup_type"),
    "parent": ("catalog_information", "parent_backup_id"),
    "parent_told": "parent_backup_id",
    "begin": ("base_backup_information", "begin_time_timestamp"),
    "end_shown": ("base_backup_information", "end_time_timestamp"),
    "end": "end_time_timestamp",
    "bytes": "size_bytes",
    "bytes_shown": ("base_backup_information", "disk_usage_with_wals_bytes"),
}


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read the backups of all servers in the document."""
    where = envelope.name or envelope.tool
    servers = _records.document(payload, envelope)
    servers = servers if isinstance(servers, dict) else {}
    faults: list[Fault] = []
    tables, listed, shown_alone = [], [], False
    for server, value in servers.items():
        if server.startswith("_"):
            continue
        pointer = "/" + server.replace("~", "~0").replace("/", "~1")
        if isinstance(value, list):
            objects, found = _records.objects(value, pointer, where)
            listed.append(server)
        elif isinstance(value, dict) and "backup_id" in value:
            objects, found, shown_alone = [(pointer, value)], [], True
            listed.append(server)
        elif isinstance(value, dict):
            continue  # check, status, show-servers, list-servers
        else:
            found = [
                Fault(where, f"this is no output of Barman that is known: {shown(value)}", "ingest list-backups as JSON", pointer)
            ]
            objects = []
        picked = _records.pick(objects, _FIELDS, where)
        faults += [*found, *picked.faults]
        tables.append(picked.rows.with_columns(subject=pl.lit(server)))
    if not servers:
        faults.append(Fault(where, "this JSON holds no server", "ingest list-backups as JSON"))
    columns = dict.fromkeys(("locator", *_FIELDS, "subject"), pl.String())
    rows, bad = _rows(pl.concat(tables) if tables else pl.DataFrame(schema=columns), where)
    faults += bad
    points = typed("recovery_point", rows.filter(pl.col("made") == "point"), envelope)
    runs = typed("run", _as_runs(rows.filter(pl.col("made").is_in(["failed", "running"]))), envelope)
    faults += [*points.faults, *runs.faults]
    listings = _listing(servers, listed, envelope, faults, where, whole=not shown_alone) if listed else frame("listing")
    return _records.assembled(envelope, faults, points.frame.with_columns(basis=pl.lit("catalog")), runs.frame, listings)


def _rows(table: pl.DataFrame, where: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Give the backups the columns of points; those that are no backups are faults."""
    known = pl.col("backup").str.contains(rf"^{BACKUP_ID.pattern}$").fill_null(value=False)
    faults = [
        Fault(where, f"{shown(backup)} is no id of a backup: the record was not used", "list the backups again", locator or "", "backup_id")
        for backup, locator in table.filter(~known).select("backup", "locator").iter_rows()
    ]  # fmt: skip
    statuses = _records.told(table.filter(known), "status", STATUSES, where, into="made")
    typed_ = statuses.rows.with_columns(kind=pl.coalesce("kind", "kind_shown", pl.lit("full")))
    kinds = _records.told(typed_, "kind", TYPES, where, into="method")
    name = pl.col("subject") + "/"
    parent = pl.coalesce("parent", "parent_told")
    digits = pl.col("backup")
    local = [digits.str.slice(start, length) for start, length in ((0, 4), (4, 2), (6, 2), (9, 2), (11, 2), (13, 2))]
    began = pl.format("{}-{}-{}T{}:{}:{}", *local)
    rows = kinds.rows.with_columns(begin=pl.col("begin"), available_at=pl.coalesce("end", "end_shown"))
    rows = _records.times(rows, ["begin", "available_at"], (_formats.SECONDS,))
    incremental = pl.col("method") == "incremental"
    rows = rows.with_columns(
        id=name + digits,
        began=began,
        captured_at=pl.coalesce("begin", began),
        bytes=pl.coalesce("bytes", "bytes_shown"),
        base=pl.when(incremental & parent.str.contains(rf"^{BACKUP_ID.pattern}$")).then(name + parent),
        self_contained=pl.when(incremental).then(pl.lit("false")).otherwise(pl.lit("true")),
    )
    return rows, [*faults, *statuses.faults, *kinds.faults]


def _as_runs(rows: pl.DataFrame) -> pl.DataFrame:
    """A backup that failed, or is being made, is a run: the same that barman.log tells of."""
    return rows.select(
        "subject",
        "method",
        "locator",
        id=pl.lit("backup:") + pl.col("id"),
        kind=pl.lit("backup"),
        started_at="began",
        outcome="made",
    )


def _listing(
    servers: dict[str, Any], listed: list[str], envelope: Envelope, faults: list[Fault], where: str, *, whole: bool
) -> pl.DataFrame:
    why = None if whole else "it shows one backup alone"
    if "_ERROR" in servers:
        why = "Barman reported an error beside it"
    elif envelope.exit_code:
        why = "the command failed"
    if envelope.complete and why:
        remedy = "list the backups of one server, or see to it that all can be listed"
        faults.append(Fault(where, f"this listing is taken as incomplete: {why}", remedy, "", "complete", "warning"))
    return frame(
        "listing",
        [
            {
                "source": envelope.source,
                "repository": envelope.repository,
                "scope": envelope.scope or (listed[0] if len(listed) == 1 else None),
                "listed_at": envelope.observed_at,
                "complete": bool(envelope.complete) and why is None,
                "locator": "envelope",
            }
        ],
    )
