"""Repositories: where copies live."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, WithJsonSchema

from audit.controls._objectives import Length
from audit.policy.price import Price
from audit.policy.when import Date
from audit.policy.words import Item, Medium, Title, Word


class Repository(Item):
    """`{name: nas-dc1, medium: disk, site: dc1, failure_domain: nas-01, offline: false, keeps_at_least: 7d, mirror_of: ..., price: {...}}`."""

    NOUN: ClassVar[str] = "repository"
    KEPT: ClassVar[str] = "keep its line: evidence of the past names it"
    TIMELESS: ClassVar[tuple[str, ...]] = ("keeps_at_least",)

    name: Word = Field(description="the word by which evidence names the repository")
    title: Title | None = Field(None, description="how documents call it, by language")
    medium: Medium | None = Field(
        None, description="disk, flash, object, optical or tape; without it, whether media differ is unproven"
    )
    site: Word | None = Field(None, description="the site it stands at; without it, whether it is offsite is unproven")
    failure_domain: Word = Field(description="what fails together: repositories with the same word count as one copy")
    offline: bool = Field(False, description="true when no network reaches it (a tape in a safe)")
    mirror_of: Word | None = Field(
        None, description="the repository it replicates, deletions included: a mirror counts for offsite and media only"
    )
    provider: Word | None = Field(None, description="who runs it, such as a cloud vendor")
    keeps_at_least: Length | None = Field(None, description="how long a listing is sure to show every copy; holds for all time")
    # Once kept in any shape, and a programme that was applied must be readable for ever: `apply` refuses what is no `Price`, and of the past it is none.
    price: Annotated[Any, WithJsonSchema(Price.model_json_schema())] = Field(
        None, description="what storing costs; checked when it is applied"
    )
    since: Date | None = Field(None, description="from when this declaration holds; see History")


ITEM = Repository
