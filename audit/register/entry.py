"""An entry of the journal, read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.evidence.chain import Link


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    `at` is when we wrote it down (UTC); `hash` and `previous` are the chain's (docs/evidence-format.md).
    """

    number: int
    at: datetime
    kind: str
    body: dict[str, Any]
    hash: str
    previous: str

    @classmethod
    def of(cls, link: Link) -> Entry:
        """Read a stored entry. Raises `ValueError` or `KeyError` when it is damaged."""
        value = json.loads(link.text)
        return cls(link.number, link.at, link.kind, value["body"], link.hash, value["previous"])
