"""Proxmox Backup Server: what the test data of others says, and the traps."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden
from tests.adapters.verbatim import sample

TOOL = "proxmox-backup-server"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def read(payload: bytes, **known: Any) -> Facts:
    told = {"source": "pbs", "repository": "r", "observed_at": AT, "complete": True, **known}
    return _registry.read(TOOL, payload, Envelope(tool=TOOL, **told))


def own(name: str) -> bytes:
    return (golden.DATA / TOOL / name).read_bytes()


def test_snapshots_of_others() -> None:
    payload = sample(TOOL, "snapshots.fixture.json")
    assert _registry.recognise("", payload) == TOOL
    facts = read(payload)
    assert Counter(facts.points["subject"]) == {"vm/100": 3, "vm/101": 1, "host/nas": 1}
    assert Counter(facts.points["integrity"]) == {"verified": 2, "corrupt": 1, None: 2}
    newest = facts.points.filter(subject="vm/100").sort("captured_at").row(-1, named=True)
    assert newest["captured_at"] == datetime(2023, 11, 21, 22, 13, 20, tzinfo=UTC)
    assert facts.listings["complete"].to_list() == [False]  # one record was malformed
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/data/5"]


def test_tasks_of_others() -> None:
    payload = sample(TOOL, "tasks.fixture.json")
    assert _registry.recognise("", payload) == TOOL
    runs = read(payload).runs
    told = Counter(runs.select("kind", "outcome").iter_rows())
    assert told == {
        ("backup", "success"): 1, ("backup", "failed"): 1, ("backup", "running"): 1, ("prune", "success"): 2, ("prune", "failed"): 1,
        ("verify", "warning"): 1, ("copy", "success"): 1, ("copy", "failed"): 1,
    }  # fmt: skip
    assert not runs["id"].str.contains("@").any()


def test_an_empty_list_proves_nothing() -> None:
    facts = read(b'{"data": []}')
    assert facts.listings.is_empty()
    assert "Datastore.Audit" in facts.faults[0].what


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("OK", "success"),
        ("WARNINGS: 3", "warning"),
        ("WARNINGS: many", "failed"),
        ("ok", "failed"),
        ("OK, but", "failed"),
        ("", "failed"),
    ],
)
def test_only_ok_is_success(status: str, outcome: str) -> None:
    task = json.loads(own("tasks.json"))["data"][0] | {"status": status}
    assert read(json.dumps([task]).encode()).runs["outcome"].to_list() == [outcome]


def test_an_upload_without_a_manifest_is_partial_and_data_tells_encryption() -> None:
    points = {point["id"]: point for point in read(own("snapshots.json")).points.to_dicts()}
    assert points["host/nas/2026-11-20T22:02:00Z"]["completeness"] == "partial"
    assert points["vm/200/2026-11-20T22:00:00Z"]["encrypted"] == "yes"
    assert points["ct/201/2026-11-20T22:01:00Z"]["encrypted"] == "no"
    assert points["vm/200/2026-11-20T22:00:00Z"]["checked_at"] == datetime(2026, 11, 21, tzinfo=UTC)
    assert points["host/nas/2026-11-19T22:00:00Z"]["checked_at"] is None
    assert all(point["immutable_until"] is None for point in points.values())


def test_a_window_of_tasks_is_no_whole_log() -> None:
    value = json.loads(own("tasks.json"))
    value["data"] = value["data"][:2]
    assert read(json.dumps(value).encode()).listings.height == 1
    assert read(json.dumps(value | {"total": 3}).encode()).listings.is_empty()
    assert read(json.dumps(value).encode(), complete=None).listings.is_empty()
