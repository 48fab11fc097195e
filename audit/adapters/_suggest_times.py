"""Which formats of `_formats` read the times of a table: found by trying them. Where the values allow two orders of day, month and year, all are returned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

import polars as pl

from audit.adapters import _formats

DISTINCT = 20_000
"""So many different texts are tried at the most."""
_TURNS = 60
"""A table that writes its times in more ways than this is not understood."""

_ORDERS = ("%Y{0}%m{0}%d", "%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d")
_DATES = (
    *(order.format(sign) for sign in ("-", "/", ".") for order in _ORDERS),
    "%Y%m%d", "%Y年%m月%d日", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%b %d %Y", "%B %d, %Y", "%d %B %Y", "%d. %B %Y",
    "%a %b %d %Y", "%a, %d %b %Y",
)  # fmt: skip
_CLOCKS = (
    "%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%H:%M:%S,%f", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p", "%p %I:%M:%S", "%p %I:%M", "%p%I:%M:%S", "%p%I:%M",
    "%H.%M.%S", "%H时%M分%S秒", "%H时%M分",
    "%H%M%S", "%H%M",
)  # fmt: skip
_BETWEEN = (" ", "T", ", ", "  ", "")
_PLAUSIBLE = {
    _formats.SECONDS: r"^(?:[6-9]|[1-3][0-9])[0-9]{8}(?:\.[0-9]+)?$",
    _formats.MILLISECONDS: r"^(?:[6-9]|[1-3][0-9])[0-9]{11}(?:\.[0-9]+)?$",
}
"""Counted times of 1989 to 2096: other numbers of so many digits are rather something else."""


@dataclass(slots=True)
class Times:
    """`formats`: what reads the texts, in order. `undecided`: formats of which only a person knows which is meant, with a text that both read.
    `unread`: texts that nothing reads. `early`: texts of instants before 1970, which stand for no time."""

    formats: list[str] = field(default_factory=list)
    undecided: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    settled_by: dict[str, str] = field(default_factory=dict)
    """Of a format of which others have the same shape, a text that only it reads."""

    @property
    def all(self) -> list[str]:
        """All formats, those that contradict each other too."""
        return [*self.formats, *(one for several, _ in self.undecided for one in several)]


@lru_cache(maxsize=1)
def _candidates() -> tuple[tuple[str, re.Pattern[str]], ...]:
    formats = [*_DATES]
    for date, clock, between in product(_DATES, _CLOCKS, _BETWEEN):
        if between == "" and not date.endswith(("日", "%d")):
            continue
        if (between == "T" and "%Y" not in date[:3]) or (clock.startswith("%H%M") and date != "%Y%m%d"):
            continue
        formats += [f"{date}{between}{clock}", *(f"{date}{between}{clock}{gap}%z" for gap in ("", " ") if "%p" not in clock)]
    formats += ["%Y%m%d%H%M%S", "%Y%m%d%H%M", "%a %b %d %H:%M:%S %Y"]
    return tuple((one, re.compile(_formats._pattern(_formats._pieces(one)))) for one in formats if _formats.wrong(one) is None)


def shape(format_: str) -> str:
    """Return what formats have in common that differ in the order of day, month and year only."""
    return format_ if re.search("%[bB]", format_) else re.sub("%[demy]", "%?", format_)


def found(texts: Iterable[str]) -> Times:
    """Find the formats of texts, each of which is a time or stands for none."""
    left = pl.Series("text", list(dict.fromkeys(texts))[:DISTINCT], dtype=pl.String)
    times = Times()
    for word in (_formats.RFC3339, _formats.SECONDS, _formats.MILLISECONDS):
        told = left if word not in _PLAUSIBLE else left.filter(left.str.contains(_PLAUSIBLE[word]))
        left = _take(times, told, word, left)
    for _ in range(_TURNS):
        if left.is_empty():
            break
        left = _turn(times, left)
    times.unread += left.to_list()
    # Each of two orders has a text that only it reads: one of the texts is wrong, or two writers wrote the table.
    while both := _formats.contradicting(tuple(times.formats)):
        times.formats = [one for one in times.formats if one not in both]
        times.undecided.append((both, times.settled_by.get(both[1], "")))
    return times


def _take(times: Times, texts: pl.Series, format_: str, left: pl.Series) -> pl.Series:
    """Note a format where it reads some texts, and return those that are left."""
    read = _formats.normal(texts, (format_,), day_end=False)
    taken = texts.filter(read.is_not_null())
    if taken.is_empty():
        return left
    times.formats.append(format_)
    _early(times, taken, read.drop_nulls())
    return left.filter(~left.is_in(taken.implode()))


def _early(times: Times, texts: pl.Series, read: pl.Series) -> None:
    times.early += texts.filter(read.str.slice(0, 4) < "1970").to_list()


def _turn(times: Times, left: pl.Series) -> pl.Series:
    """Find what reads the first text that is left, and return the texts that it does not read."""
    sample = left[0]
    reads: dict[str, pl.Series] = {}
    for one, pattern in _candidates():
        if pattern.match(sample):
            reads[one] = _formats.normal(left, (one,), day_end=False)
    # What only looks like the format, such as 25 for a month, still says that another one of its shape is meant.
    good = {one: read for one, read in reads.items() if read[0] is not None}
    if not good:
        times.unread.append(sample)
        return left[1:]
    most = {one: read.len() - read.null_count() for one, read in good.items()}
    best = max(most, key=lambda one: most[one])
    rivals = [one for one in good if shape(one) == shape(best)]
    equal = [one for one in rivals if most[one] == most[best]]
    taken = left.filter(good[best].is_not_null())
    if len(equal) > 1:
        different = next(
            (text for text, *told in zip(left, *(good[one] for one in equal), strict=True) if len({*told} - {None}) > 1), sample
        )
        times.undecided.append((tuple(equal), different))
    else:
        times.formats.append(best)
        others = [one for one in reads if one != best and shape(one) == shape(best)]
        if others:
            only = next(
                (
                    text
                    for text, mine, *theirs in zip(left, good[best], *(reads[one] for one in others), strict=True)
                    if mine is not None and None in theirs
                ),
                "",
            )
            times.settled_by[best] = only
    _early(times, taken, good[best].drop_nulls())
    return left.filter(good[best].is_null())


def looks_like(texts: Sequence[str]) -> bool:
    """Whether nearly all of some texts are times."""
    some = [one for one in texts if 6 <= len(one) <= 60 and re.search(r"[0-9].*[0-9]", one)][:12]
    if len(some) < 0.7 * min(len(texts), 12):
        return False
    times = found(some)
    return len(times.unread) <= 0.2 * len(some)
