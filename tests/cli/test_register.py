"""Registers as tables: exported, filled in by people, checked as a whole with cell addresses, and entered all at once or not at all."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from audit.register.acts import kinds
from tests.cli.session import Session, promising

WAIVER = {
    "control": "copies", "leg": "offsite", "since": "2026-02-01", "until": "2026-05-01", "reason": "=2+3", "measure": "Tape.", "tiers": "core; standard",
}  # fmt: skip
BOOK = {
    "name": "restore",
    "owner": "Chen Jie",
    "version": 3,
    "sha256": "0" * 64,
    "kept": "wiki",
    "elsewhere": "safe",
    "on": "2026-01-15",
}
VENDOR = {"provider": "north-cloud", "answers": "exit=3 Within 30 days; tried.\ndata-backup=2 Shown in part.", "evidence": "folder", "on": "2026-02-01",
          "until": "2027-02-01"}  # fmt: skip


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path)


def workbook(path: Path, **sheets: Sequence[Mapping[str, object]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for kind, rows in sheets.items():
        sheet = book.create_sheet(kind)
        columns = list(dict.fromkeys(key for row in rows for key in row))
        sheet.append(columns)
        for row in rows:
            sheet.append([row.get(column) for column in columns])
            for cell in sheet[sheet.max_row]:
                if isinstance(cell.value, str):
                    cell.data_type = "s"
    book.save(path)
    return path


def records(session: Session, kind: str) -> list[dict[str, object]]:
    return session.fine(kind, "list", "--format", "json").json


def entries(session: Session) -> int:
    return int(session.assess("--from", "2026-01-01", "--to", "2026-01-02")["as_known_at"])


def test_records_are_made_of_a_workbook_and_come_back_in_one(session: Session, tmp_path: Path) -> None:
    file = workbook(tmp_path / "in.xlsx", waiver=[WAIVER, {**WAIVER, "leg": None, "tiers": None}], runbook=[BOOK])
    before = entries(session)
    said = session.fine("register", "import", file, "--check", "--by", "Li Na").out
    assert said == "2 waiver records would be made.\n1 runbook record would be made.\n"
    assert entries(session) == before
    said = session.fine("register", "import", file, "--by", "Li Na").out
    assert (
        said
        == f"2 waiver records made (waiver-{before + 1} to waiver-{before + 2}).\n1 runbook record made (runbook-{before + 3}).\n"
    )
    first, second = records(session, "waiver")
    assert (first["state"], first["tiers"], first["leg"], first["reason"]) == ("requested", ["core", "standard"], "offsite", "=2+3")
    assert (second["tiers"], second["leg"]) == ([], None)
    assert records(session, "runbook")[0]["version"] == "3"

    out = tmp_path / "out.xlsx"
    session.fine("register", "export", "-o", out)
    book = load_workbook(out)
    assert book.sheetnames == sorted(kinds())
    names, *rows = book["waiver"].iter_rows(values_only=True)
    told = [dict(zip(names, row, strict=True)) for row in rows]
    assert [(one["id"], one["state"], one["by"], one["act"], one["tiers"]) for one in told] == [
        (f"waiver-{before + 1}", "requested", "Li Na", "request", "core\nstandard"),
        (f"waiver-{before + 2}", "requested", "Li Na", "request", None),
    ]
    assert {cell.data_type for row in book["waiver"].iter_rows() for cell in row if cell.value is not None} == {"s"}
    # The same workbook again: what has an id is there.
    again = session.fine("register", "import", out, "--by", "Li Na").out
    assert again == "There is nothing new.\n3 rows are of records that were there: left as they are.\n"
    assert entries(session) == before + 3


def test_all_faults_are_told_with_their_cells_and_nothing_is_entered(session: Session, tmp_path: Path) -> None:
    file = workbook(
        tmp_path / "in.xlsx",
        waiver=[WAIVER, {**WAIVER, "control": "copise"}, {**WAIVER, "until": "2026-01-01"}, {**WAIVER, "measure": None, "since": "soon"}, {**WAIVER, "id": "waiver-1"}],
        runbook=[{**BOOK, "sha256": "abc", "resaon": "x"}],
    )  # fmt: skip
    before = entries(session)
    refused = session("register", "import", file, "--by", "Li Na")
    assert refused.code == 2
    lines = refused.err.splitlines()
    assert lines[0] == "Error: nothing was entered: 7 faults", lines
    for place, what in (
        ("in.xlsx, column runbook!H", "unknown column `resaon`"),
        ("in.xlsx, cell waiver!A3, control", "did you mean `copies`"),
        ("in.xlsx, waiver, row 4", "until must be later than since"),
        ("in.xlsx, cell waiver!F5, measure", "Field required"),
        ("in.xlsx, cell waiver!C5, since", "soon"),
        ("in.xlsx, cell waiver!H6, id", "unknown id `waiver-1`"),
        ("in.xlsx, cell runbook!D2, sha256", "should match pattern"),
    ):
        assert any(place in line and what in line for line in lines), (place, what, lines)
    assert entries(session) == before
    assert records(session, "waiver") == []


def test_csv_goes_out_and_in_whatever_a_text_begins_with(session: Session, tmp_path: Path) -> None:
    file = workbook(tmp_path / "in.xlsx", waiver=[WAIVER])
    session.fine("register", "import", file, "--by", "Li Na")
    text = session.fine("register", "export", "waiver").out
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["reason"] == "'=2+3", "no spreadsheet takes it for a formula"
    row |= {"id": ""}
    (tmp_path / "in.csv").write_text(
        ",".join(row) + "\n" + ",".join(f'"{value}"' for value in row.values()) + "\n", encoding="utf-8-sig"
    )
    assert "say it with --kind" in session("register", "import", tmp_path / "in.csv").err
    session.fine("register", "import", tmp_path / "in.csv", "--kind", "waiver", "--by", "Sun Peng")
    first, second = records(session, "waiver")
    assert second["acts"][0]["values"] == first["acts"][0]["values"]
    assert second["acts"][0]["by"] == "Sun Peng"


def test_answers_to_the_questionnaire_and_the_act_that_makes_a_record(session: Session, tmp_path: Path) -> None:
    incident = {"act": "report-incident", "title": "Storage failure", "assets": "im-messages-db", "at": "2026-03-01T08:00:00+08:00"}
    file = workbook(
        tmp_path / "in.xlsx", vendor=[VENDOR], drill=[incident, {"title": "Spring", "kind": "full", "assets": "im-messages-db"}]
    )
    unknown = session("register", "import", file, "--by", "Li Na")
    assert "cell vendor!A2, provider: unknown provider `north-cloud`" in unknown.err, unknown.err
    file = workbook(tmp_path / "in.xlsx", drill=[incident, {"title": "Spring", "kind": "full", "assets": "im-messages-db"}])
    session.fine("register", "import", file, "--by", "Li Na")
    assert [(one["title"], one["state"]) for one in records(session, "drill")] == [
        ("Storage failure", "running"),
        ("Spring", "planned"),
    ]
    wrong = workbook(tmp_path / "in.xlsx", drill=[incident | {"act": "plann"}])
    assert "cell A2, act: unknown act `plann`, did you mean `plan`?" in session("register", "import", wrong, "--by", "Li Na").err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 nothing", "damaged or locked zip archive"),
        (b"", "is empty"),
        ("任务,结果\n".encode("gbk"), "GBK"),
        (b"\x00\x01", ""),
    ],
)
def test_what_is_no_table(session: Session, tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    refused = session("register", "import", tmp_path / "in.csv", "--kind", "waiver", "--by", "Li Na")
    assert (refused.code, said in refused.err) == (2, True), refused.err


def test_nothing_of_a_workbook_is_lost_without_a_word(session: Session, tmp_path: Path) -> None:
    session.fine("register", "import", workbook(tmp_path / "in.xlsx", waiver=[WAIVER]), "--by", "Li Na")
    out = tmp_path / "out.xlsx"
    session.fine("register", "export", "waiver", "-o", out)
    book = load_workbook(out)
    sheet = book["waiver"]
    names = [cell.value for cell in sheet[1]]
    reason, beyond = sheet.cell(2, names.index("reason") + 1), sheet.cell(2, len(names) + 1)
    was, reason.value, beyond.value = reason.value, "Another reason.", "below no heading"
    book.create_sheet("Finding")
    book.save(out)
    refused = session("register", "import", out, "--by", "Li Na")
    assert (refused.code, "out.xlsx, Finding: unknown sheet `Finding`, did you mean `finding`?" in refused.err) == (2, True), (
        refused.err
    )
    del book["Finding"]
    book.save(out)
    assert (
        f"out.xlsx, cell waiver!{beyond.coordinate}: stands below an empty heading"
        in session("register", "import", out, "--by", "Li Na").err
    )
    beyond.value = None
    book.save(out)
    changed = session("register", "import", out, "--by", "Li Na").err
    assert f"out.xlsx, cell {reason.coordinate}, reason: the record says {was!r} (a table changes no record" in changed, changed
    reason.value, sheet["B1"] = was, "id"
    book.save(out)
    assert "say each thing in one column" in session("register", "import", out, "--by", "Li Na").err


def test_what_would_break_a_table_for_good_is_not_entered(session: Session, tmp_path: Path) -> None:
    opened = ("finding", "open", "--source", "auditor", "--severity", "low", "--by", "Li Na", "--title")
    for title, said in (
        ("a\x01b", "holds a control character"),
        ("x" * 10_001, "10000 characters"),
        ("a\x1b[31mb", "holds a control character"),
    ):
        refused = session(*opened, title)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    session.fine(*opened, "two\nlines\tand a tab")
    session.fine("register", "export", "-o", tmp_path / "out.xlsx")


def test_the_same_records_are_the_same_workbook(session: Session, tmp_path: Path) -> None:
    session.fine("register", "export", "-o", tmp_path / "now.xlsx")
    time.sleep(1.1)  # what is written into a workbook of when it was made is told in seconds
    session.fine("register", "export", "-o", tmp_path / "later.xlsx")
    assert (tmp_path / "later.xlsx").read_bytes() == (tmp_path / "now.xlsx").read_bytes()
    assert load_workbook(tmp_path / "now.xlsx").sheetnames == sorted(kinds())
