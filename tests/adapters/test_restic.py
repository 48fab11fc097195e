"""restic: the truth of the samples' README."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit.model.facts import Facts
from tests.adapters import golden

FOLDER = golden.DATA / "restic"
FINANCE = "fs-shanghai-01:/srv/im-data/fileserver"
PARTIAL = "94f881717d0fe2b8c3fc18d9de42593c7d3295e9823050918805b9444414ec9b"


def sample(name: str) -> Facts:
    return golden.facts_of(FOLDER / name)


# The truth of the README.


def test_six_snapshots_of_three_subjects() -> None:
    facts = sample("snapshots-before-forget.json")
    assert facts.points["subject"].to_list().count(FINANCE) == 4
    assert sorted(set(facts.points["subject"])) == [
        "db-02:/srv/im-data/fileserver/docs,/srv/im-data/fileserver/etc",
        FINANCE,
        "fs-shanghai-01:/srv/im-data/partial",
    ]
    assert facts.points.height == 6
    assert facts.points["id"].str.len_chars().unique().to_list() == [64]
    assert facts.points.select("method", "self_contained", "base", "encrypted", "basis").unique().rows() == [
        ("snapshot", True, None, "yes", "catalog")
    ]
    assert facts.points["captured_at"].min() == datetime(2026, 11, 23, 5, 51, 55, 134823, tzinfo=UTC)
    assert facts.points["available_at"].null_count() == 6
    assert facts.listings.select("repository", "scope", "complete", "listed_at").rows() == [
        ("restic-main", None, True, datetime(2026, 11, 23, 5, 52, 5, 887000, tzinfo=UTC))
    ]


def test_the_partial_snapshot_exists_and_looks_normal() -> None:
    facts = sample("snapshots-before-forget.json")
    row = facts.points.filter(id=PARTIAL).to_dicts()[0]
    assert row["completeness"] is None
    runs = sample("backup-6-partial.jsonl").runs.to_dicts() + sample("backup-6-partial.jsonl.stderr").runs.to_dicts()
    assert [(run["outcome"], run["coverage"], run["recovery_point"]) for run in runs] == [
        ("warning", "partial", "94f88171"),
        ("warning", "partial", None),
    ]
    assert runs[0]["id"] == runs[1]["id"], "stdout and stderr tell of one run"


def test_nine_backups_six_with_a_snapshot_three_failed() -> None:
    mine = [path for path in golden.samples() if path.parent.name == "restic" and path.name.startswith("backup-")]
    runs = [run for path in mine for run in golden.facts_of(path).runs.to_dicts()]
    by_id = {run["id"]: run for run in sorted(runs, key=lambda run: run["recovery_point"] or "")}
    assert len(by_id) == 9
    assert sorted(run["outcome"] for run in by_id.values()) == ["failed"] * 3 + ["success"] * 5 + ["warning"]
    known = sample("snapshots-before-forget.json").points["id"].to_list()
    named = [run["recovery_point"] for run in by_id.values() if run["recovery_point"]]
    assert sorted(id_[:8] for id_ in known) == sorted(named)
    assert {run["message"] for run in by_id.values() if run["outcome"] == "failed"} == {
        "all target directories/files do not exist",
        "wrong password or no key found",
        "unable to open config file: stat /backup/restic-gone/config: no such file or directory",
    }


def test_four_copies_name_their_originals() -> None:
    facts = sample("snapshots-offsite.json")
    originals = sample("snapshots-before-forget.json").points.filter(subject=FINANCE)
    assert sorted(facts.points["copy_of_id"]) == sorted(originals["id"])
    assert sorted(facts.points["captured_at"]) == sorted(originals["captured_at"])
    assert set(facts.points["id"]).isdisjoint(originals["id"])
    assert sample("copy.txt").runs.select("kind", "outcome", "repository", "message").rows() == [
        ("copy", "success", "restic-offsite", "0 snapshots copied, 4 already there")
    ]


def test_the_restore_was_whole_and_verified() -> None:
    assert sample("restore.txt").runs.select("kind", "outcome", "coverage", "recovery_point", "message").rows() == [
        ("restore", "success", "full", "150a0044", "finished verifying 57 files in /srv/restore-test (took 6ms)")
    ]


@pytest.mark.parametrize(
    ("name", "outcome", "coverage", "repository"),
    [
        ("check.txt", "success", None, "restic-main"),
        ("check-read-data.txt", "success", "full", "restic-main"),
        ("check-damaged-repo.txt", "failed", "full", "restic-offsite"),
        ("check-damaged-repo.txt.stderr", "failed", "full", "restic-offsite"),
    ],
)
def test_checks(name: str, outcome: str, coverage: str | None, repository: str) -> None:
    assert sample(name).runs.select("kind", "outcome", "coverage", "repository", "subject", "recovery_point").rows() == [
        ("verify", outcome, coverage, repository, None, None)
    ]


def test_forget_removed_two_of_six() -> None:
    before, after = sample("snapshots-before-forget.json").points, sample("snapshots-after-forget.json").points
    forget = sample("forget-prune.json")
    removed = forget.points.filter(forget.points["deleted_at"].is_not_null())
    assert set(removed["id"]) == set(before["id"]) - set(after["id"])
    assert sorted(id_[:8] for id_ in removed["id"]) == ["0518958a", "a16e30b9"]
    assert set(removed["deleted_at"]) == {datetime(2026, 11, 23, 5, 52, 19, 562000, tzinfo=UTC)}
    assert forget.listings["complete"].to_list() == [False]
    assert forget.runs.select("kind", "outcome", "message").rows() == [("prune", "success", "2 snapshots removed, 4 kept")]


def test_the_dry_run_removed_nothing() -> None:
    facts = sample("forget-dry-run.json")
    assert facts.points.height == 6
    assert facts.points["deleted_at"].null_count() == 6
    assert facts.runs.is_empty()


@pytest.mark.parametrize(
    "name",
    [
        "version.txt",
        "init.txt",
        "init-offsite.txt",
        "stats-raw-data.json",
        "stats-restore-size.json",
        "find.json",
        "ls-latest.jsonl",
        "cat-config.json",
    ],
)
def test_what_carries_no_facts(name: str) -> None:
    assert golden.golden(FOLDER / name) == {}


def test_no_name_of_a_file_becomes_a_fact() -> None:
    told = "".join(str(golden.golden(FOLDER / name)) for name in ("find.json", "ls-latest.jsonl", "backup-6-partial.jsonl.stderr"))
    assert "app.conf" not in told
    assert "ledger" not in told
