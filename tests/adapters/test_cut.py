"""What one command printed, cut off anywhere: no run of it ends better than the whole text says, and none ends well before the text says so.

Some tools have no word for their end (`END` has none of them): there the exit code tells, and only of a text that is not cut in the midst of a line.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden
from tests.adapters.test_whole import SEEN, claimed

TOOLS = ("barman", "borgbackup", "btrfs-snapper", "mydumper", "pg-basebackup", "restic", "zfs-sanoid")
END = {
    ("barman", "backup"): r"Backup completed \(",
    ("barman", "restore"): r"Recovery completed \(",
    ("barman", "verify"): r"backup successfully verified",
    ("barman", "prune"): r"Deleted backup \S+ \(start time: .*, elapsed",
    ("borgbackup", "backup"): r"terminating with \w+ status, rc \d|^Number of files: \d|^\}$",
    ("borgbackup", "verify"): r"terminating with \w+ status, rc \d|Archive consistency check complete, no problems found",
    ("borgbackup", "prune"): r"terminating with \w+ status, rc \d",
    ("borgbackup", "restore"): r"terminating with \w+ status, rc \d",
    ("btrfs-snapper", "verify"): r"^Error summary: +no errors found",
    ("btrfs-snapper", "copy"): r"^At (?:subvol|snapshot) .*\n(?:.*\n)*At (?:subvol|snapshot) ",
    ("btrfs-snapper", "backup"): r"^Create a readonly snapshot of '.*' in '.*'",
    ("btrfs-snapper", "prune"): r"^Delete subvolume .*'$",
    ("mydumper", "backup"): r"Finished dump at: \S+ \d\d:\d\d:\d\d|^-- Dump completed",
    ("mydumper", "restore"): r"(?s)4 threads created(?:.*Thread \d shutting down){4}",
    ("pg-basebackup", "verify"): r"^backup successfully verified$",
    ("restic", "backup"): r'"message_type": ?"summary"',
    ("restic", "verify"): r"^no errors were found$",
    ("restic", "restore"): r"^finished verifying \d+ files",
    ("restic", "prune"): r"^done$|^\[\{.*\}\]$",
    ("zfs-sanoid", "backup"): r"taking snapshot .*\n.",
}
"""How each tool says that it was completed. sanoid complains of a snapshot in the next line, or not at all."""
BASEBACKUP = r"^pg_basebackup: base backup completed$"
RANK = {"success": 2, "warning": 1}
MOST = 12
"""Of a long text so many beginnings are tried."""


def of_commands() -> list[Path]:
    """The samples of these tools that hold runs."""
    return [
        path
        for path in golden.samples()
        if path.parent.name in TOOLS and not read(path, path.read_bytes(), envelope(path)).runs.is_empty()
    ]


@cache
def envelope(path: Path) -> Envelope:
    return claimed(path)


def read(path: Path, raw: bytes, told: Envelope) -> Facts:
    try:
        return _registry.read(path.parent.name, raw, told)
    except InputError:
        return Facts()


def ends(raw: bytes) -> list[int]:
    """Where a text is cut: at the ends of its lines, and somewhere in them."""
    random_ = Random(len(raw))
    lines = [at + 1 for at, byte in enumerate(raw) if byte == ord("\n")]
    lines = lines if len(lines) <= MOST else sorted(random_.sample(lines, MOST))
    inside = [random_.randrange(1, len(raw)) for _ in range(MOST)] + [end - random_.randint(1, 12) for end in lines[-MOST:]]
    return sorted({end for end in (*lines, *inside) if 0 < end < len(raw)})


def end_of(path: Path, kind: str) -> str | None:
    if path.parent.name == "pg-basebackup" and path.name.startswith("pg_basebackup"):
        return BASEBACKUP
    if path.suffix == ".stderr" and "--show-rc" not in (envelope(path).command or ""):
        return None  # what stands there are complaints; the end is on stdout
    return END.get((path.parent.name, kind))


CASES = [(path, code) for path in of_commands() for code in dict.fromkeys([envelope(path).exit_code, 0, None])]


@pytest.mark.parametrize(("path", "code"), CASES, ids=[f"{path.parent.name}/{path.name}-{code}" for path, code in CASES])
def test_no_run_ends_well_before_its_text_says_so(path: Path, code: int | None) -> None:
    raw, told = path.read_bytes(), replace(envelope(path), exit_code=code)
    whole = read(path, raw, told).runs
    for end in ends(raw):
        part = raw[:end]
        facts = read(path, part, told)
        assert not facts.listings["complete"].any()
        for run in facts.runs.filter(facts.runs["outcome"].is_in(list(RANK))).to_dicts():
            same = whole.filter(whole["id"] == run["id"])
            [other] = (same if same.height else whole.filter(whole["kind"] == run["kind"])).to_dicts()
            where = (end, part[-80:], run)
            said = end_of(path, run["kind"])
            # Without a word for the end, a 0 of a command that failed (as a pipe gives it) cannot be seen through.
            if said is not None or code == envelope(path).exit_code:
                assert RANK[run["outcome"]] <= RANK.get(other["outcome"], 0), where
            if said is None:
                assert part.endswith(b"\n"), where
                assert run["outcome"] == "warning" or told.exit_code == 0, where
            else:
                assert re.search(said, part.decode(errors="replace"), re.MULTILINE), where


RESTORING = "restoring snapshot 150a0044 of [/srv] at 2026-11-23 13:52:01 +0800 CST by root@fs to /t\n"
BACKING_UP = "repository 5a1f0a5e opened (version 2, compression level auto)\nstart backup on [/srv]\n"
MADE = "Files:           1 new,     0 changed,     0 unmodified\nprocessed 1 files, 5 B in 0:00\nsnapshot 150a0044 saved\n"
STARTED = "Starting backup using postgres method for server pg in /b/pg/base/20261123T141108\n"
COMPLETED = "Backup completed (start time: 2026-11-23 14:11:08.651143, elapsed time: 7 seconds)\n"
LSN = "Backup end at LSN: 0/4000000 (000000010000000000000003, 00000000)\n"
ARCHIVED = "Processing xlog segments from streaming for pg\n\t0000000100000000000000{}\n"


@pytest.mark.parametrize(
    ("tool", "command", "text", "outcome"),
    [
        ("restic", "restic restore latest --target /t", RESTORING + "Summary: Restored 5 files/dirs (13 B) in 0:00\n", "success"),
        ("restic", "restic restore latest --target /t", RESTORING, "running"),
        ("restic", "restic restore latest --target /t", RESTORING.replace("snapshot 150a0044", "<Snapshot 150a0044"), "success"),
        (
            "restic",
            "restic restore latest --target /t --verify",
            RESTORING.replace("snapshot 150a0044", "<Snapshot 150a0044"),
            "running",
        ),
        ("restic", "restic backup /srv", BACKING_UP + MADE, "success"),
        ("restic", "restic backup /srv", BACKING_UP, "running"),
        ("restic", "restic backup /srv", "Fatal: wrong password or no key found\n", "failed"),
        ("restic", "restic check", f"pack {'a' * 64}: unexpected file size\n", "failed"),
        ("restic", "restic check", "check all packs\n", "running"),
        ("borgbackup", "borg create /r::a /srv", 'Creating archive at "/r::a"\n', "success"),
        ("borgbackup", "borg create --show-rc /r::a /srv", 'Creating archive at "/r::a"\n', "running"),
        ("borgbackup", "borg create --json /r::a /srv", '{"archive": {"id": "', "running"),
        (
            "borgbackup",
            "borg create /r::a /srv",
            '{"type": "log_message", "message": "x", "levelname": "ERROR", "name": "b"}\n',
            "failed",
        ),
        ("btrfs-snapper", "btrfs send -f /t /a", "At subvol /a\n", "success"),
        ("btrfs-snapper", "sh -c 'btrfs send /a | btrfs receive /b'", "At subvol /a\n", "running"),
        ("btrfs-snapper", "sh -c 'btrfs send /a | btrfs receive -q /b'", "At subvol /a\n", "success"),
        ("btrfs-snapper", "sh -c 'btrfs send /a | ssh nas btrfs receive /b'", "At subvol /a\nAt subvol a\n", "success"),
        ("mydumper", "myloader -d /b", "** (myloader:1): WARNING **: 14:19:17.950: x\n", "failed"),
        ("mydumper", "myloader -d /b -v 3", "** Message: 14:19:17.979: Creating table `a`.`b`\n", "success"),
        (
            "zfs-sanoid",
            "syncoid a b",
            "NEWEST SNAPSHOT: x\nINFO: no snapshots on source newer than x on target. Nothing to do, not syncing.\n",
            "success",
        ),
        ("zfs-sanoid", "syncoid a b", "NEWEST SNAPSHOT: x\n", "running"),
        ("barman", "barman backup pg", STARTED + COMPLETED, "success"),
        ("barman", "barman backup pg", STARTED + LSN + COMPLETED + ARCHIVED.format("03"), "success"),
        ("barman", "barman backup pg", STARTED + LSN + COMPLETED + ARCHIVED.format("02"), "warning"),
    ],
)
def test_what_shows_that_a_command_with_exit_code_0_was_completed(tool: str, command: str, text: str, outcome: str) -> None:
    told = Envelope(tool=tool, name="x", source="s", repository="r", timezone="UTC", command=command, exit_code=0)
    [run] = _registry.read(tool, text.encode(), replace(told, started_at=SEEN, finished_at=SEEN)).runs.to_dicts()
    assert run["outcome"] == outcome
    assert (run["finished_at"] is None) == (outcome in ("running", "warning"))
    assert bool(run["message"]) or outcome == "success"
