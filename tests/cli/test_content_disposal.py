"""What is inside copies, as it is typed: unproven until somebody signs that production was purged, for as long as the statement says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.session import PROGRAMME, Session, result_of, started

PERIOD = ("--from", "2026-11-05", "--to", "2026-11-15")
ASSET, CONTROL = "im-messages-db", "retention-maximum"


def sign(session: Session, since: str, until: str, *more: str) -> str:
    told = (
        "--control",
        CONTROL,
        "--statement",
        "Messages older than three months were purged.",
        "--since",
        since,
        "--until",
        until,
    )
    return session.fine("attestation", "sign", *told, *more, "--by", "Zhang Min").out.split()[0]


def asking(folder: Path) -> Session:
    """Return a session whose core policy asks for the purge in production."""
    programme = folder / "programme"
    programme.mkdir()
    for file in PROGRAMME.glob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("{after: 90d, grace: 7d}", "{after: 90d, grace: 7d, content: true}")
        (programme / file.name).write_text(text, encoding="utf-8")
    return started(folder / "data", programme)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return asking(tmp_path)


def test_without_a_statement_content_is_unproven(session: Session) -> None:
    found = result_of(session.assess(*PERIOD), ASSET, CONTROL, "content")
    assert (found["verdict"], found["shares"]["unproven"], [one["reason"] for one in found["unproven"]]) == (
        "unproven",
        1,
        ["no-statement"],
    )
    assert found["provenance"] is None


def test_a_statement_counts_up_to_its_own_last_day(session: Session) -> None:
    record = sign(session, "2026-11-01", "2026-11-12")
    found = result_of(session.assess(*PERIOD), ASSET, CONTROL, "content")
    assert (found["verdict"], round(found["shares"]["met"], 6)) == ("unproven", 0.7)
    assert [(one["from"], one["to"], one["reason"]) for one in found["unproven"]] == [
        ("2026-11-11T16:00:00Z", "2026-11-14T16:00:00Z", "statement-expired")
    ]
    later = sign(session, "2026-11-12", "2027-11-12")
    found = result_of(session.assess(*PERIOD), ASSET, CONTROL, "content")
    assert (found["verdict"], found["shares"]["met"], found["unproven"]) == ("met", 1, [])
    shown = session.fine("explain", ASSET, CONTROL, *PERIOD).out
    assert f"{ASSET} / {CONTROL} / content" in shown
    assert record in shown
    assert later in shown
    # The age of copies is judged as ever, by points.
    age = result_of(session.assess(*PERIOD), ASSET, CONTROL)
    assert (age["verdict"], age["leg"]) == ("unproven", None)


def test_a_statement_that_nothing_was_purged_is_a_breach_that_names_it(session: Session, tmp_path: Path) -> None:
    record = sign(session, "2026-11-01", "2026-12-01", "--not-holds")
    found = result_of(session.assess(*PERIOD), ASSET, CONTROL, "content")
    (breach,) = found["breaches"]
    assert (found["verdict"], breach["detail"]) == ("breached", {"records": [{"record": record, "by": "Zhang Min"}]})
    assert len(breach["evidence"]) == 1
    for language, said in (
        ("en", "A signed statement says that what was due was not purged in production"),
        ("zh", "已签署的声明表明：生产系统未按期清除到期内容"),
    ):
        assert said in session.fine("explain", ASSET, CONTROL, *PERIOD, "--lang", language).out
        report = tmp_path / f"review-{language}.html"
        session.fine("report", "annual-review", *PERIOD, "--lang", language, "-o", report)
        assert said in report.read_text(encoding="utf-8")


def test_what_does_not_ask_for_it_is_judged_as_before(tmp_path: Path) -> None:
    session = started(tmp_path / "data")
    results = [one for one in session.assess(*PERIOD)["results"] if (one["asset"], one["control"]) == (ASSET, CONTROL)]
    assert [one["leg"] for one in results] == [None]
