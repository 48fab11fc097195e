"""Section 13 of docs/definitions.md: whether drills prove that keys are usable without production, at one instant, in one world."""

from __future__ import annotations

from collections.abc import Mapping

from audit.model.terms import Term
from tests.oracle.drilled import Drills, Result
from tests.oracle.instants import FOR_EVER, after
from tests.oracle.lives import SURE
from tests.oracle.records import Version


class Keys:
    """What drills say of the keys of one part of an asset."""

    def __init__(self, drills: Drills) -> None:
        self.drills = drills

    def holds(self, t: int, world: str, version: Version) -> bool:
        """Whether keys are proven usable at t, or in the possible world: not shown to be unusable."""
        term = term_of(version)
        if term is None or not self.drills.own.is_in_service(t):
            return True
        told = [one for one in self.drills.results if one.outcome is not None and one.ended <= t]
        bad = [one for one in told if one.keys == "unusable" and _inside(one, version, unknown=True)]
        good = [
            one
            for one in told
            if one.keys == "usable" and one.outcome == "passed" and not one.given_up and one.depth >= 1
            and _inside(one, version, unknown=world != SURE)
        ]  # fmt: skip
        if world != SURE:
            return all(any(each.ended > one.ended for each in good) for one in bad)
        return any(
            self.drills.is_proven(one)
            and t < after(one.ended, term, version.zone)
            and not self.drills.changed(one.ended, t)
            and not any(each.ended >= one.ended for each in bad)
            for one in good
        )

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        terms = [(term, one.zone) for one in self.drills.own.estate.versions if (term := term_of(one)) is not None]
        ends = [one.ended for one in self.drills.results if one.ended < FOR_EVER]
        return {*ends, *(after(x, term, zone) for x in ends for term, zone in terms)}


def _inside(one: Result, version: Version, *, unknown: bool) -> bool:
    names = version.objectives["encrypted"].get("repositories")
    if names is None:
        return True
    return unknown if one.point is None else one.point[0] in names


def term_of(version: Version) -> Term | None:
    """Return the term of `keys_proven`; None: it is not asked for."""
    written = version.objectives.get("encrypted")
    told = written.get("keys_proven") if isinstance(written, Mapping) else None
    return None if told is None else Term.parse(told)
