"""Drop folder: evidence that others put into a folder is taken in and moved aside; what cannot be taken in is moved aside with the reason.

A file in a folder named like a declared source is of that source; a sidecar `FILE.envelope.json` beside it says the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from audit.errors import BackupAuditError
from audit.policy.suggest import one_of, unknown
from audit.steps._open import Store
from audit.steps._payloads import SIDECAR, gather
from audit.steps.ingest import ingest

TAKEN, REFUSED, UNDER_WAY = "taken", "refused", ".under-way"
"""Folders inside the drop folder to which files are moved. Nobody but this program may enter them: what lies there cannot be changed for something else any more."""
QUIET = timedelta(seconds=10)
"""A file that was changed within this time may still be under way, and is left for the next look."""


@dataclass(slots=True)
class Dropped:
    """What one look at a drop folder did: files taken in (some may have been known, of some nothing could be read), and those refused with the reason."""

    taken: int = 0
    new: int = 0
    unread: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def take(store: Store, folder: Path, now: datetime) -> Dropped:
    """Take in what lies in a drop folder (made when missing) and has not changed lately; `now` is UTC."""
    for name in (TAKEN, REFUSED, UNDER_WAY):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name).chmod(0o700)
    done = Dropped()
    declared = store.estate(store.head()).sources
    for file in _left(folder):
        _take_one(store, folder, file, declared, done, now)
    for file in sorted(_waiting(folder, now)):
        # First out of the reach of whoever brought it: what is looked at is what is taken in.
        _take_one(store, folder, _moved(file, folder / UNDER_WAY / file.relative_to(folder)), declared, done, now)
    return done


def waits(folder: Path, now: datetime) -> bool:
    """Return whether anything lies in a drop folder to be taken in."""
    return folder.is_dir() and (next(_left(folder), None) or next(_waiting(folder, now), None)) is not None


def _take_one(store: Store, folder: Path, file: Path, declared: Collection[str], done: Dropped, now: datetime) -> None:
    """Take in a file that lies under way, and move it to its end."""
    place = file.relative_to(folder / UNDER_WAY)
    source = place.parts[0] if len(place.parts) > 1 else None
    found, why = None, _not_a_file(file)
    if not why and source is not None and source not in declared:
        why = f"{unknown('source', source, declared)}: a folder in the drop folder is named like a source ({one_of(declared)})"
    if not why:
        try:
            found = ingest(
                store, gather([file]), {"source": source} if source else {}, now=now, by="drop folder", method="drop-folder"
            )
            why = "; ".join(map(str, found.refused))
        except BackupAuditError as error:
            why = "; ".join([str(error), *map(str, error.faults)])
    end = folder / (REFUSED if why else TAKEN) / f"{now:%Y%m%dT%H%M%S%f}" / place
    _moved(file, end)
    if why or found is None:
        done.refused[place.as_posix()] = why
        end.with_name(end.name + ".reason.txt").write_text(why + "\n", encoding="utf-8")
        return
    done.taken += 1
    done.new += found.new
    if found.unrecognised or found.unread:
        done.unread.append(place.as_posix())


def _not_a_file(file: Path) -> str:
    """Return why a file or its sidecar is not taken, or nothing. A link leads to what whoever made it may not be allowed to read."""
    for one in (file, _sidecar(file)):
        if one.is_symlink() or (one.exists() and not one.is_file()):
            return f"{one.name} is a link or no regular file: put the file itself into the drop folder"
    return ""


def _left(folder: Path) -> Iterator[Path]:
    """Yield what an earlier look, stopped halfway, left under way."""
    for file in sorted((folder / UNDER_WAY).rglob("*")):
        if (file.is_symlink() or not file.is_dir()) and not file.name.endswith(SIDECAR):
            yield file


def _waiting(folder: Path, now: datetime) -> Iterator[Path]:
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        if parts[0] in (TAKEN, REFUSED) or any(part.startswith(".") for part in parts) or file.name.endswith(SIDECAR):
            continue
        if not file.is_symlink() and file.is_dir():
            continue
        try:
            changed = file.lstat().st_mtime
        except OSError:  # taken back in the meantime
            continue
        if now.timestamp() - changed >= QUIET.total_seconds():
            yield file


def _sidecar(file: Path) -> Path:
    return file.with_name(file.name + SIDECAR)


def _moved(file: Path, target: Path) -> Path:
    """Move a file and its sidecar, themselves and not what they may link to; return where the file lies now."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for one, there in ((_sidecar(file), _sidecar(target)), (file, target)):
        if one.is_symlink() or one.exists():
            one.rename(there)
    return target
