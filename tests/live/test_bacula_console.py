"""The connector `bacula` against a real director: its own console, one that may do nothing else, one with another password, and none at all."""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from audit.connectors._fetching import FetchError
from audit.connectors.bacula import Settings, fetch
from audit.model.estate import Source
from tests.connectors.pulling import Clock, asking, declared, kept, pulled
from tests.live.site import MARKS, files, needed, place
from tests.live.test_bacula import SCHEMA, configure, daemon, free_ports

pytestmark = MARKS

NARROW = """Console {
  Name = audit
  Password = "audit"
  CommandACL = llist, version, quit
  JobACL = *all*
  ClientACL = *all*
  PoolACL = *all*
  FileSetACL = *all*
  CatalogACL = *all*
}
"""


def bconsole(conf: Path, *lines: str) -> str:
    done = subprocess.run(
        ["/usr/sbin/bconsole", "-n", "-c", conf], input="\n".join(lines).encode() + b"\n", check=True, capture_output=True
    )
    return done.stdout.decode()


def test_the_list_of_jobs_of_a_real_director(tmp_path, monkeypatch):
    needed("bacula-dir", "bacula-sd", "bacula-fd", "bconsole", "sqlite3")
    with place() as own, ExitStack() as running:
        files(own / "data")
        (own / "volumes").mkdir()
        subprocess.run(["sqlite3", str(own / "bacula.db")], input=SCHEMA.read_bytes(), check=True, stdout=subprocess.DEVNULL)
        director, storage, client = free_ports(3)
        configure(own, director, storage, client)
        with (own / "dir.conf").open("a") as file:
            file.write(NARROW)
        place_of = f"Director {{\n  Name = dir\n  DIRport = {director}\n  address = 127.0.0.1\n  Password = "
        (own / "narrow.conf").write_text(f'{place_of}"none"\n}}\nConsole {{\n  Name = audit\n  Password = "audit"\n}}\n')
        (own / "wrong.conf").write_text(f'{place_of}"wrong"\n}}\n')
        for program, name, port in (("bacula-sd", "sd", storage), ("bacula-fd", "fd", client), ("bacula-dir", "dir", director)):
            running.enter_context(daemon(program, own / f"{name}.conf", port))
        told = {"connector": "bacula", "program": "/usr/sbin/bconsole", "config": str(own / "narrow.conf"), "timeout": "90s"}
        source = Source("bacula", "bacula", "Asia/Shanghai", fetch=told)
        clock = Clock()
        with declared(monkeypatch, tmp_path / "data", bacula=source) as store:
            done = pulled(store, clock, "bacula")
            assert (done.failed, done.points) == (None, 0)  # a list of nothing
            bconsole(own / "console.conf", "run job=Backup-fs01 level=Full yes", "wait")
            time.sleep(1.1)
            bconsole(own / "console.conf", "run job=Backup-fs01 level=Incremental yes", "wait", "run job=ScriptFail yes", "wait")
            done = pulled(store, clock, "bacula")
            assert (done.failed, done.points, done.runs, done.quarantined) == (None, 2, 3, 0)
            payload = kept(store, "bacula")["llist jobs"][-1]
            assert payload.startswith(b"llist jobs\n")
            assert payload in bconsole(own / "console.conf", "llist jobs", "version", "quit").encode()
            assert [row["complete"] for row in store.catalog.listings(store.head()).to_dicts()] == [True]
            bconsole(own / "console.conf", "delete jobid=1 yes")
            done = pulled(store, clock, "bacula")
            assert (done.failed, done.points, done.runs) == (None, 1, 2)
        refused = bconsole(own / "narrow.conf", "run job=Backup-fs01 level=Full yes", "quit")
        assert "invalid command" in refused or "not authorized" in refused.lower()
        given, _ = asking()
        for config, said in (("wrong.conf", "authorization (?:error|problem)"), ("nowhere.conf", "No such file or directory")):
            with pytest.raises(FetchError, match=rf"bconsole ended with 1: .*{said}"):
                list(fetch(Settings(**{**told, "config": str(own / config)}), given))
