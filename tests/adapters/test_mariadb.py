"""MariaDB's physical backups: chains by directory, and logs whose last word counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden
from tests.adapters.verbatim import sample as verbatim

DATA = golden.DATA / "mariadb"


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def read(text: str | bytes, **fields: Any) -> Facts:
    given = {"source": "s", "repository": "r", "timezone": "Asia/Shanghai", **fields}
    return _registry.read("mariadb", text.encode() if isinstance(text, str) else text, Envelope(tool="mariadb", name="f", **given))


def test_only_the_command_tells_an_increment_from_a_differential() -> None:
    names = [f"{name}.xtrabackup_info" for name in ("full", "incr1", "incr2", "diff")]
    told = [sample(name).points.select("id", "base", "method", "self_contained").row(0) for name in names]
    assert told == [
        ("/backup/maria1/full@44404", None, "full", True),
        ("/backup/maria1/incr1@44404", "/backup/maria1/full@44404", "incremental", False),
        ("/backup/maria1/incr2@44404", "/backup/maria1/incr1@44404", "incremental", False),
        ("/backup/maria1/diff@44404", "/backup/maria1/full@44404", "incremental", False),
    ]


def test_the_log_tells_of_the_same_points() -> None:
    for name in ("full", "incr2"):
        run = sample(f"{name}.log").runs
        assert run["recovery_point"].to_list() == sample(f"{name}.xtrabackup_info").points["id"].to_list()
        assert run["outcome"].to_list() == ["success"]


def test_times_are_local() -> None:
    facts = sample("full.xtrabackup_info")
    assert facts.points["captured_at"].to_list() == [datetime(2026, 11, 23, 6, 19, 13, tzinfo=UTC)]
    text = (DATA / "full.xtrabackup_info").read_text()
    assert "declares no time zone" in read(text, timezone=None).faults[0].what
    assert read(text, timezone=None).points.is_empty()


@pytest.mark.parametrize("name", ["failed-connect.log", "failed-exists.log"])
def test_failures(name: str) -> None:
    facts = sample(name)
    assert facts.runs.select("kind", "outcome", "recovery_point").row(0) == ("backup", "failed", None)
    assert facts.runs["message"][0]


def test_text_and_exit_code_have_to_agree() -> None:
    log = (DATA / "full.log").read_text()
    assert read(log, exit_code=1).runs["outcome"].to_list() == ["failed"]
    assert read(log.replace("completed OK!", "")).runs["outcome"].to_list() == ["failed"]
    assert read(log).runs.select("started_at", "outcome").row(0) == (datetime(2026, 11, 23, 6, 19, 13, tzinfo=UTC), "success")


def test_prepare_is_a_partial_verification_and_copy_back_a_restore() -> None:
    assert sample("prepare-full.log").runs.select("kind", "outcome", "coverage").row(0) == ("verify", "success", "partial")
    assert sample("copy-back.log").runs.select("kind", "outcome", "coverage").row(0) == ("restore", "success", "full")
    log = (DATA / "prepare-full.log").read_text()
    assert read(log).runs["kind"].to_list() == ["verify"]
    assert read((DATA / "copy-back.log").read_text()).runs["kind"].to_list() == ["restore"]


@pytest.mark.parametrize("name", ["full.xtrabackup_checkpoints", "full.after-prepare.xtrabackup_checkpoints"])
def test_checkpoints_alone_are_no_point(name: str) -> None:
    facts = sample(name)
    assert facts.points.is_empty()
    assert [fault.remedy for fault in facts.faults] == ["ingest xtrabackup_info"]
    assert read("backup_type = odd\nto_lsn = 1\n").faults[0].what == "'odd' is no backup_type that is known"


def test_a_cut_info_file_is_no_point() -> None:
    text = (DATA / "full.xtrabackup_info").read_text()
    assert read(text.split("start_time")[0]).points.is_empty()
    odd = read(text.replace("incremental = N", "incremental = perhaps"))
    assert odd.points.is_empty()
    assert "'perhaps' is neither Y nor N" in odd.faults[0].what
    assert read(text.replace("partial = N", "partial = Y")).points["completeness"].to_list() == ["partial"]


def test_a_stream_has_its_uuid() -> None:
    text = (DATA / "incr1.xtrabackup_info").read_text().replace("--target-dir=/backup/maria1/incr1", "--stream=xbstream")
    assert read(text).points.select("id", "base").row(0) == ("cf036796-e705-11f1-bb30-02fc00000001", "/backup/maria1/full@44404")
    lsn = text.replace("--incremental-basedir=/backup/maria1/full", "--incremental-lsn=44404")
    assert read(lsn).points.select("base", "self_contained").row(0) == (None, False)


def test_the_logs_as_they_were_printed() -> None:
    for name in ("diff.log", "incr1.log", "prepare-incr1.log", "copy-back.log"):
        raw = verbatim("mariadb", name)
        assert _registry.recognise("", raw) == "mariadb"
        assert read(raw).runs["outcome"].to_list() == ["success"]
