"""Findings that are overdue, from the command line: no signed statement outweighs them, and reports name them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.session import Session, promising, result_of

PERIOD = ("--from", "2026-11-01", "--to", "2026-12-01")
ASSET = "im-messages-db"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path, "rto: 4h", "corrective: 10y")


def state(session: Session) -> None:
    session.fine(
        "attestation", "sign", "--control", "corrective", "--statement", "All are closed in time.", "--since", "2026-01-01", "--until", "2030-01-01", "--by", "Zhang Min",
    )  # fmt: skip


def opened(session: Session, *given: str) -> str:
    done = session.fine(
        "finding", "open", "--title", "A restore needed a password.", "--severity", "high", "--source", "auditor", "--due", "2026-11-11", "--by", "Ann", *given,
    )  # fmt: skip
    found = re.match(r"finding-\d+", done.out)
    assert found, done.out
    return found[0]


def judged(session: Session, *given: str) -> dict[str, Any]:
    return result_of(session.assess(*PERIOD, *given), ASSET, "corrective")


def test_a_statement_does_not_outweigh_an_overdue_finding(session: Session, tmp_path: Path) -> None:
    state(session)
    opened(session, "--asset", "fileserver-finance")
    assert judged(session)["verdict"] == "met"
    before = session.assess(*PERIOD)["as_known_at"]
    finding = opened(session, "--asset", ASSET)
    said = judged(session)
    assert (said["verdict"], [(one["from"], one["to"]) for one in said["breaches"]]) == (
        "breached",
        [("2026-11-10T16:00:00Z", "2026-11-30T16:00:00Z")],
    )
    (breach,) = said["breaches"]
    assert breach["detail"] == {"records": [{"record": finding, "by": "Ann"}]}
    assert [f"finding-{one['entry']}" for one in breach["evidence"]] == [finding]
    assert judged(session, "--as-known-at", str(before))["verdict"] == "met"

    package = tmp_path / "package.zip"
    session.fine("export", *PERIOD, "--asset", ASSET, "-o", package)
    assert "nothing is broken" in session.fine("verify", package, "--recompute").out
    for language, sentence in (
        ("en", f"Findings open past their due date, with who set that date: Ann ({finding})."),
        ("zh", f"逾期未关闭的问题及各自到期日的设定者：Ann（{finding}）。"),
    ):
        assert sentence in session.fine("explain", ASSET, "corrective", *PERIOD, "--lang", language).out
        report = tmp_path / f"{language}.html"
        session.fine("report", "annual-review", *PERIOD, "--lang", language, "-o", report)
        assert sentence in re.sub(r"<[^>]+>", "", report.read_text(encoding="utf-8"))


def test_more_time_and_an_end_cure_nothing_that_was_overdue(session: Session) -> None:
    state(session)
    finding = opened(session)
    session.fine("finding", "assign", finding, "--owner", "Chen", "--due", "2035-01-01", "--by", "Ann")
    session.fine("finding", "close", finding, "--reason", "Mended.", "--proof", "the log", "--by", "Ann")
    assert [(one["from"], one["to"]) for one in judged(session)["breaches"]] == [("2026-11-10T16:00:00Z", "2026-11-30T16:00:00Z")]
