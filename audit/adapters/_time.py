"""Reading times as tools write them: RFC 3339 text into instants, whole columns at once.

Accepted is RFC 3339: a date, `T` (or `t`, or a space), a time with seconds, any number of fractional digits (cut to microseconds),
and an offset (`Z`, `z`, `+08:00`, `+0800`) or none. A time without offset is *naive*: it is a wall time in the zone of its source.
Where a zone shows the same wall time twice (the hour that ends summer time), it is *ambiguous*: the caller says whether the
earliest or the latest of the two readings is safe, and the row is marked. A wall time that the zone skips, and any naive time of a
source without zone, is not read.

Instants before 1970 are refused: they are what tools print for "no time" (Go's 0001-01-01).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from audit.model.facts import INSTANT

_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET = r"[Zz]|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9]"
_PLAIN = rf"^{_DATE}T{_CLOCK}Z$"
_AWARE = rf"^{_DATE}[Tt ]{_CLOCK}(?:\.[0-9]+)?(?:{_OFFSET})$"
_NAIVE = rf"^{_DATE}[Tt ]{_CLOCK}(?:\.[0-9]+)?$"
ANY = rf"^{_DATE}[Tt ]{_CLOCK}(?:\.[0-9]+)?(?:{_OFFSET})?$"
"""What `read` accepts, as a pattern: with offset or without."""
_SCALAR = re.compile(rf"({_DATE})[Tt ]({_CLOCK})(?:\.([0-9]+))?({_OFFSET})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

NOT_A_TIME = "is not an RFC 3339 time"
NO_ZONE = "has no offset, and its source declares no time zone that is known"
SKIPPED = "does not exist in the source's time zone (the clocks were put forward over it)"
TOO_EARLY = "is before 1970, which tools print for 'no time'"

REMEDIES = {
    NOT_A_TIME: "write it as 2026-01-31T22:15:00+08:00 or 2026-01-31T14:15:00Z",
    NO_ZONE: "declare the source's timezone (an IANA name such as Asia/Shanghai) and ingest again, or write times with an offset",
    SKIPPED: "check the source's timezone, or write times with an offset",
    TOO_EARLY: "leave the field out where the time is not known",
}
"""What to do about each reason for which a time was not read."""


@dataclass(frozen=True, slots=True)
class Times:
    """A column of times as read: `instants` (UTC, null where not read), `ambiguous` (true where a naive time had two readings),
    `reason` (null where read or absent, else a key of `REMEDIES`).
    """

    instants: pl.Series
    ambiguous: pl.Series
    reason: pl.Series


def read(texts: pl.Series, zone: str | None, *, latest: bool = False) -> Times:
    """Read a String column; null stays null. `zone`: IANA name for naive times; `latest`: of two readings take the later one."""
    name = texts.name or "time"
    frame = texts.alias("text").to_frame()
    if texts.is_null().all():
        return _times(frame.with_columns(at=pl.lit(None, INSTANT), twice=pl.lit(value=False), reason=pl.lit(None, pl.String)), name)
    if texts.str.contains(_PLAIN).all():
        # By far the most frequent form: one pass, no cases.
        read_ = frame.with_columns(
            at=pl.col("text").str.strptime(INSTANT, "%Y-%m-%dT%H:%M:%SZ", strict=False),
            twice=pl.lit(value=False),
            naive=pl.lit(value=False),
        )
    else:
        read_ = _general(frame, zone, latest=latest)
    return _times(_bounded(read_, known=_known(zone)), name)


def _general(frame: pl.DataFrame, zone: str | None, *, latest: bool) -> pl.DataFrame:
    """Add `at`, `twice` and `naive` to a frame with `text`, for any mixture of forms."""
    text = pl.col("text")
    # `%+` reads at most nine digits; a separator other than T and a small z are legal but not known to it.
    normal = (text.str.slice(0, 10) + "T" + text.str.slice(11).str.to_uppercase()).str.replace(r"(\.[0-9]{6})[0-9]+", "$1")
    frame = frame.with_columns(
        normal=normal,
        aware=text.str.contains(_AWARE).fill_null(value=False),
        naive=text.str.contains(_NAIVE).fill_null(value=False),
    ).with_columns(
        at=pl.when("aware").then("normal").str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False),
        twice=pl.lit(value=False),
    )
    if not frame["naive"].any():
        return frame
    wall = pl.when("naive").then("normal").str.strptime(pl.Datetime("us"), "%Y-%m-%dT%H:%M:%S%.f", strict=False)
    if zone is None or not _known(zone):
        # Kept apart from times that are no times at all: this one only needs a declaration.
        return frame.with_columns(at=pl.when("naive").then(None).otherwise("at"), naive=pl.col("naive") & wall.is_not_null())
    frame = frame.with_columns(
        first=wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC"),
        last=wall.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC"),
        naive=pl.col("naive") & wall.is_not_null(),
    )
    return frame.with_columns(
        at=pl.coalesce("at", "last" if latest else "first"), twice=(pl.col("first") != pl.col("last")).fill_null(value=False)
    )


def _bounded(frame: pl.DataFrame, *, known: bool) -> pl.DataFrame:
    """Refuse what lies outside 1970 to 9999 and say why each time that is not read was not."""
    early = pl.col("at") < _EPOCH
    reason = (
        pl.when(early)
        .then(pl.lit(TOO_EARLY))
        .when(pl.col("at").is_null() & pl.col("naive"))
        .then(pl.lit(SKIPPED if known else NO_ZONE))
        .when((pl.col("at").is_null() & pl.col("text").is_not_null()) | (pl.col("at") > _LAST))
        .then(pl.lit(NOT_A_TIME))
    )
    return frame.select(
        at=pl.when(early | (pl.col("at") > _LAST)).then(None).otherwise("at").cast(INSTANT),
        twice="twice",
        reason=reason.cast(pl.String),
    )


def _times(frame: pl.DataFrame, name: str) -> Times:
    return Times(frame["at"].alias(name), frame["twice"].alias(name), frame["reason"].alias(name))


def _known(zone: str | None) -> bool:
    if not zone:
        return False
    try:
        pl.Series([datetime(2000, 1, 1)]).dt.replace_time_zone(zone)  # noqa: DTZ001 - a wall time is what is asked for
    except pl.exceptions.ComputeError:
        return False
    return True


def instant(text: str, zone: str | None = None, *, latest: bool = False) -> tuple[datetime, bool]:
    """Read one time: the instant in UTC, and whether it was ambiguous. Raises `ValueError` with a key of `REMEDIES`. Agrees with
    `read`.
    """
    match = _SCALAR.fullmatch(text)
    if match is None:
        raise ValueError(NOT_A_TIME)
    date, clock, fraction, offset = match.groups()
    try:
        value = datetime.fromisoformat(f"{date}T{clock}.{(fraction or '0')[:6]:0<6}")
        if offset is not None:
            at, twice = (value - _offset(offset)).replace(tzinfo=UTC), False
        else:
            at, twice = _local(value, zone, latest=latest)
    except OverflowError:  # a date in year 1 or 9999 that an offset pushes over the edge
        raise ValueError(TOO_EARLY if date < "1970" else NOT_A_TIME) from None
    except ValueError as error:
        raise ValueError(str(error) if str(error) in REMEDIES else NOT_A_TIME) from None
    if at < _EPOCH:
        raise ValueError(TOO_EARLY)
    return at, twice


def _offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta()
    sign = -1 if text[0] == "-" else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))


def _local(wall: datetime, zone: str | None, *, latest: bool) -> tuple[datetime, bool]:
    if zone is None or not _known(zone):
        raise ValueError(NO_ZONE)
    place = ZoneInfo(zone)
    first, last = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(place).replace(tzinfo=None) != wall:
        raise ValueError(SKIPPED)
    return (last if latest else first), first != last
