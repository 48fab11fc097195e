"""A copy that is too small, from the command line: tested by restoring from it, or confirmed by two people, and explained."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.model.terms import micros
from tests.cli.session import Session, result_of, stretches
from tests.oracle.build import listing, policy, programme, rows, run
from tests.oracle.case import Case
from tests.oracle.cases_of_drills import restore

PASSED = ("--asset", "a", "--outcome", "passed", "--depth", "4", "--coverage", "full")
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # days of cases are cut to hours
START = datetime(2026, 3, 1, tzinfo=UTC)


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def number(days: float) -> float:
    """Return the day's number of some days ago, to the hour."""
    return ((NOW - timedelta(days=days)) - START) / timedelta(days=1)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """An asset of which a job wrote nothing, five days ago; a restore run lies between four and three days ago."""
    said = programme(policy({"size": {"drop": "50%"}}), sources={"s": {"trust_jobs_for": "30d"}})
    told = [
        listing(number(9)),
        rows(number(2), run("j", number(5), number(5), bytes=0, recovery_point="p1"), restore(number(4), number(3))),
    ]
    case = Case("small", said, told, micros(NOW - timedelta(days=6)), micros(NOW))
    folder, evidence = case.write(tmp_path / "case")
    session = Session(tmp_path / "data")
    session.fine("init", "--organisation", "Yunhe Messaging")
    session.fine("apply", folder, "--by", "olivia")
    session.fine("ingest", evidence)
    return session


def breached(session: Session, until: float = -1) -> list[tuple[str, str]]:
    return stretches(result_of(session.assess("--from", ago(6), "--to", ago(until)), "a", "backup-size")["breaches"])


def hour(text: str) -> str:
    return text[:13]


def test_two_people_confirm_that_a_copy_is_rightly_that_small(session: Session) -> None:
    (before,) = breached(session)
    assert (hour(before[0]), before[1]) == (hour(ago(5)), ago(-1))
    named = ("--asset", "a", "--point", "p1", "--repository", "r1", "--reason", "Nothing was to be written on that day.")
    done = session.fine("confirmation", "request", *named, "--by", "Chen Jie")
    (name,) = re.findall(r"^(confirmation-\d+) is requested", done.out)
    assert breached(session) == [before]
    assert name in session.fine("due", "--format", "csv").out
    alone = session("confirmation", "confirm", name, "--reason", "Yes.", "--by", "chen jie")
    assert (alone.code, "somebody else must confirm" in alone.err) == (2, True)
    session.fine("confirmation", "confirm", name, "--reason", "I looked as well.", "--by", "Liu Yang")
    shown = session.fine("confirmation", "show", name).json
    confirmed = next(one["at"] for one in shown["acts"] if one["act"] == "confirm")
    assert breached(session) == [(before[0], confirmed)]
    told = session.fine("explain", "a", "backup-size", "--from", ago(6), "--to", ago(-1)).out
    assert f"A second person confirmed that a point is rightly that small: Liu Yang ({name})." in told
    assert "I looked as well." in told
    zh = session.fine("explain", "a", "backup-size", "--from", ago(6), "--to", ago(-1), "--lang", "zh").out
    assert f"此后有恢复点经第二人确认其大小无误：Liu Yang（{name}）。" in zh
    session.fine("confirmation", "withdraw", name, "--reason", "It was another day.", "--by", "Liu Yang")
    assert breached(session) == [before]


def test_a_test_of_the_very_point_cures_it_once_somebody_else_signed_it_off(session: Session) -> None:
    (before,) = breached(session)
    drill = ("--title", "Is it empty?", "--kind", "full", "--asset", "a", "--by", "Zhang Min")
    (name,) = re.findall(r"^(drill-\d+) is planned", session.fine("drill", "plan", *drill).out)
    stamps = (("declare", 4.1), ("restore-started", 4.1), ("validated", 2.9))
    for act, days in stamps:
        asset = () if act == "declare" else ("--asset", "a")
        session.fine("drill", act, name, *asset, "--at", ago(days), "--by", "Li Na")
    point = ("--point", "p1", "--repository", "r1")
    session.fine(
        "drill",
        "result",
        name,
        *PASSED,
        *point,
        "--by",
        "Li Na",
    )
    result = result_of(session.assess("--from", ago(6), "--to", ago(2)), "a", "backup-size")
    assert stretches(result["breaches"]) == [(before[0], ago(2.9))]
    assert [one["reason"] for one in result["unproven"] if one["to"] == ago(2)] == ["mixed"]
    assert "drill-unproven" in result["unproven"][-1]["detail"]["reasons"]
    session.fine("drill", "sign-off", name, "--statement", "I have seen it.", "--by", "Wang Fang")
    result = result_of(session.assess("--from", ago(6), "--to", ago(2)), "a", "backup-size")
    assert stretches(result["breaches"]) == [(before[0], ago(2.9))]
    assert result["breaches"][0]["detail"]["ended_by"] == [{"record": name, "by": "Li Na"}]
    told = session.fine("explain", "a", "backup-size", "--from", ago(6), "--to", ago(2)).out
    assert f"A point was then tested by restoring from it, as recorded by Li Na ({name})." in told
