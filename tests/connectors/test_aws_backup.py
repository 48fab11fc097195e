"""AWS Backup: a recorded server, and its signature calculated as AWS documents it."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from pydantic import ValidationError

from audit.connectors import _http
from audit.connectors._fetching import FetchError
from audit.connectors.aws_backup import Settings, _signer
from audit.errors import UsageError
from tests.connectors.asking import Given, body, fetched, pulling, whole
from tests.connectors.serving import Answer, serving

pytest.importorskip("botocore")
KEY, SECRET, SESSION = "AKIAIOSFODNN7EXAMPLE", "hunter2/secret+access/key", "hunter2-session-token"
ARN = "arn:aws:backup:eu-west-1:123456789012:backup-vault:prod"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    monkeypatch.setenv("AWS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION", SESSION)


def vaults(*names, token=None):
    found = [{"BackupVaultName": name, "BackupVaultArn": ARN.replace("prod", name)} for name in names]
    return body({"BackupVaultList": found, **({"NextToken": token} if token else {})})


def points(*numbers, token=None):
    found = [
        {"RecoveryPointArn": f"arn:aws:backup:eu-west-1:123456789012:recovery-point:rp-{number}", "BackupVaultArn": ARN, "BackupVaultName": "prod",
         "ResourceArn": "arn:aws:rds:eu-west-1:123456789012:db:orders", "ResourceType": "RDS", "Status": "COMPLETED", "CreationDate": 1795208404.5 + number,
         "CompletionDate": 1795208504.5 + number}
        for number in numbers
    ]  # fmt: skip
    return body({"RecoveryPoints": found, **({"NextToken": token} if token else {})})


def jobs(*numbers, token=None):
    found = [
        {"BackupJobId": f"job-{number}", "BackupVaultArn": ARN, "ResourceArn": "arn:aws:rds:eu-west-1:123456789012:db:orders", "State": "COMPLETED", "ResourceType": "RDS",
         "CreationDate": 1795208404.5 + number, "CompletionDate": 1795208504.5 + number,
         "RecoveryPointArn": f"arn:aws:backup:eu-west-1:123456789012:recovery-point:rp-{number}"}
        for number in numbers
    ]  # fmt: skip
    return body({"BackupJobs": found, **({"NextToken": token} if token else {})})


NO_COPIES, NO_RESTORES = body({"CopyJobs": []}), body({"RestoreJobs": []})


def server(**answers):
    given = {
        "backup-vaults/": vaults("prod"),
        "backup-vaults/prod/recovery-points/": points(1),
        "backup-jobs/": jobs(1),
        "copy-jobs/": NO_COPIES,
    }
    given |= {"restore-jobs/": NO_RESTORES} | {name.replace("_", "-") + "/": each for name, each in answers.items()}
    if "points" in answers:
        given["backup-vaults/prod/recovery-points/"] = given.pop("points/")
    return serving({
        f"GET /{name}": [one if isinstance(one, Answer) else Answer(one) for one in (each if isinstance(each, list) else [each])] for name, each in given.items()
    })  # fmt: skip


def told(server, **more):
    return {"url": server.url, "region": "eu-west-1", "access_key_id": KEY, "secret_access_key": {"env": "AWS_KEY"}, **more}


def queries(server, path):
    return [
        {key: value[0] for key, value in parse_qs(urlsplit(one.path).query).items()}
        for one in server.asked
        if one.path.partition("?")[0] == path
    ]


def signature(asked):
    """Calculate Signature Version 4 of a request as it arrived, in the four steps that AWS documents."""
    scope, names = re.search(r"Credential=[A-Z0-9]+/([^,]+), SignedHeaders=([^,]+),", asked.headers["Authorization"]).groups()
    headers = {name.lower(): value.strip() for name, value in asked.headers.items()}
    path, _, query = asked.path.partition("?")
    pairs = sorted(
        (quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~"))
        for name, _, value in (one.partition("=") for one in query.split("&"))
    )
    canonical = "\n".join([
        asked.method, quote(path, safe="/-_.~"), "&".join(f"{name}={value}" for name, value in pairs), *(f"{name}:{headers[name]}" for name in names.split(";")), "",
        names, hashlib.sha256(asked.body).hexdigest(),
    ])  # fmt: skip
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + SECRET.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def test_everything_is_signed_as_aws_documents_it():
    odd = "to ken/with+odd=letters&ü"
    with server(backup_jobs=[jobs(1, token=odd), jobs(2)]) as there:
        fetched("aws-backup", told(there, session_token={"env": "AWS_SESSION"}), last=datetime(2026, 11, 20, 8, tzinfo=UTC))
        assert queries(there, "/backup-jobs/")[1]["nextToken"] == odd
        for asked in there.asked:
            assert f"Credential={KEY}/" in asked.headers["Authorization"]
            assert (
                "/eu-west-1/backup/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token,"
                in asked.headers["Authorization"]
            )
            assert asked.headers["Authorization"].endswith(f"Signature={signature(asked)}")
            assert asked.headers["X-Amz-Security-Token"] == SESSION
            assert SECRET not in str(asked)
        changed = there.asked[0]
        changed.path += "0"
        assert not changed.headers["Authorization"].endswith(f"Signature={signature(changed)}"), (
            "another query has another signature"
        )


def test_a_signature_at_a_fixed_time(monkeypatch):
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime(2026, 11, 23, 6, 0, 0))
    settings = Settings.model_validate(
        {"connector": "aws-backup", "region": "eu-west-1", "access_key_id": KEY, "secret_access_key": {"env": "AWS_KEY"}}
    )
    headers = _signer(settings)("https://backup.eu-west-1.amazonaws.com/backup-vaults/?maxResults=1000")
    nothing = hashlib.sha256(b"").hexdigest()
    signed = "host:backup.eu-west-1.amazonaws.com\nx-amz-date:20261123T060000Z\n"
    canonical = f"GET\n/backup-vaults/\nmaxResults=1000\n{signed}\nhost;x-amz-date\n{nothing}"
    scope = "20261123/eu-west-1/backup/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", "20261123T060000Z", scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + SECRET.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    assert headers["X-Amz-Date"] == "20261123T060000Z"
    assert (
        headers["Authorization"]
        == f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders=host;x-amz-date, Signature={expected}"
    )


def test_three_pages_one_of_them_empty():
    pages = [points(1, 2, token="a"), points(token="b"), points(3)]
    with server(points=list(pages)) as there:
        given = fetched("aws-backup", told(there))
        assert queries(there, "/backup-vaults/prod/recovery-points/") == [
            {"maxResults": "1000"}, {"maxResults": "1000", "nextToken": "a"}, {"maxResults": "1000", "nextToken": "b"},
        ]  # fmt: skip
    assert list(given.payloads) == ["vaults", f"recovery points of {ARN}", "backup-jobs", "copy-jobs", "restore-jobs"]
    assert given.payloads[f"recovery points of {ARN}"] == whole(pages)
    assert [one["complete"] for one in given.told.values()] == [True, True, None, None, None]
    assert given.told[f"recovery points of {ARN}"]["repository"] == ARN


def test_jobs_since_and_points_whole():
    with server() as there:
        fetched("aws-backup", told(there), last=datetime(2026, 11, 20, 8, tzinfo=UTC))
        for path in ("/backup-jobs/", "/copy-jobs/", "/restore-jobs/"):
            assert queries(there, path) == [{"createdAfter": "2026-11-19T08:00:00Z", "maxResults": "1000"}]
        assert queries(there, "/backup-vaults/prod/recovery-points/") == [{"maxResults": "1000"}]


def test_busy_then_broken(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _: None)
    with server(backup_jobs=[Answer(b"", 503), Answer(b"", 429, {"Retry-After": "1"}), jobs(1)]) as there:
        assert fetched("aws-backup", told(there)).payloads["backup-jobs"] == jobs(1)
    given = Given()
    with (
        server(backup_jobs=[jobs(1, token="a"), Answer(b"", 500)]) as there,
        pytest.raises(FetchError, match="answered 500") as caught,
    ):
        fetched("aws-backup", told(there), into=given)
    assert list(given.payloads) == ["vaults", f"recovery points of {ARN}"]
    assert SECRET not in str(caught.value)


def test_a_list_that_changes():
    changing = [points(1, 2, token="a"), points(2, 3)]
    with server(points=[*changing, points(1, 2, 3)]) as there:
        given = fetched("aws-backup", told(there))
    name = f"recovery points of {ARN}"
    assert (given.payloads[name], given.told[name]["complete"], given.warnings) == (points(1, 2, 3), True, [])
    with server(points=[*changing, *changing]) as there:
        given = fetched("aws-backup", told(there))
    assert (given.payloads[name], given.told[name]["complete"], len(given.warnings)) == (whole(changing), None, 1)


def test_tokens_that_go_in_a_circle():
    with server(points=[points(1, token="a"), points(2, token="a")]) as there, pytest.raises(FetchError, match="in a circle"):
        fetched("aws-backup", told(there))


def test_a_wrong_key():
    with serving({"GET /backup-vaults/": Answer(SECRET.encode(), 403)}) as there, pytest.raises(FetchError, match="403") as caught:
        fetched("aws-backup", told(there))
    assert SECRET not in str(caught.value)
    assert len(there.asked) == 1


def test_the_address_is_that_of_the_region():
    right = {"connector": "aws-backup", "region": "eu-west-1", "access_key_id": KEY, "secret_access_key": {"env": "AWS_KEY"}}
    assert Settings.model_validate(right).url == "https://backup.eu-west-1.amazonaws.com"
    assert Settings.model_validate({**right, "region": "cn-north-1"}).url == "https://backup.cn-north-1.amazonaws.com.cn"
    for wrong in ({"region": "evil.example/"}, {"region": None}, {"url": "http://backup.example.com"}, {"access_key_id": "a b"}):
        with pytest.raises(ValidationError):
            Settings.model_validate(right | wrong)


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "botocore.auth", None)
    with server() as there, pytest.raises(UsageError, match=r"backup-audit\[aws\]"):
        fetched("aws-backup", told(there))


def test_a_second_pull_enters_only_what_is_new(tmp_path, monkeypatch):
    with server(points=[points(1, 2), points(2)], backup_jobs=[jobs(1, 2), jobs(3)]) as there:
        run = pulling(tmp_path, monkeypatch, "aws-backup", told(there))
        first, second = run(), run()
        since = [one.get("createdAfter") for one in queries(there, "/backup-jobs/")]
    assert [(done.failed, done.new) for done in (first, second)] == [(None, 5), (None, 5)]
    once = [vaults("prod"), points(1, 2), jobs(1, 2), NO_COPIES, NO_RESTORES]
    assert run.kept() == [*once, vaults("prod"), points(2), jobs(3), NO_COPIES, NO_RESTORES]
    assert [(done.points, done.runs, done.listings) for done in (first, second)] == [(2, 2, 1), (1, 1, 1)]
    assert since[0] is None
    assert since[1].startswith("2026-11-24T06:00")
    run.store.close()
