"""Where the catalog's tables lie: in a folder, or under a prefix of an object store (`s3://`, `gs://`, `abfs://`).

Delta and Polars open both by their address; here stands what they leave to us. Credentials, region and endpoint come from the
environment, by the names that Delta, Polars and obstore share (AWS_..., GOOGLE_..., AZURE_...), and are never kept.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from audit.errors import DataFolderError

_PLAIN = re.compile(r"(s3|gs)://[\w.-]+(/[\w.-]+)*|abfss?://[\w.-]+@[\w.-]+(/[\w.-]+)*", re.ASCII)
"""Bucket (or container@account) and prefix, of characters that every tool writes the same way in a URL."""


MARKER = "backup-audit.txt"
"""The object that says whose catalog a prefix holds: two data folders in one place would take each other's rows for their own."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was written: bytes, and milliseconds since 1970 UTC."""

    size: int
    at: int


class Place(Protocol):
    """Where files lie. Errors of reading or writing are `OSError`."""

    @property
    def address(self) -> str:
        """What Delta opens, and Polars with a name behind it."""

    def within(self, name: str) -> Place:
        """Return a place inside this one."""

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """Return the size in bytes of those of the files, by path inside the place, that are there."""

    def holds_data(self) -> bool:
        """Return whether there is any Parquet file of rows."""

    def make(self) -> None:
        """Make what must be there before a table can be made."""

    def writable(self) -> bool:
        """Return whether this user may write here, as far as that can be known before."""

    def write(self, name: str, rows: pl.LazyFrame, **options: Any) -> Written:
        """Write a Parquet file."""

    def drop(self) -> None:
        """Delete everything in it."""


@dataclass(frozen=True)
class Folder:
    """A folder of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def address(self) -> str:
        """The folder's absolute path."""
        return str(self.path.absolute())

    def within(self, name: str) -> Folder:
        """Return a folder inside this one."""
        return Folder(self.path / name)

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """Look at each file."""
        found = {}
        for name in names:
            with suppress(FileNotFoundError, NotADirectoryError):
                found[name] = (self.path / name).stat().st_size
        return found

    def holds_data(self) -> bool:
        """Look for Parquet files, also in folders of the folder."""
        return any(self.path.glob("**/*.parquet"))

    def make(self) -> None:
        """Make the folder."""
        self.path.mkdir(parents=True, exist_ok=True)

    def writable(self) -> bool:
        """Return whether this user may write in the folder."""
        return os.access(self.path, os.W_OK)

    def write(self, name: str, rows: pl.LazyFrame, **options: Any) -> Written:
        """Write a file, and the folders on the way to it."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        rows.sink_parquet(file, **options)
        told = file.stat()
        return Written(told.st_size, int(told.st_mtime * 1000))

    def drop(self) -> None:
        """Delete the folder."""
        if self.path.exists():
            shutil.rmtree(self.path)


@dataclass(frozen=True)
class Prefix:
    """A prefix of an object store. Nothing has to be made in it; that it holds something is told by listing it."""

    address: str

    def __str__(self) -> str:
        return self.address

    def within(self, name: str) -> Prefix:
        """Return a prefix inside this one."""
        return Prefix(f"{self.address}/{name}")

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """List the prefix: one request for a thousand objects, where to ask for each takes one for each."""
        there = self.objects()
        return {name: there[name] for name in names if name in there}

    def holds_data(self) -> bool:
        """Look for Parquet files that are not of a log."""
        return any(name.endswith(".parquet") and not name.startswith("_delta_log/") for name in self.objects())

    def objects(self) -> dict[str, int]:
        """Return the size of every object, by its name behind the prefix."""
        with _told():
            return {one["path"]: one["size"] for part in self._store.list() for one in part}

    def make(self) -> None:
        """Do nothing: a prefix is there when something is."""

    def writable(self) -> bool:
        """Return true: only the attempt tells."""
        return True

    def write(self, name: str, rows: pl.LazyFrame, **options: Any) -> Written:
        """Write an object."""
        with _told():
            rows.sink_parquet(f"{self.address}/{name}", **options)
            told = self._store.head(name)
        return Written(told["size"], int(told["last_modified"].timestamp() * 1000))

    def claim(self, owner: str) -> str | None:
        """Say in the prefix, which holds nothing else, whose it is. Return an object that is there already, if there is one: then nothing was written."""
        from obstore.exceptions import AlreadyExistsError  # as above

        held = next(iter(self.objects()), None)
        if held is None:
            with _told(), suppress(AlreadyExistsError):
                self._store.put(MARKER, f"The catalog of {owner}.\n".encode(), mode="create")
                return None
        return held or MARKER

    def drop(self) -> None:
        """Delete every object but the marker."""
        names = [name for name in self.objects() if name != MARKER]
        with _told():
            if names:
                self._store.delete(names)

    @cached_property
    def _store(self) -> Any:
        from obstore.store import from_url  # an extra that only such catalogs need

        return from_url(self.address)


def place_of(path: Path, address: str | None) -> Place:
    """Return the place of a catalog: an address, or else a folder."""
    return Folder(path) if address is None else Prefix(checked(address))


def checked(address: str) -> str:
    """Return the address of a prefix as it may be kept. Raises `DataFolderError` for any other, and where the extra is not installed."""
    address = address.rstrip("/")
    if not _PLAIN.fullmatch(address):
        raise DataFolderError(
            f"{address!r} is not an address such as s3://bucket/catalog (or gs://, abfs://container@account; letters, digits, `.`, `_`, `-`); credentials come from the environment"
        )
    try:
        import obstore  # noqa: F401 - as above
    except ModuleNotFoundError as error:
        raise DataFolderError("a catalog in an object store needs the extra: pip install 'backup-audit[objects]'") from error
    return address


def first_line(error: Exception) -> str:
    """Return what an error says, in one line: stores answer with pages, in colours, and say what is wrong somewhere in the middle."""
    said = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error).partition("Debug source")[0]).replace("↳", "").split())
    return said if len(said) <= 400 else f"{said[:400]}..."


@contextmanager
def _told() -> Iterator[None]:
    """Turn the errors of an object store into `OSError`."""
    from obstore.exceptions import BaseError  # as above

    try:
        yield
    except (BaseError, pl.exceptions.ComputeError) as error:
        raise OSError(first_line(error)) from error
