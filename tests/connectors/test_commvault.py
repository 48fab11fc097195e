"""Commvault: a recorded web server."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from audit.connectors import _http
from audit.connectors._fetching import FetchError
from audit.connectors.commvault import WHOLE
from tests.connectors.asking import NOW, Given, body, fetched, pulling, whole
from tests.connectors.serving import Answer, serving

PASSWORD, TOKEN = "hunter2-password", "QSDK token-of-the-session"
SENT = base64.b64encode(PASSWORD.encode()).decode()
LOGIN = Answer(body({"userName": "audit", "token": TOKEN}))


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    monkeypatch.setenv("CV_PASSWORD", PASSWORD)


def job(number, status="Completed"):
    return {"jobSummary": {
        "jobId": number, "status": status, "jobType": "Backup", "backupLevelName": "Full", "subclient": {"clientName": "fs01", "backupsetName": "set", "subclientName": "default"},
        "jobStartTime": 1795208404 + number, "jobEndTime": 1795209004 + number, "sizeOfApplication": 5, "storagePolicy": {"storagePolicyName": "SP"}, "isAged": False,
    }}  # fmt: skip


def page(numbers, total=None):
    return body(
        {"totalRecordsWithoutPaging": len(numbers) if total is None else total, "jobs": [job(number) for number in numbers]}
    )


def server(*answers, login=LOGIN):
    told = [Answer(one) if isinstance(one, bytes) else one for one in answers]
    return serving({"POST /api/Login": login, "POST /api/Logout": Answer(b"{}"), "POST /api/Jobs": told})


def told(server, **more):
    return {"url": f"{server.url}/api", "username": "audit", "password": {"env": "CV_PASSWORD"}, **more}


def bodies(server):
    return [json.loads(one.body) for one in server.asked if one.path == "/api/Jobs"]


def test_login_three_pages_logout(monkeypatch):
    monkeypatch.setattr("audit.connectors.commvault.LIMIT", 2)
    pages = [page([1, 2], 5), page([3, 4], 5), page([5], 5)]
    with server(*pages) as there:
        given = fetched("commvault", told(there))
        login, *asked, logout = there.asked
    assert json.loads(login.body) == {"mode": 4, "username": "audit", "password": SENT}
    assert {one.headers["Authtoken"] for one in (*asked, logout)} == {TOKEN}
    assert {one.headers["Accept"] for one in (login, *asked)} == {"application/json"}
    assert logout.path == "/api/Logout"
    assert [one["pagingConfig"]["offset"] for one in bodies(there)] == [0, 2, 4]
    assert bodies(there)[0]["pagingConfig"]["limit"] == 2
    assert bodies(there)[0]["jobFilter"] == {
        "completedJobLookupTime": WHOLE, "showAgedJobs": True, "hideAdminJobs": False, "clientList": [],
        "jobTypeList": ["Backup", "SYNTHFULL", "Restore", "AUXCOPY", "DATA_VERIFICATION"],
    }  # fmt: skip
    assert given.payloads == {"jobs": whole(pages)}
    assert given.told["jobs"]["complete"] is True


def test_seconds_to_look_back():
    last = datetime(2026, 11, 22, 6, tzinfo=UTC)
    with server(page([1])) as there:
        given = fetched("commvault", told(there), last=last)
        (asked,) = bodies(there)
    back = asked["jobFilter"]["completedJobLookupTime"]
    assert 2 * 86_400 < back < 2 * 86_400 + 10, "two days before the clock, which went on for some seconds"
    assert given.told["jobs"]["complete"] is None
    assert given.told["jobs"]["observed_at"] > NOW


def test_no_jobs_at_all():
    with server(body({"totalRecordsWithoutPaging": 0})) as there:
        assert fetched("commvault", told(there)).told["jobs"]["complete"] is True
    with server(body({"errorMessage": "Access denied", "errorCode": 5})) as there, pytest.raises(FetchError, match="has no jobs"):
        fetched("commvault", told(there))


def test_busy_then_broken(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _: None)
    with server(Answer(b"", 503), Answer(b"", 429, {"Retry-After": "1"}), page([1])) as there:
        assert fetched("commvault", told(there)).payloads == {"jobs": page([1])}
    given = Given()
    with server(page([1], 2), Answer(b"", 500)) as there, pytest.raises(FetchError, match="answered 500"):
        fetched("commvault", told(there), into=given)
    assert given.payloads == {}
    assert there.paths()[-1] == "POST /api/Logout"


def test_a_list_that_changes():
    changing = [page([1, 2], 3), page([2], 3)]
    with server(*changing, page([1, 2, 3])) as there:
        given = fetched("commvault", told(there))
    assert (given.payloads["jobs"], given.told["jobs"]["complete"], given.warnings) == (page([1, 2, 3]), True, [])
    with server(*changing, *changing) as there:
        given = fetched("commvault", told(there))
    assert (given.payloads["jobs"], given.told["jobs"]["complete"]) == (whole(changing), None)
    assert "a record came twice" in given.warnings[0]


@pytest.mark.parametrize(
    "refused", [Answer(f"{PASSWORD} {SENT}".encode(), 401), Answer(body({"errList": [{"errLogMessage": f"{SENT} is wrong"}]}))]
)
def test_a_wrong_password(refused):
    with server(login=refused) as there, pytest.raises(FetchError, match="not accepted") as caught:
        fetched("commvault", told(there))
    assert PASSWORD not in str(caught.value)
    assert SENT not in str(caught.value)
    assert there.paths() == ["POST /api/Login"]


def test_a_second_pull_enters_only_what_is_new(tmp_path, monkeypatch):
    pages = [page([1]), page([1, 2])]
    with server(*pages) as there:
        run = pulling(tmp_path, monkeypatch, "commvault", told(there))
        first, second = run(), run()
        back = [one["jobFilter"]["completedJobLookupTime"] for one in bodies(there)]
    assert [(done.failed, done.new, done.runs) for done in (first, second)] == [(None, 1, 1), (None, 1, 2)]
    assert run.kept() == pages
    assert back[0] == WHOLE
    assert 3 * 86_400 - 60 < back[1] < 3 * 86_400 + 60, "the two days since the first pull, and one more"
    run.store.close()
