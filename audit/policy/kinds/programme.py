"""The programme itself: its title and the zone of its bare dates."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from audit.policy.words import Item, Title, Zone

WHOLE = True


class Heading(Item):
    """`{title: {en: ..., zh: ...}, timezone: Asia/Shanghai}`."""

    NOUN: ClassVar[str] = "programme"

    title: Title | None = Field(None, description="the company's or the programme's name")
    timezone: Zone | None = Field(
        None, description="the zone of bare dates in every file but the policies, and of policies that name none"
    )


ITEM = Heading
