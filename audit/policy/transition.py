"""A programme against those applied before it: what may not change, and what the change makes of the estate. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from audit.errors import Fault
from audit.policy.baseline import below
from audit.policy.changes import differences
from audit.policy.estate import Read, Resolved
from audit.policy.kinds.assets import Asset
from audit.policy.kinds.baseline import Baseline
from audit.policy.kinds.policy import Policy
from audit.policy.kinds.programme import Heading
from audit.policy.kinds.repositories import Repository
from audit.policy.kinds.sites import Site
from audit.policy.kinds.sources import Origin
from audit.policy.kinds.units import Unit
from audit.policy.objectives import companions
from audit.policy.programme import Declared, Programme
from audit.policy.promises import Version
from audit.policy.suggest import nearest, one_of

NAMED = 5
"""How many assets a message names at the most."""

_FREE = frozenset({"title", "description"})
"""Keys of a policy that may change without a new version: they promise nothing."""

_KEPT = (Asset, Origin, Repository, Site, Unit)
_DESCRIBED = ("unit", "data_class", "tier", "site", "asset")


def transitions(history: Sequence[Read], resolved: Resolved, now: Resolved | None = None) -> list[Fault]:
    """Return what is wrong with the last programme of a history, given those before it. resolved: the fold of the history as it will be once everything is signed; now:
    as it is signed now (null: nothing waits for signatures).
    """
    last, before = history[-1].programme, [read.programme for read in history[:-1]]
    known = _first_declared(before)
    faults = [*_gone(before[-1], last)] if before else []
    faults += _changed(known, last)
    faults += _standing(known, last)
    fresh = [one for one in last.of(Policy) if _key(one.item) not in known]
    faults += _scopes(fresh, resolved)
    faults += _late(fresh, history, resolved)
    faults += below(last, resolved.versions, resolved.estate.demands, resolved.estate.segments, history[-1].at)
    if before and before[-1].of(Baseline) and not last.of(Baseline):
        place = before[-1].of(Baseline)[0].place
        faults.append(
            Fault(
                place.file, "the baseline is no longer in the folder: nothing is demanded of policies from now on", level="warning"
            )
        )
    if before and before[-1].heading.takes_force != last.heading.takes_force == "applied":
        place = before[-1].of(Heading)[0].place
        what = "`takes_force: signed` is no longer said: versions that are applied from now on take force without signatures"
        faults.append(Fault(place.file, what, level="warning"))
    faults += [*_conflicts(last, resolved), *_with_themselves(last, resolved)]
    if now is not None:
        faults += [fault for fault in _conflicts(last, now) if fault not in faults]
        faults += _waiting(fresh, now)
    return faults


def _key(policy: Policy) -> tuple[str, int]:
    return policy.policy, policy.version


def _first_declared(programmes: Sequence[Programme]) -> dict[tuple[str, int], Declared[Policy]]:
    known: dict[tuple[str, int], Declared[Policy]] = {}
    for programme in programmes:
        for one in programme.of(Policy):
            known.setdefault(_key(one.item), one)
    return known


def _gone(before: Programme, last: Programme) -> Iterator[Fault]:
    for model in _KEPT:
        for name, declared in before.named(model).items():
            if name not in last.named(model):
                place = declared[0].place
                yield Fault(place.file, f"the {model.NOUN} `{name}` was declared and is missing now", model.KEPT)


def _promised(policy: Declared[Policy]) -> dict[str, Any]:
    return {key: value for key, value in policy.written.items() if key not in _FREE}


def _changed(known: dict[tuple[str, int], Declared[Policy]], last: Programme) -> Iterator[Fault]:
    highest: dict[str, int] = {}
    for name, version in known:
        highest[name] = max(version, highest.get(name, 0))
    for one in last.of(Policy):
        name, version = _key(one.item)
        newest = highest.get(name, 0)
        if (name, version) not in known:
            if version < newest:
                what = f"version {version} of the policy `{name}` is lower than version {newest}, which was applied before"
                yield one.place.at("version").fault(what, f"make it version {newest + 1}")
            continue
        changed = [path for path, _, _ in differences(_promised(known[name, version]), _promised(one))]
        if changed:
            what = f"version {version} of the policy `{name}` was applied before with other content ({', '.join(changed)})"
            yield one.place.at(*changed[0].partition("[")[0].split(".")).fault(
                what, f"write the change as version {newest + 1}; the old version may stay in a file of its own"
            )


def _standing(known: dict[tuple[str, int], Declared[Policy]], last: Programme) -> Iterator[Fault]:
    """Warn of policies whose newest version is no longer in the folder: a promise does not end because a file is gone."""
    here: dict[str, int] = {}
    for one in last.of(Policy):
        here[one.item.policy] = max(one.item.version, here.get(one.item.policy, 0))
    newest = {name: (version, one) for (name, version), one in sorted(known.items(), key=lambda item: item[0])}
    for name, (version, one) in newest.items():
        if here.get(name, 0) < version and not one.item.withdrawn:
            remedy = f"to end it, write version {version + 1} with `withdrawn: true` and its `effective` day"
            what = f"version {version} of the policy `{name}` is no longer in the folder; it stays in force"
            yield Fault(one.place.file, what, remedy, level="warning")


def _scopes(fresh: Sequence[Declared[Policy]], resolved: Resolved) -> Iterator[Fault]:
    """A scope that no asset ever matched, at no time and not in retirement, is a mistake."""
    by_key = {(version.policy.name, version.policy.version): version for version in resolved.versions}
    for one in fresh:
        version = by_key[_key(one.item)]
        if version.scope is None:
            continue
        here = one.place.at("applies_to")
        hints = _strange_words(version, resolved)
        if not any(version.covers(asset) for asset in resolved.described):
            what = f"the scope of {one.item.label} matches no asset" + (f": {'; '.join(hints)}" if hints else "")
            yield here.fault(what, "correct `applies_to`, or declare the assets it is for")
        else:
            for hint in hints:
                yield here.fault(f"a word of the scope matches no asset: {hint}", "correct or remove it", level="warning")


def _strange_words(version: Version, resolved: Resolved) -> list[str]:
    hints = []
    for index, key in enumerate(_DESCRIBED):
        used = {str(asset[index]) for asset in resolved.described if asset[index] is not None}
        for word in sorted((version.scope or {}).get(key, frozenset()) - used):
            match = nearest(word, used)
            hints.append(
                f"no asset has {key} `{word}`" + (f", did you mean `{match}`?" if match else f" ({one_of(used)})" if used else "")
            )
    return hints


def _late(fresh: Sequence[Declared[Policy]], history: Sequence[Read], resolved: Resolved) -> Iterator[Fault]:
    """Warn of versions that take force later than they say: only a programme's first policies may reach back."""
    if len(history) == 1:
        return
    last = history[-1]
    signed = {(one.name, one.version) for one in resolved.estate.policies if one.by_signature}  # those are said to wait
    for one in fresh:
        if _key(one.item) not in signed and one.item.effective.micros(last.programme.policy_zone(one.item)) < last.at:
            what = f"{one.item.label} says effective {one.item.effective}, which has passed: it takes force when it is applied"
            yield one.place.at("effective").fault(what, level="warning")


def _waiting(fresh: Sequence[Declared[Policy]], now: Resolved) -> Iterator[Fault]:
    """Say of new versions that they wait for signatures, and of which units; who has no representative can never sign."""
    places = {(one.name, one.version): place for place, one in enumerate(now.estate.policies)}
    for one in fresh:
        units = sorted(set(now.estate.awaiting.filter(pl.col("policy") == places[_key(one.item)])["unit"]))
        if not units:
            continue
        here = one.place.at("version")
        what = f"{one.item.label} takes force once it is signed by {', '.join(units)}; until then the version before it stands"
        yield here.fault(what, "put it to them: `backup-audit agreement propose`", level="warning")
        for unit in units:
            if not now.estate.representatives.get(unit):
                yield here.fault(
                    f"the unit `{unit}` has no representatives: nobody can sign for it", "name them in units.yaml", level="warning"
                )


def _with_themselves(last: Programme, resolved: Resolved) -> Iterator[Fault]:
    """An asset cannot be a companion of its own: the promise would say nothing of it."""
    places = {one.item.label: one.place for one in last.of(Policy)}
    segments = resolved.estate.segments.filter(pl.col("to").is_null() | (pl.col("to") > pl.col("in_service")))
    for index, version in enumerate(resolved.versions):
        label = f"{version.policy.name} version {version.policy.version}"
        if label not in places:
            continue
        covered = set(segments.filter(pl.col("policy") == index)["asset"])
        for path, asset in companions(version.policy.objectives):
            if asset in covered:
                what = f"{label} is for `{asset}` as well: it cannot be its own companion"
                yield places[label].at("objectives", *path).fault(what, "leave it out here, or in `applies_to`")


def _conflicts(last: Programme, resolved: Resolved) -> Iterator[Fault]:
    """Two policies on one asset are a fault: which of two promises holds is for people to say, not for the program."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for conflict in resolved.conflicts:
        labels = tuple(
            f"{resolved.versions[index].policy.name} version {resolved.versions[index].policy.version}"
            for index in conflict.policies
        )
        grouped.setdefault(labels, []).append(conflict.asset)
    places = {one.item.label: one.place for one in last.of(Policy)}
    for labels, assets in grouped.items():
        place = next((places[label] for label in reversed(labels) if label in places), None)
        names = ", ".join(f"`{asset}`" for asset in assets[:NAMED]) + (
            f" and {len(assets) - NAMED} more" if len(assets) > NAMED else ""
        )
        what = f"{len(labels)} policies apply to {names} at one time: {' and '.join(labels)}"
        remedy = "make their `applies_to` exclude one another; a narrower scope does not win by itself"
        yield place.at("applies_to").fault(what, remedy) if place else Fault("policy-*.yaml", what, remedy)
