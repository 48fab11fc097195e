"""An assessment of a provider who holds copies: what was asked and answered, what it scored, and until when it is good.

It counts once somebody else than the assessor has approved it. It keeps the questions of `policies/vendor-questionnaire.yaml` as they were when it was made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar

import polars as pl
from pydantic import BeforeValidator, Field, model_validator

from audit.model.estate import Estate
from audit.model.facts import INSTANT
from audit.model.records import SCOPE
from audit.register.records._questions import Answer, answered, score, unanswered
from audit.register.records._record import NEW, Act, Due, Moment, Reason, Record, Said, Values


class Assessed(Values):
    """What a provider answered."""

    CONTENT: ClassVar[bool] = True
    """It is read with the questionnaire of the content folders."""

    provider: Said = Field(description="the provider, as repositories name it", examples=["north-cloud"])
    prospect: bool = Field(default=False, description="whether no repository names it yet: a provider that might be chosen")
    answers: Annotated[tuple[Answer, ...], BeforeValidator(answered)] = Field(
        description="an answer, QUESTION=SCORE TEXT, scores from 0 to 4; once for each question of policies/vendor-questionnaire.yaml",
        examples=["exit=3 Returned within 30 days; tried in March."],
    )
    evidence: Said = Field(description="where what shows it is kept", examples=["contract folder 2026/17"])
    on: Moment = Field(description="when it was assessed", examples=["2026-02-01"])
    until: Moment = Field(description="when the assessment lapses", examples=["2027-02-01"])

    @model_validator(mode="after")
    def _ordered(self) -> Assessed:
        if self.until <= self.on:
            raise ValueError("until must be later than on")
        return self


ACTS = {
    "assess": Act(
        "enter what a provider answered; it counts once somebody else approves it", Assessed, (NEW,), "assessed", attachments=True
    ),
    "approve": Act("approve an assessment, as somebody else made it", Reason, ("assessed",), "approved", not_by=("assess",)),
    "reject": Act("reject an assessment, as somebody else made it", Reason, ("assessed",), "rejected", not_by=("assess",)),
    "retire": Act("take an assessment out of use, from now on", Reason, ("assessed", "approved"), "retired"),
}
COLUMNS: dict[str, pl.DataType] = {
    "provider": pl.String(),
    "on": INSTANT,  # when it was assessed, or entered, if that is earlier
    "approved": pl.Boolean(),  # null: nobody decided yet
    "answered": pl.Boolean(),  # every mandatory question
    "score": pl.Float64(),
}
_ALL: dict[str, list[str]] = {key: [] for key in SCOPE}


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield the assessment, from its day until it lapses or was taken out of use. It is about a provider, not about assets."""
    told = record.done[0]
    until, retired = datetime.fromisoformat(told.values["until"]), record.last("retire")
    yield {
        "begin": told.on,
        "end": min(until, retired.at) if retired else until,
        "provider": told.values["provider"],
        "on": told.on,
        "approved": True if record.last("approve") else False if record.last("reject") else None,
        "answered": not unanswered(told.values["answers"]),
        "score": score(told.values["answers"]),
        **told.origin(),
        **_ALL,
    }


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield that an assessment waits for a decision, and when it lapses."""
    told = record.done[0]
    if record.state == "assessed":
        yield Due("decide", told.at)
    if record.state == "approved":
        yield Due("lapses", datetime.fromisoformat(told.values["until"]), told.by)
