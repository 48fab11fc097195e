"""rclone: mirrors are no retained versions, and a log alone proves no success."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time
from typing import Any

import pytest

from audit.adapters import _registry
from audit.adapters.rclone import _CHECKED
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

DATA = golden.DATA / "rclone"


def sample(name: str) -> Facts:
    return golden.facts_of(DATA / name)


def read(text: str, **fields: Any) -> Facts:
    given = {"source": "s", "repository": "r", "timezone": "Asia/Shanghai", **fields}
    return _registry.read("rclone", text.encode(), Envelope(tool="rclone", name="f", **given))


def log(name: str) -> str:
    return (DATA / name).read_text()


def test_the_runs() -> None:
    names = [
        "sync-1.jsonl",
        "sync-2.jsonl",
        "check-ok.jsonl",
        "check-diff.jsonl",
        "sync-3-error.jsonl",
        "sync-4-failed-nosource.jsonl",
        "copy-restore.jsonl",
        "text.log",
    ]
    told = [sample(name).runs.select("kind", "outcome").row(0) for name in names]
    assert told == [
        ("backup", "success"),
        ("backup", "success"),
        ("verify", "success"),
        ("verify", "failed"),
        ("backup", "failed"),
        ("backup", "failed"),
        ("restore", "success"),
        ("backup", "success"),
    ]
    assert sample("sync-1.jsonl").runs.select("bytes", "subject").row(0) == (2646171, "/srv/im-data/projects")


def test_a_mirror_is_no_recovery_point() -> None:
    for path in DATA.glob("*.jsonl"):
        assert golden.facts_of(path).points.is_empty()
        assert golden.facts_of(path).listings.is_empty()


def test_without_an_exit_code_nothing_proves_success() -> None:
    facts = read(log("sync-1.jsonl"))
    assert facts.runs["outcome"].to_list() == ["warning"]
    assert facts.runs["started_at"][0] < facts.runs["finished_at"][0] == datetime(2026, 11, 23, 6, 16, 31, 443430, tzinfo=UTC)
    assert read(log("sync-3-error.jsonl")).runs["outcome"].to_list() == ["failed"]
    assert read(log("sync-1.jsonl"), exit_code=9).runs["outcome"].to_list() == ["success"]
    assert read(log("sync-1.jsonl"), exit_code=7).runs["outcome"].to_list() == ["failed"]
    assert read(log("text.log")).runs.select("outcome", "started_at").row(0) == (
        "warning",
        datetime(2026, 11, 23, 6, 16, 32, 155861, tzinfo=UTC),
    )


def test_exit_code_0_with_errors_in_the_log_is_no_success() -> None:
    assert read(log("sync-3-error.jsonl"), exit_code=0).runs["outcome"].to_list() == ["failed"]
    failed = log("text.log") + "2026/11/23 14:16:33 ERROR : a: Failed to copy: permission denied\n"
    assert read(failed, exit_code=0).runs["outcome"].to_list() == ["failed"]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026/11/23 14:16:31 Failed to sync: directory not found\n", ""),
        (
            '{"time":"2026-11-23T14:16:31.9+08:00","level":"critical","msg":"Failed to sync: directory not found","source":"cmd/cmd.go:1"}\n',
            "critical",
        ),
    ],
)
def test_the_last_line_may_be_text_or_json(line: str, level: str) -> None:
    facts = read(log("sync-1.jsonl") + line)
    assert facts.runs["outcome"].to_list() == ["failed"]
    assert not facts.faults


def test_a_check_reads_all_data_only_when_it_downloads() -> None:
    assert sample("check-ok.jsonl").runs["coverage"].to_list() == [None]
    text = log("check-ok.jsonl")
    assert read(text, exit_code=0, command="rclone check --download a b").runs["coverage"].to_list() == ["full"]
    assert read(text, exit_code=0, command="rclone check --size-only a b").runs["coverage"].to_list() == ["partial"]
    assert read(text).runs["kind"].to_list() == ["verify"]


def test_filters_make_it_partial() -> None:
    assert read(log("sync-1.jsonl"), exit_code=0, command="rclone sync --exclude '*.bin' /a r").runs["coverage"].to_list() == [
        "partial"
    ]


def test_what_is_copied_out_of_the_repository_is_a_restore() -> None:
    text = log("sync-1.jsonl")
    assert read(text, repository="nas:b/", command="rclone copy nas:b/x /y", exit_code=0).runs["kind"].to_list() == ["restore"]
    assert read(text, repository="nas:b", command="rclone copy nas:bc /y", exit_code=0).runs["kind"].to_list() == ["backup"]
    assert read(text, repository=None, command="rclone copy /x nas:b", exit_code=0).runs["repository"].to_list() == ["nas:b"]


def test_a_dry_run_and_a_move_count_for_nothing() -> None:
    assert read(log("sync-1.jsonl"), command="rclone sync -n /a r", exit_code=0).runs.is_empty()
    assert read(log("sync-1.jsonl"), command="rclone move /a r", exit_code=0).runs.is_empty()


def test_several_runs_in_one_log_file() -> None:
    later = log("sync-2.jsonl").replace("2026-11-23T14:", "2026-11-24T14:")
    facts = read(log("sync-1.jsonl") + later, exit_code=0)
    assert facts.runs["outcome"].to_list() == ["warning", "warning"]  # whose exit code it is nobody knows
    assert facts.runs["finished_at"].dt.day().to_list() == [23, 24]
    assert facts.runs["id"].n_unique() == 2


def test_a_line_that_is_cut_off() -> None:
    facts = read(log("sync-1.jsonl")[:-60])
    assert facts.runs["outcome"].to_list() == ["warning"]
    assert facts.faults[0].level == "error"
    odd = read(log("sync-1.jsonl") + '{"level":"loud","msg":"x","source":"a.go:1"}\n')
    assert "no level that rclone has" in odd.faults[0].what


def test_lists_of_files_are_no_facts() -> None:
    facts = sample("lsjson.json")
    assert facts.runs.is_empty()
    assert not facts.faults


def test_a_line_of_digits_takes_no_longer_than_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by fuzzing: a number of so many digits was tried from each of them to its end."""
    tried: list[str] = []

    class Counting:
        def search(self, said: str) -> Any:
            tried.append(said)
            return _CHECKED.search(said)

    monkeypatch.setattr("audit.adapters.rclone._CHECKED", Counting())
    text = f"2026/11/03 01:00:00 NOTICE: {'1' * 400_000} matching file\n2026/11/03 01:00:01 NOTICE: Using {'x' * 400_000}\n"
    began = process_time()
    read(text)
    assert [len(said) for said in tried] == [400_014, 400_006]
    assert process_time() - began < 5


@pytest.mark.parametrize(
    ("said", "checked"),
    [
        ("0 differences found", True), ("S3 bucket b: 1 differences found", True), ("12 matching files", True), ("Using sha1 for hash comparisons", True),
        ("No common hash found - not using a hash for checks", True), ("differences found", False), ("Using for hash comparisons", False),
    ],
)  # fmt: skip
def test_what_a_check_says(said: str, checked: bool) -> None:
    assert bool(_CHECKED.search(said)) is checked
