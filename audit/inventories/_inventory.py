"""What every inventory becomes: entries with the platform's own identity, a state in our words, and all else as attributes by name.

Nothing is left out here: templates, placeholders and what is retired are entries with their state, so that they can be counted and shown.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from audit.adapters._typed import shown
from audit.errors import Fault

IN_SERVICE, PLANNED, RETIRED, TEMPLATE, PLACEHOLDER, UNKNOWN = (
    "in service",
    "planned",
    "retired",
    "template",
    "placeholder",
    "unknown",
)
STATES = (IN_SERVICE, PLANNED, RETIRED, TEMPLATE, PLACEHOLDER, UNKNOWN)
"""In service: it holds data that can be lost, switched on or off. Planned: not there yet. Template, placeholder: no machine of its own. Unknown: no word
of it is in the format's table, or it says nothing."""

FRAME = {name: pl.String() for name in ("file", "locator", "key", "name", "kind", "state", "told", "attributes")}
_NAMED = 12
"""How many rows a fault tells by name at the most."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of an inventory. `key`: the platform's stable identity, never the name; empty: it tells none. `told`: the raw words of its state.

    `attributes`: everything else that it tells and that is not empty, as text by name (`ip`, `cluster`, `tag.env`).
    """

    key: str
    name: str
    kind: str
    state: str
    told: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    locator: str = ""
    file: str = ""

    def values(self) -> dict[str, str]:
        """Return everything that a mapping may name, as text."""
        own = {"key": self.key, "name": self.name, "kind": self.kind, "state": self.state, "told": self.told}
        return {**self.attributes, **{name: text for name, text in own.items() if text}}


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a payload tells. `scope`: what it lists of the platform; payloads of one scope belong together as pages.

    `total`: how many there are in all, where it says so. `capped`: why it is certainly not all. `continues`: why there may be another page.
    """

    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...] = ()
    scope: str = ""
    total: int | None = None
    capped: str = ""
    continues: str = ""

    @property
    def frame(self) -> pl.DataFrame:
        """The entries as a frame; `attributes` is a JSON object."""
        return frame(self.entries)


def frame(entries: Iterable[Entry]) -> pl.DataFrame:
    """Return entries as a frame; `attributes` is a JSON object."""
    rows = [
        (
            one.file,
            one.locator,
            one.key,
            one.name,
            one.kind,
            one.state,
            one.told,
            json.dumps(dict(sorted(one.attributes.items())), ensure_ascii=False),
        )
        for one in entries
    ]
    return pl.DataFrame(rows, schema=FRAME, orient="row")


def flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of JSON as attributes: names joined by dots, texts trimmed, what is empty left out; lists of words joined by commas."""
    match value:
        case None | "":
            return
        case bool():
            yield name, "true" if value else "false"
        case dict():
            for key, inner in value.items():
                yield from flat(inner, f"{name}.{key}" if name else str(key))
        case list():
            words = [str(one).strip() for one in value if isinstance(one, str | int | float) and not isinstance(one, bool)]
            if words:
                yield name, ", ".join(words)
        case _:
            if text := str(value).strip():
                yield name, text


def cleaned(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return attributes as text without those that are empty."""
    return dict(flat(dict(attributes)))


def unknown_words(where: str, entries: Iterable[Entry]) -> list[Fault]:
    """Say which words of states are in no table: one warning for each word, with how many rows have it and where the first stands."""
    strange = [one for one in entries if one.state == UNKNOWN and one.told]
    first = {one.told: one.locator for one in reversed(strange)}
    return [
        Fault(
            where,
            f"the state {shown(word)} is not known ({count} row(s)): whether they are in service is not guessed",
            "say it in the mapping: `states: {word: in service}` (docs/inventories.md)",
            first[word],
            "state",
            level="warning",
        )
        for word, count in Counter(one.told for one in strange).items()
    ]


def without_identity(where: str, entries: Iterable[Entry], remedy: str) -> list[Fault]:
    """Say how many entries have no identity of the platform: they can be shown, and not be followed."""
    lost = [one for one in entries if not one.key]
    if not lost:
        return []
    places = ", ".join(one.locator for one in lost[:_NAMED]) + (" ..." if len(lost) > _NAMED else "")
    what = f"{len(lost)} row(s) have no identity of the platform, only a name, and a name is none ({places})"
    return [Fault(where, what, remedy, key="key", level="warning")]


def once(where: str, entries: list[Entry]) -> tuple[list[Entry], list[Fault]]:
    """Keep the first of several entries with one identity, and say so of the others when they differ."""
    kept: dict[str, Entry] = {}
    rest, faults = [], []
    for one in entries:
        other = kept.setdefault(one.key, one) if one.key else one
        if other is one:
            rest.append(one)
        elif (other.name, other.state, other.attributes) != (one.name, one.state, one.attributes):
            what = f"the identity {shown(one.key)} stands here again, and says something else; the first is at {other.locator}"
            faults.append(Fault(where, what, "export it again; the first one is taken", one.locator, "key", level="warning"))
    return rest, faults
