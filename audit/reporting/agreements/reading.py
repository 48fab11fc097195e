"""What there is to read of an agreement, before any words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from audit.evaluation.costs import Costs
from audit.model.estate import Estate, PolicyVersion
from audit.policy.lint import Objection


@dataclass(frozen=True, slots=True)
class Said:
    """One act on the agreement: when (UTC), by whom, which, and what was told with it; `entry`: of the journal."""

    at: datetime
    by: str
    act: str
    entry: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """What would have become of one promise over the period: of how many assets it was broken, and for how many seconds in all, with what was agreed and with these values."""

    control: str
    leg: str | None
    assets: tuple[int, int]
    seconds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """Values that were asked about: those of a unit's counter-proposal, or (unit null) those of the version itself. effects: what they would have made of the period, the promises
    that differ only; null: it was not worked out. command: works it out. wrong: why it cannot be worked out (empty: it can)."""

    unit: str | None
    values: tuple[str, ...]
    command: str
    effects: tuple[Effect, ...] | None = None
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """An agreement and all that is read with it, as known at an entry of the journal.

    place: of its version in `Estate.policies`. parties: the assets it is for (`audit.policy.standing.PARTY`). begin: from when it is meant to stand: when it took or takes
    force, or could, had everybody signed. before, last_year: for how many of the assets each other version (its place; null: none) stood before it, and a year earlier.
    period: the year over which costs and effects are told. costs: null where nobody asked.
    """

    id: str
    state: str
    known_at: int
    head: str
    said: tuple[Said, ...]
    estate: Estate
    place: int
    parties: pl.DataFrame
    begin: datetime
    before: Counter[int | None]
    last_year_at: datetime
    last_year: Counter[int | None]
    objections: tuple[Objection, ...]
    period: tuple[datetime, datetime]
    costs: Costs | None = None
    countered: tuple[Asked, ...] = field(default=())

    @property
    def kind(self) -> str:
        """The kind of record that it is, which its command is called by."""
        return self.id.rpartition("-")[0]

    @property
    def policy(self) -> PolicyVersion:
        """The version that was put to the units."""
        return self.estate.policies[self.place]

    @property
    def proposal(self) -> Said:
        """The act that made the agreement."""
        return self.said[0]

    @property
    def units(self) -> list[str]:
        """The units whose assets it is for."""
        return sorted(set(self.parties["unit"]))
