"""Velero: objects of the documented shape, the test data of others, and the traps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden
from tests.adapters.verbatim import sample

TOOL = "velero"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def read(payload: bytes, **known: Any) -> Facts:
    told = {"source": "k", "repository": "r", "observed_at": AT, "complete": True, **known}
    return _registry.read(TOOL, payload, Envelope(tool=TOOL, **told))


def own(name: str) -> bytes:
    return (golden.DATA / TOOL / name).read_bytes()


def test_backups_of_others() -> None:
    payload = sample(TOOL, "backups_list.fixture.json")
    assert _registry.recognise("", payload) == TOOL
    facts = read(payload)
    assert facts.points["completeness"].to_list() == [None, "partial"]
    assert facts.points["expires_at"].to_list() == [datetime(2026, 9, 20, 2, tzinfo=UTC), None]
    assert facts.runs["outcome"].to_list() == ["warning", "failed"]


def test_where_the_data_lies_and_what_is_partial() -> None:
    points = {point["id"]: point for point in read(own("backups.json")).points.to_dicts()}
    assert {name: point["repository"] for name, point in points.items()} == {
        "plain": "default", "csi-kept": "default/snapshots", "csi-moved": "default", "native": "default/snapshots", "selected": "far", "part": "default",
    }  # fmt: skip
    assert {name for name, point in points.items() if point["completeness"] == "partial"} == {"csi-moved", "part"}
    assert {point["subject"] for point in points.values()} == {"db,web", "*,-kube-system", "*", "db", "db (selected)"}


def test_phases() -> None:
    runs = {run["id"]: run for run in read(own("backups.json")).runs.to_dicts()}
    assert runs["backup:now"]["outcome"] == runs["backup:fresh"]["outcome"] == "running"
    assert runs["backup:broken"]["outcome"] == runs["backup:part"]["outcome"] == "failed"
    assert runs["backup:native"]["outcome"] == "warning"
    assert "backup:going" not in runs
    assert (runs["restore:drill"]["coverage"], runs["restore:drill"]["subject"]) == ("full", "db,web")
    assert (runs["restore:one-namespace"]["coverage"], runs["restore:one-namespace"]["subject"]) == ("partial", "db")


def test_a_location_that_is_not_available_makes_its_listing_incomplete() -> None:
    listings = dict(read(own("backups.json")).listings.select("repository", "complete").iter_rows())
    assert listings == {"default": True, "default/snapshots": True, "far": False}
    gone = read(own("backups.json").replace(b'"Available"', b'"Unavailable"')).listings
    assert not gone["complete"].any()


def test_pages_quarantine_and_nothing() -> None:
    facts = read(own("odd.json"))
    assert facts.points["id"].to_list() == ["good"]
    assert len([fault for fault in facts.faults if fault.level == "error"]) == 3
    assert facts.listings["complete"].to_list() == [False]
    page = json.loads(own("odd.json"))
    page["items"] = page["items"][:1]
    assert read(json.dumps(page).encode()).listings["complete"].to_list() == [False]
    assert read(own("velero-backup.json")).listings["complete"].to_list() == [False]
    with pytest.raises(InputError):
        read(b'{"kind": "List", "items": []}', complete=None)
    assert read(b'{"kind": "List", "items": []}').listings["complete"].to_list() == [True]


def test_pages_of_lists_are_one_list_and_the_last_page_says_whether_it_is_whole() -> None:
    backups = json.loads(sample(TOOL, "backups_list.fixture.json"))["items"]

    def page(items: list[Any], **meta: Any) -> dict[str, Any]:
        return {"apiVersion": "velero.io/v1", "kind": "BackupList", "metadata": meta, "items": items}

    first, last = page(backups[:1], **{"continue": "x", "remainingItemCount": 1}), page(backups[1:])
    locations = {"apiVersion": "velero.io/v1", "kind": "BackupStorageLocationList", "metadata": {}, "items": []}
    facts = read(json.dumps([first, last, locations]).encode())
    alone = read(json.dumps(page(backups)).encode())
    assert facts.points["id"].to_list() == alone.points["id"].to_list()
    assert facts.listings["complete"].unique().to_list() == [True]
    assert facts.points["locator"].to_list() == ["/0/items/0", "/1/items/0"]
    assert read(json.dumps([first, locations]).encode()).listings["complete"].unique().to_list() == [False]
    assert read(json.dumps([page([]), locations]).encode()).listings.select("repository", "complete").rows() == [("r", True)]
    assert read(json.dumps([locations]).encode()).listings.is_empty()


@pytest.mark.parametrize(("kind", "listings"), [("BackupList", 1), ("List", 1), ("ScheduleList", 0), ("RestoreList", 0)])
def test_a_list_of_nothing_speaks_of_its_own_kind_only(kind: str, listings: int) -> None:
    payload = json.dumps({"apiVersion": "velero.io/v1", "kind": kind, "items": []}).encode()
    assert read(payload).listings["complete"].to_list() == [True] * listings
    with pytest.raises(InputError, match="holds no objects"):
        read(payload, complete=None)
