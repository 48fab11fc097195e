"""Hand-made cases of sections 12 and on of docs/definitions.md: what is asked of each live point, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import hand_made, listing, must, p, policy, programme, rows, verify
from tests.oracle.case import HandMade
from tests.oracle.cases_of_told import CASES_OF_TOLD

EMPTY = listing(-30)
"""Without it a copy captured before anything was observed might still be there."""
FORGETFUL = {"repositories": {"r1": {"keeps_at_least": None}}}


def _verified(name: str, told: list[Any], truth: Any, *later: dict[str, Any], every: str = "3d", **changes: Any) -> HandMade:
    versions = [policy({"verify": {"every": every}}, **changes.pop("terms", {})), *later]
    return hand_made("12", name, [EMPTY, *told], programme(*versions, **changes), ("verification", truth))


def checked(day: float, word: str = "verified", name: str = "p", captured: float = 1) -> Any:
    """Return a payload that tells of a check of a point."""
    return rows(day, p(name, captured, integrity=word, checked=day, basis="catalog"))


P = p("p", 1)
THERE = listing(20, P)

VERIFICATION = [
    _verified("the first check is due a term after it became available", [THERE], must([(4, 10)], [(0, 1)])),
    _verified("a check in time", [THERE, checked(3), checked(5.5)], must([(8.5, 10)], [(0, 1)])),
    _verified("a check too late", [THERE, checked(6)], must([(4, 6), (9, 10)], [(0, 1)])),
    _verified("each check in time", [THERE, checked(3), checked(5.5), checked(8)], must(), assets={"a": {"in_service": "2026-03-02T00:00:00Z"}}),
    _verified("nothing there is not met", [listing(20)], must([], [(0, 10)])),
    _verified("not surely there is not met", [listing(3, P), listing(5), listing(20)], must([], [(0, 1), (3, 10)])),
    _verified("a damaged copy that is still there", [THERE, checked(2, "corrupt"), checked(3)], must([(2, 3), (6, 10)], [(0, 1)])),
    _verified("a damaged copy found at the instant of a good check", [THERE, checked(2), checked(2, "corrupt")], must([(2, 10)], [(0, 1)])),
    _verified("a damaged copy that was deleted", [listing(3, P), listing(3.5), listing(20), checked(2, "corrupt")], must([(2, 3)], [(0, 1), (3, 10)])),
    _verified(
        "verified without an instant",
        [listing(6, p("p", 1, integrity="verified")), THERE, checked(8, "corrupt")], must([(8, 10)], [(0, 1), (4, 8)]),
    ),
    _verified("a run that names the point", [THERE, rows(9, verify("v", 3, "success", recovery_point="p"))], must([(6, 10)], [(0, 1)])),
    _verified("a run that names another", [THERE, rows(9, verify("v", 3, "success", recovery_point="q"))], must([(4, 10)], [(0, 1)])),
    _verified(
        "a run that says not whether it read data", [THERE, rows(9, verify("v", 3, "success", None, recovery_point="p"))], must([(6, 10)], [(0, 1), (4, 6)])
    ),
    _verified("a run that read some data", [THERE, rows(9, verify("v", 3, "success", "partial", recovery_point="p"))], must([(4, 10)], [(0, 1)])),
    _verified("a run with warnings", [THERE, rows(9, verify("v", 3, "warning", recovery_point="p"))], must([(6, 10)], [(0, 1), (4, 6)])),
    _verified("a failed run", [THERE, rows(9, verify("v", 3, "failed", recovery_point="p"))], must([(4, 10)], [(0, 1), (3, 4)])),
    _verified("a cancelled run", [THERE, rows(9, verify("v", 3, "cancelled"))], must([(4, 10)], [(0, 1)])),
    _verified("a run of the whole repository", [THERE, rows(9, verify("v", 3, "success"))], must([(6, 10)], [(0, 1)])),
    _verified("a failed run of the whole repository", [THERE, rows(9, verify("v", 3, "failed"))], must([(6, 10)], [(0, 1), (3, 6)])),
    _verified(
        "of what came while it ran nobody knows",
        [THERE, rows(9, {**verify("v", 3, "success"), "started_at": p("", 0.5)["captured_at"]})], must([(6, 10)], [(0, 1), (4, 6)]),
    ),
    _verified("a run of the subject may have read one of its points", [THERE, rows(9, verify("v", 3, "success", subject="x"))], must([(6, 10)], [(0, 1), (4, 6)])),
    _verified("a run of another subject", [THERE, rows(9, verify("v", 3, "success", subject="y"))], must([(4, 10)], [(0, 1)])),
    _verified(
        "a point in doubt is not breached",
        [listing(20, p("p", 1, method="incremental"), p("q", 1)), checked(2, name="q"), checked(4.5, name="q"), checked(7, name="q")], must([], [(0, 1), (4, 10)]),
    ),
    _verified("a partial point does not count", [listing(20, p("p", 1, completeness="partial"), p("q", 1)), checked(3, name="q")], must([(6, 10)], [(0, 1)])),
    _verified(
        "an unseen point was not checked", [listing(6, P), listing(20, P), *(checked(x) for x in (2, 4, 6, 8))], must([], [(0, 6), (9, 10)]), **FORGETFUL
    ),
    _verified("a new version asks for fewer checks", [THERE], must([(2, 5), (7, 10)], [(0, 1)]), policy({"verify": {"every": "6d"}}, 2, 5), every="1d"),
    _verified("a calendar term", [listing(50, p("p", -24))], must([(4, 10)]), every="1 month"),
    _verified(
        "what was damaged before it was available", [listing(20, p("p", 1, available=2, integrity="corrupt", checked=1.5))], must([(2, 10)], [(0, 2)])
    ),
    _verified("retirement ends it", [THERE], must([(4, 6)], [(0, 1)], judged=6), assets={"a": {"retired": "2026-03-07T00:00:00Z"}}),
]  # fmt: skip

CASES_OF_EACH: list[HandMade] = [*VERIFICATION, *CASES_OF_TOLD]
