"""From what controls found to results: shares, verdicts, breaches with their points and evidence, unproven stretches with what would settle them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import polars as pl

from audit.evaluation.explain import DOUBTS, doubtful, points_around, reasons, reasons_told
from audit.evaluation.outline import MICROSECONDS, allowed_by, bare_results, exposures_of
from audit.model.envelope import time_text
from audit.model.exposure import severity
from audit.model.exposure import worst as worst_told
from audit.model.terms import instant
from audit.model.verdicts import Breach, EvidenceRef, Result, Unproven, Waived
from audit.model.world import Outcome, World


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is in doubt in one world, each worked out when it is first asked for: of_points, by whether undated points are only possibly live (`World.at_latest`), whether each counts by
    itself and how old one may be and still count; of_controls, of those that say themselves what they doubt, by id."""

    of_points: dict[tuple[bool, bool, int | None], pl.DataFrame] = field(default_factory=dict)
    of_controls: dict[str, pl.DataFrame] = field(default_factory=dict)


POINTS_NAMED = 5
"""How many points of one role, or calendar buckets, a breach names at the most."""
BY = ("entry", "locator", "against", "against_at")
"""The evidence by which a control knows of a point, and what that speaks against."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What results need to point to evidence: SHA-256 by journal number, provenance by code of group, names of sources and repositories."""

    sha256: Mapping[int, str]
    provenance: Mapping[int, str]
    pairs: Mapping[int, tuple[str, str]]
    repositories: Mapping[int, str]
    listings: pl.DataFrame
    """Complete listings: `pair`, `chain`, `whole` (of the whole repository), `at` (microseconds), `entry`, `locator`, sorted by `at`."""
    scopes: pl.DataFrame
    """In which scopes the subjects of a group were ever listed: `code`, `chain`."""
    expected: Mapping[int, Mapping[str, list[str]]]
    """By code of group, the `sources` and `repositories` that are declared to hold its points."""


def results_of(
    world: World, control: str, module: ModuleType, outcome: Outcome, evidence: Evidence, doubts: Doubts
) -> Iterator[Result]:
    """Yield one result for each group and policy version that the outcome judged."""
    breaches = _breaches(world, outcome, outcome.breached, evidence, module)
    waived = _waived(world, outcome, evidence, module)
    unproven = _unproven(world, outcome, evidence, doubts, module)
    of_points = outcome.extra.get("of_points", True)
    named = _named(world, outcome.extra.get("named", {}), evidence)
    for (code, index), told in bare_results(world, control, module, outcome):
        mine = breaches.get((code, index), [])
        told["detail"] = {**told["detail"], **_worst(mine, allowed_by(world, module, index)), **named.get((code, index), {})}
        yield Result(
            **told,
            breaches=tuple(mine),
            waived=tuple(waived.get((code, index), ())),
            unproven=tuple(unproven.get((code, index), ())),
            provenance=evidence.provenance.get(code) if of_points else None,
        )


def _named(
    world: World, named: Mapping[str, pl.DataFrame], evidence: Evidence
) -> dict[tuple[int, int | None], dict[str, list[dict[str, Any]]]]:
    """Return, by (code, policy), the points that a control names of a result itself: by role, each with the instants that the control tells of it."""
    found: dict[tuple[int, int | None], dict[str, list[dict[str, Any]]]] = {}
    for role, rows in named.items():
        points = world.points.select("id", "repository", "captured", "available")[rows["point"]].rows()
        told = rows.select("code", "policy", *(name for name in rows.columns if name.endswith("_at"))).iter_rows(named=True)
        for point, one in zip(points, told, strict=True):
            mine = found.setdefault((one.pop("code"), one.pop("policy")), {}).setdefault(role, [])
            mine.append(point_told(point, evidence) | {name: time_text(instant(at)) for name, at in one.items()})
    return found


def _worst(breaches: list[Breach], allowed: int | None) -> dict[str, Any]:
    """Return the worst exposure, only where that of every breach is known: the greatest of some is not the worst."""
    exposures = [breach.detail.get("exposure_seconds") for breach in breaches]
    known = [seconds for seconds in exposures if seconds is not None]
    return worst_told(round(max(known) * MICROSECONDS), allowed) if known and len(known) == len(exposures) else {}


def _waived(world: World, outcome: Outcome, evidence: Evidence, module: ModuleType) -> dict[tuple[int, int | None], list[Waived]]:
    """Return what is waived in time order by (code, policy), explained like the breaches that it would be."""
    found: dict[tuple[int, int | None], list[Waived]] = {}
    for (waiver,), rows in outcome.waived.group_by("waiver", maintain_order=True):
        for key, breaches in _breaches(world, outcome, rows.drop("waiver"), evidence, module).items():
            found.setdefault(key, []).extend(
                Waived(one.since, one.until, one.detail, one.evidence, str(waiver)) for one in breaches
            )
    return {key: sorted(some, key=lambda one: one.since) for key, some in found.items()}


def _breaches(
    world: World, outcome: Outcome, stretches: pl.DataFrame, evidence: Evidence, module: ModuleType
) -> dict[tuple[int, int | None], list[Breach]]:
    """Return breached stretches in time order by (code, policy), each with the points that explain it."""
    if stretches.is_empty():
        return {}
    rows = stretches.sort("code", "policy", "begin").with_row_index("row").with_columns(leg=pl.lit(outcome.leg, pl.String))
    points = _of_breaches(world, rows, evidence, module, of_points=outcome.extra.get("of_points", True))
    missing = _missing(module.missing(world, rows)) if hasattr(module, "missing") else {}
    exposure = {row: most for one in exposures_of(world, rows, module) for row, most in one.iter_rows()}
    found: dict[tuple[int, int | None], list[Breach]] = {}
    for row, code, policy, begin, end in rows.select("row", "code", "policy", "begin", "end").iter_rows():
        detail, refs = points.get(row, ({}, ()))
        if row in exposure:
            detail = detail | {"exposure_seconds": exposure[row] / MICROSECONDS}
            if allowed := allowed_by(world, module, policy):
                degree = {"times_allowed": round(exposure[row] / allowed, 2), "severity": severity(exposure[row], allowed)}
                detail |= degree
        if row in missing:
            detail = detail | {"missing": missing[row]}
        found.setdefault((code, policy), []).append(Breach(instant(begin), instant(end), detail, refs))
    return found


def _missing(rows: pl.DataFrame) -> dict[int, dict[str, Any]]:
    """Return, by breach, the calendar buckets in which there was no point: how many, and the first of them."""
    found: dict[int, dict[str, Any]] = {}
    for row, every, first, last, deadline in rows.iter_rows():
        told = found.setdefault(row, {"count": 0, "buckets": []})
        told["count"] += 1
        if len(told["buckets"]) < POINTS_NAMED:
            kept = {} if deadline is None else {"deadline_at": time_text(instant(deadline))}
            told["buckets"].append({"every": every, "first_day": first.isoformat(), "last_day": last.isoformat(), **kept})
    return found


def _points_of(
    world: World, rows: pl.DataFrame, evidence: Evidence, module: ModuleType
) -> dict[int, tuple[dict[str, Any], tuple[EvidenceRef, ...]]]:
    """Return, by breach, the points around it and those its control says are involved, with their evidence. Of many of one role the newest, or
    where the control says so the oldest, are named, and all are counted."""
    around = points_around(world, rows)
    named = [around.select("row", pl.lit(role).alias("role"), point=role).drop_nulls("point") for role in ("before", "after")]
    if hasattr(module, "involved"):
        named.append(module.involved(world, rows))
    every = pl.concat([one.with_columns(pl.col("point").cast(pl.UInt32)) for one in named], how="diagonal_relaxed")
    # A control may name the evidence by which it knows of a point, and what speaks against that; else it is what first told of it.
    every = every.with_columns(pl.lit(None).alias(name) for name in BY if name not in every.columns)
    every = every.with_columns(
        captured=world.points["captured"].gather(every["point"]),
        identity=world.points["id"].gather(every["point"]),
        pair=world.points["pair"].gather(every["point"]),
    )
    newest_first = not getattr(module, "NAMES_OLDEST", False)
    order = ["row", "role", "captured", "identity", "pair"]
    every = every.sort(order, descending=[False, False, newest_first, False, False]).with_columns(
        count=pl.len().over("row", "role")
    )
    shown = every.filter(pl.int_range(pl.len()).over("row", "role") < POINTS_NAMED)
    told = ("id", "repository", "captured", "available", "entry", "locator", "ended_entry", "ended_locator")
    cold = world.points.select(told)[shown["point"]].rows()
    found: dict[int, tuple[dict[str, Any], tuple[EvidenceRef, ...]]] = {row: ({}, ()) for row in rows["row"]}
    told_by = shown.select("row", "role", "count", *BY)
    for (row, role, count, *by), point in zip(told_by.iter_rows(), cold, strict=True):
        detail, refs = found[row]
        if role in ("before", "after"):
            detail[role] = point_told(point, evidence)
        else:
            detail.setdefault(role, {"count": count, "points": []})["points"].append(point_told(point, evidence))
        # Of a point that was lost, the line that tells of its deletion says more than the one that first showed it.
        entry, locator = by[:2] if by[0] is not None else point[6:8] if role == "lost" and point[6] is not None else point[4:6]
        ref = EvidenceRef(entry, evidence.sha256.get(entry, ""), locator or "")
        both = [ref] if by[2] is None else [ref, EvidenceRef(by[2], evidence.sha256.get(by[2], ""), by[3] or "")]
        found[row] = (detail, (*refs, *(one for one in both if one not in refs)))
    for row, pair, at, entry, locator in _witnesses(world, _looked_at(world, rows, module), evidence).iter_rows():
        detail, refs = found[row]
        source, repository = evidence.pairs[pair]
        detail.setdefault("observed_by", []).append(
            {"source": source, "repository": repository, "listed_at": time_text(instant(at))}
        )
        found[row] = (detail, (*refs, EvidenceRef(entry, evidence.sha256.get(entry, ""), locator or "")))
    return found


def _looked_at(world: World, rows: pl.DataFrame, module: ModuleType) -> pl.DataFrame:
    """Return breaches with each group that its control looked at to find them: their own, unless the control says more."""
    if not hasattr(module, "members"):
        return rows
    return rows.drop("code").join(module.members(world, rows), on="row")


def _of_breaches(
    world: World, rows: pl.DataFrame, evidence: Evidence, module: ModuleType, *, of_points: bool
) -> dict[int, tuple[dict[str, Any], tuple[EvidenceRef, ...]]]:
    """Return, by breach, what its control knows of it: records that say so, what was declared, or the points around it."""
    said = _records_of(module.said_by(world, rows)) if hasattr(module, "said_by") else {}
    if hasattr(module, "said_by") and not (of_points and hasattr(module, "involved")):
        found = _runs_of(world, module.runs_involved(world, rows), evidence) if hasattr(module, "runs_involved") else {}
    elif hasattr(module, "told"):
        return {row: _with_evidence(detail, evidence) for row, detail in module.told(world, rows, surely=True).items()}
    elif hasattr(module, "runs_involved"):
        return _runs_of(world, module.runs_involved(world, rows), evidence)
    else:
        found = _points_of(world, rows, evidence, module)
    for row, (detail, refs) in said.items():
        known, before = found.get(row, ({}, ()))
        found[row] = (known | detail, (*before, *refs))
    ended = _records_of(module.ended_by(world, rows)) if hasattr(module, "ended_by") else {}
    for row, (detail, refs) in ended.items():
        known, before = found.get(row, ({}, ()))
        found[row] = (known | {"ended_by": detail["records"]}, (*before, *(ref for ref in refs if ref not in before)))
    return found


def _with_evidence(detail: Mapping[str, Any], evidence: Evidence) -> tuple[dict[str, Any], tuple[EvidenceRef, ...]]:
    """Take from what a control tells of a breach the `evidence` that it names as (entry, locator), each once."""
    named = dict.fromkeys(detail.get("evidence", ()))
    refs = tuple(EvidenceRef(entry, evidence.sha256.get(entry, ""), locator or "") for entry, locator in named)
    return {key: value for key, value in detail.items() if key != "evidence"}, refs


def _records_of(said: pl.DataFrame) -> dict[int, tuple[dict[str, Any], tuple[EvidenceRef, ...]]]:
    """Return, by breach, the register records that say so (`row`, `id`, `entry`, `sha256`, `by`), and their acts as evidence."""
    found: dict[int, tuple[dict[str, Any], tuple[EvidenceRef, ...]]] = {}
    for row, identity, entry, sha256, by in said.select("row", "id", "entry", "sha256", "by").iter_rows():
        detail, refs = found.setdefault(row, ({"records": []}, ()))
        detail["records"].append({"record": identity, "by": by})
        found[row] = (detail, (*refs, EvidenceRef(entry, sha256, "")))
    return found


def _runs_of(world: World, named: pl.DataFrame, evidence: Evidence) -> dict[int, tuple[dict[str, Any], tuple[EvidenceRef, ...]]]:
    """Return, by breach, the job runs of each role (`row`, `role`, `run`) with their evidence: the newest are named, and all are counted."""
    told = world.runs.select("started", "id", "kind", "outcome", "repository", "entry", "locator")[named["run"]]
    every = pl.concat([named.select("row", "role"), told], how="horizontal").sort(
        "row", "role", "started", "id", descending=[False, False, True, False]
    )
    every = every.with_columns(count=pl.len().over("row", "role"), place=pl.int_range(pl.len()).over("row", "role"))
    found: dict[int, tuple[dict[str, Any], tuple[EvidenceRef, ...]]] = {}
    for one in every.filter(pl.col("place") < POINTS_NAMED).iter_rows(named=True):
        detail, refs = found.setdefault(one["row"], ({}, ()))
        run = {
            "run": one["id"],
            "kind": one["kind"],
            "outcome": one["outcome"],
            "repository": evidence.repositories.get(one["repository"]),
        }
        role = detail.setdefault(one["role"], {"count": one["count"], "runs": []})
        role["runs"].append({**run, "started_at": time_text(instant(one["started"]))})
        found[one["row"]] = (
            detail,
            (*refs, EvidenceRef(one["entry"], evidence.sha256.get(one["entry"], ""), one["locator"] or "")),
        )
    return found


def _witnesses(world: World, rows: pl.DataFrame, evidence: Evidence) -> pl.DataFrame:
    """Return the listings that show what was not there: of each repository of the group the first complete one at or after the breach's begin, of the
    whole repository or of a scope in which the group stands (`row`, `pair`, `at`, `entry`, `locator`). Without them a missing point would only be one that
    nobody told us of."""
    held = (
        pl.concat([world.points.select("code", "pair"), world.unseen.select("code", "pair")]).lazy().drop_nulls().unique().collect()
    )
    spoken = held.join(evidence.listings.select("pair", "chain", "whole").unique(), on="pair")
    spoken = pl.concat(
        [spoken.filter("whole"), spoken.filter(~pl.col("whole")).join(evidence.scopes, on=["code", "chain"], how="semi")]
    )
    asked = rows.select("row", "code", "begin").join(spoken.select("code", "chain"), on="code").sort("begin")
    if asked.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "pair": pl.Int32, "at": pl.Int64, "entry": pl.Int64, "locator": pl.String})
    found = asked.join_asof(
        evidence.listings, left_on="begin", right_on="at", by="chain", strategy="forward", check_sortedness=False
    )
    found = found.drop_nulls("entry").sort("row", "at", "pair", "chain").unique(["row", "pair"], keep="first", maintain_order=True)
    found = found.filter(pl.int_range(pl.len()).over("row") < POINTS_NAMED)
    return found.select("row", "pair", "at", "entry", "locator")


def point_told(point: tuple[Any, ...], evidence: Evidence) -> dict[str, Any]:
    """Return what is told of a point, of which `id`, `repository`, `captured` and `available` come first."""
    identity, repository, captured, available = point[:4]
    return {
        "id": identity,
        "repository": evidence.repositories.get(repository),
        "captured_at": None if captured is None else time_text(instant(captured)),
        "available_at": None if available is None else time_text(instant(available)),
    }


def _unproven(
    world: World, outcome: Outcome, evidence: Evidence, doubts: Doubts, module: ModuleType
) -> dict[tuple[int, int | None], list[Unproven]]:
    """Return unproven stretches in time order by (code, policy), each with its reason and what would settle it."""
    if outcome.unproven.is_empty():
        return {}
    rows = outcome.unproven.sort("code", "policy", "begin").with_row_index("row").with_columns(leg=pl.lit(outcome.leg, pl.String))
    fixed = outcome.extra.get("reason")
    blind = set(world.blind.to_list()) if outcome.extra.get("of_points", True) else set()
    seen = rows.filter(~pl.col("code").is_in(list(blind)))
    why = {} if fixed is not None or seen.is_empty() else _reasons(world, outcome, seen, doubts, module)
    told = module.told(world, rows, surely=False) if hasattr(module, "told") else {}
    found: dict[tuple[int, int | None], list[Unproven]] = {}
    detail: dict[str, Any]
    for row, code, policy, begin, end in rows.select("row", "code", "policy", "begin", "end").iter_rows():
        if fixed is not None:
            reason, detail = fixed, told.get(row, {})
        elif code in blind:
            reason, detail = "no-evidence", dict(evidence.expected.get(code, {}))
        else:
            reason, repositories, pairs, keys = why.get(
                row, (module.OTHERWISE if hasattr(module, "OTHERWISE") else "mixed", [], [], [])
            )
            names = {evidence.repositories[number] for number in repositories}
            sources = {evidence.pairs[pair][0] for pair in pairs if pair in evidence.pairs}
            detail = {"sources": sorted(sources), "repositories": sorted(names)} | ({"reasons": keys} if reason == "mixed" else {})
            detail |= told.get(row, {})
        found.setdefault((code, policy), []).append(Unproven(instant(begin), instant(end), reason, detail))
    return found


def _reasons(
    world: World, outcome: Outcome, rows: pl.DataFrame, doubts: Doubts, module: ModuleType
) -> dict[int, tuple[str, list[int], list[int], list[str]]]:
    """Return, by unproven stretch, its reason, the repositories and pairs whose evidence would settle it, and all reasons.

    First what stands in the way although one good point would do; then what is not declared; at last whatever is in doubt.
    """
    if hasattr(module, "doubts") and outcome.leg in getattr(module, "DOUBTS_OF", (outcome.leg,)):
        if module.__name__ not in doubts.of_controls:
            doubts.of_controls[module.__name__] = module.doubts(world, DOUBTS)
        told = doubts.of_controls[module.__name__]
        mine = told.filter(pl.col("leg") == outcome.leg) if "leg" in told.columns else told
        return {row: tuple(rest) for row, *rest in reasons_told(rows, mine).iter_rows()}
    reaches = [module.reach(policy) if hasattr(module, "reach") else None for policy in world.policies]
    rows = rows.with_columns(reach=pl.Series(reaches, dtype=pl.Int64).gather(rows["policy"]))
    each, unseen = getattr(module, "EACH_POINT", False), outcome.extra.get("unseen", True)
    # Where one that nobody saw may stand for another, so may one of which nobody told when it was captured.
    world = world.at_latest() if each and unseen else world
    known = [reasons(world, rows, _doubts(world, rows, doubts, each=each), unseen=unseen)]

    def left() -> pl.DataFrame:
        return rows.join(pl.concat(known), on="row", how="anti")

    if hasattr(module, "undeclared") and left().height:
        known.append(module.undeclared(world, left(), outcome.leg).select(known[0].columns))
    if not each and left().height:
        known.append(reasons(world, left(), _doubts(world, rows, doubts, each=True), unseen=unseen))
    late = world.at_latest()
    if not late.dated and world.dated and left().height:
        # Nothing else is in doubt than when points were captured.
        known.append(reasons(late, left(), _doubts(late, rows, doubts, each=True), unseen=unseen))
    return {row: tuple(rest) for row, *rest in pl.concat(known).iter_rows()}


def _doubts(world: World, rows: pl.DataFrame, doubts: Doubts, *, each: bool) -> pl.DataFrame:
    """Return the doubts that unproven stretches may have, by the age a point may have (`reach`). Of each kind computed once for all controls."""
    found = []
    for reach in rows["reach"].unique().sort():
        key = (world.dated, each, None if each else reach)
        if key not in doubts.of_points:
            doubts.of_points[key] = pl.concat(
                [doubtful(world, accepts, each=each, reach=key[2]) for accepts in world.lives]
            ).unique()
        found.append(doubts.of_points[key].with_columns(reach=pl.lit(reach, pl.Int64)))
    return pl.concat(found)
