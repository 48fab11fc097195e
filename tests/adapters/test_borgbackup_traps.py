"""borgbackup: traps, what other versions print, and catalogs of many archives."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.adapters import _registry, borgbackup
from audit.adapters.borgbackup._payload import ENCRYPTION, ERROR_CODES, WARNING_CODES, outcome
from audit.model.envelope import Envelope
from audit.model.facts import Facts

START, END = datetime(2026, 11, 23, 5, 55, 47, tzinfo=UTC), datetime(2026, 11, 23, 5, 56, tzinfo=UTC)
ID = "a" * 64
ARCHIVE = {"archive": "db-2026-11-23", "id": ID, "name": "db-2026-11-23", "start": "2026-11-23T13:55:48.000000"}
CREATED = {
    "archive": {
        "command_line": ["/usr/bin/borg", "create", "/r::db-2026-11-23", "/srv"],
        "end": "2026-11-23T13:55:50.000000",
        "id": ID,
        "name": "db-2026-11-23",
        "start": "2026-11-23T13:55:48.000000",
        "stats": {"nfiles": 3, "original_size": 4096},
    },
    "encryption": {"mode": "none"},
}
CREATE = "borg create --json /r::db-{now} /srv"


def document(*archives: Any, mode: str = "repokey") -> dict[str, Any]:
    return {"archives": list(archives), "encryption": {"mode": mode}, "repository": {"id": "f" * 64}}


def read(payload: Any, command: str | None = None, exit_code: int | None = None, **fields: Any) -> Facts:
    text = payload if isinstance(payload, str) else json.dumps(payload, indent=4)
    known = {"started_at": START, "finished_at": END, "observed_at": END, "timezone": "Asia/Shanghai"} | fields
    told = Envelope(tool="borgbackup", name="f", source="s", repository="r", command=command, exit_code=exit_code, **known)
    return _registry.read("borgbackup", text.encode(), told)


def said(message: str, level: str = "INFO", **more: Any) -> str:
    return json.dumps({"type": "log_message", "time": 1795413355.5, "message": message, "levelname": level, "name": "borg"} | more)


def faults(facts: Facts, level: str) -> list[str]:
    return [fault.what for fault in facts.faults if fault.level == level]


# Listings.


@pytest.mark.parametrize(
    ("command", "complete"),
    [
        ("borg list --json /r", True),
        ("borg list --json --lock-wait 5 --bypass-lock --sort-by name /r", True),
        ("borg list --json -a '*' /r", True),
        (None, True),
        ("borg list --json -a 'db-*' /r", False),
        ("borg list --json -P db /r", False),
        ("borg list --json --last 5 /r", False),
        ("borg list --json --la 5 /r", False),
        ("borg info --json /r::db-2026-11-23", False),
    ],
)
def test_a_part_is_no_complete_listing(command: str | None, complete: bool) -> None:
    facts = read(document(ARCHIVE), command, 0, complete=True)
    assert facts.listings["complete"].to_list() == [complete]
    assert bool(facts.faults) is not complete


def test_a_part_that_the_scope_names_is_whole() -> None:
    facts = read(document(ARCHIVE), "borg list --json -a 'db-*' /r", 0, complete=True, scope="db")
    assert facts.listings.select("scope", "complete").rows() == [("db", True)]


def test_a_listing_that_failed_is_not_complete() -> None:
    assert read(document(ARCHIVE), "borg list --json /r", 2, complete=True).listings["complete"].to_list() == [False]


def test_an_archive_that_cannot_be_read_is_told_and_the_listing_is_not_complete() -> None:
    bad = [{"name": "x"}, 7, ARCHIVE | {"id": "b" * 64, "start": "yesterday"}, ARCHIVE | {"id": "c" * 63}]
    facts = read(document(ARCHIVE, *bad), "borg list --json /r", 0, complete=True)
    assert facts.points["id"].to_list() == [ID]
    assert sorted(fault.locator for fault in facts.faults if fault.level == "error") == [f"/archives/{n}" for n in (1, 2, 3, 4)]
    assert facts.listings["complete"].to_list() == [False]


def test_an_empty_repository_is_a_complete_listing_of_nothing() -> None:
    facts = read(document(), "borg list --json /r", 0, complete=True)
    assert facts.points.is_empty()
    assert facts.listings["complete"].to_list() == [True]


def test_without_a_time_zone_no_time_is_guessed() -> None:
    facts = read(document(ARCHIVE), timezone=None)
    assert facts.points.is_empty()
    assert len(faults(facts, "error")) == 1


@pytest.mark.parametrize(("mode", "encrypted"), ENCRYPTION.items())
def test_encryption(mode: str, encrypted: str) -> None:
    assert read(document(ARCHIVE, mode=mode)).points["encrypted"].to_list() == [encrypted]


def test_modes_that_only_sign_and_modes_that_are_not_known() -> None:
    assert {mode for mode, encrypted in ENCRYPTION.items() if encrypted == "no"} == {
        "none",
        "authenticated",
        "authenticated-blake2",
    }
    facts = read(document(ARCHIVE, mode="rot13"))
    assert facts.points["encrypted"].to_list() == [None]
    assert faults(facts, "error") == [
        "'rot13' is no mode of encryption that is known: whether the archives are encrypted is left open"
    ]


def test_a_checkpoint_is_partial() -> None:
    facts = read(document(ARCHIVE | {"name": "db-2026-11-23.checkpoint"}))
    assert facts.points.select("subject", "completeness").rows() == [("db", "partial")]


@pytest.mark.parametrize(
    ("command_line", "known"),
    [
        (["borg", "create", "/r::x", "/srv"], True),
        (["borg", "create", "--timestamp", "2026-11-23T05:55:48", "/r::x", "/srv"], False),
        (["borg", "create", "--timest=2026-11-23T05:55:48", "/r::x", "/srv"], False),
        ("borg create --timestamp 2026-11-23T05:55:48 /r::x /srv", False),
        (None, False),
    ],
)
def test_an_end_counts_only_without_timestamp(command_line: Any, known: bool) -> None:
    archive = ARCHIVE | {"end": "2026-11-23T13:55:50.000000", "command_line": command_line}
    assert (read(document(archive)).points["available_at"][0] is not None) is known


def test_one_series_of_several_hosts_is_told() -> None:
    archives = [ARCHIVE | {"id": letter * 64, "hostname": f"host-{letter}"} for letter in "ab"]
    facts = read(document(*archives))
    assert facts.points["subject"].to_list() == ["db", "db"]
    assert faults(facts, "warning") == ["archives of 'db' were made on several hosts (host-a, host-b), and count as one subject"]


# Backups.


@pytest.mark.parametrize(
    ("code", "log", "expected"),
    [
        (0, "", ("success", None)),
        (None, "", ("warning", None)),
        (1, "", ("warning", "partial")),
        (0, "terminating with warning status, rc 1", ("warning", "partial")),
        (1, "terminating with success status, rc 0", ("warning", "partial")),
        (None, "terminating with success status, rc 0", ("success", None)),
        (107, "", ("warning", "partial")),
        (0, said("x", type="file_status", status="E", path="/p"), ("warning", "partial")),
        (0, said("x", type="file_status", status="C", path="/p"), ("warning", "partial")),
        (0, said("x", type="file_status", status="A", path="/p"), ("success", None)),
    ],
)
def test_the_worse_of_exit_code_and_log_counts(code: int | None, log: str, expected: tuple[str, str | None]) -> None:
    facts = read(json.dumps(CREATED, indent=4) + "\n" + log, CREATE, code)
    assert facts.runs.select("outcome", "coverage").row(0) == expected
    assert facts.points["completeness"].to_list() == [expected[1]]


@pytest.mark.parametrize("code", [2, 13, 74, 130, 139])
def test_a_backup_that_failed_made_no_archive(code: int) -> None:
    facts = read(CREATED, CREATE, code)
    assert facts.points.is_empty()
    assert facts.runs.select("outcome", "recovery_point", "bytes").rows() == [("failed", None, None)]


def test_every_exit_code_has_an_outcome() -> None:
    assert {code for code in range(256) if outcome(code) == "success"} == {0}
    assert {code for code in range(256) if outcome(code) == "warning"} == {1, *range(100, 128)}
    assert outcome(None) == "warning"
    assert set(WARNING_CODES) <= set(range(100, 128))
    assert [code for codes in ERROR_CODES for code in codes] == list(range(3, 100))


def test_an_unknown_status_of_a_file_and_an_unknown_message_are_told() -> None:
    log = "\n".join(
        [said("x", type="file_status", status="%"), said("x", type="novelty"), said("terminating with success status, rc 0")]
    )
    assert faults(read(log, CREATE), "error") == [
        "'novelty' is no type of message that is known",
        "'%' is no status of a file that is known",
    ]


def test_two_backups_in_one_file_have_no_exit_code() -> None:
    text = json.dumps(CREATED) + "\n" + json.dumps(CREATED | {"archive": CREATED["archive"] | {"id": "b" * 64}})  # type: ignore[operator]
    facts = read(text, CREATE, 0)
    assert facts.points.height == 2
    assert facts.runs["outcome"].to_list() == ["warning", "warning"]


# Checks and restores.


@pytest.mark.parametrize(
    ("command", "code", "text", "expected"),
    [
        ("borg check --verify-data /r", 0, "terminating with success status, rc 0", ("success", "full")),
        ("borg check /r", 0, "terminating with success status, rc 0", ("success", None)),
        ("borg check --verify-data --last 1 /r", 0, "terminating with success status, rc 0", ("success", "partial")),
        ("borg check --verify-data --la 1 /r", 0, "terminating with success status, rc 0", ("success", "partial")),
        ("borg check /r", None, "Archive consistency check complete, no problems found.", ("success", None)),
        ("borg check /r", None, "Starting repository check", ("failed", None)),
        ("borg check /r", 0, "Archive consistency check complete, problems found.", ("failed", None)),
        ("borg check --repair /r", 0, "Index object count mismatch.", ("failed", None)),
        ("borg check --verify-data /r", 2, "Failed to create/acquire the lock /r/lock.exclusive (timeout).", ("cancelled", None)),
        ("borg check --verify-data /r", 130, "Keyboard interrupt", ("cancelled", None)),
        ("borg check --verify-data /r", 2, "Starting repository check\nConnection closed by remote host", ("failed", None)),
    ],
)
def test_checks(command: str, code: int | None, text: str, expected: tuple[str, str | None]) -> None:
    assert read(text, command, code).runs.select("outcome", "coverage").rows() == [expected]


BEGUN = "Starting repository check\nIndex object count match.\nFinished full repository check, no problems found.\n"
ARCHIVES = "Starting archive consistency check...\nAnalyzing archive a (1/1)\n"
DATA = "Starting cryptographic data integrity verification...\n"
READ = "Finished cryptographic data integrity verification, verified 84 chunks with 0 integrity errors.\n"
DONE = "Archive consistency check complete, no problems found.\n"


@pytest.mark.parametrize(
    ("command", "text", "open_", "ended"),
    [
        (None, BEGUN + ARCHIVES + DONE, "success", "success"),
        (None, BEGUN + ARCHIVES, "running", "failed"),
        (None, BEGUN + ARCHIVES + DATA, "running", "failed"),
        (None, BEGUN + ARCHIVES + DATA + READ, "running", "failed"),
        (None, BEGUN, "running", "running"),  # with --repository-only, or cut off
        ("borg check -v --repository-only /r", BEGUN, "success", "success"),
        (None, "Starting repository check\n", "running", "failed"),
    ],
)
def test_a_check_whose_log_stops_is_no_success(command: str | None, text: str, open_: str, ended: str) -> None:
    runs = read(text, command, None, started_at=None, finished_at=None).runs
    assert runs["outcome"].to_list() == [open_]
    assert read(text, command, None).runs["outcome"].to_list() == [ended]
    lines = "\n".join(said(line) for line in text.splitlines())
    [row] = read(lines, command, None, started_at=None, finished_at=None).runs.to_dicts()
    assert row["outcome"] == open_
    assert (row["finished_at"] is None) == (open_ == "running")


@pytest.mark.parametrize(
    ("command", "code", "expected"),
    [
        ("borg extract /r::db-2026-11-23", 0, ("success", "full", "db")),
        ("borg extract /r::db-2026-11-23 srv/a", 0, ("success", "partial", "db")),
        ("borg extract --strip-components 2 /r::db-2026-11-23", 0, ("success", "partial", "db")),
        ("borg extract -e '*.log' /r::db-2026-11-23", 0, ("success", "partial", "db")),
        ("borg extract --mystery /r::db-2026-11-23", 0, ("success", "partial", "db")),
        ("borg extract /r::db-2026-11-23", 1, ("failed", None, "db")),
        ("borg extract /r::db-2026-11-23", None, ("success", "full", "db")),
    ],
)
def test_restores(command: str, code: int | None, expected: tuple[str, str | None, str]) -> None:
    rc = {None: "success status, rc 0", 0: "success status, rc 0", 1: "warning status, rc 1"}[code]
    facts = read(f"terminating with {rc}", command, code)
    assert facts.runs.select("outcome", "coverage", "subject").rows() == [expected]


@pytest.mark.parametrize("option", ["--dry-run", "-n", "--dry", "--dr"])
@pytest.mark.parametrize("verb", ["create", "extract", "prune", "delete"])
def test_a_dry_run_is_no_run(verb: str, option: str) -> None:
    facts = read("terminating with success status, rc 0", f"borg {verb} {option} /r::x", 0)
    assert facts.runs.is_empty()


# Prune and delete.

REMOVED = f"Mon, 2026-11-23 13:55:48 [{ID}]"


@pytest.mark.parametrize(
    "line",
    [
        f"Pruning archive (1/4):                   db-2026-11-23             {REMOVED}",
        f"Pruning archive: db-2026-11-23                        {REMOVED} (1/1)",
        f"Deleting archive: db-2026-11-23                        {REMOVED} (1/1)",
        f"Deleted archive: db-2026-11-23                        {REMOVED}",
    ],
)
def test_the_lines_of_every_version_tell_what_was_removed(line: str) -> None:
    verb = "delete" if line.startswith("Del") else "prune"
    facts = read(f"{line}\nterminating with success status, rc 0", f"borg {verb} --list /r", 0)
    assert facts.points.select("id", "subject", "deleted_at").rows() == [(ID, "db", END)]
    assert facts.runs.select("kind", "outcome").rows() == [("prune", "success")]


@pytest.mark.parametrize("code", [2, None])
def test_a_prune_that_did_not_succeed_deleted_nothing(code: int | None) -> None:
    facts = read(f"Pruning archive (1/1): db-2026-11-23 {REMOVED}", "borg prune --list /r", code)
    assert facts.points["deleted_at"].to_list() == [None]
    assert len(faults(facts, "warning")) == 1


# Many archives.


def test_a_hundred_thousand_archives_are_read_in_columns() -> None:
    first = datetime(2020, 1, 1)
    begun = [first + timedelta(minutes=20 * number) for number in range(100_000)]
    archives = [
        {"archive": f"host{number % 50}-{at:%Y%m%d-%H%M}", "id": f"{number:064x}", "start": at.isoformat() + ".000000"}
        for number, at in enumerate(begun)
    ]
    payload = json.dumps(document(*archives)).encode()
    told = Envelope("borgbackup", name="f", source="s", repository="r", observed_at=END, complete=True, timezone="Asia/Shanghai")
    assert borgbackup.identify("", payload[:65536])
    before = time.process_time()
    facts = _registry.read("borgbackup", payload, told)
    assert time.process_time() - before < 10, "one to two seconds on one slow core: a pass for each row would take minutes"
    assert facts.points.height == 100_000
    assert facts.points["subject"].n_unique() == 50
    assert facts.points["captured_at"][-1] == begun[-1].replace(tzinfo=UTC) - timedelta(hours=8)
    assert facts.listings["complete"].to_list() == [True]
    assert facts.faults == ()
