"""Bacula and Bareos: what the samples' READMEs say is true, and the traps."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from audit.adapters import _registry
from audit.adapters._bacula import JOB_TYPES, STATUSES
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden, verbatim

SEEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def _facts(tool: str, name: str) -> Facts:
    return golden.facts_of(golden.DATA / tool / name)


def _by_id(frame: pl.DataFrame, column: str) -> dict[str, object]:
    return dict(frame.select("id", column).iter_rows())


def _read(text: str, tool: str = "bacula", **more: object) -> Facts:
    told = {"source": "d", "timezone": "Asia/Shanghai", "observed_at": SEEN, "complete": True} | more
    return _registry.read(tool, (text.removesuffix("\n") + "\n").encode(), Envelope(tool=tool, name="log", **told))  # type: ignore[arg-type]


def test_the_catalog_before_the_purge() -> None:
    facts = _facts("bacula", "llist-jobs.txt")
    assert set(facts.points["id"]) == {"1", "2", "3", "4", "5", "8", "15", "17", "19", "21", "23", "24"}
    assert _by_id(facts.points, "copy_of_id") | {} == {
        **dict.fromkeys(("1", "2", "3", "4", "5", "8")),
        "15": "1",
        "17": "2",
        "19": "3",
        "21": "4",
        "23": "5",
        "24": "8",
    }
    assert set(facts.points.filter(pl.col("completeness") == "partial")["id"]) == {"8", "24"}
    assert set(facts.points.filter("self_contained")["id"]) == {"1", "5", "8", "15", "23", "24"}
    outcomes = _by_id(facts.runs, "outcome")
    assert {key: outcomes[key] for key in ("1", "6", "7", "8", "9", "10", "25")} == {
        "1": "success",
        "6": "failed",
        "7": "failed",
        "8": "warning",  # its status is T, as that of job 1
        "9": "cancelled",
        "10": "success",
        "25": "success",
    }
    assert not {"11", "12", "15", "24"} & set(outcomes)  # the disk compared with the catalog; copies ran no job of their own
    assert facts.runs["kind"].value_counts(sort=True).rows() == [("backup", 9), ("copy", 6), ("verify", 1), ("restore", 1)]
    assert [fault.what.partition(": ")[0] for fault in facts.faults] == [
        "2 verify jobs look at the disk of the client, not at the backup"
    ]


def test_a_copy_has_the_start_of_its_original_and_an_end_of_its_own() -> None:
    points = {row["id"]: row for row in _facts("bacula", "llist-jobs.txt").points.to_dicts()}
    assert points["24"]["captured_at"] == points["8"]["captured_at"] == datetime(2026, 11, 23, 6, 11, 37, tzinfo=UTC)
    assert points["24"]["available_at"] == datetime(2026, 11, 23, 6, 11, 57, tzinfo=UTC)


def test_after_the_purge_copies_are_backups_by_type_and_copies_by_their_times() -> None:
    facts = _facts("bacula", "catalog-jobs-after-purge.csv")
    assert set(facts.points["id"]) == {"15", "17", "19", "21", "23", "24"}
    assert set(facts.points["copy_of_id"]) == {"1", "2", "3", "4", "5", "8"}
    assert set(facts.runs.filter(kind="backup")["id"]) == {"6", "7", "9"}
    # Of pool Daily nothing but failures is left: that is what proves that its backups are gone.
    assert facts.listings.select("repository", "complete").rows() == [("Daily", True), ("Offsite", True)]


def test_reports_tell_chains_also_of_copies() -> None:
    facts = _facts("bacula", "bacula.log")
    assert _by_id(facts.points, "base") == {
        **dict.fromkeys(("1", "5", "8", "15", "23", "24")),
        "2": "1",
        "3": "1",
        "4": "3",
        "17": "15",
        "19": "15",
        "21": "19",
    }
    assert set(facts.points["encrypted"].drop_nulls()) == {"no"}
    assert _by_id(facts.runs, "recovery_point")["25"] == _by_id(facts.runs, "recovery_point")["10"] == "4"
    assert facts.listings["covers_from"].to_list() == [datetime(2026, 11, 23, 6, 10, 57, tzinfo=UTC)] * 2


def test_a_copy_report_names_the_client_of_the_copy_job_not_of_the_backup() -> None:
    points = _facts("bacula", "bacula.log").points
    assert _by_id(points, "subject")["23"] == _by_id(points, "subject")["5"] == "db02-fd:SetCat"
    text = (golden.DATA / "bacula" / "bacula.log").read_text()
    alone = _read(text[text.index("JobId 22: Copying using") - 28 : text.index("JobId 22: Begin pruning")])
    assert alone.points.is_empty()
    assert alone.runs["subject"].to_list() == [None]
    assert "was copied, is not in this log" in alone.faults[0].what


def test_the_reports_and_the_catalog_agree() -> None:
    log, catalog = _facts("bacula", "bacula.log"), _facts("bacula", "llist-jobs.txt")
    both = log.points.join(catalog.points, on="id", suffix=" catalog")
    assert both.height == 12
    for column in (
        "subject",
        "repository",
        "method",
        "captured_at",
        "available_at",
        "self_contained",
        "copy_of_id",
        "bytes",
        "completeness",
    ):
        assert both[column].equals(both[f"{column} catalog"].alias(column), null_equal=True), column
    runs = log.runs.join(catalog.runs, on="id", suffix=" catalog")
    assert runs["outcome"].equals(runs["outcome catalog"].alias("outcome"))


def test_without_a_count_of_errors_t_is_no_success() -> None:
    facts = _facts("bacula", "list-jobs.txt")
    assert set(facts.runs.filter(kind="backup")["outcome"]) == {"warning", "failed", "cancelled"}
    assert facts.points.is_empty()
    assert facts.listings.is_empty()


def test_numbers_with_separators() -> None:
    assert _by_id(_facts("bacula", "list-jobs.txt").runs, "bytes")["5"] == 2_558_355


def test_jobs_below_what_the_console_says() -> None:
    assert set(_facts("bacula", "jlist-jobs.txt").points["id"]) == {"21", "23", "24"}


HEADER = "jobid,name,type,level,clientname,fileset,poolname,jobstatus,schedtime,starttime,endtime,realendtime,jobfiles,joberrors,priorjobid"
ROW = "{id},nightly,B,{level},c,f,P,{status},2026-11-01 01:00:00,2026-11-01 01:00:01,2026-11-01 01:05:00,2026-11-01 01:05:00,{files},0,0"


def _csv(*rows: dict[str, object]) -> Facts:
    return _read("\n".join([HEADER, *(ROW.format(**{"level": "F", "status": "T", "files": 3, **row}) for row in rows)]))


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_only_t_and_w_leave_a_point(status: str) -> None:
    assert (_csv({"id": 1, "status": status}).points.height == 1) == (status in "TW")


def test_an_unknown_status_type_or_level_is_quarantined_and_the_others_stay() -> None:
    facts = _csv({"id": 1, "status": "Z"}, {"id": 2}, {"id": 3, "level": "Q"})
    assert facts.points["id"].to_list() == ["2"]
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["line 2", "line 4"]
    assert not facts.listings["complete"].any()
    assert set(JOB_TYPES) == set("BACVRcgODIMSU")


def test_a_full_backup_without_files_is_partial_an_incremental_is_not() -> None:
    facts = _csv({"id": 1, "files": 0}, {"id": 2, "files": 0, "level": "I"})
    assert facts.points["completeness"].to_list() == ["partial", None]
    assert facts.runs["outcome"].to_list() == ["warning", "success"]


@pytest.mark.parametrize(
    ("command", "whole"), [("llist jobs", True), ("list jobs", True), ("llist jobs days=7", False), ("llist jobs client=a", False)]
)
def test_a_part_of_the_jobs_is_no_complete_listing(command: str, whole: bool) -> None:
    text = (golden.DATA / "bacula" / "llist-jobs.txt").read_text()
    assert set(_read(text, command=command).listings["complete"]) == {whole}


def test_times_need_a_zone() -> None:
    text = (golden.DATA / "bacula" / "llist-jobs.txt").read_text()
    facts = _read(text, timezone=None)
    assert facts.points.is_empty()
    assert "declares no time zone" in facts.faults[0].what


def test_a_row_cut_off_leaves_the_others() -> None:
    text = (golden.DATA / "bacula" / "list-jobs.txt").read_text()
    facts = _read(text[: text.index("|    25 ") + 30])
    assert facts.runs.height == 16
    assert any("cells" in fault.what for fault in facts.faults)


def test_a_report_cut_off_is_a_fault() -> None:
    text = (golden.DATA / "bacula" / "bacula.log").read_text()
    facts = _read(text[: text.index("FD termination status")])
    assert facts.runs.is_empty()
    assert "cut off" in facts.faults[0].what
    assert facts.listings.is_empty()


def test_a_log_and_a_list_in_one_file() -> None:
    log, table = ((golden.DATA / "bacula" / name).read_text() for name in ("bacula.log", "list-jobs.txt"))
    facts = _read(log + table)
    assert facts.runs.height == 17
    assert "the list was not read" in facts.faults[0].what


def test_bareos_tells_warnings_by_w() -> None:
    facts = _facts("bareos", "llist-jobs.api2.json")
    assert _by_id(facts.runs, "outcome") == {
        "1": "success",
        "2": "success",
        "3": "warning",
        "4": "failed",
        "5": "running",
        "6": "success",
    }
    assert _by_id(facts.points, "copy_of_id")["7"] == "1"
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/result/jobs/9"]


def test_bareos_reports() -> None:
    facts = _facts("bareos", "bareos.log")
    assert _by_id(facts.points, "base") == {"1": None, "2": "1", "3": "2"}
    assert set(facts.points["encrypted"]) == {"yes"}
    assert _by_id(facts.runs, "outcome") == {"1": "success", "2": "success", "3": "warning", "5": "failed"}
    assert facts.listings.is_empty()  # one job has no report: the log is not whole


def test_bareos_examples_of_the_guide() -> None:
    told = Envelope(tool="bareos", source="b", timezone="Europe/Berlin", observed_at=SEEN)
    payload = verbatim.sample("bareos", "llist_jobs.api2.json")
    assert _registry.recognise("", payload) == "bareos"
    facts = _registry.read("bareos", payload, told)
    assert facts.points.select("id", "repository", "method").rows() == [("1", "Full", "full"), ("2", "Incremental", "incremental")]
    assert facts.runs["outcome"].to_list() == ["success", "success"]
    short = _registry.read("bareos", verbatim.sample("bareos", "list_jobs.api2.json"), told)
    assert short.runs["bytes"].to_list() == [4651943, 0]
    assert short.points.is_empty()


def test_an_answer_without_jobs_is_refused() -> None:
    for value in ({"jsonrpc": "2.0", "error": {"message": "no"}}, {"jsonrpc": "2.0", "result": {"jobs": {}}}, {"data": 1}):
        with pytest.raises(InputError, match="was not read"):
            _read(json.dumps(value), "bareos")
    assert _read('{"jsonrpc":"2.0","result":{"jobs":[]}}', "bareos").points.is_empty()


def test_of_a_record_with_several_bad_fields_always_the_same_is_told() -> None:
    jobs = [{"type": [], "starttime": {}, "name": [], "jobid": {}, "level": [], "jobstatus": []}]
    assert [fault.key for fault in _read(json.dumps(jobs)).faults] == ["jobid"]


def test_a_copy_whose_pool_is_not_told_is_not_told_as_gone() -> None:
    text = (golden.DATA / "bacula" / "llist-jobs.txt").read_text()
    at = text.index("poolname: ", text.index(" jobid: 24\n"))
    facts = _read(text[:at] + "poolname: " + text[text.index("\n", at) :])
    assert "24" not in facts.points["id"].to_list()
    assert facts.listings.select("repository", "complete").sort("repository").rows() == [("Daily", False), ("Offsite", False)]
    assert any("copy '24' does not tell its pool" in fault.what for fault in facts.faults)


@pytest.mark.parametrize(("column", "value"), [("clientname", ""), ("fileset", "")])
def test_backups_without_a_subject_leave_no_complete_listing(column: str, value: str) -> None:
    header = "jobid,type,level,jobstatus,starttime,endtime,clientname,fileset,poolname,joberrors"
    cells = dict(
        zip(
            header.split(","),
            ["7", "B", "F", "T", "2026-11-23 14:11:12", "2026-11-23 14:11:32", "fs01-fd", "Set1", "Daily", "0"],
            strict=True,
        )
    )
    facts = _read("\n".join([header, ",".join((cells | {column: value}).values())]))
    assert facts.points.is_empty()
    assert facts.listings["complete"].to_list() == [False]
    assert any("jobs '7'" in fault.what for fault in facts.faults)


def test_each_row_is_a_fact_or_is_named() -> None:
    header = "jobid,type,level,jobstatus,starttime,endtime,joberrors,priorjobid"
    rows = [f"{number},{kind},{level},{status},2026-11-23 14:11:12,2026-11-23 14:11:32,0,0" for number, kind, level, status in (
        (1, "B", "F", "T"), (2, "V", "d", "T"), (3, "D", "F", "T"), (4, "C", "F", "T"), (5, "C", "F", "f"), (6, "M", "F", "T"),
    )]  # fmt: skip
    facts = _read("\n".join([header, *rows]))
    assert facts.runs["id"].to_list() == ["1"]
    told = " ".join(fault.what for fault in facts.faults)
    assert [number for number in range(1, 7) if f"'{number}'" not in told] == []
