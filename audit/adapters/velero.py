"""Velero: backups and restores of Kubernetes, as `kubectl get -o json` prints them.

Formats read: lists or single objects of `velero.io/v1` in JSON (`kubectl get backups.velero.io,restores.velero.io,backupstoragelocations.velero.io -n velero -o
json`), arrays of such lists, as the API gives them page by page, and `velero-backup.json` of an object store. Schedules, delete requests, volume backups and
repositories are known and carry no facts (a schedule's `lastBackup` is only its last attempt).

Point: id = the backup's name, subject = its namespaces, sorted and joined by `,` (`*`: all), with ` (selected)` where only a part of them is taken; method
snapshot, whole by itself. The repository is the storage location. But where volumes were snapshotted and not moved (`snapshotMoveData`), their data lies next
to production: then it is `LOCATION/snapshots`, to be declared as what holds those snapshots.

Time semantics: RFC 3339 in UTC. captured_at is the start, available_at the completion. `expiration` is when it may be collected, not when it is gone.

Proof of deletion: a complete list that lacks a backup. Where a storage location is unavailable, what is listed of it may be gone, and the listing is not
complete.

Success: by phase. `PartiallyFailed` is a failure whose point is partial; a completed backup with errors or warnings is a warning, and one that tried more
snapshots of volumes than it completed is partial. Volumes that nobody asked to be saved leave no trace, so no point is called complete. A restore covers all of
its backup where it names no part.

What Velero cannot show: immutability, encryption, sizes, volumes that were skipped.

Tested against: the documented schema only, and test data of a public program in its shape; no output of a real system was seen.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _kubernetes, _listing, _records
from audit.adapters._records import Object
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

TESTED_AGAINST = "schema"

PART = re.compile(r"\s(?:-l|--selector|--field-selector)\b[= ]?\S*|\b(?:labelSelector|fieldSelector)=")
"""Options of kubectl and of the API that ask for some of the objects."""

PHASES = {
    "New": "running",
    "Queued": "running",
    "ReadyToStart": "running",
    "InProgress": "running",
    "WaitingForPluginOperations": "running",
    "WaitingForPluginOperationsPartiallyFailed": "running",
    "Finalizing": "running",
    "FinalizingPartiallyFailed": "running",
    "FinalizingafterPluginOperations": "running",
    "Completed": "success",
    "PartiallyFailed": "failed",
    "Failed": "failed",
    "FailedValidation": "failed",
    "Deleting": None,
}
"""`status.phase` of a backup or restore. `Deleting`: it is being removed, and how it ended is no longer told."""

LOCATIONS = {"Available": True, "Unavailable": False}
"""`status.phase` of a storage location. Any other (or none) is not available."""

_NO_FACTS = (
    *(
        "Schedule",
        "DeleteBackupRequest",
        "DownloadRequest",
        "PodVolumeBackup",
        "PodVolumeRestore",
        "BackupRepository",
        "ServerStatusRequest",
    ),
    *("VolumeSnapshotLocation", "DataUpload", "DataDownload", "ResticRepository"),
)
_PARTS = (
    "labelSelector",
    "orLabelSelectors",
    "includedResources",
    "excludedResources",
    "includedNamespaceScopedResources",
    "excludedNamespaceScopedResources",
)


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """Objects of Velero's group, or a list of them without their kinds."""
    if _kubernetes.claims(head, r"velero\.io"):
        return True
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start in (b"{", b"[") and b'"startTimestamp"' in head and b'"phase"' in head and b'"apiVersion"' not in head


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read objects. Raises `InputError` when it holds none."""
    where = envelope.name or envelope.tool
    found, whole, faults = _kubernetes.objects(payload, envelope)
    _kubernetes.refuse_nothing(found, faults, envelope)
    for place, each in found.pop("", []):  # exports without kinds: only a restore names its backup
        found.setdefault("Restore" if _records.at(each, ("spec", "backupName")) else "Backup", []).append((place, each))
    faults += _kubernetes.strangers(found, {"Backup", "Restore", "BackupStorageLocation", *_NO_FACTS}, where, "Velero's")
    backups = found.get("Backup", [])
    points, runs = _backups(backups, envelope, faults)
    restores = _restores(found.get("Restore", []), backups, envelope, faults)
    gone = _unavailable(found.get("BackupStorageLocation", []), faults, where)
    listings = frame("listing")
    if "Backup" in found or not found:
        listings = _listing.from_envelope(points, envelope, empty_table=points.is_empty())
        stale = pl.col("repository").str.strip_suffix("/snapshots").is_in(gone)
        listings = listings.with_columns(complete=pl.col("complete") & ~stale & pl.lit(whole))
    return _records.assembled(envelope, faults, points, pl.concat([runs, restores]), listings)


def _unavailable(locations: list[Object], faults: list[Fault], where: str) -> list[str]:
    """Return the storage locations that are not available, with a warning each."""
    gone = []
    for place, each in locations:
        name = _records.at(each, ("metadata", "name"))
        phase = _records.at(each, ("status", "phase"))
        if isinstance(name, str) and not LOCATIONS.get(str(phase), False):
            gone.append(name)
            what = (
                f"the storage location {shown(name)} is not available ({shown(phase)}): backups that are listed in it may be gone"
            )
            faults.append(Fault(where, what, "bring it back, and list again", place, "phase", "warning"))
    return gone


_STATUS: dict[str, str | tuple[str, ...]] = {
    "id": ("metadata", "name"),
    "phase": ("status", "phase"),
    "started_at": ("status", "startTimestamp"),
    "finished_at": ("status", "completionTimestamp"),
    "errors": ("status", "errors"),
    "warnings": ("status", "warnings"),
    "message": ("status", "failureReason"),
}


def _picked(
    records: list[Object], fields: dict[str, str | tuple[str, ...]], envelope: Envelope, faults: list[Fault]
) -> pl.DataFrame:
    """Return rows with their outcome; phases that tell none are left out."""
    where = envelope.name or envelope.tool
    picked = _records.pick(records, {**_STATUS, **fields}, where)
    rows = picked.rows.with_columns(pl.when(pl.col("phase") != "").then("phase").fill_null("New").alias("phase"))
    told = _records.told(rows, "phase", PHASES, where, "outcome")
    faults += [*picked.faults, *told.faults]
    flawed = (pl.col("errors").fill_null("0") != "0") | (pl.col("warnings").fill_null("0") != "0")
    outcome = pl.when((pl.col("outcome") == "success") & flawed).then(pl.lit("warning")).otherwise("outcome")
    rows = _records.times(told.rows.filter(pl.col("outcome").is_not_null()), ["started_at", "finished_at"])
    return rows.with_columns(outcome=outcome, message=pl.when(pl.col("outcome") != "success").then(pl.coalesce("message", "phase")))


def _backups(records: list[Object], envelope: Envelope, faults: list[Fault]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return points and runs of backups."""
    if not records:
        return frame("recovery_point"), frame("run")
    counts: dict[str, str | tuple[str, ...]] = {
        f"{kind} {what}": ("status", f"{prefix}{what}")
        for kind, prefix in (("native", "volumeSnapshots"), ("csi", "csiVolumeSnapshots"))
        for what in ("Attempted", "Completed")
    }
    rows = _picked(
        records,
        {
            "location": ("spec", "storageLocation"),
            "expires_at": ("status", "expiration"),
            "moved": ("spec", "snapshotMoveData"),
            **counts,
        },
        envelope,
        faults,
    )
    subjects = {place: _subject(each) for place, each in records}
    native, csi = (
        (pl.col(f"{kind} Attempted").fill_null("0"), pl.col(f"{kind} Completed").fill_null("0")) for kind in ("native", "csi")
    )
    beside = (native[0] != "0") | ((csi[0] != "0") & (pl.col("moved").fill_null("false") != "true"))
    missing = (native[0] != native[1]) | (csi[0] != csi[1])
    place = pl.coalesce("location", pl.lit(envelope.repository, pl.String()))
    rows = rows.with_columns(
        subject=pl.col("locator").replace_strict(list(subjects), list(subjects.values()), return_dtype=pl.String),
        repository=pl.when(beside).then(pl.concat_str(place, pl.lit("/snapshots"))).otherwise(place),
        completeness=pl.when((pl.col("phase") == "PartiallyFailed") | missing | (pl.col("errors").fill_null("0") != "0")).then(
            pl.lit("partial")
        ),
    )
    restorable = rows.filter(pl.col("phase").is_in(["Completed", "PartiallyFailed"]))
    points = typed(
        "recovery_point",
        _records.times(restorable.with_columns(captured_at="started_at", available_at="finished_at"), ["expires_at"]),
        envelope,
    )
    made = pl.when(pl.col("phase").is_in(["Completed", "PartiallyFailed"])).then("id")
    runs = typed("run", rows.with_columns(id="backup:" + pl.col("id"), recovery_point=made, kind=pl.lit("backup")), envelope)
    faults += [*points.faults, *runs.faults]
    whole = {"method": pl.lit("snapshot"), "self_contained": pl.lit(value=True), "basis": pl.lit("catalog")}
    return points.frame.with_columns(**whole), runs.frame


def _subject(backup: dict[str, Any]) -> str:
    spec = backup.get("spec") if isinstance(backup.get("spec"), dict) else {}
    assert isinstance(spec, dict)
    named = ",".join(_kubernetes.names(spec.get("includedNamespaces"))) or "*"
    without = "".join(f",-{each}" for each in _kubernetes.names(spec.get("excludedNamespaces")))
    return named + without + (" (selected)" if _part(spec) else "")


def _part(spec: dict[str, Any]) -> bool:
    """Tell whether only some of the objects are taken."""
    return any(spec.get(key) and spec.get(key) != ["*"] for key in _PARTS)


def _restores(records: list[Object], backups: list[Object], envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    if not records:
        return frame("run")
    rows = _picked(records, {"recovery_point": ("spec", "backupName")}, envelope, faults)
    origins = {name: _subject(each) for _, each in backups if isinstance(name := _records.at(each, ("metadata", "name")), str)}
    subjects, parts = {}, []
    for place, each in records:
        spec = each.get("spec") if isinstance(each.get("spec"), dict) else {}
        assert isinstance(spec, dict)
        named = _kubernetes.names(spec.get("includedNamespaces"))
        origin = spec.get("backupName")
        subjects[place] = ",".join(named) or (origins.get(origin) if isinstance(origin, str) else None)
        if named or _kubernetes.names(spec.get("excludedNamespaces")) or _part(spec):
            parts.append(place)
    part = pl.col("locator").is_in(parts)
    rows = rows.with_columns(
        id="restore:" + pl.col("id"),
        subject=pl.col("locator").replace_strict(list(subjects), list(subjects.values()), return_dtype=pl.String),
        coverage=pl.when(part)
        .then(pl.lit("partial"))
        .when(pl.col("phase") == "Completed")
        .then(pl.lit("full"))
        .when(pl.col("phase") == "PartiallyFailed")
        .then(pl.lit("partial")),
        kind=pl.lit("restore"),
    )
    read_ = typed("run", rows, envelope)
    faults += read_.faults
    return read_.frame
