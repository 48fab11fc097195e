"""WAL-G: chains by name, and a check that reads nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden
from tests.adapters.verbatim import sample as verbatim

DATA = golden.DATA / "wal-g"
SEEN = datetime(2026, 11, 23, 6, tzinfo=UTC)
FULL, DELTA = "base_00000001000000000000000A", "base_00000001000000000000000C_D_00000001000000000000000A"


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def read(payload: Any, **fields: Any) -> Facts:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    given = {"source": "s", "repository": "r", "observed_at": SEEN, **fields}
    return _registry.read("wal-g", raw, Envelope(tool="wal-g", name="f", **given))


def backup(name: str = FULL, **fields: Any) -> dict[str, Any]:
    return {"backup_name": name, "time": "2026-11-20T22:10:02Z", "start_time": "2026-11-20T22:00:01Z", "hostname": "h"} | fields


def test_a_delta_of_a_delta() -> None:
    facts = sample("backup-list-detail.json")
    assert facts.points["base"].to_list() == [None, FULL, DELTA, None]
    assert facts.points["method"].to_list() == ["full", "incremental", "incremental", "full"]
    assert facts.points["subject"].unique().sort().to_list() == ["pg-ledger-1", "pg-ledger-2"]
    assert facts.points["captured_at"][0] == datetime(2026, 11, 20, 22, 0, 1, 250_000, tzinfo=UTC)
    assert facts.listings["complete"].to_list() == [True]


def test_the_published_list() -> None:
    raw = verbatim("wal-g", "backup-list-detail.json")
    assert _registry.recognise("", raw) == "wal-g"
    facts = read(raw, complete=True)
    assert facts.points.height == 11
    assert not facts.faults
    deltas = facts.points.filter(facts.points["method"] == "incremental")
    assert deltas.height == 4
    assert set(deltas["base"]) < set(facts.points["id"])
    assert facts.points["captured_at"].max() == datetime(2025, 12, 30, 10, 15, 21, 329787, tzinfo=UTC)


def test_the_published_check() -> None:
    raw = verbatim("wal-g", "wal-verify.json")
    assert _registry.recognise("", raw) == "wal-g"
    run = read(raw).runs
    assert run.select("outcome", "coverage", "message").row(0) == (
        "failed",
        "partial",
        "33418 WAL segments FOUND, 1 WAL segments MISSING_LOST",
    )


def test_a_check_of_the_archive_proves_no_backup() -> None:
    assert sample("wal-verify-ok.json").runs.select("kind", "outcome", "coverage").row(0) == ("verify", "success", "partial")
    assert sample("wal-verify-failure.json").runs["outcome"].to_list() == ["failed"]
    late = read({"integrity": {"status": "OK"}, "timeline": {"status": "WARNING"}})
    assert late.runs["outcome"].to_list() == ["warning"]


def test_without_detail_the_start_is_not_known() -> None:
    facts = sample("backup-list.json")
    assert facts.points["captured_at"].to_list() == [None, None]
    assert [fault.remedy for fault in facts.faults] == ["list them with --detail"]


def test_a_base_that_is_not_listed_is_named_all_the_same() -> None:
    assert read([backup(DELTA)]).points.select("base", "self_contained").row(0) == (FULL, False)


def test_storages_are_repositories() -> None:
    facts = read([backup(), backup(DELTA, storage_name="failover")], complete=True)
    assert facts.points["repository"].to_list() == ["r", "r/failover"]
    assert facts.listings["repository"].to_list() == ["r", "r/failover"]


@pytest.mark.parametrize(
    "odd", [backup("stream_20261120T220001Z"), backup(start_time="yesterday"), backup(None), "torn", backup(time={})]
)  # type: ignore[arg-type]
def test_one_odd_record_leaves_the_others(odd: Any) -> None:
    facts = read([backup(DELTA), odd], complete=True)
    assert facts.points["id"].to_list() == [DELTA]
    assert facts.listings["complete"].to_list() == [False]
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/1"]


def test_unknown_statuses_are_quarantined() -> None:
    facts = read({"integrity": {"status": "PERHAPS"}, "timeline": {"status": "OK"}})
    assert facts.runs.is_empty()
    assert "'PERHAPS' is no status" in facts.faults[0].what
    odd = read({"integrity": {"status": "OK", "details": [{"status": "ODD", "segments_count": 1}]}})
    assert odd.runs["message"].to_list() == [None]
    assert odd.faults[0].level == "warning"
    assert read({"else": 1}).faults
