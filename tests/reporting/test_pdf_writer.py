"""The PDF, read back with poppler: what a reader of it sees, not what the writer meant."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.content import Content, ContentError
from audit.errors import Fault
from audit.model.document import (
    Column,
    Definitions,
    Document,
    EvidenceCell,
    Figure,
    Heading,
    InstantCell,
    Items,
    KeyFigures,
    Name,
    Note,
    NumberCell,
    OrdinalCell,
    Paragraph,
    Section,
    ShareBar,
    ShareBars,
    State,
    Stretch,
    Strip,
    StripGroup,
    Table,
    TextCell,
    Timelines,
)
from audit.model.verdicts import EvidenceRef, Verdict
from audit.reporting.formats import Formats
from audit.reporting.paper import for_paper
from audit.reporting.words import Words, plain
from audit.reporting.writers import html, json, pdf
from tests.reporting.conftest import SHA, SINCE, UNTIL, at, untested

ROOT = Path(__file__).resolve().parents[2]
LETTER = "\N{VITHKUQI CAPITAL LETTER A}"
"""A letter of Unicode 14 that no font of Debian 12 has."""


def poppler(tool: str, data: bytes, *options: str) -> str:
    return subprocess.run([tool, *options, "-", "-"][: -1 if tool in ("pdffonts", "pdfinfo") else None], input=data,
                          check=True, capture_output=True).stdout.decode()  # fmt: skip


def pages(data: bytes) -> list[str]:
    """The text of each page, in the order in which it is read."""
    return poppler("pdftotext", data, "-layout").split("\f")[:-1]


def document(*blocks, language="en", **more) -> Document:
    """A document of one section."""
    given = {"report": "r", "zone": "Asia/Shanghai", "title": ("T",), "subtitle": (), "provisional": False, "facts": ()}
    return Document(language=language, sections=(Section("one", ("First",), blocks),), **(given | more))


def table(rows: int, **more) -> Table:
    columns = (Column("name", ("Name",)), Column("n", ("Count",), "number"))
    return Table("t", columns, tuple((TextCell((Name(f"row-{n:04}"),)), NumberCell(n)) for n in range(rows)), **more)


def strip(label: str, *stretches: tuple[State, int, int]) -> Strip:
    found = tuple(Stretch(at(begin, 1), at(end, 1), state) for state, begin, end in stretches)
    return Strip((label,), found, Verdict.BREACHED, 0.5, 0.5)


_WRITTEN: dict[str, bytes] = {}


@pytest.fixture
def written(review, content):
    """The annual review as PDF; each language is written once, as it takes seconds."""

    def write_once(language="en"):
        if language not in _WRITTEN:
            _WRITTEN[language] = pdf.write(review(language), content)
        return _WRITTEN[language]

    return write_once


# --- the whole report -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "title"), [("en", "Annual review of backup compliance"), ("zh", "备份合规年度审查报告")])
def test_the_annual_review_can_be_read_back_in_both_languages(written, language, title):
    text = pages(written(language))
    assert title in text[0]
    assert "3b1f" * 16 in re.sub(r"\s", "", text[0])
    for page in text[1:]:
        assert title in page, "every page after the cover carries the title"


@pytest.mark.slow
@pytest.mark.parametrize(("language", "fonts"), [("en", {"Noto-Sans"}), ("zh", {"Noto-Sans-CJK-SC"})])
def test_every_font_is_embedded_as_a_subset(written, language, fonts):
    lines = poppler("pdffonts", written(language)).splitlines()[2:]
    assert fonts <= {line.split()[0].split("+")[1] for line in lines}
    for line in lines:
        assert line.split()[-5:-2] == ["yes", "yes", "yes"], f"embedded, subset, with a map to Unicode: {line}"


@pytest.mark.slow
def test_it_is_an_archive_file_that_says_so(written):
    meta = poppler("pdfinfo", written(), "-meta")
    assert re.search(r"pdfaid:part(=\"|>)3", meta)
    assert re.search(r"pdfaid:conformance(=\"|>)U", meta)
    info = poppler("pdfinfo", written())
    assert "595.276 x 841.89 pts (A4)" in info
    assert re.search(r"JavaScript:\s+no", info)


@pytest.mark.slow
@pytest.mark.parametrize(("language", "counted"), [("en", "Page {} of {}"), ("zh", "第{}页，共{}页")])
def test_every_page_is_numbered_and_marked_provisional(written, language, counted):
    text = pages(written(language))
    mark = {"en": "Provisional", "zh": "暂定"}[language]
    for number, page in enumerate(text, 1):
        assert counted.format(number, len(text)) in re.sub(
            r"(?<=\D) (?=\d)|(?<=\d) (?=[^\d ])", "" if language == "zh" else " ", page
        )
        assert mark in page


@pytest.mark.slow
def test_the_contents_and_the_bookmarks_lead_to_the_same_pages(written, review):
    titles = [plain(section.title) for section in review().sections]
    outline = ET.fromstring(
        poppler("pdftohtml", written(), "-xml", "-i", "-q", "-stdout", "-f", "1", "-l", "1").split("?>", 1)[1].split("\n", 2)[2]
    )
    top = outline.find("outline")
    marks = {re.sub(r"^\d+\s+", "", item.text): int(item.get("page")) for item in top.findall("item")}
    assert list(marks) == titles
    contents = next(page for page in pages(written()) if "Contents" in page)
    told = dict(re.findall(r"^\s*\d+\s+(.+?)[ .]{4,}(\d+)$", contents, re.MULTILINE))
    assert {title: int(page) for title, page in told.items()} == marks
    text = pages(written())
    for title, page in marks.items():
        assert title in text[page - 1]


def test_final_and_real_reports_carry_no_mark(content):
    (page, *_) = [page for page in pages(pdf.write(document(Paragraph(("Text.",))), content)) if "First" in page]
    assert "Provisional" not in page
    assert "Simulated" not in page
    marked = pages(pdf.write(document(Paragraph(("Text.",)), simulated=True, provisional=True), content))
    assert all("Provisional" in page and "Simulated evidence" in page for page in marked)


@pytest.mark.slow
def test_the_same_document_gives_the_same_bytes_in_another_process(tmp_path):
    program = """
import sys
from audit.content import Content
from audit.reporting.compose import Definition, compose
from audit.reporting.writers.pdf import write
from tests.reporting.conftest import _assessment, _estate
content = Content()
document = compose(_assessment(), _estate(), Definition.load(content, "annual-review"), "zh", content=content)
sys.stdout.buffer.write(write(document, content))
"""
    found = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "America/New_York"))
    ]
    assert found[0].startswith(b"%PDF-1.7")
    assert found[0] == found[1]


# --- what is cut ------------------------------------------------------------------------------------------------------------------


def test_a_long_table_is_cut_and_the_rest_is_counted(content):
    text = "\n".join(pages(pdf.write(document(table(7), print_rows=4), content)))
    assert re.findall(r"row-\d{4}", text) == ["row-0000", "row-0001", "row-0002", "row-0003"]
    assert "4 of 7 rows are printed, the first ones in the order of the table; 3 are not." in re.sub(r"\s+", " ", text)


def words(content, language="en"):
    return Words(content, Formats(language, "Asia/Shanghai"))


def cut(content, *blocks, limit=4):
    return for_paper(document(*blocks, print_rows=limit), words(content)).sections[0].blocks


def test_what_fits_is_left_as_it_is(content):
    given = table(4), Items((("a",), ("b",)))
    assert cut(content, *given) == given


def test_long_lists_are_cut_and_counted(content):
    items, note = cut(content, Items(tuple((f"n{n}",) for n in range(5))))
    assert items.items == (("n0",), ("n1",), ("n2",), ("n3",))
    assert plain(note.text).startswith("4 of 5 names are printed; one is not.")


def test_entries_that_printed_rows_cite_are_printed_whatever_their_number(content):
    cited = (50, 60, 61, 62, 63)
    entries = tuple((OrdinalCell(n), TextCell((Name(SHA),))) for n in range(100))
    refs = tuple((EvidenceCell((EvidenceRef(n, SHA, "line 1"),)),) for n in cited)
    blocks = cut(
        content,
        Table("breaches", (Column("evidence", ("Evidence",), "evidence"),), refs),
        Table("evidence", (Column("entry", ("Entry",), "ordinal"), Column("sha", ("SHA",))), entries, anchor="entry"),
        limit=4,
    )
    kept = next(block for block in blocks if isinstance(block, Table) and block.id == "evidence")
    assert [row[0].value for row in kept.rows] == [50, 60, 61, 62], "63 is cited by a row that was cut itself"
    assert plain(blocks[-1].text).startswith("Printed are all entries that the printed rows cite, 4 of 100; 96 are not.")


def test_assets_with_many_parts_take_the_place_of_others(content):
    line = strip("x", (State.MET, 1, 12))
    groups = tuple(StripGroup((Name(f"a{n}"),), (), (line,) * (40 if n == 1 else 1)) for n in range(6))
    block, note = cut(content, Timelines("t", SINCE, UNTIL, groups), limit=4)
    assert [plain(group.title) for group in block.groups] == ["a0"]
    assert isinstance(note, Note)
    assert plain(note.text).startswith("1 of 6 assets")


# --- what is refused --------------------------------------------------------------------------------------------------------------


def test_a_character_without_glyph_is_an_error_that_names_it(content):
    with pytest.raises(pdf.PdfError, match="1 of the report's characters") as raised:
        pdf.write(document(Paragraph(("a subject called ", Name(f"db-{LETTER}")))), content)
    (fault,) = raised.value.faults
    assert isinstance(fault, Fault)
    assert "U+10570 VITHKUQI CAPITAL LETTER A" in str(fault)
    assert f"a subject called db-{LETTER}" in str(fault) or f"db-{LETTER}" in str(fault)
    assert "install a font" in str(fault)


def test_characters_that_no_font_can_have_are_written_as_numbers(content):
    text = "\n".join(pages(pdf.write(document(Paragraph((Name("a\x1bb\ue000c"),))), content)))
    assert r"a\u{1b}b\u{e000}c" in text


@pytest.mark.parametrize(
    "reference", ["file:///etc/hostname", "https://evil.example/x.png", "picture.png", "http://127.0.0.1:9/x.png"]
)
def test_nothing_is_fetched_from_anywhere(tmp_path, content, reference):
    own = tmp_path / "templates" / "report"
    own.mkdir(parents=True)
    rules = content.text("templates/report/print.css")
    (own / "print.css").write_text(f"{rules}\nbody {{ background: url({reference}) }}", encoding="utf-8")
    with pytest.raises(ContentError) as raised:
        pdf.write(document(Paragraph(("Text.",))), Content(tmp_path))
    told = " ".join(map(str, raised.value.faults))
    assert reference.rsplit("/", 1)[-1] in told


def test_a_subject_that_is_a_reference_is_text(content):
    evil = '<img src="file:///etc/hostname"><style>@import url(https://evil.example/)</style>'
    text = "".join(pages(pdf.write(document(Paragraph((Name(evil),))), content)))
    assert '<imgsrc="file:///etc/hostname">' in re.sub(r"\s", "", text)


def test_a_font_that_is_not_installed_is_named_with_its_package(tmp_path, content, monkeypatch):
    own = tmp_path / "templates" / "report"
    own.mkdir(parents=True)
    rules = content.text("templates/report/print.css").replace('"Noto Sans"', '"Noto Nowhere"')
    (own / "print.css").write_text(rules, encoding="utf-8")
    monkeypatch.setitem(pdf.FONTS, "en", ("Noto Nowhere", "fonts-nowhere"))
    with pytest.raises(pdf.PdfError, match="Noto Nowhere is not installed; on Debian: apt-get install fonts-nowhere"):
        pdf.write(document(Paragraph(("Text.",))), Content(tmp_path))


def test_a_missing_library_is_named_with_its_package(content, monkeypatch):
    from weasyprint.text import ffi

    monkeypatch.setattr(ffi, "harfbuzz_subset", None)
    with pytest.raises(pdf.PdfError, match="libharfbuzz-subset0"):
        pdf.write(document(Paragraph(("Text.",))), content)


# --- pictures ---------------------------------------------------------------------------------------------------------------------


def colours(data: bytes, tmp_path: Path, page: int) -> dict[tuple[int, int, int], int]:
    """How many pixels of each colour a printed page has."""
    from PIL import Image

    (tmp_path / "x.pdf").write_bytes(data)
    subprocess.run(["pdftoppm", "-r", "72", "-png", "-f", str(page), "-l", str(page), "-singlefile", tmp_path / "x.pdf", tmp_path / "x"],
                   check=True)  # fmt: skip
    picture = Image.open(tmp_path / "x.png").convert("RGB")
    return {colour: count for count, colour in picture.getcolors(1 << 24)}


def test_timelines_are_painted_in_the_colours_of_their_states(content, tmp_path):
    line = strip("Recovery point", (State.MET, 1, 5), (State.BREACHED, 5, 8), (State.UNPROVEN, 8, 12))
    block = Timelines("t", SINCE, UNTIL, (StripGroup((Name("asset"),), (), (line,)),))
    data = pdf.write(document(block), content)
    page = next(number for number, text in enumerate(pages(data), 1) if "Recovery point" in text)
    found = colours(data, tmp_path, page)
    assert found.get((0x3F, 0x86, 0xAD), 0) > 200, "met"
    assert found.get((0xB3, 0x26, 0x1E), 0) > 150, "breached"
    assert sum(count for (r, g, b), count in found.items() if r > 230 and 200 < g < 235 and b < 150) > 50, "unproven, hatched"


def test_an_instant_is_shown_in_the_zone_of_the_document(content):
    columns = (Column("when", ("When",), "instant"),)
    text = "".join(pages(pdf.write(document(Table("t", columns, ((InstantCell(SINCE),),))), content)))
    assert "1 Jan 2026, 00:00" in text.replace("\N{NO-BREAK SPACE}", " ")


# --- what is read together stands together -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_heading_stands_at_the_foot_of_a_page_without_what_it_heads(content):
    """Thirty headings at all heights of the page, each with its paragraph, before a table, a list, definitions, a picture, timelines."""
    bars = ShareBars("b", (ShareBar(("Bar",), ((State.MET, 1.0),)),) * 14)
    lines = Timelines("t", SINCE, UNTIL, (StripGroup(("Asset",), (), (strip("Strip", (State.MET, 1, 3)),)),))
    figures = KeyFigures((Figure(NumberCell(7), ("Counted",)),))
    kinds = (table(3), Items((("Item one",), ("Item two",))), Definitions(((("Term",), (("Meaning",),)),)), bars, lines, figures)
    blocks = []
    for number in range(30):
        blocks += [Paragraph((f"Filler {number}. " + "More of it. " * (31 * number % 170),))]
        blocks += [Heading((f"Heading {number} here",)), Paragraph((f"Said before {number} here.",)), kinds[number % 6]]
    first = ("row-0000", "Item one", "Term", "Bar", "Strip", "Counted")
    told = pages(pdf.write(document(*blocks), content))
    assert len(told) > 8
    text = "\f".join(told)
    for number in range(30):
        after = text[text.index(f"Heading {number} here") :]
        headed = after[: after.index(first[number % 6])]
        assert f"Said before {number} here." in headed
        assert "\f" not in headed, f"heading {number} stands on another page than what it heads"


def test_on_paper_instants_have_seconds_and_elsewhere_all_they_have(content):
    exact = datetime(2026, 3, 1, 1, 2, 3, 456_789, tzinfo=UTC)
    columns = (Column("at", ("At",), "instant"),)
    given = document(Table("t", columns, ((InstantCell(exact),), (InstantCell(exact.replace(second=0)),))))
    told = "".join(pages(pdf.write(given, content))).replace("\xa0", " ")
    assert "1 Mar 2026, 09:02:03" in told
    assert "1 Mar 2026, 09:02:00" in told  # not the full minute
    assert "456" not in told
    assert '<time datetime="2026-03-01T01:02:03.456789Z">1\xa0Mar\xa02026, 09:02:03</time>' in html.page(given, content)
    assert "2026-03-01T01:02:03.456789Z" in json.write(given, content).decode()


def test_paper_names_in_one_row_all_of_which_the_same_is_said(review, assessment, content):
    """HTML keeps a row for each asset, and the workbook one for each stretch."""
    more = tuple(untested(f"asset-{n:02}", "people") for n in range(20))
    parts = tuple(replace(untested("parted", "people"), part=f"shard-{n}") for n in range(3))
    given = review(assessment=replace(assessment, results=(*assessment.results, *more, *parts)))
    words = Words(content, Formats("en", "Asia/Shanghai"))

    def row_of(found):
        keys = [column.key for column in found.columns]
        rows = [dict(zip(keys, row, strict=True)) for row in found.rows]
        reason = words.plain("reasons.no-restore-test.text")
        return [row for row in rows if plain(row["reason"].value) == reason and not row["detail"].value]

    def unproven(document):
        (found,) = [block for part in document.sections for block in part.blocks if getattr(block, "id", "") == "unproven"]
        return found

    (row,) = row_of(unproven(for_paper(given, words)))
    assert row["assets"].value == 3 + 20 + 1
    assert row["stretches"].value == 3 + 20 + 3
    names = plain(row["names"].value)
    assert names.startswith("asset-00, asset-01, asset-02,")
    assert "parted (shard-0, shard-1 and shard-2)" in names
    assert len(row_of(unproven(given))) == 3 + 20 + 3
    printed, whole = unproven(for_paper(given, words)), unproven(given)
    assert sum(row[-2].value for row in printed.rows) == sum(row[5].value for row in whole.rows)  # no stretch is lost
