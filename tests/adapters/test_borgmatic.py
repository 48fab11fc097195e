"""borgmatic: what the sample's README says is true, and the traps."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

SEEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
LOCAL, REMOTE = "/backup/bm-local", "/backup/bm-remote"


def _facts(name: str) -> Facts:
    return golden.facts_of(golden.DATA / "borgmatic" / name)


def _text(name: str) -> str:
    return (golden.DATA / "borgmatic" / name).read_text()


def _read(text: str, **more: object) -> Facts:
    told = {"source": "b", "timezone": "Asia/Shanghai", "observed_at": SEEN, "complete": True} | more
    return _registry.read("borgmatic", text.encode(), Envelope(tool="borgmatic", name="x", **told))  # type: ignore[arg-type]


def _held(facts: Facts) -> dict[str, int]:
    return {repository: len(rows) for (repository,), rows in facts.points.partition_by("repository", as_dict=True).items()}


def test_each_repository_has_its_archives() -> None:
    assert _held(_facts("rlist.json")) == {LOCAL: 5, REMOTE: 4}
    assert _held(_facts("rlist-after.json")) == {LOCAL: 2, REMOTE: 2}
    facts = _facts("rlist.json")
    assert facts.listings.select("repository", "complete").rows() == [(LOCAL, True), (REMOTE, True)]
    assert set(facts.points["subject"]) == {"app-03"}
    assert not facts.faults


def test_one_repository_fails_the_other_has_its_archive() -> None:
    runs = _facts("run-5-failed-second-repo.log").runs
    assert runs.select("repository", "outcome").rows() == [(LOCAL, "warning"), (REMOTE, "failed")]


def test_a_missing_source_is_no_success_though_the_command_ends_with_0() -> None:
    runs = _facts("run-6-failed-source.log").runs
    assert runs["outcome"].to_list() == ["warning", "warning"]
    assert set(runs["message"]) == {"borg told of something that it could not read"}


def test_only_borgs_own_exit_code_makes_a_success() -> None:
    runs = _facts("borgmatic-file.log").runs
    assert runs.select("kind", "outcome").rows() == [("prune", "success"), ("backup", "success"), ("verify", "success")] * 2
    warned = _read(
        _text("borgmatic-file.log").replace("terminating with success status, rc 0", "terminating with warning status, rc 1")
    )
    assert set(warned.runs.filter(kind="backup")["outcome"]) == {"warning"}
    assert set(_facts("create-2.json").runs["outcome"]) == {"warning"}


def test_an_archive_without_data_is_partial() -> None:
    documents = json.loads(_text("create-2.json"))
    documents[1]["archive"]["stats"] |= {"nfiles": 4, "original_size": 0}
    assert _read(json.dumps(documents)).points["completeness"].to_list() == [None, "partial"]
    listed = json.loads(_text("rlist-after.json"))
    listed[0]["archives"][1]["stats"] = {"nfiles": 4, "original_size": 0}
    assert _read(json.dumps(listed)).points["completeness"].to_list() == [None, "partial", None, None]


def test_labels_and_locations() -> None:
    documents = json.loads(_text("rlist-after.json"))
    documents[0]["repository"]["label"] = "near"
    documents[1]["repository"]["location"] = "ssh://me:secret@host/./far"
    assert set(_held(_read(json.dumps(documents)))) == {"near", "ssh://host/./far"}
    assert set(_held(_read(json.dumps(documents[:1]), repository="mine"))) == {"mine"}


@pytest.mark.parametrize(
    "command", ["borgmatic rlist --json --last 1", "borgmatic list --archive x --json", "borgmatic rlist --json -P app"]
)
def test_a_part_is_not_complete(command: str) -> None:
    assert not _read(_text("rlist.json"), command=command).listings["complete"].any()


def test_a_log_that_stops_in_the_middle() -> None:
    text = _text("borgmatic-file.log")
    cut = _read(text[: text.index("Reading files cache")])
    assert cut.runs.select("kind", "outcome").rows() == [("prune", "success"), ("backup", "running")]


@pytest.mark.parametrize(
    "end",
    [
        "[2026-11-23 13:56:45,100] CRITICAL: Command 'borg create' returned non-zero exit status 2.\n",
        "[2026-11-23 13:56:45,100] CRITICAL: /etc/borgmatic/im1.yaml: Error running configuration file\n",
        "/etc/borgmatic/im1.yaml: Error running configuration file\n",
        "Need some help? https://torsion.org/borgmatic/#issues\n",
    ],
)
def test_a_log_that_ends_in_a_failure_of_borgmatic(end: str) -> None:
    text = _text("borgmatic-file.log")
    cut = _read(text[: text.index("Reading files cache")].rpartition("\n")[0] + "\n" + end)
    assert cut.runs.select("kind", "outcome").rows() == [("prune", "success"), ("backup", "failed")]


def test_another_repository_that_fails_ends_an_action_and_does_not_fail_it() -> None:
    text = f'{LOCAL}: Creating archive\nCreating archive at "{LOCAL}::app-03-2026-11-23T13:56:47"\n'
    end = f"{REMOTE}: Error running actions for repository\n/etc/borgmatic/im1.yaml: Error running configuration file\n"
    assert _read(text + end).runs.select("repository", "outcome").rows() == [(LOCAL, "warning")]


def test_a_check_that_did_not_end_before_the_next_action() -> None:
    lines = _text("run-1.log").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("Archive consistency check complete"))
    assert set(_read(text).runs.filter(kind="verify")["outcome"]) == {"failed"}


def test_a_check_that_found_problems() -> None:
    text = _text("run-1.log").replace("check complete, no problems found", "check complete, problems found")
    assert set(_read(text).runs.filter(kind="verify")["outcome"]) == {"failed"}
    assert set(_facts("run-1.log").runs.filter(kind="verify")["outcome"]) == {"success"}
    assert _facts("run-1.log").runs.filter(kind="verify").select(pl.col("coverage").is_null().all()).item()


def test_a_dry_run() -> None:
    text = _text("run-6-failed-source.log").replace("Creating archive\n", "Creating archive (dry run; not making any changes)\n")
    assert _registry.recognise("", text.encode()) == "borgmatic"
    assert _read(text).runs.is_empty()


def test_a_bad_document_leaves_the_others() -> None:
    documents = json.loads(_text("rlist-after.json"))
    facts = _read(json.dumps([documents[0], 5, {"odd": 1}]))
    assert facts.points.height == 2
    assert not facts.listings["complete"].any()
    assert len([fault for fault in facts.faults if fault.level == "error"]) == 2
