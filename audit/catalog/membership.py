"""Membership: which rows a complete listing adds to the catalog. Pure functions on frames; no table, no file.

A *chain* is the series of the complete listings of one source, repository and scope. The *state* of a chain at one of its
listings is the set of points it shows, each with its content (or contents, when a listing names a point twice, or two listings
of one instant disagree). Rows stand only where the state of a point differs from the one at the listing before, so a listing
that changes nothing adds none:

- to read the state of a point at a listing, take its rows at the latest instant up to that listing: the present ones among them
  are its contents; if none is present, the point is absent;
- a listing that arrives late, between two known ones, writes the same rows, and *re-asserts* at the next known listing every
  point whose state there would otherwise change through them. These rows carry the late listing's entry: who reads only what
  was known before it sees neither.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from audit.catalog.schemas import POINT_CONTENT, POINT_ROW, where

STATE = ("id", *POINT_CONTENT, "locator", "shown_entry")
"""Columns of a state: one row a point and content. `shown_entry` and `locator` name evidence that shows it."""
_NOTHING = {name: pl.lit(None, dtype=kind).alias(name) for name, kind in POINT_ROW.items()}
"""Columns in which nothing is known. Made once: every listing has many of them."""


@dataclass(frozen=True, slots=True)
class Change:
    """All rows, before and after, of the points whose state differs between two states."""

    before: pl.DataFrame
    after: pl.DataFrame

    def ids(self) -> pl.Series:
        """Return the ids of these points."""
        return pl.concat([self.before["id"], self.after["id"]]).unique()


def distinct(state: pl.DataFrame) -> pl.DataFrame:
    """Return a state without the rows that say the same of the same point twice."""
    if state["id"].n_unique() == state.height:
        return state
    return state.unique(["id", *_content(state)], keep="first", maintain_order=True)


def change(before: pl.DataFrame, after: pl.DataFrame) -> Change:
    """Compare two distinct states, column by column and exactly."""
    if before.is_empty() or after.is_empty():
        return Change(before, after)
    kept, differs = _paired(before, after) or _paired_by_content(before, after)
    return Change(before.filter(~kept), after.filter(differs))


def _content(state: pl.DataFrame) -> list[str]:
    """Return the columns of content that were read; those without any value need not be."""
    return [name for name in POINT_CONTENT if name in state.columns]


def _paired(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.Series, pl.Series] | None:
    """Pair rows by id; say which rows of `before` stay the same and which of `after` differ. None when a row pairs with several."""
    pairs = after.select("id").join(before.select("id").with_row_index("row"), on="id", how="left", maintain_order="left")
    row = pairs["row"]
    if pairs.height != after.height or _marked(before.height, row).sum() != len(row) - row.null_count():
        return None
    told = [
        name for name in _content(before) if before[name].null_count() < before.height or after[name].null_count() < after.height
    ]
    # In one expression: each column of the old state is put in order, compared and let go.
    other = (pl.col(name).ne_missing(pl.lit(before[name]).gather(pl.lit(row))) for name in told)
    differs = after.select(differs=pl.any_horizontal(pl.lit(row).is_null(), *other)).to_series()
    return _marked(before.height, row.filter(~differs)), differs


def _marked(height: int, rows: pl.Series) -> pl.Series:
    """Return a mask of some rows."""
    return pl.repeat(False, height, dtype=pl.Boolean, eager=True).scatter(rows.drop_nulls(), True)


def _paired_by_content(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """The same where a point has several contents: one that differs makes all contents of the point differ."""
    on = ["id", *_content(before)]
    only_before = before.join(after, on=on, how="anti", nulls_equal=True)["id"]
    only_after = after.join(before, on=on, how="anti", nulls_equal=True)["id"]
    ids = pl.concat([only_before, only_after]).unique().implode()
    return ~before["id"].is_in(ids), after["id"].is_in(ids)


class Chain:
    """One chain while a batch is applied: knows its listings and states, and says which rows the next listing adds.

    `rows`: the chain's rows in the catalog (POINT_ROW). `listings`: the entries of its known complete listings, by their
    instant. `sha256_of`: the hash of an entry's evidence, asked only where listings of one instant disagree.
    """

    def __init__(
        self,
        key: tuple[str, str, str | None],
        rows: pl.DataFrame,
        listings: Mapping[datetime, list[int]],
        sha256_of: Callable[[int], str],
    ) -> None:
        self._key = key
        self._stored = rows
        self._listings = {at: list(entries) for at, entries in listings.items()}
        self._instants = sorted(self._listings)
        self._sha256_of = sha256_of
        self._made: dict[datetime, pl.DataFrame] = {}  # states of the listings of this batch
        self._read: tuple[datetime, pl.DataFrame] | None = None  # the last state taken from the rows
        self._standing: dict[datetime, list[pl.DataFrame]] = {}  # of each instant that was asked for, the points that have rows

    def know(self, at: datetime, entry: int) -> None:
        """Note a listing whose rows are in the catalog already."""
        if at not in self._listings:
            self._instants.insert(bisect_left(self._instants, at), at)
        self._listings.setdefault(at, []).append(entry)

    def add(self, at: datetime, entry: int, members: pl.DataFrame, *, last: bool = False) -> list[pl.LazyFrame]:
        """Apply one complete listing (`members`: the RECOVERY_POINT rows it shows) and return the rows it adds.

        `last`: no listing of the chain follows in this batch, so its state need not be kept.
        """
        members = distinct(members.with_columns(shown_entry=pl.lit(entry, pl.Int64)).select(STATE))
        place, known = bisect_left(self._instants, at), at in self._listings
        following = self._instants[place + known :]
        later = following[0] if following else None
        if known:
            held = self._state(at)
            state, rows = self._joined(at, entry, held, members)
            changed = change(held, state)
        else:
            held = self._state(self._instants[place - 1]) if place else members.clear()
            changed = change(held, members)
            rows = [self._present(changed.after, at, entry), self._absent(changed.before, changed.after, at, entry, entry)]
            state = members
            if not last:
                # A point that did not change keeps the evidence that its row names: what is told does not depend on batches.
                unchanged = held.join(changed.before, on="id", how="anti", maintain_order="left")
                state = pl.concat([unchanged, changed.after])
        if later is not None:
            rows += self._re_asserted(changed, later, entry)
        self.know(at, entry)
        if not last:
            self._made[at] = state
        return [part for part in rows if part is not None]

    def _joined(
        self, at: datetime, entry: int, held: pl.DataFrame, members: pl.DataFrame
    ) -> tuple[pl.DataFrame, list[pl.LazyFrame | None]]:
        """Apply one more complete listing of an instant: the union holds.

        Where they disagree on a point, rows name the listing that tells them.
        """
        disputed = change(held, members)
        told = self._at(at).filter(pl.col("told_entry").is_not_null())["id"].unique()
        first = min(self._listings[at], key=self._sha256_of)
        shown = members.filter(pl.col("id").is_in(pl.concat([disputed.ids(), told]).implode()))
        rows = [
            self._present(disputed.before.filter(~pl.col("id").is_in(told.implode())), at, entry, told_entry=first),
            self._present(shown, at, entry, told_entry=entry),
        ]
        return distinct(pl.concat([held, disputed.after])), rows

    def _re_asserted(self, changed: Change, later: datetime, entry: int) -> list[pl.LazyFrame | None]:
        """Rows at the next known listing, for the points that have none there and whose state the rows before it would change."""
        explicit = self._at(later)["id"].unique().implode()
        before, after = (state.filter(~pl.col("id").is_in(explicit)) for state in (changed.before, changed.after))
        lacking = min(self._listings[later])
        return [self._present(before, later, entry), self._absent(after, before, later, entry, lacking)]

    def _state(self, at: datetime) -> pl.DataFrame:
        """Return the state at a known listing. Rows that this batch adds at other instants do not change it."""
        if at in self._made:
            return self._made[at]
        if self._read is None or self._read[0] != at:
            state = state_at(self._stored, at)
            self._read = at, state.select(name for name in STATE if name in state.columns)
        return self._read[1]

    def _at(self, at: datetime) -> pl.DataFrame:
        """Return the points (`id`, `told_entry`) that have rows at one instant."""
        if at not in self._standing:
            self._standing[at] = [self._stored.filter(pl.col("listed_at") == at).select("id", "told_entry")]
        if len(self._standing[at]) > 1:
            self._standing[at] = [pl.concat(self._standing[at])]
        return self._standing[at][0]

    def _present(self, state: pl.DataFrame, at: datetime, entry: int, told_entry: int | None = None) -> pl.LazyFrame | None:
        return None if state.is_empty() else self._row(state, at, entry, present=True, told_entry=told_entry)

    def _absent(self, gone: pl.DataFrame, stays: pl.DataFrame, at: datetime, entry: int, shown_entry: int) -> pl.LazyFrame | None:
        """Return a row for each (point, subject) of `gone` that `stays` lacks.

        It stands under the point's old subject, because rows are laid out and read by subject.
        """
        gone = gone.select("id", "subject", "captured_at").unique(["id", "subject"], keep="first", maintain_order=True)
        gone = gone.join(stays.select("id", "subject"), on=["id", "subject"], how="anti", maintain_order="left")
        gone = gone.with_columns(shown_entry=pl.lit(shown_entry, pl.Int64))
        return None if gone.is_empty() else self._row(gone, at, entry, present=False)

    def _row(self, state: pl.DataFrame, at: datetime, entry: int, *, present: bool, told_entry: int | None = None) -> pl.LazyFrame:
        self._at(at)  # what was stored, before what is added
        self._standing[at].append(state.select("id", told_entry=pl.lit(told_entry, pl.Int64)))
        source, repository, scope = self._key
        said = {
            "source": source,
            "repository": repository,
            "entry": entry,
            "told_entry": told_entry,
            "observed_at": at,
            "listed_at": at,
            "scope": scope,
            "from_complete": True,
            "present": present,
        }
        # Lazy, because the columns that are one value for all rows would double the memory of a large listing.
        lasting = _NOTHING | {name: pl.col(name) for name in state.columns}
        told = {
            name: _NOTHING[name] if value is None else pl.lit(value, POINT_ROW[name]).alias(name) for name, value in said.items()
        }
        return state.lazy().select((lasting | told)[name] for name in POINT_ROW)


def state_at(rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Return the state that a chain's rows give at an instant."""
    rows = where(rows, pl.col("listed_at") <= at)
    if rows["id"].n_unique() == rows.height:
        return where(rows, pl.col("present"))
    return distinct(rows.filter(pl.col("listed_at") == pl.col("listed_at").max().over("id")).filter("present"))


def in_order(known: Iterable[datetime], arriving: Iterable[datetime]) -> bool:
    """Whether listings arrive one after the other, each later than all before: then only the newest state is needed."""
    newest = max(known, default=None)
    for at in arriving:
        if newest is not None and at <= newest:
            return False
        newest = at
    return True
