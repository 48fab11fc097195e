"""vendors: the providers who hold copies, how each was assessed last, and two of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl

from audit.errors import UsageError
from audit.model.facts import INSTANT
from audit.policy.suggest import one_of, unknown
from audit.register.acts import records
from audit.register.records._questions import score, unanswered
from audit.register.records._record import Record
from audit.steps._open import Store

VENDOR: dict[str, pl.DataType] = {
    "provider": pl.String(),
    "in_use": pl.Boolean(),  # a repository names it
    "repositories": pl.List(pl.String()),
    "state": pl.String(),  # of its newest assessment; null: there is none
    "id": pl.String(),
    "on": INSTANT,
    "until": INSTANT,
    "lapsed": pl.Boolean(),
    "score": pl.Float64(),  # from 0 to 1
    "unanswered": pl.Int64(),  # mandatory questions
}
ANSWER: dict[str, pl.DataType] = {"question": pl.String(), "weight": pl.Int64(), "mandatory": pl.Boolean()}


def vendors(store: Store, now: datetime) -> pl.DataFrame:
    """Return every provider that a repository names or that was assessed (VENDOR), by name."""
    held: dict[str, set[str]] = {}
    for name, provider in store.estate(store.head()).repositories.select("repository", "provider").drop_nulls().iter_rows():
        held.setdefault(provider, set()).add(name)
    newest = _newest(store)
    return pl.DataFrame(
        [_row(one, sorted(held.get(one, ())), newest.get(one), now) for one in sorted({*held, *newest})], schema=VENDOR
    )


def _newest(store: Store) -> dict[str, Record]:
    """Return the newest assessment of each provider that was not rejected or taken out of use; of those that have no other, that one."""
    found: dict[str, Record] = {}
    for record in records(store.journal, store.vault)["vendor"].values():
        provider = record.done[0].values["provider"]
        if provider not in found or record.state in ("assessed", "approved") or found[provider].state in ("rejected", "retired"):
            found[provider] = record
    return found


def _row(provider: str, repositories: list[str], record: Record | None, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {"provider": provider, "in_use": bool(repositories), "repositories": repositories}
    if record is None:
        return told
    values = record.done[0].values
    until = datetime.fromisoformat(values["until"])
    return {
        **told,
        "state": record.state,
        "id": record.id,
        "on": datetime.fromisoformat(values["on"]),
        "until": until,
        "lapsed": until <= now,
        "score": round(score(values["answers"]), 4),
        "unanswered": len(unanswered(values["answers"])),
    }


def compared(store: Store, providers: Sequence[str]) -> pl.DataFrame:
    """Return the answers of the newest assessments of some providers side by side: ANSWER, then a column each. Raises `UsageError` where one was never assessed."""
    newest = _newest(store)
    for provider in providers:
        if provider not in newest:
            raise UsageError(f"{unknown('assessed provider', provider, newest)} ({one_of(newest) or 'none was assessed yet'})")
    rows: dict[str, dict[str, Any]] = {}
    for provider in providers:
        for one in newest[provider].done[0].values["answers"]:
            row = rows.setdefault(one["question"], {name: one[name] for name in ANSWER})
            row[provider] = None if one["score"] is None else f"{one['score']}: {one['answer']}"
    frame = pl.DataFrame(list(rows.values()), schema={**ANSWER, **dict.fromkeys(providers, pl.String())})
    return frame.sort("mandatory", "weight", descending=True, maintain_order=True)
