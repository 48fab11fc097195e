import json
from collections import Counter
from dataclasses import replace

import pytest

from audit.model.document import Sheet
from audit.reporting.compose import Definition, compose
from audit.reporting.writers.json import write


@pytest.fixture
def told(review, content):
    return lambda language="en": json.loads(write(review(language), content))


def section(document, name):
    return next(found for found in document["sections"] if found["id"] == name)


def block(document, name, kind="table"):
    return next(
        found for part in document["sections"] for found in part["blocks"] if found["block"] == kind and found["id"] == name
    )


def test_the_head_says_what_it_is(told):
    document = told()
    assert document["format"] == "backup-audit/report/1"
    assert (document["report"], document["language"], document["zone"]) == ("annual-review", "en", "Asia/Shanghai")
    assert document["title"] == "Annual review of backup compliance"
    assert document["provisional"] is True
    assert document["facts"]["from"] == "2025-12-31T16:00:00Z"
    assert document["facts"]["as-known-at"] == 4711


def test_rows_are_objects_with_typed_values(told):
    row = block(told(), "breaches")["rows"][1]
    assert row == {
        "asset": "im-messages-db",
        "unit": "Customer Operations",
        "promise": "Recovery point (RPO)",
        "policy": "core-messages version 3",
        "from": "2026-08-03T02:00:00Z",
        "to": "2026-08-10T05:30:00Z",
        "length": 617_400.0,
        "severity": 146.57,
        "severity-word": "critical",
        "cause": row["cause"],
        "evidence": [
            {"entry": 12, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "locator": "line 3"}
        ],
    }
    columns = block(told(), "breaches")["columns"]
    assert [column["kind"] for column in columns] == ["text"] * 4 + [
        "instant",
        "instant",
        "duration",
        "number",
        "text",
        "text",
        "evidence",
    ]


def test_every_section_stands_once_however_many_sheets_show_it(assessment, estate, content):
    lines = (("summary", {}), ("breaches", {}), ("evidence", {}), ("breaches", {"of": "another form"}))
    definition = replace(Definition.load(content, "annual-review"), sections=lines, workbook=())
    whole = compose(assessment, estate, definition, "en", content=content)
    summary, breaches, evidence, other = whole.sections
    sheets = (Sheet("breaches", ("Breaches",), (breaches, evidence)), Sheet("more", ("More",), (other, summary)))
    document = json.loads(write(replace(whole, sections=(summary, breaches), sheets=sheets), content))
    assert Counter(part["id"] for part in document["sections"]) == {"summary": 1, "breaches": 1, "evidence": 1, "breaches-2": 1}
    assert document["contents"] == ["summary", "breaches"]
    assert document["workbook"] == [
        {"id": "breaches", "title": "Breaches", "sections": ["breaches", "evidence"]},
        {"id": "more", "title": "More", "sections": ["breaches-2", "summary"]},
    ]
    assert "sheets" not in document


def test_what_is_drawn_stands_as_numbers(told):
    heat = block(told(), "units", "heatmap")
    assert len(heat["cells"]) == len(heat["rows"]) == 3
    cell = heat["cells"][1][heat["columns"].index("Recovery point (RPO)")]
    assert (cell["verdict"], cell["judged"], cell["breached"], cell["unproven"]) == ("breached", 2, 1, 1)
    bars = block(told(), "by-control", "sharebars")["bars"]
    assert bars[0] == {"label": "Copies (3-2-1): number of copies", "shares": {"met": 1.0}}


def test_strips_are_exact_and_never_merged(told):
    group = next(group for group in block(told(), "assets-open", "timelines")["groups"] if group["title"] == "im-messages-db")
    rpo = group["strips"][0]
    assert sum(stretch["state"] == "breached" for stretch in rpo["stretches"]) == 13
    assert rpo["stretches"][1] == {"from": "2026-04-01T00:00:00Z", "to": "2026-04-01T00:40:00Z", "state": "breached"}
    assert (rpo["verdict"], group["subtitle"][:8]) == ("breached", "Customer")
    assert all(before["to"] == after["from"] for before, after in zip(rpo["stretches"], rpo["stretches"][1:], strict=False))


def test_both_languages_hold_the_same_values(told):
    english, chinese = told("en"), told("zh")
    for name in ("breaches", "unproven", "shares-by-control", "evidence"):
        typed = [column["key"] for column in block(english, name)["columns"] if column["kind"] != "text"]
        values = [[{key: row[key] for key in typed} for row in block(document, name)["rows"]] for document in (english, chinese)]
        assert values[0] == values[1]
    assert section(chinese, "summary")["title"] == "摘要"


def test_empty_words_are_words(told):
    found = block(told(), "breaches")
    assert (found["caption"], found["empty"]) == ("", "No breach was found.")
    strips = block(told(), "assets-open", "timelines")["groups"][0]["strips"]
    assert all(isinstance(strip["note"], str) for strip in strips)
