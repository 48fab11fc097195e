"""The fast ways of reading NDJSON, CSV, tables of jobs and times agree with the exact ones."""

from __future__ import annotations

import csv
import io
import json
import sys
from contextlib import suppress

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.adapters import _lines, _table, _time
from audit.adapters._bacula import _catalog
from audit.model.facts import SCHEMAS
from tests.adapters.records import POINT, lines

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


_PIECE = st.sampled_from(["a", '"', '""', ",", "\n", "\r\n", " ", '"b"', '"x,y"', '"c\nd"', "é", "a,b,c\n", '"p","q","r"\n'])


def row_by_row(text: str, width: int) -> tuple[list[tuple[int, list[str]]], list[int]]:
    """Read rows as Python's strict reader does, one after the other: those that are whole with their lines, and the lines of the others."""
    lines = io.StringIO(text, newline="").readlines()
    good: list[tuple[int, list[str]]] = []
    bad: list[int] = []
    at, header = 0, True
    while at < len(lines):
        row, taken = None, 1
        reader = csv.reader(iter(lines[at : at + _table.LONGEST_FIELD]), strict=True)
        if '"' not in lines[at]:
            row = lines[at].rstrip("\r\n").split(",")
        else:
            with suppress(csv.Error):
                row = next(reader)
                taken = reader.line_num
        if lines[at].strip() and not header:
            if row is not None and len(row) == width:
                good.append((at + 1, row))
            else:
                bad.append(at + 1)
        header = header and not lines[at].strip()
        at += taken if lines[at].strip() else 1
    return good, bad


@given(st.lists(_PIECE, max_size=25))
@settings(max_examples=600, deadline=None)
def test_lines_told_apart_and_row_by_row_agree(pieces: list[str]) -> None:
    text = "id,subject,captured_at\n" + "".join(pieces)
    exact = _table._exact(text, _table.header(text), "f")
    good, bad = row_by_row(text, 3)
    assert [(line, list(cells)) for line, *cells in exact.raw.iter_rows()] == good
    assert [fault.locator for fault in exact.faults] == [f"line {line}" for line in bad]
    assert exact.unread == len(bad)


_ROW = ("7", "Backup", "2026-11-23 14:10:57", "B", "F", "T")
_HEADER = ("jobid", "name", "starttime", "type", "level", "jobstatus")
_FRAMED = st.one_of(
    st.sampled_from(
        [_ROW, _HEADER, ("JobId", *_HEADER[1:]), ("jobid", "type"), (*_HEADER[:5], "jobid"), (*_HEADER[:5], "locator")]
    ),
    st.lists(st.sampled_from([*_ROW, *_HEADER, "JOBID", "1,234", "", "\u3000a\x1f", "é", "|", "\0", "²"]), max_size=8),
).map(lambda cells: "|" + "|".join(f" {cell} " for cell in cells) + "|")
_FRAME = st.sampled_from(["+---+", "", "list jobs", " | a |", "|", "||", "|jobid", "jobid |"])


def table_by_rows(lines: list[str]) -> tuple[list[tuple[str | None, ...]], list[str]]:
    """Read a table of jobs row by row: what is known of each under its columns' names, and the places of faults; no rows where a column is there twice."""
    rows: list[tuple[str, list[str]]] = []
    faults: list[str] = []
    names: list[str] = []
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        lower = [cell.lower() for cell in cells]
        if not line.startswith("|"):
            continue
        if "jobid" in lower and not any(cell.isdigit() for cell in cells):
            if names and lower != names:
                faults.append(f"line {number}")
                break
            names = lower
        elif names and len(cells) != len(names):
            faults.append(f"line {number}")
        elif names:
            rows.append((f"line {number}", cells))
    if len(set(names)) < len(names) or not set(_HEADER) - {"name"} <= set(names):
        return [], faults
    found = [(place, dict(zip(names, cells, strict=True))) for place, cells in rows]
    return [(place, *(told.get(name) for name in _HEADER)) for place, told in found], faults


@given(st.lists(st.one_of(_FRAMED, _FRAME), max_size=8), st.booleans())
@settings(max_examples=400, deadline=None)
def test_a_table_of_jobs_in_columns_and_row_by_row_agree(lines: list[str], sound: bool) -> None:
    lines = ["|" + "|".join(_HEADER) + "|"] * sound + lines
    raw, faults = _catalog.table(lines, "f")
    rows, places = table_by_rows(lines)
    comma = pl.col("jobid").str.replace_all(",", "", literal=True)
    expected = pl.DataFrame(rows, schema=dict.fromkeys(("locator", *_HEADER), pl.String), orient="row").with_columns(comma)
    assert raw.select("locator", *_HEADER).rows() == expected.rows()
    assert [fault.locator for fault in faults if fault.locator] == places


def test_blanks_of_tables_are_those_of_python() -> None:
    assert sorted(_catalog._BLANKS) == [char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace()]


_DAY = st.sampled_from(
    ["2026-11-23", "2026-02-30", "0000-01-01", "1969-12-31", "9999-12-31", "2026-03-29", "2026-10-25", "2026-13-01"]
)
_HOUR = st.sampled_from(["00:00:00", "02:30:00", "23:59:59", "24:00:00", "23:59:60", "2:30:00"])
_REST = st.sampled_from(["", "Z", ".123456", ".999999Z", ".5", ".1234567", "+08:00", "z", " ", "\n"])


@given(
    st.lists(st.one_of(st.none(), st.tuples(_DAY, st.sampled_from("T t"), _HOUR, _REST).map("".join)), max_size=4),
    st.tuples(_REST, st.sampled_from("T t")),
    st.booleans(),
    st.sampled_from([None, "Europe/Berlin", "Asia/Shanghai", "Mars/Olympus"]),
)
@settings(max_examples=600, deadline=None)
def test_times_of_one_shape_are_read_as_any_mixture_is(
    texts: list[str | None], shape: tuple[str, str], uniform: bool, zone: str | None
) -> None:
    if uniform:
        texts = [text if text is None else f"{text[:10]}{shape[1]}{text[11:19]}{shape[0]}" for text in texts]
    frame = pl.DataFrame(
        {"captured_at": texts, "available_at": texts[::-1]}, schema=dict.fromkeys(("captured_at", "available_at"), pl.String)
    )
    read = _time.read(frame, frame.columns, zone, {"available_at"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_time, "_uniform", lambda *_: {})
        mixed = _time.read(frame, frame.columns, zone, {"available_at"})
    assert read.instants.equals(mixed.instants)
    assert read.ambiguous.equals(mixed.ambiguous)
    assert read.reasons.equals(mixed.reasons)


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
