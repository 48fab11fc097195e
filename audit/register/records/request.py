"""A request for evidence: what an auditor asks to be shown, by when, and the package that shows it. Who fulfilled it does not accept it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import polars as pl
from pydantic import Field, model_validator

from audit.model.estate import Estate
from audit.register.records._record import NEW, Act, Due, Moment, Reason, Record, Said, Scoped, Sha256, Values

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class Asked(Scoped):
    """What is to be shown."""

    title: Said = Field(description="what is to be shown, in a few words", examples=["Restores of the message store in 2026"])
    since: Moment = Field(description="the first day that it is about", examples=["2026-01-01"])
    until: Moment = Field(description="the day after the last one that it is about", examples=["2027-01-01"])
    due: Moment = Field(description="by when it is to be shown", examples=["2027-02-01"])
    owner: str = Field("", description="who is to show it")
    description: str = Field("", description="what exactly, and why")

    @model_validator(mode="after")
    def _ordered(self) -> Asked:
        if self.until <= self.since:
            raise ValueError("until must be later than since")
        return self


class Assigned(Values):
    """Who is to show it, and by when."""

    owner: Said = Field(description="who is to show it", examples=["Li Na"])
    due: Moment | None = Field(None, description="by when, where that changes")


class Fulfilled(Values):
    """The package that shows it."""

    package: Sha256 = Field(description="the SHA-256 of the evidence package, as sha256sum prints it", examples=[SHA256])
    note: str = Field("", description="what there is to say of it")


_WAITING = ("asked", "returned")
ACTS = {
    "ask": Act("ask for evidence", Asked, (NEW,), "asked", attachments=True),
    "assign": Act("say who is to show it", Assigned, _WAITING, None),
    "fulfil": Act("name the package that shows it", Fulfilled, _WAITING, "fulfilled", attachments=True),
    "accept": Act("accept what somebody else showed", Reason, ("fulfilled",), "accepted", not_by=("fulfil",)),
    "return": Act("return what somebody else showed: it does not suffice", Reason, ("fulfilled",), "returned", not_by_last=("fulfil",)),
    "withdraw": Act("take the request back", Reason, (*_WAITING, "fulfilled"), "withdrawn"),
}  # fmt: skip
COLUMNS: dict[str, pl.DataType] = {}


def rows(record: Record) -> Iterator[dict[str, Any]]:  # noqa: ARG001 - the shape of every kind
    """Yield nothing: no control judges by it."""
    return iter(())


def due(record: Record, estate: Estate) -> Iterator[Due]:  # noqa: ARG001 - the shape of every kind
    """Yield by when it is to be shown, or that what was shown waits to be accepted by who asked."""
    if record.state in _WAITING:
        dated = next(one.values["due"] for one in reversed(record.done) if one.values.get("due"))
        owner = next((one.values["owner"] for one in reversed(record.done) if one.values.get("owner")), "")
        yield Due("fulfil", datetime.fromisoformat(dated), owner)
    if record.state == "fulfilled":
        yield Due("accept", record.done[-1].at, record.done[0].by)
