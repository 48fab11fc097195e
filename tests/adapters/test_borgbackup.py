"""borgbackup: the truth of the samples' README."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from audit.model.facts import Facts
from tests.adapters import golden

FOLDER = golden.DATA / "borgbackup"
NORMAL = {"5312dcf3": 48, "e73d0835": 51, "97e72637": 53}
"""The three normal archives of one series, and the second of 05:55 UTC at which each was begun."""
BACKDATED, TEXT, WARN, EMPTY = "b1789013", "759edd37", "b4f0266a", "2430c8b8"


def sample(name: str) -> Facts:
    return golden.facts_of(FOLDER / name)


def by_id(facts: Facts) -> dict[str, dict[str, Any]]:
    """Points by the first eight digits of their ids."""
    return {row["id"][:8]: row for row in facts.points.to_dicts()}


def at(second: int, microsecond: int = 0) -> datetime:
    return datetime(2026, 11, 23, 5, 55, second, microsecond, tzinfo=UTC)


@pytest.mark.parametrize("name", ["list.json", "list-format.json"])
def test_seven_archives_of_five_series(name: str) -> None:
    facts = sample(name)
    found = by_id(facts)
    assert {id_: row["subject"] for id_, row in found.items()} == {
        **dict.fromkeys(NORMAL, "mail"),
        BACKDATED: "mail-monthly",
        TEXT: "mail-text-1",
        WARN: "mail-warn",
        EMPTY: "mail-nosrc",
    }
    assert facts.points.height == 7
    assert facts.points["id"].str.len_chars().unique().to_list() == [64]
    assert facts.points.select("method", "self_contained", "base", "encrypted", "basis").unique().rows() == [
        ("full", True, None, "yes", "catalog")
    ]
    assert facts.faults == ()


def test_naive_times_are_of_the_zone_of_the_source() -> None:
    found = by_id(sample("list.json"))
    assert {id_: found[id_]["captured_at"] for id_ in NORMAL} == {id_: at(second) for id_, second in NORMAL.items()}
    assert {row["available_at"] for row in found.values()} == {None}, "a listing does not tell when an archive was finished"


def test_only_the_whole_list_is_a_complete_listing() -> None:
    assert sample("list.json").listings.select("repository", "scope", "complete", "listed_at").rows() == [
        ("borg-main", None, True, datetime(2026, 11, 23, 5, 56, 2, 605000, tzinfo=UTC))
    ]
    assert sample("info-all-archives.json").listings["complete"].to_list() == [False], "--last 20 shows a part"


@pytest.mark.parametrize("name", ["list.json", "info-all-archives.json", "create-backdated.json"])
def test_the_backdated_archive_restores_what_its_timestamp_says(name: str) -> None:
    row = by_id(sample(name))[BACKDATED]
    assert row["captured_at"] == datetime(2026, 10, 31, 22, 15, tzinfo=UTC)
    assert row["available_at"] == (at(54, 284000) if name.startswith("create") else None), "it was not there in October"


def test_the_run_of_the_backdated_archive_was_when_it_was() -> None:
    assert sample("create-backdated.json").runs.select("started_at", "finished_at", "outcome").rows() == [
        (at(53), at(54, 284000), "success")
    ]


@pytest.mark.parametrize(("number", "id_"), list(enumerate(NORMAL, 1)))
def test_a_normal_backup_is_one_run_and_one_point(number: int, id_: str) -> None:
    facts = sample(f"create-{number}.json")
    assert facts.runs.select("kind", "outcome", "subject", "coverage").rows() == [("backup", "success", "mail", None)]
    point = by_id(facts)[id_]
    assert facts.runs["recovery_point"].to_list() == [point["id"]]
    assert (point["captured_at"], point["available_at"], point["completeness"]) == (at(NORMAL[id_]), at(NORMAL[id_]), None)
    stderr = sample(f"create-{number}.json.stderr").runs
    assert stderr["id"].to_list() == facts.runs["id"].to_list(), "stdout and stderr tell of one run"
    assert stderr["outcome"].to_list() == ["success"]


def test_the_text_of_create_tells_the_same_archive() -> None:
    facts = sample("create-text.log")
    assert by_id(facts)[TEXT]["captured_at"] == by_id(sample("list.json"))[TEXT]["captured_at"]
    assert facts.runs.select("subject", "outcome", "bytes").rows() == [("mail-text-1", "success", None)]


@pytest.mark.parametrize(
    ("name", "id_", "subject", "message"),
    [
        ("create-warning.json", WARN, "mail-warn", "not everything could be read: the archive is partial"),
        ("failed-nosource.json", EMPTY, "mail-nosrc", "nothing was read: the archive is empty"),
    ],
)
def test_a_warning_leaves_a_partial_archive(name: str, id_: str, subject: str, message: str) -> None:
    facts = sample(name)
    assert [(row["id"][:8], row["completeness"]) for row in facts.points.to_dicts()] == [(id_, "partial")]
    assert facts.runs.select("outcome", "coverage", "subject", "message").rows() == [("warning", "partial", subject, message)]
    stderr = sample(f"{name}.stderr").runs
    assert stderr.select("id", "outcome", "coverage").rows() == facts.runs.select("id", "outcome", "coverage").rows()


def test_what_a_listing_shows_of_partial_archives() -> None:
    assert {row["completeness"] for row in by_id(sample("list.json")).values()} == {None}, "they look like any other"
    told = {id_: row["completeness"] for id_, row in by_id(sample("info-all-archives.json")).items()}
    assert told == {**dict.fromkeys([*NORMAL, BACKDATED, TEXT, WARN]), EMPTY: "partial"}, "info tells of nfiles 0"


@pytest.mark.parametrize(
    ("name", "subject", "message"),
    [
        ("failed-duplicate-name", "mail-warn", "Archive mail-warn already exists"),
        ("failed-norepo", "x", "Repository /backup/borg-gone does not exist."),
        (
            "failed-badpass",
            "mail-y",
            "passphrase supplied in BORG_PASSPHRASE, by BORG_PASSCOMMAND or via BORG_PASSPHRASE_FD is incorrect.",
        ),
        ("failed-lock", "mail-locked", "Failed to create/acquire the lock /backup/borg-main/lock.exclusive (timeout)."),
    ],
)
def test_exit_code_2_is_a_failed_run_without_an_archive(name: str, subject: str, message: str) -> None:
    facts = sample(f"{name}.json.stderr")
    assert facts.runs.select("kind", "outcome", "subject", "recovery_point", "message").rows() == [
        ("backup", "failed", subject, None, message)
    ]
    assert facts.points.is_empty()


@pytest.mark.parametrize(
    ("name", "outcome", "coverage", "repository"),
    [
        ("check.log-json.jsonl", "success", None, "borg-main"),
        ("check-verify-data.log", "success", "full", "borg-main"),
        ("check-damaged.log-json.jsonl", "failed", None, "borg-main-offsite"),
    ],
)
def test_only_verify_data_is_a_full_check(name: str, outcome: str, coverage: str | None, repository: str) -> None:
    assert sample(name).runs.select("kind", "outcome", "coverage", "repository", "subject", "recovery_point").rows() == [
        ("verify", outcome, coverage, repository, None, None)
    ]


def test_the_damage_is_told() -> None:
    [message] = sample("check-damaged.log-json.jsonl").runs["message"]
    assert message.startswith("Data integrity error: Segment entry checksum mismatch [segment 10, offset 55362]; ")


def test_extracting_the_empty_archive_is_a_restore_that_proves_nothing() -> None:
    """borg exits with 0: a success would be a restore test that restored not one file."""
    facts = sample("extract.log-json.jsonl")
    assert facts.runs.select("kind", "outcome", "subject", "coverage", "message").rows() == [
        ("restore", "warning", "mail-nosrc", None, "archive 'mail-nosrc': nothing was restored, as it is empty or nothing matched")
    ]


def test_prune_removed_four_of_seven() -> None:
    before, after, prune = (sample(name) for name in ("list.json", "list-after-prune.json", "prune.log-json.jsonl"))
    removed = prune.points.filter(pl.col("deleted_at").is_not_null())
    assert set(removed["id"]) == set(before.points["id"]) - set(after.points["id"])
    assert {id_[:8] for id_ in removed["id"]} == {"5312dcf3", "e73d0835", BACKDATED, TEXT}
    assert {id_[:8] for id_ in after.points["id"]} == {"97e72637", WARN, EMPTY}
    [run] = prune.runs.to_dicts()
    assert removed["deleted_at"].is_between(run["started_at"], run["finished_at"]).all()
    assert (run["kind"], run["outcome"], run["message"]) == ("prune", "success", "4 archives removed, 3 kept")
    assert prune.listings["complete"].to_list() == [False]
    assert sample("compact.log").runs.select("kind", "outcome").rows() == [("prune", "success")]


def test_points_are_the_same_whatever_told_of_them() -> None:
    known = sample("list.json").points.select("id", "subject", "captured_at", "method")
    for name in ("info-all-archives.json", "prune.log-json.jsonl", "create-1.json", "create-text.log", "failed-nosource.json"):
        told = sample(name).points.select(known.columns)
        assert told.join(known, on=known.columns, how="anti").is_empty(), name


@pytest.mark.parametrize("name", ["prune-dry-run.log", "extract-dry-run.log"])
def test_a_dry_run_did_nothing(name: str) -> None:
    facts = sample(name)
    assert [frame.height for frame in facts.by_kind().values()] == [0, 0, 0]
    assert [fault.what for fault in facts.faults] == ["a dry run: it made and removed nothing"]


@pytest.mark.parametrize("name", ["version.txt", "init.log", "config.txt", "info-repo.json", "diff.jsonl"])
def test_what_carries_no_facts(name: str) -> None:
    assert golden.golden(FOLDER / name) == {}


@pytest.mark.parametrize("name", ["list-text.txt", "info-text.txt"])
def test_text_of_a_listing_is_refused_aloud(name: str) -> None:
    facts = sample(name)
    assert facts.points.is_empty()
    assert [(fault.level, fault.remedy) for fault in facts.faults] == [("error", "ingest borg list --json or borg info --json")]


def test_no_name_of_a_file_becomes_a_fact() -> None:
    told = "".join(
        str(golden.golden(FOLDER / name)) for name in ("diff.jsonl", "create-2.json.stderr", "create-warning.json.stderr")
    )
    assert "report-" not in told
    assert "mailstore" not in told
