"""Proxmox Backup Server: a recorded server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from pydantic import ValidationError

from audit.connectors import _http
from audit.connectors._fetching import FetchError
from audit.connectors.proxmox_backup_server import Settings
from tests.connectors.asking import NOW, Given, body, fetched, pulling
from tests.connectors.serving import Answer, serving

SECRET = "0f1e2d3c-hunter2"
API = "GET /api2/json"
PERMISSIONS = f"{API}/access/permissions?path=%2F"
AUDIT = {"Datastore.Audit": True, "Datastore.Read": False}


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    monkeypatch.setenv("PBS_TOKEN", SECRET)


def snapshot(name="100", at=1_795_000_000):
    return {
        "backup-type": "vm",
        "backup-id": name,
        "backup-time": at,
        "size": 5_368_709_120,
        "owner": "pve@pbs!token",
        "protected": False,
    }


def task(number, status="OK", kind="backup"):
    at = 1_795_000_000 + number * 3600
    ended = {} if status is None else {"endtime": at + 200, "status": status}
    return {
        "upid": f"UPID:pbs:{number:08X}:00000002:00000003:{at:08X}:{kind}:main:pve@pbs!token:", "node": "localhost", "worker_type": kind, "worker_id": "main:vm/100",
        "user": "pve@pbs!token", "starttime": at, **ended,
    }  # fmt: skip


def data(value, **more):
    return Answer(body({"data": value, **more}))


def permissions(path, privileges):
    return {f"{PERMISSIONS}{path.replace('/', '%2F')}": data({f"/{path}": privileges} if privileges else {})}


ONE = {
    f"{API}/admin/datastore": data([{"store": "main", "comment": "x"}]),
    f"{API}/admin/datastore/main/namespace": data([{"ns": ""}]),
    f"{API}/admin/datastore/main/snapshots": data([snapshot()]),
    f"{API}/nodes/localhost/tasks": data([task(1)], total=1),
    **permissions("datastore/main", AUDIT),
    **permissions("system/tasks", {"Sys.Audit": True}),
}


def told(server, **more):
    return {"url": server.url, "token_id": "audit@pbs!reader", "token": {"env": "PBS_TOKEN"}, **more}


def test_snapshots_of_each_namespace_and_tasks():
    main, customer = [snapshot(), snapshot("101")], [snapshot("200")]
    answers = ONE | {
        f"{API}/admin/datastore": data([{"store": "main"}, {"store": "off-site"}]),
        f"{API}/admin/datastore/main/namespace": data([{"ns": ""}, {"ns": "customers/a b"}]),
        f"{API}/admin/datastore/off-site/namespace": data([{"ns": ""}]),
        f"{API}/admin/datastore/main/snapshots": data(main),
        f"{API}/admin/datastore/main/snapshots?ns=customers%2Fa+b": data(customer),
        f"{API}/admin/datastore/off-site/snapshots": data([]),
        f"{PERMISSIONS}datastore%2Fmain%2Fcustomers%2Fa+b": data({"/datastore/main/customers/a b": AUDIT}),
        **permissions("datastore/off-site", AUDIT),
    }
    with serving(answers) as server:
        given = fetched("proxmox-backup-server", told(server))
        assert {one.headers["Authorization"] for one in server.asked} == {f"PBSAPIToken=audit@pbs!reader:{SECRET}"}
        assert {one.method for one in server.asked} == {"GET"}
        assert server.paths()[-1] == f"{API}/nodes/localhost/tasks?limit=0"
    assert given.payloads == {
        "admin/datastore/main/snapshots": body({"data": main}),
        "admin/datastore/main/snapshots?ns=customers/a b": body({"data": customer}),
        "admin/datastore/off-site/snapshots": body({"data": []}),
        "nodes/localhost/tasks": body({"data": [task(1)], "total": 1}),
    }
    assert [(one["complete"], one.get("repository")) for one in given.told.values()] == [
        (True, "main"), (True, "main:customers/a b"), (True, "off-site"), (True, None),
    ]  # fmt: skip
    first = given.told["admin/datastore/main/snapshots"]
    assert first["command"] == "GET /api2/json/admin/datastore/main/snapshots"
    assert first["observed_at"] == first["started_at"] < first["finished_at"]
    assert given.warnings == []


def test_a_token_that_may_not_see_everything_proves_nothing():
    answers = ONE | permissions("datastore/main", {"Datastore.Backup": True}) | permissions("system/tasks", None)
    with serving(answers) as server:
        given = fetched("proxmox-backup-server", told(server))
    assert [one["complete"] for one in given.told.values()] == [None, None]
    assert [warning.split(",")[0] for warning in given.warnings] == [
        "admin/datastore/main/snapshots: the token has no Datastore.Audit on /datastore/main",
        "nodes/localhost/tasks: the token has no Sys.Audit on /system/tasks",
    ]
    with serving(ONE | {f"{API}/admin/datastore": data([])}) as server:
        given = fetched("proxmox-backup-server", told(server))
    assert list(given.payloads) == ["nodes/localhost/tasks"]
    assert given.warnings == ["the token sees no datastore: give it the role DatastoreAudit on /datastore"]


@pytest.mark.parametrize("unfinished", [None, NOW - timedelta(days=3)])
def test_tasks_are_asked_from_before_the_last_fetch_and_snapshots_whole(unfinished):
    last = NOW - timedelta(hours=6)
    with serving(ONE) as server:
        given = fetched("proxmox-backup-server", told(server), last=last, unfinished=unfinished)
        asked = server.paths()
    since = int(((unfinished or last) - timedelta(days=1)).timestamp())
    assert f"{API}/nodes/localhost/tasks?limit=0&since={since}" in asked
    assert f"{API}/admin/datastore/main/snapshots" in asked
    assert [one["complete"] for one in given.told.values()] == [True, None]


def test_some_datastores_only():
    with serving(ONE) as server, pytest.raises(FetchError, match=r"^there is no datastore gone, or the token may not see it$"):
        fetched("proxmox-backup-server", told(server, datastores=["main", "gone"]), into=(given := Given()))
    assert [(name, one["complete"]) for name, one in given.told.items()] == [
        ("admin/datastore/main/snapshots", True),
        ("nodes/localhost/tasks?store=main", None),
        ("nodes/localhost/tasks?store=gone", None),
    ]
    assert "GET /api2/json/nodes/localhost/tasks?limit=0&store=main" in server.paths()


def test_one_name_cannot_stand_for_several_repositories():
    answers = ONE | {f"{API}/admin/datastore/main/namespace": data([{"ns": ""}, {"ns": "a"}])}
    with serving(answers) as server, pytest.raises(FetchError, match=r"leave `repository` out and declare them as main, main:a$"):
        fetched("proxmox-backup-server", told(server, repository="pbs-dc1"), into=(given := Given()))
    assert given.payloads == {}
    with serving(ONE) as server:
        given = fetched("proxmox-backup-server", told(server, repository="pbs-dc1"))
    assert given.told["admin/datastore/main/snapshots"]["repository"] == "pbs-dc1"


def test_a_busy_server_is_asked_again_and_what_fails_does_not_stop_the_rest(monkeypatch):
    waited = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    answers = ONE | {
        f"{API}/admin/datastore": [Answer(b"", 503), Answer(b"", 429, {"Retry-After": "7"}), ONE[f"{API}/admin/datastore"]],
        f"{API}/admin/datastore/main/snapshots": Answer(b"secret inside", 500),
    }
    with serving(answers) as server, pytest.raises(FetchError, match=r"main/snapshots answered 500 .*: tried 6 times$") as caught:
        fetched("proxmox-backup-server", told(server), into=(given := Given()))
    assert 7 in waited
    assert list(given.payloads) == ["nodes/localhost/tasks"]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"data": null}', b'{"data": {}}', b"{}"])
def test_what_is_no_list_is_an_error_or_nothing_but_no_empty_list_that_is_kept(answer):
    with serving(ONE | {f"{API}/nodes/localhost/tasks": Answer(answer)}) as server:
        given = Given()
        if b"null" in answer:
            fetched("proxmox-backup-server", told(server), into=given)
        else:
            with pytest.raises(FetchError, match="nodes/localhost/tasks: "):
                fetched("proxmox-backup-server", told(server), into=given)
            assert list(given.payloads) == ["admin/datastore/main/snapshots"]


def test_a_list_whose_total_is_another_is_asked_again_and_then_not_whole():
    tasks = f"{API}/nodes/localhost/tasks"
    with serving(ONE | {tasks: [data([task(1)], total=2), data([task(1)], total=1)]}) as server:
        given = fetched("proxmox-backup-server", told(server))
    assert (given.told["nodes/localhost/tasks"]["complete"], given.warnings) == (True, [])
    with serving(ONE | {tasks: data([task(1)], total=2)}) as server:
        given = fetched("proxmox-backup-server", told(server))
    assert given.told["nodes/localhost/tasks"]["complete"] is None
    (warning,) = given.warnings
    assert "it has 2 records, and 1 came" in warning


def test_a_wrong_token_is_told_without_it():
    with serving(ONE | {f"{API}/admin/datastore": Answer(b"", 401)}) as server:
        with pytest.raises(FetchError, match="not accepted") as caught:
            fetched("proxmox-backup-server", told(server))
        assert len(server.asked) == 1
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("token_id", ["audit@pbs", "audit!x", "audit@pbs!x:secret", ""])
def test_what_is_no_id_of_a_token(token_id):
    with pytest.raises(ValidationError):
        Settings(connector="proxmox-backup-server", url="https://pbs:8007", token_id=token_id, token={"env": "X"})


def test_through_pull(tmp_path, monkeypatch):
    snapshots, tasks = f"{API}/admin/datastore/main/snapshots", f"{API}/nodes/localhost/tasks"
    running, ended = [task(1), task(2, None)], [task(1), task(2, "backup failed: connection reset")]
    answers = ONE | {
        snapshots: [data([snapshot(), snapshot("101")]), data([snapshot("101")])],
        tasks: [data(running, total=2), data(ended, total=2)],
    }
    with serving(answers) as server:
        pull = pulling(tmp_path, monkeypatch, "proxmox-backup-server", told(server))
        done = pull()
        assert (done.failed, done.new, done.points, done.runs) == (None, 2, 2, 2)
        assert pull.kept() == [body({"data": [snapshot(), snapshot("101")]}), body({"data": running, "total": 2})]
        done = pull()
        assert (done.failed, done.new) == (None, 2)
        # From the start of what was running, and a day before.
        assert server.paths()[-1] == f"{API}/nodes/localhost/tasks?limit=0&since={1_795_000_000 + 2 * 3600 - 86_400}"
    head = pull.store.head()
    listings = pull.store.catalog.listings(head).filter(pl.col("listed_at").is_not_null())
    assert listings["repository"].unique().to_list() == ["main"]
    assert listings["complete"].to_list() == [True, True]
    runs = pull.store.catalog.runs(head).collect().sort("entry", "started_at")
    assert runs["outcome"].to_list() == ["success", "running", "success", "failed"]
    assert set(runs["started_at"]) == {datetime.fromtimestamp(1_795_000_000 + hours * 3600, UTC) for hours in (1, 2)}
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file
