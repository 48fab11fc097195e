"""The interchange format: defaults, listings and basis, and one id told twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.adapters.records import LISTING, POINT, RUN, SEEN, ids, lines, read, told

# Defaults and unknown values.


def test_the_envelope_fills_source_repository_and_scope() -> None:
    facts = read(
        lines({"record": "recovery_point", "id": "p", "subject": "db"}, {"record": "listing"}),
        source="s",
        repository="r",
        scope="x",
        observed_at=SEEN,
    )
    assert facts.points.select("source", "repository", "basis").rows() == [("s", "r", "catalog")]
    assert facts.listings.select("source", "repository", "scope", "listed_at", "complete").rows() == [("s", "r", "x", SEEN, False)]


def test_null_absent_empty_and_the_word_unknown_are_unknown() -> None:
    facts = read(
        lines(
            {
                **POINT,
                "method": None,
                "encrypted": "unknown",
                "integrity": "Unknown",
                "bytes": "unknown",
                "completeness": "",
                "base": "",
            }
        )
    )
    assert facts.faults == ()
    assert facts.points.select("method", "encrypted", "integrity", "bytes", "completeness", "base").row(0) == (None,) * 6


def test_numbers_may_be_ids_and_ids_keep_their_blanks() -> None:
    assert ids(read(lines({**POINT, "id": 17}, {**POINT, "id": " 18 "}))) == ["17", " 18 "]


@pytest.mark.parametrize("copy", [{"source": "q", "repository": None, "id": "x"}, {"source": "q", "id": "x"}, ["q", None, "x"]])
def test_the_original_of_a_copy_as_object_or_list(copy: Any) -> None:
    facts = read(lines({**POINT, "copy_of": copy}, POINT | {"id": "other"}))
    assert facts.points.select("copy_of_source", "copy_of_repository", "copy_of_id").rows() == [
        ("q", None, "x"),
        (None, None, None),
    ]


def test_the_original_of_a_copy_as_plain_id_or_in_columns() -> None:
    assert read(lines({**POINT, "copy_of": "x"})).points["copy_of_id"].to_list() == ["x"]
    assert read("source,repository,id,subject,captured_at,copy_of\ns,r,p,db,,x\n").points["copy_of_id"].to_list() == ["x"]
    csv = "source,repository,id,subject,captured_at,copy_of.source,copy_of.repository,copy_of.id\ns,r,p,db,,q,w,x\n"
    assert read(csv).points.select("copy_of_source", "copy_of_repository", "copy_of_id").row(0) == ("q", "w", "x")


@pytest.mark.parametrize("copy", [["q", "x"], {"id": "x", "name": "y"}, [["q"], "r", "x"], True])
def test_an_original_that_cannot_be_one(copy: Any) -> None:
    facts = read(lines(POINT, {**POINT, "id": "bad", "copy_of": copy}))
    assert ids(facts) == ["p"]
    assert [locator for locator, _ in told(facts)] == ["line 2"]
    assert "copy_of" in told(facts)[0][1]


# Listings and basis.


def test_a_listing_makes_its_own_points_catalog_points() -> None:
    facts = read(lines(LISTING, POINT, {**POINT, "repository": "other"}, {**POINT, "repository": "third", "basis": "catalog"}))
    assert facts.points.select("repository", "basis").rows() == [("r", "catalog"), ("other", "job"), ("third", "catalog")]


def test_an_incomplete_listing_makes_catalog_points_too() -> None:
    assert read(lines({**LISTING, "complete": False}, POINT)).points["basis"].to_list() == ["catalog"]


def test_a_job_log_line_lists_nothing() -> None:
    log = {
        "record": "listing",
        "source": "s",
        "repository": "r",
        "covers_from": "2026-01-01T00:00:00Z",
        "covers_to": "2026-02-01T00:00:00Z",
    }
    facts = read(lines(log, POINT), observed_at=SEEN)
    assert facts.points["basis"].to_list() == ["job"]
    assert facts.listings.select("listed_at", "complete").rows() == [(None, False)]
    assert facts.listings["covers_to"].to_list() == [datetime(2026, 2, 1, tzinfo=UTC)]


def test_half_a_stretch_of_a_job_log_is_refused() -> None:
    facts = read(lines({"record": "listing", "source": "s", "repository": "r", "covers_from": "2026-01-01T00:00:00Z"}))
    assert facts.listings.is_empty()
    assert "belong together" in told(facts)[0][1]


def test_a_listing_without_instant_takes_the_envelopes_or_is_incomplete() -> None:
    undated = {key: value for key, value in LISTING.items() if key != "listed_at"}
    assert read(lines(undated, POINT), observed_at=SEEN).listings.select("listed_at", "complete").row(0) == (SEEN, True)
    facts = read(lines(undated, POINT))
    assert facts.listings.select("listed_at", "complete").row(0) == (None, False)
    assert [what for _, what in told(facts, "warning")] == [
        "the listing of 'r' says that it is complete, but not when: it is taken as incomplete"
    ]


def test_the_envelope_alone_makes_a_listing_of_each_repository() -> None:
    facts = read(lines(POINT, {**POINT, "repository": "r2"}), observed_at=SEEN, complete=True)
    assert facts.listings.select("repository", "listed_at", "complete", "locator").rows() == [
        ("r", SEEN, True, "envelope"),
        ("r2", SEEN, True, "envelope"),
    ]
    assert set(facts.points["basis"]) == {"catalog"}


def test_the_envelope_makes_no_listing_of_points_that_were_inferred_from_jobs() -> None:
    facts = read(lines({**POINT, "basis": "job"}), observed_at=SEEN)
    assert facts.listings.is_empty()
    assert facts.points["basis"].to_list() == ["job"]


def test_without_listing_and_envelope_points_are_inferred() -> None:
    facts = read("id,subject,captured_at\np,db,2026-01-01T00:00:00Z\n", source="s", repository="r")
    assert facts.listings.is_empty()
    assert facts.points["basis"].to_list() == ["job"]


def test_an_empty_table_of_points_is_a_listing_of_nothing() -> None:
    facts = read("id,subject,captured_at\n", source="s", repository="r", observed_at=SEEN, complete=True)
    assert facts.points.is_empty()
    assert facts.listings.select("source", "repository", "listed_at", "complete").rows() == [("s", "r", SEEN, True)]


def test_a_job_log_of_runs_alone_lists_nothing() -> None:
    assert read(lines(RUN), source="s", repository="r", observed_at=SEEN, complete=True).listings.is_empty()


# What is lost is not what is gone.


def test_a_listing_that_could_not_be_read_whole_is_not_complete() -> None:
    facts = read(lines(LISTING, {**LISTING, "repository": "r2"}, POINT, {**POINT, "id": "bad", "bytes": -1}))
    assert facts.listings.select("repository", "complete").rows() == [("r", False), ("r2", True)]
    assert told(facts, "warning") == [
        ("line 1", "this listing of 'r' is taken as incomplete: rows that belong to it could not be read")
    ]


def test_a_line_of_which_nothing_is_known_concerns_every_listing() -> None:
    facts = read(lines(LISTING, {**LISTING, "repository": "r2"}, POINT, '{"record": "recov'))
    assert facts.listings["complete"].to_list() == [False, False]


def test_a_lost_run_ends_the_claim_of_a_job_log_but_not_of_a_listing() -> None:
    log = {
        "record": "listing",
        "source": "s",
        "repository": "r",
        "covers_from": "2026-01-01T00:00:00Z",
        "covers_to": "2026-02-01T00:00:00Z",
    }
    facts = read(lines(LISTING, log, POINT, {**RUN, "repository": "r", "outcome": "fine"}))
    assert facts.listings.select("complete", "covers_from").rows() == [(True, None)]


def test_a_contradicting_row_is_not_a_lost_point() -> None:
    facts = read(lines(LISTING, POINT, {**POINT, "subject": "files"}))
    assert facts.listings["complete"].to_list() == [True]


# One id twice.


def test_identical_rows_count_once_and_complementary_rows_stay() -> None:
    check = {key: POINT[key] for key in ("record", "source", "repository", "id", "subject")} | {
        "integrity": "verified",
        "checked_at": "2026-01-02T00:00:00Z",
    }
    later = check | {"integrity": "corrupt", "checked_at": "2026-01-03T00:00:00Z"}
    facts = read(lines(POINT, POINT, check, later))
    assert facts.points["locator"].to_list() == ["line 1", "line 3", "line 4"]
    assert facts.faults == ()


def test_contradicting_rows_keep_the_first_and_name_both() -> None:
    facts = read(
        lines({**POINT, "subject": "db"}, {**POINT, "bytes": 1}, {**POINT, "bytes": 2}, {**POINT, "bytes": 1, "method": "full"})
    )
    assert facts.points["locator"].to_list() == ["line 1", "line 2", "line 4"]
    assert told(facts) == [
        ("line 3", "recovery point 'p' is told twice with different bytes: 1 at line 2, 2 at line 3; the first was kept")
    ]


def test_a_run_told_as_running_and_later_as_finished_is_finished() -> None:
    running = {**RUN, "outcome": "running", "started_at": "2026-01-01T00:00:00Z"}
    facts = read(lines(running, {**running, "outcome": "failed", "finished_at": "2026-01-01T01:00:00Z"}))
    assert facts.runs.select("outcome", "locator").rows() == [("failed", "line 2")]
    assert facts.faults == ()
