"""findings: what is wrong and not yet mended, with owner, due date and age."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from audit.model.facts import INSTANT
from audit.register.records._record import Record
from audit.register.records.finding import ONGOING, OPEN, WORKED_ON, shown
from audit.steps._open import Store
from audit.steps.act import list_records

FINDING: dict[str, pl.DataType] = {
    "id": pl.String(),
    "state": pl.String(),
    "severity": pl.String(),
    "owner": pl.String(),
    "due": INSTANT,
    "overdue": pl.Boolean(),  # neither closed nor waived, and due
    "age_days": pl.Int64(),  # whole days since it was entered, to when it was closed
    "reopened": pl.Int64(),  # how often
    "asset": pl.String(),  # null: of what a person found, for several or all
    "unit": pl.String(),
    "part": pl.String(),
    "control": pl.String(),
    "leg": pl.String(),
    "policy": pl.String(),
    "from": INSTANT,  # of the breach
    "to": INSTANT,  # null: it goes on
    "then": pl.String(),  # what the newest assessment shows at its end
    "waiver": pl.String(),
    "title": pl.String(),  # of what a person found
}


def findings(store: Store, now: datetime, known_at: int | None = None) -> pl.DataFrame:
    """Return all findings (FINDING), the oldest first, as known at an entry of the journal (null: the newest)."""
    return pl.DataFrame([_row(record, now) for record in list_records(store, "finding", known_at)], schema=FINDING, orient="row")


def _row(record: Record, now: datetime) -> dict[str, Any]:
    values, breach = record.values, shown(record)
    told = {key: values[key] for key in ("due", "severity", "owner") if values.get(key)}
    # Who changes only the owner says nothing of the others, which stay.
    for one in record.done:
        told |= {key: one.values[key] for key in ("due", "severity", "owner") if one.values.get(key)}
    due = datetime.fromisoformat(told["due"])
    still = record.state in OPEN
    # What a waiver covers waits for nobody.
    working = record.state in WORKED_ON
    ended = now if still else record.done[-1].at
    assets = values.get("assets") or []
    return {
        "id": record.id,
        "state": record.state,
        **told,
        "due": due,
        "overdue": working and due <= now,
        "age_days": (ended - record.done[0].at).days,
        "reopened": sum(one.act in ("reopen", "resume", "still-unrecorded") for one in record.done),
        "asset": breach.get("asset") or (assets[0] if len(assets) == 1 else None),
        "unit": breach.get("unit") or values.get("unit"),
        **{key: breach.get(key) for key in ("part", "control", "leg", "policy", "then", "waiver")},
        "from": datetime.fromisoformat(breach["since"]) if breach else None,
        "to": datetime.fromisoformat(breach["until"]) if breach and breach["then"] != ONGOING else None,
        "title": values.get("title"),
    }
