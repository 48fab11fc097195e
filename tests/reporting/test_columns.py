"""Tables on paper: no wider than the page, nothing left out."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.content import Content
from audit.model.document import Column, DurationCell, Items, Name, NumberCell, OrdinalCell, ShareCell, Table, TextCell, VerdictCell
from audit.model.verdicts import Verdict
from audit.reporting.columns import PAGE, arrange, breakable
from audit.reporting.formats import Formats
from audit.reporting.words import Words
from audit.reporting.writers import pdf
from tests.reporting.conftest import SHA
from tests.reporting.test_pdf_writer import document, pages

EN = Words(Content(), Formats("en", "Asia/Shanghai"))


def text(*values: str) -> list[TextCell]:
    return [TextCell((value,)) for value in values]


def table(columns: dict[str, list], kinds: dict[str, str] | None = None) -> Table:
    heads = tuple(Column(key, (key,), (kinds or {}).get(key, cells[0].kind)) for key, cells in columns.items())
    return Table("t", heads, tuple(zip(*columns.values(), strict=True)))


def test_a_table_that_fits_stays_as_it_is():
    layout = arrange(table({"name": text("a", "b"), "count": [NumberCell(1), NumberCell(2)]}), EN)
    assert (layout.headings, layout.beside, layout.below) == ((), (0, 1), ())
    assert sum(layout.widths) == pytest.approx(PAGE, abs=0.1)


def test_a_long_text_goes_below_its_row_over_the_whole_width():
    long = "words and more words " * 40
    layout = arrange(table({"name": text("a", "b"), "cause": text(long, long), "count": [NumberCell(1), NumberCell(2)]}), EN)
    assert (layout.beside, layout.below) == ((0, 2), (1,))


def test_leading_columns_that_repeat_become_headings_of_a_table_of_many_columns():
    many = {f"percentage {n}": [ShareCell(0.5)] * 6 for n in range(10)}
    given_ = table(
        {"unit": text(*["Messaging"] * 3, *["Corporate"] * 3), "version": [OrdinalCell(1)] * 6, "promise": text(*"abcdef")} | many
    )
    layout = arrange(given_, EN)
    assert layout.headings == (0, 1)
    assert [layout.heading(given_, row) for row in range(6)] == [(0, 1), (), (), (0, 1), (), ()]


def test_a_duration_is_never_broken_and_never_runs_into_its_neighbour():
    long = 4_106 * 86_400 + 8 * 3_600
    columns = {"promise": text("a promise"), "judged": [DurationCell(long)]} | {f"s{n}": [ShareCell(0.5)] for n in range(9)}
    layout = arrange(table(columns), EN)
    told = EN.formats.duration(long)
    assert told == "4,106 days 8\xa0hrs" or "4,106" in told
    assert layout.widths[1] >= 0.5 * 2.646 * len(told)


@given(st.data())
def test_every_column_stands_somewhere_and_the_page_is_wide_enough(data):
    rows = data.draw(st.integers(1, 6))
    words = st.text("abc XYZ副本不可变-/.:1", max_size=400)
    kinds = {
        "text": words.map(lambda value: TextCell((Name(value),))),
        "number": st.integers(0, 10**9).map(NumberCell),
        "verdict": st.sampled_from(list(Verdict)).map(VerdictCell),
        "share": st.floats(0, 1).map(ShareCell),
    }
    chosen = data.draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=14))
    made = table({f"column {n}": [data.draw(kinds[kind]) for _ in range(rows)] for n, kind in enumerate(chosen)})
    layout = arrange(made, EN)
    assert sorted((*layout.headings, *layout.beside, *layout.below)) == list(range(len(chosen)))
    assert len(layout.widths) == len(layout.beside) > 0
    assert sum(layout.widths) <= PAGE + 0.1
    assert min(layout.widths) > 0


def test_what_is_above_and_below_is_printed_with_its_title(content):
    long = "the cause of it all " * 30
    columns = {"unit": text("Alpha", "Alpha", "Beta", "Beta"), "promise": text(*"abcd"), "cause": text(*[long] * 4)}
    columns |= {f"percentage {n}": [ShareCell(0.25)] * 4 for n in range(10)}
    printed = "\n".join(pages(pdf.write(document(table(columns)), content)))
    assert printed.count("unit Alpha") == 1
    assert printed.count("unit Beta") == 1
    assert printed.count("cause the cause") == 4
    assert " ".join(printed.split()).count("the cause of it all") >= 4 * 28


def test_named_columns_become_headings_of_the_rows_that_share_them():
    given_ = replace(table({"why": text("a", "a", "b"), "where": text("x", "x", "y"), "asset": text(*"123")}), runs=2)
    layout = arrange(given_, EN)
    assert (layout.headings, layout.beside, layout.below) == ((0, 1), (2,), ())


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("messages2-f-2503090030", ["messages2-", "f-", "2503090030"]),
        ("call-export/nas_sh1/2025-06-15.csv", ["call-", "export/", "nas_", "sh1/", "2025-", "06-", "15.", "csv"]),
        ("vm::101", ["vm::", "101"]),
        ("organisation", ["organisation"]),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
         ["9f86d081884c7d65", "9a2feaa0c55ad015", "a3bf4f1b2b0b822c", "d15d6c15b0f00a08"]),
        ("a" * 21, ["a" * 11, "a" * 10]),
        ("消息库主分片一二三四五六七八九十甲乙丙丁戊己庚辛", ["消息库主分片一二三四五六七八九十甲乙丙丁戊己庚辛"]),
        ("-", ["-"]),
    ],
)  # fmt: skip
def test_a_name_is_broken_after_its_marks_and_a_hash_evenly(name, pieces):
    assert breakable(name).split("\N{ZERO WIDTH SPACE}") == pieces


def test_on_paper_no_line_ends_inside_a_word(content):
    """In narrow columns, in running text and below rows alike; and what is copied from the page is the name, without any mark."""
    names = [f"messages{n}-f-25030900{n}0" for n in range(10, 60)]
    causes = [
        ("The newest recovery point in each repository: ", Name(name), " in ", Name("restic-cloud-sh"), ", then ", Name(name), ". ")
        * 3
        for name in names
    ]
    columns = {"asset": [TextCell((Name(name),)) for name in names], "cause": [TextCell(cause) for cause in causes]}
    columns |= {f"n{n}": [NumberCell(10**7)] * len(names) for n in range(9)}
    lines = "\n".join(
        pages(pdf.write(document(table(columns), Items(tuple((*cause, Name(SHA)) for cause in causes))), content))
    ).splitlines()
    words = {piece for name in (*names, "restic-cloud-sh", SHA) for piece in breakable(name).split("\N{ZERO WIDTH SPACE}")}
    found = [
        word
        for line in lines
        for word in re.findall(r"[0-9a-z]+-?", line)
        if any(letter.isdigit() for letter in word) and len(word) > 3
    ]
    known = (
        words | {piece.rstrip("-") for piece in words} | {SHA[at : at + size] for at in (0, 16, 32) for size in (16, 32, 48, 64)}
    )
    assert {word for word in found if word not in known} == set()
    assert len(found) > 500
    assert "\N{ZERO WIDTH SPACE}" not in "".join(lines)
