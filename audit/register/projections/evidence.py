"""Evidence: one row for each payload and what was told of it."""

from __future__ import annotations

from typing import Any

from audit.evidence.canonical import identity_hash
from audit.model.envelope import Envelope
from audit.register.entry import Entry
from audit.register.tables import evidence

TABLE = evidence


def row(entry: Entry) -> dict[str, Any]:
    """Return the row of an entry of kind `evidence`."""
    envelope = Envelope.from_json(entry.body["envelope"])
    return {
        "number": entry.number,
        "at": entry.at,
        "identity": identity_hash(entry.body["sha256"], envelope.identity()),
        "sha256": entry.body["sha256"],
        "size": entry.body["size"],
        "tool": envelope.tool,
        "source": envelope.source,
        "repository": envelope.repository,
        "scope": envelope.scope,
        "observed_at": envelope.observed_at,
        "complete": envelope.complete,
        "name": envelope.name,
        "method": envelope.method,
        "by": envelope.by,
    }
