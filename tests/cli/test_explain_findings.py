"""explain FINDING: what it is, what was done about it, when it is due, and the breach that it follows; and what is said of names that there are not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.content import Content
from audit.register.records.finding import ACTS
from audit.reporting.formats import LOCALES, Formats
from audit.reporting.words import Words
from audit.steps._open import open_store
from audit.steps.act import act
from tests.cli.session import Session, promising

ASSET, NOW = "im-messages-db", datetime.now(UTC).replace(microsecond=0)


def text(number: int) -> str:
    return (NOW + timedelta(days=number)).isoformat().replace("+00:00", "Z")


PERIOD = ("--from", text(-30), "--to", text(-2))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A company of whose core assets it is stated that they are not isolated, from 20 days ago on; what an assessment shows of it is followed."""
    folder: Path = tmp_path_factory.mktemp("findings")
    session = promising(folder, "isolation: 1y")
    store = open_store(session.data)
    told = {"control": "isolation", "statement": "They are not.", "holds": False, "since": text(-20), "until": text(20)}
    act(store, "attestation", "sign", told, now=NOW - timedelta(days=19), by="Zhang Min")
    known = {"control": "access", "statement": "So it is.", "since": text(-1), "until": text(1)}
    act(store, "attestation", "sign", known, now=NOW, by="somebody")
    store.close()
    session.fine("follow", *PERIOD)
    return session


@pytest.fixture(scope="module")
def followed(session: Session) -> str:
    (found,) = [
        one for one in session.fine("findings", "--asset", ASSET, "--format", "ndjson").rows if one["control"] == "isolation"
    ]
    session.fine("finding", "acknowledge", found["id"], "--owner", "Chen Jie", "--due", text(-1), "--by", "Li Na")
    return str(found["id"])


def test_a_finding_is_told_with_its_history_and_its_breach(session: Session, followed: str) -> None:
    lines = session.fine("explain", followed).out.splitlines()
    assert lines[0] == f"{followed}: acknowledged, severity medium, owner Chen Jie"
    assert lines[1] == f"  due {text(-1)}, which is over: overdue"
    assert lines[2] == f"  about {ASSET} / isolation"
    assert lines[3] == "  History:"
    assert " opened from a breach that an assessment shows, by backup-audit" in lines[4]
    assert any(" taken on, by Li Na" in line for line in lines)
    assert f"      due {text(-1)} · owner Chen Jie" in lines
    assert f"{ASSET} / isolation under core version 1: breached" in lines
    assert f"  breached {text(-20)} to {text(-2)}" in lines
    assert any("They are not." in line for line in lines)


def test_a_finding_is_told_in_chinese(session: Session, followed: str) -> None:
    shown = session.fine("explain", followed, "--lang", "zh").out
    assert shown.startswith(
        f"{followed}：已受理，严重度中，负责人Chen Jie\n  到期{text(-1)}，已逾期\n  涉及{ASSET} / isolation\n  经过：\n"
    )
    assert "由评定所示的不达标登记（backup-audit）" in shown
    assert f"  不达标：{text(-20)}至{text(-2)}\n" in shown


def test_a_finding_is_data_for_programs(session: Session, followed: str) -> None:
    found = session.fine("explain", followed, "--format", "json").json
    finding = found["finding"]
    assert {key: finding[key] for key in ("id", "state", "severity", "owner", "due", "overdue", "asset", "control")} == {
        "id": followed, "state": "acknowledged", "severity": "medium", "owner": "Chen Jie", "due": text(-1), "overdue": True, "asset": ASSET,
        "control": "isolation",
    }  # fmt: skip
    assert [(one["act"], one["by"]) for one in finding["acts"]] == [("follow", "backup-audit"), ("acknowledge", "Li Na")]
    assert all(one["entry"] > 0 and len(one["sha256"]) == 64 for one in finding["acts"])
    (result,) = found["results"]
    assert [(one["from"], one["to"]) for one in result["breaches"]] == [(text(-20), text(-2))]
    assert {one["entry"] for one in found["evidence"]} == {ref["entry"] for one in result["breaches"] for ref in one["evidence"]}


def test_what_a_person_found_has_no_breach_to_explain(session: Session) -> None:
    told = ("--title", "A tape was left in a car.", "--source", "person", "--severity", "high", "--asset", ASSET, "--by", "Li Na")
    name = session.fine("finding", "open", *told).out.split()[0]
    lines = session.fine("explain", name).out.splitlines()
    assert lines[0] == f"{name}: open, severity high, owner nobody"
    assert lines[2] == f"  about {ASSET}"
    assert any(" opened by hand, by Li Na" in line for line in lines)
    assert any("title A tape was left in a car." in line for line in lines)
    assert "results" not in json.loads(session.fine("explain", name, "--format", "json").out)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([ASSET], f"say which control of {ASSET} is to be explained (known: access, agreement,"),
        (["im-message-db"], f"unknown asset or finding `im-message-db`, did you mean `{ASSET}`?"),
        (["finding-999999"], "unknown finding `finding-999999`, did you mean `finding-"),
        ([ASSET, "recovery-point", "--most", "-1"], "-1 is not in the range x>=0"),
    ],
)
def test_wrong_names_are_answered_with_what_was_meant(session: Session, followed: str, given: list[str], why: str) -> None:
    done = session("explain", *given)
    assert (done.code, done.out) == (2, "")
    assert why in done.err


def test_a_control_is_of_an_asset_and_not_of_a_finding(session: Session, followed: str) -> None:
    done = session("explain", followed, "isolation")
    assert done.code == 2
    assert f"{followed} is a finding: explain it without a control" in done.err


@pytest.mark.parametrize("language", sorted(LOCALES))
def test_every_act_and_all_that_is_told_with_it_has_words(language: str) -> None:
    words = Words(Content(), Formats(language, "UTC"))
    keys = {f"explain.finding.acts.{name}" for name in ACTS}
    keys |= {f"explain.finding.values.{field}" for one in ACTS.values() for field in one.values.model_fields}
    assert [key for key in sorted(keys) if key not in words] == []


@pytest.mark.parametrize(("control", "said"), [
    ("baseline", "it is judged where the programme's baseline demands something"), ("hold", "it is judged where a legal hold stands"),
    ("training", "no policy in force asks for it"),
])  # fmt: skip
def test_what_was_not_judged_says_what_is_true(session: Session, control: str, said: str) -> None:
    shown = session.fine("explain", ASSET, control, *PERIOD).out
    assert shown.startswith(f"{control} was not judged on {ASSET} in this period: ")
    assert said in shown
