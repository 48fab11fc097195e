"""The catalog read by another engine: the SQL of docs/catalog.md, run by DuckDB, against what the payloads themselves say.

DuckDB's extension for Delta Lake is no package of PyPI, so its `delta_scan` is given as what it does: the Parquet files of the table's newest version.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from audit.steps._open import open_store
from audit.steps._payloads import gather
from audit.steps.apply import apply
from audit.steps.ingest import ingest
from audit.steps.init import init

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
DEMO = ROOT / "tests" / "data" / "demo"


def documented() -> list[str]:
    """Return the blocks of SQL of the document, in order."""
    text = (ROOT / "docs" / "catalog.md").read_text(encoding="utf-8")
    return re.findall(r"```sql\n(.*?)```", text, re.DOTALL)


def scanned(sql: str, catalog: Path, mark: int) -> str:
    """Return SQL that reads the files of the tables where it says `delta_scan`, with the mark of the laid-out table put in."""

    def files(match: re.Match[str]) -> str:
        names = DeltaTable(catalog / match[1]).file_uris()
        if not names:  # a table without rows has a schema, and DuckDB's reader of Parquet needs a file to find it in
            names = [str(catalog.parent / f"{match[1]}.parquet")]
            pl.read_delta(str(catalog / match[1])).write_parquet(names[0])
        return f"read_parquet({names!r}, hive_partitioning = true)"

    return re.sub(r"delta_scan\('catalog/(\w+)'\)", files, sql).replace("entry > 0;", f"entry > {mark};")


def told(repository: str) -> dict[tuple[str, datetime], dict[str, datetime]]:
    """Return what each listing of a repository shows, from the payloads alone: points and their capture by instant of the listing."""
    found: dict[tuple[str, datetime], dict[str, datetime]] = {}
    for file in sorted((DEMO / repository).glob("*.ndjson")):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        (at,) = (datetime.fromisoformat(row["listed_at"]).astimezone(UTC) for row in rows if row["record"] == "listing")
        points = {
            row["id"]: datetime.fromisoformat(row["captured_at"]).astimezone(UTC)
            for row in rows
            if row["record"] == "recovery_point"
        }
        found[repository, at] = points
    return found


@pytest.mark.parametrize("compacted", [False, True], ids=["in the inbox", "laid out, and more in the inbox"])
def test_the_documented_sql_gives_what_each_listing_showed(tmp_path: Path, *, compacted: bool) -> None:
    init(tmp_path / "data", "Example Ltd")
    store = open_store(tmp_path / "data")
    apply(store, ROOT / "policies" / "example", now=NOW, by="tests")
    expected = {}
    for repository in ("nas-dc1", "vault-hz"):
        ingest(store, gather([DEMO / repository]), {"source": "messages-db", "repository": repository}, now=NOW, by="tests")
        expected |= told(repository)
        if compacted and repository == "nas-dc1":
            assert store.catalog.compact(force=True)
    laid_out = store.folder.catalog_path / "recovery_points"
    mark = DeltaTable(laid_out).transaction_version("journal") or 0 if laid_out.exists() else 0
    assert bool(mark) is compacted
    store.close()
    views, query = documented()[:2]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(scanned(views, store.folder.catalog_path, mark))
        rows = connection.execute(query).fetchall()
    found: dict[tuple[str, datetime], dict[str, datetime]] = {}
    for _, repository, _, at, identity, captured in rows:
        found.setdefault((repository, at), {})[identity] = captured
    assert found == {key: points for key, points in expected.items() if points}
    assert len(rows) == sum(map(len, expected.values())) > 1_000
