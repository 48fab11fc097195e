"""The programme itself: its title and the zone of its bare dates."""

from __future__ import annotations

from typing import ClassVar, Literal

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
    takes_force: Literal["applied", "signed"] = Field(
        "applied",
        description="when a later version of a policy takes force: `applied`, as soon as it is applied and effective; `signed`, once the units that own assets in its scope"
        " have signed it as well",
    )


ITEM = Heading
