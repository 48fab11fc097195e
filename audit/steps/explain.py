"""Explain: a control on an asset, with the points around each breach and the very bytes of evidence they came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.adapters._registry import encoding_of
from audit.evidence.places import text_of
from audit.model.envelope import Envelope
from audit.model.verdicts import EvidenceRef, Result
from audit.steps._open import Store
from audit.steps.assess import assess

EXCERPT = 2_000
"""How many characters of a payload an excerpt shows at the most."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The results of a control on an asset, and the evidence they name: by reference, the payload's file name and the excerpt at the locator."""

    results: tuple[Result, ...]
    evidence: Mapping[EvidenceRef, tuple[str, str]]


def explain(store: Store, asset: str, control: str, since: datetime, until: datetime, known_at: int | None = None) -> Explained:
    """Assess one asset and control and fetch the evidence its breaches name. Raises `UsageError` for an unknown asset or control."""
    assessment = assess(store, since, until, known_at, controls=[control], assets=[asset])
    refs = {ref for result in assessment.results for breach in result.breaches for ref in breach.evidence}
    numbers = {ref.entry for ref in refs}
    envelopes = {
        entry.number: Envelope.from_json(entry.body["envelope"])
        for entry in store.journal.entries(kind="evidence")
        if entry.number in numbers
    }
    shown = {}
    for ref in refs:
        envelope = envelopes.get(ref.entry, Envelope(""))
        shown[ref] = (envelope.name, excerpt(store.vault.get(ref.sha256), ref.locator, encoding_of(envelope)))
    return Explained(assessment.results, shown)


def excerpt(payload: bytes, locator: str, encoding: str = "utf-8") -> str:
    """Return the text at a locator: `line 12`, or a JSON pointer; the whole beginning when there is no locator.

    `encoding`: of text without a byte order mark (a codec of Python).
    """
    text = text_of(payload, encoding)
    if locator.startswith("line "):
        # Other signs that Unicode calls line ends may stand inside a line, and adapters do not count them.
        lines = text.split("\n")
        number = int(locator.removeprefix("line ").split()[0])
        text = lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""
    elif locator.startswith("/"):
        text = json.dumps(_pointed(text, locator), ensure_ascii=False)
    return text[:EXCERPT]


def _pointed(text: str, pointer: str) -> Any:
    """Resolve a JSON pointer (RFC 6901) in the first JSON value of a text."""
    value, _ = json.JSONDecoder().raw_decode(text.lstrip("\ufeff \r\n\t"))
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value
