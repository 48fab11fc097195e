"""What a policy promises, against the controls that judge it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from audit.controls._objectives import Length, named
from audit.discovery import modules
from audit.errors import Fault
from audit.model.terms import Term
from audit.policy.kinds.policy import Policy
from audit.policy.place import Place
from audit.policy.suggest import unknown
from audit.policy.validate import validate

GENERAL: dict[str, Any] = {"accept_partial": bool, "new_asset_grace": Length}
"""Keys of every policy that belong to no control. They may stand beside `objectives` or within."""


@dataclass(frozen=True, slots=True)
class Promise:
    """The objectives of a policy version by key (those no control judges yet as written), and its general keys."""

    objectives: Mapping[str, Any]
    accept_partial: bool = False
    new_asset_grace: Term | None = None


@cache
def judged() -> dict[str, Any]:
    """Return the objectives that controls of this version judge: key to the type that reads it."""
    found: dict[str, Any] = {}
    for name, control in modules("audit.controls").items():
        for key, kind in control.OBJECTIVES.items():
            if found.setdefault(key, kind) is not kind:
                raise TypeError(f"the control {name} defines the objective {key} once more")
    return found


def companions(objectives: Mapping[str, Any], controls: Sequence[str] | None = None) -> Iterator[tuple[tuple[str, str, int], str]]:
    """Yield the assets that have to be looked at to judge those that objectives are for, each with where it is written (objective, field, place in the list).

    controls: of these only; all when null."""
    for name, control in modules("audit.controls").items():
        for key in control.OBJECTIVES.keys() & objectives.keys() if controls is None or name in controls else ():
            for field, stem, assets in named(objectives[key]):
                if stem == "assets":
                    yield from (((key, field, index), asset) for index, asset in enumerate(assets))


def promise(policy: Policy, place: Place) -> tuple[Promise, list[Fault]]:
    """Read a policy's objectives. Those with faults are left out."""
    faults: list[Fault] = []
    objectives: dict[str, Any] = {}
    general: dict[str, Any] = {key: value for key in GENERAL if (value := getattr(policy, key)) is not None}
    known = {**judged(), **GENERAL}
    for key, written in (policy.objectives or {}).items():
        here = place.at("objectives", key)
        if key in known:
            value, wrong = validate(known[key], written, here)
            faults += wrong
            if wrong:
                continue
            if key in GENERAL:
                faults += _twice(key, general, value, here)
                general[key] = value
            else:
                objectives[key] = value
        else:
            faults.append(here.fault(unknown("key", key, known), f"write one of: {', '.join(sorted(known))}; or remove it"))
    return Promise(objectives, general.get("accept_partial", False), general.get("new_asset_grace")), faults


def _twice(key: str, general: Mapping[str, Any], value: Any, here: Place) -> list[Fault]:
    if key in general and general[key] != value:
        return [here.fault(f"`{key}` is written twice, as {general[key]} and as {value}", "keep one of the two")]
    return []
