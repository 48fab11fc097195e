"""restorers: who can restore what by which runbook, and who still can when somebody is away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import polars as pl

from audit.model.estate import Estate, standing
from audit.model.records import SCOPE
from audit.register.acts import records
from audit.register.records._record import Record, folded
from audit.steps._open import Store

RESTORERS: dict[str, pl.DataType] = {
    "runbook": pl.String(),  # the id of its record
    "name": pl.String(),
    "state": pl.String(),
    "assets": pl.List(pl.String()),  # in its scope now
    "people": pl.List(pl.String()),  # with a confirmed training that has not expired, and not away
    "needed": pl.Int64(),  # the most that a policy of these assets asks for; null: none asks
    "enough": pl.Boolean(),
}


def restorers(store: Store, now: datetime, away: Collection[str] = ()) -> pl.DataFrame:
    """Return each runbook in use (RESTORERS), those with the fewest people first. away: who is not to be counted on."""
    estate = store.estate(store.head())
    known = records(store.journal, store.vault)
    gone = {folded(name) for name in away}
    rows = []
    for runbook in known["runbook"].values():
        if runbook.state == "retired":
            continue
        trained: dict[str, str] = {}
        for training in known["training"].values():
            if training.values["runbook"] == runbook.id and _counts(training, now):
                person = str(training.done[0].values["person"])
                trained.setdefault(folded(person), person)
        people = sorted(name for one, name in trained.items() if one not in gone)
        assets, needed = _scope(runbook, estate, now)
        rows.append((runbook.id, runbook.values["name"], runbook.state, assets, people, needed, len(people) >= (needed or 1)))
    frame = pl.DataFrame(rows, schema=RESTORERS, orient="row")
    return frame.sort(pl.col("enough"), pl.col("people").list.len(), "runbook")


def _counts(training: Record, now: datetime) -> bool:
    """Say whether a training counts at an instant: confirmed, begun and neither expired nor ended."""
    told = training.done[0].values
    begun = datetime.fromisoformat(told["since"]) <= now < datetime.fromisoformat(told["until"])
    return training.state == "confirmed" and begun


def _scope(runbook: Record, estate: Estate, now: datetime) -> tuple[list[str], int | None]:
    """Return the assets that a runbook is for now, and the most people that a policy in force for one of them asks for."""
    here = estate.segments.filter(standing(now))
    for key, column in SCOPE.items():
        if names := runbook.values.get(key):
            here = here.filter(pl.col(column).is_in(names))
    asked = [estate.policies[index].objectives.get("people") for index in here["policy"].drop_nulls().unique()]
    return sorted(set(here["asset"])), max((one.trained for one in asked if one is not None), default=None)
