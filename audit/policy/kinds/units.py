"""Business units: who owns assets and signs agreements."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from audit.policy.words import Item, Title, Word


class Unit(Item):
    """`{name: customer-operations, title: {en: Customer Operations, zh: 客户运营部}, representatives: [...]}`."""

    NOUN: ClassVar[str] = "unit"
    KEPT: ClassVar[str] = "keep its line: reports on earlier periods name it"

    name: Word = Field(description="the word by which assets and policies refer to the unit")
    title: Title | None = Field(None, description="how documents call it, by language")
    representatives: tuple[Word | dict[str, Any], ...] = Field(
        (), description="who may sign for the unit: names, or mappings such as `{name: ..., email: ...}`"
    )


ITEM = Unit
