"""Runbooks and trainings from the command line: recorded, reviewed and confirmed by others, judged by, reported and exported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.session import Session, promising, result_of

PERIOD = ("--from", "2026-11-01", "--to", "2026-11-21")
SHA256 = "9F86D081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DOCUMENT = ("--version", "1", "--sha256", SHA256, "--kept", "the wiki", "--elsewhere", "the safe of dc2")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path, "runbook: 10d", "people: 2")


def publish(session: Session, by: str = "Chen Jie") -> str:
    done = session.fine(
        "runbook", "publish", "--name", "restore-messages", "--owner", "Chen Jie", *DOCUMENT, "--on", "2026-10-20", "--tier", "core", "--by", by
    )  # fmt: skip
    (name,) = re.findall(r"^(runbook-\d+) is awaiting review \(entry \d+ of the journal", done.out)
    return str(name)


def train(session: Session, person: str, runbook: str, by: str = "Sun Peng") -> str:
    done = session.fine(
        "training", "record", "--person", person, "--runbook", runbook, "--how", "Restored a day.", "--since", "2026-10-25", "--until", "2026-11-11", "--by", by
    )  # fmt: skip
    (name,) = re.findall(r"^(training-\d+) is recorded", done.out)
    return str(name)


def stretches(result: dict[str, object], key: str) -> list[tuple[str, str]]:
    return [(one["from"][:10], one["to"][:10]) for one in result[key]]  # type: ignore[attr-defined]


def test_a_runbook_is_reviewed_by_somebody_else_and_judged(session: Session, tmp_path: Path) -> None:
    name = publish(session)
    review = ("runbook", "review", name, "--found", "Every step can be followed.", "--on")
    alone = session(*review, "2026-10-25", "--by", "chen  JIE")
    assert (alone.code, "chen  JIE did publish here, so somebody else must review" in alone.err) == (2, True)
    early = session(*review, "2026-10-19", "--by", "Liu Yang")
    assert (early.code, "is of a day before the newest version of runbook-" in early.err) == (2, True)
    session.fine(*review, "2026-10-26", "--by", "Liu Yang")
    # Who wrote an older version may review a newer one that somebody else wrote.
    session.fine("runbook", "revise", name, *DOCUMENT, "--on", "2026-11-08", "--by", "Liu Yang")
    assert session(*review, "2026-11-09", "--by", "Liu Yang").code == 2
    session.fine(*review, "2026-11-09", "--by", "Chen Jie")

    result = result_of(session.assess(*PERIOD), "im-messages-db", "runbook")
    # Days of Shanghai: reviewed on 26 October, due on 5 November, reviewed on the 9th, due on the 19th.
    assert stretches(result, "breaches") == [("2026-11-04", "2026-11-08"), ("2026-11-18", "2026-11-20")]
    assert result["breaches"][0]["detail"] == {"records": [{"record": name, "by": "Liu Yang"}]}
    assert [one["detail"]["records"][0]["by"] for one in result["breaches"]] == ["Liu Yang", "Chen Jie"]
    html = tmp_path / "review.html"
    session.fine("report", "annual-review", *PERIOD, "-o", html)
    assert "The runbook, with who last published, reviewed or retired it: Liu Yang" in html.read_text(encoding="utf-8")
    package = tmp_path / "package.zip"
    session.fine("export", *PERIOD, "--asset", "im-messages-db", "-o", package)
    assert "nothing is broken" in session.fine("verify", package, "--recompute").out
    session.fine("runbook", "retire", name, "--reason", "It is replaced.", "--by", "Chen Jie")
    assert session(*review, "2026-11-20", "--by", "Sun Peng").code == 2


def test_people_are_counted_once_somebody_else_confirms(session: Session) -> None:
    runbook = publish(session)
    first, second = train(session, "Chen Jie", runbook), train(session, "Liu Yang", runbook)
    confirm = ("training", "confirm", first, "--reason", "I watched it.")
    for by, why in (
        ("Sun Peng", "did record here"),
        ("chen jie", "chen jie is or was the person it is about, so somebody else must confirm"),
    ):
        refused = session(*confirm, "--by", by)
        assert (refused.code, why in refused.err) == (2, True), refused.err
    session.fine(*confirm, "--by", "Liu Yang")
    result = result_of(session.assess(*PERIOD), "im-messages-db", "training")
    assert [one["reason"] for one in result["unproven"]] == ["training-not-confirmed"]
    session.fine("training", "confirm", second, "--reason", "I watched it.", "--by", "Chen Jie")
    result = result_of(session.assess(*PERIOD), "im-messages-db", "training")
    assert (stretches(result, "breaches"), result["unproven"]) == ([("2026-11-10", "2026-11-20")], [])
    assert {one["record"] for one in result["breaches"][0]["detail"]["records"]} == {first, second}
    assert result["shares"]["met"] == pytest.approx(0.5)


def test_what_is_wrong_is_said_and_nothing_is_entered(session: Session) -> None:
    publish(session)
    wrong = session(
        "training", "record", "--person", "Chen Jie", "--runbook", "runbook-99", "--how", "So.", "--since", "2026-11-01", "--until", "2027-11-01", "--by", "x"
    )  # fmt: skip
    assert (wrong.code, "runbook-99" in wrong.err) == (2, True), wrong.err
    short = session(
        "runbook", "publish", "--name", "n", "--owner", "o", *DOCUMENT[:3], "123", *DOCUMENT[4:], "--on", "2026-10-20", "--by", "x"
    )
    assert (short.code, "sha256" in short.err) == (2, True), short.err
    assert session.fine("training", "list", "--format", "json").json == []
