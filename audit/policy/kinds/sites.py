"""Sites: places with city and country."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from audit.policy.when import Date
from audit.policy.words import Item, Title, Word


class Site(Item):
    """`{name: dc1, city: Shanghai, country: CN}`."""

    NOUN: ClassVar[str] = "site"
    KEPT: ClassVar[str] = "keep its line: what stood there in the past still counts"

    name: Word = Field(description="the word by which assets and repositories refer to the site")
    title: Title | None = Field(None, description="how documents call it, by language")
    city: Word = Field(description="the city: a copy in another city is offsite")
    country: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] = Field(
        description="the country, two capital letters (ISO 3166): CN, DE, NO"
    )
    since: Date | None = Field(None, description="from when this declaration holds; see History")


ITEM = Site
