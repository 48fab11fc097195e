"""rsnapshot: what the sample's README says is true, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit.adapters import _registry
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

SEEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
LOG = (golden.DATA / "rsnapshot" / "rsnapshot.log").read_text()
ROOT = (golden.DATA / "rsnapshot" / "ls-snapshot-root.txt").read_text()


def _read(text: str, **more: object) -> Facts:
    told = {"source": "r", "repository": "rsnap1", "timezone": "Asia/Shanghai", "observed_at": SEEN, "complete": True} | more
    return _registry.read("rsnapshot", text.encode(), Envelope(tool="rsnapshot", name="x", **told))  # type: ignore[arg-type]


def test_what_there_is_at_the_end() -> None:
    facts = _read(ROOT)
    assert facts.points["captured_at"].to_list() == [
        datetime(2026, 11, 23, 6, 16, second, tzinfo=UTC) for second in (30, 29, 28, 27)
    ]
    assert facts.points["self_contained"].all()
    assert facts.listings["complete"].to_list() == [True]


def test_runs_and_the_point_that_lacks_data() -> None:
    facts = _read(LOG)
    assert facts.runs["outcome"].to_list() == ["success"] * 4 + ["warning", "failed", "failed"]
    assert facts.runs["id"].n_unique() == 7  # three of them in one second
    assert set(facts.runs["kind"]) == {"backup"}
    assert facts.points.select("id", "completeness").rows() == [("20261123T061630Z", "partial")]
    assert _read(ROOT).points["id"][0] == "20261123T061630Z"
    assert not facts.faults
    assert facts.listings.height == 1


def test_listed_points_lie_inside_their_runs() -> None:
    runs = _read(LOG).runs.filter(outcome="success").select("started_at", "finished_at").rows()
    for at in _read(ROOT).points["captured_at"].to_list()[1:]:
        assert any(begin <= at <= end for begin, end in runs)


def test_rotation_makes_no_run() -> None:
    assert not any("weekly" in run for run in _read(LOG).runs["id"])


def test_a_level_that_copied_before_it_only_rotates_keeps_its_runs() -> None:
    # As from the day that sync_first is switched on.
    lines = LOG.splitlines(keepends=True)
    begin = next(at for at, line in enumerate(lines) if line.endswith("weekly: started\n"))
    end = next(at for at, line in enumerate(lines) if "weekly: completed" in line)
    rotation = "".join(lines[begin : end + 1]).replace("weekly: ", "daily: ").replace("2026-11-23", "2026-11-24")
    for text in (LOG + rotation, rotation + LOG):
        assert _read(text).runs["id"].to_list() == _read(LOG).runs["id"].to_list()
        assert _read(text).runs["outcome"].to_list() == _read(LOG).runs["outcome"].to_list()
    broken = _read(LOG + rotation.replace("completed successfully", "completed, but with some errors"))
    assert broken.runs["outcome"].to_list()[-1] == "failed"  # it copied nothing


def test_an_end_that_is_not_known_is_quarantined() -> None:
    facts = _read(LOG.replace("daily: completed successfully", "daily: completed fabulously"))
    assert "success" not in facts.runs["outcome"].to_list()
    assert any("no end of a run" in fault.what for fault in facts.faults)
    assert facts.listings.is_empty()


def test_a_run_that_did_not_end() -> None:
    cut = LOG[: LOG.index("[2026-11-23T14:16:29] touch")]
    assert _read(cut).runs["outcome"].to_list() == ["success"] * 3 + ["running"]
    assert _read(cut + LOG).runs["outcome"].to_list()[:4] == ["success"] * 3 + ["failed"]


def test_without_the_commands_a_run_may_be_a_rotation() -> None:
    text = "[2026-11-23T14:16:25] /usr/bin/rsnapshot daily: started\n[2026-11-23T14:16:26] /usr/bin/rsnapshot daily: completed successfully\n"
    facts = _read(text)
    assert facts.runs.is_empty()
    assert "loglevel" in facts.faults[0].remedy


def test_the_older_form_of_times() -> None:
    text = LOG.replace("[2026-11-23T14:", "[23/Nov/2026:14:")
    assert _registry.recognise("", text.encode()) == "rsnapshot"
    assert _read(text).runs.equals(_read(LOG).runs)


@pytest.mark.parametrize("zone", [None, "Nowhere/Land"])
def test_the_log_needs_a_zone(zone: str | None) -> None:
    facts = _read(LOG, timezone=zone)
    assert facts.runs.is_empty()
    assert facts.points.is_empty()
    assert facts.faults


def test_a_line_that_is_no_snapshot_makes_the_list_incomplete() -> None:
    facts = _read(ROOT + "-rw-r--r-- 1 root root 5 2026-11-23 14:16:30.000000000 +0800 notes\n")
    assert facts.points.height == 4
    assert not facts.listings["complete"].any()
