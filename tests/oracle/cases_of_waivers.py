"""Section 33 of docs/definitions.md: hand-made cases of waivers, with the truth computed by hand; and random waivers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.oracle.build import day, hand_made, listing, must, p, policy, programme
from tests.oracle.case import HandMade
from tests.oracle.cases_of_governed import NEXT, OTHER_UNIT
from tests.oracle.cases_of_stated import random_scope
from tests.oracle.governed import Acted, Kept
from tests.oracle.instants import DAY
from tests.oracle.programmes import Plan


def waiver(
    asked: float, since: float, until: float, *, approved: float | None = None, revoked: float | None = None,
    control: str = "recovery-point", leg: str | None = None, **scope: list[str],
) -> Kept:  # fmt: skip
    """Return a waiver; times are days."""
    told: dict[str, Any] = {
        "control": control,
        "since": day(since),
        "until": day(until),
        "reason": "so it is",
        "measure": "something else",
    }
    acts = [Acted("request", day(asked), "owner", told | scope | ({} if leg is None else {"leg": leg}))]
    acts += [] if approved is None else [Acted("approve", day(approved), "officer", {"reason": "it may be"})]
    acts += [] if revoked is None else [Acted("revoke", day(revoked), "officer", {"reason": "it may no longer be"})]
    return Kept("waiver", acts)


TOLD = [listing(0, p("p", -1)), listing(20, p("p", -1))]
"""One point, of a day before the period, that stays: with an RPO of 3 days breached from day 2 on."""


def _waived(
    name: str, waivers: Sequence[Kept], truth: Any, *later: dict[str, Any], what: str = "recovery-point", **changes: Any
) -> HandMade:
    said = programme(policy({"rpo": "3d"}, **changes.pop("terms", {})), *later, **changes)
    return hand_made("33", f"a waiver: {name}", TOLD, said, (what, truth), acted=waivers)


CASES_OF_WAIVERS: list[HandMade] = [
    _waived("none", [], must([(2, 10)])),
    _waived("it covers from its begin to its end", [waiver(-2, 4, 6, approved=-1)], must([(2, 4), (6, 10)], waived=[(4, 6)])),
    _waived("it covers all that is breached, and no more", [waiver(-2, 0, 30, approved=-1)], must(waived=[(2, 10)])),
    _waived("never before it was approved", [waiver(-2, 0, 6, approved=5)], must([(2, 5), (6, 10)], waived=[(5, 6)])),
    _waived("until it is revoked", [waiver(-2, 0, 30, approved=-1, revoked=7)], must([(7, 10)], waived=[(2, 7)])),
    _waived("nobody approved it", [waiver(-2, 0, 30)], must([(2, 10)])),
    _waived("of another control", [waiver(-2, 0, 30, approved=-1, control="copies")], must([(2, 10)])),
    _waived("of a leg that there is not", [waiver(-2, 0, 30, approved=-1, leg="count")], must([(2, 10)])),
    _waived("of another asset", [waiver(-2, 0, 30, approved=-1, assets=["b"])], must([(2, 10)])),
    _waived("of the asset's tier", [waiver(-2, 0, 30, approved=-1, tiers=["core"])], must(waived=[(2, 10)])),
    _waived("while the asset is the unit's", [waiver(-2, 0, 30, approved=-1, units=["unit"])], must([(6, 10)], waived=[(2, 6)]), assets=[OTHER_UNIT], units=[NEXT]),
    _waived("two that overlap", [waiver(-2, 3, 6, approved=-1), waiver(-2, 5, 8, approved=-1)], must([(2, 3), (8, 10)], waived=[(3, 8)])),
    _waived("two that meet", [waiver(-2, 3, 5, approved=-1), waiver(-2, 5, 8, approved=-1)], must([(2, 3), (8, 10)], waived=[(3, 8)])),
    hand_made(
        "33", "a waiver: only its leg of the copies", TOLD, programme(policy({"copies": {"max_age": "any", "count": 3}})),
        ("copies count", must(waived=[(0, 10)])), ("copies offsite", must([(0, 10)])), acted=[waiver(-2, -1, 30, approved=-1, control="copies", leg="count")],
    ),
]  # fmt: skip

WAIVABLE = (
    ("recovery-point", None), ("copies", None), ("copies", "count"), ("copies", "offsite"), ("retention-minimum", None), ("retention-maximum", None),
    ("verification", None), ("schedule", None), ("schedule", "full"), ("restore-test", None), ("recovery-time", None), ("runbook", None), ("vendor", None),
    ("baseline", None), ("job-success", "rate"),
)  # fmt: skip


def random_waivers(seed: int, made: Plan) -> list[Kept]:
    """Return waivers for a random programme."""
    rng = random.Random(f"waived {seed}")
    found = []
    for _ in range(rng.choice((0, 0, 1, 2, 4))):
        asked = (made.since - day(0)) / DAY + rng.randint(-20, 40) / 2
        since, approved = asked + rng.randint(-10, 10) / 2, asked + rng.randint(0, 10) / 2
        until = max(since, approved) + rng.randint(1, 30) / 2
        revoked = approved + rng.randint(0, 20) / 2 if rng.random() < 0.3 else None
        control, leg = rng.choice(WAIVABLE)
        agreed = approved if rng.random() < 0.9 else None
        found.append(
            waiver(
                asked,
                since,
                until,
                approved=agreed,
                revoked=None if agreed is None else revoked,
                control=control,
                leg=leg,
                **random_scope(rng, made),
            )
        )
    return found
