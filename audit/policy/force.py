"""When policy versions take force that units have to sign first (docs/definitions.md, section 31). Pure.

It is told as of each instant: by the programme that had been applied by then, and by the signatures that stood then. So what is declared or
signed later never moves the instant at which a version took force.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from audit.model.terms import instant
from audit.policy.kinds.assets import Asset
from audit.policy.programme import Programme, dated
from audit.policy.promises import Described, Version


class Signature(NamedTuple):
    """A unit's signature on a policy version: it binds the SHA-256 of what that promises, and stands in [begin, end), in microseconds (end null: it stands still)."""

    policy: str
    version: int
    text: str
    unit: str
    begin: int
    end: int | None


class Applied(NamedTuple):
    """A programme from when it was applied (microseconds) to when the next one was, with the zone of its bare dates."""

    at: int
    programme: Programme
    zone: str


class Owned(NamedTuple):
    """An asset as scopes see it at an instant."""

    asset: str
    unit: str
    data_class: str
    tier: str


def with_signatures(versions: Sequence[Version], history: Sequence[Applied], signatures: Sequence[Signature]) -> list[Version]:
    """Return versions, of those that have to be signed each with the instant at which it takes force: none while a unit has not signed."""
    return [_taking_force(one, versions, history, signatures) if one.policy.by_signature else one for one in versions]


def awaited(version: Version, versions: Sequence[Version], history: Sequence[Applied]) -> list[Owned]:
    """Return the assets in the scope of a version as last declared, by name."""
    last = history[-1]
    at = max(last.at, version.in_force or last.at)
    return sorted(_owned(_scope(version, versions), last, at))


def _taking_force(
    version: Version, versions: Sequence[Version], history: Sequence[Applied], signatures: Sequence[Signature]
) -> Version:
    """Return a version with the first instant, not before it is effective and applied, at which every unit that owns assets in its scope has signed it."""
    assert version.in_force is not None
    policy, scope = version.policy, _scope(version, versions)
    mine = [one for one in signatures if (one.policy, one.version, one.text) == (policy.name, policy.version, policy.sha256)]
    at: int | None = version.in_force
    while at is not None:
        last = next(one for one in reversed(history) if one.at <= at)
        signed = {one.unit for one in mine if one.begin <= at and (one.end is None or at < one.end)}
        missing = next((one for one in _owned(scope, last, at) if one.unit not in signed), None)
        if missing is None:
            return replace(version, in_force=at, policy=replace(policy, in_force=instant(at)))
        # Nothing can be different before a unit signs, a programme is applied, or this very asset changes.
        moments = [*(one.begin for one in mine), *(one.at for one in history), *_changes(missing.asset, last)]
        at = min((one for one in moments if one > at), default=None)
    return replace(version, in_force=None, policy=replace(policy, in_force=None))


def _scope(version: Version, versions: Sequence[Version]) -> Version:
    """Return the version whose scope says who has to sign: a withdrawal has none, and ends what the version before it promised."""
    earlier = [
        one
        for one in versions
        if one.policy.name == version.policy.name and one.policy.version < version.policy.version and one.scope is not None
    ]
    return version if version.scope is not None or not earlier else earlier[-1]


def _changes(asset: str, applied: Applied) -> Iterator[int]:
    """Yield the instants at which what a programme declares of an asset begins to hold, and at which it is retired."""
    for since, one in dated(applied.programme.named(Asset)[asset], applied.zone):
        if since is not None:
            yield since
        if one.item.retired is not None:
            yield one.item.retired.date.micros(applied.zone)


def _owned(scope: Version, applied: Applied, at: int) -> Iterator[Owned]:
    """Yield the assets of a programme in a version's scope, as they are declared at an instant; those that are retired by then have nobody who signs for them."""
    for declared in applied.programme.named(Asset).values():
        asset: Asset = [
            one for place, (since, one) in enumerate(dated(declared, applied.zone)) if not place or since is None or since <= at
        ][-1].item
        if asset.retired is not None and asset.retired.date.micros(applied.zone) <= at:
            continue
        described: Described = (asset.unit, asset.data_class, asset.tier, asset.site, asset.name)
        if scope.covers(described):
            yield Owned(asset.name, asset.unit, asset.data_class, asset.tier)
