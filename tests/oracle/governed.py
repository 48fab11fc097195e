"""Sections 28 to 31 of docs/definitions.md: what people recorded of runbooks and trainings, at one instant. It reads the acts themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from audit.model.terms import Term
from tests.oracle.each import alive_at, share_of
from tests.oracle.instants import FOR_EVER, after, covers
from tests.oracle.lives import POSSIBLE, SURE
from tests.oracle.ownership import Ownership
from tests.oracle.records import Place, Segment, Version
from tests.oracle.stated import ATTRIBUTES

GOVERNED = {"runbook": "runbook", "training": "people", "vendor": "vendor", "agreement": "review"}
"""The objective of each control that rests on such records."""
QUESTIONS = {
    "data-backup": 5, "proof-at-scale": 5, "restore-evidence": 5, "exit": 4, "location": 4, "deletion": 3, "encryption": 3, "incidents": 2, "audits": 2, "subcontractors": 2,
}  # fmt: skip
"""The questions for providers, with their weights."""
MANDATORY = ("data-backup", "proof-at-scale", "restore-evidence", "exit", "location")


@dataclass(frozen=True)
class Acted:
    """One act: what, when (microseconds), by whom, and what was told with it (times in microseconds; another record by its place, from 0)."""

    act: str
    at: int
    by: str
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on(self) -> int:
        """When it was done: the day it says, but never later than it was entered."""
        return min(self.told["on"], self.at)


@dataclass(frozen=True)
class Kept:
    """One record of the register: its acts, oldest first."""

    kind: str
    acts: Sequence[Acted]

    def all(self, *acts: str) -> list[Acted]:
        """Return the acts of some names."""
        return [one for one in self.acts if one.act in acts]

    def ended(self, act: str) -> int:
        """Return when an act ended it; for ever when none did."""
        return min((one.at for one in self.acts if one.act == act), default=FOR_EVER)


class Governed:
    """What the records say of one part of an asset."""

    def __init__(self, own: Ownership, kept: Sequence[Kept], known: int) -> None:
        self.own, self.kept, self.known = own, kept, known

    def holds(self, control: str, t: int, world: str, version: Version) -> bool:
        """Whether it is met (surely), or is not breached (possibly)."""
        verdict = getattr(self, f"_{control}")(t, version)
        if t >= self.known:
            return world == POSSIBLE
        return bool(verdict == "met" if world == SURE else verdict != "breached")

    def _runbook(self, t: int, version: Version) -> str:
        """Section 28."""
        term = term_of(version, "runbook", "reviewed")
        mine = [one for one in self.kept if one.kind == "runbook" and self._speaks(one, t)]
        words = []
        for one in mine:
            if not in_use(one, t):
                continue
            done = [each for each in one.all("publish", "review") if each.on <= t]
            fresh = any(t < after(each.on, term, version.zone) for each in done if each.act == "review")
            late = any(t >= after(each.on, term, version.zone) for each in done)
            words.append("met" if fresh else "breached" if late else "unproven")
        if not words:
            return "breached" if any(one.ended("retire") <= t for one in mine) else "unproven"
        return worst(words)

    def _training(self, t: int, version: Version) -> str:
        """Section 29."""
        need = version.objectives["people"]
        need = need["trained"] if isinstance(need, Mapping) else need
        words = []
        for place, one in enumerate(self.kept):
            if one.kind == "runbook" and self._speaks(one, t) and in_use(one, t):
                trainings = [each for each in self.kept if each.kind == "training" and each.acts[0].told["runbook"] == place]
                words.append(_trained(trainings, t, need))
        return worst(words) if words else "unproven"

    def is_asked(self, control: str, t: int) -> bool:
        """Section 30: of providers it is asked while one may hold something. Of other controls it is always."""
        return (
            control != "vendor"
            or self.own.is_unknown
            or any(place is None or place.provider for place in self._places(t, POSSIBLE))
        )

    def _places(self, t: int, world: str) -> list[Place | None]:
        """Return where something of the part is at t, in a world; None for a repository that nobody declared."""
        names = {point.repository for point in self.own.points if covers(self.own.lives.presence(point, world), t)}
        if world == POSSIBLE:
            names |= {pair.repository for pair in self.own.pairs if alive_at(pair, t)}
        places = self.own.estate.places
        return [
            next((one for one in places if one.repository == name and one.start <= t < one.end), None) for name in sorted(names)
        ]

    def _vendor(self, t: int, version: Version) -> str:
        """Section 30."""
        if any(
            place and place.provider and not self._counts(place.provider, t, POSSIBLE, version) for place in self._places(t, SURE)
        ):
            return "breached"
        return (
            "met"
            if all(
                place is not None and (place.provider is None or self._counts(place.provider, t, SURE, version))
                for place in self._places(t, POSSIBLE)
            )
            else "unproven"
        )

    def _counts(self, provider: str, t: int, world: str, version: Version) -> bool:
        """Whether a provider has an assessment that counts at t; possibly also one that nobody decided on, and before the first."""
        term, written = term_of(version, "vendor", "assessed"), version.objectives["vendor"]
        asked = share_of(written["score"]) if isinstance(written, Mapping) and "score" in written else 0
        mine = [one for one in self.kept if one.kind == "vendor" and one.acts[0].told["provider"] == provider]
        mine = [one for one in mine if one.acts[0].on < min(one.acts[0].told["until"], one.ended("retire"))]
        if world == POSSIBLE and not any(one.acts[0].on <= t for one in mine):
            return True
        for one in mine:
            told, on = one.acts[0].told, one.acts[0].on
            if not on <= t < min(told["until"], one.ended("retire"), after(on, term, version.zone)):
                continue
            scores = {text.split("=")[0]: int(text.split("=")[1][0]) for text in told["answers"]}
            score = sum(weight * scores.get(name, 0) for name, weight in QUESTIONS.items()) / (4 * sum(QUESTIONS.values()))
            decided = bool(one.all("approve")) or (world == POSSIBLE and not one.all("reject"))
            if decided and all(name in scores for name in MANDATORY) and score >= asked:
                return True
        return False

    def _agreement(self, t: int, version: Version) -> str:
        """Section 31."""
        term, unit = term_of(version, "review", "signed"), self.own.segment(t).unit
        mine = [one for one in self.kept if one.kind == "agreement" and one.acts[0].told["policy"] == version.name]
        mine = [one for one in mine if one.acts[0].told["version"] == version.version]
        owed = False
        refused = [each.at for one in mine for each in one.all("refuse") if each.told["unit"] == unit]
        for one in mine:
            answers = [each for each in one.all("sign", "refuse") if each.told["unit"] == unit]
            for each, following in zip_longest(answers, answers[1:]):
                end = min(one.ended("withdraw"), following.at if following else FOR_EVER, after(each.at, term, version.zone))
                if each.act == "sign" and each.at <= t < end and not any(each.at < x <= t for x in refused):
                    return "met"
            due = max(one.acts[0].at, one.acts[0].told["until"])
            owed = (
                owed or any(each.at <= t for each in answers) or (due <= t and one.ended("withdraw") >= one.acts[0].told["until"])
            )
        return "breached" if owed else "unproven"

    def _speaks(self, one: Kept, t: int) -> bool:
        return speaks(one, self.own.segment(t))

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        found: set[int] = set()
        for one in (act for kept in self.kept for act in kept.acts):
            found |= {
                self.known,
                one.at,
                *self._due(one.at),
                *(one.told[key] for key in ("on", "since", "until") if key in one.told),
            }
            if "on" in one.told:
                found |= {one.on, *self._due(one.on)}
        return found

    def _due(self, at: int) -> Iterator[int]:
        for version in self.own.estate.versions:
            for key, field_ in (("runbook", "reviewed"), ("vendor", "assessed"), ("review", "signed")):
                if version.objectives.get(key) is not None:
                    yield after(at, term_of(version, key, field_), version.zone)


def speaks(one: Kept, segment: Segment) -> bool:
    """Whether an asset has, in a segment, what the scope of a record names."""
    told = one.acts[0].told
    return all(not told.get(many) or getattr(segment, attribute) in told[many] for many, attribute in ATTRIBUTES.items())


def in_use(one: Kept, t: int) -> bool:
    """Whether a runbook was published or reviewed by t, and is not retired."""
    return min(each.on for each in one.all("publish", "review")) <= t < one.ended("retire")


def term_of(version: Version, key: str, field_: str) -> Term:
    """Return the length of time that an objective states, in its short or its long form."""
    written = version.objectives[key]
    return Term.parse(written[field_] if isinstance(written, Mapping) else written)


def worst(words: Sequence[str]) -> str:
    """Return the worst of some verdicts."""
    return min(words, key=("breached", "unproven", "met").index)


def _trained(trainings: Sequence[Kept], t: int, need: int) -> str:
    """Count each person once, however the name is written."""
    people: dict[bool, set[str]] = {True: set(), False: set()}
    begun = False
    for one in trainings:
        told = one.acts[0].told
        if one.all("withdraw"):
            begun = begun or max(told["since"], one.acts[0].at) <= t
            continue
        last = min(told["until"], one.ended("end"))
        begun = begun or (told["since"] <= t and told["since"] < last)
        if told["since"] <= t < last:
            people[bool(one.all("confirm"))].add("".join(told["person"].lower().split()))
    if len(people[True]) >= need:
        return "met"
    return "unproven" if len(people[True] | people[False]) >= need or not begun else "breached"
