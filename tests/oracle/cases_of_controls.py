"""Hand-made cases of sections 4 to 11 of docs/definitions.md, with the truth computed by hand. Days are those of tests/oracle/build.py."""

from __future__ import annotations

from typing import Any

from tests.oracle.build import PROGRAMME, hand_made, listing, must, p, policy, programme, rows, run, when
from tests.oracle.case import HandMade

RPO, KEEP, DISPOSE = "recovery-point", "retention-minimum", "retention-maximum"
A = PROGRAMME["assets"][0]
FORGETFUL = {"repositories": {"r1": {"keeps_at_least": None}}}
THREE_DAYS = {"repositories": {"r1": {"keeps_at_least": "3d"}}}
NO_SUBJECTS = {**A, "subjects": []}
MOVED = [{**NO_SUBJECTS, "since": when(5)}, {**NO_SUBJECTS, "name": "b"}, {**A, "name": "b", "since": when(5)}]
"""Asset a gives its subject to asset b on day 5."""

OWNERS = [
    hand_made(
        "4", "a subject given to another asset takes no older points",
        [listing(20, p("p", 3), p("q", 6))], programme(policy({"rpo": "30d"}), assets=MOVED),
        (RPO, must([(0, 3)])), (RPO, must([(0, 6)], asset="b")),
    ),
    hand_made(
        "4", "untold when captured: of whom the subject was when the point became available",
        [listing(20, p("p", None, available=3), p("q", None, available=6))], programme(policy({"rpo": "30d"}), assets=MOVED),
        (RPO, must([(0, 3)], [(3, 10)])), (RPO, must([(0, 6)], [(6, 10)], asset="b")),
    ),
    hand_made(
        "5", "a listing observes the last days that its repository keeps",
        [listing(8, p("p", 6)), listing(10.5, p("p", 6))], programme(policy({"rpo": "1d"}), **THREE_DAYS), (RPO, must([(7, 10)], [(0, 6)])),
    ),
    hand_made(
        "5", "an unseen point lives to the next listing",
        [listing(2), listing(8), listing(10.5)], programme(policy({"rpo": "30d"}), **THREE_DAYS), (RPO, must([(8, 10)], [(0, 8)])),
    ),
    hand_made(
        "5", "the shortest `for` says what a listing shows",
        [listing(8, p("p", 6)), listing(10.5, p("p", 6))],
        programme(policy({"rpo": "1d", "keep": [{"every": "year", "for": "1y"}, {"every": "week", "for": "3d"}]}), **FORGETFUL),
        (RPO, must([(7, 10)], [(0, 6)])),
    ),
    hand_made(
        "5", "the `for` of the version in force at the listing",
        [listing(8, p("p", 6)), listing(10.5, p("p", 6))],
        programme(
            policy({"rpo": "1d", "keep": [{"every": "year", "for": "1y"}]}), policy({"rpo": "1d", "keep": [{"every": "week", "for": "3d"}]}, 2, 4), **FORGETFUL
        ),
        (RPO, must([(7, 10)], [(0, 6)])),
    ),
    hand_made(
        "5", "a listing of which nothing is known observes nothing",
        [listing(20, p("p", 1))], programme(policy({"rpo": "1d"}), **FORGETFUL), (RPO, must([], [(0, 1), (2, 10)])),
    ),
    hand_made(
        "5", "a run may still be running",
        [listing(8, p("p", 5))], programme(policy({"rpo": "1d"}), sources={"s": {"runs_up_to": "1d"}}), (RPO, must([(0, 5), (6, 7)], [(7, 10)])),
    ),
    hand_made(
        "5", "a listing of a scope without the asset's subjects observes nothing",
        [listing(8, p("z", 1, subject="z"), scope="h")], programme(policy({"rpo": "1d"})), (RPO, must([], [(0, 10)])),
    ),
    hand_made(
        "5", "a listing of a scope with the asset's subject observes",
        [listing(20, p("p", 1), scope="h")], programme(policy({"rpo": "1d"})), (RPO, must([(0, 1), (2, 10)])),
    ),
    hand_made(
        "5", "a job log observes what it covers",
        [rows(9, run("j", 1, 1), {"record": "listing", "repository": "r1", "complete": False, "covers_from": p("", -30)["captured_at"],
                                  "covers_to": p("", 5)["captured_at"]})],
        programme(policy({"rpo": "1d"}), sources={"s": {"trust_jobs_for": "5d"}}), (RPO, must([(0, 1), (2, 5)], [(5, 10)])),
    ),
    hand_made(
        "5", "nothing is unseen outside the alias",
        [listing(20)], programme(policy({"rpo": "1d"}), assets=MOVED, **FORGETFUL),
        (RPO, must([(6, 10)], [(0, 6)])), (RPO, must([(0, 5)], [(5, 10)], asset="b")),
    ),
    hand_made(
        "5", "nothing is unseen outside the source's use",
        [listing(20)], programme(policy({"rpo": "1d"}), sources={"s": {"from": when(2), "until": when(5)}}, **FORGETFUL),
        (RPO, must([(0, 2), (6, 10)], [(2, 6)])),
    ),
    hand_made(
        "5", "a declared repository that nobody listed",
        [listing(20, p("p", 1))], programme(policy({"rpo": "1d"}), assets={"a": {"repositories": ["r2"]}}), (RPO, must([], [(0, 1), (2, 10)])),
    ),
    hand_made(
        "5", "no pair: nothing is proven",
        [rows(9, run("j", 1, 1))],
        programme(policy({"rpo": "1d", "dispose": {"after": "3d"}, "keep": [{"every": "day", "for": "3d"}], "copies": {"count": 1, "max_age": "any"}}),
                  sources={"s": {"trust_jobs_for": "5d"}}),
        (RPO, must([], [(0, 10)])), (DISPOSE, must([], [(0, 10)])), (KEEP, must([], [(0, 10)])), ("copies count", must([], [(0, 10)])),
    ),
    hand_made(
        "5", "only declared repositories that nobody listed, and no point",
        [], programme(policy({"rpo": "1d", "dispose": {"after": "3d"}}), assets={"a": {"repositories": ["r2"]}}),
        (RPO, must([], [(0, 10)])), (DISPOSE, must([], [(0, 10)])), protected="unproven",
    ),
    hand_made(
        "5", "only declared repositories that nobody listed, and a point",
        [rows(9, run("j", 1, 1))],
        programme(policy({"rpo": "1d", "dispose": {"after": "3d"}}), sources={"s": {"trust_jobs_for": "5d"}}, assets={"a": {"repositories": ["r2"]}}),
        (RPO, must([], [(0, 1), (2, 10)])), (DISPOSE, must([(4, 6)], [(6, 10)])),
    ),
    hand_made(
        "5", "an unseen point is immutable",
        [listing(20, p("p", 1))],
        programme(policy({"copies": {"immutable": 1, "max_age": "any"}}), assets={"a": {"repositories": ["r2"]}}),
        ("copies immutable", must([], [(0, 10)])),
    ),
]  # fmt: skip

TIME = [
    hand_made(
        "6", "in service and retired", [listing(20)],
        programme(policy({"rpo": "1d"}), assets={"a": {"in_service": when(3), "retired": when(8)}}), (RPO, must([(4, 8)])),
    ),
    hand_made(
        "6", "only while the version has the objective", [listing(20)],
        programme(policy({"rpo": "1d"}), policy({"dispose": {"after": "1d"}}, 2, 5)), (RPO, must([(0, 5)])),
    ),
    hand_made(
        "6", "grace of a new asset", [listing(20)],
        programme(policy({"rpo": "1d"}, new_asset_grace="2d"), assets={"a": {"in_service": when(3)}}), (RPO, must([(5, 10)])),
    ),
    hand_made(
        "6", "a control is computed for each part", [listing(20, p("p", 1))],
        programme(policy({"rpo": "30d"}), assets={"a": {"subjects": None, "parts": [
            {"name": "m", "subjects": [{"source": "s", "subject": "x"}]}, {"name": "n", "subjects": [{"source": "s", "subject": "y"}]}]}}),
        (RPO, must([(0, 1)], part="m")), (RPO, must([(0, 10)], part="n")),
    ),
    hand_made(
        "6", "disposal runs on after retirement", [listing(20, p("p", 1))],
        programme(policy({"dispose": {"after": "2d"}}), assets={"a": {"retired": when(2)}}), (DISPOSE, must([(3, 10)])),
    ),
    hand_made(
        "6", "keeping runs on after retirement", [listing(3, p("p", 1)), listing(4), listing(50)],
        programme(policy({"keep": [{"every": "point", "for": "5d"}]}), assets={"a": {"retired": when(2)}}),
        (KEEP, must([(4, 6)], [(3, 4)])),
    ),
    hand_made(
        "6", "until a deadline of what has to be kept only after the period", [listing(3, p("p", 1)), listing(4), listing(50)],
        programme(policy({"keep": [{"every": "month", "for": "1d"}], "dispose": {"after": "30d"}}), assets={"a": {"in_service": when(0.5), "retired": when(2)}}),
        (KEEP, must(judged=9.5)), (DISPOSE, must(judged=9.5)),
    ),
    hand_made(
        "6", "until the deadline of what was captured after retirement", [listing(3), listing(12.5, p("p", 12)), listing(13), listing(50)],
        programme(policy({"keep": [{"every": "day", "for": "1d"}]}), assets={"a": {"in_service": when(0.5), "retired": when(1.5)}}),
        (KEEP, must([(13, 14)], judged=13.5)), period=(0, 30),
    ),
    hand_made(
        "6", "no further than the last deadline", [listing(3, p("p", 1)), listing(4), listing(50)],
        programme(policy({"keep": [{"every": "point", "for": "5d"}]}), assets={"a": {"retired": when(2)}}), (KEEP, must([(4, 6)], [(3, 4)], judged=6)),
    ),
]  # fmt: skip

RECOVERY = [
    hand_made("7", "captured_until", [listing(20, p("p", 1, until=3))], programme(policy({"rpo": "1d"})), (RPO, must([(0, 1), (4, 10)]))),
    hand_made(
        "7", "tolerance", [listing(20, p("p", 1))], programme(policy({"rpo": {"target": "1d", "tolerance": "12h"}})), (RPO, must([(0, 1), (2.5, 10)]))
    ),
    hand_made(
        "7", "a new version", [listing(20, p("p", 3))], programme(policy({"rpo": "1d"}), policy({"rpo": "3d"}, 2, 5)),
        (RPO, must([(0, 3), (4, 5), (6, 10)])),
    ),
    hand_made(
        "7", "an unseen point ages", [listing(9.5)], programme(policy({"rpo": "1d"}), **THREE_DAYS), (RPO, must([(7.5, 9.5)], [(0, 7.5), (9.5, 10)]))
    ),
]  # fmt: skip


AROUND = [listing(number, repository=name) for name in ("r1", "r2", "r3") for number in (-1, 60)]
"""Without these an old copy, captured before anything was observed, might still be there, or a new one in a repository no longer listed."""


def _copies(name: str, told: list[Any], terms: dict[str, Any], legs: dict[str, Any], **changes: Any) -> HandMade:
    return hand_made(
        "8",
        name,
        [*AROUND, *told],
        programme(policy({"copies": {"max_age": "any", **terms}}), **changes),
        *((f"copies {leg}", truth) for leg, truth in legs.items()),
    )


TWO = [listing(20, p("p", 1)), listing(20, p("q", 1, "r2", available=2), repository="r2")]
"""A copy in r1 (Shanghai, disk) from day 1, and one in r2 (Beijing, object) from day 2."""

COPIES = [
    _copies("three, two media, one offsite", TWO, {}, {
        "count": must([(0, 2)]), "media": must([(0, 2)]), "offsite": must([(0, 2)]), "immutable": must(), "offline": must()}),
    _copies("production does not count", TWO, {"count": 2, "production": False}, {"count": must([(0, 2)])}),
    _copies("two copies without production are not three", TWO, {"production": False}, {"count": must([(0, 10)])}),
    _copies("max_age", TWO, {"max_age": "3d"}, {"count": must([(0, 2), (4, 10)]), "offsite": must([(0, 2), (4, 10)])}),
    _copies("one failure domain", TWO, {}, {"count": must([(0, 10)])}, repositories={"r2": {"failure_domain": "f1"}}),
    _copies("a repository in production's failure domain", TWO, {"count": 2}, {"count": must([(0, 2)])}, assets={"a": {"failure_domain": "f1"}}),
    _copies("a mirror counts for offsite and media only", [TWO[0], listing(20, p("q", 1, "r2", available=2, immutable=99), repository="r2")],
            {"immutable": 1, "offline": 1},
            {"count": must([(0, 10)]), "media": must([(0, 2)]), "offsite": must([(0, 2)]), "immutable": must([(0, 10)]), "offline": must([(0, 10)])},
            repositories={"r2": {"mirror_of": "r1", "offline": True}}),
    _copies("immutable_until", [TWO[0], listing(20, p("q", 1, "r2", available=2, immutable=5), repository="r2")], {"immutable": 1},
            {"immutable": must([(0, 2), (5, 10)])}),
    _copies("a lock that is prolonged in time", [TWO[0], *(listing(at, p("q", 1, "r2", available=2, immutable=end), repository="r2") for at, end in ((3, 5), (5, 8), (20, 8)))],
            {"immutable": 1}, {"immutable": must([(0, 2), (8, 10)])}),
    _copies("a lock that ended before it was prolonged", [TWO[0], *(listing(at, p("q", 1, "r2", available=2, immutable=end), repository="r2") for at, end in ((3, 5), (6, 8), (20, 8)))],
            {"immutable": 1}, {"immutable": must([(0, 2), (8, 10)], [(5, 8)])}),
    _copies("immutability unknown is none", TWO, {"immutable": 1}, {"immutable": must([(0, 10)])}),
    _copies("offline", [listing(20, p("q", 1, "r3", available=2), repository="r3")], {"offline": 1}, {"offline": must([(0, 2)])}),
    _copies("an undeclared repository", [TWO[0], listing(20, p("q", 1, "r9", available=2), repository="r9")], {}, {
        "count": must([(0, 1)], [(1, 10)]), "media": must([], [(0, 10)]), "offsite": must([], [(0, 10)])}),
    _copies("an asset without medium and site", [TWO[0]], {}, {"media": must([(0, 1)], [(1, 10)]), "offsite": must([(0, 1)], [(1, 10)])},
            assets={"a": {"medium": None, "site": None}}),
    _copies("an undeclared repository may be offline", [listing(20, p("q", 1, "r9", available=2), repository="r9")], {"offline": 1},
            {"offline": must([], [(0, 10)])}),
    _copies("without production its medium does not count", TWO, {"count": 1, "production": False}, {"media": must([(0, 2)])}),
    _copies("without production two media are two copies", [listing(20, p("q", 1, "r2", available=2), repository="r2")], {"count": 1, "production": False},
            {"media": must([(0, 10)])}),
    _copies("attributes are those at t", TWO, {}, {"offsite": must([(0, 2), (5, 10)])}, repositories=[
        {"name": "r2", "medium": "object", "site": "dc1", "failure_domain": "f2", "keeps_at_least": "1000d", "since": when(5)}]),
    _copies("an unseen copy", [TWO[0]], {}, {"count": must([(0, 1)], [(1, 10)]), "media": must([], [(0, 10)]), "offsite": must([], [(0, 10)])},
            assets={"a": {"repositories": ["r4"]}}, repositories=[{"name": "r4", "medium": "object", "site": "dc2", "failure_domain": "f4"}]),
]  # fmt: skip


def _keep(
    name: str, told: list[Any], rule: dict[str, Any], truth: Any, *later: dict[str, Any], zone: str = "UTC", **changes: Any
) -> HandMade:
    versions = [policy({"keep": [rule]}, timezone=zone)]
    versions += [
        policy({"keep": [{"every": one["every"], "for": one["for"]}]}, number, one["from"]) for number, one in enumerate(later, 2)
    ]
    period = changes.pop("period", (0, 10))
    return hand_made("9", name, told, programme(*versions, **changes), (KEEP, truth), period=period)


POINTWISE = {"every": "point", "for": "10d"}
NEW = {"assets": {"a": {"in_service": when(7)}}}
GONE = [listing(2, p("p", 1)), listing(3), listing(50)]
"""A point of day 1, sighted on day 2, gone on day 3."""

KEEPING = [
    _keep("every point, from its first sighting", [listing(2, p("p", 1)), listing(4, p("p", 1)), listing(5), listing(50)],
          {"every": "point", "for": "5d"}, must([(5, 6)], [(4, 5)])),
    _keep("a point that came late", [listing(20, p("p", 1, available=2)), listing(2), listing(3), listing(9, p("p", 1, available=2))], POINTWISE, must()),
    _keep("job points begin when available", [rows(9, p("p", 1, available=2)), listing(4), listing(50)], POINTWISE, must([(4, 10)], [(2, 4)])),
    _keep("a point never possibly live obliges nothing", [listing(20, p("p", 1, completeness="partial"))], POINTWISE, must()),
    _keep("an empty day", [listing(20, p("p", 7.5))], {"every": "day", "for": "2d"}, must([(9, 10)]), **NEW),
    _keep("any point of the day will do", [listing(8.5, p("p", 7.5), p("q", 7.75)), listing(9, p("q", 7.75)), listing(50)], {"every": "day", "for": "1d"},
          must([(9, 10)]), **NEW),
    _keep("days of Shanghai", [listing(20, p("p", 7.5))], {"every": "day", "for": "2d"}, must([(8 + 16 / 24, 10)]), zone="Asia/Shanghai", **NEW),
    _keep("a short day of Berlin", [listing(50)], {"every": "day", "for": "1d"}, must([(28 + 22 / 24, 40)]), zone="Europe/Berlin", period=(20, 40),
          assets={"a": {"in_service": when(27 + 23 / 24)}}),
    _keep("months, and a calendar `for`", [listing(-5, p("p", -19)), listing(4, p("p", -19)), listing(6), listing(50)], {"every": "month", "for": "1 month"},
          must([(6, 10)], [(4, 6)])),
    _keep("ISO weeks", [listing(50)], {"every": "week", "for": "3d"}, must([(8, 10)]), assets={"a": {"in_service": when(0.5)}}),
    _keep("shortening cures no breach", GONE, POINTWISE, must([(3, 10)], [(2, 3)]), {"every": "point", "for": "2d", "from": 5}),
    _keep("shortening frees what is live", [listing(6, p("p", 1)), listing(7), listing(50)], POINTWISE, must(), {"every": "point", "for": "2d", "from": 5}),
    _keep("lengthening binds what is live", [listing(6, p("p", 1)), listing(7), listing(50)], {"every": "point", "for": "2d"}, must([(7, 10)], [(6, 7)]),
          {"every": "point", "for": "30d", "from": 5}),
    _keep("lengthening does not bind what is gone", GONE, {"every": "point", "for": "2d"}, must([], [(2, 3)]), {"every": "point", "for": "30d", "from": 5}),
    _keep("a breach ends at a later version at which it is live",
          [listing(2, p("p", 1)), listing(3), listing(3.5), listing(5, p("p", 1)), listing(7, p("p", 1)), listing(8), listing(50)],
          {"every": "point", "for": "30d"}, must([(3, 3.5)], [(2, 3), (3.5, 5)]),
          {"every": "point", "for": "1d", "from": 4}, {"every": "point", "for": "1d", "from": 6}),
    _keep("an unseen point may fill a day", [listing(8.5, p("p", 7.5)), listing(20, p("p", 7.5))], {"every": "day", "for": "2d"}, must([], [(9, 10)]),
          assets=NEW["assets"], repositories={"r1": {"keeps_at_least": None}}),
]  # fmt: skip

DISPOSING = [
    hand_made(
        "10", "present too long", [listing(5, p("p", 1)), listing(8)], programme(policy({"dispose": {"after": "2d", "grace": "1d"}})),
        (DISPOSE, must([(4, 5)], [(5, 8)])),
    ),
    hand_made(
        "10", "partial, corrupt or without base as well",
        [listing(5, p("p", 1, completeness="partial")), listing(6),
         listing(7, p("q", 4, available=6.5, base="nowhere", integrity="corrupt", checked=6.5)), listing(8)],
        programme(policy({"dispose": {"after": "2d"}})), (DISPOSE, must([(3, 5), (6.5, 7)], [(5, 6), (7, 8)])),
    ),
    hand_made("10", "unseen points do not count", [listing(20)], programme(policy({"dispose": {"after": "2d"}}), **FORGETFUL), (DISPOSE, must())),
    hand_made(
        "10", "calendar terms", [listing(20, p("p", -24))], programme(policy({"dispose": {"after": "1 month"}})), (DISPOSE, must([(4, 10)]))
    ),
    hand_made(
        "10", "the end of a month", [listing(90, p("p", -29.5))], programme(policy({"dispose": {"after": "3 months"}})), (DISPOSE, must([(60.5, 65)])),
        period=(50, 65),
    ),
]  # fmt: skip

PROTECTION = [
    hand_made("11", "protected", [listing(20, p("p", 9.5))], programme(policy({"rpo": "1d"})), protected="met"),
    hand_made("11", "not protected", [listing(20, p("p", 5))], programme(policy({"rpo": "1d"})), protected="breached"),
    hand_made("11", "perhaps protected", [listing(8, p("p", 9.5))], programme(policy({"rpo": "1d"})), protected="unproven"),
    hand_made("11", "seven days without an RPO", [listing(20, p("p", 4))], programme(policy({"dispose": {"after": "1y"}})), protected="met"),
    hand_made("11", "more than seven days", [listing(20, p("p", 2))], programme(policy({"dispose": {"after": "1y"}})), protected="breached"),
    hand_made(
        "11", "an unseen point of long ago", [listing(7, p("p", 1)), listing(8, p("p", 1))],
        programme(policy({"rpo": "2d"}), sources={"s": {"until": when(8)}}), protected="breached",
    ),
    hand_made("11", "at the last microsecond", [listing(20, p("p", 9))], programme(policy({"rpo": "1d"})), protected="met"),
]  # fmt: skip

CASES_OF_CONTROLS: list[HandMade] = [*OWNERS, *TIME, *RECOVERY, *COPIES, *KEEPING, *DISPOSING, *PROTECTION]
