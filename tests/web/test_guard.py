"""Who gets in: roles on every route, sessions, CSRF, headers. Attacks, not appearances."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.sessions import SecureCookieSessionInterface

from audit.content import Content
from audit.steps import accounts
from audit.steps._open import open_store
from audit.steps.accounts import Role
from audit.web.app import create_app
from tests.web.conftest import PASSWORD, log_in, token

OPEN = {"login.login", "static", "choose"}


def test_every_page_but_the_login_asks_for_an_account(app):
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OPEN:
            continue
        path = rule.rule.replace("<", "").replace(">", "").replace("int:", "").replace("path:", "")
        for number in [name for name in rule.arguments if f"<int:{name}>" in rule.rule]:
            path = path.replace(number, "1")
        answer = client.open(path, method="GET" if "GET" in rule.methods else "POST")
        assert answer.status_code in (302, 400, 401), (rule.rule, answer.status_code)
        if answer.status_code == 302:
            assert answer.location.startswith("/login"), rule.rule


def test_roles_hold_on_the_server(app, visit):
    order = list(Role)
    for rule in app.url_map.iter_rules():
        needed = app.view_functions[rule.endpoint].role
        if needed is None or "GET" not in rule.methods or rule.arguments:
            continue
        for role in order:
            answer = visit(str(role)).get(rule.rule)
            if role.includes(needed):
                assert answer.status_code != 403, (rule.rule, role)
            else:
                assert answer.status_code == 403, (rule.rule, role)


def test_a_view_that_does_not_say_who_may_see_it_stops_the_site(data, monkeypatch):
    from audit.web.pages import overview

    monkeypatch.delattr(overview.overview, "role")
    with pytest.raises(RuntimeError, match=r"overview\.overview"):
        create_app(open_store(data), Content())


def test_wrong_passwords_unknown_and_locked_accounts_look_alike(app, data):
    store = open_store(data)
    accounts.add(store, "gone", Role.AUDITOR, PASSWORD, datetime.now(UTC))
    accounts.lock(store, "gone", datetime.now(UTC))
    answers = [log_in(app.test_client(), name, password) for name, password in
               (("auditor", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", ""), ("auditor", "x" * 100_000))]  # fmt: skip
    assert {answer.status_code for answer in answers} == {401}
    texts = {answer.text.split('name="password"')[0].split("csrf_token")[-1].split('value="')[-1] for answer in answers}
    assert len(answers) == 5
    assert all("Name or password is wrong" in answer.text for answer in answers), texts


def test_locking_and_a_new_password_end_sessions_at_once(app, data, visit):
    store = open_store(data)
    accounts.add(store, "leaving", Role.AUDITOR, PASSWORD, datetime.now(UTC))
    client = visit("leaving")
    assert client.get("/").status_code == 200
    accounts.set_password(store, "leaving", "another long password")
    assert client.get("/").status_code == 302
    again = app.test_client()
    assert log_in(again, "leaving", "another long password").status_code == 302
    accounts.lock(store, "leaving", datetime.now(UTC))
    assert again.get("/").status_code == 302


def test_a_session_ends_when_nothing_was_asked_for_long(app, visit):
    client = visit()
    with client.session_transaction() as session:
        session["seen"] -= int(timedelta(hours=9).total_seconds())
    assert client.get("/").status_code == 302


def test_a_forged_session_is_nobody(app):
    client = app.test_client()
    forger = create_forged(app)
    client.set_cookie(
        "backup-audit", forger({"account": "administrator", "session": 1, "seen": int(datetime.now(UTC).timestamp())})
    )
    assert client.get("/").status_code == 302


def create_forged(app):
    class Other:
        secret_key = b"not the key"
        config = app.config

    serializer = SecureCookieSessionInterface().get_signing_serializer(Other)
    return serializer.dumps


def test_posts_without_a_token_are_refused(visit, app):
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods and not rule.arguments:
            answer = visit("administrator").post(rule.rule, data={"name": "x"})
            assert answer.status_code == 400, rule.rule
            assert "did not come from this site" in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie: a=b",
    ],
)
def test_nobody_is_sent_elsewhere_after_the_login(app, target):
    assert log_in(app.test_client(), "auditor", next=target).location == "/"


def test_the_login_leads_back_to_where_one_was_going(app):
    client = app.test_client()
    answer = client.get("/promises?verdict=breached")
    assert answer.location == "/login?next=/promises?verdict%3Dbreached"
    assert log_in(client, "auditor", next="/promises?verdict=breached").location == "/promises?verdict=breached"


def test_every_answer_has_the_headers(visit):
    for client, path in (
        (visit(None), "/login"),
        (visit(), "/"),
        (visit(), "/no-such-page"),
        (visit("auditor"), "/static/site.css"),
    ):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


def test_cookies_are_secure(data):
    application = create_app(open_store(data), Content(), secure=True)
    client = application.test_client()
    answer = client.post(
        "/login", base_url="https://localhost", headers={"Referer": "https://localhost/login"},
        data={"name": "auditor", "password": PASSWORD, "csrf_token": _https_token(client)},
    )  # fmt: skip
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax"))
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def _https_token(client):
    import re

    return re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login", base_url="https://localhost").text)[1]


def test_many_logins_in_a_row_are_stopped(data):
    application = create_app(open_store(data), Content(), secure=False)
    client = application.test_client()
    codes = [
        client.post("/login", data={"name": "auditor", "password": "x", "csrf_token": token(client)}).status_code for _ in range(12)
    ]
    assert codes[:10] == [401] * 10
    assert codes[10:] == [429] * 2


def test_passwords_and_hashes_are_nowhere_but_in_the_register(data):
    for path in data.rglob("*"):
        if path.is_file():
            found = path.read_bytes()
            assert PASSWORD.encode() not in found, path
            assert b"$argon2" not in found or path.name.startswith("register.sqlite"), path
