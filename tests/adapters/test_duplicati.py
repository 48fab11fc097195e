"""Duplicati: what the samples' READMEs say is true, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden, verbatim


def _facts(name: str) -> Facts:
    return golden.facts_of(golden.DATA / "duplicati" / name)


def _read(text: str) -> Facts:
    return _registry.read("duplicati", text.encode(), Envelope(tool="duplicati", name="x", source="d", repository="r"))


REPORT = (golden.DATA / "duplicati" / "report.json").read_text()


def test_a_published_report() -> None:
    payload = verbatim.sample("duplicati", "result_backup_success.json")
    assert _registry.recognise("", payload) == "duplicati"
    facts = _registry.read("duplicati", payload, Envelope(tool="duplicati", source="d", repository="r"))
    [run], [point] = facts.runs.to_dicts(), facts.points.to_dicts()
    assert (run["kind"], run["outcome"], run["bytes"]) == ("backup", "success", 11086692615)
    assert run["subject"] == "WSJ-SER5:WSJ-SER5 Local files"
    # LastBackupDate is told in another zone than the run, and is the second in which it began.
    assert point["captured_at"] == datetime(2025, 4, 21, 23, 45, 46, tzinfo=UTC)
    assert point["id"] == run["recovery_point"] == "20250421T234546Z"


def test_outcomes() -> None:
    facts = _facts("reports.jsonl")
    assert facts.runs.select("kind", "outcome").rows() == [
        ("backup", "success"),
        ("backup", "success"),
        ("backup", "warning"),
        ("backup", "failed"),
        ("backup", "warning"),
        ("verify", "success"),
        ("restore", "success"),
        ("prune", "success"),
    ]
    assert facts.points["id"].to_list() == ["20261005T210000Z", "20261007T210000Z", "20261009T210000Z"]
    assert facts.points["completeness"].to_list() == [None, "partial", "partial"]
    assert facts.runs["recovery_point"].to_list()[1] is None  # nothing had changed: no new version
    assert [fault.locator for fault in facts.faults] == ["line 6", "line 11"]


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ('"ErrorsActualLength": 2', "failed"),
        ('"ErrorsActualLength": 0, "Errors": ["2026-10-05 21:01 [Error-x]: no access"]', "failed"),
        ('"ErrorsActualLength": 0, "WarningsActualLength": 1', "warning"),
        ('"ErrorsActualLength": 0, "Warnings": [], "Errors": []', "success"),
    ],
)
def test_what_told_errors_is_no_success_whatever_it_is_called(told: str, outcome: str) -> None:
    facts = _read(REPORT.replace('"WarningsActualLength": 0,', "").replace('"ErrorsActualLength": 0', told))
    assert facts.runs["outcome"].to_list() == [outcome]
    assert facts.points.height == (outcome != "failed")
    assert (facts.runs["message"][0] is None) == (outcome == "success")


@pytest.mark.parametrize("word", ["Unknown", "Fabulous", ""])
def test_an_unknown_result_is_quarantined(word: str) -> None:
    facts = _read(REPORT.replace('"ParsedResult": "Success"', f'"ParsedResult": "{word}"'))
    assert facts.runs.is_empty()
    assert facts.points.is_empty()
    assert facts.faults[0].level == "error"


def test_an_unknown_operation_is_quarantined() -> None:
    facts = _read(REPORT.replace('"MainOperation": "Backup"', '"MainOperation": "Levitate"'))
    assert facts.runs.is_empty()
    assert "'Levitate' is no MainOperation" in facts.faults[0].what


def test_a_report_without_times_or_names_makes_no_point() -> None:
    facts = _read(REPORT.replace("2026-10-05T21:00:00.5Z", "0001-01-01T00:00:00").replace('"machine-name": "office-7"', '"x": 1'))
    assert facts.points.is_empty()
    assert facts.runs["started_at"].to_list() == [None]
    assert facts.runs["subject"].to_list() == ["Documents"]


def test_cut_off_or_no_report() -> None:
    with pytest.raises(InputError, match="holds no report"):
        _read(REPORT[:300])
    text = (golden.DATA / "duplicati" / "reports.jsonl").read_text()
    assert _read(text[:-40]).runs.height == 8
    assert "no Data" in _read('{"Extra": {}}').faults[0].what
