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
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl

from audit.model.facts import INSTANT

_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET = r"[Zz]|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9]"
_AWARE = rf"^{_DATE}[Tt ]{_CLOCK}(?:\.[0-9]+)?(?:{_OFFSET})$"
_NAIVE = rf"^{_DATE}[Tt ]{_CLOCK}(?:\.[0-9]+)?$"
ANY = rf"^{_DATE}[Tt ]{_CLOCK}(?:\.[0-9]+)?(?:{_OFFSET})?$"
"""What `read` accepts, as a pattern: with offset or without."""
_SHAPES = {
    rf"^{_DATE}{sign}{_CLOCK}{fraction}{zone}$": f"%Y-%m-%d{sign}%H:%M:%S{digits}{zone}"
    for zone in ("Z", "")
    for fraction, digits in (("", ""), (r"\.[0-9]{6}", ".%6f"))
    for sign in ("T", " ")
}
"""The shapes that by far the most columns have throughout, each with its format, which Polars reads several times as fast as one of any mixture."""
_SCALAR = re.compile(rf"({_DATE})[Tt ]({_CLOCK})(?:\.([0-9]+))?({_OFFSET})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = pl.lit(_EPOCH, INSTANT), pl.lit(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), INSTANT)
"""Made once: a payload of few rows is compared with them many times."""

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
    """Columns of times as read. `instants`: null where not read. `ambiguous`: true where a naive time of any column had two readings.
    `reasons`: null where read or absent, else a key of `REMEDIES`.
    """

    instants: pl.DataFrame
    ambiguous: pl.Series
    reasons: pl.DataFrame


def read(texts: pl.DataFrame, names: Sequence[str], zone: str | None, latest: Collection[str] = ()) -> Times:
    """Read the String columns `names`; null stays null. `zone`: IANA name for naive times; `latest`: the columns that take the later of two readings."""
    formats = _uniform(texts, names)
    naive = [name for name, format_ in formats.items() if not format_.endswith("Z")]
    mixed = [name for name in names if name not in formats]
    steps = []
    for name, format_ in formats.items():
        told = pl.col(name).str.strptime(pl.Datetime("us") if name in naive else INSTANT, format_, strict=False)
        steps += [told.alias(f"{name} wall"), _at(name, pl.lit(None, INSTANT))] if name in naive else [_at(name, told)]
    frame = texts.with_columns(steps)
    if mixed:
        frame, more = _mixed(frame, mixed)
        naive += more
    if naive:
        frame = _naive(frame, naive, zone, frozenset(latest))
    known = _known(zone)
    reasons = frame.select(_reason(name, naive=name in naive, known=known).alias(name) for name in names)
    twice = [pl.col(f"{name} twice") for name in naive] if known else []
    return Times(
        frame.select(
            pl.when(pl.col(f"{name} at").is_between(_FIRST, _LAST)).then(f"{name} at").cast(INSTANT).alias(name) for name in names
        ),
        frame.select(ambiguous=pl.any_horizontal(twice))["ambiguous"]
        if twice
        else pl.repeat(False, texts.height, dtype=pl.Boolean, eager=True).alias("ambiguous"),
        reasons,
    )


def _uniform(texts: pl.DataFrame, names: Sequence[str]) -> dict[str, str]:
    """Return the columns whose times are all of the shape of the first, with its format. Of a column without times any will do."""
    if not names:
        return {}
    firsts = texts.select(pl.col(name).drop_nulls().first() for name in names).row(0, named=True)
    shapes = {
        name: next((shape for shape in _SHAPES if text is None or re.match(shape, text)), None) for name, text in firsts.items()
    }
    tried = [pl.col(name).str.contains(shape).all() for name, shape in shapes.items() if shape]
    fits = texts.select(tried).row(0, named=True) if tried else {}
    return {name: _SHAPES[shape] for name, shape in shapes.items() if shape and fits[name]}


def _where(texts: pl.DataFrame, names: Sequence[str], holds: Callable[[pl.Expr], pl.Expr]) -> list[str]:
    """Return the columns of which something holds."""
    return [name for name, yes in texts.select(holds(pl.col(name)) for name in names).row(0, named=True).items() if yes]


def _at(name: str, instant: pl.Expr) -> pl.Expr:
    return instant.alias(f"{name} at")


def _mixed(texts: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Add `NAME at` for columns with any mixture of forms; and `NAME wall` for those with naive times, which are named too."""
    steps = []
    for name in names:
        text = pl.col(name)
        # `%+` reads at most nine digits; a separator other than T and a small z are legal but not known to it.
        normal = (text.str.slice(0, 10) + "T" + text.str.slice(11).str.to_uppercase()).str.replace(r"(\.[0-9]{6})[0-9]+", "$1")
        steps += [normal.alias(f"{name} normal"), text.str.contains(_AWARE).fill_null(value=False).alias(f"{name} aware")]
    frame = texts.with_columns(steps).with_columns(
        _at(
            name,
            pl.when(f"{name} aware").then(f"{name} normal").str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False),
        )
        for name in names
    )
    naive = _where(texts, names, lambda text: text.str.contains(_NAIVE).any())
    walls = [
        pl.when(pl.col(name).str.contains(_NAIVE))
        .then(f"{name} normal")
        .str.strptime(pl.Datetime("us"), "%Y-%m-%dT%H:%M:%S%.f", strict=False)
        .alias(f"{name} wall")
        for name in naive
    ]
    return frame.with_columns(walls), naive


def _naive(frame: pl.DataFrame, names: Sequence[str], zone: str | None, latest: Collection[str]) -> pl.DataFrame:
    """Read the naive times of columns (`NAME wall`, `NAME at`): add `NAME naive`, `NAME twice`, and to `NAME at` what was not read."""
    # Kept apart from times that are no times at all: without a zone that is known these only need a declaration.
    walls = [pl.col(f"{name} wall").is_not_null().alias(f"{name} naive") for name in names]
    if zone is None or not _known(zone):
        return frame.with_columns(walls)
    read_ = [
        pl.col(f"{name} wall")
        .dt.replace_time_zone(zone, ambiguous=which, non_existent="null")
        .dt.convert_time_zone("UTC")
        .alias(f"{name} {which}")
        for name in names
        for which in ("earliest", "latest")
    ]
    return frame.with_columns(*walls, *read_).with_columns(
        *(_at(name, pl.coalesce(f"{name} at", f"{name} {'latest' if name in latest else 'earliest'}")) for name in names),
        *((pl.col(f"{name} earliest") != pl.col(f"{name} latest")).fill_null(value=False).alias(f"{name} twice") for name in names),
    )


def _reason(name: str, *, naive: bool, known: bool) -> pl.Expr:
    """Return why each time that is not read was not: what lies outside 1970 to 9999 is refused."""
    at = pl.col(f"{name} at")
    wall = pl.col(f"{name} naive") if naive else pl.lit(value=False)
    return (
        pl.when(at < _FIRST)
        .then(pl.lit(TOO_EARLY))
        .when(at.is_null() & wall)
        .then(pl.lit(SKIPPED if known else NO_ZONE))
        .when((at.is_null() & pl.col(name).is_not_null()) | (at > _LAST))
        .then(pl.lit(NOT_A_TIME))
        .cast(pl.String)
    )


@lru_cache(maxsize=1000)
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
