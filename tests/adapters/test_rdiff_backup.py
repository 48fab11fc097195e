"""rdiff-backup: what the sample's README says is true, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

SEEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
POINTS = ["20261106T212000Z", "20261107T212000Z", "20261108T212000Z", "20261123T061625Z"]


def _facts(name: str) -> Facts:
    return golden.facts_of(golden.DATA / "rdiff-backup" / name)


def _text(name: str) -> str:
    return (golden.DATA / "rdiff-backup" / name).read_text()


def _read(text: str, **more: object) -> Facts:
    told = {"source": "r", "repository": "rdiff1", "timezone": "Asia/Shanghai", "observed_at": SEEN, "complete": True} | more
    return _registry.read("rdiff-backup", text.encode(), Envelope(tool="rdiff-backup", name="x", **told))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["list-increments-parsable.yaml", "list-increments-size-parsable.yaml", "list-increments.txt"])
def test_three_forms_of_one_list(name: str) -> None:
    facts = _facts(name)
    assert facts.points["id"].to_list() == POINTS[:3]
    assert facts.listings["complete"].to_list() == [True]


def test_four_points_at_the_end_as_the_log_has_them() -> None:
    listed, logged = _facts("list-increments-final.yaml"), _facts("rdiff-backup-data-backup.log")
    assert listed.points["id"].to_list() == logged.points["id"].to_list() == POINTS
    assert logged.runs["outcome"].to_list() == ["success"] * 4
    assert ["did not end" in fault.what for fault in logged.faults] == [True]  # the one that was killed
    assert _facts("session_statistics.data").points["id"].to_list() == POINTS[3:]


def test_the_newest_point_after_a_kill_is_false() -> None:
    facts = _facts("list-after-kill.log")
    assert facts.points["id"].to_list() == POINTS[:2]
    assert facts.listings["complete"].to_list() == [False]
    bare = _read(_text("list-after-kill.log").split("repository\n", 1)[1])  # the warning stands on another stream
    assert bare.points["id"].to_list() == POINTS[:2]


@pytest.mark.parametrize(
    ("name", "kind", "outcome", "coverage"),
    [
        ("backup-failed.log", "backup", "failed", None),
        ("backup-4.log", "backup", "success", None),
        ("verify.log", "verify", "success", "full"),
        ("restore.log", "restore", "failed", None),
        ("remove-older.log", "prune", "success", None),
    ],
)
def test_runs(name: str, kind: str, outcome: str, coverage: str | None) -> None:
    [run] = _facts(name).runs.to_dicts()
    assert (run["kind"], run["outcome"], run["coverage"]) == (kind, outcome, coverage)


def test_regress_carries_no_facts() -> None:
    facts = _facts("regress.log")
    assert facts.points.is_empty()
    assert facts.runs.is_empty()


def test_what_was_removed() -> None:
    points = _facts("remove-older.log").points
    assert points["id"].to_list() == POINTS[:2]
    assert points["deleted_at"].null_count() == 0
    assert _read(_text("remove-older.log")).points.is_empty()  # nothing says that it was done


def test_errors_make_a_warning_and_a_partial_point() -> None:
    facts = _read(_text("backup-4.log").replace("Errors 0", "Errors 3"), exit_code=0)
    assert facts.runs["outcome"].to_list() == ["warning"]
    assert facts.points["completeness"].to_list() == ["partial"]
    assert _read(_text("backup-4.log"), exit_code=1).points.is_empty()
    assert _read(_text("backup-4.log"), exit_code=2).runs["outcome"].to_list() == ["warning"]


def test_an_end_before_the_start_is_not_known() -> None:
    facts = _read(_text("backup-4.log").replace("EndTime 1795414585", "EndTime 1795414000"))
    assert facts.runs["finished_at"].to_list() == [None]


@pytest.mark.parametrize("name", ["list-increments-parsable.yaml", "list-increments.txt"])
def test_a_list_that_was_cut_off(name: str) -> None:
    text = _text(name)
    facts = _read(text[: text.index("2026-11-08")])
    assert not facts.listings["complete"].any()
    assert facts.points.height <= 1
    assert facts.faults


def test_a_bad_entry_leaves_the_others() -> None:
    facts = _read(_text("list-increments-parsable.yaml").replace("1794086400", "yesterday"))
    assert facts.points["id"].to_list() == [POINTS[0], POINTS[2]]
    assert not facts.listings["complete"].any()


def test_the_mirror_of_the_text_list_needs_a_zone() -> None:
    facts = _read(_text("list-increments.txt"), timezone=None)
    assert facts.points["id"].to_list() == POINTS[:2]
    assert not facts.listings["complete"].any()
