"""Dates as people write them in a programme: a day, a local time, or an instant with its zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from audit.model.terms import local, micros

_YEARS = range(1900, 2201)
_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")


@dataclass(frozen=True, slots=True)
class When:
    """A date as written. A bare day is its first instant, and a time without zone is local, in the zone that `at` is given."""

    text: str
    wall: datetime

    @classmethod
    def parse(cls, value: Any) -> When:
        """Read `2026-01-01`, `2026-01-01T08:00` or `2026-01-01T00:00:00Z`. Raises `ValueError` that says what was expected."""
        if isinstance(value, cls):
            return value
        wanted = "write a date such as 2026-01-31, or an instant such as 2026-01-31T08:00:00+08:00"
        if not isinstance(value, str) or not _SHAPE.fullmatch(value.strip()):
            raise ValueError(f"{value!r} is not a date; {wanted}")
        try:
            wall = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise ValueError(f"{value!r} is not a date ({error}); {wanted}") from None
        if wall.year not in _YEARS:
            raise ValueError(f"{value!r} is not a date this program can mean; years run from {_YEARS[0]} to {_YEARS[-1]}")
        return cls(value.strip(), wall)

    def at(self, zone: str) -> datetime:
        """Return the UTC instant; `zone` is the IANA name that a date without zone is of."""
        return self.wall.astimezone(UTC) if self.wall.tzinfo else local(self.wall, zone)

    def micros(self, zone: str) -> int:
        """Return the instant in microseconds since 1970."""
        return micros(self.at(zone))

    def __str__(self) -> str:
        return self.text


Date = Annotated[
    When,
    BeforeValidator(When.parse),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}", "examples": ["2026-01-31", "2026-01-31T08:00:00+08:00"]}),
]
