"""Evidence: one piece as it was received, what was told of it, and the text around a place in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit.adapters._registry import encoding_of
from audit.errors import UsageError
from audit.evidence.places import Excerpt, excerpt
from audit.model.envelope import Envelope
from audit.register.entry import Entry
from audit.steps._open import Store


@dataclass(frozen=True, slots=True)
class Seen:
    """A piece of evidence: its journal entry, when it was received (UTC), its hash and size, its envelope, and the excerpt asked for."""

    entry: int
    received_at: datetime
    sha256: str
    size: int
    envelope: Envelope
    excerpt: Excerpt


def entry_of(store: Store, number: int, kind: str | None = None) -> Entry:
    """Return an entry of the journal. Raises `UsageError` when there is none of that number (and kind)."""
    found = next(store.journal.entries(after=number - 1, up_to=number), None)
    if found is None or (kind is not None and found.kind != kind):
        raise UsageError(f"the journal has no entry {number}" + (f" of kind {kind}" if kind else ""))
    return found


def evidence(store: Store, number: int, locator: str = "") -> Seen:
    """Return a piece of evidence with the text around `locator`. Raises `UsageError` for an entry that is none, `BrokenPayloadError` for a damaged one."""
    entry = entry_of(store, number, "evidence")
    payload = store.vault.get(entry.body["sha256"])
    envelope = Envelope.from_json(entry.body["envelope"])
    found = excerpt(payload, locator, encoding_of(envelope))
    return Seen(number, entry.at, entry.body["sha256"], len(payload), envelope, found)


def payload_of(store: Store, number: int) -> tuple[str, bytes]:
    """Return the file name and the bytes of a piece of evidence, as received."""
    entry = entry_of(store, number, "evidence")
    return str(entry.body["envelope"].get("name") or f"entry-{number}"), store.vault.get(entry.body["sha256"])
