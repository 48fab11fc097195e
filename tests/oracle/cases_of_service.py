"""Section 6 of docs/definitions.md: since when an asset is in service, with the truth computed by hand. Days are those of tests/oracle/build.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.build import PROGRAMME, hand_made, listing, must, p, policy, programme, rows, when
from tests.oracle.case import Expected, HandMade, Told

RPO, KEEP = "recovery-point", "retention-minimum"
A = PROGRAMME["assets"][0]
LATER = {"assets": [{**A, "since": when(3), "in_service": when(3)}]}
"""On day 3 somebody says that asset a, in service since 2025, is in service since day 3."""
GAP = {"assets": [{**A, "since": when(3), "in_service": when(5)}]}
CORRECTED = [{**A, "in_service": when(6)}, {**A, "since": when(2), "in_service": when(4)}]
BACK = [{**A, "retired": when(3)}, {**A, "since": when(6), "in_service": when(6)}]
"""Asset a is retired on day 3, and in service again on day 6."""
NOTHING = [
    listing(20),
    rows(
        30,
        {
            "record": "listing",
            "repository": "r1",
            "complete": False,
            "covers_from": listing(-30).observed_at,
            "covers_to": listing(20).observed_at,
        },
    ),
]
"""Nothing was ever captured, and no job ran."""


STARTS = [
    hand_made("6", "a later date of service is no second start", NOTHING, programme(policy({"rpo": "2d"}), **LATER), (RPO, must([(0, 10)], judged=10)), protected="breached"),
    hand_made("6", "a later date of service after a break is no second start", NOTHING, programme(policy({"rpo": "2d"}), **GAP), (RPO, must([(0, 3), (5, 10)], judged=8))),
    hand_made("6", "a date of service that was corrected before it came is no start", NOTHING,
              {**programme(policy({"rpo": "1d"})), "assets": CORRECTED}, (RPO, must([(5, 10)], judged=6))),
    hand_made("6", "a later date of service brings no second grace", NOTHING, programme(policy({"rpo": "1d"}, new_asset_grace="3d"), **LATER),
              (RPO, must([(0, 10)], judged=10))),
    hand_made("6", "a later date of service leaves no second time for a first backup", NOTHING, programme(policy({"schedule": {"full": "2d"}}), **LATER),
              ("schedule full", must([(0, 10)], judged=10))),
    hand_made("6", "a later date of service leaves no second time for a first run", NOTHING,
              programme(policy({"schedule": {"full": "2d"}, "success": {"rate": "99%"}}), **LATER), ("job-success rate", must([(0, 10)], judged=10))),
    hand_made("6", "in service again is no second start", NOTHING, {**programme(policy({"rpo": "1d"}, new_asset_grace="2d")), "assets": BACK},
              (RPO, must([(0, 3), (6, 10)], judged=7))),
]  # fmt: skip

X, Y, Z = ({"source": "s", "subject": name} for name in "xyz")
TWO = {**A, "subjects": [], "parts": [{"name": "p", "subjects": [X]}, {"name": "q", "subjects": [Y]}]}
ONE = {**TWO, "since": when(4), "parts": [{"name": "p", "subjects": [X]}]}
AGAIN = {**TWO, "since": when(7)}
RENAMED = {**TWO, "since": when(4), "parts": [{"name": "p", "subjects": [X]}, {"name": "r", "subjects": [Y]}]}
GROWN = {**TWO, "since": when(4), "parts": [*TWO["parts"], {"name": "z", "subjects": [Z]}]}
SPLIT = {**TWO, "since": when(4)}
BARE = {**A, "since": when(4), "subjects": []}


def _parts(
    name: str, said: Sequence[Mapping[str, Any]], told: Sequence[Told], *truth: tuple[str, Expected], **objectives: Any
) -> HandMade:
    return hand_made("6", name, told, {**programme(policy(objectives or {"rpo": "1d"})), "assets": list(said)}, *truth)


OLD_X, OLD_Y = p("x", -1), p("y", 0, subject="y")
PARTS = [
    _parts("a part that goes keeps its breaches and is judged no longer", [TWO, ONE], [*NOTHING, listing(21, OLD_X)],
           (RPO, must([(0, 10)], part="p", judged=10)), (RPO, must([(0, 4)], part="q", judged=4))),
    _parts("a part that comes back", [TWO, ONE, AGAIN], NOTHING, (RPO, must([(0, 4), (7, 10)], part="q", judged=7))),
    _parts("a part that comes is judged from then on, and has time for its first point", [TWO, GROWN], [NOTHING[1], listing(21, p("z", 6, subject="z"))],
           (RPO, must([(5, 6), (7, 10)], part="z", judged=6)), (RPO, must([(0, 10)], part="p", judged=10))),
    _parts("a part that is called otherwise has no time for a first point", [TWO, RENAMED], NOTHING,
           (RPO, must([(0, 4)], part="q", judged=4)), (RPO, must([(4, 10)], part="r", judged=6))),
    _parts("an asset that is divided is judged whole, then by parts", [A, SPLIT], [NOTHING[1], listing(21, p("x", 2), p("n", 5))],
           (RPO, must([(0, 2), (3, 4)], judged=4)), (RPO, must([(4, 5), (6, 10)], part="p", judged=6)), (RPO, must([(4, 10)], part="q", judged=6))),
    _parts("an asset that loses its names is judged all the same", [A, BARE], NOTHING, (RPO, must([(0, 10)], judged=10))),
    _parts("what a part that went owes it owes on", [TWO, ONE], [listing(2, OLD_X, OLD_Y), listing(6, OLD_X), listing(8, OLD_X), listing(20, OLD_X)],
           (KEEP, must([(6, 10)], [(2, 6)], part="q", judged=10)), keep=[{"every": "point", "for": "30d"}]),
    _parts("what a part that went left is disposed of", [TWO, ONE], [listing(20, OLD_X, OLD_Y)],
           ("retention-maximum", must([(6, 10)], part="q", judged=10)), dispose={"after": "6d"}),
    _parts("what a part that went left is encrypted", [TWO, ONE], [listing(20, OLD_X, OLD_Y | {"encrypted": "no"})],
           ("encryption", must([(0, 10)], part="q", judged=10)), encrypted=True),
    _parts("a part that went is no companion", [TWO, ONE, {**A, "name": "b", "tier": "other", "subjects": [Z]}],
           [listing(20, OLD_X, p("y", 0, subject="y", deleted=2), p("z", -1, subject="z"))], ("consistency", must([(2, 4)], part="p", judged=10)),
           recover_with={"assets": ["b"], "skew": "10d", "max_age": "30d"}),
]  # fmt: skip

BOTH = {"assets": {"a": {"subjects": [X, Y]}}}
SCOPED = [
    listing(-1, scope="h"),
    listing(-1, scope="i"),
    listing(20, p("x", 1, encrypted="yes"), scope="h"),
    listing(5, p("y", 3, subject="y", encrypted="yes"), scope="i"),
]
LOGGED = [listing(1.5, p("x", 1), scope="h"), rows(9, {**NOTHING[1].records[0], "scope": "h", "covers_to": listing(9).observed_at})]
SUCCESS = {"schedule": {"full": "20d"}, "success": {"consecutive_failures": 1}}
SCOPES = [
    hand_made("5", "a listing of a scope observes nothing for a subject of another", SCOPED, programme(policy({"rpo": "1d"}), **BOTH),
              (RPO, must([(0, 1), (2, 3), (4, 5)], [(5, 10)]))),
    hand_made("5", "what may be in another scope need not be encrypted", SCOPED, programme(policy({"encrypted": True}), **BOTH),
              ("encryption", must([], [(0, 1), (5, 10)]))),
    hand_made("5", "a job log of a scope observes for its subjects", LOGGED, programme(policy({"rpo": "1d"})), (RPO, must([(0, 1), (2, 9)], [(1.5, 2), (9, 10)]))),
    hand_made("5", "a job log of a scope observes nothing for another subject", LOGGED, programme(policy({"rpo": "1d"}), **BOTH),
              (RPO, must([], [(0, 1), (1.5, 10)]))),
    hand_made("16", "a job log of a scope tells of no run of another subject", LOGGED, programme(policy(SUCCESS), assets={"a": {"subjects": [Y]}}),
              ("job-success consecutive", must([], [(0, 10)]))),
]  # fmt: skip

CASES_OF_SERVICE: list[HandMade] = [*STARTS, *PARTS, *SCOPES]
