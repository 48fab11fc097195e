"""How long a recovery of what is there now would take, at the rate that was measured: told beside the verdict, which stays what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.oracle.build import day, listing, p, policy, programme, rows
from tests.oracle.case import Case
from tests.oracle.cases_of_drills import drill, restore, result
from tests.oracle.direct import assess_directly

HOUR = 3600
CHAIN = (p("f", 1, bytes=1000), p("i", 2, bytes=200, method="incremental", base="f"))
THERE = [listing(-1), listing(20, *CHAIN)]
GOOD = drill(4, result(5, point="f", repository="r1"))


def projected(told: list[Any], drills: list[Any] | None = None, until: float = 10, **more: Any) -> tuple[str, dict[str, Any]]:
    """Return the verdict and what is projected over the days from 0 on."""
    said = programme(policy({"rto": more.pop("rto", "2d")}))
    case = Case("projected", said, told, day(0), day(until), drilled=drills or [])
    (found,) = [one for one in assess_directly(replace(case, **more))["results"] if one["control"] == "recovery-time"]
    return found["verdict"], {key: value for key, value in found["detail"].items() if key.startswith("projected")}


def test_a_run_of_all_data_measures_a_rate_and_the_newest_chain_is_projected() -> None:
    # 7200 bytes in an hour: two a second; the chain holds 1200.
    told = [*THERE, rows(5, restore(4, 4 + 1 / 24, bytes=7200))]
    assert projected(told) == ("unproven", {"projected_seconds": 600, "projected_bytes": 1200, "projected_rate": 2, "projected_by": "s/restore-4-4.041666666666667-full"})  # fmt: skip


def test_what_a_run_restored_is_counted_as_the_point_that_it_names() -> None:
    told = [*THERE, rows(5, restore(4, 4 + 1 / 24, bytes=10**9, recovery_point="f"))]
    _, found = projected(told)
    assert (found["projected_seconds"], found["projected_bytes"]) == (round(HOUR * 1.2), 1200)


def test_of_what_was_measured_the_slowest_counts_and_a_drill_runs_from_its_declaration() -> None:
    told = [*THERE, rows(5, restore(4.5, 4.5 + 1 / 24, recovery_point="f"))]
    verdict, found = projected(told, [GOOD])
    # The restore took an hour, the recovery a day; nothing of the verdict changes by it.
    assert (verdict, found["projected_by"], found["projected_seconds"]) == ("unproven", "drill-1", round(24 * HOUR * 1.2))
    assert projected(told, [GOOD], rto="1h")[0] == "breached"
    case = Case("met", programme(policy({"rto": "2d"})), told, day(6), day(10), drilled=[GOOD])
    (judged,) = [one for one in assess_directly(case)["results"] if one["control"] == "recovery-time"]
    assert (judged["verdict"], judged["detail"]["projected_seconds"]) == ("met", round(24 * HOUR * 1.2))


def test_a_projection_longer_than_the_rto_breaches_nothing_and_a_short_one_satisfies_nothing() -> None:
    slow = [*THERE, rows(5, restore(4, 4 + 1 / 24, bytes=1))]
    assert projected(slow, rto="2h")[0] == "unproven"
    assert projected(slow, rto="2h")[1]["projected_seconds"] == 1200 * HOUR
    quick = [*THERE, rows(5, restore(4, 4 + 1 / 24, bytes=10**12))]
    assert projected(quick, rto="2h")[0] == "unproven"
    assert projected(quick, rto="2h")[1]["projected_seconds"] == 1


@pytest.mark.parametrize("run", [
    restore(4, 5), restore(4, 5, bytes=0), restore(4, 5, "partial", bytes=100), restore(4, 5, None, bytes=100), restore(4, 4, bytes=100),
    restore(4, 5, bytes=100, outcome="failed"), restore(11, 12, bytes=100),
], ids=["no bytes", "none", "a part", "of nobody knows how much", "in no time", "failed", "later"])  # fmt: skip
def test_without_a_measurement_nothing_is_projected(run: dict[str, Any]) -> None:
    assert projected([*THERE, rows(15, run)]) == ("unproven", {})


@pytest.mark.parametrize("points", [
    [], [p("f", 1)], [p("f", 1), CHAIN[1]], [CHAIN[0], p("i", 2, method="incremental", base="f")], [p("f", 1, bytes=0)],
], ids=["no copy", "no bytes", "bytes of the base not told", "bytes of the newest not told", "empty"])  # fmt: skip
def test_without_the_size_of_what_is_there_nothing_is_projected(points: list[dict[str, Any]]) -> None:
    assert projected([listing(-1), listing(20, *points), rows(5, restore(4, 5, bytes=100))]) == ("unproven", {})


def test_a_measurement_counts_as_long_as_the_policy_says() -> None:
    told = [*THERE, rows(5, restore(3, 4, bytes=86400))]
    assert projected(told, rto={"target": "2d", "every": "7d"})[1]["projected_rate"] == 1
    assert projected(told, rto={"target": "2d", "every": "5d"})[1] == {}


def test_a_drill_that_nobody_signed_off_or_that_names_no_point_measures_nothing() -> None:
    told = [*THERE, rows(5, restore(4.5, 5))]
    assert projected(told, [GOOD])[1]["projected_by"] == "drill-1"
    assert projected(told, [{**GOOD, "signed": False}])[1] == {}
    assert projected(told, [drill(4, result(5))])[1] == {}
    assert projected(told, [drill(4, result(5, depth=3, point="f", repository="r1"))])[1] == {}
