"""Amanda: what the sample's README says is true, and the traps."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts
from tests.adapters import golden

SEEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
AM, DOCS, GONE = "localhost:/srv/im-data/amfiles", "localhost:docs", "localhost:/srv/im-data/missing-dle"


def _facts(name: str) -> Facts:
    return golden.facts_of(golden.DATA / "amanda" / name)


def _text(name: str) -> str:
    return (golden.DATA / "amanda" / name).read_text()


def _read(text: str, **more: object) -> Facts:
    told = {"source": "a", "timezone": "Asia/Shanghai", "observed_at": SEEN, "complete": True} | more
    return _registry.read("amanda", text.encode(), Envelope(tool="amanda", name="x", **told))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("log.20261123142232.0", {AM: ("full", "success"), DOCS: ("full", "success"), GONE: ("full", "failed")}),
        ("log.20261123142241.0", {AM: ("incremental", "success"), DOCS: ("full", "success"), GONE: ("full", "failed")}),
        ("log.20261123142250.0", {AM: ("incremental", "success"), DOCS: ("full", "success")}),
    ],
)
def test_runs_by_disk(name: str, runs: dict[str, tuple[str, str]]) -> None:
    facts = _facts(name)
    assert {
        subject: (method, outcome) for subject, method, outcome in facts.runs.select("subject", "method", "outcome").iter_rows()
    } == runs
    assert facts.listings.is_empty()  # the log of one run is not a history
    assert not facts.faults


def test_find_and_logs_agree() -> None:
    found = _facts("amadmin-find.txt")
    logged = pl.concat([_facts(f"log.202611231422{second}.0").points for second in ("32", "41", "50")])
    both = found.points.join(logged, on=["id", "repository"], suffix=" log")
    assert found.points.height == both.height == 6
    for column in ("subject", "method", "captured_at", "self_contained"):
        assert both[column].equals(both[f"{column} log"].alias(column), null_equal=True), column
    assert found.runs.select("subject", "outcome").rows() == [(GONE, "failed")] * 2
    assert found.listings.select("repository", "complete").rows() == [("DailySet", True)]


def test_level_1_is_an_incremental_whose_base_is_not_told() -> None:
    points = _facts("log.20261123142250.0").points.filter(subject=AM)
    assert points.select("method", "base", "self_contained").rows() == [("incremental", None, None)]


def test_amcheckdump_never_covers_all() -> None:
    for name in ("amcheckdump.log", "amcheckdump-damaged.log"):
        runs = _facts(name).runs
        assert runs["outcome"].to_list() == ["success"] * 2
        assert runs["coverage"].null_count() == 2
        assert runs["recovery_point"].to_list() == [f"20261123142250:{AM}:1", f"20261123142250:{DOCS}:0"]
    cut = _text("amcheckdump.log").replace("All images (2) successfully validated", "")
    assert set(_read(cut).runs["outcome"]) == {"failed"}


def test_strange_partly_taped_and_not_taped() -> None:
    text = _text("log.20261123142250.0")
    strange = _read(text.replace("SUCCESS dumper localhost docs", "STRANGE dumper localhost docs"))
    assert dict(strange.runs.select("subject", "outcome").iter_rows())[DOCS] == "warning"
    assert dict(strange.points.select("subject", "completeness").iter_rows())[DOCS] == "partial"
    held = _read("\n".join(line for line in text.splitlines() if not line.startswith("DONE taper")))
    assert set(held.runs["outcome"]) == {"warning"}
    assert set(held.points["repository"]) == {"holding disk"}
    part = _read(
        text.replace(
            'DONE taper "ST:DailySet" "POOL:DailySet" localhost docs', 'PARTIAL taper "ST:DailySet" "POOL:DailySet" localhost docs'
        )
    )
    assert dict(part.points.select("subject", "completeness").iter_rows())[DOCS] == "partial"


def test_a_disk_without_a_result() -> None:
    text = "\n".join(line for line in _text("log.20261123142250.0").splitlines() if " docs 2026" not in line)
    assert dict(_read(text).runs.select("subject", "outcome").iter_rows())[DOCS] == "failed"
    running = "\n".join(line for line in text.splitlines() if not line.startswith("FINISH driver"))
    assert dict(_read(running).runs.select("subject", "outcome").iter_rows())[DOCS] == "running"


def test_an_unknown_status_is_quarantined_and_parts_are_counted() -> None:
    text = _text("amadmin-find.txt")
    odd = _read(text.replace("DailySet-001    2   1/1 OK", "DailySet-001    2   1/1 FINE"))
    assert odd.points.height == 5
    assert not odd.listings["complete"].any()
    missing = _read(text.replace("DailySet-001    2   1/1 OK", "DailySet-001    2   1/2 OK"))
    assert missing.points["completeness"].to_list().count("partial") == 1


def test_find_of_older_versions_names_no_storage() -> None:
    text = "date       host      disk lv tape or file file part status\n2026-11-20 localhost docs  0 Daily-1        2  1/1 OK\n"
    facts = _read(text, repository="tapes")
    assert facts.points.select("id", "repository", "captured_at").rows() == [
        ("20261120:localhost:docs:0", "tapes", datetime(2026, 11, 19, 16, tzinfo=UTC))
    ]


def test_names_that_are_quoted() -> None:
    text = _text("log.20261123142250.0").replace("localhost docs", 'localhost "/srv/\\346\\226\\207 x"')
    assert "localhost:/srv/文 x" in _read(text).runs["subject"].to_list()


def test_no_zone_no_points_and_what_is_nothing_is_refused() -> None:
    assert _read(_text("amadmin-find.txt"), timezone=None).points.is_empty()
    with pytest.raises(InputError):
        _read("hello\n")
