"""Times as tables write them: declared formats, tried in order, into the RFC 3339 text that `_time` reads; whole columns at once.

A format is made of strptime's directives, or is one of the words `rfc3339`, `epoch-seconds`, `epoch-milliseconds`. It is read strictly: the whole
text, four digits for %Y, two where directives touch (`%Y%m%d`). A format without offset gives a naive time, which `_time` resolves in the
source's zone and marks where that is ambiguous.
"""

from __future__ import annotations

import re
from datetime import timedelta

import polars as pl

from audit.adapters import _time
from audit.model.facts import INSTANT

RFC3339, SECONDS, MILLISECONDS = "rfc3339", "epoch-seconds", "epoch-milliseconds"
WORDS = (RFC3339, SECONDS, MILLISECONDS)

_ONE_OR_TWO = "[0-9]{1,2}"
_DIRECTIVES = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "m": _ONE_OR_TWO,
    "d": _ONE_OR_TWO,
    "e": " ?[0-9]{1,2}",
    "H": _ONE_OR_TWO,
    "I": _ONE_OR_TWO,
    "M": _ONE_OR_TWO,
    "S": _ONE_OR_TWO,
    "f": "[0-9]{1,9}",
    "p": "(?:[AaPp][Mm]|上午|下午)",
    "b": "[A-Za-z]{3}",
    "B": "[A-Za-z]+",
    "a": "[A-Za-z]{3}",
    "A": "[A-Za-z]+",
    "z": "[+-][0-9]{2}:?[0-9]{2}",
}
_WHOLE = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M"}
_SPLIT = re.compile(r"%(.)|([^%]+)", re.DOTALL)
_SECONDS_UP_TO = "[0-9]{1,11}"
_MILLISECONDS_FROM = "[0-9]{12,14}"
"""Seconds have at most 11 digits (until the year 5138), milliseconds at least 12 (since March 1973): none is taken for the other."""


def _pieces(format_: str) -> list[tuple[str, str]]:
    """Split a format into (directive, "") and ("", literal text). A lone % becomes the directive "%"."""
    for short, long in _WHOLE.items():
        format_ = format_.replace(short, long)
    found = [(match[1] or "", match[2] or "") for match in _SPLIT.finditer(format_)]
    return found if sum(2 if directive else len(text) for directive, text in found) == len(format_) else [*found, ("%", "")]


def _directives(format_: str) -> set[str]:
    return {directive for directive, _ in _pieces(format_) if directive}


def is_day(format_: str) -> bool:
    """Return whether a format tells a day and no time of it."""
    return format_ not in WORDS and not _directives(format_) & {"H", "I"}


def is_naive(format_: str) -> bool:
    """Return whether a format is of local times only. RFC 3339 may go with an offset or without."""
    return format_ not in WORDS and "z" not in _directives(format_)


def wrong(format_: str) -> tuple[str, str] | None:
    """Say what is wrong with a format and what to do, or return `None`."""
    if format_ in WORDS:
        return None
    if "%" not in format_:
        return f"`{format_}` is no format of times", f"write it as %Y-%m-%d %H:%M:%S, or one of: {', '.join(WORDS)}"
    used = [directive for directive, _ in _pieces(format_) if directive]
    if strange := [directive for directive in used if directive not in _DIRECTIVES]:
        if strange[0] == "Z":
            return (
                f"%Z in `{format_}`: names of zones mean different things in different places",
                "give the source's `timezone`, or use %z for offsets",
            )
        return (
            f"%{strange[0]} in `{format_}` is not known",
            f"known are {', '.join('%' + one for one in _DIRECTIVES)}, %F, %T and %R",
        )
    if twice := [one for one in used if used.count(one) > 1]:
        return f"%{twice[0]} stands twice in `{format_}`", "write each once"
    given = set(used)
    if not (given & {"Y", "y"} and given & {"m", "b", "B"} and given & {"d", "e"}):
        return f"`{format_}` does not tell year, month and day", "join the columns of date and time: [date, time]"
    if ("I" in given and "p" not in given) or ("p" in given and "I" not in given):
        return f"`{format_}`: %I (hours to 12) and %p (AM or PM) belong together", "use %H for hours to 23"
    if (given & {"H", "I"} and "M" not in given) or ("M" in given and not given & {"H", "I"}):
        return f"`{format_}`: hours and minutes belong together", "write both, or neither"
    if ("S" in given and "M" not in given) or ("f" in given and not re.search(r"%S[.,]%f", format_.replace("%T", "%S"))):
        return f"`{format_}`: seconds follow minutes, and fractions (%f) seconds", "write %H:%M:%S, or %H:%M:%S.%f"
    return None


def contradicting(formats: tuple[str, ...]) -> tuple[str, str] | None:
    """Return two formats that differ only in the order of day, month and year: which of them is meant would be a guess."""
    shapes: dict[str, str] = {}
    for one in formats:
        order = "".join(
            "%?" if directive in ("d", "e", "m", "y") else f"%{directive}" if directive else text
            for directive, text in _pieces(one)
        )
        if order in shapes and shapes[order] != one:
            return shapes[order], one
        shapes[order] = one
    return None


def normal(texts: pl.Series, formats: tuple[str, ...], *, day_end: bool) -> pl.Series:
    """Return a String column as RFC 3339 text, null where no format reads it. Null stays null.

    `day_end`: a day without a time is told by its end (the next midnight), not by its beginning.
    """
    left, parts = texts.alias("text"), []
    for one in formats:
        read = _read(left, one, day_end=day_end)
        parts.append(read)
        left = left.set(read.is_not_null(), None)
        if left.null_count() == left.len():
            break
    return pl.select(pl.coalesce(parts)).to_series().alias(texts.name) if parts else texts.clear(texts.len())


def _read(texts: pl.Series, format_: str, *, day_end: bool) -> pl.Series:
    if format_ == RFC3339:
        return texts.set(~texts.str.contains(_time.ANY), None)
    if format_ in (SECONDS, MILLISECONDS):
        return _epoch(texts, format_)
    return _written(texts, format_, day_end=day_end)


def _epoch(texts: pl.Series, format_: str) -> pl.Series:
    pattern = rf"^{_SECONDS_UP_TO}(?:\.[0-9]+)?$" if format_ == SECONDS else rf"^{_MILLISECONDS_FROM}(?:\.[0-9]+)?$"
    whole = texts.set(~texts.str.contains(pattern), None).to_frame("text")
    digits, rest = pl.col("text").str.extract(r"^([0-9]+)").cast(pl.Int64), pl.col("text").str.extract(r"\.([0-9]{1,6})")
    unit = 1_000_000 if format_ == SECONDS else 1_000
    # Fractions of a second are cut to microseconds, as everywhere; fractions of a millisecond say nothing.
    fraction = rest.str.pad_end(6, "0").cast(pl.Int64).fill_null(0) if format_ == SECONDS else 0
    # Zero is what tools write for "no time".
    at = pl.when(digits > 0).then((digits * unit + fraction).cast(INSTANT))
    return whole.select(at.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).to_series()


def _written(texts: pl.Series, format_: str, *, day_end: bool) -> pl.Series:
    pieces = _pieces(format_)
    matching = texts.set(~texts.str.contains(_pattern(pieces)), None)
    used = {directive for directive, _ in pieces}
    if "f" in used:
        matching = matching.str.replace(r"([0-9]),([0-9])", "$1.$2")
    if "p" in used:
        matching = matching.str.replace("上午", "AM", literal=True).str.replace("下午", "PM", literal=True)
    told = re.sub(r"%S[.,]%f", "%S%.f", "".join(f"%{directive}" if directive else text for directive, text in pieces))
    if "z" in used:
        at = matching.str.strptime(INSTANT, told, strict=False)
        return at.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    wall = matching.str.strptime(pl.Datetime("us"), told, strict=False)
    if is_day(format_) and day_end:
        wall = wall + timedelta(days=1)
    return wall.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")


def _pattern(pieces: list[tuple[str, str]]) -> str:
    """Return the pattern of the texts that a format reads: where numbers touch, each has all its digits."""
    made = "^"
    for place, (directive, text) in enumerate(pieces):
        if text:
            made += re.escape(text).replace(r"\ ", " ")
            continue
        beside = [pieces[other][0] for other in (place - 1, place + 1) if 0 <= other < len(pieces)]
        touching = any(one and one not in ("p", "b", "B", "a", "A", "z") for one in beside)
        made += "[0-9]{2}" if touching and _DIRECTIVES[directive] == _ONE_OR_TWO else _DIRECTIVES[directive]
    return made + "$"
