"""restic itself: backups, a missing source, a check, a restore and a prune, each run by the connector `command` and pulled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.live.living import Living

PASSWORD = "correct horse battery staple"
COMMANDS = ("full", "changed", "one missing", "nothing there", "list", "check", "restore", "forget", "list again")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run everything once; return what was done and what the evidence says of it."""
    folder = tmp_path_factory.mktemp("restic")
    (folder / "password").write_text(PASSWORD + "\n")
    place = {"RESTIC_REPOSITORY": str(folder / "repository"), "RESTIC_CACHE_DIR": str(folder / "cache")}
    assert shutil.which("restic"), "install restic (scripts/system-packages.sh)"
    restic = {**os.environ, **place, "RESTIC_PASSWORD": PASSWORD}
    subprocess.run(["restic", "init"], env=restic, check=True, capture_output=True)
    source = folder / "src"
    source.mkdir()
    (source / "a.bin").write_bytes(os.urandom(100_000))
    (source / "b.txt").write_text("one")
    living = Living(folder, "restic", "Asia/Shanghai", {**place, "RESTIC_PASSWORD": {"file": str(folder / "password")}})
    backup = ("restic", "backup", "--json", "--host", "fs01")
    said = [living.pull(*backup, source)]
    (source / "b.txt").write_text("two")
    said.append(living.pull(*backup, source))
    said.append(living.pull(*backup, source, folder / "missing"))
    said.append(living.pull(*backup, folder / "missing"))
    said.append(living.pull("restic", "snapshots", "--json", complete=True))
    listed = json.loads(subprocess.run(["restic", "snapshots", "--json"], env=restic, check=True, capture_output=True).stdout)
    said.append(living.pull("restic", "check", "--read-data"))
    said.append(living.pull("restic", "restore", listed[1]["id"], "--target", folder / "out"))
    said.append(living.pull("restic", "forget", "--json", "--keep-last", "1", "--group-by", "host", "--prune"))
    said.append(living.pull("restic", "snapshots", "--json", complete=True))
    left = json.loads(subprocess.run(["restic", "snapshots", "--json"], env=restic, check=True, capture_output=True).stdout)
    facts = {kind: living.facts(kind) for kind in ("recovery_point", "listing")}
    return {
        "living": living, "said": dict(zip(COMMANDS, said, strict=True)), "source": source, "folder": folder, "listed": listed, "left": left,
        "runs": living.runs(), **facts,
    }  # fmt: skip


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("live-restic")]


def test_each_command_gave_its_facts(told):
    assert told["said"] == {
        "full": "1 payload(s), 1 new: 0 recovery point(s), 1 run(s), 0 listing(s)",
        "changed": "1 payload(s), 1 new: 0 recovery point(s), 1 run(s), 0 listing(s)",
        "one missing": "2 payload(s), 2 new: 0 recovery point(s), 2 run(s), 0 listing(s)",
        "nothing there": "1 payload(s), 1 new: 0 recovery point(s), 1 run(s), 0 listing(s)",
        "list": "1 payload(s), 1 new: 3 recovery point(s), 0 run(s), 1 listing(s)",
        "check": "1 payload(s), 1 new: 0 recovery point(s), 1 run(s), 0 listing(s)",
        "restore": "1 payload(s), 1 new: 0 recovery point(s), 1 run(s), 0 listing(s)",
        "forget": "1 payload(s), 1 new: 3 recovery point(s), 1 run(s), 1 listing(s)",
        "list again": "1 payload(s), 1 new: 1 recovery point(s), 0 run(s), 1 listing(s)",
    }


def test_the_recovery_points_are_the_snapshots_that_restic_has(told):
    by_id = {point["id"]: point for point in told["recovery_point"]}
    assert by_id.keys() == {snapshot["id"] for snapshot in told["listed"]}
    points = [by_id[snapshot["id"]] for snapshot in told["listed"]]
    assert {point["subject"] for point in points} == {f"fs01:{told['source']}"}
    assert {(point["source"], point["repository"], point["method"], point["encrypted"], point["basis"]) for point in points} == {
        ("tool", "nas", "snapshot", "yes", "catalog")
    }
    for point, snapshot in zip(points, told["listed"], strict=True):
        assert abs((at(point["captured_at"]) - at(snapshot["time"])).total_seconds()) < 1e-3


def test_what_forget_removed_is_deleted_and_what_it_kept_is_not(told):
    (kept,) = told["left"]
    prune = next(run for run in told["runs"] if run["kind"] == "prune")
    deleted = {point["id"]: point["deleted_at"] for point in told["recovery_point"]}
    assert deleted.pop(kept["id"]) is None
    assert len(deleted) == 2
    assert {at(when) for when in deleted.values()} == {at(prune["finished_at"])}
    assert [(listing["complete"], listing["repository"]) for listing in told["listing"]] == [
        (True, "nas"),
        (False, "nas"),
        (True, "nas"),
    ]


def test_how_each_run_ended(told):
    runs = told["runs"]
    source, missing = told["source"], told["folder"] / "missing"
    assert [(run["kind"], run["outcome"], run["coverage"]) for run in runs] == [
        ("backup", "success", None),
        ("backup", "success", None),
        ("backup", "warning", "partial"),  # restic leaves out a source that is not there, and exits with 0: only stderr tells
        ("backup", "failed", "partial"),
        ("verify", "success", "full"),
        ("restore", "success", "full"),
        ("prune", "success", None),
    ]
    assert [run["subject"] for run in runs[:4]] == [
        f"fs01:{source}",
        f"fs01:{source}",
        f"fs01:{missing},{source}",
        f"fs01:{missing}",
    ]
    assert [run["recovery_point"] for run in runs[:4]] == [*(snapshot["id"][:8] for snapshot in told["listed"]), None]
    assert runs[3]["message"] == "all target directories/files do not exist"
    assert runs[5]["recovery_point"] == told["listed"][1]["id"][:8]
    assert runs[6]["message"] == "2 snapshots removed, 1 kept"
    assert all(run["started_at"] < run["finished_at"] for run in runs)


def test_what_was_restored_is_what_was_backed_up(told):
    out = told["folder"] / "out" / Path(*told["source"].parts[1:])
    assert (out / "b.txt").read_text() == "two"
    assert (out / "a.bin").read_bytes() == (told["source"] / "a.bin").read_bytes()


def test_the_password_is_nowhere_and_nothing_is_in_quarantine(told):
    assert told["living"].holds(PASSWORD) == []
    assert told["living"].session.fine("quarantine").out == "0 rows in quarantine or in doubt\n"
