"""Field types shared by the objectives of several controls."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from audit.model.terms import Term


def _term(value: Any) -> Term:
    return value if isinstance(value, Term) else Term.parse(str(value))


def _term_or_any(value: Any) -> Term | None:
    return None if value is None or value == "any" else _term(value)


def _share(value: Any) -> float:
    """`99.5%` or `0.995` as a share between 0 and 1."""
    text = str(value).strip()
    number = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    if not 0 < number <= 1:
        raise ValueError(f"{text} is not a share that can be asked for; write more than 0% and up to 100%, such as 99.5%")
    return number


Length = Annotated[
    Term,
    BeforeValidator(_term),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["15m", "24h", "30d", "3 months", "7y"], "description": "a length of time"}),
]
LengthOrAny = Annotated[
    Term | None,
    BeforeValidator(_term_or_any),
    PlainSerializer(lambda term: "any" if term is None else str(term)),
    WithJsonSchema({"type": "string", "examples": ["24h", "any"], "description": "a length of time, or any"}),
]
Share = Annotated[
    float,
    BeforeValidator(_share),
    WithJsonSchema({"type": ["string", "number"], "examples": ["99.5%"], "description": "a share, as a percentage"}),
]


class Objective(BaseModel):
    """What a policy may write under one key of `objectives`. Unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
