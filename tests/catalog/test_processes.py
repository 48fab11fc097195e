"""Several processes at one catalog, some of them killed: every entry is in it once."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from audit.catalog.catalog import Catalog
from tests.catalog.histories import Memory
from tests.catalog.writer import ENTRIES, catch_up, journal

ROOT = Path(__file__).parents[2]


def started(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.catalog.writer", str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def assert_whole(path: Path) -> None:
    catalog, memory = Catalog(path), Memory()
    memory.apply(journal(), ENTRIES)
    assert catalog.mark() == ENTRIES
    found = {
        "recovery_points": catalog.tellings(ENTRIES).collect(),
        "runs": catalog.runs(ENTRIES).collect(),
        "listings": catalog.listings(ENTRIES),
        "payloads": catalog.payloads(ENTRIES),
        "quarantine": catalog.quarantine(ENTRIES),
    }
    for name, rows in found.items():
        assert sorted(map(repr, rows.rows())) == sorted(map(repr, memory.tables[name].rows())), name
    assert found["recovery_points"].height > 200


@pytest.mark.slow
def test_killed_writers_lose_and_double_nothing(tmp_path: Path) -> None:
    random, kills = Random(5), 0
    for _ in range(8):
        process = started(tmp_path)
        time.sleep(random.uniform(0.05, 0.6))
        kills += process.poll() is None
        process.kill()
        process.communicate()
    assert kills >= 3
    catch_up(Catalog(tmp_path))
    assert_whole(tmp_path)


@pytest.mark.slow
def test_two_writers_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    writers = [started(tmp_path) for _ in range(2)]
    outcomes = [(process.communicate()[1], process.returncode) for process in writers]
    assert outcomes == [("", 0), ("", 0)]
    assert_whole(tmp_path)
