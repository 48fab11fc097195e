"""NetBackup: a recorded server of its REST API."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from audit.adapters import _registry
from audit.connectors import _http
from audit.connectors._fetching import FetchError
from audit.connectors.veritas_netbackup import Settings
from audit.model.envelope import Envelope
from tests.connectors.asking import Given, body, fetched, pulling, whole
from tests.connectors.serving import Answer, serving

PASSWORD, TOKEN, KEY = "hunter2-password", "jwt-of-the-session", "api-key-of-audit"
LOGIN = Answer(body({"token": TOKEN, "tokenType": "BEARER", "validity": 86400}), 201)
PATH = "GET /netbackup/admin/jobs"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    monkeypatch.setenv("NB_PASSWORD", PASSWORD)
    monkeypatch.setenv("NB_KEY", KEY)


def job(number, state="DONE"):
    end = {"status": 0, "endTime": f"2026-11-{number:02}T21:31:11.000Z"} if state == "DONE" else {}
    told = {
        "jobId": number, "parentJobId": number, "jobType": "BACKUP", "policyType": "STANDARD", "policyName": "FS", "scheduleType": "FULL",
        "clientName": "files01", "backupId": f"files01_{1795208404 + number}", "state": state, "startTime": f"2026-11-{number:02}T21:00:04.000Z",
        "kilobytesTransferred": 5, "destinationStorageUnitName": "pool1", **end,
    }  # fmt: skip
    return {"type": "job", "id": str(number), "attributes": told}


def page(numbers, total=None, state="DONE"):
    jobs = [job(number, state) for number in numbers]
    return body({"data": jobs, "meta": {"pagination": {"count": len(jobs) if total is None else total, "offset": 0, "limit": 100}}})


def server(*answers, login=LOGIN):
    told = [Answer(one) if isinstance(one, bytes) else one for one in answers]
    return serving({"POST /netbackup/login": login, "POST /netbackup/logout": Answer(b""), PATH: told})


def told(server, **more):
    return {"url": server.url, "username": "audit", "password": {"env": "NB_PASSWORD"}, **more}


def queries(server):
    asked = [one for one in server.asked if one.path.startswith("/netbackup/admin/jobs")]
    return [{key: value[0] for key, value in parse_qs(urlsplit(one.path).query).items()} for one in asked]


def test_login_three_pages_logout(monkeypatch):
    monkeypatch.setattr("audit.connectors.veritas_netbackup.LIMIT", 2)
    pages = [page([1, 2], 5), page([3, 4], 5), page([5], 5)]
    with server(*pages) as there:
        given = fetched("veritas-netbackup", told(there, domain_type="NT", domain_name="EXAMPLE"))
        login, *asked, logout = there.asked
    assert json.loads(login.body) == {"userName": "audit", "password": PASSWORD, "domainType": "NT", "domainName": "EXAMPLE"}
    assert login.headers["Content-Type"] == "application/vnd.netbackup+json;version=4.0"
    assert {one.headers["Authorization"] for one in (*asked, logout)} == {TOKEN}
    assert {one.headers["Accept"] for one in asked} == {"application/vnd.netbackup+json;version=4.0"}
    assert logout.path == "/netbackup/logout"
    assert queries(there) == [{"page[offset]": at, "page[limit]": "2", "sort": "jobId"} for at in ("0", "2", "4")]
    assert given.payloads == {"jobs": whole(pages)}
    assert given.told["jobs"]["complete"] is True


def test_an_api_key_needs_no_login():
    with server(page([1])) as there:
        given = fetched("veritas-netbackup", {"url": there.url, "api_key": {"env": "NB_KEY"}, "api_version": "12.0"})
    assert [one.headers["Authorization"] for one in there.asked] == [KEY]
    assert there.asked[0].headers["Accept"].endswith("version=12.0")
    assert given.payloads == {"jobs": page([1])}


def images(numbers, total):
    fragment = {
        "copyNumber": 1, "mediaType": 0, "mediaDesc": "4;PureDisk;m1;dp1;v;0", "host": "m1", "expiration": "2026-12-20T00:00:00.000Z", "keyTag": "*NULL*",
        "copyDate": "2026-11-20T21:11:40.000Z",
    }  # fmt: skip
    told = {
        "policyType": "STANDARD", "clientName": "files01", "policyName": "FS", "scheduleType": "FULL", "backupTime": "2026-11-20T21:01:40.000Z",
        "backupStatus": 0, "elapsedTimeSeconds": 600, "expiration": "2026-12-20T00:00:00.000Z", "kbytes": 5, "fragments": [fragment],
    }  # fmt: skip
    found = [{"type": "image", "id": f"files01_{number}", "attributes": told} for number in numbers]
    return body({"data": found, "meta": {"pagination": {"count": total, "offset": 0, "limit": 2}}})


def test_the_image_catalog_where_it_is_asked_for(monkeypatch):
    monkeypatch.setattr("audit.connectors.veritas_netbackup.LIMIT", 2)
    pages = [images([1795208500, 1795208501], 3), images([1795208502], 3)]
    with server(page([1])) as there:
        there.answers["GET /netbackup/catalog/images"] = [Answer(one) for one in pages]
        given = fetched("veritas-netbackup", told(there, images=True), last=datetime(2026, 11, 20, 8, tzinfo=UTC))
        asked = [parse_qs(urlsplit(one.path).query) for one in there.asked if "/catalog/images" in one.path]
    assert [one["filter"] for one in asked] == [["backupTime ge 1970-01-01T00:00:00Z"]] * 2
    assert (given.payloads["images"], given.told["images"]["complete"]) == (whole(pages), True)
    envelope = Envelope(tool="veritas-netbackup", source="s", **given.told["images"])
    facts = _registry.read("veritas-netbackup", given.payloads["images"], envelope)
    assert (facts.points.height, facts.listings["complete"].to_list()) == (3, [True])


def test_since_the_last_fetch_and_before_what_was_under_way():
    last, unfinished = datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 18, 21, tzinfo=UTC)
    with server(page([20])) as there:
        given = fetched("veritas-netbackup", told(there), last=last)
        fetched("veritas-netbackup", told(there), last=last, unfinished=unfinished)
        assert [one["filter"] for one in queries(there)] == [
            "startTime ge 2026-11-19T08:00:00Z",
            "startTime ge 2026-11-17T21:00:00Z",
        ]
    assert given.told["jobs"]["complete"] is None


def test_busy_then_broken(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _: None)
    with server(Answer(b"", 503), Answer(b"", 429, {"Retry-After": "1"}), page([1])) as there:
        assert fetched("veritas-netbackup", told(there)).payloads == {"jobs": page([1])}
    given = Given()
    with server(page([1], 2), Answer(b"", 500)) as there, pytest.raises(FetchError, match="answered 500") as caught:
        fetched("veritas-netbackup", told(there), into=given)
    assert given.payloads == {}
    assert there.paths()[-1] == "POST /netbackup/logout"
    assert not {PASSWORD, TOKEN} & {word for word in (PASSWORD, TOKEN) if word in str(caught.value)}


def test_a_list_that_changes():
    changing = [page([1], 2), page([2], 3), page([3], 3)]
    with server(*changing, page([1, 2, 3])) as there:
        given = fetched("veritas-netbackup", told(there))
    assert (given.payloads["jobs"], given.told["jobs"]["complete"], given.warnings) == (page([1, 2, 3]), True, [])
    with server(*changing, *changing) as there:
        given = fetched("veritas-netbackup", told(there))
    assert (given.payloads["jobs"], given.told["jobs"]["complete"], len(given.warnings)) == (whole(changing), None, 1)


def test_a_wrong_password():
    with server(login=Answer(PASSWORD.encode(), 401)) as there, pytest.raises(FetchError, match="not accepted") as caught:
        fetched("veritas-netbackup", told(there))
    assert PASSWORD not in str(caught.value)
    assert there.paths() == ["POST /netbackup/login"]


@pytest.mark.parametrize(
    "who", [{}, {"username": "a"}, {"password": {"env": "A"}}, {"api_key": {"env": "A"}, "username": "a", "password": {"env": "A"}}]
)
def test_either_a_key_or_a_user(who):
    with pytest.raises(ValidationError, match="say either api_key, or username and password"):
        Settings.model_validate({"connector": "veritas-netbackup", "url": "https://primary:1556", **who})


def test_a_second_pull_enters_only_what_is_new(tmp_path, monkeypatch):
    pages = [page([19]), page([20], state="ACTIVE"), page([20, 22])]
    with server(*pages) as there:
        run = pulling(tmp_path, monkeypatch, "veritas-netbackup", told(there))
        first, second, third = run(), run(), run()
        asked = [one.get("filter") for one in queries(there)]
    assert [(done.failed, done.new, done.runs) for done in (first, second, third)] == [(None, 1, 1), (None, 1, 1), (None, 1, 2)]
    assert run.kept() == pages
    assert asked[0] is None
    assert asked[1].startswith("startTime ge 2026-11-24T06:00")
    assert asked[2] == "startTime ge 2026-11-19T21:00:04Z", "a day before the job began that was under way"
    run.store.close()
