"""What assets really kept: never more than the controls would confirm, and as tight as they allow."""

from __future__ import annotations

import random

import pytest

from audit.evaluation.advice import judged_groups, retention_kept, rpo_kept, rto_kept
from audit.evaluation.facts import resolve_facts
from audit.evaluation.what_if import WhatIf
from audit.evaluation.world import build_world
from audit.model.terms import instant
from audit.policy.estate import AppliedProgramme, estate_at
from tests.oracle.build import day, listing, p, policy, programme, rows
from tests.oracle.case import Case, programme_files
from tests.oracle.cases_of_drills import drill, restore, result
from tests.oracle.direct import assess_directly, estate_of_case, rows_of_case
from tests.oracle.estates import random_case
from tests.oracle.instants import text_of

DAY = 86_400 * 1_000_000
HOUR = DAY // 24


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


def measured(*drills: dict, runs: tuple[dict, ...] = (), since: float = 0, until: float = 10) -> Case:
    said = programme(policy({"rto": {"target": "1d", "every": "90d"}}))
    return Case("measured", said, [rows(60, *runs)] if runs else [], day(since), day(until), drilled=list(drills))


def rto_of(case: Case) -> dict:
    estate = estate_of_case(case)
    world = build_world(estate, resolve_facts(rows_of_case(case), estate.sources, {False}), case.since, case.until)
    (row,) = rto_kept(world).to_dicts()
    lengths = ("rto_kept", "rto_kept_99", "rto_at_best", "rto_at_best_99", "longest_restore")
    return row | {name: row[name] and row[name] / DAY for name in lengths}


def kept(case: Case) -> tuple[float | None, ...]:
    found = rto_of(case)
    return tuple(found[name] for name in ("rto_kept", "rto_kept_99", "rto_at_best", "rto_at_best_99"))


def test_a_proven_recovery_shows_the_time_from_its_declaration_to_the_validated_service():
    found = rto_of(measured(drill(1, result(3)), drill(4, result(5), kind="incident"), runs=(restore(1, 2.5), restore(4, 4.5))))
    assert found == {
        "code": 0, "rto_kept": 2, "rto_kept_99": 2, "rto_at_best": 2, "rto_at_best_99": 2, "recoveries": 2, "recoveries_proven": 2, "recoveries_failed": 0,
        "recoveries_awaited": 0, "recoveries_of": "drill, incident", "restores": 2, "longest_restore": 1.5,
    }  # fmt: skip


def test_what_nobody_has_proven_is_kept_at_best():
    for case in (measured(drill(1, result(3))), measured(drill(1, result(3), signed=False), runs=(restore(1, 2),))):
        assert kept(case) == (None, None, 2, 2)
    found = rto_of(measured(drill(1, result(3))))
    assert (found["recoveries"], found["recoveries_proven"], found["recoveries_of"]) == (1, 0, "drill")


@pytest.mark.parametrize("less", [result(3, depth=3), result(3, coverage="partial")])
def test_what_is_less_than_the_full_service_shows_no_recovery_time_and_forbids_a_shorter_one(less: dict):
    assert kept(measured(drill(1, less), runs=(restore(1, 3),)))[::2] == (None, None)
    both = (restore(1, 2), restore(4, 6.5))
    assert kept(measured(drill(1, less), drill(4, result(7)), runs=both)) == (3, 3, 3, 3)  # the other took longer
    assert kept(measured(drill(1, less), drill(4, result(5)), runs=(restore(4, 5),))) == (None, None, None, None)


def test_a_restore_run_is_no_recovery_time_and_forbids_a_shorter_one():
    assert kept(measured(runs=(restore(1, 2),))) == (None, None, None, None)
    quick = drill(4, result(5))
    assert kept(measured(quick, runs=(restore(1, 3), restore(4, 5)))) == (None, None, None, None)
    assert kept(measured(quick, runs=(restore(1, 1.5), restore(4, 5)))) == (1, 1, 1, 1)
    # Of one that nobody says how much it was of, it is only possible that it forbids it; one of a part counts for nothing.
    assert kept(measured(quick, runs=(restore(1, 3, None), restore(4, 5)))) == (None, None, 1, 1)
    found = rto_of(measured(quick, runs=(restore(1, 3, "partial"), restore(4, 5))))
    assert (found["rto_kept"], found["restores"], found["longest_restore"]) == (1, 1, 1)


def test_a_failure_a_recovery_that_is_awaited_and_one_that_was_given_up():
    good, runs = drill(4, result(5)), (restore(4, 5),)
    assert kept(measured(drill(1, result(2, "failed")), good, runs=runs)) == (None, None, None, None)
    assert rto_of(measured(drill(1, result(2, "failed")), good, runs=runs))["recoveries_failed"] == 1
    assert kept(measured(drill(6, result(20, None), signed=False), good, runs=runs)) == (None, None, 1, 1)
    assert kept(measured(drill(9.5, result(20, None), signed=False), good, runs=runs)) == (1, 1, 1, 1)  # it may still be in time
    given_up = drill(6, result(6.5), signed=False, cancelled=8)
    assert kept(measured(given_up, good, runs=runs)) == (1, 1, 1, 1)
    assert rto_of(measured(given_up, good, runs=runs))["recoveries"] == 1


def test_of_a_hundred_recoveries_one_may_take_longer():
    drills = [drill(place / 4, result(place / 4 + (place % 4 + 1) / 24)) for place in range(99)] + [drill(30, result(33))]
    assert kept(measured(*drills, until=60))[2:] == (3, pytest.approx(4 / 24))
    assert kept(measured(*drills[1:], until=60))[2:] == (3, 3)  # one of 99 is more than one in a hundred
    (row,) = judged_groups(world_of(measured())).to_dicts()
    assert (row["rto_agreed"], row["rpo_agreed"]) == (DAY, None)


def test_what_ended_before_the_period_is_not_told_of_it():
    case = measured(drill(1, result(3)), runs=(restore(1, 2),), since=4)
    assert rto_of(case)["recoveries"] == 0
    assert kept(case) == (None, None, None, None)


@pytest.mark.parametrize("seed", range(8))
def test_recovery_time_is_not_broken_by_the_rto_that_was_kept_and_is_by_every_less_one(seed: int):
    rng = random.Random(f"recoveries {seed}")
    drills, runs = [], []
    for declared in range(0, 2 * rng.randint(1, 5), 2):
        hours = rng.randint(2, 40)
        said = {
            "outcome": rng.choice(("passed",) * 8 + ("failed",)),
            "depth": rng.choice((4, 4, 4, 3)),
            "coverage": rng.choice(("full", "full", "partial")),
        }
        drills.append(drill(declared, result(declared + hours / 24, **said), signed=rng.random() < 0.8))
        length = rng.choice((hours, hours, hours - 1, hours + 1))
        runs.append(restore(declared, declared + length / 24, rng.choice(("full", "full", "full", None))))
    case = measured(*drills, runs=tuple(runs), until=14)
    told = [(one["results"][0], (one["results"][0]["ended"] - one["declared"]) // HOUR) for one in drills]
    lengths = {length for one, length in told if (one["outcome"], one["depth"], one["coverage"]) == ("passed", 4, "full")}

    def under(hours: int) -> dict:
        found = assess_directly(case, WhatIf({"rto": {"target": f"{hours}h", "every": "90d"}}))["results"]
        return next(one for one in found if one["control"] == "recovery-time")

    found = rto_of(case)
    unbroken = [hours for hours in sorted(lengths) if not under(hours)["breaches"]]
    assert found["rto_at_best"] == (pytest.approx(unbroken[0] / 24) if unbroken else None)
    at_the_end = [
        hours for hours in unbroken if under(hours)["shares"]["met"] and under(hours)["unproven"][-1]["to"] != text_of(day(14))
    ]
    assert found["rto_kept"] == (pytest.approx(at_the_end[0] / 24) if at_the_end else None)
