"""A review: the yearly campaign, or an extraordinary one, in which units see what was kept, propose what to change, decide and sign.

It rests on one assessment that is frozen when it is opened: a period, as known at an entry of the journal, whose hash is kept. It closes when every unit that owned assets in
the period has signed, and stays as it is for ever; what has to be corrected later is a revision that stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import polars as pl
from pydantic import Field, ValidationInfo, field_validator, model_validator

from audit.model.estate import Estate
from audit.register.records._record import (
    EXACT,
    NEW,
    Act,
    Due,
    Moment,
    Names,
    Record,
    RefusedError,
    Said,
    Sha256,
    Values,
    same_person,
)
from audit.register.records._units import represented, with_representatives


class Opened(Values):
    """What is reviewed, and by when."""

    title: Said = Field(description="what it is called", examples=["Annual review 2026"])
    kind: Literal["annual", "extraordinary"] = Field("annual", description="the yearly one, or one that something gave rise to")
    trigger: Literal["new-system", "breach", "vendor-change", "other"] | None = Field(
        None, description="what gave rise to an extraordinary one"
    )
    since: Moment = Field(description="the first day of the period", examples=["2026-01-01"])
    until: Moment = Field(description="the day after its last one", examples=["2027-01-01"])
    due: Moment = Field(description="by when the units sign", examples=["2027-03-01"])
    units: Names = Field((), description="the units that sign; those that owned an asset in the period when not given")
    as_known_at: int | None = Field(
        None, ge=1, le=EXACT, description="the journal entry up to which evidence counts; the newest when not given"
    )
    journal_head: Sha256 | None = Field(None, description="the hash of that entry, where it was shown with one")

    @model_validator(mode="after")
    def _frozen(self, info: ValidationInfo) -> Opened:
        if self.until <= self.since:
            raise ValueError("until must be later than since")
        if (self.kind == "extraordinary") is not (self.trigger is not None):
            raise ValueError("say what gave rise to an extraordinary review with `trigger`, and of an annual one leave it out")
        context = info.context or {}
        number, head = context["entry"](self.as_known_at)
        if self.journal_head is not None and self.journal_head != head:
            raise ValueError(f"entry {number} has another hash than was shown: {head}")
        units = self.units or tuple(_owners(context["estate_at"](number), self.since, self.until))
        if not units:
            raise ValueError("no unit owned an asset in the period: there is nothing to review")
        return self.model_copy(update={"as_known_at": number, "journal_head": head, "units": units})


class OfUnit(Values):
    """What is said for a unit, by its representative or a deputy."""

    unit: Said = Field(description="the unit", examples=["customer-operations"])

    @field_validator("unit")
    @classmethod
    def _represented(cls, unit: str, info: ValidationInfo) -> str:
        return represented(unit, info)


class Proposed(OfUnit):
    """What a unit proposes to change."""

    subject: Literal["frequency", "storage", "restore", "retention", "other"] = Field(
        description="what it is about", examples=["frequency"]
    )
    proposal: Said = Field(
        description="what is to change, and why", examples=["Hourly instead of four-hourly for the message store."]
    )


class Decided(Values):
    """What was decided on a unit's results or proposals."""

    unit: Said = Field(description="the unit", examples=["customer-operations"])
    decision: Literal["keep", "change", "accept-risk"] = Field(description="what was decided", examples=["change"])
    statement: Said = Field(description="what exactly, by when, and who sees to it", examples=["Version 4 is proposed by 1 April."])

    @field_validator("unit")
    @classmethod
    def _asked(cls, unit: str, info: ValidationInfo) -> str:
        context = info.context or {}
        if context["record"] is not None and unit not in (units := units_of(context["record"])):
            raise ValueError(f"{unit} is not among the units of this review: {', '.join(units)}")
        return unit


class Signed(OfUnit):
    """A unit's signature on its results and what was decided on them."""

    capacity: Said = Field(description="in which capacity the signer speaks", examples=["head of customer operations"])


class Closed(Values):
    """The end of a review."""

    next: Moment = Field(description="when the next one is to be held", examples=["2028-01-15"])
    statement: Said = Field(description="what came of it", examples=["Two policies change; the next review is in January."])

    @model_validator(mode="after")
    def _signed(self, info: ValidationInfo) -> Closed:
        context = info.context or {}
        record = context["record"]
        if record is not None and (open_ := undecided(record)):
            raise ValueError(f"nothing was decided yet on what was proposed for {', '.join(open_)}")
        if record is not None and (missing := unsigned(record)):
            raise ValueError(f"not signed yet by {', '.join(missing)}")
        if self.next <= context["now"]:
            raise ValueError("the next review lies ahead: `next` must be later than now")
        return self


class Revised(Values):
    """What was wrong in a closed review."""

    correction: Said = Field(
        description="what is corrected, and why", examples=["The vault in Hangzhou was new in May, not in June."]
    )


ACTS = {
    "open": Act("open a review on an assessment that is frozen with it", Opened, (NEW,), "open"),
    "propose": Act(
        "propose a change for a unit, as its representative; it signs again after that", Proposed, ("open",), None, attachments=True
    ),
    "decide": Act(
        "say what was decided for a unit, as somebody else proposed it; it signs again after that",
        Decided,
        ("open",),
        None,
        attachments=True,
    ),
    "sign": Act("sign for a unit, as its representative", Signed, ("open",), None),
    "close": Act("close a review that every unit has signed; it stays as it is", Closed, ("open",), "closed", attachments=True),
    "revise": Act("correct a closed review: the correction stands beside it", Revised, ("closed",), None, attachments=True),
}
COLUMNS: dict[str, pl.DataType] = {}


def check(record: Record | None, act: str, told: Mapping[str, Any], by: str, now: datetime) -> None:  # noqa: ARG001 - the shape of every check
    """Raise `RefusedError` when somebody decides on what they proposed themselves."""
    if act != "decide" or record is None:
        return
    for one in record.done:
        if one.act == "propose" and one.values["unit"] == told["unit"] and same_person(one.by, by):
            raise RefusedError(
                f"{by} did propose here for {told['unit']}, so somebody else must decide: nobody decides on what they asked for themselves"
            )


def units_of(record: Record) -> list[str]:
    """Return the units that sign a review."""
    return list(record.done[0].values["units"])


def _owners(estate: Estate, since: datetime, until: datetime) -> list[str]:
    """Return the units that owned an asset at any instant of a period."""
    here = estate.segments.filter(
        (pl.col("from").is_null() | (pl.col("from") < until)) & (pl.col("to").is_null() | (pl.col("to") > since))
    )
    return sorted(set(here["unit"].drop_nulls()))


def _newest(record: Record, *acts: str) -> dict[str, str]:
    """Return by unit which of some acts was done last for it."""
    return {one.values["unit"]: one.act for one in record.done if one.act in acts}


def unsigned(record: Record) -> list[str]:
    """Return the units that have not signed since something was last proposed or decided for them."""
    newest = _newest(record, "propose", "decide", "sign")
    return [unit for unit in units_of(record) if newest.get(unit) != "sign"]


def undecided(record: Record) -> list[str]:
    """Return the units for which something was proposed since the last decision."""
    newest = _newest(record, "propose", "decide")
    return [unit for unit in units_of(record) if newest.get(unit) == "propose"]


def rows(record: Record) -> Iterator[dict[str, Any]]:  # noqa: ARG001 - the shape of every kind
    """Yield nothing: no control judges by it."""
    return iter(())


def due(record: Record, estate: Estate) -> Iterator[Due]:
    """Yield each unit that has to sign, and when the next review is to be held."""
    if record.state == "open":
        by = datetime.fromisoformat(record.done[0].values["due"])
        for unit in unsigned(record):
            yield Due("sign", by, with_representatives(unit, estate))
    else:
        closed = record.last("close")
        assert closed is not None
        yield Due("begin", datetime.fromisoformat(closed.values["next"]), closed.by)
