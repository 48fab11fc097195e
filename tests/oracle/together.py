"""Consistency, of docs/definitions.md: whether there is a set of states, one of each member, at one instant, in one world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.model.terms import Term
from tests.oracle.each import alive_at
from tests.oracle.instants import BEGIN, FOR_EVER, Stretch, after, borders
from tests.oracle.lives import POSSIBLE, SURE, WORLDS
from tests.oracle.ownership import Ownership
from tests.oracle.points import Point
from tests.oracle.records import Version


class Together:
    """What one part of an asset is to be recovered with."""

    def __init__(self, own: Ownership, owned: Mapping[str, list[Ownership]]) -> None:
        self.own, self.owned = own, owned

    def holds(self, t: int, world: str, version: Version) -> bool:
        """Whether a window as long as the skew meets something of each member: a live point, or an unseen stretch."""
        terms = version.objectives["recover_with"]
        members = [member for member in self._members(terms) if member.is_there(t)]
        if any(member.is_unknown for member in members):
            return world == POSSIBLE
        states = [self._states(member, t, world, version) for member in members]
        skew = Term.parse(terms["skew"]).microseconds
        # Where any window fits, one fits that begins at the end of something, or ends at the beginning of something.
        begins = {end for many in states for _, end in many} | {start - skew for many in states for start, _ in many}
        return any(all(any(start <= x + skew and x <= end for start, end in many) for many in states) for x in begins)

    def _members(self, terms: Mapping[str, Any]) -> list[Ownership]:
        return [member for asset in sorted({self.own.asset, *terms["assets"]}) for member in self.owned[asset]]

    def _states(self, member: Ownership, t: int, world: str, version: Version) -> list[Stretch]:
        """Return the states that a member can be restored to at t, each as first and last instant, that are not too old."""
        found = []
        for point in member.points:
            lives = member.lives.live(point, world, version.accept_partial)
            if any(start <= t < end for start, end in lives):
                found += _of_point(point, world)
        if world == POSSIBLE:
            # `end` itself is no instant of the stretch; those just before it are, as near as one likes.
            found += [(start, end - 1) for pair in member.pairs for start, end in alive_at(pair, t)]
        age = _age(version)
        # One microsecond more for them; of points it decides nothing, as boundary points do not count.
        return [(start, end) for start, end in found if age is None or t < after(end, age, version.zone) + 1]

    def instants(self, until: int) -> set[int]:
        """Return the instants at which an answer may change."""
        found: set[int] = set()
        for version in self.own.estate.versions:
            terms = version.objectives.get("recover_with")
            if terms is None or version not in self._versions():
                continue
            skew, age = Term.parse(terms["skew"]).microseconds, _age(version)
            for member in self._members(terms):
                found |= borders(member.declared)
                edges = {x for pair in member.pairs for x in (*borders(pair.unseen), *pair.listings)}
                for point in member.points:
                    edges |= {x for one in _of_point(point, POSSIBLE) for x in one}
                    for world in WORLDS:
                        found |= borders(member.lives.live(point, world, version.accept_partial))
                edges = {x for x in edges if 0 < x < FOR_EVER}
                found |= edges | {x - skew for x in edges}
                found |= {after(x, age, version.zone) for x in edges if age is not None and x < until}
        return {x for x in found if abs(x) < FOR_EVER}

    def _versions(self) -> list[Version]:
        return [self.own.estate.versions[one.policy] for one in self.own.segments if one.policy is not None]


def _of_point(point: Point, world: str) -> list[Stretch]:
    """A continuous backup surely restores its first and its last instant, and possibly each between."""
    if point.captured_at is None:  # at any instant by then, in the possible world
        assert point.latest is not None
        return [] if world == SURE else [(BEGIN, max(point.latest, point.captured_until or point.latest))]
    last = max(point.captured_at, point.captured_until or point.captured_at)
    return [(point.captured_at, point.captured_at), (last, last)] if world == SURE else [(point.captured_at, last)]


def _age(version: Version) -> Term | None:
    written = version.objectives["recover_with"].get("max_age", "any")
    return None if written == "any" else Term.parse(written)
