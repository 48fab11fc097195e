"""What if: the estate as it would be, had its policies promised something else. Pure: the history of what was agreed stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from pydantic import BaseModel

import audit.controls
from audit.controls._objectives import named
from audit.discovery import modules
from audit.errors import UsageError
from audit.model.estate import Estate, PolicyVersion
from audit.policy.objectives import GENERAL, judged
from audit.policy.place import Place
from audit.policy.suggest import one_of, unknown
from audit.policy.validate import validate

SCOPES = ("unit", "data_class", "tier", "site", "asset", "policy")


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Other values of objectives, by path (`rpo`, `copies.offsite`, `keep.0.for`), for the assets in scope: of every key one of its values."""

    values: Mapping[str, Any]
    scope: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def controls(self) -> list[str]:
        """Return the controls whose verdicts may differ."""
        keys = {path.split(".")[0] for path in self.values}
        found = [
            name
            for name, module in modules(audit.controls.__name__).items()
            if keys & set(module.OBJECTIVES) or getattr(module, "DECLARATIONS", False)
        ]
        return sorted(modules(audit.controls.__name__)) if keys & set(GENERAL) else found


def what_if(estate: Estate, asked: WhatIf) -> Estate:
    """Return the estate with other promises: each policy version in scope has the values asked for, from the beginning to the end of its force.

    A whole objective (`rpo`) is put into every version; a part of one (`copies.offsite`) only into versions that have that objective.
    Raises `UsageError` for an unknown objective or scope, a value it cannot have, and where nothing is changed.
    """
    inside = _in_scope(estate, asked.scope)
    used = estate.segments.filter(inside)["policy"].drop_nulls().unique().sort().to_list()
    others = {index: _altered(estate.policies[index], asked.values) for index in used}
    changed = {index: policy for index, policy in others.items() if policy is not estate.policies[index]}
    declared = {"repositories": set(estate.repositories["repository"]), "assets": set(estate.segments["asset"])}
    for policy in changed.values():
        _declared(policy, asked, declared)
    if not changed:
        keys = ", ".join(sorted(asked.values))
        if any({path.split(".")[0] for path in asked.values} & policy.objectives.keys() for policy in others.values()):
            raise UsageError(f"{keys}: that is what was agreed already, so nothing would change")
        raise UsageError(
            f"no policy in force in this scope has {keys}, so nothing would change; write the whole objective, such as --what-if 'copies={{max_age: 24h, offsite: 2}}'"
            if used else "no policy is in force for any asset of this scope"
        )  # fmt: skip
    places = {index: len(estate.policies) + number for number, index in enumerate(changed)}
    moved = pl.col("policy").replace_strict(places, default=pl.col("policy"), return_dtype=pl.Int32)
    segments = estate.segments.with_columns(policy=pl.when(inside).then(moved).otherwise("policy"))
    return replace(estate, segments=segments, policies=(*estate.policies, *changed.values()))


NOUNS = {"repositories": "repository", "assets": "asset"}


def _declared(policy: PolicyVersion, asked: WhatIf, declared: Mapping[str, set[str]]) -> None:
    """Refuse names that no programme declares, as `apply` would."""
    for key in {path.split(".")[0] for path in asked.values} & set(policy.objectives):
        for part, stem, names in named(policy.objectives[key]):
            for name in set(names) - declared[stem]:
                raise UsageError(f"--what-if {key}.{part}: {unknown(NOUNS[stem], name, declared[stem])} ({one_of(declared[stem])})")


def _in_scope(estate: Estate, scope: Mapping[str, frozenset[str]]) -> pl.Expr:
    inside = [pl.lit(value=True)]
    for key, values in scope.items():
        if key not in SCOPES:
            raise UsageError(f"{unknown('scope', key, SCOPES)} ({one_of(SCOPES)})")
        there = {policy.name for policy in estate.policies} if key == "policy" else set(estate.segments[key].drop_nulls())
        for value in values - there:
            raise UsageError(f"{unknown(key.replace('_', ' '), value, there)} ({one_of(there)})")
        if key == "policy":
            chosen = [index for index, policy in enumerate(estate.policies) if policy.name in values]
            inside.append(pl.col("policy").is_in(chosen))
        else:
            inside.append(pl.col(key).is_in(list(values)))
    return pl.all_horizontal(inside).fill_null(value=False)


def _altered(policy: PolicyVersion, values: Mapping[str, Any]) -> PolicyVersion:
    """Return a policy version with other values; the very same one where it has nothing of them."""
    objectives, general = dict(policy.objectives), {}
    kinds = {**judged(), **GENERAL}
    for path, value in values.items():
        key, *rest = path.split(".")
        if key not in kinds:
            raise UsageError(f"--what-if {path}: {unknown('objective', key, kinds)} ({one_of(kinds)})")
        if key in GENERAL and not rest:
            general[key] = _read(kinds[key], value, path)
        elif not rest or key in objectives:
            objectives[key] = _read(kinds[key], _put(_written(objectives.get(key)), rest, value, path) if rest else value, path)
    if general or objectives != policy.objectives:
        return replace(policy, objectives=objectives, **general)
    return policy


def _written(objective: Any) -> Any:
    """Return an objective as a policy file writes it."""
    return objective.model_dump(by_alias=True, exclude_unset=True) if isinstance(objective, BaseModel) else objective


def _put(written: Any, path: list[str], value: Any, whole: str) -> Any:
    """Return what is written with one value put in at a path of keys and numbers of list items."""
    key, *rest = path
    if isinstance(written, list):
        if not key.isdigit() or int(key) >= len(written):
            raise UsageError(f"--what-if {whole}: {key} is none of its {len(written)} items (the first is 0)")
        items = list(written)
        items[int(key)] = _put(items[int(key)], rest, value, whole) if rest else value
        return items
    if not isinstance(written, dict):
        raise UsageError(f"--what-if {whole}: there is nothing below {written}")
    return {**written, key: _put(written.get(key), rest, value, whole) if rest else value}


def _read(kind: Any, value: Any, path: str) -> Any:
    read, faults = validate(kind, value, Place("", path=(path.split(".")[0],)))
    if faults:
        first = faults[0]
        raise UsageError(f"--what-if {path}: {first.key}: {first.what}" + (f" ({first.remedy})" if first.remedy else ""))
    return read
