"""What the oracle reads: payloads of evidence as told, and the estate as lists of plain records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.model.estate import Estate
from audit.model.terms import Term, micros
from tests.oracle.instants import BEGIN, FOR_EVER

Row = Mapping[str, Any]
"""One row of facts: the columns of audit/model/facts.py, times as integer microseconds; what is missing is unknown."""


@dataclass(frozen=True)
class Payload:
    """One payload of evidence. `number`: its place in the order of arrival; `observed_at`: of its envelope."""

    number: int
    sha256: str
    observed_at: int | None
    points: Sequence[Row] = ()
    runs: Sequence[Row] = ()
    listings: Sequence[Row] = ()
    source: str | None = None
    """Of its envelope."""
    received_at: int = 0
    unread: int = 0
    """How many of its rows could not be read."""


@dataclass(frozen=True)
class Version:
    """One version of a policy; objectives as written in YAML."""

    name: str
    version: int
    zone: str
    objectives: Mapping[str, Any]
    accept_partial: bool
    grace: Term | None


@dataclass(frozen=True)
class Segment:
    """A stretch [start, end) in which nothing declared of an asset changes. `policy`: index of the version in force, or None."""

    start: int
    end: int
    city: str | None
    medium: str | None
    failure_domain: str | None
    in_service: int
    retired: int
    policy: int | None
    asset: str = ""
    unit: str | None = None
    tier: str | None = None
    data_class: str | None = None


@dataclass(frozen=True)
class Required:
    """A demand of the baseline during [start, end), on assets of some tiers and classes of data (None: of all); objectives as written in YAML."""

    start: int
    end: int
    tiers: frozenset[str] | None
    data_classes: frozenset[str] | None
    objectives: Mapping[str, Any]


@dataclass(frozen=True)
class Alias:
    """Points of (source, subject) captured in [start, end) belong to the asset's part."""

    asset: str
    part: str | None
    source: str
    subject: str
    start: int
    end: int


@dataclass(frozen=True)
class Place:
    """A repository as declared during [start, end)."""

    repository: str
    start: int
    end: int
    medium: str | None
    city: str | None
    failure_domain: str | None
    offline: bool
    mirror: bool
    country: str | None
    provider: str | None


@dataclass(frozen=True)
class Origin:
    """A source: how long its jobs are trusted, how long its runs last, and the stretch [start, end) of its use."""

    name: str
    trust_jobs_for: Term | None
    runs_up_to: Term | None
    zone: str
    start: int
    end: int
    expected_every: Term | None = None


@dataclass(frozen=True)
class Declared:
    """The estate in lists."""

    segments: Mapping[str, list[Segment]]
    aliases: list[Alias]
    places: list[Place]
    repositories_of: Mapping[str, list[str]]
    origins: Mapping[str, Origin]
    versions: list[Version]
    keeps_at_least: Mapping[str, Term] = field(default_factory=dict)
    zone: str = "UTC"
    demands: list[Required] = field(default_factory=list)


def declared(estate: Estate) -> Declared:
    """Convert an estate's frames to lists. This is the only place of the oracle that knows Polars."""
    segments: dict[str, list[Segment]] = {}
    for row in estate.segments.iter_rows(named=True):
        segments.setdefault(row["asset"], []).append(
            Segment(
                _start(row["from"]),
                _end(row["to"]),
                row["city"],
                row["medium"],
                row["failure_domain"],
                _start(row["in_service"]),
                _end(row["retired"]),
                row["policy"],
                row["asset"],
                row["unit"],
                row["tier"],
                row["data_class"],
            )
        )
    for many in segments.values():
        many.sort(key=lambda segment: segment.start)
    repositories_of: dict[str, list[str]] = {}
    for row in estate.asset_repositories.iter_rows(named=True):
        repositories_of.setdefault(row["asset"], []).append(row["repository"])
    return Declared(
        segments,
        [
            Alias(row["asset"], row["part"], row["source"], row["subject"], _start(row["from"]), _end(row["to"]))
            for row in estate.aliases.iter_rows(named=True)
        ],
        [
            Place(
                row["repository"],
                _start(row["from"]),
                _end(row["to"]),
                row["medium"],
                row["city"],
                row["failure_domain"],
                bool(row["offline"]),
                row["mirror_of"] is not None,
                row["country"],
                row["provider"],
            )
            for row in estate.repositories.iter_rows(named=True)
        ],
        repositories_of,
        {
            name: Origin(
                name,
                source.trust_jobs_for,
                source.runs_up_to,
                source.timezone or estate.timezone,
                _start(source.since),
                _end(source.until),
                source.expected_every,
            )
            for name, source in estate.sources.items()
        },
        [
            Version(one.name, one.version, one.timezone, one.objectives, one.accept_partial, one.new_asset_grace)
            for one in estate.policies
        ],
        dict(estate.keeps_at_least),
        estate.timezone,
        [Required(_start(one.since), _end(one.until), one.tiers, one.data_classes, one.objectives) for one in estate.demands],
    )


def _start(value: datetime | None) -> int:
    return BEGIN if value is None else micros(value)


def _end(value: datetime | None) -> int:
    return FOR_EVER if value is None else micros(value)
