"""The one loop: every control over every group, a fault instead of a lost assessment where a control raises."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TypeVar

import polars as pl

from audit.discovery import modules
from audit.evaluation.facts import Facts, resolve_facts
from audit.evaluation.outline import Outline, in_order, outline_of
from audit.evaluation.results import Doubts, Evidence, results_of
from audit.evaluation.rows import Names, Rows
from audit.evaluation.waivers import waived
from audit.evaluation.world import build_world
from audit.model.assessment import Coverage, Results
from audit.model.estate import Estate
from audit.model.intervals import islands
from audit.model.verdicts import Result
from audit.model.world import Outcome, World

Made = TypeVar("Made")
CONFLICT = {"asset": pl.String, "point": pl.String}
"""A point told with contradicting content, as `source / repository / id`, and whose it is."""
UNPLACED = {"source": pl.String, "subject": pl.String, "id": pl.String}
"""A successful run that names no repository; `subject`: null where it names none either."""

UNDATED = {"source": pl.String, "subject": pl.String, "points": pl.Int64}
"""How many points of a subject restore an unknown instant."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the loop gives: results, the faults of controls that raised, and counts of what a reader should know (see `Facts`)."""

    results: tuple[Result, ...]
    """None, where an outline was asked for."""
    outline: Outline | None
    faults: tuple[str, ...]
    conflicts: pl.DataFrame
    """Points told with contradicting content (CONFLICT)."""
    unplaced: pl.DataFrame
    """Successful runs that name no repository (UNPLACED)."""
    undated: pl.DataFrame
    """Points of which nobody told when they were captured (UNDATED), of the assets that are judged."""


def judge(
    estate: Estate,
    rows: Rows,
    since: int,
    until: int,
    controls: Sequence[str] | None = None,
    *,
    outlined: bool = False,
    looking: Callable[[World], None] | None = None,
    resolved: Callable[[Facts], None] | None = None,
) -> Judged:
    """Judge a period [since, until) (microseconds) on the catalog's rows. controls: only these; all when null. outlined: results only in outline.

    looking: is shown the world that the controls judge. resolved: is shown the facts that it is made of.
    """
    acceptances = {False} | {policy.accept_partial for policy in estate.policies}
    facts = resolve_facts(rows, estate.sources, acceptances)
    if resolved is not None:
        resolved(facts)
    world = build_world(estate, facts, since, until)
    if looking is not None:
        looking(world)
    results: list[Result] = []
    outline = None
    if outlined:
        outline, faults = outline_in(world, controls)
    else:
        evidence, doubts = evidence_of(world, estate, facts, rows.listings, rows.payloads), Doubts()
        several, faults = _each(
            world, controls, lambda seen, name, module, outcome: list(results_of(seen, name, module, outcome, evidence, doubts))
        )
        results = sorted((result for some in several for result in some), key=in_order)
    # Those of the assets that are judged: whoever is judged with them changes nothing.
    whose = facts.points.select("pair", "id", "subject").join(facts.conflicts, on=["pair", "id"], how="semi")
    conflicts = whose.join(facts.names.pairs, on="pair").join(estate.aliases, on=["source", "subject"])
    conflicts = conflicts.select("asset", point=pl.format("{} / {} / {}", "source", "repository", "id")).unique()
    return Judged(tuple(results), outline, tuple(faults), conflicts, facts.unplaced, _undated(estate, facts))


def _undated(estate: Estate, facts: Facts) -> pl.DataFrame:
    names = estate.aliases.filter(~pl.col("asset").is_in(list(estate.beside)))
    untold = facts.points.filter(pl.col("captured").is_null()).select("pair", "subject").join(facts.names.pairs, on="pair")
    counted = untold.join(names, on=["source", "subject"], how="semi").group_by("source", "subject").agg(points=pl.len())
    return counted.select(pl.col(name).cast(kind) for name, kind in UNDATED.items())


def evidence_of(world: World, estate: Estate, facts: Facts, listings: pl.DataFrame, payloads: pl.DataFrame) -> Evidence:
    """Return what results need to point to evidence. listings, payloads: of the catalog, all of them."""
    return Evidence(
        sha256=dict(payloads.select("entry", "sha256").iter_rows()),
        provenance=_provenance(world, payloads),
        pairs={pair: (source, repository) for pair, source, repository in facts.names.pairs.iter_rows()},
        repositories=dict(world.repositories.select("repository", "name").iter_rows()),
        listings=_listings(listings, payloads, facts.names),
        scopes=_scopes(world, estate, facts),
        expected=_expected(world, estate),
    )


def outline_in(world: World, controls: Sequence[str] | None) -> tuple[Outline, list[str]]:
    """Return what controls (all when null) find in a world in outline, and the faults of those that raised."""
    several, faults = _each(world, controls, outline_of)
    return Outline.joined(several), faults


def _each(
    world: World, controls: Sequence[str] | None, made_of: Callable[[World, str, ModuleType, Outcome], Made]
) -> tuple[list[Made], list[str]]:
    """Return what is made of each outcome of the controls in the world as they see it, and the faults of those that raised: of these nothing is made."""
    made: list[Made] = []
    faults: list[str] = []
    for name, module in modules("audit.controls").items():
        if controls is not None and name not in controls:
            continue
        seen = as_seen_by(module, world)
        try:
            own = (without(seen.beside, outcome) for outcome in united(seen, module.evaluate(seen)))
            outcomes = [waived(seen, name, module, outcome) for outcome in own]
            made += [made_of(seen, name, module, outcome) for outcome in outcomes]
        except Exception as error:  # noqa: BLE001 - one control's mistake is a fault in the assessment, not the end of it
            faults.append(f"{name}: {type(error).__name__}: {error}")
    return made, faults


def as_seen_by(module: ModuleType, world: World) -> World:
    """Return the world as a control sees it: how far the journal is known only where it says `READS_KNOWN`, what sources delivered only where it says `READS_SOURCES`,
    findings only where it says `READS_FINDINGS`. What it does not see cannot change what it finds (`audit.evaluation.changed`). Where it says `ASKS_WHEN_CAPTURED`, one good point is
    enough, and one of unknown capture time is none for sure."""
    world = world.at_latest() if getattr(module, "ASKS_WHEN_CAPTURED", False) else world
    known = world.known if getattr(module, "READS_KNOWN", False) else None
    deliveries = world.deliveries if getattr(module, "READS_SOURCES", False) else world.deliveries.clear()
    records = world.records
    if not getattr(module, "READS_FINDINGS", False):
        records = {kind: rows for kind, rows in records.items() if kind != "finding"}
    return replace(world, known=known, deliveries=deliveries, records=records)


def without(codes: pl.Series, outcome: Outcome) -> Outcome:
    """Return an outcome less what it says of some groups."""
    if codes.is_empty():
        return outcome
    others = ~pl.col("code").is_in(codes.implode())
    names = ("judged", "grace", "breached", "unproven")
    return replace(outcome, **{name: getattr(outcome, name).filter(others) for name in names})


def united(world: World, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return one outcome a leg: what a control found in several layers, with the stretches that touch made one."""
    by_leg: dict[str | None, list[Outcome]] = {}
    for outcome in outcomes:
        by_leg.setdefault(outcome.leg, []).append(outcome)
    return [
        Outcome(
            leg=leg,
            judged=_joined(world, [one.judged for one in some]),
            grace=_joined(world, [one.grace for one in some]),
            breached=_joined(world, [one.breached for one in some]),
            unproven=_joined(world, [one.unproven for one in some]),
            numbers=pl.concat(counted) if (counted := [one.numbers for one in some if one.numbers is not None]) else None,
            extra=some[0].extra,
        )
        for leg, some in by_leg.items()
    ]


def _joined(world: World, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    if len(frames) == 1:
        return frames[0]
    rows = pl.concat(frames)
    groups = rows.select("code", "policy").unique().sort("code", "policy").with_row_index("group")
    placed = rows.join(groups, on=["code", "policy"], nulls_equal=True).select(
        *world.line.put(pl.col("group"), pl.col("begin"), pl.col("end"))
    )
    joined = world.line.get(islands(placed))
    return pl.concat([groups[joined["group"]].drop("group"), joined.drop("group")], how="horizontal").select(rows.columns)


def _listings(listings: pl.DataFrame, payloads: pl.DataFrame, names: Names) -> pl.DataFrame:
    """Return the complete listings that results may name as evidence; of several of one instant the smallest SHA-256."""
    complete = listings.filter(pl.col("complete") & pl.col("listed_at").is_not_null())
    complete = complete.join(names.pairs, on=["source", "repository"]).join(names.scopes, on=["pair", "scope"], nulls_equal=True)
    hashed = complete.join(payloads.select(pl.col("entry").cast(pl.Int64), "sha256"), on="entry", how="left")
    first = hashed.sort("sha256").unique(["chain", "listed_at"], keep="first", maintain_order=True)
    listed = first.select(
        "pair", "chain", "entry", "locator", at=pl.col("listed_at").cast(pl.Int64), whole=pl.col("scope").is_null()
    )
    return listed.sort("at", "pair", "chain", "entry")


def _scopes(world: World, estate: Estate, facts: Facts) -> pl.DataFrame:
    """Return in which scopes the subjects of a group were ever listed: `code`, `chain`. Listings of others say nothing of it."""
    named = facts.listed_scopes.join(facts.names.scopes, on="chain").join(facts.names.pairs, on="pair")
    groups = world.groups.select(pl.col("code").cast(pl.UInt32), "asset", "part")
    aliases = estate.aliases.join(groups, on=["asset", "part"], nulls_equal=True)
    return named.join(aliases, on=["source", "subject"]).select("code", "chain").unique()


def _expected(world: World, estate: Estate) -> dict[int, dict[str, list[str]]]:
    """Return, by code, the sources and repositories that are declared to hold the points of a group."""
    rows = world.groups.join(estate.aliases.select("asset", "part", "source"), on=["asset", "part"], how="left", nulls_equal=True)
    rows = rows.join(estate.asset_repositories, on="asset", how="left")
    rows = rows.group_by("code").agg(pl.col("source", "repository").drop_nulls().unique().sort())
    return {
        code: {"sources": sources, "repositories": names}
        for code, sources, names in rows.select("code", "source", "repository").iter_rows()
    }


WEAKEST_LAST = ("pull", "push", "drop-folder", "upload")
"""How evidence reached us, from the strongest way to the weakest: what a connector fetched nobody has touched on the way."""


def _provenance(world: World, payloads: pl.DataFrame) -> dict[int, str]:
    """Return, by code, how the weakest evidence behind the points of a group reached us."""
    strength = {method: place for place, method in enumerate(WEAKEST_LAST)}
    ways = payloads.select(
        "entry", "by", strength=pl.col("method").replace_strict(strength, default=len(strength) - 1, return_dtype=pl.Int8)
    )
    ways = ways.sort("strength", "by", "entry", descending=[False, True, False]).with_row_index("weakness")
    highest = int(ways["entry"].max() or 0)  # type: ignore[arg-type]
    by_entry = pl.repeat(None, highest + 1, dtype=pl.UInt32, eager=True).scatter(ways["entry"], ways["weakness"])
    used = world.points.select("code", weakness=by_entry.gather(world.points["entry"])).drop_nulls()
    weakest = used.group_by("code").agg(pl.col("weakness").max()).join(ways, on="weakness")
    words = {0: "pulled", 1: "pushed", 2: "taken from a drop folder"}
    return {
        code: words.get(place, f"uploaded by {by}" if by else "uploaded")
        for code, place, by in weakest.select("code", "strength", "by").iter_rows()
    }


def coverage_of(results: Results, orphans: Sequence[Mapping[str, str]], controls: Collection[str] | None = None) -> Coverage:
    """Count the assets that are assigned, protected and restorable; an asset counts when all its parts do. controls: those that judged (null: all); what was not judged is not
    counted, which is not none."""
    counting = (name for name, module in modules("audit.controls").items() if getattr(module, "COUNTS_COVERAGE", False))
    if controls is not None and not any(name in controls for name in counting):
        return Coverage(None, None, None, None, None, orphans=tuple(orphans))
    legs = ("assigned", "protected", "restorable")
    told = results.told("asset", "leg", "verdict").filter(pl.col("leg").is_in(legs)).group_by("leg", "asset")
    counted = told.agg(good=(pl.col("verdict") == "met").all(), possible=(pl.col("verdict") != "breached").all())

    def assets(leg: str, what: pl.Expr) -> set[str]:
        return set(counted.filter((pl.col("leg") == leg) & what)["asset"])

    good = {leg: assets(leg, pl.col("good")) for leg in legs}
    possible = {leg: assets(leg, pl.col("possible")) for leg in legs}
    serving = assets("assigned", pl.lit(value=True))
    return Coverage(
        in_service=len(serving),
        assigned=len(good["assigned"]),
        protected=len(good["protected"]),
        protected_up_to=len(possible["protected"]),
        restorable=len(good["restorable"]),
        remainder={leg: tuple(sorted(serving - good[leg])) for leg in legs},
        orphans=tuple(orphans),
        restorable_up_to=len(possible["restorable"]),
    )
