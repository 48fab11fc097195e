from datetime import UTC, datetime

import pytest

from audit.cli._dates import parse_instant, parse_period
from audit.errors import UsageError

SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-01-01", SHANGHAI, datetime(2025, 12, 31, 16, tzinfo=UTC)),
        ("2026-01-01", "UTC", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2018-11-04", "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),  # that day began at 01:00
        ("2026-01-01T08:00:00+08:00", "UTC", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01t00:00:00.5z", SHANGHAI, datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        (" 2026-01-01 00:00Z ", SHANGHAI, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_dates_are_days_of_the_zone_and_instants_say_their_own(text, zone, instant):
    assert parse_instant(text, zone) == instant
    assert parse_instant(text, zone).utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-01-01T00:00:00", "has no time zone; add Z"),
        ("2026-02-30", "is not a date that exists"),
        ("2026-01-01T25:00:00Z", "is not a date that exists"),
        ("0001-01-01", "is not a date that exists"),
        ("2026", "neither a date"),
        ("20260101", "neither a date"),
        ("yesterday", "neither a date"),
        ("", "neither a date"),
    ],
)
def test_anything_else_is_refused_with_a_reason(text, why):
    with pytest.raises(UsageError, match=why):
        parse_instant(text, SHANGHAI)


def test_a_year_is_that_of_the_zone():
    begin, end = parse_period(None, None, 2026, SHANGHAI)
    assert (begin, end) == (datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC))
    assert parse_period("2026-01-01", "2027-01-01", None, SHANGHAI) == (begin, end)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("2026-01-01", None, 2026), "not both"),
        ((None, None, None), "give the period"),
        (("2026-01-01", None, None), "give the period"),
        (("2026-01-02", "2026-01-02", None), "is empty"),
        (("2026-01-02", "2026-01-01", None), "is empty"),
        ((None, None, 20226), "outside of"),
    ],
)
def test_a_period_that_cannot_be_is_refused(given, why):
    with pytest.raises(UsageError, match=why):
        parse_period(*given, SHANGHAI)
