"""Assets: what must be recoverable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from audit.policy.when import Date
from audit.policy.words import Item, Medium, Title, Word

FILES = r"assets.*"


def _pairs(cell: str) -> list[dict[str, str]]:
    """`source=subject; source=subject` as subjects."""
    pairs = [piece.partition("=") for piece in cell.split(";") if piece.strip()]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError("a subject is written `source=subject`, several with `;` between them; a name with `;` needs assets.yaml")
    return [{"source": source.strip(), "subject": subject.strip()} for source, _, subject in pairs]


def _listings(cell: str) -> list[dict[str, str]]:
    """`inventory=key; inventory=key` as entries of inventories."""
    pairs = [piece.partition("=") for piece in cell.split(";") if piece.strip()]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError("an entry of an inventory is written `inventory=key`, several with `;` between them")
    return [{"inventory": inventory.strip(), "key": key.strip()} for inventory, _, key in pairs]


def _words(cell: str) -> list[str]:
    return [piece.strip() for piece in cell.split(";") if piece.strip()]


def _retired(cell: str) -> str | dict[str, str]:
    """A date, or `date: reason`."""
    date, _, reason = cell.partition(": ")
    return {"date": date.strip(), "reason": reason.strip()} if reason.strip() else cell


CELLS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("name", "title", "unit", "data_class", "tier", "site", "medium", "failure_domain", "in_service"), str),
    "retired": _retired,
    "subjects": _pairs,
    "repositories": _words,
    "since": str,
    "inventories": _listings,
    "known_as": _words,
}
"""The columns of `assets.csv`. Parts need `assets.yaml`."""


class Subject(Item):
    """`{source: pbs-dc1, subject: vm/101}`: the name by which a source's evidence knows the asset or part."""

    NOUN: ClassVar[str] = "subject"

    source: Word = Field(description="the source's name")
    subject: Word = Field(description="what the tool calls it, letter by letter")


class Listing(Item):
    """`{inventory: vcenter-dc1, key: 4c4c-0053/vm-101}`: the entry of an inventory that the asset is."""

    NOUN: ClassVar[str] = "entry"

    inventory: Word = Field(description="the inventory's name, as its mapping says it")
    key: Word = Field(description="the identity that the platform gives it, which stays when it is renamed")


class Part(Item):
    """`{name: shard-1, subjects: [...]}`: a piece that is backed up on its own."""

    NOUN: ClassVar[str] = "part"

    name: Word = Field(description="the piece's name, once only in the asset")
    title: Title | None = Field(None, description="how documents call it, by language")
    subjects: tuple[Subject, ...] = Field(
        min_length=1, description="the names of the piece; at least one, or nothing could ever prove it"
    )


class Retirement(Item):
    """`retired: 2026-06-01`, or `retired: {date: 2026-06-01, reason: replaced by im-messages-db-2}`."""

    NOUN: ClassVar[str] = "retirement"

    date: Date = Field(description="the first instant out of service")
    reason: Word | None = Field(None, description="why")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Retirement) else {"date": value}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Let editors accept the short form as well."""
        return {"anyOf": [{"type": "string"}, handler(schema)]}


class Asset(Item):
    """`{name: im-messages-db, unit: customer-operations, data_class: messages, tier: core, site: dc1, medium: disk, in_service:
    2024-01-01, subjects: [...]}`.
    """

    NOUN: ClassVar[str] = "asset"
    KEPT: ClassVar[str] = "an asset is retired, never removed: write `retired: {date: ..., reason: ...}`"

    name: Word = Field(description="the asset's name in every document")
    title: Title | None = Field(None, description="how documents call it, by language")
    unit: Word = Field(description="the unit that owns it")
    data_class: Word = Field(description="what kind of data: messages, files, identity ...")
    tier: Word = Field(description="how important: core, standard ...")
    site: Word | None = Field(None, description="the site of production; without it, whether a copy is offsite is unproven")
    medium: Medium | None = Field(None, description="production's medium: disk, flash, object, optical or tape")
    failure_domain: Word | None = Field(None, description="what fails together with production; its own when absent")
    in_service: Date = Field(description="the first instant at which it must be protected")
    retired: Retirement | None = Field(None, description="when and why it left service: a date, or `{date, reason}`")
    subjects: tuple[Subject, ...] = Field((), description="names of the whole asset in the evidence")
    parts: tuple[Part, ...] = Field(
        (), description="pieces that are backed up on their own, each with its subjects; instead of `subjects`"
    )
    repositories: tuple[Word, ...] = Field((), description="repositories it must have copies in, also before any listing shows one")
    since: Date | None = Field(None, description="from when this declaration holds; see History")
    inventories: tuple[Listing, ...] = Field((), description="the entries of inventories that it is; see docs/inventories.md")
    known_as: tuple[Word, ...] = Field(
        (), description="other names: host names, addresses, ids. They help to guess whose a subject is, and decide nothing"
    )

    @model_validator(mode="after")
    def _pieces(self) -> Asset:
        if self.subjects and self.parts:
            raise ValueError(
                "an asset has either `subjects` (of the whole) or `parts` (each with its own); write the whole as a part"
            )
        return self


ITEM = Asset
