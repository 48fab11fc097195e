"""Hand-made cases of section 13 of docs/definitions.md: keys that drills have to prove usable without production, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import hand_made, listing, must, p, policy, programme, rows, when
from tests.oracle.case import HandMade
from tests.oracle.cases_of_drills import drill, restore, result

KEPT = p("k", -20, encrypted="yes")
THERE = [listing(-30), listing(-19, KEPT), listing(40, KEPT)]
BARE = p("k", -20, encrypted="no")


def _keyed(
    name: str, told: list[Any], drills: list[Any], truth: Any, *later: Any, asked: Any = None, changes: Any = None
) -> HandMade:
    encrypted = {"keys_proven": "5d", **(asked or {})}
    said = programme(policy({"encrypted": encrypted}), *later, **(changes or {}))
    return hand_made("13", name, told, said, ("encryption", truth), drilled=drills)


def opened(declared: float, ended: float, keys: str | None = "usable", outcome: str = "passed", **fields: Any) -> dict[str, Any]:
    """Return a drill that says of keys whether they were usable without production."""
    drilled = {key: fields.pop(key) for key in ("signed", "cancelled") if key in fields}
    return drill(declared, result(ended, outcome, keys=keys, **fields), **drilled)


def _ran(*times: tuple[float, float], **fields: Any) -> Any:
    return rows(12, *(restore(*one, **fields) for one in times))


CASES_OF_KEYS: list[HandMade] = [
    _keyed("keys that a drill proves usable count for the term", [*THERE, _ran((1, 2))], [opened(1, 2)], must([], [(0, 2), (7, 10)])),
    _keyed("keys that no drill speaks of", [*THERE, _ran((1, 2))], [opened(1, 2, None)], must([], [(0, 10)])),
    _keyed("keys without any drill", THERE, [], must([], [(0, 10)])),
    _keyed("keys are not asked for where the policy does not", THERE, [], must(), asked={"keys_proven": None}),
    _keyed("keys of a drill that nobody else signed off", [*THERE, _ran((1, 2))], [opened(1, 2, signed=False)], must([], [(0, 10)])),
    _keyed("keys of a drill without a restore run", THERE, [opened(1, 2)], must([], [(0, 10)])),
    _keyed("keys of a drill that was given up", [*THERE, _ran((1, 2))], [opened(1, 2, signed=False, cancelled=3)], must([], [(0, 10)])),
    _keyed("keys open a part of it", [*THERE, _ran((1, 2))], [opened(1, 2, coverage="partial", depth=1)], must([], [(0, 2), (7, 10)])),
    _keyed("a checksum needs no keys", [*THERE, _ran((1, 2))], [opened(1, 2, depth=0)], must([], [(0, 10)])),
    _keyed("a recovery that failed proves no keys", [*THERE, _ran((1, 2))], [opened(1, 2, outcome="failed")], must([], [(0, 10)])),
    _keyed("keys proven before the period", [*THERE, _ran((-2, -1))], [opened(-2, -1)], must([], [(4, 10)])),
    _keyed("keys proven again in time", [*THERE, _ran((1, 2), (5, 6))], [opened(1, 2), opened(5, 6)], must([], [(0, 2)])),
    _keyed("keys that were not usable", [*THERE, _ran((1, 2))], [opened(1, 2), opened(3, 4, "unusable", "failed")], must([(4, 10)], [(0, 2)])),
    _keyed("what passed with the keys of production", [*THERE, _ran((1, 2))], [opened(1, 2, "unusable")], must([(2, 10)], [(0, 2)])),
    _keyed("keys that are usable again", [*THERE, _ran((5, 6))], [opened(1, 2, "unusable", "failed"), opened(5, 6)], must([(2, 6)], [(0, 2)])),
    _keyed("keys that are perhaps usable again", [*THERE], [opened(1, 2, "unusable", "failed"), opened(5, 6)], must([(2, 6)], [(0, 2), (6, 10)])),
    _keyed("keys of a copy in another repository", [*THERE, _ran((1, 2), repository="r2")], [opened(1, 2, point="q", repository="r2")],
           must([], [(0, 10)]), asked={"repositories": ["r1"]}),
    _keyed("keys of a copy in the repository", [*THERE, _ran((1, 2))], [opened(1, 2, point="k", repository="r1")], must([], [(0, 2), (7, 10)]),
           asked={"repositories": ["r1"]}),
    _keyed("keys of a copy in a repository that nobody named", [*THERE, _ran((1, 2))], [opened(1, 2)], must([], [(0, 10)]), asked={"repositories": ["r1"]}),
    _keyed("keys do not make up for a copy that is not encrypted", [listing(-30), listing(-19, BARE), listing(40, BARE), _ran((1, 2))], [opened(1, 2)],
           must([(0, 10)])),
    _keyed("a new version asks for the proof anew", [*THERE, _ran((1, 2))], [opened(1, 2)], must([], [(0, 2), (4, 10)]),
           policy({"encrypted": {"keys_proven": "5d"}}, 2, 4)),
    _keyed("after retirement nobody drills any more", [*THERE, _ran((1, 2))], [opened(1, 2)], must([], [(0, 2)]),
           changes={"assets": {"a": {"retired": when(5)}}}),
]  # fmt: skip
