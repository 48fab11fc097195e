"""Lists in pages, beside what the tests of each connector show."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit.connectors import _paging
from audit.connectors._fetching import Asking, FetchError
from audit.connectors._paging import Page, by_offset, document, fetched, instant, listed, number, records
from tests.connectors.asking import Clock


def asking(warnings=None):
    return Asking(Clock(), lambda _: None, None, (warnings if warnings is not None else []).append)


def test_without_a_total_an_empty_page_ends_a_list():
    pages = {0: Page(b"[1]", ["1"]), 1: Page(b"[2]", ["2"]), 2: Page(b"[]", [])}
    assert listed(asking(), "x", lambda: by_offset(pages.__getitem__)).payload == b"[[1],\n[2],\n[]]"


def test_times_are_of_the_reading_that_was_kept():
    readings = iter([[Page(b"1", ["a", "a"])], [Page(b"2", ["a"])]])
    found = fetched(asking(), "x", lambda: next(readings), unlimited=True)
    assert found.payload == b"2"
    assert found.told["observed_at"] == datetime(2026, 11, 23, 6, 0, 1, tzinfo=UTC), "the clock before the second reading"


def test_pages_that_are_too_large_together(monkeypatch):
    monkeypatch.setattr(_paging, "LARGEST", 5)
    with pytest.raises(FetchError, match="x: its pages are larger"):
        listed(asking(), "x", lambda: [Page(b"123", ["1"]), Page(b"456", ["2"])])


def test_an_empty_list_is_whole():
    found = listed(asking(), "x", lambda: by_offset(lambda _: Page(b"{}", [], 0)))
    assert (found.payload, found.whole) == (b"{}", True)


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"Infinity"])
def test_what_is_no_object(payload):
    with pytest.raises(FetchError, match="x: the answer is no JSON object"):
        document(payload, "x")


def test_records_numbers_and_instants():
    assert records({"a": None}, "a", "x") == []
    for wrong in ({}, {"a": 0}, {"a": {}}, {"a": [1]}, {"a": "b"}):
        with pytest.raises(FetchError, match="x: "):
            records(wrong, "a", "x")
    assert [number(value) for value in (5, "5", None, "x", 5.5, "-1")] == [5, 5, None, None, None, None]
    assert instant(datetime(2026, 11, 23, 6, 0, 1, 999_999, tzinfo=UTC)) == "2026-11-23T06:00:01Z"
