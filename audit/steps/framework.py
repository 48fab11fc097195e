"""Framework: the requirements of a standard or law, answered from an assessment."""

from __future__ import annotations

import audit.controls
from audit.content import Content
from audit.discovery import modules
from audit.evaluation.agreed import Agreed
from audit.evaluation.framework import Answered, Asked, answers
from audit.model.assessment import Assessment
from audit.model.estate import Estate
from audit.policy.frameworks import Kind, best, least, read_beside, read_framework, split, vocabulary


def answer(assessment: Assessment, estate: Estate, name: str, content: Content, unit: str | None = None) -> Answered:
    """Answer a framework from an assessment of all controls (unit: of the assets of this unit), and from what was agreed.

    Raises `UsageError` for an unknown framework, `InputError` for one whose file is wrong.

    Of all controls: an asset that only other controls judged still counts among the assets of each.
    """
    framework, known = read_framework(content, name), vocabulary(content)
    asked = [
        Asked(
            requirement.id,
            tuple(split(written) for written in requirement.controls),
            in_part=requirement.assessed is not best(requirement, known),
            at_least=least(requirement),
            read_beside=read_beside(requirement, known),
        )
        for requirement in framework.requirements
    ]
    attested = {control for control, word in known.items() if word.kind is Kind.ATTESTED}
    there = {control: bool(module.OBJECTIVES) for control, module in modules(audit.controls.__name__).items()}
    return Answered(name, framework, tuple(answers(assessment, asked, there, attested, Agreed(assessment, estate, unit))))
