"""The interchange format: rows, lines and tables that cannot be, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from audit.adapters import _registry
from audit.errors import InputError
from audit.model.envelope import Envelope
from tests.adapters.records import POINT, RUN, SEEN, envelope, ids, lines, read, told

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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\x0b\x0c", "is empty"),
        ("id,subject,copy_of,copy_of.id\na,b,c,d\n", "copy_of, copy_of.id mean the same"),
        ("id,subject,copy_of_id,copy_of\na,b,c,d\n", "copy_of, copy_of_id mean the same"),
        ("id,subject,line\na,b,1\n", "called `line`"),
    ],
)
def test_headers_that_cannot_be_used_are_said(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        _registry.read("interchange", text.encode(), Envelope(tool="interchange", name="x.csv", source="s", repository="r"))


@pytest.mark.parametrize("odd", ["*", "^i.*$", "^.*$", "$", "日本"])
@pytest.mark.parametrize("cell", ["x", '"x\ny"', 'x"y'])
def test_a_column_may_be_called_anything(odd: str, cell: str) -> None:
    text = f"id,subject,captured_at,{odd}\na,b,2026-11-01T00:00:00Z,{cell}\nc,d,2026-11-02T00:00:00Z,y\n"
    facts = _registry.read("interchange", text.encode(), Envelope(tool="interchange", name="x.csv", source="s", repository="r"))
    assert facts.points["id"].to_list() == ["a", "c"]
    assert any(odd in fault.what or odd == fault.key for fault in facts.faults)
