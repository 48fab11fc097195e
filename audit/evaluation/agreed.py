"""What was agreed of each asset in a period, against what a clause itself states. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import polars as pl

from audit.controls._weaker import Shortfall, shortfalls
from audit.model.assessment import Assessment
from audit.model.estate import Estate
from audit.model.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Less:
    """One thing in which what was agreed of an asset is less than a clause states. policy, version: by which (null: while no policy was in force)."""

    asset: str
    policy: str | None
    version: int | None
    shortfall: Shortfall

    @property
    def nothing(self) -> bool:
        """Whether nothing at all was agreed of the objective."""
        return self.shortfall.stated is None and "." not in self.shortfall.what

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        less = self.shortfall
        about = {"asset": self.asset, "policy": self.policy, "version": self.version}
        return {**about, "objective": less.what, "stated": less.stated, "least": less.least, "surely": less.surely}


class Agreed:
    """The policy versions under which each asset stood in the period of an assessment. unit: only while it was of this unit; null: always."""

    def __init__(self, assessment: Assessment, estate: Estate, unit: str | None = None) -> None:
        self._policies = estate.policies
        self._in_force: dict[str, set[int | None]] = {}
        begin, end = (pl.lit(at.astimezone(UTC), pl.Datetime("us", "UTC")) for at in (assessment.since, assessment.until))
        rows = estate.segments.with_columns(
            begin=pl.max_horizontal("from", "in_service", begin), end=pl.min_horizontal("to", "retired", end)
        )
        rows = rows.filter(pl.col("begin") < pl.col("end"))
        if unit is not None:
            rows = rows.filter(pl.col("unit") == unit)
        for asset, policy in rows.select("asset", "policy").unique().iter_rows():
            self._in_force.setdefault(asset, set()).add(policy)
        # What has to be kept is judged after an asset was retired, too, when no policy is in force for it any more: under the last one.
        self._judged_under: dict[tuple[str, str], set[int | None]] = {}
        places: dict[tuple[str, int], set[int]] = {}
        for place, version in enumerate(estate.policies):
            places.setdefault((version.name, version.version), set()).add(place)
        for result in assessment.results:
            if result.verdict is not Verdict.NOT_APPLICABLE and result.policy is not None and result.version is not None:
                found = self._judged_under.setdefault((result.asset, result.control), set())
                found |= places.get((result.policy, result.version), set()) - self._in_force.get(result.asset, set())
        self._lacking: dict[tuple[int | None, str, str], tuple[Shortfall, ...]] = {}

    def less(self, asset: str, control: str, least: Mapping[str, Any]) -> tuple[Less, ...]:
        """Return in what the least that was agreed of an asset in the period is less than objectives of a control, surely or perhaps.

        Of an objective that no policy promised it at any time, nothing is returned: that was not judged. Where one promised it, and another one in the period did not
        (or none was in force), the least is nothing.
        """
        versions = self._in_force.get(asset, set()) | self._judged_under.get((asset, control), set())
        found = []
        for key, asked in least.items():
            if not any(place is not None and key in self._policies[place].objectives for place in versions):
                continue
            for place in sorted(versions, key=lambda place: -1 if place is None else place):
                version = None if place is None else self._policies[place]
                name, number = (None, None) if version is None else (version.name, version.version)
                found += [Less(asset, name, number, one) for one in self._shortfalls(place, key, asked)]
        return tuple(found)

    def _shortfalls(self, place: int | None, key: str, asked: Any) -> tuple[Shortfall, ...]:
        known = (place, key, repr(asked))
        if known not in self._lacking:
            stated, zone = ({}, "UTC") if place is None else (self._policies[place].objectives, self._policies[place].timezone)
            self._lacking[known] = tuple(shortfalls(stated, {key: asked}, zone))
        return self._lacking[known]
