"""PostgreSQL's own tools: what proves that a backup ended, and what only that it began."""

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
from tests.adapters.verbatim import sample as verbatim

DATA = golden.DATA / "pg-basebackup"
SEEN = datetime(2026, 11, 23, 6, 20, tzinfo=UTC)


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def read(payload: Any, **fields: Any) -> Facts:
    raw = payload if isinstance(payload, bytes) else payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()
    given = {"source": "s", "repository": "r", "observed_at": SEEN, **fields}
    return _registry.read("pg-basebackup", raw, Envelope(tool="pg-basebackup", name="f", **given))


def manifest(**fields: Any) -> dict[str, Any]:
    label = {"Path": "backup_label", "Size": 214, "Last-Modified": "2026-11-23 06:19:19 GMT"}
    return {
        "PostgreSQL-Backup-Manifest-Version": 1,
        "Files": [label, {"Path": "base/5/1259", "Size": 1000}],
        "WAL-Ranges": [{"Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000100"}],
        "Manifest-Checksum": "0",
    } | fields


def test_manifest_label_and_log_tell_of_one_point() -> None:
    point = sample("b1.backup_manifest.json").points
    assert point["id"].to_list() == ["1:0/2000028"]
    assert point["captured_at"].to_list() == [datetime(2026, 11, 23, 6, 19, 19, tzinfo=UTC)]
    assert sample("b1.backup_label").points["id"].to_list() == point["id"].to_list()
    assert sample("pg_basebackup-1.log").runs["recovery_point"].to_list() == point["id"].to_list()
    assert sample("pg_basebackup-2-tar.log").runs["recovery_point"].to_list() == sample("b2.backup_label").points["id"].to_list()


def test_a_label_alone_proves_no_backup() -> None:
    facts = sample("b1.backup_label")
    assert facts.points.select("captured_at", "available_at").row(0) == (None, None)
    assert facts.listings.is_empty()
    assert facts.faults[0].level == "warning"


def test_the_whole_manifest_of_the_run() -> None:
    raw = verbatim("pg_basebackup", "b1.backup_manifest.json")
    assert _registry.recognise("", raw) == "pg-basebackup"
    facts = read(raw)
    assert facts.points["bytes"].to_list()[0] > 20_000_000
    assert facts.points["id"].to_list() == ["1:0/2000028"]


def test_a_manifest_that_is_cut_off_proves_nothing() -> None:
    with pytest.raises(InputError, match="cut off"):
        read((DATA / "b1.backup_manifest.json").read_bytes()[:-90])
    with pytest.raises(InputError, match="no version of backup_manifest"):
        read(manifest(**{"PostgreSQL-Backup-Manifest-Version": 9}))


def test_incremental_backups() -> None:
    one = manifest()
    one["Files"].append({"Path": "base/5/INCREMENTAL.1259", "Size": 10})
    assert read(one).points.select("method", "self_contained", "base", "bytes").row(0) == ("incremental", False, None, 1224)
    label = (DATA / "b2.backup_label").read_text() + "INCREMENTAL FROM LSN: 0/2000028\nINCREMENTAL FROM TLI: 1\n"
    assert read(label).points.select("method", "self_contained", "base").row(0) == ("incremental", False, "1:0/2000028")
    log = (DATA / "pg_basebackup-1.log").read_text()
    assert read(log, command="pg_basebackup -D /b --incremental=/a/backup_manifest -v").runs["method"].to_list() == ["incremental"]


def test_a_manifest_without_a_label_does_not_tell_when() -> None:
    facts = read(manifest(Files=[]))
    assert facts.points["captured_at"].to_list() == [None]
    assert read(manifest(**{"WAL-Ranges": []})).points.is_empty()


def test_two_good_and_two_failed_backups() -> None:
    names = ["pg_basebackup-1.log", "pg_basebackup-2-tar.log", "pg_basebackup-3-failed.log", "pg_basebackup-4-failed.log"]
    runs = [sample(name).runs.select("outcome", "method", "recovery_point").row(0) for name in names]
    assert [run[0] for run in runs] == ["success", "success", "failed", "failed"]
    assert {run[1] for run in runs} == {"full"}
    assert [run[2] for run in runs[2:]] == [None, None]


def test_exit_code_and_text_have_to_agree() -> None:
    log = (DATA / "pg_basebackup-1.log").read_text()
    assert read(log, exit_code=1).runs["outcome"].to_list() == ["failed"]
    assert read(log).runs["outcome"].to_list() == ["success"]
    cut = log.split("pg_basebackup: waiting for background")[0]
    assert read(cut).runs["outcome"].to_list() == ["running"]
    assert read(cut, exit_code=0).runs.select("outcome", "recovery_point").rows() == [("running", None)]
    assert read(cut, finished_at=datetime(2026, 11, 23, 7, tzinfo=UTC)).runs["outcome"].to_list() == ["failed"]
    progress = "23562/23562 kB (100%), 1/1 tablespace\n"
    assert _registry.recognise("", progress.encode()) == "pg-basebackup"
    assert read(progress).runs["outcome"].to_list() == ["warning"]
    assert read(progress, exit_code=0, command="pg_basebackup -D /b -P").runs["outcome"].to_list() == ["success"]


def test_verification() -> None:
    fine, damaged = sample("pg_verifybackup-ok.log").runs, sample("pg_verifybackup-damaged.log").runs
    assert fine.select("kind", "outcome", "coverage").row(0) == ("verify", "success", "full")
    assert damaged.select("outcome", "message").row(0) == ("failed", "checksum mismatch for file")
    part = read("backup successfully verified\n", command="pg_verifybackup -n /backup/b1", exit_code=0)
    assert part.runs["coverage"].to_list() == ["partial"]
    assert read("backup successfully verified\n").runs["coverage"].to_list() == [None]


def test_pg_dump_says_nothing_when_it_succeeds() -> None:
    assert sample("pg_dump.log").runs.select("outcome", "subject", "coverage").row(0) == ("success", "postgres", None)
    assert sample("pg_dump-failed.log").runs.select("outcome", "subject").row(0) == ("failed", "nosuchdb")
    log = (DATA / "pg_dump.log").read_text()
    assert read(log).runs.select("outcome", "subject").row(0) == ("warning", "s")
    schema = read(log, command="pg_dump --schema-only -d ledger", exit_code=0)
    assert schema.runs.select("outcome", "coverage", "subject").row(0) == ("success", "partial", "ledger")


def test_what_is_none_of_these() -> None:
    facts = read("hello\n")
    assert facts.runs.is_empty()
    assert "this is no output of pg_basebackup" in facts.faults[0].what


@pytest.mark.parametrize("version", [{}, [1], True, "1", None, 3])
def test_a_version_that_is_no_known_number_is_refused(version: Any) -> None:
    # Found by fuzzing: a list or an object there ended the program.
    with pytest.raises(InputError, match="is no version of backup_manifest"):
        read(manifest(**{"PostgreSQL-Backup-Manifest-Version": version}))
