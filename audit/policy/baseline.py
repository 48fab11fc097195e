"""The baseline of a history: what was demanded when; and whether the policies of a programme promise as much. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import polars as pl

from audit.controls._weaker import shortfalls
from audit.errors import Fault
from audit.model.estate import Demand
from audit.model.terms import instant
from audit.policy.kinds.baseline import Baseline, Required
from audit.policy.kinds.policy import Policy
from audit.policy.objectives import GENERAL, judged
from audit.policy.place import Place
from audit.policy.programme import Programme
from audit.policy.promises import Version
from audit.policy.suggest import unknown
from audit.policy.validate import validate


class Applied(NamedTuple):
    """A programme as it was applied, at an instant (microseconds), with the zone of its bare dates."""

    programme: Programme
    at: int
    zone: str


def demands_in(programme: Programme, zone: str) -> tuple[list[Demand], list[Fault]]:
    """Return what a programme's baseline demands, and what is wrong with it."""
    found: list[Demand] = []
    faults: list[Fault] = []
    for declared in programme.of(Baseline):
        written, here = declared.item.baseline, declared.place.at(Baseline.NOUN)
        if written is not None and not isinstance(written, list):
            faults.append(here.fault("`baseline` is not a list of demands", "start each with `- `, see docs/programme.md"))
            continue
        for index, one in enumerate(written or ()):
            item, wrong = validate(Required, one, here.at(index))
            faults += wrong
            if item is not None:
                objectives, strange = _objectives(item, here.at(index, "objectives"))
                faults += strange
                since = None if item.effective is None else item.effective.at(zone)
                tiers, classes = (None if words is None else frozenset(words) for words in (item.tier, item.data_class))
                if objectives:
                    found.append(Demand(objectives, tiers, classes, item.by, dict(item.reference or {}), since))
    return found, faults


def _objectives(item: Required, here: Place) -> tuple[dict[str, Any], list[Fault]]:
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, written in item.objectives.items():
        if key in judged():
            value, wrong = validate(judged()[key], written, here.at(key))
            faults += wrong
            found |= {} if wrong else {key: value}
        elif key in GENERAL:
            faults.append(here.at(key).fault("written down, but no policy is compared with it by this version", level="warning"))
        else:
            known = judged()
            faults.append(here.at(key).fault(unknown("key", key, known), f"write one of: {', '.join(sorted(known))}; or remove it"))
    return found, faults


def demands_of(history: Sequence[Applied]) -> tuple[Demand, ...]:
    """Return what a history of programmes demanded, and when: from when it was applied to when it was changed; that of the first programme from the beginning."""
    found: list[Demand] = []
    for number, (programme, at, zone) in enumerate(history):
        begin = instant(at) if number else None
        end = instant(history[number + 1].at) if number + 1 < len(history) else None
        for demand in demands_in(programme, zone)[0]:
            since = max((one for one in (begin, demand.since) if one is not None), default=None)
            if since is not None and end is not None and since >= end:
                continue
            before = next((place for place, one in enumerate(found) if one.until == since is not None and _same(one, demand)), None)
            if before is None:
                found.append(replace(demand, since=since, until=end))
            else:
                found[before] = replace(found[before], until=end)
    return tuple(found)


def _same(one: Demand, other: Demand) -> bool:
    return replace(one, since=None, until=None) == replace(other, since=None, until=None)


def below(
    last: Programme, versions: Sequence[Version], demands: Sequence[Demand], segments: pl.DataFrame, at: int
) -> Iterator[Fault]:
    """Warn of the policy versions of the last programme that promise less than is demanded of the assets they are for, from an instant (microseconds) on."""
    now = instant(at)
    places = {one.item.label: one.place for one in last.of(Policy)}
    rows = segments.filter(
        (pl.col("to").is_null() | (pl.col("to") > now)) & (pl.col("retired").is_null() | (pl.col("retired") > now))
    )
    for index, version in enumerate(versions):
        policy = version.policy
        place = places.get(f"{policy.name} version {policy.version}")
        if place is None:
            continue
        kinds = rows.filter(pl.col("policy") == index).select("tier", "data_class").unique().sort("tier", "data_class").rows()
        for demand in demands:
            asked_of = [kind for kind in kinds if _matches(demand, *kind)]
            if not asked_of or (demand.until is not None and demand.until <= now):
                continue
            for one in shortfalls(policy.objectives, demand.objectives, policy.timezone):
                key = one.what.split(".")[0]
                states = f"states {one.stated}" if one.stated is not None else "states nothing"
                less = "below" if one.surely else "perhaps below, depending on the date,"
                whose = " and ".join(f"tier `{tier}`, class `{kind}`" for tier, kind in asked_of[:2])
                what = f"`{one.what}`: the policy {states}, {less} the baseline of {one.least} for {whose} (demanded by {demand.demanded_by})"
                yield place.at("objectives", *([key] if one.stated is not None else [])).fault(what, level="warning")


def _matches(demand: Demand, tier: str, data_class: str) -> bool:
    return (demand.tiers is None or tier in demand.tiers) and (demand.data_classes is None or data_class in demand.data_classes)
