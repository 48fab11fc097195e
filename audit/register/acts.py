"""Acts read from the journal, and the records they make."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import polars as pl

import audit.register.records
from audit.discovery import modules
from audit.evidence.vault import Vault
from audit.model.records import RECORD
from audit.policy.force import Signature
from audit.register.journal import Journal
from audit.register.records._record import Attached, Done, Record, records_of

KIND = "act"
"""The kind of the journal's entries that hold acts."""


def kinds() -> dict[str, ModuleType]:
    """Return the kinds of records by name."""
    return modules(audit.register.records.__name__)


def acts(journal: Journal, vault: Vault, known_at: int | None = None) -> Iterator[tuple[str, str, Done]]:
    """Yield (kind of record, record id, act) of every act up to an entry of the journal (null: of all), oldest first."""
    for entry in journal.entries(up_to=known_at, kind=KIND):
        body = entry.body
        told = json.loads(vault.get(body["sha256"]))
        attached = tuple(Attached(**one) for one in told.get("attachments", ()))
        yield (
            body["record"],
            body["id"],
            Done(entry.number, entry.at, body["act"], body["by"], body["sha256"], told["values"], attached),
        )


def records(journal: Journal, vault: Vault, known_at: int | None = None) -> dict[str, dict[str, Record]]:
    """Return every record by kind and id, as known at an entry of the journal. Of a kind that this version does not know there are none."""
    told: dict[str, list[tuple[str, Done]]] = {kind: [] for kind in kinds()}
    for kind, name, done in acts(journal, vault, known_at):
        if kind in told:
            told[kind].append((name, done))
    return {kind: records_of(kinds()[kind].ACTS, mine) for kind, mine in told.items()}


def signatures(known: Mapping[str, Mapping[str, Record]]) -> tuple[Signature, ...]:
    """Return what kinds of records say of who signed which policy version."""
    return tuple(
        one
        for kind, module in kinds().items()
        if hasattr(module, "signatures")
        for one in module.signatures(known.get(kind, {}).values())
    )


def frames(known: Mapping[str, Mapping[str, Record]]) -> dict[str, pl.DataFrame]:
    """Return what controls see of records: by kind a frame of `audit.model.records.RECORD` and the kind's own columns."""
    found = {}
    for kind, module in kinds().items():
        rows: list[dict[str, Any]] = []
        for record in known.get(kind, {}).values():
            last = record.done[-1]
            named = {"id": record.id, "entry": last.number, "sha256": last.sha256, "by": last.by, "at": last.at}
            rows += [{**named, **row} for row in module.rows(record)]
        found[kind] = pl.DataFrame(rows, schema={**RECORD, **module.COLUMNS})
    return found
