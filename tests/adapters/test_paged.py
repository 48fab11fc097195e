"""Pages of one answer, as connectors keep them, are read as one page whose records know where they stand."""

from __future__ import annotations

import json

import pytest

from audit.adapters._records import objects, one_page
from audit.connectors._http import joined


def kept(*pages):
    return json.loads(joined([json.dumps(page).encode() for page in pages]))


def test_records_of_all_pages_with_their_places():
    value = kept(
        {"data": [{"id": 1}, {"id": 2}], "pagination": {"total": 3, "skip": 0}},
        {"data": [{"id": 3}], "pagination": {"total": 3, "skip": 2}},
    )
    page = one_page(value, ("data",))
    assert page == {"data": [{"id": 1}, {"id": 2}, {"id": 3}], "pagination": {"total": 3, "skip": 0}}
    found, faults = objects(page["data"], "/data", "x")
    assert (found, faults) == ([("/0/data/0", {"id": 1}), ("/0/data/1", {"id": 2}), ("/1/data/0", {"id": 3})], [])


def test_what_says_that_a_list_goes_on_is_of_the_last_page():
    assert one_page(kept({"x": [1]}, {"x": [2]}), ("x",), "/backups")["x"].pointers == ["/backups/0/x/0", "/backups/1/x/0"]
    assert one_page(kept({"Jobs": [1], "NextToken": "a"}, {"Jobs": [2]}), ("Jobs",)) == {"Jobs": [1, 2]}
    assert one_page(kept({"value": [1], "nextLink": "a"}, {"value": [2], "nextLink": "b"}), ("value",)) == {
        "value": [1, 2],
        "nextLink": "b",
    }
    deep = [{"data": {"c": {"count": 2, "nodes": [n], "pageInfo": {"hasNextPage": more}}}} for n, more in ((1, True), (2, False))]
    assert one_page(kept(*deep), ("data", "c", "nodes")) == {
        "data": {"c": {"count": 2, "nodes": [1, 2], "pageInfo": {"hasNextPage": False}}}
    }


@pytest.mark.parametrize("value", [{"data": [1]}, [], [1], [{"data": 1}], [{"data": [1]}, {"other": []}], None, "x"])
def test_everything_else_stays_as_it_is(value):
    assert one_page(value, ("data",)) is value


def test_a_fault_names_the_place_in_the_payload():
    page = one_page(kept({"data": [{}]}, {"data": [5]}), ("data",))
    (fault,) = objects(page["data"], "/data", "x")[1]
    assert fault.locator == "/1/data/0"
