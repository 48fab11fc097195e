"""duplicity: what the sample's README says is true, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

SETS = ["20261026T073320Z", "20261027T073320Z", "20261028T073320Z", "20261102T073320Z", "20261123T061616Z"]
SEEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def _facts(name: str) -> Facts:
    return golden.facts_of(golden.DATA / "duplicity" / name)


def _text(name: str) -> str:
    return (golden.DATA / "duplicity" / name).read_text()


def _read(text: str, **more: object) -> Facts:
    told = {"source": "d", "repository": "r", "timezone": "Asia/Shanghai", "observed_at": SEEN, "complete": True} | more
    return _registry.read("duplicity", text.encode(), Envelope(tool="duplicity", name="log", **told))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["collection-status.txt", "collection-status.log"])
def test_two_chains_of_five_sets(name: str) -> None:
    facts = _facts(name)
    assert facts.points["id"].to_list() == SETS
    assert facts.points["base"].to_list() == [None, SETS[0], SETS[1], None, SETS[3]]
    assert facts.points["method"].to_list() == ["full", "incremental", "incremental", "full", "incremental"]
    assert facts.points["self_contained"].to_list() == [True, None, None, True, None]
    assert set(facts.points["subject"]) == {"job1"}
    assert facts.listings["complete"].to_list() == [True]
    assert set(facts.points["encrypted"]) == ({"yes"} if name.endswith(".log") else {None})


def test_what_is_gone_is_missing_from_the_next_listing() -> None:
    assert _facts("collection-status-after.txt").points["id"].to_list() == SETS[3:]


@pytest.mark.parametrize(
    ("name", "kind", "outcome", "coverage"),
    [
        ("full-1.logfile", "backup", "success", None),
        ("incr-1.log", "backup", "success", None),
        ("auto-3.log", "backup", "success", None),
        ("failed-nosource.log", "backup", "failed", None),
        ("failed-target.log", "backup", "failed", None),
        ("verify-diff.log", "verify", "warning", "full"),
        ("verify-damaged.logfile", "verify", "failed", None),
        ("restore.log", "restore", "success", "full"),
        ("remove-all-but-1-full.log", "prune", "success", None),
    ],
)
def test_runs(name: str, kind: str, outcome: str, coverage: str | None) -> None:
    [run] = _facts(name).runs.to_dicts()
    assert (run["kind"], run["outcome"], run["coverage"], run["subject"]) == (
        kind,
        outcome,
        coverage,
        "other" if "target" in name else "job1",
    )


def test_the_set_lies_inside_its_run() -> None:
    [run] = _facts("auto-3.log").runs.to_dicts()
    assert run["started_at"] <= datetime(2026, 11, 23, 6, 16, 16, tzinfo=UTC) <= run["finished_at"]


def test_without_exit_code_a_backup_is_a_warning_and_with_errors_too() -> None:
    assert _read(_text("auto-3.log")).runs["outcome"].to_list() == ["warning"]
    assert _read(_text("auto-3.log"), exit_code=0).runs["outcome"].to_list() == ["success"]
    assert _read(_text("auto-3.log").replace("Errors 0", "Errors 2"), exit_code=0).runs["outcome"].to_list() == ["warning"]
    assert _read(_text("auto-3.log"), exit_code=23).runs["outcome"].to_list() == ["failed"]


def test_a_file_that_was_not_read_shows_in_the_log_file_only() -> None:
    text = "WARNING 10 path\n. Error accessing possibly locked file\n\n" + _text("full-1.logfile")
    assert _read(text, exit_code=0).runs["outcome"].to_list() == ["warning"]


def test_an_error_without_its_command_is_not_guessed_at() -> None:
    facts = _read(_text("verify-damaged.logfile"))
    assert facts.runs.is_empty()
    assert "nothing says which" in facts.faults[0].what


def test_dry_runs_and_removals_without_force_did_nothing() -> None:
    assert _read(_text("auto-3.log"), exit_code=0, command="duplicity --dry-run /a file:///b").runs.is_empty()
    assert _read(
        _text("remove-all-but-1-full.log"), exit_code=0, command="duplicity remove-all-but-n-full 1 file:///b"
    ).runs.is_empty()


def test_a_listing_that_was_cut_off_is_not_complete() -> None:
    text, log = _text("collection-status.txt"), _text("collection-status.log")
    log = log[log.index("INFO 3") :]
    assert _read(log).listings["complete"].all()
    for cut in (
        text[: text.index("No orphaned")],
        log[: log.index("incomplete-sets-num")],
        log.replace(" inc 20261123T061616Z 1 enc\n", ""),
    ):
        assert not _read(cut).listings["complete"].any()


def test_a_set_of_another_type_is_quarantined_and_its_chain_unproven() -> None:
    facts = _read(_text("collection-status.txt").replace("Incremental         Tue", "     Strange         Tue"))
    assert facts.points["id"].to_list() == [SETS[0], *SETS[2:]]
    assert facts.points["base"].to_list()[1] == "unread"
    assert not facts.listings["complete"].any()


def test_incomplete_sets_are_no_points() -> None:
    end = "No orphaned or incomplete backup sets found."
    text = _text("collection-status.txt")
    facts = _read(text.replace(end, "Also found 0 backup sets not part of any chain,\nand 1 incomplete backup set."))
    assert facts.points["id"].to_list() == SETS
    assert facts.listings["complete"].to_list() == [True]
    assert "1 sets are orphaned or incomplete" in facts.faults[0].what


def test_no_chain_at_all_is_a_listing_of_nothing() -> None:
    text = "Collection Status\n-----------------\nFound 0 secondary backup chains.\nNo backup chains with active signatures found\n"
    facts = _read(text + "No orphaned or incomplete backup sets found.\n")
    assert facts.points.is_empty()
    assert facts.listings["complete"].to_list() == [True]
    assert not _read(text).listings["complete"].any()


def test_local_times_need_a_zone() -> None:
    facts = _read(_text("collection-status.txt"), timezone=None)
    assert facts.points.is_empty()
    assert not facts.listings["complete"].any()
