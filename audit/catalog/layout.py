"""How large tables are laid out for reading: in buckets by (source, subject), and in them sorted by source, subject and time.

A control reads all points of a few subjects: they lie in one bucket, side by side. Appends do not know order, so they go to an
inbox, and compaction moves them: rewrites the buckets that get rows, sorted, with the inbox's mark in the same commit; then
clears the inbox. After a crash between the two the rows are in both, and readers pass over inbox rows up to the mark of the
buckets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

import polars as pl

from audit.catalog.table import Partition, Snapshot

LAID_OUT = {
    "recovery_points": ("source", "subject", "captured_at", "repository", "id", "entry"),
    "runs": ("source", "subject", "started_at", "id", "entry"),
}
"""The tables that are laid out, and their order."""

PARTITIONS = {"recovery_points": ("bucket", "held"), "runs": ("bucket",)}
"""How their files are split. `held`: 1 where the newest listing of the chain still holds what the row says, else 0."""

BUCKETS = 16
MANY_ROWS = 200_000
MANY_FILES = 64
PASS_ROWS = 2_000_000
"""Rows of the inbox that are moved at a time: what compaction needs of memory."""


def bucket_of(keys: pl.DataFrame) -> pl.Series:
    """Return the bucket of each (source, subject).

    The hash is the same in every version of everything: it is in the files' places.
    """
    hashes = [crc32(f"{source}\0{subject or ''}".encode()) for source, subject in keys.select("source", "subject").iter_rows()]
    return pl.Series("bucket", hashes, pl.Int64) % BUCKETS


def is_due(inbox: Snapshot, laid_out: Snapshot | None) -> bool:
    """Whether the inbox holds so much that moving it pays: rows in proportion to those it is merged with, or small files."""
    if laid_out is None or len(inbox.files) > MANY_FILES:
        return len(inbox.files) > MANY_FILES
    return inbox.rows() > max(MANY_ROWS, laid_out.rows() // 8)


def tidy(inbox: Snapshot) -> bool:
    """Make one file of an inbox that is not laid out."""
    if len(inbox.files) < 2:
        return False
    inbox.rewrite(inbox.scan().sort("entry", maintain_order=True))
    return True


def is_held() -> pl.Expr:
    """Say of each row of recovery points whether the newest listing of its chain still holds what it says.

    All rows of a point and subject must be there. To apply the next listing of a chain, only these rows need be read.
    """
    newest = pl.col("listed_at").filter("from_complete").max().over("id", "source", "repository", "scope")
    return (pl.col("from_complete") & pl.col("present") & (pl.col("listed_at") == newest)).fill_null(value=False)


def move(inbox: Snapshot, laid_out: Snapshot, order: Sequence[str]) -> bool:
    """Move the rows of an inbox to the buckets.

    Both commits go through the snapshots given: a lost race fails, and loses nothing.
    """
    if not inbox.files:
        return False
    if laid_out.mark < inbox.mark:
        laid_out.replace(_partitions(inbox, laid_out, order), inbox.mark)
    inbox.rewrite(None)
    return True


def _partitions(inbox: Snapshot, laid_out: Snapshot, order: Sequence[str]) -> Iterator[tuple[Partition, pl.LazyFrame]]:
    """Yield the partitions of every bucket that gets rows, with their old and new rows in order."""
    for bucket, rows in _buckets(inbox, laid_out):
        values = {"bucket": str(bucket)}
        rows = rows.sort(order, maintain_order=True)
        if "held" not in laid_out.table.partition:
            yield values, rows
            continue
        marked = rows.with_columns(held=is_held().cast(pl.Int64)).collect()
        for held in (0, 1):
            part = marked.filter(pl.col("held") == held)
            if part.height:
                yield {**values, "held": str(held)}, part.lazy()


def _buckets(inbox: Snapshot, laid_out: Snapshot) -> Iterator[tuple[int, pl.LazyFrame]]:
    """Yield every bucket that gets rows, with its old and new rows; rows are read some buckets at a time, to bound memory."""
    arriving = inbox.scan().filter(pl.col("entry") > laid_out.mark)
    keys = arriving.group_by("source", "subject").len().collect()
    keys = keys.with_columns(bucket_of(keys))
    sizes = keys.group_by("bucket").agg(pl.col("len").sum()).sort("bucket")
    sizes = sizes.with_columns(turn=pl.col("len").cum_sum() // PASS_ROWS)
    for turn in sizes["turn"].unique(maintain_order=True):
        buckets = keys.join(sizes.filter(pl.col("turn") == turn), on="bucket", how="semi").drop("len")
        rows = arriving.join(buckets.lazy(), on=["source", "subject"], how="inner", nulls_equal=True).collect()
        for bucket in sorted(buckets["bucket"].unique()):
            chosen = pl.col("bucket") == bucket
            old = laid_out.scan().filter(chosen).select(rows.columns)
            yield bucket, pl.concat([old, rows.lazy().filter(chosen)])
