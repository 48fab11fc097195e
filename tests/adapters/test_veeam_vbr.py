"""Veeam Backup & Replication: what Veeam's own examples say, and the traps."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden
from tests.adapters.verbatim import sample

TOOL = "veeam-vbr"
AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


def read(payload: bytes, **known: Any) -> Facts:
    told = {"source": "vbr", "repository": "r", "observed_at": AT, "complete": True, "timezone": "Europe/Prague", **known}
    return _registry.read(TOOL, payload, Envelope(tool=TOOL, **told))


def own(name: str) -> dict[str, Any]:
    return json.loads((golden.DATA / TOOL / name).read_bytes())


def test_restore_points_of_veeams_example() -> None:
    payload = sample(TOOL, "rest-v1.3-rev2/restorePoints.json")
    assert _registry.recognise("", payload) == TOOL
    points = read(payload).points
    assert Counter(points["method"]) == {"incremental": 5, "full": 3}
    assert points["self_contained"].sum() == 3
    bases = dict(points.select("id", "base").iter_rows())
    assert bases["ab3361d3-df80-474d-b23f-ea9a498b9e8c"] == "bdcbf817-330e-45e3-aa8c-1ab3180719c3"
    assert bases["bdcbf817-330e-45e3-aa8c-1ab3180719c3"] == "2619492a-22e9-4e97-b5b1-3e906284e543"
    assert points["captured_at"].min() == datetime(2024, 11, 4, 15, 44, 43, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("rest-v1.3-rev2/sessions.json", {"failed": 1}),
        ("rest-v1.1-rev0/sessions.json", {"failed": 1}),
        ("rest-v1.3-rev2/taskSessions.json", {"success": 6}),
        ("rest-v1.3-rev2/jobs_states.json", {"success": 1, "running": 1}),
        ("rest-v1.1-rev0/jobs_states.json", {"running": 2, "warning": 1}),
        ("rest-jobs-states_surebackup.json", {"failed": 1}),
    ],
)
def test_runs_of_veeams_examples(name: str, outcomes: dict[str, int]) -> None:
    payload = sample(TOOL, name)
    assert _registry.recognise("", payload) == TOOL
    facts = read(payload)
    assert Counter(facts.runs["outcome"]) == outcomes
    assert facts.points.is_empty()
    assert facts.listings.is_empty()
    assert not [fault for fault in facts.faults if fault.level == "error"]


@pytest.mark.parametrize(
    "name", ["backups", "backupObjects", "backupFiles", "repositories", "repositories_states", "replicas", "scaleOutRepositories"]
)
def test_what_carries_no_facts(name: str) -> None:
    payload = sample(TOOL, f"rest-v1.3-rev2/{name}.json")
    assert _registry.recognise("", payload) == TOOL
    facts = read(payload)
    assert facts.points.is_empty()
    assert facts.runs.is_empty()
    assert facts.listings.is_empty()
    assert not facts.faults


def test_tasks_are_in_local_time_and_a_file_share_names_no_repository() -> None:
    payload = sample(TOOL, "rest-v1.3-rev2/taskSessions.json")
    share = read(payload, repository=None).runs.row(0, named=True)
    assert share["started_at"] == datetime(2024, 11, 13, 21, 0, 49, 893878, tzinfo=UTC)
    assert share["repository"] is None
    assert share["recovery_point"] is None
    without = read(payload, timezone=None)
    assert without.runs.is_empty()
    assert all("time zone" in fault.what for fault in without.faults if fault.key in ("started_at", "finished_at"))


def test_a_page_of_many_is_not_complete_and_gives_no_bases() -> None:
    answer = own("all.json")["restorePoints"]
    whole = read(json.dumps(answer).encode())
    assert whole.listings["complete"].to_list() == [True]
    assert whole.points["base"].null_count() == 5
    answer["pagination"]["total"] = 9
    page = read(json.dumps(answer).encode())
    assert page.listings["complete"].to_list() == [False]
    assert page.points["base"].null_count() == 8
    answer["pagination"] |= {"total": 8, "skip": 8}
    assert read(json.dumps(answer).encode()).listings["complete"].to_list() == [False]


def test_a_point_that_was_not_read_takes_completeness_and_bases_away() -> None:
    answer = own("all.json")["restorePoints"]
    answer["data"][1]["type"] = "Sideways"
    facts = read(json.dumps(answer).encode())
    assert facts.points.height == 7
    assert facts.points["base"].null_count() == 7
    assert facts.listings["complete"].to_list() == [False]
    assert "'Sideways' is no type that is documented" in facts.faults[0].what


def test_points_without_a_repository_are_refused_one_by_one() -> None:
    answer = own("all.json")["restorePoints"]
    facts = read(json.dumps(answer).encode(), repository=None)
    assert facts.points.is_empty()
    assert {fault.key for fault in facts.faults if fault.level == "error"} == {"repository"}


def test_nothing_is_a_listing_only_where_the_command_says_of_what() -> None:
    nothing = b'{"data": [], "pagination": {"total": 0, "count": 0, "skip": 0, "limit": 200}}'
    with pytest.raises(InputError):
        read(nothing)
    listed = read(nothing, command="GET https://vbr:9419/api/v1/restorePoints?limit=200").listings
    assert listed["complete"].to_list() == [True]


@pytest.mark.parametrize(
    ("change", "outcome"), [({"state": "Working"}, "running"), ({"state": "Idle"}, "running"), ({}, "success")]
)
def test_a_state_is_no_outcome(change: dict[str, str], outcome: str) -> None:
    answer = own("sessions.json")
    answer["data"] = [answer["data"][0] | change]
    assert read(json.dumps(answer).encode()).runs["outcome"].to_list() == [outcome]


def test_cancelled_outweighs_failed_and_a_job_is_no_machine() -> None:
    runs = {run["id"][-2:]: run for run in golden.facts_of(golden.DATA / TOOL / "sessions.json").runs.to_dicts()}
    assert runs["04"]["outcome"] == "cancelled"
    assert runs["03"]["subject"] == "job:Nightly"
    assert "11" not in runs
    assert "12" not in runs
    assert "10" not in runs


def csv(*times: str) -> bytes:
    rows = [f'"{n}","j","Backup","{time}","1/1/1900 12:00:00 AM","Working","None"' for n, time in enumerate(times)]
    return "\n".join(['"Id","JobName","JobType","CreationTime","EndTime","State","Result"', *rows, ""]).encode()


def test_days_and_months_are_told_apart_or_refused() -> None:
    assert read(csv("11/20/2026 9:00:04 PM", "11/2/2026 9:00:04 PM")).runs["started_at"].to_list()[1].month == 11
    assert read(csv("20/11/2026 21:00:04", "2/11/2026 21:00:04")).runs["started_at"].to_list()[1].day == 2
    assert read(csv("2.11.2026 21:00:04")).runs["started_at"].to_list()[0].day == 2
    assert read(csv("2026/11/02 21:00:04")).runs["started_at"].to_list()[0].day == 2
    with pytest.raises(InputError, match="two ways"):
        read(csv("2/11/2026 21:00:04"))
    with pytest.raises(InputError, match="two ways"):
        read(csv("20/11/2026 21:00:04", "11/20/2026 21:00:04"))


def test_a_table_without_its_first_line_is_recognised_and_a_bad_row_leaves_the_others() -> None:
    payload = (golden.DATA / TOOL / "powershell_Get-VBRBackupSession.csv").read_bytes()
    bare = payload.split(b"\n", 1)[1]
    assert _registry.recognise("", bare) == TOOL
    assert read(bare).runs["outcome"].to_list() == ["success", "warning", "failed", "running"]
    cut = payload[: payload.rindex(b'"Copy')]
    assert read(cut).runs.height == 3
    assert len(read(cut).faults) == 1
