"""Hand-made cases of section 17 of docs/definitions.md: copies that are too small, with the truth computed by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.oracle.build import day, hand_made, listing, must, p, policy, programme, rows, run
from tests.oracle.case import HandMade
from tests.oracle.cases_of_drills import drill, restore, result
from tests.oracle.governed import Acted, Kept
from tests.oracle.instants import DAY, HOUR
from tests.oracle.programmes import Plan
from tests.oracle.worlds import Real


def random_confirmations(seed: int, made: Plan, points: Sequence[Real]) -> list[Kept]:
    """Return what people say in a random estate of some of its points, of which others may confirm some."""
    rng = random.Random(f"confirmations {seed}")
    names = sorted({asset["name"] for asset in made.programme["assets"]})
    found = []
    for point in rng.sample(list(points), min(len(points), rng.choice((0, 0, 2, 4)))):
        asked = (point.captured + rng.randint(-1, 6) * HOUR * 12) // made.tick * made.tick
        told = {"asset": rng.choice(names), "point": point.id, "repository": point.repository, "reason": "counted"}
        acts = [Acted("request", asked, "asker", told)]
        acts += [Acted("confirm", asked + rng.randint(0, 4) * DAY, "another", {"reason": "so it is"})] if rng.random() < 0.8 else []
        acts += [Acted("withdraw", acts[-1].at + DAY, "asker", {"reason": "a mistake"})] if rng.random() < 0.2 else []
        found.append(Kept("confirmation", acts))
    return found


EMPTY = listing(-30)
FORGETFUL = {"repositories": {"r1": {"keeps_at_least": None}}}
TRUSTING = {"sources": {"s": {"trust_jobs_for": "5d"}}}


def _sized(
    name: str, told: list[Any], truth: Any, *later: dict[str, Any], terms: Any = None, changes: Any = None, acted: Any = (), drilled: Any = (),
    others: Any = None, **size: Any
) -> HandMade:  # fmt: skip
    said = programme(policy({"size": {"drop": "50%", **size}, **(others or {})}, **(terms or {})), *later, **(changes or {}))
    return hand_made("17", name, [EMPTY, *told], said, ("backup-size", truth), acted=acted, drilled=drilled)


def confirmation(
    point: str, asked: float, confirmed: float | None, repository: str = "r1", withdrawn: float | None = None, **told: Any
) -> Kept:
    """Return what one person said of a point, and another confirmed."""
    acts = [
        Acted("request", day(asked), "asker", {"asset": "a", "point": point, "repository": repository, "reason": "counted", **told})
    ]
    acts += [] if confirmed is None else [Acted("confirm", day(confirmed), "another", {"reason": "counted again"})]
    acts += [] if withdrawn is None else [Acted("withdraw", day(withdrawn), "asker", {"reason": "a mistake"})]
    return Kept("confirmation", acts)


def tried(declared: float, ended: float, point: str = "p2", repository: str = "r1", **fields: Any) -> dict[str, Any]:
    """Return a drill in which all was restored from a point that it names."""
    drilled = {key: fields.pop(key) for key in ("signed", "cancelled") if key in fields}
    return drill(declared, result(ended, point=point, repository=repository, **fields), **drilled)


def shown(declared: float, ended: float, **fields: Any) -> Any:
    """Return the restore run within such a drill."""
    return rows(ended, restore(declared, ended, **fields))


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
    _sized("a test of that very point cures it", [_there(100, 40), shown(4, 5)], must([(2, 5)], [(0, 1)]), drilled=[tried(4, 5)]),
    _sized("a test that nobody else signed off may cure it", [_there(100, 40), shown(4, 5)], must([(2, 5)], [(0, 1), (5, 10)]), drilled=[tried(4, 5, signed=False)]),
    _sized("a test without a restore run may cure it", [_there(100, 40)], must([(2, 5)], [(0, 1), (5, 10)]), drilled=[tried(4, 5)]),
    _sized("a test of another point cures nothing", [_there(100, 40), shown(4, 5)], must([(2, 10)], [(0, 1)]), drilled=[tried(4, 5, "p1")]),
    _sized("a test of a point of that name elsewhere cures nothing", [_there(100, 40), shown(4, 5, repository="r2")], must([(2, 10)], [(0, 1)]),
           drilled=[tried(4, 5, repository="r2")]),
    _sized("a test that names no point cures nothing", [_there(100, 40), shown(4, 5)], must([(2, 10)], [(0, 1)]), drilled=[drill(4, result(5))]),
    _sized("a test of a part cures nothing", [_there(100, 40), shown(4, 5)], must([(2, 10)], [(0, 1)]), drilled=[tried(4, 5, coverage="partial")]),
    _sized("a checksum cures nothing", [_there(100, 40), shown(4, 5)], must([(2, 10)], [(0, 1)]), drilled=[tried(4, 5, depth=0)]),
    _sized("a test less deep than agreed cures nothing", [_there(100, 40), shown(4, 5)], must([(2, 10)], [(0, 1)]), drilled=[tried(4, 5, depth=2)],
           others={"restore_test": {"full": "yearly", "depth": 3}}),
    _sized("a test as deep as agreed", [_there(100, 40), shown(4, 5)], must([(2, 5)], [(0, 1)]), drilled=[tried(4, 5, depth=3)],
           others={"restore_test": {"full": "yearly", "depth": 3}}),
    _sized("a test that failed cures nothing", [_there(100, 40), shown(4, 5)], must([(2, 10)], [(0, 1)]), drilled=[tried(4, 5, outcome="failed")]),
    _sized("a test that was given up cures nothing", [_there(100, 40), shown(4, 5)], must([(2, 10)], [(0, 1)]), drilled=[tried(4, 5, cancelled=6, signed=False)]),
    _sized("a later failure from that point ends the cure", [_there(100, 40), shown(4, 5)], must([(2, 5), (7, 10)], [(0, 1)]),
           drilled=[tried(4, 5), tried(6, 7, outcome="failed")]),
    _sized("a later failure from another point does not", [_there(100, 40), shown(4, 5)], must([(2, 5)], [(0, 1)]),
           drilled=[tried(4, 5), tried(6, 7, point="p1", outcome="failed")]),
    _sized("a test before the point was captured was of another", [_there(100, 40), shown(1, 1.5)], must([(2, 10)], [(0, 1)]), drilled=[tried(1, 1.5)]),
    _sized("another small one stays", [_there(100, 40, 15), shown(4, 5)], must([(2, 10)], [(0, 1)]), drilled=[tried(4, 5)], over=1),
    _sized("an empty one that was tested", [_there(0), shown(4, 5)], must([(1, 5)], [(0, 1)]), drilled=[tried(4, 5, "p1")]),
    _sized("one of unknown size that was tested", [_there(100, None), shown(4, 5)], must([], [(0, 1), (2, 5)]), drilled=[tried(4, 5)]),
    _sized("a second person confirmed it", [_there(100, 40)], must([(2, 5)], [(0, 1)]), acted=[confirmation("p2", 3, 5)]),
    _sized("one person alone confirms nothing", [_there(100, 40)], must([(2, 10)], [(0, 1)]), acted=[confirmation("p2", 3, None)]),
    _sized("a confirmation that was taken back never counted", [_there(100, 40)], must([(2, 10)], [(0, 1)]), acted=[confirmation("p2", 3, 5, withdrawn=7)]),
    _sized("a confirmation of another point", [_there(100, 40)], must([(2, 10)], [(0, 1)]), acted=[confirmation("p1", 3, 5)]),
    _sized("a confirmation of a point elsewhere", [_there(100, 40)], must([(2, 10)], [(0, 1)]), acted=[confirmation("p2", 3, 5, "r2")]),
    _sized("what was said before the point was captured was of another", [_there(100, 40)], must([(2, 10)], [(0, 1)]), acted=[confirmation("p2", 1, 5)]),
    _sized("a confirmation outlasts a failure", [_there(100, 40)], must([(2, 5)], [(0, 1)]), acted=[confirmation("p2", 3, 5)], drilled=[tried(6, 7, outcome="failed")]),
    _sized("no copy there is not large enough", [listing(20)], must([], [(0, 10)])),
]  # fmt: skip
