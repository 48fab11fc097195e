"""Field types and the base class of everything that a programme declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from audit.policy.suggest import nearest

Medium = Literal["disk", "flash", "object", "optical", "tape"]
"""The closed list of media, after SNIA's dictionary: spinning disk, flash, object storage, optical disc, tape. Two copies on the
same word are one medium.
"""


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _plain(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError(f"{value!r} holds a control character")
    return value


Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(_plain)]
"""A name. Any script; never empty, no control characters."""


def _zone(value: str) -> str:
    if value not in available_timezones():
        match = nearest(value, available_timezones())
        raise ValueError(
            f"{value!r} is not an IANA time zone" + (f", did you mean {match}?" if match else "; write it as Asia/Shanghai")
        )
    return value


Zone = Annotated[
    str, AfterValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Asia/Shanghai", "Europe/Berlin", "UTC"]})
]


def _title(value: Any) -> Any:
    return {"en": value} if isinstance(value, str) else value


Title = Annotated[
    Mapping[str, Word],
    BeforeValidator(_title),
    WithJsonSchema({
        "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}],
        "examples": [{"en": "Finance", "zh": "财务部"}],
        "description": "a text, or a text for each language",
    }),
]  # fmt: skip


class Item(BaseModel):
    """One declared thing. Unknown keys are faults.

    `NOUN` is what messages call it. `KEPT` is set where a thing that was once declared must stay in the folder, and says what to do
    instead of removing it. `TIMELESS` are keys that tell how evidence is read: they have no history, so changing them changes the
    past.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    NOUN: ClassVar[str]
    KEPT: ClassVar[str] = ""
    TIMELESS: ClassVar[tuple[str, ...]] = ()

    @property
    def label(self) -> str:
        """What tells it from others of its kind."""
        return str(getattr(self, "name", ""))


class Loose(Item):
    """A thing that a later version reads in full: its name and dates are checked, everything else is kept as it is written."""

    model_config = ConfigDict(extra="allow", frozen=True, arbitrary_types_allowed=True)

    name: Word = Field(description="its name, once only")
    title: Title | None = Field(None, description="how documents call it")
