"""Reminders by mail: one to each person of all that is theirs, in their language, nothing twice within a week; tried over a real SMTP server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from audit.content import Content
from audit.errors import CheckFailedError, DataFolderError
from audit.register.acts import kinds
from audit.register.job_runs import FAILED, SUCCESS, begin_run, end_run, job_runs, run_begins
from audit.schedule import Jobs
from audit.steps._open import Store, open_store
from audit.steps.remind import JOB, Letter, Reminded, letters, mail_of, remind, worded
from tests.cli.session import PROGRAMME, ROOT, started
from tests.connectors.mailing import Server, mailing
from tests.steps.test_due import WAIVER, day, do

PEOPLE = """
people:
  - {name: Chen Jie, email: chen.jie@example.com, language: zh-CN}
  - {name: Wang Wei, email: wang.wei@example.com}
  - {name: Sun Peng, email: not an address}
  - {name: Liu Yang}
"""
OPEN = {"title": "No key.", "source": "auditor", "severity": "high"}


@pytest.fixture
def server() -> Iterator[Server]:
    with mailing() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path, server: Server) -> Iterator[Store]:
    programme = tmp_path / "programme"
    programme.mkdir()
    for file in PROGRAMME.glob("*.yaml"):
        (programme / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (programme / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    started(tmp_path / "data", programme)
    with (tmp_path / "data" / "config.yaml").open("a", encoding="utf-8") as config:
        config.write(
            f"mail: {{host: 127.0.0.1, port: {server.port}, tls: none, from: audit@example.com, to: compliance@example.com}}\n"
        )
    opened = open_store(tmp_path / "data")
    yield opened
    opened.close()


def sent(store: Store, on: int, within: str | None = None) -> Reminded:
    """Send, and note it as the job does."""
    number = begin_run(store.journal.engine, JOB, "tests", day(on))
    run_begins(store.journal.engine, number, day(on))
    done = remind(store, Content(), day(on), within)
    end_run(store.journal.engine, number, FAILED if done.failed else SUCCESS, done.message(), day(on))
    return done


def told(done: list[Letter]) -> dict[str, list[tuple[str, str, str]]]:
    return {one.person.address: [(item.what, item.kind, item.whose) for item in one.items] for one in done}


def finding(store: Store, owner: str, due: int) -> str:
    name = do(store, "finding", "open", OPEN)
    do(store, "finding", "acknowledge", {"owner": owner, "due": due}, name)
    return name


def test_each_person_gets_one_mail_of_what_is_theirs_in_their_language(store: Store, server: Server) -> None:
    mended = finding(store, "chen  JIE", 3)
    finding(store, "Chen Jie", -2)
    finding(store, "Liu Yang", 4)
    do(store, "waiver", "request", WAIVER)
    do(store, "agreement", "propose", {"policy": "core", "version": 1, "until": 5})
    do(
        store,
        "drill",
        "plan",
        {
            "title": "Spring",
            "kind": "full",
            "assets": ["im-messages-db"],
            "planned_for": 6,
            "participants": ["Wang Wei", "Chen Jie"],
        },
    )
    done = sent(store, 0)
    assert told(done.sent) == {
        "chen.jie@example.com": [("mend", "finding", ""), ("mend", "finding", ""), ("run", "drill", "Wang Wei, Chen Jie")],
        "wang.wei@example.com": [
            ("answer", "agreement", "customer-operations (Wang Wei)"),
            ("run", "drill", "Wang Wei, Chen Jie"),
        ],
        "compliance@example.com": [
            ("decide", "waiver", ""),
            ("mend", "finding", "Liu Yang"),
        ],
    }
    mails = {str(mail["To"].addresses[0].addr_spec): mail for mail in server.mails}
    assert len(mails) == len(server.got) == 3
    chinese = mails["chen.jie@example.com"]
    assert str(chinese["Subject"]) == "Yunhe Messaging：有3项事项待您处理，其中1项已逾期"
    text = chinese.get_content()
    assert f"- 整改：发现项 {mended}（No key.），截止日期2026年3月4日" in text
    assert "- 整改：发现项" in text.split("即将到期")[0]
    english = mails["wang.wei@example.com"].get_content()
    assert english.startswith(
        "Wang Wei,\r\n\r\nthese are due in the register of backups of Yunhe Messaging:\r\n\r\nAhead\r\n- Answer agreement"
    )
    assert "[Wang Wei, Chen Jie]" in english
    odd = mails["compliance@example.com"].get_content()
    assert "- Sun Peng: 'not an address' is no mail address" in odd
    assert "not an address" not in english
    assert str(mails["compliance@example.com"]["To"]) == "compliance@example.com"


def test_nothing_is_told_twice_within_a_week_unless_it_is_overdue_now(store: Store, server: Server) -> None:
    finding(store, "Chen Jie", 3)
    assert len(sent(store, 0).sent) == 1
    assert sent(store, 1) == Reminded()
    finding(store, "Chen Jie", 4)
    (second,) = sent(store, 2).sent
    assert (len(second.items), second.known) == (1, 1)
    assert "另有1项事项待您处理，此前已提醒过。" in server.mails[-1].get_content()
    (third,) = sent(store, 5).sent
    assert [item.overdue for item in third.items] == [True, True]
    assert sent(store, 11) == Reminded()
    assert len(sent(store, 13).sent) == 1, "after a week it is told again"
    assert [json.loads(one)["items"] for one in job_runs(store.journal.engine)["message"]] == [2, 0, 2, 1, 0, 1]


def test_what_failed_is_told_and_tried_again(store: Store, server: Server) -> None:
    server.refused = {"chen.jie@example.com"}
    finding(store, "Chen Jie", 3)
    finding(store, "Wang Wei", 3)
    done = sent(store, 0)
    assert [one.person.name for one in done.sent] == ["Wang Wei"]
    said = json.loads(done.message())
    assert (said["key"], said["failed"], said["why"]) == ("remind-failed", 1, "Chen Jie: 550 5.1.1 there is nobody of that name")
    server.refused = set()
    assert [one.person.name for one in sent(store, 1).sent] == ["Chen Jie"]


def test_who_answers_for_a_unit_while_its_representative_is_away_is_told_as_well(store: Store) -> None:
    do(store, "agreement", "propose", {"policy": "core", "version": 1, "until": 5})
    away = {"unit": "customer-operations", "deputy": "Chen Jie", "since": -5, "until": 2, "reason": "On leave."}
    do(store, "delegation", "delegate", away, by="Wang Wei")
    mail = mail_of(store.folder)
    answer = [("answer", "agreement", "customer-operations (Wang Wei)")]
    on = {address: [one for one in items if one[0] == "answer"] for address, items in told(letters(store, mail, day(0))).items()}
    assert on == {"chen.jie@example.com": answer, "wang.wei@example.com": answer}
    later = {address: [one for one in items if one[0] == "answer"] for address, items in told(letters(store, mail, day(3))).items()}
    assert later == {"wang.wei@example.com": answer}


def test_how_far_ahead_and_what_a_text_may_hold(store: Store, server: Server) -> None:
    do(store, "finding", "open", OPEN | {"title": "Bcc: x@example.com\nSubject: y", "due": 20, "owner": "Wang Wei"})
    assert sent(store, 0) == Reminded()
    assert len(sent(store, 0, "30d").sent) == 1
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert "(Bcc: x@example.com Subject: y)" in mail.get_content()


def test_who_gets_what_is_nobodys_may_be_a_person_too(store: Store) -> None:
    mail = mail_of(replace(store.folder, mail={**(store.folder.mail or {}), "to": "Wang.Wei@example.com"}))
    finding(store, "Wang Wei", 3)
    do(store, "waiver", "request", WAIVER)
    (letter,) = letters(store, mail, day(0))
    assert (letter.person.name, len(letter.items), len(letter.odd)) == ("Wang Wei", 2, 1)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "does not say how mails are sent: add a line such as"),
        ({}, "mail.host: Field required"),
        ({"host": "x", "from": "a@b", "to": "a@b", "prot": 25}, "mail.prot: Extra inputs"),
        ({"host": "x", "from": "a", "to": "a@b"}, "mail.from: 'a' is no mail address"),
    ],
)
def test_a_configuration_that_cannot_be_right(store: Store, told: Mapping[str, Any] | None, words: str) -> None:
    with pytest.raises(DataFolderError) as error:
        mail_of(replace(store.folder, mail=told))
    assert words in "\n".join([str(error.value), *map(str, error.value.faults)])


def test_every_kind_and_everything_that_is_due_has_words() -> None:
    said = {lang: YAML(typ="safe").load((ROOT / f"templates/mail/wording/{lang}.yaml").read_text("utf-8")) for lang in ("en", "zh")}
    assert [set(one) for one in said.values()] == [set(said["en"])] * 2
    for words in said.values():
        assert set(words["kinds"]) >= set(kinds())
        assert set(words["what"]) == {
            "decide",
            "confirm",
            "review",
            "answer",
            "mend",
            "run",
            "fulfil",
            "accept",
            "sign",
            "begin",
            "lapses",
        }


def test_the_site_does_it_each_night_and_says_so(store: Store, server: Server) -> None:
    jobs = Jobs(store)
    assert "remind" in jobs.names
    assert "remind" not in Jobs(replace(store, folder=replace(store.folder, mail=None))).names
    finding(store, "Chen Jie", 3)
    assert json.loads(jobs.names["remind"]())["people"] == "Chen Jie"
    assert len(server.got) == 1
    server.refused = {"chen.jie@example.com"}
    with pytest.raises(CheckFailedError, match="remind-failed"):
        jobs.names["remind"]()


def test_the_words_fit_one_thing_too(store: Store) -> None:
    finding(store, "Wang Wei", -1)
    (letter,) = letters(store, mail_of(store.folder), day(0))
    subject, text = worded(letter, "Yunhe", Content(), "Asia/Shanghai")
    assert subject == "Yunhe: one thing waits for you, and it is overdue"
    assert "this is due in the register of backups of Yunhe:" in text
    assert datetime.fromisoformat("2026-02-28T00:00:00+00:00") == letter.items[0].due
