"""A site over the demo's data: real evidence, judged and kept, and one account of each role."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.content import Content
from audit.steps import accounts
from audit.steps._open import open_store
from audit.steps._payloads import gather
from audit.steps.accounts import Role
from audit.steps.apply import apply
from audit.steps.ingest import ingest
from audit.steps.init import init
from audit.steps.keep import assess_and_keep
from audit.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
PERIOD = (datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 23, 16, tzinfo=UTC))


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "data"
    build_data(folder)
    return folder


def build_data(folder: Path) -> None:
    """Make a data folder with the example programme, the message database's listings, a kept assessment, and one account of each role."""
    init(folder, "Yunhe Messaging")
    store = open_store(folder)
    apply(store, ROOT / "policies/example", now=NOW, by="tests")
    for repository in ("nas-dc1", "vault-hz"):
        found = gather([ROOT / "tests/data/demo" / repository])
        ingest(store, found, {"source": "messages-db", "repository": repository}, now=NOW, by="tests")
    assess_and_keep(store, *PERIOD, now=NOW)
    for role in Role:
        accounts.add(store, str(role), role, PASSWORD, NOW)
    store.close()


@pytest.fixture(scope="session")
def app(data):
    application = create_app(open_store(data), Content(), secure=False)
    application.config["TESTING"] = False
    application.extensions["limiter-of-logins"].enabled = False
    return application


@pytest.fixture
def visit(app):
    """Return a client logged in as a role (null: nobody)."""

    def client(role: str | None = "auditor", language: str = "en"):
        found = app.test_client()
        found.set_cookie("language", language)
        if role is not None:
            answer = log_in(found, role)
            assert answer.status_code == 302, answer.text
        return found

    return client


def token(client, path: str = "/login") -> str:
    """Return the CSRF token of a page's form."""
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[1]


def log_in(client, name: str, password: str = PASSWORD, **more):
    return client.post("/login", data={"name": name, "password": password, "csrf_token": token(client), **more})
