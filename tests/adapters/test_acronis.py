"""Acronis: what its sample says as values, and the traps of its format."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "acronis"
TASKS = golden.DATA / TOOL / "task_manager_v2_tasks.json"


def read(document: Any) -> Facts:
    given = {"source": "a", "repository": "cloud", "observed_at": datetime(2026, 11, 21, 6, tzinfo=UTC), "complete": True}
    return _registry.read(TOOL, json.dumps(document).encode(), Envelope(tool=TOOL, **given))  # type: ignore[arg-type]


def test_completed_is_no_outcome_and_enqueued_is_no_failure() -> None:
    facts = golden.facts_of(TASKS)
    assert facts.runs["outcome"].to_list() == ["success", "warning", "failed", "cancelled", "success", "running"]
    assert facts.runs["kind"].to_list() == ["backup"] * 4 + ["verify", "backup"]
    assert facts.runs["subject"][0] == "Acme/sql01"
    assert facts.runs["started_at"][5] is None
    assert facts.runs["message"][2] == "AccessDenied"
    assert not facts.faults


def test_a_task_that_has_not_started_leaves_the_log_open() -> None:
    assert golden.facts_of(TASKS).listings.is_empty()
    document = json.loads(TASKS.read_text())
    del document["items"][5]
    assert read(document).listings.is_empty()
    document["paging"]["cursors"]["total"] = 5
    assert read(document).listings.height == 1


@pytest.mark.parametrize(
    "fields",
    [{"result": {"code": "superb"}}, {"result": None}, {"state": "sleeping"}, {"type": "polish"}, {"result": {"code": ["ok"]}}],
)
def test_unknown_words_are_quarantined(fields: dict[str, Any]) -> None:
    document = json.loads(TASKS.read_text())
    document["items"][0] |= fields
    facts = read(document)
    assert facts.runs.height == 5
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/items/0"]
