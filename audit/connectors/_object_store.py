"""A prefix of an object store, by obstore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from audit.catalog.place import first_line
from audit.connectors._fetching import FetchError
from audit.connectors._places import Place, Seen


class Objects(Place):
    """A prefix of an object store. When an object was written is told by the store, and nobody else can set it."""

    def __init__(self, location: str, config: dict[str, Any], *, in_the_clear: bool = False) -> None:
        try:
            from obstore.store import from_url  # an extra: most sources have no object store
        except ImportError:
            raise FetchError("s3:// needs the package obstore: pip install 'backup-audit[objects]'") from None
        self._location = location
        with _as_os_errors():
            self._store = from_url(location, config=config, client_options={"allow_http": True} if in_the_clear else None)  # type: ignore[call-overload]

    def files(self, depth: int | None, failed: list[str]) -> list[Seen]:
        """List the objects."""
        try:
            with _as_os_errors():
                listed = [self._seen(one) for part in self._store.list() for one in part]
        except OSError as error:
            failed.append(f"{self._location}: {error.strerror}")
            return []
        parts = {one: one.name.split("/") for one in listed}
        return [
            one
            for one in listed
            if (depth is None or len(parts[one]) <= depth) and not any(part.startswith(".") for part in parts[one])
        ]

    def read(self, seen: Seen, most: int) -> bytes:
        """Read an object. It is read as it was when reading began, whole, or not at all."""
        with _as_os_errors():
            return bytes(self._store.get(seen.at).bytes())[:most]

    def again(self, seen: Seen) -> Seen:
        """Look at an object again."""
        with _as_os_errors():
            return self._seen(self._store.head(seen.at))

    def _seen(self, told: Any) -> Seen:
        return Seen(told["path"], told["size"], told["last_modified"], told["last_modified"], told["path"])


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """Turn what obstore raises into `OSError`."""
    from obstore.exceptions import BaseError  # as above

    try:
        yield
    except BaseError as error:
        raise OSError(None, first_line(error)) from error
