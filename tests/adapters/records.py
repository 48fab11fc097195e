"""Records of the interchange format, and how tests read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts

SEEN = datetime(2026, 1, 5, tzinfo=UTC)
POINT = {
    "record": "recovery_point",
    "source": "s",
    "repository": "r",
    "id": "p",
    "subject": "db",
    "captured_at": "2026-01-01T00:00:00Z",
}
RUN = {"record": "run", "source": "s", "id": "1", "kind": "backup", "outcome": "success"}
LISTING = {"record": "listing", "source": "s", "repository": "r", "listed_at": "2026-01-05T00:00:00Z", "complete": True}


def envelope(**fields: Any) -> Envelope:
    return Envelope(tool="interchange", name="f", **fields)


def lines(*records: Any) -> bytes:
    return "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records).encode()


def read(payload: bytes | str, **fields: Any) -> Facts:
    return _registry.read("interchange", payload.encode() if isinstance(payload, str) else payload, envelope(**fields))


def told(facts: Facts, level: str = "error") -> list[tuple[str, str]]:
    """Locator and message of the faults."""
    return [(fault.locator, fault.what) for fault in facts.faults if fault.level == level]


def ids(facts: Facts) -> list[str]:
    return facts.points["id"].to_list()
