"""The oracle: every verdict of docs/definitions.md, by brute force at instants. Slow, plain, and written without looking at the program.

`judge` reads an estate and payloads as told, collects every instant at which anything can change, and asks the definitions in the middle
between each two neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from audit.model.estate import Estate
from tests.oracle import readings
from tests.oracle.controls import LEGS, AtInstants, asked, ends_of
from tests.oracle.each import OF_EACH
from tests.oracle.instants import BEGIN, Stretch, add, length
from tests.oracle.keeping import Keeping, keeping
from tests.oracle.lives import POSSIBLE, SURE, Lives
from tests.oracle.ownership import Ownership, parts_of
from tests.oracle.points import read
from tests.oracle.records import Declared, Payload, Version, declared

RunsOn = ("retention-minimum", "retention-maximum")
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

    @property
    def verdict(self) -> str:
        """Section 6 (and design 4): breached if any, else unproven if any, else met; nothing judged is not-applicable."""
        if self.judged == 0 or (self.judged == self.grace and readings.GRACE_ALONE_IS_NOT_APPLICABLE):
            return "not-applicable"
        return "breached" if self.breached else "unproven" if self.unproven else "met"


@dataclass
class Protection:
    """Section 11, of one asset in service at the last microsecond of the period. `protected` is the worst of `parts`."""

    assigned: str
    protected: str
    restorable: str = "unproven"
    parts: dict[str | None, str] = field(default_factory=dict)


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
        both.breached, both.unproven = _joined(both.breached), _joined(both.unproven)
        return both


def judge(
    estate: Estate | Declared, payloads: Iterable[Payload], since: int, until: int, known_at: int | None = None
) -> OracleResult:
    """Judge the period [since, until) by what was known at a payload's number (all when None)."""
    lists = estate if isinstance(estate, Declared) else declared(estate)
    evidence = read(payload for payload in payloads if known_at is None or payload.number <= known_at)
    lives = Lives(evidence, dict(lists.origins))
    result = OracleResult()
    for asset in sorted(lists.segments):
        owns = [Ownership(lists, lives, asset, part) for part in parts_of(lists, asset)]
        keepings = [keeping(own, until) for own in owns]
        end = _end_of_duties(owns, keepings)
        for own, kept in zip(owns, keepings, strict=True):
            _Part(own, kept, end, since, until, result).judge()
        _protect(owns, until - 1, result)
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

    def judge(self) -> None:
        at = AtInstants(self.own)
        critical = at.instants(self.until) | {self.end_of_duties}
        critical |= {x for many in self.kept.failing.values() for stretch in many for x in stretch}
        edges = sorted({self.since, self.until} | {x for x in critical if self.since < x < self.until})
        for cell in pairwise(edges):
            t = sum(cell) // 2
            version = self.own.version(t)
            if version is None:
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
                lambda world, t=t, v=version: not at.has_too_old(t, SURE if world == POSSIBLE else POSSIBLE, v),
            )  # fmt: skip
            for control, key in OF_EACH.items():
                self._ask(control, None, key, cell, version, lambda world, t=t, v=version, key=key: at.each.holds(key, t, world, v))

    def _ask(self, control: str, leg: str | None, key: str, cell: Stretch, version: Version, holds: Callable[[str], bool]) -> None:
        """Section 6: is the cell judged, and is it breached (fails even in the possible world) or unproven (fails in the sure one)?"""
        t = sum(cell) // 2
        in_service = self.own.is_in_service(t)
        runs_on = control in RunsOn and self.own.segment(t).retired <= t < self.end_of_duties
        if version.objectives.get(key) is None or not (in_service or runs_on):
            return
        name = (self.own.asset, self.own.part, control, leg)
        said = self.result.results.setdefault(name, {}).setdefault((version.name, version.version), Judged())
        said.judged += cell[1] - cell[0]
        said.asks_nothing = leg is not None and asked(version, leg) == 0
        if self.own.is_grace(t):
            said.grace += cell[1] - cell[0]
        elif said.asks_nothing and readings.NOTHING_ASKED_IS_MET:
            pass  # section 8: a leg that asks for 0 is met without any copy
        elif self.own.is_unknown:
            # Section 5: every point-based control is unproven in all of T.
            add(said.unproven, cell)
        elif not holds(POSSIBLE):
            add(said.breached, cell)
        elif not holds(SURE):
            add(said.unproven, cell)


def _fails(kept: Keeping, world: str, t: int) -> bool:
    return any(start <= t < end for start, end in kept.failing[world])


def _protect(owns: list[Ownership], t: int, result: OracleResult) -> None:
    """Section 11: at the last microsecond of the period, for assets then in service; worst over parts."""
    if not owns[0].is_in_service(t):
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
