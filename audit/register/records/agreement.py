"""An agreement: one version of a policy, put to the units whose assets it is for, and signed or refused by each unit's representative.

A signature binds the SHA-256 of what the version promises, as it was applied. It counts from the instant of its entry; a unit signs again when its signature grows too old.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any

import polars as pl
from pydantic import Field, ValidationInfo, field_validator, model_validator

from audit.model.estate import Estate
from audit.model.facts import INSTANT
from audit.model.records import SCOPE
from audit.model.terms import micros
from audit.policy.force import Signature
from audit.policy.lint import objections
from audit.policy.objectives import GENERAL, judged
from audit.policy.standing import parties, place_of
from audit.policy.suggest import one_of, unknown
from audit.register.records._record import EXACT, NEW, Act, Due, Moment, Names, Reason, Record, Said, Sha256, Values
from audit.register.records._units import represented, with_representatives

EXAMPLE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class Proposed(Values):
    """What is put to the units."""

    policy: Said = Field(description="the policy", examples=["core-messages"])
    version: int = Field(ge=-EXACT, le=EXACT, description="its version, as it was applied", examples=[3])
    until: Moment = Field(description="by when the units answer", examples=["2026-03-01"])
    text: Sha256 | None = Field(
        None, description="the SHA-256 of what the version promises, where it was shown with one; else that of the applied version"
    )

    @model_validator(mode="after")
    def _applied(self, info: ValidationInfo) -> Proposed:
        context = info.context or {}
        estate = context["estate"]
        place = place_of(estate, self.policy, self.version)
        if place is None:
            names = [f"{one.name} {one.version}" for one in estate.policies]
            raise ValueError(f"{unknown('policy version', f'{self.policy} {self.version}', names)} ({one_of(names)})")
        # Nobody is asked to sign what cannot be kept, or what the enterprise does not allow.
        if grave := [one.says for one in objections(estate, place, context["now"]) if one.grave]:
            raise ValueError("; ".join(grave))
        return self.model_copy(update={"text": _same(self.text, estate.policies[place].sha256)})


class Answered(Values):
    """What a unit answers."""

    unit: Said = Field(description="the unit that answers", examples=["customer-operations"])
    text: Sha256 | None = Field(None, description="the SHA-256 of what was shown, to be compared with what was proposed")

    @field_validator("unit")
    @classmethod
    def _represented(cls, unit: str, info: ValidationInfo) -> str:
        return represented(unit, info)

    @model_validator(mode="after")
    def _shown(self, info: ValidationInfo) -> Answered:
        record, estate = (info.context or {})["record"], (info.context or {})["estate"]
        if record is not None:
            place = place_of(estate, record.done[0].values["policy"], record.done[0].values["version"])
            owners = sorted(set(parties(estate, place)["unit"].drop_nulls())) if place is not None else []
            if owners and self.unit not in owners:
                raise ValueError(f"{self.unit} owns no asset that the version is for; those that do: {', '.join(owners)}")
        return self.model_copy(update={"text": _same(self.text, record.done[0].values["text"])}) if record else self


class Signed(Answered):
    """A signature."""

    capacity: Said = Field(description="in which capacity the signer speaks", examples=["head of customer operations"])


class Refused(Answered):
    """A refusal."""

    reason: Said = Field(description="why, and what would be signed instead", examples=["An RPO of one hour is too long for us."])


class Commented(Values):
    """What somebody says of a proposal."""

    comment: Said = Field(description="what there is to say", examples=["What would an RPO of one hour have cost us last year?"])


class Countered(Answered):
    """What a unit would sign instead."""

    instead: Annotated[Names, Field(min_length=1)] = Field(
        description="a value that it would sign, as `assess --what-if` takes it; once for each", examples=["rpo=15m"]
    )
    reason: Said = Field(description="why", examples=["An hour of messages is more than we can ask customers to write again."])

    @field_validator("instead")
    @classmethod
    def _values(cls, instead: Names) -> Names:
        for one in instead:
            if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)*=\S.*", one):
                raise ValueError(f"{one!r} is no value; write KEY=VALUE, such as rpo=15m or copies.offsite=2")
            if (key := re.split(r"[.=]", one)[0]) not in (known := {**judged(), **GENERAL}):
                raise ValueError(f"{unknown('objective', key, known)} ({one_of(known)})")
        return instead


ACTS = {
    "propose": Act("put a version of a policy to the units whose assets it is for", Proposed, (NEW,), "proposed"),
    "sign": Act(
        "sign for a unit, as its representative; again each time the signature is renewed",
        Signed,
        ("proposed",),
        "proposed",
        not_by=("propose",),
        attachments=True,
    ),
    "refuse": Act("refuse for a unit, as its representative; it ends a signature given before", Refused, ("proposed",), "proposed"),
    "comment": Act("say something of a proposal", Commented, ("proposed",), None, attachments=True),
    "counter": Act(
        "say for a unit what it would sign instead, as its representative; it is no answer yet",
        Countered,
        ("proposed",),
        None,
        attachments=True,
    ),
    "withdraw": Act("take a proposal back: signatures on it end, from now on", Reason, ("proposed",), "withdrawn"),
}
COLUMNS: dict[str, pl.DataType] = {
    "act": pl.String(),
    "policy": pl.String(),
    "version": pl.Int64(),
    "text": pl.String(),
    "due": INSTANT,  # by when units answer
}
_ALL: dict[str, list[str]] = {key: [] for key in SCOPE}


def rows(record: Record) -> Iterator[dict[str, Any]]:
    """Yield the proposal, which speaks to all assets, and of the assets of each unit its answers: how long a signature stood (`sign`: until the unit's next answer or the
    withdrawal), that it refused (`refuse`), and that it answered (`answer`). A proposal that was withdrawn before the units had to answer ends with that."""
    proposed, withdrawn = record.done[0], record.last("withdraw")
    due = datetime.fromisoformat(proposed.values["until"])
    told = {"policy": proposed.values["policy"], "version": proposed.values["version"], "text": proposed.values["text"], "due": due}
    end = withdrawn.at if withdrawn and withdrawn.at < due else None
    yield {"begin": proposed.at, "end": end, "act": "propose", **told, **proposed.origin(), **_ALL}
    ends = {None: withdrawn.at if withdrawn else None}
    for done in reversed(record.done):
        if done.act in ("sign", "refuse"):
            unit = done.values["unit"]
            scope = {**_ALL, "units": [unit]}
            # A refusal stands against every earlier signature on the version, whatever becomes of the proposal that it answered.
            end = ends.get(unit, ends[None]) if done.act == "sign" else None
            yield {"begin": done.at, "end": end, "act": done.act, **told, **done.origin(), **scope}
            yield {"begin": done.at, "end": None, "act": "answer", **told, **done.origin(), **scope}
            ends[unit] = done.at


def signatures(records: Iterable[Record]) -> Iterator[Signature]:
    """Yield each signature for as long as it stands: until the unit's next answer, or that of another agreement by which it refuses the same version, or the withdrawal."""
    told = [row for record in records for row in rows(record)]
    refused = [(_about(row), row["begin"]) for row in told if row["act"] == "refuse"]
    for row in told:
        if row["act"] == "sign":
            ends = [row["end"], *(at for about, at in refused if about == _about(row) and at > row["begin"])]
            end = min((one for one in ends if one is not None), default=None)
            policy, version, text, unit = _about(row)
            yield Signature(policy, version, text, unit, micros(row["begin"]), None if end is None else micros(end))


def _about(row: dict[str, Any]) -> tuple[str, int, str, str]:
    """Return what an answer is about, and whose it is."""
    (unit,) = row["units"]
    return row["policy"], row["version"], row["text"], unit


def _same(given: str | None, right: str | None) -> str | None:
    """Return the SHA-256 that an act binds, unless another one was shown."""
    if given is not None and given != right:
        raise ValueError(f"what was shown is not what the applied version promises: its SHA-256 is {right}")
    return right


def due(record: Record, estate: Estate) -> Iterator[Due]:
    """Yield each unit whose assets the version is for and that has not answered, with who represents it; and when the signatures on a version that stands grow too old."""
    if record.state != "proposed":
        return
    told = record.done[0].values
    place = place_of(estate, told["policy"], told["version"])
    answered = {one.values["unit"] for one in record.done if one.act in ("sign", "refuse")}
    asked = set() if place is None else set(parties(estate, place)["unit"])
    for unit in sorted(asked - answered):
        yield Due("answer", datetime.fromisoformat(told["until"]), with_representatives(unit, estate))
    if place is not None:
        yield from _lapsing(record, estate, place)


def _lapsing(record: Record, estate: Estate, place: int) -> Iterator[Due]:
    """Yield when each unit's newest signature on a version, if it was given here, counts no more, while the version stands for assets of the unit without an end in sight."""
    policy = estate.policies[place]
    review = policy.objectives.get("review")
    if review is None:
        return
    stands = estate.segments.filter(pl.col("policy") == place, pl.col("to").is_null(), pl.col("retired").is_null())
    rows = estate.records[record.id.rpartition("-")[0]].filter(
        pl.col("policy") == policy.name, pl.col("version") == policy.version, pl.col("act").is_in(["sign", "refuse"])
    )
    for unit in sorted(set(stands["unit"])):
        newest = rows.filter(pl.col("units").list.contains(unit)).sort("entry").tail(1)
        for row in newest.filter(pl.col("act") == "sign", pl.col("id") == record.id, pl.col("end").is_null()).iter_rows(named=True):
            yield Due("lapses", review.signed.after(row["begin"], policy.timezone), with_representatives(unit, estate))
