"""The questionnaire for providers (`policies/vendor-questionnaire.yaml`), and answers to it as people give them: `exit=3 Everything is returned within 30 days.`"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo

from audit.content import Content
from audit.policy.suggest import one_of, unknown

QUESTIONNAIRE = "policies/vendor-questionnaire.yaml"
BEST = 4
_ANSWER = re.compile(r"(?P<question>[a-z-]+)=(?P<score>[0-4])\s+(?P<answer>\S.*)", re.DOTALL)


class Answer(BaseModel):
    """A question as it was asked, and what was answered (null: nothing). The question is kept with its answer: a later questionnaire changes no assessment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    weight: int
    mandatory: bool
    score: int | None = None
    answer: str | None = None


def answered(value: Any, info: ValidationInfo) -> list[Answer]:
    """Return every question of the questionnaire with what was answered to it."""
    content = (info.context or {}).get("content") or Content()
    asked = {one["id"]: one for one in content.yaml(QUESTIONNAIRE)["questions"]}
    given: dict[str, tuple[int, str]] = {}
    for text in value:
        found = _ANSWER.fullmatch(text.strip())
        if not found:
            raise ValueError(
                f"{text!r} is no answer; write QUESTION=SCORE TEXT, the score from 0 to {BEST}, such as 'exit=3 Returned within 30 days.'"
            )
        name = found["question"]
        if name not in asked:
            raise ValueError(f"{unknown('question', name, asked)} ({one_of(asked)})")
        if name in given:
            raise ValueError(f"{name} is answered twice")
        given[name] = (int(found["score"]), found["answer"].strip())
    nothing = (None, None)
    return [
        Answer(question=name, weight=one["weight"], mandatory=one["mandatory"], score=given.get(name, nothing)[0], answer=given.get(name, nothing)[1])
        for name, one in asked.items()
    ]  # fmt: skip


def unanswered(answers: list[Mapping[str, Any]]) -> list[str]:
    """Return the mandatory questions that were not answered."""
    return [one["question"] for one in answers if one["mandatory"] and one["score"] is None]


def score(answers: list[Mapping[str, Any]]) -> float:
    """Return the weighted score, from 0 to 1; what was not answered has none."""
    whole = sum(one["weight"] for one in answers) * BEST
    return sum(one["weight"] * (one["score"] or 0) for one in answers) / whole if whole else 0.0
