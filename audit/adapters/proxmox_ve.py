"""Proxmox VE: the backups in a storage, as JSON, and the logs of vzdump.

Formats read: `GET /nodes/NODE/storage/STORAGE/content` (with or without `data` around the list), and vzdump's log as the task viewer, the console, a mail or
/var/log/vzdump shows it. Disks, templates and images in a storage are known by their `content` and carry no facts.

Point: id = the archive's name (of Proxmox Backup Server: `type/id/time`), subject = `vm/ID` or `ct/ID`; every archive is whole by itself: method full, of
Proxmox Backup Server snapshot. The repository is the one that the source declares, else the storage's name: `local` is another storage on every node, so
declare it. The same backup read from the Proxmox Backup Server itself is the same copy: give both repositories one failure domain.

Time semantics: captured_at is the start of the backup: for Proxmox Backup Server the time in the name (UTC), else `ctime` (seconds since 1970). Times in logs
are local and have no offset, so the source needs its zone.

Proof of deletion: a complete listing of a storage that lacks an archive; a listing that was asked for one guest (`vmid=`) is not complete without a scope.

Success: of each guest by itself: `Finished Backup of VM` is success, `Backup of VM n failed` is failure, neither is running, or failed where the job went on. A
success that left out volumes or mount points, or that logged warnings or errors on its way, is a warning. The job's last line says nothing of a guest.

What Proxmox VE cannot show: expiry, immutability (`protected` can be taken back), restores (their logs are not read). Snapshots of guests on the same storage
are no backups and are not read.

Tested against: one real log of a container, and test data of a public program in the API's shape.
"""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from audit.adapters import _listing, _records, _text
from audit.adapters._records import Object
from audit.adapters._typed import typed
from audit.adapters.proxmox_backup_server import VERIFICATIONS, started
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import Facts

TESTED_AGAINST = "schema"

GUESTS = {"qemu": "vm", "lxc": "ct", "openvz": "ct", "vm": "vm", "ct": "ct"}
"""Kinds of guests, in names of archives and in logs."""

MODES = {"stop": "cold", "suspend": "warm", "snapshot": "hot"}
"""`backup mode` in a log."""

_NOT_KNOWN = "?"
"""A guest that failed before the log told of which kind it is."""

_ARCHIVE = r"^[^:]+:backup/(vzdump-(qemu|lxc|openvz)-([0-9]+)-.+)$"
_REMOTE = r"^[^:]+:backup/((vm|ct)/([0-9]+)/([0-9T:-]+Z))$"
_OTHER_CONTENT = ("images", "rootdir", "vztmpl", "iso", "snippets", "import", "none")
_LINE = r"(?:[0-9]+: )?(?:[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} )?(INFO|WARN|ERROR|TASK ERROR|TASK WARNINGS): "
_LOG = _text.LineStarts(rf"{_LINE}(?:starting new backup job: vzdump|Starting Backup of VM [0-9]+ \()".encode())
_SAID = re.compile(_LINE)
_START = re.compile(r"Starting Backup of VM ([0-9]+) \((\w+)\)")
_FAILED = re.compile(r"Backup of VM ([0-9]+) failed - (.*)")
_TIME = re.compile(r"(?:Backup started|Backup finished|Failed) at ([0-9-]{10} [0-9:]{8})$")
_MADE = re.compile(r"creating (?:vzdump archive '(?:[^']*/)?([^/']+)'|Proxmox Backup Server archive '((?:vm|ct)/[^']+)')")
_LEFT_OUT = re.compile(r"excluding .* from backup|exclude disk ")


def identify(name: str, head: bytes) -> bool:  # noqa: ARG001 - judged by content alone
    """JSON of volumes that are backups, or a log with vzdump's own lines."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return bool(re.search(rb'"volid"\s*:\s*"[^"]+:backup/', head))
    return bool(_LOG.search(head))


def read(payload: bytes, envelope: Envelope) -> Facts:
    """Read a listing or a log. Raises `InputError` when it is neither."""
    if payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return _contents(payload, envelope)
    return _log(_text.decode(envelope.name or envelope.tool, payload), envelope)


def _contents(payload: bytes, envelope: Envelope) -> Facts:
    where = envelope.name or envelope.tool
    value = _records.document(payload, envelope)
    data, pointer = (value.get("data"), "/data") if isinstance(value, dict) else (value, "")
    records, faults = _records.objects(data, pointer, where)
    records = [each for each in records if each[1].get("content") not in _OTHER_CONTENT]
    points = _points(records, envelope, faults)
    listings = _listing.from_envelope(points, envelope, empty_table=not records and not faults)
    if envelope.scope is None and re.search(r"[?&]vmid=|--vmid", envelope.command or ""):
        listings = listings.with_columns(complete=pl.lit(value=False))
    return _records.assembled(envelope, faults, points, listings=listings)


def _points(records: list[Object], envelope: Envelope, faults: list[Fault]) -> pl.DataFrame:
    where = envelope.name or envelope.tool
    fields: dict[str, str | tuple[str, ...]] = {
        "volume": "volid",
        "ctime": "ctime",
        "bytes": "size",
        "key": "encrypted",
        "verification": ("verification", "state"),
        "upid": ("verification", "upid"),
    }
    picked = _records.pick(records, fields, where)
    volume = pl.col("volume")
    file, remote = (volume.str.extract(pattern) for pattern in (_ARCHIVE, _REMOTE))
    rows = picked.rows.with_columns(
        id=pl.coalesce(file, remote),
        storage=volume.str.extract(r"^([^:]+):"),
        guest=pl.coalesce(volume.str.extract(_ARCHIVE, 2), volume.str.extract(_REMOTE, 2)),
        number=pl.coalesce(volume.str.extract(_ARCHIVE, 3), volume.str.extract(_REMOTE, 3)),
        remote=volume.str.extract(_REMOTE, 4),
    )
    unnamed = rows.filter(pl.col("id").is_null())
    what = "this volume is not named as a backup of a guest: what it is a backup of is not known"
    faults += [
        *picked.faults,
        *(Fault(where, what, "rename it as vzdump does, or leave it out", place, "volid") for place in unnamed["locator"]),
    ]
    rows = _records.times(rows.filter(pl.col("id").is_not_null()), ["ctime"], ("epoch-seconds",))
    odd = rows.filter(
        pl.col("remote").is_not_null() & (pl.col("remote").str.replace("Z", ".000000Z", literal=True) != pl.col("ctime"))
    )
    if odd.height:
        why = f"ctime is not the time in the name, {odd.height} times from here on: the names are taken"
        faults.append(Fault(where, why, "check the clock of the node", odd["locator"][0], "ctime", "warning"))
    told = _records.told(
        rows.with_columns(pl.col("verification").fill_null("")), "verification", {**VERIFICATIONS, "": None}, where, "integrity"
    )
    faults += told.faults
    one = envelope.repository if rows["storage"].n_unique() == 1 else None
    rows = told.rows.with_columns(
        subject=pl.concat_str(pl.col("guest").replace(GUESTS), "number", separator="/"),
        repository=pl.lit(one) if one else pl.col("storage"),
        captured_at=pl.coalesce("remote", "ctime"),
        method=pl.when(pl.col("remote").is_null()).then(pl.lit("full")).otherwise(pl.lit("snapshot")),
        encrypted=pl.when(~pl.col("key").is_in(["0", "", "false"])).then(pl.lit("yes")),
        completeness=pl.when(pl.col("remote").is_not_null() & pl.col("bytes").is_null()).then(pl.lit("partial")),
        checked_at=started(pl.col("upid")),
    )
    read_ = typed("recovery_point", rows, envelope)
    faults += read_.faults
    after = pl.col("integrity").is_not_null() & (pl.col("checked_at") >= pl.col("captured_at"))
    return read_.frame.with_columns(
        self_contained=pl.lit(value=True), basis=pl.lit("catalog"), checked_at=pl.when(after).then("checked_at")
    )


def _log(text: str, envelope: Envelope) -> Facts:
    where = envelope.name or envelope.tool
    guests: list[dict[str, Any]] = []
    storage, job = None, None
    for number, line in enumerate(text.splitlines(), 1):
        said = _SAID.match(line)
        if said is None:
            continue
        level, rest = said[1], line[said.end() :]
        if start := _START.match(rest):
            guests.append({"guest": start[2], "number": start[1], "locator": f"line {number}", "odd": None})
        elif rest.startswith("starting new backup job: vzdump"):
            found = re.search(r"--?storage[ =](\S+)", rest)
            storage = found[1] if found else storage
        elif failed := _FAILED.match(rest):
            _failed(guests, failed, number)
        elif re.match(r"Backup job (?:failed|finished)", rest) or level == "TASK ERROR":
            job = (number, rest) if level in ("ERROR", "TASK ERROR") else job or (number, "")
        elif guests:
            _note(guests[-1], level, rest)
    if job and job[1] and not guests:
        guests.append({"locator": f"line {job[0]}", "outcome": "failed", "message": job[1], "guest": _NOT_KNOWN})
    for place, guest in enumerate(guests):
        over = job is not None or place + 1 < len(guests)
        guest.setdefault("message", guest.get("odd") if "outcome" in guest or not over else "its log has no end")
        guest["outcome"] = (
            "warning"
            if guest.get("outcome") == "success" and guest.get("odd")
            else guest.get("outcome") or ("failed" if over else "running")
        )
    columns = ("guest", "number", "locator", "outcome", "message", "started_at", "finished_at", "mode", "recovery_point")
    rows = pl.DataFrame(
        [{name: guest.get(name) for name in columns} for guest in guests], schema=dict.fromkeys(columns, pl.String())
    )
    told = _records.told(rows, "guest", {**GUESTS, _NOT_KNOWN: None}, where)
    rows = told.rows.with_columns(
        subject=pl.concat_str("guest", "number", separator="/"),
        kind=pl.lit("backup"),
        recovery_point=pl.when(pl.col("outcome") != "failed").then("recovery_point"),  # vzdump removes what it did not finish
        repository=pl.lit(envelope.repository or storage, pl.String()),
    )
    rows = rows.with_columns(
        id="vzdump:"
        + pl.coalesce(pl.concat_str("subject", "started_at", separator="@"), pl.format("{}:{}", pl.lit(where), "locator"))
    )
    read_ = typed("run", rows, envelope)
    return _records.assembled(envelope, [*told.faults, *read_.faults], runs=read_.frame)


def _failed(guests: list[dict[str, Any]], failed: re.Match[str], number: int) -> None:
    """A guest failed: the last one that was started, or one that never was."""
    if not guests or guests[-1]["number"] != failed[1] or "outcome" in guests[-1]:
        guests.append({"guest": _NOT_KNOWN, "number": failed[1], "locator": f"line {number}"})
    guests[-1] |= {"outcome": "failed", "message": failed[0]}


def _note(guest: dict[str, Any], level: str, rest: str) -> None:
    """Take from a line what it says of the guest whose backup it belongs to."""
    if time := _TIME.match(rest):
        guest["started_at" if rest.startswith("Backup started") else "finished_at"] = time[1]
    elif rest.startswith(f"Finished Backup of VM {guest['number']} "):
        guest.setdefault("outcome", "success")
    elif rest.startswith("backup mode: "):
        guest["mode"] = MODES.get(rest.removeprefix("backup mode: ").strip())
    elif made := _MADE.match(rest):
        guest["recovery_point"] = made[1] or made[2]
    elif "outcome" not in guest and (level in ("WARN", "ERROR") or _LEFT_OUT.match(rest)):
        guest["odd"] = guest.get("odd") or rest
