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
from audit.model.assessment import Assessment
from audit.model.envelope import time_text
from audit.model.estate import Estate
from audit.model.records import SCOPE
from audit.model.runs import merge_runs
from audit.policy.suggest import one_of, unknown
from audit.register.acts import acts, records
from audit.steps._open import Store
from audit.steps.assess import orphans_of, reads_sources
from audit.steps.facts import LISTING_COLUMNS, RUN_COLUMNS, points_of

CHAIN = ("source", "repository", "scope")
POINT = ["source", "repository", "id"]


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
    """Recovery points of other subjects that those of the scope need: bases, originals, and those of assets that controls look at beside."""


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


def choose(store: Store, scope: Scope, assessment: Assessment) -> tuple[Chosen, Iterator[tuple[str, pl.DataFrame]]]:
    """Return the evidence of a scope and of its assessment, and an iterator over its facts (kind, rows), which fills in the entries while it runs to its end."""
    estate = store.estate(scope.known_at)
    chosen = Chosen(estate, store.catalog.listings(scope.known_at))
    cited = {ref.entry for result in assessment.results.having("breaches", "waived") for ref in result.references}
    return chosen, _walk(store, scope, estate, chosen, cited)


def _walk(store: Store, scope: Scope, estate: Estate, chosen: Chosen, cited: set[int]) -> Iterator[tuple[str, pl.DataFrame]]:
    catalog, known = store.catalog, scope.known_at
    payloads = catalog.payloads(known)
    sources: set[str] = set()
    own: list[pl.DataFrame] = []
    if scope.assets is not None:
        mine = pl.col("asset").is_in(scope.assets)
        chosen.estate = replace(
            estate,
            segments=estate.segments.filter(mine),
            aliases=estate.aliases.filter(mine),
            asset_repositories=estate.asset_repositories.filter(mine),
        )
    facts = _Facts(store, scope, chosen)
    for chunk in _chunks(store, scope, estate):
        # With the assets that controls look at beside: what they say of these is evidence too.
        wide = chunk if scope.assets is None else chunk.wide or chunk
        rows = fetch(catalog, known, wide)
        told = rows.held.select(CHAIN).unique()
        sources |= {*told["source"]} | set(wide.estate.aliases["source"])
        own.append(told)
        if scope.assets is not None:
            of_sources = rows.runs.filter(pl.col("subject").is_not_null() | pl.col("source").is_in(list(sources)))
            chosen.entries |= _entries(store, known, wide, replace(rows, runs=of_sources))
        yield from facts.of(chunk, rows, wide.estate)
    yield from facts.rest(sources)
    if scope.assets is None:
        chosen.entries = set(payloads["entry"])
        chosen.entries |= {done.number for _, _, done in acts(store.journal, store.vault, known)}
    else:
        chosen.entries |= _acts(store, known, chosen.estate)
        chosen.listed = _listings(chosen.listed, sources, pl.concat(own).unique(), cited)
        chosen.entries |= set(chosen.listed["entry"]) | cited
        if scope.assets and reads_sources(chosen.estate, scope.controls):
            # Whether a source delivered in time, all of its payloads say; those that name no source may be of any.
            feeds = set(chosen.estate.aliases["source"])
            told_by = pl.col("source").is_in(list(feeds)) | pl.col("source").is_null()
            chosen.entries |= set(payloads.filter(told_by)["entry"])
        unread = payloads.filter(pl.col("source").is_in(list(sources)) & (pl.col("quarantined") > 0))
        chosen.entries |= set(unread["entry"])
        named = {name: source for name, source in estate.sources.items() if name in sources}
        chosen.estate = replace(chosen.estate, sources=named)
    among = pl.col("entry").is_in(sorted(chosen.entries))
    chosen.payloads = payloads.filter(among).sort("entry")
    chosen.quarantine = catalog.quarantine(known).filter(among).sort("entry", "where", "locator", "key", "what", nulls_last=True)
    order = (*CHAIN, "listed_at", "covers_from", "entry", "locator")
    yield "listing", chosen.listed.sort(*order, nulls_last=True).select(LISTING_COLUMNS)
    yield "quarantine", chosen.quarantine


def _chunks(store: Store, scope: Scope, estate: Estate) -> list[Chunk]:
    chunks = chunks_of(store.catalog, scope.known_at, estate, scope.assets, scope.controls)
    if scope.assets is None and chunks[0].subjects is not None:
        # Subjects without an asset are in no chunk, but they are in the results.
        orphans = orphans_of(store.catalog, scope.known_at, estate)
        nobody = chunks_of(store.catalog, scope.known_at, estate, [])[0].estate
        chunks.append(Chunk(nobody, pl.DataFrame(orphans, schema={"source": pl.String, "subject": pl.String})))
    return [chunk for chunk in chunks if chunk.subjects is None or chunk.subjects.height or chunk.estate.segments.height]


class _Facts:
    """Gives a scope's recovery points and runs, each once, in an order that does not depend on how its assets were cut into chunks: by asset (of several
    that had a subject, the first by name), then those of nobody; then points of others that these need, and runs that name no subject.
    """

    def __init__(self, store: Store, scope: Scope, chosen: Chosen) -> None:
        self._store, self._scope, self._chosen = store, scope, chosen
        self._owners = chosen.estate.aliases.group_by("source", "subject").agg(owner=pl.col("asset").min())
        self._strangers: list[pl.DataFrame] = []

    def of(self, chunk: Chunk, rows: Rows, wide: Estate) -> Iterator[tuple[str, pl.DataFrame]]:
        """Yield (kind, rows) of what a chunk owns. wide: the estate with the assets that controls look at beside."""
        resolved = resolve_facts(rows, self._chosen.estate.sources, {False})
        points = points_of(resolved)
        yield "recovery_point", self._owned(points, chunk)
        yield "run", self._owned(_runs(rows.runs).filter(pl.col("subject").is_not_null()), chunk)
        if self._scope.assets is not None:
            needed = _needed(points, rows.held, wide.aliases.select("source", "subject").unique())
            self._strangers.append(needed.join(self._owners, on=["source", "subject"], how="anti"))

    def rest(self, sources: set[str]) -> Iterator[tuple[str, pl.DataFrame]]:
        """Yield, after all chunks, what none of them owns."""
        if self._strangers:
            strangers = pl.concat(self._strangers).unique(POINT, keep="first", maintain_order=True).sort(*POINT)
            self._chosen.strangers = strangers.height
            yield "recovery_point", strangers
        runs = self._store.catalog.runs(self._scope.known_at)
        if self._scope.assets is not None:
            runs = runs.filter(pl.col("source").is_in(list(sources)))
        ids = runs.filter(pl.col("subject").is_null()).select("source", "id").unique()
        yield "run", _runs(runs.join(ids, on=["source", "id"], how="semi").collect()).filter(pl.col("subject").is_null())

    def _owned(self, rows: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
        owned = rows.join(self._owners, on=["source", "subject"], how="left", maintain_order="left")
        if chunk.subjects is not None and chunk.estate.segments.height:
            owned = owned.filter(pl.col("owner").is_in(chunk.estate.segments["asset"].unique().implode()))
        elif chunk.subjects is not None:
            owned = owned.filter(pl.col("owner").is_null()).join(
                chunk.subjects, on=["source", "subject"], how="semi", maintain_order="left"
            )
        return owned.sort("owner", nulls_last=True, maintain_order=True).drop("owner")


def _needed(points: pl.DataFrame, told: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """Return the points of some subjects, those told under them that are another's, and the bases and originals that they stand on, one after the other."""
    both = ["source", "subject"]
    under = told.join(subjects, on=both, how="semi").select(POINT).unique()
    own = pl.concat([points.join(subjects, on=both, how="semi"), points.join(under, on=POINT, how="semi")])
    found = own.unique(POINT, maintain_order=True)
    while True:
        rest = points.join(found, on=POINT, how="anti")
        copies = found.select(source=pl.coalesce("copy_of_source", "source"), repository="copy_of_repository", id="copy_of_id")
        named = pl.concat([found.select("source", "repository", id="base"), copies]).drop_nulls("id").unique()
        anywhere = named.filter(pl.col("repository").is_null())
        new = pl.concat([rest.join(named, on=POINT, how="semi"), rest.join(anywhere, on=["source", "id"], how="semi")])
        if new.is_empty():
            return found
        found = pl.concat([found, new.unique(POINT)])


def _runs(runs: pl.DataFrame) -> pl.DataFrame:
    return merge_runs(runs).sort("source", "started_at", "id", nulls_last=True).select(RUN_COLUMNS)


def _acts(store: Store, known: int, estate: Estate) -> set[int]:
    """Return the entries of all acts on records that speak of a scope's assets, also on those that count for nothing any more."""
    named: dict[str, set[str]] = {key: set(estate.segments[column].drop_nulls()) for key, column in SCOPE.items()}
    found = set()
    for of_kind in records(store.journal, store.vault, known).values():
        for record in of_kind.values():
            if all(not wanted or named[key] & set(wanted) for key, wanted in record.scope().items()):
                found |= {done.number for done in record.done}
    return found


def _entries(store: Store, known: int, chunk: Chunk, rows: Rows) -> set[int]:
    """Return the entries whose payloads tell anything of a chunk's subjects, or of points that theirs need."""
    columns = ("entry", "shown_entry", "told_entry")
    told = store.catalog.tellings(known, keys=chunk.subjects, columns=columns).unique().collect()
    found = [*(told[name] for name in columns), rows.held["shown_entry"], rows.held["told_entry"], rows.runs["entry"]]
    return {entry for column in found for entry in column.drop_nulls().unique()}


def _listings(listings: pl.DataFrame, sources: set[str], own: pl.DataFrame, cited: set[int]) -> pl.DataFrame:
    """Return the listings that speak of a scope: of its sources' whole repositories, of the listing scopes that its subjects stand in, and those that
    results name.

    A repository that was listed only in other scopes is known to exist by its first listing, and that counts for what is unproven.
    """
    mine = listings.with_row_index("row").filter(pl.col("source").is_in(list(sources)))
    whole, among = (
        mine.filter(pl.col("scope").is_null()),
        mine.filter(pl.col("scope").is_not_null()).join(own, on=CHAIN, how="semi"),
    )
    speaking = pl.concat([whole, among, mine.filter(pl.col("entry").is_in(sorted(cited)))]).unique("row")
    others = mine.join(speaking, on=["source", "repository"], how="anti").sort("entry", "row")
    return pl.concat([speaking, others.unique(["source", "repository"], keep="first", maintain_order=True)]).drop("row")
