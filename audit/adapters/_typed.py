"""From text to typed facts: a frame of strings, one column a field, becomes a frame of a kind's schema; every cell that cannot be
read is a fault.

Every adapter that reads tables or records uses it, so that `bytes: -`, `complete: maybe` and a time in a skipped hour mean the same
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from audit.adapters import _time
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import INSTANT, SCHEMAS, WORDS

LATEST = frozenset({"available_at", "finished_at", "deleted_at", "expires_at"})
"""Times that take the latest reading of an ambiguous wall time; all others take the earliest. Either way nothing is claimed too
early: what a copy restores is taken as older, and when it is there as later, than it may be.
"""

MADE_HERE = frozenset({"ambiguous", "locator"})
"""Columns that adapters fill, not their input."""

_TRUE, _FALSE = ("true",), ("false",)
_LOOSE_TRUE, _LOOSE_FALSE = ("true", "yes", "1"), ("false", "no", "0")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Typed:
    """`frame`: rows that could be read, in the kind's schema. `faults`: one for each cell that could not. `unread`: the rows left
    out.
    """

    frame: pl.DataFrame
    faults: tuple[Fault, ...]
    unread: pl.DataFrame


def fields(kind: str) -> frozenset[str]:
    """Return the names of the fields that a record of a kind may carry."""
    return frozenset(SCHEMAS[kind]) - MADE_HERE


def typed(kind: str, raw: pl.DataFrame, envelope: Envelope, *, loose: bool = False) -> Typed:
    """Read a frame of String columns named as the kind's fields, with a column `locator`; columns of other names are ignored.

    An empty string is unknown, and so is the word `unknown` where a closed word, a number, a boolean or a time is expected. Source,
    repository and scope default to the envelope's. `loose`: `yes`, `no`, `1` and `0` are booleans too (CSV knows no booleans).
    """
    where = envelope.name or envelope.tool
    schema = SCHEMAS[kind]
    used = [name for name in schema if name in raw.columns and name not in MADE_HERE and raw[name].null_count() < raw.height]
    given = raw.select("locator", *(pl.col(name).cast(pl.String) for name in used))
    times = [name for name in used if schema[name] == INSTANT]
    coded = [name for name in used if schema[name] in (pl.Int64(), pl.Boolean())]
    words = [name for name in used if name in WORDS[kind]]
    texts = [name for name in used if name not in {*times, *coded, *words}]
    known = given.select("locator", *(_known(name) for name in (*times, *coded, *words)), *(_text(name) for name in texts))
    read = _time.read(known, times, envelope.timezone, LATEST)
    frame = known.with_columns(*(_code(name, schema[name], loose=loose) for name in coded), *read.instants.get_columns())
    unread = [_not_read(known[name], frame[name], schema[name]) for name in coded]
    reasons = [*unread, *given.select(_no_text(name) for name in texts).get_columns(), *read.reasons.get_columns()]
    faults, bad = _collect(where, given, [reason for reason in reasons if reason.null_count() < raw.height])
    frame = _complete(kind, frame, envelope, read.ambiguous)
    if bad is None:
        return Typed(frame, (), frame.clear())
    return Typed(frame.filter(~bad), tuple(faults), frame.filter(bad))


def _complete(kind: str, frame: pl.DataFrame, envelope: Envelope, ambiguous: pl.Series) -> pl.DataFrame:
    """Give the frame every column of its kind, in order; the envelope fills what the rows leave open."""
    defaults = {"source": envelope.source, "repository": envelope.repository, "scope": envelope.scope}

    def column(name: str, dtype: pl.DataType) -> pl.Expr:
        default = defaults.get(name)
        if name not in frame.columns:
            return pl.lit(default, dtype).alias(name) if default else _nothing(name, dtype)
        told = pl.col(name).cast(dtype)
        return told.fill_null(pl.lit(default)) if default else told

    schema = SCHEMAS[kind]
    if "ambiguous" in schema:
        frame = frame.with_columns(ambiguous)
    return frame.select(column(name, dtype) for name, dtype in schema.items())


@cache
def _nothing(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column in which nothing is known. Made once: a payload of few rows has many of them."""
    return pl.lit(None, dtype).alias(name)


def _known(name: str) -> pl.Expr:
    """Trim, and make empty text and the word `unknown` null."""
    stripped = pl.col(name).str.strip_chars()
    return pl.when(~stripped.str.to_lowercase().is_in(["", "unknown"])).then(stripped).alias(name)


def _text(name: str) -> pl.Expr:
    """Names and ids are taken as they are written; only nothing but blanks is unknown."""
    return pl.when(pl.col(name).str.strip_chars() != "").then(name).alias(name)


def _no_text(name: str) -> pl.Expr:
    return (
        pl.when(pl.col(name).str.contains("\0", literal=True)).then(pl.lit("contains a NUL character")).cast(pl.String).alias(name)
    )


def _code(name: str, dtype: pl.DataType, *, loose: bool) -> pl.Expr:
    text = pl.col(name)
    if dtype == pl.Int64():
        return pl.when(text.str.contains(r"^[+-]?[0-9]+$")).then(text).cast(pl.Int64, strict=False)
    true, false = (_LOOSE_TRUE, _LOOSE_FALSE) if loose else (_TRUE, _FALSE)
    lower = text.str.to_lowercase()
    return pl.when(lower.is_in(true)).then(True).when(lower.is_in(false)).then(False).alias(name)


def _not_read(text: pl.Series, value: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return why each cell of a column was not read."""
    if text.null_count() == value.null_count():
        return pl.repeat(None, text.len(), dtype=pl.String, eager=True).alias(text.name)
    what = "is not a whole number" if dtype == pl.Int64() else "is not true or false"
    told = pl.DataFrame({"text": text, "value": value})
    unread = pl.col("text").is_not_null() & pl.col("value").is_null()
    return told.select(pl.when(unread).then(pl.lit(what)).alias(text.name)).to_series()


def _collect(where: str, given: pl.DataFrame, reasons: Sequence[pl.Series]) -> tuple[list[Fault], pl.Series | None]:
    """Make a fault of every reason, and the mask of the rows that have one; None where there is no reason."""
    bad: pl.Series | None = None
    faults: list[Fault] = []
    for reason in reasons:
        mask = reason.is_not_null()
        bad = mask if bad is None else bad | mask
        faults.extend(
            _faults(where, reason.name, given["locator"].filter(mask), given[reason.name].filter(mask), reason.filter(mask))
        )
    return faults, bad


def _faults(where: str, key: str, locators: pl.Series, texts: pl.Series, reasons: pl.Series) -> Iterator[Fault]:
    for locator, text, reason in zip(locators, texts, reasons, strict=True):
        yield Fault(where, f"{shown(text)} {reason}", _REMEDIES.get(reason, ""), locator, key)


_REMEDIES = _time.REMEDIES | {
    "is not a whole number": "write bytes as digits only, such as 1048576; leave unknown numbers out",
    "is not true or false": "write true or false; leave it out where it is not known",
    "contains a NUL character": "the name was damaged on its way here: export it again",
}


def shown(text: object) -> str:
    """Quote a value for a message, shortened."""
    value = str(text)
    return repr(value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…")
