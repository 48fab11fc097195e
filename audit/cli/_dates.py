"""Dates and periods on the command line: bare dates are days of the programme's zone, everything else is RFC 3339; `to` is
exclusive.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from audit.errors import UsageError
from audit.model.terms import local

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})?")


def parse_instant(text: str, zone: str) -> datetime:
    """Return the UTC instant of `2026-01-01` (the day's first instant in `zone`) or of an RFC 3339 instant.

    Raises `UsageError` for anything else; for a time without zone it says so.
    """
    text = text.strip()
    try:
        if _DATE.fullmatch(text):
            return local(datetime.combine(date.fromisoformat(text), datetime.min.time()), zone)
        if _INSTANT.fullmatch(text):
            found = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
            if found.tzinfo is None:
                raise UsageError(
                    f"{text!r} has no time zone; add Z or an offset such as +08:00, or write the date alone for a day in {zone}"
                )
            return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is not a date that exists: {error}") from error
    raise UsageError(f"{text!r} is neither a date (2026-01-01) nor an instant with its zone (2026-01-01T00:00:00+08:00)")


def parse_period(since: str | None, until: str | None, year: int | None, zone: str) -> tuple[datetime, datetime]:
    """Return the period [since, until) in UTC of `--from` and `--to`, or of the calendar year `--year` in `zone`."""
    if year is not None:
        if since is not None or until is not None:
            raise UsageError("give --year, or --from and --to, not both")
        if not 1971 <= year <= 2098:
            raise UsageError(f"--year {year} is outside of 1971 to 2098")
        return parse_instant(f"{year}-01-01", zone), parse_instant(f"{year + 1}-01-01", zone)
    if since is None or until is None:
        raise UsageError("give the period: --from and --to (to is exclusive), or --year")
    begin, end = parse_instant(since, zone), parse_instant(until, zone)
    if begin >= end:
        raise UsageError(f"the period is empty: it begins at {since} and ends before {until} (--to is exclusive)")
    return begin, end
