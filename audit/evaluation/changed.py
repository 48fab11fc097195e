"""What changed: of which assets an assessment may say otherwise than an earlier one of the same period did, by what became known between two journal entries.

All that is known up to an entry stays known, so what was judged then is judged again only where something new speaks of it: a change of what is declared or stated of the asset, new
evidence of its subjects, of what hangs together with them or of all that its sources hold, or the same of assets that its controls look at beside. What is named here may come
out the same; what is not comes out the same for sure. The catalog is scanned for what hangs together, and nothing is resolved or judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

import audit.controls
from audit.catalog.catalog import Catalog
from audit.controls._objectives import Objective
from audit.discovery import modules
from audit.evaluation.records import placed_records
from audit.evaluation.ties import ties_of, with_tied
from audit.model.estate import Estate, PolicyVersion
from audit.model.terms import micros
from audit.policy.objectives import companions

SUBJECT = {"source": pl.String, "subject": pl.String}
_BOTH = list(SUBJECT)


@dataclass(frozen=True, slots=True)
class Then:
    """What was known when an assessment was made: up to which journal entry, and the estate as known there, with its `known`."""

    entry: int
    estate: Estate


def changed_assets(catalog: Catalog, before: Then, after: Then, until: int) -> set[str]:
    """Return the assets, of those declared at either entry, of which an assessment up to `until` (microseconds) may say otherwise at the later one."""
    everything = {*before.estate.segments["asset"], *after.estate.segments["asset"]}
    if not _same_for_all(before.estate, after.estate):
        return everything
    told = _touched(catalog, before.entry, after.entry)
    changed = _redeclared(before.estate, after.estate) | _spoken_of(before.estate, after.estate) | told.assets(after.estate)
    changed |= set(_judged_beside(after.estate, changed))
    return changed | _judged_as_known(catalog, before, after, until)


def _same_for_all(before: Estate, after: Estate) -> bool:
    """Say whether all is declared the same that is not declared of one asset, but policies."""
    frames = ("repositories",)
    values = ("sources", "keeps_at_least", "timezone", "demands", "beside")
    same = all(getattr(before, name).equals(getattr(after, name)) for name in frames)
    return same and all(getattr(before, name) == getattr(after, name) for name in values)


def _redeclared(before: Estate, after: Estate) -> set[str]:
    """Return the assets of which something else is declared, or that stand under another policy version."""
    versions: list[PolicyVersion] = []

    def numbered(estate: Estate) -> pl.DataFrame:
        for policy in estate.policies:
            if policy not in versions:
                versions.append(policy)
        number = pl.Series([versions.index(policy) for policy in estate.policies], dtype=pl.Int32)
        return estate.segments.with_columns(policy=number.gather(estate.segments["policy"]))

    pairs = [(numbered(before), numbered(after))]
    pairs += [(getattr(before, name), getattr(after, name)) for name in ("aliases", "asset_repositories")]
    return {asset for one, other in pairs for rows in (_without(one, other), _without(other, one)) for asset in rows["asset"]}


def _without(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return rows.join(others, on=rows.columns, how="anti", nulls_equal=True)


def _spoken_of(before: Estate, after: Estate) -> set[str]:
    """Return the assets of which another register record speaks, or one says something else."""
    found: set[str] = set()
    for estate, other in ((before, after), (after, before)):
        new = {kind: _other_rows(frame, other.records.get(kind)) for kind, frame in estate.records.items()}
        # Each assessment that is followed enters findings: they change nothing where no control judges by them.
        findings = {kind: new.pop(kind) for kind in ("finding",) if kind in new}
        found |= spoken_of(replace(estate, records=new))
        found |= spoken_of(replace(estate, records=findings)) & _under(estate, "READS_FINDINGS")
    return found


def _other_rows(rows: pl.DataFrame, others: pl.DataFrame | None) -> pl.DataFrame:
    if others is None or rows.is_empty():
        return rows
    # Records hold lists and instants: compared as text, value by value.
    texts = [frame.select(pl.struct(pl.all()).struct.json_encode()).to_series() for frame in (rows, others.select(rows.columns))]
    return rows.filter(~texts[0].is_in(texts[1].implode()))


def spoken_of(estate: Estate) -> set[str]:
    """Return the assets that any register record speaks of at any time."""
    if all(frame.is_empty() for frame in estate.records.values()):
        return set()
    groups = estate.segments.select("asset").unique().sort("asset").with_row_index("code")
    placed = placed_records(estate, groups)
    codes = pl.concat([groups["code"].clear(), *(rows["code"] for rows in placed.values())])
    return set(groups["asset"].gather(codes.unique()))


@dataclass(frozen=True, slots=True)
class _Touched:
    """subjects: of which something new is told (SUBJECT). sources: of which something new is told that may concern all they hold."""

    subjects: pl.DataFrame
    sources: pl.Series

    def assets(self, estate: Estate) -> set[str]:
        """Return the assets that they are names of."""
        names = estate.aliases.select("asset", *_BOTH)
        mine = names.join(self.subjects, on=_BOTH, how="semi")["asset"]
        return {*mine, *names.filter(pl.col("source").is_in(self.sources.implode()))["asset"]}


def _touched(catalog: Catalog, before: int, after: int) -> _Touched:
    """Return what evidence between two entries (before, after] may say something of."""
    new = pl.col("entry") > before
    points = catalog.tellings(after, columns=[*_BOTH, "entry"]).filter(new).select(_BOTH).unique().collect()
    runs = catalog.runs(after, columns=[*_BOTH, "id", "entry"])
    told_runs = runs.filter(new).select(*_BOTH, "id").unique().collect()
    listings = catalog.listings(after)
    known = listings.filter(~new).select("source", "repository").unique()
    fresh = listings.filter(new)
    # A listing of a scope speaks of what was ever told in it. One of a whole repository, the first of a repository, and a job log speak of all that its source may hold.
    narrow = pl.col("scope").is_not_null() & pl.col("covers_from").is_null() & pl.col("covers_to").is_null()
    scoped = fresh.filter(narrow).join(known, on=["source", "repository"], how="semi")
    wide = fresh.join(scoped, on=fresh.columns, how="anti", nulls_equal=True)
    scopes = scoped.select("source", "repository", "scope").unique()
    inside = catalog.tellings(after, columns=[*_BOTH, "repository", "scope"]).join(scopes.lazy(), on=scopes.columns, how="semi")
    subjects = [points, told_runs, *([inside.select(_BOTH).unique().collect()] if scopes.height else [])]
    told = pl.concat([frame.select(_BOTH) for frame in subjects]).unique()
    # What names no subject may speak of any; also a run of which its subject is told now, and was not before.
    nameless = told.filter(pl.col("subject").is_null())["source"]
    named = runs.filter(~new & pl.col("subject").is_null()).join(told_runs.lazy(), on=["source", "id"], how="semi")
    sources = pl.concat([nameless, wide["source"], named.select("source").collect()["source"]]).drop_nulls().unique()
    if len(sources):
        theirs = pl.col("source").is_in(sources.implode())
        held = [
            scan.filter(theirs).select(_BOTH).unique().collect()
            for scan in (catalog.tellings(after, columns=_BOTH), catalog.runs(after, columns=_BOTH))
        ]
        told = pl.concat([told, *held]).unique()
    return _Touched(_with_dependents(catalog, after, told.drop_nulls("source")), sources)


def _with_dependents(catalog: Catalog, known: int, subjects: pl.DataFrame) -> pl.DataFrame:
    """Add those that are tied to subjects (null: what names none), and those whose points have their base or original under one. Ids are compared by hash: where two share one, too many
    are named."""
    if subjects.is_empty():
        return subjects
    ties = ties_of(catalog, known)
    points = catalog.tellings(known, columns=[*_BOTH, "id", "base", "copy_of_id"])
    runs = catalog.runs(known, columns=[*_BOTH, "id", "recovery_point"])
    made = [runs.select(*_BOTH, "id", point=name) for name in (pl.col("recovery_point"), pl.lit("run:") + pl.col("id"))]
    ids = pl.concat([points.select(*_BOTH, point="id"), *(one.select(*_BOTH, "point") for one in made)]).drop_nulls("point")
    while True:
        subjects = with_tied(subjects, ties)
        others = points.filter(pl.col("base").is_not_null() | pl.col("copy_of_id").is_not_null()).join(
            subjects.lazy(), on=_BOTH, how="anti", nulls_equal=True
        )
        asking = pl.concat([others.select(*_BOTH, id=pl.col(name).hash()).drop_nulls() for name in ("base", "copy_of_id")]).unique()
        theirs = ids.join(subjects.lazy(), on=_BOTH, how="semi", nulls_equal=True).select(id=pl.col("point").hash()).unique()
        more = asking.join(theirs, on="id", how="semi").select(_BOTH).unique().collect()
        if more.is_empty():
            return subjects
        subjects = pl.concat([subjects, more])


def _judged_beside(estate: Estate, changed: set[str]) -> Iterator[str]:
    """Yield the assets whose controls look at one of the changed while they judge them (`audit.evaluation.chunks`)."""
    looking = [
        index for index, policy in enumerate(estate.policies) if changed & {asset for _, asset in companions(policy.objectives)}
    ]
    yield from estate.segments.filter(pl.col("policy").is_in(looking))["asset"].unique()
    kinds = {one.beside() for policy in estate.policies for one in policy.objectives.values() if isinstance(one, Objective)}
    for told in (frame for kind, frame in estate.records.items() if kind in kinds):
        named = told.select("id", asset="assets").explode("asset").drop_nulls()
        yield from named.join(named.filter(pl.col("asset").is_in(list(changed))), on="id", how="semi")["asset"]


def _judged_as_known(catalog: Catalog, before: Then, after: Then, until: int) -> set[str]:
    """Return the assets of which controls say as much as the journal is known, where it is known further now; and those judged by all that their sources delivered, where these
    delivered something."""
    found: set[str] = set()
    estate = after.estate
    if before.estate.known != after.estate.known:
        both = [one.known for one in (before.estate, after.estate) if one.known is not None]
        settled = len(both) == 2 and all(micros(one.at) >= until for one in both) and both[0].intact == both[1].intact
        found |= set() if settled else _under(estate, "READS_KNOWN")
    payloads = catalog.payloads(after.entry).filter(pl.col("entry") > before.entry)
    listings = catalog.listings(after.entry).filter(pl.col("entry") > before.entry)
    if payloads.height:
        delivered = pl.concat([payloads["source"], listings["source"]])
        reading = _under(estate, "READS_SOURCES")
        if payloads["source"].null_count():  # it may be of any
            return found | reading
        mine = estate.aliases.filter(pl.col("source").is_in(delivered.implode()))["asset"]
        found |= reading & set(mine)
    return found


def _under(estate: Estate, mark: str) -> set[str]:
    """Return the assets that a control with a mark judges: those whose policies ever have an objective of its; where the mark is a kind of records, those of whom one speaks."""
    marked = [module for module in modules(audit.controls.__name__).values() if getattr(module, mark, False)]
    keys = {key for module in marked for key in module.OBJECTIVES}
    used = [index for index, policy in enumerate(estate.policies) if keys & policy.objectives.keys()]
    kinds = {getattr(module, mark) for module in marked}
    told = {kind: frame for kind, frame in estate.records.items() if kind in kinds}
    return set(estate.segments.filter(pl.col("policy").is_in(used))["asset"]) | spoken_of(replace(estate, records=told))
