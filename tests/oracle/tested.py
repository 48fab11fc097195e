"""Section 25 of docs/definitions.md: whether restores were tested, period by period of the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from audit.model.terms import Term
from tests.oracle.calendar_periods import counting
from tests.oracle.drilled import Drills, Result
from tests.oracle.instants import FOR_EVER, Stretch, after, bucket_of
from tests.oracle.lives import POSSIBLE, SURE
from tests.oracle.records import Version

LEGS = ("partial", "full")
WORDS = {"weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year"}


def word_of(version: Version, leg: str) -> str | None:
    """Return the calendar's period in which a leg asks for a test."""
    said = (version.objectives.get("restore_test") or {}).get(leg)
    return None if said is None else WORDS[said]


class Tested:
    """The restore tests of one part of an asset. others: of each other asset, its parts."""

    def __init__(self, drills: Drills, others: Sequence[Sequence[Drills]]) -> None:
        self.drills, self.own, self.others = drills, drills.own, others

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
        inside = [one for one in self._sure(t, leg, version) if period[0] <= one.ended < period[1]]
        return "met" if inside else "unproven"

    def _sure(self, t: int, leg: str, version: Version | None) -> Iterator[Result]:
        """The sure tests of a leg that count at t, whenever they ended: nothing changed since."""
        for one in self.drills.results:
            if self._may_be(one, leg, version) and self._is_sure(one, version) and not self.drills.changed(one.ended, t):
                yield one
        if version is None or (version.objectives.get("restore_test") or {}).get("per") != "scope":
            return
        for parts in self.others:
            for one in parts[0].results:
                failed = one.outcome == "failed" and one.ended <= t and self.own.asset in one.names
                if failed and not all(each.is_cured(one, t, SURE) for each in parts):
                    return
        for parts in self.others:
            # Each part of an asset has the same results.
            for one in parts[0].results:
                there = [Tested(each, ()) for each in parts]
                if (
                    self.own.asset in one.names
                    and all(each._may_be(one, leg, version) and each._is_sure(one, version) for each in there)
                    and not any(each.changed(one.ended, t) for each in (*parts, self.drills))
                ):
                    yield one

    def restorable(self, t: int, version: Version | None) -> str:
        """Section 11: whether restores were surely tested as lately as promised, at the last microsecond of a period of judgement."""
        legs = [leg for leg in LEGS if version is not None and word_of(version, leg) is not None]
        for leg, period in [(leg, period) for _, leg, period in self.periods(t + 1) if period[0] <= t < period[1]]:
            assert leg in legs
            if self.verdict(t, leg, version, period) == "breached":
                return "breached"
        failures = [one for one in self.drills.results if one.outcome == "failed" and one.ended <= t]
        if t >= self.drills.known or not all(self.drills.is_cured(one, t, SURE) for one in failures):
            return "unproven"
        return "met" if all(self._was_tested(t, leg, version) for leg in legs or ["full"]) else "unproven"

    def _was_tested(self, t: int, leg: str, version: Version | None) -> bool:
        """Whether a sure test of a leg, after which nothing changed, is recent enough at t."""
        word = None if version is None else word_of(version, leg)
        rto = None if version is None else version.objectives.get("rto")
        every = Term.parse(rto.get("every", "1y") if isinstance(rto, dict) else "1y")
        for one in self._sure(t, leg, version):
            if one.ended > t:
                continue
            if version is None:
                recent = t < after(one.ended, every, self.own.estate.zone)
            elif word is None:
                recent = t < after(one.ended, every, version.zone)
            else:
                now = bucket_of(t, word, version.zone)
                recent = one.ended >= bucket_of(now[0] - 1, word, version.zone)[0]
            if recent:
                return True
        return False

    def _is_sure(self, one: Result, version: Version | None) -> bool:
        return self.drills.is_proven(one) and self._is_young(one, version) is True

    def _may_be(self, one: Result, leg: str, version: Version | None) -> bool:
        asked = {} if version is None else version.objectives.get("restore_test") or {}
        deep = one.depth >= asked.get("depth", 1)
        return (
            one.outcome == "passed"
            and not one.given_up
            and deep
            and (one.whole or leg == "partial")
            and self._is_young(one, version) is not False
        )

    def _is_young(self, one: Result, version: Version | None) -> bool | None:
        """Whether the point that a test names was young enough when the restore began; None when no such point of the asset's is known, or several differ."""
        rpo = None if version is None else version.objectives.get("rpo")
        written = rpo if isinstance(rpo, dict) else {"target": rpo or "7d"}
        allowed = Term.parse(written["target"]).microseconds + Term.parse(written.get("tolerance") or "0s").microseconds
        answers = {
            point.captured_at is not None
            and point.captured_at <= one.started < (point.captured_until or point.captured_at) + allowed
            for point in self.own.points
            if (point.repository, point.id) == one.point
        }
        unknown = any(point.captured_at is None and (point.repository, point.id) == one.point for point in self.own.points)
        return answers.pop() if len(answers) == 1 and not unknown else None

    def _recorded(self, version: Version) -> int:
        """From when on what the register does not hold was not done."""
        if version.objectives["restore_test"].get("per") == "scope":
            return FOR_EVER
        return min((one.entered for one in self.drills.results), default=FOR_EVER)

    def instants(self) -> set[int]:
        """Return when an answer may change within a period."""
        every = [self.drills, *(each for parts in self.others for each in parts)]
        return {x for each in every for x in (*(one.ended for one in each.results), *each.changes())}
