"""Veeam Backup for Microsoft 365: sessions and restore points of the documented shape, and the traps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "veeam-m365"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def read(value: Any, **known: Any) -> Facts:
    told = {"source": "vb", "repository": "r", "observed_at": AT, "complete": True, **known}
    return _registry.read(TOOL, json.dumps(value).encode(), Envelope(tool=TOOL, **told))


def own(name: str) -> Any:
    return json.loads((golden.DATA / TOOL / name).read_bytes())


def test_sessions() -> None:
    runs = read(own("v8_JobSessions.json")).runs
    assert runs["outcome"].to_list() == ["success", "warning", "failed"]
    assert runs["kind"].to_list() == ["backup", "backup", "copy"]
    assert runs["bytes"].to_list() == [1073741824, 1048576, None]
    assert runs["message"].to_list() == [None, None, "Disconnected"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("Stopped", ["cancelled"]), ("Queued", ["running"]), ("NotConfigured", ["failed"]), ("Completed", []), (None, [])],
)
def test_statuses(status: str | None, outcome: list[str]) -> None:
    answer = own("v8_JobSessions.json")
    answer["results"] = [answer["results"][0] | {"status": status}]
    facts = read(answer)
    assert facts.runs["outcome"].to_list() == outcome
    assert bool(facts.faults) == (not outcome)


def test_points_are_unproven_and_immutable_only_where_told() -> None:
    facts = read(own("RestorePoints.json"))
    assert facts.points["immutable_until"].to_list() == [datetime(2026, 12, 20, 1, 0, 3, tzinfo=UTC), None, None]
    assert facts.points["self_contained"].null_count() == 3
    assert facts.points["subject"].to_list()[0] == "job:job-1:exchange,onedrive"
    assert facts.listings["complete"].to_list() == [True, True]


def test_a_page_with_a_next_one_or_not_the_first_is_not_complete() -> None:
    assert read(own("RestorePoints-page.json")).listings["complete"].to_list() == [False]
    assert set(read(own("RestorePoints.json") | {"offset": 30}).listings["complete"]) == {False}


def test_nothing() -> None:
    with pytest.raises(InputError):
        read({"results": []})
    assert read({"results": []}, command="GET /v8/RestorePoints").listings["complete"].to_list() == [True]


def test_people_stay_out() -> None:
    facts = read(own("RestoreSessions.json"))
    assert sorted(facts.runs["outcome"]) == ["failed", "running", "success"]
    assert "someone" not in str(facts.runs.to_dicts())
