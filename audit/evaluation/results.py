"""From what controls found to results: shares, verdicts, breaches with their points and evidence, unproven stretches with what would settle them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import ModuleType
from typing import Any

import polars as pl

from audit.evaluation.explain import DOUBTS, doubtful, exposures, points_around, reasons, reasons_told
from audit.model.envelope import time_text
from audit.model.facts import INSTANT
from audit.model.terms import instant
from audit.model.verdicts import SHARES, Breach, EvidenceRef, Result, Unproven, Verdict
from audit.model.world import Outcome, World

MICROSECONDS = 1_000_000
Doubts = dict[tuple[bool, int | None], pl.DataFrame]
"""When points are in doubt: by whether each counts by itself, and how old one may be and still count."""
NOT_ASKED = "not-asked"
"""The reason of what is unproven where nobody asked why: of a what-if."""
POINTS_NAMED = 5
"""How many points of one role, or calendar buckets, a breach names at the most."""


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


STRETCH: dict[str, pl.DataType] = {
    "asset": pl.String(), "part": pl.String(), "control": pl.String(), "leg": pl.String(), "policy": pl.String(), "version": pl.Int64(),
    "from": INSTANT, "to": INSTANT, "seconds": pl.Float64(),
    "exposure_seconds": pl.Float64(),  # of a breach; null: not known, or the control has none
}  # fmt: skip
"""A breach or an unproven stretch of a result, in outline."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Results without breaches, unproven stretches and evidence, and their `breaches` and `unproven` as frames (STRETCH): of a what-if there may be millions."""

    results: list[Result]
    breaches: pl.DataFrame
    unproven: pl.DataFrame

    @classmethod
    def joined(cls, several: Sequence[Outline]) -> Outline:
        """Return several outlines as one, the results in the order of an assessment's."""
        none = pl.DataFrame(schema=STRETCH)
        return cls(
            sorted((result for one in several for result in one.results), key=in_order),
            pl.concat([none, *(one.breaches for one in several)]),
            pl.concat([none, *(one.unproven for one in several)]),
        )

    def whole(self) -> list[Result]:
        """Return the results with their stretches, of which nobody asked why."""
        breaches: dict[Any, list[Breach]] = {}
        unproven: dict[Any, list[Unproven]] = {}
        for *key, since, until, _, exposure in self.breaches.iter_rows():
            detail = {} if exposure is None else {"exposure_seconds": exposure}
            breaches.setdefault(tuple(key), []).append(Breach(since, until, detail))
        for *key, since, until, _, _ in self.unproven.iter_rows():
            unproven.setdefault(tuple(key), []).append(Unproven(since, until, NOT_ASKED))
        keys = [(one.asset, one.part, one.control, one.leg, one.policy, one.version) for one in self.results]
        return [
            replace(one, breaches=tuple(breaches.get(key, ())), unproven=tuple(unproven.get(key, ())))
            for key, one in zip(keys, self.results, strict=True)
        ]


def in_order(result: Result) -> tuple[str, str, str, str, int, str]:
    """Return what results are ordered by."""
    return (result.asset, result.part or "", result.control, result.policy or "", result.version or 0, result.leg or "")


def results_of(
    world: World, control: str, module: ModuleType, outcome: Outcome, evidence: Evidence, doubts: Doubts
) -> Iterator[Result]:
    """Yield one result for each group and policy version that the outcome judged."""
    breaches = _breaches(world, outcome, evidence, module)
    unproven = _unproven(world, outcome, evidence, doubts, module)
    of_points = outcome.extra.get("of_points", True)
    for (code, index), result in _bare(world, control, module, outcome):
        mine = breaches.get((code, index), [])
        yield replace(
            result,
            breaches=tuple(mine),
            unproven=tuple(unproven.get((code, index), ())),
            detail={**result.detail, **_worst(mine)},
            provenance=evidence.provenance.get(code) if of_points else None,
        )


def outline_of(world: World, control: str, module: ModuleType, outcome: Outcome) -> Outline:
    """Return the results of an outcome in outline: who, for how long, how much."""
    names = world.groups.select(pl.col("code").cast(pl.UInt32), "asset", "part")
    versions = pl.DataFrame(
        [(index, policy.name, policy.version) for index, policy in enumerate(world.policies)],
        schema={"policy": pl.Int32, "name": pl.String, "version": pl.Int64},
        orient="row",
    )
    rows = outcome.breached.sort("code", "policy", "begin").with_row_index("row")
    exposure = pl.concat([pl.DataFrame(schema={"row": pl.UInt32, "exposure": pl.Int64}), *_exposures(world, rows, module)])
    rows = rows.join(exposure, on="row", how="left", maintain_order="left")
    worst = rows.group_by("code", "policy").agg(pl.col("exposure").max(), known=pl.col("exposure").is_not_null().all())
    worst = worst.filter("known").select("code", "policy", "exposure")
    worsts = {(code, policy): {"worst_exposure_seconds": most / MICROSECONDS} for code, policy, most in worst.iter_rows()}

    def named(stretches: pl.DataFrame) -> pl.DataFrame:
        told = stretches.join(names, on="code", how="left", maintain_order="left")
        told = told.join(versions, on="policy", how="left", nulls_equal=True, maintain_order="left")
        exposed = (pl.col("exposure") / MICROSECONDS) if "exposure" in told.columns else pl.lit(None)
        columns = {
            "control": pl.lit(control), "leg": pl.lit(outcome.leg), "policy": pl.col("name"), "from": pl.col("begin"), "to": pl.col("end"),
            "seconds": (pl.col("end") - pl.col("begin")) / MICROSECONDS, "exposure_seconds": exposed,
        }  # fmt: skip
        return told.select(columns.get(name, pl.col(name)).cast(kind).alias(name) for name, kind in STRETCH.items())

    results = [
        replace(result, detail={**result.detail, **worsts.get(key, {})}) for key, result in _bare(world, control, module, outcome)
    ]
    return Outline(results, named(rows), named(outcome.unproven.sort("code", "policy", "begin")))


def _bare(world: World, control: str, module: ModuleType, outcome: Outcome) -> Iterator[tuple[tuple[int, int | None], Result]]:
    """Yield the results without what explains them, by (code, policy)."""
    told = [outcome.judged, outcome.grace, *([] if outcome.numbers is None else [outcome.numbers])]
    keys = pl.concat([rows.select("code", "policy") for rows in told]).unique().sort("code", "policy")
    if keys.is_empty():
        return
    numbers = _numbers(outcome.numbers)
    lengths = {name: _lengths(getattr(outcome, name)) for name in ("judged", "grace", "breached", "unproven")}
    times = {name: _times(getattr(outcome, name)) for name in ("judged", "grace")}
    names = world.groups.select("asset", "part", "unit").rows()
    for code, index in keys.iter_rows():
        asset, part, unit = names[code]
        policy = None if index is None else world.policies[index]
        key = (code, index)
        seconds = {name: lengths[name].get(key, 0) for name in lengths}
        shares = _shares(seconds)
        asked = module.share_asked(policy, outcome.leg) if policy is not None and hasattr(module, "share_asked") else 1.0
        yield (
            key,
            Result(
                asset=asset,
                unit=unit or "",
                policy=None if policy is None else policy.name,
                version=None if policy is None else policy.version,
                part=part,
                control=control,
                leg=outcome.leg,
                verdict=_verdict(shares, asked),
                shares=shares,
                judged_seconds=(seconds["judged"] + seconds["grace"]) / MICROSECONDS,
                detail=numbers.get(key, {}),
                judged=times["judged"].get(key, ()),
                grace=times["grace"].get(key, ()),
            ),
        )


def _times(stretches: pl.DataFrame) -> dict[tuple[int, int | None], tuple[tuple[datetime, datetime], ...]]:
    """Return the stretches in time order by (code, policy)."""
    found: dict[tuple[int, int | None], list[tuple[datetime, datetime]]] = {}
    for code, policy, begin, end in stretches.sort("begin").select("code", "policy", "begin", "end").iter_rows():
        found.setdefault((code, policy), []).append((instant(begin), instant(end)))
    return {key: tuple(times) for key, times in found.items()}


def _lengths(stretches: pl.DataFrame) -> dict[tuple[int, int | None], int]:
    """Return the microseconds by (code, policy)."""
    summed = stretches.group_by("code", "policy").agg(length=(pl.col("end") - pl.col("begin")).sum())
    return {(code, policy): length for code, policy, length in summed.iter_rows()}


def _shares(lengths: Mapping[str, int]) -> dict[str, float] | None:
    """Return the shares of the judged time; they sum to 1. Null when there is none."""
    whole = lengths["judged"] + lengths["grace"]
    if whole == 0:
        return None
    shares = dict.fromkeys(SHARES, 0.0)
    for name in ("breached", "unproven", "grace"):
        shares[name] = lengths[name] / whole
    shares["met"] = (lengths["judged"] - lengths["breached"] - lengths["unproven"]) / whole
    return shares


def _verdict(shares: Mapping[str, float] | None, asked: float) -> Verdict:
    """Return the verdict: breached if any, else unproven if any, else waived if any, else met; nothing judged is not applicable.

    Where the policy asks for a share only (`at_least`), it is breached when even all that is unproven could not make it up.
    """
    if shares is None or shares["grace"] == 1.0:
        return Verdict.NOT_APPLICABLE
    judged = 1.0 - shares["grace"]
    if asked < 1.0:
        if (judged - shares["breached"]) / judged < asked:
            return Verdict.BREACHED
        return Verdict.MET if (shares["met"] + shares["waived"]) / judged >= asked else Verdict.UNPROVEN
    if shares["breached"] > 0:
        return Verdict.BREACHED
    if shares["unproven"] > 0:
        return Verdict.UNPROVEN
    return Verdict.WAIVED if shares["waived"] > 0 else Verdict.MET


def _numbers(rows: pl.DataFrame | None) -> dict[tuple[int, int | None], dict[str, Any]]:
    """Return what a control counted, by (code, policy); what it does not know is left out."""
    if rows is None:
        return {}
    return {
        (code, policy): {
            name: time_text(instant(value)) if name.endswith("_at") else value
            for name, value in numbers.items()
            if value is not None
        }
        for (code, policy), numbers in (((one.pop("code"), one.pop("policy")), one) for one in rows.rows(named=True))
    }


def _worst(breaches: list[Breach]) -> dict[str, Any]:
    """Return the worst exposure, only where that of every breach is known: the greatest of some is not the worst."""
    exposures = [breach.detail.get("exposure_seconds") for breach in breaches]
    known = [seconds for seconds in exposures if seconds is not None]
    return {"worst_exposure_seconds": max(known)} if known and len(known) == len(exposures) else {}


def _breaches(world: World, outcome: Outcome, evidence: Evidence, module: ModuleType) -> dict[tuple[int, int | None], list[Breach]]:
    """Return breaches in time order by (code, policy), each with the points that explain it."""
    if outcome.breached.is_empty():
        return {}
    rows = outcome.breached.sort("code", "policy", "begin").with_row_index("row").with_columns(leg=pl.lit(outcome.leg, pl.String))
    points = _of_breaches(world, rows, evidence, module)
    missing = _missing(module.missing(world, rows)) if hasattr(module, "missing") else {}
    exposure = {row: most for one in _exposures(world, rows, module) for row, most in one.iter_rows()}
    found: dict[tuple[int, int | None], list[Breach]] = {}
    for row, code, policy, begin, end in rows.select("row", "code", "policy", "begin", "end").iter_rows():
        detail, refs = points.get(row, ({}, ()))
        if row in exposure:
            detail = detail | {"exposure_seconds": exposure[row] / MICROSECONDS}
        if row in missing:
            detail = detail | {"missing": missing[row]}
        found.setdefault((code, policy), []).append(Breach(instant(begin), instant(end), detail, refs))
    return found


def _exposures(world: World, breaches: pl.DataFrame, module: ModuleType) -> Iterator[pl.DataFrame]:
    """Yield `row`, `exposure` (microseconds) of breaches of a control that shows it."""
    if not getattr(module, "SHOWS_EXPOSURE", False):
        return
    accepts = {index: policy.accept_partial for index, policy in enumerate(world.policies)}
    for way in world.lives:
        mine = breaches.filter(pl.col("policy").replace_strict(accepts, default=False, return_dtype=pl.Boolean) == way)
        if mine.height:
            yield exposures(world, mine, way)


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
    # A control may name the evidence by which it knows of a point; else it is what first told of it.
    every = every.with_columns(pl.lit(None).alias(name) for name in ("entry", "locator") if name not in every.columns)
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
    told_by = shown.select("row", "role", "count", "entry", "locator")
    for (row, role, count, *by), point in zip(told_by.iter_rows(), cold, strict=True):
        detail, refs = found[row]
        if role in ("before", "after"):
            detail[role] = _point(point, evidence)
        else:
            detail.setdefault(role, {"count": count, "points": []})["points"].append(_point(point, evidence))
        # Of a point that was lost, the line that tells of its deletion says more than the one that first showed it.
        entry, locator = by if by[0] is not None else point[6:8] if role == "lost" and point[6] is not None else point[4:6]
        ref = EvidenceRef(entry, evidence.sha256.get(entry, ""), locator or "")
        found[row] = (detail, refs if ref in refs else (*refs, ref))
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
    world: World, rows: pl.DataFrame, evidence: Evidence, module: ModuleType
) -> dict[int, tuple[dict[str, Any], tuple[EvidenceRef, ...]]]:
    """Return, by breach, what its control knows of it: records that say so, what was declared, or the points around it."""
    said = _records_of(module.said_by(world, rows)) if hasattr(module, "said_by") else {}
    if hasattr(module, "said_by") and not hasattr(module, "involved"):
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


def _point(point: tuple[Any, ...], evidence: Evidence) -> dict[str, Any]:
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
    if hasattr(module, "doubts"):
        told = module.doubts(world, DOUBTS)
        mine = told.filter(pl.col("leg") == outcome.leg) if "leg" in told.columns else told
        return {row: tuple(rest) for row, *rest in reasons_told(rows, mine).iter_rows()}
    reaches = [module.reach(policy) if hasattr(module, "reach") else None for policy in world.policies]
    rows = rows.with_columns(reach=pl.Series(reaches, dtype=pl.Int64).gather(rows["policy"]))
    each, unseen = getattr(module, "EACH_POINT", False), outcome.extra.get("unseen", True)
    known = [reasons(world, rows, _doubts(world, rows, doubts, each=each), unseen=unseen)]

    def left() -> pl.DataFrame:
        return rows.join(pl.concat(known), on="row", how="anti")

    if hasattr(module, "undeclared") and left().height:
        known.append(module.undeclared(world, left(), outcome.leg).select(known[0].columns))
    if not each and left().height:
        known.append(reasons(world, left(), _doubts(world, rows, doubts, each=True), unseen=unseen))
    return {row: tuple(rest) for row, *rest in pl.concat(known).iter_rows()}


def _doubts(world: World, rows: pl.DataFrame, doubts: Doubts, *, each: bool) -> pl.DataFrame:
    """Return the doubts that unproven stretches may have, by the age a point may have (`reach`). Of each kind computed once for all controls."""
    found = []
    for reach in rows["reach"].unique().sort():
        key = (each, None if each else reach)
        if key not in doubts:
            doubts[key] = pl.concat([doubtful(world, accepts, each=each, reach=key[1]) for accepts in world.lives]).unique()
        found.append(doubts[key].with_columns(reach=pl.lit(reach, pl.Int64)))
    return pl.concat(found)
