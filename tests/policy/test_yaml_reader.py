"""YAML text to data: lines, the words of YAML 1.2, and everything that is refused."""

from __future__ import annotations

import pytest

from audit.policy.place import Place
from audit.policy.text import decode
from audit.policy.yaml_reader import MAX_ALIASED, read_yaml


def one_fault(text: str) -> str:
    faults = read_yaml("f.yaml", text).faults
    assert len(faults) == 1, faults
    return str(faults[0])


def test_values_are_those_of_yaml_1_2() -> None:
    text = "a: NO\nb: yes\nc: true\nd: 0o17\ne: 017\nf: 1_000\ng: ~\nh:\ni: 2026-01-01\nj: '5'\n"
    text += "k: 1.5\nl: 12:30\nm: !!str 7\nn: FALSE\no: 0x10\n"
    assert read_yaml("f.yaml", text).data == {
        "a": "NO",
        "b": "yes",
        "c": True,
        "d": 15,
        "e": 17,
        "f": "1_000",
        "g": None,
        "h": None,
        "i": "2026-01-01",
        "j": "5",
        "k": 1.5,
        "l": "12:30",
        "m": "7",
        "n": False,
        "o": 16,
    }


def test_every_key_and_item_has_its_line() -> None:
    read = read_yaml("f.yaml", "a:\n  - b: 1\n    c: {d: 2}\n  - x\n")
    assert read.data == {"a": [{"b": 1, "c": {"d": 2}}, "x"]}
    place = Place("f.yaml", read.marks)
    assert [place.at(*path).locator for path in [("a",), ("a", 0, "b"), ("a", 0, "c", "d"), ("a", 1)]] == [
        "line 1",
        "line 2",
        "line 3",
        "line 4",
    ]
    assert place.at("a", 0, "missing").locator == "line 2"
    assert place.at("a", 0, "c").key == "a[0].c"


def test_a_version_1_1_document_reads_as_1_2() -> None:
    assert read_yaml("f.yaml", "%YAML 1.1\n---\na: yes\n").data == {"a": "yes"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "f.yaml: the file is empty"),
        ("# only a comment\n", "f.yaml: the file is empty"),
        ("a:\n  b: 1\n\tc: 2\n", "f.yaml, line 3: a tab indents this line; YAML allows only spaces"),
        ("a:\n\t- b\n", "f.yaml, line 2: a tab indents this line"),
        ("a: 1\nb: 2\na: 3\n", "f.yaml, line 3: repeated key `a`, first on line 1"),
        ("a: [1, 2\nb: 3\n", "f.yaml, line 2: the file is not YAML"),
        ("a: 1\n---\nb: 2\n", "f.yaml, line 2: the file is not YAML: the file holds more than one document"),
        (
            "a: !!python/object/apply:os.system ['true']\n",
            "f.yaml, line 1: the tag `!!python/object/apply:os.system` is not allowed",
        ),
        ("a: !secret x\n", "f.yaml, line 1: the tag `!secret` is not allowed"),
        ("a: &x [*x]\n", "f.yaml, line 1: an alias refers to a value that contains it"),
        ("? [a, b]\n: 1\n", "f.yaml, line 1: a key must be a word"),
        ("a: *nowhere\n", "f.yaml, line 1: the file is not YAML: found undefined alias"),
        ("a: \x07\n", "f.yaml: the file is not YAML"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, expected: str) -> None:
    assert one_fault(text).startswith(expected)


def test_an_alias_bomb_is_stopped() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert f"aliases make more than {MAX_ALIASED} values" in one_fault("\n".join(lines))


@pytest.mark.parametrize("text", ["[" * 20_000, "[\n" * 1_500, "a: {" * 1_500])
def test_deep_nesting_is_a_fault_not_a_crash(text: str) -> None:
    assert "nested too deeply" in one_fault(text)


def test_many_brackets_on_one_line_are_no_nesting() -> None:
    assert len(read_yaml("f.yaml", f"[{', '.join(['{a: [1]}'] * 3000)}]").data) == 3000


def test_plain_aliases_are_allowed() -> None:
    assert read_yaml("f.yaml", "a: &x {b: 1}\nc: *x\n").data == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("单位: 财务部\n".encode("gbk"), "line 1: the file is not UTF-8: it looks like GBK"),
        ("units: []\n".encode("utf-16"), "the file is UTF-16, not UTF-8"),
        ("units: []\n".encode("utf-16-le"), "the file is UTF-16, not UTF-8"),
        (b"units:\n- {name: a}\n" * 5 + b"\0\0", "line 11: the file has NUL bytes"),
        (b"\x1f\x8b\x08\x00", "this is gzip, not text"),
        (b"PK\x03\x04", "this is a zip archive or an Excel workbook, not text"),
        (b"ok: 1\nno: \xff\xff\n", "line 2: the file is not UTF-8: byte 0xff cannot be there"),
    ],
)
def test_what_is_not_text_says_what_it_is(raw: bytes, expected: str) -> None:
    text, faults = decode("f.yaml", raw)
    assert text == ""
    assert [str(fault).removeprefix("f.yaml, ").removeprefix("f.yaml: ").startswith(expected) for fault in faults] == [True], faults


def test_a_byte_order_mark_is_dropped() -> None:
    assert decode("f.yaml", b"\xef\xbb\xbfa: 1\n") == ("a: 1\n", [])


def test_folded_text_has_nothing_but_its_words() -> None:
    assert read_yaml("f.yaml", "a: >-\n  u\n  v\nb: >\n  x\n\n  y\n").data == {"a": "u v", "b": "x\ny\n"}
    assert read_yaml("f.yaml", "%YAML 1.2\n---\na: >-\n  u\n  v\n").data == {"a": "u v"}
