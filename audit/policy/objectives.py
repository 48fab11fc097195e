"""What a policy promises, against the controls that judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from audit.controls._objectives import Length
from audit.discovery import modules
from audit.errors import Fault
from audit.model.terms import Term
from audit.policy.kinds.policy import Policy
from audit.policy.place import Place
from audit.policy.suggest import unknown
from audit.policy.validate import validate

GENERAL: dict[str, Any] = {"accept_partial": bool, "new_asset_grace": Length}
"""Keys of every policy that belong to no control. They may stand beside `objectives` or within."""

NOT_YET_JUDGED = frozenset(
    {"schedule", "size", "rto", "restore_test", "success", "encrypted", "locked_for", "recover_with", "review", "people"}
)
"""Keys that the design fixes and whose controls come with a later version.

A control that arrives takes its key out of effect here.
"""


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
        elif key in NOT_YET_JUDGED:
            objectives[key] = written
            faults.append(here.fault("written down, but no control of this version judges it", level="warning"))
        else:
            words = {*known, *NOT_YET_JUDGED}
            faults.append(here.fault(unknown("key", key, words), f"write one of: {', '.join(sorted(words))}; or remove it"))
    return Promise(objectives, general.get("accept_partial", False), general.get("new_asset_grace")), faults


def _twice(key: str, general: Mapping[str, Any], value: Any, here: Place) -> list[Fault]:
    if key in general and general[key] != value:
        return [here.fault(f"`{key}` is written twice, as {general[key]} and as {value}", "keep one of the two")]
    return []
