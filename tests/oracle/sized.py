"""Section 17 of docs/definitions.md: what cures a point that is too small, at one instant, in one world. It reads what people did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.oracle.drilled import Drills, Result
from tests.oracle.governed import Kept
from tests.oracle.lives import SURE
from tests.oracle.points import Point
from tests.oracle.records import Version


class Cures:
    """What drills and confirmations say of the points of one part of an asset."""

    def __init__(self, drills: Drills, acted: Sequence[Kept]) -> None:
        self.drills = drills
        asset = drills.own.asset
        mine = [one for one in acted if one.kind == "confirmation" and one.acts[0].told["asset"] == asset]
        self.confirmed = [one for one in mine if one.all("confirm") and not one.all("withdraw")]

    def cures(self, point: Point, t: int, world: str, version: Version) -> bool:
        """Whether something cures the point at t."""
        namesakes = [one for one in self.drills.own.points if (one.repository, one.id) == (point.repository, point.id)]
        if world == SURE and len(namesakes) > 1:
            return False
        return any(self._is_of(one, point, t) for one in self.confirmed) or any(
            self._tested(one, point, t, world, version) for one in self.drills.results
        )

    def _is_of(self, one: Kept, point: Point, t: int) -> bool:
        told = one.acts[0].told
        (confirmed,) = one.all("confirm")
        named = (told["repository"], told["point"]) == (point.repository, point.id)
        return named and point.latest is not None and point.latest <= one.acts[0].at and confirmed.at <= t

    def _tested(self, one: Result, point: Point, t: int, world: str, version: Version) -> bool:
        if one.outcome != "passed" or one.given_up or not one.whole or one.point != (point.repository, point.id):
            return False
        if one.depth < _depth(version) or point.latest is None or point.latest > one.started or t < one.ended:
            return False
        failures = [each.ended for each in self.drills.results if each.outcome == "failed" and each.point == one.point]
        if any(one.ended <= x <= t for x in failures):
            return False
        return world != SURE or self.drills.is_proven(one)

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        return {x for one in self.confirmed for x in (act.at for act in one.acts)}


def _depth(version: Version) -> int:
    stated = version.objectives.get("restore_test")
    return max(1, stated.get("depth", 1)) if isinstance(stated, Mapping) else 1
