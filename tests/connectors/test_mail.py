"""Mails over a real SMTP server: TLS with a verified certificate, logins, refusals, and nothing that becomes a header."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from audit.connectors._mail import Mail, address, message, send
from audit.errors import UsageError
from tests.connectors.mailing import PASSWORD, USER, certificate, mailing

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
BASE: dict[str, Any] = {"host": "127.0.0.1", "from": "audit@example.com", "to": "compliance@example.com"}


def mail(**told: Any) -> Mail:
    return Mail.model_validate(BASE | told)


def made(
    settings: Mail, to: str = "li.na@example.com", name: str = "Li Na", subject: str = "Two things", text: str = "mend it\n"
) -> Any:
    return message(settings, "云和消息 Ltd", (name, to), subject, text, "en", NOW)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("certificate"))


def test_a_mail_arrives_as_it_was_written() -> None:
    with mailing() as server:
        settings = mail(port=server.port, tls="none")
        assert send(settings, [made(settings, name="李娜", subject="云和：2项事项", text="整改：finding-1\n.\n.hidden\n")]) == [
            None
        ]
        (got,) = server.mails
    assert (str(got["To"]), str(got["Subject"])) == ("李娜 <li.na@example.com>", "云和：2项事项")
    assert (got["From"].addresses[0].display_name, got["From"].addresses[0].addr_spec) == ("云和消息 Ltd", "audit@example.com")
    assert got.get_content().splitlines() == ["整改：finding-1", ".", ".hidden"]
    assert (got["Auto-Submitted"], got["Content-Language"], got["Date"].datetime) == ("auto-generated", "en", NOW)
    assert got["Message-ID"].endswith("@example.com>")


def test_nothing_that_is_told_becomes_a_header_or_another_reader() -> None:
    evil = "Li Na\r\nBcc: everybody@example.com\n\nX: y\u2028Z\x85\x0b"
    with mailing() as server:
        settings = mail(port=server.port, tls="none")
        sent = made(settings, name=evil, subject=evil + "\N{RIGHT-TO-LEFT OVERRIDE}x", text=evil)
        assert send(settings, [sent]) == [None]
        ((to, data),) = server.got
        (got,) = server.mails
    assert to == "li.na@example.com"
    assert sorted(got.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    )  # fmt: skip
    assert b"\nBcc" not in data
    assert str(got["Subject"]) == "Li Na Bcc: everybody@example.com X: y Z x"
    assert got["To"].addresses[0].display_name == "Li Na Bcc: everybody@example.com X: y Z"


@pytest.mark.parametrize(
    "text",
    ["", "li.na", "@example.com", "li na@example.com", "li.na@example.com\n", "a@b\r\nRCPT TO:<c@d>", "<li.na@example.com>", "a@b,c@d", "李娜@example.com", "a@" + "b" * 260,
     ".a@b", "a..b@c", 'a"@b'],
)  # fmt: skip
def test_what_is_more_or_less_than_one_address_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no mail address"):
        address(text)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_over_tls_only_with_a_verified_certificate(tls: str, pair: tuple[Path, Path]) -> None:
    with mailing(tls, pair) as server:
        trusting = mail(port=server.port, tls=tls, ca=str(pair[1]))
        assert send(trusting, [made(trusting), made(trusting, "b@example.com")]) == [None, None]
        assert [to for to, _ in server.got] == ["li.na@example.com", "b@example.com"]
        strict = mail(port=server.port, tls=tls)
        (why,) = send(strict, [made(strict)])
        assert "certificate verify failed" in str(why).lower()
        assert len(server.got) == 2


def test_a_certificate_of_another_host_is_not_this_ones(tmp_path: Path) -> None:
    another = certificate(tmp_path, "DNS:elsewhere.example")
    with mailing("starttls", another) as server:
        settings = mail(port=server.port, ca=str(another[1]))
        (why,) = send(settings, [made(settings)])
        assert "IP address mismatch" in str(why)
        assert server.got == []


def test_a_login_whose_password_is_told_by_reference(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    with mailing("starttls", pair, login=True) as server:
        settings = mail(port=server.port, user=USER, password={"env": "SMTP_PASSWORD"}, ca=str(pair[1]))
        assert send(settings, [made(settings)]) == [None]
        monkeypatch.setenv("SMTP_PASSWORD", "wrong-horse")
        (why,) = send(settings, [made(settings)])
        assert str(why).startswith("127.0.0.1: 535 ")
        assert "wrong-horse" not in str(why)
        monkeypatch.setenv("SMTP_PASSWORD", "ünlesbar")
        assert send(settings, [made(settings)]) == ["127.0.0.1: user and password must be ASCII"]
        assert len(server.got) == 1
    monkeypatch.delenv("SMTP_PASSWORD")
    with pytest.raises(UsageError, match="set the environment variable SMTP_PASSWORD"):
        send(settings, [made(settings)])


def test_a_server_that_offers_no_tls_gets_no_mail() -> None:
    with mailing() as server:
        settings = mail(port=server.port)
        (why,) = send(settings, [made(settings)])
        assert "STARTTLS" in str(why)
        assert server.got == []


def test_one_that_fails_does_not_stop_the_others() -> None:
    with mailing(refused={"b@example.com"}, drops={"d@example.com"}) as server:
        settings = mail(port=server.port, tls="none")
        told = send(settings, [made(settings, f"{one}@example.com") for one in "abcde"])
        assert [one is None for one in told] == [True, False, True, False, True]
        assert told[1] == "550 5.1.1 there is nobody of that name"
        assert [to for to, _ in server.got] == ["a@example.com", "c@example.com", "e@example.com"]
        assert server.connections == 2


def test_a_server_that_is_not_there_is_asked_once() -> None:
    with mailing() as server:
        port = server.port
    settings = mail(port=port, tls="none")
    told = send(settings, [made(settings)] * 3)
    assert told == [told[0]] * 3
    assert str(told[0]).startswith("127.0.0.1: ")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"user": "a"}, "user and password belong together"),
        ({"user": "a", "password": {"env": "X"}, "tls": "none", "host": "smtp.example.com"}, "in the clear"),
        ({"password": "secret", "user": "a"}, "valid dictionary"),
        ({"from": "Audit <audit@example.com>"}, "is no mail address"),
        ({"to": "a@b\nBcc: c@d"}, "is no mail address"),
        ({"host": "smtp.example.com\r\nQUIT"}, "should match pattern"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"within": "soon"}, "is not a length of time"),
        ({"language": "fr"}, "'en' or 'zh'"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_be_right(told: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        mail(**told)


def test_the_port_follows_from_tls_and_a_relay_on_this_machine_needs_none() -> None:
    assert mail(user="a", password={"env": "X"}, tls="none", host="127.0.0.1").user == "a"
