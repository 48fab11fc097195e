"""borg itself: backups, missing sources, a check, a restore and a prune, each run by the connector `command` and pulled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.live.living import Living

PASSPHRASE = "correct horse battery staple"
ZONE = "Asia/Shanghai"
COMMANDS = (
    "full",
    "changed",
    "one missing",
    "nothing there",
    "no repository",
    "list",
    "info",
    "check",
    "extract",
    "prune",
    "compact",
    "list again",
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run everything once; return what was done and what the evidence says of it."""
    folder = tmp_path_factory.mktemp("borg")
    (folder / "passphrase").write_text(PASSPHRASE + "\n")
    place = {"BORG_REPO": str(folder / "repository"), "BORG_BASE_DIR": str(folder / "base"), "TZ": ZONE}
    assert shutil.which("borg"), "install borgbackup (scripts/system-packages.sh)"
    borg = {**os.environ, **place, "BORG_PASSPHRASE": PASSPHRASE}
    subprocess.run(["borg", "init", "--encryption", "repokey-blake2"], env=borg, check=True, capture_output=True)
    source = folder / "src"
    source.mkdir()
    (source / "a.bin").write_bytes(os.urandom(100_000))
    (source / "b.txt").write_text("one")
    living = Living(folder, "borgbackup", ZONE, {**place, "BORG_PASSPHRASE": {"file": str(folder / "passphrase")}})
    log = ("--show-rc", "--log-json")
    create = ("borg", "create", "--json", *log)
    said = [living.pull(*create, "::files-2026-11-01T02:00:00", source)]
    (source / "b.txt").write_text("two")
    said.append(living.pull(*create, "::files-2026-11-02T02:00:00", source))
    said.append(living.pull(*create, "::files-2026-11-03T02:00:00", source, folder / "missing"))
    said.append(living.pull(*create, "::files-2026-11-04T02:00:00", folder / "missing"))
    said.append(living.pull(*create, f"{folder}/nowhere::files-2026-11-05T02:00:00", source))
    said.append(living.pull("borg", "list", "--json", complete=True))
    listed = json.loads(subprocess.run(["borg", "list", "--json"], env=borg, check=True, capture_output=True).stdout)["archives"]
    said.append(living.pull("borg", "info", "--json", "--last", "2"))
    said.append(living.pull("borg", "check", "--verify-data", *log))
    (folder / "out").mkdir()
    said.append(living.pull("borg", "extract", "-v", "--list", *log, "::files-2026-11-02T02:00:00", inside=folder / "out"))
    said.append(living.pull("borg", "prune", "--list", *log, "--keep-last", "1", "--glob-archives", "files-*"))
    said.append(living.pull("borg", "compact", *log))
    said.append(living.pull("borg", "list", "--json", complete=True))
    left = json.loads(subprocess.run(["borg", "list", "--json"], env=borg, check=True, capture_output=True).stdout)["archives"]
    facts = {kind: living.facts(kind) for kind in ("recovery_point", "listing")}
    return {
        "living": living, "said": dict(zip(COMMANDS, said, strict=True)), "source": source, "folder": folder, "listed": listed, "left": left,
        "runs": living.runs(), **facts,
    }  # fmt: skip


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("live-borg")]


def test_each_command_gave_its_facts(told):
    made = "2 payload(s), 2 new: 1 recovery point(s), 2 run(s), 0 listing(s)"
    alone = "1 payload(s), 1 new: 0 recovery point(s), 1 run(s), 0 listing(s)"
    assert told["said"] == {
        "full": made,
        "changed": made,
        "one missing": made,
        "nothing there": made,
        "no repository": alone,
        "list": "1 payload(s), 1 new: 4 recovery point(s), 0 run(s), 1 listing(s)",
        "info": "1 payload(s), 1 new: 2 recovery point(s), 0 run(s), 1 listing(s)",
        "check": alone,
        "extract": alone,
        "prune": "1 payload(s), 1 new: 4 recovery point(s), 1 run(s), 1 listing(s)",
        "compact": alone,
        "list again": "1 payload(s), 1 new: 1 recovery point(s), 0 run(s), 1 listing(s)",
    }


def test_the_recovery_points_are_the_archives_that_borg_has(told):
    by_id = {point["id"]: point for point in told["recovery_point"]}
    assert by_id.keys() == {archive["id"] for archive in told["listed"]}
    points = [by_id[archive["id"]] for archive in told["listed"]]
    assert {
        (point["subject"], point["repository"], point["method"], point["encrypted"], point["self_contained"]) for point in points
    } == {("files", "nas", "full", "yes", True)}
    # borg prints local times without a zone; the source says which it is.
    for point, archive in zip(points, told["listed"], strict=True):
        local = datetime.fromisoformat(archive["start"]).replace(tzinfo=ZoneInfo(ZONE), microsecond=0)
        assert at(point["captured_at"]) == local
    assert [point["completeness"] for point in points] == [None, None, "partial", "partial"]
    assert [point["bytes"] > 100_000 for point in points] == [True, True, True, False]


def test_what_prune_removed_is_deleted_and_what_it_kept_is_not(told):
    (kept,) = told["left"]
    prune = next(run for run in told["runs"] if "removed" in (run["message"] or ""))
    deleted = {point["id"]: point["deleted_at"] for point in told["recovery_point"]}
    assert deleted.pop(kept["id"]) is None  # the newest one, and it is empty: borg's rules do not look into archives
    assert len(deleted) == 3
    assert all(at(prune["started_at"]) <= at(when) <= at(prune["finished_at"]) for when in deleted.values())
    assert [listing["complete"] for listing in sorted(told["listing"], key=lambda listing: listing["entry"])] == [
        True,
        False,
        False,
        True,
    ]


def test_how_each_run_ended(told):
    runs = told["runs"]
    assert [(run["kind"], run["outcome"], run["coverage"]) for run in runs] == [
        ("backup", "success", None),
        ("backup", "success", None),
        ("backup", "warning", "partial"),
        ("backup", "warning", "partial"),
        ("backup", "failed", None),
        ("verify", "success", "full"),
        ("restore", "success", "full"),
        ("prune", "success", None),
        ("prune", "success", None),
    ]
    assert [run["recovery_point"] for run in runs[:5]] == [*(archive["id"] for archive in told["listed"]), None]
    assert runs[4]["message"] == f"Repository {told['folder']}/nowhere does not exist."
    assert runs[6]["message"] == "archive 'files-2026-11-02T02:00:00'"
    assert runs[7]["message"] == "3 archives removed, 1 kept"


def test_what_was_extracted_is_what_was_backed_up(told):
    out = told["folder"] / "out" / str(told["source"]).lstrip("/")
    assert (out / "b.txt").read_text() == "two"
    assert (out / "a.bin").read_bytes() == (told["source"] / "a.bin").read_bytes()


def test_the_passphrase_is_nowhere_and_nothing_is_in_quarantine(told):
    assert told["living"].holds(PASSPHRASE) == []
    assert told["living"].session.fine("quarantine").out == "0 rows in quarantine or in doubt\n"
