"""A waiver: approved, expiring permission to breach one control for a scope, with what is done instead. Nobody approves their own request.

It covers breaches from its approval (never earlier) to its end, or until it is revoked. What it covers is shown as waived, with all that is known of it, and is breached again
once it lapses. Holds, evidence, agreements and contradictions are never covered.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import polars as pl
from pydantic import Field, model_validator

from audit.model.estate import Estate
from audit.register.records._record import NEW, Act, Due, Moment, Reason, Record, RefusedError, Said, Scoped, Waivable


class Requested(Scoped):
    """What is to be permitted, and what is done instead."""

    control: Annotated[Said, Waivable()] = Field(description="the control that may be breached", examples=["isolation"])
    leg: str | None = Field(None, description="only this leg of it, such as offsite; all of them when not given")
    since: Moment = Field(description="from when; nothing is covered before it is approved", examples=["2026-02-01"])
    until: Moment = Field(description="when it lapses", examples=["2026-05-01"])
    reason: Said = Field(description="why the promise cannot be kept", examples=["The storage of dc2 is being replaced."])
    measure: Said = Field(description="what is done instead, to make up for it", examples=["Exports to object storage every hour."])

    @model_validator(mode="after")
    def _ordered(self) -> Requested:
        if self.until <= self.since:
            raise ValueError("until must be later than since")
        return self


ACTS = {
    "request": Act("ask for permission to breach a control for a time", Requested, (NEW,), "requested", attachments=True),
    "approve": Act("permit what somebody else asked for; it counts from this instant on", Reason, ("requested",), "approved", not_by=("request",), attachments=True),
    "refuse": Act("refuse what somebody else asked for", Reason, ("requested",), "refused", not_by=("request",)),
    "withdraw": Act("take a request back", Reason, ("requested",), "withdrawn"),
    "revoke": Act("end a waiver before it lapses: from now on nothing is covered", Reason, ("approved",), "revoked"),
}  # fmt: skip
COLUMNS: dict[str, pl.DataType] = {
    "control": pl.String(),
    "leg": pl.String(),  # null: all legs
    "reason": pl.String(),
    "measure": pl.String(),
    "asked_by": pl.String(),
}


def check(record: Record | None, act: str, told: Any, by: str, now: datetime) -> None:  # noqa: ARG001 - the shape of every check
    """Raise `RefusedError` when a waiver would be approved that has lapsed already."""
    if act == "approve" and record is not None and datetime.fromisoformat(record.values["until"]) <= now:
        raise RefusedError(f"{record.id} lapsed at {record.values['until']}: a waiver does not reach back; request a new one")


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield the waiver, once it was approved: from the later of its begin and the approval to the earlier of its end and the revocation."""
    approved, revoked = record.last("approve"), record.last("revoke")
    if approved is None:
        return
    asked = record.done[0].values
    since, until = (datetime.fromisoformat(asked[name]) for name in ("since", "until"))
    begin, end = max(since, approved.at), min(until, revoked.at) if revoked else until
    if begin < end:
        told = {
            "leg": asked.get("leg"),
            "asked_by": record.done[0].by,
            **{key: asked[key] for key in ("control", "reason", "measure")},
        }
        yield {"begin": begin, "end": end, **told, **approved.origin(), **record.scope()}


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield that a request waits for a decision, from the day it is for, and when a waiver lapses."""
    if record.state == "requested":
        yield Due("decide", datetime.fromisoformat(record.values["since"]))
    if record.state == "approved":
        yield Due("lapses", datetime.fromisoformat(record.values["until"]), record.done[0].by)
