"""Kopia: what the samples' READMEs say is true, and the traps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden, verbatim

SEEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
ONE = json.loads((golden.DATA / "kopia" / "create.json").read_text())


def _facts(name: str) -> Facts:
    return golden.facts_of(golden.DATA / "kopia" / name)


def _read(value: Any, **more: object) -> Facts:
    told = {"source": "k", "repository": "r", "observed_at": SEEN, "complete": True} | more
    return _registry.read("kopia", json.dumps(value).encode(), Envelope(tool="kopia", name="x", **told))  # type: ignore[arg-type]


def test_a_checkpoint_and_a_snapshot_with_errors_are_partial() -> None:
    facts = _facts("snapshot_list_incomplete.json")
    assert facts.points["completeness"].to_list() == ["partial", "partial"]
    assert set(facts.points["subject"]) == {"db01:/var/lib/pg"}
    assert facts.listings["complete"].to_list() == [True]


def test_a_published_listing() -> None:
    payload = verbatim.sample("kopia", "snapshot_list_pictures.json")
    assert _registry.recognise("", payload) == "kopia"
    [point] = _registry.read(
        "kopia", payload, Envelope(tool="kopia", source="k", repository="r", observed_at=SEEN)
    ).points.to_dicts()
    assert point["id"] == "618f83d08a9938351e8d385a24aca252"
    assert point["subject"] == "freenas:/mnt/fsrevolution/media/pictures"
    assert point["captured_at"] == datetime(2023, 10, 5, 9, 1, 36, 265095, tzinfo=UTC)
    assert point["bytes"] == 162291781350
    assert point["completeness"] is None


def test_the_snapshot_that_was_just_made() -> None:
    facts = _facts("create.json")
    [run], [point] = facts.runs.to_dicts(), facts.points.to_dicts()
    assert (run["outcome"], run["recovery_point"], point["basis"]) == ("success", point["id"], "job")
    assert facts.listings.is_empty()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("incomplete",), "canceled"),
        (("incomplete",), "limit reached"),
        (("incomplete",), "asteroid"),
        (("stats", "errorCount"), 1),
        (("stats", "ignoredErrorCount"), 1),
        (("rootEntry", "summ", "numFailed"), 1),
        (("rootEntry", "summ", "incomplete"), "checkpoint"),
    ],
)
def test_whatever_was_not_read_makes_it_partial(path: tuple[str, ...], value: object) -> None:
    snapshot: Any = json.loads(json.dumps(ONE))
    inner = snapshot
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    facts = _read(snapshot)
    assert facts.points["completeness"].to_list() == ["partial"]
    assert facts.runs["outcome"].to_list() == ["warning"]
    assert bool(facts.faults) == (value == "asteroid")


def test_an_exit_code_makes_it_a_warning() -> None:
    assert _read(ONE, exit_code=1).runs["outcome"].to_list() == ["warning"]


@pytest.mark.parametrize(
    ("command", "scope", "whole"),
    [
        ("kopia snapshot list --all --json", None, True),
        ("kopia snap list -a --json", None, True),
        (None, None, True),
        ("kopia snapshot list --json", None, False),  # the snapshots of one user on one host
        ("kopia snapshot list --json", "backup@web-02", True),
        ("kopia snapshot list --all --json /srv/www", None, False),
        ("kopia snapshot list --all --max-results 5 --json", None, False),
    ],
)
def test_only_a_list_of_all_is_complete(command: str | None, scope: str | None, whole: bool) -> None:
    assert _read([ONE], command=command, scope=scope).listings["complete"].to_list() == [whole]


def test_a_bad_snapshot_leaves_the_others() -> None:
    facts = _facts("list-all.json")
    assert facts.points.height == 2
    assert not facts.listings["complete"].any()
    assert _read([ONE, 5, {**ONE, "startTime": None}, {**ONE, "source": "x"}]).points.height == 1


def test_cut_off() -> None:
    payload = (golden.DATA / "kopia" / "list-all.json").read_bytes()[:-100]
    assert _registry.recognise("", payload) == "kopia"
    with pytest.raises(InputError, match="cut off"):
        _registry.read("kopia", payload, Envelope(tool="kopia"))
