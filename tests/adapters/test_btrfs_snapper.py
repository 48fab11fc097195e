"""btrfs and snapper: snapshots and replicas, and the live volume among them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.adapters import _registry, btrfs_snapper
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

DATA = golden.DATA / "btrfs-snapper"
SEEN = datetime(2026, 11, 23, 7, tzinfo=UTC)
ORIGINALS = ["6d626b04-a8c0-8248-8e91-60ad8781e2ab", "a2f295cc-9c69-c846-b4aa-58570fd96979"]


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def log(name: str) -> str:
    return (DATA / name).read_text()


def read(payload: Any, **fields: Any) -> Facts:
    raw = payload if isinstance(payload, str) else json.dumps(payload)
    given = {"source": "s", "repository": "r", "timezone": "Asia/Shanghai", "observed_at": SEEN, **fields}
    return _registry.read("btrfs-snapper", raw.encode(), Envelope(tool="btrfs-snapper", name="f", **given))


def snapshot(**fields: Any) -> dict[str, Any]:
    return {"subvolume": "/d", "number": 1, "type": "single", "date": "2026-11-23 14:21:02", "cleanup": "number"} | fields


@pytest.mark.parametrize("name", ["snapper-list.json", "snapper-list-utc.json", "snapper-list.csv"])
def test_three_snapshots_and_the_live_volume(name: str) -> None:
    facts = sample(name)
    assert facts.points["id"].to_list() == ["im1:1", "im1:2", "im1:3"]
    assert facts.points["captured_at"].unique().to_list() == [datetime(2026, 11, 23, 6, 21, 2, tzinfo=UTC)]
    assert facts.points["subject"].unique().to_list() == ["/srv/btr1/data"]
    assert facts.listings.select("scope", "complete").row(0) == ("im1", True)


def test_all_configs_are_the_whole_repository() -> None:
    facts = read({"a": [snapshot()], "b": [snapshot(subvolume="/e")]}, complete=True)
    assert facts.points.select("id", "subject").rows() == [("a:1", "/d"), ("b:1", "/e")]
    assert facts.listings.select("scope", "complete").row(0) == ("all configs", True)


@pytest.mark.parametrize("scope", [None, "snaps"])
def test_a_list_of_one_form_of_ids_does_not_speak_of_the_others(scope: str | None) -> None:
    # The same snapshots are known by path, by uuid and by snapper's number: a complete list lacks all ids of the other forms.
    command = {"command": "btrfs subvolume list -s /srv/btr1", "complete": True, "scope": scope}
    by_path = read(log("subvolume-list-s.txt"), **command)
    with_uuid = (
        log("subvolume-list-s.txt").replace(" path ", " uuid 6d626b04-a8c0-8248-8e91-60ad8781e2ab path ", 1).split("\n")[0] + "\n"
    )
    by_uuid = read(
        with_uuid,
        **{**command, "command": "btrfs subvolume list -s -u /srv/btr1" if scope else "btrfs subvolume list -u /srv/btr1"},
    )
    shown = read(log("subvolume-show.txt"), scope=scope)
    by_number = read({"a": [snapshot()], "b": [snapshot(subvolume="/e")]}, complete=True)
    assert by_path.points["id"].to_list() == ["snaps/data.20261121", "snaps/data.20261122", "snaps/data.20261123"]
    assert by_path.listings["complete"].to_list() == [False]
    assert by_uuid.points["id"].to_list() == ORIGINALS[:1]
    assert by_uuid.listings["complete"].to_list() == [True]
    told = [facts.listings["scope"].item() for facts in (by_path, by_uuid, by_number)]
    assert len(set(told)) == 3
    assert None not in told
    assert shown.listings["scope"].item() == told[1]
    torn = read(with_uuid + log("subvolume-list-s.txt").split("\n")[1] + "\n", **command)
    assert torn.listings["complete"].to_list() == [False]


def test_one_odd_snapshot_leaves_the_others() -> None:
    odd = [snapshot(number="x"), snapshot(number=2, type="odd"), snapshot(number=3, date="Mon 23 Nov 2026"), 5]
    facts = read({"a": [snapshot(), *odd]}, complete=True)
    assert facts.points["id"].to_list() == ["a:1"]
    assert {fault.locator for fault in facts.faults if fault.level == "error"} == {"/a/1", "/a/2", "/a/3", "/a/4"}
    assert facts.listings["complete"].to_list() == [False]


def test_dates_need_a_zone() -> None:
    assert read({"a": [snapshot()]}, timezone=None).points.is_empty()
    assert read({"a": [snapshot()]}, timezone=None, command="snapper --jsonout --utc list").points.height == 1


def test_a_replica_is_a_copy_of_its_original() -> None:
    source, copy = sample("subvolume-list-source.txt").points, sample("subvolume-list-dest.txt").points
    assert source.height == 3  # and the subvolume itself is none
    assert copy["copy_of_id"].to_list() == ORIGINALS
    assert set(ORIGINALS) < set(source["id"])
    assert copy["captured_at"].to_list() == [None, None]


def test_one_subvolume_shown() -> None:
    own, received = sample("subvolume-show.txt").points, sample("subvolume-show-received.txt").points
    at = datetime(2026, 11, 23, 6, 21, 1, tzinfo=UTC)
    assert own.select("id", "captured_at", "subject").row(0) == (ORIGINALS[1], at, "snaps/data")
    assert received.select("copy_of_id", "captured_at", "available_at").row(0) == (ORIGINALS[1], None, at)
    writable = read(log("subvolume-show.txt").replace("readonly", "-"))
    assert writable.points["captured_at"].to_list() == [None]
    assert "can be written to" in writable.faults[0].what
    assert read(log("subvolume-show.txt").replace("Creation time:", "Time:")).points.is_empty()


def test_lists_with_times_and_without() -> None:
    timed = sample("subvolume-list-s.txt").points
    assert timed["captured_at"].to_list() == [datetime(2026, 11, 23, 6, 21, 1, tzinfo=UTC)] * 3
    assert "tell no time" in sample("subvolume-list-source.txt").faults[0].what
    own = read("ID 300 gen 9 cgen 9 top level 5 otime 2026-11-23 14:21:01 path home/.snapshots/7/snapshot\n")
    assert own.points["subject"].to_list() == ["home"]
    torn = read(log("subvolume-list-s.txt") + "ID torn\n", complete=True)
    assert torn.points.height == 3
    assert torn.listings["complete"].to_list() == [False]


def test_a_scrub_reads_all() -> None:
    run = sample("scrub.log").runs
    assert run.select("kind", "outcome", "coverage", "subject").row(0) == ("verify", "success", "full", None)
    text = log("scrub.log")
    corrected = text.replace("no errors found", "csum=5\n  Corrected:      5\n  Uncorrectable:  0\n  Unverified:     0")
    assert read(corrected).runs["outcome"].to_list() == ["warning"]
    assert read(corrected.replace("Uncorrectable:  0", "Uncorrectable:  1")).runs["outcome"].to_list() == ["failed"]
    assert read(text.replace("finished", "aborted")).runs["outcome"].to_list() == ["cancelled"]
    assert read(text.replace("finished", "dreaming")).runs.is_empty()
    assert read(text).runs["started_at"].to_list() == [datetime(2026, 11, 23, 6, 21, 1, tzinfo=UTC)]


def test_snapshots_sends_and_deletions_by_their_exit_code() -> None:
    told = [
        sample(name).runs.select("kind", "outcome").row(0)
        for name in ("snapshot-1.log", "send-incr.log", "send-failed.log", "delete.log")
    ]
    assert told == [("backup", "success"), ("copy", "success"), ("copy", "failed"), ("prune", "success")]
    assert read(log("snapshot-1.log")).runs["outcome"].to_list() == ["warning"]
    assert read(log("send-incr.log"), exit_code=1).runs["outcome"].to_list() == ["failed"]


@pytest.mark.parametrize(
    ("name", "what"), [("snapper-list.txt", "as text is not read"), ("snapper-failed.log", "config 'nope' not found")]
)
def test_what_is_refused(name: str, what: str) -> None:
    facts = sample(name)
    assert facts.points.is_empty()
    assert what in facts.faults[0].what
    assert "no output of btrfs" in read("hello\n").faults[0].what


def test_a_long_row_of_digits_and_dots_in_a_path_takes_no_long_time() -> None:
    from audit.adapters.btrfs_snapper._lists import _stem

    assert _stem("/pool/db" + "-1." * 100_000 + "x") == "/pool/db" + "-1." * 100_000 + "x"
    assert [_stem(path) for path in ("/pool/db-2026-11-23T01:00", "/pool/db@7", "/pool/db", "42")] == [
        "/pool/db",
        "/pool/db",
        "/pool/db",
        "42",
    ]


def test_long_runs_of_blanks_are_recognised_quickly() -> None:
    # Found by fuzzing: these took time with the square of their length.
    for payload in (b"x\n Name: " + b" " * 200_000 + b"y", b"number," + b"type," * 40_000, b"x\n" + b" \n" * 100_000 + b" Name: "):
        started = time.process_time()
        assert not btrfs_snapper.identify("", payload)
        assert time.process_time() - started < 1
