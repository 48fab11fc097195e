"""Comparing promises: is one weaker than another? Each objective says so of itself, in `weaker_than`.

Calendar terms have no one length (3 months are 89 to 92 days): where which of two terms is longer depends on the date, nobody can say that a promise is weaker, nor
that it is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import BaseModel

from audit.model.terms import Term

_STARTS = tuple(datetime(year, month, 1, 12, tzinfo=UTC) for year in range(2025, 2029) for month in range(1, 13))
"""Terms are compared from the first day of each month of four years."""


SHORT = {"target", "for", "attested", "reviewed", "trained", "assessed", "signed"}
"""Fields that an objective may be written as alone: `rpo: 15m`."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One thing in which a promise is weaker. what: the objective, and within it the field, as programmes write them (`copies.max_age`); stated, least: values as written
    (stated null: there is none); surely: false where it depends on the date, or cannot be told."""

    what: str
    stated: str | None
    least: str
    surely: bool = True


def shorter(one: Sequence[Term], other: Sequence[Term], zone: str) -> bool | None:
    """Say whether terms, added one after the other, are shorter than others: always, never, or (null) depending on the date."""
    return _shorter(
        tuple((term.months, term.microseconds) for term in one), tuple((term.months, term.microseconds) for term in other), zone
    )


@cache
def _shorter(one: tuple[tuple[int, int], ...], other: tuple[tuple[int, int], ...], zone: str) -> bool | None:
    found = {_end(one, start, zone) < _end(other, start, zone) for start in _STARTS}
    return found.pop() if len(found) == 1 else None


def _end(terms: tuple[tuple[int, int], ...], start: datetime, zone: str) -> datetime:
    for months, microseconds in terms:
        start = Term(months, microseconds).after(start, zone)
    return start


def weaker(what: str, stated: Any, least: Any, answer: bool | None) -> Iterator[Shortfall]:
    """Yield a shortfall when the answer is yes, or (null) nobody can say."""
    if answer is not False:
        yield Shortfall(what, written(stated), written(least), surely=answer is True)


def narrower(names: Sequence[str], least: Sequence[str]) -> bool:
    """Say whether some names are fewer than others; no names are all of them."""
    return bool(names) and (not least or not set(least) <= set(names))


def written(value: Any) -> str:
    """Return a value as a programme writes it on one line."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        # What has a short form is written in it.
        if isinstance(value, dict) and not value.keys() - SHORT:
            value = next(iter(value.values()), True)
    match value:
        case None:
            return "any"
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{key}: {written(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple() | set() | frozenset():
            return "[" + ", ".join(written(inner) for inner in (value if isinstance(value, list | tuple) else sorted(value))) + "]"
        case _:
            return str(value)


def shortfalls(stated: Mapping[str, Any], least: Mapping[str, Any], zone: str) -> list[Shortfall]:
    """Return in what the objectives of a policy are weaker than the weakest allowed. zone: the policy's.

    An objective that cannot compare itself is not known to be weaker when it is another one than asked.
    """
    found: list[Shortfall] = []
    for key, asked in least.items():
        if key not in stated:
            found.append(Shortfall(key, None, written(asked)))
        elif hasattr(stated[key], "weaker_than"):
            lacking = stated[key].weaker_than(asked, zone)
            found += [replace(one, what=f"{key}.{one.what}" if one.what else key) for one in lacking]
        elif stated[key] != asked:
            found.append(Shortfall(key, written(stated[key]), written(asked), surely=False))
    return found
