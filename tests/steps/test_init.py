"""init, and opening what it made."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import __version__
from audit.errors import DataFolderError
from audit.register.schema import NEWEST, revision
from audit.settings import DataFolder, origin_of
from audit.steps._open import open_store
from audit.steps.init import init


@pytest.mark.sqlite
def test_a_new_data_folder_has_all_its_parts(tmp_path: Path) -> None:
    folder, new = init(tmp_path / "deep" / "data", "Example Ltd")
    assert new
    assert sorted(path.name for path in folder.path.iterdir()) == ["catalog", "config.yaml", "keys", "register.sqlite", "vault"]
    assert (folder.path / "config.yaml").read_text().splitlines()[1:] == [
        "format: 1",
        "organisation: Example Ltd",
        "origin: backup-audit/example-ltd",
    ]
    store = open_store(folder.path)
    assert store.folder == folder
    assert store.head() == store.catalog.mark() == 0
    assert revision(store.journal.engine) == NEWEST
    assert store.checkpoint() is None
    store.close()


def test_an_existing_data_folder_stays_as_it_is(data: Path) -> None:
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    folder, new = init(data)
    assert not new
    assert folder.organisation == "Example Ltd"
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
    with pytest.raises(DataFolderError, match="is the data folder of 'Example Ltd' already"):
        init(data, "Another")


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DataFolderError, match=r"holds other files \(thesis\.txt\)"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(DataFolderError, match="is a file, not a folder"):
        init(tmp_path / "thesis.txt")


def test_an_init_that_was_stopped_can_be_run_again(data: Path) -> None:
    key = (data / "keys" / "checkpoint.key").read_bytes()
    (data / "config.yaml").unlink()
    with pytest.raises(DataFolderError, match=r"is not a data folder \(it has no config\.yaml\)"):
        open_store(data)
    assert init(data, "Example Ltd")[1]
    assert (data / "keys" / "checkpoint.key").read_bytes() == key
    open_store(data).close()


def test_a_missing_data_folder_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match=r"there is no data folder .*nowhere: make one with `backup-audit init`"):
        open_store(tmp_path / "nowhere")


def test_a_data_folder_of_a_newer_version_is_refused_with_both_versions(data: Path) -> None:
    config = data / "config.yaml"
    config.write_text(config.read_text().replace("format: 1", "format: 7"))
    with pytest.raises(DataFolderError, match=rf"of format 7; backup-audit {__version__} knows formats up to 1"):
        open_store(data)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("format: [", "cannot be read"),
        ("", "does not say `format: <number>`"),
        ("format: one", "does not say `format: <number>`"),
        ("format: 1\norganisation: x\n", "must say `organisation` and `origin`"),
        ("format: 1\norganisation: x\norigin: a b\n", "must say `organisation` and `origin`"),
    ],
)
def test_a_wrong_configuration_is_refused(data: Path, text: str, why: str) -> None:
    (data / "config.yaml").write_text(text)
    with pytest.raises(DataFolderError, match=why):
        DataFolder.open(data)


@pytest.mark.sqlite
def test_a_lost_register_is_not_made_anew(data: Path) -> None:
    (data / "register.sqlite").unlink()
    with pytest.raises(DataFolderError, match=r"register\.sqlite is missing: bring it back"):
        open_store(data)
    assert not (data / "register.sqlite").exists()


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("Example Ltd", "backup-audit/example-ltd"),
        ("示例 公司", "backup-audit/示例-公司"),
        ("A+B, Inc.", "backup-audit/a-b-inc"),
        ("!!!", "backup-audit/log"),
    ],
)
def test_the_log_is_named_after_the_organisation(name: str, origin: str) -> None:
    assert origin_of(name) == origin


def test_the_folder_names_an_organisation_that_did_not_say_its_name(tmp_path: Path) -> None:
    assert init(tmp_path / "Acme Audit")[0].origin == "backup-audit/acme-audit"
