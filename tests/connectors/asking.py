"""What connectors are given in tests: a clock that goes on by itself, what was fetched before, and the warnings that they gave."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from audit.connectors._fetching import Asking
from audit.connectors._registry import connectors
from audit.model.estate import ALIAS, ASSET_REPOSITORY, REPOSITORY, SEGMENT, Estate, Source
from audit.steps._open import Store, open_store
from audit.steps.init import init
from audit.steps.pull import Pulled, pull

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@dataclass
class Given:
    """What a fetch gave: payloads by name, what was told of them, and warnings."""

    payloads: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Clock:
    """Each reading is a second later."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now - timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def fetched(
    connector: str, told: Mapping[str, Any], *, last: datetime | None = None, unfinished: datetime | None = None, into: Given | None = None
) -> Given:  # fmt: skip
    """Fetch as `pull` does. last: when each name was last fetched whole; into: what is filled, so that it is there after a failure too."""
    module = connectors()[connector]
    given = Given() if into is None else into
    asking = Asking(Clock(), lambda _: last, unfinished, given.warnings.append)
    settings = module.Settings.model_validate({"connector": connector, "requests_per_second": 1000, **told})
    for one in module.fetch(settings, asking):
        assert one.name not in given.payloads
        given.payloads[one.name] = one.payload
        given.told[one.name] = one.told
    return given


def body(value: Any) -> bytes:
    """A JSON answer with its own spacing, so that re-written bytes would be seen."""
    return json.dumps(value, indent=1).encode()


def whole(pages: Sequence[bytes]) -> bytes:
    """Several pages as they are kept together."""
    return b"[" + b",\n".join(pages) + b"]"


@dataclass
class Pulling:
    """A data folder with one source, `backups`, that is fetched by a connector."""

    store: Store
    source: Source
    clock: Clock

    def __call__(self) -> Pulled:
        self.clock.now += timedelta(days=2)
        (done,) = pull(self.store, [self.source], clock=self.clock, by="tester")
        return done

    def kept(self) -> list[bytes]:
        """Return the payloads in the vault, in the order of the journal."""
        return [self.store.vault.get(sha256) for sha256 in self.payloads()["sha256"]]

    def payloads(self) -> pl.DataFrame:
        """Return what the journal says of payloads."""
        return self.store.catalog.payloads(self.store.head()).sort("entry")


def pulling(folder: Path, monkeypatch: pytest.MonkeyPatch, connector: str, told: Mapping[str, Any], **more: Any) -> Pulling:
    """Declare a source that a connector fetches; it has the tool of the same id."""
    init(folder / "data", "Example Ltd")
    store = open_store(folder / "data")
    source = Source("backups", connector, "UTC", fetch={"connector": connector, "requests_per_second": 1000, **told}, **more)
    empty = [pl.DataFrame(schema=schema) for schema in (SEGMENT, ALIAS, REPOSITORY, ASSET_REPOSITORY)]
    monkeypatch.setattr(Store, "estate", lambda self, known_at: Estate(*empty, sources={"backups": source}))
    monkeypatch.setattr(Store, "programmes", lambda self, known_at: ["one"])
    return Pulling(store, source, Clock())
