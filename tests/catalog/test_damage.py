"""A catalog that cannot be read says so, with its remedy; one that can keeps only what is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.catalog.catalog import Catalog
from audit.errors import DataFolderError
from tests.catalog.given import brief, history, listing


def data_files(catalog: Catalog) -> Iterator[Path]:
    return catalog.path.glob("**/*.parquet")


def test_a_missing_file_is_told_with_its_remedy(catalog: Catalog) -> None:
    history(catalog)
    next(iter(sorted((catalog.path / "recovery_points_inbox").glob("*.parquet")))).unlink()
    with pytest.raises(DataFolderError, match=r"recovery_points_inbox cannot be read .*backup-audit rebuild"):
        catalog.tellings(5)
    with pytest.raises(DataFolderError, match="backup-audit rebuild"):
        catalog.apply([listing(6, 6, "p9")], 6)


def test_a_file_cut_off_is_told(catalog: Catalog) -> None:
    history(catalog)
    file = next(data_files(Catalog(catalog.path / "listings")))
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DataFolderError, match=r"missing or cut off.*backup-audit rebuild"):
        catalog.listings(5)


def test_a_file_of_other_bytes_is_told(catalog: Catalog) -> None:
    history(catalog)
    for file in data_files(Catalog(catalog.path / "listings")):
        file.write_bytes(b"\0" * file.stat().st_size)
    with pytest.raises(DataFolderError, match="backup-audit rebuild"):
        catalog.listings(5)


def test_a_broken_log_is_told_and_dropping_begins_anew(catalog: Catalog) -> None:
    history(catalog)
    for log in (catalog.path / "runs_inbox" / "_delta_log").glob("*.json"):
        log.write_text("{")
    with pytest.raises(DataFolderError, match=r"runs_inbox cannot be read .*backup-audit rebuild"):
        catalog.mark()
    catalog.drop()
    assert catalog.mark() == 0
    history(catalog)
    assert catalog.tellings(99).collect().height == 7


def test_data_files_without_a_log_are_not_taken_for_an_empty_table(catalog: Catalog) -> None:
    history(catalog)
    for log in (catalog.path / "payloads" / "_delta_log").iterdir():
        log.unlink()
    with pytest.raises(DataFolderError, match="has data files but no log"):
        catalog.mark()


def test_vacuum_removes_what_nobody_needs_and_keeps_what_was_opened(catalog: Catalog) -> None:
    history(catalog)
    opened = catalog.tellings(5)
    catalog.compact(force=True)
    stray = catalog.path / "recovery_points_inbox" / "left-by-a-killed-writer.parquet"
    stray.write_bytes(b"x")
    assert catalog.vacuum() == 0  # all of it is younger than a day
    assert opened.collect().height == 7
    assert catalog.vacuum(kept_for_hours=0) > 2
    assert not stray.exists()
    assert len(brief(catalog)) == 7
