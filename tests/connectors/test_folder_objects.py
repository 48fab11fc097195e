"""Files out of an object store: moto's S3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from audit.connectors._fetching import FetchError
from audit.connectors.folder import Settings, fetch
from audit.model.estate import Source
from tests.connectors.pulling import Clock, asking, declared, kept, names, pulled
from tests.connectors.test_folder import line
from tests.objects import SECRET, bucket


@pytest.fixture
def store(monkeypatch) -> Iterator[str]:
    with bucket(monkeypatch, "exports") as address:
        yield address


def put(address: str, files: dict[str, bytes]) -> None:
    from obstore.store import from_url

    there = from_url(address)
    for name, data in files.items():
        there.put(name, data)


def later(**delta: float) -> datetime:
    return datetime.now(UTC) + timedelta(**(delta or {"minutes": 1}))


def fetched(location: str, now=None, last=None, **more):
    given, warned = asking(now or later(), last)
    return list(fetch(Settings(connector="folder", location=location, **more), given)), warned


def test_objects_below_the_prefix(store):
    put(
        store,
        {
            "veeam/a.json": b"[1]\xff",
            "veeam/a.json.envelope.json": b"{}",
            "veeam/x/b.json": b"",
            "veeam/.c.json": b"no",
            "other/d.json": b"no",
        },
    )
    found, warned = fetched(f"{store}/veeam", pattern="**/*.json", observed="modified", complete=True)
    assert [(one.name, one.payload, one.sidecar) for one in found] == [("a.json", b"[1]\xff", b"{}"), ("x/b.json", b"", None)]
    assert found[0].told["complete"] is True
    assert abs(found[0].told["observed_at"] - datetime.now(UTC)) < timedelta(minutes=2)
    assert warned == []
    assert names(fetched(f"{store}/veeam/")[0]) == ["a.json"]
    assert fetched(f"{store}/veeam", now=later(seconds=5)) == ([], [])
    assert names(fetched(f"{store}/veeam", last={"a.json": later(hours=2)})[0]) == []
    assert names(fetched(f"{store}/veeam", last={"a.json": later(minutes=5)})[0]) == ["a.json"]
    assert fetched(f"{store}/empty") == ([], [f"no file in {store}/empty matches *"])


def test_a_bucket_that_is_not_there(store):
    with pytest.raises(FetchError, match=r"^could not be read: s3://nowhere/x: .*NoSuchBucket"):
        fetched("s3://nowhere/x")


def test_a_pull_with_keys_of_its_own(store, tmp_path, monkeypatch):
    put(store, {"nas/a.ndjson": line(1), "nas/b.ndjson": line(2)})
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION", "ENDPOINT_URL", "ALLOW_HTTP"):
        monkeypatch.delenv(f"AWS_{name}")
    monkeypatch.setenv("STORE_KEY", SECRET)
    told = {
        "connector": "folder", "location": f"{store}/nas", "access_key": "tests", "secret_key": {"env": "STORE_KEY"}, "endpoint": endpoint,
        "region": "us-east-1",
    }  # fmt: skip
    clock = Clock(later())
    with declared(monkeypatch, tmp_path / "data", nas=Source("nas", "interchange", fetch=told)) as data:
        clock.forward(timedelta(hours=1))
        done = pulled(data, clock, "nas")
        assert (done.failed, done.new, done.points) == (None, 2, 2)
        assert kept(data, "nas") == {"a.ndjson": [line(1)], "b.ndjson": [line(2)]}
        clock.forward(timedelta(hours=3))
        assert pulled(data, clock, "nas").payloads == 0
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file
