"""How a table would be read by a mapping: its first rows as facts, what is not read and why, what stays unknown and what that means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from audit.adapters._registry import mapping_of, read
from audit.adapters._suggest import OPEN, TOOL, Proposal
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.policy.kinds.sources import Origin
from audit.policy.place import Place
from audit.policy.validate import validate
from audit.policy.yaml_reader import read_yaml

ZONE_UNTOLD = "UTC"
"""In which zone a proposal is tried while nobody has said one."""
KIND_UNTOLD = "backup"
"""As what its runs are shown while nobody has said what they are."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A mapping as an envelope carries it, with what its source says beside it."""

    mapping: Mapping[str, Any]
    source: str | None = None
    timezone: str | None = None


@dataclass(slots=True)
class Checked:
    """A table as it would be read: the rows of its kind, faults, and for each field how many rows do not tell it."""

    record: str
    rows: pl.DataFrame
    faults: tuple[Fault, ...]
    unknown: dict[str, int] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    """The formats that were tried, where several readings are open."""

    @property
    def bad(self) -> list[Fault]:
        """The faults for which rows are left out."""
        return [one for one in self.faults if one.level == "error"]

    @property
    def notes(self) -> list[Fault]:
        """What should be known of rows that are read."""
        return [one for one in self.faults if one.level != "error"]

    def by_what(self) -> list[tuple[int, Fault]]:
        """Return the faults by column and by what they say beside the value: how often, and the first."""
        kinds = [(one.key, re.sub(r"'[^']*'", "", one.what)) for one in self.bad]
        firsts = dict(reversed(list(zip(kinds, self.bad, strict=True))))
        return [(count, firsts[kind]) for kind, count in Counter(kinds).most_common(10)]


def declared(text: str, name: str, source: str | None) -> Declared:
    """Return the mapping of a file that a person edited: a sources.yaml with one source of a mapping, or the mapping alone. Raises `InputError` with its faults."""
    told = read_yaml(name, text)
    place = Place(name, told.marks)
    faults = list(told.faults)
    data: Any = told.data
    if isinstance(data, dict) and isinstance(data.get("sources"), list):
        several = [(at, one) for at, one in enumerate(data["sources"]) if isinstance(one, dict) and "mapping" in one]
        several = [(at, one) for at, one in several if source is None or len(several) == 1 or one.get("name") == source]
        if len(several) != 1:
            names = ", ".join(str(one.get("name")) for _, one in several)
            faults.append(place.at("sources").fault(f"{len(several)} sources have a mapping: {names}", "say which with --source"))
            raise InputError("no one mapping to check", faults)
        at, one = several[0]
        origin, wrong = validate(Origin, one, place.at("sources", at))
        mapping, place = getattr(origin, "mapping", None), place.at("sources", at, "mapping")
    else:
        origin = None
        mapping, wrong = validate(mapping_of(TOOL), data, place)
    faults += wrong
    if mapping is not None:
        faults += [place.at(*path).fault(what, remedy) for path, what, remedy in mapping.problems()]
    if faults or mapping is None:
        raise InputError("the mapping cannot be right", faults)
    return Declared(mapping.stored(), getattr(origin, "name", None), getattr(origin, "timezone", None))


def openings(proposal: Proposal) -> list[str]:
    """Return where a proposal is open, as people find it in the file."""
    mapping = proposal.mapping()
    found = [
        f"{key}.{name}" + (f" ({KIND_UNTOLD})" if name == "kind" else "")
        for key in ("constants", "numbers")
        for name, value in mapping.get(key, {}).items()
        if value == OPEN
    ]
    found += [f"columns.{name}.unit" for name, unit in proposal.units.items() if unit == OPEN]
    found += [f"words.{name}.{raw}" for name, words in proposal.words.items() for raw, ours in words.items() if ours == OPEN]
    return found + (["times"] if proposal.times.undecided else [])


def closed(proposal: Proposal, times: list[str]) -> dict[str, Any]:
    """Return the mapping of a proposal without what is open in it, so that the rest can be tried: what depends on it is not read, or not told."""
    mapping = proposal.mapping(times)
    mapping["words"] = {name: {raw: ours for raw, ours in words.items() if ours != OPEN} for name, words in proposal.words.items()}
    if OPEN in proposal.units.values() or OPEN in proposal.numbers.values():
        mapping["columns"] = {name: one for name, one in mapping["columns"].items() if name != "bytes"}
        mapping.pop("numbers", None)
    mapping["constants"] = {name: value if value != OPEN else KIND_UNTOLD for name, value in proposal.constants.items()}
    return mapping


def tried(payload: bytes, proposal: Proposal, name: str, *, timezone: str | None, **said: Any) -> list[Checked]:
    """Return how a table would be read by a proposal: once for each reading of its times that is open."""
    found = []
    for times in proposal.readings():
        model, faults = validate(mapping_of(TOOL), closed(proposal, times), Place(name))
        problems = [
            Place(name, path=("mapping", *path)).fault(what, remedy) for path, what, remedy in (model.problems() if model else ())
        ]
        if faults or problems:
            raise InputError("the proposal has not what every record needs; edit it first", [*faults, *problems])
        checked = check(payload, Declared(model.stored(), timezone=timezone or ZONE_UNTOLD), name, **said)
        checked.times = times if proposal.times.undecided else []
        found.append(checked)
    return found


def check(payload: bytes, told: Declared, name: str, *, source: str | None = None, timezone: str | None = None, repository: str | None = None,
          observed_at: datetime | None = None) -> Checked:  # fmt: skip
    """Read a table as `ingest` would. Raises `InputError` when it cannot be read as a whole."""
    record = str(told.mapping["record"])
    envelope = Envelope(
        tool=TOOL, name=name, source=source or told.source or "source", timezone=timezone or told.timezone, mapping=dict(told.mapping),
        repository=repository or ("(--repository)" if record == "recovery_point" else None), observed_at=observed_at,
    )  # fmt: skip
    facts = read(TOOL, payload, envelope)
    rows = facts.by_kind()[record]
    missing = {one: rows[one].null_count() for one in rows.columns if one not in ("source", "ambiguous", "locator", "basis")}
    unknown = {one: count for one, count in missing.items() if 0 < count < rows.height}
    empty = [one for one, count in missing.items() if count == rows.height]
    if (
        record == "recovery_point"
        and repository is None
        and "repository" not in {*told.mapping["columns"], *told.mapping.get("constants", {})}
    ):
        empty.append("repository")
    return Checked(record, rows, facts.faults, unknown, empty)
