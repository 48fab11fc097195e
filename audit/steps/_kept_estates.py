"""Estates that were resolved once, in the data folder (`estates/`, a file each): reading thousands of assets takes seconds, and what was declared up to an entry stays.

A file's name is a hash of all that an estate hangs on: the programmes that were applied, when, and by the hashes of their texts; the signatures that policies take
force by; the program and the libraries that read them. So a file is the right one or is not found. It proves nothing and may be deleted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from audit.evaluation.program import fingerprint
from audit.model.estate import Estate
from audit.policy.estate import AppliedProgramme, read_history, resolve
from audit.policy.force import Signature
from audit.policy.kept import FORMAT, UNREADABLE, packed, unpacked
from audit.register.entry import Entry

WORTH = 100_000
"""Characters of different texts from which on an estate is kept: less is read in a moment."""
KEPT = 8
"""How many estates, the last used, stay: 15,000 assets take about 7 MB."""
LIBRARIES = ("polars", "pydantic", "pydantic-core", "PyYAML", "ruamel.yaml", "python-dateutil")


def estate_of(
    folder: Path, entries: Sequence[Entry], programmes: Callable[[], list[AppliedProgramme]], signed: Sequence[Signature]
) -> Estate:
    """Return what programmes declare (`entries`: theirs in the journal), from `folder` if it is kept there, else read and kept where it can be written. Raises as `read_history`
    and `programmes` do, which is asked only when the texts are needed."""
    for given in dict.fromkeys((tuple(signed), ())) if folder.is_dir() else ():
        found = _kept(folder, key_of(entries, given))
        if found is not None and (given == tuple(signed) or not by_signature(found)):
            return found
    applied = programmes()
    history = read_history(applied)
    estate = resolve(history, signed).estate
    if sum(map(len, {text for one in applied for text in one.files.values()})) >= WORTH:
        key = key_of(entries, signed if by_signature(estate) else ())
        with suppress(*UNREADABLE):  # it is only the quicker way: the disk may be full, or this user may only read
            _keep(folder, key, packed(key, history, estate))
    return estate


def by_signature(estate: Estate) -> bool:
    """Say whether what an estate is hangs on signatures."""
    return any(policy.by_signature for policy in estate.policies)


def key_of(entries: Sequence[Entry], signed: Sequence[Signature]) -> str:
    """Return the name of the estate that programmes (their entries) and signatures make in this program."""
    applied = [(entry.number, entry.at.isoformat(), entry.body["sha256"]) for entry in entries]
    return sha256(json.dumps([FORMAT, _program(), applied, list(signed)]).encode()).hexdigest()


@cache
def _program() -> list[str]:
    """Say which program this is, as it was when it was first asked: what runs is what was loaded then."""
    return [fingerprint(), sys.version, *(f"{name} {version(name)}" for name in LIBRARIES)]


def _kept(folder: Path, key: str) -> Estate | None:
    path = folder / key
    try:
        found = unpacked(key, path.read_bytes())
    except OSError:
        return None
    if found is not None:
        with suppress(OSError):
            os.utime(path)  # the last used ones stay
    return found


def _keep(folder: Path, key: str, data: bytes | None) -> None:
    """Write an estate, whole or not at all, and take away those that were not used for longest, with what stopped writers left."""
    if data is None:
        return
    folder.mkdir(exist_ok=True)
    aside = folder / f".new-{uuid4().hex}"
    try:
        aside.write_bytes(data)
        aside.rename(folder / key)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    there = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in there[KEPT:]:
        old.unlink(missing_ok=True)
