"""The excerpt that `explain` shows is the line that the adapter counted, in the encoding that was declared."""

from __future__ import annotations

import pytest

from audit.steps.explain import excerpt


@pytest.mark.parametrize(
    ("payload", "locator", "encoding", "shown"),
    [
        (b"a\r\nb\r\nc", "line 2", "utf-8", "b"),
        ("a\u2028still a\nb\x0bstill b\nc".encode(), "line 2", "utf-8", "b\x0bstill b"),
        ("编号\n成功\n".encode("gb18030"), "line 2", "gb18030", "成功"),
        ("编号\n成功\n".encode("utf-8-sig"), "line 1", "gb18030", "编号"),
        (b"a\n", "line 7", "utf-8", ""),
        (b'\xef\xbb\xbf {"a/b": [1, {"c": "x"}]}', "/a~1b/1", "utf-8", '{"c": "x"}'),
        (b"a\tb\nc\td", "row 2", "utf-8", "c\td"),
        (b"a\tb\nc\td", "cell B2", "utf-8", "c\td"),
        (b"a\nb", "", "utf-8", "a\nb"),
    ],
)
def test_the_text_at_a_locator(payload: bytes, locator: str, encoding: str, shown: str) -> None:
    assert excerpt(payload, locator, encoding) == shown
