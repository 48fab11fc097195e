"""Waivers from the command line: requested by one, approved by another, subtracted from what is breached, reported and exported."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.steps._open import open_store
from audit.steps.act import act
from tests.cli.session import Session, promising, result_of, stretches

ASSET, NOW = "im-messages-db", datetime.now(UTC).replace(microsecond=0)
ASKED = (
    "--control",
    "isolation",
    "--reason",
    "The vault is being rebuilt.",
    "--measure",
    "A copy on tape every week.",
    "--by",
    "Wang Wei",
)


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


def text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


PERIOD = ("--from", text(day(-30)), "--to", text(day(30)))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A company whose core assets are known not to be isolated, from 20 days ago on."""
    session = promising(tmp_path, "isolation: 1y")
    stated = {"control": "isolation", "statement": "So it is.", "holds": False, "since": text(day(-20)), "until": text(day(20))}
    do(session, "attestation", "sign", -20, "Zhang Min", stated)
    return session


def do(session: Session, kind: str, name: str, on: int, by: str, values: dict[str, object], record: str | None = None) -> str:
    """Do an act some days ago; return the id of its record."""
    store = open_store(session.data)
    try:
        return act(store, kind, name, values, record=record, now=day(on), by=by).id
    finally:
        store.close()


def waived(session: Session, since: int, until: int, approved: int, **scope: object) -> str:
    told = {
        "control": "isolation",
        "since": text(day(since)),
        "until": text(day(until)),
        "reason": "It is rebuilt.",
        "measure": "Tape.",
    }
    name = do(session, "waiver", "request", approved, "Wang Wei", told | scope)
    return do(session, "waiver", "approve", approved, "Zhang Min", {"reason": "Tape is enough."}, name)


def judged(session: Session) -> dict[str, object]:
    return result_of(session.assess(*PERIOD), ASSET, "isolation")


def test_what_is_waived_is_shown_and_comes_back_when_it_lapses(session: Session, tmp_path: Path) -> None:
    before = judged(session)
    assert (before["verdict"], stretches(before["breaches"])[0][0]) == ("breached", text(day(-20)))
    name = waived(session, -15, -5, -12, tiers=["core"])
    after = judged(session)
    ((first, second), end) = stretches(after["breaches"]), stretches(before["breaches"])[0][1]
    assert stretches(after["waived"]) == [(text(day(-12)), text(day(-5)))]
    assert (first, second[0], second[1] >= end) == ((text(day(-20)), text(day(-12))), text(day(-5)), True)
    (covered,) = after["waived"]
    assert (covered["waiver"], covered["detail"], covered["evidence"]) == (
        name,
        before["breaches"][0]["detail"],
        before["breaches"][0]["evidence"],
    )
    assert after["shares"]["waived"] == pytest.approx(7 * 86_400 / after["judged_seconds"])
    assert sum(after["shares"].values()) == pytest.approx(1)
    assert f"  waived ({name}) {text(day(-12))} to {text(day(-5))}\n" in session.fine("explain", ASSET, "isolation", *PERIOD).out
    (row,) = [
        one
        for one in csv.DictReader(io.StringIO(session("assess", *PERIOD, "--format", "csv").out))
        if one["control"] == "isolation"
    ]
    assert (row["waived stretches"], float(row["waived"]) > 0) == ("1", True)
    table = session("assess", *PERIOD, "--control", "isolation").out.splitlines()
    assert table[0].split() == ["asset", "control", "leg", "policy", "verdict", "met", "breached", "waived", "unproven"]
    report = tmp_path / "review.json"
    session.fine("report", "annual-review", *PERIOD, "--format", "json", "-o", report)
    told = report.read_text(encoding="utf-8")
    assert all(one in told for one in (name, "It is rebuilt.", "Tape.", "Wang Wei", "Zhang Min"))
    package = tmp_path / "package.zip"
    session.fine("export", *PERIOD, "--asset", ASSET, "-o", package)
    assert "nothing is broken" in session.fine("verify", package, "--recompute").out


def test_a_promise_that_is_broken_only_where_it_is_waived_is_waived(session: Session) -> None:
    waived(session, -20, 30, -20, assets=[ASSET])
    found = judged(session)
    # Before the statement nothing is proven.
    assert (found["breaches"], found["verdict"]) == ([], "unproven")
    only = result_of(session.assess("--from", text(day(-19)), "--to", text(day(-18))), ASSET, "isolation")
    assert (only["verdict"], only["shares"]["waived"]) == ("waived", 1.0)


def test_a_waiver_of_others_covers_nothing(session: Session) -> None:
    waived(session, -20, 30, -20, assets=["fileserver-finance"])
    found = judged(session)
    assert (found["waived"], found["verdict"]) == ([], "breached")


def test_nobody_approves_their_own_request_and_nothing_is_waived_backwards(session: Session) -> None:
    asked = session.fine("waiver", "request", *ASKED, "--since", text(day(-20)), "--until", text(day(20))).out
    (name,) = re.findall(r"^(waiver-\d+) is requested", asked)
    for by in ("Wang Wei", "WANG  wei"):
        alone = session("waiver", "approve", name, "--reason", "Because.", "--by", by)
        assert (alone.code, "did request here, so somebody else must approve" in alone.err) == (2, True), alone.err
    assert judged(session)["waived"] == []
    session.fine("waiver", "approve", name, "--reason", "Tape is enough.", "--by", "Zhang Min")
    session.fine("attestation", "list")
    approved = json.loads(session.fine("waiver", "show", name).out)["acts"][1]["at"]
    found = judged(session)
    assert [one["to"] for one in found["breaches"]] == [approved]
    assert stretches(found["waived"]) == [(approved, text(day(20)))]
    session.fine("waiver", "revoke", name, "--reason", "It is done.", "--by", "Li Na")
    refused = session("waiver", "approve", name, "--reason", "Again.", "--by", "Li Na")
    assert (refused.code, "is revoked" in refused.err) == (2, True), refused.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--control", "hold"), "unknown control that a waiver may cover `hold`"),
        (("--control", "contradiction"), "unknown control that a waiver may cover `contradiction`"),
        (("--control", "isolatoin"), "did you mean `isolation`"),
        (("--leg", "offsite"), "unknown leg of isolation `offsite`"),
        (("--control", "copies", "--leg", "ofsite"), "did you mean `offsite`"),
        (("--until", text(day(-21))), "until must be later than since"),
        (("--asset", "im-message-db"), "did you mean `im-messages-db`"),
    ],
)
def test_what_cannot_be_waived(session: Session, given: tuple[str, ...], said: str) -> None:
    refused = session("waiver", "request", *ASKED, "--since", text(day(-20)), "--until", text(day(20)), *given)
    assert (refused.code, said in refused.err) == (2, True), refused.err


def test_a_request_that_has_lapsed_is_not_approved(session: Session) -> None:
    (name,) = re.findall(
        r"^(waiver-\d+)", session.fine("waiver", "request", *ASKED, "--since", text(day(-20)), "--until", text(day(-1))).out
    )
    refused = session("waiver", "approve", name, "--reason", "Tape is enough.", "--by", "Zhang Min")
    assert (refused.code, "a waiver does not reach back" in refused.err) == (2, True), refused.err


def test_a_what_if_keeps_waivers_and_says_what_they_cover(session: Session) -> None:
    name = waived(session, -15, -5, -12)
    asked = session("assess", *PERIOD, "--what-if", "isolation=2y", "--format", "json")
    assert asked.code == 1, asked.err
    for told in (asked.json, asked.json["agreed"]):
        found = result_of(told, ASSET, "isolation")
        assert [(one["waiver"], one["from"], one["to"]) for one in found["waived"]] == [(name, text(day(-12)), text(day(-5)))]
        assert found["shares"]["waived"] == pytest.approx(7 * 86_400 / found["judged_seconds"])
    assert asked.json["comparison"]["counts"]["gone"] == 0
