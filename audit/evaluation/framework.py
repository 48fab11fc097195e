"""What an assessment says of the requirements of a framework: that controls support them, never that anybody complies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from audit.controls._weaker import Shortfall, written
from audit.evaluation.agreed import Agreed, Less
from audit.model.assessment import Assessment
from audit.model.verdicts import Result, Verdict
from audit.policy.frameworks import Framework


class Answer(StrEnum):
    """What can be said of a requirement. The order is from worst to best."""

    DOES_NOT_SUPPORT = "does-not-support"
    """Something that answers it was breached, or was agreed for less than the requirement itself states."""
    UNPROVEN = "unproven"
    """Nothing was breached, but evidence does not settle it."""
    NOT_JUDGED = "not-judged"
    """No policy promises it, or no control of this version judges it."""
    MANUAL = "manual"
    """Only statements of people can answer it, and no control of this version reads them. (Where one does, its verdicts answer.)"""
    SUPPORTS_IN_PART = "supports-in-part"
    """All that was judged was kept; the rest was not judged, was waived, or is for people to answer."""
    SUPPORTS = "supports"
    """All that answers it was judged on every asset, and kept."""


@dataclass(frozen=True, slots=True)
class ControlAnswer:
    """What one control (or leg) says. `assets`: how many are what (COUNTED); `named`: the assets that are breached, agreed for less or unproven, sorted. `there`: whether a control
    of this version judges it. `at_least`: by objective, what the requirement itself states, as a programme writes it; `less`: what was agreed for less than that, or perhaps."""

    control: str
    leg: str | None
    answer: Answer
    there: bool
    assets: Mapping[str, int]
    named: tuple[str, ...]
    at_least: Mapping[str, str] = field(default_factory=dict)
    less: tuple[Less, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "control": self.control,
            "leg": self.leg,
            "answer": str(self.answer),
            "judged_by_this_version": self.there,
            "assets": dict(self.assets),
            "named": list(self.named),
            "at_least": dict(self.at_least),
            "agreed_less": [one.to_json() for one in self.less],
        }

    def less_together(self) -> list[tuple[Shortfall, tuple[str, ...]]]:
        """Return each thing that was agreed for less than the requirement states, or perhaps, with the assets, sorted."""
        found: dict[Shortfall, dict[str, None]] = {}
        for one in self.less:
            found.setdefault(one.shortfall, {})[one.asset] = None
        return [(less, tuple(sorted(assets))) for less, assets in found.items()]


@dataclass(frozen=True, slots=True)
class RequirementAnswer:
    """What its controls say of one requirement, together. `read_beside`: the controls whose promises and statements people have to read beside what the
    requirement states, because nothing compares them with it."""

    requirement: str
    answer: Answer
    controls: tuple[ControlAnswer, ...]
    read_beside: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "requirement": self.requirement,
            "answer": str(self.answer),
            "read_beside": list(self.read_beside),
            "controls": [control.to_json() for control in self.controls],
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A requirement as it is to be answered: its controls as (control, leg or null). `in_part`: they answer only a part of it. `at_least`: by control, the objectives that the
    requirement itself states, each with the weakest value that is enough. `read_beside`: the controls that are not compared with all that it states."""

    requirement: str
    controls: tuple[tuple[str, str | None], ...]
    in_part: bool = False
    at_least: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    read_beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A framework, and what an assessment says of each of its requirements, in their order."""

    name: str
    framework: Framework
    answers: tuple[RequirementAnswer, ...]

    def counts(self) -> dict[Answer, int]:
        """Return how many requirements have each answer; the numbers sum to all of them."""
        return {answer: sum(one.answer is answer for one in self.answers) for answer in Answer}

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; texts in every language."""
        framework = self.framework
        return {
            "framework": self.name,
            "title": dict(framework.title),
            "edition": framework.edition,
            "as_of": str(framework.as_of),
            "status": framework.status,
            "superseded_by": framework.superseded_by,
            "jurisdiction": list(framework.jurisdiction),
            "source": dict(framework.source),
            "disclaimer": dict(framework.disclaimer),
            "counts": {str(answer): count for answer, count in self.counts().items()},
            "requirements": [
                {
                    **answer.to_json(),
                    "title": dict(asked.title),
                    "level": list(asked.level),
                    "assessed": str(asked.assessed),
                    "confidence": asked.confidence,
                    "states": None if asked.states is None else dict(asked.states),
                    "at_least": None if asked.at_least is None else dict(asked.at_least),
                    "compares": asked.compares,
                    "note": None if asked.note is None else dict(asked.note),
                }
                for asked, answer in zip(framework.requirements, self.answers, strict=True)
            ],
        }


def answers(
    assessment: Assessment, asked: Iterable[Asked], there: Mapping[str, bool], attested: Collection[str], agreed: Agreed
) -> list[RequirementAnswer]:
    """Answer requirements from an assessment. there: the controls that this version judges, and whether each needs a promise of the policy; one
    that needs none judged every asset it could. attested: controls that only people's statements settle. agreed: what was agreed of the assets.

    An asset counts once for a control, with the worst of its results; one that was in the assessment and has no judged result of the control
    is `not-judged`. One of which less was agreed than the requirement states is `agreed-less`, whatever its results: a kept promise that is too small is not enough.
    """
    judged = [result for result in assessment.results if result.verdict is not Verdict.NOT_APPLICABLE]
    assets = {result.asset for result in judged}
    by_leg: dict[tuple[str, str | None], list[Result]] = {}
    for result in judged:
        by_leg.setdefault((result.control, result.leg), []).append(result)
        if result.leg is not None:
            by_leg.setdefault((result.control, None), []).append(result)
    said: dict[tuple[str, str | None], ControlAnswer] = {}
    answered = []
    for one in asked:
        controls = []
        for control, leg in one.controls:
            least = one.at_least.get(control)
            if least is None and (control, leg) in said:
                controls.append(said[control, leg])
                continue
            mine = by_leg.get((control, leg), [])
            whole = assets if there.get(control, True) else {result.asset for result in mine}
            less = {asset: found for asset in sorted(whole) if (found := agreed.less(asset, control, least))} if least else {}
            answer = _control(control, leg, mine, whole, control in there, control in attested, less)
            if least is None:
                said[control, leg] = answer
            else:
                answer = replace(answer, at_least={key: written(value) for key, value in least.items()})
            controls.append(answer)
        together = _together([control.answer for control in controls], one.in_part or bool(one.read_beside))
        answered.append(RequirementAnswer(one.requirement, together, tuple(controls), one.read_beside))
    return answered


AGREED_LESS = "agreed-less"
COUNTED = ("met", "waived", "unproven", "breached", AGREED_LESS, "not-judged")
"""What the assets of a control are counted as; each asset is one of them."""
_WORST_FIRST = (Verdict.BREACHED, Verdict.UNPROVEN, Verdict.WAIVED, Verdict.MET)


def _control(
    control: str, leg: str | None, results: Iterable[Result], assets: Collection[str], there: bool, attested: bool, less: Mapping[str, tuple[Less, ...]],
) -> ControlAnswer:  # fmt: skip
    worst: dict[str, int] = {}
    for result in results:
        worst[result.asset] = min(worst.get(result.asset, len(_WORST_FIRST)), _WORST_FIRST.index(result.verdict))
    states = {asset: str(_WORST_FIRST[place]) for asset, place in worst.items()}
    for asset, found in less.items():
        if any(one.shortfall.surely and not one.nothing for one in found):
            states[asset] = AGREED_LESS
        elif states.get(asset) in ("met", "waived"):
            if all(one.nothing for one in found):
                # For some time nothing was agreed: the least is what it is of an asset to which nobody ever promised it.
                del states[asset]
            else:
                # Nobody can say whether what was kept is enough.
                states[asset] = "unproven"
    counts = Counter(states.values())
    counted = {name: counts[name] for name in COUNTED[:-1]} | {"not-judged": len(assets) - len(states)}
    named = tuple(sorted(asset for asset, state in states.items() if state in ("breached", AGREED_LESS, "unproven")))
    if not states:
        answer = Answer.MANUAL if attested and not there else Answer.NOT_JUDGED
    elif counted["breached"] or counted[AGREED_LESS]:
        answer = Answer.DOES_NOT_SUPPORT
    elif counted["unproven"]:
        answer = Answer.UNPROVEN
    else:
        answer = Answer.SUPPORTS if counted["met"] == len(assets) else Answer.SUPPORTS_IN_PART
    return ControlAnswer(control, leg, answer, there, counted, named, less=tuple(one for found in less.values() for one in found))


def _together(said: list[Answer], in_part: bool) -> Answer:
    """Return what the controls of a requirement say together. One that does not support outweighs all others."""
    for worst in (Answer.DOES_NOT_SUPPORT, Answer.UNPROVEN):
        if worst in said:
            return worst
    if set(said) == {Answer.SUPPORTS}:
        return Answer.SUPPORTS_IN_PART if in_part else Answer.SUPPORTS
    if Answer.SUPPORTS in said or Answer.SUPPORTS_IN_PART in said:
        return Answer.SUPPORTS_IN_PART
    return Answer.MANUAL if set(said) == {Answer.MANUAL} else Answer.NOT_JUDGED
