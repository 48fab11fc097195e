"""The hash chain: every entry of the journal carries the hash of the one before it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.evidence.canonical import canonical, sha256_hex
from audit.model.envelope import time_text

BEGINNING = "0" * 64
"""What the first entry names as its previous hash."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is stored:

    `text` is its canonical JSON, `hash` the SHA-256 of that; the other three repeat what the text says.
    """

    number: int
    at: datetime
    kind: str
    text: str
    hash: str


def link(number: int, at: datetime, kind: str, body: Mapping[str, Any], previous: str) -> Link:
    """Return the entry that follows the one whose hash is `previous`."""
    text = canonical({"number": number, "at": time_text(at), "kind": kind, "body": dict(body), "previous": previous})
    return Link(number, at, kind, text.decode(), sha256_hex(text))


def faults_of(entry: Link, number: int, previous: str) -> Iterator[str]:
    """Yield what is wrong with an entry that should have this number and follow the hash `previous`."""
    if entry.number != number:
        yield f"expected number {number}: {'an entry is missing' if entry.number > number else 'the number is there twice'}"
    if sha256_hex(entry.text.encode()) != entry.hash:
        yield "the content does not have the stored hash: it was changed after it was written"
    try:
        value = json.loads(entry.text)
        if canonical(value) != entry.text.encode():
            yield "the content is not in canonical form"
        stated = (value["number"], datetime.fromisoformat(value["at"]), value["kind"])
        if stated != (entry.number, entry.at, entry.kind):
            yield "the columns number, at or kind differ from the content"
        if value["previous"] != previous:
            yield "it does not follow the entry before it: an entry was changed, removed, inserted or moved"
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        yield f"the content cannot be read: {error}"
