"""Findings from the command line: opened by assessments and people, worked on, closed on evidence only, reopened, waived and refuted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.schedule import Jobs
from audit.steps._open import open_store
from audit.steps.act import act
from tests.cli.session import Session, promising

ASSET, NOW = "im-messages-db", datetime.now(UTC).replace(microsecond=0)


def text(number: int) -> str:
    return (NOW + timedelta(days=number)).isoformat().replace("+00:00", "Z")


PERIOD = ("--from", text(-30), "--to", text(-2))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A company of whose core assets it is stated that they are not isolated, from 20 days ago on."""
    session = promising(tmp_path, "isolation: 1y")
    state(session, "first", holds=False, since=-20)
    return session


def state(session: Session, statement: str, *, holds: bool, since: int) -> str:
    told = {"control": "isolation", "statement": statement, "holds": holds, "since": text(since), "until": text(20)}
    return do(session, "attestation", "sign", "Zhang Min", told)


def do(session: Session, kind: str, name: str, by: str, values: dict[str, object], record: str | None = None, on: int = -19) -> str:
    store = open_store(session.data)
    try:
        return act(store, kind, name, values, record=record, now=NOW + timedelta(days=on), by=by).id
    finally:
        store.close()


def follow(session: Session) -> str:
    # What was entered "days ago" is the journal's newest entry: one of now says up to when all is known.
    do(
        session,
        "attestation",
        "sign",
        "somebody",
        {"control": "access", "statement": "So it is.", "since": text(-1), "until": text(1)},
        on=0,
    )
    return session.fine("follow", *PERIOD).out


def listed(session: Session, *given: str) -> list[dict[str, object]]:
    """Return the findings of isolation: the example company has others, of what it has no evidence."""
    found = session.fine("findings", "--format", "ndjson", *given).rows
    return [one for one in found if one["control"] in ("isolation", None)]


def of_isolation(session: Session, *given: str) -> dict[str, object]:
    (found,) = listed(session, *given)
    return found


def closing(session: Session, name: object, by: str) -> tuple[int, str]:
    done = session("finding", "close", str(name), "--reason", "The vault is rebuilt.", "--proof", "attestation-9", "--by", by)
    return done.code, done.err or done.out


def test_a_breach_is_followed_until_evidence_shows_that_it_is_over(session: Session) -> None:
    assert re.search(r"^\d+ findings? opened\.$", follow(session), re.MULTILINE)
    first = of_isolation(session)
    assert {key: first[key] for key in ("state", "severity", "asset", "control", "from", "to", "then", "overdue", "reopened")} == {
        "state": "open", "severity": "medium", "asset": ASSET, "control": "isolation", "from": text(-20), "to": None, "then": "ongoing", "overdue": False,
        "reopened": 0,
    }  # fmt: skip
    due = datetime.fromisoformat(str(first["due"]))
    assert timedelta(days=29) < due - NOW < timedelta(days=31)
    assert follow(session) == "Nothing new: findings say what this assessment shows.\n"

    name = str(first["id"])
    session.fine("finding", "acknowledge", name, "--owner", "Chen Jie", "--due", text(-1), "--by", "Li Na")
    code, said = closing(session, name, "Li Na")
    assert (code, "closes on evidence only" in said, "still shows it" in said) == (2, True, True), said
    late = of_isolation(session, "--overdue", "--owner", "Chen Jie")
    assert (late["state"], late["overdue"], late["severity"]) == ("acknowledged", True, "medium")

    again = state(session, "second", holds=True, since=-10)
    assert follow(session) == "1 finding brought up to date.\n"
    seen = of_isolation(session)
    assert (seen["state"], seen["to"], seen["then"]) == ("acknowledged", text(-10), "met")
    code, said = closing(session, name, "chen jie")
    assert (code, "is or was the owner it is about, so somebody else must close" in said) == (2, True), said
    session.fine("finding", "assign", name, "--owner", "Zhou Wei", "--by", "Chen Jie")
    code, said = closing(session, name, "CHEN Jie")  # who gives it away just before is no other
    assert (code, "is or was the owner it is about" in said) == (2, True), said
    session.fine("finding", "assign", name, "--owner", "Chen Jie", "--by", "Zhou Wei")
    session.fine("finding", "remediate", name, "--plan", "The vault gets administrators of its own.", "--by", "Sun Peng")
    code, said = closing(session, name, "sun peng")
    assert (code, "did remediate here, so somebody else must close" in said) == (2, True), said
    assert closing(session, name, "Li Na")[0] == 0
    assert listed(session) == []
    assert follow(session) == "Nothing new: findings say what this assessment shows.\n"

    session.fine("attestation", "withdraw", again, "--reason", "It was not so.", "--by", "Zhang Min")
    assert follow(session) == "1 finding reopened.\n"
    there = of_isolation(session)
    assert (there["state"], there["then"], there["reopened"], there["owner"]) == ("reopened", "ongoing", 1, "Chen Jie")


def test_what_later_evidence_undoes_is_closed_by_it_and_what_it_only_doubts_is_not(session: Session) -> None:
    follow(session)
    name = str(of_isolation(session)["id"])
    session.fine("attestation", "withdraw", "attestation-2", "--reason", "It was about others.", "--by", "Zhang Min")
    assert follow(session) == "1 finding brought up to date.\n"
    assert (of_isolation(session)["state"], of_isolation(session)["then"]) == ("open", "unproven")
    code, said = closing(session, name, "Li Na")
    assert (code, "does not prove that the promise is kept again" in said) == (2, True), said
    state(session, "second", holds=True, since=-30)
    assert follow(session) == "1 finding closed, as later evidence shows no breach.\n"
    assert of_isolation(session, "--state", "closed")["reopened"] == 0
    assert follow(session) == "Nothing new: findings say what this assessment shows.\n"


def test_what_is_waived_waits_and_comes_back(session: Session) -> None:
    follow(session)
    told = {"control": "isolation", "since": text(-15), "until": text(10), "reason": "It is rebuilt.", "measure": "Tape."}
    name = do(session, "waiver", "request", "Wang Wei", told)
    do(session, "waiver", "approve", "Zhang Min", {"reason": "Tape is enough."}, name)
    assert follow(session) == "1 finding waived.\n"
    waived = of_isolation(session)
    assert (waived["state"], waived["waiver"], waived["from"]) == ("waived", name, text(-20))
    assert follow(session) == "Nothing new: findings say what this assessment shows.\n"
    code, said = closing(session, str(waived["id"]), "Li Na")
    assert (code, "closes on evidence only" in said, "still shows it" in said) == (2, True, True), said
    do(session, "waiver", "revoke", "Li Na", {"reason": "It takes too long."}, name, on=-8)
    assert follow(session) == "1 finding reopened.\n"
    assert (of_isolation(session)["state"], of_isolation(session)["waiver"]) == ("reopened", None)


def test_what_was_waived_to_its_end_can_be_closed_when_it_is_over(session: Session) -> None:
    follow(session)
    told = {"control": "isolation", "since": text(-15), "until": text(10), "reason": "It is rebuilt.", "measure": "Tape."}
    do(session, "waiver", "approve", "Zhang Min", {"reason": "So."}, do(session, "waiver", "request", "Wang Wei", told))
    follow(session)
    state(session, "second", holds=True, since=-10)
    follow(session)
    over = of_isolation(session)
    assert (over["state"], over["to"], over["then"]) == ("waived", text(-10), "met")
    assert closing(session, str(over["id"]), "Li Na")[0] == 0
    assert of_isolation(session, "--state", "closed")["id"] == over["id"]


def test_what_is_wholly_waived_is_no_finding(session: Session) -> None:
    told = {"control": "isolation", "since": text(-25), "until": text(10), "reason": "It is rebuilt.", "measure": "Tape."}
    name = do(session, "waiver", "request", "Wang Wei", told, on=-25)
    do(session, "waiver", "approve", "Zhang Min", {"reason": "Tape is enough."}, name, on=-24)
    follow(session)
    assert listed(session) == []


def test_an_older_state_of_knowledge_changes_nothing(session: Session) -> None:
    known = session.assess(*PERIOD)["as_known_at"]
    state(session, "second", holds=True, since=-10)
    follow(session)
    assert of_isolation(session)["then"] == "met"
    # What was followed as known later is not looked at; nothing is opened twice either.
    session.fine("follow", *PERIOD, "--as-known-at", str(known))
    assert of_isolation(session)["then"] == "met"


def test_people_open_findings_and_many_are_acknowledged_at_once(session: Session) -> None:
    opened = ("finding", "open", "--source", "auditor", "--severity", "critical", "--asset", ASSET, "--by", "auditor")
    names = [
        re.findall(r"^(finding-\d+) is open", session.fine(*opened, "--title", title).out)[0]
        for title in ("No second person knows the key.", "The runbook has no owner.")
    ]
    done = session("finding", "acknowledge", *names, "finding-99", "--owner", "Chen Jie", "--by", "Li Na")
    assert (done.code, "unknown finding `finding-99`" in done.err) == (2, True), done.err
    found = listed(session)
    assert [(one["id"], one["state"], one["owner"], one["severity"]) for one in found] == [
        (name, "acknowledged", "Chen Jie", "critical") for name in names
    ]
    due = datetime.fromisoformat(str(found[0]["due"]))
    assert timedelta(days=6) < due - NOW < timedelta(days=8)
    again = session("finding", "acknowledge", *names, "--owner", "Chen Jie", "--by", "Li Na")
    assert (again.code, again.err.startswith("Error: refused for 2 of 2: ")) == (2, True), again.err
    session.fine("finding", "assign", names[0], "--owner", "Sun Peng", "--severity", "low", "--by", "Li Na")
    assert closing(session, names[0], "Li Na")[0] == 0
    session.fine("finding", "comment", names[0], "--comment", "See the new runbook.", "--by", "Li Na")
    session.fine("finding", "resume", names[0], "--reason", "It was forgotten again.", "--by", "auditor")
    first = next(one for one in listed(session) if one["id"] == names[0])
    assert (first["state"], first["reopened"], first["owner"], first["severity"]) == ("reopened", 1, "Sun Peng", "low")


@pytest.mark.parametrize("name", ["follow", "see", "waive", "reopen", "refute"])
def test_what_only_an_assessment_says_nobody_can_say(session: Session, name: str) -> None:
    assert session("finding", name, "finding-3").code == 2
    assert f"\n  {name} " not in session.fine("finding", "--help").out


def test_the_nightly_assessment_follows(session: Session) -> None:
    store = open_store(session.data)
    try:
        Jobs(store).names["assess"]()
    finally:
        store.close()
    assert of_isolation(session)["state"] == "open"
