"""Assessments of providers from the command line: answers to a questionnaire, approved by somebody else, judged, reported and exported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.content import Content
from audit.register.records._questions import QUESTIONNAIRE
from tests.cli.session import Session, promising, result_of

PERIOD = ("--from", "2026-11-01", "--to", "2026-11-21")
MANDATORY = ("data-backup", "proof-at-scale", "restore-evidence", "exit", "location")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path, "vendor: {assessed: 1y, score: 40%}")


def assess(session: Session, *answers: str, provider: str = "hangzhou-cloud") -> object:
    given = [word for answer in answers for word in ("--answer", answer)]
    return session(
        "vendor", "assess", "--provider", provider, *given, "--evidence", "folder 17", "--on", "2026-11-05", "--until", "2027-11-05", "--by", "Li Na"
    )  # fmt: skip


def test_the_questionnaire_asks_what_it_must_in_both_languages() -> None:
    questions = Content().yaml(QUESTIONNAIRE)["questions"]
    assert {one["id"] for one in questions if one["mandatory"]} == set(MANDATORY)
    assert all(
        one["weight"] > 0 and one[key][language].strip()
        for one in questions
        for key in ("title", "asks")
        for language in ("en", "zh")
    )
    assert len({one["id"] for one in questions}) == len(questions)


def test_an_assessment_counts_once_somebody_else_approves_it(session: Session, tmp_path: Path) -> None:
    done = assess(session, *(f"{name}=4 It was shown." for name in MANDATORY))
    (name,) = re.findall(r"^(vendor-\d+) is assessed", done.out)  # type: ignore[attr-defined]
    alone = session("vendor", "approve", name, "--reason", "Read.", "--by", "li na")
    assert (alone.code, "li na did assess here, so somebody else must approve" in alone.err) == (2, True)
    session.fine("vendor", "approve", name, "--reason", "Read.", "--by", "Zhang Min")
    shown = session.fine("vendor", "show", name).json
    assert shown["answers"][0] == {"question": "data-backup", "weight": 5, "mandatory": True, "score": 4, "answer": "It was shown."}
    assert shown["answers"][-1] == {"question": "subcontractors", "weight": 2, "mandatory": False, "score": None, "answer": None}
    result = result_of(session.assess(*PERIOD), "im-messages-db", "vendor")
    assert result["verdict"] == "unproven"  # no evidence was brought: nobody knows where its copies are
    package = tmp_path / "package.zip"
    session.fine("export", *PERIOD, "--asset", "im-messages-db", "-o", package)
    assert "nothing is broken" in session.fine("verify", package, "--recompute").out


@pytest.mark.parametrize(
    ("answers", "provider", "said"),
    [
        (("exit=5 Beyond.",), "hangzhou-cloud", "is no answer"),
        (("exit=3",), "hangzhou-cloud", "is no answer"),
        (("exot=3 Yes.",), "hangzhou-cloud", "did you mean `exit`"),
        (("exit=3 Yes.", "exit=2 No."), "hangzhou-cloud", "exit is answered twice"),
        (("exit=3 Yes.",), "south-cloud", "unknown provider"),
    ],
)
def test_what_is_wrong_is_said(session: Session, answers: tuple[str, ...], provider: str, said: str) -> None:
    done = assess(session, *answers, provider=provider)
    assert (done.code, said in done.err) == (2, True), done.err  # type: ignore[attr-defined]


def test_a_questionnaire_of_one_s_own(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "own" / "policies"
    folder.mkdir(parents=True)
    text = (
        "questions:\n  - {id: price, weight: 1, mandatory: true, title: {en: Price, zh: 价格}, asks: {en: How much?, zh: 多少？}}\n"
    )
    (folder / "vendor-questionnaire.yaml").write_text(text, encoding="utf-8")
    done = session.fine(
        "vendor", "assess", "--content", tmp_path / "own", "--provider", "hangzhou-cloud", "--answer", "price=2 Fair.", "--evidence", "mail",
        "--on", "2026-11-05", "--until", "2027-11-05", "--by", "Li Na",
    )  # fmt: skip
    (name,) = re.findall(r"^(vendor-\d+) is", done.out)
    assert [one["question"] for one in session.fine("vendor", "show", name).json["answers"]] == ["price"]


def test_providers_are_listed_and_two_are_compared(session: Session) -> None:
    (row,) = session.fine("vendors", "--format", "ndjson").rows
    assert (row["provider"], row["in_use"], row["state"], row["score"]) == ("hangzhou-cloud", True, None, None)
    assess(session, "exit=3 Within 30 days.", "data-backup=4 All of it.")
    refused = assess(session, "exit=1 Not tried.", provider="other-cloud")
    assert (refused.code, "unknown provider `other-cloud`" in refused.err) == (2, True), refused.err  # type: ignore[attr-defined]
    session.fine(
        "vendor", "assess", "--provider", "other-cloud", "--prospect", "--answer", "exit=1 Not tried.", "--evidence", "offer 4", "--on", "2026-11-05",
        "--until", "2026-11-06", "--by", "Li Na",
    )  # fmt: skip
    first, second = session.fine("vendors", "--format", "ndjson").rows
    assert (first["state"], first["unanswered"], first["lapsed"], first["in_use"]) == ("assessed", 3, False, True)
    assert (second["provider"], second["unanswered"], second["lapsed"], second["in_use"]) == ("other-cloud", 4, True, False)
    assert first["score"] == pytest.approx((5 * 4 + 4 * 3) / (4 * 35), abs=1e-4)
    rows = {
        one["question"]: one
        for one in session.fine("vendors", "--compare", "other-cloud", "--compare", "hangzhou-cloud", "--format", "ndjson").rows
    }
    assert (rows["exit"]["other-cloud"], rows["exit"]["hangzhou-cloud"]) == ("1: Not tried.", "3: Within 30 days.")
    assert (rows["data-backup"]["other-cloud"], rows["data-backup"]["mandatory"]) == (None, True)
    alone = session("vendors", "--compare", "other-cloud")
    assert (alone.code, "name two providers" in alone.err) == (2, True), alone.err
    nobody = session("vendors", "--compare", "other-cloud", "--compare", "hangzou-cloud")
    assert (nobody.code, "did you mean `hangzhou-cloud`" in nobody.err) == (2, True), nobody.err
