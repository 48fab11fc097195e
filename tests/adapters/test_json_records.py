"""Records of JSON documents into frames of strings: what is lost on the way becomes a fault."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.adapters import _cultures, _records
from audit.adapters._listing import from_envelope
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import frame


def test_a_document_that_is_none() -> None:
    assert _records.document(b'\xef\xbb\xbf{"a": 1}', Envelope(tool="t")) == {"a": 1}
    for payload in (b"", b"{", b'{"a": 1, "a": 2}', b"NaN", b"[" * 5000, b"\xff"):
        with pytest.raises(InputError):
            _records.document(payload, Envelope(tool="t"))


def test_objects_of_a_list() -> None:
    found, faults = _records.objects([{"a": 1}, 2, [3], None], "/data", "f")
    assert found == [("/data/0", {"a": 1})]
    assert [fault.locator for fault in faults] == ["/data/1", "/data/2", "/data/3"]
    assert _records.objects({"secret": "x"}, "/data", "f")[1][0].what == "there is no list of records here, but an object"


def test_values_become_text_and_what_is_no_value_a_fault() -> None:
    records = [
        ("/0", {"a": "x", "b": {"c": 1}}),
        ("/1", {"a": True, "b": {"c": 2.0}}),
        ("/2", {"a": None, "b": None}),
        ("/3", {"a": 1.5, "b": 7}),
        ("/4", {"a": ["secret"], "b": {"c": {}}}),
    ]
    picked = _records.pick(records, {"one": "a", "two": ("b", "c")}, "f")
    assert picked.rows.rows() == [("/0", "x", "1"), ("/1", "true", "2"), ("/2", None, None), ("/3", "1.5", None)]
    [fault] = picked.faults
    assert (fault.locator, fault.key) == ("/4", "a")
    assert "secret" not in fault.what
    assert _records.pick([], {"one": "a"}, "f").rows.schema == {"locator": pl.String(), "one": pl.String()}


_RECORD: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, True, 1, 1.5, "x", []]),
    lambda inner: st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@given(st.lists(_RECORD, max_size=9))
def test_columns_of_records_are_what_stands_in_each(records: list[Any]) -> None:
    paths = [("a",), ("a", "b"), ("b", "a"), ("a", "b", "a"), ("c",)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_records, "_STRETCH", 4)
        found = _records.columns(records, paths)
    for path, (values, kinds) in zip(paths, found, strict=True):
        assert values == [_records.at(record, path) for record in records]
        assert kinds == set(map(type, values))


def test_words() -> None:
    rows = pl.DataFrame({"state": ["ok", "odd", None, "none"], "locator": ["1", "2", "3", "4"]})
    told = _records.told(rows, "state", {"ok": "success", "none": None}, "f", "outcome")
    assert told.rows.rows() == [("ok", "1", "success"), ("none", "4", None)]
    assert [(fault.locator, fault.level) for fault in told.faults] == [("2", "error"), ("3", "error")]


def test_times_and_sentinels() -> None:
    rows = pl.DataFrame({"t": ["1700000000", "0", "", "0001-01-01T00:00:00Z", "1900-01-01T00:00:00", "soon", None]})
    read = _records.times(rows, ["t", "absent"], ("epoch-seconds",))["t"].to_list()
    assert read == ["2023-11-14T22:13:20.000000Z", None, None, None, None, "soon", None]


def test_an_error_takes_completeness_away_and_a_warning_does_not() -> None:
    envelope = Envelope.from_json(
        {"tool": "t", "source": "s", "repository": "r", "observed_at": "2026-01-01T00:00:00Z", "complete": True}
    )
    listings = from_envelope(frame("recovery_point"), envelope, empty_table=True)
    for level, complete in (("warning", True), ("error", False)):
        facts = _records.assembled(envelope, [Fault("f", "x", level=level)], listings=listings)
        assert facts.listings["complete"].to_list() == [complete]


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["11/20/2026 9:00:04 PM", "1/2/2026 9:00:04 PM"], "2026-11-20T21:00:04.000000"),
        (["20/11/2026 21:00"], "2026-11-20T21:00:00.000000"),
        (["2.11.2026 21:00:04", None], "2026-11-02T21:00:04.000000"),
        (["2026/11/2 21:00:04", "1/1/1900 12:00:00 AM"], "2026-11-02T21:00:04.000000"),
        (["2026-11-02T21:00:04Z"], "2026-11-02T21:00:04Z"),
        ([None, None], None),
    ],
)
def test_cultures(texts: list[str | None], first: str | None) -> None:
    read = _cultures.read(pl.DataFrame({"t": texts}, schema={"t": pl.String()}), ["t"], "f")
    assert read["t"].to_list()[0] == first


def test_cultures_that_cannot_be_told() -> None:
    for texts in (["1/2/2026 21:00"], ["20/11/2026 21:00", "11/20/2026 21:00"]):
        with pytest.raises(InputError, match="two ways"):
            _cultures.read(pl.DataFrame({"t": texts}), ["t"], "f")
