"""Evidence: one piece as it was received, what was told of it, and the text around a place in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit.adapters._registry import text_form
from audit.errors import UsageError
from audit.evidence.places import Excerpt, excerpt
from audit.model.envelope import Envelope
from audit.register.acts import KIND as ACT
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
    """Return a piece of evidence, or what was told with an act, with the text around `locator`. Raises `UsageError` for an entry that is neither,
    `BrokenPayloadError` for a damaged one."""
    entry = _with_payload(store, number)
    payload = store.vault.get(entry.body["sha256"])
    envelope = envelope_of(entry)
    text, encoding = text_form(payload, envelope)
    found = excerpt(text, locator, encoding)
    return Seen(number, entry.at, entry.body["sha256"], len(payload), envelope, found)


def payload_of(store: Store, number: int) -> tuple[str, bytes]:
    """Return the file name and the bytes of a piece of evidence, as received."""
    entry = _with_payload(store, number)
    return envelope_of(entry).name or f"entry-{number}", store.vault.get(entry.body["sha256"])


def envelope_of(entry: Entry) -> Envelope:
    """Return the envelope of an entry; an act has none, and is told by what was done and by whom."""
    if entry.kind == ACT:
        return Envelope("", name=f"{entry.body['record']}-{entry.body['act']}.json", by=entry.body["by"])
    return Envelope.from_json(entry.body["envelope"])


def _with_payload(store: Store, number: int) -> Entry:
    entry = entry_of(store, number)
    return entry if entry.kind == ACT else entry_of(store, number, "evidence")
