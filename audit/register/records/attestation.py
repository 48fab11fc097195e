"""A dated, signed and expiring statement of a person about what no log can show, such as that nobody administers both production and its backups.

It says of a control that it holds, or that it does not, for the assets of its scope, from a day to a day. One that has run out proves nothing any more, and one that was
withdrawn never did.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import polars as pl
from pydantic import Field, model_validator

from audit.model.estate import Estate
from audit.register.records._record import NEW, Act, Attestable, Due, Moment, Reason, Record, Said, Scoped


class Statement(Scoped):
    """What is stated."""

    control: Annotated[Said, Attestable()] = Field(description="the control it is about", examples=["isolation"])
    statement: Said = Field(
        description="what is stated, in the signer's words", examples=["The vault has administrators of its own."]
    )
    holds: bool = Field(default=True, description="whether it holds")
    since: Moment = Field(description="from when it holds", examples=["2026-01-01"])
    until: Moment = Field(description="when the statement expires", examples=["2027-01-01"])
    capacity: str = Field("", description="in which capacity the signer speaks, such as head of operations")

    @model_validator(mode="after")
    def _ordered(self) -> Statement:
        if self.until <= self.since:
            raise ValueError("until must be later than since")
        return self


ACTS = {
    "sign": Act("state something and sign it", Statement, (NEW,), "signed", attachments=True),
    "withdraw": Act("take a statement back: it then counts for nothing, from its beginning", Reason, ("signed",), "withdrawn"),
}
COLUMNS: dict[str, pl.DataType] = {"control": pl.String(), "holds": pl.Boolean()}


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield the statement, unless it was withdrawn."""
    if record.state == "signed":
        values = record.values
        since, until = (datetime.fromisoformat(values[name]) for name in ("since", "until"))
        yield {"begin": since, "end": until, "control": values["control"], "holds": values["holds"], **record.scope()}


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield when a statement expires."""
    if record.state == "signed":
        yield Due("lapses", datetime.fromisoformat(record.values["until"]), record.done[0].by)
