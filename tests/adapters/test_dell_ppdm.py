"""PowerProtect Data Manager: what its samples say as values, and the traps of its formats."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "dell-ppdm"
ACTIVITIES = golden.DATA / TOOL / "v2_activities.json"
COPIES = golden.DATA / TOOL / "v2_copies.json"
SEEN = datetime(2026, 11, 22, 9, tzinfo=UTC)


def read(document: Any, **fields: Any) -> Facts:
    given = {"source": "p", "repository": "dd-1", "observed_at": SEEN, "complete": True} | fields
    return _registry.read(TOOL, json.dumps(document).encode(), Envelope(tool=TOOL, **given))


def changed(path: Any, place: int, **fields: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    document["content"][place] |= fields
    return document


def test_completed_is_no_outcome() -> None:
    runs = golden.facts_of(ACTIVITIES).runs
    assert runs.select("id", "kind", "outcome").rows() == [
        ("act-1", "backup", "success"),
        ("act-2", "backup", "warning"),
        ("act-3", "backup", "failed"),
        ("act-4", "backup", "cancelled"),
        ("act-5", "copy", "running"),
        ("act-6", "restore", "success"),
    ]
    assert runs["subject"][0] == "sql01 (a-sql01)"


def test_only_jobs_count() -> None:
    for word in ("JOB_GROUP", "TASK"):
        facts = read(changed(ACTIVITIES, 0, classType=word))
        assert facts.runs.height == 5
        assert not facts.faults
    assert read(changed(ACTIVITIES, 0, category="INDEX")).runs.height == 5


@pytest.mark.parametrize(
    "fields", [{"result": {"status": "UNKNOWN"}}, {"result": None}, {"state": "DANCING"}, {"category": "SING"}, {"classType": "X"}]
)
def test_unknown_words_are_quarantined(fields: dict[str, Any]) -> None:
    facts = read(changed(ACTIVITIES, 0, **fields))
    assert facts.runs.height == 5
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/content/0"]
    assert facts.listings.is_empty()


def test_copies_that_are_there() -> None:
    facts = golden.facts_of(COPIES)
    assert facts.points.select("id", "repository", "self_contained").rows() == [("copy-1", "dd-1", True), ("copy-2", "dd-2", True)]
    first, replica = facts.points.to_dicts()
    assert time_text(first["immutable_until"]) == time_text(first["expires_at"]) == "2026-12-20T21:00:04Z"
    assert (replica["captured_at"], replica["immutable_until"], time_text(replica["available_at"])) == (
        None,
        None,
        "2026-11-20T22:05:00Z",
    )
    assert set(facts.listings["complete"]) == {True}


def test_locks_that_can_be_lifted_are_no_immutability() -> None:
    assert read(changed(COPIES, 0, retentionLockMode="GOVERNANCE")).points["immutable_until"].null_count() == 2
    assert read(changed(COPIES, 0, retentionLock="PARTIAL_COPIES_LOCKED")).points["immutable_until"].null_count() == 2


def test_a_log_copy_needs_its_base_and_a_broken_chain_is_partial() -> None:
    [point] = read(changed(COPIES, 2, state="IDLE")).points.filter(id="copy-3").to_dicts()
    assert (point["base"], point["method"], point["self_contained"], point["completeness"]) == ("copy-gone", "log", None, "partial")


def test_one_page_of_several_is_not_complete() -> None:
    document = json.loads(COPIES.read_text())
    document["page"]["totalElements"] = 300
    assert set(read(document).listings["complete"]) == {False}


def test_a_copy_of_unknown_state_is_quarantined() -> None:
    facts = read(changed(COPIES, 0, state="LEVITATING"))
    assert facts.points["id"].to_list() == ["copy-2"]
    assert set(facts.listings["complete"]) == {False}
