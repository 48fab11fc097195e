"""What this user may not do, and names that are no text: said in a line, never with a traceback; the rest goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audit.steps._kept_estates import WORTH
from tests.cli.session import PERIOD, PROGRAMME, Session, started

pytestmark = pytest.mark.sqlite

POINT = {
    "record": "recovery_point", "source": "messages-db", "repository": "nas-dc1", "id": "a", "subject": "im-messages", "method": "full",
    "captured_at": "2026-11-20T00:00:00Z", "available_at": "2026-11-20T00:10:00Z",
}  # fmt: skip
LINE = json.dumps(POINT).encode() + b"\n"

Auditor = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users can enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def session(place: Path) -> Session:
    session = started(place / "data")
    (place / "a.ndjson").write_bytes(LINE)
    session.fine("ingest", place / "a.ndjson")
    return session


@pytest.fixture
def auditor(place: Path) -> Auditor:
    """Run backup-audit as a user who can read everything below `place` but the private key, and write nothing."""
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    program = [*user, sys.executable, "-c", "from audit.cli import main; main()"]
    try:
        probe = subprocess.run([*program, "--version"], capture_output=True, check=False, cwd=place)
    except FileNotFoundError:
        pytest.skip("this machine has no setpriv")
    if probe.returncode:
        pytest.skip("another user cannot run this Python")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        for path in (place, *place.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o000 if path.name == "checkpoint.key" else 0o444)
        try:
            command = [*program, "--data", str(place / "data"), *map(str, arguments)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)
        finally:
            for path in (place, *place.rglob("*")):
                path.chmod(0o755 if path.is_dir() else 0o644)
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run


@pytest.mark.slow
@pytest.mark.parametrize("leftover_log", [False, True])
def test_who_can_only_read_can_ask_everything(session: Session, auditor: Auditor, leftover_log: bool) -> None:
    register = session.data / "register.sqlite"
    if leftover_log:  # a copy made while a writer had the register open
        import sqlite3

        writer = sqlite3.connect(register)
        writer.execute("SELECT count(*) FROM journal").fetchone()
        assert register.with_name("register.sqlite-wal").exists()
    expected = session("assess", *PERIOD, "--format", "json").out
    assert auditor("assess", *PERIOD, "--format", "json").stdout == expected
    for command, code in (
        (["verify"], 0),
        (["facts", "--kind", "recovery_point"], 0),
        (["sources"], 0),
        (["subjects"], 0),
        (["quarantine"], 0),
        (["explain", "im-messages-db", "copies", *PERIOD], 0),
    ):
        done = auditor(*command)
        assert (done.returncode, done.stderr) == (code, ""), command
    assert "Everything holds" in auditor("verify").stdout


def test_who_can_only_read_reads_a_long_programme_and_what_was_kept_of_it(place: Path, auditor: Auditor) -> None:
    programme = place / "programme"
    shutil.copytree(PROGRAMME, programme)
    with (programme / "sites.yaml").open("a", encoding="utf-8") as file:
        file.write("#" * WORTH + "\n")
    session = started(place / "data", programme)
    estates = session.data / "estates"
    session.fine("sources")
    shutil.rmtree(estates)
    first = auditor("sources")
    assert (first.returncode, first.stderr, estates.exists()) == (0, "", False)
    session.fine("sources")
    kept = {path: path.read_bytes() for path in estates.iterdir()}
    assert len(kept) == 1
    again = auditor("sources")
    assert (again.returncode, again.stderr, again.stdout) == (0, "", first.stdout)
    assert {path: path.read_bytes() for path in estates.iterdir()} == kept


def test_who_can_only_read_is_told_what_cannot_be_written(session: Session, auditor: Auditor, place: Path) -> None:
    refused = f"Error: the data folder {session.data} cannot be written by this user\n"
    for command in (["ingest", place / "a.ndjson"], ["apply", PROGRAMME, "--by", "olivia"], ["rebuild"]):
        done = auditor(*command)
        assert (done.returncode, done.stderr) == (2, refused)
    shutil.rmtree(session.data / "catalog")
    (session.data / "catalog").mkdir()
    done = auditor("facts", "--kind", "run")
    assert done.returncode == 2
    assert str(session.data / "catalog") in done.stderr
    assert "this user cannot write in the data folder" in done.stderr


def test_a_catalog_that_is_behind_needs_someone_who_can_write(session: Session, auditor: Auditor, place: Path) -> None:
    earlier = place / "earlier"
    shutil.copytree(session.data / "catalog", earlier)
    (place / "b.ndjson").write_bytes(LINE.replace(b'"a"', b'"b"'))
    session.fine("ingest", place / "b.ndjson")
    shutil.rmtree(session.data / "catalog")
    earlier.rename(session.data / "catalog")
    done = auditor("facts", "--kind", "run")
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"Error: the catalog knows the journal up to entry 2 of 3, and the data folder {session.data} cannot be written by this user"
    )


def test_a_name_that_is_not_utf8_is_shown_with_escapes(session: Session, place: Path) -> None:
    (place / "in").mkdir()
    (place / "in" / os.fsdecode(b"\xff\xfe.ndjson")).write_bytes(LINE.replace(b'"a"', b'"b"'))
    (place / os.fsdecode(b"\xe9.ndjson")).write_bytes(LINE + LINE.replace(b"full", b"odd"))
    assert session.fine("ingest", place / "in").out.startswith("1 file(s): 1 new")
    done = session.fine("ingest", place / os.fsdecode(b"\xe9.ndjson"))
    assert "\\xe9.ndjson, line 2, method" in done.out
    (fault,) = session.fine("quarantine", "--format", "ndjson").rows
    assert fault["where"] == "\\xe9.ndjson"
    session.fine("verify")


@pytest.mark.parametrize("option", ["--scope", "--repository", "--command"])
def test_an_option_that_is_not_utf8_is_refused(session: Session, place: Path, option: str) -> None:
    done = session("ingest", option, os.fsdecode(b"db\xff"), place / "a.ndjson")
    assert (done.code, done.out) == (2, "")
    assert f"{option}: 'db\\udcff' is not UTF-8" in done.err
    assert session.fine("verify").out.startswith("2 journal entries")


def test_a_sidecar_with_half_a_character_is_refused(session: Session, place: Path) -> None:
    (place / "a.ndjson.envelope.json").write_text('{"scope": "\\ud800"}')
    done = session("ingest", place / "a.ndjson")
    assert done.code == 2
    assert "a.ndjson.envelope.json, scope: '\\ud800' is not a whole text" in done.err


def test_paths_that_cannot_be_looked_at_are_named_and_the_others_go_on(
    session: Session, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long, longest = place / ("n" * 300), place / ("n" * 250)
    longest.write_bytes(LINE.replace(b'"a"', b'"b"'))  # its sidecar's name would be too long
    closed, look = place / "closed" / "c.ndjson", Path.stat

    def stat(path: Path, **how: bool) -> os.stat_result:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path, **how)

    monkeypatch.setattr(Path, "stat", stat)
    done = session("ingest", long, closed, longest)
    assert (done.code, done.out.splitlines()[0]) == (2, "1 file(s): 1 new, 0 already known")
    assert done.err.splitlines() == [
        "Error: 2 not taken in",
        f"  {long}: cannot be read: File name too long",
        f"  {closed}: cannot be read: Permission denied",
    ]


def test_what_the_machine_refuses_is_one_line(session: Session, place: Path) -> None:
    done = session("verify", "--save-checkpoint", place / "nowhere" / "kept")
    assert (done.code, done.err) == (2, f"Error: {place / 'nowhere' / 'kept'}: No such file or directory\n")


@pytest.mark.parametrize(
    ("name", "payload", "code"),
    [
        ("bad.ndjson", LINE.replace(b"full", b"odd"), 2),
        ("gbk.ndjson", json.dumps({**POINT, "subject": "消息数据库"}, ensure_ascii=False).encode("gbk") + b"\n", 2),
        ("damaged.ndjson", LINE[:-10], 2),
        ("partly.ndjson", LINE.replace(b'"a"', b'"b"') + LINE.replace(b"full", b"odd"), 0),
    ],
)
def test_a_payload_of_which_nothing_could_be_read_ends_with_2(
    session: Session, place: Path, name: str, payload: bytes, code: int
) -> None:
    (place / "in").mkdir()
    (place / "in" / name).write_bytes(payload)
    (place / "in" / "good.ndjson").write_bytes(LINE.replace(b'"a"', b'"good"'))
    done = session("ingest", "--tool", "interchange", place / "in")
    assert done.code == code, done
    assert done.out.startswith("2 file(s): 2 new")
    again = session("ingest", "--tool", "interchange", place / "in")
    assert (again.code, again.err) == (code, done.err)
    if code:
        first, second = done.err.splitlines()
        assert first == "Error: 1 kept as evidence but nothing in it could be read"
        assert second.startswith(f"  {name}")
        assert "nothing in it could be read: " in second
