"""From text to typed facts: a frame of strings, one column a field, becomes a frame of a kind's schema; every cell that cannot be
read is a fault.

Every adapter that reads tables or records uses it, so that `bytes: -`, `complete: maybe` and a time in a skipped hour mean the same
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
    given = {name: raw[name].cast(pl.String) for name in used}
    read: dict[str, pl.Series] = {}
    reasons: dict[str, pl.Series] = {}
    twice = pl.Series("ambiguous", [False], dtype=pl.Boolean).new_from_index(0, raw.height)
    for name, text in given.items():
        dtype = schema[name]
        if dtype == INSTANT:
            times = _time.read(_known(text), envelope.timezone, latest=name in LATEST)
            read[name], reasons[name] = times.instants, times.reason
            twice = twice | times.ambiguous
        elif dtype == pl.Int64():
            read[name], reasons[name] = _integers(_known(text))
        elif dtype == pl.Boolean():
            read[name], reasons[name] = _booleans(_known(text), loose=loose)
        elif name in WORDS[kind]:
            read[name] = _known(text)
        else:
            read[name], reasons[name] = _texts(text)
    frame = pl.DataFrame(read).with_columns(locator=raw["locator"]) if read else raw.select("locator")
    frame = _complete(kind, frame, envelope, twice)
    faults, bad = _collect(where, frame["locator"], given, reasons)
    return Typed(frame.filter(~bad), tuple(faults), frame.filter(bad))


def _complete(kind: str, frame: pl.DataFrame, envelope: Envelope, twice: pl.Series) -> pl.DataFrame:
    """Give the frame every column of its kind, in order; the envelope fills what the rows leave open."""
    schema = SCHEMAS[kind]
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in frame.columns]
    frame = frame.with_columns(missing)
    if "ambiguous" in schema:
        frame = frame.with_columns(twice.alias("ambiguous"))
    defaults = {
        name: value
        for name, value in (("source", envelope.source), ("repository", envelope.repository), ("scope", envelope.scope))
        if value
    }
    return frame.with_columns(pl.col(name).fill_null(value) for name, value in defaults.items() if name in schema).select(
        pl.col(name).cast(dtype) for name, dtype in schema.items()
    )


def _known(text: pl.Series) -> pl.Series:
    """Trim, and make empty text and the word `unknown` null."""
    stripped = text.str.strip_chars()
    return stripped.set(stripped.str.to_lowercase().is_in(["", "unknown"]), None) if stripped.len() else stripped


def _texts(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Names and ids are taken as they are written; only nothing but blanks is unknown."""
    value = text.set(text.str.strip_chars() == "", None) if text.len() else text
    reason = text.to_frame("v").select(
        pl.when(pl.col("v").str.contains("\0", literal=True)).then(pl.lit("contains a NUL character"))
    )["literal"]
    return value, reason.cast(pl.String)


def _integers(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    digits = text.str.contains(r"^[+-]?[0-9]+$")
    value = text.set(~digits, None).cast(pl.Int64, strict=False)
    return value, _reason(text, value, "is not a whole number")


def _booleans(text: pl.Series, *, loose: bool) -> tuple[pl.Series, pl.Series]:
    lower = text.str.to_lowercase()
    true, false = (_LOOSE_TRUE, _LOOSE_FALSE) if loose else (_TRUE, _FALSE)
    frame = lower.to_frame("v").select(value=pl.when(pl.col("v").is_in(true)).then(True).when(pl.col("v").is_in(false)).then(False))
    return frame["value"], _reason(text, frame["value"], "is not true or false")


def _reason(text: pl.Series, value: pl.Series, what: str) -> pl.Series:
    unread = text.is_not_null() & value.is_null()
    return pl.DataFrame({"unread": unread}).select(reason=pl.when("unread").then(pl.lit(what)))["reason"]


def _collect(
    where: str, locators: pl.Series, given: dict[str, pl.Series], reasons: dict[str, pl.Series]
) -> tuple[list[Fault], pl.Series]:
    """Make a fault of every reason, and the mask of the rows that have one."""
    bad = pl.Series("bad", [False], dtype=pl.Boolean).new_from_index(0, locators.len())
    faults: list[Fault] = []
    for name, reason in reasons.items():
        mask = reason.is_not_null()
        if mask.any():
            bad = bad | mask
            faults.extend(_faults(where, name, locators.filter(mask), given[name].filter(mask), reason.filter(mask)))
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
