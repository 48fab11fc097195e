"""Cohesity: what its samples say as values, and the traps of its formats."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from audit.adapters import _registry
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "cohesity"
FOLDER = golden.DATA / TOOL
GROUP = FOLDER / "v2_protection-group_runs.json"
SEEN = datetime(2026, 11, 22, 9, tzinfo=UTC)


def read(document: Any, **fields: Any) -> Facts:
    given = {"source": "c", "repository": "hq", "observed_at": SEEN} | fields
    return _registry.read(TOOL, json.dumps(document).encode(), Envelope(tool=TOOL, **given))


def test_runs_of_a_group_and_their_copies() -> None:
    facts = golden.facts_of(GROUP)
    backups = facts.runs.filter(facts.runs["kind"] == "backup")
    assert backups["outcome"].to_list() == ["success", "warning", "failed", "failed", "running"]
    assert backups["finished_at"].null_count() == 1
    copies = facts.runs.filter(facts.runs["kind"] == "copy")
    assert copies.select("repository", "outcome").rows() == [
        ("dr-cluster", "success"),
        ("s3-archive", "success"),
        ("dr-cluster", "success"),
        ("s3-archive", "failed"),
    ]
    assert facts.points["repository"].value_counts().sort("repository").rows() == [
        ("dr-cluster", 2),
        ("hq-cluster", 2),
        ("s3-archive", 1),
    ]


def test_only_a_lock_with_an_end_is_immutability() -> None:
    points = golden.facts_of(GROUP).points
    locked = points.filter(points["immutable_until"].is_not_null())
    assert locked["repository"].unique().to_list() == ["dr-cluster"]
    document = json.loads(GROUP.read_text())
    document["runs"][0]["replicationInfo"]["replicationTargetResults"][0]["dataLockConstraints"]["mode"] = "Administrative"
    assert read(document).points["immutable_until"].drop_nulls().len() == 1


def test_a_green_run_holds_a_red_object() -> None:
    for name in ("v1_protectionRuns.json", "v2_runs_with_objects.json"):
        facts = golden.facts_of(FOLDER / name)
        failed = facts.runs.filter(facts.runs["outcome"] == "failed")["subject"].to_list()
        assert len(failed) == 1
        assert not set(failed) & set(facts.points["subject"])


def test_a_copy_that_is_only_accepted_is_no_copy() -> None:
    facts = golden.facts_of(FOLDER / "v1_protectionRuns.json")
    assert facts.points["repository"].unique().to_list() == ["hq-cluster"]
    assert facts.runs.filter(facts.runs["kind"] == "copy")["outcome"].to_list() == ["running"]


def test_a_copy_without_an_end_was_there_when_it_was_seen() -> None:
    points = golden.facts_of(FOLDER / "v2_runs_with_objects.json").points
    [copy] = points.filter(points["repository"] == "s3-archive").to_dicts()
    assert (copy["id"], copy["basis"], time_text(copy["available_at"])) == (
        "77:1795208404000000/nas01",
        "job",
        "2026-11-22T09:00:00Z",
    )


def test_deleted_snapshots_are_history_and_prove_nothing() -> None:
    facts = golden.facts_of(FOLDER / "v2_runs_with_objects.json")
    [run] = facts.runs.filter(facts.runs["id"] == "76:1795122004000000").to_dicts()
    assert (run["outcome"], run["repository"]) == ("success", None)
    assert "76:1795122004000000" not in facts.points["id"].to_list()


def test_an_answer_that_was_cut_or_is_of_one_group_is_not_complete() -> None:
    document = json.loads(GROUP.read_text())
    assert read(document, complete=True, scope="PG-Prod-VMs").listings["complete"].to_list() == [True]
    assert not read(document, complete=True).listings["complete"].any()
    assert not read(document | {"totalRuns": 60}, complete=True, scope="PG-Prod-VMs").listings["complete"].any()


def test_unknown_statuses_are_quarantined() -> None:
    document = json.loads(GROUP.read_text())
    document["runs"][0]["localBackupInfo"]["status"] = "Glorious"
    facts = read(document, complete=True, scope="PG-Prod-VMs")
    assert "412:1795208404000000" not in facts.points["id"].to_list()
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/runs/0"]
    assert not facts.listings["complete"].any()


def test_an_unknown_status_of_a_run_quarantines_its_objects() -> None:
    first = json.loads((FOLDER / "v1_protectionRuns.json").read_text())
    first[0]["backupRun"]["status"] = "kZyx"
    facts = read(first)
    assert facts.runs.is_empty()
    assert facts.points.is_empty()
    assert ["'kZyx' is no status" in fault.what for fault in facts.faults if fault.level == "error"] == [True]
    second = json.loads((FOLDER / "v2_runs_with_objects.json").read_text())
    at = next(place for place, run in enumerate(second["runs"]) if run.get("objects"))
    before = read(second).runs.height
    second["runs"][at]["localBackupInfo"]["status"] = "Zyx"
    facts = read(second)
    assert 0 < facts.runs.height < before
    assert ["'Zyx' is no status" in fault.what for fault in facts.faults if fault.level == "error"] == [True]


def test_failed_objects_make_a_group_partial() -> None:
    document = json.loads(GROUP.read_text())
    document["runs"][0]["localBackupInfo"]["failedObjectsCount"] = 2
    facts = read(document)
    assert set(facts.points.filter(facts.points["id"] == "412:1795208404000000")["completeness"]) == {"partial"}
