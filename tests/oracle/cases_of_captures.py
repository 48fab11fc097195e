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

CASES_OF_CAPTURES: list[HandMade] = [*FUTURE]
