"""The heart of the catalog:

whatever arrives in whatever order and batches, its rows say of every listing what was known of it at every entry.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.catalog.batch import Applied
from audit.catalog.catalog import Catalog
from audit.catalog.schemas import TABLES
from tests.catalog.histories import Memory, Payload, applied, content_of, histories, reconstructed, truth

MORE = int(os.environ.get("FUZZ", "1"))
"""Times the usual number of examples: FUZZ=20 searches longer."""

heart = settings(max_examples=60 * MORE, deadline=None, suppress_health_check=list(HealthCheck))
real = settings(max_examples=6 * MORE, deadline=None, suppress_health_check=list(HealthCheck))

all_tables = tuple(TABLES)
taken = st.one_of(st.just(all_tables), st.sets(st.sampled_from(all_tables)).map(tuple))
cuts = st.lists(st.tuples(st.integers(1, 12), taken, st.booleans()), max_size=8)
"""Where batches end, which of the tables took each of them before the writer was killed, and whether compaction followed."""

Cuts = list[tuple[int, tuple[str, ...], bool]]


def numbered(history: Sequence[Payload]) -> list[Applied]:
    """The history as entries 2, 4, 6...: others of the journal are not evidence."""
    return [applied(2 * place + 2, payload) for place, payload in enumerate(history)]


def remembered(entries: list[Applied], breaks: Cuts) -> Memory:
    memory = Memory()
    for end, tables, compacted in sorted(breaks):
        batch = [entry for entry in entries if min(memory.marks.values()) < entry.number <= 2 * end]
        if batch and 2 * end > max(memory.marks.values()):
            memory.apply(batch, 2 * end, tables=tables)
        if compacted:
            memory.compact()
    memory.apply(entries, 99)
    return memory


@heart
@given(histories, cuts)
def test_rows_known_at_any_entry_say_what_was_true_of_every_listing(history: list[Payload], breaks: Cuts) -> None:
    entries = numbered(history)
    memory = remembered(entries, breaks)
    hashes = {entry.number: entry.sha256 for entry in entries}
    for known in range(2, 2 * len(entries) + 1, 2):
        rows, listings = (memory.tables[name].filter(pl.col("entry") <= known) for name in ("recovery_points", "listings"))
        assert reconstructed(rows, listings, hashes) == truth(entries[: known // 2])


@heart
@given(histories, cuts)
def test_rows_do_not_depend_on_batches(history: list[Payload], breaks: Cuts) -> None:
    entries = numbered(history)
    batched, single = remembered(entries, breaks), remembered(entries, [(end, all_tables, False) for end in range(1, 13)])
    for name in TABLES:
        assert sorted(map(repr, batched.tables[name].rows())) == sorted(map(repr, single.tables[name].rows())), name


@heart
@given(histories)
def test_a_listing_adds_rows_only_for_points_whose_state_it_changes(history: list[Payload]) -> None:
    entries = numbered(history)
    rows = remembered(entries, []).tables["recovery_points"].filter("from_complete")
    for place, (entry, payload) in enumerate(zip(entries, history, strict=True)):
        if not (payload.complete and payload.listed):
            assert rows.filter(pl.col("entry") == entry.number).is_empty()
            continue
        chain, at = (payload.source, payload.repository, payload.scope), entry.facts.listings["listed_at"][0]
        before, after = truth(entries[:place]).get(chain, {}), truth(entries[: place + 1])[chain]
        own = rows.filter(pl.col("entry") == entry.number, pl.col("listed_at") == at)
        if at in before:
            shown: dict[str, set[object]] = {}
            for row in entry.facts.points.iter_rows(named=True):
                shown.setdefault(row["id"], set()).add(content_of(row))
            if {point: set(state) for point, state in before[at].items()} == shown:
                first = [other for other in entries[:place] if other.facts.listings["listed_at"].to_list() == [at]]
                assert own.is_empty() or len(first) > 1  # more than two that disagreed before are restated
            continue
        held = before[max((each for each in before if each < at), default=at)] if any(each < at for each in before) else {}
        differing = {point for point in {*held, *after[at]} if set(held.get(point, ())) != set(after[at].get(point, ()))}
        assert set(own["id"]) == differing
        later = min((each for each in before if each > at), default=None)
        others = rows.filter(pl.col("entry") == entry.number, pl.col("listed_at") != at)
        assert set(others["listed_at"]) <= {later}
        assert set(others["id"]) <= differing


@heart
@given(histories, cuts)
def test_rows_name_evidence_that_shows_them(history: list[Payload], breaks: Cuts) -> None:
    entries = {entry.number: entry for entry in numbered(history)}
    for row in remembered(list(entries.values()), breaks).tables["recovery_points"].iter_rows(named=True):
        shown = entries[row["shown_entry"]].facts
        same = [point for point in shown.points.iter_rows(named=True) if point["id"] == row["id"]]
        if row["present"]:
            assert (content_of(row), row["locator"]) in [(content_of(point), point["locator"]) for point in same]
            assert row["shown_entry"] <= row["entry"]
        else:
            assert row["subject"] not in [point["subject"] for point in same]
            assert shown.listings.row(0, named=True)["listed_at"] == row["listed_at"]


@heart
@given(histories, cuts)
def test_tellings_outside_complete_listings_stand_once_with_their_smallest_hash(history: list[Payload], breaks: Cuts) -> None:
    entries = numbered(history)
    memory = remembered(entries, breaks)
    points: dict[object, str] = {}
    runs: dict[object, tuple[int, str]] = {}
    for entry, payload in zip(entries, history, strict=True):
        at = None if payload.at is None else entry.observed_at or entry.facts.listings["listed_at"][0]
        for row in entry.facts.points.iter_rows(named=True) if not (payload.listed and payload.complete) else ():
            scope = payload.scope if payload.listed else None
            key = (row["source"], row["repository"], row["id"], content_of(row), at if payload.listed else None, at, scope)
            points[key] = min(entry.sha256, points.get(key, entry.sha256))
        for row in entry.facts.runs.iter_rows(named=True):
            run = (row["source"], row["id"], row["bytes"])
            # The latest observation wins, then the smallest hash, that is the largest complement.
            rank = (-1 if payload.at is None else payload.at, complement(entry.sha256))
            runs[run] = max(rank, runs.get(run, rank))
    hashes = {entry.number: entry.sha256 for entry in entries}
    found: dict[object, list[str]] = {}
    for row in memory.tables["recovery_points"].filter(~pl.col("from_complete")).iter_rows(named=True):
        key = (row["source"], row["repository"], row["id"], content_of(row), row["listed_at"], row["observed_at"], row["scope"])
        found.setdefault(key, []).append(hashes[row["entry"]])
    assert {key: told[-1] for key, told in found.items()} == points
    assert all(told == sorted(set(told), reverse=True) for told in found.values())
    best: dict[object, list[tuple[int, str]]] = {}
    for row in memory.tables["runs"].iter_rows(named=True):
        at = -1 if row["observed_at"] is None else entries[row["entry"] // 2 - 1].observed_at
        hour = -1 if at == -1 else history[row["entry"] // 2 - 1].at
        best.setdefault((row["source"], row["id"], row["bytes"]), []).append((hour, complement(hashes[row["entry"]])))
    assert {run: told[-1] for run, told in best.items()} == runs
    assert all(told == sorted(set(told)) for told in best.values())


def complement(digest: str) -> str:
    return "".join(f"{15 - int(letter, 16):x}" for letter in digest)


@real
@given(histories, st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=4))
def test_the_tables_hold_what_memory_holds(history: list[Payload], breaks: list[tuple[int, bool]]) -> None:
    entries = numbered(history)
    memory = Memory()
    memory.apply(entries, 99)
    with TemporaryDirectory() as folder:
        catalog = Catalog(Path(folder))
        for end, compacted in sorted(breaks):
            catalog.apply([entry for entry in entries if catalog.mark() < entry.number <= 2 * end], 2 * end)
            if compacted:
                catalog.compact(force=True)
        catalog.apply([entry for entry in entries if entry.number > catalog.mark()], 99)
        for known in (*range(1, 2 * len(entries)), 99):
            seen = {
                "recovery_points": catalog.tellings(known).collect(),
                "runs": catalog.runs(known).collect(),
                "listings": catalog.listings(known),
                "payloads": catalog.payloads(known),
                "quarantine": catalog.quarantine(known),
            }
            for name, rows in seen.items():
                assert rows.schema == TABLES[name]
                expected = memory.tables[name].filter(pl.col("entry") <= known)
                assert sorted(map(repr, rows.rows())) == sorted(map(repr, expected.rows())), name
