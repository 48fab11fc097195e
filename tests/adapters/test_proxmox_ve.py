"""Proxmox VE: what a real log and the test data of others say, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden
from tests.adapters.verbatim import sample

TOOL = "proxmox-ve"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def read(payload: bytes, **known: Any) -> Facts:
    told = {"source": "pve", "repository": "r", "observed_at": AT, "complete": True, "timezone": "Europe/Vienna", **known}
    return _registry.read(TOOL, payload, Envelope(tool=TOOL, **told))


def own(name: str) -> bytes:
    return (golden.DATA / TOOL / name).read_bytes()


def test_a_real_log() -> None:
    payload = sample(TOOL, "vzdump_lxc_100.log")
    assert _registry.recognise("", payload) == TOOL
    [run] = read(payload).runs.to_dicts()
    assert (run["subject"], run["outcome"], run["mode"]) == ("ct/100", "success", "cold")
    assert (run["finished_at"] - run["started_at"]).seconds == 22
    assert run["started_at"] == datetime(2022, 5, 25, 22, 16, 48, tzinfo=UTC)
    without = read(payload, timezone=None)
    assert without.runs.is_empty()
    assert "time zone" in without.faults[0].what


def test_backups_of_others() -> None:
    payload = sample(TOOL, "storage_content_backup.json")
    assert _registry.recognise("", payload) == TOOL
    facts = read(payload)
    assert facts.points["integrity"].to_list() == ["verified", "verified"]
    assert facts.points["captured_at"].to_list()[0] == datetime(2026, 6, 11, 2, 14, 3, tzinfo=UTC)
    assert facts.points["immutable_until"].null_count() == 2  # protected is not immutable
    assert [fault.level for fault in facts.faults] == ["warning"]


def test_each_guest_of_a_job_by_itself() -> None:
    runs = {run["subject"]: run for run in read(own("vzdump-job.log")).runs.to_dicts()}
    assert {name: run["outcome"] for name, run in runs.items()} == {
        "vm/100": "success",
        "ct/102": "warning",
        "vm/103": "failed",
        "vm/104": "failed",
    }
    assert "excluding bind mount point" in runs["ct/102"]["message"]
    assert runs["vm/104"]["message"] == "its log has no end"


def test_a_log_that_is_cut_off_is_running_and_a_failure_without_a_start_is_told() -> None:
    cut = own("vzdump-job.log").split(b"INFO: Finished Backup of VM 102")[0]
    assert read(cut).runs["outcome"].to_list() == ["success", "running"]
    lost = b"INFO: starting new backup job: vzdump 9\nERROR: Backup of VM 9 failed - unable to find VM '9'\nINFO: Backup job finished with errors\n"
    [run] = read(lost).runs.to_dicts()
    assert (run["outcome"], run["subject"]) == ("failed", None)
    job = b"INFO: starting new backup job: vzdump --all\nTASK ERROR: could not get storage information for 'x'\n"
    [run] = read(job).runs.to_dicts()
    assert (run["outcome"], run["subject"]) == ("failed", None)


@pytest.mark.parametrize(
    "line",
    [
        b"ERROR: VM 100 qmp command 'guest-fsfreeze-freeze' failed - got timeout\n",
        b"INFO: exclude disk 'scsi1' 'a:b' (backup=no)\n",
    ],
)
def test_a_success_with_a_flaw_is_a_warning(line: bytes) -> None:
    payload = own("vzdump-job.log").replace(b"INFO: ionice priority: 7\n", line, 1)
    assert read(payload).runs["outcome"].to_list()[0] == "warning"


def test_a_listing_of_one_guest_is_not_complete() -> None:
    asked = "GET /api2/json/nodes/n/storage/s/content?content=backup&vmid=200"
    assert read(own("storage-pbs.json")).listings["complete"].to_list() == [True]
    assert read(own("storage-pbs.json"), command=asked).listings["complete"].to_list() == [False]


def test_the_storage_is_the_repository_where_none_is_declared() -> None:
    facts = read(own("storage-pbs.json"), repository=None)
    assert set(facts.points["repository"]) == {"pbs-main"}
    assert facts.points["completeness"].to_list() == [None, None, "partial"]
