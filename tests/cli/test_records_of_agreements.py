"""Agreements from the command line: proposed by one, signed or refused by representatives, judged, reported and exported."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.session import Session, promising, result_of

UNIT, HEAD = "customer-operations", "Wang Wei"


def day(number: int) -> str:
    """Return a day by its distance from today: a signature counts from when it is entered."""
    return (datetime.now(UTC) + timedelta(days=number)).date().isoformat()


PERIOD = ("--from", day(-20), "--to", day(20))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path, "review: 1y")


def propose(session: Session, *given: str, version: str = "1", by: str = "officer") -> object:
    return session("agreement", "propose", "--policy", "core", "--version", version, "--until", day(5), *given, "--by", by)


def proposed(session: Session, by: str = "officer") -> str:
    (name,) = re.findall(r"^(agreement-\d+) is proposed", propose(session, by=by).out)  # type: ignore[attr-defined]
    return str(name)


def test_a_representative_signs_what_was_applied(session: Session, tmp_path: Path) -> None:
    name = proposed(session)
    text = session.fine("agreement", "show", name).json["text"]
    assert re.fullmatch("[0-9a-f]{64}", text)
    sign = ("agreement", "sign", name, "--unit", UNIT, "--capacity", "head")
    for given, by, said in (
        ((), "Wang Fang", f"Wang Fang does not represent {UNIT}"),
        (("--unit", "nobody"), HEAD, "unknown unit `nobody`"),
        (("--text", "0" * 64), HEAD, f"its SHA-256 is {text}"),
    ):
        refused = session(*sign, *given, "--by", by)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    before = result_of(session.assess(*PERIOD), "im-messages-db", "agreement")
    assert [one["reason"] for one in before["unproven"]] == ["not-proposed"]
    session.fine(*sign, "--text", text.upper(), "--by", "wang  WEI")
    proposed(session)
    after = result_of(session.assess(*PERIOD), "im-messages-db", "agreement")
    # What comes after the newest entry of the journal nobody knows yet: the unit may refuse tomorrow, and it has time to answer the second proposal.
    reasons = [one["reason"] for one in after["unproven"]]
    assert (after["breaches"], after["shares"]["met"] > 0, reasons) == ([], True, ["not-proposed", "mixed"])
    package = tmp_path / "package.zip"
    session.fine("export", *PERIOD, "--asset", "im-messages-db", "-o", package)
    assert "nothing is broken" in session.fine("verify", package, "--recompute").out


def test_nobody_signs_their_own_proposal(session: Session) -> None:
    name = proposed(session, by="WANG WEI")
    alone = session("agreement", "sign", name, "--unit", UNIT, "--capacity", "head", "--by", HEAD)
    assert (alone.code, "did propose here, so somebody else must sign" in alone.err) == (2, True), alone.err


def test_only_what_was_applied_is_proposed(session: Session) -> None:
    unknown = propose(session, version="7")
    assert (unknown.code, "unknown policy version `core 7`" in unknown.err) == (2, True), unknown.err  # type: ignore[attr-defined]
    other = propose(session, "--text", "0" * 64)
    assert (other.code, "is not what the applied version promises" in other.err) == (2, True), other.err  # type: ignore[attr-defined]


def test_a_deputy_answers_while_the_representative_is_away(session: Session) -> None:
    name = proposed(session)
    sign = ("agreement", "sign", name, "--unit", UNIT, "--capacity", "deputy", "--by", "Zhao Min")
    delegate = ("delegation", "delegate", "--unit", UNIT, "--since", day(-1), "--reason", "On leave.")
    assert "Zhao Min does not represent" in session(*sign).err
    for given, by, said in (
        (("--deputy", "Zhao Min", "--until", day(5)), "Zhao Min", f"Zhao Min does not represent {UNIT}"),
        (("--deputy", "WANG wei", "--until", day(5)), HEAD, "nobody is their own deputy"),
        (("--deputy", "Zhao Min", "--until", day(-2)), HEAD, "until must be later than since"),
    ):
        refused = session(*delegate, *given, "--by", by)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    session.fine(*delegate, "--deputy", "Zhao Min", "--until", day(0), "--by", HEAD)
    assert "Zhao Min does not represent" in session(*sign).err, "it ended at midnight"
    (stands,) = re.findall(
        r"^(delegation-\d+) is delegated", session.fine(*delegate, "--deputy", "Zhao Min", "--until", day(5), "--by", HEAD).out
    )
    other = session("agreement", "sign", name, "--unit", UNIT, "--capacity", "nobody", "--by", "Sun Peng")
    assert "and as deputies: Zhao Min" in other.err
    passing = session(*delegate, "--deputy", "Sun Peng", "--until", day(5), "--by", "zhao min")
    assert (passing.code, "zhao min does not represent" in passing.err) == (2, True), passing.err
    session.fine(*sign)
    session.fine("delegation", "revoke", stands, "--reason", "Back again.", "--by", HEAD)
    assert "Zhao Min does not represent" in session(*sign).err
    assert [one["by"] for one in session.fine("agreement", "show", name).json["acts"]] == ["officer", "Zhao Min"]


def test_a_unit_says_what_it_would_sign_instead(session: Session) -> None:
    name = proposed(session)
    session.fine("agreement", "comment", name, "--comment", "What would an hour have cost us?", "--by", "anybody")
    counter = ("agreement", "counter", name, "--unit", UNIT, "--reason", "Too long.")
    for given, by, said in (
        (("--instead", "rpo=15m"), "Zhao Min", "Zhao Min does not represent"),
        (("--instead", "rpo:15m"), HEAD, "'rpo:15m' is no value; write KEY=VALUE"),
    ):
        refused = session(*counter, *given, "--by", by)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    strange = session(*counter, "--instead", "nonsense=3", "--by", HEAD)
    assert (strange.code, "unknown objective `nonsense`" in strange.err) == (2, True), strange
    session.fine(*counter, "--instead", "rpo=15m", "--instead", "copies.offsite=2", "--by", HEAD)
    assert session.fine("agreement", "show", name).json["instead"] == ["rpo=15m", "copies.offsite=2"]
    # It is no answer: the unit still owes one.
    assert any(one["who"].startswith(UNIT) for one in session.fine("due", "--kind", "agreement", "--format", "ndjson").rows)
    assert result_of(session.assess(*PERIOD), "im-messages-db", "agreement")["shares"]["met"] == 0


def test_it_is_read_before_it_is_signed(session: Session, tmp_path: Path) -> None:
    name = proposed(session)
    told = session.fine("agreement", "read", name).out
    for said in ("What is asked of you", "core version 1", "im-messages-db", session.fine("agreement", "show", name).json["text"]):
        assert said in told
    chinese = session.fine("agreement", "read", name, "--lang", "zh", "--unit", UNIT).out
    assert ("承诺内容" in chinese, "…" in chinese) == (True, False), "nothing is cut off"
    file = tmp_path / "agreement.json"
    written = session.fine("agreement", "read", name, "--lang", "zh", "--format", "json", "-o", file)
    assert "Wrote" in written.out
    document = json.loads(file.read_text(encoding="utf-8"))
    assert (document["report"], document["facts"]["id"]) == ("agreement", name)
    for given, said in (
        (("agreement-1",), "unknown agreement `agreement-1`"),
        ((name, "--unit", "finance"), "unknown unit `finance`"),
    ):
        refused = session("agreement", "read", *given)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    assert "backup-audit agreement read" in session.fine("agreement", "read", "--help").out


def test_what_the_baseline_does_not_allow_is_not_proposed(session: Session, tmp_path: Path) -> None:
    programme = tmp_path / "programme"
    demand = "baseline:\n- {tier: core, by: law, effective: 2026-01-01, objectives: {rpo: 5m}}\n"
    (programme / "baseline.yaml").write_text(demand, encoding="utf-8")
    session.fine("apply", programme, "--by", "olivia", "--confirmed-by", "noor")
    refused = propose(session)
    assert (refused.code, "below the baseline of 5m for core/messages" in refused.err) == (2, True), refused.err  # type: ignore[attr-defined]


def test_a_version_that_has_to_be_signed_takes_force_with_the_last_signature(session: Session, tmp_path: Path) -> None:
    programme = tmp_path / "programme"
    heading = programme / "programme.yaml"
    heading.write_text(heading.read_text(encoding="utf-8") + "takes_force: signed\n", encoding="utf-8")
    second = (
        (programme / "policy-core.yaml")
        .read_text(encoding="utf-8")
        .replace("version: 1", "version: 2")
        .replace("{target: 1h", "{target: 30m")
    )
    (programme / "policy-core-2.yaml").write_text(second, encoding="utf-8")
    waits = session.fine("apply", programme, "--by", "olivia")
    assert f"core version 2 takes force once it is signed by {UNIT}" in waits.out + waits.err
    (name,) = re.findall(r"^(agreement-\d+) is proposed", propose(session, version="2").out)  # type: ignore[attr-defined]
    assert "takes force once every unit has signed" in session.fine("agreement", "read", name).out
    asked = (*PERIOD, "--control", "recovery-point", "--asset", "im-messages-db")
    assert {one["version"] for one in session.assess(*asked)["results"]} == {1}
    session.fine("agreement", "sign", name, "--unit", UNIT, "--capacity", "head", "--by", HEAD)
    told = session.assess(*asked)
    assert {one["version"] for one in told["results"]} == {1, 2}
    # The same from a package, and from a register made again.
    package = tmp_path / "package.zip"
    session.fine("export", *PERIOD, "--asset", "im-messages-db", "-o", package)
    assert "nothing is broken" in session.fine("verify", package, "--recompute").out
    session.fine("rebuild")
    assert session.assess(*asked)["results"] == told["results"]
