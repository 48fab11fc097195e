"""The zip of a package, read without unpacking it to the disk.

Only a zip that is byte for byte laid out as `PackageWriter` lays it out is read: of one that two programs could unpack differently it would be unclear
what was verified. So links, names with `..`, files with equal names, bytes between files and encrypted files need no rules of their own.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from audit.errors import InputError
from audit.evidence.package import PIECE, is_name
from audit.evidence.verify_evidence import Broken

BOMB_BYTES, BOMB_RATIO = 1 << 34, 200
"""A zip that unpacks to more than this many bytes *and* to more than so many times its size is refused."""
_FULL = 0xFFFFFFFF
_FIXED = (0, zipfile.ZIP_DEFLATED, 0, 0x21)
"""Flags, method, and the time that `PackageWriter` gives to all files: 1980-01-01."""
_UNREADABLE = (zipfile.BadZipFile, RuntimeError, ValueError, struct.error, OverflowError, UnicodeDecodeError, EOFError)


class PackageZip:
    """The files of a package: `sizes` by name below the one folder `root`. Raises `InputError` that says why a zip is refused."""

    def __init__(self, path: Path) -> None:
        self.strange: list[tuple[str, str]] = []
        self.sizes: dict[str, int] = {}
        self.root = ""
        self._places: dict[str, tuple[int, int, int, int]] = {}
        self._file = path.open("rb")
        try:
            self._read(path)
        except BaseException:
            self._file.close()
            raise

    def _read(self, path: Path) -> None:
        try:
            directory = zipfile.ZipFile(self._file)
        except _UNREADABLE as error:
            raise InputError(f"{path} is no zip that can be read: {error}") from error
        length, infos = path.stat().st_size, directory.infolist()
        total = sum(info.file_size for info in infos)
        if total > max(BOMB_BYTES, BOMB_RATIO * length):
            raise InputError(
                f"{path} would unpack {length} bytes to {total}: refused. If you know where it is from, unpack it and verify the folder"
            )
        at, listed, seen = 0, bytearray(), set[str]()
        for info in infos:
            root, _, name = info.orig_filename.partition("/")
            self.root = self.root or root
            if root != self.root or not is_name(root) or not is_name(name):
                raise InputError(
                    f"{path} holds {info.orig_filename!r}: a name outside of the package's folder, or that export never gives; refused"
                )
            if name.lower() in seen:
                raise InputError(f"{path} holds {name!r} twice: refused")
            seen.add(name.lower())
            before = _local(info)
            self._file.seek(at)
            if info.header_offset != at or self._file.read(len(before)) != before:
                raise InputError(
                    f"{path} is not as export wrote it, at {name}: a link, permissions, times, encryption, or bytes between its files; refused. "
                    "If someone only packed it anew, unpack it and verify the folder"
                )
            self.sizes[name] = info.file_size
            self._places[name] = (at + len(before), info.compress_size, info.file_size, info.CRC)
            listed += _listed(info, at)
            at += len(before) + info.compress_size
        end = bytes(listed) + _end(len(infos), len(listed), at)
        self._file.seek(at)
        if self._file.read(len(end) + 1) != end:
            raise InputError(
                f"{path} is not as export wrote it: its directory was changed, or something stands before or behind it; refused"
            )

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading. It and every `read` raise `Broken` for one that is missing or cannot be unpacked to just what the zip says."""
        if name not in self.sizes:
            raise Broken("is missing")
        return io.BufferedReader(_Inflated(self._file, *self._places[name]), PIECE)

    def close(self) -> None:
        """Close the zip."""
        self._file.close()


class _Inflated(io.RawIOBase):
    """The content of one file, never more than the directory says."""

    def __init__(self, file: IO[bytes], at: int, packed: int, size: int, crc: int) -> None:
        super().__init__()
        self._file, self._at, self._left, self._size, self._crc = file, at, packed, size, crc
        self._unpack, self._input, self._sum, self._given = zlib.decompressobj(-zlib.MAX_WBITS), b"", 0, 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpack the next bytes."""
        data = b""
        while not data and not self._unpack.eof:
            if not self._input:
                self._file.seek(self._at)
                self._input = self._file.read(min(PIECE, self._left))
                self._at += len(self._input)
                self._left -= len(self._input)
            if not self._input:
                raise Broken("cannot be unpacked: its data end too early")
            try:
                data = self._unpack.decompress(self._input, len(buffer))
            except zlib.error as error:
                raise Broken(f"cannot be unpacked: {error}") from error
            self._input = self._unpack.unconsumed_tail
        self._given += len(data)
        self._sum = zlib.crc32(data, self._sum)
        if self._given > self._size:
            raise Broken("is larger than the zip says")
        if not data and (self._left, self._unpack.unused_data, self._given, self._sum) != (0, b"", self._size, self._crc):
            raise Broken("is not what the zip says: its size, its checksum, or something after its end")
        buffer[: len(data)] = data
        return len(data)


def _local(info: zipfile.ZipInfo) -> bytes:
    """Return the header before a file's data, as our writer writes it (PKWARE APPNOTE 4.3.7)."""
    big = info.file_size * 1.05 > zipfile.ZIP64_LIMIT
    name, wide = info.orig_filename.encode(), struct.pack("<HHQQ", 1, 16, info.file_size, info.compress_size) if big else b""
    sizes = (_FULL, _FULL) if big else (info.compress_size, info.file_size)
    return struct.pack("<4s5H3L2H", b"PK\3\4", 45 if big else 20, *_FIXED, info.CRC, *sizes, len(name), len(wide)) + name + wide


def _listed(info: zipfile.ZipInfo, at: int) -> bytes:
    """Return a file's place in the directory (APPNOTE 4.3.12)."""
    limit, name = zipfile.ZIP64_LIMIT, info.orig_filename.encode()
    large = [info.file_size, info.compress_size] if max(info.file_size, info.compress_size) > limit else []
    sizes = (_FULL, _FULL) if large else (info.compress_size, info.file_size)
    large += [at] if at > limit else []
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version = 45 if large or info.file_size * 1.05 > limit else 20
    fixed = (b"PK\1\2", version, 3, version, *_FIXED, info.CRC, *sizes, len(name), len(extra), 0, 0, 0, 0o100644 << 16)
    return struct.pack("<4sBBH4H3L5H2L", *fixed, min(at, _FULL) if at <= limit else _FULL) + name + extra


def _end(count: int, size: int, at: int) -> bytes:
    """Return what stands after the directory (APPNOTE 4.3.14 to 4.3.16)."""
    wide = b""
    if count > zipfile.ZIP_FILECOUNT_LIMIT or max(size, at) > zipfile.ZIP64_LIMIT:
        wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, at)
        wide += struct.pack("<4sLQL", b"PK\6\7", 0, at + size, 1)
    told = (min(count, 0xFFFF), min(count, 0xFFFF), min(size, _FULL), min(at, _FULL))
    return wide + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *told, 0)
