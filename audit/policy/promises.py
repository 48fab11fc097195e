"""Policy versions of a history, when each is in force, and which assets it is for. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from audit.model.estate import PolicyVersion
from audit.model.terms import instant
from audit.policy.kinds.policy import Policy
from audit.policy.objectives import promise
from audit.policy.programme import Declared, Programme
from audit.policy.timeline import BEGINNING, Timeline, held, joined

Described = tuple[str, str, str, str | None, str]
"""What a scope may ask of an asset: unit, data class, tier, site, name."""

_KEYS = ("unit", "data_class", "tier", "site", "asset")


@dataclass(frozen=True, slots=True)
class Version:
    """A policy version with the scope that its file says (None: withdrawn). in_force: from when, in microseconds (None: it waits for signatures)."""

    policy: PolicyVersion
    scope: Mapping[str, frozenset[str]] | None
    in_force: int | None

    def covers(self, asset: Described) -> bool:
        """Whether every condition of the scope holds for an asset."""
        return self.scope is not None and all(
            value in self.scope[key] for key, value in zip(_KEYS, asset, strict=True) if key in self.scope
        )


FREE = {"title", "description"}
"""What a policy version may change without becoming another one."""


def text_hash(declared: Declared[Policy], zone: str) -> str:
    """Return the SHA-256 of what a version promises as it was written: of its keys but the free ones, with its zone, as JSON with sorted keys and no blanks."""
    told = {key: value for key, value in declared.written.items() if key not in FREE} | {"timezone": zone}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()


def read_version(declared: Declared[Policy], programme: Programme, applied: int, *, first: bool, known: bool) -> Version:
    """Return a version as it enters the history, as if it needed no signatures. Only those of the `first` programme may take force before they were applied. known: whether
    a version of the policy was applied before: nothing stands in the place of the first one."""
    policy, zone = declared.item, programme.policy_zone(declared.item)
    promised, _ = promise(policy, declared.place)
    effective = policy.effective.micros(zone)
    in_force = effective if first else max(effective, applied)
    version = PolicyVersion(
        name=policy.policy,
        version=policy.version,
        timezone=zone,
        objectives=promised.objectives,
        effective=instant(effective),
        applied=instant(applied),
        in_force=instant(in_force),
        mode=policy.mode,
        accept_partial=promised.accept_partial,
        new_asset_grace=promised.new_asset_grace,
        reaches_back=in_force < applied,
        by_signature=known and programme.heading.takes_force == "signed",
        title=dict(policy.title or {}),
        sha256=text_hash(declared, zone),
    )
    return Version(version, policy.applies_to.conditions() if policy.applies_to else None, in_force)


def versions(history: Sequence[tuple[Programme, int]]) -> list[Version]:
    """Return every version that was ever applied, by name and number.

    `history`: programmes with the instants (microseconds) they were applied.
    """
    known: dict[tuple[str, int], Version] = {}
    for index, (programme, applied) in enumerate(history):
        before = {name for name, _ in known}
        for declared in programme.of(Policy):
            key = (declared.item.policy, declared.item.version)
            if key not in known:
                known[key] = read_version(declared, programme, applied, first=index == 0, known=key[0] in before)
            elif declared.item.title:
                known[key] = replace(known[key], policy=replace(known[key].policy, title=dict(declared.item.title)))
    return [known[key] for key in sorted(known)]


@dataclass(slots=True)
class Assignment:
    """Finds which policy versions are in force for an asset, and remembers the answer for assets that are described alike."""

    versions: Sequence[Version]
    _forces: list[Timeline[int | None]] = field(init=False)
    _named: frozenset[str] = field(init=False)
    _known: dict[Described, Timeline[tuple[int, ...]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        by_name: dict[str, list[int]] = {}
        for index, version in enumerate(self.versions):
            by_name.setdefault(version.policy.name, []).append(index)
        self._forces = [self._force(indices) for indices in by_name.values()]
        self._named = frozenset(name for version in self.versions for name in (version.scope or {}).get("asset", ()))

    def _force(self, indices: list[int]) -> Timeline[int | None]:
        """Of the versions of one policy that have taken force, the highest stands."""
        begun = sorted((begin, index) for index in indices if (begin := self.versions[index].in_force) is not None)
        highest: list[tuple[int, int | None]] = [(BEGINNING, None)]
        for begin, index in begun:
            last = highest[-1][1]
            highest.append((begin, index if last is None else max(last, index)))
        return joined(highest)

    def of(self, asset: Described) -> Timeline[tuple[int, ...]]:
        """Return the versions (indices) in force for an asset so described, over all time. Several at a time are a fault."""
        key = (*asset[:4], asset[4] if asset[4] in self._named else "")
        if key not in self._known:
            begins = sorted({begin for force in self._forces for begin, _ in force} | {BEGINNING})
            self._known[key] = joined((begin, self._at(begin, key)) for begin in begins)
        return self._known[key]

    def _at(self, at: int, asset: Described) -> tuple[int, ...]:
        standing = [index for force in self._forces if (index := held(force, at)) is not None]
        return tuple(index for index in standing if self.versions[index].covers(asset))
