"""ingest: what is taken in, once, with what was said of it."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import DataFolderError, UsageError
from audit.steps._open import Store, open_store
from audit.steps._payloads import Gathered, gather
from audit.steps.ingest import Ingested, ingest
from audit.steps.verify import verify

Points = Callable[..., str]
TakeIn = Callable[..., Ingested]
Declare = Callable[..., None]

OBSERVED = datetime(2026, 11, 23, 5, tzinfo=UTC)


def envelopes(store: Store) -> list[dict[str, Any]]:
    return [entry.body["envelope"] for entry in store.journal.entries(kind="evidence")]


def test_a_file_becomes_evidence_and_facts(store: Store, tmp_path: Path, points: Points, take_in: TakeIn) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text(points(3))
    done = take_in(store, file, observed_at=OBSERVED)
    assert (done.files, done.new, done.known, done.points, done.runs, done.quarantined) == (1, 1, 0, 3, 0, 0)
    assert not done.refused
    assert not done.unrecognised
    (entry,) = store.journal.entries()
    assert entry.kind == "evidence"
    assert store.vault.get(entry.body["sha256"]) == file.read_bytes()
    assert entry.body == {
        "sha256": entry.body["sha256"],
        "size": len(file.read_bytes()),
        "envelope": {
            "tool": "interchange",
            "observed_at": "2026-11-23T05:00:00Z",
            "name": "a.ndjson",
            "method": "upload",
            "by": "tester",
        },
    }
    assert store.catalog.mark() == 1
    assert verify(store).broken == []


def test_the_same_telling_is_entered_once_and_another_one_again(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn
) -> None:
    file, copy = tmp_path / "a.ndjson", tmp_path / "b.ndjson"
    file.write_text(points(2))
    copy.write_text(points(2))
    assert take_in(store, file, copy, observed_at=OBSERVED).new == 1
    again = take_in(store, copy, observed_at=OBSERVED)
    assert (again.new, again.known, again.points) == (0, 1, 0)
    assert take_in(store, file, observed_at=datetime(2026, 11, 23, 6, tzinfo=UTC)).new == 1
    assert take_in(store, file, observed_at=OBSERVED, complete=True).new == 1
    assert store.head() == 3
    assert len(list(store.vault.iter())) == 1


def test_folders_go_in_name_order_and_hidden_files_are_counted(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn
) -> None:
    folder = tmp_path / "in"
    for n, name in enumerate(("b.ndjson", "a/z.ndjson", "a/y.ndjson", ".hidden", "a/.git/x.ndjson")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(points(1, subject=f"s{n}"))
    done = take_in(store, folder)
    assert [envelope["name"] for envelope in envelopes(store)] == ["a/y.ndjson", "a/z.ndjson", "b.ndjson"]
    assert (done.new, done.hidden) == (3, 1)


def test_standard_input_is_a_payload(store: Store, points: Points) -> None:
    done = ingest(store, gather([Path("-")], lambda: points(1).encode()), {}, now=OBSERVED, by="")
    assert done.new == done.points == 1
    assert envelopes(store)[0]["name"] == "stdin"


def test_a_sidecar_tells_of_its_file_and_is_no_payload(store: Store, tmp_path: Path, points: Points, take_in: TakeIn) -> None:
    file = tmp_path / "in" / "a.ndjson"
    file.parent.mkdir()
    file.write_text(points(1))
    sidecar = {
        "repository": "nas-dc1",
        "observed_at": "2026-11-23T13:00:00+08:00",
        "complete": True,
        "exit_code": 0,
        "simulated": True,
        "by": "forger",
        "method": "pull",
    }
    (tmp_path / "in" / "a.ndjson.envelope.json").write_text(json.dumps(sidecar))
    done = take_in(store, file.parent, repository="nas-dc1")
    assert done.refused == []
    assert (done.files, done.new) == (1, 1)
    (envelope,) = envelopes(store)
    assert envelope == {
        "tool": "interchange",
        "repository": "nas-dc1",
        "observed_at": "2026-11-23T05:00:00Z",
        "complete": True,
        "exit_code": 0,
        "simulated": True,
        "name": "a.ndjson",
        "method": "upload",
        "by": "tester",
    }


def test_command_and_sidecar_may_not_contradict_each_other(store: Store, tmp_path: Path, points: Points, take_in: TakeIn) -> None:
    for name in ("a.ndjson", "b.ndjson"):
        (tmp_path / name).write_text(points(1))
    (tmp_path / "a.ndjson.envelope.json").write_text('{"repository": "other"}')
    done = take_in(store, tmp_path / "a.ndjson", tmp_path / "b.ndjson", repository="nas-dc1")
    assert [str(fault) for fault in done.refused] == [
        "a.ndjson, repository: the command says nas-dc1, the sidecar other (leave one of them out)"
    ]
    assert done.new == 1


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("{", ["cannot be read"]),
        ("[]", ["is not a JSON object"]),
        (
            '{"sourc": "x", "scpe": "y"}',
            ["unknown key `sourc`, did you mean `source`?", "unknown key `scpe`, did you mean `scope`?"],
        ),
        ('{"observed_at": "2026-11-23 06:00"}', ["has no time zone"]),
        ('{"observed_at": 5}', ["5 is not a time"]),
        ('{"complete": "yes"}', ["'yes' is not true or false"]),
        ('{"exit_code": true}', ["True is not a whole number"]),
        ('{"repository": ""}', ["is empty; leave the key out"]),
        ('{"tool": "no-such-tool"}', ["there is no tool 'no-such-tool'"]),
        ('{"timezone": "Mars/Olympus"}', ["there is no time zone 'Mars/Olympus'"]),
    ],
)
def test_a_wrong_sidecar_keeps_its_file_out_and_says_why(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn, text: str, faults: list[str]
) -> None:
    (tmp_path / "a.ndjson").write_text(points(1))
    (tmp_path / "a.ndjson.envelope.json").write_text(text)
    done = take_in(store, tmp_path / "a.ndjson")
    assert len(done.refused) == len(faults)
    for fault, what in zip(done.refused, faults, strict=True):
        assert what in str(fault)
        assert fault.where == "a.ndjson.envelope.json"
    assert store.head() == 0


def test_a_sidecar_without_its_file_and_a_missing_file_are_named(store: Store, tmp_path: Path, take_in: TakeIn) -> None:
    (tmp_path / "a.ndjson.envelope.json").write_text("{}")
    os.mkfifo(tmp_path / "pipe")
    done = take_in(store, tmp_path / "a.ndjson.envelope.json", tmp_path / "nothing", tmp_path / "pipe")
    assert [fault.what for fault in done.refused] == [
        "tells of a.ndjson, which is not there",
        "there is no such file or folder",
        "is neither a file nor a folder",
    ]


@pytest.mark.parametrize(
    ("payload", "hint"),
    [
        (b"", "empty"),
        (b"\x1f\x8b\x08\x00" + b"x" * 50, "gzip"),
        (b"\0" * 100, "NUL"),
        ('{"record": "run"}\n'.encode("utf-16"), "UTF-16"),
        (b"what a lovely day\n", ""),
    ],
)
def test_what_nobody_recognises_is_kept_shown_and_does_not_stop_the_others(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn, payload: bytes, hint: str
) -> None:
    (tmp_path / "a.bin").write_bytes(payload)
    (tmp_path / "b.ndjson").write_text(points(2))
    done = take_in(store, tmp_path / "a.bin", tmp_path / "b.ndjson")
    assert (done.new, done.points, done.quarantined) == (2, 2, 1)
    assert len(done.unrecognised) == 1
    assert hint in str(done.unrecognised[0])
    entry = next(store.journal.entries())
    assert entry.body["envelope"]["tool"] == "unrecognised"
    assert store.vault.get(entry.body["sha256"]) == payload
    quarantined = store.catalog.quarantine(2)
    assert quarantined["entry"].to_list() == [1]
    assert quarantined["where"].to_list() == ["a.bin"]
    assert quarantined["what"].to_list() == [done.unrecognised[0].what]
    assert verify(store).broken == []


def test_a_payload_that_several_claim_is_of_the_tool_of_its_source(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_registry.tools()["restic"], _registry.tools()["kopia"]):
        monkeypatch.setattr(module, "identify", lambda name, head: True)
    declare(nas=("interchange", None), laptop=("kopia", None))
    (tmp_path / "a.ndjson").write_text(points(1))
    done = take_in(store, tmp_path / "a.ndjson")
    assert "could be of several tools: interchange, kopia, restic" in str(done.unrecognised[0])
    done = take_in(store, tmp_path / "a.ndjson", source="nas")
    assert (done.unrecognised, done.points) == ([], 1)
    assert envelopes(store)[-1]["tool"] == "interchange"


def test_a_payload_that_the_tool_of_its_source_does_not_claim_is_of_the_one_that_does(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn, declare: Declare
) -> None:
    declare(nas=("restic", None))
    (tmp_path / "a.ndjson").write_text(points(1))
    assert take_in(store, tmp_path / "a.ndjson", source="nas").points == 1
    assert envelopes(store)[-1]["tool"] == "interchange"


def test_without_a_programme_any_source_is_taken_with_a_warning(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn
) -> None:
    (tmp_path / "a.ndjson").write_text(points(1))
    done = take_in(store, tmp_path / "a.ndjson", source="anything")
    assert done.new == 1
    assert done.warnings == ["no programme is applied yet: source names and time zones cannot be checked (backup-audit apply DIR)"]


def test_a_source_that_no_programme_declares_is_refused(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn, declare: Declare
) -> None:
    declare(nas=("interchange", None), tape=("interchange", None))
    (tmp_path / "a.ndjson").write_text(points(1))
    with pytest.raises(UsageError) as raised:
        take_in(store, tmp_path / "a.ndjson", source="nsa")
    assert [str(fault) for fault in raised.value.faults] == ["--source: there is no source 'nsa' (did you mean nas?)"]
    with pytest.raises(UsageError) as raised:
        take_in(store, tmp_path / "a.ndjson", tool="interchagne", timezone="Nowhere", observed_at=datetime(2026, 1, 1))
    assert [fault.where for fault in raised.value.faults] == ["--tool", "--timezone", "--observed-at"]
    (tmp_path / "a.ndjson.envelope.json").write_text('{"source": "tpae"}')
    assert [str(fault) for fault in take_in(store, tmp_path / "a.ndjson").refused] == [
        "a.ndjson: there is no source 'tpae' (did you mean tape?)"
    ]
    assert store.head() == 0
    assert list(store.vault.iter()) == []


def test_the_zone_of_the_source_is_written_into_the_envelope(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn, declare: Declare
) -> None:
    declare(nas=("interchange", "Asia/Shanghai"))
    (tmp_path / "a.ndjson").write_text(points(1))
    take_in(store, tmp_path / "a.ndjson", source="nas")
    take_in(store, tmp_path / "a.ndjson", source="nas", timezone="Asia/Tokyo")
    assert [envelope["timezone"] for envelope in envelopes(store)] == ["Asia/Shanghai", "Asia/Tokyo"]


SNAPSHOT = [
    {
        "time": "2026-11-23T14:00:00.123456789+08:00",
        "tree": "0" * 64,
        "paths": ["/srv"],
        "hostname": "fs-01",
        "id": "ab" * 32,
        "short_id": "abababab",
    }
]


def test_the_only_source_of_a_tool_needs_no_naming(store: Store, tmp_path: Path, take_in: TakeIn, declare: Declare) -> None:
    (tmp_path / "snapshots.json").write_text(json.dumps(SNAPSHOT))
    refused = take_in(store, tmp_path / "snapshots.json", repository="r").refused
    assert [(fault.what, fault.remedy) for fault in refused] == [
        ("no source with the tool restic is declared", "say which with --source")
    ]
    declare(one=("restic", "Asia/Shanghai"), other=("interchange", None))
    done = take_in(store, tmp_path / "snapshots.json", repository="r")
    assert (done.new, done.points, done.refused) == (1, 1, [])
    assert envelopes(store)[0]["source"] == "one"
    assert envelopes(store)[0]["timezone"] == "Asia/Shanghai"


def test_several_sources_of_a_tool_are_listed(store: Store, tmp_path: Path, take_in: TakeIn, declare: Declare) -> None:
    declare(one=("restic", None), two=("restic", None), three=("interchange", None))
    (tmp_path / "snapshots.json").write_text(json.dumps(SNAPSHOT))
    done = take_in(store, tmp_path / "snapshots.json", repository="r")
    assert [str(fault) for fault in done.refused] == [
        "snapshots.json: several sources have the tool restic (say which with --source: one, two)"
    ]
    assert store.head() == 0
    done = take_in(store, tmp_path / "snapshots.json", tmp_path / "snapshots.json", repository="r", source="three")
    assert done.warnings == [
        "source three is declared with the tool interchange, and was given payloads of restic",
        "repository 'r' is not declared in the programme",
    ]
    assert (done.new, done.known, done.refused) == (1, 1, [])


def test_undeclared_names_in_rows_and_times_to_come_are_told(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn, declare: Declare
) -> None:
    declare(other=("interchange", None))
    (tmp_path / "a.ndjson").write_text(points(2))
    done = take_in(store, tmp_path / "a.ndjson", now=datetime(2026, 1, 1, 1, tzinfo=UTC))
    assert done.warnings == [
        "source 'nas' is not declared in the programme",
        "repository 'nas-dc1' is not declared in the programme",
    ]
    assert (done.quarantined, done.noted) == (0, 0)  # an hour ahead may be a clock
    (tmp_path / "a.ndjson").write_text(points(2) + "\n")
    done = take_in(store, tmp_path / "a.ndjson", now=datetime(2025, 12, 31, 22, 58, tzinfo=UTC))
    assert (done.points, done.quarantined, done.noted) == (2, 0, 2)
    assert [(fault.key, fault.level) for fault in done.faults] == [("captured_at", "warning"), ("available_at", "warning")]
    assert done.faults[0].what.startswith("2 recovery point(s) with a time after the payload was received (2025-12-31T22:58:00Z)")


def test_many_payloads_are_entered_in_order(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.steps.ingest.BATCH", 3)
    for n in range(8):
        (tmp_path / f"{n}.ndjson").write_text(points(1, subject=f"s{n}"))
    (tmp_path / "7.ndjson.envelope.json").write_text("[]")  # the last one is refused: the batch before it is written all the same
    done = take_in(store, *(tmp_path / f"{n}.ndjson" for n in range(8)))
    assert [envelope["name"] for envelope in envelopes(store)] == [f"{n}.ndjson" for n in range(7)]
    assert (done.new, len(done.refused), done.points) == (7, 1, 7)


def test_a_full_disk_is_a_message_and_nothing_half_written_counts(
    store: Store, tmp_path: Path, points: Points, take_in: TakeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit.evidence import vault

    (tmp_path / "a.ndjson").write_text(points(1))
    (tmp_path / "b.ndjson").write_text(points(1, subject="b"))
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(vault.os, "fsync", full)
    with pytest.raises(DataFolderError, match="No space left on device"):
        take_in(store, tmp_path / "a.ndjson", tmp_path / "b.ndjson")
    monkeypatch.undo()
    assert store.head() == 0
    result = verify(store)
    assert result.broken == []
    assert result.notes == [
        "1 payload(s) in the vault are named by no entry: an ingest or an act was stopped before it wrote the journal"
    ]
    done = take_in(store, tmp_path / "a.ndjson", tmp_path / "b.ndjson")
    assert (done.new, done.points) == (2, 2)
    assert verify(store).notes == []


def _one_of_two(data: Path, folder: Path, by: str) -> None:
    store = open_store(data)
    ingest(store, gather([folder]), {}, now=OBSERVED, by=by)
    store.close()


@pytest.mark.heavy
def test_two_processes_that_ingest_at_once_lose_and_double_nothing(data: Path, tmp_path: Path, points: Points) -> None:
    for n in range(12):
        folder = tmp_path / ("both" if n % 3 == 0 else f"only{n % 3}")
        folder.mkdir(exist_ok=True)
        (folder / f"{n}.ndjson").write_text(points(5, subject=f"s{n}"))
    for who in (1, 2):
        (tmp_path / f"only{who}" / "both").symlink_to(tmp_path / "both")  # folders behind links are not followed
    spawn = multiprocessing.get_context("spawn")
    work = [(data, tmp_path / name, name) for name in ("only1", "only2", "both", "both")]
    processes = [spawn.Process(target=_one_of_two, args=args) for args in work]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    store = open_store(data)
    assert store.head() == store.catalog.mark() == 12
    tellings = store.catalog.tellings(12).collect()
    assert sorted(tellings["id"]) == sorted(f"s{n}-{k}" for n in range(12) for k in range(5))
    assert sorted(store.catalog.payloads(12)["entry"]) == list(range(1, 13))
    assert verify(store).broken == []
    store.close()


def test_nothing_given_is_nothing_done(store: Store) -> None:
    done = ingest(store, Gathered([], 0, []), {}, now=OBSERVED, by="")
    assert (done.files, done.new, done.points) == (0, 0, 0)
    assert store.head() == 0
