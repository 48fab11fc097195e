"""Requests for evidence from the command line: asked, assigned, fulfilled by a package, returned and accepted."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.session import Session, promising

AUDITOR = "Zhou Ran"


def day(number: int) -> str:
    return (datetime.now(UTC) + timedelta(days=number)).isoformat()


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path)


def asked(session: Session, *given: str) -> str:
    said = session.fine(
        "request", "ask", "--title", "Restores of 2026", "--since", "2026-01-01", "--until", "2026-12-01", "--due", day(5), *given, "--by", AUDITOR,
    ).out  # fmt: skip
    return re.findall(r"^(request-\d+) is asked", said)[0]


def waiting(session: Session) -> list[tuple[str, str, str]]:
    return [(one["what"], one["id"], one["who"]) for one in session.fine("due", "--kind", "request", "--format", "ndjson").rows]


def test_it_is_fulfilled_by_a_package_returned_and_accepted(session: Session, tmp_path: Path) -> None:
    name = asked(session, "--asset", "im-messages-db")
    assert waiting(session) == [("fulfil", name, "")]
    session.fine("request", "assign", name, "--owner", "Li Na", "--by", "Zhang Min")
    assert waiting(session) == [("fulfil", name, "Li Na")]
    package = tmp_path / "package.zip"
    session.fine("export", "--from", "2026-01-01", "--to", "2026-12-01", "--asset", "im-messages-db", "-o", package)
    sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
    wrong = session("request", "fulfil", name, "--package", sha256[:-1], "--by", "Li Na")
    assert (wrong.code, "package" in wrong.err) == (2, True), wrong.err
    session.fine("request", "fulfil", name, "--package", sha256, "--by", "Li Na")
    assert waiting(session) == [("accept", name, AUDITOR)]
    for act in ("accept", "return"):
        refused = session("request", act, name, "--reason", "I say so.", "--by", "li na")
        assert (refused.code, f"somebody else must {act}" in refused.err) == (2, True), refused.err
    session.fine("request", "return", name, "--reason", "The drills are missing.", "--by", AUDITOR)
    assert waiting(session) == [("fulfil", name, "Li Na")]
    session.fine("request", "fulfil", name, "--package", sha256.upper(), "--by", "Chen Jie")
    refused = session("request", "accept", name, "--reason", "Mine was good as well.", "--by", "Li Na")
    assert (refused.code, "did fulfil here" in refused.err) == (2, True), refused.err
    session.fine("request", "accept", name, "--reason", "Verified.", "--by", AUDITOR)
    assert waiting(session) == []
    shown = session.fine("request", "show", name).json
    assert (shown["state"], shown["package"], len(shown["acts"])) == ("accepted", sha256, 6)


def test_what_was_withdrawn_waits_for_nobody(session: Session) -> None:
    name = asked(session)
    session.fine("request", "withdraw", name, "--reason", "Seen elsewhere.", "--by", AUDITOR)
    assert waiting(session) == []
    refused = session("request", "fulfil", name, "--package", "0" * 64, "--by", "Li Na")
    assert (refused.code, "is withdrawn" in refused.err) == (2, True), refused.err
