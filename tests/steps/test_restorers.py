"""Who can restore by which runbook, and who still can when somebody is away."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.steps._open import Store, open_store
from audit.steps.act import act
from audit.steps.restorers import restorers
from tests.cli.session import Session, promising

NOW = datetime.fromisoformat("2026-11-20T00:00:00+00:00")


def day(number: int) -> str:
    return (NOW + timedelta(days=number)).isoformat()


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return promising(tmp_path, "people: 2")


@pytest.fixture
def store(session: Session) -> Any:
    store = open_store(session.data)
    yield store
    store.close()


def do(
    store: Store, kind: str, name: str, values: dict[str, Any], record: str | None = None, by: str = "Li Na", on: int = -10
) -> str:
    return act(store, kind, name, values, record=record, now=NOW + timedelta(days=on), by=by).id


def publish(store: Store, name: str, **scope: list[str]) -> str:
    told = {
        "name": name,
        "owner": "Chen Jie",
        "version": "3",
        "sha256": "0" * 64,
        "kept": "wiki",
        "elsewhere": "safe",
        "on": day(-12),
    }
    return do(store, "runbook", "publish", told | scope)


def train(store: Store, runbook: str, person: str, *, since: int = -9, until: int = 30, confirmed: bool = True) -> str:
    told = {"person": person, "runbook": runbook, "how": "Restored a day.", "since": day(since), "until": day(until)}
    name = do(store, "training", "record", told)
    if confirmed:
        do(store, "training", "confirm", {"reason": "I watched."}, name, by="Liu Yang")
    return name


def found(store: Store, *away: str) -> list[tuple[str, list[str], int | None, bool]]:
    return [(one["name"], one["people"], one["needed"], one["enough"]) for one in restorers(store, NOW, away).rows(named=True)]


def test_only_confirmed_trainings_that_stand_count_and_each_person_once(store: Store) -> None:
    book = publish(store, "messages", assets=["im-messages-db"])
    for person in ("Chen Jie", "chen  JIE", "Sun Peng"):
        train(store, book, person)
    train(store, book, "Old", until=-1)
    train(store, book, "Future", since=2)
    train(store, book, "Unconfirmed", confirmed=False)
    ended = train(store, book, "Ended")
    do(store, "training", "end", {"reason": "Left."}, ended)
    assert found(store) == [("messages", ["Chen Jie", "Sun Peng"], 2, True)]
    assert found(store, "CHEN jie") == [("messages", ["Sun Peng"], 2, False)]


def test_those_of_which_there_are_too_few_come_first_and_the_retired_not_at_all(store: Store) -> None:
    first, second = publish(store, "messages", tiers=["core"]), publish(store, "files", assets=["fileserver-finance"])
    gone = publish(store, "old")
    do(store, "runbook", "retire", {"reason": "Replaced."}, gone)
    train(store, second, "Sun Peng")
    train(store, first, "Sun Peng")
    assert found(store) == [("messages", ["Sun Peng"], 2, False), ("files", ["Sun Peng"], None, True)]
    assert found(store, "Sun Peng") == [("messages", [], 2, False), ("files", [], None, False)]


def test_the_command(session: Session, store: Store) -> None:
    train(store, publish(store, "messages", tiers=["core"]), "Sun Peng", until=3000)
    said = session.fine("restorers").out
    assert "Sun Peng" in said
    assert said.endswith("1 runbook\n")
    (row,) = session.fine("restorers", "--without", "Sun Peng", "--format", "ndjson").rows
    assert (row["people"], row["enough"], row["assets"]) == ([], False, ["im-messages-db"])
