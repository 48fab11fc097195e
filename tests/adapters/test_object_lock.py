"""Object lock: versions and locks of objects, and what a lock that can be lifted is worth."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters.golden import DATA, facts_of
from tests.adapters.verbatim import sample

SEEN = datetime(2026, 11, 23, tzinfo=UTC)
FOLDER = DATA / "object-lock"
VERSION = {"Key": "a/b.dump", "VersionId": "v", "IsLatest": True, "Size": 1, "LastModified": "2026-11-20T00:00:00+00:00"}
OF_ONE = "aws s3api get-object-retention --bucket bk --key a/b.dump --version-id v"


def read(document: Any, **fields: Any) -> Facts:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    assert _registry.recognise("x", payload) == "object-lock"
    told = {"source": "s", "observed_at": SEEN, "complete": True} | fields
    return _registry.read("object-lock", payload, Envelope(tool="object-lock", name="f", **told))


def errors(facts: Facts) -> list[str]:
    return [fault.what for fault in facts.faults if fault.level == "error"]


def test_governance_is_no_lock() -> None:
    facts = read(sample("object-lock", "s3-get-object-retention.json"), command=OF_ONE)
    assert facts.points.select("id", "immutable_until").row(0) == ("a/b.dump@v", None)


def test_compliance_is_a_lock() -> None:
    facts = read({"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": "2027-01-01T00:00:00Z"}}, command=OF_ONE)
    assert facts.points["immutable_until"].to_list() == [datetime(2027, 1, 1, tzinfo=UTC)]
    assert facts.listings.is_empty()


def test_a_legal_hold_can_be_lifted() -> None:
    facts = read(sample("object-lock", "s3-get-object-legal-hold.json"), command=OF_ONE)
    assert facts.points["immutable_until"].to_list() == [None]


@pytest.mark.parametrize(
    "command", [None, "aws s3api get-object-retention --bucket bk --key a", "aws s3api head-object --key a --version-id v"]
)
def test_a_lock_of_an_object_that_is_not_named_is_a_fault(command: str | None) -> None:
    facts = read({"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": "2027-01-01T00:00:00Z"}}, command=command)
    assert facts.points.is_empty()
    assert len(errors(facts)) == 1


def test_settings_say_nothing_of_any_object() -> None:
    for facts in (
        read(sample("object-lock", "s3-get-object-lock-configuration.json")),
        facts_of(FOLDER / "gcs-bucket.json"),
        facts_of(FOLDER / "azure-container.json"),
    ):
        assert facts.points.is_empty()
        assert facts.listings.is_empty()
        assert not facts.faults


def test_versions_of_a_bucket() -> None:
    facts = facts_of(FOLDER / "s3-versions.json")
    assert facts.points.height == 3
    assert facts.points["captured_at"].null_count() == 3, "when an object was written is not what instant it restores"
    assert facts.points["self_contained"].null_count() == 3
    assert facts.listings.select("repository", "complete").rows() == [("s3://bk-backups-1", True)]


@pytest.mark.parametrize("more", [{"IsTruncated": True}, {"Prefix": "a/"}, {"NextToken": "t"}])
def test_a_part_of_a_bucket_is_not_complete(more: dict[str, Any]) -> None:
    assert read({"Versions": [VERSION], "Name": "bk"}).listings["complete"].all()
    assert not read({"Versions": [VERSION], "Name": "bk", **more}).listings["complete"].any()


def test_a_list_of_objects_does_not_show_every_version() -> None:
    assert not facts_of(FOLDER / "s3-objects.json").listings["complete"].any()


def test_a_delete_marker_deletes_no_version() -> None:
    marker = {"Key": "a/b.dump", "VersionId": "m", "IsLatest": True, "LastModified": "2026-11-21T00:00:00Z"}
    facts = read({"Versions": [{**VERSION, "IsLatest": False}], "DeleteMarkers": [marker], "Name": "bk"})
    assert facts.points["id"].to_list() == ["a/b.dump@v"]
    assert facts.points["deleted_at"].to_list() == [None]
    only = read({"DeleteMarkers": [marker], "Name": "bk"})
    assert only.points.is_empty()
    assert only.listings["complete"].to_list() == [True]


def test_an_inventory() -> None:
    facts = facts_of(FOLDER / "s3-inventory.csv")
    until = dict(facts.points.select("id", "immutable_until").iter_rows())
    assert [id_.split("@")[1] for id_ in until] == ["v1", "v2", "v3"]
    assert until["db/2026-11-20 full.dump@v1"] == datetime(2026, 12, 20, 1, 20, tzinfo=UTC)
    assert list(until.values())[1:] == [None, None]
    assert len(errors(facts)) == 1, "an unknown mode is quarantined"
    assert not facts.listings["complete"].any()


def test_objects_of_cloud_storage() -> None:
    points = facts_of(FOLDER / "gcs-objects.json").points
    assert points["immutable_until"].to_list() == [datetime(2027, 1, 20, 5, tzinfo=UTC), None]
    assert points["subject"].to_list() == ["backup-eu/pg", "backup-eu/pg"]


def test_a_bad_row_leaves_the_others() -> None:
    facts = read({"Versions": [{**VERSION, "LastModified": "today"}, 7, {**VERSION, "VersionId": "w"}], "Name": "bk"})
    assert facts.points["id"].to_list() == ["a/b.dump@w"]
    assert len(errors(facts)) == 2


def test_what_is_no_list_of_objects() -> None:
    for payload in (b'{"x": 1}', b"Bucket,Key\nb,k\n"):
        with pytest.raises(InputError):
            _registry.read("object-lock", payload, Envelope(tool="object-lock"))
