"""Hand-made cases of sections 1 to 3 of docs/definitions.md, one for each sentence: what is told, and the truth computed by hand.

A point captured on day 1 under an RPO of 30 days keeps recovery-point met for the whole period: what a case shows is where it is not live.
`cases_of_controls.py` has the sections from 4 on.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracle.build import hand_made, listing, must, p, policy, programme, rows, run, verify
from tests.oracle.case import HandMade, Told, payload_of
from tests.oracle.cases_of_captures import CASES_OF_CAPTURES
from tests.oracle.cases_of_controls import CASES_OF_CONTROLS
from tests.oracle.cases_of_delivered import CASES_OF_DELIVERED
from tests.oracle.cases_of_denials import CASES_OF_DENIALS
from tests.oracle.cases_of_drills import CASES_OF_DRILLS
from tests.oracle.cases_of_each import CASES_OF_EACH
from tests.oracle.cases_of_exercises import CASES_OF_EXERCISES
from tests.oracle.cases_of_findings import CASES_OF_FINDINGS
from tests.oracle.cases_of_governed import CASES_OF_GOVERNED
from tests.oracle.cases_of_groups import CASES_OF_GROUPS
from tests.oracle.cases_of_holds import CASES_OF_HOLDS
from tests.oracle.cases_of_keys import CASES_OF_KEYS
from tests.oracle.cases_of_making import CASES_OF_MAKING
from tests.oracle.cases_of_places import CASES_OF_PLACES
from tests.oracle.cases_of_service import CASES_OF_SERVICE
from tests.oracle.cases_of_sizes import CASES_OF_SIZES
from tests.oracle.cases_of_stated import CASES_OF_STATED
from tests.oracle.cases_of_success import CASES_OF_SUCCESS
from tests.oracle.cases_of_suspicion import CASES_OF_SUSPICION
from tests.oracle.cases_of_undated import CASES_OF_UNDATED
from tests.oracle.cases_of_waivers import CASES_OF_WAIVERS

RPO = "recovery-point"
DAILY = programme(policy({"rpo": "1d"}))
MONTHLY = programme(policy({"rpo": "30d"}))
TRUSTING = programme(policy({"rpo": "30d"}), sources={"s": {"trust_jobs_for": "5d"}})
LONG = "0123456789abcdef"


def _live(
    section: str, name: str, told: list[Told], breached: list[tuple[float, float]], unproven: Sequence[tuple[float, float]] = ()
) -> HandMade:
    return hand_made(section, name, told, MONTHLY, (RPO, must(breached, unproven)))


def _smallest_hash(name: str, *order: int) -> HandMade:
    """Two tellings of one instant: the payload with the smaller SHA-256 is believed, whichever arrives first."""
    both = (listing(20, p("p", 1, available=4)), listing(20, p("p", 2, available=4)))
    early = payload_of(1, both[0]).sha256 < payload_of(2, both[1]).sha256
    said = programme(policy({"rpo": "5d"}))
    return hand_made("1", name, [both[place] for place in order], said, (RPO, must([(0, 4), (6 if early else 7, 10)])))


POINTS = [
    hand_made("1", "captures and gaps", [listing(20, p("p", 1), p("q", 3))], DAILY, (RPO, must([(0, 1), (2, 3), (4, 10)]))),
    hand_made("1", "known before unknown", [listing(5, p("p", 1)), listing(20, p("p", None, available=1))], DAILY, (RPO, must([(0, 1), (2, 10)]))),
    hand_made("1", "catalog before job", [listing(20, p("p", 1)), rows(30, p("p", 4))], DAILY, (RPO, must([(0, 1), (2, 10)]))),
    hand_made(
        "1", "latest observation", [listing(5, p("p", 1, available=2)), listing(20, p("p", 2))], DAILY, (RPO, must([(0, 2), (3, 10)]))
    ),
    hand_made(
        "1", "any order of arrival", [listing(20, p("p", 2)), listing(5, p("p", 1, available=2))], DAILY, (RPO, must([(0, 2), (3, 10)]))
    ),
    hand_made(
        "1", "told again later",
        [listing(5, p("p", 2)), listing(6, p("p", 1, available=2), complete=False), listing(20, p("p", 2))],
        DAILY, (RPO, must([(0, 2), (3, 10)])),
    ),
    hand_made(
        "1", "a listing's telling is of its listed_at",
        [Told("s", listing(40).observed_at, listing(5, p("p", 1, available=2)).records), listing(20, p("p", 2))],
        DAILY, (RPO, must([(0, 2), (3, 10)])),
    ),
    hand_made(
        "1", "no observation is the earliest",
        [listing(20, p("p", 2)), rows(None, p("p", 1, available=2, basis="catalog"))],
        DAILY, (RPO, must([(0, 2), (3, 10)])),
    ),
    _smallest_hash("smallest hash", 0, 1),
    _smallest_hash("smallest hash, told the other way round", 1, 0),
    _live("1", "partial before complete", [listing(5, p("p", 1, completeness="partial")), listing(20, p("p", 1, completeness="complete"))], [(0, 10)]),
    _live("1", "of basis catalog when any telling is", [rows(1, p("p", 1)), listing(20, p("p", 1))], [(0, 1)]),
    _live("1", "verified without an instant is nothing",
          [listing(20, p("p", 1, integrity="corrupt", checked=3)), listing(21, p("p", 1, integrity="verified"))], [(0, 1), (3, 10)], [(1, 3)]),
    _live("1", "corrupt without an instant, told by a listing", [listing(3, p("p", 1, integrity="corrupt")), listing(20, p("p", 1))], [(0, 1), (3, 10)], [(1, 3)]),
    _live("1", "corrupt without an instant, told by rows", [listing(20, p("p", 1)), rows(3, p("p", 1, integrity="corrupt"))], [(0, 1), (3, 10)], [(1, 3)]),
    _live("1", "at one instant corrupt wins",
          [listing(20, p("p", 1, integrity="verified", checked=3)), listing(21, p("p", 1, integrity="corrupt", checked=3))], [(0, 1), (3, 10)], [(1, 3)]),
    hand_made(
        "1", "a copy takes the capture time of its original",
        [listing(20, p("p", 1, deleted=2)), listing(20, p("q", None, "r2", available=2, copy_of_id="p", copy_of_repository="r1"), repository="r2")],
        programme(policy({"rpo": "3d"})), (RPO, must([(0, 1), (4, 10)])),
    ),
    hand_made(
        "1", "copy_of without a repository: the only other one",
        [listing(20, p("p", 1, deleted=2)), listing(20, p("p", None, "r2", available=2, copy_of_id="p"), repository="r2")],
        programme(policy({"rpo": "3d"})), (RPO, must([(0, 1), (4, 10)])),
    ),
    hand_made(
        "1", "copy_of without a repository: two others are no answer",
        [
            listing(20, p("p", 1, deleted=2)),
            listing(20, p("p", 1, "r3", deleted=2), repository="r3"),
            listing(20, p("p", None, "r2", available=2, copy_of_id="p"), repository="r2"),
        ],
        programme(policy({"rpo": "3d"})), (RPO, must([(0, 1), (5, 10)], [(2, 5)])),
    ),
    _live("1", "without capture time it is none for sure", [listing(20, p("p", None, available=1))], [(0, 1)], [(1, 10)]),
    _live("1", "self_contained unknown", [listing(20, p("p", 1, method="incremental"))], [(0, 1)], [(1, 10)]),
    _live("1", "self_contained said", [listing(20, p("p", 1, method="incremental", self_contained=True))], [(0, 1)]),
    _live("1", "a base outweighs self_contained", [listing(20, p("p", 1, base="nowhere", self_contained=True))], [(0, 10)]),
    _live("1", "available_at unknown: first sighting", [listing(3, p("p", 1, available=None)), listing(20, p("p", 1, available=None))], [(0, 3)]),
    _live("1", "available_at unknown and never sighted", [rows(None, p("p", 1, available=None, basis="catalog")), listing(20)], [(0, 10)]),
    _live("1", "available_at of a job point unknown: captured_at", [rows(20, p("p", 1, available=None)), listing(20)], [(0, 1)], [(1, 10)]),
]  # fmt: skip

RUNS = [
    hand_made("1", "a run that no point answers to", [rows(9, run("j", 1, 2)), listing(20)], TRUSTING, (RPO, must([(0, 2)], [(7, 10)]))),
    _live("1", "a run tells its named point available_at", [rows(9, run("j", 1, 2, recovery_point="p")), listing(20, p("p", 1, available=None))], [(0, 2)]),
    _live("1", "what a listing tells is better known", [rows(30, run("j", 1, 3, recovery_point="p")), listing(20, p("p", 1, available=2))], [(0, 2)]),
    _live("1", "a short id of 8 characters", [rows(9, run("j", 1, 2, recovery_point=LONG[:8])), listing(20, p(LONG, 1, available=None))], [(0, 2)]),
    _live("1", "a short id of 7 characters is another point",
          [rows(9, run("j", 1, 2, recovery_point=LONG[:7])), listing(20, p(LONG, 1, available=None))], [(0, 2)], [(2, 10)]),
    _live("1", "a short id of two points is another point",
          [rows(9, run("j", 1, 2, recovery_point=LONG[:8])), listing(20, p(LONG, 1, available=None), p(LONG[:8] + "other", 1, available=None))],
          [(0, 2)], [(2, 10)]),
    _live("1", "a run without a name: the point captured inside it", [rows(9, run("j", 1, 2)), listing(20, p("p", 2, available=None))], [(0, 2)]),
    _live("1", "a run without a name: another subject's point is not it",
          [rows(9, run("j", 1, 2)), listing(20, p("p", 2, subject="y", available=None))], [(0, 2)], [(2, 10)]),
    _live("1", "of several runs the latest",
          [rows(9, run("j", 1, 2, recovery_point="p"), run("k", 1, 3, recovery_point="p")), listing(20, p("p", 1, available=None))], [(0, 3)]),
    _live("1", "a partial run makes its point partial", [rows(9, run("j", 1, 2, coverage="partial")), listing(20, p("p", 1))], [(0, 10)]),
    _live("1", "a warning made a point, a failure none",
          [rows(9, run("j", 1, 2, outcome="warning"), run("k", 0, 1, outcome="failed")), listing(20)], [(0, 2)], [(2, 10)]),
    _live("1", "known in time", [rows(9, run("j", 1, 2, outcome="failed")), listing(20)], [(0, 10)]),
]  # fmt: skip

PRESENCE = [
    _live("2", "gone between two listings", [listing(5, p("p", 1)), listing(8), listing(50)], [(0, 1), (8, 10)], [(5, 8)]),
    _live("2", "a copy that turned up late", [listing(3), listing(5, p("p", 1)), listing(20, p("p", 1))], [(0, 1)], [(1, 5)]),
    _live("2", "after the newest listing", [listing(5, p("p", 1))], [(0, 1)], [(5, 10)]),
    _live("2", "vanished and returned", [listing(3, p("p", 1)), listing(4), listing(5), listing(6, p("p", 1)), listing(20, p("p", 1))],
          [(0, 1), (4, 5)], [(3, 4), (5, 6)]),
    _live("2", "an incomplete listing lacks nothing", [listing(5, p("p", 1)), listing(6, complete=False), listing(20, p("p", 1))], [(0, 1)]),
    _live("2", "an incomplete listing has what it has", [listing(5, p("p", 1), complete=False), listing(8), listing(50)], [(0, 1), (8, 10)], [(5, 8)]),
    _live("2", "a scope in which it was listed", [listing(5, p("p", 1), scope="h"), listing(8, scope="h"), listing(50)], [(0, 1), (8, 10)], [(5, 8)]),
    _live("2", "a scope in which it never was", [listing(5, p("p", 1)), listing(8, scope="h"), listing(20, p("p", 1))], [(0, 1)]),
    _live("2", "the whole repository speaks for every scope", [listing(5, p("p", 1), scope="h"), listing(8), listing(50)], [(0, 1), (8, 10)], [(5, 8)]),
    hand_made(
        "2", "another source's listing says nothing", [listing(5, p("p", 1)), listing(8, source="t"), listing(20, p("p", 1))],
        programme(policy({"rpo": "30d"}), sources=[{"name": "t", "tool": "interchange"}]), (RPO, must([(0, 1)])),
    ),
    _live("2", "has wins at one instant", [listing(5, p("p", 1)), listing(5), listing(20, p("p", 1))], [(0, 1)]),
    _live("2", "sightings before available_at",
          [listing(2, p("p", 1, available=4)), listing(3), listing(20, p("p", 1, available=4))], [(0, 4)]),
    _live("2", "lacking at available_at itself: has wins", [listing(1), listing(20, p("p", 1))], [(0, 1)]),
    _live("2", "deleted_at ends", [listing(5, p("p", 1)), listing(20, p("p", 1, deleted=6))], [(0, 1), (6, 10)]),
    _live("2", "what was deleted was there", [listing(5, p("p", 1)), rows(8, p("p", 1, deleted=7)), listing(8), listing(50)], [(0, 1), (7, 10)]),
    _live("2", "what a listing lacks at the instant of its deletion was there", [listing(5, p("p", 1)), rows(8, p("p", 1, deleted=7)), listing(7), listing(50)], [(0, 1), (7, 10)]),
    _live("2", "gone before it is said to be deleted", [listing(5, p("p", 1)), rows(9, p("p", 1, deleted=8)), listing(7), listing(50)], [(0, 1), (7, 10)], [(5, 7)]),
    _live("2", "to be deleted is not yet deleted", [listing(5, p("p", 1)), rows(6, p("p", 1, deleted=7)), listing(8), listing(50)], [(0, 1), (7, 10)], [(5, 7)]),
    _live("2", "deleted without ever being listed", [rows(8, p("p", 1, deleted=7) | {"basis": "catalog"}), listing(8), listing(50)], [(0, 1), (7, 10)]),
    _live("2", "expires_at decides nothing for a listed point", [listing(20, p("p", 1, expires=4))], [(0, 1)]),
    hand_made("2", "job: trusted", [rows(20, p("p", 1)), listing(20)], TRUSTING, (RPO, must([(0, 1)], [(6, 10)]))),
    hand_made("2", "job: expires", [rows(20, p("p", 1, expires=4)), listing(50)], TRUSTING, (RPO, must([(0, 1), (4, 10)]))),
    hand_made("2", "job: a whole listing ends it", [rows(20, p("p", 1)), listing(8), listing(50)], TRUSTING, (RPO, must([(0, 1), (8, 10)], [(6, 8)]))),
    hand_made(
        "2", "job: what is not possible is not trusted", [rows(20, p("p", 1)), listing(3), listing(50)], TRUSTING, (RPO, must([(0, 1), (3, 10)]))
    ),
    hand_made(
        "2", "job: the listing of a scope does not end it", [rows(20, p("p", 1)), listing(8, scope="h"), listing(50)], TRUSTING, (RPO, must([(0, 1)], [(6, 10)]))
    ),
    hand_made(
        "2", "job: a listed point captured inside the run keeps it possible",
        [rows(20, p("p", 1, available=2)), listing(8, p("q", 1.5, deleted=1.5)), listing(50)],
        TRUSTING, (RPO, must([(0, 2)], [(7, 10)])),
    ),
    hand_made(
        "2", "job: of two listings at one instant the one that has it wins",
        [rows(20, p("p", 1, available=2)), listing(5, p("q", 1.5, deleted=1.5)), listing(5), listing(50)],
        TRUSTING, (RPO, must([(0, 2)], [(7, 10)])),
    ),
    hand_made(
        "2", "job: also the listing of a scope",
        [rows(20, p("p", 1, available=2)), listing(5, p("q", 1.5, deleted=1.5), scope="h"), listing(5), listing(50)],
        TRUSTING, (RPO, must([(0, 2)], [(7, 10)])),
    ),
    _live("2", "a scope in which it was listed at an unknown instant",
          [listing(None, p("p", 1), scope="h", complete=False), listing(8, scope="h"), listing(50)], [(0, 1), (8, 10)], [(1, 8)]),
    hand_made(
        "2", "as known at",
        [listing(5, p("p", 1)), listing(8), listing(50)], MONTHLY, (RPO, must([(0, 1)], [(5, 10)])), known=1,
    ),
]  # fmt: skip
# In "a listed point captured inside the run", the listing of day 50 lacks it and ends the possibility, but after the period.

LIVE = [
    hand_made(
        "3", "begin is the base's", [listing(20, p("f", 1, available=4), p("i", 3, method="incremental", base="f"))],
        programme(policy({"rpo": "36h"})), (RPO, must([(0, 4), (4.5, 10)])),
    ),
    hand_made(
        "3", "accept_partial of the version in force",
        [listing(20, p("p", 1, completeness="partial"))],
        programme(policy({"rpo": "30d"}, accept_partial=True), policy({"rpo": "30d"}, 2, 5)), (RPO, must([(0, 1), (5, 10)])),
    ),
    hand_made(
        "3", "accept_partial of bases as well",
        [listing(20, p("f", 1, completeness="partial"), p("i", 2, method="incremental", base="f"))],
        programme(policy({"rpo": "2d"}, accept_partial=True)), (RPO, must([(0, 1), (4, 10)])),
    ),
    _live("3", "a partial base", [listing(20, p("f", 1, completeness="partial"), p("i", 2, method="incremental", base="f"))], [(0, 10)]),
    _live(
        "3", "corrupt between two verified checks",
        [
            listing(20, p("p", 1, integrity="verified", checked=2)),
            listing(21, p("p", 1, integrity="corrupt", checked=4)),
            listing(22, p("p", 1, integrity="verified", checked=6)),
        ],
        [(0, 1), (4, 6)], [(2, 4)],
    ),
    _live(
        "3", "a copy of a corrupt point is not sure until its own check",
        [
            listing(20, p("p", 1, integrity="corrupt", checked=4)),
            listing(20, p("q", 1, "r2", copy_of_id="p", copy_of_repository="r1", integrity="verified", checked=6), repository="r2"),
        ],
        [(0, 1)], [(1, 6)],
    ),
    _live(
        "3", "a copy of a copy of a corrupt point",
        [
            listing(20, p("p", 1, integrity="corrupt", checked=4)),
            listing(20, p("q", 1, "r2", copy_of_id="p", copy_of_repository="r1"), repository="r2"),
            listing(20, p("o", 1, "r3", copy_of_id="q", copy_of_repository="r2", integrity="verified", checked=7), repository="r3"),
        ],
        [(0, 1)], [(1, 7)],
    ),
    _live(
        "3", "a copy is suspected from the original's last good check",
        [
            listing(20, p("p", 1, integrity="verified", checked=3)),
            listing(21, p("p", 1, integrity="corrupt", checked=4)),
            listing(20, p("q", 1, "r2", copy_of_id="p", copy_of_repository="r1"), repository="r2"),
        ],
        [(0, 1)], [(3, 10)],
    ),
    _live(
        "3", "a verify run of the whole repository failed",
        [listing(20, p("p", 1)), rows(9, verify("u", 3, "success"), verify("v", 5, "failed"), verify("w", 7, "success"))], [(0, 1)], [(3, 7)],
    ),
    _live(
        "3", "a partial success proves nothing",
        [listing(20, p("p", 1)), rows(9, verify("u", 3, "success", "partial"), verify("v", 5, "failed"), verify("w", 7, "success", None))],
        [(0, 1)], [(1, 10)],
    ),
    _live(
        "3", "the point's own check ends it",
        [listing(20, p("p", 1, integrity="verified", checked=6)), rows(9, verify("u", 3, "success"), verify("v", 5, "failed"))], [(0, 1)], [(3, 6)],
    ),
    _live(
        "3", "a base that is lost",
        [listing(5, p("f", 1), p("i", 2, method="incremental", base="f")), *(listing(x, p("i", 2, method="incremental", base="f")) for x in (8, 50))],
        [(0, 1), (8, 10)], [(5, 8)],
    ),
    _live("3", "a base never seen", [listing(20, p("i", 1, method="incremental", base="nowhere"))], [(0, 10)]),
    _live("3", "a chain that returns to itself", [listing(20, p("i", 1, base="j"), p("j", 1, base="i"), p("k", 1, base="j"))], [(0, 10)]),
    hand_made(
        "3", "a corrupt base", [listing(20, p("f", 1, integrity="corrupt", checked=4), p("i", 2, method="incremental", base="f"))],
        programme(policy({"rpo": "30d"})), (RPO, must([(0, 1), (4, 10)], [(1, 4)])),
    ),
]  # fmt: skip

CASES: list[HandMade] = [
    *POINTS,
    *RUNS,
    *PRESENCE,
    *LIVE,
    *CASES_OF_CAPTURES,
    *CASES_OF_SUSPICION,
    *CASES_OF_CONTROLS,
    *CASES_OF_EACH,
    *CASES_OF_GROUPS,
    *CASES_OF_PLACES,
    *CASES_OF_MAKING,
    *CASES_OF_SIZES,
    *CASES_OF_SERVICE,
    *CASES_OF_KEYS,
    *CASES_OF_STATED,
    *CASES_OF_SUCCESS,
    *CASES_OF_HOLDS,
    *CASES_OF_DRILLS,
    *CASES_OF_EXERCISES,
    *CASES_OF_DELIVERED,
    *CASES_OF_DENIALS,
    *CASES_OF_GOVERNED,
    *CASES_OF_WAIVERS,
    *CASES_OF_FINDINGS,
    *CASES_OF_UNDATED,
]
