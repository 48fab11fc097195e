"""A programme: the declarations of a folder's files, each with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from audit.policy.kinds.policy import Policy
from audit.policy.kinds.programme import Heading
from audit.policy.place import Place
from audit.policy.timeline import BEGINNING
from audit.policy.words import Item

AnyItem = TypeVar("AnyItem", bound=Item)


@dataclass(frozen=True, slots=True)
class Declared(Generic[AnyItem]):
    """One declaration: the validated item, where it stands, and its plain data as written."""

    item: AnyItem
    place: Place = field(compare=False)
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Programme:
    """All declarations of a folder, by model, in the order of files and lines."""

    declared: Mapping[type[Item], tuple[Declared[Any], ...]]
    drafts: Mapping[type[Item], frozenset[str]] = field(default_factory=dict)
    """Names of things that are declared with faults: they exist, so a reference to them is not one fault more."""
    unread: frozenset[type[Item]] = frozenset()
    """Models of files that could not be read at all: what they declare is not known."""

    def of(self, model: type[AnyItem]) -> tuple[Declared[AnyItem], ...]:
        """Return the declarations of one model."""
        return self.declared.get(model, ())

    def named(self, model: type[AnyItem]) -> dict[str, list[Declared[AnyItem]]]:
        """Return the declarations of one model by name; several of one name are its history."""
        found: dict[str, list[Declared[AnyItem]]] = {}
        for one in self.of(model):
            found.setdefault(one.item.label, []).append(one)
        return found

    @property
    def heading(self) -> Heading:
        """What `programme.yaml` says; nothing when there is none."""
        return self.of(Heading)[0].item if self.of(Heading) else Heading.model_validate({})

    def zone(self, earlier: str | None = None) -> str:
        """Return the zone of bare dates: the one declared, else the one that all policies share, else the `earlier` one of the same
        programme, else UTC.
        """
        if self.heading.timezone:
            return self.heading.timezone
        zones = {one.item.timezone for one in self.of(Policy)}
        only = zones.pop() if len(zones) == 1 else None
        return only or earlier or "UTC"

    def policy_zone(self, policy: Policy) -> str:
        """Return the zone of a policy: its own, else the programme's declared one, else UTC."""
        return policy.timezone or self.heading.timezone or "UTC"


def dated(declared: Sequence[Declared[Any]], zone: str) -> list[tuple[int | None, Declared[Any]]]:
    """Return declarations of one thing with the `since` they say (microseconds), in order of time."""
    pairs = [(one.item.since.micros(zone) if one.item.since else None, one) for one in declared]
    return sorted(pairs, key=lambda pair: BEGINNING if pair[0] is None else pair[0])
