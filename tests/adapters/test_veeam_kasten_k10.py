"""Veeam Kasten K10: actions of the documented shape, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "veeam-kasten-k10"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def read(payload: bytes, **known: Any) -> Facts:
    told = {"source": "k", "repository": "s3-far-away", "observed_at": AT, "complete": True, **known}
    return _registry.read(TOOL, payload, Envelope(tool=TOOL, **told))


def own(name: str) -> bytes:
    return (golden.DATA / TOOL / name).read_bytes()


def test_a_backup_without_its_export_is_only_a_snapshot() -> None:
    facts = read(own("actions.json"))
    assert facts.points.select("id", "repository", "basis").rows() == [("mysql/scheduled-abc", "snapshots", "job")]
    outcomes = {run["id"]: run["outcome"] for run in facts.runs.to_dicts()}
    assert outcomes == {
        "BackupAction:mysql/scheduled-abc": "success",
        "ExportAction:mysql/export-abc": "failed",
        "BackupAction:web/scheduled-abd": "cancelled",
    }
    assert facts.listings.is_empty()


def test_an_export_is_a_copy_of_what_it_names() -> None:
    facts = read(own("exports.json"))
    points = {point["repository"]: point for point in facts.points.to_dicts()}
    assert set(points) == {"snapshots", "s3-immutable"}
    copy = points["s3-immutable"]
    assert (copy["copy_of_repository"], copy["copy_of_id"], copy["captured_at"]) == ("snapshots", "mysql/scheduled-1", None)
    assert copy["expires_at"] == datetime(2026, 12, 21, 2, tzinfo=UTC)
    assert copy["immutable_until"] is None  # whatever the profile is called


def test_runs_and_quarantine() -> None:
    facts = read(own("exports.json"))
    runs = {run["id"].rsplit("/", 1)[1]: run for run in facts.runs.to_dicts()}
    assert runs["policy-run-1"]["subject"] == "policy:mysql-daily"
    assert (runs["scheduled-2"]["outcome"], runs["scheduled-3"]["outcome"]) == ("failed", "running")
    assert (runs["restore-1"]["kind"], runs["restore-1"]["recovery_point"]) == ("restore", "mysql/scheduled-1")
    assert runs["retire-1"]["kind"] == "prune"
    assert not {"scheduled-4", "report-1", "dream-1"} & set(runs)
    assert {fault.locator for fault in facts.faults if fault.level == "error"} == {"/items/7", "/items/10"}
