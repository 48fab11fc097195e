"""Files that people hand over with an act: read, named and measured; what is in them nobody looks at."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from audit.errors import Fault, InputError, UsageError
from audit.evidence.canonical import sha256_hex
from audit.register.records._record import Act, Attached, document_key
from audit.steps._payloads import shown

MIB = 1 << 20
LARGEST = 100 * MIB
"""Bytes that the files of one act may have together: they are held in memory, and kept for ever."""
MOST = 20
"""Files of one act."""
LONGEST_NAME = 200
"""Characters of a name that is kept."""
UNNAMED = "file"
_UNFIT = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters that a name loses: those that nobody sees, and those that turn what follows round."""
ANY_TYPE = "application/octet-stream"
MEDIA_TYPES = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eml": "message/rfc822",
    "gif": "image/gif",
    "gz": "application/gzip",
    "heic": "image/heic",
    "htm": "text/html",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "log": "text/plain",
    "md": "text/markdown",
    "mp4": "video/mp4",
    "msg": "application/vnd.ms-outlook",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "p7s": "application/pkcs7-signature",
    "pdf": "application/pdf",
    "png": "image/png",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "rtf": "application/rtf",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "webp": "image/webp",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "zip": "application/zip",
}
"""By the ending of a name. Our own list, because that of a machine differs from the next one's."""
NO_DOCUMENT = "is missing: hand the document over, or give the SHA-256 of one that is kept elsewhere"


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that is handed over: what is told of it, and its bytes."""

    told: Attached
    data: bytes

    @classmethod
    def of(cls, name: str, data: bytes) -> Handed:
        """Return bytes under a name as people or browsers give it, with or without a path."""
        kept = cleaned(name)
        return cls(Attached(kept, len(data), media_type(kept), sha256_hex(data)), data)


def cleaned(name: str) -> str:
    """Return the name under which a file is kept: the last part of a path of any system, of characters that are seen."""
    last = os.fsencode(name).decode(errors="replace") if "\0" not in name else name.replace("\0", "")
    last = last.replace("\\", "/").rstrip("/").rpartition("/")[2]
    seen = "".join(one for one in unicodedata.normalize("NFC", last) if unicodedata.category(one) not in _UNFIT)
    seen = " ".join(seen.split()).strip(". ")
    if len(seen) > LONGEST_NAME:
        stem, dot, ending = seen.rpartition(".")
        ending = dot + ending if stem and len(ending) <= 10 else ""
        seen = (seen[: LONGEST_NAME - len(ending)]).rstrip(". ") + ending
    return seen or UNNAMED


def media_type(name: str) -> str:
    """Return what kind of file a name says it is."""
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), ANY_TYPE) if "." in name else ANY_TYPE


def handed(paths: Iterable[Path]) -> tuple[Handed, ...]:
    """Read files to be handed over; one that is named twice is one. Raises `InputError` with every path that is no regular file, or is too large."""
    found: list[Handed] = []
    faults: list[Fault] = []
    left = LARGEST
    for path in dict.fromkeys(paths):
        try:
            data = _read(path, left)
        except ValueError as error:
            faults.append(Fault(shown(path), str(error)))
        except OSError as error:
            what = "is a link: name the file itself" if error.errno == errno.ELOOP else f"cannot be read: {error.strerror or error}"
            faults.append(Fault(shown(path), "there is no such file" if error.errno in (errno.ENOENT, errno.ENOTDIR) else what))
        else:
            left -= len(data)
            found.append(Handed.of(path.name, data))
    if faults:
        raise InputError("nothing was entered", faults)
    return tuple(found)


def _read(path: Path, left: int) -> bytes:
    """Return the bytes of a regular file of at most `left` bytes. Raises `ValueError` for everything else."""
    # What the name leads to is looked at once, when it is open: a link or a pipe put there in between is not followed, and not waited for.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        seen = os.fstat(handle)
        if S_ISDIR(seen.st_mode):
            raise ValueError("is a folder: name its files one by one, or an archive of them")
        if not S_ISREG(seen.st_mode):
            raise ValueError("is no regular file")
        if seen.st_size > left:
            raise ValueError(_too_large(seen.st_size))
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(seen.st_size + 1)
    finally:
        os.close(handle)
    if len(data) != seen.st_size:
        raise ValueError("was written to while it was read")
    return data


def _too_large(size: int) -> str:
    return f"is too large ({size / MIB:,.1f} MiB): the files of one act may have {LARGEST // MIB} MiB together; attach what shows it, and say where the whole is kept"


def fitting(
    kind: str, name: str, one: Act, values: Mapping[str, Any], files: Sequence[Handed], document: Handed | None
) -> tuple[Mapping[str, Any], tuple[Handed, ...]]:
    """Return what is told with an act, with the document's SHA-256 in its place, and all files that are handed over with it.

    Raises `UsageError` where the act takes none, `InputError` with all that is wrong with them.
    """
    key, what = document_key(one.values), f"{kind} {name}"
    if files and not one.attachments:
        raise UsageError(f"{what} takes no attachments")
    if document is not None and key is None:
        raise UsageError(f"{what} takes no document")
    every = (*((document,) if document else ()), *files)
    faults = [Fault(one.told.name, "is empty: it shows nothing") for one in every if not one.data]
    names = [one.told.name for one in every]
    faults += [
        Fault(one, "is the name of two files: rename one of them") for one in sorted({one for one in names if names.count(one) > 1})
    ]
    if len(every) > MOST:
        faults.append(Fault(what, f"{len(every)} files are too many: at most {MOST} with one act"))
    if (size := sum(one.told.size for one in every)) > LARGEST:
        faults.append(Fault(what, _too_large(size)))
    if document is not None and key is not None:
        given = str(values.get(key) or "").strip().lower()
        if given not in ("", document.told.sha256):
            faults.append(
                Fault(document.told.name, f"has another SHA-256 than the one that was given: {document.told.sha256}", key=key)
            )
        values = {**values, key: document.told.sha256}
    if faults:
        raise InputError(f"{what} was not entered", faults)
    return values, every
