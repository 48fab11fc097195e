"""Framework: the requirements of a standard or law, answered from an assessment."""

from __future__ import annotations

import audit.controls
from audit.content import Content
from audit.discovery import modules
from audit.evaluation.framework import Answered, Asked, answers
from audit.model.verdicts import Assessment
from audit.policy.frameworks import Assessed, Kind, best, read_framework, split, vocabulary


def answer(assessment: Assessment, name: str, content: Content) -> Answered:
    """Answer a framework from an assessment. Raises `UsageError` for an unknown framework, `InputError` for one whose file is wrong."""
    framework, known = read_framework(content, name), vocabulary(content)
    asked = []
    for requirement in framework.requirements:
        controls = tuple(split(written) for written in requirement.controls)
        kinds = {known[control].kind for control, _ in controls}
        asked.append(Asked(requirement.id, controls, in_part=_rank(requirement.assessed) > _rank(best(kinds))))
    attested = {control for control, word in known.items() if word.kind is Kind.ATTESTED}
    there = {control: bool(module.OBJECTIVES) for control, module in modules(audit.controls.__name__).items()}
    return Answered(name, framework, tuple(answers(assessment, asked, there, attested)))


def _rank(assessed: Assessed) -> int:
    return list(Assessed).index(assessed)


def controls_of(name: str, content: Content) -> list[str]:
    """Return the controls that a framework asks for and this version judges, sorted. Raises as `answer` does."""
    framework = read_framework(content, name)
    asked = {split(written)[0] for requirement in framework.requirements for written in requirement.controls}
    return sorted(asked & set(modules(audit.controls.__name__)))
