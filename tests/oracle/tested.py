"""Section 25 of docs/definitions.md: whether restores were tested, period by period of the calendar."""

from __future__ import annotations

from collections.abc import Iterator

from audit.model.terms import Term
from tests.oracle.calendar_periods import counting
from tests.oracle.drilled import Drills, Result
from tests.oracle.instants import FOR_EVER, Stretch
from tests.oracle.lives import POSSIBLE, SURE
from tests.oracle.records import Version

LEGS = ("partial", "full")
WORDS = {"weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year"}


def word_of(version: Version, leg: str) -> str | None:
    """Return the calendar's period in which a leg asks for a test."""
    said = (version.objectives.get("restore_test") or {}).get(leg)
    return None if said is None else WORDS[said]


class Tested:
    """The restore tests of one part of an asset."""

    def __init__(self, drills: Drills) -> None:
        self.drills, self.own = drills, drills.own

    def periods(self, until: int) -> Iterator[tuple[Version, str, Stretch]]:
        """The periods that count and end up to an instant, as in section 15, each with the version and the leg for which it counts."""
        return counting(self.own, LEGS, word_of, until)

    def verdict(self, t: int, leg: str, version: Version, period: Stretch) -> str:
        """Section 25, at an instant of a period."""
        failures = [one for one in self.drills.results if one.outcome == "failed" and one.ended <= t]
        if not all(self.drills.is_cured(one, t, POSSIBLE) for one in failures):
            return "breached"
        tests = [one for one in self.drills.results if period[0] <= one.ended < period[1] and self._may_be(one, leg, version)]
        if not tests and self._recorded(version) <= period[0] and period[1] <= self.drills.known:
            return "breached"
        if not all(self.drills.is_cured(one, t, SURE) for one in failures):
            return "unproven"
        sure = [one for one in tests if self.drills.is_proven(one) and self._is_young(one, version)]
        return "met" if any(not self.drills.changed(one.ended, t) for one in sure) else "unproven"

    def _may_be(self, one: Result, leg: str, version: Version) -> bool:
        deep = one.depth >= version.objectives["restore_test"].get("depth", 1)
        return (
            one.outcome == "passed"
            and not one.given_up
            and deep
            and (one.whole or leg == "partial")
            and self._is_young(one, version) is not False
        )

    def _is_young(self, one: Result, version: Version) -> bool | None:
        """Whether the point that a test names was young enough when the restore began; None when no such point of the asset's is known, or several differ."""
        rpo = version.objectives.get("rpo")
        written = rpo if isinstance(rpo, dict) else {"target": rpo or "7d"}
        allowed = Term.parse(written["target"]).microseconds + Term.parse(written.get("tolerance") or "0s").microseconds
        answers = {
            point.captured_at <= one.started < (point.captured_until or point.captured_at) + allowed
            for point in self.own.points
            if point.captured_at is not None and (point.repository, point.id) == one.point
        }
        return answers.pop() if len(answers) == 1 else None

    def _recorded(self, version: Version) -> int:
        """From when on what the register does not hold was not done."""
        if version.objectives["restore_test"].get("per") == "scope":
            return FOR_EVER
        return min((one.entered for one in self.drills.results), default=FOR_EVER)

    def instants(self) -> set[int]:
        """Return when an answer may change within a period."""
        return {one.ended for one in self.drills.results} | set(self.drills.changes())
