"""Resolved timelines as the frames of `audit.model.estate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from audit.model.estate import ALIAS, ASSET_REPOSITORY, AWAITING, PRICE, REPOSITORY, SEGMENT
from audit.policy.aliases import Key, Owner
from audit.policy.force import Owned
from audit.policy.price import Price
from audit.policy.segments import NOWHERE, AssetFacts, Placed, Row, Where
from audit.policy.timeline import BEGINNING, END, Timeline, stretches


def segment_frame(rows: Sequence[Row]) -> pl.DataFrame:
    """Return the segments of assets."""
    return _frame(rows, SEGMENT)


def awaiting_frame(owned: Mapping[int, Sequence[Owned]]) -> pl.DataFrame:
    """Return whom policy versions (their places) are for that wait for signatures."""
    return _frame([(place, *one) for place, assets in owned.items() for one in assets], AWAITING)


def alias_frame(owners: Mapping[Key, Timeline[Owner | None]]) -> pl.DataFrame:
    """Return who owns each subject, by asset, part, source and subject."""
    rows = [
        (*owner, *key, _open(begin), _open(end))
        for key, timeline in owners.items()
        for begin, end, owner in stretches(timeline)
        if owner is not None
    ]
    return _frame(sorted(rows, key=lambda row: (row[0], row[1] or "", *row[2:4], row[4] or BEGINNING)), ALIAS)


def repository_frame(repositories: Mapping[str, Timeline[Placed]], sites: Mapping[str, Timeline[Where]]) -> pl.DataFrame:
    """Return the repositories by name and time, split where their sites change as well."""
    rows = []
    for name in sorted(repositories):
        for begin, end, placed in stretches(repositories[name]):
            for start, stop, (city, country) in stretches(sites.get(placed.site or "", [(BEGINNING, NOWHERE)])):
                since, until = max(begin, start), min(end, stop)
                if since < until:
                    place = (placed.medium, placed.site, city, country)
                    rows.append(
                        (
                            name,
                            _open(since),
                            _open(until),
                            *place,
                            placed.failure_domain,
                            placed.offline,
                            placed.mirror_of,
                            placed.provider,
                        )
                    )
    return _frame(rows, REPOSITORY)


def price_frame(prices: Mapping[str, Timeline[Price | None]]) -> pl.DataFrame:
    """Return the prices of the repositories by name and time, where they declare one."""
    rows = [
        (name, _open(begin), _open(end), format(price.amount, "f"), price.currency, price.per)
        for name in sorted(prices)
        for begin, end, price in stretches(prices[name])
        if price is not None
    ]
    return _frame(rows, PRICE)


def asset_repository_frame(facts: Mapping[str, Timeline[AssetFacts]]) -> pl.DataFrame:
    """Return the repositories that each asset declares, or declared at some time."""
    rows = {(asset, repository) for asset, timeline in facts.items() for _, fact in timeline for repository in fact.repositories}
    return _frame(sorted(rows), ASSET_REPOSITORY)


def _open(at: int) -> int | None:
    return None if at in (BEGINNING, END) else at


def _frame(rows: Sequence[Sequence[Any]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    # Instants come as integers: cast, do not parse.
    plain = {name: pl.Int64() if kind.is_temporal() else kind for name, kind in schema.items()}
    return pl.DataFrame(rows, schema=plain, orient="row").cast(dict(schema))  # type: ignore[arg-type]  # a dict of data types is one of the many types it takes
