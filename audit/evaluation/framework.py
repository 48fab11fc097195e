"""What an assessment says of the requirements of a framework: that controls support them, never that anybody complies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from audit.model.verdicts import Assessment, Result, Verdict
from audit.policy.frameworks import Framework


class Answer(StrEnum):
    """What can be said of a requirement. The order is from worst to best."""

    DOES_NOT_SUPPORT = "does-not-support"
    """Something that answers it was breached."""
    UNPROVEN = "unproven"
    """Nothing was breached, but evidence does not settle it."""
    NOT_JUDGED = "not-judged"
    """No policy promises it, or no control of this version judges it."""
    MANUAL = "manual"
    """Only a statement of people can answer it, and this version keeps none."""
    SUPPORTS_IN_PART = "supports-in-part"
    """All that was judged was kept; the rest was not judged, was waived, or is for people to answer."""
    SUPPORTS = "supports"
    """All that answers it was judged on every asset, and kept."""


@dataclass(frozen=True, slots=True)
class ControlAnswer:
    """What one control (or leg) says. `assets`: how many are `met`, `waived`, `unproven`, `breached` or `not-judged`; `named`: the assets that are
    breached or unproven, sorted. `there`: whether a control of this version judges it."""

    control: str
    leg: str | None
    answer: Answer
    there: bool
    assets: Mapping[str, int]
    named: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "control": self.control,
            "leg": self.leg,
            "answer": str(self.answer),
            "judged_by_this_version": self.there,
            "assets": dict(self.assets),
            "named": list(self.named),
        }


@dataclass(frozen=True, slots=True)
class RequirementAnswer:
    """What its controls say of one requirement, together."""

    requirement: str
    answer: Answer
    controls: tuple[ControlAnswer, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "requirement": self.requirement,
            "answer": str(self.answer),
            "controls": [control.to_json() for control in self.controls],
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A requirement as it is to be answered: its controls as (control, leg or null). `in_part`: they answer only a part of it."""

    requirement: str
    controls: tuple[tuple[str, str | None], ...]
    in_part: bool = False


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
                    "note": None if asked.note is None else dict(asked.note),
                }
                for asked, answer in zip(framework.requirements, self.answers, strict=True)
            ],
        }


def answers(
    assessment: Assessment, asked: Iterable[Asked], there: Mapping[str, bool], attested: Collection[str]
) -> list[RequirementAnswer]:
    """Answer requirements from an assessment. there: the controls that this version judges, and whether each needs a promise of the policy; one
    that needs none judged every asset it could. attested: controls that only people's statements settle.

    An asset counts once for a control, with the worst of its results; one that was in the assessment and has no judged result of the control
    is `not-judged`.
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
        for control, leg in one.controls:
            if (control, leg) not in said:
                mine = by_leg.get((control, leg), [])
                whole = assets if there.get(control, True) else {result.asset for result in mine}
                said[control, leg] = _control(control, leg, mine, whole, control in there, control in attested)
        controls = tuple(said[key] for key in one.controls)
        answered.append(
            RequirementAnswer(one.requirement, _together([control.answer for control in controls], one.in_part), controls)
        )
    return answered


COUNTED = ("met", "waived", "unproven", "breached", "not-judged")
"""What the assets of a control are counted as; each asset is one of them."""
_WORST_FIRST = (Verdict.BREACHED, Verdict.UNPROVEN, Verdict.WAIVED, Verdict.MET)


def _control(
    control: str, leg: str | None, results: Iterable[Result], assets: Collection[str], there: bool, attested: bool
) -> ControlAnswer:  # fmt: skip
    worst: dict[str, int] = {}
    for result in results:
        worst[result.asset] = min(worst.get(result.asset, len(_WORST_FIRST)), _WORST_FIRST.index(result.verdict))
    verdicts = {asset: _WORST_FIRST[place] for asset, place in worst.items()}
    counts = Counter(str(verdict) for verdict in verdicts.values())
    counted = {str(verdict): counts[str(verdict)] for verdict in reversed(_WORST_FIRST)} | {
        "not-judged": len(assets) - len(verdicts)
    }
    named = tuple(sorted(asset for asset, verdict in verdicts.items() if verdict in (Verdict.BREACHED, Verdict.UNPROVEN)))
    if not verdicts:
        answer = Answer.MANUAL if attested and not there else Answer.NOT_JUDGED
    elif counts[Verdict.BREACHED]:
        answer = Answer.DOES_NOT_SUPPORT
    elif counts[Verdict.UNPROVEN]:
        answer = Answer.UNPROVEN
    else:
        answer = Answer.SUPPORTS if counted["met"] == len(assets) else Answer.SUPPORTS_IN_PART
    return ControlAnswer(control, leg, answer, there, counted, named)


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
