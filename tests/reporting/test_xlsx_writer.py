import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from audit.content import Content
from audit.model.document import (
    Column,
    Document,
    DurationCell,
    EvidenceCell,
    HeatCell,
    HeatMap,
    InstantCell,
    Name,
    NumberCell,
    OrdinalCell,
    Section,
    ShareCell,
    Sheet,
    Table,
    TextCell,
    VerdictCell,
)
from audit.model.verdicts import EvidenceRef, Verdict
from audit.reporting.writers import _workbook
from audit.reporting.writers._cells import TEXT, Value, harmless
from audit.reporting.writers.xlsx import write

SHEETS = ["Summary", "Controls", "Breaches", "Waivers", "Unproven", "Evidence", "Assets", "Policies", "About"]
LEAD = ("=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠", "﹣", " =", "\n=", "\u200b=", "\ufeff+", "\u00a0@")


def table_of(rows, *kinds, zone="Asia/Shanghai", language="en", anchor="") -> Document:
    """A document of one data sheet, whose table has these rows; the columns are of these kinds."""
    columns = tuple(Column(f"c{index}", (f"Column {index}",), kind) for index, kind in enumerate(kinds))
    section = Section("things", ("Things",), (Table("things", columns, tuple(rows), anchor=anchor),))
    return Document("r", language, zone, ("Title",), (), False, (), (section,), sheets=(Sheet("things", ("Things",), (section,)),))


def opened(document, content=None):
    """The workbook of a document, as openpyxl reads it."""
    return load_workbook(io.BytesIO(write(document, content or Content())))


def shown(document) -> Iterator[str]:
    """Every text in a workbook."""
    for sheet in opened(document):
        yield sheet.title
        for row in sheet.iter_rows(values_only=True):
            yield from (value for value in row if isinstance(value, str))


def rows_of(sheet) -> list[dict]:
    """A data sheet as dicts by the heads of its columns."""
    heads, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_the_review_has_its_nine_sheets_and_every_row_of_its_tables(review, assessment):
    book = opened(review())
    assert book.sheetnames == SHEETS
    assert len(rows_of(book["Controls"])) == len(assessment.results) == 22
    assert len(rows_of(book["Breaches"])) == sum(len(result.breaches) for result in assessment.results) == 16
    assert len(rows_of(book["Unproven"])) == sum(len(result.unproven) for result in assessment.results) == 16
    unproven = rows_of(book["Unproven"])
    stretches = sorted(
        (result.asset, stretch.until - stretch.since) for result in assessment.results for stretch in result.unproven
    )
    assert sorted(row["Asset"] for row in unproven) == [asset for asset, _ in stretches]
    lengths = [row["Length (h:mm:ss)"] for row in unproven if isinstance(row["Length (h:mm:ss)"], timedelta)]
    assert len(lengths) == sum(length > timedelta(seconds=1) for _, length in stretches)
    assert all(row["What would settle it"] and row["Why"] for row in unproven)
    assert len(rows_of(book["Evidence"])) == 13
    assert len(rows_of(book["Assets"])) == 8
    assert len(rows_of(book["Policies"])) == 2
    about = [row[0] for row in book["About"].iter_rows(values_only=True)]
    assert about[1:2] == ["Quality of the data"]
    assert "Method and definitions" in about


def test_the_summary_says_first_what_must_be_known(review):
    cells = [row[0] for row in opened(review())["Summary"].iter_rows(max_row=14, values_only=True)]
    assert cells[0] == "Annual review of backup compliance"
    assert cells[2].startswith("One control failed to compute.")
    assert (
        cells[3].replace("\N{NO-BREAK SPACE}", " ")
        == "Provisional: evidence up to 15 Jan 2027, 00:00 is still awaited from pbs-dc1."
    )
    facts = {row[0]: row[1] for row in opened(review())["Summary"].iter_rows(max_col=2, max_row=14, values_only=True)}
    assert facts["As known at journal entry"] == 4711
    assert facts["Hash of that entry"] == "3b1f" * 16
    assert facts["First instant"] == datetime(2026, 1, 1)
    assert facts["Ends before"] == datetime(2027, 1, 1)


def test_cells_have_types_and_the_heads_name_zone_and_unit(review):
    first = rows_of(opened(review())["Breaches"])[1]
    assert first["From (Asia/Shanghai)"] == datetime(2026, 8, 3, 10)
    assert first["To (exclusive) (Asia/Shanghai)"] == datetime(2026, 8, 10, 13, 30)
    assert first["Length (h:mm:ss)"] == timedelta(days=7, hours=3, minutes=30)
    results = rows_of(opened(review())["Controls"])
    rpo = next(row for row in results if row["Asset"] == "im-files" and row["Part"] == "shard-2")
    assert rpo["Version"] == 3
    met = next(value for head, value in rpo.items() if head.startswith("Met") and "up to" not in head)
    assert met == pytest.approx(1 - 30 * 86_400 / (datetime(2026, 12, 31, 16) - datetime(2026, 3, 1)).total_seconds())
    sheet = opened(review())["Controls"]
    formats = {cell.number_format for cell in sheet[2]}
    assert {"0.00%", "[h]:mm:ss", "#,##0", "0"} <= formats


def test_a_verdict_is_a_word_and_a_fill(review):
    sheet = opened(review())["Controls"]
    column = [cell.value for cell in sheet[1]].index("Verdict")
    looks = {row[column].value: row[column].fill.start_color.rgb for row in sheet.iter_rows(min_row=2)}
    assert set(looks) == {"Breached", "Unproven", "Met", "Not applicable"}
    assert len(set(looks.values())) == 4


def test_a_share_that_is_not_quite_all_is_not_shown_as_all():
    shares = (0.99999, 1.0, 0.5, 0.00001, 0.0, None)
    sheet = opened(table_of([(ShareCell(share),) for share in shares], "share"))["Things"]
    assert [cell.value for cell in sheet["A"][1:]] == [0.99999, 1.0, 0.5, 0.00001, 0.0, "–"]
    assert [cell.number_format for cell in sheet["A"][1:6]] == [
        '[>0.9999]">99.99%";0.00%', "0.00%", "0.00%", '[<0.0001]"<0.01%";0.00%', "0.00%",
    ]  # fmt: skip


def test_instants_are_of_the_zone_and_say_which_of_a_doubled_hour(content):
    instants = [
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 12, 31, 22, 59, 59, 999_999, tzinfo=UTC),
        datetime(1850, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        None,
    ]
    sheet = opened(table_of([(InstantCell(one),) for one in instants], "instant", zone="Europe/Berlin"))["Things"]
    assert sheet["A1"].value == "Column 0 (Europe/Berlin)"
    assert [cell.value for cell in sheet["A"][1:5]] == [
        datetime(2026, 3, 1, 13),
        datetime(2026, 10, 25, 2, 30),
        datetime(2026, 10, 25, 2, 30),
        datetime(2026, 12, 31, 23, 59, 59, 999_000),  # not rounded into the next year
    ]
    assert sheet["A3"].number_format == 'yyyy-mm-dd hh:mm:ss" (UTC+02:00)"'
    assert sheet["A4"].number_format == 'yyyy-mm-dd hh:mm:ss" (UTC+01:00)"'
    assert sheet["A6"].value.startswith("1850-01-01 00:53")
    assert sheet["A7"].value == "9999-12-31 23:59:59 UTC"
    assert sheet["A8"].value == "–"


def test_lengths_and_numbers_are_exact_or_text():
    lengths = [(DurationCell(value),) for value in (90_061.0, 0.25, 0.0, -5.0, float("inf"), None)]
    sheet = opened(table_of(lengths, "duration"))["Things"]
    assert sheet["A2"].value == timedelta(days=1, hours=1, minutes=1, seconds=1)
    assert sheet["A3"].number_format == '[<0.0000115741]"<0:00:01";[h]:mm:ss'
    assert sheet["A3"].value == pytest.approx(0.25 / 86_400)
    assert sheet["A5"].value == "'-5\N{NO-BREAK SPACE}secs"
    assert [sheet["A6"].value, sheet["A7"].value] == ["–", "–"]
    numbers = [
        (NumberCell(12_345),),
        (OrdinalCell(4711),),
        (NumberCell(1_234_567_890_123_456),),
        (NumberCell(-3),),
        (NumberCell(None),),
    ]
    sheet = opened(table_of(numbers, "number"))["Things"]
    assert [cell.value for cell in sheet["A"][1:]] == [12_345, 4711, "1234567890123456", -3, "–"]


def test_ratios_keep_their_digits_and_blanks_are_blank():
    numbers = [
        (NumberCell(2.904761904761905), TextCell(())),
        (NumberCell(3.0), TextCell(("",))),
        (NumberCell(float("inf")), TextCell(("x",))),
    ]
    sheet = opened(table_of(numbers, "number", "text"))["Things"]
    assert (sheet["A2"].value, sheet["A2"].number_format) == (2.904761904761905, "#,##0.00")
    assert (sheet["A3"].value, sheet["A3"].number_format) == (3, "#,##0")
    assert isinstance(sheet["A4"].value, str)
    assert [cell.value for cell in sheet["B"][1:]] == [None, None, "x"]


def test_text_that_breaks_a_file_is_refused_and_not_written():
    book = _workbook.Book("t", "s", "en")
    with pytest.raises(ValueError, match="was not made harmless"):
        book.sheet("x", [9.0]).append([Value("a\x00b", TEXT)])
    book.bytes()


def test_a_field_of_the_heat_map_says_its_verdict_and_its_share(review):
    heat = HeatMap(
        "units",
        rows=(("Operations",),),
        columns=(("a",), ("b",), ("c",), ("d",), ("e",)),
        cells=(
            (
                HeatCell(Verdict.BREACHED, 0.5, 0.75, 4, 1, 1),
                HeatCell(Verdict.MET, 1.0, 1.0, 4, 0, 0),
                HeatCell(Verdict.UNPROVEN, None, None, 20, 0, 1),
                HeatCell(Verdict.NOT_APPLICABLE, None, None, 0, 0, 0),
                None,
            ),
        ),
    )
    section = Section("heat", ("Heat",), (heat,))
    document = replace(table_of([], "text"), sections=(section,), sheets=(Sheet("heat", ("Heat",), (section,)),))
    rows = list(opened(document)["Heat"].iter_rows(values_only=True))
    found = next(row for row in rows if row[0] == "Operations")
    assert found[1:6] == ("Breached\n50% met, up to 75%", "Met\n100% met", "Unproven\n19/20", "Not applicable", None)


def test_what_is_judged_at_one_instant_has_no_length(review, assessment):
    rows = rows_of(opened(review())["Controls"])
    lengths = {
        result.asset: row["Judged time (h:mm:ss)"]
        for row, result in zip(rows, assessment.results, strict=True)
        if result.judged_seconds < 1
    }
    assert lengths
    assert set(lengths.values()) == {"–"}


@pytest.mark.parametrize("lead", LEAD)
def test_text_that_begins_like_a_formula_is_text_and_stays_so_in_a_csv(lead):
    text = f"{lead}cmd|'/c calc'!A1"
    book = opened(table_of([(TextCell((Name(text),)),), (TextCell((text,)),)], "text"))
    for row in (2, 3):
        cell = book["Things"][f"A{row}"]
        assert cell.data_type == "s"
        assert cell.value[0] not in "=+-@\t\r\n ＝＋－＠﹣"
        assert cell.value.endswith("cmd|'/c calc'!A1")


def test_no_cell_of_a_workbook_is_a_formula(review):
    with ZipFile(io.BytesIO(write(review(), Content()))) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == len(SHEETS)
        for name in sheets:
            assert not re.search(rb"<f[ >/]", archive.read(name))
        assert not any("external" in name.lower() or "vba" in name.lower() for name in archive.namelist())


def test_characters_that_no_workbook_may_hold_are_shown():
    text = "a\x00b\x07c\x7f\ud800d\ufffee\u202ef\x85_x0041_"
    found = opened(table_of([(TextCell((Name(text),)),)], "text"))["Things"]["A2"].value
    assert found in ("a␀b␇c␡\\ud800d\\ufffee\\u202ef\\x85_x005F_x0041_", "a␀b␇c␡\\ud800d\\ufffee\\u202ef\\u0085_x005F_x0041_")
    assert harmless("plain\ntext") == "plain\ntext"


@pytest.mark.parametrize("sign", ["x", "中", "\N{GRINNING FACE}"])
def test_text_longer_than_a_cell_is_cut_and_says_so(sign):
    long = sign * 40_000
    found = opened(table_of([(TextCell((Name(long),)),), (TextCell((Name(sign * 16_000),)),)], "text"))["Things"]
    cut = found["A2"].value
    assert len(cut.encode("utf-16-le")) // 2 <= 32_767
    assert cut.endswith(" … [cut; 40,000 characters in all, whole in the JSON report]")
    assert cut.startswith(sign * 16_000)
    assert found["A3"].value == sign * 16_000


def test_more_rows_than_a_sheet_holds_go_on_in_another(monkeypatch):
    monkeypatch.setattr(_workbook, "ROWS", 12)
    monkeypatch.setattr("audit.reporting.writers.xlsx.ROWS", 12)
    book = opened(table_of([(OrdinalCell(number), TextCell(("x",))) for number in range(25)], "ordinal", "text", anchor="entry"))
    assert book.sheetnames == ["Report", "Things", "Things 2", "Things 3"]
    numbers = [cell.value for name in book.sheetnames[1:] for cell in book[name]["A"][1:]]
    assert numbers == [
        *range(10),
        "The rows go on in sheet Things 2.",
        *range(10, 20),
        "The rows go on in sheet Things 3.",
        *range(20, 25),
    ]
    assert [book[name].max_row for name in book.sheetnames[1:]] == [12, 12, 6]
    assert [book[name].auto_filter.ref for name in book.sheetnames[1:]] == ["A1:B11", "A1:B11", "A1:B6"]
    assert [book[name]["A1"].value for name in book.sheetnames[1:]] == ["Column 0"] * 3


def test_data_sheets_are_ready_to_sort_read_and_print(review):
    for sheet in opened(review()):
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        if sheet.title in ("Summary", "About", "Waivers"):  # of waivers there are none: nothing to sort
            assert sheet.auto_filter.ref is None
            continue
        assert sheet.auto_filter.ref == sheet.dimensions
        assert sheet.freeze_panes == "B2"
        assert sheet.print_title_rows == "$1:$1"
        widths = [dimension.width for dimension in sheet.column_dimensions.values()]
        assert len(widths) == sheet.max_column
        assert all(6 <= width <= 68 for width in widths)
        words = [cell for cell in sheet[2] if cell.data_type == "s" and cell.fill.fill_type is None and cell.value != "–"]
        assert words
        assert all(cell.alignment.wrap_text for cell in words)


def test_a_breach_leads_to_its_evidence():
    rows = [(OrdinalCell(12), EvidenceCell((EvidenceRef(12, "ab" * 32, "line 3"),))), (OrdinalCell(13), EvidenceCell(()))]
    sheet = opened(table_of(rows, "ordinal", "evidence", anchor="entry"))["Things"]
    assert sheet["B2"].hyperlink.location == "'Things'!A2"
    assert sheet["B2"].value == "entry 12 · abababababab… · line 3"
    assert sheet["B3"].hyperlink is None
    assert [cell.value for cell in sheet["C"]] == ["Further evidence", None, None]


def test_of_several_references_the_first_leads_to_its_row_and_the_others_stand_beside():
    refs = (
        EvidenceRef(12, "ab" * 32, "line 3"),
        EvidenceRef(13, "cd" * 32, "/snapshots/4"),
        EvidenceRef(13, "cd" * 32, "/snapshots/5"),
    )
    sheet = opened(
        table_of(
            [(OrdinalCell(13), EvidenceCell(refs)), (OrdinalCell(12), EvidenceCell(()))], "ordinal", "evidence", anchor="entry"
        )
    )["Things"]
    assert sheet["B2"].value == "entry 12 · abababababab… · line 3"
    assert sheet["B2"].hyperlink.location == "'Things'!A3"
    assert sheet["C2"].value == "entry 13 · cdcdcdcdcdcd… · /snapshots/4\nentry 13 · cdcdcdcdcdcd… · /snapshots/5"
    assert sheet["C2"].hyperlink is None
    assert sheet.row_dimensions[2].height == 2 * 13.5 + 2


def test_sheets_of_the_same_or_an_impossible_name_are_told_apart():
    book = _workbook.Book("t", "s", "en")
    long = "A name that is longer than thirty-one characters"
    names = [book.name(title) for title in ("a/b:c", "A B C", "History", "", long, long)]
    assert names == ["a b c", "A B C 2", "History 2", "–", long[:31], f"{long[:29]} 2"]


def test_the_chinese_workbook_has_no_english_but_names(review, assessment, estate):
    names = {str(name) for name in re.findall(r"[A-Za-z]+", " ".join(_names(review("zh"))))}
    for text in shown(review("zh")):
        left = set(re.findall(r"[A-Za-z]+", text)) - names - {"RPO", "UTC"}
        assert not left, text
    assert opened(review("zh")).sheetnames == [
        "摘要",
        "控制项结果",
        "不达标时段",
        "豁免",
        "未证实时段",
        "证据",
        "资产",
        "策略",
        "说明",
    ]
    assert opened(review("zh"))["摘要"]["A1"].font.name == "Microsoft YaHei"


def _names(value) -> Iterator[str]:
    """Every name in a document: what is the same in every language."""
    if isinstance(value, Name):
        yield value.text
    elif isinstance(value, EvidenceRef):
        yield from (value.sha256, value.locator)
    elif isinstance(value, Document):
        yield value.zone
        for part in (value.facts, value.sections, value.sheets, value.warnings):
            yield from _names(part)
    elif isinstance(value, tuple):
        for one in value:
            yield from _names(one)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _names(getattr(value, name))


SAME = """
import hashlib, sys
from tests.reporting import conftest as given
from audit.content import Content
from audit.reporting.compose import Definition, compose
from audit.reporting.writers.xlsx import write
content = Content()
document = compose(given._assessment(), given._estate(), Definition.load(content, "annual-review"), "zh", content=content)
print(hashlib.sha256(write(document, content)).hexdigest())
"""


def test_the_same_document_is_the_same_file_in_every_process():
    root = Path(__file__).parents[2]
    found = set()
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        ran = subprocess.run([sys.executable, "-c", SAME], cwd=root, env=env, capture_output=True, text=True, check=True)
        found.add(ran.stdout.strip())
    assert len(found) == 1
    assert re.fullmatch("[0-9a-f]{64}", found.pop())


def test_what_a_section_says_beside_its_table_stands_on_the_last_sheet(review):
    about = [row[0] for row in opened(review())["About"].iter_rows(values_only=True)]
    start = about.index("Controls")
    assert about[start + 1].startswith("22 results")


def test_a_report_without_a_workbook_has_a_sheet_for_each_section(review):
    document = replace(review(), sheets=())
    names = opened(document).sheetnames
    assert names == [section.title[0][:31].rstrip() for section in document.sections]


def test_a_table_without_rows_says_so(review, assessment):
    clean = replace(assessment, results=tuple(one for one in assessment.results if one.verdict is Verdict.MET))
    sheet = opened(review(assessment=clean))["Breaches"]
    assert sheet["A1"].value == "Asset"
    assert sheet.max_row == 2
    assert sheet["A2"].value == "No breach was found."


def test_verdicts_have_the_words_of_the_language(content):
    sheet = opened(table_of([(VerdictCell(verdict),) for verdict in Verdict], "verdict", language="zh"))["Things"]
    found = [cell.value for cell in sheet["A"][1:]]
    assert len(set(found)) == len(Verdict)
    assert found[list(Verdict).index(Verdict.MET)] == "达标"
