"""Numbers, instants, lengths and shares as people of one language write them. Rounding never hides a breach nor makes one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Context, Decimal, localcontext
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from audit.model.terms import Term

LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
"""The locale of each language of the reports. `en_GB` because 03/04 is not a date that everybody reads alike."""

REMEMBERED = 50_000
"""Values of a kind whose text is kept: a server lives long."""
ABSENT = "–"
_ANY_SIZE = Context(prec=400)
"""Digits enough for the largest number of a float: with the usual 28, Babel raises for larger ones."""
_PATTERNS = {
    "en": ("d MMMM y", "d\N{NO-BREAK SPACE}MMM\N{NO-BREAK SPACE}y, HH:mm", ":ss"),
    "zh": ("y年M月d日", "y年M月d日 HH:mm", ":ss"),
}
_MONTHS = {"en": "MMMM y", "zh": "y年M月"}
_SCALES = {
    "en": {"hour": "HH:mm", "day": "d MMM", "month": "MMM", "year": "y"},
    "zh": {"hour": "HH:mm", "day": "M月d日", "month": "M月", "year": "y年"},
}
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_WEEK = ("week", 604_800)
_SMALLEST_SHARE = Decimal("0.0001")


class Formats:
    """Writes values in `language` (a key of `LOCALES`), instants in `zone` (an IANA name); with `fine` as exactly as they are known, else cut to
    seconds.
    """

    def __init__(self, language: str, zone: str, *, fine: bool = True) -> None:
        self.language = language
        self.fine = fine
        self.zone = ZoneInfo(zone)
        self.locale = Locale.parse(LOCALES[language])
        # A report says the same few hundred numbers and units tens of thousands of times, and asking CLDR is slow.
        self._numbers: dict[float, str] = {}
        self._units: dict[tuple[int, str], str] = {}
        self._shares: dict[float, str] = {}

    def number(self, value: float | None) -> str:
        """Return a number with its language's grouping, at most three decimals."""
        if value is None:
            return ABSENT
        if value not in self._numbers:
            if len(self._numbers) >= REMEMBERED:
                self._numbers.clear()
            with localcontext(_ANY_SIZE):
                self._numbers[value] = format_decimal(value, locale=self.locale)
        return self._numbers[value]

    def share(self, value: float | None) -> str:
        """Return a percentage of two decimals; a share that is not quite nothing or not quite all says so, and is never rounded
        to either.
        """
        if value is None:
            return ABSENT
        if value not in self._shares:
            if len(self._shares) >= REMEMBERED:
                self._shares.clear()
            self._shares[value] = self._share(value)
        return self._shares[value]

    def _share(self, value: float) -> str:
        exact = Decimal(repr(value))
        if 0 < exact < _SMALLEST_SHARE:
            return "<" + self._percent(_SMALLEST_SHARE)
        if 1 - _SMALLEST_SHARE < exact < 1:
            return ">" + self._percent(1 - _SMALLEST_SHARE)
        return self._percent(exact)

    def _percent(self, value: Decimal) -> str:
        return format_percent(value, format="#,##0.##%", locale=self.locale)

    def instant(self, value: datetime | None) -> str:
        """Return an instant on the zone's clock, to the second, or finer where it is finer and that is asked for; in a doubled hour with its offset."""
        if value is None:
            return ABSENT
        there = value.astimezone(self.zone)
        _, minutes, seconds = _PATTERNS[self.language]
        if there.microsecond and self.fine:
            minutes += seconds + "." + "S" * len(f"{there.microsecond:06}".rstrip("0"))
        elif there.second or there.microsecond:
            minutes += seconds
        text = str(format_datetime(there.replace(tzinfo=None), minutes, locale=self.locale))
        doubled = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
        return f"{text} (UTC{there.isoformat()[-6:]})" if doubled else text

    def clock(self, value: datetime, scale: str) -> str:
        """Return the short label of an `hour`, `day`, `month` or `year` on a time axis."""
        return str(
            format_datetime(value.astimezone(self.zone).replace(tzinfo=None), _SCALES[self.language][scale], locale=self.locale)
        )

    def day(self, value: datetime) -> str:
        """Return the day of an instant on the zone's clock."""
        return str(format_date(value.astimezone(self.zone).date(), _PATTERNS[self.language][0], locale=self.locale))

    def month(self, value: datetime) -> str:
        """Return the month and year of an instant on the zone's clock."""
        return str(format_date(value.astimezone(self.zone).date(), _MONTHS[self.language], locale=self.locale))

    def term(self, term: Term) -> str:
        """Return a length of time as an agreement says it, in words: `10 minutes`, `7 years`; `10分钟`, `7年`."""
        if term.months:
            return self._long(*((term.months // 12, "year") if term.months % 12 == 0 else (term.months, "month")))
        seconds = term.microseconds / 1_000_000
        letter = next((letter.lower() for letter in term.text if letter.isalpha()), "")
        whole = [(name, size) for name, size in (_WEEK, *_UNITS) if seconds >= size and seconds % size == 0]
        # 90d is said in days and 12w in weeks, as the agreement says them.
        name, size = next((unit for unit in whole if unit[0][0] == letter), whole[0] if whole else _UNITS[-1])
        return self._long(seconds / size, name)

    def _long(self, count: float, name: str) -> str:
        # CLDR has no long form in Chinese; the short one is the usual word there.
        text = str(format_unit(count, name, "short" if self.language == "zh" else "long", locale=self.locale))
        return text.replace(" ", "") if self.language == "zh" else text.replace(" ", "\N{NO-BREAK SPACE}")

    def period(self, since: datetime, until: datetime) -> str:
        """Return the period [since, until): its first and last day when it is whole days of the zone, else its instants."""
        if all(_is_midnight(instant.astimezone(self.zone)) for instant in (since, until)):
            # The last instant of the period lies in its last day, whatever that day's length.
            first, last = self.day(since), self.day(until - timedelta(microseconds=1))
            return first if first == last else self._range(first, last)
        return self._range(self.instant(since), self.instant(until))

    def days(self, first: date, last: date) -> str:
        """Return a day, or a range of days with both ends inside, as written: no zone."""
        told = [str(format_date(day, _PATTERNS[self.language][0], locale=self.locale)) for day in (first, last)]
        return told[0] if first == last else self._range(*told)

    def _range(self, first: str, last: str) -> str:
        return f"{first}至{last}" if self.language == "zh" else f"{first} to {last}"

    def duration(self, seconds: float | None) -> str:
        """Return a length of time in its two largest units: `3 days 4 hrs`, `3天4小时`. Below a second: `<1 sec`. Exact values are
        in the data.
        """
        if seconds is None:
            return ABSENT
        if seconds < 0:
            return "-" + self.duration(-seconds)
        if 0 < seconds < 1:
            return "<" + self._unit(1, "second")
        whole = round(seconds)
        largest = next((index for index, (_, size) in enumerate(_UNITS) if whole >= size), len(_UNITS) - 1)
        second = min(largest + 1, len(_UNITS) - 1)
        step = _UNITS[second][1]
        whole = (whole + step // 2) // step * step
        parts = []
        for name, size in _UNITS[: second + 1]:
            count, whole = divmod(whole, size)
            if count:
                parts.append(self._unit(count, name))
        return ("" if self.language == "zh" else " ").join(parts) or self._unit(0, "second")

    def _unit(self, count: int, name: str) -> str:
        if (count, name) not in self._units:
            # The short form: of the three it is the only one that CLDR has in Chinese for every unit.
            with localcontext(_ANY_SIZE):
                text = str(format_unit(count, name, "short", locale=self.locale))
            self._units[count, name] = text.replace(" ", "" if self.language == "zh" else "\N{NO-BREAK SPACE}")
        return self._units[count, name]

    def listing(self, items: list[str]) -> str:
        """Return words joined as a list: `a, b and c`."""
        return format_list(items, locale=self.locale)

    def plural(self, count: float) -> str:
        """Return the plural form a count takes (`one`, `other`)."""
        return self.locale.plural_form(count)


def _is_midnight(wall: datetime) -> bool:
    return (wall.hour, wall.minute, wall.second, wall.microsecond) == (0, 0, 0, 0)
