"""The catalog as its callers see it: exactly once, as known at an entry, by subject, and readable or mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from audit.catalog.catalog import Applied, Catalog, LostRaceError
from audit.catalog.layout import bucket_of
from audit.catalog.place import Folder
from audit.catalog.schemas import TABLES, conform
from audit.catalog.table import Snapshot, Table
from audit.errors import Fault
from audit.model.facts import INSTANT, Facts, frame
from tests.catalog.given import brief, everything, history, job, listing
from tests.catalog.histories import START, Payload, Told, applied, hour


def test_an_empty_catalog_reads_empty(catalog: Catalog) -> None:
    assert catalog.mark() == 0
    assert everything(catalog) == {name: [] for name in TABLES}
    assert catalog.tellings(5).collect().schema == TABLES["recovery_points"]
    assert catalog.compact(force=True) is False


def test_rows_stand_only_where_the_state_changes(catalog: Catalog) -> None:
    catalog.apply([listing(1, 0, "p1", "p2"), listing(2, 1, "p1", "p2")], 2)
    catalog.apply([listing(3, 3, "p2", "p3")], 4)
    assert catalog.mark() == 4
    first = [(1, 1, 0, "p1", True), (1, 1, 0, "p2", True)]
    assert brief(catalog) == [*first, (3, 3, 3, "p1", False), (3, 3, 3, "p3", True)]
    assert brief(catalog, known_at=2) == first
    assert catalog.listings(99).height == 3
    assert catalog.listings(2)["entry"].to_list() == [1, 2]


def test_listings_of_nothing_follow_one_another(catalog: Catalog) -> None:
    for number, ids in ((1, ()), (2, ()), (3, ("p1",)), (4, ()), (5, ())):
        catalog.apply([listing(number, number, *ids)], number)
        catalog.compact(force=number % 2 == 0)
    assert brief(catalog) == [(3, 3, 3, "p1", True), (4, 4, 4, "p1", False)]


def test_points_without_a_time_of_capture_come_and_go(catalog: Catalog) -> None:
    timeless = [
        replace(entry, facts=replace(entry.facts, points=entry.facts.points.with_columns(captured_at=pl.lit(None, INSTANT))))
        for entry in (listing(1, 1, "p1", "p2"), listing(2, 2, "p2"), listing(3, 3))
    ]
    for entry in timeless:
        catalog.apply([entry], entry.number)
    gone = [(2, 2, 2, "p1", False), (3, 3, 3, "p2", False)]
    assert brief(catalog) == [(1, 1, 1, "p1", True), (1, 1, 1, "p2", True), *gone]


def test_a_late_listing_asserts_again_what_later_listings_said(catalog: Catalog) -> None:
    catalog.apply([listing(1, 0, "p1"), listing(2, 4, "p1")], 2)
    catalog.apply([listing(3, 2, "p2")], 3)
    again = [(3, 3, 2, "p1", False), (3, 3, 2, "p2", True), (3, 1, 4, "p1", True), (3, 2, 4, "p2", False)]
    assert brief(catalog) == [(1, 1, 0, "p1", True), *again]
    assert brief(catalog, known_at=2) == [(1, 1, 0, "p1", True)]


def test_absent_rows_say_nothing_but_the_point_and_its_place(catalog: Catalog) -> None:
    catalog.apply([listing(1, 0, "p1"), listing(2, 1)], 2)
    gone = catalog.tellings(2).filter(~pl.col("present")).collect().row(0, named=True)
    assert {name: value for name, value in gone.items() if value is not None} == {
        "source": "nas",
        "repository": "disk",
        "id": "p1",
        "subject": "vm/1",
        "captured_at": hour(1),
        "entry": 2,
        "shown_entry": 2,
        "observed_at": hour(1),
        "listed_at": hour(1),
        "from_complete": True,
        "present": False,
    }


def test_listings_of_one_instant_hold_together(catalog: Catalog) -> None:
    both = [
        applied(1, Payload("nas", "disk", None, 0, True, True, (Told("p1", bytes=1), Told("p2")))),
        applied(2, Payload("nas", "disk", None, 0, True, True, (Told("p1", bytes=2), Told("p3")))),
    ]
    catalog.apply(both, 2)
    rows = catalog.tellings(2).filter("present").sort("entry", "id", "bytes").collect()
    assert rows.filter(pl.col("entry") == 1).select("id", "bytes", "told_entry").rows() == [("p1", 1, None), ("p2", 1, None)]
    told = [("p1", 1, 1), ("p1", 2, 2), ("p2", 1, 1), ("p3", 1, 2)]
    assert rows.filter(pl.col("entry") == 2).select("id", "bytes", "told_entry").rows() == told
    assert catalog.tellings(2).filter(~pl.col("present")).collect().is_empty()


def test_points_outside_complete_listings_have_a_row_a_telling(catalog: Catalog) -> None:
    catalog.apply([job(1, None, "p1"), job(2, None, "p1"), job(3, 5, "p1"), listing(4, 6, "p1", complete=False)], 4)
    catalog.apply([listing(5, 6, "p1", complete=False), job(6, 5, "p1")], 6)
    rows = catalog.tellings(6).sort("entry").collect()
    assert rows.select("entry", "basis", "observed_at", "listed_at", "from_complete", "present").rows() == [
        (1, "job", None, None, False, True),
        (3, "job", hour(5), None, False, True),
        (4, "catalog", hour(6), hour(6), False, True),
    ]


def test_runs_have_a_row_unless_a_later_observation_says_the_same(catalog: Catalog) -> None:
    catalog.apply([job(1, 5, "p1"), job(2, 3, "p1"), job(3, None, "p1"), job(4, 5, "p1"), job(5, 7, "p1")], 5)
    assert catalog.runs(5).sort("entry").select("id", "entry", "observed_at").collect().rows() == [
        ("run p1", 1, hour(5)),
        ("run p1", 5, hour(7)),
    ]


def test_payloads_are_counted_and_faults_kept(catalog: Catalog) -> None:
    faults = (Fault("a.csv", "no time", "write one", "line 3", "captured_at"), Fault("a.csv", "zone guessed", level="warning"))
    meta = {
        "source": "nas",
        "tool": "interchange",
        "name": "a.csv",
        "method": "upload",
        "by": "ann",
        "simulated": True,
        "received_at": "2026-01-02T03:04:05Z",
    }
    catalog.apply([Applied(3, "ab" * 32, hour(1), Facts(runs=job(3, 1, "p1").facts.runs, faults=faults), meta)], 3)
    assert catalog.payloads(3).rows() == [
        (
            3,
            "ab" * 32,
            "nas",
            "interchange",
            "a.csv",
            "upload",
            "ann",
            hour(1),
            START + timedelta(hours=27, minutes=4, seconds=5),
            0,
            1,
            0,
            1,
            True,
        )
    ]
    assert catalog.quarantine(3).rows() == [
        (3, "a.csv", "line 3", "captured_at", "no time", "write one", "error"),
        (3, "a.csv", "", "", "zone guessed", "", "warning"),
    ]
    assert catalog.quarantine(2).is_empty()


@pytest.mark.parametrize("compacted", [False, True])
def test_keys_and_columns_narrow_what_is_read(catalog: Catalog, compacted: bool) -> None:
    points = tuple(Told(f"p{number}", subject=f"vm/{number % 40}") for number in range(200))
    catalog.apply([applied(1, Payload("nas", "disk", None, 0, True, True, points)), job(2, 1, "p1")], 2)
    catalog.compact(force=compacted)
    keys = pl.DataFrame({"source": ["nas", "nas", "tape"], "subject": ["vm/3", "vm/17", "vm/4"], "asset": ["a", "b", "c"]})
    found = catalog.tellings(2, keys=keys, columns=["id", "subject"]).collect()
    assert found.columns == ["id", "subject"]
    assert sorted(found["id"]) == sorted(f"p{number}" for number in range(200) if number % 40 in (3, 17))
    assert catalog.runs(2, keys=keys).collect().is_empty()
    assert catalog.tellings(2, keys=keys.clear()).collect().is_empty()


def test_buckets_never_move() -> None:
    keys = pl.DataFrame({"source": ["nas", "nas", "源"], "subject": ["vm/1", None, "虚拟机"]})
    assert bucket_of(keys).to_list() == [10, 14, 4]


def test_compaction_keeps_what_is_read(catalog: Catalog) -> None:
    history(catalog)
    before = [everything(catalog, known) for known in range(6)]
    assert catalog.compact() is False  # too little to bother
    assert catalog.compact(force=True) is True
    assert [everything(catalog, known) for known in range(6)] == before
    assert catalog.mark() == 5
    catalog.apply([listing(6, 3, "p2"), listing(7, 5, "p2", "p3")], 7)
    assert [row for row in brief(catalog) if row[0] >= 6] == [(6, 6, 3, "p1", False)]
    between = everything(catalog)
    assert catalog.compact(force=True) is True
    assert everything(catalog) == between
    assert catalog.compact(force=True) is False


def test_what_comes_after_compaction_builds_on_what_was_laid_out(catalog: Catalog) -> None:
    catalog.apply([listing(1, 1, "p1", "p2"), listing(2, 4, "p1", "p2")], 2)
    catalog.compact(force=True)
    catalog.apply([listing(3, 4, "p3")], 3)  # of the newest instant
    catalog.apply([listing(4, 2, "p2", "p4")], 4)  # late: p1 and the absence of p4 are asserted again at 4
    told = [(3, 1, 4, "p1", True), (3, 1, 4, "p2", True), (3, 3, 4, "p3", True)]
    assert [row for row in brief(catalog) if row[0] == 3] == told
    catalog.apply([listing(5, 6, "p1", "p2")], 5)
    assert [row for row in brief(catalog) if row[0] == 4] == [(4, 4, 2, "p1", False), (4, 4, 2, "p4", True), (4, 2, 4, "p4", False)]
    assert [row for row in brief(catalog) if row[0] == 5] == [(5, 5, 6, "p3", False)]
    catalog.compact(force=True)
    catalog.apply([listing(6, 8, "p1")], 6)
    assert [row for row in brief(catalog) if row[0] == 6] == [(6, 6, 8, "p2", False)]


def test_laid_out_files_are_sorted(catalog: Catalog) -> None:
    points = tuple(Told(f"p{number}", subject=f"vm/{number % 7}") for number in range(100))
    for number, at in ((1, 3), (2, 1)):
        catalog.apply([applied(number, Payload("nas", "disk", None, at, True, True, points[number:]))], number)
        catalog.compact(force=True)
    files = sorted((catalog.path / "recovery_points").rglob("*.parquet"))
    rows = [pl.read_parquet(file, hive_partitioning=False) for file in files]
    assert len(files) > 1
    assert all(part.equals(part.sort("source", "subject", "captured_at", maintain_order=True)) for part in rows)


def test_a_crash_between_the_commits_of_compaction_neither_loses_nor_doubles(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(catalog)
    before = everything(catalog)
    with monkeypatch.context() as patched:
        patched.setattr(Snapshot, "rewrite", interrupted)
        with pytest.raises(KeyboardInterrupt):
            catalog.compact(force=True)
    assert everything(catalog) == before
    catalog.apply([listing(6, 6, "p9")], 6)
    after = everything(catalog)
    assert [row for row in brief(catalog) if row[0] == 6] == [(6, 6, 6, "p2", False), (6, 6, 6, "p3", False), (6, 6, 6, "p9", True)]
    assert catalog.compact(force=True) is True
    assert everything(catalog) == after


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("commits", range(len(TABLES) + 1))
def test_a_crash_between_the_commits_of_a_batch_is_made_good(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    entries = [listing(1, 0, "p1", "p2"), job(2, 1, "p7"), listing(3, 4, "p2", "p3"), listing(4, 2, "p3")]
    whole = Catalog(tmp_path / "whole")
    whole.apply(entries, 5)
    catalog.apply(entries[:1], 1)
    with monkeypatch.context() as patched:
        patched.setattr(Snapshot, "append", failing_after(commits))
        if commits < len(TABLES):
            with pytest.raises(KeyboardInterrupt):
                catalog.apply(entries[1:3], 3)
            assert catalog.mark() == 1
            assert everything(catalog) == everything(whole, known_at=1)
        else:
            catalog.apply(entries[1:3], 3)
    catalog.apply([entry for entry in entries if entry.number > catalog.mark()], 5)
    assert catalog.mark() == 5
    assert everything(catalog) == everything(whole)


def failing_after(commits: int):
    append, left = Snapshot.append, iter(range(commits))

    def patched(self: Snapshot, parts: list[pl.LazyFrame], mark: int) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        append(self, parts, mark)

    return patched


def test_what_is_applied_again_adds_nothing(catalog: Catalog) -> None:
    history(catalog)
    before = everything(catalog)
    catalog.apply([listing(4, 2, "p9"), listing(5, 2, "p9")], 5)
    catalog.apply([], 3)
    assert catalog.mark() == 5
    assert everything(catalog) == before
    catalog.apply([], 8)
    assert catalog.mark() == 8
    assert everything(catalog) == before


def test_the_slower_of_two_loses_the_race_and_goes_on(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Catalog(catalog.path)
    catalog.mark()
    opened = Catalog._open

    def overtaken(self: Catalog) -> object:
        tables = opened(self)
        other.apply([listing(1, 0, "p1")], 1)
        return tables

    with monkeypatch.context() as patched:
        patched.setattr(catalog, "_open", lambda: overtaken(catalog))
        with pytest.raises(LostRaceError, match="another process"):
            catalog.apply([listing(1, 0, "p1"), listing(2, 1, "p2")], 2)
    assert catalog.mark() == 1
    catalog.apply([listing(2, 1, "p2")], 2)
    assert brief(catalog) == [(1, 1, 0, "p1", True), (2, 2, 1, "p1", False), (2, 2, 1, "p2", True)]


def test_compaction_loses_the_race_against_an_append(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    history(catalog)
    rewrite = Snapshot.rewrite

    def overtaken(self: Snapshot, rows: pl.LazyFrame | None) -> None:
        Catalog(catalog.path).apply([listing(6, 6, "p9")], 6)
        rewrite(self, rows)

    with monkeypatch.context() as patched:
        patched.setattr(Snapshot, "rewrite", overtaken)
        with pytest.raises(LostRaceError):
            catalog.compact(force=True)
    reference = Catalog(catalog.path.parent / "reference")
    history(reference)
    reference.apply([listing(6, 6, "p9")], 6)
    assert everything(catalog) == everything(reference)


def test_facts_of_two_repositories_in_one_payload_keep_apart(catalog: Catalog) -> None:
    rows = [Told("p1").row("nas", name, f"line {name}", "catalog") for name in ("disk", "tape", "cloud")]
    listings = [
        {"source": "nas", "repository": name, "listed_at": hour(1), "complete": name != "cloud"} for name in ("disk", "cloud")
    ]
    facts = Facts(frame("recovery_point", rows), frame("run"), frame("listing", listings))
    catalog.apply([Applied(1, "ab" * 32, hour(2), facts, {})], 1)
    found = catalog.tellings(1).sort("repository").select("repository", "listed_at", "observed_at", "from_complete").collect()
    assert found.rows() == [
        ("cloud", hour(1), hour(1), False),
        ("disk", hour(1), hour(1), True),
        ("tape", None, hour(2), False),
    ]


def test_a_table_of_an_older_version_gets_the_columns_it_lacks(tmp_path: Path) -> None:
    newest = TABLES["payloads"]
    older = {name: kind for name, kind in newest.items() if name != "simulated"}
    path = tmp_path / "my catalog" / "payloads"  # a blank: files are then named one by one
    row = {"entry": 1, "sha256": "ab" * 32, "source": "nas", "points": 2}
    Table(Folder(path), older).open().append([conform(pl.DataFrame([row]), older).lazy()], 7)

    renewed = Table(Folder(path), newest).open()
    assert renewed.mark == 7
    renewed.append([conform(pl.DataFrame([{**row, "entry": 2, "simulated": True}]), newest).lazy()], 8)
    for read in (Table(Folder(path), newest).open(), Table(Folder(path), newest).open()):
        assert read.mark == 8
        rows = read.scan().sort("entry").collect()
        assert rows.schema == newest
        assert rows.select("entry", "points", "simulated").rows() == [(1, 2, None), (2, 2, True)]
