"""What holds for the facts of every adapter, checked in one place: schema, required fields, closed words, order of times, one id
told twice, chains.

A row that breaks a rule is left out and becomes a fault of level `error`; a row that is merely odd stays and becomes a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from typing import Any

import polars as pl

from audit.adapters import _chains, _twice
from audit.adapters._lost import ANYTHING, lost, without
from audit.adapters._typed import shown
from audit.errors import Fault
from audit.model.envelope import Envelope, time_text
from audit.model.facts import INSTANT, KEYS, SCHEMAS, WORDS, Facts

AHEAD = timedelta(days=1)
"""A payload that tells of times later than its own observation by more than this is a log from the future."""

WARNINGS_SHOWN = 20
"""Of one warning about many rows, so many are told row by row and the rest as one number."""

_Row = dict[str, Any]
_PLANNED = frozenset({"expires_at", "immutable_until"})
_ORDER: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "recovery_point": (
        (
            "captured_at",
            "available_at",
            "captured after it was available",
            "captured_at is the start of a backup, available_at its end",
        ),
        (
            "captured_at",
            "captured_until",
            "captured_until lies before captured_at",
            "they are the first and the last instant that can be restored",
        ),
    ),
    "run": (("started_at", "finished_at", "finished before it started", "check the clock and the time zone of the source"),),
    "listing": (
        (
            "covers_from",
            "covers_to",
            "covers_to lies before covers_from",
            "covers_from is the first instant in the log, covers_to the last",
        ),
    ),
}


def checked(facts: Facts, envelope: Envelope, *, cut: Sequence[Fault] = ()) -> Facts:
    """Return the facts that stand, with a fault for each row that does not. Raises `TypeError` when the adapter broke a schema.

    `cut`: what says that the payload does not hold all that its tool wrote; then no listing of it is complete.
    """
    where = envelope.name or envelope.tool
    frames: dict[str, pl.DataFrame] = {}
    faults = [*cut, *facts.faults]
    gone = [ANYTHING if cut else ANYTHING.clear()]
    for kind, frame in facts.by_kind().items():
        _assert_schema(kind, frame, envelope.tool)
        good, bad, found = _standing(kind, frame, where)
        gone.append(lost(bad, kind))
        good, doubled = _twice.resolved(kind, good, where)
        faults += [*found, *doubled, *_future(good, envelope, where)]
        frames[kind] = good
    faults += _chains.cycles(frames["recovery_point"], where)
    result = Facts(frames["recovery_point"], frames["run"], frames["listing"], tuple(faults))
    return without(_attributable(_dated(result, where), where), pl.concat(gone), where)


def _assert_schema(kind: str, frame: pl.DataFrame, tool: str) -> None:
    expected = SCHEMAS[kind]
    if dict(frame.schema) != expected or frame.columns != list(expected):
        raise TypeError(f"adapter {tool} returned a {kind} frame of another schema: {frame.schema}, expected {expected}")


def _standing(kind: str, frame: pl.DataFrame, where: str) -> tuple[pl.DataFrame, pl.DataFrame, list[Fault]]:
    """Split a frame into the rows that stand and those that do not, with the faults of the latter."""
    if frame.is_empty():
        return frame, frame, []
    rules = _rules(kind, frame.columns)
    broken = frame.select(mask.fill_null(value=False).any().alias(str(place)) for place, (mask, _, _) in enumerate(rules)).row(0)
    masks = frame.select(mask.fill_null(value=False).alias(str(place)) for place, (mask, _, _) in enumerate(rules) if broken[place])
    if not masks.width:
        return frame, frame.clear(), []
    faults = [
        Fault(where, *rules[int(mask.name)][2](row), str(row["locator"] or ""), rules[int(mask.name)][1])
        for mask in masks.get_columns()
        for row in frame.filter(mask).iter_rows(named=True)
    ]
    bad = masks.select(pl.any_horizontal(pl.all())).to_series()
    return frame.filter(~bad), frame.filter(bad), faults


def _rules(kind: str, columns: Collection[str]) -> list[tuple[pl.Expr, str, Callable[[_Row], tuple[str, str]]]]:
    """Return what no row of a kind may be: the mask of those that are, the key at fault, and what is wrong and what to do about it."""
    rules: list[tuple[pl.Expr, str, Callable[[_Row], tuple[str, str]]]] = []
    rules += [(pl.col(key).is_null(), key, partial(_missing, kind, key)) for key in KEYS[kind]]
    rules += [(~pl.col(key).is_in(words), key, partial(_word, kind, key, words)) for key, words in WORDS[kind].items()]
    rules += [
        (pl.col(first) > pl.col(last), last, partial(_order, first, last, what, remedy))
        for first, last, what, remedy in _ORDER[kind]
    ]
    if "bytes" in columns:
        rules.append((pl.col("bytes") < 0, "bytes", _negative))
    if kind == "listing":
        half = pl.col("covers_from").is_null() != pl.col("covers_to").is_null()
        rules.append((half, "covers_from", _half))
    return rules


def _negative(row: _Row) -> tuple[str, str]:
    return f"bytes is negative: {row['bytes']}", "leave it out where it is not known"


def _half(row: _Row) -> tuple[str, str]:  # noqa: ARG001 - the row does not matter
    return "covers_from and covers_to belong together: one of them is missing", "give both, or neither"


def _missing(kind: str, key: str, row: _Row) -> tuple[str, str]:  # noqa: ARG001 - the row does not matter
    if key == "source":
        remedy = "name the source: `source` in the row, or --source"
    elif key == "repository":
        remedy = "name the repository: `repository` in the row, or --repository"
    else:
        remedy = f"every {kind} needs {', '.join(KEYS[kind])}"
    return f"{key} is missing", remedy


def _word(kind: str, key: str, words: tuple[str, ...], row: _Row) -> tuple[str, str]:
    near = get_close_matches(str(row[key]).lower(), words, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    blank = "" if key in KEYS[kind] else ", or nothing where it is not known"
    return f"{shown(row[key])} is not a word for {key}", f"{hint}allowed: {', '.join(words)}{blank}"


def _order(first: str, last: str, what: str, remedy: str, row: _Row) -> tuple[str, str]:
    return f"{what}: {_at(row, first)}, {_at(row, last)}", remedy


def _at(row: _Row, key: str) -> str:
    return f"{key} {time_text(row[key])}"


def _future(frame: pl.DataFrame, envelope: Envelope, where: str) -> list[Fault]:
    """Warn of what happened, by its own account, more than a day after the payload was observed."""
    if envelope.observed_at is None or frame.is_empty():
        return []
    limit = envelope.observed_at + AHEAD
    columns = [name for name, dtype in frame.schema.items() if dtype == INSTANT and name not in _PLANNED]
    ahead = pl.lit(limit, INSTANT)
    late = frame.filter(pl.any_horizontal(pl.col(name) > ahead for name in columns))
    seen = time_text(envelope.observed_at)
    told = []
    for row in late.head(WARNINGS_SHOWN).iter_rows(named=True):
        key = next(name for name in columns if row[name] is not None and row[name] > limit)
        what = f"a log from the future: {_at(row, key)} is later than the observation of the payload at {seen}"
        told.append(
            Fault(where, what, "check the clock and the time zone of the source", str(row["locator"] or ""), key, level="warning")
        )
    if late.height > WARNINGS_SHOWN:
        rest = late.height - WARNINGS_SHOWN
        what = f"a log from the future: {rest} more rows are later than the observation of the payload at {seen}"
        told.append(Fault(where, what, "check the clock and the time zone of the source", level="warning"))
    return told


def _dated(facts: Facts, where: str) -> Facts:
    """A complete listing needs its instant: without one it is incomplete."""
    undated = facts.listings.filter(pl.col("complete") & pl.col("listed_at").is_null())
    if undated.is_empty():
        return facts
    told = [
        Fault(
            where,
            f"the listing of {shown(repository)} says that it is complete, but not when: it is taken as incomplete",
            "say when it was made: `listed_at` in the row, or --observed-at",
            locator or "",
            "listed_at",
            level="warning",
        )
        for repository, locator in undated.select("repository", "locator").iter_rows()
    ]
    listings = facts.listings.with_columns(complete=pl.col("complete") & pl.col("listed_at").is_not_null())
    return replace(facts, listings=listings, faults=(*facts.faults, *told))


def _attributable(facts: Facts, where: str) -> Facts:
    """A payload says of its points which repository they are in, not which listing had them: several listings of one repository in it cannot be told
    apart, and what each held is not known. They are not used; the points stay, as points that some catalog listed at some time."""
    if facts.listings.height < 2:
        return facts
    place = ["source", "repository"]
    log_only = pl.col("covers_from").is_not_null() & pl.col("listed_at").is_null() & ~pl.col("complete")
    stated = facts.listings.filter(~log_only)
    several = stated.select(*place, "scope", "listed_at").unique().group_by(place).len().filter(pl.col("len") > 1)
    several = several.join(
        facts.points.select(place).unique(), on=place, how="semi"
    )  # without points all of them say the same: nothing
    if several.is_empty():
        return facts
    taken = stated.join(several, on=place, how="semi").select(*place, "locator")
    places = taken.group_by(place, maintain_order=True).agg("locator")
    told = [
        Fault(
            where,
            f"holds several listings of {shown(repository)} ({', '.join(lines[:5])}), and does not tell which points each of them has: they are not used",
            "write one file for each listing",
            lines[0],
            "listed_at",
        )
        for repository, lines in places.select("repository", "locator").iter_rows()
    ]
    hit = pl.struct(*place, "locator").is_in(taken.select(pl.struct(*place, "locator")).to_series().implode())
    listings = facts.listings.with_columns(
        listed_at=pl.when(~hit).then("listed_at"), complete=pl.col("complete") & ~hit
    ).filter(~hit | pl.col("covers_from").is_not_null())  # fmt: skip
    return replace(facts, listings=listings, faults=(*facts.faults, *told))
