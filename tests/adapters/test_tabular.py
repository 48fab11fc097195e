"""The adapter tabular against what tables bring: encodings, quotes, formulas, headers, clocks that are put back, and very many rows."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from ruamel.yaml import YAML

from audit.adapters import _registry, _table
from audit.adapters._mapping import CODECS, SEPARATORS, TableMapping
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters.workbooks import workbook

RUN: dict[str, Any] = {
    "record": "run",
    "columns": {"id": "编号", "subject": "客户端", "started_at": "开始", "finished_at": "结束", "outcome": "状态"},
    "constants": {"kind": "backup", "repository": "nas"},
    "times": "%Y-%m-%d %H:%M",
    "words": {"outcome": {"成功": "success", "失败": "failed", "运行中": "running"}},
}
HEADER = "编号,客户端,开始,结束,状态"
ROW = "{},db,2026-11-01 01:00,2026-11-01 02:00,成功"
POINT: dict[str, Any] = {
    "record": "recovery_point",
    "columns": {"id": "id", "subject": "subject", "captured_at": "taken", "expires_at": {"column": "until", "times": "%Y-%m-%d"}},
    "times": "%Y-%m-%d %H:%M",
}


def read(text: str | bytes, mapping: dict[str, Any] = RUN, zone: str = "Asia/Shanghai", **more: Any) -> Facts:
    payload = text if isinstance(text, bytes) else text.encode()
    told = TableMapping.model_validate(mapping)
    assert told.problems() == []
    values = {"source": "console", "timezone": zone, "repository": "nas", "name": "t.csv", **more}
    return _registry.read("tabular", payload, Envelope(tool="tabular", mapping=told.stored(), **values))


def faults(facts: Facts) -> list[str]:
    return [str(fault) for fault in facts.faults]


def refused(text: str | bytes, mapping: dict[str, Any] = RUN) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(text, mapping)
    return [str(fault) for fault in caught.value.faults]


# --- encodings --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "declared"),
    [
        (f"{HEADER}\n{ROW.format(1)}\n".encode("gb18030"), "gb18030"),
        (f"{HEADER}\n{ROW.format(1)}\n".encode("utf-8-sig"), "utf-8"),
        (f"{HEADER}\n{ROW.format(1)}\n".encode("utf-8-sig"), "gb18030"),
        (f"{HEADER}\n{ROW.format(1)}\n".encode("utf-16"), "utf-8"),
        (f"{HEADER}\n{ROW.format(1)}\n".encode("utf-16-le"), "utf-16"),
    ],
)
def test_the_declared_encoding_is_read_and_a_byte_order_mark_outweighs_it(payload: bytes, declared: str) -> None:
    facts = read(payload, {**RUN, "encoding": declared})
    assert (facts.runs["id"].to_list(), facts.runs["outcome"].to_list(), facts.faults) == (["1"], ["success"], ())


def test_text_of_another_encoding_is_refused_with_its_place() -> None:
    payload = (f"{HEADER}\n{ROW.format(1)}\n").encode("gb18030") + b"2,\xff\xff\n"
    assert refused(payload, {**RUN, "encoding": "gb18030"}) == [
        f"t.csv, line 3: is not gb18030 (byte 0xff at offset {len(payload) - 3}) (declare the encoding that it has)"
    ]
    assert "it looks like Chinese text in GBK (GB18030)" in refused(f"{HEADER}\n{ROW.format(1)}\n".encode("gb18030"))[0]


@pytest.mark.parametrize("name", sorted(CODECS))
def test_every_encoding_reads_what_it_wrote(name: str) -> None:
    header = HEADER if name in ("utf-8", "utf-16", "gb18030") else "a,b,c,d,e"
    columns = dict(zip(RUN["columns"], header.split(","), strict=True))
    words = {"outcome": {"ok": "success"}}
    text = f"{header}\n1,db,2026-11-01 01:00,2026-11-01 02:00,ok\n"
    facts = read(text.encode(CODECS[name]), {**RUN, "columns": columns, "words": words, "encoding": name})
    assert (facts.runs["outcome"].to_list(), facts.faults) == (["success"], ())


# --- rows -------------------------------------------------------------------------------------------------------------------------


def test_quoted_line_ends_and_separators_belong_to_their_cell_and_lines_are_those_of_the_file() -> None:
    text = f'{HEADER}\r\n"1\r\n(a, ""b"")",db,2026-11-01 01:00,2026-11-01 02:00,成功\r\n{ROW.format(2)}\r\n3,db,2026-11-01 01:00\r\n{ROW.format(4)}\r\n'
    facts = read(text)
    assert list(facts.runs.select("id", "locator").iter_rows()) == [
        ('1\r\n(a, "b")', "line 2"),
        ("2", "line 4"),
        ("4", "line 6"),
    ]
    assert faults(facts) == [
        "t.csv, line 5: this row has 3 fields, the header has 5 (write one field for each column; quote fields that contain a separator, a quote or a line end)"
    ]


def test_a_quote_that_is_never_closed_takes_one_row_only() -> None:
    facts = read(f'{HEADER}\n{ROW.format(1)}\n"2,db,2026-11-01 01:00,2026-11-01 02:00,成功\n{ROW.format(3)}\n')
    assert facts.runs["id"].to_list() == ["1", "3"]
    assert faults(facts)[0].startswith("t.csv, line 3: a quote is opened in this row and never closed")


@pytest.mark.parametrize("cell", ["=1+1", '="0012"', "+8", "-5", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "'=1"])
def test_a_cell_like_a_formula_is_the_text_that_it_is(cell: str) -> None:
    quoted = cell.replace('"', '""')
    for written in (f'"{quoted}"', cell):
        facts = read(f"{HEADER}\n{written},db,2026-11-01 01:00,2026-11-01 02:00,成功\n")
        assert facts.runs["id"].to_list() == [cell.strip()]
        assert facts.faults == ()
    assert "is not a time as the mapping says" in faults(read(f'{HEADER}\n1,db,"{quoted}",2026-11-01 02:00,成功\n'))[0]


def test_rows_of_nothing_but_separators_are_no_rows() -> None:
    facts = read(f"{HEADER}\n{ROW.format(1)}\n,,,,\n\n,,,,\n{ROW.format(2)}\n,,,,\n , ,,,\n\n")
    assert list(facts.runs.select("id", "locator").iter_rows()) == [("1", "line 2"), ("2", "line 6")]
    assert facts.faults == ()


def test_a_header_that_names_a_wanted_column_twice_is_refused_and_any_other_may_be() -> None:
    assert refused(f"{HEADER},状态\n{ROW.format(1)},失败\n") == [
        "t.csv, line 1, 状态: the table has the column '状态' 2 times (give each column that the mapping names a name of its own)"
    ]
    facts = read(f"{HEADER},备注,备注,\n{ROW.format(1)},a,b,c\n")
    assert (facts.runs.height, facts.faults) == (1, ())


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    assert refused(f"{HEADER.replace('客户端', '客户端名')}\n{ROW.format(1)}\n") == [
        "t.csv, line 1, 客户端: the table has no column '客户端' (the nearest is '客户端名')"
    ]


def test_a_bad_cell_is_named_by_line_and_column_and_the_others_are_read() -> None:
    facts = read(f"{HEADER}\n{ROW.format(1)}\n2,db,01/11/2026,2026-11-01 02:00,部分成功\n{ROW.format(3)}\n")
    assert facts.runs["id"].to_list() == ["1", "3"]
    assert faults(facts) == [
        "t.csv, line 3, 开始: '01/11/2026' is not a time as the mapping says: %Y-%m-%d %H:%M (correct `times` in the mapping, or name it in `unknown`)",
        "t.csv, line 3, 状态: '部分成功' is not a word of outcome in the mapping (add it to `words`; the nearest there is '成功')",
    ]


# --- clocks that are put back, and forward ----------------------------------------------------------------------------------------


def test_a_time_that_there_was_twice_is_a_doubt_and_takes_the_safe_reading() -> None:
    facts = read(
        f"{HEADER}\n1,db,2026-10-25 02:30,2026-10-25 02:40,成功\n2,db,2026-10-25 03:30,2026-10-25 03:40,成功\n",
        zone="Europe/Berlin",
    )
    first, second = facts.runs.iter_rows(named=True)
    assert (first["started_at"], first["finished_at"]) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 40, tzinfo=UTC),
    )
    assert (first["ambiguous"], second["ambiguous"], second["started_at"]) == (
        True,
        False,
        datetime(2026, 10, 25, 2, 30, tzinfo=UTC),
    )
    (doubt,) = facts.faults
    assert (doubt.level, doubt.locator) == ("warning", "line 2")
    assert doubt.what.startswith("a time that Europe/Berlin had twice, when its clocks were put back")


def test_many_doubts_are_told_as_a_number() -> None:
    rows = "".join(f"{n},db,2026-10-25 02:{n:02},2026-10-25 04:00,成功\n" for n in range(30))
    told = read(f"{HEADER}\n{rows}", zone="Europe/Berlin").faults
    assert [fault.locator for fault in told] == [f"line {n}" for n in range(2, 14)] + [""]
    assert told[-1].what.startswith("18 more rows have a time that Europe/Berlin had twice")


def test_a_time_that_never_was_is_not_read() -> None:
    facts = read(f"{HEADER}\n1,db,2026-03-29 02:30,2026-03-29 04:00,成功\n{ROW.format(2)}\n", zone="Europe/Berlin")
    assert facts.runs["id"].to_list() == ["2"]
    (fault,) = facts.faults
    assert (fault.level, fault.locator, fault.key) == ("error", "line 2", "开始")
    assert "the clocks were put forward over it" in fault.what


# --- what an export proves --------------------------------------------------------------------------------------------------------

LATER = datetime(2026, 11, 5, tzinfo=UTC)


def stretches(text: str, **more: Any) -> list[tuple[Any, ...]]:
    facts = read(text, **{"observed_at": LATER, "complete": True, **more})
    return list(facts.listings.select("repository", "covers_from", "covers_to").iter_rows())


def test_a_complete_history_holds_every_run_from_its_first_end_on() -> None:
    first = datetime(2026, 10, 31, 18, tzinfo=UTC)
    assert stretches(f"{HEADER}\n{ROW.format(1)}\n2,db,2026-11-02 01:00,2026-11-02 02:00,失败\n") == [("nas", first, LATER)]
    # A run that is still running may leave a point: nothing is said of the time from its start on.
    running = f"{HEADER}\n{ROW.format(1)}\n2,db,2026-11-02 01:00,,运行中\n"
    assert stretches(running) == [("nas", first, datetime(2026, 11, 1, 17, tzinfo=UTC))]


@pytest.mark.parametrize(
    ("row", "more"),
    [
        (ROW.format(2), {"complete": None}),
        (ROW.format(2), {"complete": False}),
        (ROW.format(2), {"observed_at": None}),
        (ROW.format(2), {"scope": "host"}),
        (ROW.format(2), {"observed_at": datetime(2026, 10, 1, tzinfo=UTC)}),
        ("2,,2026-11-01 01:00,2026-11-01 02:00,成功", {}),
        ("2,db,,,运行中", {}),
        ("2,db,2026-11-01 01:00,2026-11-01 02:00,部分成功", {}),
        ("2,db", {}),
    ],
)
def test_a_history_that_may_lack_a_run_claims_no_stretch(row: str, more: dict[str, Any]) -> None:
    assert stretches(f"{HEADER}\n{ROW.format(1)}\n{row}\n", **more) == []


def test_an_end_told_by_the_day_needs_a_listing() -> None:
    text = "id,subject,taken,until\na,db,2026-11-01 01:00,2026-12-01\nb,db,2026-11-02 01:00,\n"
    facts = read(text, POINT)
    assert facts.points["id"].to_list() == ["b"]
    (fault,) = facts.faults
    assert (fault.level, fault.locator, fault.key) == ("error", "line 2", "until")
    assert (fault.what, "--observed-at" in fault.remedy) == ("the end is told by the day, of a copy that no listing shows", True)
    listed = read(text, POINT, observed_at=LATER)
    assert (listed.points["id"].to_list(), listed.points["basis"].to_list(), listed.faults) == (["a", "b"], ["catalog"] * 2, ())
    assert listed.points["expires_at"].to_list() == [datetime(2026, 12, 1, 16, tzinfo=UTC), None]


# --- many rows --------------------------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_rows_are_read_in_columns() -> None:
    start = datetime(2025, 1, 1)
    times = [start + timedelta(minutes=5 * n) for n in range(100_000)]
    rows = "\r\n".join(f'{n},"客户端,{n % 50}",{at:%Y-%m-%d %H:%M},{at:%Y-%m-%d %H:%M},成功' for n, at in enumerate(times))
    payload = f"{HEADER}\r\n{rows}\r\n".encode("gb18030")
    with patch.object(_table, "_exact", side_effect=AssertionError("row by row")):
        begun = time.monotonic()
        facts = read(payload, {**RUN, "encoding": "gb18030"})
        assert time.monotonic() - begun < 20  # 0.9 s on an idle machine
    assert (facts.runs.height, facts.runs["subject"].n_unique(), facts.faults) == (100_000, 50, ())
    assert facts.runs["locator"][99_999] == "line 100001"
    assert facts.runs["started_at"][99_999] == (times[-1] - timedelta(hours=8)).replace(tzinfo=UTC)


def test_a_few_bad_rows_among_very_many_do_not_make_the_others_slow() -> None:
    rows = [ROW.format(n) for n in range(100_000)]
    rows[50_000] = '"a\nb",db,2026-11-01 01:00,2026-11-01 02:00,成功'
    rows[70_000] = "short,db"
    with patch.object(_table, "_row", wraps=_table._row) as one_by_one:
        facts = read("\n".join([HEADER, *rows]))
    assert one_by_one.call_count == 2  # the header, and the row over two lines
    assert (facts.runs.height, facts.runs["id"][50_000], facts.runs["locator"][50_001]) == (99_999, "a\nb", "line 50004")
    assert [fault.locator for fault in facts.faults] == ["line 70003"]


# --- the document -----------------------------------------------------------------------------------------------------------------

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "tabular.md").read_text(encoding="utf-8")
DECLARED = re.findall(r"<!-- mapping -->\n```yaml\n(.*?)```", DOCUMENT, re.DOTALL)


def test_every_mapping_of_the_document_is_tested() -> None:
    assert len(DECLARED) == len(re.findall(r"```yaml", DOCUMENT)) == 6


def beginning(mapping: TableMapping) -> bytes:
    """The least file that has the columns of a mapping."""
    names = mapping.wanted()
    if mapping.format == "xlsx":
        return workbook([*[["title"]] * mapping.skip.before, names], title=mapping.sheet or "Sheet")
    if mapping.format == "json":
        found: Any = [dict.fromkeys(names, "")]
        for key in reversed((mapping.rows or "").split(".")):
            found = {key: found}
        return json.dumps(found).encode()
    return SEPARATORS[mapping.delimiter or "comma"].join(names).encode(CODECS[mapping.encoding])


@pytest.mark.parametrize("text", DECLARED)
def test_a_mapping_of_the_document_is_right(text: str) -> None:
    (source,) = YAML(typ="safe", pure=True).load(text)["sources"]
    mapping = TableMapping.model_validate(source["mapping"])
    assert mapping.problems() == []
    assert TableMapping.model_validate(mapping.stored()) == mapping
    assert _registry.fits("tabular", beginning(mapping), mapping.stored())


def test_the_document_names_every_key_of_a_mapping() -> None:
    schema = TableMapping.model_json_schema()
    parts = [schema, *schema["$defs"].values()]
    for name in {name for part in parts for name in part.get("properties", {})}:
        assert f"`{name}`" in DOCUMENT or f"{{{name}:" in DOCUMENT or f", {name}:" in DOCUMENT, name
    for encoding in CODECS:
        assert f"`{encoding}`" in DOCUMENT
