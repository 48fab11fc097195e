"""Section 27 of docs/definitions.md: which exercises were held, at one instant. It reads drills as they are told (tests/oracle/drilling.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.model.terms import Term
from tests.oracle.instants import after
from tests.oracle.lives import POSSIBLE, SURE
from tests.oracle.ownership import Ownership
from tests.oracle.records import Version

KINDS = ("table-top", "file", "database", "full", "failover")


def is_of(kind: str, leg: str) -> bool:
    """Whether a drill of a kind is an exercise of a leg."""
    if leg in ("full", "failover"):
        return kind == leg
    return kind in (leg, "full") or (leg, kind) == ("table-top", "failover")


def term_of(version: Version, leg: str) -> Term | None:
    """Return how long after an exercise the next one is to be held; None where none is asked for."""
    written = (version.objectives.get("exercise") or {}).get(leg)
    return None if written is None else Term.parse(written)


class Exercises:
    """The exercises that name one asset."""

    def __init__(self, own: Ownership, drilled: Sequence[Mapping[str, Any]], known: int) -> None:
        self.own, self.known = own, known
        self.drilled = [one for one in drilled if own.asset in one["assets"] and one["cancelled"] is None]

    def holds(self, leg: str, t: int, world: str, version: Version) -> bool:
        """Whether it is met (surely), or is not breached (possibly)."""
        if t >= self.known:
            return world == POSSIBLE
        term = term_of(version, leg)
        mine = [one for one in self.drilled if is_of(one["kind"], leg)]
        recent = [one for one in mine if one["signed"] and held(one) <= t < after(held(one), term, version.zone)]
        if world == SURE:
            return any(one.get("scenario", "fire") and one.get("lessons", "many") and self._tried(one) for one in recent)
        is_open = any(not one["signed"] and one["declared"] <= t for one in mine)
        lapsed = any(one["signed"] and after(held(one), term, version.zone) <= t for one in mine)
        return bool(recent) or is_open or not lapsed

    def _tried(self, one: Mapping[str, Any]) -> bool:
        return one["kind"] == "table-top" or any(
            told["asset"] == self.own.asset and told["outcome"] is not None for told in one["results"]
        )

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        found = {self.known} | {x for one in self.drilled for x in (one["declared"], held(one))}
        terms = [(term_of(version, leg), version.zone) for version in self.own.estate.versions for leg in KINDS]
        return found | {after(held(one), term, zone) for one in self.drilled for term, zone in terms if term is not None}


def held(one: Mapping[str, Any]) -> int:
    """Return when an exercise that is signed off was held: when the last recovery in it ended, else when it was declared."""
    return max([one["declared"], *(told["ended"] for told in one["results"] if told["outcome"] is not None)])
