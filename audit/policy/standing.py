"""Whom a policy version is for, and which versions stood for some assets at an instant. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime

import polars as pl

from audit.model.estate import Estate, serving
from audit.model.terms import Term

PARTY: dict[str, pl.DataType] = {"asset": pl.String(), "unit": pl.String(), "data_class": pl.String(), "tier": pl.String()}
"""An asset that a version is for, as it is or was when the version last stood for it."""


def place_of(estate: Estate, name: str, version: int) -> int | None:
    """Return the place of a policy version in `Estate.policies`; null when it is none of them."""
    return next((place for place, one in enumerate(estate.policies) if (one.name, one.version) == (name, version)), None)


def parties(estate: Estate, place: int) -> pl.DataFrame:
    """Return the assets in service that a policy version is, was or will be in force for, or that are in its scope while it waits for signatures, with their owners
    (PARTY), by asset."""
    served = (pl.col("to").is_null() | (pl.col("to") > pl.col("in_service"))) & (
        pl.col("retired").is_null() | pl.col("from").is_null() | (pl.col("retired") > pl.col("from"))
    )
    mine = estate.segments.filter((pl.col("policy") == place) & served)
    rows = mine.group_by("asset", maintain_order=True).agg(pl.col("unit", "data_class", "tier").last())
    if rows.is_empty():
        rows = estate.awaiting.filter(pl.col("policy") == place)
    return rows.select(pl.col(name).cast(kind) for name, kind in PARTY.items()).sort("asset")


def stood(estate: Estate, assets: Collection[str], at: datetime) -> Counter[int | None]:
    """Return for how many of some assets, of those in service at an instant, each policy version (its place) stood then; null: no version."""
    rows = estate.segments.filter(pl.col("asset").is_in(list(assets)), serving(at))
    return Counter(rows["policy"].to_list())


def a_year_before(at: datetime, zone: str) -> datetime:
    """Return the instant a calendar year before another, on the clock of a zone."""
    return Term(months=12).before(at, zone)
