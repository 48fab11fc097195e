"""Google Cloud: what its answers must yield, and the traps of them."""

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
FOLDER = DATA / "google-cloud-backup"
SPANNER = {
    "name": "projects/p/instances/i/backups/b",
    "database": "projects/p/instances/i/databases/d",
    "state": "READY",
    "versionTime": "2026-11-20T01:00:00Z",
    "createTime": "2026-11-20T01:00:01Z",
}


def read(document: Any, **fields: Any) -> Facts:
    payload = json.dumps(document).encode()
    assert _registry.recognise("x", payload) == "google-cloud-backup"
    told = {"source": "s", "observed_at": SEEN, "complete": True} | fields
    return _registry.read("google-cloud-backup", payload, Envelope(tool="google-cloud-backup", name="f", **told))


def recorded(name: str) -> Any:
    """Recorded answers stand under `body`."""
    return json.loads(sample("google-cloud-backup", name))["body"]


def errors(facts: Facts) -> list[str]:
    return [fault.what for fault in facts.faults if fault.level == "error"]


def test_recorded_cloud_sql() -> None:
    facts = read(recorded("cloudsql_backupRuns_list.json"))
    [point] = facts.points.to_dicts()
    assert (point["id"], point["subject"]) == ("1555592400197", "projects/cloud-custodian/instances/custodian-postgres")
    assert point["captured_at"] == datetime(2019, 4, 18, 15, 54, 50, 386000, tzinfo=UTC)
    assert facts.runs.select("outcome", "recovery_point").row(0) == ("success", "1555592400197")


@pytest.mark.parametrize("name", ["cloudsql_backupRuns_list.json", "bigtable_backups_list.json", "spanner_backups_list.json"])
def test_a_recorded_answer_says_what_its_body_says(name: str) -> None:
    whole, bare = json.loads(sample("google-cloud-backup", name)), recorded(name)
    told, plain = read(whole), read(bare)
    for kind, frame in told.by_kind().items():
        assert frame.drop("locator").equals(plain.by_kind()[kind].drop("locator"))
    places = [place for frame in (told.points, told.runs) for place in frame["locator"]]
    assert places
    assert all(place.startswith("/body/") for place in places)
    assert told.listings["complete"].all() == plain.listings["complete"].all()


def test_a_recorded_answer_that_goes_on_or_is_an_error() -> None:
    answer = {"headers": {"status": "200"}, "body": {"backups": [SPANNER]}}
    assert read(answer).listings["complete"].all()
    assert not read({**answer, "body": {"backups": [SPANNER], "nextPageToken": "t"}}).listings["complete"].any()
    assert not read({**answer, "body": {"backups": [SPANNER], "unreachable": ["x"]}}).listings["complete"].any()
    for status in ("403", 500):
        with pytest.raises(InputError, match="status"):
            read({**answer, "headers": {"status": status}})


def test_recorded_bigtable() -> None:
    facts = read(recorded("bigtable_backups_list.json"))
    [point] = facts.points.to_dicts()
    assert point["repository"] == "projects/cloud-custodian/instances/test-260/clusters/test-260-c1"
    assert point["expires_at"] == datetime(2021, 12, 22, 8, 16, 41, 948000, tzinfo=UTC)
    assert point["encrypted"] == "yes"
    assert facts.listings["complete"].all()


def test_recorded_spanner_is_still_being_made() -> None:
    facts = read(recorded("spanner_backups_list.json"))
    assert facts.points.is_empty()
    assert facts.runs["outcome"].to_list() == ["running"]


def test_recorded_schedules_carry_no_facts() -> None:
    facts = read(recorded("firestore_backupSchedules.json"), repository="r")
    assert facts.points.is_empty()
    assert facts.listings.is_empty()
    assert not facts.faults


def test_a_list_that_could_not_reach_all_places_is_not_complete() -> None:
    facts = facts_of(FOLDER / "vault-unreachable.json")
    assert facts.points["id"].str.ends_with("/b1").to_list() == [True]
    assert facts.points["immutable_until"].to_list() == [datetime(2026, 12, 4, 3, 10, tzinfo=UTC)]
    assert facts.points["captured_at"].to_list() == [datetime(2026, 11, 20, 3, 8, 11, tzinfo=UTC)]
    assert facts.runs["outcome"].to_list() == ["failed"]
    assert not facts.listings["complete"].any()


@pytest.mark.parametrize("more", [{"nextPageToken": "t"}, {"unreachable": ["x"]}])
def test_a_list_that_goes_on(more: dict[str, Any]) -> None:
    assert read({"backups": [SPANNER]}).listings["complete"].all()
    assert read([SPANNER]).listings["complete"].all()
    assert not read({"backups": [SPANNER], **more}).listings["complete"].any()


def test_runs_of_cloud_sql() -> None:
    facts = facts_of(FOLDER / "cloud-sql.json")
    assert sorted(facts.points["id"]) == ["100", "104", "105"]
    outcomes = {id_.rsplit("/", 1)[1]: outcome for id_, outcome in facts.runs.select("id", "outcome").rows()}
    assert outcomes == {"100": "success", "103": "failed", "104": "success", "105": "success", "106": "running"}


def test_what_a_backup_of_a_chain_needs_is_not_told() -> None:
    points = facts_of(FOLDER / "spanner.json").points
    assert points.select("self_contained", "method").rows() == [(True, "snapshot"), (None, None)]


def test_a_copy_has_the_time_of_its_original() -> None:
    copy = facts_of(FOLDER / "bigtable.json").points.row(1, named=True)
    assert copy["captured_at"] is None
    assert copy["copy_of_id"] == "projects/p/instances/i/clusters/c1/backups/b1"
    assert copy["copy_of_repository"] == "projects/p/instances/i/clusters/c1"


@pytest.mark.parametrize("state", ["ACTIVE", "ready", None, "STATE_UNSPECIFIED"])
def test_an_unknown_state_is_quarantined(state: str | None) -> None:
    facts = read({"backups": [{**SPANNER, "state": state}, {**SPANNER, "name": "projects/p/instances/i/backups/c"}]})
    assert facts.points["id"].to_list() == ["projects/p/instances/i/backups/c"]
    assert len(errors(facts)) == 1
    assert not facts.listings["complete"].any()


def test_an_empty_answer_is_a_listing_of_nothing() -> None:
    facts = _registry.read(
        "google-cloud-backup",
        b"{}",
        Envelope(tool="google-cloud-backup", source="s", repository="r", observed_at=SEEN, complete=True),
    )
    assert facts.listings["complete"].to_list() == [True]


def test_one_backup_is_no_listing() -> None:
    assert read(SPANNER).points.height == 1
    assert read(SPANNER).listings.is_empty()


def test_what_is_no_answer() -> None:
    with pytest.raises(InputError, match="no list of backups"):
        _registry.read("google-cloud-backup", b'{"x": 1}', Envelope(tool="google-cloud-backup"))
