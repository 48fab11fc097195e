"""Secrets are named, read when they are needed, and shown nowhere."""

from __future__ import annotations

import base64
import json
import re
from html import escape
from urllib.parse import quote, urlencode

import pytest
from pydantic import ValidationError

from audit.connectors._secret import HIDDEN, Secret, forms, without, without_bytes
from audit.errors import UsageError


def test_where_a_secret_is_read(monkeypatch, tmp_path):
    monkeypatch.setenv("BACKUP_SECRET", "hunter2")
    (tmp_path / "secret").write_text("hunter3\nsecond line\n")
    assert Secret(env="BACKUP_SECRET").read() == "hunter2"
    assert Secret(file=str(tmp_path / "secret")).read() == "hunter3"


def test_a_secret_in_the_keyring(monkeypatch):
    import keyring

    monkeypatch.setattr(keyring, "get_password", lambda service, user: f"{service}-{user}")
    assert Secret(keyring="veeam/audit/reader").read() == "veeam-audit/reader"
    monkeypatch.setattr(keyring, "get_password", lambda *_: None)
    with pytest.raises(UsageError, match="is empty"):
        Secret(keyring="veeam/audit").read()


@pytest.mark.parametrize("told", [{}, {"env": "A", "file": "/b"}, {"env": ""}, {"keyring": "nobody"}, {"value": "hunter2"}])
def test_a_reference_is_one_and_never_the_secret_itself(told):
    with pytest.raises(ValidationError):
        Secret.model_validate(told)


def test_what_is_not_there_is_said_without_it(tmp_path, monkeypatch):
    monkeypatch.delenv("NOT_SET", raising=False)
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "odd").write_bytes(b"\xff\xfe\xff")
    for secret, said in (
        (Secret(env="NOT_SET"), "set the environment variable NOT_SET"),
        (Secret(file=str(tmp_path / "none")), "No such file"),
        (Secret(file=str(tmp_path / "empty")), "is empty"),
        (Secret(file=str(tmp_path / "odd")), "no text in UTF-8"),
    ):
        with pytest.raises(UsageError, match=said):
            secret.read()


def test_secrets_are_taken_out():
    assert without("token=abcdef0 and abcdef", ["abcdef", "abcdef0"]) == "token=*** and ***"
    assert without_bytes(b"x abcdef y", ["abcdef"]) == (b"x *** y", True)
    assert without_bytes(b"x abc y", ["abc"]) == (b"x abc y", False), "three letters stand everywhere"


SECRET = 'S3cr+t/"x\\y&zz0 密'
WRITTEN = (
    SECRET,
    json.dumps({"password": SECRET}),
    json.dumps({"password": SECRET}, ensure_ascii=False).replace("/", "\\/"),
    f"https://host/api?password={quote(SECRET, safe='')}&x=1",
    urlencode({"password": SECRET}),
    re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(SECRET, safe="")),
    f"<password>{escape(SECRET)}</password>",
    *(f"Authorization: Basic {base64.b64encode(f'{user}:{SECRET}'.encode()).decode()}" for user in ("u", "us", "use")),
    f"token={base64.urlsafe_b64encode(SECRET.encode()).decode()}",
)


@pytest.mark.parametrize("written", WRITTEN)
def test_a_secret_is_found_however_it_is_written(written: str) -> None:
    cleaned, had = without_bytes(written.encode(), [SECRET])
    assert had
    assert HIDDEN in without(written, [SECRET]) == cleaned.decode()
    assert not any(form in cleaned.decode() for form in forms(SECRET))


def test_what_is_no_secret_stays() -> None:
    payload = json.dumps({"a": "https://host/%2F", "b": base64.b64encode(b"nothing of it").decode()}).encode()
    assert without_bytes(payload, [SECRET, "another secret"]) == (payload, False)
