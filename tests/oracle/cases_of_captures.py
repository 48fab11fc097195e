"""Hand-made cases of when the state was captured that a point restores (sections 1 and 3 of docs/definitions.md): what lies in the future, and what a copy shares."""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracle.build import hand_made, listing, must, p, policy, programme, rows, run
from tests.oracle.case import HandMade, Told

RPO = "recovery-point"
FAR = {"repository": "r2"}
COPIES = {"count": 1, "media": 0, "offsite": 0, "max_age": "30d", "production": False}


def _recovered(
    section: str,
    name: str,
    told: Sequence[Told],
    rpo: str,
    breached: list[tuple[float, float]],
    unproven: Sequence[tuple[float, float]] = (),
) -> HandMade:
    return hand_made(section, name, told, programme(policy({"rpo": rpo})), (RPO, must(breached, unproven)))


FUTURE = [
    hand_made(
        "3", "nothing is live before it was captured",
        [listing(2, p("p", 2000, available=None)), listing(20, p("p", 2000, available=None))],
        programme(policy({"rpo": "1d", "copies": COPIES})), (RPO, must([(0, 10)])), ("copies count", must([(0, 10)])), protected="breached",
    ),
    _recovered("3", "an id that is used again", [*(listing(x, p("latest", 1, available=None)) for x in (1, 3, 5)), listing(7, p("latest", 7, available=None)),
                                                listing(20, p("latest", 7, available=None))], "1d", [(0, 7), (8, 10)]),
    _recovered(
        "3", "nor is what needs it",
        [listing(x, p("f", 6, available=None), p("i", 2, method="incremental", base="f")) for x in (2, 20)], "30d", [(0, 6)],
    ),
    hand_made(
        "3", "nor by the word of a job", [rows(20, p("p", 4, available=None), run("j", 1, 2, recovery_point="p")), listing(20)],
        programme(policy({"rpo": "1d"}), sources={"s": {"trust_jobs_for": "5d"}}), (RPO, must([(0, 4), (5, 10)])),
    ),
    _recovered(
        "1", "captured until after it was told",
        [listing(3, p("p", 1, until=2000)), listing(20, p("p", 1))], "1d", [(0, 1), (4, 10)],
    ),
    _recovered(
        "1", "captured until after it was told again and again",
        [*(listing(x, p("p", 1, until=2000)) for x in (1, 3, 6)), listing(20)], "1d", [(0, 1), (7, 10)], [(6, 7)],
    ),
    _recovered(
        "1", "captured until after it was told, and then less",
        [listing(3, p("p", 1, until=2000)), listing(6, p("p", 1, until=2000)), listing(8, p("p", 1, until=4)), listing(20, p("p", 1, until=4))],
        "1d", [(0, 1), (5, 10)],
    ),
    _recovered(
        "1", "captured until, told at no known instant: until it was there",
        [rows(None, p("p", 1, until=2000, available=5, basis="catalog")), listing(20, p("p", 1, available=5))], "1d", [(0, 5), (6, 10)],
    ),
]  # fmt: skip

OF_O, ONE = (
    {"copy_of_id": "o", "copy_of_repository": "r1"},
    {"count": 1, "media": 0, "offsite": 0, "max_age": "2d", "production": False},
)
SHARED = [
    hand_made(
        "1", "a copy told later than its original counts as that", [listing(20, p("o", 1)), listing(20, p("c", 5, "r2", **OF_O), **FAR)],
        programme(policy({"rpo": "2d", "copies": ONE})), (RPO, must([(0, 1), (3, 10)])), ("copies count", must([(0, 1), (3, 10)])), protected="breached",
    ),
    _recovered(
        "1", "a copy of a copy told later than the first of them",
        [listing(20, p("o", 1)), listing(20, p("o", 6, "r2", **OF_O), **FAR),
         listing(20, p("c", 3, "r3", copy_of_id="o", copy_of_repository="r2"), repository="r3")], "3d", [(0, 1), (4, 10)],
    ),
    _recovered("1", "a copy told earlier than its original counts as told", [listing(20, p("o", 4)), listing(20, p("c", 2, repository="r2", **OF_O), **FAR)], "1d",
               [(0, 2), (3, 4), (5, 10)]),
    _recovered("1", "a copy of an original of unknown capture time was captured by when that was there",
               [listing(20, p("o", None, available=1)), listing(20, p("c", 5, "r2", **OF_O), **FAR)], "2d", [(0, 1), (3, 10)], [(1, 3)]),
    _recovered("1", "a copy that is told to be no later than its original was there counts as told",
               [listing(20, p("o", None, available=6)), listing(20, p("c", 5, "r2", **OF_O), **FAR)], "2d", [(0, 5), (8, 10)], [(7, 8)]),
    _recovered("1", "copies of one another count as the earliest of them",
               [listing(20, p("o", 2, copy_of_id="c", copy_of_repository="r2")), listing(20, p("c", 5, "r2", **OF_O), **FAR)], "2d", [(0, 2), (4, 10)]),
    _recovered("1", "a copy told later reaches no further than its original",
               [listing(20, p("o", 1, until=3)), listing(20, p("c", 2, until=8, repository="r2", **OF_O), **FAR)], "1d", [(0, 1), (4, 10)]),
    _recovered("1", "a copy told later reaches as far as it is told itself",
               [listing(20, p("o", 1, until=6, deleted=2)), listing(20, p("c", 2, until=4, repository="r2", **OF_O), **FAR)], "1d", [(0, 1), (5, 10)]),
    _recovered("1", "a copy told with the same capture reaches as far as it is told", [listing(20, p("o", 1)), listing(20, p("c", 1, until=4, repository="r2", **OF_O), **FAR)],
               "1d", [(0, 1), (5, 10)]),
    _recovered("1", "a copy told later is not there before", [listing(20, p("o", 1, deleted=2)), rows(20, p("c", 5, repository="r2", **OF_O, available=None)), listing(20, **FAR)],
               "30d", [(0, 1), (2, 5)], [(5, 10)]),
    hand_made(
        "18", "a copy told later is no newer state",
        [listing(20, p("o", 1), p("q", 3, subject="y")), listing(20, p("c", 3, repository="r2", **OF_O), **FAR)],
        programme(policy({"recover_with": {"assets": ["b"], "skew": "1d", "max_age": "30d"}}), assets=[
            {"name": "b", "unit": "unit", "data_class": "files", "tier": "other", "site": "dc1", "in_service": "2025-01-01T00:00:00Z", "subjects": [{"source": "s", "subject": "y"}]}]),
        ("consistency", must([(0, 10)])),
    ),
]  # fmt: skip

CASES_OF_CAPTURES: list[HandMade] = [*FUTURE, *SHARED]
