"""Barman: which backups are points, which runs failed, and what only looks like a success."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

DATA = golden.DATA / "barman"
SEEN = datetime(2026, 11, 23, 6, 12, tzinfo=UTC)


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def read(payload: Any, **fields: Any) -> Facts:
    given = {"source": "s", "repository": "r", "timezone": "Asia/Shanghai", "observed_at": SEEN, **fields}
    raw = payload if isinstance(payload, str) else json.dumps(payload)
    return _registry.read("barman", raw.encode(), Envelope(tool="barman", name="f", **given))


def backup(**fields: Any) -> dict[str, Any]:
    return {"backup_id": "20261123T141108", "status": "DONE", "end_time_timestamp": "1795414276", "size_bytes": 5} | fields


def test_only_done_backups_are_points() -> None:
    facts = sample("list-backups-1.json")
    assert facts.points["id"].to_list() == [f"pg-crm/20261123T1411{second}" for second in ("27", "18", "08")]
    assert facts.runs.select("id", "outcome").rows() == [("backup:pg-crm/20261123T141137", "failed")]
    assert facts.points["captured_at"][2] == datetime(2026, 11, 23, 6, 11, 8, tzinfo=UTC)
    assert facts.points["available_at"][2] == datetime(2026, 11, 23, 6, 11, 16, tzinfo=UTC)
    assert facts.listings.select("scope", "complete").row(0) == ("pg-crm", True)
    assert sample("list-backups-final.json").points.height == 3
    assert "pg-crm/20261123T141135" in sample("list-backups-final.json").points["id"]


@pytest.mark.parametrize("name", ["list-backups-all.json", "show-backup-first.json", "show-backup-failed.json"])
def test_what_does_not_show_all_backups_is_not_complete(name: str) -> None:
    assert sample(name).listings["complete"].to_list() == [False]


def test_one_backup_shown_says_the_same_as_the_list() -> None:
    listed = sample("list-backups-1.json").points
    shown = sample("show-backup-first.json").points
    assert shown.drop("locator").equals(listed.filter(listed["id"] == shown["id"][0]).drop("locator"))
    assert sample("show-backup-latest.json").points.is_empty()  # WAITING_FOR_WALS
    assert sample("show-backup-failed.json").runs["outcome"].to_list() == ["failed"]


def test_the_log_tells_of_the_runs_that_the_list_tells_of() -> None:
    runs = sample("barman.log").runs
    made = runs.filter(runs["kind"] == "backup")
    assert made["outcome"].to_list() == ["success", "success", "success", "warning", "failed", "success"]
    waiting = made.filter(made["outcome"] == "warning")
    assert waiting["finished_at"].to_list() == [None]  # when it can be restored is not known
    assert set(sample("list-backups-1.json").runs["id"]) < set(made["id"])
    assert sample("barman.log").listings.is_empty()  # backup-4 failed without a trace


def test_the_console_tells_of_the_same_runs() -> None:
    log = sample("barman.log").runs["id"].to_list()
    for name, outcome in (
        ("backup-1.log", "success"),
        ("backup-5-nowait.log", "warning"),
        ("backup-6-failed-killed.log", "failed"),
    ):
        run = sample(name).runs
        assert run["outcome"].to_list() == [outcome]
        assert run["id"][0] in log


def test_an_unreachable_server_leaves_no_backup_but_a_failed_command() -> None:
    text = "ERROR: Streaming-only archiver requires 'streaming_conninfo' and 'slot_name' options to be properly configured\n"
    facts = read(text, command="barman -c /etc/barman.conf backup legacy-down", exit_code=1, started_at=SEEN, finished_at=SEEN)
    assert facts.runs.select("subject", "kind", "outcome").row(0) == ("legacy-down", "backup", "failed")
    assert read(text).runs.is_empty()
    assert "is no output of Barman that is known" in read(text).faults[0].what


def test_stderr_alone_does_not_count_a_failed_backup_again() -> None:
    facts = read("ERROR: Backup failed copying files.\nDETAILS: disk full\n", command="barman backup pg-crm", exit_code=1)
    assert facts.runs.is_empty()  # stdout and list-backups know its id
    assert [(fault.level, fault.what) for fault in facts.faults] == [("warning", "which backup failed does not stand here")]


def test_retention_deletes() -> None:
    cron, log = sample("cron.log"), sample("barman.log")
    assert cron.points["id"].to_list() == ["pg-crm/20261123T141108", "pg-crm/20261123T141118"]
    assert cron.points["deleted_at"].to_list() == [datetime(2026, 11, 23, 6, 11, second, tzinfo=UTC) for second in (48, 49)]
    assert log.points["id"].to_list() == [*cron.points["id"], "pg-crm/20261123T141137"]
    assert sample("delete-failed.log").points["id"].to_list() == ["pg-crm/20261123T141137"]
    cut = read("Deleted backup 20261123T141108 (start time: Mon Nov 23 14:11:48 2026, elapsed time: less than one second)\n")
    assert cut.points.is_empty()
    assert "of which server" in cut.faults[0].what


def test_a_recovery_that_is_not_valid_failed() -> None:
    assert golden.envelope(DATA / "recover.log").exit_code == 0
    assert sample("recover.log").runs.select("kind", "outcome", "coverage").row(0) == ("restore", "failed", "full")
    fine = "\n".join(line for line in (DATA / "recover.log").read_text().splitlines() if "WARNING" not in line)
    assert read(fine, exit_code=0).runs["outcome"].to_list() == ["success"]
    assert read(fine.split("\nRecovery completed")[0]).runs["outcome"].to_list() == ["failed"]


def test_a_recovery_in_the_log_has_no_end() -> None:
    line = "2026-11-23 14:11:45,168 [2861] barman.recovery_executor INFO: Starting local restore for server pg-crm using backup 20261123T141135\n"
    facts = read(line)
    assert facts.runs.is_empty()
    assert "does not tell how this recovery ended" in facts.faults[0].what


def test_a_verification_never_proves_all_of_a_backup() -> None:
    runs = sample("verify-backup.log").runs
    assert runs.select("kind", "outcome", "coverage", "recovery_point").row(0) == ("verify", "success", None, None)
    named = read("Verifying backup '20261123T141108' on server ['pg-crm']\nCalling pg_verifybackup\nERROR: mismatch\n", exit_code=1)
    assert named.runs.select("outcome", "recovery_point").row(0) == ("failed", "pg-crm/20261123T141108")


@pytest.mark.parametrize("name", ["check-2.json", "check-2.txt", "status.json"])
def test_a_check_is_no_verification(name: str) -> None:
    facts = sample(name)
    assert facts.runs.is_empty()
    assert facts.points.is_empty()


def test_two_servers_backed_up_in_the_same_second() -> None:
    facts = read({"a": [backup()], "b": [backup()]}, complete=True, exit_code=0)
    assert facts.points["id"].to_list() == ["a/20261123T141108", "b/20261123T141108"]
    assert facts.listings.select("scope", "complete").row(0) == (None, True)
    assert read({"a": [backup()]}, complete=True, exit_code=1).listings["complete"].to_list() == [False]


def test_incremental_backups_need_their_parent() -> None:
    facts = read(
        {
            "a": [
                backup(backup_type="incremental"),
                backup(backup_id="20261123T150000", backup_type="rsync", end_time_timestamp=None),
            ]
        }
    )
    assert facts.points.select("method", "self_contained", "base").rows() == [("incremental", False, None), ("full", True, None)]
    shown = backup(
        base_backup_information={"backup_type": "incremental"}, catalog_information={"parent_backup_id": "20261122T141108"}
    )
    assert read({"a": shown}).points["base"].to_list() == ["a/20261122T141108"]


def test_unknown_words_leave_the_others() -> None:
    rows = [
        backup(),
        backup(backup_id="x"),
        backup(backup_id="20261123T150000", status="PERHAPS"),
        backup(backup_id="20261123T160000", backup_type="odd"),
        7,
    ]
    facts = read({"a": rows}, complete=True)
    assert facts.points["id"].to_list() == ["a/20261123T141108"]
    assert sorted(fault.locator for fault in facts.faults if fault.level == "error") == ["/a/1", "/a/2", "/a/3", "/a/4"]
    assert facts.listings["complete"].to_list() == [False]


def test_the_id_is_a_local_time() -> None:
    facts = read({"a": [backup()]}, timezone=None)
    assert facts.points.is_empty()
    assert "declares no time zone" in facts.faults[0].what


def test_a_list_as_text_is_refused_with_the_remedy() -> None:
    assert [fault.remedy for fault in sample("list-backups-1.txt").faults] == ["use barman -f json list-backups"]


def test_a_backup_without_an_end_in_the_log_is_running() -> None:
    lines = [line for line in (DATA / "barman.log").read_text().splitlines() if "[2404]" in line]
    facts = read("\n".join(lines[:6]))
    assert facts.runs.select("outcome", "recovery_point").row(0) == ("running", None)
