"""Hand-made cases of sections 13 and 14 of docs/definitions.md: what is told of each point, encryption and locks, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import hand_made, listing, must, p, policy, programme, rows, run, when
from tests.oracle.case import HandMade


def _empty(told: list[Any]) -> list[Any]:
    """Return what is told, and before it of each repository that it was empty: else a copy captured before anything was observed might still be there."""
    names = sorted({record["repository"] for one in told for record in one.records})
    return [*(listing(-30, repository=name) for name in names), *told]


FORGETFUL = {"repositories": {"r1": {"keeps_at_least": "3d"}, "r2": {"keeps_at_least": "1000d"}}}
RETIRED = {"assets": {"a": {"retired": when(6)}}}
R2 = {"repositories": ["r2"]}


def _encrypted(name: str, told: list[Any], truth: Any, *later: dict[str, Any], asked: Any = True, **changes: Any) -> HandMade:
    said = programme(policy({"encrypted": asked}), *later, **changes)
    return hand_made("13", f"encrypted: {name}", _empty(told), said, ("encryption", truth))


def _locked(name: str, told: list[Any], truth: Any, *later: dict[str, Any], asked: Any = "3d", **changes: Any) -> HandMade:
    said = programme(policy({"locked_for": asked}, **changes.pop("terms", {})), *later, **changes)
    return hand_made("14", f"locked: {name}", _empty(told), said, ("immutability", truth))


YES, NO, SILENT = p("p", 1, encrypted="yes"), p("p", 1, encrypted="no"), p("p", 1)
BAD = p("q", 3, encrypted="no")
FAR = {"repository": "r2"}

ENCRYPTION = [
    _encrypted("told yes", [listing(20, YES)], must([], [(0, 1)])),
    _encrypted("told no", [listing(20, NO)], must([(1, 10)], [(0, 1)])),
    _encrypted("not told", [listing(20, SILENT)], must([], [(0, 10)])),
    _encrypted("told both ways", [listing(5, YES), listing(20, NO)], must([], [(0, 10)])),
    _encrypted("told both ways, by a job", [listing(20, YES), rows(9, NO)], must([], [(0, 10)])),
    _encrypted("known before unknown", [listing(5, YES), listing(20, SILENT)], must([], [(0, 1)])),
    _encrypted("from when it is available", [listing(20, p("p", 1, available=2, encrypted="no"))], must([(2, 10)], [(0, 2)])),
    _encrypted("nothing there is not met", [listing(20)], must([], [(0, 10)])),
    _encrypted("one of two", [listing(20, YES, BAD)], must([(3, 10)], [(0, 1)])),
    _encrypted("until it is gone", [listing(5, YES, BAD), listing(8, YES), listing(20, YES)], must([(3, 5)], [(0, 1), (5, 8)])),
    _encrypted("a partial one can be read", [listing(20, YES, {**BAD, "completeness": "partial"})], must([(3, 10)], [(0, 1)])),
    _encrypted("a damaged one can be read", [listing(20, YES, p("q", 3, encrypted="no", integrity="corrupt", checked=4))], must([(3, 10)], [(0, 1)])),
    _encrypted("one without its base can be read", [listing(20, YES, {**BAD, "method": "incremental", "base": "nowhere"})], must([(3, 10)], [(0, 1)])),
    _encrypted("partial ones alone are there", [listing(20, {**YES, "completeness": "partial"})], must([], [(0, 1)])),
    _encrypted("a run tells nothing of it", [listing(20, YES), rows(9, run("r", 4, 5))], must([], [(0, 1), (5, 10)])),
    _encrypted("after the last listing", [listing(5, YES)], must([], [(0, 1), (5, 10)])),
    _encrypted("an unseen point", [listing(8, YES), listing(10.5, YES)], must([], [(0, 8)]), **FORGETFUL),
    _encrypted("an original tells nothing of its copy", [listing(20, YES), listing(20, p("p", 1, "r2", available=2, copy_of_id="p"), **FAR)], must([], [(0, 1), (2, 10)])),
    _encrypted("only in one repository", [listing(20, NO), listing(20, p("q", 3, "r2", encrypted="yes"), **FAR)], must([], [(0, 3)]), asked=R2),
    _encrypted("in that repository", [listing(20, YES), listing(20, p("q", 3, "r2", encrypted="no"), **FAR)], must([(3, 10)], [(0, 3)]), asked=R2),
    _encrypted("no copy in that repository", [listing(20, YES)], must([], [(0, 10)]), asked=R2),
    _encrypted("an unseen point of another repository", [listing(8, YES), listing(20, p("q", 1, "r2", encrypted="yes"), **FAR)], must([], [(0, 1)]), asked=R2, **FORGETFUL),
    _encrypted(
        "a new version asks for less",
        [listing(20, NO), listing(20, p("q", 3, "r2", encrypted="yes"), **FAR)], must([(1, 5)], [(0, 1)]), policy({"encrypted": R2}, 2, 5),
    ),
    _encrypted("it outlives the asset", [listing(20, NO)], must([(1, 10)], [(0, 1)], judged=10), **RETIRED),
    _encrypted("till nothing is left", [listing(7, YES), listing(8), listing(20)], must([], [(0, 1)], judged=8), **RETIRED),
    _encrypted("not told till nothing is left", [listing(7, SILENT), listing(8), listing(20)], must([], [(0, 8)], judged=8), **RETIRED),
    _encrypted("a gap after retirement", [listing(5, YES), listing(7), listing(9, YES), listing(20, YES)], must([], [(0, 1), (5, 6)], judged=10), **RETIRED),
    _encrypted("nothing left at retirement", [listing(3, YES), listing(4), listing(20)], must([], [(0, 1), (3, 6)], judged=6), **RETIRED),
]  # fmt: skip

SHORT = p("p", 1, immutable=4 - 1 / 24)
LONG = p("p", 1, immutable=4)

IMMUTABILITY = [
    _locked("to the end of the term", [listing(20, LONG)], must([], [(0, 1)])),
    _locked("an hour less", [listing(20, SHORT)], must([(1, 4)], [(0, 1)])),
    _locked("not told", [listing(20, p("p", 1))], must([], [(0, 4)])),
    _locked("asked from when it is available", [listing(20, p("p", 1, available=2, immutable=3))], must([(2, 4)], [(0, 2)])),
    _locked("available after its term", [listing(20, p("p", 1, available=5, immutable=3))], must([], [(0, 5)])),
    _locked("nothing there is not met", [listing(20)], must([], [(0, 10)])),
    _locked("one of two", [listing(20, LONG, p("q", 3, immutable=5))], must([(3, 6)], [(0, 1)])),
    _locked("prolonged in time", [listing(2, p("p", 1, immutable=3)), listing(3, LONG), listing(20, LONG)], must([], [(0, 1)])),
    _locked("prolonged after it ended", [listing(2, p("p", 1, immutable=2)), listing(20, LONG)], must([], [(0, 4)])),
    _locked("shortened", [listing(2, LONG), listing(3, SHORT), listing(20, SHORT)], must([(1, 4)], [(0, 1)])),
    _locked("shortened, and prolonged again when it had ended",
            [listing(2, LONG), listing(2.5, p("p", 1, immutable=3)), listing(3.5, p("p", 1, immutable=9)), listing(20, p("p", 1, immutable=9))], must([], [(0, 4)])),
    _locked("gone before its term", [listing(2, SHORT), listing(3), listing(20)], must([(1, 2)], [(0, 1), (2, 10)])),
    _locked("a point in doubt is not breached", [listing(20, p("q", 1, method="incremental", immutable=2), LONG)], must([], [(0, 4)])),
    _locked("a partial point does not count", [listing(20, p("q", 1, completeness="partial", immutable=2), LONG)], must([], [(0, 1)])),
    _locked(
        "a partial point that counts", [listing(20, p("q", 1, completeness="partial", immutable=2), LONG)], must([(1, 4)], [(0, 1)]), terms={"accept_partial": True}
    ),
    _locked("a damaged point is not live", [listing(20, p("q", 1, immutable=2, integrity="corrupt", checked=1), LONG)], must([], [(0, 1)])),
    _locked("a base is judged by itself", [listing(20, LONG, p("q", 3, method="incremental", base="p", immutable=6))], must([], [(0, 1)])),
    _locked("an unseen point", [listing(8, LONG), listing(10.5, LONG)], must([], [(0, 6)]), asked="1d", **FORGETFUL),
    _locked("an unseen point is asked until it would be shown", [listing(8, LONG), listing(10.5, LONG)], must([], [(0, 8)]), asked="3d", **FORGETFUL),
    _locked("an unlimited term", [listing(20, p("p", 1, immutable=366))], must([], [(0, 1)]), asked="1 year"),
    _locked("a calendar term", [listing(50, p("p", -24, immutable=4))], must([], []), asked="1 month"),
    _locked("a calendar term not reached", [listing(50, p("p", -24, immutable=4 - 1 / 24))], must([(0, 4)]), asked="1 month"),
    _locked("a new version asks for more", [listing(20, LONG)], must([(2, 7)], [(0, 1)]), policy({"locked_for": "6d"}, 2, 2)),
    _locked("a new version asks for less", [listing(20, SHORT)], must([(1, 3)], [(0, 1)]), policy({"locked_for": "1d"}, 2, 3)),
    _locked("a version without locks", [listing(20, SHORT)], must([(1, 3)], [(0, 1)], judged=3), policy({"rpo": "1d"}, 2, 3)),
    _locked("only in one repository", [listing(20, SHORT), listing(20, p("q", 3, "r2", immutable=6), **FAR)], must([], [(0, 3)]), asked={"for": "3d", **R2}),
    _locked("in that repository", [listing(20, LONG), listing(20, p("q", 3, "r2", immutable=5), **FAR)], must([(3, 6)], [(0, 3)]), asked={"for": "3d", **R2}),
    _locked("a copy has the capture time of its original", [listing(20, LONG), listing(20, p("p", None, "r2", available=2, immutable=3, copy_of_id="p"), **FAR)],
            must([(2, 4)], [(0, 1)])),
    _locked("it outlives the asset", [listing(20, LONG, p("q", 5, immutable=7))], must([(5, 8)], [(0, 1)], judged=10), **RETIRED),
    _locked("till nothing is left", [listing(7, p("p", 5, immutable=8)), listing(7.5), listing(20)], must([], [(0, 5)], judged=7.5), **RETIRED),
]  # fmt: skip

CASES_OF_TOLD: list[HandMade] = [*ENCRYPTION, *IMMUTABILITY]
