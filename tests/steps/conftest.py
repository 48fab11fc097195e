"""Data folders, payloads and programmes for the tests of steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from audit.model.estate import ALIAS, ASSET_REPOSITORY, REPOSITORY, SEGMENT, Estate, Source
from audit.steps._open import Store, open_store
from audit.steps._payloads import gather
from audit.steps.ingest import Ingested, ingest
from audit.steps.init import init

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A new data folder."""
    init(tmp_path / "data", "Example Ltd")
    return tmp_path / "data"


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    store = open_store(data)
    yield store
    store.close()


@pytest.fixture
def points() -> Callable[..., str]:
    """Interchange lines of recovery points: as many as asked for, of one subject, an hour apart."""

    def make(count: int = 1, subject: str = "db", first: int = 0, **more: Any) -> str:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        rows = [
            {
                "record": "recovery_point",
                "source": "nas",
                "repository": "nas-dc1",
                "id": f"{subject}-{n}",
                "subject": subject,
                "method": "full",
                "captured_at": (start + timedelta(hours=n)).isoformat(),
                "available_at": (start + timedelta(hours=n, minutes=5)).isoformat(),
                **more,
            }
            for n in range(first, first + count)
        ]
        return "".join(json.dumps(row) + "\n" for row in rows)

    return make


@pytest.fixture
def take_in() -> Callable[..., Ingested]:
    """Ingest paths as the command does."""

    def run(store: Store, *paths: Path, now: datetime = NOW, **given: Any) -> Ingested:
        return ingest(store, gather(paths), given, now=now, by="tester")

    return run


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a programme be applied that declares sources, as name=(tool, zone), and no repositories."""

    def run(**sources: tuple[str, str | None]) -> None:
        empty = [pl.DataFrame(schema=schema) for schema in (SEGMENT, ALIAS, REPOSITORY, ASSET_REPOSITORY)]
        estate = Estate(*empty, sources={name: Source(name, tool, zone) for name, (tool, zone) in sources.items()})
        monkeypatch.setattr(Store, "estate", lambda self, known_at: estate)
        monkeypatch.setattr(Store, "programmes", lambda self, known_at: ["one"])

    return run
