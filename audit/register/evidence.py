"""Entering evidence into the journal, once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from audit.evidence.canonical import identity_hash
from audit.model.envelope import Envelope
from audit.register.journal import Journal
from audit.register.tables import evidence


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a piece of evidence stands in the journal, and whether it was new."""

    number: int
    new: bool


def record(journal: Journal, bodies: Sequence[Mapping[str, Any]], at: datetime) -> list[Recorded]:
    """Enter pieces of evidence in one transaction. One that the journal knows already (same payload, same telling) is not entered
    again.

    A body has `sha256` and `size` of the payload (which is in the vault already), `envelope` as JSON, and whatever else is to be
    kept.
    """
    result = []
    with journal.writing() as writer:
        for body in bodies:
            identity = identity_hash(body["sha256"], Envelope.from_json(body["envelope"]).identity())
            known = writer.connection.execute(select(evidence.c.number).where(evidence.c.identity == identity)).scalar_one_or_none()
            result.append(Recorded(known, new=False) if known else Recorded(writer.append("evidence", body, at).number, new=True))
    return result
