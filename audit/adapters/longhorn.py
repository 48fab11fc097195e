"""Longhorn: the backups of volumes in backup targets, as `kubectl get -o json` prints them.

Formats read: lists or single objects of `longhorn.io` in JSON (`kubectl get backups.longhorn.io,backuptargets.longhorn.io -n longhorn-system -o json`).
Volumes, snapshots, backup volumes, recurring jobs and backups of Longhorn's own system are known and carry no facts: a snapshot lies on the volume that it is
of, and is no backup.

Point: id = the backup's name, subject = the volume; every backup lists all of its blocks and needs no other one, though an incremental one uploads only new
blocks. The repository is the backup target.

Time semantics: RFC 3339 in UTC. captured_at is the snapshot's creation, available_at the backup's (it is written when everything is uploaded).

Proof of deletion: a complete list that lacks a backup. Where the target is unavailable, or the latest sync of its backups is more than a day older than the
observation, what is listed may be gone, and the listing is not complete.

Success: by state; only `Completed` makes a point. `Unknown` is quarantined.

What Longhorn cannot show: expiry, immutability, encryption (it is the volume's), failed backups that were removed.

Tested against: the documented schema only; no output of a real system was seen.
"""

from __future__ import annotations

import re
from datetime import timedelta

import polars as pl

from audit.adapters import _kubernetes, _listing, _records
from audit.adapters._records import Object
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import INSTANT, Facts, frame

TESTED_AGAINST = "schema"

PART = re.compile(r"\s(?:-l|--selector|--field-selector)\b[= ]?\S*|\b(?:labelSelector|fieldSelector)=")
"""Options of kubectl and of the API that ask for some of the objects."""

STATES = {
    "New": "running",
    "Pending": "running",
    "InProgress": "running",
    "Completed": "success",
    "Error": "failed",
    "Deleting": None,
}
"""`status.state` of a backup; an empty one is new. `Deleting`: it is being removed. `Unknown` says nothing, and is not here."""

MODES = {"full": "full", "incremental": "incremental"}
"""`spec.backupMode`, as our method; where there is none it is incremental."""

STALE = timedelta(days=1)
"""Backups whose target was last read longer ago than this may be gone."""

_NO_FACTS = (
    *(
        "BackupVolume",
        "Volume",
        "Snapshot",
        "RecurringJob",
        "SystemBackup",
        "SystemRestore",
        "Engine",
        "Replica",
        "Node",
        "Setting",
        "EngineImage",
    ),
    *("BackingImage", "BackupBackingImage", "InstanceManager", "ShareManager", "Orphan"),
)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Objects of Longhorn's group."""
    return _kubernetes.claims(head, r"longhorn\.io")


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read objects. Raises `InputError` when it holds none."""
    where = envelope.name or envelope.tool
    found, whole, faults = _kubernetes.objects(payload, envelope)
    _kubernetes.refuse_nothing(found, faults, envelope)
    faults += _kubernetes.strangers(found, {"Backup", "BackupTarget", *_NO_FACTS}, where, "Longhorn's")
    gone = _unavailable(found.get("BackupTarget", []), faults, where)
    backups = found.get("Backup", [])
    if not backups and found:
        return _records.assembled(envelope, faults)
    points, runs, synced = _backups(backups, envelope, faults)
    listings = _listing.from_envelope(points, envelope, empty_table=points.is_empty())
    gone += _stale(synced, envelope, faults)
    listings = listings.with_columns(complete=pl.col("complete") & ~pl.col("repository").is_in(gone) & pl.lit(whole))
    return _records.assembled(envelope, faults, points, runs, listings)


def _unavailable(targets: list[Object], faults: list[Fault], where: str) -> list[str]:
    """Return the backup targets that are not available, with a warning each."""
    gone = []
    for place, each in targets:
        name = _records.at(each, ("metadata", "name"))
        if isinstance(name, str) and _records.at(each, ("status", "available")) is not True:
            gone.append(name)
            what = f"the backup target {shown(name)} is not available: backups that are listed in it may be gone"
            faults.append(Fault(where, what, "bring it back, and list again", place, "available", "warning"))
    return gone


def _stale(synced: pl.DataFrame, envelope: Envelope, faults: list[Fault]) -> list[str]:
    """Return the targets whose backups were last read long before the observation, with a warning each."""
    if envelope.observed_at is None or synced.is_empty():
        return []
    last = synced.group_by("repository", maintain_order=True).agg(pl.col("at").max())
    old = last.filter(pl.col("at") < pl.lit(envelope.observed_at - STALE, INSTANT))
    what = "the backups of this target were last read from it more than a day before the observation: they may be gone"
    where = envelope.name or envelope.tool
    faults += [
        Fault(where, f"{shown(name)}: {what}", "see whether the target is reachable", "", "lastSyncedAt", "warning")
        for name in old["repository"]
    ]
    return old["repository"].to_list()


def _backups(records: list[Object], envelope: Envelope, faults: list[Fault]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return points, runs, and when each backup was last read from its target."""
    if not records:
        return frame("recovery_point"), frame("run"), pl.DataFrame()
    where = envelope.name or envelope.tool
    fields: dict[str, str | tuple[str, ...]] = {
        "id": ("metadata", "name"),
        "volume": ("status", "volumeName"),
        "label": ("metadata", "labels", "backup-volume"),
        "repository": ("status", "backupTargetName"),
        "state": ("status", "state"),
        "how": ("spec", "backupMode"),
        "captured_at": ("status", "snapshotCreatedAt"),
        "available_at": ("status", "backupCreatedAt"),
        "size": ("status", "size"),
        "new": ("status", "newlyUploadDataSize"),
        "synced": ("status", "lastSyncedAt"),
        "error": ("status", "error"),
    }
    picked = _records.pick(records, fields, where)
    rows = picked.rows.with_columns(
        pl.when(pl.col("state") != "").then("state").fill_null("New"),
        pl.when(pl.col("how") != "").then("how").fill_null("incremental"),
    )
    told = _records.told(rows, "state", STATES, where, "outcome")
    modes = _records.told(told.rows.filter(pl.col("outcome").is_not_null()), "how", MODES, where, "method")
    rows = _records.times(modes.rows, ["captured_at", "available_at", "synced"])
    rows = rows.with_columns(
        subject=pl.when(pl.col("volume") != "").then("volume").otherwise("label"),
        repository=pl.when(pl.col("repository") != "").then("repository").otherwise(pl.lit(envelope.repository, pl.String())),
    )
    done = rows.filter(outcome="success")
    points = typed("recovery_point", done.with_columns(bytes="size"), envelope)
    started = {"started_at": pl.col("captured_at"), "finished_at": pl.when(outcome="success").then("available_at")}
    ran = rows.with_columns(id="backup:" + pl.col("id"), kind=pl.lit("backup"), bytes="new", message="error", **started)
    runs = typed(
        "run", ran.with_columns(recovery_point=pl.when(outcome="success").then(pl.col("id").str.strip_prefix("backup:"))), envelope
    )
    faults += [*picked.faults, *told.faults, *modes.faults, *points.faults, *runs.faults]
    synced = done.select(
        "repository", at=pl.col("synced").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC", strict=False)
    )
    return points.frame.with_columns(self_contained=pl.lit(value=True), basis=pl.lit("catalog")), runs.frame, synced.drop_nulls()
