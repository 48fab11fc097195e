"""due: what waits for somebody, and what lapses: decisions, answers, reviews, findings to mend, drills to run; waivers, statements, trainings and assessments that run out."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from audit.model.facts import INSTANT
from audit.register.acts import kinds, records
from audit.steps._open import Store

DUE: dict[str, pl.DataType] = {
    "due": INSTANT,
    "overdue": pl.Boolean(),
    "what": pl.String(),  # `decide`, `confirm`, `review`, `answer`, `mend`, `run`, `fulfil`, `accept`, `sign`, `begin`, `lapses`
    "kind": pl.String(),  # of record
    "id": pl.String(),
    "who": pl.String(),  # whose it is; empty: nobody's yet
    "about": pl.String(),
}
LAPSES = "lapses"
ABOUT = ("title", "name", "matter", "provider", "policy", "person", "control")
"""What a record is about: the first of these keys that it has."""


def due(store: Store, now: datetime, until: datetime) -> pl.DataFrame:
    """Return what is due up to an instant (DUE), the earliest first. What has lapsed already is not told: controls say what that means."""
    estate = store.estate(store.head())
    rows = []
    for kind, found in records(store.journal, store.vault).items():
        for record in found.values():
            about = str(next((value for key in ABOUT if (value := record.values.get(key))), ""))
            waiting = (one for one in kinds()[kind].due(record, estate) if one.at <= until and (one.what != LAPSES or one.at > now))
            rows += [(one.at, one.what != LAPSES and one.at <= now, one.what, kind, record.id, one.who, about) for one in waiting]
    return pl.DataFrame(rows, schema=DUE, orient="row").sort("due", "kind", "id", "who")
