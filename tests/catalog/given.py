"""Small entries and histories for the tests of the catalog, and what they read back."""

from __future__ import annotations

import polars as pl

from audit.catalog.catalog import Applied, Catalog
from tests.catalog.histories import START, Payload, Told, applied


def listing(number: int, at: int, *ids: str, complete: bool = True, scope: str | None = None) -> Applied:
    return applied(number, Payload("nas", "disk", scope, at, complete, True, tuple(Told(each) for each in ids)))


def job(number: int, at: int | None, *ids: str) -> Applied:
    return applied(number, Payload("nas", "disk", None, at, False, False, tuple(Told(each) for each in ids)))


def brief(catalog: Catalog, known_at: int = 99) -> list[tuple[object, ...]]:
    rows = catalog.tellings(known_at).sort("entry", "listed_at", "id", "present", "bytes").collect()
    hours = (pl.col("listed_at") - START).dt.total_hours()
    return rows.select("entry", "shown_entry", hours, "id", "present").rows()


def everything(catalog: Catalog, known_at: int = 99) -> dict[str, list[str]]:
    seen = {
        "recovery_points": catalog.tellings(known_at).collect(),
        "runs": catalog.runs(known_at).collect(),
        "listings": catalog.listings(known_at),
        "payloads": catalog.payloads(known_at),
        "quarantine": catalog.quarantine(known_at),
    }
    return {name: sorted(map(repr, rows.rows())) for name, rows in seen.items()}


def history(catalog: Catalog) -> None:
    catalog.apply([listing(1, 0, "p1", "p2"), job(2, 1, "p7"), listing(3, 4, "p2", "p3")], 3)
    catalog.apply([listing(4, 2, "p3", scope="team-a"), listing(5, 2, "p1", complete=False)], 5)
