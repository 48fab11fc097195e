"""Hand-made cases of section 16 of docs/definitions.md: how runs ended, with the truth computed by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import day, hand_made, listing, must, p, policy, programme, run, when
from tests.oracle.case import HandMade, Told

DAILY = {"full": "1d"}
LENIENT = {"full": {"every": "1d", "tolerance": "12h"}}


def log(since: float, until: float, *runs: dict[str, Any], repository: str = "r1", source: str = "s") -> Told:
    """Return a job log that covers a stretch of days, with its runs."""
    row = {"record": "listing", "repository": repository, "complete": False, "covers_from": day(since), "covers_to": day(until)}
    return Told(source, day(until), [row, *runs])


def bad(name: str, started: float, **fields: Any) -> dict[str, Any]:
    """Return a run that failed after an hour."""
    return run(name, started, started + 1 / 24, **{"outcome": "failed", **fields})


def good(name: str, started: float, **fields: Any) -> dict[str, Any]:
    """Return a run that succeeded after an hour."""
    return run(name, started, started + 1 / 24, **fields)


def still(name: str, started: float, **fields: Any) -> dict[str, Any]:
    """Return a run that is running."""
    return {**run(name, started, started, outcome="running", **fields), "finished_at": None}


def daily(*days: float, **fields: Any) -> list[dict[str, Any]]:
    """Return a good run on each of some days."""
    return [good(f"d{number}", number, **fields) for number in days]


def _case(
    name: str, told: list[Told], *later: dict[str, Any], schedule: Any = None, most: int | None = None, asked: str | None = "90%",
    terms: Any = None, changes: Any = None, period: tuple[float, float] = (0, 10), **legs: Any,
) -> HandMade:  # fmt: skip
    """Return a case; legs: what each leg must say."""
    success = {"rate": asked, "consecutive_failures": most}
    objectives: dict[str, Any] = {"success": {key: value for key, value in success.items() if value is not None}}
    if schedule is not None:
        objectives["schedule"] = schedule
    said = programme(policy(objectives, **(terms or {})), *later, **(changes or {}))
    return hand_made("16", name, told, said, *((f"job-success {leg}", truth) for leg, truth in legs.items()), period=period)


ALWAYS = (-40, 40)
OTHER = log(*ALWAYS, repository="r2")
STOPPED = {"sources": {"s": {"until": when(5)}}}
MOVED = {"assets": [
    {"name": "a", "unit": "unit", "data_class": "files", "tier": "core", "site": "dc1", "in_service": "2025-01-01T00:00:00Z", "since": when(5),
     "subjects": [{"source": "s", "subject": "y"}]},
]}  # fmt: skip

RATE = [
    _case("each day one that ended well", [log(*ALWAYS, *daily(*range(-1, 10)))], schedule=DAILY, rate=must(judged=10)),
    _case("a warning is well", [log(*ALWAYS, *daily(*range(-1, 10), outcome="warning"))], schedule=DAILY, rate=must()),
    _case("one that was due and was not made", [log(*ALWAYS, *daily(0, 1, 2, 4, 5, 6, 7, 8, 9))], schedule=LENIENT, rate=must([(3.5, 4)])),
    _case("one that failed, and the next day ended well", [log(*ALWAYS, *daily(0, 1, 2, 4, 5, 6, 7, 8, 9), bad("b", 3))], schedule=LENIENT, rate=must([(3, 4)])),
    _case("one that was cancelled", [log(*ALWAYS, *daily(0, 1, 2, 4, 5, 6, 7, 8, 9), bad("b", 3, outcome="cancelled"))], schedule=LENIENT, rate=must([(3, 4)])),
    _case("a retry in its slot", [log(*ALWAYS, *daily(0, 1, 2, 3.25, 4, 5, 6, 7, 8, 9), bad("b", 3))], schedule=LENIENT, rate=must()),
    _case("a retry after half the slot is none", [log(*ALWAYS, *daily(0, 1, 2, 3.5, 4, 5, 6, 7, 8, 9), bad("b", 3))], schedule=LENIENT, rate=must([(3, 3.5)])),
    _case("a retry on the same day of the calendar", [log(*ALWAYS, *daily(*range(3), 3.75, *range(4, 10)), bad("b", 3))], schedule={"full": "day"}, rate=must()),
    _case(
        "a retry on the next day of the calendar is none",
        [log(*ALWAYS, *daily(*range(-1, 4), 4.25, *range(5, 10)), bad("b", 3.75))],
        schedule={"full": "day"}, rate=must([(3.75, 4.25)]),
    ),
    _case("by the calendar it is enough to the end of the next day", [log(*ALWAYS, *daily(0.5, 3.25))], schedule={"full": "day"}, period=(1, 6), rate=must([(2, 3.25), (5, 6)])),
    _case(
        "slots of the policy's zone",
        [log(*ALWAYS, *daily(0.5, 3))],
        schedule={"full": "day"}, terms={"timezone": "Asia/Shanghai"}, period=(1, 6), rate=must([(1 + 2 / 3, 3), (4 + 2 / 3, 6)]),
    ),
    _case("of several legs the one that is due first counts", [log(*ALWAYS, *daily(0, 4))], schedule={"full": "week", "incremental": "2d"}, rate=must([(2, 4), (6, 10)])),
    _case(
        "another series fails while this one does well",
        [log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 3, repository="r2"), good("c", 3.75, repository="r2")), OTHER],
        schedule=DAILY, rate=must([(3, 3.75)]),
    ),
    _case(
        "another series fails, and is not run again for days",
        [log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 3.25, repository="r2"), good("c", 6, repository="r2")), OTHER],
        schedule=DAILY, rate=must([(3.25, 5)]),
    ),
    _case("a copy that failed weighs", [log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 3, kind="copy"), good("c", 3.75, kind="copy"))], schedule=DAILY, rate=must([(3, 3.75)])),
    _case("a copy is in no schedule", [log(*ALWAYS, *daily(*range(-1, 10), kind="copy"))], schedule=DAILY, rate=must([(0, 10)])),
    _case("a restore that failed is no backup", [log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 3, kind="restore"))], schedule=DAILY, rate=must()),
    _case("the subject of somebody else", [log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 3, subject="z"))], schedule=DAILY, rate=must()),
    _case(
        "a job that was given up weighs until its slot is over",
        [log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 3, repository="r2")), OTHER],
        schedule={"full": {"every": "2d", "tolerance": "1h"}}, rate=must([(3, 6)]),
    ),
    _case(
        "a new asset has a slot for its first run",
        [log(*ALWAYS, *daily(7, 8, 9))],
        schedule=LENIENT, changes={"assets": {"a": {"in_service": when(3)}}}, rate=must([(4.5, 7)], judged=7),
    ),
    _case("how a run ended is not told", [log(*ALWAYS, *daily(0, 1, 2, 4, 5, 6, 7, 8, 9), still("b", 3))], schedule=LENIENT, rate=must([], [(3, 4)])),
    _case("a run that runs on beyond its slot", [log(*ALWAYS, *daily(0, 1), still("b", 2))], schedule=DAILY, period=(0, 6), rate=must([(3, 6)], [(2, 3)])),
    _case("nobody logged it", [log(-40, 3, *daily(*range(-1, 3))), log(5, 40, *daily(*range(5, 10)))], schedule=LENIENT, rate=must([], [(3, 5)])),
    _case(
        "what nobody logged weighs until the next that ended well",
        [log(-40, 3, *daily(*range(-1, 3))), log(3.5, 40, *daily(*range(4, 10)))],
        schedule={"full": "3d"}, rate=must([], [(3, 4)]),
    ),
    _case(
        "a failure before what nobody logged",
        [log(-40, 4.25, *daily(*range(-1, 3)), bad("b", 3)), log(4.5, 40, *daily(*range(5, 10)))],
        schedule={"full": {"every": "2d", "tolerance": "3d"}}, rate=must([(3, 4.25)], [(4.25, 5)]),
    ),
    _case(
        "a failure before what nobody logged, where a retry may be",
        [log(-40, 3.75, *daily(*range(-1, 3)), bad("b", 3)), log(4, 40, *daily(*range(5, 10)))],
        schedule={"full": {"every": "2d", "tolerance": "3d"}}, rate=must([], [(3, 5)]),
    ),
    _case("a log of another repository alone", [log(*ALWAYS, *daily(*range(-1, 10)), repository="r2")], schedule=DAILY, rate=must([], [(0, 10)])),
    _case("a place that begins later", [log(*ALWAYS, *daily(*range(-1, 10)), good("c", 6, repository="r2")), log(6, 40, repository="r2")], schedule=DAILY, rate=must()),
    _case("a copy elsewhere that no job log speaks of", [log(*ALWAYS, *daily(*range(-1, 10))), listing(20, p("q", 6, "r2"), repository="r2")], schedule=DAILY, rate=must([], [(6, 10)])),
    _case("without a schedule nothing is surely in time", [log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 3.5))], rate=must([(3.5, 4)], [(0, 3.5), (4, 10)])),
    _case("a run that names no repository is ended by any", [log(*ALWAYS, *daily(*range(-1, 3), *range(4, 10)), bad("b", 3, repository=None))], schedule=LENIENT, rate=must([(3, 4)])),
    _case("a run that names no subject and failed may be its own", [log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 3.25, subject=None))], schedule=DAILY, rate=must([], [(3.25, 4)])),
    _case(
        "a run that names no subject and ended well may be its own",
        [log(*ALWAYS, *daily(*range(-1, 3), *range(5, 10)), good("b", 3.5, subject=None))],
        schedule=DAILY, rate=must([(3, 3.5), (4.5, 5)], [(3.5, 4.5)]),
    ),
    _case(
        "a run that names no start",
        [log(*ALWAYS, *daily(*range(-1, 10)), {**bad("b", 3.25), "started_at": None, "finished_at": day(3.5)})],
        schedule=DAILY, rate=must([], [(3.5, 4)]),
    ),
    _case("a source that is no longer used", [log(*ALWAYS, *daily(*range(-1, 4)), bad("b", 4))], schedule={"full": "10d"}, changes=STOPPED, rate=must([(4, 5)])),
    _case("an alias that ends", [log(*ALWAYS, *daily(*range(-1, 4)), bad("b", 4))], schedule={"full": "10d"}, changes=MOVED, rate=must([(4, 5)])),
    _case(
        "a new version asks for runs more often",
        [log(*ALWAYS, *daily(0, 2, 4, 6, 8))],
        policy({"success": {"rate": "90%"}, "schedule": DAILY}, 2, 5), schedule={"full": "2d"}, rate=must([(5, 6), (7, 8), (9, 10)]),
    ),
    _case(
        "runs in a new asset's grace",
        [log(*ALWAYS, *daily(7, 8, 9))], schedule=DAILY, changes={"assets": {"a": {"in_service": when(3)}}}, terms={"new_asset_grace": "3d"}, rate=must([(6, 7)], judged=7),
    ),
    _case("nothing is due after retirement", [log(*ALWAYS, *daily(0))], schedule=DAILY, changes={"assets": {"a": {"retired": when(3)}}}, rate=must([(1, 3)], judged=3)),
    _case("nothing is told of runs", [], schedule=DAILY, most=1, changes={"assets": {"a": {"subjects": []}}}, rate=must([], [(0, 10)]), consecutive=must([], [(0, 10)])),
]  # fmt: skip

IN_A_ROW = [
    _case("two in a row are not three", [log(*ALWAYS, *daily(0, 4), bad("b", 1), bad("c", 2))], most=3, asked=None, consecutive=must(judged=10)),
    _case("three in a row", [log(*ALWAYS, *daily(0, 5), bad("b", 1), bad("c", 2), bad("e", 3), bad("f", 4))], most=3, asked=None, consecutive=must([(3, 5)])),
    _case("one that ended well between them", [log(*ALWAYS, *daily(0, 2.5, 5), bad("b", 1), bad("c", 2), bad("e", 3), bad("f", 4))], most=3, asked=None, consecutive=must()),
    _case("each series has rows of its own", [log(*ALWAYS, *daily(0), bad("b", 1), bad("c", 2, kind="copy"), bad("e", 3)), OTHER], most=3, asked=None, consecutive=must()),
    _case("a row before the period", [log(*ALWAYS, *daily(-9, 5), bad("b", -4), bad("c", -3))], most=2, asked=None, consecutive=must([(0, 5)])),
    _case("an open run may be the last of a row", [log(*ALWAYS, *daily(0, 5), bad("b", 1), bad("c", 2), still("e", 3))], most=3, asked=None, consecutive=must([], [(3, 5)])),
    _case("an open run may end a row", [log(*ALWAYS, *daily(0, 5), bad("b", 1), still("c", 2), bad("e", 3), bad("f", 4))], most=3, asked=None, consecutive=must([], [(3, 5)])),
    _case(
        "what nobody logged may end a row, and be one",
        [log(-40, 1.5, *daily(0), bad("b", 1)), log(2, 40, *daily(6), bad("c", 3), bad("e", 4), bad("f", 5))],
        most=3, asked=None, consecutive=must([(5, 6)], [(1.5, 5)]),
    ),
    _case("before the first run", [log(*ALWAYS, *daily(4))], most=3, asked=None, consecutive=must([], [(0, 4)])),
    _case(
        "a row that was given up, after its slot",
        [log(*ALWAYS, *daily(*range(-1, 10)), bad("b", 2, repository="r2"), bad("c", 3, repository="r2")), OTHER],
        schedule={"full": "2d"}, most=2, asked=None, consecutive=must([(3, 5)]),
    ),
    _case("a row with nothing after it", [log(*ALWAYS, *daily(0), bad("b", 1), bad("c", 2))], most=2, asked=None, schedule=DAILY, consecutive=must([(2, 10)])),
]  # fmt: skip

CASES_OF_SUCCESS: list[HandMade] = [*RATE, *IN_A_ROW]
