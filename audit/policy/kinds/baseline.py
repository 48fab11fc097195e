"""The baseline: what policies have to promise at the least, by tier and class of data, and who demands it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, WithJsonSchema

from audit.policy.kinds.policy import Several
from audit.policy.when import Date
from audit.policy.words import Item, Title

WHOLE = True


class Required(Item):
    """`{tier: core, data_class: messages, by: law, reference: {en: ..., zh: ...}, effective: 2026-01-01, objectives: {rpo: 1h}}`."""

    NOUN: ClassVar[str] = "demand"

    tier: Several | None = Field(None, description="for assets of these tiers; of all when absent")
    data_class: Several | None = Field(None, description="for assets of these classes of data; of all when absent")
    by: Literal["law", "enterprise"] = Field(description="who demands it")
    reference: Title | None = Field(None, description="where that is written, by language")
    effective: Date | None = Field(None, description="from when it is demanded; from when it is applied when that is later")
    objectives: Mapping[str, Any] = Field(min_length=1, description="objectives, each with the weakest value allowed")


class Baseline(Item):
    """What earlier versions kept as it was written stays readable: `audit.policy.baseline` reads the demands, and `apply` says what is wrong with them."""

    model_config = ConfigDict(extra="allow", frozen=True, arbitrary_types_allowed=True)
    NOUN: ClassVar[str] = "baseline"

    title: Title | None = Field(None, description="how documents call it, by language")
    baseline: Annotated[Any, WithJsonSchema({"type": "array", "items": TypeAdapter(Required).json_schema()})] = Field(
        None, description="what policies have to promise at the least"
    )


ITEM = Baseline
