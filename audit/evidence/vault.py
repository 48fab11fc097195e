"""The vault: every payload as received, named by its SHA-256, compressed with Zstandard, written once and never changed.

    vault/ab/abcdef....zst     the payload whose SHA-256 is abcdef...
    vault/incoming/            files that are being written; nothing in it counts

A payload counts once its file has its name: it is written aside, flushed to the disk, renamed, and the folder is flushed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import zstandard

from audit.errors import CheckFailedError, DataFolderError
from audit.evidence.canonical import sha256_hex

SUFFIX = ".zst"
INCOMING = "incoming"
_UNUSED_BIT = 0x10
"""A bit of the Zstandard frame header that decoders ignore (RFC 8878, 3.1.1.1.1.3); it is always 0 here, so that no flipped bit
goes unseen.
"""


AT_HAND_BYTES = 256 * 1024 * 1024
"""How much of what was just put is kept in memory until it is read."""


PIECE_BYTES = 1 << 20
"""How much of a payload is in memory at a time when it is read in pieces."""


class BrokenPayloadError(CheckFailedError):
    """A payload is missing from the vault, or its file does not hold the bytes that its name promises."""


class Vault:
    """Payloads in a folder. Safe for several processes at once: equal payloads are equal files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at_hand: dict[str, bytes] = {}

    def create(self) -> None:
        """Make the folders, if they are not there."""
        (self.path / INCOMING).mkdir(parents=True, exist_ok=True)

    def file(self, sha256: str) -> Path:
        """Return where the payload of a SHA-256 (64 hexadecimal digits) is or would be."""
        return self.path / sha256[:2] / f"{sha256}{SUFFIX}"

    def put(self, data: bytes) -> str:
        """Store a payload durably and return its SHA-256. One that is there already is not written again."""
        name = sha256_hex(data)
        target = self.file(name)
        if sum(map(len, self._at_hand.values())) + len(data) <= AT_HAND_BYTES:
            self._at_hand[name] = data
        try:
            if target.exists():
                _flush_folder(target.parent)  # another process may have renamed it this instant
                return name
            self._write(target, zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data))
        except OSError as error:
            raise DataFolderError(
                f"cannot write to the vault {self.path}: {error.strerror or error}; nothing of this payload was kept"
            ) from error
        return name

    def _write(self, target: Path, data: bytes) -> None:
        if not target.parent.exists():
            target.parent.mkdir(exist_ok=True)
            _flush_folder(self.path)
        handle, aside = tempfile.mkstemp(dir=self.path / INCOMING, suffix=SUFFIX)
        try:
            with os.fdopen(handle, "wb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)  # tells `sweep` that the writer lives
                if os.fstat(handle).st_nlink == 0:  # swept in the instant before the lock
                    return self._write(target, data)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o440)
                Path(aside).rename(target)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        _flush_folder(target.parent)
        return None

    def take(self, sha256: str) -> bytes:
        """Return a payload for reading, once: what this process has put a moment ago comes from memory, everything else as `get` gives it."""
        return self._at_hand.pop(sha256, None) or self.get(sha256)

    def has(self, sha256: str) -> bool:
        """Return whether there is a file for a payload. Its content is not looked at."""
        return self.file(sha256).is_file()

    def get(self, sha256: str) -> bytes:
        """Return a payload, hashed anew. Raises `BrokenPayloadError` when it is missing or not what its name says."""
        path = self.file(sha256)
        try:
            packed = path.read_bytes()
        except FileNotFoundError as error:
            raise BrokenPayloadError(f"payload {sha256} is missing from the vault") from error
        try:
            data = zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=False)
        except (zstandard.ZstdError, MemoryError) as error:
            raise BrokenPayloadError(f"payload {sha256} cannot be unpacked, its file was changed: {error}") from error
        if sha256_hex(data) != sha256:
            raise BrokenPayloadError(f"payload {sha256} has another SHA-256, its file was changed: {sha256_hex(data)}")
        if packed[4] & _UNUSED_BIT:
            raise BrokenPayloadError(f"payload {sha256}: a bit of its file's header was changed; the payload itself is whole")
        return data

    def pieces(self, sha256: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        """Yield a payload in pieces of at most `size` bytes, hashed on the way: memory does not grow with it.

        Raises `BrokenPayloadError`, at the latest after the last piece, when it is missing or not what its name says: what was yielded counts only
        when the iteration came to its end. (Damage to the file that leaves the payload whole is a matter of `get`.)
        """
        digest = hashlib.sha256()
        try:
            with self.file(sha256).open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as reader:
                while piece := reader.read(size):
                    digest.update(piece)
                    yield piece
        except FileNotFoundError as error:
            raise BrokenPayloadError(f"payload {sha256} is missing from the vault") from error
        except (zstandard.ZstdError, MemoryError) as error:
            raise BrokenPayloadError(f"payload {sha256} cannot be unpacked, its file was changed: {error}") from error
        if digest.hexdigest() != sha256:
            raise BrokenPayloadError(f"payload {sha256} has another SHA-256, its file was changed: {digest.hexdigest()}")

    def iter(self) -> Iterator[str]:
        """Yield the SHA-256 of every payload, in order."""
        for folder in sorted(self.path.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(file.name.removesuffix(SUFFIX) for file in folder.iterdir() if self._is_object(file))

    def strangers(self) -> Iterator[Path]:
        """Yield files that are no payloads by their name or place, other than those being written."""
        for path in sorted(self.path.rglob("*")):
            if path.is_file() and path.parent.name != INCOMING and not self._is_object(path):
                yield path

    def _is_object(self, path: Path) -> bool:
        name = path.name.removesuffix(SUFFIX)
        return re.fullmatch(r"[0-9a-f]{64}", name) is not None and path == self.file(name)

    def sweep(self) -> int:
        """Remove what killed writers left behind, and return how many files that were."""
        removed = 0
        for path in (self.path / INCOMING).glob(f"*{SUFFIX}"):
            try:
                with path.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                    removed += 1
            except (BlockingIOError, FileNotFoundError):  # its writer lives, or has just renamed it
                continue
        return removed


def _flush_folder(path: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
