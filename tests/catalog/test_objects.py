"""A catalog in an object store (moto's server of S3): the same rows as in a folder, one winner among writers, and messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from obstore.store import from_url

from audit.catalog.catalog import Catalog, LostRaceError
from audit.catalog.place import Prefix, checked
from audit.errors import DataFolderError
from tests.catalog.given import brief, everything, job, listing
from tests.objects import bucket


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with bucket(monkeypatch) as found:
        yield f"{found}/catalogs/2026"


@pytest.mark.heavy
def test_the_same_rows_as_in_a_folder_also_when_laid_out(address: str, tmp_path: Path) -> None:
    there, here = Catalog(tmp_path / "lease", address), Catalog(tmp_path / "catalog")
    for catalog in (there, here):
        catalog.apply([listing(1, 0, "p1", "p2"), listing(2, 1, "p1", "p2"), job(3, 2, "j1")], 3)
        assert catalog.compact(force=True)
        catalog.apply([listing(4, 3, "p2", "p3")], 4)
    assert everything(there) == everything(here)
    assert brief(there, known_at=2) == brief(here, known_at=2) != []
    keys = pl.DataFrame({"source": ["s"], "subject": ["x"]})
    assert there.tellings(4, keys).collect().equals(here.tellings(4, keys).collect())
    assert there.mark() == here.mark() == 4
    assert not list((tmp_path / "lease").glob("**/*.parquet"))
    assert there.vacuum(0) == here.vacuum(0) > 0
    assert everything(Catalog(tmp_path / "lease", address)) == everything(here)
    assert Prefix(address).claim("somebody") is not None
    there.drop()
    assert Prefix(address).objects() == {}
    assert Prefix(address).claim("somebody") is None
    there.drop()
    assert list(Prefix(address).objects()) == ["backup-audit.txt"]
    assert there.mark() == 0


@pytest.mark.heavy
def test_of_two_writers_one_wins_and_nothing_is_lost(address: str, tmp_path: Path) -> None:
    catalog, other = Catalog(tmp_path / "lease", address), Catalog(tmp_path / "lease", address)
    assert catalog.mark() == other.mark() == 0
    opened = catalog._open()
    other.apply([listing(1, 0, "p1")], 1)
    with pytest.raises(LostRaceError):
        opened["listings"].append([], 1)
    catalog.apply([listing(1, 0, "p1"), listing(2, 1, "p1", "p2")], 2)
    assert catalog.listings(9).height == 2
    assert {row[3] for row in brief(catalog)} == {"p1", "p2"}


def test_a_file_that_is_missing_or_cut_off_is_told(address: str, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "lease", address)
    catalog.apply([listing(1, 0, "p1")], 1)
    (name,) = [one for one in Prefix(address).objects() if one.startswith("listings/") and one.endswith(".parquet")]
    store = from_url(address)
    store.put(name, b"PAR1")
    with pytest.raises(
        DataFolderError,
        match=r"catalog table s3://audit-catalog/catalogs/2026/listings cannot be read .* missing or cut off.*rebuild",
    ):
        catalog.listings(1)
    store.delete(name)
    with pytest.raises(DataFolderError, match="missing or cut off"):
        catalog.listings(1)
    assert [f"{address}/listings cannot be read" in told for told in catalog.unreadable()] == [True]


def test_a_store_that_cannot_be_reached_is_told(address: str, tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match=r"cannot be read \(.*NoSuchBucket.*\); look at the address and the credentials"):
        Catalog(tmp_path / "lease", "s3://another-bucket").mark()
    assert address


@pytest.mark.parametrize(
    "odd",
    ["/srv/catalog", "http://host/bucket", "s3://", "s3:bucket", "s3://key:secret@bucket/c", "s3://key@bucket/c", "s3://bucket/my data", "s3://bucket/数据", "s3://bucket/c?secret=x", "s3://bucket//c"],
)  # fmt: skip
def test_addresses_that_are_refused(odd: str) -> None:
    with pytest.raises(DataFolderError, match="is not an address such as s3://bucket/catalog"):
        checked(odd)


@pytest.mark.parametrize("address", ["s3://bucket", "gs://bucket/a/b", "abfs://container@account.dfs.core.windows.net/audit"])
def test_addresses_that_are_taken(address: str) -> None:
    assert checked(address) == checked(f"{address}/") == address
