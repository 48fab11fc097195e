"""Statements of people from the command line: signed, listed, judged by, exported and withdrawn."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.session import Session, promising, result_of, told

PERIOD = ("--from", "2026-11-01", "--to", "2026-12-01")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path, "rto: 4h", "isolation: 1y", "access: {attested: 90d}")


def state(session: Session, control: str, *given: str) -> int:
    done = session.fine(
        "attestation", "sign", "--control", control, "--statement", "So it is.", "--since", "2026-11-05", "--until", "2026-11-20", "--tier", "core", "--by", "Zhang Min", *given,
    )  # fmt: skip
    found = re.fullmatch(r"attestation-(\d+) is signed \(entry \1 of the journal, by Zhang Min\)\.\n", done.out)
    assert found, done.out
    return int(found[1])


def test_what_is_stated_is_judged_shown_and_exported(session: Session, tmp_path: Path) -> None:
    number = state(session, "isolation", "--not-holds")
    state(session, "access")
    assessment = session.assess(*PERIOD)
    breached = result_of(assessment, "im-messages-db", "isolation")
    assert [(one["from"], one["to"]) for one in breached["breaches"]] == [("2026-11-04T16:00:00Z", "2026-11-19T16:00:00Z")]
    assert breached["breaches"][0]["detail"] == {"records": [{"record": f"attestation-{number}", "by": "Zhang Min"}]}
    assert [one["entry"] for one in breached["breaches"][0]["evidence"]] == [number]
    assert [one["reason"] for one in breached["unproven"]] == ["no-statement", "statement-expired"]
    access = result_of(assessment, "im-messages-db", "access")
    assert (access["verdict"], [one["reason"] for one in access["unproven"]]) == ("unproven", ["no-statement", "statement-expired"])
    assert access["shares"]["met"] == pytest.approx(0.5)
    shown = session.fine("explain", "im-messages-db", "isolation", *PERIOD).out
    assert f"So stated by Zhang Min (attestation-{number})." in shown
    assert "So it is." in shown

    package = tmp_path / "package.zip"
    session.fine("export", *PERIOD, "--asset", "im-messages-db", "-o", package)
    verified = session.fine("verify", package, "--recompute").out
    assert "nothing is broken" in verified
    report = tmp_path / "review.html"
    session.fine("report", "annual-review", *PERIOD, "-o", report)
    html = report.read_text(encoding="utf-8")
    assert "A signed statement says that no copy was out of reach of production." in html
    assert "So stated by Zhang Min" in html


def test_a_package_of_other_assets_has_nothing_of_it(session: Session, tmp_path: Path) -> None:
    state(session, "isolation")
    package = tmp_path / "package.zip"
    session.fine("export", *PERIOD, "--asset", "fileserver-finance", "-o", package)
    assert b"attestation" not in package.read_bytes()
    assert "nothing is broken" in session.fine("verify", package, "--recompute").out


def test_listed_shown_and_withdrawn(session: Session) -> None:
    number = state(session, "isolation")
    assert "0 attestation records" not in session.fine("attestation", "list").out
    (listed,) = session.fine("attestation", "list", "--format", "json").json
    assert listed == session.fine("attestation", "show", f"attestation-{number}").json
    session.fine("attestation", "withdraw", f"attestation-{number}", "--reason", "It was undone.", "--by", "Li Na")
    assert "withdrawn" in session.fine("attestation", "list", "--format", "csv").out
    assert result_of(session.assess(*PERIOD), "im-messages-db", "isolation")["shares"]["unproven"] == 1
    again = session("attestation", "withdraw", f"attestation-{number}", "--reason", "Again.", "--by", "Li Na")
    assert (again.code, again.err) == (
        2,
        f"Error: attestation-{number} is withdrawn, and withdraw is only for one that is signed\n",
    )


def test_help_tells_each_act_with_an_example(session: Session) -> None:
    assert "sign" in session.fine("attestation", "--help").out
    told = session.fine("attestation", "sign", "--help").out
    assert "--tier" in told
    typed = shlex.split(re.search(r"^ +backup-audit (.+(?:\n +.+)*)", told, re.MULTILINE)[1])
    assert typed[:3] == ["attestation", "sign", "--control"]
    assert "signed" in session.fine(*typed).out
    missing = session("attestation", "sign", "--control", "isolation")
    assert (missing.code, "--statement" in missing.err) == (2, True)


def test_a_legal_hold_is_placed_judged_and_released_by_two_people(session: Session) -> None:
    scope = ("--tier", "core", "--since", "2026-11-05", "--by", "Zhang Min")
    placed = session.fine("hold", "place", "--matter", "case 2026-17", "--custodian", "Wang Fang", *scope)
    (name,) = re.findall(r"^(hold-\d+) is placed", placed.out)
    held = result_of(session.assess(*PERIOD), "im-messages-db", "hold")
    assert (held["verdict"], held["policy"]) == ("unproven", "core")
    assert [(one["from"], one["to"]) for one in held["unproven"]] == [("2026-11-04T16:00:00Z", "2026-11-30T16:00:00Z")]
    assert not [
        one for one in session.assess(*PERIOD)["results"] if one["control"] == "hold" and one["asset"] == "fileserver-finance"
    ]

    reason = ("--reason", "It was settled.")
    early = session("hold", "release", name, *reason, "--by", "Li Na")
    assert (early.code, early.err) == (
        2,
        f"Error: {name} is placed, and release is only for one that is release asked; possible: ask-release\n",
    )
    session.fine("hold", "ask-release", name, *reason, "--by", "Zhang  min")
    alone = session("hold", "release", name, *reason, "--by", "zhang min")
    assert alone.code == 2
    assert "zhang min did ask-release here, so somebody else must release" in alone.err
    session.fine("hold", "refuse-release", name, *reason, "--by", "Li Na")
    session.fine("hold", "ask-release", name, *reason, "--by", "Zhang Min")
    session.fine("hold", "release", name, *reason, "--by", "Li Na")
    (shown,) = session.fine("hold", "list", "--format", "json").json
    assert shown["state"] == "released"


def test_a_hold_says_whether_all_stays_or_one_point_a_month(tmp_path: Path) -> None:
    session = told(tmp_path / "data")
    said = (
        "--matter",
        "inquiry",
        "--custodian",
        "Wang Fang",
        "--asset",
        "im-messages-db",
        "--since",
        "2026-11-02",
        "--by",
        "Zhang Min",
    )
    assert session("hold", "place", *said, "--preserve", "year").code == 2
    session.fine("hold", "place", *said, "--preserve", "month")
    (placed,) = session.fine("hold", "list", "--format", "json").json
    assert placed["preserve"] == "month"
    monthly = result_of(session.assess(*PERIOD), "im-messages-db", "hold")
    session.fine("hold", "place", *said)
    whole = result_of(session.assess(*PERIOD), "im-messages-db", "hold")
    # Chains are deleted after some days: all of it does not stay. Of what was there when it began both ask for all.
    assert (monthly["verdict"], whole["verdict"]) == ("breached", "breached")
    assert whole["shares"]["breached"] >= monthly["shares"]["breached"]
    (first, *_) = monthly["breaches"]
    assert first["detail"]["lost"]["points"]
    assert first["detail"]["records"][0]["by"] == "Zhang Min"
    package = tmp_path / "held.zip"
    session.fine("export", *PERIOD, "--asset", "im-messages-db", "-o", package)
    assert "nothing is broken" in session.fine("verify", package, "--recompute").out


def test_a_drill_is_run_by_some_signed_off_by_another_judged_and_exported(session: Session, tmp_path: Path) -> None:
    planned = session.fine(
        "drill", "plan", "--title", "Autumn drill", "--kind", "full", "--asset", "im-messages-db", "--by", "Zhang Min"
    )
    (name,) = re.findall(r"^(drill-\d+) is planned", planned.out)
    asset = ("--asset", "im-messages-db", "--by", "Li Na")
    session.fine("drill", "declare", name, "--at", "2026-11-07T09:00:00+08:00", "--by", "Li Na")
    session.fine("drill", "restore-started", name, "--at", "2026-11-07T09:20:00+08:00", *asset)
    session.fine("drill", "validated", name, "--at", "2026-11-07T14:00:00+08:00", *asset)
    session.fine("drill", "result", name, "--outcome", "passed", "--depth", "4", "--coverage", "full", *asset)
    alone = session("drill", "sign-off", name, "--statement", "It went well.", "--by", "Li Na")
    assert (alone.code, "somebody else must sign-off" in alone.err) == (2, True)
    assert "signed off" in session.fine("drill", "sign-off", name, "--statement", "I saw it.", "--by", "Wang Fang").out

    (breach,) = result_of(session.assess(*PERIOD), "im-messages-db", "recovery-time")["breaches"]
    # Five hours from the declaration, whatever the restore took; the fourth was over at one in the afternoon.
    assert (breach["from"], breach["to"]) == ("2026-11-07T05:00:00Z", "2026-11-30T16:00:00Z")
    assert breach["detail"] == {"records": [{"record": name, "by": "Li Na"}]}
    package = tmp_path / "drilled.zip"
    session.fine("export", *PERIOD, "--asset", "im-messages-db", "-o", package)
    assert "nothing is broken" in session.fine("verify", package, "--recompute").out
    report = tmp_path / "drilled.html"
    session.fine("report", "annual-review", *PERIOD, "-o", report, "--lang", "zh")
    assert "所记录的演练或事件" in report.read_text(encoding="utf-8")
