"""Bareos and Bacula: a program in place of bconsole that echoes its commands, as bconsole does, and prints what was recorded."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from audit.connectors import bacula, bareos
from audit.connectors._fetching import Asking, Fetched, FetchError
from audit.connectors._registry import connectors
from audit.model.estate import Source
from audit.steps._open import Store
from audit.steps.pull import Pulled
from tests.connectors.pulling import NOW, Clock, checked, declared, kept, pulled

GREETING = "Connecting to Director 127.0.0.1:9101\n1000 OK: {director} Version: 9.6.7\nEnter a period to cancel a command.\n"
BLOCK = (
    "           jobid: {0}\n             job: Backup-fs01.{0}\n            name: Backup-fs01\n            type: B\n           level: F\n"
    "      clientname: fs01-fd\n       jobstatus: T\n       schedtime: 2026-11-{0:02} 14:10:54\n       starttime: 2026-11-{0:02} 14:10:57\n"
    "         endtime: 2026-11-{0:02} 14:11:57\n     realendtime: 2026-11-{0:02} 14:11:57\n        jobfiles: 71\n        jobbytes: 1,482,550\n"
    "       joberrors: 0\n jobmissingfiles: 0\n        poolname: Daily\n      priorjobid: 0\n         fileset: Set1\n         hasbase: 0\n\n"
)
CONSOLE = """#!{python}
import json, os, sys
told = json.load(open({place!r}))
lines = sys.stdin.read().splitlines()
json.dump({{"arguments": sys.argv[1:], "lines": lines, "environment": sorted(os.environ)}}, open({place!r} + ".seen", "w"))
sys.stdout.write(told["greeting"])
for line in lines:
    if line == told.get("stops_at"):
        sys.exit(told["exit"])
    sys.stdout.write(line + "\\n")
    sys.stdout.flush()
    sys.stdout.buffer.write(told["answers"].get(line, "").encode("latin-1"))
    sys.stdout.flush()
sys.exit(told["exit"])
"""


@pytest.fixture
def console(tmp_path: Path):
    """Write a program; return its path, and what was told to it."""
    place = tmp_path / "told.json"
    program = tmp_path / "bconsole"
    program.write_text(CONSOLE.format(python=sys.executable, place=str(place)))
    program.chmod(0o700)

    def make(answers: dict[str, str], greeting: str = GREETING, exit_code: int = 0, **more) -> str:
        place.write_text(json.dumps({"greeting": greeting, "answers": answers, "exit": exit_code, **more}))
        return str(program)

    make.seen = lambda: json.loads(Path(f"{place}.seen").read_text())
    return make


def job(number, **more):
    return {
        "jobid": str(number), "job": f"Backup-fs01.{number}", "name": "Backup-fs01", "type": "B", "level": "F", "clientname": "fs01-fd", "jobstatus": "T",
        "schedtime": f"2026-11-{number:02} 14:10:54", "starttime": f"2026-11-{number:02} 14:10:57", "endtime": f"2026-11-{number:02} 14:11:57",
        "realendtime": f"2026-11-{number:02} 14:11:57", "jobfiles": "71", "jobbytes": "1482550", "joberrors": "0", "jobmissingfiles": "0", "poolname": "Full",
        "priorjobid": "0", "fileset": "SelfTest", **more,
    }  # fmt: skip


def body(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def answer(jobs, **more):
    return body({"jsonrpc": "2.0", "id": None, "result": {"jobs": jobs}, **more}).decode()


API = {".api json compact=yes": '{"jsonrpc":"2.0","id":null,"result":{"api":2}}'}


# --- bareos ---------------------------------------------------------------------------------------------------------------------


def test_bareos_keeps_the_answer_with_the_jobs(console):
    listed = answer([job(1), job(2, name="{caf\xc3\xa9")])
    program = console(API | {"llist jobs": listed, "quit": ""})
    (one,) = fetched_console("bareos", program, config="/etc/bareos/audit.conf", director="bareos-dir")
    assert (one.name, one.payload) == ("llist jobs", listed.encode("latin-1"))
    told = one.told
    assert told["observed_at"] == told["started_at"] == NOW < told["finished_at"]
    assert (told["complete"], told["exit_code"], told["command"]) == (True, 0, "llist jobs")
    seen = console.seen()
    assert seen["arguments"] == ["-c", "/etc/bareos/audit.conf", "-D", "bareos-dir"]
    assert seen["lines"] == [".api json compact=yes", "llist jobs", "quit"]
    assert set(seen["environment"]) <= {
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "SSH_AUTH_SOCK",
    }


def test_bareos_keeps_bytes_that_are_no_utf_8(console):
    listed = answer([job(1, name="\xff\xfe")])
    (one,) = fetched_console("bareos", console(API | {"llist jobs": listed.replace("\\u00ff\\u00fe", "\xff\xfe")}))
    assert b'"name": "\xff\xfe"' in one.payload


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"llist jobs": answer([job(1)])[:-20]}, "gave no whole list of jobs in JSON"),
        (
            {"llist jobs": "You are not authorized for this command.\n"},
            "gave no whole list of jobs in JSON: You are not authorized for this command",
        ),
        ({"llist jobs": '{"jsonrpc":"2.0","id":null,"result":{}}'}, "gave no whole list of jobs in JSON"),
        (
            {
                "llist jobs": body(
                    {"jsonrpc": "2.0", "error": {"data": {"messages": {"error": ["No access.\n"]}}, "code": 1}}
                ).decode()
            },
            "the director answered with an error: No access",
        ),
        ({".api json compact=yes": '{"jsonrpc":"2.0","error":"x"}'}, "the director answered with an error$"),
    ],
)
def test_bareos_without_a_whole_list_gives_nothing(console, answers, said):
    given: list[Fetched] = []
    with pytest.raises(FetchError, match=said):
        fetched_console("bareos", console(API | answers), into=given)
    assert given == []


def test_a_console_that_fails_or_is_not_there(console, tmp_path):
    program = console(
        {}, greeting="Connecting to Director\nDirector authorization error.\n", exit_code=1, stops_at=".api json compact=yes"
    )
    with pytest.raises(FetchError, match=r"bconsole ended with 1: Director authorization error\.$"):
        fetched_console("bareos", program)
    with pytest.raises(FetchError, match="/nowhere/bconsole cannot be run: No such file"):
        fetched_console("bareos", "/nowhere/bconsole")


def test_bareos_through_pull(console, tmp_path, monkeypatch):
    program = console(API | {"llist jobs": answer([job(1), job(2)])})
    with consoling(monkeypatch, tmp_path, "bareos", program) as (store, pull):
        assert pull().failed is None
        console(API | {"llist jobs": answer([job(2), job(3)])})
        assert (done := pull()).failed is None
        assert done.new == 1
        assert kept(store, "backups") == {"llist jobs": [answer([job(1), job(2)]).encode(), answer([job(2), job(3)]).encode()]}
        assert set(store.catalog.tellings(store.head()).collect()["id"]) == {"1", "2", "3"}
        assert store.catalog.listings(store.head())["complete"].to_list() == [True, True]


# --- bacula ---------------------------------------------------------------------------------------------------------------------

LIST = 'Automatically selected Catalog: MyCatalog\nUsing Catalog "MyCatalog"\n'
VERSION = "backup-srv-dir Version: 9.6.7 (10 December 2020) x86_64-pc-linux-gnu debian bookworm/sid \n"


def test_bacula_keeps_the_list_of_jobs(console):
    listed = LIST + BLOCK.format(1) + BLOCK.format(2).replace("Set1", "caf\xe9")
    (one,) = fetched_console("bacula", console({"llist jobs": listed, "version": "You have messages.\n" + VERSION}))
    assert (one.name, one.payload) == ("llist jobs", b"llist jobs\n" + listed.encode("latin-1"))
    assert (one.told["complete"], one.told["command"]) == (True, "llist jobs")
    assert console.seen() | {"environment": []} == {"arguments": [], "lines": ["llist jobs", "version", "quit"], "environment": []}


def test_bacula_keeps_a_list_of_nothing(console):
    (one,) = fetched_console("bacula", console({"llist jobs": LIST + "No results to list.\n", "version": VERSION}))
    assert one.payload.endswith(b"No results to list.\n")


@pytest.mark.parametrize(
    ("answers", "more"),
    [
        ({"llist jobs": LIST + BLOCK.format(1)}, {"stops_at": "version"}),
        ({"llist jobs": LIST + BLOCK.format(1)}, {}),
        ({"llist jobs": "llist: is an invalid command.\n", "version": VERSION}, {}),
        (
            {
                "llist jobs": "The defined Catalog resources are:\n     1: A\n     2: B\nSelect Catalog resource (1-2): ",
                "version": VERSION,
            },
            {},
        ),
    ],
)
def test_bacula_without_a_whole_list_gives_nothing(console, answers, more):
    given: list[Fetched] = []
    with pytest.raises(FetchError, match="gave no whole list of jobs"):
        fetched_console("bacula", console(answers, **more), into=given)
    assert given == []


def test_bacula_through_pull(console, tmp_path, monkeypatch):
    program = console({"llist jobs": LIST + BLOCK.format(1), "version": VERSION})
    with consoling(monkeypatch, tmp_path, "bacula", program) as (store, pull):
        assert pull().failed is None
        assert (again := pull()).failed is None
        assert again.new == 1  # the same bytes at another time: that the job was still there then
        assert kept(store, "backups") == {"llist jobs": [f"llist jobs\n{LIST}{BLOCK.format(1)}".encode()] * 2}
        (row,) = store.catalog.tellings(store.head()).collect().unique("id").iter_rows(named=True)
        assert (row["subject"], row["repository"], row["bytes"]) == ("fs01-fd:Set1", "Daily", 1_482_550)


@pytest.mark.parametrize("module", [bacula, bareos])
@pytest.mark.parametrize("told", [{"config": "bconsole.conf"}, {"director": "-x"}, {"program": ""}, {"run": ["x"]}])
def test_settings_that_cannot_be_right(module, told):
    with pytest.raises(ValidationError):
        module.Settings.model_validate({"connector": module.__name__.rpartition(".")[2], **told})


def fetched_console(connector: str, program: str, into: list[Fetched] | None = None, **more: Any) -> list[Fetched]:
    found = [] if into is None else into
    given = Asking(iter_clock(), lambda _: None)
    found += connectors()[connector].fetch(checked(connector=connector, program=program, **more), given)
    return found


def iter_clock() -> Callable[[], datetime]:
    times = iter(NOW + timedelta(seconds=second) for second in range(100))
    return lambda: next(times)


@contextmanager
def consoling(monkeypatch, tmp_path, connector: str, program: str) -> Iterator[tuple[Store, Callable[[], Pulled]]]:
    """Yield a data folder with a source that is fetched by a console, and what pulls it."""
    source = Source("backups", connector, "UTC", fetch={"connector": connector, "program": program})
    clock = Clock()
    with declared(monkeypatch, tmp_path / "data", backups=source) as store:

        def pull() -> Pulled:
            clock.forward(timedelta(days=1))
            return pulled(store, clock, "backups")

        yield store, pull
