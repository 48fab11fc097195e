from datetime import UTC, datetime, timedelta

import pytest

from audit.model.document import State, Stretch
from audit.reporting.formats import Formats
from audit.reporting.strips import COLUMNS, MAX_TICKS, paths, raster, ticks
from audit.reporting.timelines import layered

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=365)


def after(**more: float) -> datetime:
    return SINCE + timedelta(**more)


def test_the_strongest_layer_shows_and_the_stretches_fill_the_period_without_gap():
    found = layered(
        (SINCE, UNTIL),
        [
            (after(days=-5), after(days=300), State.MET),
            (after(days=10), after(days=20), State.UNPROVEN),
            (after(days=15), after(days=25), State.BREACHED),
            (after(days=25), after(days=30), State.BREACHED),
        ],
    )
    assert [(stretch.since, stretch.until, stretch.state) for stretch in found] == [
        (SINCE, after(days=10), State.MET),
        (after(days=10), after(days=15), State.UNPROVEN),
        (after(days=15), after(days=30), State.BREACHED),
        (after(days=30), after(days=300), State.MET),
        (after(days=300), UNTIL, State.NOT_JUDGED),
    ]
    assert [s.state for s in layered((SINCE, UNTIL), [])] == [State.NOT_JUDGED]


def test_a_breach_of_a_microsecond_is_seen_wherever_it_lies():
    for place in (0, 1, 100_000_000, 364 * 86_400_000_000, 365 * 86_400_000_000 - 1):
        begin = SINCE + timedelta(microseconds=place)
        layers = [(SINCE, UNTIL, State.UNPROVEN), (begin, begin + timedelta(microseconds=1), State.BREACHED)]
        columns = raster(layered((SINCE, UNTIL), layers), SINCE, UNTIL)
        assert columns.count(State.BREACHED) == 1
        assert columns.index(State.BREACHED) == place * COLUMNS // (365 * 86_400_000_000)


def test_columns_are_shared_by_time():
    stretches = [Stretch(SINCE, after(days=73), State.BREACHED), Stretch(after(days=73), UNTIL, State.MET)]
    columns = raster(stretches, SINCE, UNTIL)
    assert (columns.count(State.BREACHED), columns.count(State.MET)) == (COLUMNS // 5, COLUMNS * 4 // 5)


def test_ten_thousand_stretches_stay_one_small_picture():
    layers = [(SINCE, UNTIL, State.MET)]
    layers += [(after(minutes=50 * n), after(minutes=50 * n + 5), State.BREACHED) for n in range(10_000)]
    found = paths(layered((SINCE, UNTIL), layers), SINCE, UNTIL)
    assert sum(map(len, found.values())) < 20_000
    assert list(found) == [State.MET, State.BREACHED]


def test_states_differ_in_height_not_only_in_colour():
    stretches = [Stretch(after(days=40 * n), after(days=40 * n + 40), state) for n, state in enumerate(State)]
    bands = {state: path.split("v")[1].split("h")[0] for state, path in paths(stretches, SINCE, UNTIL).items()}
    assert bands["breached"] == "20"
    assert bands["met"] == "8"
    assert bands["not-judged"] == "2"


@pytest.mark.parametrize("days", [0.05, 0.3, 1, 2, 6, 13, 30, 45, 90, 180, 365, 400, 1000, 4000])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
def test_ticks_are_few_inside_and_ascending(days, zone):
    marks = ticks(SINCE, SINCE + timedelta(days=days), Formats("en", zone))
    assert len(marks) <= MAX_TICKS
    assert [mark.x for mark in marks] == sorted(mark.x for mark in marks)
    assert all(0 <= mark.x <= COLUMNS for mark in marks)
    if days >= 1:
        assert len(marks) >= 2


def test_a_year_has_its_months_and_two_years_say_which():
    shanghai = Formats("zh", "Asia/Shanghai")
    year = ticks(datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC), shanghai)
    assert [mark.label for mark in year] == [f"{month}月" for month in range(1, 13)]
    assert year[0].x == 0
    both = ticks(datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2027, 12, 31, 16, tzinfo=UTC), shanghai)
    assert [mark.label for mark in both][::6] == ["2026年", "2027年"]
