"""Acts: one row for each thing that somebody did to a record. What was told with it stands in its payload."""

from __future__ import annotations

from typing import Any

from audit.register.entry import Entry
from audit.register.tables import act

TABLE = act


def row(entry: Entry) -> dict[str, Any]:
    """Return the row of an entry of kind `act`."""
    body = entry.body
    return {"number": entry.number, "at": entry.at, **{name: body[name] for name in ("record", "id", "act", "by", "sha256")}}
