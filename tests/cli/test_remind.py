"""Reminders from the command line: shown, mailed, and noted as a run of the job."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.register.job_runs import job_runs
from audit.steps._open import open_store
from tests.cli.session import PROGRAMME, Session, started
from tests.connectors.mailing import mailing

OPEN = (
    "finding",
    "open",
    "--title",
    "No key.",
    "--source",
    "auditor",
    "--severity",
    "high",
    "--by",
    "Li Na",
    "--due",
    "2026-01-01",
    "--owner",
)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    programme = tmp_path / "programme"
    programme.mkdir()
    for file in PROGRAMME.glob("*.yaml"):
        (programme / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (programme / "people.yaml").write_text("people: [{name: Chen Jie, email: chen.jie@example.com}]\n", encoding="utf-8")
    return started(tmp_path / "data", programme)


def configured(session: Session, port: int) -> None:
    with (session.data / "config.yaml").open("a", encoding="utf-8") as config:
        config.write(f"mail: {{host: 127.0.0.1, port: {port}, tls: none, from: audit@example.com, to: compliance@example.com}}\n")


def test_mails_are_shown_sent_and_noted(session: Session) -> None:
    session.fine(*OPEN, "Chen Jie")
    session.fine(*OPEN, "Liu Yang")
    with mailing() as server:
        configured(session, server.port)
        shown = session.fine("remind", "--dry-run").out
        assert (
            "To: Chen Jie <chen.jie@example.com>\nSubject: Yunhe Messaging: one thing waits for you, and it is overdue\n\nChen Jie,\n"
            in shown
        )
        assert shown.endswith("2 mails, 2 things; nothing was sent.\n")
        assert server.got == []
        assert session.fine("remind").out == "compliance@example.com: 1 thing.\nChen Jie <chen.jie@example.com>: 1 thing.\n"
        assert session.fine("remind").out == "There is nothing to tell.\n"
        assert len(server.got) == 2
        server.refused = {"chen.jie@example.com"}
        session.fine(*OPEN, "Chen Jie")
        failed = session("remind")
        assert (failed.code, failed.err) == (
            1,
            "Error: 1 of 1 mails were not sent\n  Chen Jie <chen.jie@example.com>: 550 5.1.1 there is nobody of that name\n",
        )
    store = open_store(session.data)
    runs = job_runs(store.journal.engine)
    store.close()
    assert runs.select("job", "outcome").rows() == [("remind", "failed"), ("remind", "success"), ("remind", "success")]
    assert [json.loads(one)["mails"] for one in runs["message"]] == [0, 0, 2]


def test_what_is_missing_or_wrong_is_said(session: Session) -> None:
    nothing = session("remind")
    assert (nothing.code, "config.yaml does not say how mails are sent" in nothing.err) == (2, True)
    configured(session, 25)
    for far, words in (("soon", "'soon' is not a length of time"), ("99999999d", "too far ahead")):
        wrong = session("remind", "--within", far)
        assert (wrong.code, words in wrong.err) == (2, True), wrong.err
    with (session.data / "config.yaml").open("a", encoding="utf-8") as config:
        config.write("mail2: x\n")
    text = (session.data / "config.yaml").read_text("utf-8")
    (session.data / "config.yaml").write_text(text.replace("port: 25", "port: 99999, colour: red"), encoding="utf-8")
    wrong = session("remind", "--dry-run")
    assert wrong.code == 2
    assert "mail.port: Input should be less than or equal to 65535" in wrong.err
    assert "mail.colour: Extra inputs are not permitted" in wrong.err
    (session.data / "config.yaml").write_text(text.partition("mail:")[0] + "mail: yes please\n", encoding="utf-8")
    assert "mail: must be a mapping" in session("due").err
