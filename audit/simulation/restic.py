"""restic's output, as restic 0.17 writes it: `snapshots --json`, `backup --json`, and the text of `check` and `restore`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from audit.simulation.calendar import ZONE
from audit.simulation.files import compact

VERSION = "restic 0.17.3"


def digest(*parts: str) -> str:
    """Return 64 hexadecimal digits that stand for what the parts name."""
    return sha256("/".join(parts).encode()).hexdigest()


def _time(instant: datetime) -> str:
    return f"{instant.astimezone(ZoneInfo(ZONE)):%Y-%m-%dT%H:%M:%S.000000000+08:00}"


@dataclass(frozen=True, slots=True)
class Host:
    """A host, what it backs up, and to which repository."""

    name: str
    path: str
    repository: str

    @property
    def subject(self) -> str:
        """The name under which restic's snapshots of it are known."""
        return f"{self.name}:{self.path}"

    def id(self, point: str) -> str:
        """Return the id of a snapshot that is called `point` in the simulation."""
        return digest(self.repository, self.name, point)


def rows(points: pl.DataFrame, host: Host, originals: Host | None = None) -> pl.DataFrame:
    """Return snapshots of a host with `text`, a JSON object each; with `originals` they are copies of that host's snapshots."""
    texts = [compact(_snapshot(point, host, originals)) for point in points.iter_rows(named=True)]
    return points.with_columns(text=pl.Series(texts, dtype=pl.String))


def _snapshot(point: dict[str, Any], host: Host, originals: Host | None) -> dict[str, Any]:
    name, size = point["id"], point["bytes"]
    begun = point["captured"]
    # A copy keeps the summary of its original, so when it was copied it does not say.
    ended = point["ended"]
    summary = {"backup_start": _time(begun), "backup_end": _time(ended), **_counts(size), "total_bytes_processed": size}
    told = {
        "time": _time(begun),
        "tree": digest("tree", host.name, name),
        "paths": [host.path],
        "hostname": host.name,
        "username": "root",
        "program_version": VERSION,
        "summary": summary,
    }
    ident = host.id(name)
    return {**told, **({"original": originals.id(name)} if originals else {}), "id": ident, "short_id": ident[:8]}


def _counts(size: int) -> dict[str, int]:
    files, new = size // 400_000, size // 90_000_000
    return {
        "files_new": new,
        "files_changed": new // 9,
        "files_unmodified": files - new - new // 9,
        "dirs_new": 2,
        "dirs_changed": 31,
        "dirs_unmodified": 4_100,
        "data_blobs": new + new // 3,
        "tree_blobs": 33,
        "data_added": new * 380_000,
        "data_added_packed": new * 290_000,
        "total_files_processed": files,
    }


def listing(shown: pl.DataFrame) -> str:
    """Return what `snapshots --json` prints."""
    return "[" + ",".join(shown["text"]) + "]\n"


def backup(point: dict[str, Any], host: Host) -> str:
    """Return what `backup --json` prints at its end."""
    size = point["bytes"]
    seconds = (point["ended"] - point["captured"]).total_seconds()
    summary = {
        "message_type": "summary",
        **_counts(size),
        "total_bytes_processed": size,
        "total_duration": seconds,
        "backup_start": _time(point["captured"]),
        "backup_end": _time(point["ended"]),
        "snapshot_id": host.id(point["id"]),
    }
    return compact(summary) + "\n"


def check(snapshots: int) -> str:
    """Return what `check --read-data` prints when all is well."""
    lines = [
        "using temporary cache in /var/cache/restic/restic-check-cache",
        "create exclusive lock for repository",
        "load indexes",
        "check all packs",
        "check snapshots, trees and blobs",
        f"[0:41] 100.00%  {snapshots} / {snapshots} snapshots",
        "",
        "read all data",
        "[2:10:07] 100.00%  21044 / 21044 packs",
        "",
        "no errors were found",
    ]
    return "\n".join(lines) + "\n"


def restore(point: dict[str, Any], host: Host, files: int) -> str:
    """Return what `restore --verify` prints."""
    when = f"{point['captured'].astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M:%S.000000000 +0800 CST}"
    target = "/srv/restore-test"
    lines = [
        f"restoring snapshot {host.id(point['id'])[:8]} of [{host.path}] at {when} by root@{host.name} to {target}",
        f"verifying files in {target}",
        f"finished verifying {files} files in {target} (took {timedelta(seconds=files // 90)})",
    ]
    return "\n".join(lines) + "\n"
