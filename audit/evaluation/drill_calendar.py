"""The calendar of drills: what policies ask to be tried with each asset, when it last was, and by when it is next to be (docs/definitions.md, section 34). Pure.

It tells what people recorded; whether that is proven, the controls tell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

import audit.controls
from audit.controls._buckets import borders
from audit.controls._drills import Asked, changes_of
from audit.discovery import modules
from audit.evaluation.records import placed_records
from audit.evaluation.world import segments_of
from audit.model.drill import CALENDAR_STATES, Due
from audit.model.estate import Estate, PolicyVersion, standing
from audit.model.intervals import INT
from audit.model.terms import FOR_EVER, Term, instant, micros

TWO_YEARS = 2 * 366 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class _Try:
    """Something that was tried with an asset. changed: when it lost its worth by a change; for ever: it did not."""

    at: int
    drill: str
    signed: bool
    changed: int


def calendar(estate: Estate, at: datetime) -> tuple[Due, ...]:
    """Return what is to be tried with each asset that is in service at an instant under a policy that asks for it, the worst first."""
    now = micros(at)
    groups = estate.segments.select("asset").unique().sort("asset").with_row_index("code")
    segments, records = segments_of(estate, groups), placed_records(estate, groups)
    names = groups["asset"].to_list()
    owners = {
        row["asset"]: row for row in estate.segments.filter(standing(at)).select("asset", "unit", "tier").iter_rows(named=True)
    }
    asks = [_asked(policy) for policy in estate.policies]
    tried = _Tried(records.get("drill", pl.DataFrame()), changes_of(segments, records), names, now)
    found = []
    for (code,), rows in segments.group_by("code", maintain_order=True):
        mine = rows.rows(named=True)
        here = next(row for row in mine if row["begin"] <= now < row["end"])
        if here["policy"] is None or here["in_service"] > now or (here["retired"] is not None and here["retired"] <= now):
            continue
        asset, zone = names[code], estate.policies[here["policy"]].timezone
        for (control, leg), asked in asks[here["policy"]].items():
            stating = [row for row in mine if row["policy"] is not None and (control, leg) in asks[row["policy"]]]
            since = _asked_since(estate.policies, stating, now)
            found.append(_due(owners[asset], control, asked, since, tried.of(asset, asked), zone, now))
    order = {state: place for place, state in enumerate(CALENDAR_STATES)}
    return tuple(sorted(found, key=lambda one: (order[one.state], one.due, one.asset, one.control, one.leg or "")))


def _asked(policy: PolicyVersion) -> dict[tuple[str, str | None], Asked]:
    """Return what a policy version asks of drills, by control and leg."""
    asking = {name: module for name, module in modules(audit.controls.__name__).items() if hasattr(module, "asked_of_drills")}
    return {(name, one.leg): one for name, module in asking.items() for one in module.asked_of_drills(policy)}


def _asked_since(policies: Sequence[PolicyVersion], stating: Sequence[Mapping[str, Any]], now: int) -> int:
    """Return since when, without a break, an asset has been in service under versions that ask for something, its grace over. stating: its segments under such versions."""
    since = now
    for row in reversed([row for row in stating if row["begin"] <= now]):
        if row["end"] < since:
            break
        version, begun = policies[row["policy"]], row["started"]
        if version.new_asset_grace and begun > -FOR_EVER:
            begun = micros(version.new_asset_grace.after(instant(begun), version.timezone))
        since = min(since, max(row["begin"], row["in_service"], begun))
    return since


class _Tried:
    """What was tried with each asset up to an instant, by what is asked."""

    def __init__(self, drills: pl.DataFrame, changes: pl.DataFrame, names: list[str], now: int) -> None:
        self._names, self._now = names, now
        self._recoveries: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._exercises: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._named: dict[str, set[str]] = defaultdict(set)
        self._in: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._changes: dict[str, list[int]] = defaultdict(list)
        for code, changed in changes.sort("changed").iter_rows():
            self._changes[names[code]].append(changed)
        if drills.is_empty():
            return
        for row in (
            drills.filter(~pl.col("given_up"))
            .with_columns(pl.col("ended", "held").cast(INT))
            .unique(["code", "entry", "outcome", "held"])
            .iter_rows(named=True)
        ):
            asset = names[row["code"]]
            if row["held"] is not None:
                self._exercises[asset].append(row)
                self._named[asset].add(row["id"])
            elif row["outcome"] == "passed":
                self._recoveries[asset].append(row)
                self._in[row["id"]].append(row)

    def of(self, asset: str, asked: Asked) -> list[_Try]:
        """Return the tries of an asset that count for what is asked, in the order of time."""
        if asked.exercises is not None:
            rows = [row for row in self._exercises[asset] if row["drill"] in asked.exercises and row["tried"]]
            found = [_Try(row["held"], row["id"], row["signed"], FOR_EVER) for row in rows]
        else:
            mine = self._recoveries[asset]
            if asked.shared:
                mine = [row for drill in self._named[asset] for row in self._in[drill]]
            rows = [row for row in mine if row["depth"] >= asked.depth and (not asked.whole or row["coverage"] == "full")]
            rows = [row for row in rows if asked.keys in (None, row["keys"])]
            found = [_Try(row["ended"], row["id"], row["signed"], self._changed(asset, row)) for row in rows]
        return sorted((one for one in found if one.at <= self._now), key=lambda one: (one.at, one.drill))

    def _changed(self, asset: str, row: dict[str, Any]) -> int:
        """Return when the asset, or that which was tried for it, first changed after a try."""
        later = [
            changes[place]
            for name in {asset, self._names[row["code"]]}
            if (place := bisect_right(changes := self._changes[name], row["ended"])) < len(changes)
        ]
        return min(later, default=FOR_EVER)


def _due(
    owner: Mapping[str, Any], control: str, asked: Asked, since: int, tries: Sequence[_Try], zone: str, now: int
) -> Due:  # fmt: skip
    """Return the line of the calendar of one promise. since: from when on it has been asked."""
    last = tries[-1] if tries else None
    changed = last is not None and last.changed <= now
    if isinstance(asked.every, Term):
        due = micros(asked.every.after(instant(max(since, 0) if last is None else last.at), zone))
        state = "overdue" if due <= now else "needs-verification" if changed else "done" if last else "due"
    else:
        edges = borders(asked.every, zone, now - TWO_YEARS, now)
        here = bisect_right(edges, now)
        before, begin, end = edges[here - 2], edges[here - 1], edges[here]
        state, due = "due", end
        if last is not None and last.at >= begin and not changed:
            state, due = "done", edges[here + 1]
        elif last is not None and last.at >= before and changed:
            state = "needs-verification"
        elif since <= before and not any(one.at >= before for one in tries):
            state, due = "overdue", begin
    told: dict[str, Any] = {} if last is None else {"last": instant(last.at), "drill": last.drill, "signed": last.signed}
    return Due(owner["asset"], owner["unit"], owner["tier"], control, asked.leg, asked.every, state, instant(due), **told)
