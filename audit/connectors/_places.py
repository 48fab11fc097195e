"""Places where files lie: a folder of this machine, of an SFTP server, or a prefix of an object store. They are listed and read, and never changed."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

from audit.connectors._fetching import FetchError


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it is listed. name: its path below the place, with `/`. modified: the time that it bears (UTC), which whoever copies it may set. changed: the
    latest time at which it is known to have been written (UTC). at: where it is read. refused: why it is not; null: it may be."""

    name: str
    size: int
    modified: datetime
    changed: datetime
    at: str
    refused: str | None = None


class Place(ABC):
    """A place while it is open. margin: how long before it was taken in a file must have been changed the last time, to be known as unchanged since: its clock and
    ours differ, and reading takes time."""

    margin = timedelta(minutes=10)

    @abstractmethod
    def files(self, depth: int | None, failed: list[str]) -> list[Seen]:
        """List the files, down to a depth (1: of the place itself; null: all), without hidden ones. What cannot be listed is told in `failed`."""

    @abstractmethod
    def read(self, seen: Seen, most: int) -> bytes:
        """Return what a file holds, but no more bytes than `most`. Raises `OSError`."""

    @abstractmethod
    def again(self, seen: Seen) -> Seen:
        """Look at a file again. Raises `OSError`."""

    def close(self) -> None:  # noqa: B027 - most places have nothing to close
        """End whatever connection there is."""


class Tree(Place):
    """A place with folders, which are listed one by one."""

    def __init__(self, root: str) -> None:
        self.root = root

    @abstractmethod
    def entries(self, folder: str) -> Iterator[tuple[str, int]]:
        """Yield the names in a folder, and their modes as those of links. Raises `OSError`."""

    @abstractmethod
    def real(self, path: str) -> str:
        """Return a path without links. Raises `OSError`."""

    @abstractmethod
    def look(self, name: str, at: str) -> Seen | None:
        """Look at a file; nothing where it is no regular one. Raises `OSError`."""

    def files(self, depth: int | None, failed: list[str]) -> list[Seen]:
        """List the files. Links to folders are not followed; a link to a file is read where it leads to a file below this place."""
        found: list[Seen] = []
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            parts = waiting.pop()
            try:
                entries = sorted(self.entries(self._path(parts)))
            except OSError as error:
                failed.append(f"{'/'.join(parts) or self.root}: {error.strerror or error}")
                continue
            for name, mode in entries:
                if name.startswith("."):
                    continue
                if S_ISDIR(mode):
                    if depth is None or len(parts) + 1 < depth:
                        waiting.append((*parts, name))
                    continue
                try:
                    one = self._one((*parts, name), mode)
                except OSError as error:
                    failed.append(f"{shown('/'.join((*parts, name)))}: {error.strerror or error}")
                else:
                    found += [one] if one else []
        return found

    def again(self, seen: Seen) -> Seen:
        """Look at a file again."""
        found = self.look(seen.name, seen.at)
        if found is None:
            raise OSError(None, "it is no regular file any more")
        return found

    def _one(self, parts: tuple[str, ...], mode: int) -> Seen | None:
        name, path = shown("/".join(parts)), self._path(parts)
        if not S_ISLNK(mode):
            return self.look(name, path) if S_ISREG(mode) else self._refused(name, path, "it is no regular file")
        real = self.real(path)
        if not real.startswith(self.root.rstrip("/") + "/"):
            return self._refused(name, path, "it is a link that leads out of the folder")
        return self.look(name, real)

    def _path(self, parts: tuple[str, ...]) -> str:
        return "/".join((self.root.rstrip("/"), *parts)) or "/"

    def _refused(self, name: str, at: str, why: str) -> Seen:
        never = datetime.fromtimestamp(0, UTC)
        return Seen(name, 0, never, never, at, why)


class Local(Tree):
    """A folder of this machine. A file is opened step by step below the folder, and no step follows a link: what was listed cannot be changed for something else."""

    margin = timedelta(minutes=1)

    def __init__(self, folder: str) -> None:
        if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where it may not look
            raise FetchError(f"{folder} is no folder of this machine")
        super().__init__(os.path.realpath(folder))

    def entries(self, folder: str) -> Iterator[tuple[str, int]]:
        """List a folder."""
        with os.scandir(folder) as found:
            for one in found:
                yield one.name, one.stat(follow_symlinks=False).st_mode

    def real(self, path: str) -> str:
        """Return a path without links."""
        return os.path.realpath(path, strict=True)

    def look(self, name: str, at: str) -> Seen | None:
        """Look at a file. `ctime` tells of a change even where whoever copied it set `mtime` back."""
        told = Path(at).lstat()
        modified = datetime.fromtimestamp(told.st_mtime, UTC)
        changed = datetime.fromtimestamp(max(told.st_mtime, told.st_ctime), UTC)
        return Seen(name, told.st_size, modified, changed, at) if S_ISREG(told.st_mode) else None

    def read(self, seen: Seen, most: int) -> bytes:
        """Read a file."""
        steps = Path(seen.at).relative_to(self.root).parts
        at = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for number, step in enumerate(steps, 1):
                last = number == len(steps)
                flags = os.O_RDONLY | os.O_NOFOLLOW | (os.O_NONBLOCK if last else os.O_DIRECTORY)
                below = os.open(step, flags, dir_fd=at)
                os.close(at)
                at = below
            if not S_ISREG(os.fstat(at).st_mode):
                raise OSError(None, "it is no regular file any more")
            with os.fdopen(os.dup(at), "rb") as file:
                return file.read(most)
        finally:
            os.close(at)


def shown(name: str) -> str:
    r"""Return a file's name as a text that can be stored: bytes that are not UTF-8 as `\xff`."""
    return os.fsencode(name).decode(errors="backslashreplace")
