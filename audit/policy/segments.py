"""Segments: the stretches of an asset's life in which nothing declared changes and one policy version, or none, is in force. Pure.

Plain Python per asset: an estate has thousands of assets, each with a handful of changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from audit.policy.promises import Assignment, Described
from audit.policy.timeline import BEGINNING, END, Timeline, held, joined, overlaid, stretches


class AssetFacts(NamedTuple):
    """What is declared of an asset at an instant; `in_service` in microseconds."""

    unit: str
    data_class: str
    tier: str
    site: str | None
    medium: str | None
    failure_domain: str | None
    in_service: int
    repositories: tuple[str, ...]


class Placed(NamedTuple):
    """What is declared of a repository at an instant."""

    medium: str | None
    site: str | None
    failure_domain: str
    offline: bool
    mirror_of: str | None
    provider: str | None


class Row(NamedTuple):
    """One segment; the columns of `audit.model.estate.SEGMENT`. Instants in microseconds, None where the column is null."""

    asset: str
    begin: int | None
    end: int | None
    unit: str
    data_class: str
    tier: str
    site: str | None
    city: str | None
    country: str | None
    medium: str | None
    failure_domain: str | None
    in_service: int
    retired: int | None
    policy: int | None


class Conflict(NamedTuple):
    """Policy versions (indices) that are in force for one asset at one time, from `since` on."""

    asset: str
    policies: tuple[int, ...]
    since: int


Where = tuple[str | None, str | None]
"""City and country."""
NOWHERE: Where = (None, None)


def segments(
    facts: Mapping[str, Timeline[AssetFacts]],
    retirements: Mapping[str, Timeline[int | None]],
    sites: Mapping[str, Timeline[Where]],
    assignment: Assignment,
) -> tuple[list[Row], tuple[Conflict, ...], frozenset[Described]]:
    """Return the segments of all assets by name and time, the conflicts of policies, and all that assets ever were, as scopes see
    them.
    """
    rows: list[Row] = []
    conflicts: dict[tuple[str, tuple[int, ...]], Conflict] = {}
    described: set[Described] = set()
    for asset in sorted(facts):
        mine: list[Row] = []
        for row, standing, since in _stretches(asset, facts[asset], retirements[asset], sites, assignment, described):
            if len(standing) > 1 and (row.end is None or row.end > row.in_service):
                conflicts.setdefault((asset, standing), Conflict(asset, standing, max(since, row.in_service)))
            mine.append(row)
        rows += _merged(_told_ahead(mine))
    return rows, tuple(conflicts.values()), frozenset(described)


def _stretches(
    asset: str,
    facts: Timeline[AssetFacts],
    retirement: Timeline[int | None],
    sites: Mapping[str, Timeline[Where]],
    assignment: Assignment,
    described: set[Described],
) -> list[tuple[Row, tuple[int, ...], int]]:
    made: list[tuple[Row, tuple[int, ...], int]] = []
    policy: int | None = None
    for begin, end, (fact, retired) in stretches(overlaid(facts, retirement)):
        seen: Described = (fact.unit, fact.data_class, fact.tier, fact.site, asset)
        described.add(seen)
        where = sites.get(fact.site or "", [(BEGINNING, NOWHERE)])
        for start, stop, ((city, country), standing) in _within(overlaid(where, assignment.of(seen)), begin, end):
            if retired is None:
                policy = _chosen(standing, policy, assignment)
            else:
                standing = ()  # after retirement the last version stands, whatever comes
            made.append((_row(asset, start, stop, fact, (city, country), retired, policy), standing, start))
    return made


def _chosen(standing: tuple[int, ...], before: int | None, assignment: Assignment) -> int | None:
    """Return the version that stands, of one policy or none. `apply` refuses that several do; they may while policies that hand assets over to one another are not all
    signed: then that of the policy which the asset was under, else the first by name.
    """
    names = [assignment.versions[index].policy.name for index in standing]
    if before is not None and (name := assignment.versions[before].policy.name) in names:
        return standing[names.index(name)]
    return standing[0] if standing else None


def _row(asset: str, start: int, stop: int, fact: AssetFacts, where: Where, retired: int | None, policy: int | None) -> Row:
    return Row(
        asset=asset,
        begin=None if start == BEGINNING else start,
        end=None if stop == END else stop,
        unit=fact.unit,
        data_class=fact.data_class,
        tier=fact.tier,
        site=fact.site,
        city=where[0],
        country=where[1],
        medium=fact.medium,
        failure_domain=fact.failure_domain,
        in_service=fact.in_service,
        retired=retired,
        policy=policy,
    )


def _within(timeline: Timeline[Any], begin: int, end: int) -> list[tuple[int, int, Any]]:
    """Return the stretches of a timeline inside [begin, end)."""
    inside = [(begin, held(timeline, begin)), *((start, value) for start, value in timeline if begin < start < end)]
    return [(start, min(stop, end), value) for start, stop, value in stretches(joined(inside))]


def _told_ahead(rows: list[Row]) -> list[Row]:
    """Say the date of a retirement also in the segments that lead to it: every segment of a time of service tells its end."""
    told: list[Row] = []
    ahead: int | None = None
    for row in reversed(rows):
        # Out of service and back again: what follows the return knows nothing of the earlier retirement.
        if row.retired is None and ahead is not None and row.end is not None and row.end <= ahead:
            row = row._replace(retired=ahead)
        told.append(row)
        ahead = row.retired
    return told[::-1]


def _merged(rows: list[Row]) -> list[Row]:
    """Join neighbours that say the same."""
    merged: list[Row] = []
    for row in rows:
        if merged and merged[-1][3:] == row[3:]:
            merged[-1] = merged[-1]._replace(end=row.end)
        else:
            merged.append(row)
    return merged
