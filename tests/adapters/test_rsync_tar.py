"""rsync and tar: exit codes that mean two things, and text that has to agree with them."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

DATA = golden.DATA / "rsync-tar"


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def log(name: str) -> str:
    return (DATA / name).read_text()


def read(text: str, **fields: Any) -> Facts:
    given = {"source": "s", "repository": "r", "timezone": "Asia/Shanghai", **fields}
    return _registry.read("rsync-tar", text.encode(), Envelope(tool="rsync-tar", name="f", **given))


def outcomes(text: str, **fields: Any) -> list[str]:
    return read(text, **fields).runs["outcome"].to_list()


def test_code_23_means_two_things() -> None:
    missing, unreadable = sample("rsync-3-failed.out").runs, sample("rsync-4-partial.out").runs
    assert missing.select("outcome", "coverage").row(0) == ("failed", None)
    assert unreadable.select("outcome", "coverage").row(0) == ("warning", "partial")
    assert outcomes("rsync error: some files/attrs were not transferred (code 23) at main.c(1)\n") == ["failed"]
    assert outcomes("Number of files: 5\nrsync error: some files vanished (code 24) at main.c(1)\n") == ["warning"]


def test_good_runs_of_rsync() -> None:
    first, second = sample("rsync-1.out").runs, sample("rsync-2.out").runs
    assert first.select("outcome", "subject", "bytes", "coverage").row(0) == ("success", "/srv/im-data/projects", 2646171, None)
    assert second.select("outcome", "bytes").row(0) == ("success", 2845062)
    assert sample("rsync-1.out").points.is_empty()


def test_text_and_exit_code_of_rsync() -> None:
    assert outcomes(log("rsync-1.out"), exit_code=0) == ["success"]
    assert outcomes(log("rsync-1.out"), exit_code=12) == ["failed"]
    assert outcomes(log("rsync-4-partial.out")) == ["warning"]  # the last line tells the code
    assert outcomes(log("rsync-1.out").split("Number of files")[0]) == ["failed"]


def without(name: str, *beginnings: str) -> str:
    return "".join(line for line in log(name).splitlines(keepends=True) if not line.startswith(beginnings))


def test_what_rsync_printed_without_its_errors_is_no_success() -> None:
    # As `rsync --stats >out 2>err` leaves it: statistics do not tell that the exit code was 23.
    run = read(without("rsync-4-partial.out", "rsync: ", "rsync error: ")).runs
    assert run.select("outcome", "coverage").row(0) == ("warning", None)
    assert "no exit code" in run["message"][0]
    assert outcomes(log("rsync-1.out")) == ["warning"]
    assert outcomes(without("rsync-3-failed.out", "rsync: ", "rsync error: ")) == ["failed"]  # not one file


@pytest.mark.parametrize("code", [None, 0])
def test_errors_of_rsync_without_its_last_line(code: int | None) -> None:
    assert outcomes(without("rsync-3-failed.out", "rsync error: "), exit_code=code) == ["failed"]
    run = read(without("rsync-4-partial.out", "rsync error: "), exit_code=code).runs
    assert run.select("outcome", "coverage").row(0) == ("warning", "partial")
    # The exit code of a pipe is that of its last program.
    assert outcomes(log("rsync-4-partial.out"), exit_code=code) == ["warning"]
    assert outcomes(log("rsync-3-failed.out"), exit_code=code) == ["failed"]


def test_files_that_vanished() -> None:
    end = "rsync warning: some files vanished before they could be transferred (code 24) at main.c(1338) [sender=3.2.7]\n"
    run = read(log("rsync-2.out") + end).runs
    assert run.select("outcome", "coverage").row(0) == ("warning", "partial")
    vanished = 'file has vanished: "/srv/im-data/a"\n'
    assert read(log("rsync-2.out") + vanished).runs["coverage"].to_list() == ["partial"]


def test_a_log_of_rsync_that_lacks_the_last_line_of_a_run() -> None:
    lines = log("rsync.log").splitlines(keepends=True)
    assert read("".join(line for line in lines if "rsync error: " not in line)).runs["outcome"].to_list() == [
        "success",
        "success",
        "failed",
    ]


def test_the_log_of_rsync() -> None:
    facts = sample("rsync.log")
    assert facts.runs["outcome"].to_list() == ["success", "success", "failed"]
    assert facts.runs["started_at"].to_list() == [datetime(2026, 11, 23, 6, 16, 32, tzinfo=UTC)] * 3
    assert facts.listings.is_empty()
    cut = "\n".join(log("rsync.log").splitlines()[:95])
    assert read(cut).runs["outcome"].to_list() == ["success", "running"]
    assert read(cut, timezone=None).runs.is_empty()


def test_a_process_id_that_comes_again() -> None:
    text = log("rsync.log").replace("14:16:32 [8221]", "14:16:33 [8172]")
    assert read(text).runs["outcome"].to_list() == ["success", "success", "failed"]
    odd = read(log("rsync.log") + "torn\n")
    assert odd.runs.height == 3
    assert "is none of rsync's log" in odd.faults[0].what


def test_filters_dry_runs_and_restores_of_rsync() -> None:
    text = log("rsync-1.out")
    assert read(text, exit_code=0, command="rsync -a --exclude x /a /b").runs["coverage"].to_list() == ["partial"]
    assert read(text, exit_code=0, command="rsync -an /a /b").runs.is_empty()
    restore = read(text, exit_code=0, repository="/backup", command="rsync -a /backup/a/ /srv/a/").runs
    assert restore.select("kind", "coverage", "subject").row(0) == ("restore", "full", "s")


def test_levels_of_tar() -> None:
    told = [
        sample(name).runs.select("outcome", "method").row(0) for name in ("tar-0-full.log", "tar-1-incr.log", "tar-2-failed.log")
    ]
    assert told == [("success", "full"), ("success", "incremental"), ("failed", "full")]


def test_text_and_exit_code_of_tar() -> None:
    assert outcomes(log("tar-0-full.log")) == ["warning"]
    assert outcomes(log("tar-2-failed.log")) == ["failed"]
    assert outcomes(log("tar-2-failed.log"), exit_code=0) == ["failed"]
    changed = read("tar: srv/a: file changed as we read it\n", exit_code=1, command="tar -cf /b/a.tar srv").runs
    assert changed.select("outcome", "coverage", "kind").row(0) == ("warning", "partial", "backup")


@pytest.mark.parametrize(
    ("command", "code", "kind", "outcome", "coverage"),
    [
        ("tar -xf /b/a.tar -C /x", 0, "restore", "success", "full"),
        ("tar --extract --file=/b/a.tar", 2, "restore", "failed", "full"),
        ("tar df /b/a.tar", 1, "verify", "failed", "full"),
        ("/usr/bin/tar -tzvf /b/a.tgz", 0, "verify", "success", "partial"),
    ],
)
def test_operations_of_tar(command: str, code: int, kind: str, outcome: str, coverage: str) -> None:
    run = read("tar: Removing leading `/' from member names\n", command=command, exit_code=code).runs
    assert run.select("kind", "outcome", "coverage").row(0) == (kind, outcome, coverage)


def test_archives_that_gzip_reads() -> None:
    assert sample("tar-test.log").runs.select("kind", "outcome", "coverage").row(0) == ("verify", "success", "full")
    assert sample("tar-test-damaged.log").runs.select("outcome", "message").row(0) == ("failed", "archives that are damaged: 1")


def test_an_empty_output_proves_nothing() -> None:
    with pytest.raises(InputError, match="is empty"):
        read("")
    assert "nothing says what tar did" in read("tar: hello\n").faults[0].what
    assert "this is no output of rsync" in read("hello\n").faults[0].what


@pytest.mark.parametrize(
    "payload",
    [
        b"x.gz:" + b" " * 200_000 + b"y\n",
        b"tar: " + b"a: " * 60_000 + b"\nTotal bytes written: 1 (",
        b"Number of files: ,\nsent 1 bytes  received 1 bytes\n",
        b"\x0c\n",
        b"\x1c\x1d\n",
    ],
)
def test_what_fuzzing_found(payload: bytes) -> None:
    started = time.process_time()
    with suppress(InputError):
        _registry.read("rsync-tar", payload, Envelope(tool="rsync-tar"))
    assert time.process_time() - started < 2
