"""Keys that have to be proven usable without production, from the command line: asked by a policy, told of a drill, judged, explained and on the calendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit.model.terms import micros
from tests.cli.session import Session, result_of, stretches
from tests.oracle.build import listing, p, policy, programme, rows
from tests.oracle.case import Case
from tests.oracle.cases_of_drills import restore

PASSED = ("--asset", "a", "--outcome", "passed", "--depth", "4", "--coverage", "full")
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # days of cases are cut to hours


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def number(days: float) -> float:
    return ((NOW - timedelta(days=days)) - datetime(2026, 3, 1, tzinfo=UTC)) / timedelta(days=1)


PERIOD = ("--from", ago(6), "--to", ago(1))


def test_keys_are_asked_for_proven_and_lost(tmp_path: Path) -> None:
    kept = p("k", number(30), encrypted="yes")
    told = [
        listing(number(31)),
        listing(number(29), kept),
        listing(number(0.5), kept),
        rows(number(0.5), restore(number(5), number(4))),
    ]
    said = programme(policy({"encrypted": {"keys_proven": "6 months"}}))
    folder, evidence = Case("keys", said, told, micros(NOW - timedelta(days=6)), micros(NOW)).write(tmp_path / "case")
    session = Session(tmp_path / "data")
    session.fine("init", "--organisation", "Yunhe Messaging")
    session.fine("apply", folder, "--by", "olivia")
    session.fine("ingest", evidence)

    def judged() -> tuple[str, list[tuple[str, str]], list[str]]:
        result = result_of(session.assess(*PERIOD), "a", "encryption")
        return result["verdict"], stretches(result["breaches"]), [one["reason"] for one in result["unproven"]]

    def drill(declared: float, ended: float, keys: str) -> str:
        plan = ("--title", "Do the keys open it?", "--kind", "full", "--asset", "a", "--by", "Zhang Min")
        (name,) = re.findall(r"^(drill-\d+) is planned", session.fine("drill", "plan", *plan).out)
        session.fine("drill", "declare", name, "--at", ago(declared), "--by", "Li Na")
        session.fine("drill", "restore-started", name, "--asset", "a", "--at", ago(declared), "--by", "Li Na")
        session.fine("drill", "validated", name, "--asset", "a", "--at", ago(ended), "--by", "Li Na")
        how = ("--outcome", "passed", "--depth", "4", "--coverage", "full", "--keys", keys)
        session.fine("drill", "result", name, "--asset", "a", *how, "--by", "Li Na")
        return name

    assert judged() == ("unproven", [], ["keys-not-shown"])
    shown = session.fine("explain", "a", "encryption", *PERIOD).out
    assert "No proven drill within the agreed term says that the keys opened a copy without production." in shown
    assert (
        "在约定期限内，没有经证实的演练载明可以不依赖生产环境而用密钥打开副本。"
        in session.fine("explain", "a", "encryption", *PERIOD, "--lang", "zh").out
    )
    name = drill(5.1, 3.9, "usable")
    assert judged() == ("unproven", [], ["keys-not-shown"])
    session.fine("drill", "sign-off", name, "--statement", "The keys came from the safe.", "--by", "Wang Fang")
    result = result_of(session.assess(*PERIOD), "a", "encryption")
    assert (result["breaches"], stretches(result["unproven"])) == ([], [(ago(6), ago(3.9))])
    (line,) = [one for one in session.fine("drills", "--format", "ndjson").rows if one["control"] == "encryption"]
    assert (line["state"], line["drill"]) == ("done", name)
    met = session.fine("explain", "a", "encryption", "--from", ago(3), "--to", ago(1)).out
    assert f"{name} (Li Na)" in met or name in met
    bad = drill(2.5, 2, "unusable")
    assert judged() == ("breached", [(ago(2), ago(1))], ["keys-not-shown"])
    told_of = session.fine("explain", "a", "encryption", *PERIOD).out
    assert f"Li Na ({bad})" in told_of
    wrong = session(
        "drill",
        "result",
        bad,
        *PASSED,
        "--keys",
        "perhaps",
        "--by",
        "x",
    )
    assert (wrong.code, "perhaps" in wrong.err) == (2, True)
