"""Files out of a folder: which are read, which are left, refused or not read again, and what is told of each."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from audit.connectors import folder as connector
from audit.connectors._fetching import FetchError
from audit.connectors._places import Local
from audit.connectors.folder import Settings, fetch
from audit.model.estate import Source
from tests.connectors.pulling import Clock, asking, declared, kept, names, pulled

SIDECAR = ".envelope.json"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    return tmp_path / "exports"


def settings(place: Path, **more) -> Settings:
    return Settings(connector="folder", location=str(place), **more)


def later(**delta: float) -> datetime:
    return datetime.now(UTC) + timedelta(**(delta or {"minutes": 1}))


def fetched(place: Path, now: datetime | None = None, last=None, **more):
    given, warned = asking(now or later(), last)
    return list(fetch(settings(place, **more), given)), warned


def line(number: int, **more) -> bytes:
    row = {
        "record": "recovery_point", "repository": "nas-dc1", "id": f"db-{number}", "subject": "db", "method": "full",
        "captured_at": f"2026-01-{number:02}T00:00:00Z", "available_at": f"2026-01-{number:02}T00:05:00Z",
    }  # fmt: skip
    return json.dumps(row | more).encode() + b"\n"


def test_files_of_the_pattern_with_their_bytes_and_without_a_time(place):
    (place / "b.json").write_bytes(b"[1]\xff")
    (place / "a.json").write_bytes(b"")
    (place / "c.txt").write_bytes(b"no")
    (place / ".hidden.json").write_bytes(b"no")
    (place / "below").mkdir()
    (place / "below" / "d.json").write_bytes(b"no")
    found, warned = fetched(place, pattern="*.json", scope="host a")
    assert [(one.name, one.payload, one.sidecar) for one in found] == [("a.json", b"", None), ("b.json", b"[1]\xff", None)]
    assert found[0].told == {"scope": "host a", "complete": None, "observed_at": None}
    assert warned == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ["a.json"]),
        ("*/*.json", ["2026/a.json", "2027/a.json"]),
        ("2026/**/*.json", ["2026/11/x/a.json", "2026/a.json"]),
        ("**", ["2026/11/x/a.json", "2026/a.json", "2027/a.json", "a.json"]),
        ("202[67]/?.json", ["2026/a.json", "2027/a.json"]),
        ("A.json", []),
    ],
)
def test_patterns_go_part_by_part(place, pattern, expected):
    for name in ("a.json", "2026/a.json", "2026/11/x/a.json", "2027/a.json", ".git/a.json", "2026/.b/a.json"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(name.encode())
    found, warned = fetched(place, pattern=pattern)
    assert names(found) == expected
    assert warned == ([] if expected else [f"no file in {place} matches A.json"])


def test_when_a_file_was_true_is_told_only_where_the_settings_say_that_its_time_is_it(place):
    file = place / "list.json"
    file.write_bytes(b"[]")
    os.utime(file, (0, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()))
    (one,), _ = fetched(place, observed="modified", complete=True)
    assert one.told == {"scope": None, "complete": True, "observed_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}


def test_what_may_still_be_written_is_left(place, monkeypatch):
    (place / "a.json").write_bytes(b"[")
    assert fetched(place, now=later(seconds=5)) == ([], [])
    (one,), _ = fetched(place, now=later(seconds=11))
    assert one.payload == b"["

    read = Local.read

    def slowly(self, seen, most):
        data = read(self, seen, most)
        with (place / "a.json").open("ab") as file:
            file.write(b"1")
        return data

    monkeypatch.setattr(Local, "read", slowly)
    assert fetched(place) == ([], [])


def test_a_file_is_left_with_its_sidecar(place):
    (place / "a.json").write_bytes(b"[]")
    os.utime(place / "a.json", (0, 0))
    (place / ("a.json" + SIDECAR)).write_bytes(b"{}")
    (one,), _ = fetched(place)
    assert (one.name, one.sidecar) == ("a.json", b"{}")
    assert fetched(place, now=later(seconds=5)) == ([], [])


def test_what_did_not_change_since_is_not_read_again(place, monkeypatch):
    (place / "a.json").write_bytes(b"[]")
    os.utime(place / "a.json", (0, 0))  # what was copied with an old time changed all the same
    read: list[str] = []
    monkeypatch.setattr(Local, "read", lambda self, seen, most, of=Local.read: read.append(seen.name) or of(self, seen, most))
    assert names(fetched(place, last={"a.json": later(hours=2)})[0]) == []
    assert read == []
    assert names(fetched(place, last={"a.json": later(seconds=50)})[0]) == ["a.json"]
    assert names(fetched(place, last={"b.json": later(hours=2)})[0]) == ["a.json"]
    assert names(fetched(place, last={"a.json": later(hours=-1)})[0]) == ["a.json"]


def test_a_file_whose_time_lies_ahead_is_taken_but_is_no_listing(place):
    (place / "a.json").write_bytes(b"[]")
    os.utime(place / "a.json", (0, datetime(2099, 1, 1, tzinfo=UTC).timestamp()))
    (one,), warned = fetched(place, complete=True, observed="modified")
    assert one.told == {"scope": None}
    assert warned == ["a.json was changed at 2099-01-01T00:00:00Z, which lies ahead: it is taken, but not as a listing of any time"]


def test_links_are_followed_only_to_files_below_the_folder(place, tmp_path):
    (tmp_path / "secret.json").write_bytes(b"secret")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.json").write_bytes(b"secret")
    (place / "2026").mkdir()
    (place / "2026" / "real.json").write_bytes(b"[]")
    (place / "latest.json").symlink_to("2026/real.json")
    (place / "out.json").symlink_to(tmp_path / "secret.json")
    (place / "up.json").symlink_to("../secret.json")
    (place / "elsewhere").symlink_to(tmp_path / "other")
    found, warned = fetched(place, pattern="**/*.json")
    assert names(found) == ["2026/real.json", "latest.json"]
    assert warned == [f"{name} was not taken: it is a link that leads out of the folder" for name in ("out.json", "up.json")]


def test_what_is_changed_for_a_link_after_it_was_listed_is_not_read(place, tmp_path):
    (tmp_path / "secret.json").write_bytes(b"secret")
    (place / "sub").mkdir()
    (place / "sub" / "a.json").write_bytes(b"[]")
    local = Local(str(place))
    (seen,) = local.files(None, [])
    assert local.read(seen, 10) == b"[]"
    (place / "sub" / "a.json").unlink()
    (place / "sub" / "a.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(OSError, match="symbolic links"):
        local.read(seen, 10)
    (tmp_path / "a.json").write_bytes(b"secret")
    (place / "sub" / "a.json").unlink()
    (place / "sub").rmdir()
    (place / "sub").symlink_to(tmp_path)
    with pytest.raises(OSError, match="Not a directory"):
        local.read(seen, 10)


def test_what_is_no_file_or_too_large_is_refused_and_said(place, monkeypatch):
    monkeypatch.setattr(connector, "LARGEST", 10)
    (place / "a.json").write_bytes(b"x" * 11)
    (place / "b.json").write_bytes(b"x" * 10)
    os.mkfifo(place / "c.json")
    found, warned = fetched(place)
    assert names(found) == ["b.json"]
    assert warned == ["a.json was not taken: it is larger than 0 MiB", "c.json was not taken: it is no regular file"]


def test_what_cannot_be_read_fails_the_fetch_after_the_rest(place):
    (place / "a.json").symlink_to("gone.json")
    (place / "b.json").write_bytes(b"[]")
    given, _ = asking(later())
    files = fetch(settings(place), given)
    assert next(files).name == "b.json"
    with pytest.raises(FetchError, match=r"^could not be read: a\.json: No such file or directory$"):
        next(files)


def test_a_sidecar_without_its_file_is_told(place):
    (place / ("a.json" + SIDECAR)).write_bytes(b"{}")
    assert fetched(place, pattern="*.json") == (
        [],
        [f"a.json{SIDECAR} tells of a.json, which is not there: put the file beside it", f"no file in {place} matches *.json"],
    )


def test_no_such_folder(tmp_path):
    with pytest.raises(FetchError, match="is no folder of this machine"):
        fetched(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "told",
    [
        {"location": "exports"},
        {"location": "file:///srv"},
        {"location": "sftp://host/x", "password": {"env": "X"}},
        {"location": "sftp://audit:hunter2@host/x", "password": {"env": "X"}},
        {"location": "sftp://audit@host/x"},
        {"location": "sftp://audit@host/x", "password": {"env": "X"}, "key_file": "/k"},
        {"location": "s3://"},
        {"location": "s3://bucket", "access_key": "a"},
        {"location": "s3://bucket", "endpoint": "http://store.example.com"},
        {"location": "/srv", "password": {"env": "X"}},
        {"location": "/srv", "region": "x"},
        {"location": "/srv", "pattern": "../*"},
        {"location": "/srv", "pattern": "/etc/*"},
        {"location": "/srv", "pattern": ""},
        {"location": "/srv", "observed": "created"},
    ],
)
def test_settings_that_cannot_be_right(told):
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"connector": "folder", **told})
    assert "hunter2" not in str(caught.value.errors(include_input=False))


# --- through the step -----------------------------------------------------------------------------------------------------------


def test_a_pull_keeps_the_very_bytes_and_the_next_one_only_what_is_new(place, tmp_path, monkeypatch):
    source = Source("exports", "interchange", fetch={"connector": "folder", "location": str(place), "pattern": "**/*.ndjson"})
    clock = Clock(later())
    with declared(monkeypatch, tmp_path / "data", exports=source) as store:
        (place / "x").mkdir()
        (place / "a.ndjson").write_bytes(line(1))
        (place / "x" / "b.ndjson").write_bytes(line(2) + line(3))
        clock.forward(timedelta(hours=1))
        done = pulled(store, clock, "exports")
        assert (done.failed, done.payloads, done.new, done.points) == (None, 2, 2, 3)
        assert done.warnings == ["repository 'nas-dc1' is not declared in the programme"]
        assert kept(store, "exports") == {"a.ndjson": [line(1)], "x/b.ndjson": [line(2) + line(3)]}
        clock.forward(timedelta(hours=3))
        assert (again := pulled(store, clock, "exports")).payloads == again.new == 0
        (place / "c.ndjson").write_bytes(line(4))
        done = pulled(store, clock, "exports")
        assert (done.payloads, done.new, done.points) == (1, 1, 1)
        told = store.catalog.payloads(store.head()).sort("entry")
        assert told["method"].to_list() == ["pull"] * 3
        assert told["observed_at"].to_list() == [None] * 3
        assert sorted(file.name for file in place.rglob("*.ndjson")) == ["a.ndjson", "b.ndjson", "c.ndjson"]


def test_a_sidecar_goes_before_the_settings_but_not_before_the_source(place, tmp_path, monkeypatch):
    told = {"connector": "folder", "location": str(place), "pattern": "*.ndjson", "repository": "nas-dc1", "observed": "modified"}
    source = Source("exports", "restic", timezone="UTC", fetch=told)
    with declared(monkeypatch, tmp_path / "data", exports=source) as store:
        for name, sidecar in {
            "good": {"tool": "interchange", "repository": "vault-hz", "observed_at": "2026-01-05T00:00:00Z", "complete": True},
            "other": {"tool": "interchange", "source": "else"},
            "wrong": {"tool": "interchange", "observed_at": "yesterday"},
            "broken": None,
        }.items():
            (place / f"{name}.ndjson").write_bytes(line(1, id=name))
            (place / f"{name}.ndjson{SIDECAR}").write_text("{" if sidecar is None else json.dumps(sidecar))
        done = pulled(store, Clock(later()), "exports")
        assert list(kept(store, "exports")) == ["good.ndjson"]
        assert done.failed is None
        assert sorted(warning.split(": ")[0] for warning in done.warnings if "ndjson" in warning) == [
            f"broken.ndjson{SIDECAR}",
            "other.ndjson, source",
            f"wrong.ndjson{SIDECAR}, observed_at",
        ]
        row = store.catalog.payloads(store.head()).row(0, named=True)
        assert (row["tool"], row["source"]) == ("interchange", "exports")
        assert row["observed_at"] == datetime(2026, 1, 5, tzinfo=UTC)
