"""Reviews from the command line: opened on a frozen assessment, proposed, decided, signed by every unit, closed for ever, revised beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.cli.session import PROGRAMME, Session, promising

HEADS: dict[str, str] = {
    one["name"]: one["representatives"][0]
    for one in YAML(typ="safe").load(PROGRAMME / "units.yaml")["units"]
    if one.get("representatives")
}
OPEN = ("review", "open", "--title", "Annual review", "--since", "2026-01-01", "--until", "2026-12-01", "--by", "Li Na")


def day(number: int) -> str:
    return (datetime.now(UTC) + timedelta(days=number)).isoformat()


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path)


def opened(session: Session, *given: str) -> str:
    return re.findall(r"^(review-\d+) is open", session.fine(*OPEN, "--due", day(20), *given).out)[0]


def sign(session: Session, name: str, unit: str) -> None:
    session.fine("review", "sign", name, "--unit", unit, "--capacity", "head", "--by", HEADS[unit])


def waiting(session: Session) -> list[tuple[str, str]]:
    return [
        (one["what"], one["who"]) for one in session.fine("due", "--within", "2y", "--kind", "review", "--format", "ndjson").rows
    ]


def test_a_review_is_closed_once_every_unit_has_signed_and_stays_as_it_is(session: Session) -> None:
    head = session.assess("--from", "2026-01-01", "--to", "2026-12-01")
    name = opened(session)
    told = session.fine("review", "show", name).json
    assert (told["as_known_at"], told["journal_head"]) == (head["as_known_at"], head["journal_head"])
    units = [who.split(" (")[0] for what, who in waiting(session) if what == "sign"]
    assert len(units) > 1
    assert set(units) <= set(HEADS)
    close = ("review", "close", name, "--next", day(300), "--statement", "All is well.", "--by", "Li Na")
    refused = session(*close)
    assert (refused.code, f"not signed yet by {', '.join(units)}" in refused.err) == (2, True), refused.err
    first = units[0]
    proposed = ("review", "propose", name, "--unit", first, "--subject", "frequency", "--proposal", "Hourly.")
    other = session(*proposed, "--by", "Zhao Min")
    assert (other.code, f"Zhao Min does not represent {first}" in other.err) == (2, True), other.err
    for unit in units:
        sign(session, name, unit)
    assert waiting(session) == []
    # What is proposed or decided after a unit has signed has to be signed.
    session.fine(*proposed, "--by", HEADS[first])
    assert f"nothing was decided yet on what was proposed for {first}" in session(*close).err
    decide = ("review", "decide", name, "--unit", first, "--decision", "change", "--statement", "Version 2.")
    own = session(*decide, "--by", HEADS[first])
    assert (own.code, "somebody else must decide" in own.err) == (2, True), own.err
    sign(session, name, first)
    session.fine(*decide, "--by", "Li Na")
    assert [who.split(" (")[0] for _, who in waiting(session)] == [first]
    assert session(*close).code == 2
    sign(session, name, first)
    past = session("review", "close", name, "--next", "2026-01-01", "--statement", "Well.", "--by", "Li Na")
    assert (past.code, "lies ahead" in past.err) == (2, True), past.err
    session.fine(*close)
    assert [what for what, _ in waiting(session)] == ["begin"]
    late = session("review", "sign", name, "--unit", first, "--capacity", "head", "--by", HEADS[first])
    assert (late.code, "is closed" in late.err) == (2, True), late.err
    session.fine("review", "revise", name, "--correction", "The vault was new in May.", "--by", "Li Na")
    after = session.fine("review", "show", name).json
    assert (after["state"], after["statement"], after["correction"]) == ("closed", "All is well.", "The vault was new in May.")
    assert after["as_known_at"] == head["as_known_at"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--kind", "extraordinary"), "say what gave rise to an extraordinary review"),
        (("--trigger", "breach"), "say what gave rise to an extraordinary review"),
        (("--as-known-at", "9999"), "there is no entry 9999 of the journal"),
        (("--journal-head", "0" * 64), "has another hash than was shown"),
        (("--until", "2025-01-01"), "until must be later than since"),
    ],
)
def test_what_cannot_be_reviewed(session: Session, given: tuple[str, ...], said: str) -> None:
    refused = session(*OPEN, "--due", day(20), *given)
    assert (refused.code, said in refused.err) == (2, True), refused.err


def test_an_extraordinary_review_as_known_earlier(session: Session) -> None:
    name = opened(session, "--kind", "extraordinary", "--trigger", "vendor-change", "--as-known-at", "1")
    assert session.fine("review", "show", name).json["as_known_at"] == 1
    nobody = session("review", "decide", name, "--unit", "nobody", "--decision", "keep", "--statement", "So.", "--by", "Li Na")
    assert (nobody.code, "nobody is not among the units of this review" in nobody.err) == (2, True), nobody.err
