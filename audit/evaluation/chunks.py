"""Chunks: how an assessment stays within memory. Assets are judged some at a time; each chunk reads the rows of its own subjects, and of the points those need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from audit.catalog.catalog import Catalog
from audit.controls._objectives import Objective
from audit.errors import UsageError
from audit.evaluation.assess import Judged, judge
from audit.evaluation.facts import Facts
from audit.evaluation.rows import HELD, LOST, Rows
from audit.evaluation.ties import ties_of, with_tied
from audit.model.estate import Estate
from audit.model.world import World
from audit.policy.objectives import companions
from audit.policy.suggest import one_of, unknown

ROWS = 750_000
"""Rows of recovery points that one chunk holds, more or less: about 0.3 GB."""
WORKERS = 2
"""Chunks in work at a time: while one waits for a step that Polars does on one core, another uses the rest."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some assets: the estate with only them, and their (source, subject) pairs with those tied to them; null: everything, orphans too.

    `wide`: the same with the assets that controls look at beside while they judge these (null: none are needed)."""

    estate: Estate
    subjects: pl.DataFrame | None
    wide: Chunk | None = None


def chunks_of(
    catalog: Catalog, known: int, estate: Estate, assets: Sequence[str] | None = None, controls: Sequence[str] | None = None
) -> list[Chunk]:
    """Split the estate's assets, or those named, into chunks of about ROWS rows. controls: those that are to judge them; all when null.

    Raises `UsageError` for an asset that is not declared."""
    if assets is not None:
        declared = set(estate.segments["asset"])
        for name in assets:
            if name not in declared:
                raise UsageError(f"{unknown('asset', name, declared)} ({one_of(declared)})")
    counts = catalog.tellings(known, columns=["source", "subject"]).group_by("source", "subject").agg(rows=pl.len()).collect()
    names = pl.DataFrame(
        {"asset": sorted(set(estate.segments["asset"] if assets is None else assets))}, schema={"asset": pl.String}
    )
    named = estate.aliases.select("asset", "source", "subject").unique().join(names, on="asset", how="semi")
    if assets is None and int(counts["rows"].sum()) <= ROWS:
        return [Chunk(estate, None)]
    ties = ties_of(catalog, known)
    if assets is not None and int(counts.join(named, on=["source", "subject"], how="semi")["rows"].sum()) <= ROWS:
        return [_chunk(estate, list(assets), controls, ties)]
    sizes = named.join(counts, on=["source", "subject"], how="left").group_by("asset").agg(pl.col("rows").sum())
    names = names.join(sizes, on="asset", how="left").with_columns(pl.col("rows").fill_null(0)).sort("asset")
    numbered = names.with_columns(chunk=(pl.col("rows").cum_sum() - pl.col("rows")) // ROWS)
    return [
        _chunk(estate, group["asset"].to_list(), controls, ties) for _, group in numbered.group_by("chunk", maintain_order=True)
    ]


def _chunk(estate: Estate, assets: list[str], controls: Sequence[str] | None, ties: pl.DataFrame) -> Chunk:
    small = narrowed(estate, assets)
    used = [estate.policies[index] for index in small.segments["policy"].drop_nulls().unique()]
    beside = {asset for policy in used for _, asset in companions(policy.objectives, controls)}
    kinds = {one.beside() for policy in used for one in policy.objectives.values() if isinstance(one, Objective)}
    for told in (frame for kind, frame in estate.records.items() if kind in kinds):
        named = told.select("id", asset="assets").explode("asset")
        beside |= set(named.join(named.filter(pl.col("asset").is_in(assets)), on="id", how="semi")["asset"].drop_nulls())
    beside -= set(assets)
    wide = None
    if beside:
        more = replace(narrowed(estate, [*assets, *beside]), beside=frozenset(beside))
        wide = Chunk(more, _subjects(more, ties))
    return Chunk(small, _subjects(small, ties), wide)


def _subjects(estate: Estate, ties: pl.DataFrame) -> pl.DataFrame:
    """Return the subjects of an estate, and those that evidence ties to them: `source`, `subject`."""
    return with_tied(estate.aliases.select("source", "subject").unique(), ties)


def narrowed(estate: Estate, assets: Sequence[str]) -> Estate:
    """Return the estate with only some assets."""
    mine = pl.col("asset").is_in(assets)
    return replace(
        estate,
        segments=estate.segments.filter(mine),
        aliases=estate.aliases.filter(mine),
        asset_repositories=estate.asset_repositories.filter(mine),
    )


def judge_chunks(
    catalog: Catalog,
    known: int,
    chunks: Sequence[Chunk],
    since: int,
    until: int,
    controls: Sequence[str] | None = None,
    finished: Callable[[int], None] | None = None,
    *,
    outlined: bool = False,
    looking: Callable[[int, World], None] | None = None,
    resolved: Callable[[int, Chunk, Facts], None] | None = None,
) -> Iterator[Judged]:
    """Judge chunks over [since, until) (microseconds), two at a time; yields what came of each, in order. finished: told how many are, as they are.

    outlined, looking, resolved: as `judge` says, with the chunk's number, and the chunk itself: its facts may tell of assets beside it too.
    """

    def work(number: int) -> Judged:
        chunk = chunks[number].wide or chunks[number]
        shown = None if looking is None else partial(looking, number)
        told = None if resolved is None else partial(resolved, number, chunks[number])
        rows = fetch(catalog, known, chunk)
        return judge(chunk.estate, rows, since, until, controls, outlined=outlined, looking=shown, resolved=told)

    with ThreadPoolExecutor(WORKERS) as pool:
        for number, judged in enumerate(pool.map(work, range(len(chunks))), 1):
            if finished:
                finished(number)
            yield judged


def fetch(catalog: Catalog, known: int, chunk: Chunk) -> Rows:
    """Return the catalog's rows that a chunk needs: of its own subjects, and of those that hold bases and originals of their points."""
    listings, payloads = catalog.listings(known), catalog.payloads(known)
    if chunk.subjects is None:
        return rows_of(catalog.tellings(known), catalog.runs(known), listings, payloads)
    nameless = catalog.runs(known).filter(pl.col("subject").is_null()).collect()
    held: list[pl.DataFrame] = []
    lost: list[pl.DataFrame] = []
    runs = [nameless]
    new, subjects = chunk.subjects, chunk.subjects.clear()
    asked = pl.DataFrame(schema=dict.fromkeys(_POINT, pl.String))
    while True:
        more = rows_of(catalog.tellings(known, keys=new), catalog.runs(known, keys=new), listings, payloads)
        held.append(more.held)
        lost.append(more.lost)
        runs.append(more.runs.filter(pl.col("subject").is_not_null()))
        found, subjects = Rows(pl.concat(held), pl.concat(lost), pl.concat(runs), listings, payloads), pl.concat([subjects, new])
        missing = _missing(found.held).join(asked, on=_POINT, how="anti", nulls_equal=True)
        if missing.is_empty():
            return found
        asked = pl.concat([asked, missing])
        new = _holders(catalog, known, missing["id"].unique()).join(subjects, on=_SUBJECT, how="anti")
        if new.is_empty():
            return found


_POINT, _SUBJECT = ["source", "repository", "id"], ["source", "subject"]


def _missing(held: pl.DataFrame) -> pl.DataFrame:
    """Return the bases and originals that points name and that are not among them: `source`, `repository` (null: not told), `id`."""
    bases = held.lazy().filter(pl.col("base").is_not_null()).select("source", "repository", id="base")
    copies = held.lazy().filter(pl.col("copy_of_id").is_not_null())
    copies = copies.select(
        source=pl.coalesce("copy_of_source", "source"), repository="copy_of_repository", id="copy_of_id"
    ).unique()
    named = pl.concat([bases, copies]).collect()
    if named.is_empty():
        return named.select(_POINT)
    # By hash: should two ids ever share one, a base would not be found, and its points would be unproven.
    own = held.lazy().select(pl.struct(_POINT).hash().alias("key"))
    wanted = named.lazy().with_columns(pl.struct(_POINT).hash().alias("key")).join(own, on="key", how="anti")
    missing = wanted.drop("key").collect().unique()
    if missing["repository"].null_count() == 0:
        return missing
    return missing.filter(pl.col("repository").is_not_null() | ~pl.col("id").is_in(held["id"].unique().implode()))


def _holders(catalog: Catalog, known: int, ids: pl.Series) -> pl.DataFrame:
    """Return the subjects whose listings or job logs tell of points with some ids, and those tied to them: `source`, `subject`."""
    points = catalog.tellings(known, columns=["id", *_SUBJECT]).filter(pl.col("id").is_in(ids.implode())).select(_SUBJECT)
    runs = catalog.runs(known, columns=["recovery_point", *_SUBJECT]).filter(pl.col("recovery_point").is_in(ids.implode()))
    found = pl.concat([points, runs.select(_SUBJECT)]).drop_nulls().unique().collect()
    return with_tied(found, ties_of(catalog, known))


def rows_of(tellings: pl.LazyFrame, runs: pl.LazyFrame, listings: pl.DataFrame, payloads: pl.DataFrame) -> Rows:
    """Read tellings in two: of a row that says a point is gone, only its place is worth reading."""
    held = tellings.filter(pl.col("present")).select(HELD).collect()
    lost = tellings.filter(~pl.col("present")).select(LOST).collect()
    return Rows(held, lost, runs.collect(), listings, payloads)
