"""Recovery points of the simulated tools, as frames: what was made, when it was restorable, and when it was deleted.

A frame has the columns of `POINT`; `gone` null: never deleted. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import polars as pl

from audit.simulation.calendar import DAY, HOUR, SUNDAY, ZONE, Calendar, day_of, local

INSTANT = pl.Datetime("us", "UTC")
POINT: dict[str, pl.DataType] = {
    "subject": pl.String(),
    "id": pl.String(),
    "method": pl.String(),
    "captured": INSTANT,
    "available": INSTANT,
    "gone": INSTANT,
    "base": pl.String(),
    "bytes": pl.Int64(),
    "original": pl.String(),  # id of the point that it is a copy of
    "locked_until": INSTANT,
    "plain": pl.Boolean(),  # true: not encrypted
}
Rows = list[dict[str, Any]]
Stretch = tuple[datetime, datetime]

DAILY_FOR, WEEKLY_FOR = 32, 86
"""Days after which a daily and a weekly database backup is deleted: a day or two more than promised."""
LOCKED_FOR = 30 * DAY
"""Shorter than any term of deletion: nobody can delete what is locked."""


def frame(rows: Rows) -> pl.DataFrame:
    """Return rows as a frame of points, in order of capture."""
    return pl.DataFrame(rows, schema=POINT, orient="row").sort("captured", "subject", "id")


@dataclass(frozen=True, slots=True)
class Chain:
    """A database with a full backup each Sunday, a differential one each other day (00:30), and increments every so often.

    stops: no backup begins in these. fulls: full backups out of turn. missing: increments that no listing ever shows, though later ones need them.
    """

    subject: str
    short: str
    every: timedelta
    stops: tuple[Stretch, ...] = ()
    fulls: tuple[datetime, ...] = ()
    missing: tuple[datetime, ...] = ()

    def id(self, kind: str, captured: datetime) -> str:
        """Return the id of a backup."""
        return f"{self.short}-{kind}-{captured:%y%m%d%H%M}"


def within(instant: datetime, stretches: Sequence[Stretch]) -> bool:
    """Tell whether an instant lies in one of some stretches."""
    return any(since <= instant < until for since, until in stretches)


def chain(plan: Chain, calendar: Calendar) -> pl.DataFrame:
    """Return the backups of a database in the repository where they are made."""
    chance = calendar.chance(plan.subject)
    bases = list(_bases(plan, calendar, chance))
    return frame([*bases, *_increments(plan, calendar, bases, chance)])


def _bases(plan: Chain, calendar: Calendar, chance: Random) -> Iterator[dict[str, Any]]:
    """Yield full and differential backups: a differential one needs the full one before it."""
    due = [local(day, 0, 30) for day in calendar.days()]
    full = None
    for captured in sorted([*(at for at in due if not within(at, plan.stops)), *plan.fulls]):
        day = day_of(captured)
        whole = full is None or day.weekday() == SUNDAY or captured in plan.fulls
        ident = plan.id("f" if whole else "d", captured)
        yield {
            "subject": plan.subject,
            "id": ident,
            "method": "full" if whole else "differential",
            "captured": captured,
            "available": captured + timedelta(seconds=chance.randint(1_200, 2_300) if whole else chance.randint(360, 700)),
            "gone": local(day + (WEEKLY_FOR if whole else DAILY_FOR) * DAY, 3, 15),
            "base": None if whole else full,
            "bytes": chance.randint(40_000, 44_000) * 1_000_000 if whole else chance.randint(2_000, 6_000) * 1_000_000,
        }
        full = ident if whole else full


def _increments(plan: Chain, calendar: Calendar, bases: Rows, chance: Random) -> Iterator[dict[str, Any]]:
    """Yield increments, each on the one before it, or on a full or differential backup that was finished since.

    An increment is deleted with all that hang on the same base, two days after that base's day. After a stop there is none before a full.
    """
    waiting = sorted(bases, key=lambda base: base["available"])
    longest = 200 if plan.every < HOUR else 420
    tip: str | None = None
    gone = None
    at, end = local(calendar.first), local(calendar.last + DAY)
    while at < end:
        if within(at, plan.stops):
            tip = None
        while waiting and waiting[0]["available"] <= at:
            base = waiting.pop(0)
            tip, gone = base["id"], local(day_of(base["captured"]) + 3 * DAY, 3, 15)
        if tip is not None and not within(at, plan.stops):
            ident = plan.id("i", at)
            made = {
                "subject": plan.subject,
                "id": ident,
                "method": "incremental",
                "captured": at,
                "available": at + timedelta(seconds=chance.randint(60, longest)),
                "gone": gone,
                "base": tip,
                "bytes": chance.randint(20, 400) * 1_000_000,
            }
            if at not in plan.missing:
                yield made
            tip = ident
        at += plan.every


def copied(points: pl.DataFrame, calendar: Calendar, name: str, seconds: tuple[int, int], *, locked: bool = False) -> pl.DataFrame:
    """Return the copies of points in another repository, under the same ids, some seconds after the originals were there."""
    chance = calendar.chance(name)
    delays = pl.Series([chance.randint(*seconds) for _ in range(points.height)], dtype=pl.Int64) * 1_000_000
    made = points.with_columns(available=pl.col("available") + delays.cast(pl.Duration("us")), original="id")
    return made.with_columns(locked_until=pl.col("available") + LOCKED_FOR) if locked else made


def bases_of(points: pl.DataFrame) -> pl.DataFrame:
    """Return the full and differential backups."""
    return points.filter(pl.col("method") != "incremental")


def exports(
    subject: str, calendar: Calendar, *, six_hourly_from: datetime | None = None, others_for: int = 3, hour: int = 0, daily_for: int = DAILY_FOR,
    weekly_for: int = WEEKLY_FOR, monthly_stays: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """Return full exports of a database: one a day, and from an instant on (null: never) three more.

    Days until they are deleted: the daily ones `daily_for`, those of Sundays `weekly_for`, the three others `others_for`. With `monthly_stays`
    that of a month's last day is never deleted.
    """
    chance = calendar.chance(subject)
    rows: Rows = []
    for day in calendar.days():
        for turn in range(4):
            captured = local(day, (hour + 6 * turn) % 24, 10)
            if turn and (six_hourly_from is None or captured < six_hourly_from):
                continue
            days = others_for if turn else weekly_for if day.weekday() == SUNDAY else daily_for
            last_of_month = monthly_stays and not turn and (day + DAY).day == 1
            rows.append(
                {
                    "subject": subject,
                    "id": f"{subject.rpartition('/')[2]}-{captured:%y%m%d%H%M}",
                    "method": "full",
                    "captured": captured,
                    "available": captured + timedelta(seconds=chance.randint(900, 2_400)),
                    "gone": None if last_of_month else local(day + days * DAY, 3, 15),
                    "bytes": chance.randint(900, 1_400) * 1_000_000,
                }
            )
    return frame(rows)


def snapshots(subject: str, calendar: Calendar) -> pl.DataFrame:
    """Return a snapshot every six hours. Those of midnight stay 9 days (of Sundays 58), the others 3; deletion is at 07:30."""
    chance = calendar.chance(subject)
    rows: Rows = []
    for day in calendar.days():
        for hour in (0, 6, 12, 18):
            captured = local(day, hour) + timedelta(seconds=chance.randint(2, 9))
            days = 3 if hour else 58 if day.weekday() == SUNDAY else 9
            rows.append(
                {
                    "subject": subject,
                    "id": f"{captured:%Y%m%d%H}",
                    "method": "snapshot",
                    "captured": captured,
                    "available": captured + timedelta(seconds=chance.randint(300, 1_300)),
                    "gone": local(day + days * DAY, 7, 30),
                    "bytes": chance.randint(400_000, 420_000) * 1_000_000,
                }
            )
    return frame(rows)


def archives(subject: str, calendar: Calendar, hour: int) -> pl.DataFrame:
    """Return an archive a day, kept 24 days; that of a month's last day for eight months. Times are whole seconds."""
    chance = calendar.chance(f"{subject}/{hour}")
    rows: Rows = []
    for day in calendar.days():
        captured = local(day, hour) + timedelta(seconds=chance.randint(1, 1_500))
        days = 240 if (day + DAY).day == 1 else 24
        rows.append(
            {
                "subject": subject,
                "id": f"{captured:%Y%m%d}",
                "method": "full",
                "captured": captured,
                "available": captured + timedelta(seconds=chance.randint(40, 1_500)),
                "gone": local(day + days * DAY, 5, 0),
                "bytes": chance.randint(200, 900) * 1_000_000,
            }
        )
    return frame(rows)


def lost(points: pl.DataFrame, chosen: pl.Expr, at: datetime) -> pl.DataFrame:
    """Return points of which the chosen ones were deleted at an instant (those deleted before stay as they were)."""
    earlier = pl.min_horizontal("gone", pl.lit(at, INSTANT))
    return points.with_columns(gone=pl.when(chosen & (pl.col("available") < at)).then(earlier).otherwise("gone"))


def unencrypted(points: pl.DataFrame, chosen: pl.Expr) -> pl.DataFrame:
    """Return points of which the chosen ones are not encrypted."""
    return points.with_columns(plain=chosen)


def kept(points: pl.DataFrame, since: datetime, until: datetime) -> pl.DataFrame:
    """Return points of which none was deleted in [since, until): they went at its end."""
    late = pl.col("gone").is_between(since, until, closed="left")
    return points.with_columns(gone=pl.when(late).then(pl.lit(until, INSTANT)).otherwise("gone"))


def on_days(first: date, until: date) -> pl.Expr:
    """Tell of points whether they were captured on a local day from `first` to `until` (exclusive)."""
    return pl.col("captured").is_between(local(first), local(until), closed="left")


def daily(points: pl.DataFrame) -> pl.DataFrame:
    """Return those of the first hour of a local day."""
    return points.filter(pl.col("captured").dt.convert_time_zone(ZONE).dt.hour() == 0)
