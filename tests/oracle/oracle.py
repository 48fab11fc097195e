"""The oracle: every verdict of docs/definitions.md, by brute force at instants. Slow, plain, and written without looking at the program.

`judge` reads an estate and payloads as told, collects every instant at which anything can change, and asks the definitions in the middle
between each two neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

from audit.model.estate import Estate
from tests.oracle import readings
from tests.oracle.controls import LEGS, AtInstants, asked, ends_of
from tests.oracle.delivered import DELIVERED, Delivered
from tests.oracle.demands import verdict_of
from tests.oracle.denials import DENIED, Denials
from tests.oracle.drilled import Drills
from tests.oracle.each import OF_EACH, RUN_ON, share_of
from tests.oracle.exercised import KINDS, Exercises, term_of
from tests.oracle.found import Findings
from tests.oracle.governed import GOVERNED, Governed, Kept, worst
from tests.oracle.held import Holds
from tests.oracle.instants import BEGIN, FOR_EVER, Stretch, add, length
from tests.oracle.keeping import Keeping, keeping
from tests.oracle.keyed import Keys
from tests.oracle.lives import POSSIBLE, SURE, Lives
from tests.oracle.making import METHODS, clock_of, word_of
from tests.oracle.ownership import Ownership, parts_of
from tests.oracle.points import read
from tests.oracle.records import Declared, Payload, Version, declared
from tests.oracle.sized import Cures
from tests.oracle.stated import STATED, Statements
from tests.oracle.success import LEGS as LEGS_OF_SUCCESS
from tests.oracle.tested import LEGS as LEGS_OF_TESTS
from tests.oracle.tested import Tested
from tests.oracle.tested import word_of as word_of_test
from tests.oracle.together import Together
from tests.oracle.waived import subtract_waivers

WITHOUT_POINTS = ("evidence", "recovery-time", "exercise")
"""Controls that recovery points say nothing of, besides those that rest on statements."""
RunsOn = ("retention-minimum", "retention-maximum")
CONTENT = "content"
"""The leg of retention-maximum that rests on statements."""
Name = tuple[str, str | None, str, str | None]
"""Asset, part, control, leg."""


@dataclass
class Judged:
    """What is said of one version: the stretches, the length of T (with its grace) and the length of the grace, in microseconds."""

    judged: int = 0
    grace: int = 0
    asks_nothing: bool = False
    """A leg of copies that asks for 0: met without any copy, and not worth a result."""
    breached: list[Stretch] = field(default_factory=list)
    unproven: list[Stretch] = field(default_factory=list)
    waived: list[Stretch] = field(default_factory=list)
    share: float = 1.0
    """The share of T that has to be met."""

    @property
    def verdict(self) -> str:
        """Section 6 (and design 4): breached if any, else unproven if any, else met; nothing judged is not-applicable."""
        if self.judged == 0 or (self.judged == self.grace and readings.GRACE_ALONE_IS_NOT_APPLICABLE):
            return "not-applicable"
        if self.share < 1:
            asked = Fraction(str(self.share)) * (self.judged - self.grace)
            left = self.judged - self.grace - length(self.breached)
            return "breached" if left < asked else "unproven" if left - length(self.unproven) < asked else "met"
        return "breached" if self.breached else "unproven" if self.unproven else "waived" if self.waived else "met"


@dataclass
class Protection:
    """Section 11, of one asset in service at the last microsecond of the period. `protected` is the worst of `parts`, `restorable` that of `tested`."""

    assigned: str
    protected: str
    parts: dict[str | None, str] = field(default_factory=dict)
    tested: dict[str | None, str] = field(default_factory=dict)

    @property
    def restorable(self) -> str:
        return worst(list(self.tested.values()))


@dataclass
class OracleResult:
    """All verdicts: by asset, part, control and leg, then by policy and version."""

    results: dict[Name, dict[tuple[str, int], Judged]] = field(default_factory=dict)
    protection: dict[str, Protection] = field(default_factory=dict)

    def united(self, name: Name) -> Judged:
        """Return what is said over all versions."""
        both = Judged()
        for one in self.results.get(name, {}).values():
            both.judged += one.judged
            both.grace += one.grace
            both.breached += one.breached
            both.unproven += one.unproven
            both.waived += one.waived
        both.breached, both.unproven, both.waived = (_joined(some) for some in (both.breached, both.unproven, both.waived))
        return both


def judge(
    estate: Estate | Declared, payloads: Iterable[Payload], since: int, until: int, known_at: int | None = None,
    stated: Sequence[Mapping[str, Any]] = (), held: Sequence[Mapping[str, Any]] = (), known_on: int = FOR_EVER,
    acted: Sequence[Kept] = (),
    drilled: Sequence[Mapping[str, Any]] = (),
) -> OracleResult:  # fmt: skip
    """Judge the period [since, until) by what was known at a payload's number (all when None)."""
    lists = estate if isinstance(estate, Declared) else declared(estate)
    known = [payload for payload in payloads if known_at is None or payload.number <= known_at]
    evidence = read(known)
    lives = Lives(evidence, dict(lists.origins))
    result = OracleResult()
    owned = {asset: [Ownership(lists, lives, asset, part) for part in parts_of(lists, asset)] for asset in lists.segments}
    drills = {asset: [Drills(own, drilled, known_on, acted) for own in owns] for asset, owns in owned.items()}
    for asset in sorted(lists.segments):
        owns = owned[asset]
        others = [parts for name, parts in drills.items() if name != asset]
        tests = [Tested(one, others) for one in drills[asset]]
        keepings = [keeping(own, until) for own in owns]
        end = _end_of_duties(owns, keepings)
        for own, kept, tested in zip(owns, keepings, tests, strict=True):
            _Part(
                own,
                kept,
                end,
                since,
                until,
                result,
                Together(own, owned),
                Statements(own, stated),
                Holds(own, held),
                Delivered(own, known, known_on),
                Denials(own),
                Governed(own, acted, known_on),
                tested,
                Exercises(own, drilled, known_on),
                Findings(own, acted, known_on),
                Cures(tested.drills, acted),
            ).judge()
            _demand(own, since, until, result)
        _protect(owns, until - 1, result)
        if asset in result.protection:
            version = next(own.version(until - 1) for own in owns if own.is_in_service(until - 1))
            result.protection[asset].tested = {
                one.own.part: one.restorable(until - 1, version) for one in tests if one.own.is_in_service(until - 1)
            }
    subtract_waivers(result, owned, acted)
    return result


def _end_of_duties(owns: list[Ownership], keepings: list[Keeping]) -> int:
    """Section 6: the latest instant at which a point of the asset is still possibly present or a deadline of section 9 lies ahead."""
    found = [kept.last_deadline for kept in keepings]
    for own in owns:
        for point in own.points:
            found += ends_of(own.lives.presence(point, POSSIBLE))
    return max(found, default=BEGIN)


@dataclass
class _Part:
    """The controls of one part of an asset over the period."""

    own: Ownership
    kept: Keeping
    end_of_duties: int
    since: int
    until: int
    result: OracleResult
    together: Together
    stated: Statements
    held: Holds
    delivered: Delivered
    denials: Denials
    governed: Governed
    tested: Tested
    exercises: Exercises
    found: Findings
    cures: Cures

    def judge(self) -> None:
        at = AtInstants(self.own)
        at.each.cures, at.each.keys = self.cures, Keys(self.tested.drills)
        critical = (
            at.instants(self.until)
            | {self.end_of_duties, _end_of_duties([self.own], [self.kept])}
            | self.together.instants(self.until)
            | self.stated.instants()
            | self.held.instants()
            | self.delivered.instants()
            | self.denials.instants()
            | self.governed.instants()
            | self.tested.drills.instants()
            | self.exercises.instants()
            | self.found.instants()
            | self.cures.instants()
            | at.each.keys.instants()
        )
        critical |= {x for many in self.kept.failing.values() for stretch in many for x in stretch}
        edges = sorted({self.since, self.until} | {x for x in critical if self.since < x < self.until})
        for cell in pairwise(edges):
            t = sum(cell) // 2
            version = self.own.version(t)
            if version is None:
                self._ask_of_holds(cell, None)
                continue
            self._ask("recovery-point", None, "rpo", cell, version, lambda world, t=t, v=version: at.recovery_point(t, world, v))
            for leg in LEGS:
                self._ask(
                    "copies", leg, "copies", cell, version, lambda world, t=t, v=version, leg=leg: at.copies(leg, t, world, v)
                )
            self._ask("retention-minimum", None, "keep", cell, version, lambda world, t=t: not _fails(self.kept, world, t))
            # For retention-maximum the bounds swap: what is surely present is breached, what possibly is unproven.
            self._ask(
                "retention-maximum", None, "dispose", cell, version,
                lambda world, t=t, v=version: self.held.suspends(t, v) or not at.has_too_old(t, SURE if world == POSSIBLE else POSSIBLE, v),
            )  # fmt: skip
            if (version.objectives.get("dispose") or {}).get("content"):
                self._ask(
                    "retention-maximum", CONTENT, "dispose", cell, version,
                    lambda world, t=t, v=version: self.stated.holds("retention-maximum", "dispose", t, world, v),
                )  # fmt: skip
            for control, key in OF_EACH.items():
                left = control in RUN_ON and at.each.is_left(t)
                self._ask(
                    control, None, key, cell, version, lambda world, t=t, v=version, key=key: at.each.holds(key, t, world, v), left
                )
            self._ask(
                "consistency", None, "recover_with", cell, version, lambda world, t=t, v=version: self.together.holds(t, world, v)
            )
            for leg in METHODS:
                if clock_of(version, leg) is not None:
                    self._ask(
                        "schedule",
                        leg,
                        "schedule",
                        cell,
                        version,
                        lambda world, t=t, v=version, leg=leg: at.making.is_in_time(leg, t, world, v),
                    )
                elif word_of(version, leg) is not None and self.own.is_in_service(t) and self.own.is_grace(t):
                    said = self._said("schedule", leg, version)
                    said.judged += cell[1] - cell[0]
                    said.grace += cell[1] - cell[0]
            for leg, name in LEGS_OF_SUCCESS.items():
                if (asked_for := (version.objectives.get("success") or {}).get(name)) is not None:
                    holds = lambda world, t=t, v=version, leg=leg: at.running.holds(leg, t, world, v)  # noqa: E731
                    self._ask("job-success", leg, "success", cell, version, holds)
                    if leg == "rate" and self.own.is_in_service(t):
                        self._said("job-success", leg, version).share = share_of(asked_for)
            for control, key in STATED.items():
                self._ask(
                    control, None, key, cell, version, lambda world, t=t, v=version, control=control, key=key: self._is_stated(control, key, t, world, v)
                )  # fmt: skip
            for control, key in GOVERNED.items():
                if not self.governed.is_asked(control, t):
                    continue
                left = control == "vendor" and at.each.is_left(t)
                self._ask(
                    control, None, key, cell, version, lambda world, t=t, v=version, control=control: self.governed.holds(control, t, world, v), left
                )  # fmt: skip
            for leg in LEGS_OF_TESTS:
                if word_of_test(version, leg) is not None and self.own.is_in_service(t) and self.own.is_grace(t):
                    said = self._said("restore-test", leg, version)
                    said.judged += cell[1] - cell[0]
                    said.grace += cell[1] - cell[0]
            self._ask_of_holds(cell, version)
            self._ask(
                "recovery-time", None, "rto", cell, version, lambda world, t=t, v=version: self.tested.drills.in_time(t, world, v)
            )
            for leg in KINDS:
                if term_of(version, leg) is not None:
                    self._ask(
                        "exercise", leg, "exercise", cell, version, lambda world, t=t, v=version, leg=leg: self.exercises.holds(leg, t, world, v)
                    )  # fmt: skip
            for leg in DENIED:
                self._ask(
                    "contradiction", leg, "contradiction", cell, version, lambda world, t=t, v=version, leg=leg: self.denials.holds(leg, t, world, v)
                )  # fmt: skip
            for leg in DELIVERED:
                self._ask(
                    "evidence", leg, "evidence", cell, version, lambda world, t=t, v=version, leg=leg: self.delivered.holds(leg, t, world, v)
                )  # fmt: skip
        self._judge_periods(at)
        self._judge_tests()

    def _is_stated(self, control: str, key: str, t: int, world: str, version: Version) -> bool:
        """Section 20; and section 35: no statement outweighs a finding, nor tells what the register does not know yet."""
        holds = self.stated.holds(control, key, t, world, version)
        if control != "corrective":
            return holds
        if t >= self.found.known:
            return holds and world == POSSIBLE
        return holds and not self.found.overdue(t)

    def _ask_of_holds(self, cell: Stretch, version: Version | None) -> None:
        """Section 22: in service, or retired, whatever the policy asks, and where none is in force; there is no grace."""
        t = sum(cell) // 2
        if not self.held.stands(t) or not (self.own.is_in_service(t) or self.own.segment(t).retired <= t):
            return
        said = self._said("hold", None, version)
        said.judged += cell[1] - cell[0]
        if not self.own.is_unknown and not self.held.holds(t, POSSIBLE):
            add(said.breached, cell)
        elif self.own.is_unknown or not self.held.holds(t, SURE):
            add(said.unproven, cell)

    def _judge_periods(self, at: AtInstants) -> None:
        """Section 15, by the calendar: a period is judged when it ends in the period asked for, as far as it lies in it."""
        for version, leg, period in at.making.periods(self.until):
            inside = (max(period[0], self.since), period[1])
            if inside[0] >= inside[1]:
                continue
            said = self._said("schedule", leg, version)
            said.judged += inside[1] - inside[0]
            if self.own.is_unknown or not at.making.has_one_in(period, leg, SURE, version):
                possible = self.own.is_unknown or at.making.has_one_in(period, leg, POSSIBLE, version)
                add(said.unproven if possible else said.breached, inside)

    def _judge_tests(self) -> None:
        """Section 25: a period is judged when it ends in the period asked for, as far as it lies in it."""
        tested = self.tested
        for version, leg, period in tested.periods(self.until):
            inside = (max(period[0], self.since), period[1])
            if inside[0] >= inside[1]:
                continue
            said = self._said("restore-test", leg, version)
            said.judged += inside[1] - inside[0]
            for cell in pairwise(sorted({*inside, *(x for x in tested.instants() if inside[0] < x < inside[1])})):
                verdict = tested.verdict(sum(cell) // 2, leg, version, period)
                if verdict != "met":
                    add(getattr(said, verdict), cell)

    def _said(self, control: str, leg: str | None, version: Version | None) -> Judged:
        name = (self.own.asset, self.own.part, control, leg)
        key = (None, None) if version is None else (version.name, version.version)
        return self.result.results.setdefault(name, {}).setdefault(key, Judged())

    def _ask(
        self, control: str, leg: str | None, key: str, cell: Stretch, version: Version, holds: Callable[[str], bool], left: bool = False,
    ) -> None:  # fmt: skip
        """Section 6: is the cell judged, and is it breached (fails even in the possible world) or unproven (fails in the sure one)? left: after
        retirement it is judged as well."""
        t = sum(cell) // 2
        in_service = self.own.is_in_service(t)
        end = self.end_of_duties if self.own.is_there(t) else _end_of_duties([self.own], [self.kept])
        runs_on = self.own.segment(t).retired <= t and (left or (control in RunsOn and t < end))
        if version.objectives.get(key) is None or not (in_service or runs_on):
            return
        said = self._said(control, leg, version)
        said.judged += cell[1] - cell[0]
        said.asks_nothing = control == "copies" and leg is not None and asked(version, leg) == 0
        if self.own.is_grace(t):
            said.grace += cell[1] - cell[0]
        elif said.asks_nothing and readings.NOTHING_ASKED_IS_MET:
            pass  # section 8: a leg that asks for 0 is met without any copy
        elif self.own.is_unknown and leg != CONTENT and control not in {*STATED, *GOVERNED, *WITHOUT_POINTS} - {"vendor"}:
            # Section 5: every point-based control is unproven in all of T.
            add(said.unproven, cell)
        elif not holds(POSSIBLE):
            add(said.breached, cell)
        elif not holds(SURE):
            add(said.unproven, cell)


def _demand(own: Ownership, since: int, until: int, result: OracleResult) -> None:
    """Baseline: what is demanded of the policies in force. Evidence says nothing of it."""
    estate = own.estate
    borders = {x for one in own.segments for x in (one.start, one.end, one.in_service, one.retired)}
    borders |= {x for one in estate.demands for x in (one.start, one.end)}
    edges = sorted({since, until} | {x for x in borders if since < x < until})
    for cell in pairwise(edges):
        t = sum(cell) // 2
        verdict = verdict_of(own.segment(t), estate.demands, estate.versions, t)
        if verdict is None:
            continue
        version = own.version(t)
        key = (None, None) if version is None else (version.name, version.version)
        said = result.results.setdefault((own.asset, own.part, "baseline", None), {}).setdefault(key, Judged())  # type: ignore[arg-type]
        said.judged += cell[1] - cell[0]
        if verdict != "met":
            add(getattr(said, verdict), cell)


def _fails(kept: Keeping, world: str, t: int) -> bool:
    return any(start <= t < end for start, end in kept.failing[world])


def _protect(owns: list[Ownership], t: int, result: OracleResult) -> None:
    """Section 11: at the last microsecond of the period, for assets then in service; worst over parts."""
    owns = [own for own in owns if own.is_in_service(t)]
    if not owns:
        return
    version = owns[0].version(t)
    words: dict[str | None, str] = {}
    for own in owns:
        at = AtInstants(own)
        if not own.is_unknown and at.protected(t, SURE, version):
            words[own.part] = "met"
        elif own.is_unknown or at.protected(t, POSSIBLE, version):
            words[own.part] = "unproven"
        else:
            words[own.part] = "breached"
    worst = min(words.values(), key=("breached", "unproven", "met").index)
    result.protection[owns[0].asset] = Protection("met" if version is not None else "breached", worst, parts=words)


def _joined(many: list[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for one in sorted(many):
        add(found, one)
    assert length(found) == length(many)
    return found
