"""Who may speak for a unit: those whom units.yaml names, and their deputies."""

from __future__ import annotations

from pydantic import ValidationInfo

from audit.model.estate import Estate
from audit.policy.suggest import one_of, unknown
from audit.register.records._record import same_person


def represented(unit: str, info: ValidationInfo, *, by_deputies: bool = True) -> str:
    """Return a unit whose representative (or deputy of one) does the act. Raises `ValueError` for an unknown unit, or who does not represent it."""
    context = info.context or {}
    names, by = context["estate"].representatives, context["by"]
    if unit not in names:
        raise ValueError(f"{unknown('unit', unit, names)} ({one_of(names)})")
    deputies = context["deputies"](unit) if by_deputies else []
    if not any(same_person(by, name) for name in (*names[unit], *deputies)):
        others = f", and as deputies: {', '.join(deputies)}" if deputies else ""
        raise ValueError(f"{by} does not represent {unit}; units.yaml names: {', '.join(names[unit]) or 'nobody'}{others}")
    return unit


def with_representatives(unit: str, estate: Estate) -> str:
    """Return a unit with the names of who represents it."""
    names = ", ".join(estate.representatives.get(unit, ()))
    return f"{unit} ({names})" if names else unit
