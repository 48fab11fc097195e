"""Veeam Backup & Replication: a recorded server of its REST API."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from audit.connectors import _http
from audit.connectors._fetching import FetchError
from audit.connectors.veeam_vbr import Settings
from tests.connectors.asking import NOW, Given, body, fetched, pulling, whole
from tests.connectors.serving import Answer, serving

PASSWORD, TOKEN = "hunter2-password", "token-of-the-session"
LOGIN = Answer(body({"access_token": TOKEN, "refresh_token": "refresh-of-it", "expires_in": 900, "token_type": "bearer"}))


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    monkeypatch.setenv("VEEAM_PASSWORD", PASSWORD)


def session(number, state="Stopped"):
    return {
        "sessionType": "BackupJob", "state": state, "id": f"00000000-0000-0000-0000-{number:012}", "name": "Daily", "jobId": "j",
        "creationTime": f"2026-11-{number:02}T22:00:00+01:00", "endTime": f"2026-11-{number:02}T22:10:00+01:00" if state == "Stopped" else None,
        "result": {"result": "Success" if state == "Stopped" else "None", "message": "", "isCanceled": False}, "usn": number,
    }  # fmt: skip


def point(number, backup="b1"):
    return {
        "id": f"10000000-0000-0000-0000-{number:012}", "name": "sql01", "platformName": "VMware", "type": "Full", "malwareStatus": "Clean",
        "platformId": "p", "creationTime": f"2026-11-{number:02}T22:00:00+01:00", "backupId": backup, "allowedOperations": [],
    }  # fmt: skip


BACKUP = {
    "id": "b1",
    "name": "Daily",
    "platformName": "VMware",
    "creationTime": "2026-01-01T00:00:00Z",
    "repositoryId": "repo-1",
    "jobId": "j",
}


def page(data, total=None, skip=0):
    return body({"data": data, "pagination": {"total": len(data) if total is None else total, "count": len(data), "skip": skip}})


def server(**answers):
    given = {
        "sessions": page([]),
        "taskSessions": page([]),
        "restorePoints": page([]),
        "backups": page([]),
        "replicaPoints": page([]),
    }
    given |= {"jobs/states": page([]), **answers}
    parts = {f"GET /api/v1/{name}": [Answer(one) if isinstance(one, bytes) else one for one in (each if isinstance(each, list) else [each])]
             for name, each in given.items()}  # fmt: skip
    return serving({"POST /api/oauth2/token": LOGIN, "POST /api/oauth2/logout": Answer(b""), **parts})


def told(server, **more):
    return {"url": server.url, "username": "audit", "password": {"env": "VEEAM_PASSWORD"}, **more}


def queries(server, path):
    return [
        {key: value[0] for key, value in parse_qs(urlsplit(one.path).query).items()}
        for one in server.asked
        if one.path.partition("?")[0] == path
    ]


def test_all_parts_with_login_and_logout():
    points = page([point(1), point(2)])
    with server(restorePoints=points, backups=page([BACKUP]), sessions=page([session(3)])) as there:
        given = fetched("veeam-vbr", told(there))
        login, *asked, logout = there.asked
    assert parse_qs(login.body.decode()) == {"grant_type": ["password"], "username": ["audit"], "password": [PASSWORD]}
    assert login.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert all(one.headers["x-api-version"] == "1.2-rev1" for one in there.asked)
    assert all(one.headers["Authorization"] == f"Bearer {TOKEN}" for one in (*asked, logout))
    assert f"{logout.method} {logout.path}" == "POST /api/oauth2/logout"
    assert list(given.payloads) == ["restorePoints", "replicaPoints", "jobsStates", "sessions", "taskSessions"]
    assert given.payloads["sessions"] == page([session(3)])
    assert given.payloads["restorePoints"] == b'{"backups": ' + page([BACKUP]) + b',\n"restorePoints": ' + points + b"}"
    assert {one["complete"] for one in given.told.values()} == {True}
    assert given.told["restorePoints"]["command"] == "GET /api/v1/restorePoints"
    times = given.told["restorePoints"]
    assert NOW < times["observed_at"] == times["started_at"] < times["finished_at"]
    assert given.warnings == []


def test_three_pages_keep_their_bytes(monkeypatch):
    monkeypatch.setattr("audit.connectors.veeam_vbr.LIMIT", 2)
    pages = [page([session(1), session(2)], 5), page([session(3), session(4)], 5, 2), page([session(5)], 5, 4)]
    with server(sessions=list(pages)) as there:
        given = fetched("veeam-vbr", told(there, parts=["sessions"]))
        assert queries(there, "/api/v1/sessions") == [
            {"skip": skip, "limit": "2", "orderColumn": "CreationTime", "orderAsc": "true"} for skip in ("0", "2", "4")
        ]
    assert given.payloads == {"sessions": whole(pages)}
    assert given.told["sessions"]["complete"] is True


def test_history_since_the_last_fetch_and_catalogs_whole():
    last, unfinished = datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 18, 21, 30, tzinfo=UTC)
    with server() as there:
        given = fetched("veeam-vbr", told(there), last=last)
        assert [one.get("createdAfterFilter") for one in queries(there, "/api/v1/sessions")] == ["2026-11-19T08:00:00Z"]
        assert [one.get("createdAfterFilter") for one in queries(there, "/api/v1/taskSessions")] == ["2026-11-19T08:00:00Z"]
        assert [one.get("createdAfterFilter") for one in queries(there, "/api/v1/restorePoints")] == [None]
    assert {name: one["complete"] for name, one in given.told.items()} == {
        "restorePoints": True, "replicaPoints": True, "jobsStates": True, "sessions": None, "taskSessions": None,
    }  # fmt: skip
    with server() as there:
        fetched("veeam-vbr", told(there, parts=["sessions"]), last=last, unfinished=unfinished)
        assert [one.get("createdAfterFilter") for one in queries(there, "/api/v1/sessions")] == ["2026-11-17T21:30:00Z"]


def test_a_busy_server_is_asked_again(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _: None)
    busy = [Answer(b"", 503), Answer(b"", 429, {"Retry-After": "3"}), Answer(page([session(1)]))]
    with server(sessions=busy) as there:
        assert fetched("veeam-vbr", told(there, parts=["sessions"])).payloads == {"sessions": page([session(1)])}
        assert len(queries(there, "/api/v1/sessions")) == 3


def test_a_page_that_fails_leaves_nothing_of_its_list_and_what_came_before(monkeypatch):
    monkeypatch.setattr("audit.connectors.veeam_vbr.LIMIT", 1)
    given = Given()
    with server(
        sessions=[page([session(1)], 2), Answer(b"no", 500)], restorePoints=page([point(1)]), backups=page([BACKUP])
    ) as there:
        with pytest.raises(FetchError, match=r"/api/v1/sessions answered 500 .*tried 6 times"):
            fetched("veeam-vbr", told(there, parts=["restorePoints", "sessions", "taskSessions"]), into=given)
        assert there.paths()[-1] == "POST /api/oauth2/logout"
    assert list(given.payloads) == ["restorePoints"]


@pytest.mark.parametrize(
    ("changing", "why"),
    [
        ([page([session(1)], 2), page([session(2)], 3, 1), page([session(3)], 3, 2)], "it had 2 records and 3"),
        ([page([session(1), session(2)], 3), page([session(2)], 3, 2)], "a record came twice"),
        ([page([session(1)], 2), page([], 2, 1)], "it has 2 records, and 1 came"),
    ],
)
def test_a_list_that_changes_is_asked_again(changing, why):
    with server(sessions=[*changing, page([session(1), session(2), session(3)])]) as there:
        given = fetched("veeam-vbr", told(there, parts=["sessions"]))
    assert given.payloads["sessions"] == page([session(1), session(2), session(3)])
    assert (given.told["sessions"]["complete"], given.warnings) == (True, [])
    with server(sessions=[*changing, *changing]) as there:
        given = fetched("veeam-vbr", told(there, parts=["sessions"]))
    assert given.payloads["sessions"] == whole(changing), "the second time, as it came"
    assert given.told["sessions"]["complete"] is None
    (warning,) = given.warnings
    assert f"sessions changed while it was read, twice ({why})" in warning


def test_paging_that_stands_still_is_given_up():
    with server(sessions=page([session(1)], 5)) as there, pytest.raises(FetchError, match="the same page came twice"):
        fetched("veeam-vbr", told(there, parts=["sessions"]))


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"errorCode": "Forbidden"}', b'{"data": {}}', b'{"data": [1]}'])
def test_an_answer_that_is_no_list_is_no_empty_list(answer):
    with server(restorePoints=answer) as there, pytest.raises(FetchError, match="/api/v1/restorePoints: "):
        fetched("veeam-vbr", told(there, parts=["restorePoints"]))


def test_a_wrong_password():
    refused = serving({"POST /api/oauth2/token": Answer(b'{"errorMessage": "hunter2-password is wrong"}', 401)})
    with refused as there, pytest.raises(FetchError, match=r"401 .*not accepted") as caught:
        fetched("veeam-vbr", told(there))
    assert PASSWORD not in str(caught.value)
    assert there.paths() == ["POST /api/oauth2/token"]
    with serving({"POST /api/oauth2/token": Answer(b"{}")}) as there, pytest.raises(FetchError, match="gave no token"):
        fetched("veeam-vbr", told(there))


def test_a_new_token_before_the_old_one_runs_out():
    soon = [Answer(body({"access_token": f"token-number-{number}", "expires_in": 12})) for number in range(3)]
    with server() as there:
        there.answers["POST /api/oauth2/token"] = soon
        fetched("veeam-vbr", told(there))
        used = {one.headers["Authorization"] for one in there.asked if "Authorization" in one.headers}
    assert {"Bearer token-number-0", "Bearer token-number-1"} <= used


def test_no_secret_in_payloads_or_messages():
    given = Given()
    with server(taskSessions=Answer(b"", 403)) as there, pytest.raises(FetchError) as caught:
        fetched("veeam-vbr", told(there), into=given)
    everything = str(caught.value) + str(given.told) + str(given.payloads) + str(given.warnings)
    assert not any(secret in everything for secret in (PASSWORD, TOKEN, "refresh-of-it"))


@pytest.mark.parametrize(
    "wrong", [{"api_version": "latest"}, {"parts": ["everything"]}, {"parts": []}, {"username": ""}, {"password": "x"}]
)
def test_settings_that_cannot_be_right(wrong):
    right = {"connector": "veeam-vbr", "url": "https://vbr:9419", "username": "a", "password": {"env": "A"}}
    Settings.model_validate(right)
    with pytest.raises(ValidationError):
        Settings.model_validate(right | wrong)


def test_a_second_pull_asks_for_what_is_new(tmp_path, monkeypatch):
    sessions = [page([session(19), session(20)]), page([session(20), session(22)])]
    with server(sessions=list(sessions), restorePoints=page([point(20)]), backups=page([BACKUP])) as there:
        run = pulling(tmp_path, monkeypatch, "veeam-vbr", told(there, parts=["restorePoints", "sessions"]))
        first = run()
        assert (first.failed, first.payloads, first.new) == (None, 2, 2)
        second = run()
        assert (second.failed, second.payloads, second.new) == (None, 2, 2)
        assert [(done.points, done.runs, done.listings, done.quarantined) for done in (first, second)] == [
            (1, 2, 1, 0),
            (1, 2, 1, 0),
        ]
        asked = [one.get("createdAfterFilter") for one in queries(there, "/api/v1/sessions")]
    catalog = b'{"backups": ' + page([BACKUP]) + b',\n"restorePoints": ' + page([point(20)]) + b"}"
    assert run.kept() == [catalog, sessions[0], catalog, sessions[1]]
    assert asked[0] is None
    assert asked[1].startswith("2026-11-24T06:00:"), "a day before the sessions were taken in, on the 25th"
    assert run.payloads()["name"].to_list() == ["restorePoints", "sessions"] * 2
    run.store.close()
