"""The estate through time: what was declared of assets, repositories, sites and policies, and from when to when it held.

All frames use half-open stretches [from, to) with `Datetime("us", "UTC")`; null `from` is the beginning of time, null `to` its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from audit.model.facts import INSTANT
from audit.model.terms import Term

SEGMENT: dict[str, pl.DataType] = {
    "asset": pl.String(),
    "from": INSTANT,
    "to": INSTANT,
    "unit": pl.String(),
    "data_class": pl.String(),
    "tier": pl.String(),
    "site": pl.String(),
    "city": pl.String(),  # null: not declared
    "country": pl.String(),
    "medium": pl.String(),  # null: not declared
    "failure_domain": pl.String(),  # null: production's own
    "in_service": INSTANT,  # when the asset came into service
    "retired": INSTANT,  # null: in service
    "policy": pl.Int32(),  # index into `Estate.policies`; null: no policy in force
}
"""One row for each stretch in which nothing declared of an asset changes and one policy version (or none) is in force. Segments of an asset
follow one another without gaps from the beginning to the end of time, also before `in_service` and after `retired`; after retirement the last policy stays."""

ALIAS: dict[str, pl.DataType] = {
    "asset": pl.String(),
    "part": pl.String(),  # null: the whole asset
    "source": pl.String(),
    "subject": pl.String(),
    "from": INSTANT,  # points captured in [from, to) belong to the asset
    "to": INSTANT,
}

REPOSITORY: dict[str, pl.DataType] = {
    "repository": pl.String(),
    "from": INSTANT,
    "to": INSTANT,
    "medium": pl.String(),
    "site": pl.String(),
    "city": pl.String(),
    "country": pl.String(),
    "failure_domain": pl.String(),
    "offline": pl.Boolean(),
    "mirror_of": pl.String(),
    "provider": pl.String(),
}

PRICE: dict[str, pl.DataType] = {
    "repository": pl.String(),
    "from": INSTANT,
    "to": INSTANT,
    "amount": pl.String(),  # a decimal number as text: money is never a float
    "currency": pl.String(),
    "per": pl.String(),  # GiB-month, GB-month, TiB-month or TB-month
}
"""What storing costs, for as long as a repository declares it."""


def standing(at: datetime) -> pl.Expr:
    """Return whether a stretch [from, to) holds at an instant (UTC)."""
    return (pl.col("from").is_null() | (pl.col("from") <= at)) & (pl.col("to").is_null() | (pl.col("to") > at))


def serving(at: datetime) -> pl.Expr:
    """Return whether a segment holds at an instant (UTC), and its asset is in service then."""
    begun = pl.col("in_service").is_null() | (pl.col("in_service") <= at)
    return standing(at) & begun & (pl.col("retired").is_null() | (pl.col("retired") > at))


ASSET_REPOSITORY: dict[str, pl.DataType] = {"asset": pl.String(), "repository": pl.String()}
"""Repositories that an asset declares for itself."""


AWAITING: dict[str, pl.DataType] = {
    "policy": pl.Int32(),  # index into `Estate.policies`
    "asset": pl.String(),
    "unit": pl.String(),
    "data_class": pl.String(),
    "tier": pl.String(),
}
"""The assets in the scope of policy versions that wait for signatures, as last declared: whose units have not all signed yet."""


@dataclass(frozen=True, slots=True)
class Source:
    """One configured origin of evidence. `since` and `until` bound its use (null: unbounded). `mapping`: how its tables are read, as JSON, where its
    adapter needs that told. `restores_into`: where its restore runs go, `production` or `elsewhere`
    (null: not told). `fetch`: how it is fetched, as JSON (docs/connectors.md); null: others bring it."""

    name: str
    tool: str
    timezone: str | None = None
    mapping: Mapping[str, Any] | None = None
    fetch: Mapping[str, Any] | None = None
    expected_every: Term | None = None
    trust_jobs_for: Term | None = None
    restores_into: str | None = None
    runs_up_to: Term | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of a policy. `objectives` holds, by key, the validated objects that the controls' modules define.

    `effective` is as written; when it takes force for an asset is in the segments. `reaches_back`: it is a programme's first version and
    takes force before it was applied. `by_signature`: it takes force once the units that own assets in its scope have signed it; until then `in_force` is null.
    """

    name: str
    version: int
    timezone: str
    objectives: Mapping[str, Any]
    effective: datetime | None = None
    applied: datetime | None = None
    in_force: datetime | None = None
    mode: str | None = None
    accept_partial: bool = False
    new_asset_grace: Term | None = None
    reaches_back: bool = False
    by_signature: bool = False
    title: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None
    """Of what it promises, as it was written: what a unit signs (docs/definitions.md, section 31). Null: it was read from no programme."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What policies have to state at the least for assets of some tiers and data classes (null: of all), while it holds: [since, until), null: unbounded.

    `objectives`: by key, the weakest that is allowed. `demanded_by`: `law` or `enterprise`; `reference`: where that is written, by language."""

    objectives: Mapping[str, Any]
    tiers: frozenset[str] | None = None
    data_classes: frozenset[str] | None = None
    demanded_by: str = "enterprise"
    reference: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """How far the journal is known. at: the instant of its newest entry: what was not received by then may still come. intact: whether it is an unbroken chain up
    to there; null: nobody looked."""

    at: datetime
    intact: bool | None = None


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything declared, as known at one entry of the journal (schemas above). `keeps_at_least`: by repository, what its listings show at the least.
    `titles`: of assets and sources, by noun, name and language. `records`: by kind, what people stated and did (`audit.model.records`).
    `demands`: the baseline. `beside`: assets that controls look at while they judge others, and that are not judged themselves. `known`: of the journal that all of
    this was read from; null: of none. `representatives`: by unit, who may sign for it, as last declared. `prices`: of repositories (PRICE).
    `awaiting`: whom policy versions are for that are not in force for want of signatures (AWAITING)."""

    segments: pl.DataFrame
    aliases: pl.DataFrame
    repositories: pl.DataFrame
    asset_repositories: pl.DataFrame
    sources: Mapping[str, Source] = field(default_factory=dict)
    policies: tuple[PolicyVersion, ...] = ()
    keeps_at_least: Mapping[str, Term] = field(default_factory=dict)
    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    timezone: str = "UTC"
    records: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    demands: tuple[Demand, ...] = ()
    beside: frozenset[str] = frozenset()
    known: Known | None = None
    representatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prices: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PRICE))
    awaiting: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=AWAITING))
