"""What a batch of journal entries adds to each table of the catalog. Reads the tables' snapshots, writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import polars as pl

from audit.catalog.membership import STATE, Chain, in_order
from audit.catalog.schemas import LISTING_ROW, PAYLOAD_ROW, POINT_CONTENT, POINT_ROW, QUARANTINE_ROW, RUN_ROW, conform, where
from audit.catalog.tellings import (
    POINT_TELLING,
    RUN_TELLING,
    Listed,
    complete_listings,
    is_complete,
    novel,
    same,
    told_points,
    told_runs,
)
from audit.model.facts import Facts

Key = tuple[str, str, str | None]
Rows = dict[Key, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Applied:
    """One journal entry of kind evidence with the facts that its adapter made of it.

    `observed_at`: from the envelope, UTC, null when not known. `meta`: source, tool, name, method, by, simulated, received_at (instant or
    RFC 3339).
    """

    number: int
    sha256: str
    observed_at: datetime | None
    facts: Facts
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of recovery points without those of which it was known at `mark` that the newest listing no longer holds them."""

    rows: pl.LazyFrame
    mark: int


class Batch:
    """Entries to be applied together, in ascending order, on top of the tables' snapshots.

    `stored`: rows of every table; `held`: fewer of recovery points. `marks`: the last entry that each holds. They differ after a crash between two commits: the
    rows of an entry are made only for the tables that lack it, but the points of later entries still build upon its listings.
    """

    def __init__(
        self, entries: Sequence[Applied], stored: Mapping[str, pl.LazyFrame], marks: Mapping[str, int], held: Held
    ) -> None:
        self._entries = entries
        self._stored = stored
        self._marks = marks
        self._held = held

    def parts(self, table: str) -> list[pl.LazyFrame]:
        """Return the rows that the batch adds to a table, in parts."""
        made: Callable[[list[Applied]], list[pl.LazyFrame]] = getattr(self, f"_{table}")
        return made([entry for entry in self._entries if entry.number > self._marks[table]])

    def _payloads(self, entries: list[Applied]) -> list[pl.LazyFrame]:
        rows = [
            {
                **{name: entry.meta.get(name) for name in ("source", "tool", "name", "method", "by", "simulated")},
                "entry": entry.number,
                "sha256": entry.sha256,
                "observed_at": entry.observed_at,
                "received_at": _instant(entry.meta.get("received_at")),
                "points": entry.facts.points.height,
                "runs": entry.facts.runs.height,
                "listings": entry.facts.listings.height,
                "quarantined": sum(fault.level == "error" for fault in entry.facts.faults),
            }
            for entry in entries
        ]
        return _frame(rows, PAYLOAD_ROW)

    def _quarantine(self, entries: list[Applied]) -> list[pl.LazyFrame]:
        names = [name for name in QUARANTINE_ROW if name != "entry"]
        rows = [
            {"entry": entry.number, **{name: getattr(fault, name) for name in names}}
            for entry in entries
            for fault in entry.facts.faults
        ]
        return _frame(rows, QUARANTINE_ROW)

    def _listings(self, entries: list[Applied]) -> list[pl.LazyFrame]:
        told = [
            entry.facts.listings.with_columns(entry=pl.lit(entry.number, pl.Int64))
            for entry in entries
            if entry.facts.listings.height
        ]
        return [conform(pl.concat(told), LISTING_ROW).lazy()] if told else []

    def _runs(self, entries: list[Applied]) -> list[pl.LazyFrame]:
        told = [told_runs(entry.number, entry.observed_at, entry.facts) for entry in entries if entry.facts.runs.height]
        return self._novel("runs", told, RUN_TELLING, RUN_ROW)

    def _recovery_points(self, entries: list[Applied]) -> list[pl.LazyFrame]:
        told = [part for entry in entries for part in told_points(entry.number, entry.observed_at, entry.facts) if part.height]
        return self._complete() + self._novel("recovery_points", told, POINT_TELLING, POINT_ROW)

    def _novel(
        self, table: str, told: list[pl.DataFrame], telling: Sequence[str], schema: dict[str, pl.DataType]
    ) -> list[pl.LazyFrame]:
        if not told:
            return []
        arriving = conform(pl.concat(told), schema)
        stored = self._stored[table]
        known = same(stored if table == "runs" else stored.filter(~pl.col("from_complete")), arriving, telling)
        added = novel(known, arriving, telling, self._sha256)
        return [added.lazy()] if added.height else []

    def _complete(self) -> list[pl.LazyFrame]:
        """Return the rows of complete listings, chain by chain, and in each in the order of the journal."""
        mark = self._marks["recovery_points"]
        arriving: dict[Key, list[Listed]] = {}
        for entry in self._entries:
            for listed in complete_listings(entry.number, entry.facts):
                arriving.setdefault(listed.chain, []).append(listed)
        arriving = {key: all_listed for key, all_listed in arriving.items() if any(listed.entry > mark for listed in all_listed)}
        if not arriving:
            return []
        known = self._known_listings(arriving)
        stored = self._chain_rows(arriving, known)
        parts = []
        for key, all_listed in arriving.items():
            chain = Chain(key, stored.get(key, pl.DataFrame(schema=POINT_ROW)), known.get(key, {}), self._sha256_of)
            for listed in all_listed:
                if listed.entry <= mark:
                    chain.know(listed.at, listed.entry)
                else:
                    parts += chain.add(listed.at, listed.entry, listed.members, last=listed is all_listed[-1])
        return parts

    def _known_listings(self, chains: Mapping[Key, object]) -> dict[Key, dict[datetime, list[int]]]:
        """Return the entries of the complete listings before this batch, by chain and instant."""
        before = self._entries[0].number
        rows = self._stored["listings"].filter(
            pl.col("source").is_in([source for source, _, _ in chains]), is_complete(), pl.col("entry") < before
        )
        known: dict[Key, dict[datetime, list[int]]] = {}
        for source, repository, scope, at, entry in (
            rows.select("source", "repository", "scope", "listed_at", "entry").collect().iter_rows()
        ):
            known.setdefault((source, repository, scope), {}).setdefault(at, []).append(entry)
        return known

    def _chain_rows(self, arriving: Mapping[Key, list[Listed]], known: Mapping[Key, Mapping[datetime, list[int]]]) -> Rows:
        """Return the stored rows of the chains: of those whose listings arrive in order only what the newest listing holds."""
        mark = self._marks["recovery_points"]
        ordered: list[Key] = []
        others: list[Key] = []
        for key, all_listed in arriving.items():
            if all_listed[0].entry <= mark:
                others.append(key)
            elif key in known:
                newer = in_order(known[key], [listed.at for listed in all_listed])
                (ordered if newer else others).append(key)
        columns = ["entry", "listed_at", "present", "told_entry", *STATE]
        if not others and all(len(arriving[key]) == 1 for key in ordered):
            # No row made can need evidence, and columns without any value would take most of the memory of a large listing.
            empty = self._empty({key: arriving[key][0].members for key in ordered})
            columns = [name for name in columns if name not in ("locator", "shown_entry", *empty)]
        rows = read_chains(self._stored["recovery_points"], others, columns)
        for key, part in read_chains(self._held.rows, ordered, columns).items():
            before = [at for at, entries in known[key].items() if min(entries) <= self._held.mark]
            # Of what came after the mark, rows before the newest listing up to it do not touch its state: rows re-assert it.
            counts = (pl.col("entry") <= self._held.mark) | (pl.col("listed_at") >= max(before)) if before else pl.lit(value=True)
            rows[key] = where(part, counts)
        return rows

    def _empty(self, members: Mapping[Key, pl.DataFrame]) -> list[str]:
        """Return the columns that have no value, neither in these listings nor in what is held of their chains."""
        empty = [name for name in POINT_CONTENT if all(rows[name].null_count() == rows.height for rows in members.values())]
        names = [name for name in empty if name not in ("subject", "captured_at")]  # rows of absent points have these
        held = in_chains(self._held.rows, list(members)).select(pl.col(names).is_not_null().any())
        return [name for name, has_values in held.collect().row(0, named=True).items() if not has_values] if names else []

    @cached_property
    def _sha256(self) -> pl.DataFrame:
        """The hash of the evidence of every entry up to the end of this batch."""
        arriving = pl.DataFrame(
            [(entry.number, entry.sha256) for entry in self._entries], schema={"entry": pl.Int64, "sha256": pl.String}, orient="row"
        )
        before = self._stored["payloads"].filter(pl.col("entry") < self._entries[0].number).select("entry", "sha256").collect()
        return pl.concat([before, arriving])

    def _sha256_of(self, entry: int) -> str:
        return str(self._sha256.row(by_predicate=pl.col("entry") == entry)[1])


def read_chains(stored: pl.LazyFrame, keys: Sequence[Key], columns: Sequence[str]) -> Rows:
    """Read the rows of some chains (source, repository, scope)."""
    if not keys:
        return {}
    chain = ["source", "repository", "scope"]
    rows = in_chains(stored, keys)
    if len(keys) == 1:  # the one large listing needs no copies
        scope = pl.col("scope").eq_missing(pl.lit(keys[0][2], pl.String))
        return {keys[0]: rows.filter(scope).select(columns).collect()}
    wanted = pl.LazyFrame(keys, schema=dict.fromkeys(chain, pl.String()), orient="row")
    found = rows.select(*chain, *columns).join(wanted, on=chain, how="semi", nulls_equal=True).collect()
    parts = found.partition_by(chain, as_dict=True, include_key=False)
    return {(source, repository, scope): part for (source, repository, scope), part in parts.items()}


def in_chains(stored: pl.LazyFrame, keys: Sequence[Key]) -> pl.LazyFrame:
    """Return the rows of complete listings of the sources and repositories of some chains, of whatever scope."""
    sources, repositories = ({key[place] for key in keys} for place in (0, 1))
    return stored.filter("from_complete", pl.col("source").is_in(sources), pl.col("repository").is_in(repositories))


def _instant(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _frame(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> list[pl.LazyFrame]:
    return [pl.DataFrame(rows, schema=schema).lazy()] if rows else []
