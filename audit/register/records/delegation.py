"""A delegation: a representative of a unit lets somebody answer agreements for the unit, from a day to a day.

Only a representative delegates, for their own unit, and not to themselves; a deputy cannot pass it on. What a deputy signed while it stood stays signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import polars as pl
from pydantic import Field, ValidationInfo, field_validator, model_validator

from audit.model.estate import Estate
from audit.register.records._record import NEW, Act, Due, Moment, Reason, Record, Said, Values, same_person
from audit.register.records._units import represented


class Delegated(Values):
    """Who may answer for a unit, and for how long."""

    unit: Said = Field(description="the unit", examples=["customer-operations"])
    deputy: Said = Field(description="who may answer for it", examples=["Zhao Min"])
    since: Moment = Field(description="from when", examples=["2026-07-01"])
    until: Moment = Field(description="until when; not after it", examples=["2026-08-01"])
    reason: Said = Field(description="why", examples=["On leave in July."])

    @field_validator("unit")
    @classmethod
    def _represented(cls, unit: str, info: ValidationInfo) -> str:
        return represented(unit, info, by_deputies=False)

    @model_validator(mode="after")
    def _right(self, info: ValidationInfo) -> Delegated:
        if self.until <= self.since:
            raise ValueError("until must be later than since")
        if same_person(self.deputy, (info.context or {})["by"]):
            raise ValueError("name somebody else: nobody is their own deputy")
        return self


ACTS = {
    "delegate": Act("let somebody answer for a unit, as its representative", Delegated, (NEW,), "delegated", attachments=True),
    "revoke": Act("end a delegation, from now on", Reason, ("delegated",), "revoked"),
}
COLUMNS: dict[str, pl.DataType] = {}


def deputies(known: Iterable[Record], unit: str, representatives: Iterable[str], at: datetime) -> list[str]:
    """Return who may answer for a unit at an instant (UTC) because somebody who represents it then let them."""
    names = list(representatives)
    found = []
    for record in known:
        told, revoked = record.done[0].values, record.last("revoke")
        if not any(same_person(record.done[0].by, name) for name in names):
            continue
        stands = datetime.fromisoformat(told["since"]) <= at < datetime.fromisoformat(told["until"])
        if told["unit"] == unit and stands and (revoked is None or at < revoked.at):
            found.append(str(told["deputy"]))
    return found


def rows(record: Record) -> Iterator[dict[str, Any]]:  # noqa: ARG001 - the shape of every kind
    """Yield nothing: it says who may act, and no control judges by it."""
    return iter(())


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield when it ends."""
    if record.state == "delegated":
        yield Due("lapses", datetime.fromisoformat(record.values["until"]), record.values["deputy"])
