"""Rubrik: what its samples say as values, and the traps of its formats."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from audit.adapters import _registry
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts
from tests.adapters import golden, verbatim

TOOL = "rubrik"
SEEN = datetime(2026, 11, 22, 9, tzinfo=UTC)
FOLDER = golden.DATA / TOOL


def read(payload: bytes | str, **fields: Any) -> Facts:
    given = {"source": "rbk", "observed_at": SEEN} | fields
    return _registry.read(TOOL, payload.encode() if isinstance(payload, str) else payload, Envelope(tool=TOOL, **given))


def test_only_the_last_status_of_backups_counts_and_index_jobs_are_no_evidence() -> None:
    runs = golden.facts_of(FOLDER / "activities.json").runs
    assert runs.select("id", "kind", "outcome").rows() == [
        ("series-1", "backup", "success"),
        ("series-3", "backup", "warning"),
        ("series-4", "backup", "failed"),
        ("series-5", "copy", "success"),
        ("series-6", "backup", "running"),
        ("series-7", "restore", "success"),
    ]
    assert runs["coverage"].to_list()[1] == "partial"
    assert runs["method"].to_list()[:3] == ["snapshot", "snapshot", "log"]
    assert runs["finished_at"][4] is None


def test_a_copy_is_not_in_the_cluster_that_made_it() -> None:
    runs = golden.facts_of(FOLDER / "activities.json").runs
    assert runs.filter(runs["kind"] == "copy")["repository"].to_list() == [None]


def test_snapshots_are_of_the_object_that_the_scope_names() -> None:
    facts = golden.facts_of(FOLDER / "snapshots.json")
    assert facts.points["subject"].unique().to_list() == ["sql01@vc01/DC1"]
    assert [at and time_text(at) for at in facts.points["expires_at"]] == [None, "2026-12-19T21:05:00Z"]
    assert facts.listings.select("repository", "scope", "complete").rows() == [("hq-rbk", "sql01@vc01/DC1", True)]
    nameless = read((FOLDER / "snapshots.json").read_bytes())
    assert nameless.points.is_empty()
    assert [fault.key for fault in nameless.faults] == ["scope"]


def test_a_page_with_more_behind_it_is_not_complete() -> None:
    text = (FOLDER / "snapshots.json").read_text().replace('"hasNextPage": false', '"hasNextPage": true')
    assert read(text, scope="a@b", complete=True).listings["complete"].to_list() == [False]


def test_the_report() -> None:
    facts = golden.facts_of(FOLDER / "protection_task_details_report.csv")
    assert facts.runs.select("kind", "outcome").rows() == [
        ("backup", "success"),
        ("backup", "warning"),
        ("backup", "failed"),
        ("copy", "cancelled"),
    ]
    assert time_text(facts.runs["started_at"][0]) == "2026-11-20T13:00:04Z"
    assert read((FOLDER / "protection_task_details_report.csv").read_bytes()).runs.is_empty()


def test_unknown_words_are_quarantined() -> None:
    for key, word in (("lastActivityStatus", "Splendid"), ("lastActivityType", "Juggling"), ("lastActivityStatus", None)):
        document = json.loads((FOLDER / "activities.json").read_text())
        document["data"]["activitySeriesConnection"]["edges"][0]["node"][key] = word
        facts = read(json.dumps(document), complete=True)
        assert facts.runs.height == 5
        assert len([fault for fault in facts.faults if fault.level == "error"]) == 1
        assert facts.listings.is_empty()


def test_published_answers() -> None:
    index = verbatim.sample(TOOL, "graphql_activitySeriesConnection.json")
    policies = verbatim.sample(TOOL, "graphql_globalSlaConnection.json")
    snapshots = verbatim.sample(TOOL, "graphql_snapshotsListConnection.json")
    assert {_registry.recognise("", payload) for payload in (index, policies, snapshots)} == {TOOL}
    for payload in (index, policies):
        facts = read(payload)
        assert facts.runs.is_empty()
        assert facts.points.is_empty()
        assert not facts.faults
    facts = read(snapshots, scope="AllTheThings@172.24.98.42", complete=True)
    [point] = facts.points.to_dicts()
    assert (time_text(point["captured_at"]), point["expires_at"], point["repository"]) == (
        "2021-10-28T19:35:52Z",
        None,
        "sand2-rbk01",
    )
    assert facts.listings["complete"].to_list() == [False]
