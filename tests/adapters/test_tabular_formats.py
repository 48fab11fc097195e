"""The adapter tabular against workbooks and JSON: what a cell's type says, what is refused before it is unpacked, and the place of every row."""

from __future__ import annotations

import io
import json
import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from audit.adapters import _cells, _registry, _xlsx
from audit.adapters._mapping import TableMapping
from audit.errors import InputError
from audit.evidence.places import excerpt
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden, mutations
from tests.adapters.workbooks import SHEET, packed, workbook

HEADER = ("编号", "客户端", "开始", "结束", "状态", "大小")
RUN: dict[str, Any] = {
    "record": "run",
    "format": "xlsx",
    "columns": {"id": "编号", "subject": "客户端", "started_at": "开始", "finished_at": "结束", "outcome": "状态", "bytes": "大小"},
    "constants": {"kind": "backup", "repository": "nas"},
    "words": {"outcome": {"成功": "success", "失败": "failed"}},
}
BEGIN, END = datetime(2026, 11, 1, 1), datetime(2026, 11, 1, 2)


def row(number: Any, **other: Any) -> list[Any]:
    values = dict(zip(HEADER, (number, "db", BEGIN, END, "成功", 100), strict=True))
    return list({**values, **other}.values())


def read(payload: bytes | str, mapping: dict[str, Any] = RUN, **more: Any) -> Facts:
    told = TableMapping.model_validate(mapping)
    assert told.problems() == []
    values = {"source": "console", "timezone": "Asia/Shanghai", "repository": "nas", "name": "t.xlsx", **more}
    payload = payload.encode() if isinstance(payload, str) else payload
    return _registry.read("tabular", payload, Envelope(tool="tabular", mapping=told.stored(), **values))


def refused(payload: bytes | str, mapping: dict[str, Any] = RUN) -> str:
    with pytest.raises(InputError) as caught:
        read(payload, mapping)
    assert caught.value.faults
    return "; ".join(str(fault) for fault in caught.value.faults)


def faults(facts: Facts) -> list[str]:
    return [str(fault) for fault in facts.faults]


# --- cells by their type ----------------------------------------------------------------------------------------------------------


def test_a_sheet_with_typed_cells_is_read() -> None:
    facts = read(
        workbook([HEADER, row("J-1"), row("J-2", 状态="失败", 大小=None), row("J-3", 开始=datetime(2026, 11, 1, 1, 0, 30))])
    )
    assert facts.faults == ()
    assert list(facts.runs.select("id", "outcome", "bytes", "locator").iter_rows()) == [
        ("J-1", "success", 100, "row 2"),
        ("J-2", "failed", None, "row 3"),
        ("J-3", "success", 100, "row 4"),
    ]
    assert facts.runs["started_at"].to_list()[::2] == [
        datetime(2026, 10, 31, 17, tzinfo=UTC),
        datetime(2026, 10, 31, 17, 0, 30, tzinfo=UTC),
    ]


def test_both_calendars_tell_the_same_days() -> None:
    assert read(workbook([HEADER, row(1)], since_1904=True)).runs["started_at"].to_list() == [
        datetime(2026, 10, 31, 17, tzinfo=UTC)
    ]


@pytest.mark.parametrize(
    ("number", "code", "since_1904", "text"),
    [
        ("45964", "yyyy-mm-dd", False, "2025-11-03"),
        ("45964", "yyyy-mm-dd hh:mm", False, "2025-11-03T00:00:00"),
        ("45964.5", "yyyy-mm-dd", False, "2025-11-03T12:00:00"),
        ("44502", "d/m/yyyy", True, "2025-11-03"),
        ("45964.052083333336", "m/d/yy h:mm", False, "2025-11-03T01:15:00"),
        ("45964.99999999", "m/d/yy h:mm", False, "2025-11-03T23:59:59.999"),
        ("45964.9999999999", "m/d/yy h:mm", False, "2025-11-04T00:00:00"),
        ("0.25", "hh:mm:ss", False, "06:00:00"),
        ("1.5", "[h]:mm", False, "36:00:00"),
        ("60", "yyyy-mm-dd", False, "1900-02-28"),
        ("61", "yyyy-mm-dd", False, "1900-03-01"),
        ("1", "yyyy-mm-dd", False, "1900-01-01"),
        ("45964.5", '[$-804]yyyy"年"m"月"d"日"\\ h"时"mm"分";@', False, "2025-11-03T12:00:00"),
        ("45964", "[Red]0.00", False, None),
        ("45964", "General", False, None),
        ("45964", '#,##0" h"', False, None),
        ("-1", "yyyy-mm-dd", False, None),
        ("99999999", "yyyy-mm-dd", False, None),
    ],
)
def test_a_number_under_a_format_of_time(number: str, code: str, since_1904: bool, text: str | None) -> None:
    assert _cells.when(Decimal(number), code, since_1904=since_1904) == text


def test_a_day_alone_is_no_instant() -> None:
    """Midnight would be a guess: the cell tells a day."""
    facts = read(workbook([HEADER, row(1, 开始=date(2026, 11, 1)), row(2)]))
    assert facts.runs["id"].to_list() == ["2"]
    assert faults(facts)[0].startswith("t.xlsx, cell C2, 开始: '2026-11-01' is not a time as the mapping says: rfc3339")


def test_a_day_and_a_clock_time_in_two_columns_are_joined() -> None:
    mapping = {**RUN, "columns": {**RUN["columns"], "started_at": ["日期", "时刻"]}, "times": ["rfc3339", "%F %T"]}
    payload = workbook([("日期", "时刻", *HEADER), (date(2026, 11, 1), time(1, 2, 3), *row(1))])
    facts = read(payload, mapping)
    assert (facts.runs["started_at"].to_list(), facts.faults) == ([datetime(2026, 10, 31, 17, 2, 3, tzinfo=UTC)], ())


def test_east_asian_formats_of_days_are_known() -> None:
    """Chinese spreadsheets write their own days under built-in numbers that stand in no table of formats."""
    styles = "xl/styles.xml"
    payload = packed(
        workbook([HEADER, row(1)]),
        {styles: lambda text: text.replace('numFmtId="22"', 'numFmtId="31"').replace('numFmtId="164"', 'numFmtId="31"')},
    )
    assert read(payload).runs["started_at"].to_list() == [datetime(2026, 10, 31, 17, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("raw", "text"),
    [("1000000000000000", "1000000000000000"), ("1.0E+15", "1000000000000000"), ("12", "12"), ("0.1", "0.1"), ("48.500000000000000", "48.5"),
     ("1.0000000000000001E-2", "0.01"), ("3.0", "3"), ("1.20", "1.2")],
)  # fmt: skip
def test_numbers_keep_their_digits(raw: str, text: str) -> None:
    facts = read(workbook([HEADER, row(77)], change=lambda xml: xml.replace("<v>77</v>", f"<v>{raw}</v>")))
    assert facts.runs["id"].to_list() == [text]


def test_more_digits_than_a_spreadsheet_keeps_are_told() -> None:
    facts = read(workbook([HEADER, row(1234567890123456000), row(1)]))
    assert [(one.level, one.locator, one.key) for one in facts.faults] == [("warning", "cell A2", "编号")]
    assert facts.runs.height == 2


def test_a_formula_counts_by_the_value_that_was_saved() -> None:
    def change(xml: str) -> str:
        return xml.replace('<c r="A2" t="n"><v>77</v></c>', '<c r="A2"><f>B1+1</f><v>78</v></c>').replace(
            '<c r="A3" t="n"><v>79</v></c>', '<c r="A3"><f>B1+1</f><v></v></c>'
        )

    facts = read(workbook([HEADER, row(77), row(79), row(80)], change=change))
    assert facts.runs["id"].to_list() == ["78", "80"]
    assert faults(facts) == [
        "t.xlsx, cell A3, 编号: this cell holds a formula whose value was never calculated (correct it in the spreadsheet, or name it in `unknown`, and save it again)"
    ]


def test_an_error_of_the_spreadsheet_is_no_text() -> None:
    error = '<c r="{}" t="e"><v>#N/A</v></c>'

    def change(xml: str) -> str:
        return xml.replace('<c r="B2" t="inlineStr"><is><t>bad</t></is></c>', error.format("B2")).replace(
            '<c r="B2" t="s"><v>6</v></c>', error.format("B2")
        )

    payload = workbook([HEADER, row(1, 客户端="bad"), row(2)], change=change)
    facts = read(payload)
    assert facts.runs["id"].to_list() == ["2"]
    assert faults(facts)[0].startswith("t.xlsx, cell B2, 客户端: this cell holds an error of the spreadsheet: #N/A")
    known = read(payload, {**RUN, "unknown": "#N/A"})
    assert (known.runs["subject"].to_list(), known.faults) == ([None, "db"], ())


def test_true_and_escaped_signs_are_text() -> None:
    mapping = {**RUN, "words": {"outcome": {"TRUE": "success", "FALSE": "failed"}}}
    facts = read(workbook([HEADER, row("a_x000D_b", 状态=True), row("_x0041_", 状态=False)]), mapping)
    assert list(facts.runs.select("id", "outcome").iter_rows()) == [("a\rb", "success"), ("A", "failed")]


# --- the table in the sheet -------------------------------------------------------------------------------------------------------


def test_titles_above_and_totals_below_are_left_out_and_merged_cells_cover_their_rows() -> None:
    rows = [["备份报表"], ["导出时间：2026-11-06"], [], HEADER, row(1), row(2, 客户端=None), [], row(3), ["合计", 3]]
    facts = read(workbook(rows, merged=["A1:F1", "B5:B6"]), {**RUN, "skip": {"before": 3, "after": 1}})
    assert list(facts.runs.select("id", "subject", "locator").iter_rows()) == [
        ("1", "db", "row 5"),
        ("2", "db", "row 6"),
        ("3", "db", "row 8"),
    ]
    assert faults(facts) == [
        "t.xlsx, skip: 1 row(s) at the end are not read: '合计, 3' (as the mapping says (`skip`); is it no row?)"
    ]


def test_the_sheet_is_the_declared_one_or_the_first_that_is_seen_and_that_is_told() -> None:
    payload = workbook([["x"], [1]], title="Cover", others={"Jobs": [HEADER, row(1)], "More": [HEADER, row(2)]}, hidden=["Cover"])
    first = read(payload)
    assert (first.runs["id"].to_list(), faults(first)) == (
        ["1"],
        ["t.xlsx, sheet: the sheet 'Jobs' is read, and not 'Cover', 'More' (say which with `sheet` in the mapping)"],
    )
    named = read(payload, {**RUN, "sheet": "More"})
    assert (named.runs["id"].to_list(), named.faults) == (["2"], ())
    assert refused(payload, {**RUN, "sheet": "Jbs"}) == "t.xlsx, sheet: has no sheet 'Jbs' (sheets: 'Cover', 'Jobs', 'More')"


def test_a_bad_cell_is_named_by_its_place() -> None:
    facts = read(workbook([HEADER, row(1, 状态="部分成功"), row(2)]))
    assert faults(facts) == [
        "t.xlsx, cell E2, 状态: '部分成功' is not a word of outcome in the mapping (add it to `words`; the nearest there is '成功')"
    ]
    assert refused(workbook([HEADER[:-1], row(1)[:-1]])).startswith("t.xlsx, row 1, 大小: the table has no column '大小'")
    assert (
        refused(workbook([]))
        == "t.xlsx, row 1: has no header: the sheet 'Jobs' has nothing from row 1 on (correct `skip` in the mapping, or export it again)"
    )


def test_a_row_is_shown_as_text() -> None:
    payload = workbook([["报表"], [], HEADER, row(1)])
    told = TableMapping.model_validate({**RUN, "skip": {"before": 2}})
    text, codec = _registry.text_form(payload, Envelope(tool="tabular", mapping=told.stored()))
    marked = excerpt(text, "row 4", codec)
    assert [line.marked for line in marked.lines if line.marked] == ["1\tdb\t2026-11-01T01:00:00\t2026-11-01T02:00:00\t成功\t100"]
    assert [line.marked for line in excerpt(text, "cell E4", codec).lines if line.marked] == ["成功"]
    assert not excerpt(text, "row 9", codec).found
    assert _registry.text_form(b"PK\3\4?", Envelope(tool="tabular", mapping=told.stored())) == (b"PK\3\4?", "utf-8")


def test_fits_looks_into_the_workbook() -> None:
    mapping = TableMapping.model_validate(RUN).stored()
    assert _registry.fits("tabular", workbook([[], HEADER, row(1)]), mapping)
    assert not _registry.fits("tabular", workbook([HEADER[1:], row(1)[1:]]), mapping)
    assert not _registry.fits("tabular", b"PK\3\4nothing", mapping)
    assert not _registry.fits("tabular", ",".join(HEADER).encode(), mapping)


# --- what is refused --------------------------------------------------------------------------------------------------------------


def archive(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    bomb = archive({"xl/workbook.xml": b"<a/>", "xl/sharedStrings.xml": b" " * (3 << 20)})
    with patch.object(ZipFile, "open", side_effect=AssertionError("unpacked")):
        assert "would grow" in refused(bomb)
    with patch.object(_xlsx, "UNPACKED", 1 << 10):
        assert "would unpack to" in refused(workbook([HEADER, row(1)]))
    with patch.object(_xlsx, "PARTS", 3):
        assert "parts" in refused(workbook([HEADER, row(1)]))
    with patch.object(_cells, "CELLS", 8):
        assert "more cells than are read" in refused(workbook([HEADER, row(1), row(2)]))


def test_entities_are_refused() -> None:
    laughing = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    payload = packed(workbook([HEADER, row(1)]), {SHEET: lambda xml: laughing + xml.split("?>", 1)[-1]})
    assert "has a document type" in refused(payload)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "is an Excel file of the old kind (.xls), or has a password"),
        (b"a,b\n1,2\n", "is no XLSX workbook"),
        (b"PK\3\4 and nothing more", "is no XLSX workbook that can be read"),
        (archive({"other.txt": b"x"}), "a zip archive without a workbook"),
        (archive({"xl/workbook.xml": b"<a"}), "is no XML"),
        (archive({"xl/workbook.xml": b"<workbook/>"}), "it has no sheet with rows"),
    ],
)
def test_what_is_no_workbook_is_refused(payload: bytes, told: str) -> None:
    assert told in refused(payload)


def test_a_column_or_a_row_that_cannot_be_is_refused_and_takes_no_memory() -> None:
    assert "a sheet has no more than" in refused(
        workbook([HEADER, row(1)], change=lambda xml: xml.replace('<row r="2"', '<row r="99999999999"'))
    )
    read(workbook([HEADER, row(1)], change=lambda xml: xml.replace('r="A2"', 'r="ZZZZZZZZ2"')))
    assert "more cells" in refused(workbook([HEADER, row(1)], change=lambda xml: xml.replace('r="A2"', 'r="ZZZ2"')))


def test_evidence_without_a_format_is_text_as_before() -> None:
    mapping = {key: value for key, value in RUN.items() if key != "format"}
    assert TableMapping.model_validate(mapping).stored() == {
        "record": "run", "columns": TableMapping.model_validate(RUN).stored()["columns"], "constants": RUN["constants"], "words": RUN["words"],
    }  # fmt: skip
    assert "is a zip archive" in refused(workbook([HEADER, row(1)]), mapping)


@pytest.mark.parametrize("block", range(5))
def test_damage_inside_of_a_workbook_is_told(block: int) -> None:
    """The archive is whole, and its XML is not: every part of it, damaged as other payloads are."""
    payload = (golden.DATA / "tabular" / "zuoye.xlsx").read_bytes()
    told = golden.envelope(golden.DATA / "tabular" / "zuoye.xlsx")
    for seed in range(block * 40, block * 40 + 40):
        random_ = random.Random(seed)
        with ZipFile(io.BytesIO(payload)) as old:
            parts = {name: old.read(name) for name in old.namelist()}
        name = random_.choice([one for one in sorted(parts) if one.endswith((".xml", ".rels"))])
        parts[name] = mutations.damaged(random_, parts[name])
        facts, faults = None, ()
        try:
            facts = _registry.read("tabular", archive(parts), told)
        except InputError as error:
            faults = error.faults
        assert facts is not None or faults
        _registry.text_form(archive(parts), told)


# --- JSON -------------------------------------------------------------------------------------------------------------------------

ANSWER: dict[str, Any] = {
    "record": "run",
    "format": "json",
    "rows": "data.items",
    "columns": {"id": "id", "subject": "vm.name", "started_at": "time.start", "outcome": "status", "bytes": "size"},
    "constants": {"kind": "backup", "repository": "nas"},
    "times": "epoch-milliseconds",
    "words": {"outcome": {"OK": "success"}},
}
ITEM = {"id": 10**15, "vm": {"name": "db", "tags": []}, "time": {"start": 1793466000000}, "status": "OK", "size": 2.5e3, "x": None}


def answer(*items: Any) -> str:
    return json.dumps({"total": len(items), "data": {"items": items}})


def test_a_json_answer_with_nested_keys_is_read() -> None:
    facts = read(answer(ITEM, {**ITEM, "id": "b", "size": None}), ANSWER)
    assert facts.faults == ()
    assert list(facts.runs.select("id", "subject", "bytes", "locator").iter_rows()) == [
        ("1000000000000000", "db", 2500, "/data/items/0"),
        ("b", "db", None, "/data/items/1"),
    ]
    assert facts.runs["started_at"][0] == datetime(2026, 10, 31, 17, tzinfo=UTC)


def test_faults_of_json_are_pointers() -> None:
    bad = [
        {**ITEM, "id": "s", "status": "??"},
        {**ITEM, "id": "o", "vm": {"name": {"a": 1}}},
        7,
        {**ITEM, "id": "t", "time": {"start": "soon"}},
        ITEM,
    ]
    facts = read(answer(*bad), ANSWER)
    assert facts.runs["id"].to_list() == ["1000000000000000"]
    assert {(one.locator, one.key) for one in facts.faults} == {
        ("/data/items/0/status", "status"), ("/data/items/1/vm/name", "vm.name"), ("/data/items/2", ""), ("/data/items/3/time/start", "time.start"),
    }  # fmt: skip


def test_json_that_is_no_table_is_refused_with_the_lists_that_there_are() -> None:
    assert (
        refused(json.dumps({"data": {"jobs": [ITEM]}}), ANSWER)
        == "t.xlsx, rows: has nothing at 'data.items' (lists there are: data.jobs)"
    )
    assert "say `rows` in the mapping: data.jobs" in refused(json.dumps({"data": {"jobs": [ITEM]}}), {**ANSWER, "rows": None})
    assert "is no JSON document: it is cut off" in refused(answer(ITEM)[:-3], ANSWER)
    assert "the key 'a' is given twice" in refused('[{"a": 1, "a": 2}]', {**ANSWER, "rows": None})
    assert "the table has no column 'vm.name'" in refused(answer({**ITEM, "vm": None}), ANSWER)


def test_a_key_with_dots_is_a_key() -> None:
    flat = {"id": 1, "vm.name": "db", "time.start": 1793466000000, "status": "OK", "size": 1}
    facts = read(json.dumps([flat, {**ITEM, "id": 2}]), {**ANSWER, "rows": None})
    assert (facts.runs["subject"].to_list(), facts.faults) == (["db", "db"], ())


def test_an_empty_list_is_a_table_without_rows() -> None:
    facts = read(answer(), ANSWER, observed_at=datetime(2026, 11, 5, tzinfo=UTC))
    assert [one.level for one in facts.faults] == ["warning"]
    assert _registry.fits("tabular", answer().encode(), TableMapping.model_validate(ANSWER).stored())
    assert not _registry.fits("tabular", b"[{}]", TableMapping.model_validate({**ANSWER, "rows": None}).stored())


def test_an_object_in_each_line_is_read() -> None:
    mapping = {**ANSWER, "rows": None, "format": "ndjson"}
    text = "\n".join(
        [json.dumps(ITEM), "", "{broken", json.dumps({**ITEM, "id": "b", "status": "late"}), json.dumps({**ITEM, "id": "c"})]
    )
    facts = read(text, mapping)
    assert list(facts.runs.select("id", "locator").iter_rows()) == [("1000000000000000", "line 1"), ("c", "line 5")]
    assert [(one.locator, one.key) for one in facts.faults] == [("line 3", ""), ("line 4", "status")]


def test_keys_of_another_format_are_refused_by_apply() -> None:
    for wrong, key in (({"sheet": "a"}, "sheet"), ({"skip": {"before": 1}}, "skip"), ({"delimiter": "tab"}, "delimiter")):
        assert [path for path, _, _ in TableMapping.model_validate({**ANSWER, **wrong}).problems()] == [(key,)]
    assert [path for path, _, _ in TableMapping.model_validate({**RUN, "rows": "a", "encoding": "gb18030"}).problems()] == [
        ("rows",),
        ("encoding",),
    ]


def test_columns_may_be_called_as_ours_are() -> None:
    """`line` and `locator` are names of frames of ours; a table's column may have them."""
    mapping = {
        **RUN,
        "format": "csv",
        "columns": {"id": "line", "subject": "locator", "started_at": "at", "outcome": "bad"},
        "times": "%F %R",
    }
    facts = read("line,locator,at,bad\n1,db,2026-11-01 01:00,成功\n", mapping)
    assert (facts.runs["id"].to_list(), facts.runs["subject"].to_list(), facts.faults) == (["1"], ["db"], ())


def test_thousands_of_rows_of_a_sheet() -> None:
    payload = workbook(
        [HEADER, *(row(n, 开始=BEGIN + timedelta(minutes=n), 结束=END + timedelta(minutes=n)) for n in range(5_000))]
    )
    facts = read(payload)
    assert (facts.runs.height, facts.faults, facts.runs["locator"][4_999]) == (5_000, (), "row 5001")
