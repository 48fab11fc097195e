"""NetWorker: what its samples say as values, and the traps of its formats."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from tests.adapters import golden

TOOL = "dell-networker"
FOLDER = golden.DATA / TOOL
MMINFO = (FOLDER / "mminfo.csv").read_text()
SEEN = datetime(2026, 11, 22, 9, tzinfo=UTC)


def read(payload: str, **fields: Any) -> Facts:
    given = {"source": "n", "repository": "r", "timezone": "Europe/Berlin", "observed_at": SEEN} | fields
    return _registry.read(TOOL, payload.encode(), Envelope(tool=TOOL, **given))


def test_clones_of_a_save_set_are_copies() -> None:
    points = golden.facts_of(FOLDER / "mminfo.csv").points
    full = points.filter(points["method"] == "full")
    assert full.select("id", "repository", "copy_of_id").rows() == [
        ("3391872215/1795208404", "Data Domain", None),
        ("3391872215/1795230000", "Data Domain Clone", "3391872215/1795208404"),
    ]
    assert [time_text(at) for at in full["captured_at"]] == ["2026-11-20T20:00:04Z"] * 2
    assert [time_text(at) for at in full["expires_at"]] == ["2026-12-20T22:59:59Z", "2027-11-20T22:59:59Z"]


def test_aborted_save_sets_are_no_points_and_indexes_no_user_data() -> None:
    facts = golden.facts_of(FOLDER / "mminfo.csv")
    assert facts.points.height == 3
    assert not facts.points["subject"].str.contains("index:").any()
    assert [(fault.level, fault.locator) for fault in facts.faults] == [("warning", "line 4")]


def test_a_save_set_without_its_tail_is_partial() -> None:
    points = golden.facts_of(FOLDER / "mminfo.csv").points
    assert points.filter(points["subject"].str.contains("RMAN"))["completeness"].to_list() == ["partial"]
    both = MMINFO + MMINFO.splitlines()[4].replace(",hb,", ",tb,").replace("Backup.001", "Backup.002") + "\n"
    again = read(both).points
    assert again.filter(again["subject"].str.contains("RMAN"))["completeness"].to_list() == [None]


def test_a_suspect_clone_is_corrupt() -> None:
    text = MMINFO.replace(",cb,,Backup.001,Data Domain,120345", ",cb,s,Backup.001,Data Domain,120345")
    points = read(text).points
    assert points.filter(points["integrity"] == "corrupt")["id"].to_list() == ["3391872215/1795208404"]
    assert "3391872215/1795208404" not in read(text, observed_at=None).points["id"].to_list()


def test_dates_of_another_order_are_refused_and_epochs_are_not() -> None:
    with pytest.raises(InputError, match="not month/day/year"):
        read(MMINFO.replace("11/20/2026 09:00:04 PM", "20/11/2026 21:00:04"))
    epochs = "client,name,ssid,cloneid,nsavetime,sumflags,clflags\napp,/a,1,2,1795208404,cb,\n"
    assert time_text(read(epochs, timezone=None).points["captured_at"][0]) == "2026-11-20T21:00:04Z"


def test_the_last_day_or_a_query_is_not_complete() -> None:
    for command, complete in (
        ("mminfo -avot -xc, -r client", True),
        ("mminfo -v -xc,", False),
        ("mminfo -av -q client=a -xc,", False),
        (None, True),
    ):
        assert set(read(MMINFO, complete=True, command=command).listings["complete"]) == {complete}


def test_flags_are_needed() -> None:
    with pytest.raises(InputError, match="the columns sumflags, clflags are missing"):
        read("client,name,ssid,cloneid,savetime\na,b,1,2,11/20/2026 09:00:04 PM\n")


def test_flags_that_nobody_documented_are_no_whole_copy() -> None:
    whole = read(MMINFO, complete=True)
    for flags in ("cbX,,Backup", "cZ,,Backup", "yb,,Backup", ",,Backup", "cb,Q,Backup"):
        facts = read(MMINFO.replace("cb,,Backup", flags, 1), complete=True)
        assert set(whole.points["id"]) - set(facts.points["id"]) == {"3391872215/1795208404"}, flags
        assert [fault.level for fault in facts.faults if "not all documented" in fault.what] == ["error"]
        assert not facts.listings["complete"].any()
    # An NDMP save set is documented; one in progress is no point.
    assert read(MMINFO.replace("cb,,Backup", "cbN,o,Backup", 1)).points.height == whole.points.height
    assert "3391872215/1795208404" not in read(MMINFO.replace("cb,,Backup", "cI,,Backup", 1)).points["id"].to_list()


def test_backups_of_the_rest_api() -> None:
    facts = golden.facts_of(FOLDER / "rest_backups.json")
    assert facts.points.select("id", "integrity", "self_contained").rows() == [
        ("3391872215/1795208404", None, True),
        ("3391872215/1795230000", None, True),
        ("3408649431/1795294804", "corrupt", None),
    ]
    assert facts.points["expires_at"].to_list()[1] is None
    unknown = read((FOLDER / "rest_backups.json").read_text().replace("Recoverable", "Radiant"), complete=True)
    assert unknown.points.height == 2
    assert not unknown.listings["complete"].any()


def test_jobs_of_the_rest_api() -> None:
    facts = golden.facts_of(FOLDER / "rest_jobs.json")
    assert facts.runs.select("id", "kind", "outcome").rows() == [
        ("901", "backup", "success"),
        ("902", "backup", "failed"),
        ("905", "copy", "running"),
        ("906", "restore", "cancelled"),
    ]
    assert [fault.locator for fault in facts.faults if fault.level == "error"] == ["/jobs/3"]
    document = json.loads((FOLDER / "rest_jobs.json").read_text())
    document["jobs"][0]["type"] = "yodel job"
    assert read(json.dumps(document)).runs.height == 3


def test_a_save_set_without_a_name_is_a_fault_and_not_passed_over() -> None:
    facts = read(MMINFO.replace("db01.example.local,RMAN:ORCL_1,manual", "db01.example.local,,manual"))
    assert [(fault.locator, fault.key) for fault in facts.faults if fault.level == "error"] == [("line 5", "subject")]
