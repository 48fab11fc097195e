"""Section 35 of docs/definitions.md: hand-made cases of findings and statements, with the truth computed by hand; and random findings."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.oracle.build import day, hand_made, listing, must, policy, programme
from tests.oracle.case import HandMade
from tests.oracle.cases_of_governed import NEXT, OTHER_UNIT
from tests.oracle.cases_of_stated import random_scope, said
from tests.oracle.cases_of_waivers import waiver
from tests.oracle.governed import Acted, Kept
from tests.oracle.instants import DAY, text_of
from tests.oracle.programmes import Plan

TOLD: dict[str, dict[str, Any]] = {
    "acknowledge": {"owner": "Chen"}, "assign": {"owner": "Chen"}, "comment": {"comment": "it is so"}, "remediate": {"plan": "it is mended"},
    "close": {"reason": "mended", "proof": "the log"}, "resume": {"reason": "it is not"},
}  # fmt: skip
"""What is told with each act of people, beside a new due date."""
LATER = [listing(50)]
"""Something that was received after the period, so that all of it is known."""
HELD = said(-9, -9, 60, "corrective")
"""A statement that all findings are closed in time."""


def finding(at: float, due: float, *acts: tuple[str, float] | tuple[str, float, float], **scope: list[str]) -> Kept:
    """Return a finding that somebody opened, its due date, and what was done then: act, when, and the new due date, if any; times are days."""
    told = {"title": "a restore needed a password", "source": "auditor", "severity": "high", "due": day(due), **scope}
    return Kept("finding", [Acted("open", day(at), "Ann", told), *(_acted(*one) for one in acts)])


def _acted(act: str, at: float, due: float | None = None) -> Acted:
    """Return an act of people, or one of the program, which tells what an assessment shows."""
    shown = {
        "since": day(-5),
        "until": day(at),
        "then": "met",
        "waiver": None,
        "assessed": [text_of(day(-5)), text_of(day(at))],
        "as_known_at": 1,
    }
    refuted = {key: shown[key] for key in ("assessed", "as_known_at")} | {"then": "none"}
    told = TOLD.get(act, refuted if act == "refute" else shown)
    by = "Bob" if act in TOLD else "backup-audit"
    return Acted(act, day(at), by, told | ({} if due is None else {"due": day(due)}))


def followed(at: float, due: float, *acts: tuple[str, float], asset: str = "a", control: str = "recovery-point") -> Kept:
    """Return a finding that follows a breach that an assessment found."""
    about = {
        "asset": asset,
        "unit": "unit",
        "part": None,
        "control": control,
        "leg": None,
        "policy": "p",
        "severity": "high",
        "due": day(due),
    }
    first = _acted("follow", at)
    return Kept("finding", [Acted("follow", day(at), first.by, {**first.told, **about}), *(_acted(*one) for one in acts)])


def _found(name: str, found: Sequence[Kept], truth: Any, *later: dict[str, Any], stated: Sequence[dict[str, Any]] = (HELD,), **changes: Any) -> HandMade:  # fmt: skip
    told, read_on = changes.pop("told", LATER), changes.pop("read_on", None)
    first = policy(changes.pop("asked", {"corrective": "1y"}), **changes.pop("terms", {}))
    return hand_made(
        "35",
        f"a finding: {name}",
        told,
        programme(first, *later, **changes),
        ("corrective", truth),
        acted=found,
        stated=stated,
        read_on=read_on,
    )


CASES_OF_FINDINGS: list[HandMade] = [
    _found("none", [], must()),
    _found("overdue from its due date on, whatever is stated", [finding(-3, 4)], must([(4, 10)])),
    _found("until it is closed", [finding(-3, 4, ("close", 7))], must([(4, 7)])),
    _found("closed in time", [finding(-3, 4, ("close", 3))], must()),
    _found("closed at its due date", [finding(-3, 4, ("close", 4))], must()),
    _found("opened again", [finding(-3, 4, ("close", 3), ("resume", 6))], must([(6, 10)])),
    _found("opened again before it was due", [finding(-3, 6, ("close", 3), ("resume", 5))], must([(6, 10)])),
    _found("not due yet", [finding(-3, 12)], must()),
    _found("due before the period", [finding(-8, -5)], must([(0, 10)])),
    _found("entered after it was due", [finding(12, 4)], must([(4, 10)])),
    _found("entered after it was due, and closed later", [finding(12, 4, ("close", 13))], must([(4, 10)])),
    _found("it gets more time before it is due", [finding(-3, 4, ("assign", 2, 8))], must([(8, 10)])),
    _found("more time that comes too late cures nothing", [finding(-3, 4, ("assign", 6, 8))], must([(4, 6), (8, 10)])),
    _found("less time counts from when it was entered", [finding(-3, 9, ("assign", 5, 2))], must([(5, 10)])),
    _found("who takes it on says by when", [finding(-3, 4, ("acknowledge", 2, 7))], must([(7, 10)])),
    _found("work on it is not its end", [finding(-3, 4, ("acknowledge", 1), ("remediate", 2), ("comment", 5))], must([(4, 10)])),
    _found("without a statement nothing is met", [finding(-3, 4, ("close", 6))], must([(4, 6)], [(0, 4), (6, 10)]), stated=[]),
    _found("once the statement has run out", [finding(-3, 4, ("close", 5))], must([(4, 5)], [(7, 10)]), stated=[said(-9, -9, 7, "corrective")]),
    _found("a statement that it does not hold, beside", [finding(-3, 4, ("close", 6))], must([(2, 6)]), stated=[HELD, said(0, 2, 5, "corrective", holds=False)]),
    _found("two that overlap", [finding(-3, 2, ("close", 5)), finding(-3, 4, ("close", 7))], must([(2, 7)])),
    _found("of another asset", [finding(-3, 4, assets=["b"])], must()),
    _found("of the asset", [finding(-3, 4, assets=["a", "b"])], must([(4, 10)])),
    _found("of its tier and another unit", [finding(-3, 4, tiers=["core"], units=["next"])], must(), units=[NEXT]),
    _found("of its unit, while the asset is the unit's", [finding(-3, 4, units=["unit"])], must([(4, 6)]), assets=[OTHER_UNIT], units=[NEXT]),
    _found("a breach that is followed", [followed(-3, 4, ("see", 5))], must([(4, 10)])),
    _found("a breach of another asset that is followed", [followed(-3, 4, asset="b")], must()),
    _found("an overdue finding is no finding of its own", [followed(-3, 4, control="corrective")], must()),
    _found("refuted by later evidence: settled from then on", [followed(-3, 4, ("refute", 6))], must([(4, 6)])),
    _found("a risk that was accepted waits for nobody", [followed(-3, 4, ("waive", 3))], must()),
    _found("a risk that was accepted too late", [followed(-3, 4, ("waive", 6))], must([(4, 6)])),
    _found("a risk that is accepted no longer", [followed(-3, 4, ("waive", 3), ("reopen", 7))], must([(7, 10)])),
    _found("closed, and the breach came back", [followed(-3, 4, ("close", 3), ("reopen", 7))], must([(7, 10)])),
    _found("its breach can be waived", [finding(-3, 4), waiver(-2, 5, 8, approved=-1, control="corrective")], must([(4, 5), (8, 10)], waived=[(5, 8)])),
    _found("grace of a new asset", [finding(-3, 2)], must([(3, 10)], judged=10), terms={"new_asset_grace": "3d"}, assets={"a": {"in_service": "2026-03-01T00:00:00Z"}}),
    _found("under a version that asks for it", [finding(-3, 2)], must([(5, 10)], judged=5), policy({"corrective": "1y"}, 2, 5), asked={"rpo": "30d"}),
    _found("what lies after the newest entry is not known", [finding(-3, 4, ("comment", 6))], must([(4, 6)], [(6, 10)]), told=[]),
    _found("no statement tells what nobody knows yet", [finding(-3, 12, ("comment", 6))], must([], [(6, 10)]), told=[]),
    _found("a statement that it does not hold stands", [finding(-3, 12, ("comment", 6))], must([(0, 10)]), told=[], stated=[said(-9, -9, 60, "corrective", holds=False)]),
]  # fmt: skip


def random_findings(seed: int, made: Plan) -> list[Kept]:
    """Ask some policies of a random programme for corrective action, and return findings that people opened and worked on."""
    rng = random.Random(f"found {seed}")
    if rng.random() < 0.3:
        return []
    for one in made.programme["policies"]:
        if rng.random() < 0.4:
            one["objectives"] |= {"corrective": rng.choice(("5d", "1 month", "1y"))}
    found = []
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        at = (made.since - day(0)) / DAY + rng.randint(-20, 40) / 2
        acts: list[Any] = []
        closed, when = False, at
        for _ in range(rng.choice((0, 1, 1, 2, 4))):
            when += rng.randint(0, 12) / 2
            act = "resume" if closed else rng.choice(("assign", "comment", "close", "close"))
            closed = act == "close" or (closed and act != "resume")
            acts.append((act, when, when + rng.randint(-6, 16) / 2) if act == "assign" else (act, when))
        found.append(finding(at, at + rng.randint(-6, 20) / 2, *acts, **random_scope(rng, made)))
    return found
