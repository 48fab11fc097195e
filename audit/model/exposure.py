"""How serious an exposure is: measured by what the policy allows (docs/definitions.md, section 7)."""

from __future__ import annotations

import polars as pl

DEGREES = (("within", 1), ("exceeded", 2), ("severe", 4))
"""The severity of an exposure up to so many times what is allowed."""
BEYOND = "critical"
"""The severity of what is more than all of these."""


def severity(exposure: float, allowed: float) -> str:
    """Return the severity of an exposure. Both in one unit."""
    return next((name for name, times in DEGREES if exposure <= times * allowed), BEYOND)


def worst(exposure: int, allowed: int | None) -> dict[str, float | str]:
    """Return what the detail of a result says of its worst exposure, both in microseconds: how long, and where it is known what is allowed how serious."""
    detail: dict[str, float | str] = {"worst_exposure_seconds": exposure / 1_000_000}
    return detail if allowed is None else detail | {"worst_severity": severity(exposure, allowed)}


def severities(exposure: pl.Expr, allowed: pl.Expr) -> pl.Expr:
    """Return the same of columns, as String; null where the exposure is."""
    found = pl.lit(BEYOND)
    for name, times in reversed(DEGREES):
        found = pl.when(exposure <= times * allowed).then(pl.lit(name)).otherwise(found)
    return pl.when(exposure.is_not_null()).then(found)
