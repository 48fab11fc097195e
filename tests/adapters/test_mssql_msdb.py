"""SQL Server's msdb: chains by LSN, what was thrown away, and restores put together from their steps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.adapters.mssql_msdb._backups import TYPES
from audit.adapters.mssql_msdb._restores import TYPES as STEPS
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters.golden import DATA, facts_of

FOLDER = DATA / "mssql-msdb"
HEADER = (
    "backup_set_uuid,server_name,database_name,type,backup_start_date,backup_finish_date,time_zone,physical_device_name,device_type"
)
ROW = r"U1,S,Db,D,2026-11-20 01:00:00.000,2026-11-20 01:10:00.000,4,\\nas\bk\f.bak,2"


def read(*lines: str, **fields: Any) -> Facts:
    payload = "".join(f"{line}\r\n" for line in lines).encode()
    assert _registry.recognise("x", payload) == "mssql-msdb"
    return _registry.read("mssql-msdb", payload, Envelope(tool="mssql-msdb", name="f", **{"source": "s", **fields}))


def errors(facts: Facts) -> list[str]:
    return [fault.what for fault in facts.faults if fault.level == "error"]


def bases(name: str) -> dict[str, str | None]:
    return dict(facts_of(FOLDER / name).points.select("id", "base").iter_rows())


def test_a_chain_of_full_differential_and_log() -> None:
    facts = facts_of(FOLDER / "backupset.csv")
    assert bases("backupset.csv") == {
        "6D0C9A52-0001": None,
        "6D0C9A52-0002": "6D0C9A52-0001",
        "6D0C9A52-0003": "6D0C9A52-0002",
        "6D0C9A52-0004": None,
    }
    assert facts.points.filter(id="6D0C9A52-0004")["self_contained"].to_list() == [True], (
        "a copy stands alone, and is nobody's base"
    )
    assert set(facts.points["basis"]) == {"job"}, "the history does not show that the files are still there"
    assert facts.listings.is_empty()


def test_what_went_to_nul_or_to_another_tool_is_no_point() -> None:
    runs = {row["id"]: row for row in facts_of(FOLDER / "backupset.csv").runs.to_dicts()}
    assert runs["6D0C9A52-0006"]["outcome"] == "failed"
    assert (runs["6D0C9A52-0005"]["outcome"], runs["6D0C9A52-0005"]["repository"]) == ("success", None)


def test_the_offset_is_that_of_the_row_else_that_of_the_source() -> None:
    told = dict(facts_of(FOLDER / "backupset.csv").points.select("id", "captured_at").iter_rows())
    assert told["6D0C9A52-0001"] == datetime(2026, 11, 15, 0, 0, 3, tzinfo=UTC)
    assert told["6D0C9A52-0004"] == datetime(2026, 11, 20, 11, tzinfo=UTC), "127 is unknown"
    unknown = read(HEADER, ROW.replace(",4,", ",127,"))
    assert unknown.points.is_empty()
    assert any("no time zone" in what for what in errors(unknown))
    west = read(HEADER, ROW.replace(",4,", ",-18,"))
    assert west.points["captured_at"].to_list() == [datetime(2026, 11, 20, 5, 30, tzinfo=UTC)]


def test_chains_of_logs() -> None:
    assert bases("chains.csv") == {
        "F1": None, "C1": None, "L1": "F1", "L2": "L1", "L3": "L1", "L4": "L3", "L5": None, "I1": "F1", "I2": "ELSEWHERE", "G1": None,
    }  # fmt: skip
    alone = facts_of(FOLDER / "chains.csv").points.filter(self_contained=True)
    assert set(alone["id"]) == {"F1", "C1"}


def test_stripes_are_one_point_and_mirrors_are_two() -> None:
    full = facts_of(FOLDER / "chains.csv").points.filter(id="F1")
    assert full["repository"].to_list() == [r"\\nas\bk", "https://acct.blob.core.windows.net/c"]


def test_a_stripe_to_nul_throws_the_whole_away() -> None:
    facts = read(HEADER, ROW, ROW.replace(r"\\nas\bk\f.bak", "NUL"))
    assert facts.points.is_empty()
    assert facts.runs["outcome"].to_list() == ["failed"]


def test_a_part_of_a_database_is_partial() -> None:
    for type_ in "FGPQ":
        facts = read(HEADER, ROW.replace(",D,", f",{type_},"))
        assert facts.points.select("completeness", "self_contained").row(0) == ("partial", None)
        assert facts.runs["coverage"].to_list() == ["partial"]


def test_a_damaged_database_makes_a_partial_point() -> None:
    facts = read(f"{HEADER},is_damaged", f"{ROW},1")
    assert facts.points["completeness"].to_list() == ["partial"]
    assert facts.runs["outcome"].to_list() == ["warning"]


@pytest.mark.parametrize("end", ["", "NULL"])
def test_a_backup_without_an_end_still_runs(end: str) -> None:
    facts = read(HEADER, ROW.replace("2026-11-20 01:10:00.000", end), ROW.replace("U1", "U2"), repository="r")
    assert facts.points["id"].to_list() == ["U2"]
    [run] = facts.runs.filter(id="U1").to_dicts()
    assert (run["outcome"], run["finished_at"], run["recovery_point"], run["repository"]) == ("running", None, None, None)
    assert [(fault.level, fault.key) for fault in facts.faults] == [("warning", "backup_finish_date")]
    thrown = read(HEADER, ROW.replace("2026-11-20 01:10:00.000", end).replace(r"\\nas\bk\f.bak", "NUL"))
    assert thrown.runs["outcome"].to_list() == ["failed"]


@pytest.mark.parametrize(("old", "new"), [(",D,", ",Z,"), (",2", ",33"), (",D,", ",NULL,")])
def test_an_unknown_type_or_device_is_quarantined(old: str, new: str) -> None:
    bad = ROW.replace("U1", "U2").replace(old, new) if old == ",D," else ROW.replace("U1", "U2")[:-2] + new
    facts = read(HEADER, bad, ROW)
    assert facts.points["id"].to_list() == ["U1"]
    assert facts.runs["id"].to_list() == ["U1"]
    assert len(errors(facts)) == 1


def test_a_time_that_cannot_be_read_is_told_once() -> None:
    facts = read(HEADER, ROW.replace("2026-11-20 01:00:00.000", "20.11.2026"), ROW.replace("U1", "U2"))
    assert facts.points["id"].to_list() == ["U2"]
    assert len(errors(facts)) == 1


def test_a_row_cut_off_leaves_the_others() -> None:
    facts = read(HEADER, ROW, ROW[:20])
    assert facts.points["id"].to_list() == ["U1"]
    assert len(errors(facts)) == 1


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_the_underline_of_sqlcmd(separator: str) -> None:
    line = separator.join("-" * len(name) for name in HEADER.split(","))
    facts = read(HEADER.replace(",", separator), line, ROW.replace(",", separator))
    assert facts.points["id"].to_list() == ["U1"]
    assert not facts.faults


def test_a_drill_of_three_steps_is_one_restore() -> None:
    runs = facts_of(FOLDER / "restorehistory.csv").runs
    assert runs.sort("id").select("id", "kind", "outcome", "coverage").rows() == [
        ("restore:77", "restore", "success", "full"),
        ("verify:80", "verify", "success", None),
    ]


def test_restores_that_say_what_they_restored() -> None:
    runs = {row["id"]: row for row in facts_of(FOLDER / "restores-joined.csv").runs.to_dicts()}
    drill = runs["restore:77"]
    assert (drill["outcome"], drill["subject"], drill["recovery_point"]) == ("success", "SQL01/Orders", "6D0C9A52-0003")
    assert drill["started_at"] == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert {id_: runs[id_]["outcome"] for id_ in ("restore:81", "restore:82", "restore:83")} == {
        "restore:81": "running",
        "restore:82": "cancelled",
        "restore:83": "success",
    }
    assert runs["restore:84"]["coverage"] == "partial"
    assert not any(id_.endswith(":85") for id_ in runs), "a revert uses no backup"


def test_nobody_who_restored_is_told() -> None:
    assert not any("dba" in str(value) for row in facts_of(FOLDER / "restorehistory.csv").runs.rows() for value in row)


def test_the_tables_are_those_of_the_documentation() -> None:
    assert set(TYPES) == set("DILFGPQ")
    assert set(STEPS) == set("DFGILVR")


def test_what_is_no_table_of_msdb() -> None:
    for payload in (b"a,b\n1,2\n", b"database_name,type,backup_start_date,backup_finish_date,type\n"):
        with pytest.raises(InputError):
            _registry.read("mssql-msdb", payload, Envelope(tool="mssql-msdb"))
