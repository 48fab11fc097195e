"""Files, folders and standard input as payloads, each with its sidecar `FILE.envelope.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, Protocol

from audit.errors import Fault, InputError
from audit.model.envelope import SIDECAR as SIDECAR
from audit.model.envelope import Envelope

TIMES = ("observed_at", "started_at", "finished_at")
NOT_TAKEN_OVER = ("method", "by", "name")
"""How evidence reached us is seen by the program, not claimed by a file."""


class Sidecar(Protocol):
    """What tells of a payload: the file beside it, or what a connector fetched with it."""

    @property
    def name(self) -> str:
        """Its file's name."""

    def read_bytes(self) -> bytes:
        """Return what it holds."""


@dataclass(frozen=True, slots=True)
class FetchedSidecar:
    """A sidecar that a connector fetched."""

    name: str
    data: bytes

    def read_bytes(self) -> bytes:
        """Return what it holds."""
        return self.data


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes to be ingested.

    `name` is the path as people will see it; `read` gives the bytes; `sidecar` is there when a sidecar is; `told` holds fields of the envelope that whoever fetched it knows.
    """

    name: str
    read: Callable[[], bytes]
    sidecar: Sidecar | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """What was found: payloads in order, hidden files passed over, and what cannot be used."""

    payloads: list[Payload]
    hidden: int
    faults: list[Fault]


def gather(paths: Iterable[Path], stdin: Callable[[], bytes] | None = None) -> Gathered:
    """Find the payloads of files and folders (recursively, in name order);

    `-` is standard input. Hidden files of folders are counted, not taken.
    """
    found = Gathered([], 0, [])
    for path in paths:
        if str(path) == "-" and stdin is not None:
            found.payloads.append(Payload("stdin", stdin))
            continue
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            found.faults.append(Fault(shown(path), "there is no such file or folder"))
        except OSError as error:  # a folder that we may not enter, a name that is too long
            found.faults.append(Fault(shown(path), f"cannot be read: {error.strerror}"))
        else:
            if S_ISDIR(mode):
                for name, file in _walk(path, found):
                    _take(found, name, file)
            elif S_ISREG(mode):
                _take(found, path.name, path)
            else:
                found.faults.append(Fault(shown(path), "is neither a file nor a folder"))
    return found


def shown(name: str | os.PathLike[str]) -> str:
    r"""Return a file's name as a text that can be stored: bytes that are not UTF-8 as `\xff`."""
    return os.fsencode(name).decode(errors="backslashreplace")


def is_text(value: str) -> bool:
    """Return whether a text can be written in UTF-8: an option given in other bytes, or half a character of JSON, cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _walk(folder: Path, found: Gathered) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder by name order of their whole path. Links to folders are not followed."""
    files = []
    for at, folders, names in os.walk(
        folder, onerror=lambda error: found.faults.append(Fault(shown(error.filename), str(error.strerror)))
    ):
        found.hidden += sum(name.startswith(".") for name in names)
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(at) / name for name in names if not name.startswith(".")]
    for file in sorted(files, key=lambda file: file.relative_to(folder).parts):
        if _is_file(file):
            yield file.relative_to(folder).as_posix(), file
        else:
            found.faults.append(Fault(shown(file), "is not a regular file"))


def _take(found: Gathered, name: str, file: Path) -> None:
    if file.name.endswith(SIDECAR):
        payload = file.with_name(file.name.removesuffix(SIDECAR))
        if not _is_file(payload):
            found.faults.append(Fault(shown(name), f"tells of {shown(payload.name)}, which is not there", "put the file beside it"))
        return
    sidecar = file.with_name(file.name + SIDECAR)
    found.payloads.append(Payload(shown(name), file.read_bytes, sidecar if _is_file(sidecar) else None))


def _is_file(path: Path) -> bool:
    """Return whether there is such a file; one that cannot be looked at (its name is too long, say) is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_sidecar(sidecar: Sidecar, name: str) -> dict[str, Any]:
    """Return what a sidecar says, as values of `Envelope`'s fields. Raises `InputError` with every fault in it."""
    try:
        values = json.loads(sidecar.read_bytes())
    except (ValueError, OSError) as error:
        raise InputError(
            "unreadable sidecar", [Fault(name, f"cannot be read: {error}", "it must be a JSON object in UTF-8")]
        ) from error
    if not isinstance(values, dict):
        raise InputError("unreadable sidecar", [Fault(name, "is not a JSON object")])
    known = [field.name for field in fields(Envelope)]
    faults, result = [], {}
    for key, value in values.items():
        if key not in known:
            close = get_close_matches(key, known, 1)
            faults.append(Fault(name, f"unknown key `{key}`" + (f", did you mean `{close[0]}`?" if close else ""), key=key))
        elif value is not None and key not in NOT_TAKEN_OVER:
            try:
                result[key] = _value(key, value)
            except ValueError as error:
                faults.append(Fault(name, str(error), key=key))
    if faults:
        raise InputError("wrong sidecar", faults)
    return result


_NOUNS = {bool: "true or false", int: "a whole number", dict: "an object", str: "a text"}


def _value(key: str, value: Any) -> Any:
    if key in TIMES:
        try:
            time = datetime.fromisoformat(value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{value!r} is not a time; write it as 2026-11-23T06:00:00Z") from error
        if time.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone; add Z or an offset such as +08:00")
        return time
    wanted = {"complete": bool, "simulated": bool, "exit_code": int, "mapping": dict}.get(key, str)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise ValueError(f"{value!r} is not {_NOUNS[wanted]}")
    if isinstance(value, str) and not is_text(value):
        raise ValueError(f"{value!r} is not a whole text: it holds half a character")
    if value == "":
        raise ValueError("is empty; leave the key out when it is not known")
    return value
