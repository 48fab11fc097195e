"""Costs: what is stored, by policy, class of data and repository, and what that costs where repositories declare a price."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from audit.errors import UsageError
from audit.evaluation.assess import coverage_of
from audit.evaluation.chunks import Chunk, chunks_of, fetch
from audit.evaluation.costs import Costs, costs_of, stored, summed
from audit.evaluation.facts import resolve_facts
from audit.evaluation.world import build_world
from audit.model.assessment import Assessment, Results
from audit.model.terms import micros
from audit.steps._open import Progress, Store, quietly
from audit.steps.assess import known_at_of
from audit.steps.catch_up import catch_up


def costs(
    store: Store, since: datetime, until: datetime, known_at: int | None = None, *, assets: Sequence[str] | None = None,
    progress: Progress = quietly,
) -> Costs:  # fmt: skip
    """Return what the assets (null: all) stored over [since, until) as known at a journal entry (null: the newest), and what it cost.

    Raises `UsageError` for an empty period or an unknown asset.
    """
    if since >= until:
        raise UsageError("the period is empty; `to` is exclusive")
    catch_up(store, progress=progress)
    known = known_at_of(store, known_at)
    pieces = chunks_of(store.catalog, known, store.estate(known), assets)
    found = []
    for number, chunk in enumerate(pieces, 1):
        progress("costs", number, len(pieces))
        found.append(_of_chunk(store, known, chunk, micros(since), micros(until)))
    return costs_of(summed(found), micros(until) - micros(since))


def _of_chunk(store: Store, known: int, chunk: Chunk, since: int, until: int) -> pl.DataFrame:
    facts = resolve_facts(fetch(store.catalog, known, chunk), chunk.estate.sources, {False})
    return stored(build_world(chunk.estate, facts, since, until), chunk.estate.prices)


def unjudged(store: Store, since: datetime, until: datetime, known_at: int | None) -> Assessment:
    """Return an assessment in which nothing was judged: the frame of a document that only says what is stored."""
    known = known_at_of(store, known_at)
    head = next(store.journal.entries(after=known - 1, up_to=known), None)
    return Assessment(since, until, known, head.hash if head else "", Results(()), 0, coverage_of(Results(()), []))
