"""Rubrik Security Cloud: a recorded GraphQL server."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from audit.connectors import _http
from audit.connectors._fetching import FetchError
from tests.connectors.asking import Given, body, fetched, pulling, whole
from tests.connectors.serving import Answer, serving

SECRET, TOKEN = "hunter2-secret", "token-of-the-session"
LOGIN = Answer(body({"access_token": TOKEN, "expires_in": 43200, "token_type": "Bearer"}))


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    monkeypatch.setenv("RUBRIK_SECRET", SECRET)


def series(number, status="Success"):
    return {
        "id": number, "activitySeriesId": f"series-{number}", "startTime": f"2026-11-{number:02}T12:15:36.911Z", "lastUpdated": f"2026-11-{number:02}T12:16:10.212Z",
        "lastActivityType": "Backup", "lastActivityStatus": status, "location": "vc01", "objectName": "sql01", "objectId": "o", "objectType": "VmwareVm",
        "cluster": {"id": "c", "name": "rbk01"},
    }  # fmt: skip


def snapshot(number):
    return {
        "id": f"snapshot-{number}",
        "date": f"2026-11-{number:02}T12:16:00.000Z",
        "expirationDate": None,
        "isOnDemandSnapshot": False,
        "cluster": {"id": "c", "name": "rbk01"},
    }


def page(connection, nodes, cursor=None, count=None):
    info = {"endCursor": cursor, "hasNextPage": cursor is not None}
    return body({"data": {connection: {"count": len(nodes) if count is None else count, "nodes": nodes, "pageInfo": info}}})


def activities(numbers, cursor=None, count=None):
    return page("activitySeriesConnection", [series(number) for number in numbers], cursor, count)


def server(*answers, login=LOGIN):
    told = [Answer(one) if isinstance(one, bytes) else one for one in answers]
    return serving({"POST /api/client_token": login, "DELETE /api/session": Answer(b"", 204), "POST /api/graphql": told})


def told(server, **more):
    return {"url": server.url, "client_id": "client|1", "client_secret": {"env": "RUBRIK_SECRET"}, "snapshots": False, **more}


def variables(server):
    return [json.loads(one.body)["variables"] for one in server.asked if one.path == "/api/graphql"]


def test_login_three_pages_end_of_session():
    pages = [activities([1, 2], "a", 5), activities([3, 4], "b", 5), activities([5], None, 5)]
    with server(*pages) as there:
        given = fetched("rubrik", told(there))
        login, *asked, ended = there.asked
    assert json.loads(login.body) == {"client_id": "client|1", "client_secret": SECRET, "grant_type": "client_credentials"}
    assert {one.headers["Authorization"] for one in (*asked, ended)} == {f"Bearer {TOKEN}"}
    assert (ended.method, ended.path) == ("DELETE", "/api/session")
    assert variables(there) == [{"filters": None, "first": 500, "after": after} for after in (None, "a", "b")]
    assert given.payloads == {"activities": whole(pages)}
    assert given.told["activities"]["complete"] is True


def test_the_snapshots_of_each_object_are_told_whose_they_are():
    objects = [{"fid": "f2", "name": "sql01", "location": "vc01/DC1"}, {"fid": "f1", "name": "nas", "location": ""}]
    pages = [page("snapshotsListConnection", [snapshot(1)], "x", 2), page("snapshotsListConnection", [snapshot(2)], None, 2)]
    none = page("snapshotsListConnection", [])
    walked = [page("snappableConnection", objects[:1], "o", 2), page("snappableConnection", objects[1:], None, 2)]
    with server(activities([1]), *walked, none, *pages) as there:
        given = fetched("rubrik", told(there, snapshots=True))
    assert given.payloads == {"activities": activities([1]), "snapshots of f1": none, "snapshots of f2": whole(pages)}
    assert [(one.get("scope"), one["complete"]) for one in given.told.values()] == [
        (None, True),
        ("nas", True),
        ("sql01@vc01/DC1", True),
    ]
    assert [one.get("workloadId") for one in variables(there)] == [None, None, None, "f1", "f2", "f2"]


def test_activities_since_and_snapshots_whole():
    last = datetime(2026, 11, 20, 8, tzinfo=UTC)
    answers = [
        activities([20]),
        page("snappableConnection", [{"fid": "f", "name": "a", "location": "b"}]),
        page("snapshotsListConnection", [snapshot(1)]),
    ]
    with server(*answers) as there:
        given = fetched("rubrik", told(there, snapshots=True), last=last)
        assert variables(there)[0]["filters"] == {"lastUpdatedTimeGt": "2026-11-19T08:00:00Z"}
        assert "filters" not in variables(there)[2]
    assert [one["complete"] for one in given.told.values()] == [None, True]


def test_busy_then_broken(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _: None)
    with server(Answer(b"", 503), Answer(b"", 429, {"Retry-After": "1"}), activities([1])) as there:
        assert fetched("rubrik", told(there)).payloads == {"activities": activities([1])}
    given = Given()
    objects = page("snappableConnection", [{"fid": "f", "name": "a", "location": "b"}])
    broken = [activities([1]), objects, page("snapshotsListConnection", [snapshot(1)], "x", 2), Answer(b"", 500)]
    with server(*broken) as there, pytest.raises(FetchError, match="answered 500"):
        fetched("rubrik", told(there, snapshots=True), into=given)
    assert list(given.payloads) == ["activities"]
    assert there.paths()[-1] == "DELETE /api/session"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (body({"errors": [{"message": f"{TOKEN} denied"}], "data": None}), "did not answer the query"),
        (body({"errors": [{"message": "x"}], "data": {"activitySeriesConnection": {"nodes": []}}}), "did not answer the query"),
        (body({"data": {"activitySeriesConnection": {"nodes": []}}}), "does not say whether there are more"),
        (body({"data": {"activitySeriesConnection": {"nodes": [], "pageInfo": {"hasNextPage": True}}}}), "how to ask for them"),
        (body({"data": {"activitySeriesConnection": {"pageInfo": {"hasNextPage": False}}}}), "has no nodes"),
    ],
)
def test_what_is_no_answer_is_no_empty_list(answer, why):
    with server(answer) as there, pytest.raises(FetchError, match=why) as caught:
        fetched("rubrik", told(there))
    assert TOKEN not in str(caught.value)


def test_cursors_that_go_in_a_circle():
    circle = [activities([1], "a", 4), activities([2], "b", 4), activities([3], "a", 4)]
    with server(*circle) as there, pytest.raises(FetchError, match="in a circle"):
        fetched("rubrik", told(there))


def test_a_list_that_changes():
    changing = [activities([1, 2], "a", 3), activities([2, 3], None, 4)]
    with server(*changing, activities([1, 2, 3])) as there:
        given = fetched("rubrik", told(there))
    assert (given.payloads["activities"], given.told["activities"]["complete"], given.warnings) == (activities([1, 2, 3]), True, [])
    with server(*changing, *changing) as there:
        given = fetched("rubrik", told(there))
    assert (given.payloads["activities"], given.told["activities"]["complete"], len(given.warnings)) == (whole(changing), None, 1)


def test_a_wrong_secret():
    with server(login=Answer(SECRET.encode(), 401)) as there, pytest.raises(FetchError, match="not accepted") as caught:
        fetched("rubrik", told(there))
    assert SECRET not in str(caught.value)


def test_a_second_pull_enters_only_what_is_new(tmp_path, monkeypatch):
    objects = page("snappableConnection", [{"fid": "f", "name": "sql01", "location": "vc01"}])
    snapshots = page("snapshotsListConnection", [snapshot(20)])
    fewer = page("snapshotsListConnection", [])
    with server(activities([20]), objects, snapshots, activities([22]), objects, fewer) as there:
        run = pulling(
            tmp_path,
            monkeypatch,
            "rubrik",
            told(there, snapshots=True),
        )
        first, second = run(), run()
        since = [one.get("filters") for one in variables(there) if "filters" in one]
    assert [(done.failed, done.new, done.points, done.runs) for done in (first, second)] == [(None, 2, 1, 1), (None, 2, 0, 1)]
    assert run.kept() == [activities([20]), snapshots, activities([22]), fewer]
    assert since[0] is None
    assert since[1]["lastUpdatedTimeGt"].startswith("2026-11-24T06:00")
    run.store.close()
