"""Percona XtraBackup: info files, and what tells it from its sibling."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden
from tests.adapters.verbatim import sample as verbatim

DATA = golden.DATA / "percona-xtrabackup"


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def read(raw: bytes, **fields: Any) -> Facts:
    given = {"source": "s", "repository": "r", "timezone": "Asia/Tokyo", **fields}
    return _registry.read("percona-xtrabackup", raw, Envelope(tool="percona-xtrabackup", name="f", **given))


def test_a_chain_by_directory() -> None:
    full, incr = sample("full.xtrabackup_info").points, sample("incr.xtrabackup_info").points
    assert incr["base"].to_list() == full["id"].to_list() == ["/backup/orders/full@901000"]
    assert sample("backup-full.log").runs["recovery_point"].to_list() == full["id"].to_list()


def test_a_backup_of_one_database_is_partial() -> None:
    point = sample("stream-partial.xtrabackup_info").points
    assert point.select("completeness", "encrypted").row(0) == ("partial", "yes")
    assert sample("full.xtrabackup_info").points.select("completeness", "encrypted").row(0) == (None, "no")


def test_a_failed_backup() -> None:
    run = sample("backup-failed.log").runs
    assert run["outcome"].to_list() == ["failed"]
    assert "Access denied" in run["message"][0]


@pytest.mark.parametrize(
    ("name", "captured"),
    [
        ("xtrabackup_info.tokyo_host", datetime(2026, 8, 9, 15, 50, 23, tzinfo=UTC)),
        ("xtrabackup_info.mysql55", datetime(2019, 5, 6, 3, 45, 33, tzinfo=UTC)),
        ("xtrabackup_info.gtid_xbstream", datetime(2026, 9, 1, 1, 56, 27, tzinfo=UTC)),
    ],
)
def test_published_info_files(name: str, captured: datetime) -> None:
    raw = verbatim("percona-xtrabackup", name)
    assert _registry.recognise("", raw) == "percona-xtrabackup"
    facts = read(raw)
    assert facts.points.select("captured_at", "method", "completeness").row(0) == (captured, "full", None)
    assert not facts.faults


@pytest.mark.parametrize("name", ["full", "inc1", "inc2"])
def test_published_checkpoints_are_no_points(name: str) -> None:
    raw = verbatim("percona-xtrabackup", f"xtrabackup_checkpoints.{name}")
    assert _registry.recognise("", raw) == "percona-xtrabackup"
    assert read(raw).points.is_empty()


def test_nothing_says_what_was_done() -> None:
    facts = read(b"xtrabackup version 8.0.35-31 based on MySQL server 8.0.35 Linux (x86_64)\n2026-11-22T01:00:03 completed OK!\n")
    assert facts.runs.is_empty()
    assert "nothing says what this command did" in facts.faults[0].what
