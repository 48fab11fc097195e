"""Storage Protect: what its samples say as values, and the traps of its formats."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from audit.adapters import _registry
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from tests.adapters import golden, verbatim

TOOL = "ibm-storage-protect"
FOLDER = golden.DATA / TOOL


def read(payload: bytes | str, **fields: Any) -> Facts:
    given = {
        "source": "sp",
        "repository": "pool",
        "timezone": "Europe/Berlin",
        "observed_at": datetime(2026, 11, 22, 9, tzinfo=UTC),
    } | fields
    raw = (payload.removesuffix("\n") + "\n").encode() if isinstance(payload, str) else payload
    return _registry.read(TOOL, raw, Envelope(tool=TOOL, **given))


def test_sessions() -> None:
    facts = golden.facts_of(FOLDER / "summary.csv")
    assert facts.runs.select("subject", "kind", "outcome", "coverage").rows() == [
        ("FILES01", "backup", "success", None),
        ("SQL01", "backup", "warning", "partial"),
        ("WEB02", "backup", "failed", None),
        ("HR03", "backup", "running", None),
        ("FILES01", "restore", "success", None),
        (None, "prune", "success", None),
    ]
    assert time_text(facts.runs["started_at"][0]) == "2026-11-20T20:00:04Z"
    assert facts.runs["finished_at"][3] is None
    assert not facts.faults


def test_runs_name_no_repository_and_so_make_no_points() -> None:
    for name in ("summary.csv", "events.csv", "replications.csv"):
        assert golden.facts_of(FOLDER / name).runs["repository"].null_count() == golden.facts_of(FOLDER / name).runs.height


def test_events_are_judged_by_their_result() -> None:
    facts = golden.facts_of(FOLDER / "events.csv")
    assert facts.runs.select("subject", "outcome", "coverage").rows() == [
        ("FILES01", "success", None),
        ("SQL01", "warning", "partial"),
        ("ERP04", "failed", None),
        ("WEB02", "failed", None),
    ]
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["line 6"]
    without = "select schedule_name,node_name,status,scheduled_start from events"
    assert read("D,N,Completed,2026-11-20 21:00:00.000000\n", command=f'dsmadmc "{without}"').runs["outcome"].to_list() == [
        "warning"
    ]


def test_file_spaces() -> None:
    facts = golden.facts_of(FOLDER / "filespaces.txt")
    first, second = facts.points.to_dicts()
    assert (first["subject"], time_text(first["captured_at"]), first["self_contained"]) == (
        "FILES01:/srv",
        "2026-11-20T20:00:04Z",
        True,
    )
    assert (second["captured_at"], time_text(second["available_at"])) == (None, "2026-11-20T21:10:00Z")
    assert facts.listings["complete"].to_list() == [False]
    assert not facts.faults


def test_what_tells_success_has_to_be_selected() -> None:
    command = (
        'dsmadmc -id=a -dataonly=yes "select activity,entity,min(start_time),max(end_time) from summary_extended group by entity"'
    )
    facts = read("BACKUP,A,2026-11-20 21:00:00.000000,2026-11-20 22:00:00.000000\n", command=command)
    assert facts.runs.is_empty()
    assert "SUCCESSFUL" in facts.faults[0].what


def test_lines_before_the_data_are_noise_and_between_it_faults() -> None:
    row = "A,/a,2026-11-21 01:00:00.000000,2026-11-21 02:10:00.000000,12,167,COMPLETE\n"
    facts = read(f"Data,to,ignore\n{row}cut,off\n{row.replace('A,', 'B,', 1)}")
    assert facts.runs.height == 2
    assert [(fault.level, fault.locator) for fault in facts.faults] == [("warning", "line 1"), ("error", "line 3")]


def test_replications_of_published_output() -> None:
    payload = verbatim.sample(TOOL, "replicationview.csv")
    assert _registry.recognise("", payload) == TOOL
    facts = read(payload)
    assert facts.runs["outcome"].to_list() == ["success", "success", "success", "running"]
    assert facts.runs["bytes"].to_list()[2] == 1052637876956
    assert time_text(facts.runs["started_at"][0]) == "2020-03-22T23:45:29Z"
    assert facts.runs["finished_at"][3] is None


def test_published_output_that_does_not_tell_success_yields_no_run() -> None:
    for name, command in (
        ("summary_extended.csv", None),
        (
            "summary_extended.csv",
            "select activity,entity,schedule_name,sum(bytes),min(start_time),max(end_time) from summary_extended",
        ),
        ("summary_tapemount.csv", "select activity,volume_name,drive_name,start_time,end_time from summary_extended"),
        ("events_completed.csv", "select schedule_name,actual_start,completed from events where status='Completed'"),
        ("events_notcompleted.csv", "select schedule_name,status from events"),
    ):
        facts = read(verbatim.sample(TOOL, name), command=command)
        assert facts.runs.is_empty(), name
        assert [fault.level for fault in facts.faults] == ["error"], name


def test_tables_without_evidence_carry_no_facts() -> None:
    for name, table in (
        ("occupancy.csv", "occupancy"),
        ("stgpools.csv", "stgpools"),
        ("volumes.csv", "volumes"),
        ("volumeusage.csv", "volumeusage"),
    ):
        facts = read(verbatim.sample(TOOL, name), command=f"dsmadmc 'select a,b from {table}'")
        assert facts.runs.is_empty()
        assert not facts.faults


def test_an_error_of_the_client_is_a_fault_and_an_empty_answer_is_none() -> None:
    command = "dsmadmc 'select node_name,filespace_name,backup_start,backup_end from filespaces'"
    assert [fault.locator for fault in read("ANS1017E Session rejected: TCP/IP connection failure.\n", command=command).faults] == [
        "line 1"
    ]
    assert not read("ANR2034E SELECT: No match found using this criteria.\n", command=command).faults
