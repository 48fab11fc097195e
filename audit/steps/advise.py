"""Advise: what each asset really kept, so that units negotiate from facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from audit.errors import UsageError
from audit.evaluation.advice import judged_groups, retention_kept, rpo_kept, rto_kept
from audit.evaluation.chunks import Chunk, chunks_of, fetch
from audit.evaluation.facts import resolve_facts
from audit.evaluation.world import build_world
from audit.model.terms import micros, to_seconds
from audit.steps._open import Progress, Store, quietly
from audit.steps.assess import known_at_of
from audit.steps.catch_up import catch_up

NOT_LENGTHS = (
    "asset", "part", "unit", "policy", "version", "lost_point", "lost_day", "lost_week", "lost_month", "recoveries", "recoveries_proven", "recoveries_failed", "recoveries_awaited",
    "recoveries_of", "restores",
)  # fmt: skip


def advise(
    store: Store, since: datetime, until: datetime, known_at: int | None = None, *, assets: Sequence[str] | None = None,
    progress: Progress = quietly,
) -> pl.DataFrame:  # fmt: skip
    """Return, for each asset and part in service, what it kept over [since, until): `asset`, `part`, `unit`, `policy`, `version`, and lengths in seconds as
    `audit.evaluation.advice` says: `rpo_agreed_seconds`, `rpo_kept_seconds`, ..., `kept_day_seconds`, ..., `rto_agreed_seconds`, `rto_kept_seconds`, ...; `restores` and
    `longest_restore_seconds` (a lower bound of the recovery time: a restore run is not yet a validated service). Raises `UsageError` for an empty period or an unknown asset.
    """
    if since >= until:
        raise UsageError("the period is empty; `to` is exclusive")
    catch_up(store, progress=progress)
    known = known_at_of(store, known_at)
    estate = store.estate(known)
    pieces = chunks_of(store.catalog, known, estate, assets)
    found = []
    for number, chunk in enumerate(pieces, 1):
        progress("advise", number, len(pieces))
        found.append(_of_chunk(store, known, chunk, micros(since), micros(until)))
    rows = pl.concat(found).sort("asset", "part")
    return rows.select(
        pl.col(name) if name in NOT_LENGTHS else to_seconds(pl.col(name)).alias(f"{name}_seconds") for name in rows.columns if name != "code"
    )  # fmt: skip


def _of_chunk(store: Store, known: int, chunk: Chunk, since: int, until: int) -> pl.DataFrame:
    rows = fetch(store.catalog, known, chunk)
    world = build_world(chunk.estate, resolve_facts(rows, chunk.estate.sources, {False}), since, until)
    groups = judged_groups(world).join(rpo_kept(world), on="code")
    groups = groups.join(retention_kept(world, chunk.estate.timezone), on="code", how="left")
    return groups.join(rto_kept(world), on="code", how="left")
