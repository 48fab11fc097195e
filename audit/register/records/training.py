"""Training of a person for a runbook: that somebody learnt or exercised how to recover by it, from a day until it expires.

It counts once somebody else has confirmed it: neither the person trained, nor who recorded it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import polars as pl
from pydantic import Field, model_validator

from audit.model.estate import Estate
from audit.model.records import SCOPE
from audit.register.records._record import NEW, Act, Due, Moment, Reason, Record, RecordOf, Said, Values, folded


class Trained(Values):
    """Who was trained for what."""

    person: Said = Field(description="who was trained", examples=["Chen Jie"])
    runbook: Annotated[Said, RecordOf("runbook")] = Field(
        description="the runbook it was for: the id of its record", examples=["runbook-12"]
    )
    how: Said = Field(description="how: a course, an exercise, a real restore", examples=["Restored a day of messages by it."])
    since: Moment = Field(description="when the training ended", examples=["2026-02-10"])
    until: Moment = Field(description="when it expires", examples=["2027-02-10"])

    @model_validator(mode="after")
    def _ordered(self) -> Trained:
        if self.until <= self.since:
            raise ValueError("until must be later than since")
        return self


_STANDING = ("recorded", "confirmed")
ACTS = {
    "record": Act(
        "record the training of a person; it counts once somebody else confirms it", Trained, (NEW,), "recorded", attachments=True
    ),
    "confirm": Act(
        "confirm a training, as neither the person trained nor who recorded it",
        Reason,
        ("recorded",),
        "confirmed",
        not_by=("record",),
        not_named=("person",),
        attachments=True,
    ),
    "end": Act("say that the person can no longer be counted on, from now on", Reason, _STANDING, "ended"),
    "withdraw": Act("take it back: it then counts for nothing, from its beginning", Reason, _STANDING, "withdrawn"),
}
COLUMNS: dict[str, pl.DataType] = {"runbook": pl.String(), "person": pl.String(), "confirmed": pl.Boolean()}
_ALL: dict[str, list[str]] = {key: [] for key in SCOPE}


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield the training, to its expiry or to when it was ended. Of whom it speaks, its runbook says. Of one that was withdrawn, that the register was kept
    of its runbook from its entry on (nobody's: `person` is null): who takes an entry back does not make it unknown that there are no others."""
    told = record.done[0]
    since, until = (datetime.fromisoformat(told.values[key]) for key in ("since", "until"))
    common = {"runbook": told.values["runbook"], **told.origin(), **_ALL}
    if record.state == "withdrawn":
        yield {"begin": max(since, told.at), "end": None, "person": None, "confirmed": False, **common}
        return
    ended = record.last("end")
    yield {
        "begin": since,
        "end": min(until, ended.at) if ended else until,
        "person": folded(told.values["person"]),
        "confirmed": record.last("confirm") is not None,
        **common,
    }


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield that a training waits for somebody to confirm it, and when it expires."""
    told = record.done[0]
    if record.state == "recorded":
        yield Due("confirm", told.at)
    if record.state in _STANDING:
        yield Due("lapses", datetime.fromisoformat(told.values["until"]), told.values["person"])
