"""Field types shared by the objectives of several controls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from audit.model.terms import Term


def _term(value: Any) -> Term:
    return value if isinstance(value, Term) else Term.parse(str(value))


def _term_or_any(value: Any) -> Term | None:
    return None if value is None or value == "any" else _term(value)


def _share(value: Any) -> float:
    """`99.5%` or `0.995` as a share between 0 and 1."""
    text = str(value).strip()
    # 99.9 / 100 in binary fractions is more than 0.999: exactly the share asked for would not be enough.
    try:
        number = float(Decimal(text.removesuffix("%")) / 100) if text.endswith("%") else float(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a percentage; write a number before the %, such as 99.5%") from None
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


@dataclass(frozen=True, slots=True)
class Names:
    """Marks a field whose words name what the programme declares, so that `apply` can say which of them it does not. `stem`: of the file that declares it."""

    stem: str


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Repositories = Annotated[
    tuple[str, ...],
    BeforeValidator(_several),
    Field(min_length=1),
    Names("repositories"),
    WithJsonSchema({
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
        "description": "repositories of the programme; all when absent",
    }),
]  # fmt: skip


Assets = Annotated[
    tuple[str, ...],
    BeforeValidator(_several),
    Field(min_length=1),
    Names("assets"),
    WithJsonSchema({
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
        "description": "assets of the programme; whoever judges an asset with this objective looks at these as well",
    }),
]  # fmt: skip


def named(objective: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield, of an objective, the fields that name what the programme declares: key, the stem of the file that declares it, and the names."""
    if isinstance(objective, BaseModel):
        for name, field in type(objective).model_fields.items():
            for mark in field.metadata:
                if isinstance(mark, Names):
                    yield field.alias or name, mark.stem, getattr(objective, name)


class Objective(BaseModel):
    """What a policy may write under one key of `objectives`. Unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    SHORT: ClassVar[str | None] = None
    """The field whose value may stand alone: `rpo: 15m` is `rpo: {target: 15m}`."""
    AS_TRUE: ClassVar[str | None] = None
    """The key, where `true` may stand for everything as it is when absent: `encrypted: true`."""

    def beside(self) -> str | None:
        """Return the kind of record whose other assets have to be looked at to judge one that it names as well; null where none has."""
        return None

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, value: Any) -> Any:
        if cls.AS_TRUE is not None:
            if value is False:
                raise ValueError(f"`{cls.AS_TRUE}: false` promises nothing; write `{cls.AS_TRUE}: true`, or leave it out")
            return {} if value is True else value
        return value if cls.SHORT is None or isinstance(value, dict | cls) else {cls.SHORT: value}
