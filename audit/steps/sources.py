"""Sources: the health of each origin of evidence."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from audit.model.deliveries import deliveries_of, zone_of
from audit.model.facts import INSTANT
from audit.model.terms import instant
from audit.steps._open import Store
from audit.steps.assess import subjects_of
from audit.steps.catch_up import catch_up

HEALTH: dict[str, pl.DataType] = {
    "source": pl.String(),
    "tool": pl.String(),
    "last_evidence": INSTANT,  # observed, else the newest instant that its listings speak of, else received
    "payloads": pl.Int64(),
    "rows": pl.Int64(),
    "quarantined": pl.Int64(),
    "next_expected": INSTANT,
    "health": pl.String(),  # on-time, late, never, replaced, unscheduled, undeclared
}

_read = pl.col("points") + pl.col("runs") + pl.col("listings")


def sources(store: Store, now: datetime) -> pl.DataFrame:
    """Return one row a source, declared or only seen, in the columns of HEALTH; `now` decides what is late (UTC)."""
    return with_health(heard(store), now)


def with_health(rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return what was heard of each source (see `heard`) with what is late at `now` (UTC), in the columns of HEALTH."""
    told = [
        _health(declared, until, last, due, now)
        for declared, until, last, due in rows.select("declared", "until", "last_evidence", "next_expected").iter_rows()
    ]
    return rows.with_columns(health=pl.Series(told, dtype=pl.String)).select(
        pl.col(name).cast(kind) for name, kind in HEALTH.items()
    )


def heard(store: Store) -> pl.DataFrame:
    """Return one row a source, declared or only seen: the columns of HEALTH but `health`, and `declared` and `until` (when its use ends). It changes only with
    the journal.
    """
    catch_up(store)
    known = store.head()
    estate = store.estate(known)
    payloads, listings = store.catalog.payloads(known), store.catalog.listings(known)
    # A payload of which nothing could be read tells nothing of its source, whatever was said of its time.
    read = deliveries_of(payloads, listings).filter(pl.col("read") & pl.col("source").is_not_null())
    latest = dict(read.group_by("source").agg(pl.col("at").max()).iter_rows())
    seen = payloads.group_by("source").agg(
        tools=pl.col("tool").drop_nulls().unique().sort().str.join(", "),
        payloads=pl.len().cast(pl.Int64),
        rows=_read.sum().cast(pl.Int64),
        quarantined=pl.col("quarantined").sum().cast(pl.Int64),
    )
    found = {row["source"]: row for row in seen.iter_rows(named=True) if row["source"] is not None}
    in_rows = {*subjects_of(store.catalog, known)["source"], *listings["source"]}
    rows = []
    for name in sorted({*estate.sources, *found, *in_rows}):
        source, evidence = estate.sources.get(name), found.get(name)
        last = instant(latest[name]) if name in latest else None
        every = source.expected_every if source else None
        due = every.after(last, zone_of(source, estate.timezone)) if source and every and last else None
        rows.append(
            {
                "source": name,
                "tool": source.tool if source else evidence["tools"] if evidence else None,
                "last_evidence": last,
                "payloads": evidence["payloads"] if evidence else 0,
                "rows": evidence["rows"] if evidence else 0,
                "quarantined": evidence["quarantined"] if evidence else 0,
                "next_expected": due,
                "declared": source is not None,
                "until": source.until if source else None,
            }
        )
    schema = {name: kind for name, kind in HEALTH.items() if name != "health"} | {"declared": pl.Boolean(), "until": INSTANT}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _health(declared: bool, until: datetime | None, last: datetime | None, due: datetime | None, now: datetime) -> str:
    if not declared:
        return "undeclared"
    if until is not None and until <= now:
        return "replaced"
    if last is None:
        return "never"
    if due is None:
        return "unscheduled"
    return "on-time" if now <= due else "late"
