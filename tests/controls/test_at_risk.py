"""What is kept and declared to go before it may: beside the verdict, which it never changes."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from audit.evaluation.assess import judge
from audit.evaluation.kept_worlds import judge_kept, keep_world
from audit.evaluation.what_if import WhatIf, what_if
from tests.oracle.build import day, listing, p, policy, programme, when
from tests.oracle.case import Case
from tests.oracle.direct import assess_directly, estate_of_case, rows_of_case

POINT = [{"every": "point", "for": "30d"}]
NEW = {"assets": {"a": {"in_service": when(0)}}}
"""Of days before it came into service nothing has to be there."""
DAILY = [{"every": "day", "for": "30d"}]
EARLY = [p(f"p{number}", number, expires=number + 20) for number in range(10)]


def case_of(*told: Any, keep: Any, until: float = 11, later: tuple[Any, ...] = (), said: Any = None, **changes: Any) -> Case:
    return Case("at risk", programme(policy({"keep": keep}, **(said or {})), *later, **changes), list(told), day(1), day(until))


def judged(*told: Any, **said: Any) -> list[dict[str, Any]]:
    """Return the results of retention-minimum from day 1 on."""
    return [one for one in assess_directly(case_of(*told, **said))["results"] if one["control"] == "retention-minimum"]


def only(*points: dict[str, Any], until: float = 11, **said: Any) -> dict[str, Any]:
    """Return the one result where a listing on the last day, and one long after, show these points."""
    (found,) = judged(listing(until, *points), listing(90, *points), until=until, **said)
    return found


def told(points: int | None = None, buckets: int | None = None, since: float | None = None) -> dict[str, Any]:
    numbers = {"at_risk_points": points, "at_risk_buckets": buckets, "at_risk_from_at": None if since is None else when(since)}
    return {name: value for name, value in numbers.items() if value is not None}


def numbers(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result["detail"].items() if name != "at_risk"}


def named(result: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["id"], one["goes_at"], one["needed_until_at"]) for one in result["detail"].get("at_risk", [])]


def test_points_that_expire_too_early_are_told_while_the_promise_is_met():
    found = only(*EARLY, keep=POINT)
    assert (found["verdict"], found["shares"]["met"]) == ("met", 1)
    assert numbers(found) == told(points=10, since=20)
    assert named(found) == [(f"p{number}", when(number + 20), when(number + 30)) for number in range(5)]
    assert found["detail"]["at_risk"][0]["captured_at"] == when(0)
    assert found["detail"]["at_risk"][0]["repository"] == "r1"


def test_what_is_unproven_or_breached_is_told_as_well():
    (found,) = judged(listing(10, *EARLY), keep=POINT)
    assert (found["verdict"], numbers(found)) == ("unproven", told(points=10, since=20))
    (found,) = judged(listing(5, *EARLY[:5]), listing(90, *EARLY[1:5]), keep=POINT, until=11)
    assert (found["verdict"], numbers(found)) == ("unproven", told(points=5, since=20))  # p0 may have gone after the period
    (found,) = judged(listing(5, *EARLY[:5]), listing(6, *EARLY[1:5]), listing(90, *EARLY[1:5]), keep=POINT)
    assert (found["verdict"], numbers(found)) == ("breached", told(points=4, since=21))


def test_nothing_is_told_where_nothing_is_declared_or_all_stays_for_long_enough():
    assert only(p("p1", 1), p("p2", 2), keep=POINT)["detail"] == {}
    assert only(p("p1", 1, expires=31), p("p2", 2, expires=40), p("p3", 3), keep=POINT)["detail"] == {}
    assert only(p("p1", 1, expires=30.5), p("p2", 2, expires=40), keep=POINT)["detail"]["at_risk_points"] == 1
    assert only(*(p(f"p{n}", n + 0.5, expires=n + 31) for n in range(11)), keep=DAILY)["detail"] == {}


def test_the_longest_of_the_rules_for_every_point_counts():
    rules = [{"every": "point", "for": "10d"}, {"every": "point", "for": "25d"}]
    assert numbers(only(*EARLY, keep=rules)) == told(points=10, since=20)
    assert only(*EARLY, keep=rules[:1])["detail"] == {}


def test_a_lock_that_ends_later_than_the_expiry_keeps_a_point():
    locked = [p("locked", 1, expires=5, immutable=31), p("too short", 2, expires=20, immutable=25), p("unlocked", 3, expires=20)]
    found = only(*locked, keep=POINT)
    assert numbers(found) == told(points=2, since=20)
    assert named(found) == [("unlocked", when(20), when(33)), ("too short", when(25), when(32))]


def test_a_point_past_its_expiry_that_is_still_there_may_go_at_any_time():
    found = only(p("p1", 1, expires=4), p("p2", 2, expires=40), keep=POINT)
    assert (found["verdict"], numbers(found), named(found)) == ("met", told(points=1, since=11), [("p1", when(4), when(31))])


def test_what_is_gone_or_needed_no_more_is_not_at_risk():
    points = [p("old", 0, expires=3), p("gone", 2, expires=20), p("kept", 5, expires=40)]
    keep = [{"every": "point", "for": "8d"}]
    (found,) = judged(listing(6, *points), listing(7, points[0], points[2]), listing(90, points[0], points[2]), keep=keep)
    assert (found["verdict"], found["detail"]) == ("breached", {})


def test_a_point_that_was_away_and_is_back_counts():
    points = [p("there", 1, expires=20), p("back", 2, expires=21)]
    shown = [listing(4, *points), listing(5, points[0]), listing(6, *points), listing(90, *points)]
    (found,) = judged(*shown, keep=POINT)
    assert numbers(found) == told(points=2, since=20)


def test_a_day_is_kept_by_the_last_of_its_points():
    later = [p(f"q{number}", number + 0.5, expires=number + 25) for number in range(10)]
    found = only(*EARLY, *later, keep=DAILY, **NEW)
    assert (found["verdict"], numbers(found)) == ("met", told(buckets=10, since=25))
    assert named(found) == [(f"q{number}", when(number + 25), when(number + 31)) for number in range(5)]
    # One that stays for long enough, or of which nothing is declared, in whatever repository.
    late, endless = p("late", 0.25, expires=31), p("endless", 1.25, repository="r2")
    both = [listing(90, *EARLY, *later, late), listing(90, endless, repository="r2")]
    (found,) = judged(listing(11, *EARLY, *later, late), listing(11, endless, repository="r2"), *both, keep=DAILY, **NEW)
    assert (found["verdict"], numbers(found)) == ("met", told(buckets=8, since=27))


def test_a_period_that_has_not_ended_is_not_told():
    weekly = [{"every": "week", "for": "60d"}]  # 2026-03-01 was a Sunday
    found = only(*EARLY[:1], *EARLY[2:5], keep=weekly, until=8, **NEW)
    assert (found["verdict"], numbers(found)) == ("met", told(buckets=2, since=20))
    found = only(*EARLY[:1], *EARLY[2:5], keep=weekly, until=7, **NEW)
    assert (found["verdict"], numbers(found)) == ("met", told(buckets=1, since=20))


def test_points_and_periods_are_counted_apart():
    found = only(*EARLY, keep=[*POINT, *DAILY, {"every": "week", "for": "60d"}])
    assert numbers(found) == told(points=10, buckets=12, since=20)
    assert [name for name, _, _ in named(found)] == ["p0", "p1", "p2", "p3", "p4"]  # each once


def test_a_point_that_nobody_dated_neither_is_at_risk_nor_keeps_a_day():
    undated = p("undated", None, available=5, expires=12)
    found = only(*EARLY, undated, keep=[*POINT, *DAILY])
    assert numbers(found) == told(points=10, buckets=10, since=20)
    assert only(undated, keep=[*POINT, *DAILY])["detail"] == {}


def test_only_the_version_in_force_at_the_end_tells():
    points = [p(f"p{number}", number, expires=number + 20) for number in range(10)]
    shown = [listing(11, *points), listing(90, *points)]
    first, second = judged(*shown, keep=POINT, later=(policy({"keep": [{"every": "point", "for": "25d"}]}, 2, 6),))
    assert (first["version"], first["detail"]) == (1, {})
    assert (second["version"], numbers(second)) == (2, told(points=10, since=20))
    assert named(second)[0] == ("p0", when(20), when(25))
    first, second = judged(*shown, keep=POINT, later=(policy({"keep": [{"every": "point", "for": "15d"}]}, 2, 6),))
    assert (first["detail"], second["detail"]) == ({}, {})


def test_in_the_grace_of_a_new_asset_nothing_is_missed():
    assets = {"a": {"in_service": when(0)}}
    found = only(*EARLY, keep=POINT, assets=assets, said={"new_asset_grace": "24d"})
    assert (found["verdict"], numbers(found)) == ("not-applicable", told(points=10, since=24))
    found = only(*EARLY, keep=POINT, assets=assets, said={"new_asset_grace": "33d"})
    assert numbers(found) == told(points=6, since=33)  # p4 is needed up to day 34


def test_what_outlives_an_asset_is_told_after_it_retired():
    found = only(*EARLY, keep=POINT, assets={"a": {"retired": when(9.5)}})
    assert (found["verdict"], numbers(found)) == ("met", told(points=10, since=20))
    assert found["judged_seconds"] == 10 * 86_400


def test_what_no_policy_keeps_is_not_told():
    case = Case("none", programme(policy({"rpo": "2d"})), [listing(10, *EARLY)], day(1), day(11))
    assert [one for one in assess_directly(case)["results"] if one["control"] == "retention-minimum"] == []


@pytest.mark.parametrize("seed", range(12))
def test_random_points_beside_a_naive_count(seed: int) -> None:
    """Point by point and day by day, in UTC."""
    dice = random.Random(seed)
    points = []
    for number in range(40):
        captured = dice.randrange(0, 10 * 24) / 24
        declared = {name: captured + dice.randrange(1, 60) / 2 for name in ("expires", "immutable") if dice.random() < 0.7}
        points.append((captured, declared, p(f"p{number}", captured, **declared)))
    term = dice.randrange(3, 25)
    found = only(*(one for _, _, one in points), keep=[{"every": "point", "for": f"{term}d"}, {"every": "day", "for": f"{term}d"}])
    lost: list[tuple[bool, float]] = []
    days: dict[int, list[float]] = {}
    for captured, declared, _ in points:
        goes = max(declared.values()) if "expires" in declared else 1_000
        days.setdefault(int(captured), []).append(goes)
        if max(goes, 11) < captured + term:
            lost.append((False, max(goes, 11)))
    lost += [(True, max(*going, 11)) for first, going in days.items() if max(*going, 11) < first + 1 + term]
    counts = {of: sum(bucket is of for bucket, _ in lost) or None for of in (False, True)}
    assert numbers(found) == told(counts[False], counts[True], min((since for _, since in lost), default=None))


def test_a_what_if_of_another_term_tells_what_would_be_at_risk(tmp_path: Path) -> None:
    case = case_of(listing(11, *EARLY), listing(90, *EARLY), keep=[{"every": "point", "for": "15d"}])
    estate, rows = estate_of_case(case), rows_of_case(case)
    judge(estate, rows, case.since, case.until, outlined=True, looking=partial(keep_world, tmp_path, 0))
    for keep, said in ((DAILY, told(buckets=10, since=20)), (POINT, told(points=10, since=20))):
        other = what_if(estate, WhatIf({"keep": keep}))
        ((outline, faults),) = judge_kept(tmp_path, other, ["retention-minimum"])
        assert faults == []
        assert [one.detail for one in outline.whole()] == [said]
        in_full = judge(other, rows, case.since, case.until, ["retention-minimum"])
        assert [numbers({"detail": one.detail}) for one in in_full.results] == [said]


def test_instants_are_told_in_utc():
    zoned = only(*EARLY, keep=DAILY, said={"timezone": "Asia/Shanghai"})
    # Days end at 16:00 UTC; that of p0 (8:00 in Shanghai) at 2026-03-01 16:00.
    assert named(zoned)[0] == ("p0", when(20), when(30 + 16 / 24))
    assert datetime.fromisoformat(zoned["detail"]["at_risk_from_at"]) == datetime(2026, 3, 21, tzinfo=UTC)
