"""What is proposed for tables that nobody declared: never more than the values settle, and nothing but faults for what is no table."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from audit.adapters import _suggest_times
from audit.adapters._suggest import OPEN, Proposal, propose
from audit.adapters._suggest_look import unit_of
from audit.content import Content
from audit.errors import InputError
from audit.steps.tabular import Wording, quoted, vocabulary, written
from tests.adapters import golden, mutations
from tests.adapters.workbooks import workbook
from tests.cli import exports

CONTENT = Content()
WORDS = vocabulary(CONTENT)
KNOWN = {one.casefold() for kinds in WORDS.words.values() for several in kinds.values() for one in several}


def proposed(text: str | bytes) -> Proposal:
    return propose(text.encode() if isinstance(text, str) else text, WORDS, "t")


def table(*rows: str, header: str = "id,client,start,end,status,size") -> str:
    return "\n".join([header, *rows]) + "\n"


ROW = "{},db,2026-11-0{} 01:00:00,2026-11-0{} 02:00:00,{},100"


def rows(*words: str) -> str:
    return table(*(ROW.format(number, number, number, word) for number, word in enumerate(words, 1)))


@given(word=st.text(st.characters(min_codepoint=33, max_codepoint=0x9FFF, exclude_characters='",;|\t'), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_word_that_is_in_no_vocabulary_has_no_meaning(word: str) -> None:
    found = proposed(rows("Success", "Failed", word.strip() or "x")).words["outcome"]
    for text, ours in found.items():
        assert ours == OPEN or text.casefold() in KNOWN, (text, ours)


@pytest.mark.parametrize("word", [one for several in WORDS.doubts.values() for one in several])
def test_a_word_that_says_less_than_an_outcome_stays_open(word: str) -> None:
    found = proposed(rows("Success", "Failed", word))
    assert found.words["outcome"][word] == OPEN
    assert found.notes[f"words.outcome.{word}"][0].key in ("word-ended", "word-missed", "word-partial")


def test_no_word_has_two_meanings_and_none_that_is_doubtful_has_one() -> None:
    for name, kinds in WORDS.words.items():
        told = [one.casefold() for several in kinds.values() for one in several]
        assert len(told) == len(set(told)), name
    doubtful = {one.casefold() for several in WORDS.doubts.values() for one in several}
    assert not doubtful & {one.casefold() for several in WORDS.words["outcome"].values() for one in several}


@pytest.mark.parametrize(
    ("texts", "formats", "undecided"),
    [
        (["03/11/2026 01:00"], [], [("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")]),
        (["03/11/2026 01:00", "13/11/2026 01:00"], ["%d/%m/%Y %H:%M"], []),
        (["03/11/2026 01:00", "11/13/2026 01:00"], ["%m/%d/%Y %H:%M"], []),
        (["13/11/2026 01:00", "11/13/2026 01:00"], [], [("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")]),
        (["11/11/2026 01:00"], [], [("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")]),
        (["03.11.26 01:00"], [], [("%d.%m.%y %H:%M", "%m.%d.%y %H:%M", "%y.%m.%d %H:%M")]),
        (["2026/11/1 上午 1:00", "2026/11/1 13:00"], ["%Y/%m/%d %p %I:%M", "%Y/%m/%d %H:%M"], []),
        (["2026-11-01T01:00:00+08:00"], ["rfc3339"], []),
        (["1793466000", "1793466000123"], ["epoch-seconds", "epoch-milliseconds"], []),
        (["20261101 010203"], ["%Y%m%d %H%M%S"], []),
        (["1 Nov 2026 01:02:03 +0800"], ["%d %b %Y %H:%M:%S %z"], []),
        (["2026年11月1日 1时02分"], ["%Y年%m月%d日 %H时%M分"], []),
        (["soon"], [], []),
    ],
)
def test_formats_of_times(texts: list[str], formats: list[str], undecided: list[tuple[str, ...]]) -> None:
    found = _suggest_times.found(texts)
    assert (sorted(found.formats), sorted(tuple(sorted(one)) for one, _ in found.undecided)) == (
        sorted(formats),
        [tuple(sorted(one)) for one in undecided],
    )


@pytest.mark.parametrize(
    ("sizes", "numbers"),
    [
        (["1,5 GB", "2,25 GB"], {"decimal": ",", "kilo": 1000}),
        (["1.204,75 GB", "1 GB"], {"decimal": ",", "thousands": ".", "kilo": 1000}),
        (["1,204.75 GB", "1 GB"], {"thousands": ",", "kilo": 1000}),
        (["1,204 GB", "7 GB"], {"decimal": OPEN, "kilo": 1000}),
        (["1204 GB", "7 GB"], {"kilo": 1000}),
        (["100", "200"], {}),
    ],
)
def test_signs_of_numbers(sizes: list[str], numbers: dict[str, Any]) -> None:
    text = table(
        *(f"{number};db;2026-11-0{number} 01:00:00;2026-11-0{number} 02:00:00;ok;{size}" for number, size in enumerate(sizes, 1)),
        header="id;client;start;end;status;size",
    )
    assert proposed(text).numbers == numbers


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Size (MB)", "MB"),
        ("数据量（GiB）", "GiB"),
        ("Size KB", "kB"),
        ("大小[字节]", "B"),
        ("bytes", "B"),
        ("Size", None),
        ("Megabytes", None),
    ],
)
def test_units_of_names(name: str, unit: str | None) -> None:
    assert unit_of(name) == unit


def test_an_id_that_is_made_never_holds_what_changes_while_a_job_runs() -> None:
    text = table("a,2026-11-01 01:00:00,2026-11-01 02:00:00,ok", "a,2026-11-02 01:00:00,,running", header="server,start,end,status")
    assert proposed(text).columns["id"] == ("server", "start")
    twice = table(
        "a,2026-11-01 01:00:00,2026-11-01 02:00:00,ok", "a,2026-11-01 01:00:00,,running", header="server,start,end,status"
    )
    assert [note.key for note in proposed(twice).notes["columns.id"]] == ["id-not-unique"]


def test_a_lifecycle_is_no_outcome() -> None:
    text = table(
        "1,db,2026-11-01 01:00:00,Stopped,Success", "2,db,2026-11-02 01:00:00,Stopped,Failed", header="id,client,start,state,result"
    )
    assert proposed(text).columns["outcome"] == ("result",)


def test_a_catalog_is_known_by_its_ends() -> None:
    text = table("1,db,2026-11-01 01:00:00,2026-12-01", "2,db,2026-11-02 01:00:00,never", header="id,client,created,expires")
    found = proposed(text)
    assert (found.record, found.columns["captured_at"], found.unknown_in) == (
        "recovery_point",
        ("created",),
        {"expires_at": ["never"]},
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found(encoding: str) -> None:
    text = exports.OFFICE.decode("gb18030")
    found = proposed(text.encode(encoding))
    assert found.columns["outcome"] == ("执行结果",)
    assert found.looked.encoding in (encoding.removesuffix("-sig"), "utf-8")


def test_lines_of_powershell_and_of_spreadsheets_stand_before_the_header() -> None:
    for line in ("#TYPE Veeam.Backup.Core.CBackupSession", "sep=,"):
        found = proposed(f"{line}\n{rows('ok', 'failed')}")
        assert (found.looked.layout.before, found.columns["outcome"]) == (1, ("status",))


def test_the_sheet_with_the_table_is_found() -> None:
    jobs = [["id", "client", "start", "status"], ["1", "db", "2026-11-01 01:00:00", "ok"]]
    found = proposed(workbook([["name", "remark"], ["a", "b"]], title="Cover", others={"Jobs": jobs}))
    assert (found.looked.layout.sheet, found.columns["outcome"]) == ("Jobs", ("status",))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "content",
    [exports.OFFICE, exports.vault(), exports.api(), exports.GERMAN, exports.LOG, exports.AMERICAN, exports.NAKED],
    ids=range(7),
)
def test_what_is_written_is_what_is_proposed(language: str, content: str | bytes) -> None:
    found = proposed(content)
    text = written(found, "t", Wording(CONTENT, language), source="s", timezone=None)
    (source,) = YAML(typ="safe", pure=True).load(text)["sources"]
    assert source["mapping"] == found.mapping()


def test_both_wordings_say_the_same_things() -> None:
    english, chinese = (CONTENT.yaml(f"templates/tabular/wording/{language}.yaml") for language in ("en", "zh"))
    assert list(english) == list(chinese)
    for record in ("run", "recovery_point"):
        assert list(english["means"][record]) == list(chinese["means"][record])


@given(text=st.text(min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_any_text_is_quoted(text: str) -> None:
    if text.isprintable():
        assert YAML(typ="safe", pure=True).load(f"a: {quoted(text)}")["a"] == text
        assert YAML(typ="safe", pure=True).load(f"[{quoted(text)}, b]")[0] == text


@pytest.mark.parametrize("block", range(4))
def test_damaged_files_give_a_proposal_or_faults(block: int) -> None:
    samples = [path for path in golden.samples() if path.parent.name == "tabular"]
    for seed in range(block * 25, block * 25 + 25):
        random_ = random.Random(seed)
        payload = mutations.damaged(random_, random_.choice(samples).read_bytes())
        if (found := _proposed(payload)) is not None:
            text = written(found, "t", Wording(CONTENT, "en"), source=None, timezone=None)
            assert YAML(typ="safe", pure=True).load(text)["sources"][0]["mapping"] == found.mapping()


def _proposed(payload: bytes) -> Proposal | None:
    try:
        return propose(payload, WORDS, "t")
    except InputError as refused:
        if not refused.faults:
            raise AssertionError("refused without a reason") from refused
        return None
