"""WAL-G: the base backups of a PostgreSQL cluster (`backup-list --detail --json`) and the state of its archive (`wal-verify --json`).

Formats read: `backup-list --json`, with `--detail` or without, and `wal-verify integrity timeline --json`. Lists as text and the logs of backup-push are not read.

Point: id = the backup's name, subject = the host it was made on (after a failover another one: declare them all as subjects of the asset). A name `base_X_D_Y` is
incremental; its base is the backup of this list that begins with `base_Y`: that makes the chains. A storage other than `default` is the repository `NAME/STORAGE`.

Time semantics: times are RFC 3339 in UTC. captured_at = start_time, which claims less than the truth (PostgreSQL restores the state at the end or later); available_at = `time`,
when the backup's last file was stored. Without `--detail` the start is not told, and such points restore an unknown instant.

Proof of deletion: a complete backup-list that lacks a backup.

Success: only backups that were finished are listed. wal-verify is a partial verify of the whole repository: it looks which WAL files there are and reads none; FAILURE is
a failure, WARNING a warning, OK a success that proves no backup.

What WAL-G cannot show here: failed backups, encryption, expiry, immutability (a permanent backup is only spared by its own delete).

Tested against: published output of WAL-G 3 for PostgreSQL; our own samples have its shape with made-up values.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _command, _records
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "samples"

STATUSES = {"OK": "success", "WARNING": "warning", "FAILURE": "failed"}
"""What wal-verify says of the archive's integrity and of its timelines."""

SEGMENTS = {"FOUND", "MISSING_DELAYED", "MISSING_UPLOADING", "MISSING_LOST", "SURPLUS"}
"""What wal-verify says of a stretch of segments. The status of the whole is made from them: these are only counted."""

_FIELDS: dict[str, str | tuple[str, ...]] = {
    "id": "backup_name",
    "subject": "hostname",
    "captured_at": "start_time",
    "stored": "time",
    "finished": "finish_time",
    "modified": "modified",
    "bytes": "uncompressed_size",
    "storage": "storage_name",
}
_NAME = r"^base_[0-9A-F]{24}(?:_D_[0-9A-F]{24})?$"
_LIST = re.compile(rb'\A\s*\[\s*\{[^{}]*"backup_name"\s*:\s*"base_[0-9A-F]{24}')
_VERIFY = re.compile(rb'\A\s*\{\s*"(?:integrity|timeline)"\s*:\s*\{\s*"status"\s*:\s*"')


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """A JSON array of base backups, or the report of wal-verify."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_LIST.search(head) or _VERIFY.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a list or a report. Raises `InputError` when it is no JSON."""
    document = _records.document(payload, envelope)
    return _verified(document, payload, envelope) if isinstance(document, dict) else _listed(document, envelope)


def _listed(document: Any, envelope: Envelope) -> Facts:
    where = envelope.name or envelope.tool
    objects, faults = _records.objects(document, "", where)
    picked = _records.pick(objects, _FIELDS, where)
    known = pl.col("id").str.contains(_NAME).fill_null(value=False)
    faults += [
        *picked.faults,
        *(
            Fault(where, f"{shown(name)} is no name of a base backup: the record was not used", "list them again", locator or "", "backup_name")
            for name, locator in picked.rows.filter(~known).select("id", "locator").iter_rows()
        ),
    ]  # fmt: skip
    times = ["captured_at", "stored", "finished", "modified"]
    rows = _records.times(picked.rows.filter(known), times)
    short = rows["captured_at"].null_count()
    if short:
        what = f"{short} backups do not tell when they began: what they restore is not known"
        faults.append(Fault(where, what, "list them with --detail", "", "start_time", "warning"))
    needed = pl.col("id").str.extract(r"_D_([0-9A-F]{24})$")
    names = dict(zip(rows["id"].str.slice(5, 24), rows["id"], strict=True))
    repository = envelope.repository or "default"
    other = pl.col("storage").is_not_null() & (pl.col("storage") != "default")
    rows = rows.with_columns(
        available_at=pl.coalesce("stored", "modified", "finished"),
        method=pl.when(needed.is_null()).then(pl.lit("full")).otherwise(pl.lit("incremental")),
        self_contained=pl.when(needed.is_null()).then(pl.lit("true")).otherwise(pl.lit("false")),
        base=needed.replace_strict(names, default=pl.lit("base_") + needed, return_dtype=pl.String),
        subject=pl.col("subject").fill_null(pl.lit(envelope.source)),
        repository=pl.when(other).then(pl.lit(f"{repository}/") + pl.col("storage")).otherwise(pl.lit(envelope.repository)),
    )
    result = typed("recovery_point", rows, envelope)
    places = result.frame["repository"].drop_nulls().unique(maintain_order=True).to_list() or [envelope.repository]
    listing = {
        "source": envelope.source,
        "scope": envelope.scope,
        "listed_at": envelope.observed_at,
        "complete": bool(envelope.complete) and not envelope.exit_code,
        "locator": "envelope",
    }
    listings = frame("listing", [{**listing, "repository": place} for place in places])
    points = result.frame.with_columns(basis=pl.lit("catalog"))
    return _records.assembled(envelope, [*faults, *result.faults], points, None, listings)


def _verified(document: dict[str, Any], payload: bytes, envelope: Envelope) -> Facts:
    where = envelope.name or envelope.tool
    faults: list[Fault] = []
    outcomes = []
    for part in ("integrity", "timeline"):
        if part not in document:
            continue
        status = _records.at(document, (part, "status"))
        if not isinstance(status, str) or status not in STATUSES:
            what = f"{shown(status)} is no status that is documented: this check was not used"
            faults.append(Fault(where, what, "report it, with the version of WAL-G", f"/{part}", "status"))
        else:
            outcomes.append(STATUSES[status])
    if not outcomes or faults:
        faults = faults or [Fault(where, "this is no output of WAL-G that is known", "ingest backup-list or wal-verify as JSON")]
        return _records.assembled(envelope, faults)
    run = {
        "source": envelope.source,
        "id": _command.run_id("wal-verify", envelope, payload),
        "kind": "verify",
        "started_at": envelope.started_at,
        "finished_at": envelope.finished_at or envelope.observed_at,
        "outcome": next(word for word in ("failed", "warning", "success") if word in outcomes),
        "repository": envelope.repository,
        "coverage": "partial",
        "message": _message(document, where, faults),
        "ambiguous": False,
        "locator": "/integrity" if "integrity" in document else "/timeline",
    }
    return _records.assembled(envelope, faults, runs=frame("run", [run]))


def _message(document: dict[str, Any], where: str, faults: list[Fault]) -> str | None:
    """Count the segments by what was said of them."""
    details, _ = _records.objects(_records.at(document, ("integrity", "details")) or [], "/integrity/details", where)
    counted: dict[str, int] = {}
    for pointer, each in details:
        status, number = each.get("status"), each.get("segments_count")
        if not isinstance(status, str) or status not in SEGMENTS or not isinstance(number, int):
            what = f"{shown(status)} is no status of segments that is documented"
            faults.append(Fault(where, what, "report it, with the version of WAL-G", pointer, "status", "warning"))
            continue
        counted[status] = counted.get(status, 0) + number
    return ", ".join(f"{number} WAL segments {status}" for status, number in sorted(counted.items())) or None
