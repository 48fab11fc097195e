"""What waits for somebody and what lapses, told of every kind of record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.register.acts import kinds
from audit.steps._open import Store, open_store
from audit.steps.act import act
from audit.steps.due import due
from tests.cli.session import PROGRAMME, Session, promising, started

NOW = datetime.fromisoformat("2026-03-01T00:00:00+00:00")
ANSWERS = ["exit=3 Returned within 30 days."]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    session: Session = started(tmp_path / "data", PROGRAMME)
    store = open_store(session.data)
    yield store
    store.close()


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


def do(
    store: Store, kind: str, name: str, values: dict[str, Any], record: str | None = None, by: str = "Li Na", on: int = -10
) -> str:
    told = {key: day(value).isoformat() if isinstance(value, int) and key != "version" else value for key, value in values.items()}
    return act(store, kind, name, told, record=record, now=day(on), by=by).id


def told(store: Store, within: int = 30, *, now: int = 0) -> list[tuple[int, bool, str, str, str, str]]:
    found = due(store, day(now), day(now + within))
    return [((at - NOW).days, *rest) for at, *rest in found.drop("id").iter_rows()]


WAIVER = {"control": "copies", "since": 2, "until": 20, "reason": "It is rebuilt.", "measure": "Tape."}
TRAINED = {"person": "Chen Jie", "how": "Restored a day.", "since": -20, "until": 25}
BOOK = {
    "name": "restore-messages",
    "owner": "Chen Jie",
    "version": "3",
    "sha256": "0" * 64,
    "kept": "wiki",
    "elsewhere": "safe",
    "on": -12,
}


def test_a_waiver_waits_for_a_decision_and_lapses(store: Store) -> None:
    name = do(store, "waiver", "request", WAIVER)
    assert told(store) == [(2, False, "decide", "waiver", "", "copies")]
    assert told(store, now=3) == [(2, True, "decide", "waiver", "", "copies")]
    do(store, "waiver", "approve", {"reason": "Tape is enough."}, name, by="Zhang Min")
    assert told(store) == [(20, False, "lapses", "waiver", "Li Na", "copies")]
    assert told(store, within=19) == []
    assert told(store, now=20) == [], "controls tell what has lapsed"


def test_a_runbook_waits_for_its_review_and_a_training_to_be_confirmed(store: Store) -> None:
    book = do(store, "runbook", "publish", BOOK, by="Chen Jie")
    training = do(store, "training", "record", {**TRAINED, "runbook": book})
    assert told(store) == [
        (-10, True, "review", "runbook", "", "restore-messages"),
        (-10, True, "confirm", "training", "", "Chen Jie"),
        (25, False, "lapses", "training", "Chen Jie", "Chen Jie"),
    ]
    do(store, "runbook", "review", {"on": -9, "found": "It can be followed."}, book)
    do(store, "training", "confirm", {"reason": "I watched."}, training, by="Liu Yang")
    assert told(store) == [(25, False, "lapses", "training", "Chen Jie", "Chen Jie")]


def test_the_units_that_have_not_answered_an_agreement(store: Store) -> None:
    name = do(store, "agreement", "propose", {"policy": "core", "version": 1, "until": 10})
    units = {one[4] for one in told(store)}
    assert {one[:4] for one in told(store)} == {(10, False, "answer", "agreement")}
    assert any(unit.startswith("customer-operations (") and "Wang Wei" in unit for unit in units), units
    do(store, "agreement", "sign", {"unit": "customer-operations", "capacity": "head"}, name, by="Wang Wei")
    assert {one[4] for one in told(store)} == {unit for unit in units if not unit.startswith("customer-operations")}
    do(store, "agreement", "withdraw", {"reason": "A mistake."}, name)
    assert told(store) == []


def test_a_finding_until_it_is_closed_a_drill_until_it_runs_and_a_release_until_it_is_decided(store: Store) -> None:
    found = do(store, "finding", "open", {"title": "No key.", "source": "auditor", "severity": "high"})
    drill = do(store, "drill", "plan", {"title": "Spring", "kind": "full", "assets": ["im-messages-db"], "planned_for": 7})
    hold = do(store, "hold", "place", {"matter": "case 1", "custodian": "Wang Fang", "since": -10})
    assert told(store) == [(4, False, "mend", "finding", "", "No key."), (7, False, "run", "drill", "", "Spring")]
    do(store, "finding", "acknowledge", {"owner": "Chen Jie", "due": -1}, found)
    do(store, "drill", "cancel", {"reason": "Snow."}, drill)
    do(store, "hold", "ask-release", {"reason": "It is over."}, hold)
    assert told(store) == [(-10, True, "decide", "hold", "", "case 1"), (-1, True, "mend", "finding", "Chen Jie", "No key.")]
    do(store, "finding", "close", {"reason": "Done.", "proof": "drill-9"}, found)
    do(store, "hold", "refuse-release", {"reason": "It is not."}, hold)
    assert told(store) == []


def test_statements_and_assessments_of_providers(store: Store) -> None:
    do(store, "attestation", "sign", {"control": "isolation", "statement": "So it is.", "since": -10, "until": 5})
    assert told(store) == [(5, False, "lapses", "attestation", "Li Na", "isolation")]


def test_every_kind_of_record_says_what_is_due() -> None:
    assert [name for name, module in kinds().items() if not callable(getattr(module, "due", None))] == []


def test_the_command(tmp_path: Path) -> None:
    session = started(tmp_path / "data", PROGRAMME)
    assert session.fine("due").out == "0 due\n"
    session.fine(
        "hold", "place", "--matter", "case 1", "--custodian", "Wang Fang", "--since", "2026-01-01", "--by", "Zhang Min",
    )  # fmt: skip
    session.fine("hold", "ask-release", "hold-2", "--reason", "It is over.", "--by", "Wang Fang")
    rows = session.fine("due", "--kind", "hold", "--format", "ndjson").rows
    assert [(one["what"], one["id"], one["overdue"]) for one in rows] == [("decide", "hold-2", True)]
    assert session.fine("due", "--kind", "waiver").out == "0 due\n"
    for far in ("99999999d", "99999999999999999999d", "9999999y"):
        ahead = session("due", "--within", far)
        assert (ahead.code, f"--within {far}" in ahead.err) == (2, True), ahead.err
    wrong = session("due", "--within", "soon")
    assert (wrong.code, "--within soon: 'soon' is not a length of time" in wrong.err) == (2, True), wrong.err


def test_a_signature_lapses_when_it_is_too_old(tmp_path: Path) -> None:
    """Of the version that stands, and of the newest answer of a unit only."""
    store = open_store(promising(tmp_path, "review: 30d").data)
    try:
        put = {"policy": "core", "version": 1, "until": 40}
        first, second = (do(store, "agreement", "propose", put, on=on) for on in (0, 5))
        signed = {"unit": "customer-operations", "capacity": "head"}
        do(store, "agreement", "sign", signed, first, by="Wang Wei", on=1)
        assert told(store, 60, now=2) == [
            (31, False, "lapses", "agreement", "customer-operations (Wang Wei)", "core"),
            (40, False, "answer", "agreement", "customer-operations (Wang Wei)", "core"),
        ]
        do(store, "agreement", "sign", signed, second, by="Wang Wei", on=6)
        assert [one[:3] for one in told(store, 60, now=7)] == [(36, False, "lapses")]
        do(store, "agreement", "sign", signed, first, by="Wang Wei", on=20)
        assert [one[:3] for one in told(store, 60, now=21)] == [(50, False, "lapses")]
        do(store, "agreement", "refuse", {"unit": "customer-operations", "reason": "No."}, second, by="Wang Wei", on=22)
        assert told(store, 60, now=23) == []
    finally:
        store.close()
