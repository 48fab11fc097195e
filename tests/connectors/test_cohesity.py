"""Cohesity: a recorded cluster."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from audit.connectors import _http
from audit.connectors._fetching import FetchError
from tests.connectors.asking import Given, body, fetched, pulling, whole
from tests.connectors.serving import Answer, serving

KEY = "hunter2-api-key"
GROUPS = "/v2/data-protect/protection-groups"
START = 1_795_208_404_000_000


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    monkeypatch.setenv("COHESITY_KEY", KEY)


def run(number, status="Succeeded", deleted=False):
    at = START - number * 1_000_000
    return {
        "id": f"{number}:{at}", "protectionGroupId": "1:2:3", "protectionGroupName": "PG", "hasLocalSnapshot": True, "isLocalSnapshotsDeleted": deleted,
        "localBackupInfo": {"runType": "kRegular", "startTimeUsecs": at, "endTimeUsecs": at + 5, "status": status, "messages": []},
        "objects": [{"object": {"name": "vm1"}, "localSnapshotInfo": {"snapshotInfo": {"status": "kSuccessful"}}}],
    }  # fmt: skip


def page(numbers, total=None, **more):
    return body({"runs": [run(number, **more) for number in numbers], "totalRuns": len(numbers) if total is None else total})


def groups(*names):
    return body({"protectionGroups": [{"id": f"1:2:{number}", "name": name} for number, name in enumerate(names)]})


def server(*runs, there=("PG",), deleted=()):
    told = [Answer(one) if isinstance(one, bytes) else one for one in runs]
    gone = groups(*deleted) if deleted else body({"protectionGroups": None})
    return serving({
        f"GET {GROUPS}?includeTenants=true": Answer(groups(*there)), f"GET {GROUPS}?includeTenants=true&isDeleted=true": Answer(gone),
        f"GET {GROUPS}/1%3A2%3A0/runs": told,
    })  # fmt: skip


def told(server, **more):
    return {"url": server.url, "api_key": {"env": "COHESITY_KEY"}, "repository": "cohesity-dc1", **more}


def queries(server):
    return [
        {key: value[0] for key, value in parse_qs(urlsplit(one.path).query).items()} for one in server.asked if "/runs" in one.path
    ]


def test_runs_of_a_group_in_three_pages(monkeypatch):
    monkeypatch.setattr("audit.connectors.cohesity.LIMIT", 2)
    pages = [page([1, 2], 5), page([3, 4], 3), page([5], 1)]
    with server(*pages) as there:
        given = fetched("cohesity", told(there))
        assert {one.headers["apiKey"] for one in there.asked} == {KEY}
        asked = queries(there)
    assert given.payloads == {"runs of 1:2:0": whole(pages)}
    assert (given.told["runs of 1:2:0"]["complete"], given.told["runs of 1:2:0"]["scope"]) == (True, "PG")
    assert [(one["numRuns"], one["startTimeUsecs"], one["includeObjectDetails"]) for one in asked] == [("2", "1", "true")] * 3
    assert [int(one["endTimeUsecs"]) for one in asked][1:] == [START - 2_000_001, START - 4_000_001]


def test_deleted_groups_with_snapshots_are_fetched_too():
    with server(page([1]), there=(), deleted=("Gone",)) as there:
        given = fetched("cohesity", told(there))
    assert given.told["runs of 1:2:0"]["scope"] == "Gone"
    with server(page([1]), there=(), deleted=()) as there:
        assert fetched("cohesity", told(there)).payloads == {}


def test_without_a_total_it_is_not_called_complete():
    with server(body({"runs": [run(1)]})) as there:
        assert fetched("cohesity", told(there)).told["runs of 1:2:0"]["complete"] is None


def test_a_run_without_a_beginning_and_a_list_that_is_cut(monkeypatch):
    monkeypatch.setattr("audit.connectors.cohesity.LIMIT", 1)
    with (
        server(body({"runs": [{"id": "1"}], "totalRuns": 2})) as there,
        pytest.raises(FetchError, match="does not say when it began"),
    ):
        fetched("cohesity", told(there))
    cut = serving({f"GET {GROUPS}": Answer(body({"protectionGroups": [], "paginationCookie": "x"}))})
    with cut as there, pytest.raises(FetchError, match="was cut off"):
        fetched("cohesity", told(there))


def test_busy_then_broken(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _: None)
    with server(Answer(b"", 503), Answer(b"", 429, {"Retry-After": "1"}), page([1])) as there:
        assert fetched("cohesity", told(there)).payloads == {"runs of 1:2:0": page([1])}
    given = Given()
    with server(page([1]), there=("PG", "Other")) as there, pytest.raises(FetchError, match="answered 404"):
        fetched("cohesity", told(there), into=given)
    assert list(given.payloads) == ["runs of 1:2:0"], "what was fetched whole before"


def test_a_list_that_changes(monkeypatch):
    monkeypatch.setattr("audit.connectors.cohesity.LIMIT", 2)
    changing = [page([1, 2], 4), page([3], 1)]
    with server(*changing, page([1], 1)) as there:
        given = fetched("cohesity", told(there))
    assert (given.payloads["runs of 1:2:0"], given.told["runs of 1:2:0"]["complete"], given.warnings) == (page([1], 1), True, [])
    with server(*changing, *changing) as there:
        given = fetched("cohesity", told(there))
    assert (given.payloads["runs of 1:2:0"], given.told["runs of 1:2:0"]["complete"], len(given.warnings)) == (
        whole(changing),
        None,
        1,
    )


def test_a_wrong_key():
    with serving({f"GET {GROUPS}": Answer(KEY.encode(), 401)}) as there, pytest.raises(FetchError, match="not accepted") as caught:
        fetched("cohesity", told(there))
    assert KEY not in str(caught.value)


def test_a_second_pull_sees_what_is_gone(tmp_path, monkeypatch):
    pages = [page([1]), page([1], deleted=True)]
    with server(*pages) as there:
        run = pulling(tmp_path, monkeypatch, "cohesity", told(there))
        first, second = run(), run()
    assert [(done.failed, done.new, done.points, done.runs) for done in (first, second)] == [(None, 1, 1, 1), (None, 1, 0, 1)]
    assert run.kept() == pages
    run.store.close()
