"""Charts: the same bytes each time, told by shape and words, harmless, and counted where not all is drawn."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from audit.content import Content
from audit.model.document import HeatCell, HeatMap, Name, ShareBar, ShareBars, State
from audit.model.verdicts import Verdict
from audit.reporting.charts import heat_maps, share_bars
from audit.reporting.formats import Formats
from audit.reporting.words import Words

EVIL = '<img src=x onerror=alert(1)>&"'
SVG = "{http://www.w3.org/2000/svg}"
BREACHED = HeatCell(Verdict.BREACHED, 0.7, 0.8, 4, 1, 1)
UNPROVEN = HeatCell(Verdict.UNPROVEN, None, None, 3, 0, 2)
MET = HeatCell(Verdict.MET, 1.0, 1.0, 2, 0, 0)


def given(language="en"):
    formats = Formats(language, "UTC")
    return Words(Content(), formats), formats


def picture(rows=2, columns=2, cells=(BREACHED, UNPROVEN, MET, None), label=EVIL):
    line = [(Name(label), f" {number}") for number in range(max(rows, columns))]
    block = [tuple(cells[(row * columns + column) % len(cells)] for column in range(columns)) for row in range(rows)]
    return HeatMap("units", tuple(line[:rows]), tuple(line[:columns]), tuple(block), ("Units",))


def parsed(svg):
    return ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def said(svg):
    return [text.text for text in parsed(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_picture_has_a_role_a_title_and_a_description(language):
    (svg,) = heat_maps(picture(), given(language)[0])
    root = parsed(svg)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Units"
    told = {"en": "Breached: one field. Unproven: one field. Met: one field. ", "zh": "不达标：1格。未证实：1格。达标：1格。"}
    assert root.find(f"{SVG}desc").text == told[language]


def test_every_cell_has_a_shape_and_a_figure_beside_its_colour():
    (svg,) = heat_maps(picture(label="unit"), given()[0])
    assert {"70%", "1/3", "100%"} <= set(said(svg))
    shapes = [path for path in parsed(svg).iter(f"{SVG}path") if path.get("stroke-linecap") == "round"]
    assert len(shapes) == 5 + 3  # the legend, and the cells that were judged
    assert len({path.get("d") for path in shapes[-3:]}) == 3


def test_a_name_that_is_markup_is_text():
    (svg,) = heat_maps(picture(), given()[0])
    bars = share_bars(ShareBars("b", (ShareBar((Name(EVIL),), ((State.MET, 1.0),)),), (Name(EVIL),)), *given())
    for one in (svg, bars):
        assert "<img" not in one
        tags = {element.tag.removeprefix(SVG) for element in parsed(one).iter()}
        assert tags <= {"svg", "title", "desc", "defs", "pattern", "rect", "g", "path", "text"}
        assert not re.search(r"url\((?!#)|href|<style|<script| on[a-z]+=", one.replace("onerror=alert", ""))
    assert any("<img" in text for text in said(bars))


def heads(text, columns, language="zh"):
    block = HeatMap("units", (("行",),), ((text,),) * columns, ((MET,) * columns,), ("各单位",))
    (svg,) = heat_maps(block, given(language)[0])
    lines = [line for line in said(svg) if line and line in text]
    assert len(lines) % columns == 0
    return lines[::columns] if lines[0] == lines[1] else lines[: len(lines) // columns]


@pytest.mark.parametrize(
    ("language", "text", "lines"),
    [
        ("zh", "副本（3-2-1）：异地副本", ["副本（3-2-1）：", "异地副本"]),
        ("zh", "期末保护状态：已纳入策略", ["期末保护状态：", "已纳入策略"]),
        ("zh", "恢复点目标（RPO）", ["恢复点目标（RPO）"]),
        ("zh", "最短保留", ["最短保留"]),
        ("en", "Protection at period end: a policy is in force", ["Protection at", "period end: a", "policy is in", "force"]),
    ],
)
def test_heads_are_broken_between_words_and_in_chinese_after_a_mark(language, text, lines):
    assert heads(text, 6, language) == lines


def test_a_head_too_long_for_a_line_is_broken_between_its_letters_and_loses_no_mark():
    found = heads("数据库与文件系统一致性保护（3-2-1）：异地", 9)
    assert "".join(found) == "数据库与文件系统一致性保护（3-2-1）：异地"
    assert not any(line[-1] in "（" or line[0] in "）：" for line in found)


def test_every_cell_says_its_verdict_in_a_word():
    words = given("zh")[0]
    (svg,) = heat_maps(picture(label="资产"), words)
    assert {"不达标", "未证实", "达标"} <= {text for text in said(svg) if said(svg).count(text) > 1 or text == "不达标"}
    (svg,) = heat_maps(picture(1, 9, cells=(BREACHED,), label="u"), given()[0])
    assert said(svg).count("Breached") == 9  # whole, however narrow the columns


def test_the_same_block_gives_the_same_bytes():
    assert heat_maps(picture(), given()[0]) == heat_maps(picture(), given()[0])


def test_no_words_of_another_language_are_drawn():
    (svg,) = heat_maps(picture(label="资产"), given("zh")[0])
    assert not re.search(r"[A-Za-z]", "".join(text or "" for text in said(svg)))


def test_a_large_map_is_cut_into_pictures_that_hold_every_cell_once():
    block = picture(rows=80, columns=20, cells=(MET,), label="u")
    found = heat_maps(block, given()[0])
    assert len(found) == 4 * 3
    assert sum(text == "100%" for svg in found for text in said(svg)) == 80 * 20


def test_bars_show_what_is_too_thin_to_be_seen_and_end_where_they_must():
    shares = ((State.MET, 0.999_99), (State.BREACHED, 0.000_01))
    svg = share_bars(ShareBars("b", (ShareBar(("Copies",), shares),), ("Shares",)), *given())
    root = parsed(svg)
    assert root.find(f"{SVG}desc").text == "Copies: Met 99.999% and Breached <0.01%. ".replace("99.999%", ">99.99%")
    assert ">99.99% met" in said(svg)
    widths = [float(box.get("width")) for box in root.iter(f"{SVG}rect") if box.get("fill") == "#b3261e"]
    assert widths == [18.0, 2.0]  # its sample in the legend, and the sliver


def test_eighty_units_are_drawn_and_the_rest_is_counted(review, assessment):
    one = assessment.results[0]
    many = tuple(replace(one, unit=f"unit-{number:03}", asset=f"asset-{number}") for number in range(93))
    document = review(assessment=replace(assessment, results=many))
    blocks = next(section for section in document.sections if section.id == "heat-map").blocks
    (heat,) = [block for block in blocks if isinstance(block, HeatMap)]
    assert len(heat.rows) == 80
    notes = ["".join(str(part) for part in block.text) for block in blocks if block.kind == "note"]
    assert notes == ["The 80 worst business units are shown; 13 are not. Their figures are in the table by business unit."]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_heads_of_narrow_columns_are_hyphenated_and_not_cut(language):
    heads = ["Immutability", "Schedule: differential backups", "Verification", "恢复测试：完整恢复", "不可变性"]
    block = HeatMap("units", (("unit",),), tuple((head,) for head in heads * 2)[:9], ((MET,) * 9,), ("Units",))
    told = said(heat_maps(block, given(language)[0])[0])
    assert not [text for text in told if "…" in text]
    assert {"Immutabil-", "ity", "Schedule:", "differen-", "tial", "Verifica-", "tion"} <= {
        part for text in told for part in text.split(" ")
    }
    assert "恢复测试：" in told


def test_a_word_without_syllables_is_cut_and_says_so():
    block = HeatMap("units", (("unit",),), tuple(("x" * 40,) for _ in range(9)), ((MET,) * 9,), ("Units",))
    assert any(text.endswith("…") for text in said(heat_maps(block, given()[0])[0]))
