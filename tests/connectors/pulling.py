"""Pulls into a data folder, as the command does them, with sources declared without a programme."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from audit.connectors._fetching import Asking, Fetched
from audit.connectors._registry import settings_of
from audit.model.estate import ALIAS, ASSET_REPOSITORY, REPOSITORY, SEGMENT, Estate, Source
from audit.steps._open import Store, open_store
from audit.steps.init import init
from audit.steps.pull import Pulled, fetched_sources, pull

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


class Clock:
    """Stands still until it is set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


def asking(
    now: datetime = NOW, last: dict[str, datetime] | None = None, unfinished: datetime | None = None
) -> tuple[Asking, list[str]]:
    """Return what a connector is given, and the list to which it warns."""
    warned: list[str] = []
    return Asking(lambda: now, (last or {}).get, unfinished, warned.append), warned


def checked(**told: Any) -> Any:
    """Return settings as they come out of the register: as JSON, and back."""
    settings = settings_of(told)
    return settings_of(settings.model_dump(mode="json", exclude_none=True))


@contextmanager
def declared(monkeypatch: pytest.MonkeyPatch, data: Path, **sources: Source) -> Iterator[Store]:
    """Yield a new data folder in which sources are declared."""
    init(data, "Example Ltd")
    empty = [pl.DataFrame(schema=schema) for schema in (SEGMENT, ALIAS, REPOSITORY, ASSET_REPOSITORY)]
    estate = Estate(*empty, sources=sources)
    monkeypatch.setattr(Store, "estate", lambda self, known_at: estate)
    monkeypatch.setattr(Store, "programmes", lambda self, known_at: ["one"])
    store = open_store(data)
    try:
        yield store
    finally:
        store.close()


def pulled(store: Store, clock: Clock, source: str) -> Pulled:
    """Pull one source."""
    (done,) = pull(store, fetched_sources(store, [source]), clock=clock, by="tester")
    return done


def kept(store: Store, source: str) -> dict[str, list[bytes]]:
    """Return what the vault holds of a source, by name, in the order in which it came."""
    found: dict[str, list[bytes]] = {}
    for name, digest in (
        store.catalog.payloads(store.head()).filter(source=source).sort("entry").select("name", "sha256").iter_rows()
    ):
        found.setdefault(name, []).append(store.vault.get(digest))
    return found


def names(found: list[Fetched]) -> list[str]:
    """Return the names of what was fetched."""
    return [one.name for one in found]
