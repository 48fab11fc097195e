"""Files out of a folder of an SFTP server: OpenSSH's own answers."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paramiko
import pytest

from audit.connectors._fetching import FetchError
from audit.connectors.folder import Settings, fetch
from audit.errors import UsageError
from audit.model.estate import Source
from tests.connectors.pulling import Clock, asking, declared, kept, names, pulled
from tests.connectors.sftp_server import sftp_server
from tests.connectors.test_folder import line

SECRET = "hunter2-of-the-nas"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    return tmp_path / "exports"


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_PASSWORD", SECRET)
    with sftp_server(tmp_path, SECRET) as server:
        yield server


def later(**delta: float) -> datetime:
    return datetime.now(UTC) + timedelta(**(delta or {"minutes": 1}))


def fetched(server, place, now=None, last=None, **more):
    given, warned = asking(now or later(), last)
    login = {"password": {"env": "NAS_PASSWORD"}, "known_hosts": str(server.known_hosts)} | more
    return list(fetch(Settings(connector="folder", location=server.address(place), **login), given)), warned


def test_files_with_their_bytes_sidecars_and_times(server, place):
    big = bytes(range(256)) * 20_000
    (place / "big.json").write_bytes(big)
    (place / "big.json.envelope.json").write_bytes(b"{}")
    (place / "empty.json").write_bytes(b"")
    (place / ".hidden.json").write_bytes(b"no")
    (place / "2026").mkdir()
    (place / "2026" / "清单.json").write_bytes(b"[1]")
    os.utime(place / "empty.json", (0, datetime(2026, 1, 2, tzinfo=UTC).timestamp()))
    found, warned = fetched(server, place, pattern="**/*.json", observed="modified", complete=True)
    assert [(one.name, one.payload == big, one.sidecar) for one in found] == [
        ("2026/清单.json", False, None),
        ("big.json", True, b"{}"),
        ("empty.json", False, None),
    ]
    assert found[2].told == {"scope": None, "complete": True, "observed_at": datetime(2026, 1, 2, tzinfo=UTC)}
    assert warned == []
    assert names(fetched(server, place, pattern="*")[0]) == ["big.json", "empty.json"]


def test_what_did_not_change_is_not_read_again_and_what_may_be_written_is_left(server, place):
    (place / "a.json").write_bytes(b"[]")
    assert fetched(server, place, now=later(seconds=5)) == ([], [])
    assert names(fetched(server, place, last={"a.json": later(hours=2)})[0]) == []
    assert names(fetched(server, place, last={"a.json": later(minutes=5)})[0]) == ["a.json"]


def test_links_that_lead_out_are_refused(server, place, tmp_path):
    (tmp_path / "secret.json").write_bytes(b"secret")
    (place / "a.json").write_bytes(b"[]")
    (place / "latest.json").symlink_to("a.json")
    (place / "out.json").symlink_to("../secret.json")
    (place / "gone.json").symlink_to("nowhere/x.json")
    given, warned = asking(later())
    login = {"password": {"env": "NAS_PASSWORD"}, "known_hosts": str(server.known_hosts)}
    files = fetch(Settings(connector="folder", location=server.address(place), **login), given)
    assert [next(files).name, next(files).name] == ["a.json", "latest.json"]
    with pytest.raises(FetchError, match=r"^could not be read: gone\.json: "):
        next(files)
    assert warned == ["out.json was not taken: it is a link that leads out of the folder"]


def test_a_key_file_with_and_without_its_passphrase(tmp_path, place, monkeypatch):
    key = paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(tmp_path / "id"), password="correct horse")
    monkeypatch.setenv("PASSPHRASE", "correct horse")
    (place / "a.json").write_bytes(b"[]")
    with sftp_server(tmp_path, key=key) as server:
        login = {"password": None, "key_file": str(tmp_path / "id")}
        assert names(fetched(server, place, **login, key_password={"env": "PASSPHRASE"})[0]) == ["a.json"]
        with pytest.raises(FetchError, match="is encrypted: name its passphrase with key_password"):
            fetched(server, place, **login)
        monkeypatch.setenv("PASSPHRASE", "wrong horse")
        with pytest.raises(FetchError, match="or its passphrase is another one") as caught:
            fetched(server, place, **login, key_password={"env": "PASSPHRASE"})
        assert "horse" not in str(caught.value)
        for kind in ("ed25519", "rsa"):  # as OpenSSH writes them; the server does not know them
            command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", tmp_path / kind]
            subprocess.run(command, check=True, capture_output=True)
            with pytest.raises(FetchError, match="user, password or key are not accepted"):
                fetched(server, place, password=None, key_file=str(tmp_path / kind))
        with pytest.raises(FetchError, match="cannot be read: No such file"):
            fetched(server, place, password=None, key_file=str(tmp_path / "none"))


def test_a_wrong_password_is_told_without_it(server, place, monkeypatch):
    monkeypatch.setenv("NAS_PASSWORD", "wrong-one-entirely")
    with pytest.raises(FetchError, match="not accepted") as caught:
        fetched(server, place)
    assert "wrong-one" not in str(caught.value)
    monkeypatch.delenv("NAS_PASSWORD")
    with pytest.raises(UsageError, match="set the environment variable NAS_PASSWORD"):
        fetched(server, place)


def test_a_server_that_is_not_known_or_another_one_is_sent_nothing(server, place, tmp_path):
    (tmp_path / "none").write_text("")
    with pytest.raises(FetchError, match="its host key is not known: add it"):
        fetched(server, place, known_hosts=str(tmp_path / "none"))
    other = paramiko.ECDSAKey.generate()
    (tmp_path / "other").write_text(f"[127.0.0.1]:{server.port} {other.get_name()} {other.get_base64()}\n")
    with pytest.raises(FetchError, match="its host key is not the one that is known"):
        fetched(server, place, known_hosts=str(tmp_path / "other"))
    with pytest.raises(FetchError, match="No such file"):
        fetched(server, place, known_hosts=str(tmp_path / "missing"))


def test_no_such_folder_and_nobody_there(server, place):
    with pytest.raises(FetchError, match=r"^sftp://audit@127\.0\.0\.1:\d+: there is no folder /nowhere"):
        fetched(server, "/nowhere")
    with pytest.raises(FetchError, match="/proc/self/maps"):
        fetched(server, "/proc/self/maps")
    closed = type(server)(1, server.known_hosts)
    with pytest.raises(FetchError, match=r"Unable to connect|refused"):
        fetched(closed, place)


def test_a_pull_keeps_the_very_bytes_and_the_next_one_only_what_is_new(server, place, tmp_path, monkeypatch):
    told = {
        "connector": "folder", "location": server.address(place), "pattern": "*.ndjson", "password": {"env": "NAS_PASSWORD"},
        "known_hosts": str(server.known_hosts), "every": "1h",
    }  # fmt: skip
    clock = Clock(later())
    with declared(monkeypatch, tmp_path / "data", nas=Source("nas", "interchange", fetch=told)) as store:
        (place / "a.ndjson").write_bytes(line(1, note=SECRET))
        (place / "b.ndjson").write_bytes(line(2))
        clock.forward(timedelta(hours=1))
        done = pulled(store, clock, "nas")
        assert (done.failed, done.new) == (None, 2)
        assert "a.ndjson held a secret of this source: *** stands for it in what is kept" in done.warnings
        assert kept(store, "nas") == {"a.ndjson": [line(1, note="***")], "b.ndjson": [line(2)]}
        clock.forward(timedelta(hours=3))
        (place / "c.ndjson").write_bytes(line(3))
        done = pulled(store, clock, "nas")
        assert (done.payloads, done.new) == (1, 1)
        monkeypatch.setenv("NAS_PASSWORD", "wrong-one-entirely")
        done = pulled(store, clock, "nas")
        assert done.failed is not None
        assert "not accepted" in done.failed
        assert "wrong-one" not in done.failed
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file
