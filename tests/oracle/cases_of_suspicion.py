"""Hand-made cases of verify runs that failed for a point by name, or for a subject (section 3 of docs/definitions.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.build import hand_made, listing, must, p, policy, programme, rows, verify
from tests.oracle.case import HandMade

Days = Sequence[tuple[float, float]]
COPIES = {"count": 1, "media": 0, "offsite": 0, "max_age": "100d", "production": False}
KEPT = programme(policy({"rpo": "30d", "copies": COPIES, "keep": [{"every": "point", "for": "30d"}]}))
LONG = "0123456789abcdef"
POINTS = (p("p", 1), p("o", 1, subject="y"))


def _suspected(
    name: str,
    *runs: dict[str, Any],
    unproven: Days,
    breached: Days = ((0, 1),),
    points: Sequence[Mapping[str, Any]] = POINTS,
) -> HandMade:
    """Points live from day 1 on, listed from day 1 on, and the runs that checked them."""
    both = must(breached, unproven)
    said = [("recovery-point", both), ("copies count", both), ("retention-minimum", must([], unproven))]
    return hand_made("3", name, [listing(1, *points), listing(20, *points), rows(30, *runs)], KEPT, *said)


def _named(name: str, at: float, outcome: str, coverage: str | None = "full", **fields: Any) -> dict[str, Any]:
    return verify(name, at, outcome, coverage, **{"subject": "x", "recovery_point": "p", **fields})


CASES_OF_SUSPICION: list[HandMade] = [
    _suspected("a check of the point by name failed", _named("v", 5, "failed"), unproven=[(1, 10)]),
    _suspected("a check of part of the point failed", _named("v", 5, "failed", "partial", subject=None), unproven=[(1, 10)]),
    _suspected("a check by name between two that passed", _named("u", 3, "success"), _named("v", 5, "failed"), _named("w", 7, "success"), unproven=[(3, 7)]),
    _suspected(
        "a check by name between two that may have passed",
        _named("u", 3, "success", None), _named("v", 5, "failed"), _named("w", 7, "warning"), _named("x", 8, "success", "partial"), unproven=[(1, 10)],
    ),
    _suspected("a check by name between two of the repository", verify("u", 3, "success"), _named("v", 5, "failed"), verify("w", 7, "success"), unproven=[(3, 7)]),
    _suspected("a check by name between two of the subject", verify("u", 3, "success", subject="x"), _named("v", 5, "failed"),
               verify("w", 7, "success", subject="x"), unproven=[(1, 10)]),
    _suspected(
        "a check by name before one that the catalog tells", _named("v", 5, "failed"), unproven=[(1, 6)],
        points=[p("p", 1, integrity="verified", checked=6)],
    ),
    _suspected("at one instant the check by name that failed wins", _named("v", 5, "failed"), _named("w", 5, "success"), _named("x", 8, "success"), unproven=[(1, 8)]),
    _suspected("at one instant the check of the repository that failed wins", verify("v", 5, "failed"), verify("w", 5, "success"), verify("x", 8, "success"), unproven=[(1, 8)]),
    _suspected("at one instant the check of the repository that failed wins, told the other way round",
               verify("a", 5, "success"), verify("b", 5, "failed"), verify("c", 8, "success"), unproven=[(1, 8)]),
    _suspected("a check of another point by name", _named("v", 5, "failed", recovery_point="o"), unproven=[]),
    _suspected("a check of a point that nobody knows", _named("v", 5, "failed", recovery_point="nobody"), unproven=[]),
    _suspected("a check by the beginning of a name", _named("v", 5, "failed", recovery_point=LONG[:8]), unproven=[(1, 10)], points=[p(LONG, 1)]),
    _suspected("a check without an end", {**_named("v", 5, "failed"), "finished_at": None}, unproven=[]),
    _suspected("a check of the point's subject failed", verify("v", 5, "failed", subject="x"), unproven=[(1, 10)]),
    _suspected("a check of another subject failed", verify("v", 5, "failed", subject="y"), unproven=[]),
    _suspected("a check of the subject in another repository failed", verify("v", 5, "failed", subject="x", repository="r2"), unproven=[]),
    _suspected("a check of the subject between two of the repository", verify("u", 3, "success"), verify("v", 5, "failed", subject="x"),
               verify("w", 7, "success"), unproven=[(3, 7)]),
    _suspected("a check of the subject between two by name", _named("u", 3, "success"), verify("v", 5, "failed", subject="x"), _named("w", 7, "success"), unproven=[(3, 7)]),
    _suspected("a check of the subject between two of it", verify("u", 3, "success", subject="x"), verify("v", 5, "failed", subject="x"),
               verify("w", 7, "success", subject="x"), unproven=[(1, 10)]),
    _suspected(
        "a point made after the check of its subject failed, until one of it passed",
        verify("v", 0.5, "failed", subject="x"), verify("w", 4, "success", subject="x"), unproven=[(1, 4)],
    ),
    _suspected(
        "what needs a point of which the check failed",
        _named("v", 5, "failed", recovery_point="f"), unproven=[(2, 10)], breached=[(0, 2)],
        points=[p("f", 1, completeness=None, subject="y"), p("i", 2, method="incremental", base="f")],
    ),
    _suspected("a copy of a point of which the check failed", _named("v", 5, "failed", recovery_point="f"), unproven=[],
               points=[p("f", 1, subject="y"), p("p", 1, copy_of_id="f", copy_of_repository="r1")]),
]  # fmt: skip
