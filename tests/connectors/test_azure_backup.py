"""Azure Backup: a recorded server for Resource Manager, and one for logins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from pydantic import ValidationError

from audit.adapters import _registry
from audit.connectors import _http
from audit.connectors._fetching import FetchError
from audit.connectors.azure_backup import Settings, _time
from audit.model.envelope import Envelope
from tests.connectors.asking import NOW, Given, body, fetched, pulling, whole
from tests.connectors.serving import Answer, serving

SECRET, TOKEN = "hunter2-secret", "token-of-the-application"
GUID = "00000000-0000-0000-0000-000000000000"
VAULTS = f"/subscriptions/{GUID}/providers/Microsoft.RecoveryServices/vaults"
VAULT = f"/subscriptions/{GUID}/resourceGroups/Rg/providers/Microsoft.RecoveryServices/vaults/Prod"
CONTAINER = "protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg;sql01"
ITEM = f"{VAULT}/{CONTAINER}/protectedItems/VM;iaasvmcontainerv2;rg;sql01"
PATH = f"{VAULT}/backupFabrics/Azure/{CONTAINER}/protectedItems/VM;iaasvmcontainerv2;rg;sql01"
LOGIN = Answer(body({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}))
POINTS, JOBS = f"recovery points of {PATH.lower()}", f"jobs of {VAULT.lower()}"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    monkeypatch.setenv("AZURE_SECRET", SECRET)


def page(*found, link=None):
    return body({"value": list(found), **({"nextLink": link} if link else {})})


def vault():
    return {"id": VAULT, "name": "Prod", "type": "Microsoft.RecoveryServices/vaults"}


def item():
    return {
        "id": ITEM,
        "name": "VM;iaasvmcontainerv2;rg;sql01",
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems",
    }


def point(number):
    told = {
        "objectType": "IaasVMRecoveryPoint",
        "recoveryPointTime": f"2026-11-{number:02}T22:00:00.1234567Z",
        "recoveryPointTierDetails": [{"type": "HardenedRP", "status": "Valid"}],
    }
    return {
        "id": f"{PATH}/recoveryPoints/{number}", "name": str(number), "properties": told,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints",
    }  # fmt: skip


def job(number, status="Completed"):
    told = {
        "operation": "Backup",
        "status": status,
        "startTime": f"2026-11-{number:02}T22:00:00Z",
        "entityFriendlyName": "sql01",
        "jobType": "AzureIaaSVMJob",
    }
    told |= {"endTime": f"2026-11-{number:02}T23:00:00Z"} if status == "Completed" else {}
    return {
        "id": f"{VAULT}/backupJobs/{number}",
        "name": str(number),
        "type": "Microsoft.RecoveryServices/vaults/backupJobs",
        "properties": told,
    }


def server(points=None, jobs=None, vaults=None, items=None, login=LOGIN):
    given = {
        VAULTS: vaults or page(vault()),
        f"{VAULT}/backupJobs": jobs or page(job(20)),
        f"{VAULT}/backupProtectedItems": items or page(item()),
        f"{PATH}/recoveryPoints": points or page(point(20)),
    }
    answers = {
        f"GET {path}": [one if isinstance(one, Answer) else Answer(one) for one in (each if isinstance(each, list) else [each])]
        for path, each in given.items()
    }
    return serving({"POST /example.com/oauth2/v2.0/token": login, **answers})


def told(server, **more):
    return {
        "url": server.url,
        "login_url": server.url,
        "tenant": "example.com",
        "subscription": GUID,
        "client_id": GUID,
        "client_secret": {"env": "AZURE_SECRET"},
        **more,
    }


def queries(server, path):
    return [
        {key: value[0] for key, value in parse_qs(urlsplit(one.path).query).items()}
        for one in server.asked
        if unquote(one.path.partition("?")[0]) == path
    ]


def test_login_vaults_jobs_and_points_of_each_item():
    with server() as there:
        given = fetched("azure-backup", told(there))
        login, *asked = there.asked
    assert parse_qs(login.body.decode()) == {
        "grant_type": ["client_credentials"], "client_id": [GUID], "client_secret": [SECRET], "scope": [f"{there.url}/.default"],
    }  # fmt: skip
    assert {one.headers["Authorization"] for one in asked} == {f"Bearer {TOKEN}"}
    assert given.payloads == {"vaults": page(vault()), JOBS: page(job(20)), POINTS: page(point(20))}
    assert [one["complete"] for one in given.told.values()] == [True, None, True]
    assert (given.told[POINTS]["repository"], given.told[POINTS]["scope"]) == (VAULT.lower(), "iaasvmcontainerv2;rg;sql01")
    assert queries(there, f"{VAULT}/backupJobs") == [
        {"api-version": "2023-04-01", "$filter": "startTime eq '2026-10-25 06:00:03 AM' and endTime eq '2026-11-24 06:00:03 AM'"}
    ]


NEWER = f"/subscriptions/{GUID}/providers/Microsoft.DataProtection/backupVaults"
BACKUP_VAULT = f"/subscriptions/{GUID}/resourceGroups/Rg/providers/Microsoft.DataProtection/backupVaults/Bv"
INSTANCE = f"{BACKUP_VAULT}/backupInstances/Erp-Disk"


def test_backup_vaults_are_fetched_where_they_are_asked_for():
    store = {"type": "VaultStore", "state": "COMMITTED", "visible": True, "expiryTime": None}
    told_of = {
        "objectType": "AzureBackupDiscreteRecoveryPoint",
        "recoveryPointTime": "2026-11-20T22:00:00Z",
        "recoveryPointType": "Full",
        "recoveryPointDataStoresDetails": [store],
    }
    kind = "Microsoft.DataProtection/backupVaults"
    made = {
        "id": f"{INSTANCE}/recoveryPoints/9",
        "name": "9",
        "type": f"{kind}/backupInstances/recoveryPoints",
        "properties": told_of,
    }
    ran = {"id": f"{BACKUP_VAULT}/backupJobs/1", "name": "1", "type": f"{kind}/backupJobs", "properties": {}}
    answers = {
        NEWER: page({"id": BACKUP_VAULT, "name": "Bv", "type": kind}),
        f"{BACKUP_VAULT}/backupJobs": page(ran),
        f"{BACKUP_VAULT}/backupInstances": page({"id": INSTANCE, "name": "Erp-Disk", "type": f"{kind}/backupInstances"}),
        f"{INSTANCE}/recoveryPoints": page(made),
    }
    with server() as there:
        there.answers.update({f"GET {path}": [Answer(one)] for path, one in answers.items()})
        given = fetched("azure-backup", told(there, backup_vaults=True))
        assert queries(there, NEWER) == [{"api-version": "2023-05-01"}]
        assert queries(there, f"{BACKUP_VAULT}/backupJobs") == [{"api-version": "2023-05-01"}]
    jobs, points = f"jobs of {BACKUP_VAULT.lower()}", f"recovery points of {INSTANCE.lower()}"
    assert list(given.payloads) == ["vaults", JOBS, POINTS, "backup vaults", jobs, points]
    assert given.payloads[points] == page(made)
    assert (given.told[points]["repository"], given.told[points]["scope"]) == (BACKUP_VAULT.lower(), "erp-disk")
    assert [given.told[name]["complete"] for name in ("backup vaults", jobs, points)] == [True, None, True]
    envelope = Envelope(tool="azure-backup", source="s", observed_at=NOW, complete=True)
    facts = _registry.read("azure-backup", given.payloads[points], envelope)
    assert facts.listings.select("scope", "complete").rows() == [("erp-disk", True)]


def test_three_pages_by_next_link():
    with server() as there:
        links = [f"{there.url}{PATH}/recoveryPoints?api-version=2023-04-01&$skipToken={token}" for token in ("a", "b")]
        pages = [page(point(18), link=links[0]), page(point(19), link=links[1]), page(point(20))]
        there.answers[f"GET {PATH}/recoveryPoints"] = [Answer(one) for one in pages]
        given = fetched("azure-backup", told(there))
        assert [one.get("$skipToken") for one in queries(there, f"{PATH}/recoveryPoints")] == [None, "a", "b"]
    assert given.payloads[POINTS] == whole(pages)
    assert given.told[POINTS]["complete"] is True


@pytest.mark.parametrize("evil", ["https://evil.example/x?$skipToken=1", "{url}.evil.example/x", "{url}@evil.example/x", "ftp:x"])
def test_a_next_link_to_another_server_is_not_followed(evil):
    given = Given()
    with server() as there:
        there.answers[f"GET {PATH}/recoveryPoints"] = [Answer(page(point(20), link=evil.format(url=there.url)))]
        with pytest.raises(FetchError, match="another server") as caught:
            fetched("azure-backup", told(there), into=given)
    assert list(given.payloads) == ["vaults", JOBS]
    assert TOKEN not in str(caught.value)


def test_jobs_since_and_not_more_than_thirty_days():
    with server() as there:
        given = fetched("azure-backup", told(there), last=datetime(2026, 11, 20, 20, tzinfo=UTC))
        (asked,) = queries(there, f"{VAULT}/backupJobs")
        assert asked["$filter"].startswith("startTime eq '2026-11-19 08:00:00 PM' and endTime eq '2026-11-24")
    assert given.warnings == []
    with server() as there:
        given = fetched("azure-backup", told(there), last=NOW - timedelta(days=60))
        (asked,) = queries(there, f"{VAULT}/backupJobs")
        assert asked["$filter"].startswith("startTime eq '2026-10-25 06:00:03 AM'")
    (warning,) = given.warnings
    assert "before 2026-10-25 are not asked for" in warning


def test_twelve_hours():
    times = [datetime(2026, 11, 23, hour, 5, 9, tzinfo=UTC) for hour in (0, 1, 11, 12, 13, 23)]
    assert [_time(at).partition(" ")[2] for at in times] == [
        "12:05:09 AM",
        "01:05:09 AM",
        "11:05:09 AM",
        "12:05:09 PM",
        "01:05:09 PM",
        "11:05:09 PM",
    ]


def test_busy_then_broken(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _: None)
    with server(jobs=[Answer(b"", 503), Answer(b"", 429, {"Retry-After": "1"}), page(job(20))]) as there:
        assert fetched("azure-backup", told(there)).payloads[JOBS] == page(job(20))
    given = Given()
    with server(points=Answer(b"", 500)) as there, pytest.raises(FetchError, match="answered 500"):
        fetched("azure-backup", told(there), into=given)
    assert list(given.payloads) == ["vaults", JOBS]


def test_a_list_that_changes():
    with server() as there:
        link = f"{there.url}{PATH}/recoveryPoints?$skipToken=a"
        changing = [page(point(18), point(19), link=link), page(point(19), point(20))]
        there.answers[f"GET {PATH}/recoveryPoints"] = [Answer(one) for one in (*changing, page(point(20)))]
        given = fetched("azure-backup", told(there))
        assert (given.payloads[POINTS], given.told[POINTS]["complete"], given.warnings) == (page(point(20)), True, [])
        there.answers[f"GET {PATH}/recoveryPoints"] = [Answer(one) for one in (*changing, *changing)]
        given = fetched("azure-backup", told(there))
    assert (given.payloads[POINTS], given.told[POINTS]["complete"], len(given.warnings)) == (whole(changing), None, 1)


def test_a_wrong_secret():
    with server(login=Answer(SECRET.encode(), 401)) as there, pytest.raises(FetchError, match="not accepted") as caught:
        fetched("azure-backup", told(there))
    assert SECRET not in str(caught.value)
    assert there.paths() == ["POST /example.com/oauth2/v2.0/token"]


@pytest.mark.parametrize("answer", [body({"error": {"code": "x"}}), page({"name": "no id"})])
def test_what_is_no_list_of_vaults(answer):
    with server(vaults=answer) as there, pytest.raises(FetchError, match=r"has no (value|id)"):
        fetched("azure-backup", told(there))


@pytest.mark.parametrize(
    "wrong", [{"login_url": "http://login.example.com"}, {"tenant": "a/b"}, {"subscription": "../x"}, {"api_version": "new"}]
)
def test_settings_that_cannot_be_right(wrong):
    right = {
        "connector": "azure-backup",
        "tenant": "example.com",
        "subscription": GUID,
        "client_id": GUID,
        "client_secret": {"env": "A"},
    }
    assert Settings.model_validate(right).url == "https://management.azure.com"
    with pytest.raises(ValidationError):
        Settings.model_validate(right | wrong)


def test_a_second_pull_enters_only_what_is_new(tmp_path, monkeypatch):
    pages, runs = [page(point(19), point(20)), page(point(20))], [page(job(20)), page(job(22))]
    with server(points=list(pages), jobs=list(runs)) as there:
        run = pulling(tmp_path, monkeypatch, "azure-backup", told(there))
        first, second = run(), run()
        since = [one["$filter"] for one in queries(there, f"{VAULT}/backupJobs")]
    assert [(done.failed, done.new, done.points, done.runs, done.listings) for done in (first, second)] == [
        (None, 3, 2, 1, 1),
        (None, 3, 1, 1, 1),
    ]
    assert run.kept() == [page(vault()), runs[0], pages[0], page(vault()), runs[1], pages[1]]
    assert since[1].startswith("startTime eq '2026-11-24 06:00:")
    run.store.close()
