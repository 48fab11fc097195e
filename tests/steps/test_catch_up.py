"""Catching up: exactly once, in order, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from audit.catalog.catalog import Applied, Catalog, LostRaceError
from audit.errors import CheckFailedError
from audit.evidence.canonical import canonical
from audit.evidence.vault import Vault
from audit.policy.estate import AppliedProgramme, Read, read_history
from audit.steps import catch_up as module
from audit.steps._open import Store, open_store
from audit.steps.catch_up import CaughtUp, catch_up
from audit.steps.ingest import Ingested
from audit.steps.rebuild import rebuild

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
Points = Callable[..., str]


def keep(store: Store, text: str, **envelope: Any) -> int:
    """Enter a payload as an ingest would, without catching up."""
    data = text.encode()
    told = {"tool": "interchange", "name": "x.ndjson", **envelope}
    return store.journal.append("evidence", {"sha256": store.vault.put(data), "size": len(data), "envelope": told}, NOW).number


def facts(store: Store) -> pl.DataFrame:
    return store.catalog.tellings(store.head()).collect().select("entry", "id", "subject", "captured_at").sort("entry", "id")


def test_entries_written_by_a_process_that_then_died_are_applied_by_the_next(store: Store, points: Points) -> None:
    keep(store, points(2))
    keep(store, points(1, subject="other"))
    done = catch_up(store)
    assert done == CaughtUp(mark=2, entries=2, points=3, sources={"nas"}, repositories={"nas-dc1"})
    assert store.catalog.mark() == 2
    assert facts(store)["id"].to_list() == ["db-0", "db-1", "other-0"]
    assert catch_up(store) == CaughtUp(mark=2)


def test_other_entries_move_the_mark_as_well(store: Store) -> None:
    store.journal.append("note", {}, NOW)
    assert catch_up(store).mark == 1
    assert store.catalog.mark() == 1


def test_many_entries_go_in_batches_by_rows_and_by_number(store: Store, points: Points, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[tuple[list[int], int]] = []
    apply = Catalog.apply

    def watched(self: Catalog, entries: list[Applied], up_to: int) -> None:
        batches.append(([entry.number for entry in entries], up_to))
        apply(self, entries, up_to)

    monkeypatch.setattr(Catalog, "apply", watched)
    monkeypatch.setattr(module, "BATCH_ROWS", 5)
    monkeypatch.setattr(module, "BATCH_ENTRIES", 3)
    for n, count in enumerate((2, 3, 1, 7, 1, 1, 1, 1)):
        keep(store, points(count, subject=f"s{n}"))
    store.journal.append("note", {}, NOW)
    catch_up(store)
    assert batches == [([1, 2], 2), ([3], 3), ([4], 4), ([5, 6, 7], 7), ([8], 9)]
    assert facts(store).height == 17


def test_a_lost_race_goes_on_from_where_the_other_came_to(store: Store, points: Points, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        keep(store, points(1, subject=f"s{n}"))
    other = open_store(store.folder.path)
    apply, lost = Catalog.apply, []

    def raced(self: Catalog, entries: list[Applied], up_to: int) -> None:
        if not lost:
            lost.append(up_to)
            monkeypatch.setattr(Catalog, "apply", apply)
            assert catch_up(other).entries == 4  # the other process is done before us
            raise LostRaceError("overtaken")
        apply(self, entries, up_to)

    monkeypatch.setattr(Catalog, "apply", raced)
    done = catch_up(store)
    assert lost == [4]
    assert (done.mark, done.entries) == (4, 0)
    assert facts(store)["id"].to_list() == ["s0-0", "s1-0", "s2-0", "s3-0"]
    other.close()


def test_an_adapter_that_fails_quarantines_its_payload_and_the_others_go_on(
    store: Store, points: Points, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module.read

    def failing(tool: str, payload: bytes, envelope: Any) -> Any:
        if envelope.name == "bad.ndjson":
            raise ZeroDivisionError("a bug")
        return real(tool, payload, envelope)

    monkeypatch.setattr(module, "read", failing)
    keep(store, points(1, subject="a"))
    keep(store, points(1, subject="b"), name="bad.ndjson")
    keep(store, points(1, subject="c"))
    assert catch_up(store).faults == 1
    assert facts(store)["subject"].to_list() == ["a", "c"]
    (row,) = store.catalog.quarantine(3).iter_rows(named=True)
    assert (row["entry"], row["where"], row["level"]) == (2, "bad.ndjson", "error")
    assert row["what"] == "the adapter interchange failed: ZeroDivisionError: a bug"


def test_running_out_of_memory_is_no_fault_of_the_payload(store: Store, points: Points, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(tool: str, payload: bytes, envelope: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(module, "read", failing)
    keep(store, points(1))
    with pytest.raises(MemoryError):
        catch_up(store)
    monkeypatch.undo()
    assert catch_up(store).points == 1


def test_a_tool_that_is_gone_and_a_payload_that_is_cut_are_quarantined(store: Store) -> None:
    keep(store, "x", tool="a-tool-of-yesterday")
    keep(store, '{"record": "recovery_point", "id', source="nas")
    catch_up(store)
    quarantined = store.catalog.quarantine(2).sort("entry")
    assert quarantined["entry"].to_list() == [1, 2]
    assert "there is no adapter 'a-tool-of-yesterday'" in quarantined["what"][0]


def test_a_lost_payload_is_quarantined_and_read_again_after_it_was_brought_back(store: Store, points: Points) -> None:
    number = keep(store, points(2))
    sha256 = next(store.journal.entries(number - 1, number)).body["sha256"]
    away = store.vault.file(sha256).rename(store.folder.path / "away")
    store.vault = Vault(store.vault.path)  # as another process would find it: nothing at hand
    catch_up(store)
    assert store.catalog.quarantine(1)["what"].to_list() == [f"payload {sha256} is missing from the vault"]
    assert facts(store).is_empty()
    away.rename(store.vault.file(sha256))
    done = rebuild(store)
    assert (done.rows, done.caught_up.points, done.caught_up.faults) == (1, 2, 0)
    assert facts(store).height == 2


def test_a_catalog_ahead_of_its_journal_stops_everything(store: Store) -> None:
    store.catalog.apply([], 3)
    with pytest.raises(CheckFailedError, match="the catalog knows entry 3, but the journal ends at 0"):
        catch_up(store)


def test_rebuilding_gives_the_same_facts(store: Store, tmp_path: Path, points: Points, take_in: Callable[..., Ingested]) -> None:
    for n in range(4):
        (tmp_path / f"{n}.ndjson").write_text(points(3, subject=f"s{n % 2}", first=n))
        take_in(
            store, tmp_path / f"{n}.ndjson", repository="nas-dc1", complete=True, observed_at=datetime(2026, 11, 1 + n, tzinfo=UTC)
        )
    before = {
        "tellings": store.catalog.tellings(4).collect(),
        "listings": store.catalog.listings(4),
        "payloads": store.catalog.payloads(4),
    }
    assert before["tellings"].height >= 8
    done = rebuild(store)
    assert (done.rows, done.caught_up.mark, done.caught_up.entries) == (4, 4, 4)
    after = {
        "tellings": store.catalog.tellings(4).collect(),
        "listings": store.catalog.listings(4),
        "payloads": store.catalog.payloads(4),
    }
    for name, table in before.items():
        assert after[name].sort(table.columns).equals(table.sort(table.columns)), name


def test_the_estate_is_that_of_the_programmes_up_to_an_entry(store: Store, points: Points, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []

    def declared(history: Sequence[AppliedProgramme]) -> list[Read]:
        seen.append([applied.number for applied in history])
        return read_history(history)

    monkeypatch.setattr("audit.steps._kept_estates.read_history", declared)
    for n in range(2):
        files = {"units.yaml": json.dumps({"units": [{"name": f"u{n}"}]})}
        body = {"sha256": store.vault.put(canonical(files)), "by": "me", "confirmed_by": None, "summary": ""}
        assert store.journal.append("programme", body, NOW).number == 2 * n + 1
        keep(store, points(1, subject=str(n)))
    for known_at in (0, 1, 2, 3, 4, 4):
        store.estate(known_at)
    assert seen == [[], [1], [1, 3]]
    assert store.programmes(4)[1].files == {"units.yaml": '{"units": [{"name": "u1"}]}'}
    assert store.programmes(4)[1].applied_at == NOW
