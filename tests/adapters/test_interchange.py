"""The interchange format: what each field, record and envelope means, and what is said of rows that cannot be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.adapters import _lines, _registry, _table
from audit.errors import InputError
from audit.model.envelope import Envelope
from audit.model.facts import SCHEMAS, Facts

SEEN = datetime(2026, 1, 5, tzinfo=UTC)
POINT = {
    "record": "recovery_point",
    "source": "s",
    "repository": "r",
    "id": "p",
    "subject": "db",
    "captured_at": "2026-01-01T00:00:00Z",
}
RUN = {"record": "run", "source": "s", "id": "1", "kind": "backup", "outcome": "success"}
LISTING = {"record": "listing", "source": "s", "repository": "r", "listed_at": "2026-01-05T00:00:00Z", "complete": True}


def envelope(**fields: Any) -> Envelope:
    return Envelope(tool="interchange", name="f", **fields)


def lines(*records: Any) -> bytes:
    return "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records).encode()


def read(payload: bytes | str, **fields: Any) -> Facts:
    return _registry.read("interchange", payload.encode() if isinstance(payload, str) else payload, envelope(**fields))


def told(facts: Facts, level: str = "error") -> list[tuple[str, str]]:
    """Locator and message of the faults."""
    return [(fault.locator, fault.what) for fault in facts.faults if fault.level == level]


def ids(facts: Facts) -> list[str]:
    return facts.points["id"].to_list()


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


# Rows that cannot be.


@pytest.mark.parametrize(
    ("change", "key", "what"),
    [
        ({"subject": None}, "subject", "subject is missing"),
        ({"method": "Full "}, "method", "'Full' is not a word for method"),
        ({"bytes": -5}, "bytes", "bytes is negative: -5"),
        ({"bytes": 2**63}, "bytes", f"'{2**63}' is not a whole number"),
        ({"bytes": "1,024"}, "bytes", "'1,024' is not a whole number"),
        ({"self_contained": "maybe"}, "self_contained", "'maybe' is not true or false"),
        ({"self_contained": 1}, "self_contained", "'1' is not true or false"),
        ({"captured_at": 1767225600}, "captured_at", "'1767225600' is not an RFC 3339 time"),
        ({"available_at": "2025-12-31T00:00:00Z"}, "available_at", "captured after it was available"),
        ({"captured_until": "2025-12-31T00:00:00Z"}, "captured_until", "captured_until lies before captured_at"),
        (
            {"captured_at": "2026-01-01T00:00:00"},
            "captured_at",
            "has no offset, and its source declares no time zone that is known",
        ),
        ({"id": "a\0b"}, "id", "contains a NUL character"),
    ],
)
def test_a_point_that_cannot_be(change: dict[str, Any], key: str, what: str) -> None:
    facts = read(lines(POINT, {**POINT, "id": "bad", **change}))
    assert ids(facts) == ["p"]
    [fault] = [fault for fault in facts.faults if fault.level == "error"]
    assert (fault.locator, fault.key, fault.where) == ("line 2", key, "f")
    assert what in fault.what
    assert fault.remedy


def test_a_row_with_two_faults_tells_both() -> None:
    facts = read(lines({**POINT, "bytes": "x", "captured_at": "y"}))
    assert sorted(fault.key for fault in facts.faults) == ["bytes", "captured_at"]


def test_a_run_that_finished_before_it_started() -> None:
    facts = read(lines({**RUN, "started_at": "2026-01-02T00:00:00Z", "finished_at": "2026-01-01T00:00:00Z"}))
    assert facts.runs.is_empty()
    assert told(facts) == [
        ("line 1", "finished before it started: started_at 2026-01-02T00:00:00Z, finished_at 2026-01-01T00:00:00Z")
    ]


def test_a_missing_source_says_how_to_name_it() -> None:
    [fault] = read(lines({key: value for key, value in POINT.items() if key != "source"})).faults
    assert (fault.key, fault.what) == ("source", "source is missing")
    assert "--source" in fault.remedy


def test_a_near_word_is_suggested() -> None:
    [fault] = read(lines({**RUN, "outcome": "sucess"})).faults
    assert fault.remedy == "did you mean 'success'? allowed: success, warning, failed, cancelled, running"


def test_an_unknown_field_is_one_warning_and_the_row_stays() -> None:
    facts = read(lines(*({**POINT, "id": str(number), "captured": "x"} for number in range(5))))
    assert len(ids(facts)) == 5
    [fault] = facts.faults
    assert (fault.level, fault.locator, fault.key, fault.remedy) == ("warning", "line 1", "captured", "did you mean 'captured_at'?")


def test_a_field_of_another_kind_is_a_warning() -> None:
    facts = read(lines(POINT, {**RUN, "captured_at": "2026-01-01T00:00:00Z"}))
    assert [fault.what for fault in facts.faults] == ["'captured_at' is not a field of a run; it was not read"]


def test_a_log_from_the_future_stays_and_is_told() -> None:
    facts = read(
        lines(
            {**POINT, "captured_at": "2026-01-06T00:00:00Z"},
            {**POINT, "id": "q", "captured_at": "2026-01-06T00:00:01Z", "expires_at": "2099-01-01T00:00:00Z"},
        ),
        observed_at=SEEN,
    )
    assert ids(facts) == ["p", "q"]
    [(locator, what)] = told(facts, "warning")
    assert locator == "line 2"
    assert (
        what
        == "a log from the future: captured_at 2026-01-06T00:00:01Z is later than the observation of the payload at 2026-01-05T00:00:00Z"
    )


def test_without_observation_nothing_is_said_of_the_future() -> None:
    assert read(lines({**POINT, "captured_at": "2099-01-06T00:00:00Z"})).faults == ()


def test_many_rows_of_the_future_are_told_in_few_words() -> None:
    late = ({**POINT, "id": str(number), "captured_at": "2027-01-01T00:00:00Z"} for number in range(50))
    warnings = told(read(lines(*late), observed_at=SEEN), "warning")
    assert len(warnings) == 21
    assert "30 more rows" in warnings[-1][1]


def test_a_cycle_of_bases_is_named_and_its_rows_stay() -> None:
    chain = [
        {**POINT, "id": name, "base": base}
        for name, base in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("e", "p"), ("x", "x"))
    ]
    facts = read(lines(POINT, *chain))
    assert len(ids(facts)) == 7
    assert [what.split(";")[0] for _, what in told(facts, "warning")] == [
        "a cycle of bases: 'a' needs 'b' needs 'c' needs 'a'",
        "a cycle of bases: 'x' needs 'x'",
    ]


def test_a_long_chain_is_no_cycle() -> None:
    chain = [{**POINT, "id": str(number), "base": str(number - 1) if number else None} for number in range(1000)]
    assert read(lines(*chain)).faults == ()


def test_corrupt_without_its_time_is_kept() -> None:
    assert read(lines({**POINT, "integrity": "corrupt"})).points.select("integrity", "checked_at").row(0) == ("corrupt", None)


# Lines.


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"record": "run", "id": 1, "id": 2}', "the key 'id' is given twice"),
        (
            '{"record": "recovery_point", "id": null, "source": "s", "repository": "r", "subject": "x", "id": "p2"}',
            "the key 'id' is given twice",
        ),
        ('{"record": "run", "bytes": NaN}', "NaN is not a JSON value"),
        ('{"record": "run", "bytes": -Infinity}', "-Infinity is not a JSON value"),
        ('{"record": "run", "bytes": 1e999}', "bytes is a number too large"),
        ('{"record": "run", "id": ["a"]}', "id is a list"),
        ('{"record": "run", "id": {"a": 1}}', "id is an object"),
        ('{"record": "run", "id": true}', "id is true"),
        ('{"record": "run", "id": "\\ud800"}', "half a surrogate pair"),
        ('{"record": "run", "id": ' + "[" * 100_000, "nested too deeply"),
        ('{"record": "run"} {"record": "run"}', "more after the end"),
        ('{"record": "run"} x', "more after the end"),
        ('{"record": "run" "id": 1}', "it is not JSON"),
        ('{"record": "run", "id": "a\0b"}', "NUL bytes"),
        ("record: run", "it is not JSON"),
        ("17", "not a JSON object"),
        ("null", "not a JSON object"),
        ('"run"', "not a JSON object"),
    ],
)
def test_a_line_that_is_no_record_is_left_out_and_the_others_go_on(line: str, what: str) -> None:
    facts = read(lines(POINT, line, {**POINT, "id": "q"}))
    assert ids(facts) == ["p", "q"]
    [(locator, said)] = told(facts)
    assert locator == "line 2"
    assert what in said


def test_the_file_may_end_in_the_middle_of_a_record() -> None:
    facts = read(lines(POINT, '{"record": "recovery_point", "id": "q", "sub'))
    assert told(facts) == [("line 2", "the file ends in the middle of a record")]


@pytest.mark.parametrize(("payload", "what"), [('[{"record": "run"}]', "is a JSON array"), ("\n \n", "is empty"), ("", "is empty")])
def test_what_is_refused_as_a_whole(payload: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as refused:
        read(payload)
    assert len(refused.value.faults) == 1


def test_blank_lines_crlf_and_a_byte_order_mark_do_no_harm() -> None:
    payload = b"\xef\xbb\xbf\r\n" + b"\r\n\r\n".join(lines({**POINT, "id": name}) for name in "abc") + b"\r\n"
    facts = read(payload)
    assert facts.faults == ()
    assert facts.points.select("id", "locator").rows() == [("a", "line 2"), ("b", "line 4"), ("c", "line 6")]


# CSV.


def test_line_numbers_are_those_of_an_editor() -> None:
    csv = 'source,id,kind,outcome,message\n\ns,1,backup,success,"two\nlines"\n\ns,2,backup,ok,\ns,3,backup,failed,"a ""quoted"" word, and a comma"\n'
    facts = read(csv)
    assert facts.runs.select("id", "locator").rows() == [("1", "line 3"), ("3", "line 7")]
    assert facts.runs["message"].to_list() == ["two\nlines", 'a "quoted" word, and a comma']
    assert [locator for locator, _ in told(facts)] == ["line 6"]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("s,2,backup", "this row has 3 fields, the header has 4"),
        ("s,2,backup,success,more", "this row has 5 fields, the header has 4"),
        ('s,"2,backup,success', "a quote is opened in this row and never closed"),
        ('s,"2"x,backup,success', "this row is not CSV"),
    ],
)
def test_a_row_that_is_no_row_is_left_out_and_the_others_go_on(row: str, what: str) -> None:
    facts = read(f"source,id,kind,outcome\ns,1,backup,success\n{row}\ns,3,backup,failed\n")
    assert facts.runs["id"].to_list() == ["1", "3"]
    [(locator, said)] = told(facts)
    assert locator == "line 3"
    assert what in said


@pytest.mark.parametrize(
    ("word", "value"),
    [("yes", True), ("TRUE", True), ("1", True), ("no", False), ("0", False), ("false", False), ("", None), ("unknown", None)],
)
def test_booleans_of_csv(word: str, value: bool | None) -> None:
    facts = read(f"source,repository,id,subject,captured_at,self_contained\ns,r,p,db,,{word}\n")
    assert facts.points["self_contained"].to_list() == [value]


def test_a_column_record_may_mix_the_kinds() -> None:
    facts = read(
        "record,source,repository,id,subject,captured_at,kind,outcome\nrecovery_point,s,r,p,db,2026-01-01T00:00:00Z,,\nrun,s,r,1,db,,backup,success\nruns,s,,,,,,\n"
    )
    assert (facts.points.height, facts.runs.height) == (1, 1)
    assert told(facts) == [("line 4", "'runs' is not a kind of record")]


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("id,source,repository,subject,method", "does not tell whether"),
        ("id,captured_at,kind,outcome", "fits run and recovery_point"),
        ("id,id,captured_at", "names 'id' twice"),
        ("id,,captured_at", "column 2 of the header has no name"),
        ("id;subject;captured_at", "separated by semicolons"),
        ("Kennung,Objekt", "no header of field names"),
    ],
)
def test_a_header_that_cannot_be_used(header: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as refused:
        read(header + "\n1,2,3,4,5\n")
    assert refused.value.faults[0].locator == "line 1"


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("source,repository,listed_at", "listing"),
        ("repository,covers_from,covers_to", "listing"),
        ("id,kind,outcome,started_at", "run"),
        ("id,subject,captured_at", "recovery_point"),
        ("id,subject,deleted_at", "recovery_point"),
        ("id,subject,message,coverage", "run"),
    ],
)
def test_the_header_tells_the_kind(header: str, kind: str) -> None:
    values = {"source": "s", "repository": "r", "id": "1", "subject": "x", "kind": "backup", "outcome": "success"}
    row = ",".join(values.get(name, "") for name in header.split(","))
    facts = _registry.tools()["interchange"].read(f"{header}\n{row}\n".encode(), envelope(source="s", repository="r"))
    assert [name for name, frame in facts.by_kind().items() if frame.height] == [kind]


def test_an_unknown_column_is_one_warning() -> None:
    facts = read("source,repository,id,subject,capturedat,captured_at\ns,r,p,db,1,\ns,r,q,db,2,\n")
    assert [(fault.level, fault.locator, fault.key, fault.remedy) for fault in facts.faults] == [
        ("warning", "line 1", "capturedat", "did you mean 'captured_at'?")
    ]


def test_rows_of_nothing_but_commas_are_blank() -> None:
    facts = read("source,repository,id,subject,captured_at\ns,r,p,db,\n,,,,\n,,,,\n")
    assert ids(facts) == ["p"]
    assert facts.faults == ()


# The fast ways and the exact ways agree.

_CELL = st.sampled_from(["a", "b c", 'x"y', ",", "two\nlines", "", "ü😀", " ", "\r\n", "1", '""'])


@given(st.lists(st.lists(_CELL, min_size=3, max_size=3), max_size=6), st.booleans(), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=200, deadline=None)
def test_csv_fast_and_exact_agree(rows: list[list[str]], always: bool, end: str) -> None:
    def cell(text: str) -> str:
        quoted = text.replace('"', '""')
        return f'"{quoted}"' if always or set(text) & set('",\r\n') else text

    text = "id,subject,captured_at" + end + "".join(",".join(map(cell, row)) + end for row in rows)
    names = _table.header(text)
    fast, exact = _table._fast(text, names), _table._exact(text, names, "f")
    if fast is not None:
        blank = pl.all().fill_null("")
        assert fast.raw.select("line").equals(exact.raw.select("line"))
        assert fast.raw.select(names).select(blank).equals(exact.raw.select(names).select(blank))
        assert not exact.faults


_VALUE = st.sampled_from(
    [
        "a",
        'x"y',
        'q":z',
        '":null',
        '"k": null',
        "[/srv]",
        "{",
        "true",
        "ü😀",
        " a",
        "",
        None,
        1,
        2.0,
        True,
        False,
        {"id": "z"},
        ["a", "b", "c"],
        "\\",
        "\ud83d",
    ]
)
_COPY = st.sampled_from(
    [
        "x",
        None,
        {"id": "z"},
        {"source": None, "id": "q"},
        {"source": "a", "repository": "b\\", "id": 3},
        ["a", "b", "c"],
        ["a", None, "c"],
        ["a"],
        {"x": 1},
    ]
)
_KEYS = ["record", "id", "subject", "source", "bytes", "complete", "copy_of", "base"]


@st.composite
def _records(draw: st.DrawFn) -> str:
    keys = draw(st.lists(st.sampled_from([*_KEYS, "zz"]), min_size=1, max_size=6, unique=draw(st.booleans())))
    colon, comma = draw(st.sampled_from([":", ": ", " : "])), draw(st.sampled_from([",", ", "]))
    parts = (json.dumps(key) + colon + json.dumps(draw(_COPY if key == "copy_of" else _VALUE)) for key in keys)
    text = "{" + comma.join(parts) + "}"
    return text[: draw(st.integers(1, len(text)))] if draw(st.integers(0, 19)) == 0 else text


@given(st.lists(_records(), min_size=1, max_size=5))
@settings(max_examples=400, deadline=None)
def test_ndjson_fast_and_exact_agree(records: list[str]) -> None:
    text = "\n".join(records)
    fast = _lines.read(text, _KEYS, "f")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lines, "_decoded", lambda *_: None)
        exact = _lines.read(text, _KEYS, "f")
    every = pl.DataFrame(
        schema={**dict.fromkeys([*_KEYS, "copy_of_source", "copy_of_repository", "copy_of_id"], pl.String), "line": pl.UInt32}
    ).drop("copy_of")
    assert pl.concat([every, fast.raw], how="diagonal").rows() == pl.concat([every, exact.raw], how="diagonal").rows()
    assert (fast.faults, fast.unknown, fast.unread) == (exact.faults, exact.unknown, exact.unread)


def test_the_fast_way_is_taken() -> None:
    """A million rows depend on it: sound files must not go line by line."""
    text = lines(*({**POINT, "id": str(number), "copy_of": {"id": "x"}, "base": None} for number in range(100))).decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lines, "_exact", lambda *_, **__: pytest.fail("went the exact way"))
        assert _lines.read(text, frozenset(SCHEMAS["recovery_point"]) | {"record"}, "f").raw.height == 100
    csv = "id,subject,captured_at\n" + 'p,"a, b",2026-01-01T00:00:00Z\n' * 100
    assert _table._fast(csv, _table.header(csv)) is not None
