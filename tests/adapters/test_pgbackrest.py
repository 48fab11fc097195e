"""pgBackRest: what its catalog and its logs say, and what they only seem to say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

DATA = golden.DATA / "pgbackrest"
SEEN = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def read(payload: Any, **fields: Any) -> Facts:
    given = {"source": "s", "repository": "r", "timezone": "Asia/Shanghai", "observed_at": SEEN, **fields}
    raw = payload if isinstance(payload, str) else json.dumps(payload)
    return _registry.read("pgbackrest", raw.encode(), Envelope(tool="pgbackrest", name="f", **given))


def stanza(**fields: Any) -> dict[str, Any]:
    backup = {
        "label": "20261123-140207F",
        "type": "full",
        "prior": None,
        "timestamp": {"start": 1795413727, "stop": 1795413732},
        "info": {"size": 100},
        "database": {"id": 1, "repo-key": 1},
        "error": False,
    }
    ok = {"code": 0, "message": "ok"}
    return {
        "name": "erp",
        "backup": [backup],
        "cipher": "none",
        "repo": [{"key": 1, "cipher": "none", "status": ok}],
        "status": {**ok, "lock": {"backup": {"held": False}}},
    } | fields


def test_the_catalog_has_the_chain_and_no_failed_backup() -> None:
    before, after = sample("info-1.json"), sample("info-2-after-failed.json")
    assert before.points.drop("locator").equals(after.points.drop("locator"))
    assert before.points.select("method", "base", "self_contained", "encrypted").rows() == [
        ("full", None, True, "no"),
        ("incremental", "20261123-140207F", False, "no"),
        ("differential", "20261123-140207F", False, "no"),
        ("incremental", "20261123-140207F_20261123-140216D", False, "no"),
    ]
    assert before.points["captured_at"][0] == datetime(2026, 11, 23, 6, 2, 7, tzinfo=UTC)
    assert sample("info-3-before-expire.json").points.height == 3
    assert sample("info-final.json").points["id"].to_list() == ["20261123-140231F"]
    assert sample("info-final.json").listings.select("complete", "scope").row(0) == (True, "erp")


@pytest.mark.parametrize("name", ["info-0-nostanza.json", "info-set.json"])
def test_what_does_not_show_all_backups_is_not_complete(name: str) -> None:
    assert sample(name).listings["complete"].to_list() == [False]


def test_seven_backups_and_two_failures_in_the_log() -> None:
    facts = sample("log-erp-backup.log")
    assert facts.runs["outcome"].value_counts(sort=True).rows() == [("success", 7), ("failed", 2)]
    assert facts.runs.filter(facts.runs["outcome"] == "failed")["message"].str.slice(0, 5).to_list() == ["[068]", "[056]"]
    assert facts.points["base"].to_list()[:4] == sample("info-1.json").points["base"].to_list()
    assert facts.listings.select("covers_from", "complete").row(0) == (facts.runs["finished_at"][0], False)


def test_file_and_console_tell_of_the_same_runs() -> None:
    ids = set(sample("log-erp-backup.log").runs["id"])
    assert {
        sample("console-backup-1-full.log").runs["id"][0],
        sample("console-backup-6-failed-server-down.log").runs["id"][0],
    } <= ids


def test_expire_removes_dependants_too() -> None:
    full = sample("console-backup-9-full-expires-first.log")
    assert full.points.filter(full.points["deleted_at"].is_not_null())["id"].sort().to_list() == [
        "20261123-140207F",
        "20261123-140207F_20261123-140213I",
        "20261123-140207F_20261123-140216D",
        "20261123-140207F_20261123-140218I",
    ]
    assert full.runs["kind"].to_list() == ["backup", "prune"]
    assert sample("console-expire-set.log").points["id"].to_list() == ["20261123-140223F_20261123-140229D", "20261123-140223F"]


def test_an_expire_that_failed_or_was_a_dry_run_deletes_nothing() -> None:
    text = (DATA / "console-expire-set.log").read_text()
    failed = text.replace("end: completed successfully (198ms)", "end: aborted with exception [042]")
    assert read(failed).points.is_empty()
    assert read(failed).runs["outcome"].to_list() == ["failed"]
    dry = read(text.replace("--lock-path", "--dry-run --lock-path"))
    assert dry.points.is_empty()
    assert dry.runs.is_empty()


def test_verify_exits_with_0_whatever_it_found() -> None:
    damaged = sample("console-verify-damaged.log")
    assert golden.envelope(DATA / "console-verify-damaged.log").exit_code == 0
    assert damaged.runs.select("outcome", "recovery_point").rows() == [("failed", "20261123-140231F")]
    assert damaged.points.select("integrity", "id").rows() == [("corrupt", "20261123-140231F")]
    assert sample("console-verify-text.log").runs.select("outcome", "coverage").rows() == [("success", "full")]
    assert sample("console-verify.log").runs["outcome"].to_list() == ["warning"]
    assert sample("log-erp-verify.log").runs["outcome"].to_list() == ["warning", "success", "failed"]


def test_a_valid_backup_in_a_repository_with_damaged_wal_is_no_success() -> None:
    text = (DATA / "console-verify-text.log").read_text().replace("status: ok", "status: error")
    assert read(text).runs["outcome"].to_list() == ["warning"]


def test_the_text_of_verify_alone() -> None:
    text = "stanza: erp\nstatus: error\n  archiveId: none found\n  backup: 20261123-140231F, status: manifest missing, total files checked: 0, total valid files: 0\n"
    facts = read(text, finished_at=SEEN, started_at=SEEN, exit_code=0)
    assert _registry.recognise("", text.encode()) == "pgbackrest"
    assert facts.runs.select("outcome", "subject").row(0) == ("failed", "erp")
    assert facts.points["checked_at"].to_list() == [SEEN]
    running = read(text.replace("manifest missing", "in-progress").replace("status: error", "status: ok"))
    assert running.points.is_empty()
    strange = read(text.replace("manifest missing", "perhaps"))
    assert "'perhaps' is no status" in strange.faults[0].what


def test_a_restore_and_its_coverage() -> None:
    facts = sample("console-restore.log")
    assert facts.runs.select("kind", "outcome", "recovery_point", "coverage").row(0) == (
        "restore",
        "success",
        "20261123-140231F",
        "full",
    )
    some = read((DATA / "console-restore.log").read_text().replace("--repo=1 ", "--repo=1 --db-include=sales "))
    assert some.runs["coverage"].to_list() == ["partial"]


def test_a_check_is_no_verification() -> None:
    assert sample("console-check-before-stanza.log").runs.is_empty()
    assert sample("console-stanza-create.log").runs.is_empty()


def test_a_stanza_without_a_cluster() -> None:
    facts = sample("log-legacy-backup.log")
    assert facts.runs.select("subject", "outcome").row(0) == ("legacy", "failed")
    assert facts.points.is_empty()


def test_a_process_without_an_end() -> None:
    lines = (DATA / "console-backup-1-full.log").read_text().splitlines()
    cut = "\n".join(lines[:6])
    assert read(cut).runs["outcome"].to_list() == ["running"]
    assert read(cut, exit_code=137).runs["outcome"].to_list() == ["failed"]
    followed = read(cut.replace("28884-", "28001-") + "\n" + "\n".join(lines))
    assert followed.runs["outcome"].to_list() == ["failed", "success", "success"]
    assert followed.points["id"].to_list() == ["20261123-140207F"]
    behind = read("\n".join(lines[5:]))
    assert behind.runs["kind"].to_list() == ["prune"]
    assert "the beginning of this run is missing" in behind.faults[0].what


def test_an_end_that_nobody_knows_is_quarantined() -> None:
    text = (DATA / "console-restore.log").read_text().replace("end: completed successfully", "end: completed somehow")
    facts = read(text)
    assert facts.runs.is_empty()
    assert "'completed somehow' is no end" in facts.faults[0].what


def test_log_lines_need_a_zone() -> None:
    facts = read((DATA / "console-restore.log").read_text(), timezone=None)
    assert facts.runs.is_empty()
    assert "declares no time zone" in facts.faults[0].what


def test_page_checksum_errors_are_no_job_status() -> None:
    one = stanza()
    one["backup"][0]["error"] = True
    facts = read([one])
    assert facts.points.select("integrity", "completeness").row(0) == ("corrupt", None)
    assert facts.points["checked_at"].to_list() == facts.points["available_at"].to_list()


def test_several_repositories_are_kept_apart() -> None:
    ok = {"code": 0, "message": "ok"}
    one = stanza(
        cipher="mixed",
        repo=[
            {"key": 1, "cipher": "none", "status": ok},
            {"key": 2, "cipher": "aes-256-cbc", "status": {"code": 99, "message": "other"}},
        ],
    )
    one["backup"].append({**one["backup"][0], "label": "20261123-150000F", "database": {"id": 1, "repo-key": 2}})
    facts = read([one], complete=True)
    assert facts.points.select("repository", "encrypted").rows() == [("r/repo1", "no"), ("r/repo2", "yes")]
    assert facts.listings.select("repository", "complete").rows() == [("r/repo1", True), ("r/repo2", False)]
    assert read([stanza()], repository=None).points["repository"].to_list() == ["repo1"]


def test_several_stanzas_are_the_whole_repository() -> None:
    other = stanza(name="crm")
    other["backup"] = [{**other["backup"][0], "label": "20261123-160000F"}]
    facts = read([stanza(), other], complete=True)
    assert facts.listings.select("scope", "complete").rows() == [(None, True)]
    assert facts.points["subject"].to_list() == ["erp", "crm"]


def test_unknown_words_leave_the_others() -> None:
    one = stanza()
    one["backup"].append({**one["backup"][0], "label": "20261123-150000X", "type": "synthetic"})
    one["backup"].append("torn")
    facts = read([one], complete=True)
    assert facts.points["id"].to_list() == ["20261123-140207F"]
    assert facts.listings["complete"].to_list() == [False]
    assert sorted(fault.locator for fault in facts.faults if fault.level == "error") == ["/0/backup/1", "/0/backup/2"]
    unknown = read([stanza(repo=[{"key": 1, "cipher": "none", "status": {"code": 7, "message": "?"}}])], complete=True)
    assert unknown.listings["complete"].to_list() == [False]
    assert unknown.points.height == 1


def test_info_as_text_is_refused_with_the_remedy() -> None:
    [fault] = sample("info-final.txt").faults
    assert fault.remedy == "use info --output=json"
