"""The scope of an export: which assets, and which evidence the results on them rest on.

Of a scope's assets everything counts that is known of their subjects, whenever it was observed: an old log can decide what a later period is
judged on. A listing counts for every asset of its source that it could have shown: that it lacks a copy is evidence too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from audit.errors import UsageError
from audit.evaluation.chunks import Chunk, chunks_of, fetch
from audit.evaluation.facts import resolve_facts
from audit.evaluation.rows import Rows
from audit.model.envelope import time_text
from audit.model.estate import Estate
from audit.model.runs import merge_runs
from audit.policy.suggest import one_of, unknown
from audit.steps._open import Store
from audit.steps.assess import orphans_of
from audit.steps.facts import LISTING_COLUMNS, RUN_COLUMNS, points_of

CHAIN = ("source", "repository", "scope")


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked for. `assets`: those of the unit, or those named; null: everything. `controls`: null: all."""

    since: datetime
    until: datetime
    known_at: int
    unit: str | None = None
    assets: tuple[str, ...] | None = None
    controls: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the scope as JSON values."""
        return {
            "from": time_text(self.since),
            "to": time_text(self.until),
            "as_known_at": self.known_at,
            "unit": self.unit,
            "assets": None if self.assets is None else list(self.assets),
            "controls": None if self.controls is None else list(self.controls),
        }


@dataclass(slots=True)
class Chosen:
    """Entries of kind `evidence` that a scope rests on, and rows of facts by kind. `payloads`, `quarantine`: the catalog's rows of those entries.

    `estate`: with only the scope's assets and the sources of its evidence. `listed`: the listings among it."""

    estate: Estate
    listed: pl.DataFrame
    entries: set[int] = field(default_factory=set)
    payloads: pl.DataFrame = field(default_factory=pl.DataFrame)
    quarantine: pl.DataFrame = field(default_factory=pl.DataFrame)
    strangers: int = 0
    """Recovery points of other subjects that points of the scope need."""


def assets_of(estate: Estate, unit: str | None, named: Sequence[str]) -> tuple[str, ...] | None:
    """Return the assets that `--unit` and `--asset` choose, sorted; null when neither is given. Raises `UsageError` for names that are not declared."""
    if unit is None and not named:
        return None
    units = dict(estate.segments.group_by("asset").agg(pl.col("unit").last()).iter_rows())
    for name in named:
        if name not in units:
            raise UsageError(f"{unknown('asset', name, units)} ({one_of(units)})")
    if unit is None:
        return tuple(sorted(set(named)))
    declared = {*estate.units, *units.values()}
    if unit not in declared:
        raise UsageError(f"{unknown('unit', unit, declared)} ({one_of(declared)})")
    mine = {asset for asset, owner in units.items() if owner == unit}
    if others := sorted(set(named) - mine):
        raise UsageError(f"{others[0]} is no asset of {unit}, but of {units[others[0]]}")
    chosen = tuple(sorted(set(named) or mine))
    if not chosen:
        raise UsageError(f"the unit {unit} has no assets: there is nothing to export")
    return chosen


def choose(store: Store, scope: Scope) -> tuple[Chosen, Iterator[tuple[str, pl.DataFrame]]]:
    """Return the evidence of a scope, and an iterator over its facts (kind, rows), which fills in the entries while it runs to its end."""
    estate = store.estate(scope.known_at)
    chosen = Chosen(estate, store.catalog.listings(scope.known_at))
    return chosen, _walk(store, scope, estate, chosen)


def _walk(store: Store, scope: Scope, estate: Estate, chosen: Chosen) -> Iterator[tuple[str, pl.DataFrame]]:
    catalog, known = store.catalog, scope.known_at
    payloads = catalog.payloads(known)
    sources: set[str] = set()
    own: list[pl.DataFrame] = []
    for chunk in _chunks(store, scope, estate):
        rows = fetch(catalog, known, chunk)
        told = rows.held.select(CHAIN).unique()
        sources |= {*told["source"]} | set(chunk.estate.aliases["source"])
        own.append(told)
        if scope.assets is not None:
            rows = replace(rows, runs=rows.runs.filter(pl.col("subject").is_not_null() | pl.col("source").is_in(list(sources))))
            chosen.entries |= _entries(store, known, chunk, rows)
        yield from _facts(store, scope, chunk, rows, estate, chosen)
    if scope.assets is None:
        chosen.entries = set(payloads["entry"])
        yield "run", _nameless(store, known, several=len(own) > 1)
    else:
        chosen.listed = _listings(chosen.listed, sources, pl.concat(own).unique())
        chosen.entries |= set(chosen.listed["entry"])
        unread = payloads.filter(pl.col("source").is_in(list(sources)) & (pl.col("quarantined") > 0))
        chosen.entries |= set(unread["entry"])
        mine = pl.col("asset").is_in(scope.assets)
        chosen.estate = replace(
            estate,
            segments=estate.segments.filter(mine),
            aliases=estate.aliases.filter(mine),
            asset_repositories=estate.asset_repositories.filter(mine),
            sources={name: source for name, source in estate.sources.items() if name in sources},
        )
    among = pl.col("entry").is_in(sorted(chosen.entries))
    chosen.payloads = payloads.filter(among).sort("entry")
    chosen.quarantine = catalog.quarantine(known).filter(among).sort("entry", maintain_order=True)
    yield "listing", chosen.listed.sort(*CHAIN, "listed_at", "covers_from", "entry", nulls_last=True).select(LISTING_COLUMNS)
    yield "quarantine", chosen.quarantine


def _chunks(store: Store, scope: Scope, estate: Estate) -> list[Chunk]:
    chunks = chunks_of(store.catalog, scope.known_at, estate, scope.assets)
    if (
        scope.assets is None and chunks[0].subjects is not None
    ):  # subjects without an asset are in no chunk, but they are in the results
        orphans = orphans_of(store.catalog, scope.known_at, estate)
        nobody = chunks_of(store.catalog, scope.known_at, estate, [])[0].estate
        chunks.append(Chunk(nobody, pl.DataFrame(orphans, schema={"source": pl.String, "subject": pl.String})))
    return [chunk for chunk in chunks if chunk.subjects is None or chunk.subjects.height or chunk.estate.segments.height]


def _nameless(store: Store, known: int, *, several: bool) -> pl.DataFrame:
    """Return the runs that say of no subject that it is theirs; where one chunk was everything, it had them."""
    runs = store.catalog.runs(known).filter(pl.col("subject").is_null() & several)
    return merge_runs(runs.collect()).sort("source", "started_at", "id", nulls_last=True).select(RUN_COLUMNS)


def _entries(store: Store, known: int, chunk: Chunk, rows: Rows) -> set[int]:
    """Return the entries whose payloads tell anything of a chunk's subjects, or of points that theirs need."""
    columns = ("entry", "shown_entry", "told_entry")
    told = store.catalog.tellings(known, keys=chunk.subjects, columns=columns).unique().collect()
    found = [*(told[name] for name in columns), rows.held["shown_entry"], rows.held["told_entry"], rows.runs["entry"]]
    return {entry for column in found for entry in column.drop_nulls().unique()}


def _listings(listings: pl.DataFrame, sources: set[str], own: pl.DataFrame) -> pl.DataFrame:
    """Return the listings that speak of a scope: of its sources' whole repositories, and of the listing scopes that its subjects stand in.

    A repository that was listed only in other scopes is known to exist by its first listing, and that counts for what is unproven.
    """
    mine = listings.filter(pl.col("source").is_in(list(sources)))
    speaking = pl.concat(
        [mine.filter(pl.col("scope").is_null()), mine.filter(pl.col("scope").is_not_null()).join(own, on=CHAIN, how="semi")]
    )
    others = mine.join(speaking, on=["source", "repository"], how="anti").sort("entry", maintain_order=True)
    return pl.concat([speaking, others.unique(["source", "repository"], keep="first", maintain_order=True)])


def _facts(
    store: Store, scope: Scope, chunk: Chunk, rows: Rows, estate: Estate, chosen: Chosen
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield a chunk's recovery points and runs. Where everything is exported, points of other chunks come with these."""
    resolved = resolve_facts(rows, estate.sources, {False})
    key = ["source", "repository", "id"]
    ids = rows.held.select(key).unique().lazy()
    encryption = store.catalog.tellings(scope.known_at, columns=(*key, "encrypted")).join(ids, on=key, how="semi")
    points = points_of(resolved, encryption.collect())
    runs = merge_runs(rows.runs).sort("source", "started_at", "id", nulls_last=True).select(RUN_COLUMNS)
    if chunk.subjects is not None:
        both = ["source", "subject"]
        if scope.assets is None:
            points = points.join(chunk.subjects, on=both, how="semi", maintain_order="left")
            runs = runs.join(chunk.subjects, on=both, how="semi", maintain_order="left")
        else:
            chosen.strangers = points.join(chunk.subjects, on=both, how="anti").height
    yield "recovery_point", points
    yield "run", runs
