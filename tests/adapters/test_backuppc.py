"""BackupPC: what the sample's README says is true, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

SEEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
FILE = (golden.DATA / "backuppc" / "backups").read_text()
LOG = (golden.DATA / "backuppc" / "LOG.112026").read_text()


def _read(text: str, **more: object) -> Facts:
    told = {
        "source": "b",
        "repository": "bpc",
        "scope": "fs-sh-01",
        "timezone": "Asia/Shanghai",
        "observed_at": SEEN,
        "complete": True,
    }
    raw = (text.removesuffix("\n") + "\n").encode()
    return _registry.read("backuppc", raw, Envelope(tool="backuppc", name="x", **(told | more)))  # type: ignore[arg-type]


def test_what_there_is() -> None:
    facts = _read(FILE)
    assert facts.points.select("id", "method", "self_contained", "completeness").rows() == [
        ("fs-sh-01/0", "full", True, None),
        ("fs-sh-01/1", "incremental", True, None),
        ("fs-sh-01/4", "full", True, None),
        ("fs-sh-01/5", "full", True, None),
    ]
    assert facts.points["captured_at"][0] == datetime.fromtimestamp(1795415122, UTC)
    assert facts.listings.select("scope", "complete").rows() == [("fs-sh-01", True)]
    assert set(facts.runs["outcome"]) == {"warning"}


def test_what_failed_stands_in_the_log_only() -> None:
    facts = _read(LOG)
    assert facts.runs.select("recovery_point", "outcome").rows() == [
        ("fs-sh-01/0", "warning"),
        ("fs-sh-01/1", "warning"),
        (None, "failed"),
        (None, "failed"),
        ("fs-sh-01/4", "warning"),
        ("fs-sh-01/5", "warning"),
    ]
    assert facts.points.is_empty()
    assert facts.listings.is_empty()


def test_a_run_has_one_id_in_both() -> None:
    assert set(_read(FILE).runs["id"]) < set(_read(LOG).runs["id"])


@pytest.mark.parametrize("column", [11, 12, 13])
def test_bad_files_and_shares_and_tar_errors_make_a_partial_point(column: int) -> None:
    cells = FILE.splitlines()[0].split("\t")
    cells[column] = "2"
    facts = _read("\t".join(cells))
    assert facts.points["completeness"].to_list() == ["partial"]
    assert facts.runs["outcome"].to_list() == ["warning"]


def test_without_errors_it_is_a_success() -> None:
    cells = FILE.splitlines()[0].split("\t")
    cells[10] = "0"
    assert _read("\t".join(cells)).runs["outcome"].to_list() == ["success"]


def test_partial_and_active_rows() -> None:
    partial = "2\tpartial\t1795415130\t\t\t\t\t\t\t\t\t\t\t\t3\t\t\t0\t\t1\ttar\t0\t\t4.4.0\t76\t0\t{}\t\n"
    facts = _read(FILE + partial + partial.replace("2\tpartial", "6\tactive"))
    assert facts.points.filter(id="fs-sh-01/2").select("completeness", "available_at", "self_contained").rows() == [
        ("partial", None, None)
    ]
    assert "fs-sh-01/6" not in facts.points["id"].to_list()
    assert facts.runs.filter(id="fs-sh-01/6")["outcome"].to_list() == ["running"]
    assert "fs-sh-01/2" not in facts.runs["id"].to_list()


def test_an_incremental_of_version_3_is_not_known_to_restore_alone() -> None:
    assert _read(FILE.replace("4.4.0", "3.3.1")).points["self_contained"].to_list() == [True, None, True, True]


def test_an_unknown_type_is_quarantined_and_a_line_cut_off_is_told() -> None:
    facts = _read(FILE.replace("1\tincr", "1\tbogus"))
    assert facts.points["id"].to_list() == ["fs-sh-01/0", "fs-sh-01/4", "fs-sh-01/5"]
    assert _read(FILE[: FILE.index("5\tfull") + 20]).points.height == 3
    assert not _read(FILE[: FILE.index("5\tfull") + 20]).listings["complete"].any()
    assert not facts.listings["complete"].any()


def test_a_run_that_goes_on() -> None:
    assert (
        _read(LOG + "2026-11-23 14:30:00 incr backup started back to 2026-11-23 13:25:24 (backup #1) for directory /x\n")
        .runs["outcome"]
        .to_list()[-1]
        == "running"
    )


def test_the_host_has_to_be_told() -> None:
    with pytest.raises(InputError, match="does not name its host"):
        _read(FILE, scope=None)
