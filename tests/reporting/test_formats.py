from datetime import UTC, datetime

import pytest

from audit.reporting.formats import Formats

EN, ZH = Formats("en", "Asia/Shanghai"), Formats("zh", "Asia/Shanghai")


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.5, "50%"),
        (0.12345, "12.34%"),
        (0.999999, ">99.99%"),
        (0.99991, ">99.99%"),
        (0.00000001, "<0.01%"),
        (0.9999, "99.99%"),
        (None, "–"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(value, said):
    assert EN.share(value) == said


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 secs", "0秒"),
        (0.4, "<1 sec", "<1秒"),
        (1, "1 sec", "1秒"),
        (60, "1 min", "1分钟"),
        (3661, "1 hr 1 min", "1小时1分钟"),
        (86_399, "1 day", "1天"),
        (90_000, "1 day 1 hr", "1天1小时"),
        (86_400 * 1000, "1,000 days", "1,000天"),
        (-60, "-1 min", "-1分钟"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds, english, chinese):
    assert (plain(EN.duration(seconds)), ZH.duration(seconds)) == (english, chinese)


def test_instants_are_on_the_clock_of_the_zone_and_as_fine_as_they_are():
    assert plain(EN.instant(datetime(2026, 1, 2, 16, 4, tzinfo=UTC))) == "3 Jan 2026, 00:04"
    assert plain(EN.instant(datetime(2026, 1, 2, 16, 4, 5, 120_000, tzinfo=UTC))) == "3 Jan 2026, 00:04:05.12"
    assert ZH.instant(datetime(2026, 1, 2, 16, 4, 5, tzinfo=UTC)) == "2026年1月3日 00:04:05"
    assert ZH.instant(None) == "–"


def test_an_hour_that_comes_twice_is_told_apart():
    berlin = Formats("en", "Europe/Berlin")
    assert plain(berlin.instant(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))) == "25 Oct 2026, 02:30 (UTC+02:00)"
    assert plain(berlin.instant(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))) == "25 Oct 2026, 02:30 (UTC+01:00)"
    assert plain(berlin.instant(datetime(2026, 10, 25, 2, 30, tzinfo=UTC))) == "25 Oct 2026, 03:30"


def test_a_period_of_whole_days_names_its_last_day_and_any_other_its_instants():
    new_year = datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert EN.period(new_year, datetime(2026, 12, 31, 16, tzinfo=UTC)) == "1 January 2026 to 31 December 2026"
    assert ZH.period(new_year, datetime(2026, 1, 1, 16, tzinfo=UTC)) == "2026年1月1日"
    assert plain(EN.period(new_year, datetime(2026, 1, 1, 4, tzinfo=UTC))) == "1 Jan 2026, 00:00 to 1 Jan 2026, 12:00"


def test_a_number_of_any_size_is_written():
    assert Formats("en", "UTC").number(1e25) == "10,000,000,000,000,000,000,000,000"
    assert Formats("en", "UTC").duration(86_400e25).startswith("10,000,000,000,000,000,")
