"""Hand-made cases of section 15 of docs/definitions.md: how often backups are made, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import hand_made, listing, must, p, policy, programme, rows, run, when
from tests.oracle.case import HandMade

EMPTY = listing(-30)
FORGETFUL = {"repositories": {"r1": {"keeps_at_least": None}}}
LOG = {"record": "listing", "repository": "r1", "complete": False}


def _made(
    name: str, schedule: dict[str, Any], told: list[Any], *later: dict[str, Any],
    period: tuple[float, float] = (0, 10), terms: Any = None, changes: Any = None, **legs: Any,
) -> HandMade:  # fmt: skip
    """Return a case; legs: what each leg must say."""
    said = programme(policy({"schedule": schedule}, **(terms or {})), *later, **(changes or {}))
    return hand_made("15", name, [EMPTY, *told], said, *((f"schedule {leg}", truth) for leg, truth in legs.items()), period=period)


def _points(*captured: float, **fields: Any) -> Any:
    """Return a listing of day 20 of points captured at these days."""
    return listing(20, *(p(f"p{number}", x, **fields) for number, x in enumerate(captured)))


SERVING = {"assets": {"a": {"in_service": when(2.25)}}}
TRUSTING = {"sources": {"s": {"trust_jobs_for": "1h"}}}

BY_THE_CLOCK = [
    _made("from capture to capture", {"full": "2d"}, [_points(0, 2, 5, 7)], full=must([(4, 5), (9, 10)])),
    _made("the tolerance is added", {"full": {"every": "1d", "tolerance": "12h"}}, [_points(0, 1.5, 4)], full=must([(3, 4), (5.5, 10)])),
    _made("it counts from the capture, not from the end of the backup", {"full": "2d"}, [_points(1, available=4)], full=must([(0, 1), (3, 10)])),
    _made("what was pruned was made", {"full": "3d"}, [listing(2, p("p", 1)), listing(3), listing(20)], full=must([(0, 1), (4, 10)])),
    _made("what was damaged was made", {"full": "3d"}, [_points(1, integrity="corrupt", checked=2)], full=must([(0, 1), (4, 10)])),
    _made("what lost its base was made", {"incremental": "3d"}, [_points(1, method="incremental", base="gone")], incremental=must([(0, 1), (4, 10)])),
    _made("the first one is due a term after the asset came into service", {"full": "2d"}, [_points(7)], changes=SERVING, full=must([(4.25, 7), (9, 10)])),
    _made(
        "a stronger method counts for a weaker one", {"full": "2d", "differential": "2d", "incremental": "2d", "log": "2d"},
        [listing(20, p("p", 1, method="snapshot"), p("q", 3, method="differential"), p("r", 5, method="incremental"), p("s", 7, method="log"))],
        full=must([(0, 1), (3, 10)]), differential=must([(0, 1), (5, 10)]), incremental=must([(0, 1), (7, 10)]), log=must([(0, 1), (9, 10)]),
    ),
    _made(
        "a method nobody told", {"full": "2d", "differential": "2d", "log": "2d"},
        [listing(20, p("p", 1, method=None), p("q", 3, method=None, self_contained=True), p("r", 5, method=None, base="p"), p("s", 7, method=None, self_contained=False))],
        full=must([(0, 1), (5, 10)], [(1, 3)]), differential=must([(0, 1), (9, 10)], [(1, 3), (5, 9)]), log=must([(0, 1), (9, 10)]),
    ),
    _made("a partial one counts only where partial ones are accepted", {"full": "2d"}, [_points(1, completeness="partial")], full=must([(0, 10)])),
    _made("a partial one where they are", {"full": "2d"}, [_points(1, completeness="partial")], terms={"accept_partial": True}, full=must([(0, 1), (3, 10)])),
    _made("the word of a job alone", {"full": "2d"}, [listing(20), rows(3, run("j", 1, 1.5))], full=must([(0, 1), (3, 10)], [(1, 3)])),
    _made("the word of a job that is trusted", {"full": "2d"}, [listing(20), rows(3, run("j", 1, 1.5))], changes=TRUSTING, full=must([(0, 1), (3, 10)])),
    _made(
        "a failed run made nothing", {"full": "2d"}, [listing(20), rows(3, run("j", 1, 1.5, outcome="failed"), run("k", 2, 2.5, outcome="cancelled"))],
        changes=TRUSTING, full=must([(0, 10)]),
    ),
    _made(
        "a run that is still running may make one", {"full": "2d", "differential": "2d"},
        [listing(20), rows(3, {**run("j", 1, 1, outcome="running", method="differential"), "finished_at": None})],
        full=must([(0, 10)]), differential=must([(0, 1), (3, 10)], [(1, 3)]),
    ),
    _made(
        "a run that ended well nobody knows where may have made one", {"full": "2d"},
        [listing(20), rows(3, run("j", 1, 1.5, repository=None), run("k", 4, 4, repository=None, kind="copy"), run("l", 7, 7, repository=None, coverage="partial"))],
        full=must([(0, 1), (3, 10)], [(1, 3)]),
    ),
    _made(
        "a copy shares the capture of its original", {"full": "2d"},
        [listing(20, p("p", 1, available=2), p("q", 4, copy_of_repository="r2", copy_of_id="q")), listing(20, p("q", 3, "r2"), repository="r2")],
        full=must([(0, 1), (5, 10)]),
    ),
    _made(
        "a copy of a copy told otherwise", {"full": "2d"},
        [
            listing(20, p("q", 5, "r2", copy_of_repository="r1", copy_of_id="q"), repository="r2"),
            listing(20, p("q", 5, "r3", copy_of_repository="r2", copy_of_id="q"), repository="r3"),
            listing(20, p("q", 1)),
        ],
        full=must([(0, 1), (3, 10)]),
    ),
    _made(
        "a copy of an original that nobody saw", {"full": "2d"}, [listing(20, p("q", 3, copy_of_repository="r2", copy_of_id="q"))], full=must([(0, 3), (5, 10)])
    ),
    _made("what nobody saw may have been made", {"full": "2d"}, [_points(1)], changes=FORGETFUL, full=must([], [(0, 1), (3, 10)])),
    _made(
        "a stretch whose runs are all in a log", {"full": "2d"}, [rows(9, {**LOG, "covers_from": p("", 2)["captured_at"], "covers_to": p("", 8)["captured_at"]})],
        changes=FORGETFUL, full=must([(4, 8)], [(0, 4), (8, 10)]),
    ),
    _made(
        "a log restores up to its last instant", {"full": "2d", "log": "2d"}, [_points(1, until=5)], full=must([(0, 1), (3, 10)]), log=must([(0, 1), (7, 10)])
    ),
    _made("a new version asks for more", {"full": "3d"}, [_points(0, 4)], policy({"schedule": {"full": "1d"}}, 2, 5.5), full=must([(3, 4), (5.5, 10)])),
    _made("a new version asks for another method", {"full": "3d"}, [_points(0, 4)], policy({"schedule": {"log": "1d"}}, 2, 5.5),
          full=must([(3, 4)], judged=5.5), log=must([(5.5, 10)], judged=4.5)),
    _made("retirement ends the clock", {"full": "1d"}, [_points(0)], changes={"assets": {"a": {"retired": when(3)}}}, full=must([(1, 3)], judged=3)),
    _made("grace", {"full": "1d"}, [_points(7)], changes=SERVING, terms={"new_asset_grace": "3d"}, full=must([(5.25, 7), (8, 10)], judged=7.75)),
    _made("nothing is told", {"full": "1d", "log": "day"}, [], changes={"assets": {"a": {"subjects": []}}}, full=must([], [(0, 10)]), log=must([], [(0, 10)])),
]  # fmt: skip

# 1 March 2026 is a Sunday; the weeks of the period begin on days 1 and 8.
BY_THE_CALENDAR = [
    _made("one in each day", {"full": "day"}, [_points(0, 1.9, 2.1, 4, 5.5, 6.5, 7, 8, 9)], full=must([(3, 4)], judged=10)),
    _made("one in each week", {"full": "week"}, [_points(0, 9)], period=(0, 16), full=must([(1, 8)], judged=15)),
    _made("one in each month", {"full": "month"}, [_points(20)], period=(-28, 31), full=must([(-28, 0)], judged=59)),
    _made("one in each quarter, of which the period has the end", {"full": "quarter"}, [listing(50, p("p", -40))], period=(25, 40), full=must(judged=6)),
    _made("one in each year", {"full": "year"}, [listing(400, p("p", -70))], period=(-90, 310), full=must([(-59, 306)], judged=396)),
    _made("an unfinished week is not judged", {"full": "week"}, [_points(0)], period=(0, 5), full=must(judged=1)),
    _made("the capture says which day it is", {"full": "day"}, [_points(0, 1.9, 2.9, available=4)], period=(0, 4), full=must([(3, 4)])),
    _made(
        "days of the policy's zone", {"full": "day"}, [_points(1.5, 2.75)], terms={"timezone": "Asia/Shanghai"}, period=(0.5, 4.5),
        full=must([(0.5, 2 / 3), (5 / 3, 8 / 3)], judged=3 + 1 / 6),
    ),
    _made("the day on which it comes into service does not count", {"full": "day"}, [_points(4)], changes=SERVING, full=must([(3, 4), (5, 10)], judged=7)),
    _made(
        "days of a new asset's grace do not count", {"full": "day"}, [_points(7)], changes=SERVING, terms={"new_asset_grace": "3d"},
        full=must([(6, 7), (8, 10)], judged=7),
    ),
    _made("the day on which it is retired does not count", {"full": "day"}, [_points(1)], changes={"assets": {"a": {"retired": when(3.5)}}}, full=must([(0, 1), (2, 3)], judged=3)),
    _made("the version in force at the end of the week judges it", {"full": "week"}, [_points(2, completeness="partial")], policy({"schedule": {"full": "week"}}, 2, 3),
          terms={"accept_partial": True}, period=(0, 9), full=must([(0, 8)], judged=8)),
    _made("the version whose force ends with the week judges it", {"full": "week"}, [_points(0, completeness="partial")], policy({"schedule": {"full": "week"}}, 2, 1),
          terms={"accept_partial": True}, period=(0, 9), full=must([(1, 8)], judged=8)),
    _made("another word begins with its first whole period", {"full": "week"}, [_points(0, 6)], policy({"schedule": {"full": "day"}}, 2, 3.5), full=must([(4, 6), (7, 10)], judged=7)),
    _made("the same word in another zone begins with its first whole period", {"full": "week"}, [_points(0, 3, 9)],
          policy({"schedule": {"full": "week"}}, 2, 3, timezone="Asia/Shanghai"),
          period=(0, 16), full=must(judged=8)),
    _made("what nobody saw may have been made that day", {"full": "day"}, [_points(1)], changes=FORGETFUL, full=must([], [(0, 1), (2, 10)])),
    _made("a job alone on that day", {"full": "day"}, [listing(20), rows(3, run("j", 1, 2.5))], full=must([(0, 1), (2, 10)], [(1, 2)])),
    _made("a log through several days", {"log": "day"}, [_points(1, until=3.5)], log=must([(0, 1), (4, 10)])),
    _made("by the calendar and by the clock", {"full": "week", "incremental": "1d"}, [_points(0, 1)], period=(0, 8), full=must(judged=8), incremental=must([(2, 8)], judged=8)),
]  # fmt: skip

CASES_OF_MAKING: list[HandMade] = [*BY_THE_CLOCK, *BY_THE_CALENDAR]
