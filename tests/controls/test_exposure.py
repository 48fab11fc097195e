"""The worst and the present exposure beside a verdict, and how serious they are; beside a naive one, instant by instant."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.controls._exposure import Judged, numbers_of
from audit.model.exposure import severities, severity
from audit.model.intervals import Line
from audit.model.lives import Lives
from audit.model.world import JUDGED, Outcome
from tests.oracle.build import PROGRAMME, day, listing, p, policy, programme, when
from tests.oracle.case import Case
from tests.oracle.direct import assess_directly

DAY = 86_400


def judged(*told: Any, rpo: Any = "2d", until: float = 11, later: tuple[Any, ...] = (), **changes: Any) -> list[dict[str, Any]]:
    """Return the results of recovery-point from day 1 on."""
    case = Case("exposure", programme(policy({"rpo": rpo}), *later, **changes), list(told), day(1), day(until))
    return [one for one in assess_directly(case)["results"] if one["control"] == "recovery-point"]


def kept(*points: dict[str, Any], until: float = 11, **said: Any) -> dict[str, Any]:
    """Return the detail of one result where a listing on its last day, and one long after, show these points."""
    (found,) = judged(listing(until, *points), listing(90, *points), until=until, **said)
    return found["detail"]


def told(worst: float | None, worst_severity: str | None, present: float | None, present_severity: str | None) -> dict[str, Any]:
    """Return a detail with exposures in days."""
    numbers = {"worst_exposure_seconds": worst and worst * DAY, "worst_severity": worst_severity}
    numbers |= {"present_exposure_seconds": present and present * DAY, "present_severity": present_severity}
    return {name: value for name, value in numbers.items() if value is not None}


def test_a_severity_is_how_many_times_what_is_allowed():
    degrees = {0: "within", 10: "within", 11: "exceeded", 20: "exceeded", 21: "severe", 40: "severe", 41: "critical"}
    assert {exposure: severity(exposure, 10) for exposure in degrees} == degrees
    column = pl.DataFrame({"exposure": [*degrees, None]}).select(severities(pl.col("exposure"), pl.lit(10))).to_series()
    assert column.to_list() == [*degrees.values(), None]


def test_what_is_met_says_the_worst_exposure_and_the_one_at_the_end():
    points = [p(f"p{number}", number) for number in range(11)]
    assert kept(*points) == told(1, "within", 1, "within")
    late = [*points[:4], p("late", 4, available=4.75), *points[6:]]
    assert kept(*late, rpo="3d") == told(2, "within", 1, "within")  # up to day 6, when p4 is two days old
    assert kept(*points, until=9.5) == told(1, "within", 0.5, "within")


def test_what_was_lost_is_the_newest_no_more():
    both = [p("old", 0), p("new", 0.5)]
    after = [p(f"p{number}", number) for number in range(3, 11)]
    gone = listing(2, both[0], repository="r1")
    (found,) = judged(listing(1, *both), gone, listing(11, both[0], *after), listing(90, both[0], *after), rpo="4d")
    assert (found["verdict"], found["detail"]) == (
        "met",
        told(3, "within", 1, "within"),
    )  # on day 3 the old one, of which all knew on day 2


def test_a_new_asset_counts_from_its_beginning():
    points = [p(f"p{number}", number) for number in range(3, 11)]
    assert kept(*points, assets={"a": {"in_service": "2026-03-02T12:00:00Z"}}) == told(1.5, "within", 1, "within")


def test_what_is_breached_says_how_serious_the_worst_was():
    points = [p("p0", 0), p("p5", 5, available=5.5), *(p(f"p{number}", number) for number in range(6, 11))]
    for rpo, degree in (("5d", "exceeded"), ("66h", "exceeded"), ("2d", "severe"), ("1d", "critical")):
        (found,) = judged(listing(11, *points), listing(90, *points), rpo=rpo)
        assert found["detail"] == told(5.5, degree, 1, "within")
        (breach,) = found["breaches"] if rpo == "5d" else found["breaches"][:1]
        allowed = {"5d": 120, "66h": 66, "2d": 48, "1d": 24}[rpo]
        assert (breach["detail"]["severity"], breach["detail"]["times_allowed"]) == (degree, round(5.5 * 24 / allowed, 2))


def test_tolerance_belongs_to_what_is_allowed():
    points = [p(f"p{number}", number) for number in range(11)]
    assert kept(*points, rpo={"target": "20h", "tolerance": "4h"})["worst_severity"] == "within"


def test_a_breach_up_to_the_end_says_the_exposure_there():
    points = [p(f"p{number}", number) for number in range(1, 6)]
    (found,) = judged(listing(11, *points), listing(12, *points))
    assert found["detail"] == told(6, "severe", 6, "severe")
    empty = judged(listing(1, p("p1", 1)), listing(2), listing(11), listing(12))
    assert [one["detail"] for one in empty] == [{}]  # nothing is live: there is no such number


def test_what_is_not_known_says_nothing():
    points = [p(f"p{number}", number) for number in range(6)]
    (found,) = judged(listing(5, *points))
    assert (found["verdict"], found["detail"]) == ("unproven", {})
    # Unproven in between, and known at the end.
    both = [p("p1", 1), p("p10", 10)]
    forgetful = {"r1": {"keeps_at_least": None}}
    (found,) = judged(listing(2, both[0]), listing(11, *both), listing(90, *both), repositories=forgetful)
    assert (found["verdict"], found["detail"]) == ("unproven", told(None, None, 1, "within"))


def test_each_policy_version_says_its_own():
    points = [p(f"p{number}", number) for number in range(6)] + [p("p8", 8), p("p10", 10)]
    first, second = judged(listing(11, *points), listing(90, *points), later=(policy({"rpo": "3d"}, 2, 6),))
    assert [one["version"] for one in (first, second)] == [1, 2]
    assert first["detail"] == told(1, "within", 1, "within")
    assert second["detail"] == told(3, "within", 1, "within")


def test_a_version_that_comes_back_says_one_of_all_its_time():
    points = [p(f"p{number}", number) for number in (0, 1, 3, 4, 5, 6, 7, 8)]
    asset = PROGRAMME["assets"][0]
    moved = [{**asset, "since": when(4), "tier": "other"}, {**asset, "since": when(6.5)}]
    (found,) = judged(listing(9, *points), listing(90, *points), until=8.75, assets=moved)
    assert found["detail"] == told(
        2, "within", 0.75, "within"
    )  # the worst in the first time, on day 3; the present one in the second


def test_a_retired_asset_says_the_one_when_it_went():
    points = [p(f"p{number}", number) for number in range(11)]
    assert kept(*points, assets={"a": {"retired": when(6.25)}}) == told(1, "within", 0.25, "within")


STOP = 24
Point = tuple[int, int, list[tuple[int, int]]]


@st.composite
def lived(draw: st.DrawFn) -> list[Point]:
    """Some points of two groups in whatever order, with what they restore and when they surely lived; one of each group lives throughout."""
    found: list[Point] = [(0, draw(st.integers(-30, 0)), [(-5, STOP + 5)]), (1, draw(st.integers(-30, 0)), [(-5, STOP + 5)])]
    for _ in range(draw(st.integers(0, 8))):
        borders = draw(st.lists(st.integers(-4, STOP + 4), min_size=2, max_size=4, unique=True).map(sorted))
        stretches = list(zip(borders[::2], borders[1::2], strict=False))
        found.append((draw(st.integers(0, 1)), draw(st.integers(-20, STOP)), stretches))
    return draw(st.permutations(found))


@pytest.mark.parametrize("far", [False, True])
@given(lived(), st.lists(st.integers(0, STOP), min_size=2, max_size=4, unique=True).map(sorted))
def test_the_worst_exposure_of_what_is_kept_is_that_instant_by_instant(far: bool, of: list[Point], borders: list[int]) -> None:
    stretches = list(zip(borders[::2], borders[1::2], strict=False))
    gap = {"point": pl.UInt32, "begin": pl.Int64, "end": pl.Int64}
    kind = {"begin": pl.Int64, "sure_end": pl.Int64, "possible_end": pl.Int64, "gapped": pl.Boolean}
    scalars = pl.DataFrame([(when[0][0], when[0][1], STOP, len(when) > 1) for *_, when in of], schema=kind, orient="row")
    cut = pl.DataFrame(
        [(row, *one) for row, (*_, when) in enumerate(of) if len(when) > 1 for one in when], schema=gap, orient="row"
    )
    rows = pl.DataFrame([(code, 0, *one) for code in (0, 1) for one in stretches], schema=JUDGED, orient="row")
    none = pl.DataFrame(schema=JUDGED)
    world: Any = type("World", (), {
        "line": Line(0, STOP), "groups": pl.DataFrame({"code": [0, 1]}),
        "points": pl.DataFrame([one[:2] for one in of], schema={"code": pl.UInt32, "restorable": pl.Int64}, orient="row"),
    })  # fmt: skip
    allowed = 2**61 if far else 100
    starts = pl.DataFrame(schema={"code": pl.UInt32, "begin": pl.Int64, "end": pl.Int64, "state": pl.Int64})
    one = Judged(Outcome(None, rows, none, none, none), Lives(scalars, cut, cut), starts, pl.Series([allowed]))
    said = {
        row["code"]: (row["worst_exposure_seconds"], row["present_exposure_seconds"]) for row in numbers_of(world, [one]).to_dicts()
    }

    def at(code: int, instant: int) -> int:
        return instant + 1 - max(state for whose, state, when in of if whose == code and any(a <= instant < b for a, b in when))

    for code in (0, 1):
        worst = max(at(code, instant) for begin, end in stretches for instant in range(begin, end))
        assert said[code] == (worst / 1_000_000, at(code, stretches[-1][1] - 1) / 1_000_000)
