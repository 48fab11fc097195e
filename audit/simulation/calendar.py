"""Days and instants of the simulated company. Local times are Shanghai's; instants are UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from audit.model.terms import Term

ZONE = "Asia/Shanghai"
SUNDAY = 6
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

LEAD_FROM = (12, 1)
"""Evidence begins on the Sunday on or before this day of the year before, so that the year begins in a running company."""
TAIL = timedelta(days=22)
"""Evidence goes on this long after the period: what is there at its end is proven only by what is seen later."""


def local(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """Return the instant (UTC) of a local time of a day."""
    return datetime.combine(day, time(hour, minute), ZoneInfo(ZONE)).astimezone(UTC)


def day_of(instant: datetime) -> date:
    """Return the local day of an instant."""
    return instant.astimezone(ZoneInfo(ZONE)).date()


def after(instant: datetime, length: str) -> datetime:
    """Return the instant a length of time, such as `3 months`, after an instant."""
    return Term.parse(length).after(instant, ZONE)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The year that is simulated, and the seed of all chance."""

    year: int
    seed: int

    @property
    def since(self) -> date:
        """The first day of the period that is judged."""
        return date(self.year, 1, 1)

    @property
    def until(self) -> date:
        """The day after the period."""
        return date(self.year + 1, 1, 1)

    @property
    def period(self) -> tuple[datetime, datetime]:
        """The period that is judged, as instants."""
        return local(self.since), local(self.until)

    @property
    def first(self) -> date:
        """The first day of evidence, a Sunday."""
        day = date(self.year - 1, *LEAD_FROM)
        return day - (day.weekday() + 1) % 7 * DAY

    @property
    def last(self) -> date:
        """The last day of evidence."""
        return self.until + TAIL

    def at(self, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
        """Return the instant of a local time in the year."""
        return local(date(self.year, month, day), hour, minute)

    def monday(self, month: int, nth: int) -> date:
        """Return the nth Monday of a month."""
        first = date(self.year, month, 1)
        return first + (-first.weekday() % 7 + 7 * (nth - 1)) * DAY

    def days(self) -> Iterator[date]:
        """Yield every day of evidence."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + number * DAY

    def daily(self, hour: int, minute: int = 0) -> list[datetime]:
        """Return a local time of every day but the first."""
        return [local(day, hour, minute) for day in self.days() if day > self.first]

    def weekly(self, hour: int, minute: int = 0, *, on: int = 0) -> list[datetime]:
        """Return a local time of every Monday, or of another day of the week (6: Sunday), but of the first day of evidence."""
        return [local(day, hour, minute) for day in self.days() if day.weekday() == on and day > self.first]

    def monthly(self, on: int, hour: int, minute: int = 0) -> list[datetime]:
        """Return a local time of a day of every month."""
        return [local(day, hour, minute) for day in self.days() if day.day == on]

    def chance(self, name: str) -> Random:
        """Return the chance of one thing, which no other thing changes."""
        return Random(f"{self.seed}/{name}")  # noqa: S311 - a simulation, no secret


def without(instants: list[datetime], since: datetime, until: datetime | None) -> list[datetime]:
    """Return the instants that do not lie in [since, until); until null: for ever."""
    return [instant for instant in instants if instant < since or (until is not None and instant >= until)]
