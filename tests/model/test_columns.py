"""Results as columns: beside the objects that they are made of, what each way says is the same, to the byte."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from audit.model.assessment import Assessment, Coverage, Results
from audit.model.columns import Columns
from audit.model.verdicts import SHARES, Breach, EvidenceRef, Result, Unproven, Verdict, Waived

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = st.sampled_from(["a", "b", 'quote " and \\', "消息", "line\nbreak", "😀"])
INSTANTS = st.integers(0, 10**13).map(lambda micros: START + timedelta(microseconds=micros))
SPANS = st.lists(INSTANTS, min_size=2, max_size=2, unique=True).map(sorted)
VALUES = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False) | NAMES
DETAILS = st.dictionaries(
    st.sampled_from(["worst_exposure_seconds", "at_risk_from_at", "names"]), VALUES | st.lists(VALUES, max_size=2), max_size=3
)
REFS = st.lists(st.builds(EvidenceRef, st.integers(1, 9), st.just("ab" * 32), NAMES), max_size=2).map(tuple)
BREACHES = st.builds(lambda span, detail, refs: Breach(*span, detail, refs), SPANS, DETAILS, REFS)
WAIVED = st.builds(lambda span, detail, refs, waiver: Waived(*span, detail, refs, waiver), SPANS, DETAILS, REFS, NAMES)
UNPROVEN = st.builds(lambda span, reason, detail: Unproven(*span, reason, detail), SPANS, NAMES, DETAILS)
HELD = st.none() | st.lists(st.floats(0, 1), min_size=len(SHARES), max_size=len(SHARES)).map(
    lambda held: {name: abs(share) for name, share in zip(SHARES, held, strict=True)}
)
RESULTS = st.lists(
    st.builds(
        Result,
        asset=NAMES,
        unit=st.sampled_from(["u", "v"]),
        policy=st.none() | NAMES,
        version=st.none() | st.integers(1, 3),
        part=st.none() | NAMES,
        control=NAMES,
        leg=st.none() | NAMES,
        verdict=st.sampled_from(Verdict),
        shares=HELD,
        judged_seconds=st.floats(0, 1e9),
        breaches=st.lists(BREACHES, max_size=2).map(tuple),
        unproven=st.lists(UNPROVEN, max_size=2).map(tuple),
        detail=DETAILS,
        provenance=st.none() | NAMES,
        judged=st.lists(SPANS.map(tuple), max_size=2).map(tuple),
        grace=st.lists(SPANS.map(tuple), max_size=1).map(tuple),
        waived=st.lists(WAIVED, max_size=1).map(tuple),
    ),
    max_size=6,
).map(tuple)


def of(results: Results) -> Assessment:
    """An assessment of results."""
    coverage = Coverage(None, None, None, None, None)
    return Assessment(START, START + timedelta(days=365), 7, "ab" * 32, results, 3, coverage, notices=({"key": "n"},))


@given(RESULTS)
def test_columns_say_in_json_what_objects_say(results: tuple[Result, ...]) -> None:
    lines = b"".join(Columns.of(results).json_lines())
    assert lines == b",\n".join(to_json(result.to_json()) for result in results)
    written = io.BytesIO()
    of(Results(results)).write_json(written, {"more": 1})
    assert json.loads(written.getvalue()) == json.loads(to_json({**of(Results(results)).to_json(), "more": 1}))


@given(RESULTS)
def test_objects_made_of_columns_are_those_that_columns_were_made_of(results: tuple[Result, ...]) -> None:
    back = Results(Columns.of(results))
    assert len(back) == len(results)
    assert back == results
    assert [result.breaches for result in back] == [result.breaches for result in results]


@settings(max_examples=50)
@given(RESULTS, st.data())
def test_some_results_are_the_same_chosen_in_columns_and_among_objects(results: tuple[Result, ...], data: st.DataObject) -> None:
    kinds = tuple(data.draw(st.sets(st.sampled_from(["breaches", "waived", "unproven"]), min_size=1)))
    columns, objects = Results(Columns.of(results)), Results(results)
    assert columns.having(*kinds) == objects.having(*kinds) == [one for one in results if any(getattr(one, kind) for kind in kinds)]
    assert columns.of_unit("u") == objects.of_unit("u") == tuple(one for one in results if one.unit == "u")
    assert columns.of_unit("u").columns.results["result"].to_list() == list(range(len(columns.of_unit("u"))))
    key = "at_risk_from_at"
    assert columns.telling(key) == objects.telling(key) == [one for one in results if key in one.detail]
    assert [id(one) for one in columns.having(*kinds)] == [id(one) for one in columns.having(*kinds)]
    assert columns.told("asset", "leg", "verdict").equals(objects.told("asset", "leg", "verdict"))
    assert columns.any_breached is objects.any_breached is any(one.verdict is Verdict.BREACHED for one in results)


def test_many_results_are_written_in_pieces_without_a_seam(monkeypatch) -> None:
    monkeypatch.setattr("audit.model.columns._LINES", 2)
    results = [Result(f"asset-{n}", "u", None, None, None, "c", None, Verdict.MET, None, 0.0) for n in range(5)]
    pieces = list(Columns.of(results).json_lines())
    assert len(pieces) == 3
    assert b"".join(pieces) == b",\n".join(to_json(result.to_json()) for result in results)


def test_a_value_that_is_missing_is_no_row_that_is_left_out() -> None:
    results = [Result("a", "u", None, None, None, "c", None, Verdict.MET, None, 0.0) for _ in range(2)]
    columns = Columns.of(results)
    damaged = replace(columns, results=columns.results.with_columns(detail=pl.Series(["{}", None])))
    with pytest.raises(ValueError, match="1 of 2 rows cannot be written"):
        list(damaged.json_lines())


def test_a_result_of_no_unit_is_of_none() -> None:
    results = [Result("a", unit, None, None, None, "c", None, Verdict.MET, None, 0.0) for unit in ("u", None)]
    assert [one.unit for one in Results(Columns.of(results)).of_unit("u")] == ["u"]


def test_the_two_instants_of_a_doubled_hour_are_told_apart() -> None:
    hour = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    results = [
        Result(
            "a", "u", None, None, None, "c", None, Verdict.MET, None, 0.0, judged=((hour.replace(fold=fold), hour.replace(hour=4)),)
        )
        for fold in (0, 1)
    ]
    told = [json.loads(text)[0]["from"] for text in Columns.of(results).results["judged"]]
    assert told == ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]
