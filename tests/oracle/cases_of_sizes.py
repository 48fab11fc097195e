"""Hand-made cases of section 17 of docs/definitions.md: copies that are too small, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import hand_made, listing, must, p, policy, programme, rows, run
from tests.oracle.case import HandMade

EMPTY = listing(-30)
FORGETFUL = {"repositories": {"r1": {"keeps_at_least": None}}}
TRUSTING = {"sources": {"s": {"trust_jobs_for": "5d"}}}


def _sized(
    name: str, told: list[Any], truth: Any, *later: dict[str, Any], terms: Any = None, changes: Any = None, **size: Any
) -> HandMade:
    said = programme(policy({"size": {"drop": "50%", **size}}, **(terms or {})), *later, **(changes or {}))
    return hand_made("17", name, [EMPTY, *told], said, ("backup-size", truth))


def _sizes(*sizes: int | None, **fields: Any) -> list[Any]:
    """Return points of these sizes, one a day from day 1 on."""
    return [p(f"p{number}", number, bytes=size, **fields) for number, size in enumerate(sizes, 1)]


def _there(*sizes: int | None) -> Any:
    return listing(20, *_sizes(*sizes))


FIRST, SECOND = _sizes(100, 40)

CASES_OF_SIZES: list[HandMade] = [
    _sized("as large as those before it", [_there(100, 100, 60)], must([], [(0, 1)])),
    _sized("much smaller than those before it", [_there(100, 100, 49)], must([(3, 10)], [(0, 1)])),
    _sized("just large enough", [_there(100, 100, 50)], must([], [(0, 1)])),
    _sized("smaller by more than a drop that is not a half", [_there(100, 71, 59)], must([(3, 10)], [(0, 1)]), drop="30%"),
    _sized("empty though there is none before it", [_there(0)], must([(1, 10)], [(0, 1)])),
    _sized("an unknown size", [_there(100, None)], must([], [(0, 1), (2, 10)])),
    _sized("larger than one of unknown size", [listing(2.5, *_sizes(None, 100)), listing(3, _sizes(None, 100)[1]), listing(20, _sizes(None, 100)[1])], must([], [(0, 10)])),
    _sized(
        "unknown sizes among those before it that do not matter",
        [listing(3.5, *_sizes(100, 100, None)), listing(4, *_sizes(100, 100)), listing(20, *_sizes(100, 100), p("p5", 5, bytes=40))],
        must([(5, 10)], [(0, 1), (3, 4)]), over=3,
    ),
    _sized("each but a little smaller than the one before", [_there(100, 60, 40, 25)], must([], [(0, 1)]), over=1),
    _sized("together much smaller than several before", [_there(100, 60, 40, 25)], must([(4, 10)], [(0, 1)]), over=3),
    _sized("the mean of the two in the middle", [_there(100, 60, 39)], must([(3, 10)], [(0, 1)]), over=2),
    _sized("one of another method", [listing(20, *_sizes(100), p("q", 2, bytes=5, method="incremental", self_contained=True))], must([], [(0, 1)])),
    _sized("one in another repository", [_there(100), listing(-30, repository="r2"), listing(20, p("q", 2, "r2", bytes=5), repository="r2")], must([], [(0, 1)])),
    _sized(
        "a partial one before it does not count", [listing(20, *_sizes(100), p("q", 2, bytes=5, completeness="partial"), p("r", 3, bytes=100), p("s", 4, bytes=45))],
        must([(4, 10)], [(0, 1)]), over=2,
    ),
    _sized(
        "a partial one where they are accepted", [listing(20, *_sizes(100), p("q", 2, bytes=5, completeness="partial"))], must([(2, 10)], [(0, 1)]),
        terms={"accept_partial": True},
    ),
    _sized("a small one that is gone", [listing(3, FIRST, SECOND), listing(4, FIRST), listing(20, FIRST)], must([(2, 3)], [(0, 1), (3, 4)])),
    _sized(
        "that it was read in full says nothing of what is missing", [_there(100, 40), rows(5, p("p2", 2, integrity="verified", checked=4))],
        must([(2, 10)], [(0, 1)]),
    ),
    _sized("a later one of the usual size does not fill it", [_there(100, 40, 100)], must([(2, 10)], [(0, 1)])),
    _sized("what nobody saw may be of any size", [_there(100)], must([], [(0, 10)]), changes=FORGETFUL),
    _sized("a job says that nothing was written", [rows(3, run("j", 1, 1.5, bytes=0)), listing(20)], must([(1.5, 6.5)], [(0, 1.5), (6.5, 10)]), changes=TRUSTING),
    _sized("a new version allows more", [_there(100, 40)], must([(2, 5)], [(0, 1)]), policy({"size": {"drop": "80%"}}, 2, 5)),
    _sized("no copy there is not large enough", [listing(20)], must([], [(0, 10)])),
]  # fmt: skip
