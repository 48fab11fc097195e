"""Numbers instead of names: the catalog's rows as the model's columns."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from audit.model.disputes import disputes
from audit.model.intervals import INT
from audit.model.points import TELLING, Chains

HELD = (
    "source", "repository", "scope", "id", "subject", "method", "captured_at", "captured_until", "available_at", "base", "self_contained",
    "copy_of_source", "copy_of_repository", "copy_of_id", "expires_at", "deleted_at", "immutable_until", "encrypted", "bytes", "integrity", "checked_at",
    "completeness", "basis", "observed_at", "listed_at", "from_complete", "entry", "shown_entry", "told_entry", "locator",
)  # fmt: skip
LOST = ("source", "repository", "scope", "id", "listed_at", "from_complete")


@dataclass(frozen=True, slots=True)
class Rows:
    """The catalog's rows that one piece of work needs: tellings that hold a point (columns HELD), tellings that say one is gone (LOST), runs, listings and payloads."""

    held: pl.DataFrame
    lost: pl.DataFrame
    runs: pl.DataFrame
    listings: pl.DataFrame
    payloads: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Names:
    """pairs: `pair`, `source`, `repository`. scopes: `chain`, `pair`, `scope`: every scope that any listing named. chains: the complete listings.
    listed: `pair`: those of which any listing was ever received. logs: `pair`, `chain`, `whole` (of no scope), `begin`, `end`: stretches in which every run is in a job log.
    listed_scopes: `chain`, `subject`: who was ever listed in which scope, at a known instant or not. disputed: as `audit.model.disputes.DISPUTED`."""

    pairs: pl.DataFrame
    scopes: pl.DataFrame
    chains: Chains
    listed: pl.Series
    logs: pl.DataFrame
    listed_scopes: pl.DataFrame
    disputed: pl.DataFrame

    def with_pairs(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add `pair` to rows with `source` and `repository` (null where there is none)."""
        return rows.join(self.pairs, on=["source", "repository"], how="left", maintain_order="left")

    def whole_listings(self) -> pl.DataFrame:
        """Return `pair`, `at` of the complete listings of whole repositories."""
        return self.chains.listed.join(self.chains.chains.filter("whole"), on="chain").select("pair", "at")


def name_rows(rows: Rows) -> tuple[Names, pl.DataFrame, pl.DataFrame]:
    """Return the names; the tellings that hold a point as columns of `model.points.TELLING`; and those that say one is gone as columns of `model.points.GONE`."""
    both = ["source", "repository"]
    listings = rows.listings
    held, lost = Places.of(rows.held), Places.of(rows.lost)
    pairs = (
        pl.concat([frame.select(both).unique() for frame in (listings, held.heads, lost.heads, rows.runs)])
        .unique()
        .drop_nulls()
        .sort(both)
    )
    pairs = pairs.with_row_index("pair").with_columns(pl.col("pair").cast(pl.Int32)).select("pair", *both)
    places = pl.concat([frame.select(*both, "scope").unique() for frame in (listings, held.heads, lost.heads)]).unique()
    scopes = places.join(pairs, on=both).sort("pair", "scope", nulls_last=False)
    scopes = scopes.with_row_index("chain").select(pl.col("chain").cast(pl.Int32), "pair", "scope")
    named = listings.join(pairs, on=both).join(scopes, on=["pair", "scope"], nulls_equal=True)
    complete = named.filter(pl.col("complete") & pl.col("listed_at").is_not_null())
    ranked = complete.join(ranks_of(rows.payloads), on="entry", how="left")
    listed = ranked.group_by("chain", at=pl.col("listed_at").cast(INT)).agg(pl.col("payload").min()).sort("chain", "at")
    chains = scopes.filter(pl.col("chain").is_in(listed["chain"].unique().implode())).select(
        "chain", "pair", whole=pl.col("scope").is_null()
    )
    logs = named.filter(pl.col("covers_from").is_not_null() & pl.col("covers_to").is_not_null())
    logs = logs.select(
        "pair", "chain", whole=pl.col("scope").is_null(), begin=pl.col("covers_from").cast(INT), end=pl.col("covers_to").cast(INT)
    )
    ever = held.in_scopes(rows.held, pairs, scopes)
    told = complete.select("chain", "entry", "locator", at=pl.col("listed_at").cast(INT))
    names = Names(
        pairs, scopes, Chains(listed, chains), named["pair"].unique().sort(), logs, ever, _disputed(rows.held, pairs, scopes, told)
    )
    gone = lost.numbered(rows.lost, names).select(
        "pair", "id", "chain", complete="from_complete", listed=pl.col("listed_at").cast(INT)
    )
    return names, _held(rows, held.numbered(rows.held, names)), gone


def _disputed(held: pl.DataFrame, pairs: pl.DataFrame, scopes: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """Return the points on which complete listings of one instant disagree. Few rows name their tellers."""
    rows = held.filter(pl.col("from_complete") & pl.col("told_entry").is_not_null() & pl.col("listed_at").is_not_null())
    rows = rows.select("source", "repository", "scope", "id", "entry", told="told_entry", at=pl.col("listed_at").cast(INT))
    rows = rows.join(pairs, on=["source", "repository"]).join(scopes, on=["pair", "scope"], nulls_equal=True)
    return disputes(rows, listings)


@dataclass(frozen=True, slots=True)
class Places:
    """Where rows lie: `heads`, one row for each run of neighbours of one source, repository and scope, and for each row the number of its run. Rows come in
    order of subject and repository, so runs are few, and names are looked up once a run."""

    heads: pl.DataFrame
    run: pl.Series

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Places:
        """Find the runs."""
        names = ["source", "repository", "scope"]
        fresh = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in names)
        first = rows.select(fresh.alias("fresh"))["fresh"]
        if len(first):
            first = first.scatter(0, values=True)
        return cls(rows.select(names).filter(first), (first.cum_sum() - 1).cast(pl.UInt32))

    def in_scopes(self, rows: pl.DataFrame, pairs: pl.DataFrame, scopes: pl.DataFrame) -> pl.DataFrame:
        """Return `chain`, `subject` of the rows that name a scope."""
        both = self.heads.join(pairs, on=["source", "repository"], how="left", maintain_order="left")
        both = both.join(scopes.filter(pl.col("scope").is_not_null()), on=["pair", "scope"], how="left", maintain_order="left")
        if both["chain"].null_count() == both.height:
            return pl.DataFrame(schema={"chain": pl.Int32, "subject": pl.String})
        return rows.select("subject", chain=both["chain"].gather(self.run)).drop_nulls().unique().select("chain", "subject")

    def numbered(self, rows: pl.DataFrame, names: Names) -> pl.DataFrame:
        """Add `pair` and `chain` (of the listing that told; null: told by none). Only listings name scopes: one of unknown instant is known by that."""
        pair = self.heads.join(names.pairs, on=["source", "repository"], how="left", maintain_order="left")
        both = pair.join(names.scopes, on=["pair", "scope"], how="left", nulls_equal=True, maintain_order="left")
        chain = pl.when(pl.col("listed_at").is_not_null() | pl.col("scope").is_not_null()).then(both["chain"].gather(self.run))
        return rows.with_columns(both["pair"].gather(self.run).alias("pair"), chain.alias("chain"))


def ranks_of(payloads: pl.DataFrame) -> pl.DataFrame:
    """Return `entry`, `payload`: the rank of each payload by its SHA-256, which decides where nothing better does."""
    return payloads.select(pl.col("entry").cast(INT), payload=pl.col("sha256").rank("dense").cast(pl.Int32))


def _held(rows: Rows, held: pl.DataFrame) -> pl.DataFrame:
    ranks = ranks_of(rows.payloads)
    entries = rows.held.select(entry=pl.coalesce("told_entry", "shown_entry"))["entry"]
    highest = max([int(value) for value in (ranks["entry"].max(), entries.max()) if isinstance(value, int)], default=0)
    by_entry = pl.repeat(None, highest + 1, dtype=pl.Int32, eager=True).scatter(ranks["entry"], ranks["payload"])
    columns = {
        "captured": pl.col("captured_at").cast(INT),
        "captured_until": pl.col("captured_until").cast(INT),
        "available": pl.col("available_at").cast(INT),
        "expires": pl.col("expires_at").cast(INT),
        "deleted": pl.col("deleted_at").cast(INT),
        "immutable": pl.col("immutable_until").cast(INT),
        "checked": pl.col("checked_at").cast(INT),
        "encrypted": pl.col("encrypted") == "yes",
        "partial": pl.col("completeness") == "partial",
        "catalog": pl.col("basis") == "catalog",
        "observed": pl.coalesce("listed_at", "observed_at").cast(INT),
        "listed": pl.col("listed_at").cast(INT),
        "complete": pl.col("from_complete"),
        "entry": pl.col("shown_entry").cast(INT),
        "named": pl.col("told_entry").is_not_null(),
    }
    held = held.with_columns(by_entry.gather(entries).alias("payload"))
    return held.select(columns.get(name, pl.col(name)).cast(kind).alias(name) for name, kind in TELLING.items())
