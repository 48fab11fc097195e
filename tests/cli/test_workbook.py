"""The workbook as users get it: a programme with hostile names is applied, evidence ingested, the report written, and the file opened by
openpyxl and by LibreOffice.
"""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from tests.cli.session import Session

START = datetime(2026, 10, 31, 16, tzinfo=UTC)  # midnight in Shanghai
PERIOD = ("--from", "2026-11-01", "--to", "2026-11-03")
NAMES = (
    '=HYPERLINK("https://example.org/?"&A1,"x")', "+1", "-1", "@x", "=cmd|'/c calc'!A1", "＝1+1",
    "<b>&amp;</b>", "#REF!", "TRUE", "1e5", "2026-01-01", "消息库", "'quoted", "a_x000D_b",
)  # fmt: skip
"""Of assets and their subjects, and in the titles of units. What stands around a name in a programme is left out when it is read."""
ORPHAN = "\t=2+2"
"""A subject that no asset has."""
FILES = {
    "programme.yaml": {"title": {"en": "=1+1", "zh": "+示例"}, "timezone": "Asia/Shanghai"},
    "units.yaml": {"units": [{"name": f"unit-{n}", "title": {"en": name, "zh": name}} for n, name in enumerate(NAMES)]},
    "sites.yaml": {"sites": [{"name": "dc1", "city": "=1+1", "country": "CN"}]},
    "repositories.yaml": {
        "repositories": [{"name": "nas", "medium": "disk", "site": "dc1", "failure_domain": "nas-01", "keeps_at_least": "7d"}]
    },
    "sources.yaml": {"sources": [{"name": "dumps", "tool": "interchange", "timezone": "Asia/Shanghai", "expected_every": "1d"}]},
    "policy-core.yaml": {
        "policy": "core", "version": 1, "effective": "2026-11-01", "timezone": "Asia/Shanghai", "title": {"en": "@core", "zh": "@核心"},
        "applies_to": {"tier": "core"}, "objectives": {"rpo": "2h"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Session:
    """Two days of hourly points of each asset, with a hole of four hours, listed at the end."""
    folder = tmp_path_factory.mktemp("workbook")
    programme = folder / "programme"
    programme.mkdir()
    assets = [
        {
            "name": name, "unit": f"unit-{n}", "data_class": "=messages", "tier": "core", "site": "dc1", "medium": "disk",
            "in_service": "2026-11-01", "subjects": [{"source": "dumps", "subject": name}], "repositories": ["nas"],
        }
        for n, name in enumerate(NAMES)
    ]  # fmt: skip
    for file, values in {**FILES, "assets.yaml": {"assets": assets}}.items():
        (programme / file).write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    rows = [
        {
            "record": "recovery_point", "source": "dumps", "repository": "nas", "id": f"{name}-{hour}", "subject": name,
            "method": "full", "captured_at": at.isoformat(), "available_at": at.isoformat(),
        }
        for name in (*NAMES, ORPHAN)
        for hour in range(49)
        if not 20 <= hour < 24 and (at := START + timedelta(hours=hour))
    ]  # fmt: skip
    listed = (START + timedelta(hours=49)).isoformat()
    rows.append({"record": "listing", "source": "dumps", "repository": "nas", "listed_at": listed, "complete": True})
    (folder / "=evidence.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    found = Session(folder / "data")
    found.fine("init")
    found.fine("apply", programme)
    found.fine("ingest", folder / "=evidence.ndjson")
    return found


@pytest.fixture(scope="module", params=["en", "zh"])
def report(request, session, tmp_path_factory) -> tuple[str, Path, dict]:
    """The review's language, workbook, and JSON."""
    folder = tmp_path_factory.mktemp(request.param)
    for fmt in ("xlsx", "json"):
        session.fine("report", "annual-review", *PERIOD, "--lang", request.param, "--format", fmt, "-o", folder / f"review.{fmt}")
    return request.param, folder / "review.xlsx", json.loads((folder / "review.json").read_text(encoding="utf-8"))


def test_hostile_names_stay_text(report):
    _, path, _ = report
    book = load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell.value for cell in cells if cell.data_type not in ("s", "n", "d")]
    assert not [cell.value for cell in cells if isinstance(cell.value, str) and re.match(r"[\s]*[-=+@＝]", cell.value)]
    assets = {row[0] for row in book.worksheets[6].iter_rows(min_row=2, values_only=True)}
    assert assets == {
        "'=HYPERLINK(\"https://example.org/?\"&A1,\"x\")", "'+1", "'-1", "'@x", "'=cmd|'/c calc'!A1", "'＝1+1",
        "<b>&amp;</b>", "#REF!", "TRUE", "1e5", "2026-01-01", "消息库", "'quoted", "a_x005F_x000D_b",  # as Excel has it written; openpyxl reads it as it is
    }  # fmt: skip
    with ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "external" in name.lower()]
        assert not [name for name in archive.namelist() if re.search(rb"<f[ >/]", archive.read(name))]


def test_the_numbers_are_those_of_the_json(report):
    _, path, document = report
    tables = {block["id"]: block for section in document["sections"] for block in section["blocks"] if block["block"] == "table"}
    book = load_workbook(path)
    for sheet, table in ((1, "results"), (2, "breaches"), (4, "unproven"), (5, "evidence"), (6, "asset-list"), (7, "policies")):
        rows = list(book.worksheets[sheet].iter_rows(min_row=2, values_only=True))
        assert len(rows) == len(tables[table]["rows"])
        columns = tables[table]["columns"]
        for row, told in zip(rows, tables[table]["rows"], strict=True):
            for value, column in zip(row, columns, strict=False):
                same(value, told[column["key"]], column["kind"])
    assert len(tables["breaches"]["rows"]) == len(NAMES)


def same(value, told, kind: str) -> None:
    """Check a cell of the workbook against the same cell of the JSON."""
    if told is None:
        assert value == "–"
    elif kind == "instant":
        instant = datetime.fromisoformat(told.replace("Z", "+00:00"))
        wall = instant.replace(tzinfo=None) + timedelta(hours=8)
        assert abs(value - wall) < timedelta(milliseconds=1.5)
    elif kind == "duration":
        seconds = value.total_seconds() if isinstance(value, timedelta) else value * 86_400
        assert seconds == pytest.approx(told, abs=1e-3)
    elif kind in ("share", "number", "ordinal"):
        assert value == pytest.approx(told, abs=1e-12)


def test_the_same_question_gives_the_same_workbook(report, session, tmp_path):
    language, path, _ = report
    session.fine("report", "annual-review", *PERIOD, "--lang", language, "--format", "xlsx", "-o", tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here; scripts/system-packages.sh installs it")
def test_libreoffice_reads_every_sheet_as_it_was_meant(report, tmp_path):
    language, path, document = report
    sheets = converted(path, tmp_path)
    assert list(sheets) == {
        "en": ["Summary", "Controls", "Breaches", "Waivers", "Unproven", "Evidence", "Assets", "Policies", "About"],
        "zh": ["摘要", "控制项结果", "不达标时段", "豁免", "未证实时段", "证据", "资产", "策略", "说明"],
    }[language]  # fmt: skip
    summary, controls, breaches, _, _, _, assets, *_ = sheets.values()
    assert summary[0][0] == ("string", None, document["title"])
    assert len(breaches) == 1 + len(NAMES)
    for row in breaches[1:]:
        assert row[4] == ("date", "2026-11-01T21:00:00", "2026-11-01 21:00:00")
        assert row[5] == ("date", "2026-11-02", "2026-11-02 00:00:00")
        assert row[6] == ("time", "PT03H00M00S", "3:00:00")
    names = {row[0] for row in assets[1:]}
    told = {
        "'+1",
        "'-1",
        "'@x",
        "#REF!",
        "TRUE",
        "1e5",
        "2026-01-01",
        "消息库",
        "a_x000D_b",
        '\'=HYPERLINK("https://example.org/?"&A1,"x")',
    }
    assert {("string", None, name) for name in told} <= names
    assert len(names) == len(NAMES)
    (met,) = {row[8] for row in controls[1:] if row[7][2] in ("Breached", "不达标")}
    assert met[2] == "93.75%"
    assert float(met[1]) == pytest.approx(45 / 48)
    kinds = {kind for sheet in sheets.values() for row in sheet for kind, _, _ in row}
    assert kinds - {""} == {"string", "float", "percentage", "date", "time"}


EMPTY = ("", None, "")
NAMESPACE = {
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}


def converted(path: Path, folder: Path) -> dict[str, list[list[tuple[str, str | None, str]]]]:
    """Return what LibreOffice has in each sheet of a workbook, by name: the type, value and shown text of each cell. No cell has a formula."""
    home = f"-env:UserInstallation={(folder / 'home').as_uri()}"
    command = ["soffice", home, "--headless", "--convert-to", "fods", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    tree = ElementTree.parse(folder / f"{path.stem}.fods")
    assert not [
        cell for cell in tree.iter(f"{{{NAMESPACE['table']}}}table-cell") if f"{{{NAMESPACE['table']}}}formula" in cell.attrib
    ]
    sheets = {}
    for table in tree.iterfind(".//office:spreadsheet/table:table", NAMESPACE):
        rows = [
            [one for cell in row.iterfind("table:table-cell", NAMESPACE) for one in filled(cell)]
            for row in table.iterfind(".//table:table-row", NAMESPACE)
        ]
        sheets[table.get(f"{{{NAMESPACE['table']}}}name")] = [row for row in rows if set(row) - {EMPTY}]
    return sheets


def filled(cell: ElementTree.Element) -> list[tuple[str, str | None, str]]:
    """Return a cell as often as it is repeated."""
    office = f"{{{NAMESPACE['office']}}}"
    kind = cell.get(f"{office}value-type")
    times = int(cell.get(f"{{{NAMESPACE['table']}}}number-columns-repeated", "1"))
    if kind is None:
        return [EMPTY] * min(times, 50)
    value = cell.get(f"{office}date-value") or cell.get(f"{office}time-value") or cell.get(f"{office}value")
    shown = "\n".join("".join(line.itertext()) for line in cell.iterfind("text:p", NAMESPACE))
    return [(kind, value, shown)] * times


def test_assess_hands_over_a_workbook(session, tmp_path):
    out = tmp_path / "assessment.xlsx"
    done = session("assess", *PERIOD, "--format", "xlsx", "-o", out)
    assert done.code == 1  # something is breached
    book = load_workbook(out)
    assert book.sheetnames == ["Summary", "Controls", "Breaches", "Waivers", "Unproven", "Evidence", "Assets", "About"]
    assert book["Breaches"].max_row == 1 + len(NAMES)
    refused = session("assess", *PERIOD, "--format", "xlsx")
    assert refused.code == 2
    assert "-o FILE.xlsx" in refused.err
