"""Times: every form of RFC 3339, naive ones in three zones, and the agreement of the two readers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audit.adapters import _time


def one(text: str, zone: str | None = None, *, latest: bool = False) -> tuple[datetime | None, bool, str | None]:
    times = _time.read(pl.DataFrame({"t": [text]}), ["t"], zone, ["t"] if latest else [])
    return times.instants["t"][0], times.ambiguous[0], times.reasons["t"][0]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31T22:15:00Z", utc(2026, 1, 31, 22, 15)),
        ("2026-01-31t22:15:00z", utc(2026, 1, 31, 22, 15)),
        ("2026-01-31 22:15:00Z", utc(2026, 1, 31, 22, 15)),
        ("2026-01-31T22:15:00+08:00", utc(2026, 1, 31, 14, 15)),
        ("2026-01-31T22:15:00-0330", utc(2026, 2, 1, 1, 45)),
        ("2026-01-31T22:15:00-00:00", utc(2026, 1, 31, 22, 15)),
        ("2026-01-31T22:15:00.5Z", utc(2026, 1, 31, 22, 15, 0, 500_000)),
        ("2026-01-31T22:15:00.1234567899999Z", utc(2026, 1, 31, 22, 15, 0, 123_456)),
        ("2026-01-31T22:15:59.9999999+08:00", utc(2026, 1, 31, 14, 15, 59, 999_999)),
        ("2024-02-29T00:00:00Z", utc(2024, 2, 29)),
        ("1970-01-01T00:00:00Z", utc(1970, 1, 1)),
    ],
)
def test_rfc_3339_in_all_its_forms(text: str, instant: datetime) -> None:
    assert one(text) == (instant, False, None)
    assert _time.instant(text) == (instant, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-31",
        "2026-01-31T22:15Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T22:15:60Z",
        "2026-1-3T22:15:00Z",
        "1767225600",
        "2026-01-31T22:15:00+24:00",
        "2026-01-31T22:15:00.Z",
        " 2026-01-31T22:15:00Z",
        "２０２６-01-31T22:15:00Z",
        "9999-12-31T23:59:59-23:59",
        "2026-01-31T22:15:00ZZ",
        "2026-02-30T00:00:00",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert one(text, "Europe/Berlin") == (None, False, _time.NOT_A_TIME)
    with pytest.raises(ValueError, match=_time.NOT_A_TIME):
        _time.instant(text, "Europe/Berlin")


def test_zero_times_of_tools_are_no_times() -> None:
    assert one("0001-01-01T00:00:00Z") == (None, False, _time.TOO_EARLY)
    assert one("1969-12-31T23:59:59.999999Z") == (None, False, _time.TOO_EARLY)


@pytest.mark.parametrize("zone", [None, "", "CST", "Mars/Olympus", "UTC+8"])
def test_a_naive_time_needs_a_zone_that_is_known(zone: str | None) -> None:
    assert one("2026-01-31T22:15:00", zone) == (None, False, _time.NO_ZONE)
    assert "timezone" in _time.REMEDIES[_time.NO_ZONE]
    assert "ingest again" in _time.REMEDIES[_time.NO_ZONE]


@pytest.mark.parametrize(
    ("zone", "naive", "earliest", "latest"),
    [
        ("Asia/Shanghai", "2026-07-01T08:00:00", utc(2026, 7, 1), utc(2026, 7, 1)),
        ("Europe/Berlin", "2026-07-01 08:00:00.25", utc(2026, 7, 1, 6, 0, 0, 250_000), utc(2026, 7, 1, 6, 0, 0, 250_000)),
        ("Europe/Berlin", "2026-10-25T02:30:00", utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)),
        ("Europe/Berlin", "2026-10-25T02:00:00", utc(2026, 10, 25, 0), utc(2026, 10, 25, 1)),
        ("Europe/Berlin", "2026-10-25T03:00:00", utc(2026, 10, 25, 2), utc(2026, 10, 25, 2)),
        (
            "America/New_York",
            "2026-11-01T01:59:59.999999",
            utc(2026, 11, 1, 5, 59, 59, 999_999),
            utc(2026, 11, 1, 6, 59, 59, 999_999),
        ),
        ("Asia/Shanghai", "1991-09-15T01:30:00", utc(1991, 9, 14, 16, 30), utc(1991, 9, 14, 17, 30)),
    ],
)
def test_naive_times_in_their_zones(zone: str, naive: str, earliest: datetime, latest: datetime) -> None:
    assert one(naive, zone) == (earliest, earliest != latest, None)
    assert one(naive, zone, latest=True) == (latest, earliest != latest, None)


@pytest.mark.parametrize(
    ("zone", "naive"),
    [
        ("Europe/Berlin", "2026-03-29T02:00:00"),
        ("Europe/Berlin", "2026-03-29T02:59:59.9"),
        ("America/New_York", "2026-03-08T02:30:00"),
    ],
)
def test_a_local_time_that_never_was(zone: str, naive: str) -> None:
    assert one(naive, zone) == (None, False, _time.SKIPPED)
    with pytest.raises(ValueError, match="put forward"):
        _time.instant(naive, zone)


def test_a_column_mixes_all_forms_and_keeps_its_order() -> None:
    texts = ["2026-10-25T02:30:00", None, "2026-10-25T02:30:00Z", "?", "2026-10-25 02:30:00.123456789+02:00"]
    times = _time.read(pl.DataFrame({"t": texts}), ["t"], "Europe/Berlin", ["t"])
    assert times.instants["t"].to_list() == [
        utc(2026, 10, 25, 1, 30),
        None,
        utc(2026, 10, 25, 2, 30),
        None,
        utc(2026, 10, 25, 0, 30, 0, 123_456),
    ]
    assert times.ambiguous.to_list() == [True, False, False, False, False]
    assert times.reasons["t"].to_list() == [None, None, None, _time.NOT_A_TIME, None]


def test_a_column_without_any_time() -> None:
    times = _time.read(pl.DataFrame({"t": [None, None]}, schema={"t": pl.String}), ["t"], None)
    assert times.instants["t"].dtype == pl.Datetime("us", "UTC")
    assert times.instants["t"].to_list() == [None, None]


WALL = datetime.fromisoformat("2026-12-31T00:00:00")
_MOMENTS = st.datetimes(min_value=WALL.replace(year=1960), max_value=WALL.replace(year=2099))
_OFFSETS = st.one_of(
    st.just(""),
    st.just("Z"),
    st.just("z"),
    st.builds("{}{:02}:{:02}".format, st.sampled_from("+-"), st.integers(0, 24), st.integers(0, 60)),
)


@given(
    _MOMENTS,
    st.sampled_from("Tt "),
    st.text("0123456789", max_size=12),
    _OFFSETS,
    st.sampled_from([None, "Asia/Shanghai", "Europe/Berlin", "America/New_York"]),
    st.booleans(),
)
@example(datetime.fromisoformat("2026-10-25T02:30:00"), "T", "", "", "Europe/Berlin", True)
@example(datetime.fromisoformat("2026-03-29T02:30:00"), "T", "", "", "Europe/Berlin", False)
@settings(max_examples=150, deadline=None)
def test_the_two_readers_agree(moment: datetime, sign: str, digits: str, offset: str, zone: str | None, latest: bool) -> None:
    text = f"{moment:%Y-%m-%d}{sign}{moment:%H:%M:%S}{'.' + digits if digits else ''}{offset}"
    found, twice, reason = one(text, zone, latest=latest)
    try:
        scalar = (*_time.instant(text, zone, latest=latest), None)
    except ValueError as error:
        scalar = (None, False, str(error))
    assert scalar == (found, twice, reason)


@given(_MOMENTS.filter(lambda moment: moment.year >= 1971), st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]))
@settings(max_examples=100, deadline=None)
def test_a_wall_time_returns_to_itself(moment: datetime, zone: str) -> None:
    found, _, reason = one(f"{moment:%Y-%m-%dT%H:%M:%S}", zone)
    wall = moment.replace(microsecond=0)
    if reason == _time.SKIPPED:
        folds = {
            wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            for fold in (0, 1)
        }
        assert wall not in folds
    else:
        assert found is not None
        assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


@given(_MOMENTS.filter(lambda moment: moment.year >= 1971), st.integers(-1439, 1439))
@settings(max_examples=100, deadline=None)
def test_an_offset_is_subtracted(moment: datetime, minutes: int) -> None:
    there = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert one(there.isoformat())[0] == there.astimezone(UTC)


def test_columns_of_every_form_are_read_side_by_side() -> None:
    texts = pl.DataFrame({
        "plain": ["2026-10-25T00:30:00Z", None],
        "mixed": ["2026-10-25T02:30:00+02:00", "2026-10-25 02:30:00"],
        "naive": ["2026-10-25T02:30:00", "yesterday"],
    })  # fmt: skip
    times = _time.read(texts, texts.columns, "Europe/Berlin", ["naive"])
    early, late = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)
    assert times.instants.to_dict(as_series=False) == {"plain": [early, None], "mixed": [early, early], "naive": [late, None]}
    assert times.ambiguous.to_list() == [True, True]
    assert times.reasons.to_dict(as_series=False) == {
        "plain": [None, None],
        "mixed": [None, None],
        "naive": [None, _time.NOT_A_TIME],
    }
