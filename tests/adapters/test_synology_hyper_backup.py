"""Hyper Backup: what its sample says as values, and the traps of its log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "synology-hyper-backup"
FILE = golden.DATA / TOOL / "synobackup.log"
TEXT = FILE.read_text()


def read(payload: str, **fields: Any) -> Facts:
    given = {
        "source": "n",
        "repository": "c2",
        "timezone": "Asia/Taipei",
        "observed_at": datetime(2026, 11, 22, 9, tzinfo=UTC),
        "complete": True,
    } | fields
    return _registry.read(TOOL, payload.encode(), Envelope(tool=TOOL, **given))


def test_runs_of_a_task() -> None:
    facts = golden.facts_of(FILE)
    assert facts.runs.select("kind", "outcome", "coverage").rows() == [
        ("backup", "success", None),
        ("backup", "failed", None),
        ("backup", "warning", "partial"),
        ("verify", "success", None),
    ]
    assert facts.runs["subject"].unique().to_list() == ["Daily C2"]
    assert [time_text(facts.runs[name][0]) for name in ("started_at", "finished_at")] == [
        "2026-11-19T18:00:01Z",
        "2026-11-19T18:31:44Z",
    ]
    assert "Destination is missing" in facts.runs["message"][1]
    assert facts.runs["started_at"].to_list()[1:3] == [None, None]
    assert not facts.faults


def test_a_start_without_an_end_is_still_open() -> None:
    facts = read("\n".join(TEXT.split("\n")[:1]))
    assert facts.runs["outcome"].to_list() == ["running"]
    twice = read(TEXT.split("\n")[0] + "\n" + TEXT.split("\n")[0].replace("02:00:01", "03:00:00"))
    assert twice.runs["outcome"].to_list() == ["running", "running"]


def test_two_tasks_do_not_mix() -> None:
    other = "info\t2026/11/20 02:10:00\tSYSTEM:\t[Local][Weekly] Backup task started.\n"
    runs = read(TEXT.replace("info\t2026/11/20 02:31:44", other + "info\t2026/11/20 02:31:44")).runs
    assert runs.filter(runs["subject"] == "Weekly")["outcome"].to_list() == ["running"]
    assert runs["outcome"][0] == "success"


def test_other_languages_and_unknown_messages_are_faults() -> None:
    facts = read(TEXT.replace("Backup task finished successfully.", "备份任务成功完成。"))
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["line 2"]
    assert facts.runs.filter(facts.runs["kind"] == "backup")["outcome"].to_list() == ["failed", "warning"]
    assert facts.listings.is_empty()


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ("successfully. [5123 files scanned]", "successfully, but some files were skipped. [5123 files scanned]"),
        ("successfully. [5123 files scanned]", "successfully. [5123 files scanned] [3 files failed]"),
        ("No error was found.", "No error was found in 12 files; 3 files could not be read"),
        ("No error was found.", "No error was found. 3 files could not be read."),
    ],
)
def test_a_success_that_goes_on_in_unknown_words_is_a_fault(known: str, told: str) -> None:
    assert known in TEXT
    facts = read(TEXT.replace(known, told))
    kind = "verify" if "error" in known else "backup"
    assert "success" not in facts.runs.filter(facts.runs["kind"] == kind)["outcome"].to_list()
    assert ["this message is not known" in fault.what for fault in facts.faults if fault.level == "error"][:1] == [True]
    assert facts.listings.is_empty()


def test_the_zone_has_to_be_declared() -> None:
    facts = read(TEXT, timezone=None)
    assert facts.runs.is_empty()
    assert facts.faults
