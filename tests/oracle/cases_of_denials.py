"""Section 24 of docs/definitions.md: hand-made cases of evidence that denies other evidence, with the truth computed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.oracle.build import day, hand_made, listing, must, p, policy, programme, rows, run
from tests.oracle.case import HandMade, Told

FIRST, LAST = listing(-30), listing(50)
"""The first and the last listing that speaks of the asset: between them something is known."""


def _case(
    name: str,
    leg: str,
    told: Sequence[Told],
    *breached: tuple[float, float],
    unproven: Any = (),
    objective: Any = True,
    **changes: Any,
) -> HandMade:
    truth = (f"contradiction {leg}", must(breached, unproven))
    return hand_made("24", name, [FIRST, *told], programme(policy({"contradiction": objective}), **changes), truth)


def restore(started: float, outcome: str = "success", **fields: Any) -> dict[str, Any]:
    """Return a restore run of point p."""
    return {
        **run("restore", started, started + 0.5, outcome=outcome, recovery_point="p"),
        "kind": "restore",
        "method": None,
        **fields,
    }


def prune(finished: float, **fields: Any) -> dict[str, Any]:
    """Return a prune run of r1."""
    return {**run("prune", finished, finished), "kind": "prune", "method": None, "subject": None, **fields}


P, Q = p("p", 1), p("q", 1)
MADE = run("j", 1, 1.5, recovery_point="p")
FAILS = run("j", 1, 1.5, outcome="failed", recovery_point="p")
MANY = [p(f"p{number}", number / 8) for number in range(8)]
FORGETFUL = {"repositories": {"r1": {"keeps_at_least": None}}}

CASES_OF_DENIALS: list[HandMade] = [
    *(_case(f"{leg}: nothing is denied", leg, [listing(3, P), listing(50, P), rows(3, MADE)]) for leg in ("failed", "deleted", "returned", "unlisted", "shrunk", "disputed")),
    _case("nothing listed before", "returned", [], unproven=[(0, 10)], objective={"lost": "50%"}),
    hand_made("24", "before the first listing and after the last", [listing(2, P), listing(6, P)], programme(policy({"contradiction": True})),
              ("contradiction failed", must([], [(0, 2), (6, 10)])), ("contradiction shrunk", must([], [(0, 2), (6, 10)]))),
    hand_made("24", "denied is denied, whatever comes", [listing(2, P), rows(3, FAILS)], programme(policy({"contradiction": True})),
              ("contradiction failed", must([(2, 10)], [(0, 2)]))),
    _case("a run failed, and its point is listed", "failed", [listing(3, P), listing(6), LAST, rows(9, FAILS)], (3, 6)),
    _case("a run failed after its point was listed", "failed", [listing(1, P), LAST, listing(40, P), rows(9, FAILS | {"finished_at": day(4)})], (4, 10)),
    _case("a run that was cancelled", "failed", [listing(3, P), listing(60, P), rows(9, FAILS | {"outcome": "cancelled"})], (3, 10)),
    _case("a run that failed left a part", "failed", [listing(3, p("p", 1, completeness="partial")), LAST, rows(9, FAILS)]),
    _case("another run made the point", "failed", [listing(3, P), LAST, rows(9, FAILS, run("k", 2, 2.5, recovery_point="p"))]),
    _case("a run that failed without naming a point", "failed", [listing(3, P), LAST, rows(9, run("j", 1, 1.5, outcome="failed"))]),
    _case("a run that failed, and nothing is listed", "failed", [LAST, rows(9, FAILS)]),
    _case("deleted, and restored from", "deleted", [listing(2, P), listing(4), LAST, rows(9, p("p", 1, deleted=3), restore(5))], (5, 10)),
    _case("deleted, and restored from before", "deleted", [listing(2, P), listing(4), LAST, rows(9, p("p", 1, deleted=3), restore(2.5))]),
    _case("deleted, and a restore of it failed", "deleted", [listing(2, P), listing(4), LAST, rows(9, p("p", 1, deleted=3), restore(5, "failed"))]),
    _case("deleted, restored from, and then not there", "deleted", [listing(2, P), LAST, listing(7), rows(9, p("p", 1, deleted=3), restore(5))], (5, 7)),
    _case("deleted, and still listed", "deleted", [listing(2, P), listing(5, P), listing(6, P), listing(8), LAST, rows(9, p("p", 1, deleted=3))], (5, 8)),
    _case("listed at the instant of its deletion", "deleted", [listing(3, P), listing(5), LAST, rows(9, p("p", 1, deleted=3))]),
    _case("gone, and back", "returned", [listing(2, P), listing(4), listing(6, P), listing(8), LAST], (6, 8)),
    _case("gone, and back for good", "returned", [listing(2, P), listing(4), listing(6, P), listing(51, P)], (6, 10)),
    _case("gone and back twice, sighted once between", "returned", [listing(2, P), listing(3), listing(4, P), listing(5), listing(6, P), listing(8), LAST], (4, 8)),
    _case("gone and back twice, and deleted between", "returned",
          [listing(2, P), listing(3), listing(4, P), listing(5), listing(7, P), rows(9, p("p", 1, deleted=6)), listing(51, P)], (4, 6)),
    _case("turned up late", "returned", [listing(2), listing(6, P), listing(51, P)]),
    _case("lacking at the same instant is not gone", "returned", [listing(2, P), listing(4, P), listing(4), listing(51, P)]),
    _case("gone from an incomplete listing", "returned", [listing(2, P), listing(4, complete=False), listing(51, P)]),
    _case("a job made what no listing shows", "unlisted", [rows(3, run("j", 1, 2)), listing(4), LAST], (4, 10)),
    _case("until it need not be there", "unlisted", [rows(3, p("p", 1, expires=7)), listing(4), LAST], (4, 7)),
    _case("what need not be there any more is not missing", "unlisted", [rows(3, p("p", 1, expires=3)), listing(4), LAST]),
    _case("how long it is kept nobody said", "unlisted", [rows(3, run("j", 1, 2)), listing(4), LAST], **FORGETFUL),
    _case("deleted before it was missed", "unlisted", [rows(3, p("p", 1, deleted=3)), listing(4), LAST]),
    _case("a listing shows what the job made", "unlisted", [rows(3, run("j", 1, 2)), listing(4, p("p", 1.5)), LAST]),
    _case("more than half is gone", "shrunk", [listing(2, *MANY), listing(4, *MANY[:3]), listing(51, *MANY[:3])], (4, 10)),
    _case("half is gone", "shrunk", [listing(2, *MANY), listing(4, *MANY[:4]), listing(51, *MANY[:4])]),
    _case("a larger share may go", "shrunk", [listing(2, *MANY), listing(4, *MANY[:3]), listing(51, *MANY[:3])], objective={"lost": "70%"}),
    _case("as many again", "shrunk", [listing(2, *MANY), listing(4, *MANY[:3]), listing(6, *MANY[:3], p("n", 5)), LAST], (4, 6)),
    _case("others came instead", "shrunk", [listing(2, P, Q), listing(4, p("n", 3), p("m", 3)), LAST]),
    _case("what expired is no loss", "shrunk", [listing(2, *(one | {"expires_at": day(3)} for one in MANY)), listing(4), LAST]),
    _case("what is told to be deleted is no loss", "shrunk", [listing(2, P, Q), rows(9, p("p", 1, deleted=3), p("q", 1, deleted=3)), listing(4), LAST]),
    _case("a prune run explains it", "shrunk", [listing(2, *MANY), rows(9, prune(3)), listing(4, MANY[0]), listing(51, MANY[0])]),
    _case("a prune run of another time explains nothing", "shrunk", [listing(2, *MANY), rows(9, prune(2)), listing(4, MANY[0]), listing(51, MANY[0])], (4, 10)),
    _case("a prune run of another subject explains nothing", "shrunk", [listing(2, *MANY), rows(9, prune(3, subject="y")), listing(4, MANY[0]), listing(51, MANY[0])], (4, 10)),
    _case("a prune run that failed explains nothing", "shrunk", [listing(2, *MANY), rows(9, prune(3, outcome="failed")), listing(4, MANY[0]), listing(51, MANY[0])], (4, 10)),
    _case("each scope is held against itself", "shrunk", [listing(2, *MANY, scope="h"), listing(4, *MANY[:3], scope="i"), listing(51, *MANY)]),
    _case("points of others do not count", "shrunk", [listing(2, P, *(one | {"subject": "y"} for one in MANY)), listing(4, P), listing(51, P)]),
    _case("two listings of one instant disagree", "disputed", [listing(3, P, Q), listing(3, Q), listing(6, P, Q), listing(51, P, Q)], (3, 6)),
    _case("two listings of one instant disagree, the one without it first", "disputed", [listing(3, Q), listing(3, P, Q), listing(51, P, Q)], (3, 10)),
    _case("one of three listings of an instant disagrees", "disputed", [listing(3, P), listing(3, P), listing(3), listing(6, P), listing(51, P)], (3, 6)),
    _case("one of three listings of an instant agrees", "disputed", [listing(3), listing(3), listing(3, P), listing(6), LAST], (3, 6)),
    _case("of three listings of an instant the second disagrees", "disputed",
          [listing(1, P), listing(3, P), listing(3), listing(3, P), listing(6, P), listing(51, P)], (3, 6)),
    _case("two listings of one instant tell a point differently", "disputed", [listing(3, P), listing(3, P | {"bytes": 5}), listing(51, P)]),
    _case("three listings of one instant tell a point differently", "disputed",
          [listing(3, P), listing(3, P), listing(3, P | {"bytes": 5}), listing(3, P | {"bytes": 7}), listing(51, P)]),
    _case("of listings that tell a point differently one lacks it", "disputed",
          [listing(3, P), listing(3, P | {"bytes": 5}), listing(3), listing(5, P), listing(51, P)], (3, 5)),
    _case("listings of one instant of two scopes", "disputed", [listing(3, P, scope="h"), listing(3, scope="i"), listing(51, P)]),
    _case("an incomplete listing of the instant", "disputed", [listing(3, P), listing(3, complete=False), listing(51, P)]),
    _case("a point of another asset", "disputed", [listing(3, P, Q | {"subject": "y"}), listing(3, P), listing(51, P)]),
]  # fmt: skip
