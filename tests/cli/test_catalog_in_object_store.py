"""A catalog in an object store, from the command line: made, used, verified, rebuilt, and refused where it would be unsafe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from ruamel.yaml import YAML

from audit.catalog.place import Prefix
from tests.cli.session import PROGRAMME, Session, restic_samples
from tests.objects import SECRET, bucket


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with bucket(monkeypatch) as address:
        yield address


def begun(data: Path, *options: str) -> Session:
    session = Session(data)
    session.fine("init", "--organisation", "Yunhe Messaging", *options)
    session.fine("apply", PROGRAMME, "--by", "olivia")
    session.fine("ingest", *restic_samples()[:5])
    return session


def test_the_first_session_in_an_object_store(store: str, tmp_path: Path) -> None:
    address = f"{store}/audit"
    there, here = begun(tmp_path / "there", "--catalog", f"{address}/"), begun(tmp_path / "here")
    assert YAML(typ="safe").load((there.data / "config.yaml").read_text())["catalog"] == address
    assert not list(there.data.glob("catalog/**/*.parquet"))
    assert "recovery_points_inbox/_delta_log/00000000000000000000.json" in Prefix(address).objects()
    truth = here.assess()
    assert there.assess()["results"] == truth["results"] != []
    there.fine("verify")
    there.fine("rebuild")
    assert there.assess()["results"] == truth["results"]
    for file in there.data.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_a_place_holds_one_catalog(store: str, tmp_path: Path) -> None:
    Prefix(f"{store}/audit").write("stranger.parquet", _one_row())
    done = Session(tmp_path / "data")("init", "--catalog", f"{store}/audit")
    assert (done.code, done.err) == (
        2,
        f"Error: --catalog: {store}/audit holds other objects (stranger.parquet): name an empty prefix\n",
    )
    session = Session(tmp_path / "new")
    session.fine("init", "--catalog", f"{store}/other")
    done = Session(tmp_path / "second")("init", "--catalog", f"{store}/other")
    assert (done.code, "/other holds other objects (backup-audit.txt)" in done.err) == (2, True)
    assert session("init", "--catalog", f"{store}/other").code == 0
    done = session("init", "--catalog", f"{store}/third")
    assert done.err == f"Error: {session.data} is a data folder already, and its catalog lies in {store}/other\n"


def test_a_store_that_cannot_be_used_is_told(store: str, tmp_path: Path) -> None:
    done = Session(tmp_path / "none")("init", "--catalog", "s3://no-such-bucket/audit")
    assert done.code == 2
    assert "cannot be reached with the credentials in the environment" in done.err
    assert "NoSuchBucket" in done.err
    assert not (tmp_path / "none").exists()
    session = Session(tmp_path / "data")
    session.fine("init", "--catalog", f"{store}/audit")
    session.fine("apply", PROGRAMME, "--by", "olivia")
    (session.data / "config.yaml").write_text((session.data / "config.yaml").read_text().replace(f"{store}/audit", "ftp://host"))
    done = session("assess", "--from", "2026-01-01", "--to", "2026-02-01")
    assert done.code == 2
    assert f"{session.data / 'config.yaml'}, catalog: 'ftp://host' is not an address such as s3://bucket/catalog" in done.err


def _one_row() -> pl.LazyFrame:
    return pl.LazyFrame({"a": [1]})
