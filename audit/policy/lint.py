"""What speaks against signing a policy version: a disposal before its retention, demands on it that no version can keep together, and less than the baseline demands. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from audit.controls._weaker import shortfalls
from audit.model.estate import Demand, Estate
from audit.model.records import SCOPE
from audit.policy.kinds.baseline import Baseline
from audit.policy.retention import Clash, clashes
from audit.policy.standing import parties


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that speaks against a version. key: which (`agreement.objections` of the wording says it in words); values: what is put in, as written; grave: it is not
    put to anybody; says: the same in English, for messages; waived: an approved waiver of the baseline covers it."""

    key: str
    values: Mapping[str, str]
    grave: bool
    says: str
    waived: bool = False


def objections(estate: Estate, place: int, at: datetime) -> list[Objection]:
    """Return what speaks against signing a policy version (its place in `Estate.policies`), as things stand at an instant.

    What an approved waiver of the baseline covers then is told, and is not grave.
    """
    policy = estate.policies[place]
    mine = parties(estate, place)
    begin = max(at, policy.in_force or at)
    demands = [one for one in estate.demands if one.until is None or one.until > begin]
    found = [_of_retention(one) for one in clashes(policy.objectives, policy.timezone)]
    found += _of_classes(demands, mine, policy.timezone)
    found += _of_baseline(estate, place, demands, mine, at)
    return found


def _of_retention(one: Clash) -> Objection:
    values = {"after": str(one.after), "term": str(one.term)}
    if one.every is None:
        says = f"`dispose` after {one.after} comes before `locked_for` {one.term} has run out"
        return Objection("dispose-before-lock", values, grave=True, says=says)
    values["every"] = one.every
    says = f"`dispose` after {one.after} comes before `keep` every {one.every} for {one.term} has run out"
    return Objection("dispose-late" if one.late else "dispose-before-keep", values, grave=not one.late, says=says)


def _of_classes(demands: list[Demand], mine: pl.DataFrame, zone: str) -> Iterator[Objection]:
    """Yield the demands on the classes of data (or tiers) of a version of which one has to keep what another has disposed of: no version for both can keep them."""
    asked = [(one, kinds) for one in demands if (kinds := _kinds(one, mine))]
    told = set()
    for keeping, kept in asked:
        for disposing, disposed in asked:
            keeps = {key: keeping.objectives[key] for key in ("keep", "locked_for") if key in keeping.objectives}
            if not keeps or "dispose" not in disposing.objectives:
                continue
            for one in clashes({**keeps, "dispose": disposing.objectives["dispose"]}, zone):
                # The smallest pair of kinds says it; there may be many.
                values = {"kept": kept[0], "term": str(one.term), "disposed": disposed[0], "after": str(one.after)}
                values |= {"keeping": keeping.demanded_by, "disposing": disposing.demanded_by}
                if one.late or tuple(values.values()) in told:
                    continue
                told.add(tuple(values.values()))
                says = (
                    f"it is for {kept[0]}, to be kept for {one.term} (demanded by {keeping.demanded_by}), and for {disposed[0]}, to be disposed of after"
                    f" {one.after} (demanded by {disposing.demanded_by}): one version cannot keep both"
                )
                yield Objection("classes-clash", values, grave=True, says=says)


def _kinds(demand: Demand, mine: pl.DataFrame) -> list[str]:
    """Return the kinds of assets (`tier/class of data`) of a version of which something is demanded, in order."""
    return sorted({f"{row['tier']}/{row['data_class']}" for row in mine.iter_rows(named=True) if _asks(demand, row)})


def _asks(demand: Demand, row: Mapping[str, Any]) -> bool:
    return (demand.tiers is None or row["tier"] in demand.tiers) and (
        demand.data_classes is None or row["data_class"] in demand.data_classes
    )


def _of_baseline(estate: Estate, place: int, demands: list[Demand], mine: pl.DataFrame, at: datetime) -> Iterator[Objection]:
    policy = estate.policies[place]
    covered = _waived(estate, mine, at)
    of_kinds = [
        (demand, kinds, waived)
        for demand in demands
        for waived, assets in ((False, mine.filter(~covered)), (True, mine.filter(covered)))
        if (kinds := _kinds(demand, assets))
    ]
    for demand, kinds, waived in of_kinds:
        for one in shortfalls(policy.objectives, demand.objectives, policy.timezone):
            values = {
                "what": one.what,
                "stated": one.stated or "",
                "least": one.least,
                "kinds": ", ".join(kinds),
                "by": demand.demanded_by,
            }
            key = "below-baseline" if one.surely else "perhaps-below-baseline"
            stated = f"states {one.stated}" if one.stated is not None else "states nothing"
            less = "below" if one.surely else "perhaps below, depending on the date,"
            says = f"`{one.what}`: it {stated}, {less} the baseline of {one.least} for {values['kinds']} (demanded by {demand.demanded_by})"
            key = key if one.stated is not None else f"{key}-absent"
            yield Objection(key, values, grave=one.surely and not waived, says=says, waived=waived)


def _waived(estate: Estate, mine: pl.DataFrame, at: datetime) -> pl.Series:
    """Say of each asset whether an approved waiver of the baseline covers it at an instant. The control has the name of what it judges by."""
    waivers = estate.records.get("waiver")
    covered = [False] * mine.height
    if waivers is not None:
        standing = waivers.filter(
            pl.col("control") == Baseline.NOUN, pl.col("leg").is_null(), pl.col("begin") <= at, pl.col("end") > at
        )
        for number, asset in enumerate(mine.iter_rows(named=True)):
            covered[number] = any(
                all(not waiver[key] or asset[column] in waiver[key] for key, column in SCOPE.items())
                for waiver in standing.iter_rows(named=True)
            )
    return pl.Series(covered, dtype=pl.Boolean)
