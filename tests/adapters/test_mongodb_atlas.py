"""MongoDB Atlas: what its answers must yield, and the traps of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.adapters.mongodb_atlas import EXPORTS, STATUSES
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import WORDS, Facts
from tests.adapters.golden import DATA, facts_of
from tests.adapters.verbatim import sample

SEEN = datetime(2026, 11, 23, tzinfo=UTC)
FOLDER = DATA / "mongodb-atlas"
SELF = "https://cloud.mongodb.com/api/atlas/v2/groups/g/clusters/c/backup/"
SNAPSHOT = {"id": "s", "snapshotType": "scheduled", "status": "completed", "createdAt": "2026-11-20T00:00:00Z"}
RESTORE = {"id": "r", "deliveryType": "automated", "snapshotId": "s", "createdAt": "2026-11-20T00:00:00Z"}


def read(document: Any, **fields: Any) -> Facts:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    assert _registry.recognise("x", payload) == "mongodb-atlas"
    told = {"source": "s", "observed_at": SEEN, "complete": True} | fields
    return _registry.read("mongodb-atlas", payload, Envelope(tool="mongodb-atlas", name="f", **told))


def answer(*results: dict[str, Any], what: str = "snapshots", **more: Any) -> dict[str, Any]:
    return {"links": [{"href": SELF + what, "rel": "self"}], "results": list(results), "totalCount": len(results), **more}


def errors(facts: Facts) -> list[str]:
    return [fault.what for fault in facts.faults if fault.level == "error"]


def test_a_snapshot_without_status_is_quarantined() -> None:
    facts = read(sample("mongodb-atlas", "cloud_snapshots.1.json"))
    assert facts.points.is_empty()
    assert errors(facts) == ["status is missing: the record was not used"]


def test_restores_that_are_not_finished_are_no_success() -> None:
    facts = read(sample("mongodb-atlas", "restore_jobs.1.json"))
    assert facts.runs["outcome"].to_list() == ["running"], "the other one only prepares a download"
    assert facts.runs["subject"].to_list() == ["5b6212af90dc76637950a2c6/Cluster0"]
    assert read(sample("mongodb-atlas", "restore_jobs.2.json")).runs["outcome"].to_list() == ["running"]


def test_exports() -> None:
    facts = read(sample("mongodb-atlas", "export_jobs.1.json"))
    assert facts.runs["outcome"].to_list() == ["running", "success"]
    assert facts.points["id"].to_list() == ["606758180d97065aabbe5b85"]
    assert facts.points["captured_at"].to_list() == [None], "a copy has the time of its original"
    one = read(sample("mongodb-atlas", "export_jobs.2.json"))
    assert one.runs["outcome"].to_list() == ["success"]
    assert one.points.is_empty(), "of which cluster it is nobody says"


@pytest.mark.parametrize(
    "name", ["backup_compliance_policy.1.json", "backup_compliance_policy.2.json", "backup_policy.1.json", "backup_policy.2.json"]
)
def test_settings_carry_no_facts(name: str) -> None:
    facts = read(sample("mongodb-atlas", name))
    assert facts.points.is_empty()
    assert facts.runs.is_empty()
    assert not facts.faults


def test_snapshots() -> None:
    facts = facts_of(FOLDER / "snapshots.json")
    assert facts.points.select("id", "completeness", "encrypted").rows() == [("s1", "complete", "yes"), ("s2", None, None)]
    assert facts.runs.select("id", "outcome").rows() == [("s3", "failed"), ("s4", "running")]
    assert not facts.listings["complete"].any(), "one of them could not be read"


def test_a_page_is_not_the_list() -> None:
    assert read(answer(SNAPSHOT)).listings.select("repository", "complete").rows() == [("g/c", True)]
    assert not facts_of(FOLDER / "snapshots-first-page.json").listings["complete"].any()
    assert not read(answer(SNAPSHOT, totalCount=101)).listings["complete"].any()


def test_no_results_say_nothing_because_the_cluster_may_be_sharded() -> None:
    assert facts_of(FOLDER / "snapshots-none.json").listings.is_empty()


def test_restores() -> None:
    runs = facts_of(FOLDER / "restore-jobs.json").runs
    outcomes = dict(runs.select("id", "outcome").iter_rows())
    assert outcomes == {"r1": "success", "r2": "failed", "r3": "cancelled", "r4": "running", "r6": "failed", "r7": "success"}
    assert runs.filter(outcome="success")["coverage"].to_list() == ["full", "full"]
    assert set(runs["recovery_point"]) == {"s1"}


@pytest.mark.parametrize("flag", ["failed", "cancelled", "expired"])
def test_a_restore_that_finished_and_failed_is_no_success(flag: str) -> None:
    facts = read(answer({**RESTORE, "finishedAt": "2026-11-20T01:00:00Z", flag: True}, what="restoreJobs"))
    assert facts.runs["outcome"].to_list() != ["success"]


def test_the_command_names_the_cluster_where_no_link_does() -> None:
    document = {"results": [SNAPSHOT], "totalCount": 1}
    facts = read(document, command="atlas backups snapshots list Orders --projectId p1 -o json")
    assert facts.points["subject"].to_list() == ["p1/Orders"]
    assert read(document).points.is_empty()
    assert read(document, command="atlas backups snapshots list --mystery Orders --projectId p1").points.is_empty()


@pytest.mark.parametrize("status", ["Completed", "done", ""])
def test_an_unknown_status_is_quarantined(status: str) -> None:
    facts = read(answer({**SNAPSHOT, "status": status}, {**SNAPSHOT, "id": "t"}))
    assert facts.points["id"].to_list() == ["t"]
    assert len(errors(facts)) == 1


def test_the_tables_use_our_words() -> None:
    assert set(EXPORTS.values()) <= set(WORDS["run"]["outcome"])
    assert set(STATUSES.values()) <= {"there", *WORDS["run"]["outcome"]}


def test_ops_manager() -> None:
    facts = facts_of(FOLDER / "ops-manager-snapshots.json")
    assert facts.points.select("id", "subject", "captured_at").row(0) == (
        "o1",
        "g1/c1",
        datetime(2026, 11, 22, 20, 2, 7, tzinfo=UTC),
    )
    assert facts.runs["outcome"].to_list() == ["running"]


def test_what_is_no_answer() -> None:
    with pytest.raises(InputError, match="no answer of Atlas"):
        _registry.read("mongodb-atlas", b'{"results": [{"id": "x"}]}', Envelope(tool="mongodb-atlas"))
