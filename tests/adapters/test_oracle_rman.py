"""Oracle RMAN: sets put together by their tags, what expired, and days without a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.adapters.oracle_rman._jobs import INPUTS, STATUSES
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import WORDS, Facts
from tests.adapters.golden import DATA, facts_of
from tests.adapters.verbatim import sample

FOLDER = DATA / "oracle-rman"
SEEN = datetime(2026, 11, 24, tzinfo=UTC)
VIEW = "SESSION_KEY,INPUT_TYPE,STATUS,START_TIME,END_TIME,OUTPUT_DEVICE_TYPE,DB_NAME"
JOB = "1,DB FULL,COMPLETED,2026-11-22 01:00:00,2026-11-22 02:00:00,DISK,ORCL"


def read(payload: bytes | str, **fields: Any) -> Facts:
    payload = payload.encode() if isinstance(payload, str) else payload
    assert _registry.recognise("x", payload) == "oracle-rman"
    told = {"source": "s", "repository": "r", "observed_at": SEEN, "complete": True, "timezone": "Europe/Berlin"} | fields
    return _registry.read("oracle-rman", payload, Envelope(tool="oracle-rman", name="f", **told))


def errors(facts: Facts) -> list[str]:
    return [fault.what for fault in facts.faults if fault.level == "error"]


def of_list() -> str:
    return (FOLDER / "list-backup.txt").read_text()


def test_published_list_of_a_database() -> None:
    facts = read(sample("oracle-rman", "list_backup_of_database_12.2.txt"))
    [point] = facts.points.to_dicts()
    assert (point["id"], point["subject"], point["method"]) == ("TAG20191112T181756", "TESTDB", "full")
    assert point["captured_at"] == datetime(2019, 11, 11, 23, tzinfo=UTC), "the beginning of the day, because only the day is told"
    assert point["available_at"] == datetime(2019, 11, 12, 23, tzinfo=UTC), "and its end"
    assert point["bytes"] == round(1.26 * 1024**3)
    assert not errors(facts)


def test_published_list_of_expired_sets_has_no_points_and_deletes_nothing() -> None:
    facts = read(sample("oracle-rman", "list_expired_backup_12.2.txt"))
    assert facts.points.is_empty()
    assert not facts.listings["complete"].any()


def test_a_time_zone_has_to_be_declared() -> None:
    facts = read(of_list(), timezone=None)
    assert facts.points.is_empty()
    assert errors(facts)


def test_sets_of_a_tag_are_one_point() -> None:
    points = {row["id"]: row for row in facts_of(FOLDER / "list-backup.txt").points.to_dicts()}
    assert set(points) == {"WEEKLY", "WEEKLY logs", "DAILY", "SPLIT", "USERS", "TAG20261122T012630", "TWICE"}
    assert points["WEEKLY"]["captured_at"] == datetime(2026, 11, 22, 0, 0, 5, tzinfo=UTC)
    assert points["WEEKLY"]["available_at"] == datetime(2026, 11, 22, 0, 25, tzinfo=UTC)
    assert {id_: points[id_]["method"] for id_ in ("WEEKLY", "DAILY", "WEEKLY logs")} == {
        "WEEKLY": "full",
        "DAILY": "incremental",
        "WEEKLY logs": "log",
    }
    assert points["WEEKLY logs"]["captured_at"] == datetime(2026, 11, 22, 0, 25, 30, tzinfo=UTC)
    assert points["DAILY"]["self_contained"] is None, "what it needs is not told"


def test_what_is_not_the_whole_database_is_partial() -> None:
    points = facts_of(FOLDER / "list-backup.txt").points
    assert set(points.filter(completeness="partial")["id"]) == {"SPLIT", "USERS", "TAG20261122T012630"}
    assert points.filter(id="USERS")["repository"].to_list() == ["SBT_TAPE"]


def test_one_whole_copy_of_a_set_is_enough() -> None:
    twice = facts_of(FOLDER / "list-backup.txt").points.filter(id="TWICE").to_dicts()
    assert twice[0]["available_at"] == datetime(2026, 11, 18, 0, 31, tzinfo=UTC)
    text = of_list().replace("21      2   AVAILABLE", "21      2   EXPIRED  ")
    assert "TWICE" not in read(text).points["id"].to_list()


@pytest.mark.parametrize(
    ("asked", "whole"),
    [
        ("list backup;", True),
        ("list backupset;", True),
        ("list backup of database;", False),
        ("list expired backup;", False),
        ("list backup completed after 'sysdate-1';", False),
        ("list backup tag WEEKLY;", False),
    ],
)
def test_only_a_list_of_everything_is_complete(asked: str, whole: bool) -> None:
    assert read(of_list().replace("list backup;", asked)).listings["complete"].unique().to_list() == [whole]
    bare = of_list().replace("RMAN> list backup;", "")
    assert read(bare, command=f"rman target / <<< '{asked}'").listings["complete"].unique().to_list() == [whole]


@pytest.mark.parametrize("status", ["OBSOLETE", "available", "DELETED"])
def test_an_unknown_status_is_quarantined(status: str) -> None:
    facts = read(of_list().replace("BP Key: 13   Status: AVAILABLE", f"BP Key: 13   Status: {status}"))
    assert "DAILY" not in facts.points["id"].to_list()
    assert len(errors(facts)) == 1
    assert not facts.listings["complete"].any()


def test_data_files_of_no_level_are_a_fault() -> None:
    facts = read(of_list().replace("13      Incr 1  10.00M     DISK", "13              10.00M     DISK"))
    assert "DAILY" not in facts.points["id"].to_list()
    assert len(errors(facts)) == 1


def test_a_list_cut_off_leaves_the_others_and_is_not_complete() -> None:
    text = of_list()
    facts = read(text[: text.index("        BP Key: 16")])
    assert "USERS" not in facts.points["id"].to_list()
    assert "WEEKLY" in facts.points["id"].to_list()
    assert len(errors(facts)) == 1
    assert not facts.listings["complete"].any()


def test_a_time_of_another_language_is_a_fault() -> None:
    text = sample("oracle-rman", "list_backup_of_database_12.2.txt").decode().replace("12-NOV-19", "12-MRZ-19")
    facts = read(text)
    assert facts.points.is_empty()
    assert errors(facts)


def test_a_database_that_nothing_names_is_that_of_the_scope() -> None:
    text = of_list().replace("connected to target database: ORCL (DBID=1234567890)", "").replace("SPFILE db_unique_name: ORCL", "")
    assert read(text).points.is_empty()
    assert set(read(text, scope="ORCL").points["subject"]) == {"ORCL"}


def test_a_list_of_nothing() -> None:
    assert facts_of(FOLDER / "nothing.txt").listings["complete"].to_list() == [True]


def test_jobs() -> None:
    runs = facts_of(FOLDER / "job-details.csv").runs
    assert runs["outcome"].to_list() == ["success", "warning", "failed", "failed", "success", "running"]
    assert runs["repository"].to_list() == ["fra", "fra", "SBT_TAPE", None, None, "fra"]


def test_jobs_whose_history_is_whole_cover_a_stretch() -> None:
    facts = read(f"{VIEW}\n{JOB}\n")
    assert facts.listings.select("covers_from", "covers_to").row(0) == (datetime(2026, 11, 22, 1, tzinfo=UTC), SEEN)
    assert read(f"{VIEW}\n{JOB}\n{JOB.replace('COMPLETED', 'FINE')}\n").listings.is_empty()


def test_jobs_that_tell_only_days() -> None:
    facts = read(f"{VIEW}\n{JOB}\n".replace("2026-11-22 01:00:00", "22-NOV-26").replace("2026-11-22 02:00:00", "22-NOV-26"))
    assert facts.runs.select("started_at", "finished_at").row(0) == (
        datetime(2026, 11, 21, 23, tzinfo=UTC),
        datetime(2026, 11, 22, 23, tzinfo=UTC),
    )


def test_an_unknown_input_is_quarantined() -> None:
    facts = read(f"{VIEW}\n{JOB.replace('DB FULL', 'CLOUD')}\n{JOB.replace('1,', '2,', 1)}\n")
    assert facts.runs["id"].to_list() == ["2"]
    assert len(errors(facts)) == 1


def test_the_tables_use_our_words() -> None:
    assert set(STATUSES.values()) <= set(WORDS["run"]["outcome"])
    for kind, method, coverage in INPUTS.values():
        assert kind in WORDS["run"]["kind"]
        assert method in (*WORDS["run"]["method"], None)
        assert coverage in ("partial", None)


def test_another_table() -> None:
    with pytest.raises(InputError, match="columns are missing"):
        _registry.read("oracle-rman", b"SESSION_KEY,STATUS\n1,COMPLETED\n", Envelope(tool="oracle-rman"))
