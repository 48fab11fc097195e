"""etcd: logs in which times have two forms, and what says that a snapshot was saved."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters.golden import DATA, facts_of
from tests.adapters.verbatim import sample

FOLDER = DATA / "etcd"
START, END = datetime(2026, 11, 23, 6, 2, 15, tzinfo=UTC), datetime(2026, 11, 23, 6, 2, 16, tzinfo=UTC)
SAVE = "etcdctl --endpoints http://127.0.0.1:2379 snapshot save s1.db"
STATUS = "etcdctl snapshot status s1.db -w json"


def read(payload: bytes | str, **fields: Any) -> Facts:
    payload = payload.encode() if isinstance(payload, str) else payload
    assert _registry.recognise("x", payload) == "etcd"
    return _registry.read("etcd", payload, Envelope(tool="etcd", name="f", **{"source": "s", "repository": "r", **fields}))


def line(message: str, at: Any = 1795413735.5, **more: Any) -> str:
    return json.dumps({"level": "info", "ts": at, "caller": "snapshot/v3_snapshot.go:1", "msg": message, **more}) + "\n"


def test_a_real_save() -> None:
    facts = read(sample("etcd", "snapshot_save.log"), command=SAVE, exit_code=0)
    [run] = facts.runs.to_dicts()
    assert (run["outcome"], run["subject"]) == ("success", "s")
    assert run["started_at"] == datetime(2026, 11, 23, 6, 2, 15, 56666, tzinfo=UTC)
    assert run["finished_at"] == datetime(2026, 11, 23, 6, 2, 15, 62938, tzinfo=UTC), (
        "the epoch of a float is read to the microsecond"
    )
    [point] = facts.points.to_dicts()
    assert point["id"].startswith("s1.db@2026-11-23T06:02:15")
    assert (point["completeness"], point["self_contained"], point["basis"]) == ("complete", True, "job")
    assert point["id"] == run["recovery_point"]


def test_without_exit_code_it_is_not_known_that_it_was_saved() -> None:
    facts = facts_of(FOLDER / "snapshot-save-without-exit-code.log")
    assert facts.runs["outcome"].to_list() == ["warning"]
    assert facts.points["completeness"].to_list() == [None]
    told = read(sample("etcd", "snapshot_save.log") + b"Snapshot saved at s1.db\n")
    assert told.runs["outcome"].to_list() == ["success"]


@pytest.mark.parametrize(("more", "exit_code"), [("", 1), ("Error: rename s1.db.part: no space\n", None), ("Error: x\n", 0)])
def test_a_failed_save_makes_no_point(more: str, exit_code: int | None) -> None:
    facts = read(sample("etcd", "snapshot_save.log").decode() + more, command=SAVE, exit_code=exit_code)
    assert facts.runs["outcome"].to_list() == ["failed"]
    assert facts.points.is_empty()


def test_a_level_of_error_is_a_failure() -> None:
    text = line("created temporary db file", path="a.part") + line("x").replace("info", "fatal")
    assert read(text).runs["outcome"].to_list() == ["failed"]


def test_a_real_status_is_a_verification_of_nothing_that_is_named() -> None:
    facts = read(sample("etcd", "snapshot_status.json"), command=STATUS, exit_code=0, started_at=START, finished_at=END)
    [run] = facts.runs.to_dicts()
    assert (run["kind"], run["outcome"], run["recovery_point"]) == ("verify", "success", None)
    assert facts.points.is_empty()


@pytest.mark.parametrize("exit_code", [None, 1])
def test_a_real_error_is_text_even_where_json_was_asked_for(exit_code: int | None) -> None:
    facts = read(
        sample("etcd", "snapshot_status_corrupt.txt"), command=STATUS, exit_code=exit_code, started_at=START, finished_at=END
    )
    assert facts.runs.select("kind", "outcome").row(0) == ("verify", "failed")


def test_several_saves_in_one_log() -> None:
    facts = facts_of(FOLDER / "several-saves.log")
    assert facts.runs.select("kind", "outcome").rows() == [
        ("backup", "success"),
        ("backup", "failed"),
        ("backup", "success"),
        ("restore", "success"),
    ]
    assert facts.points["captured_at"].to_list() == [datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)]
    assert facts.runs["coverage"].to_list() == [None, None, None, "full"]


def test_a_save_that_has_no_end_yet_is_running() -> None:
    facts = read(line("created temporary db file", path="a.part") + line("fetching snapshot"))
    assert facts.runs["outcome"].to_list() == ["running"]
    assert facts.points.is_empty()


def test_a_table() -> None:
    assert facts_of(FOLDER / "snapshot-status-table.txt").runs["outcome"].to_list() == ["success"]


def test_a_command_that_says_nothing_of_its_end_is_a_fault() -> None:
    facts = _registry.read("etcd", b"hello\n", Envelope(tool="etcd", source="s"))
    assert facts.runs.is_empty()
    assert len(facts.faults) == 1


def test_without_a_repository_there_is_a_run_and_no_point() -> None:
    facts = read(sample("etcd", "snapshot_save.log"), exit_code=0, repository=None)
    assert facts.runs["outcome"].to_list() == ["success"]
    assert facts.points.is_empty()
    assert not facts.faults
