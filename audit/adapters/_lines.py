r"""NDJSON into frames of strings: a whole file at once where its lines are sound, line by line where they are not.

The fast way reads all lines with Polars, which is lenient: it ignores keys it was not asked for, takes one of two equal keys, and
turns a list into text. So its account of each line is checked: the number of `"key":` in the line, less those followed by null,
must be the number of values it returned. A line that does not add up, and every line of a stretch that Polars cannot read, goes the
exact way: Python's reader, with a fault where one is due.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from audit.adapters import _json
from audit.adapters._typed import shown
from audit.errors import Fault

COPY_OF = ("source", "repository", "id")
_COPY_COLUMNS = tuple(f"copy_of_{name}" for name in COPY_OF)
_STRETCH = 8192
_COPY = pl.Struct(dict.fromkeys(COPY_OF, pl.String()))
_STRANGE = ('" ', '"\t')
"""A blank after a quote: perhaps one before a colon, which the count of keys would miss."""
_SURROGATE = r"\\u[dD][89a-fA-F]"
"""Half of a surrogate pair, which only the exact way can tell from a whole one."""
_COPY_OBJECT = r'"copy_of"\s*:\s*(\{[^{}]*\})'
_SAMPLE = 2000
_BOOLEANS = frozenset({"complete", "self_contained"})


@dataclass(slots=True)
class Read:
    """`raw`: a String column a key, and `line` (1 for the first). `unknown`: first line of each key that no kind has. `unread`:
    number of lines left out.
    """

    raw: pl.DataFrame
    faults: list[Fault] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    unread: int = 0


def read(text: str, keys: Iterable[str], where: str) -> Read:
    """Read NDJSON text. `keys`: the names that records may have; of `copy_of` the parts become the columns copy_of_source,
    copy_of_repository and copy_of_id.
    """
    names = sorted(set(keys) - set(_COPY_COLUMNS) | {"copy_of"})
    lines = _physical(text)
    fast, slow = _fast(text, lines, names)
    result = Read(fast)
    records, places = [], []
    for line, value in slow.iter_rows():
        record = _exact(value, line, names, where, result, last=line == lines["line"][-1])
        if record is not None:
            records.append(record)
            places.append(line)
    if records:
        exact = pl.DataFrame(records, schema=dict.fromkeys(_columns(names), pl.String()), orient="row", strict=False)
        exact = exact.with_columns(line=pl.Series(places, dtype=pl.UInt32))
        result.raw = pl.concat([result.raw, exact], how="diagonal").sort("line")
    return result


def _columns(names: list[str]) -> list[str]:
    return [*(name for name in names if name != "copy_of"), *_COPY_COLUMNS]


def _physical(text: str) -> pl.DataFrame:
    """Return `line` and `text` of the lines that are not blank."""
    if "\x01" in text or not text or text.isspace():
        series = pl.Series("text", text.split("\n"), dtype=pl.String)
    else:
        # Polars' CSV reader is the fastest way to cut text into lines; the separator is a character that does not occur.
        options: dict[str, Any] = {
            "has_header": False,
            "separator": "\x01",
            "quote_char": None,
            "infer_schema": False,
            "new_columns": ["text"],
        }
        series = pl.read_csv(text.encode(), **options).to_series()
    frame = series.to_frame().with_row_index("line", offset=1)
    return frame.filter(pl.col("text").str.strip_chars() != "")


def _fast(text: str, lines: pl.DataFrame, names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what Polars read and can vouch for, and the lines that must go the exact way."""
    empty = pl.DataFrame(schema={**dict.fromkeys(_columns(names), pl.String()), "line": pl.UInt32()})
    used = _used(lines["text"], names)
    whole = _decoded(text, lines, used)
    if whole is not None:
        return whole
    good, bad = [empty], [lines.clear()]
    for stretch in lines.iter_slices(_STRETCH):
        some = _decoded("\n".join(stretch["text"]), stretch, used)
        if some is None:
            bad.append(stretch)
        else:
            good.append(some[0])
            bad.append(some[1])
    return pl.concat(good, how="diagonal"), pl.concat(bad)


def _used(text: pl.Series, names: list[str]) -> list[str]:
    """Return the names that a sample of the lines uses. A line that uses another one does not add up, and goes the exact way."""
    sample = text.gather_every(max(1, text.len() // _SAMPLE))
    found = set(sample.str.extract_all(r'"[^"\\]*"\s*:').explode().drop_nulls().str.extract('"(.*)"').to_list())
    return [name for name in names if name in found]


def _decoded(text: str, lines: pl.DataFrame, names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Read a text, whose lines that are not blank are `lines`, with Polars; `None` when it refuses one of them."""
    if lines.is_empty() or not names or not lines["text"].str.starts_with("{").all():
        return None
    try:
        frame = pl.read_ndjson(io.BytesIO(text.encode()), schema=dict.fromkeys(names, pl.String()))
        if frame.height != lines.height:
            return None
        frame = frame.with_columns(lines["line"], lines["text"], inner=pl.lit(0, pl.UInt32), whole=pl.lit(value=True))
        if "copy_of" in names:
            frame = _originals(frame)
    except pl.exceptions.PolarsError:
        return None
    sound = _adds_up(frame, names).fill_null(value=False)
    return frame.filter(sound).drop("text", "inner", "whole", "copy_of", strict=False), lines.filter(~sound)


def _originals(frame: pl.DataFrame) -> pl.DataFrame:
    """Take `copy_of` (an object, a list of three or an id, as text) apart; `inner` counts the values in an object, `whole` tells
    whether all was understood.
    """
    copies = frame["copy_of"]
    shape = copies.str.slice(0, 1)
    objects = copies.set(shape != "{", None).str.json_decode(_COPY).struct
    lists = copies.set(shape != "[", None).str.json_decode(pl.List(pl.String()))
    plain = copies.set(shape.is_in(["{", "["]), None)
    inner = pl.DataFrame({name: objects.field(name) for name in COPY_OF})
    parts = []
    for index, name in enumerate(COPY_OF):
        part = inner[name].fill_null(lists.list.get(index, null_on_oob=True))
        parts.append((part.fill_null(plain) if name == "id" else part).alias(f"copy_of_{name}"))
    count = inner.select(pl.sum_horizontal(pl.all().is_not_null().cast(pl.UInt32))).to_series()
    # Polars loses the escapes of text inside an object that is returned as text.
    whole = (
        ~copies.is_in(["true", "false"]).fill_null(value=False)
        & (lists.is_null() | (lists.list.len() == len(COPY_OF)))
        & ~(copies.is_not_null() & frame["text"].str.contains("\\", literal=True))
    )
    return frame.with_columns(*parts, inner=count, whole=whole)


def _adds_up(frame: pl.DataFrame, names: list[str]) -> pl.Series:
    """Tell of each line whether Polars' reading accounts for everything in it."""
    text = frame["text"]
    values = pl.sum_horizontal(pl.col(name).is_not_null().cast(pl.UInt32) for name in names) + pl.col("inner")
    nulls = text.str.count_matches('":null', literal=True) + text.str.count_matches('": null', literal=True)
    keys = text.str.count_matches('":', literal=True)
    sound = (keys == nulls + frame.select(values).to_series()) & frame["whole"] & ~text.str.contains(_SURROGATE)
    for sign in _STRANGE:
        sound &= ~text.str.contains(sign, literal=True)
    # Booleans, lists and objects come back as text: only where they are due is that right.
    if odd := [_odd(pl.col(name), boolean=name in _BOOLEANS) for name in names if name != "copy_of"]:
        sound &= ~frame.select(pl.any_horizontal(odd).fill_null(value=False)).to_series()
    if not (nulls > 0).any():
        return sound
    # With a null among them, one key given twice can hide: then there are more keys than names.
    present = frame.select(
        pl.sum_horizontal(pl.col("text").str.contains(f'"{name}":', literal=True).cast(pl.UInt32) for name in names)
    )
    doubtful = (nulls > 0) & (present.to_series() != keys)
    if not doubtful.any():
        return sound
    # Look closely, inside copy_of and outside.
    some = text.filter(doubtful)
    once = _distinct(some.str.extract(_COPY_OBJECT)) & _distinct(some.str.replace(_COPY_OBJECT, ""))
    return sound.scatter(doubtful.arg_true(), sound.filter(doubtful) & once)


def _distinct(text: pl.Series) -> pl.Series:
    names = text.str.extract_all(r'"[A-Za-z_.]+"\s*:')
    return (names.list.n_unique() == names.list.len()).fill_null(value=True)


def _odd(value: pl.Expr, *, boolean: bool) -> pl.Expr:
    nested = value.str.starts_with("{") | value.str.starts_with("[")
    return nested if boolean else nested | (value == "true") | (value == "false")


def _exact(text: str, line: int, names: list[str], where: str, result: Read, *, last: bool) -> list[str | None] | None:
    """Read one line with Python's reader; `None` and a fault when it is no record."""
    try:
        record = _record(text)
        values = _values(record, names)
    except ValueError as error:
        cut = last and "cut off in the middle" in str(error)
        what = "the file ends in the middle of a record" if cut else f"this line was not read: {error}"
        remedy = "copy the whole file and ingest it again" if cut else "write one complete JSON object a line"
        result.faults.append(Fault(where, what, remedy, f"line {line}"))
        result.unread += 1
        return None
    for key, value in record.items():
        if value is not None and key not in names and key not in _COPY_COLUMNS:
            result.unknown.setdefault(key, line)
    return values


def _record(text: str) -> dict[str, Any]:
    if "\0" in text:
        raise ValueError("it contains NUL bytes: it was damaged, or cut off by a crash while it was written")
    record = _json.loads(text)
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - the caller makes a fault of it
    return record


def _values(record: dict[str, Any], names: list[str]) -> list[str | None]:
    """Return the values of a record as text, in the order of the columns. Raises `ValueError` for a list or an object where a value
    is due.
    """
    copy = dict(zip(_COPY_COLUMNS, _copy_of(record.get("copy_of")), strict=True))
    values = {**{name: _text(name, record.get(name)) for name in names if name != "copy_of"}, **copy}
    for column in _COPY_COLUMNS:
        if values[column] is None:
            values[column] = _text(column, record.get(column))
    return [values[name] for name in _columns(names)]


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        if name in _BOOLEANS:
            return "true" if value else "false"
        raise ValueError(f"{name} is {str(value).lower()}, which is no value for it")
    if isinstance(value, int | float):
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"{name} is a number too large to be one")
        return str(int(value)) if value == int(value) else str(value)
    raise ValueError(f"{name} is {'a list' if isinstance(value, list) else 'an object'}, which is no value for it")


def _copy_of(value: Any) -> Iterator[str | None]:
    if value is None:
        yield from (None, None, None)
    elif isinstance(value, dict):
        if strange := sorted(set(value) - set(COPY_OF)):
            raise ValueError(f"copy_of has a key {shown(strange[0])}; it has only source, repository and id")
        yield from (_text(f"copy_of.{name}", value.get(name)) for name in COPY_OF)
    elif isinstance(value, list):
        if len(value) != len(COPY_OF):
            raise ValueError("copy_of is a list, but not of three: source, repository, id")
        yield from (_text(f"copy_of.{name}", part) for name, part in zip(COPY_OF, value, strict=True))
    else:
        yield from (None, None, _text("copy_of", value))
