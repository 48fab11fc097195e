import json

import pytest

from audit.evidence.places import excerpt


def marked(payload, locator):
    found = excerpt(payload, locator)
    return found.found, "".join(line.marked for line in found.lines), [line.number for line in found.lines if line.marked]


LINES = b"\n".join(b"row %d" % number for number in range(1, 101)) + b"\n"


def test_a_line_is_marked_with_those_around_it():
    assert marked(LINES, "line 50") == (True, "row 50", [50])
    shown = excerpt(LINES, "line 50")
    assert [line.number for line in shown.lines] == list(range(38, 63))
    assert shown.lines_in_all == 100
    assert [line.number for line in excerpt(LINES, "line 1").lines] == list(range(1, 14))
    assert [line.number for line in excerpt(LINES, "line 100").lines] == list(range(88, 101))
    assert marked(LINES.replace(b"\n", b"\r\n"), "line 50") == (True, "row 50", [50])


@pytest.mark.parametrize("locator", ["", "envelope", "line 101", "line 0", "line 999999999999", "/0", "/a/b", "line x"])
def test_a_place_that_is_not_there_shows_the_beginning(locator):
    found, text, _ = marked(LINES, locator)
    assert (found, text) == (False, "")
    assert excerpt(LINES, locator).lines[0].before == "row 1"


DOCUMENT = [{"id": "a", "tags": ["x", {"y/z": 1, "m~n": [True, None]}]}, {"id": "b"}, 7]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("pointer", "value"),
    [("/0", DOCUMENT[0]), ("/1/id", "b"), ("/0/tags/1/y~1z", 1), ("/0/tags/1/m~0n/1", None), ("/2", 7)],
)
def test_a_pointer_marks_the_very_value(indent, pointer, value):
    found, text, _ = marked(json.dumps(DOCUMENT, indent=indent).encode(), pointer)
    assert found
    if indent is None:
        assert json.loads(text) == value
    else:
        assert "".join(text.split()) == "".join(json.dumps(value).split())


@pytest.mark.parametrize("pointer", ["/3", "/0/nope", "/0/tags/9", "/-1", "/x", "/2/0", "/0/tags/1/m~0n/5"])
def test_a_pointer_to_nothing_is_not_found(pointer):
    assert not marked(json.dumps(DOCUMENT).encode(), pointer)[0]


@pytest.mark.parametrize("payload", [b"", b"\x00\xff", b"[1, 2", "\ufeff[1]".encode("utf-16"), b"[" * 100_000, b'{"a" 1}', b"{"])
def test_broken_payloads_do_no_harm(payload):
    for locator in ("line 1", "/0", "/a", ""):
        excerpt(payload, locator)


def test_long_lines_are_cut_around_the_place():
    payload = json.dumps([{"id": str(number)} for number in range(100_000)]).encode()
    found = excerpt(payload, "/50000")
    (line,) = [line for line in found.lines if line.marked]
    assert line.marked == '{"id": "50000"}'
    assert line.cut
    assert len(line.before) + len(line.after) <= 1200


def test_text_is_shown_in_its_declared_encoding_unless_it_begins_with_a_mark() -> None:
    for payload, encoding in (
        ("编号\n成功\n".encode("gb18030"), "gb18030"),
        ("编号\n成功\n".encode("utf-8-sig"), "gb18030"),
        ("编号\n成功\n".encode("utf-16"), "gb18030"),
        ("编号\n成功\n".encode("utf-16-le"), "utf-16-le"),
    ):
        (before, marked) = excerpt(payload, "line 2", encoding).lines
        assert (before.before, marked.marked) == ("编号", "成功")
