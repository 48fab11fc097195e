"""Drop folder: evidence that others put into a folder is taken in and moved aside; what cannot be taken in is moved aside with the reason.

A file in a folder named like a declared source is of that source; a sidecar `FILE.envelope.json` beside it says the rest.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from audit.errors import BackupAuditError
from audit.steps._open import Store
from audit.steps._payloads import SIDECAR, gather
from audit.steps.ingest import ingest

TAKEN, REFUSED = "taken", "refused"
"""Folders inside the drop folder to which files are moved."""
QUIET = timedelta(seconds=10)
"""A file that was changed within this time may still be under way, and is left for the next look."""


@dataclass(slots=True)
class Dropped:
    """What one look at a drop folder did: files taken in (some may have been known), and those refused with the reason."""

    taken: int = 0
    new: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def take(store: Store, folder: Path, now: datetime) -> Dropped:
    """Take in what lies in a drop folder (made when missing) and has not changed lately; `now` is UTC."""
    folder.mkdir(parents=True, exist_ok=True)
    done = Dropped()
    declared = store.estate(store.head()).sources
    for file in sorted(_waiting(folder, now)):
        source = file.relative_to(folder).parts[0] if file.parent != folder else None
        given = {"source": source} if source in declared and not file.with_name(file.name + SIDECAR).exists() else {}
        try:
            found = ingest(store, gather([file]), given, now=now, by="drop folder", method="drop-folder")
            why = "; ".join(map(str, found.refused))
        except BackupAuditError as error:
            found, why = None, "; ".join([str(error), *map(str, error.faults)])
        name = file.relative_to(folder).as_posix()
        if found is None or found.refused:
            done.refused[name] = why
            _aside(folder, REFUSED, file, now).with_suffix(".reason.txt").write_text(why + "\n", encoding="utf-8")
        else:
            done.taken += 1
            done.new += found.new
            _aside(folder, TAKEN, file, now)
    return done


def waits(folder: Path, now: datetime) -> bool:
    """Return whether anything lies in a drop folder to be taken in."""
    return next(_waiting(folder, now), None) is not None if folder.is_dir() else False


def _waiting(folder: Path, now: datetime) -> Iterator[Path]:
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        if parts[0] in (TAKEN, REFUSED) or any(part.startswith(".") for part in parts) or file.name.endswith(SIDECAR):
            continue
        if file.is_file() and now.timestamp() - file.stat().st_mtime >= QUIET.total_seconds():
            yield file


def _aside(folder: Path, where: str, file: Path, now: datetime) -> Path:
    """Move a file and its sidecar aside, never over another one; return where it lies now."""
    target = folder / where / f"{now:%Y%m%dT%H%M%S%f}" / file.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    for one in (file, file.with_name(file.name + SIDECAR)):
        if one.exists():
            shutil.move(one, target.with_name(one.name))
    return target
