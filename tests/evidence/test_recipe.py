"""The recipes of docs/evidence-format.md, run as printed there, on a whole and on a broken data folder.

Nothing of ours takes part in the checking.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.steps._open import Store, open_store
from audit.steps._payloads import gather
from audit.steps.ingest import ingest
from audit.steps.init import init

pytestmark = pytest.mark.sqlite

PAGE = Path(__file__).parents[2] / "docs" / "evidence-format.md"


def recipe(name: str) -> str:
    found = re.search(rf"```\w+\n# recipe: {name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Five payloads that no adapter knows, taken in by threes: checkpoints over 3 and 5 entries."""
    for tool in ("zstd", "openssl", "sqlite3"):
        assert shutil.which(tool), f"the recipes of the documentation need {tool}: make test installs it"
    init(tmp_path / "data", "Example Ltd")
    store = open_store(tmp_path / "data")
    for n in range(5):
        (tmp_path / f"{n}.txt").write_text(f"payload {n}, with an umlaut ü\n")
    for names in ("012", "34"):
        ingest(
            store,
            gather(tmp_path / f"{n}.txt" for n in names),
            {"source": "nas"},
            now=datetime(2026, 1, 1, tzinfo=UTC),
            by="tester",
        )
    return store


def check(store: Store, *kept: Path) -> subprocess.CompletedProcess[str]:
    script = store.folder.path.parent / "check.py"
    script.write_text(recipe("everything"))
    arguments = [sys.executable, "-I", str(script), str(store.folder.path), *map(str, kept)]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=store.folder.path.parent)


def test_a_whole_data_folder_holds(store: Store, tmp_path: Path) -> None:
    done = check(store)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5 entries, 5 payloads, 2 checkpoints: everything holds\n", "")
    assert "audit" not in re.findall(r"^(?:import|from) (\w+)", recipe("everything"), re.MULTILINE)


def test_the_signature_can_be_checked_in_a_shell(store: Store, tmp_path: Path) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        environment = {"DATA": str(store.folder.path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            ["sh", "-c", recipe("signature")], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    done = run()
    assert (done.returncode, done.stdout) == (0, "Signature Verified Successfully\n")
    with sqlite3.connect(store.folder.register_path) as raw:
        raw.execute("DROP TRIGGER checkpoint_no_update")
        raw.execute("UPDATE checkpoint SET note = replace(note, 'example-ltd', 'example-inc')")
    raw.close()
    assert run().returncode == 1


def test_the_hash_of_an_entry_can_be_checked_in_a_shell(store: Store) -> None:
    command = f'sqlite3 {store.folder.register_path} "SELECT entry FROM journal WHERE number = 4" | tr -d "\\n" | sha256sum'
    entry = next(store.journal.entries(3, 4))
    assert subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.split()[0] == entry.hash


def test_what_is_broken_is_named(store: Store, tmp_path: Path) -> None:
    kept = tmp_path / "kept.checkpoint"
    with sqlite3.connect(store.folder.register_path) as raw:
        kept.write_text(raw.execute("SELECT note FROM checkpoint WHERE serial = 1").fetchone()[0])
        raw.execute("DROP TRIGGER journal_no_update")
        raw.execute("UPDATE journal SET entry = replace(entry, '1.txt', '9.txt') WHERE number = 2")
    raw.close()
    assert check(store, kept).stdout == (
        "5 entries, 5 payloads, 3 checkpoints: entry 2, checkpoint of 3 entries, checkpoint of 5 entries, checkpoint of 3 entries\n"
    )
    sha256 = next(store.journal.entries(4, 5)).body["sha256"]
    store.vault.file(sha256).unlink()
    done = check(store)
    assert done.returncode == 1
    assert (
        done.stdout
        == f"5 entries, 5 payloads, 2 checkpoints: entry 2, payload {sha256}, checkpoint of 3 entries, checkpoint of 5 entries\n"
    )
