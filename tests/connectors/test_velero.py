"""Velero: a recorded API of Kubernetes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from audit.connectors import _http
from audit.connectors._fetching import FetchError
from tests.connectors.asking import NOW, Given, body, fetched, pulling, whole
from tests.connectors.serving import Answer, serving

SECRET = "eyJhbGciOi.hunter2.signature"
API = "GET /apis/velero.io/v1/namespaces/velero"
KINDS = {
    "backups": "Backup", "restores": "Restore", "backupstoragelocations": "BackupStorageLocation", "schedules": "Schedule",
    "podvolumebackups": "PodVolumeBackup",
}  # fmt: skip
TOGETHER, BESIDE = "backups,restores,backupstoragelocations", "schedules,podvolumebackups"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch, tmp_path):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    (tmp_path / "token").write_text(SECRET + "\n")


def told(server, tmp_path, **more):
    return {"url": server.url, "token": {"file": str(tmp_path / "token")}, **more}


def backup(number, location="default"):
    at = f"2026-11-{number:02}T02:00:00Z"
    return {
        "apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": f"daily-{number:02}", "namespace": "velero"},
        "spec": {"includedNamespaces": ["acme-prod"], "storageLocation": location, "snapshotMoveData": True},
        "status": {"phase": "Completed", "startTimestamp": at, "completionTimestamp": at.replace("T02:00", "T02:10"), "expiration": "2027-01-01T02:00:00Z"},
    }  # fmt: skip


RESTORE = {
    "apiVersion": "velero.io/v1", "kind": "Restore", "metadata": {"name": "drill"}, "spec": {"backupName": "daily-01"},
    "status": {"phase": "Completed", "startTimestamp": "2026-11-10T02:00:00Z", "completionTimestamp": "2026-11-10T02:30:00Z"},
}  # fmt: skip


def location(phase="Available"):
    return {
        "apiVersion": "velero.io/v1",
        "kind": "BackupStorageLocation",
        "metadata": {"name": "default"},
        "status": {"phase": phase},
    }


def page(resource, items, cursor="", left=0, version="4711"):
    meta = {"resourceVersion": version} | ({"continue": cursor, "remainingItemCount": left} if cursor else {})
    return body({"apiVersion": "velero.io/v1", "kind": f"{KINDS[resource]}List", "metadata": meta, "items": items})


def answers(**more):
    told = {resource: Answer(page(resource, [])) for resource in KINDS}
    told["backupstoragelocations"] = Answer(page("backupstoragelocations", [location()]))
    return {f"{API}/{resource}": answer for resource, answer in (told | more).items()}


THREE = [
    page("backups", [backup(1), backup(2)], "token a", 3),
    page("backups", [backup(3), backup(4)], "token b", 1),
    page("backups", [backup(5)]),
]


def test_three_pages_and_the_lists_that_belong_together(tmp_path):
    with serving(answers(backups=[Answer(one) for one in THREE])) as server:
        given = fetched("velero", told(server, tmp_path))
        assert {(one.method, one.headers["Authorization"]) for one in server.asked} == {("GET", f"Bearer {SECRET}")}
        asked = server.paths()
    assert asked == [
        f"{API}/backups?limit=500",
        f"{API}/backups?limit=500&continue=token+a",
        f"{API}/backups?limit=500&continue=token+b",
        *(f"{API}/{resource}?limit=500" for resource in list(KINDS)[1:]),
    ]
    locations = page("backupstoragelocations", [location()])
    assert given.payloads == {
        TOGETHER: whole([*THREE, page("restores", []), locations]),
        BESIDE: whole([page("schedules", []), page("podvolumebackups", [])]),
    }
    assert [one["complete"] for one in given.told.values()] == [True, True]
    first = given.told[TOGETHER]
    assert first["observed_at"] == first["started_at"] == NOW < first["finished_at"]
    assert given.warnings == []


def test_everything_is_asked_whole_however_often_it_was_fetched(tmp_path):
    with serving(answers()) as server:
        given = fetched("velero", told(server, tmp_path, namespace="velero"), last=NOW - timedelta(hours=1))
    assert [one["complete"] for one in given.told.values()] == [True, True]
    assert all("since" not in path for path in server.paths())


def test_a_list_that_the_server_forgot_is_begun_again(tmp_path):
    gone = Answer(b'{"kind": "Status", "reason": "Expired"}', 410)
    pages = [THREE[0], gone, *THREE]
    with serving(answers(backups=[one if isinstance(one, Answer) else Answer(one) for one in pages])) as server:
        given = fetched("velero", told(server, tmp_path))
        assert server.paths()[2] == f"{API}/backups?limit=500"
    assert given.payloads[TOGETHER].startswith(b"[" + b",\n".join(THREE))
    assert (given.told[TOGETHER]["complete"], given.warnings) == (True, [])
    with serving(
        answers() | {f"{API}/backups?limit=500": Answer(THREE[0]), f"{API}/backups?limit=500&continue=token+a": gone}
    ) as server:
        with pytest.raises(FetchError, match="/backups answered 410"):
            fetched("velero", told(server, tmp_path), into=(given := Given()))
        assert len(server.asked) == 6
    assert given.payloads == {}


def test_pages_of_several_states_are_kept_and_are_not_whole(tmp_path):
    mixed = [THREE[0], page("backups", [backup(5)], version="4712")]
    steady = {f"{API}/backups?limit=500": Answer(mixed[0]), f"{API}/backups?limit=500&continue=token+a": Answer(mixed[1])}
    with serving(answers() | steady) as server:
        given = fetched("velero", told(server, tmp_path))
        assert sum("/backups?" in path for path in server.paths()) == 6
    assert given.told[TOGETHER]["complete"] is None
    assert given.warnings == [
        "backups: its pages are of several states of the cluster: it is kept, and is not taken as a whole list"
    ]
    assert given.payloads[TOGETHER].startswith(b"[" + b",\n".join(mixed))


def test_what_fails_yields_nothing_of_its_list_and_what_came_before_stays(tmp_path):
    with serving(answers(podvolumebackups=Answer(b"", 403))) as server, pytest.raises(FetchError, match="may not read it"):
        fetched("velero", told(server, tmp_path), into=(given := Given()))
    assert list(given.payloads) == [TOGETHER]
    broken = {f"{API}/backups?limit=500": Answer(THREE[0]), f"{API}/backups?limit=500&continue=token+a": Answer(b"", 500)}
    with serving(answers() | broken) as server, pytest.raises(FetchError, match=r"answered 500 .*: tried 6 times"):
        fetched("velero", told(server, tmp_path), into=(given := Given()))
    assert given.payloads == {}


def test_a_busy_server_is_asked_again(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    busy = [Answer(b"", 503), Answer(b"", 429, {"Retry-After": "7"}), Answer(page("backups", []))]
    with serving(answers(backups=busy)) as server:
        assert fetched("velero", told(server, tmp_path)).told[TOGETHER]["complete"] is True
    assert 7 in waited


def test_a_wrong_token_is_told_without_it(tmp_path):
    with serving(answers(backups=Answer(b"", 401))) as server:
        with pytest.raises(FetchError, match="not accepted") as caught:
            fetched("velero", told(server, tmp_path))
        assert len(server.asked) == 1
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"items": {}}', b'{"items": [1]}', b'{"kind": "Status"}'])
def test_what_is_no_list_is_an_error(tmp_path, answer):
    with serving(answers(backups=Answer(answer))) as server, pytest.raises(FetchError, match=r"^backups: "):
        fetched("velero", told(server, tmp_path))


def test_through_pull(tmp_path, monkeypatch):
    first = [Answer(one) for one in THREE]
    second = [
        Answer(page("backups", [backup(2), backup(3), backup(4), backup(5)])),
        Answer(page("backups", [backup(5)])),
        Answer(page("backups", [])),
    ]
    locations = [
        Answer(page("backupstoragelocations", [location(phase)]))
        for phase in ("Available", "Available", "Unavailable", "Available")
    ]
    more = {"restores": Answer(page("restores", [RESTORE])), "backupstoragelocations": locations, "backups": [*first, *second]}
    with serving(answers(**more)) as server:
        pull = pulling(tmp_path, monkeypatch, "velero", told(server, tmp_path, repository="default"))
        done = pull()
        assert (done.failed, done.points, done.runs, done.listings, done.quarantined) == (None, 5, 6, 1, 0)
        assert pull.kept()[0] == whole([*THREE, page("restores", [RESTORE]), page("backupstoragelocations", [location()])])
        for _ in range(3):
            assert pull().failed is None
    head = pull.store.head()
    listings = pull.store.catalog.listings(head).filter(pl.col("listed_at").is_not_null()).sort("listed_at")
    # Whole; whole, and one backup is gone; a location that cannot be reached proves nothing; and a list of nothing, which does.
    assert listings["complete"].to_list() == [True, True, False, True]
    assert listings["repository"].unique().to_list() == ["default"]
    restores = pull.store.catalog.runs(head).filter(kind="restore").collect()
    # Once its backup is gone from the list, nothing says of what the restore is: the tellings from before do.
    assert restores.sort("observed_at")["subject"].to_list() == ["acme-prod", None, None, None]
    assert restores["finished_at"][0] == datetime(2026, 11, 10, 2, 30, tzinfo=UTC)
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file
