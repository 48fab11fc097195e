"""Commvault: what its samples say as values, and the traps of its formats."""

from __future__ import annotations

import json
from typing import Any

from audit.adapters import _registry
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "commvault"
PAGE = golden.DATA / TOOL / "Job_page.json"
REPORT = golden.DATA / TOOL / "backup_job_summary_report.csv"


def read(payload: str, **fields: Any) -> Facts:
    given = {"source": "cc", "timezone": "Europe/Berlin"} | fields
    return _registry.read(TOOL, payload.encode(), Envelope(tool=TOOL, **given))


def changed(**fields: Any) -> Facts:
    """The page with its first job changed."""
    document = json.loads(PAGE.read_text())
    document["jobs"][0]["jobSummary"] |= fields
    return read(json.dumps(document))


def test_every_status_of_the_page() -> None:
    runs = golden.facts_of(PAGE).runs
    assert dict(runs.select("id", "outcome").rows()) == {
        "260101": "success", "260102": "warning", "260103": "warning", "260104": "failed", "260105": "cancelled", "260106": "warning", "260107": "running",
        "260108": "success", "260109": "failed",
    }  # fmt: skip
    assert runs.filter(runs["coverage"] == "partial")["id"].to_list() == ["260102", "260106"]
    assert runs["subject"][0] == "fs01:defaultBackupSet/default"
    assert runs["method"].to_list()[:5] == ["incremental", "full", "incremental", "full", "full"]
    assert runs["kind"].to_list() == ["backup"] * 7 + ["restore", "backup"]


def test_a_job_that_runs_has_no_end_and_ends_the_log() -> None:
    facts = golden.facts_of(PAGE)
    assert facts.runs["finished_at"].null_count() == 1
    assert time_text(facts.listings["covers_to"][0]) == "2026-11-21T08:50:00Z"


def test_a_page_of_several_is_no_whole_log() -> None:
    document = json.loads(PAGE.read_text()) | {"totalRecordsWithoutPaging": 120}
    assert read(json.dumps(document), complete=True, observed_at=golden.envelope(PAGE).observed_at).listings.is_empty()


def test_the_letters_of_the_report() -> None:
    facts = golden.facts_of(REPORT)
    assert dict(facts.runs.select("id", "outcome").rows()) == {
        "260101": "success",
        "260102": "warning",
        "260104": "failed",
        "260109": "failed",
    }
    first, last = facts.runs.row(0, named=True), facts.runs.row(3, named=True)
    assert time_text(first["started_at"]) == "2026-11-20T20:00:04Z"
    assert first["bytes"] == 5 * 1024**3
    assert last["started_at"] is None
    assert last["message"].startswith("Not run because")
    assert not facts.faults


def test_title_lines_before_the_header_and_letters_of_a_named_commcell() -> None:
    text = REPORT.read_text().replace("260101 (C)", "260101 (HQ)(C)")
    facts = read("Backup Job Summary\n\n" + text)
    assert facts.runs["locator"].to_list()[0] == "line 4"
    assert facts.runs["outcome"].to_list()[0] == "success"


def test_local_dates_need_a_zone_and_those_of_another_order_are_faults() -> None:
    assert len(read(REPORT.read_text(), timezone=None).faults) >= 3
    facts = read(REPORT.read_text().replace("11/20/2026 9:00:04 PM", "20.11.2026 21:00:04", 1))
    assert [fault.locator for fault in facts.faults] == ["line 2"]
    assert facts.runs.height == 3


def test_unknown_words_are_quarantined() -> None:
    for fields in ({"status": "Completed beautifully"}, {"status": None}, {"jobType": "Dance"}):
        facts = changed(**fields)
        assert "260101" not in facts.runs["id"].to_list()
        assert facts.runs.height == 8
        assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/jobs/0/jobSummary"]
    assert [fault.locator for fault in read(REPORT.read_text().replace("(CWE)", "(ZZ)")).faults] == ["line 3"]


def test_data_that_has_aged_out_proves_no_copy() -> None:
    assert changed(isAged=True).runs["repository"].to_list()[:2] == [None, "SP_30D"]


def test_a_job_that_counts_failed_files_is_not_whole() -> None:
    for fields in ({"totalFailedFiles": 77}, {"totalFailedFolders": 1}, {"totalFailedFiles": "1,077"}):
        [first, *_] = changed(**fields).runs.to_dicts()
        assert (first["outcome"], first["coverage"]) == ("warning", "partial"), fields
        assert first["message"].startswith("files and folders that failed: ")
    assert changed(status="Completed w/ one or more warnings", totalFailedFiles=2).runs["coverage"][0] == "partial"
    assert changed(status="Failed", totalFailedFiles=2).runs.select("outcome", "coverage").row(0) == ("failed", None)
    report = read(REPORT.read_text().replace('"1000","0"', '"1000","77"', 1)).runs
    assert report.select("outcome", "coverage").row(0) == ("warning", "partial")
