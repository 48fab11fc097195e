"""restic: traps seen in real runs, and what other versions print."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.adapters import _registry, restic
from audit.adapters.restic._payload import EXIT_CODES, MESSAGE_TYPES, VERBS
from audit.model.envelope import Envelope
from audit.model.facts import WORDS, Facts

START, END = datetime(2026, 11, 23, 5, 0, tzinfo=UTC), datetime(2026, 11, 23, 5, 1, tzinfo=UTC)
SNAPSHOT = {"id": "a" * 64, "time": "2026-11-23T13:00:10+08:00", "tree": "b" * 64, "paths": ["/srv"], "hostname": "h"}


def read(payload: Any, command: str | None = None, exit_code: int | None = None, **fields: Any) -> Facts:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    times = {"started_at": START, "finished_at": END, "observed_at": END} | fields
    told = Envelope(tool="restic", name="f", source="s", repository="r", command=command, exit_code=exit_code, **times)
    return _registry.read("restic", text.encode(), told)


def faults(facts: Facts, level: str) -> list[str]:
    return [fault.what for fault in facts.faults if fault.level == level]


SUMMARY = {"backup_start": "2026-11-23T13:00:20+08:00", "backup_end": "2026-11-23T13:00:50+08:00", "total_bytes_processed": 4096}


def test_a_summary_outweighs_a_back_dated_time() -> None:
    facts = read([SNAPSHOT | {"time": "2020-01-01T00:00:00Z", "summary": SUMMARY}])
    assert facts.points.select("captured_at", "available_at", "bytes").row(0) == (
        START + timedelta(seconds=20),
        START + timedelta(seconds=50),
        4096,
    )


def test_the_summary_of_a_copy_does_not_tell_when_the_copy_was_there() -> None:
    facts = read([SNAPSHOT | {"original": "c" * 64, "summary": SUMMARY}])
    assert facts.points.select("available_at", "copy_of_id").row(0) == (None, "c" * 64)


@pytest.mark.parametrize("end", ["0001-01-01T00:00:00Z", "2026-11-23T12:59:00+08:00"])
def test_an_end_that_cannot_be_is_not_known(end: str) -> None:
    facts = read([SNAPSHOT | {"summary": SUMMARY | {"backup_end": end}}])
    assert facts.points["available_at"].to_list() == [None]
    assert facts.faults == ()


def test_grouped_snapshots() -> None:
    group = {"group_key": {"hostname": "h", "paths": None, "tags": None}, "snapshots": [SNAPSHOT]}
    assert restic.identify("", json.dumps([group]).encode())
    assert read([group]).points.select("id", "locator").rows() == [("a" * 64, "/0/snapshots/0")]


def test_tags_are_no_part_of_the_subject_and_paths_are_sorted() -> None:
    facts = read([SNAPSHOT | {"tags": ["x"], "paths": ["/b", "/a"]}])
    assert facts.points["subject"].to_list() == ["h:/a,/b"]


@pytest.mark.parametrize(
    ("command", "scope", "complete"),
    [
        ("restic snapshots --json", None, True),
        ("restic -r /x snapshots --json --host h", None, False),
        ("restic snapshots --json --host h", "h", True),
        ("restic snapshots --json --latest 1", "h", False),
        ("restic snapshots --json abcdef12", None, False),
        (None, None, True),
    ],
)
def test_a_filtered_listing_is_complete_only_for_its_scope(command: str | None, scope: str | None, complete: bool) -> None:
    facts = read([SNAPSHOT], command, complete=True, scope=scope)
    assert facts.listings.select("scope", "complete").rows() == [(scope, complete)]
    assert bool(facts.faults) is not complete


def test_a_listing_is_complete_only_when_the_envelope_says_so() -> None:
    assert read([SNAPSHOT], "restic snapshots --json", 0).listings["complete"].to_list() == [False]


def test_an_empty_repository_is_a_listing_of_nothing() -> None:
    facts = read([], "restic snapshots --json", 0, complete=True)
    assert facts.points.is_empty()
    assert facts.listings["complete"].to_list() == [True]


def test_a_snapshot_that_cannot_be_read_makes_the_listing_incomplete() -> None:
    facts = read([SNAPSHOT, SNAPSHOT | {"id": "a1b2c3d4"}, SNAPSHOT | {"id": "d" * 64, "time": "?"}], complete=True)
    assert facts.points["id"].to_list() == ["a" * 64]
    assert facts.listings["complete"].to_list() == [False]
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/1", "/2"]


def test_a_truncated_listing_lists_nothing() -> None:
    facts = read(json.dumps([SNAPSHOT, SNAPSHOT])[:-50], complete=True)
    assert facts.points.is_empty()
    assert facts.listings.is_empty()
    assert faults(facts, "error")[0] == "the JSON that begins here was not read: it is cut off in the middle of a JSON value"


BACKUP = "restic backup --json --host h /srv"
DONE = {"message_type": "summary", "files_new": 1, "total_bytes_processed": 10, "total_duration": 0.2, "snapshot_id": "a" * 64}


@pytest.mark.parametrize(
    ("exit_code", "outcome", "coverage"),
    [
        (0, "success", None),
        (3, "warning", "partial"),
        (1, "failed", None),
        (12, "failed", None),
        (130, "failed", None),
        (99, "failed", None),
        (None, "warning", None),
    ],
)
def test_the_exit_code_decides(exit_code: int | None, outcome: str, coverage: str | None) -> None:
    facts = read(DONE, BACKUP, exit_code)
    [run] = facts.runs.to_dicts()
    assert (run["outcome"], run["coverage"]) == (outcome, coverage)
    assert run["recovery_point"] == DONE["snapshot_id"], (
        "one that failed names what it printed, so that a listing can contradict it"
    )
    assert facts.points["completeness"].to_list() == (["partial"] if coverage else [])
    assert (run["subject"], run["started_at"], run["finished_at"]) == ("h:/srv", START, END)
    if exit_code is None:
        assert "no exit code" in run["message"]


def test_an_error_line_counts_as_exit_code_3() -> None:
    error = {"message_type": "error", "error": {"message": "open: permission denied"}, "during": "archival", "item": "/srv/x"}
    [run] = read(f"{json.dumps(error)}\n{json.dumps(DONE)}\n", BACKUP, 0).runs.to_dicts()
    assert (run["outcome"], run["coverage"], run["locator"]) == ("warning", "partial", "line 2")


def test_a_partial_snapshot_of_known_id_and_subject_is_told_as_partial() -> None:
    facts = read(DONE, BACKUP, 3)
    assert facts.points.select("id", "subject", "completeness", "basis").rows() == [("a" * 64, "h:/srv", "partial", "job")]
    assert read(DONE, "restic backup /srv", 3).points.is_empty()
    assert read(DONE | {"snapshot_id": "a1b2c3d4"}, BACKUP, 3).points.is_empty()


def test_nothing_changed_is_no_snapshot() -> None:
    skipped = {key: value for key, value in DONE.items() if key != "snapshot_id"} | {
        "backup_end": "0001-01-01T00:00:00Z",
        "total_duration": -9223372036.854775,
    }
    [run] = read(skipped, BACKUP + " --skip-if-unchanged", 0).runs.to_dicts()
    assert (run["outcome"], run["recovery_point"], run["subject"]) == ("success", None, None)
    assert run["message"] == "nothing had changed: restic made no snapshot"


@pytest.mark.parametrize(
    ("extra", "command"), [({"dry_run": True}, None), ({}, BACKUP + " --dry-run"), ({}, BACKUP + " -n"), ({}, BACKUP + " -nv")]
)
def test_a_dry_run_made_nothing(extra: dict[str, Any], command: str | None) -> None:
    facts = read(DONE | extra, command, 0)
    assert facts.runs.is_empty()
    assert faults(facts, "warning") == ["a dry run: it made and removed nothing"]


def test_fatal_errors_as_json() -> None:
    fatal = {"message_type": "exit_error", "code": 12, "message": "Fatal: wrong password or no key found"}
    assert read(fatal, BACKUP).runs.select("outcome", "message").rows() == [("failed", "Fatal: wrong password or no key found")]


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_failed_command_is_a_failed_run_of_its_kind(verb: str) -> None:
    facts = read("Fatal: unable to create lock in backend\n", f"sudo restic -r /x {verb}", 11)
    assert facts.runs.select("kind", "outcome", "message").rows() == [(VERBS[verb], "failed", "unable to create lock in backend")]


def test_a_failure_of_which_nothing_is_known_is_quarantined() -> None:
    facts = read("Fatal: wrong password or no key found\n")
    assert facts.runs.is_empty()
    assert faults(facts, "error") == ["a command of restic failed, but nothing says which"]


def test_a_failed_listing_is_no_run() -> None:
    assert read("Fatal: wrong password\n", "restic snapshots --json", 1).runs.is_empty()


@pytest.mark.parametrize(
    ("errors", "exit_code", "command", "outcome", "coverage"),
    [
        (0, 0, "restic check --json", "success", None),
        (0, 0, "restic check --json --read-data", "success", "full"),
        (0, 0, "restic check --json --read-data-subset 50%", "success", "partial"),
        (0, 0, "restic check --json --read-data-subset=1/7", "success", "partial"),
        (2, 1, "restic check --json", "failed", None),
        (2, None, None, "failed", None),
        (0, None, None, "success", None),
    ],
)
def test_checks_as_json(errors: int, exit_code: int | None, command: str | None, outcome: str, coverage: str | None) -> None:
    summary = {
        "message_type": "summary",
        "num_errors": errors,
        "broken_packs": None,
        "suggest_repair_index": False,
        "suggest_prune": False,
    }
    assert read(summary, command, exit_code).runs.select("kind", "outcome", "coverage").rows() == [("verify", outcome, coverage)]


@pytest.mark.parametrize(
    "line",
    [
        "read 50.0% of data packs",
        "read group #1 of 3 data packs (out of total 9 packs in 3 groups)",
        "read random 10% of data packs",
    ],
)
def test_a_subset_is_no_full_check(line: str) -> None:
    assert read(f"check snapshots, trees and blobs\n{line}\nno errors were found\n").runs.select("outcome", "coverage").rows() == [
        ("success", "partial")
    ]


@pytest.mark.parametrize(
    ("command", "coverage", "point"),
    [
        ("restic restore a1b2c3d4 --target /t --json", "full", "a1b2c3d4"),
        ("restic restore latest --target /t --json", "full", None),
        ("restic restore a1b2c3d4:/srv/x --target /t", "partial", "a1b2c3d4"),
        ("restic restore a1b2c3d4 -t /t --include /x", "partial", "a1b2c3d4"),
        ("restic restore a1b2c3d4 -t /t --iexclude=*.bin", "partial", "a1b2c3d4"),
    ],
)
def test_restores_as_json(command: str, coverage: str, point: str | None) -> None:
    summary = {
        "message_type": "summary",
        "seconds_elapsed": 3,
        "total_files": 5,
        "files_restored": 5,
        "total_bytes": 100,
        "bytes_restored": 100,
    }
    assert read(summary, command, 0).runs.select("kind", "outcome", "coverage", "recovery_point", "bytes").rows() == [
        ("restore", "success", coverage, point, 100)
    ]
    assert read(summary, command, 1).runs["outcome"].to_list() == ["failed"]


GROUPS = [
    {"tags": None, "host": "h", "paths": ["/srv"], "keep": [SNAPSHOT], "remove": [SNAPSHOT | {"id": "c" * 64}], "reasons": []}
]


@pytest.mark.parametrize(
    ("command", "exit_code"),
    [
        (None, None),
        (None, 0),
        ("restic forget --json", None),
        ("restic forget --json --prune", 1),
        ("restic forget --json --prune", 3),
        ("sh backup.sh", 0),
    ],
)
def test_a_forget_that_is_not_proven_deletes_nothing(command: str | None, exit_code: int | None) -> None:
    facts = read(GROUPS, command, exit_code)
    assert facts.points.select("id", "deleted_at").rows() == [("a" * 64, None)]
    assert "not taken as deleted" in faults(facts, "warning")[0]


def test_a_proven_forget_deletes() -> None:
    facts = read(GROUPS, "restic forget --json --keep-last 1", 0)
    assert facts.points.select("id", "deleted_at", "locator").rows() == [
        ("a" * 64, None, "/0/keep/0"),
        ("c" * 64, END, "/0/remove/0"),
    ]


def test_an_unknown_message_type_is_quarantined() -> None:
    facts = read('{"message_type":"verbose_status"}\n{"message_type":"celebration"}\n', BACKUP, 0)
    assert [(fault.locator, fault.what) for fault in facts.faults] == [("line 2", "'celebration' is no message_type that is known")]


def test_the_text_of_a_backup() -> None:
    text = (
        "Files:           1 new\nAdded to the repository: 1 MiB\n\nprocessed 55 files, 2.540 MiB in 0:00\nsnapshot a1b2c3d4 saved\n"
    )
    assert read(text, "restic backup /srv", 0).runs.select("outcome", "recovery_point").rows() == [("success", "a1b2c3d4")]


def test_the_tables_use_only_words_of_the_facts() -> None:
    assert set(EXIT_CODES.values()) | {"failed"} <= set(WORDS["run"]["outcome"])
    assert set(VERBS.values()) == set(WORDS["run"]["kind"])
    assert {"status", "verbose_status", "error", "summary", "exit_error"} <= set(MESSAGE_TYPES)


def test_a_source_that_is_not_there_is_left_out_with_exit_code_0() -> None:
    """As restic 0.14 prints it: the summary looks like any other."""
    told = {"source": "s", "repository": "r", "command": "restic backup --json --host a /src /gone", "exit_code": 0}
    facts = _registry.read("restic", b"/gone does not exist, skipping\n", Envelope(tool="restic", **told))
    assert facts.runs.select("kind", "outcome", "coverage", "message").rows() == [
        ("backup", "warning", "partial", "some source data could not be read: the snapshot is partial")
    ]
