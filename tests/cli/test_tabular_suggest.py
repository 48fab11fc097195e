"""Exports that no adapter knows, as a person goes with them: a mapping is proposed, refused as it is, edited, tried, applied, and the evidence read."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from tests.cli import exports
from tests.cli.session import ROOT, Session
from tests.policy.programmes import BASE

PROGRAMME = BASE | {"assets.yaml": BASE["assets.yaml"].replace("{source: tool, subject: vm/1}", "{source: console, subject: db}")}


@dataclass(frozen=True)
class Export:
    """An export, what a person changes in its proposal, and what is true. `told`: fields of each row that is read; `fields`: which ones."""

    name: str
    content: bytes
    edits: dict[str, str]
    fields: tuple[str, ...]
    told: list[tuple[Any, ...]]
    zone: str | None = None
    kind: str = "run"
    said: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    """What is never proposed: a meaning that only a person may give."""
    unread: list[str] = field(default_factory=list)


EXPORTS = [
    Export(
        "office.csv",
        exports.OFFICE,
        {'部分成功: "???"': "部分成功: failed", '已完成: "???"': "已完成: success", "kilo: 1000}": "kilo: 1024}"},
        ("id", "subject", "method", "started_at", "finished_at", "outcome", "bytes", "repository", "message"),
        [
            ("J-2001", "OA服务器", "full", "2026-10-31T17:00:00Z", "2026-10-31T18:10:00Z", "success", 1263009792, "一号存储", None),
            ("J-2002", "OA服务器", "incremental", "2026-11-01T17:00:00Z", "2026-11-01T17:12:00Z", "success", 21495808, "一号存储", None),
            ("J-2003", "OA服务器", "incremental", "2026-11-02T17:00:00Z", "2026-11-02T17:02:00Z", "failed", None, "一号存储", "介质不可写"),
            ("J-2004", "ERP数据库", "full", "2026-11-02T19:00:00Z", "2026-11-02T20:15:00Z", "failed", 92384788480, "磁带库", "表空间 A, B 未备份"),
            ("J-2005", "ERP数据库", "full", "2026-11-03T19:00:00Z", "2026-11-03T20:08:00Z", "success", 92490799514, "磁带库", None),
            ("J-2006", "ERP数据库", "full", "2026-11-04T19:00:00Z", None, "running", None, "磁带库", None),
        ],
        zone="Asia/Shanghai",
        passed=("部分成功: success", "已完成: success", "部分成功: warning"),
    ),
    Export(
        "vault.xlsx",
        exports.vault(),
        {'Mirror: "???"': "Mirror: full", '"?": "???"': '"?": unknown'},
        ("id", "subject", "method", "captured_at", "expires_at", "encrypted", "bytes", "basis"),
        [
            ("90001", "mail", "full", "2026-10-20T00:30:00Z", "2026-11-20T23:00:00Z", "yes", 51808043008, "catalog"),
            ("90002", "mail", "incremental", "2026-10-21T00:30:00Z", "2026-11-21T23:00:00Z", "yes", 1610612736, "catalog"),
            ("90003", "fs", "full", "2026-10-21T01:30:00Z", None, "no", 332859965440, "catalog"),
            ("90004", "fs", "full", "2026-10-22T01:30:00Z", "2026-11-22T23:00:00Z", None, 333933707264, "catalog"),
        ],
        zone="Europe/Berlin",
        kind="recovery_point",
        said=("--repository", "vault", "--observed-at", "2026-10-27T09:00:00Z"),
    ),
    Export(
        "api.json",
        exports.api(),
        {'kind: "???"': "kind: backup", 'None: "???"': "None: running"},
        ("id", "subject", "started_at", "finished_at", "outcome", "bytes"),
        [
            ("00000001-a1", "erp-db", "2026-11-01T17:00:00Z", "2026-11-01T17:30:00Z", "success", 1048576),
            ("00000002-a1", "erp-db", "2026-11-02T17:00:00Z", "2026-11-02T17:31:40Z", "warning", 2097152),
            ("00000003-a1", "web-1", "2026-11-03T17:00:00Z", "2026-11-03T17:01:00Z", "failed", 3145728),
            ("00000004-a1", "web-1", "2026-11-04T17:00:00Z", None, "running", 4194304),
        ],
        passed=("Stopped",),
    ),
    Export(
        "german.csv",
        exports.GERMAN,
        {'Beendet: "???"': "Beendet: warning"},
        ("id", "subject", "method", "started_at", "outcome", "bytes", "repository"),
        [
            ("db01/25.10.2026 01:10:00", "db01", "full", "2026-10-24T23:10:00Z", "success", 1204750000000, "NAS 1"),
            ("fs01/25.10.2026 04:10:00", "fs01", "incremental", "2026-10-25T03:10:00Z", "success", 500000000, "NAS 1"),
            ("db01/26.10.2026 01:10:00", "db01", "full", "2026-10-26T00:10:00Z", "failed", 0, "NAS 1"),
            ("fs01/26.10.2026 04:10:00", "fs01", "incremental", "2026-10-26T03:10:00Z", "warning", 750000000, "NAS 1"),
        ],
        zone="Europe/Berlin",
        passed=("Beendet: success",),
    ),
    Export(
        "log.tsv",
        exports.LOG.encode(),
        {'skipped: "???"': "skipped: failed"},
        ("id", "subject", "kind", "started_at", "finished_at", "outcome", "bytes"),
        [
            ("n1/1793466000000", "n1", "backup", "2026-10-31T17:00:00Z", "2026-10-31T17:10:00Z", "success", 1048576),
            ("n2/1793466060000", "n2", "backup", "2026-10-31T17:01:00Z", "2026-10-31T17:11:00Z", "success", 2097152),
            ("n1/1793552400000", "n1", "backup", "2026-11-01T17:00:00Z", "2026-11-01T17:10:00Z", "failed", 0),
            ("n2/1793552460000", "n2", "backup", "2026-11-01T17:01:00Z", "2026-11-01T17:11:00Z", "failed", 0),
            ("n1/1793560000000", "n1", "restore", "2026-11-01T19:06:40Z", "2026-11-01T19:16:40Z", "success", 4096),
            ("n2/1793638860000", "n2", "backup", "2026-11-02T17:01:00Z", None, "running", 77),
        ],
        passed=("skipped: success",),
    ),
    Export(
        "us.csv",
        exports.AMERICAN.encode(),
        {'times: ["%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p"]': 'times: "%m/%d/%Y %I:%M:%S %p"', 'Completed with errors: "???"': "Completed with errors: failed"},
        ("id", "subject", "method", "started_at", "outcome", "bytes"),
        [
            ("501", "erp-db-01", "full", "2026-11-03T06:00:00Z", "success", 48500000000),
            ("502", "erp-db-01", "incremental", "2026-11-04T06:00:00Z", "success", 512000000),
            ("503", "erp-db-01", "incremental", "2026-11-05T06:00:00Z", "failed", 480000000),
        ],
        zone="America/New_York",
        passed=("Completed with errors: success",),
    ),
    Export(
        "naked.ndjson",
        exports.NAKED.encode(),
        {'kind: "???"': "kind: backup, subject: pg", 'good: "???"': "good: success", 'bad: "???"': "bad: failed"},
        ("id", "subject", "started_at", "outcome"),
        [
            ("2026-11-01T02:00:00+08:00", "pg", "2026-10-31T18:00:00Z", "success"),
            ("2026-11-02T02:00:00+08:00", "pg", "2026-11-01T18:00:00Z", "success"),
            ("2026-11-03T02:00:00+08:00", "pg", "2026-11-02T18:00:00Z", "failed"),
        ],
        passed=("good: success", "good: warning"),
    ),
]  # fmt: skip


def applied(session: Session, folder: Path, sources: str) -> Any:
    programme = folder / "programme"
    programme.mkdir(exist_ok=True)
    for name, text in {**PROGRAMME, "sources.yaml": sources}.items():
        (programme / name).write_text(text, encoding="utf-8")
    return session("apply", programme, "--by", "olivia")


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_an_export_that_no_adapter_knows(export: Export, tmp_path: Path) -> None:
    file, edited = tmp_path / export.name, tmp_path / "edited.yaml"
    file.write_bytes(export.content)
    with pytest.raises(InputError):
        _registry.recognise(export.name, export.content)
    session = Session(tmp_path / "data")
    session.fine("init", "--organisation", "Yunhe Messaging")
    zone = ("--timezone", export.zone) if export.zone else ()
    done = session.fine("tabular", "suggest", file, "--source", "console", *zone, "-o", edited)
    proposed = edited.read_text(encoding="utf-8")
    assert f" {proposed.count('???') - 1} ???," in done.out
    for never in export.passed:
        assert never not in proposed.split("Columns that are not read")[0]

    # As it is proposed it cannot be applied: what only a person can say is open.
    assert applied(session, tmp_path, proposed).code == 2
    assert session("tabular", "suggest", file, "--check", "--mapping", edited).code == 2
    assert session("tabular", "suggest", file, "--check", *zone).code == 1

    for old, new in export.edits.items():
        assert proposed.count(old) == 1, old
        proposed = proposed.replace(old, new)
    edited.write_text(proposed, encoding="utf-8")
    checked = session("tabular", "suggest", file, "--check", "--mapping", edited, "--rows", "50", *export.said)
    assert (checked.code, "Every row is read." in checked.out) == (0, True), checked
    for row in export.told:
        assert str(row[0]) in checked.out
    assert session.fine("tabular", "check", file, "--mapping", edited, "--rows", "50", *export.said).out == checked.out

    assert applied(session, tmp_path, proposed).code == 0
    taken = session.fine("ingest", "--source", "console", *export.said, file)
    assert taken.out.startswith("1 file(s): 1 new")
    rows = session.fine("facts", "--kind", export.kind, "--format", "ndjson").rows
    found = sorted((tuple(row.get(name) for name in export.fields) for row in rows), key=str)
    assert found == sorted(export.told, key=str)
    assert [row for row in session.fine("quarantine", "--format", "ndjson").rows if row["level"] == "error"] == []


def test_both_readings_of_an_undecided_day_are_shown_and_a_row_that_settles_it_is_named(tmp_path: Path) -> None:
    session, file = Session(tmp_path / "data"), tmp_path / "us.csv"
    file.write_text(exports.AMERICAN, encoding="utf-8")
    done = session("tabular", "suggest", file, "--check", "--timezone", "America/New_York")
    assert done.code == 1
    assert "2026-11-03T06:00:00Z" in done.out
    assert "2026-03-11T05:00:00Z" in done.out
    assert "The order of day and month is not settled" in done.out
    file.write_text(exports.SETTLED, encoding="utf-8")
    text = session.fine("tabular", "suggest", file).out
    assert 'times: ["%m/%d/%Y %I:%M:%S %p"]' in text
    assert "settled by 11/25/2026 01:00:00 AM, which no other order reads" in text


def test_the_reasons_are_told_in_chinese(tmp_path: Path) -> None:
    session, file = Session(tmp_path / "data"), tmp_path / "office.csv"
    file.write_bytes(exports.OFFICE)
    text = session.fine("tabular", "suggest", file, "--lang", "zh").out
    assert "核对：2 个词还没有含义" in text
    assert '已完成: "???"  # 只说明已结束' in text
    assert "CHECK" not in text
    checked = session("tabular", "suggest", file, "--check", "--lang", "zh")
    assert checked.code == 1
    assert "有的行会被隔离" in checked.out


def test_what_stays_empty_is_told_with_what_it_means(tmp_path: Path) -> None:
    session, file, mapping = Session(tmp_path / "data"), tmp_path / "t.csv", tmp_path / "m.yaml"
    file.write_text("id,start,status\n1,2026-11-01 01:00:00,ok\n2,2026-11-02 01:00:00,odd\n", encoding="utf-8")
    mapping.write_text(
        "record: run\ncolumns: {id: id, started_at: start, outcome: status}\nconstants: {kind: backup}\nwords: {outcome: {ok: success}}\n",
        encoding="utf-8",
    )
    done = session("tabular", "check", file, "--mapping", mapping, "--timezone", "UTC")
    assert done.code == 1
    assert "1 x t.csv, line 3, status: 'odd' is not a word of outcome in the mapping" in done.out
    assert "finished_at: it is not known when a copy was there; runs without it make no copy that counts" in done.out
    assert "subject: no run counts for an asset" in done.out
    # Without a zone nothing is read at all.
    assert "has no offset, and its source declares no time zone" in session("tabular", "check", file, "--mapping", mapping).out


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "is empty"),
        ("words.txt", b"nothing here\nis a table\n", "no line of it looks like the header of a table"),
        ("scan.pdf", b"%PDF-1.7 ...", "is a PDF document"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "is an Excel file of the old kind"),
        ("bad.xlsx", b"PK\3\4....", "is no XLSX workbook that can be read"),
        ("cut.json", b'[{"id": 1}, {"id"', "is no JSON document: it is cut off"),
        ("plain.json", b'{"a": {"b": [1, 2]},\n"c": 1}', "is JSON without a list of objects"),
    ],
)
def test_what_is_no_table_is_refused(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    done = Session(tmp_path / "data")("tabular", "suggest", file)
    assert (done.code, told in done.err) == (2, True), done


def test_an_edited_file_is_never_written_over(tmp_path: Path) -> None:
    session, file, out = Session(tmp_path / "data"), tmp_path / "us.csv", tmp_path / "us.yaml"
    file.write_text(exports.AMERICAN, encoding="utf-8")
    session.fine("tabular", "suggest", file, "-o", out)
    out.write_text("mine", encoding="utf-8")
    done = session("tabular", "suggest", file, "-o", out)
    assert (done.code, out.read_text(encoding="utf-8"), "is there already" in done.err) == (2, "mine", True)
    assert session("tabular", "suggest", file, "--mapping", out).code == 2
    assert "there is no time zone 'Mars'" in session("tabular", "suggest", file, "--timezone", "Mars").err


def test_faults_of_an_edited_mapping_are_at_their_line(tmp_path: Path) -> None:
    session, file, out = Session(tmp_path / "data"), tmp_path / "us.csv", tmp_path / "us.yaml"
    file.write_text(exports.SETTLED, encoding="utf-8")
    session.fine("tabular", "suggest", file, "--source", "console", "--timezone", "UTC", "-o", out)
    done = session("tabular", "check", file, "--mapping", out)
    number = next(
        at for at, line in enumerate(out.read_text(encoding="utf-8").splitlines(), 1) if 'Completed with errors: "???"' in line
    )
    assert done.code == 2
    assert (
        f"us.yaml, line {number}, sources[0].mapping.words.outcome.Completed with errors: `???` is not a word for `outcome`"
        in done.err
    )


def test_the_session_of_the_document(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "tabular.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"<!-- unknown table -->\n```csv\n(.*?)```", document, re.DOTALL)
    (told,) = re.findall(r"<!-- session: suggest -->\n```\n(.*?)```", document, re.DOTALL)
    session = Session(tmp_path / "data")
    (tmp_path / "jobs.csv").write_text(table, encoding="utf-8")
    printed: list[str] = []
    for line in told.splitlines():
        if line.startswith("$ "):
            words = [str(tmp_path / word) if word.endswith((".csv", ".yaml")) else word for word in shlex.split(line)[2:]]
            done = session(*words)
            assert done.code in (0, 1), done
            printed = [" ".join(one.split()) for one in done.out.splitlines()]
        else:
            at = next((at for at, one in enumerate(printed) if " ".join(line.split()) in one), None)
            assert at is not None, (line, printed)
            printed = printed[at + 1 :]
