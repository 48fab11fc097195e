"""`inventory.yaml`: what an inventory's entries become in the programme. Compliance people edit it; docs/inventories.md explains every key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar

import polars as pl
from pydantic import BeforeValidator, Field

from audit.adapters import _formats
from audit.adapters._mapping import EachOnce, Several
from audit.errors import Fault, InputError
from audit.inventories._mapping import State, TableMapping
from audit.policy.place import Place
from audit.policy.text import decode
from audit.policy.validate import validate
from audit.policy.words import Item, Word
from audit.policy.yaml_reader import read_yaml

_NAMED = re.compile(r"\{([^{}]+)\}")


def _no_stray_braces(value: str) -> str:
    if "{" in (rest := _NAMED.sub("", value)) or "}" in rest:
        raise ValueError(f"`{value}` has a brace that does not close: an attribute is written {{name}}")
    return value


Pattern = Annotated[Word, BeforeValidator(lambda value: _no_stray_braces(value) if isinstance(value, str) else value)]
"""A text in which `{attribute}` stands for what an entry tells: `vm/{vm_id}`."""


def names_in(pattern: str) -> list[str]:
    """Return the attributes that a pattern names."""
    return _NAMED.findall(pattern)


def filled(pattern: str, values: dict[str, str]) -> str | None:
    """Return a pattern with an entry's attributes; null where the entry does not tell one of them."""
    if any(name not in values for name in names_in(pattern)):
        return None
    return _NAMED.sub(lambda match: values[match[1]], pattern)


class Rule(Item):
    """Where a key of an asset comes from: a text with attributes in it, or an attribute whose words are translated."""

    NOUN: ClassVar[str] = "rule"

    value: Pattern | None = Field(None, description="the text itself; `{attribute}` stands for what the entry tells")
    of: Several | None = Field(None, alias="from", description="an attribute; of several the first that says something")
    words: Annotated[dict[Word, Word], EachOnce] | None = Field(
        None, description="what the attribute's words mean, tried in order; * and ? stand for any text, capitals do not count"
    )
    otherwise: Word | None = Field(
        None, description="what a word that is not listed means; when absent the row is told, and not taken"
    )
    default: Word | None = Field(None, description="what is taken where the entry says nothing")
    times: Several | None = Field(None, description="of a date: how it is written, such as %d.%m.%Y, where it is not 2026-01-31")

    def names(self) -> list[str]:
        """Return the attributes that it reads."""
        return [*(names_in(self.value) if self.value else ()), *(self.of or ())]

    def read(self, values: dict[str, str]) -> tuple[str | None, str]:
        """Return the value for an entry and nothing, or null and what is wrong."""
        told = filled(self.value, values) if self.value else next((values[name] for name in self.of or () if name in values), None)
        if told is None:
            return self.default, "" if self.default else f"the entry does not tell {' or '.join(self.names())}"
        if self.times:
            told = self._dated(told)
            return told, "" if told else f"is no date as `times` says: {' or '.join(self.times)}"
        if self.words is None:
            return told, ""
        for word, meaning in self.words.items():
            if fnmatchcase(told.casefold(), word.casefold()):
                return meaning, ""
        return self.otherwise, "" if self.otherwise else f"{told!r} is not in `words`"

    def _dated(self, told: str) -> str | None:
        read = _formats.normal(pl.Series([told]), tuple(self.times or ()), day_end=False)[0]
        return None if read is None else str(read).replace("T00:00:00.000000", "").replace(".000000", "")


def _short(value: Any) -> Any:
    return {"value": value} if isinstance(value, str) else value


Ruled = Annotated[Rule, BeforeValidator(_short)]


class Exclusion(Item):
    """`{where: {role: [core-switch, router]}, reason: network devices are restored from their configuration}`."""

    NOUN: ClassVar[str] = "exclusion"

    where: Annotated[dict[Word, Several], EachOnce] = Field(
        min_length=1, description="by attribute the texts that it may have; * and ? stand for any text. Every attribute must match"
    )
    reason: Word = Field(description="why they need no protection; shown with their number")

    def matches(self, values: dict[str, str]) -> bool:
        """Say whether an entry is excluded."""
        return all(
            any(fnmatchcase(values.get(name, "").casefold(), one.casefold()) for one in texts) for name, texts in self.where.items()
        )


class SubjectPattern(Item):
    """`{source: pbs-dc1, subject: "vm/{vm_id}", where: {kind: vm}}`: how a source calls what the inventory lists."""

    NOUN: ClassVar[str] = "subject"

    source: Word = Field(description="the source's name")
    subject: Pattern = Field(description="what its tool calls the entry")
    where: Annotated[dict[Word, Several], EachOnce] = Field(
        default_factory=dict, description="only entries like these; as in `exclude`"
    )


class InventoryMapping(Item):
    """What the entries of one inventory become."""

    NOUN: ClassVar[str] = "inventory mapping"

    inventory: Word = Field(description="the inventory's name, by which assets refer to it; it never changes")
    format: Word | None = Field(None, description="the format, where it is not recognised")
    table: TableMapping | None = Field(None, description="of a list that no format knows: which column is which attribute")
    key: Pattern | None = Field(None, description="the identity of an entry, where the one that its format gives is not there")
    name: Pattern = Field("{name}", description="the asset's name; no two entries may have the same")
    states: Annotated[dict[Word, State], EachOnce] = Field(
        default_factory=dict, description="what raw words of states mean, before the format's own table"
    )
    take: tuple[State, ...] = Field(("in service",), description="the states whose entries become assets")
    exclude: tuple[Exclusion, ...] = Field((), description="entries that need no protection, with the reason")
    unit: Ruled = Field(description="the unit that owns it")
    data_class: Ruled = Field(description="what kind of data")
    tier: Ruled = Field(description="how important")
    site: Ruled | None = Field(None, description="the site of production")
    medium: Ruled | None = Field(None, description="production's medium")
    failure_domain: Ruled | None = Field(None, description="what fails together with production")
    in_service: Ruled = Field(description="the first instant at which it must be protected")
    subjects: tuple[SubjectPattern, ...] = Field((), description="what the sources call it")
    known_as: tuple[Pattern, ...] = Field(("{fqdn}", "{ip}"), description="other names, which help to guess whose a subject is")
    repositories: tuple[Word, ...] = Field((), description="repositories that each of them must have copies in")

    def rules(self) -> Iterator[tuple[str, Rule]]:
        """Yield the rules by the key of an asset that each gives."""
        for key in ("unit", "data_class", "tier", "site", "medium", "failure_domain", "in_service"):
            rule = getattr(self, key)
            if rule is not None:
                yield key, rule


def read_mapping(name: str, raw: bytes) -> tuple[InventoryMapping, Place]:
    """Read a mapping's file. Raises `InputError` with all its faults."""
    text, faults = decode(name, raw)
    place = Place(name)
    mapping = None
    if not faults:
        read = read_yaml(name, text)
        faults, place = read.faults, Place(name, read.marks)
        if not faults and not isinstance(read.data, dict):
            faults = [
                place.fault("the file is not a mapping at its top level", "write `key: value` lines, see docs/inventories.md")
            ]
        if not faults:
            mapping, faults = validate(InventoryMapping, read.data, place)
    if mapping is not None:
        faults = list(_problems(mapping, place))
    if mapping is None or faults:
        raise InputError(f"{name} cannot be used: {len(faults)} fault{'s' if len(faults) > 1 else ''}", faults)
    return mapping, place


def _problems(mapping: InventoryMapping, place: Place) -> Iterator[Fault]:
    for key, rule in mapping.rules():
        here = place.at(key)
        if (rule.value is None) == (rule.of is None):
            yield here.fault(
                "says neither a text nor `from`" if rule.value is None else "says a text and `from`", "write one of the two"
            )
        if rule.times and (key != "in_service" or rule.words):
            yield here.fault("`times` is for `in_service` alone, and goes without `words`", "remove one of them")
        for one in rule.times or ():
            if wrong := _formats.wrong(one):
                yield here.at("times").fault(*wrong)
    if mapping.format and mapping.table:
        yield place.at("format").fault("a table that is declared has no format", "remove `format` or `table`")
