"""Longhorn: objects of the documented shape, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "longhorn"
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


def read(payload: bytes, **known: Any) -> Facts:
    told = {"source": "k", "observed_at": AT, "complete": True, **known}
    return _registry.read(TOOL, payload, Envelope(tool=TOOL, **told))


def own(name: str) -> bytes:
    return (golden.DATA / TOOL / name).read_bytes()


def test_only_completed_is_a_point() -> None:
    facts = read(own("backups_list.json"))
    assert facts.points.select("id", "subject", "repository", "bytes").rows() == [
        ("backup-a1", "pvc-840804d8", "default", 536870912)
    ]
    assert facts.runs["outcome"].to_list() == ["success", "failed", "running"]
    assert facts.runs["message"].to_list()[1] == "failed to upload block: AccessDenied"
    assert facts.listings["complete"].to_list() == [True]
    assert not facts.faults


def test_targets_that_are_dark_or_old_make_their_listings_incomplete() -> None:
    payload = own("targets.json").replace(b'"Unknown"', b'"Error"')
    facts = read(payload)
    assert dict(facts.listings.select("repository", "complete").iter_rows()) == {"default": True, "old": False, "dark": False}
    assert {fault.key for fault in facts.faults} == {"available", "lastSyncedAt"}


def test_unknown_is_quarantined_and_deleting_is_passed_over() -> None:
    facts = read(own("targets.json"))
    assert set(facts.points["id"]) == {"b1", "b5", "b6"}
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/items/1"]
    assert "backup:b4" not in set(facts.runs["id"])
    assert not facts.listings["complete"].any()


def test_times_and_methods() -> None:
    [point] = read(own("targets.json")).points.filter(id="b1").to_dicts()
    assert (point["method"], point["self_contained"]) == ("full", True)
    assert (point["captured_at"], point["available_at"]) == (
        datetime(2026, 11, 20, 2, 0, 11, tzinfo=UTC),
        datetime(2026, 11, 20, 2, 5, tzinfo=UTC),
    )
