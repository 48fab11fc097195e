"""Proxmox Backup Server: the snapshots of a datastore and the tasks of a server, as JSON.

Formats read: `GET /admin/datastore/STORE/snapshots` and `GET /nodes/NODE/tasks` of the API (with or without `data` around the list), and the JSON of
`proxmox-backup-client snapshot list` and `proxmox-backup-manager task list`, which are the same records.

Point: id = `type/id/time` as the server names snapshots, subject = `type/id` (such as `vm/100`), method snapshot. Every snapshot is whole by itself: chunks are
shared, there are no chains. The repository is the one that the source declares, else the datastore (and `:namespace`) in the command of the envelope.
Namespaces are listed one by one: each is a repository of its own.

Time semantics: times are seconds since 1970. captured_at is the start of the backup; when it ended, only the task shows. checked_at is the start of the
verification, from its task's id.

Proof of deletion: a complete listing that lacks a snapshot. An empty list proves nothing: a token without Datastore.Audit is shown one too (and sees only its
own snapshots in a full one).

Success: of a task's free text only `OK` is success and `WARNINGS: n` a warning; everything else is a failure, and no end is running. A snapshot without a size
has no manifest: its upload was not finished, and it is partial. `verification` ok is verified, failed is corrupt, absent is never verified.

What Proxmox Backup Server cannot show: expiry (pruning is a job's), immutability (`protected` can be taken back by whoever may prune), which snapshot a sync
job copied from where. Tasks of type `reader` are restores, but also syncs and file browsing, so they are passed over; so are tasks of the system. Snapshots of
a synced datastore are not told as copies: they have the same ids.

Tested against: test data of a public monitoring program in the API's shape; no output of a real system was seen.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _listing, _records
from audit.adapters._records import Object
from audit.adapters._typed import typed
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

VERIFICATIONS = {"ok": "verified", "failed": "corrupt"}
"""`verification.state` of a snapshot; absent: never verified."""

STATUSES = {"OK": "success", "unknown": "failed"}
"""`status` of a task that has ended. `WARNINGS: n` is a warning; every other text is the error it failed with."""

_SYSTEM = (
    "reader logrotate aptupdate termproxy srvstart srvstop srvrestart srvreload dircreate dirremove zfscreate wipedisk diskinit create-datastore delete-datastore delete-namespace "
    "mount-device unmount-device s3-refresh load-media unload-media format-media label-media barcode-label-media inventory-update catalog-media rewind-media clean-drive "
    "eject-media acme-register acme-update acme-deactivate acme-new-cert acme-renew-cert acme-revoke-cert realm-sync"
)
WORKERS: dict[str, str | None] = {
    "backup": "backup",
    "sync": "copy",
    "syncjob": "copy",
    "tape-backup": "copy",
    "tape-backup-job": "copy",
    "tape-restore": "restore",
    **dict.fromkeys(("verify", "verificationjob", "verify_group", "verify_snapshot"), "verify"),
    **dict.fromkeys(("prune", "prunejob", "garbage_collection"), "prune"),
    **dict.fromkeys(_SYSTEM.split(), None),
}
"""`worker_type` of a task, as the kind of run; `None`: it carries no facts."""

TYPES = {"vm": "vm", "ct": "ct", "host": "host"}
"""`backup-type` of a snapshot."""

_NOT_DATA = frozenset({"index.json.blob", "client.log.blob"})
"""Files of a snapshot that are never encrypted."""


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON with keys that only this server's snapshots and tasks have."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return False
    return (b'"backup-time"' in head and b'"backup-id"' in head) or (b'"worker_type"' in head and b'"upid"' in head)


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a list of snapshots or of tasks. Raises `InputError` when it is neither."""
    where = envelope.name or envelope.tool
    value = _records.document(payload, envelope)
    data, pointer = (value.get("data"), "/data") if isinstance(value, dict) else (value, "")
    records, faults = _records.objects(data, pointer, where)
    if not records and not faults:
        what = "this list is empty, and that is also what a token without Datastore.Audit is shown: it is not taken as a listing"
        return Facts(faults=(Fault(where, what, "list with a token that has Datastore.Audit on the datastore", level="warning"),))
    tasks = [each for each in records if _is_task(each[1])]
    snapshots = [each for each in records if not _is_task(each[1])]
    if tasks and snapshots:
        fault = Fault(where, "mixes snapshots and tasks: what it lists is not known", "ingest each answer by itself")
        raise InputError(str(fault), [fault])
    if tasks:
        total = value.get("total") if isinstance(value, dict) else None
        runs = _tasks(tasks, envelope, faults)
        whole = total is None or total == len(records)
        return _records.assembled(envelope, faults, runs=runs, listings=_listing.job_log(runs, envelope) if whole else None)
    points = _snapshots(snapshots, envelope, faults)
    return _records.assembled(envelope, faults, points, listings=_listing.from_envelope(points, envelope, empty_table=False))


def _is_task(record: dict[str, Any]) -> bool:
    return "worker_type" in record or "upid" in record


def _snapshots(records: list[Object], envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    where = envelope.name or envelope.tool
    fields: dict[str, str | tuple[str, ...]] = {
        "type": "backup-type",
        "name": "backup-id",
        "captured_at": "backup-time",
        "bytes": "size",
        "verification": ("verification", "state"),
        "upid": ("verification", "upid"),
    }
    picked = _records.pick(records, fields, where)
    told = _records.told(picked.rows, "type", TYPES, where)
    rows = _records.times(told.rows, ["captured_at"], ("epoch-seconds",))
    checked = _records.told(rows.filter(pl.col("verification").is_not_null()), "verification", VERIFICATIONS, where, "integrity")
    faults += [*picked.faults, *told.faults, *checked.faults]
    never = rows.filter(pl.col("verification").is_null()).with_columns(integrity=pl.lit(None, pl.String()))
    rows = pl.concat([checked.rows, never])
    subject = pl.concat_str("type", "name", separator="/")
    keys = {place: _encrypted(record) for place, record in records}
    rows = rows.with_columns(
        subject=subject,
        id=pl.concat_str(subject, pl.col("captured_at").str.replace(r"\.0+Z$", "Z"), separator="/"),
        repository=pl.lit(envelope.repository or _asked(envelope.command), pl.String()),
        encrypted=pl.col("locator").replace_strict(list(keys), list(keys.values()), return_dtype=pl.String),
        completeness=pl.when(pl.col("bytes").is_null()).then(pl.lit("partial")),
        checked_at=started(pl.col("upid")),
    )
    read_ = typed("recovery_point", _in_order(rows, records), envelope)
    faults += read_.faults
    return read_.frame.with_columns(
        method=pl.lit("snapshot"),
        self_contained=pl.lit(value=True),
        basis=pl.lit("catalog"),
        # A check that began before the backup was not one of it.
        checked_at=pl.when(pl.col("integrity").is_not_null() & (pl.col("checked_at") >= pl.col("captured_at"))).then("checked_at"),
    )


def _in_order(rows: pl.DataFrame, records: list[Object]) -> pl.DataFrame:
    """Bring rows back into the order in which they were told."""
    places = pl.DataFrame({"locator": [place for place, _ in records]}, schema={"locator": pl.String()})
    return places.join(rows, on="locator", how="inner", maintain_order="left")


def started(upid: pl.Expr) -> pl.Expr:
    """Return when a task began, as its id tells in hexadecimal seconds."""
    seconds = upid.str.extract(r"^UPID:[^:]*:[0-9A-Fa-f]+:[0-9A-Fa-f]+:[0-9A-Fa-f]+:([0-9A-Fa-f]{8}):").str.to_integer(
        base=16, strict=False
    )
    return pl.from_epoch(seconds, time_unit="s").dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _encrypted(record: dict[str, Any]) -> str | None:
    """Tell whether the data of a snapshot is encrypted, where its files say so."""
    files = record.get("files")
    if not isinstance(files, list) or not all(isinstance(each, dict) for each in files):
        return None
    modes = {
        each.get("crypt-mode")
        for each in files
        if str(each.get("filename")) not in _NOT_DATA and isinstance(each.get("crypt-mode"), (str, type(None)))
    }
    if modes == {"encrypt"}:
        return "yes"
    return "no" if modes and modes <= {"none", "sign-only"} else None


def _asked(command: str | None) -> str | None:
    """Return the datastore, and the namespace in it, that a command asks for."""
    store = re.search(r"/datastore/([\w.-]+)/snapshots", command or "")
    space = re.search(r"[?&\s'\"](?:ns=|--ns[= ])([\w./%-]+)", command or "")
    return f"{store[1]}:{space[1]}" if store and space else store[1] if store else None


def _tasks(records: list[Object], envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    where = envelope.name or envelope.tool
    fields = {
        "id": "upid",
        "type": "worker_type",
        "of": "worker_id",
        "started_at": "starttime",
        "finished_at": "endtime",
        "status": "status",
    }
    picked = _records.pick(records, fields, where)
    told = _records.told(picked.rows, "type", WORKERS, where, "kind")
    faults += [*picked.faults, *told.faults]
    rows = _records.times(told.rows.filter(pl.col("kind").is_not_null()), ["started_at", "finished_at"], ("epoch-seconds",))
    status = pl.col("status").str.strip_chars()
    outcome = (
        pl.when(pl.col("finished_at").is_null() & status.is_null())
        .then(pl.lit("running"))
        .when(status.is_in(list(STATUSES)))
        .then(status.replace_strict(list(STATUSES), list(STATUSES.values()), default=None, return_dtype=pl.String))
        .when(status.str.contains(r"^WARNINGS: [0-9]+$"))
        .then(pl.lit("warning"))
        .otherwise(pl.lit("failed"))
    )
    subject = pl.col("of").str.extract(r"(?:^|[:/])((?:vm|ct|host)/[^/:]+)(?:/[0-9A-Fa-f]{8})?$")
    space = pl.col("of").str.extract(r"^[^:]+:(.+?)[:/](?:vm|ct|host)/[^/:]+(?:/[0-9A-Fa-f]{8})?$").str.strip_prefix("ns/")
    store = pl.col("of").str.extract(r"^([^:]+)")
    local = pl.col("kind").is_in(["backup", "verify", "prune"])
    rows = rows.with_columns(
        outcome=outcome,
        subject=subject,
        repository=pl.when(local & space.is_not_null()).then(pl.concat_str(store, space, separator=":")).when(local).then(store),
        message=pl.when(~status.is_in(["OK"])).then(status),
        id=pl.col("id").str.extract(r"^(UPID(?::[^:]*){6})"),  # what follows names the user
    )
    read_ = typed("run", rows, envelope)
    faults += read_.faults
    return read_.frame
