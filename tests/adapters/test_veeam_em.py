"""Veeam Backup Enterprise Manager: what Veeam's own examples say, and the traps."""

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
from tests.adapters.verbatim import sample

TOOL = "veeam-em"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def read(payload: bytes, **known: Any) -> Facts:
    told = {"source": "em", "repository": "r", "observed_at": AT, "complete": True, **known}
    return _registry.read(TOOL, payload, Envelope(tool=TOOL, **told))


def own(name: str) -> bytes:
    return (golden.DATA / TOOL / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "subject", "method", "at"),
    [
        ("vmrestorepoints_id.xml", "oracle03", "incremental", datetime(2016, 10, 6, 13, 59, 50, 783000, tzinfo=UTC)),
        ("agents_agentrestorepoints_id.xml", "rhel72", "incremental", datetime(2018, 12, 17, 2, 1, 5, tzinfo=UTC)),
    ],
)
def test_points_of_veeams_examples(name: str, subject: str, method: str, at: datetime) -> None:
    payload = sample(TOOL, name)
    assert _registry.recognise("", payload) == TOOL
    facts = read(payload)
    [point] = facts.points.to_dicts()
    assert (point["subject"], point["method"], point["captured_at"]) == (subject, method, at)
    assert (point["base"], point["self_contained"]) == (None, None)
    assert facts.listings["complete"].to_list() == [False]  # one entity is no list


@pytest.mark.parametrize(
    ("name", "subject", "minutes"),
    [
        ("backupsessions_id.xml", "job:Fileserver Backup", 17),
        ("backuptasksessions_id.xml", "srv04", 16),
        ("replicasessions_id.xml", "job:Fileserver02 Replication", 16),
    ],
)
def test_runs_of_veeams_examples(name: str, subject: str, minutes: int) -> None:
    payload = sample(TOOL, name)
    assert _registry.recognise("", payload) == TOOL
    [run] = read(payload).runs.to_dicts()
    assert (run["subject"], run["outcome"], run["kind"]) == (subject, "success", "backup")
    assert (run["finished_at"] - run["started_at"]).seconds // 60 == minutes


def test_a_task_names_its_point() -> None:
    [run] = read(sample(TOOL, "backuptasksessions_id.xml")).runs.to_dicts()
    assert run["recovery_point"] == "urn:veeam:VmRestorePoint:fb87163e-687d-4006-96c9-0451b5423b85"


@pytest.mark.parametrize("name", ["backupfiles_id.xml", "jobs_id.xml", "repositories_id.xml", "restorepoints_id.xml"])
def test_what_carries_no_facts(name: str) -> None:
    payload = sample(TOOL, name)
    assert _registry.recognise("", payload) == TOOL
    assert all(frame.is_empty() for frame in read(payload).by_kind().values())


def test_completed_is_no_success_and_a_copy_is_a_copy() -> None:
    runs = {run["id"].rsplit(":", 1)[1]: run for run in read(own("sessions.xml")).runs.to_dicts()}
    assert {name: run["outcome"] for name, run in runs.items()} == {
        "s1": "warning", "s2": "success", "s3": "running", "t1": "success", "t2": "failed", "t3": "success", "t4": "running",
    }  # fmt: skip
    assert runs["t3"]["kind"] == "copy"
    assert runs["t2"]["message"] == "No space & no time"


def test_pages_and_quarantine() -> None:
    assert read(own("vmRestorePoints.xml")).listings["complete"].to_list() == [True]
    assert read(own("vmRestorePoints-page.xml")).listings["complete"].to_list() == [False]
    odd = read(own("vmRestorePoints.xml").replace(b"<PointType>Full", b"<PointType>Half"))
    assert odd.points.height == 2
    assert odd.listings["complete"].to_list() == [False]


@pytest.mark.parametrize(
    "payload",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><VmRestorePoint xmlns="http://www.veeam.com/ent/v1.0">&a;</VmRestorePoint>',
        b'<VmRestorePoint xmlns="http://www.veeam.com/ent/v1.0">&a;</VmRestorePoint>',
        b'<VmRestorePoints xmlns="http://www.veeam.com/ent/v1.0"><VmRestorePoint>',
        b'<x xmlns="http://www.veeam.com/ent/v1.0">' + b"<a>" * 100 + b"</a>" * 100 + b"</x>",
        b'<EntityReferences xmlns="http://www.veeam.com/ent/v1.0"><Ref UID="urn:veeam:Job:1"/></EntityReferences>',
    ],
)
def test_documents_that_are_refused(payload: bytes) -> None:
    with pytest.raises(InputError):
        read(payload)


def test_json_as_it_is_nested_in_answers_to_queries() -> None:
    inner = json.loads(own("backupTaskSessions.json"))
    outer = {"Entities": {"BackupTaskSessions": inner}, "PagingInfo": {"PagesCount": 1}}
    payload = json.dumps(outer).encode()
    assert _registry.recognise("", payload) == TOOL
    assert read(payload).runs["outcome"].to_list() == ["success", "failed"]
