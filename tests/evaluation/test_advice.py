"""What assets really kept: never more than the controls would confirm, and as tight as they allow."""

from __future__ import annotations

import pytest

from audit.evaluation.advice import retention_kept, rpo_kept
from audit.evaluation.facts import resolve_facts
from audit.evaluation.what_if import WhatIf
from audit.evaluation.world import build_world
from audit.model.terms import instant
from audit.policy.estate import AppliedProgramme, estate_at
from tests.oracle.build import day, listing, p, policy, programme
from tests.oracle.case import Case, programme_files
from tests.oracle.direct import assess_directly, rows_of_case
from tests.oracle.estates import random_case

DAY = 86_400 * 1_000_000


def world_of(case: Case):
    estate = estate_at([AppliedProgramme(0, instant(case.now), programme_files(case.programme), "test", None)])
    return build_world(estate, resolve_facts(rows_of_case(case), estate.sources, {False}), case.since, case.until)


def of_points(*points: dict, since: float = 1, until: float = 11, **changes) -> Case:
    told = [listing(until, *points), listing(90, *points)]
    return Case("advice", programme(policy({"rpo": "2d"}), **changes), told, day(since), day(until))


def rpo(case: Case) -> dict:
    (row,) = rpo_kept(world_of(case)).to_dicts()
    return {name: None if value is None or name == "code" else value / DAY for name, value in row.items() if name != "code"}


def test_the_greatest_age_is_that_just_before_the_next_copy():
    found = rpo(of_points(p("p1", 1), p("p2", 4, available=5), p("p3", 8)))
    assert found["rpo_kept"] == found["rpo_at_best"] == 4  # p1 is four days old when p2 is there; p2 as old when p3 is
    assert found["rpo_typical"] == 4  # 4, 4 and at the end 3


def test_for_all_but_a_hundredth_of_the_time_a_tenth_of_a_day_may_be_over():
    # In ten days, 0.1 days over: from 4 days down two stairs have it half of the time each.
    found = rpo(of_points(p("p1", 1), p("p2", 4, available=5), p("p3", 8)))
    assert found["rpo_kept_99"] == pytest.approx(3.95)


def test_where_nothing_is_live_no_rpo_is_kept():
    told = [listing(3, p("p1", 1)), listing(5), listing(6, p("p2", 6)), listing(90, p("p2", 6))]
    case = Case("hole", programme(policy({"rpo": "2d"})), told, day(1), day(11))
    found = rpo(case)
    assert (found["rpo_kept"], found["rpo_at_best"]) == (None, None)


def test_a_new_asset_has_from_its_beginning_until_its_first_copy():
    case = of_points(p("p1", 3), p("p2", 4), p("p3", 5), p("p4", 6), p("p5", 7), p("p6", 8), p("p7", 9), p("p8", 10), assets={"a": {"in_service": "2026-03-02T00:00:00Z"}})  # fmt: skip
    assert rpo(case)["rpo_kept"] == 2


QUICK = [pytest.param(seed) for seed in range(60, 64)]
SLOW = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(64, 67)]


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [*QUICK, *SLOW])
def test_in_random_estates_what_is_said_to_be_kept_is_met(seed: int):
    case = random_case(seed)
    world = world_of(case)
    groups = world.groups.join(rpo_kept(world), on="code", how="left")
    judged = 0
    for row in groups.iter_rows(named=True):
        for name, worst in (("rpo_kept", "unproven"), ("rpo_at_best", "breached")):
            if row[name] is None:
                continue
            seconds = -(-row[name] // 1_000_000)
            found = assess_directly(case, WhatIf({"rpo": f"{max(seconds, 1)}s"}))["results"]
            mine = [
                one for one in found if (one["asset"], one["part"], one["control"]) == (row["asset"], row["part"], "recovery-point")
            ]
            for one in mine:
                judged += 1
                assert one["shares"] is None or one["shares"]["breached"] == 0, (row, one)
                assert worst == "breached" or one["shares"] is None or one["shares"]["unproven"] == 0, (row, one)
    assert judged


def test_retention_is_told_of_points_and_of_one_of_each_day():
    points = [p("a1", 1.25), p("a2", 1.5), p("b1", 2.25), p("c1", 3.25)]
    told = [listing(4, *points), listing(6, *points[1:]), listing(8, *points[2:]), listing(20, *points[2:])]
    world = world_of(Case("kept", programme(policy({"rpo": "2d"})), told, day(3), day(15)))
    (row,) = retention_kept(world, "UTC").to_dicts()
    # a1 was last surely there on day 4, a2 on day 6: 2.75 and 4.5 days old; the day's own end is day 2.
    assert (row["kept_point"] / DAY, row["lost_point"]) == (2.75, 2)
    assert (row["kept_day"] / DAY, row["lost_day"]) == (4, 1)
    assert (row["kept_month"], row["lost_month"]) == (None, None)  # it has not ended yet


def test_where_nothing_went_the_oldest_says_how_long():
    world = world_of(of_points(p("p1", 1), p("p2", 4)))
    (row,) = retention_kept(world, "UTC").to_dicts()
    assert (row["kept_point"] / DAY, row["lost_point"]) == (10, 0)
    assert row["kept_point_99"] / DAY == 10
