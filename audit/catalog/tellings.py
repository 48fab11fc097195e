"""Tellings: what of one payload belongs to complete listings and what stands alone, and which of the latter says anything new.

Pure functions.

Points named by an incomplete listing, points told without any listing, and runs get a row for each telling, but for one that
adds nothing. What adds nothing is decided by the rules by which tellings merge when they are read (latest observation, then
smallest SHA-256), never by arrival.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from audit.catalog.schemas import POINT_CONTENT, POINT_ROW, RUN_CONTENT, RUN_ROW, where
from audit.model.facts import Facts

POINT_TELLING = ("source", "repository", "id", *POINT_CONTENT, "listed_at", "observed_at", "scope")
"""Rows equal in these columns are the same telling of a point."""

RUN_TELLING = ("source", "id", *RUN_CONTENT)
"""Rows equal in these columns say the same of a run; the latest observation of it says it best."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The points that one complete listing shows. `chain`: its source, repository and scope."""

    chain: tuple[str, str, str | None]
    at: datetime
    entry: int
    members: pl.DataFrame


def complete_listings(entry: int, facts: Facts) -> Iterator[Listed]:
    """Yield the complete listings of a payload with the points they show. A point of basis `job` was inferred, not shown."""
    for row in facts.listings.filter(is_complete()).iter_rows(named=True):
        shown = (pl.col("source") == row["source"]) & (pl.col("repository") == row["repository"]) & (pl.col("basis") == "catalog")
        yield Listed((row["source"], row["repository"], row["scope"]), row["listed_at"], entry, where(facts.points, shown))


def is_complete() -> pl.Expr:
    """A listing that speaks of absence too. One without an instant cannot."""
    return pl.col("complete") & pl.col("listed_at").is_not_null()


def told_points(entry: int, observed_at: datetime | None, facts: Facts) -> Iterator[pl.DataFrame]:
    """Yield POINT_ROW rows of the points that no complete listing of the payload shows.

    They are those of incomplete listings, and those without any listing.
    """
    if facts.points.is_empty():
        return
    listed, complete = pl.lit(value=False), pl.lit(value=False)
    for row in facts.listings.iter_rows(named=True):
        shown = (pl.col("source") == row["source"]) & (pl.col("repository") == row["repository"]) & (pl.col("basis") == "catalog")
        if row["complete"] and row["listed_at"] is not None:
            complete |= shown
        else:
            listed |= shown
            yield _rows(where(facts.points, shown), entry, observed_at, row["listed_at"], row["scope"])
    yield _rows(where(facts.points, ~(listed | complete)), entry, observed_at, None, None)


def _rows(
    points: pl.DataFrame, entry: int, observed_at: datetime | None, listed_at: datetime | None, scope: str | None
) -> pl.DataFrame:
    said = {
        "entry": entry,
        "shown_entry": entry,
        "told_entry": None,
        "observed_at": observed_at if listed_at is None else listed_at,
        "listed_at": listed_at,
        "scope": scope,
        "from_complete": False,
        "present": True,
    }
    return points.with_columns(pl.lit(value, dtype=POINT_ROW[name]).alias(name) for name, value in said.items()).select(
        list(POINT_ROW)
    )


def told_runs(entry: int, observed_at: datetime | None, facts: Facts) -> pl.DataFrame:
    """Return RUN_ROW rows of a payload's runs."""
    said = {"entry": entry, "observed_at": observed_at}
    return facts.runs.with_columns(pl.lit(value, dtype=RUN_ROW[name]).alias(name) for name, value in said.items()).select(
        list(RUN_ROW)
    )


def same(stored: pl.LazyFrame, arriving: pl.DataFrame, telling: Sequence[str]) -> pl.DataFrame:
    """Return the stored rows that say the same as one of the arriving: `telling` and `entry`, and `observed_at`."""
    columns = list(dict.fromkeys((*telling, "entry", "observed_at")))
    names = [name for name in ("source", "repository") if not arriving[name].null_count()]
    narrowed = stored.filter(pl.col(name).is_in(arriving[name].unique().implode()) for name in names)
    narrowed = narrowed.join(arriving.lazy().select("id").unique(), on="id", how="semi").select(columns)
    return narrowed.join(arriving.lazy().select(telling).unique(), on=list(telling), how="semi", nulls_equal=True).collect()


def novel(stored: pl.DataFrame, arriving: pl.DataFrame, telling: Sequence[str], sha256: pl.DataFrame) -> pl.DataFrame:
    """Return the arriving rows, in their order, that outdo every row before them that says the same.

    A row outdoes another by a later observation, or by the same one and a smaller hash of its evidence. `sha256`: `entry`,
    `sha256` of all rows.
    """
    columns = list(dict.fromkeys((*telling, "entry", "observed_at")))
    both = pl.concat([stored.select(columns), arriving.select(columns)]).with_row_index("row")
    if not both.select(telling).is_duplicated().any():
        return arriving
    hashes = sha256.select("entry", hash=pl.col("sha256").rank("dense", descending=True).cast(pl.Int64))
    both = both.join(hashes, on="entry", how="left", maintain_order="left")
    # Best is the greatest by (observed_at, hash), nothing before the first; then a row adds something if it beats the best
    # before it.
    both = both.with_columns(
        rank=pl.struct(pl.col("observed_at").dt.epoch("us").fill_null(-(2**62)), "hash").rank("dense").cast(pl.Int64)
    )
    best = pl.col("rank").cum_max().shift(1).over(telling)
    added = both.filter((pl.col("rank") > best.fill_null(-1)) & (pl.col("row") >= stored.height))["row"] - stored.height
    return arriving[added] if len(added) < arriving.height else arriving
