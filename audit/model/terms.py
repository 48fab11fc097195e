"""Terms: lengths of time as people write them in policies (`15m`, `30d`, `3 months`, `7y`).

Seconds, minutes, hours, days and weeks are exact (`90d` is 90 x 24 h). Months, quarters and years are calendar terms: they are added on
local wall time in a zone, clamped to the month's end, a skipped hour moving forward, a doubled one taking the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl
from dateutil.relativedelta import relativedelta

MICROSECOND = timedelta(microseconds=1)
FOR_EVER = 4_102_444_800_000_000
"""2100-01-01 in microseconds since 1970: the end of time in interval arithmetic."""

_EXACT = {
    "s": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
    "w": 604800,
    "week": 604800,
}
_CALENDAR = {"mo": 1, "month": 1, "quarter": 3, "y": 12, "year": 12}
_SHORTEST_MONTH = 28
"""Days."""
_PATTERN = re.compile(r"\s*(\d+)\s*([a-z]+?)(s?)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time: `months` calendar months, then `microseconds` exact ones. One of the two is zero."""

    months: int = 0
    microseconds: int = 0
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> Term:
        """Read `15m`, `90 d`, `3 months`, `7y`, `1 quarter`. Raises `ValueError` that says what was expected."""
        match = _PATTERN.fullmatch(str(text))
        unit = match[2].lower() if match else ""
        if match and match[2] == "M":
            raise ValueError(f"{text!r} may be minutes or months; write {match[1]}m or {match[1]} months")
        if match and match[3] and len(unit) == 1:  # 15ms are no minutes
            unit = ""
        if unit not in _EXACT and unit not in _CALENDAR:
            raise ValueError(f"{text!r} is not a length of time; write a number and a unit, such as 15m, 4h, 30d, 3 months or 7y")
        assert match is not None
        number = int(match[1])
        if unit in _EXACT:
            return cls(microseconds=number * _EXACT[unit] * 1_000_000, text=str(text))
        return cls(months=number * _CALENDAR[unit], text=str(text))

    def __bool__(self) -> bool:
        return bool(self.months or self.microseconds)

    def __str__(self) -> str:
        return self.text or f"{self.microseconds // 1_000_000}s"

    def after(self, instant: datetime, zone: str) -> datetime:
        """Return the instant this long after a UTC instant."""
        return self._shift(instant, zone, 1)

    def before(self, instant: datetime, zone: str) -> datetime:
        """Return the instant this long before a UTC instant."""
        return self._shift(instant, zone, -1)

    def _shift(self, instant: datetime, zone: str, sign: int) -> datetime:
        if not self.months:
            return instant + sign * timedelta(microseconds=self.microseconds)
        wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        return local(wall + sign * relativedelta(months=self.months), zone)

    @property
    def least(self) -> int:
        """Microseconds that pass in any case while it does: no zone moves its clocks by more than a day, and no month is shorter than February."""
        days = max(self.months * _SHORTEST_MONTH - 1, 0)
        return self.microseconds + days * 86_400_000_000

    def added_to(self, instants: pl.Series, zone: str) -> pl.Series:
        """Return UTC instants (`Datetime("us", "UTC")`, nulls kept) this long after the given ones."""
        return self._shift_all(instants, zone, 1)

    def taken_from(self, instants: pl.Series, zone: str) -> pl.Series:
        """Return UTC instants (`Datetime("us", "UTC")`, nulls kept) this long before the given ones."""
        return self._shift_all(instants, zone, -1)

    def _shift_all(self, instants: pl.Series, zone: str, sign: int) -> pl.Series:
        if not self.months:
            return instants + sign * timedelta(microseconds=self.microseconds)
        walls = instants.dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.offset_by(f"{sign * self.months}mo")
        placed = walls.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
        if placed.null_count() == walls.null_count():
            return placed
        skipped = placed.is_null() & walls.is_not_null()
        # A handful of rows at most: those whose wall time falls into the hour that a zone skips.
        moved = pl.Series([local(wall, zone) for wall in walls.filter(skipped)], dtype=placed.dtype)
        return placed.scatter(skipped.arg_true(), moved)


def local(wall: datetime, zone: str) -> datetime:
    """Return the UTC instant of a wall time in a zone: of a doubled hour the first, of a skipped one moved forward by the skip."""
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def micros(instant: datetime) -> int:
    """Return microseconds since 1970 of an aware instant. Raises `ValueError` for a naive one."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant!r} has no time zone")
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND


@lru_cache(maxsize=100_000)
def instant(microseconds: int) -> datetime:
    """Return the UTC instant of microseconds since 1970. The same few are asked for again and again: those of a period, of a segment."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def to_seconds(microseconds: pl.Expr) -> pl.Expr:
    """Return microseconds (Int64, up to 285 years) as seconds (Float64; null stays null), to the last digit as Python divides them.

    Polars divides several rows by one number by multiplying with its inverse: the last digit could be another one, and would depend on how many rows there are.
    """

    def divided(rows: pl.Series) -> pl.Series:
        return rows.cast(pl.Float64) / pl.repeat(1_000_000.0, len(rows), dtype=pl.Float64, eager=True)

    return microseconds.map_batches(divided, return_dtype=pl.Float64)
