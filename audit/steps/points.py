"""Points: the recovery points of an asset, with how long each surely and possibly lives."""

from __future__ import annotations

import polars as pl

from audit.evaluation.chunks import chunks_of, fetch
from audit.evaluation.facts import resolve_facts
from audit.model.facts import INSTANT
from audit.steps._open import Store
from audit.steps.facts import points_of

POINT: dict[str, pl.DataType] = {
    "part": pl.String(),
    "source": pl.String(),
    "subject": pl.String(),
    "repository": pl.String(),
    "id": pl.String(),
    "method": pl.String(),
    "captured_at": INSTANT,
    "available_at": INSTANT,
    "surely_until": INSTANT,  # null: nothing ended it
    "possibly_until": INSTANT,
    "bytes": pl.Int64(),
    "base": pl.String(),
    "basis": pl.String(),
    "integrity": pl.String(),
    "completeness": pl.String(),
    "immutable_until": INSTANT,
    "entry": pl.Int64(),
    "locator": pl.String(),
}


def points(store: Store, asset: str, known: int) -> pl.DataFrame:
    """Return the recovery points of an asset as known at a journal entry (POINT), by capture time: those whose subject was its own when they were captured.

    Raises `UsageError` for an asset that is not declared.
    """
    estate = store.estate(known)
    (chunk,) = chunks_of(store.catalog, known, estate, [asset])
    rows = fetch(store.catalog, known, chunk)
    facts = resolve_facts(rows, estate.sources, {False})
    found = points_of(facts, pl.DataFrame(schema=dict.fromkeys(("source", "repository", "id", "encrypted"), pl.String)))
    owned = found.join(chunk.estate.aliases.select("source", "subject", "part", "from", "to"), on=["source", "subject"])
    held = (pl.col("from").is_null() | (pl.col("captured_at") >= pl.col("from"))) & (
        pl.col("to").is_null() | (pl.col("captured_at") < pl.col("to"))
    )
    return (
        owned.filter(held).sort("captured_at", "repository", "id").select(pl.col(name).cast(kind) for name, kind in POINT.items())
    )
