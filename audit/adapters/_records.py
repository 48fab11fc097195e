"""Records of a JSON document, with their pointers, into a frame of strings that `_typed.typed` reads; and the steps that such adapters share.

    value = _records.document(payload, envelope)
    objects, faults = _records.objects(value["items"], "/items", where)
    picked = _records.pick(objects, {"id": "uid", "subject": ("spec", "name")}, where)
    known = _records.told(picked.rows, "state", STATUSES, where)

Each step that loses a row makes a fault of it. `assembled` puts points, runs, listings and faults together; where there was an error, its listings claim less.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from audit.adapters import _formats, _json, _text
from audit.adapters._lost import ANYTHING, without
from audit.adapters._typed import shown
from audit.errors import Fault, InputError
from audit.model.envelope import Envelope
from audit.model.facts import Facts, frame

Object = tuple[str, dict[str, Any]]
"""A JSON object with its pointer."""

NEVER = ("0001-01-01", "1601-01-01", "1900-01-01", "1/1/0001", "1/1/1900", "01/01/0001", "01/01/1900")
"""How times begin that tools print for "no time"."""

_STRETCH = 1024


@dataclass(frozen=True, slots=True)
class Rows:
    """`rows`: String columns and `locator`. `faults`: one for each row that was left out."""

    rows: pl.DataFrame
    faults: tuple[Fault, ...] = ()


def document(payload: bytes, envelope: Envelope, *paged: Sequence[str]) -> Any:
    """Return the JSON value that a payload is. Raises `InputError` when it is none. paged: where records stand in answers that come in pages (see `one_page`)."""
    where = envelope.name or envelope.tool
    try:
        value = _json.loads(_text.decode(where, payload))
    except ValueError as error:
        fault = Fault(where, f"this was not read: {error}", "fetch the whole output and ingest it again")
        raise InputError(str(fault), [fault]) from None
    for path in paged:
        value = one_page(value, path)
    return value


class Paged(list[Any]):
    """The records of several pages, one after the other. `pointers`: where each stands in the document."""

    def __init__(self, records: Iterable[Any], pointers: Sequence[str]) -> None:
        super().__init__(records)
        self.pointers = pointers


GOES_ON = ("NextToken", "nextLink", "@odata.nextLink", "links", "pageInfo")
"""Keys that say whether a list goes on after a page: those of the last page count."""


def one_page(value: Any, path: Sequence[str], pointer: str = "") -> Any:
    """Return the pages of one answer, as connectors keep them (a JSON array of the pages), as one page with the records of all; anything else as it is.

    path: the keys of the records in a page; pointer: where the answer stands in its document. What else stands beside the records, such as their total, is that of the first page.
    """
    if not isinstance(value, list) or not value or not all(isinstance(at(page, path), list) for page in value):
        return value
    found = [
        (record, "/".join([pointer, str(number), *path, str(place)]))
        for number, page in enumerate(value)
        for place, record in enumerate(at(page, path))
    ]
    records = Paged([record for record, _ in found], [pointer for _, pointer in found])
    beside, last = at(value[0], path[:-1]), at(value[-1], path[:-1])
    page: dict[str, Any] = {key: each for key, each in beside.items() if key not in GOES_ON}
    page |= {key: last[key] for key in GOES_ON if key in last} | {path[-1]: records}
    for depth in range(len(path) - 2, -1, -1):
        page = {**at(value[0], path[:depth]), path[depth]: page}
    return page


def objects(value: Any, pointer: str, where: str) -> tuple[list[Object], list[Fault]]:
    """Return the objects of a JSON array with their pointers, and a fault for each element that is none, or for what is no array."""
    if not isinstance(value, list):
        return [], [Fault(where, f"there is no list of records here, but {_kind(value)}", "fetch it again", pointer)]
    pointers = value.pointers if isinstance(value, Paged) else [f"{pointer}/{place}" for place in range(len(value))]
    found = list(zip(pointers, value, strict=True))
    if set(map(type, value)) <= {dict}:
        return found, []
    faults = [
        Fault(where, f"this record is {_kind(each)}, not a JSON object", "fetch it again", place)
        for place, each in found
        if not isinstance(each, dict)
    ]
    return [(place, each) for place, each in found if isinstance(each, dict)], faults


def at(value: Any, path: str | Sequence[str]) -> Any:
    """Return what stands at a path of keys below a value; `None` where there is nothing."""
    for key in (path,) if isinstance(path, str) else path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def pick(records: Sequence[Object], fields: Mapping[str, str | Sequence[str]], where: str) -> Rows:
    """Make a row of each object: column name -> key, or path of keys. Numbers and booleans become their JSON text, absent and null become null.

    Where a field holds an object or a list its row is left out.
    """
    paths = [(path,) if isinstance(path, str) else tuple(path) for path in fields.values()]
    series: dict[str, pl.Series] = {"locator": pl.Series([pointer for pointer, _ in records], dtype=pl.String)}
    bad: dict[int, Fault] = {}
    for (name, path), (values, kinds) in zip(fields.items(), columns([record for _, record in records], paths), strict=True):
        if not kinds <= {str, type(None)}:
            if kinds & {dict, list}:
                for place, value in enumerate(values):
                    if isinstance(value, (dict, list)):
                        key = path if isinstance(path, str) else "/".join(path)
                        what = f"{key} should be one value, and is {_kind(value)}: the record was not used"
                        bad.setdefault(place, Fault(where, what, "fetch it again", records[place][0], key))
            plain = (str, int)  # not bool, which JSON writes in another way
            values = [value if value is None else str(value) if type(value) in plain else _text_of(value) for value in values]
        series[name] = pl.Series(values, dtype=pl.String)
    rows = pl.DataFrame(series)
    if bad:
        rows = rows.filter(~pl.Series([place in bad for place in range(len(records))], dtype=pl.Boolean))
    return Rows(rows, tuple(bad.values()))


def columns(records: Sequence[Any], paths: Sequence[tuple[str, ...]]) -> list[tuple[list[Any], set[type]]]:
    """Return what stands at each path below all records (`None` where there is nothing), and of which types it is.

    It takes stretches of records, each of which fits the processor's cache: a walk over all of them for each path would wait for memory most of the time.
    """
    found: list[tuple[list[Any], set[type]]] = [([], set()) for _ in paths]
    for start in range(0, len(records), _STRETCH):
        below: dict[tuple[str, ...], list[Any]] = {(): list(records[start : start + _STRETCH])}
        for (values, kinds), path in zip(found, paths, strict=True):
            some = _column(below, path)
            values += some
            kinds.update(map(type, some))
    return found


def _column(below: dict[tuple[str, ...], list[Any]], path: tuple[str, ...]) -> list[Any]:
    """Return what stands at a path below each record, as `at` does for one. `below`: what is known of shorter paths, which several fields share."""
    parents = below.get(path[:-1])
    if parents is None:
        parents = below[path[:-1]] = _column(below, path[:-1])
    return [value.get(path[-1]) if type(value) is dict else None for value in parents]


def _kind(value: Any) -> str:
    """Name a JSON value without showing what is in it."""
    return (
        "an object"
        if isinstance(value, dict)
        else "a list"
        if isinstance(value, list)
        else "nothing"
        if value is None
        else "one value"
    )


def _text_of(value: Any) -> str | None:
    if value is None or isinstance(value, (str, dict, list)):
        return value if isinstance(value, str) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def told(rows: pl.DataFrame, column: str, table: Mapping[str, str | None], where: str, into: str | None = None) -> Rows:
    """Turn the raw words of a column into ours (`into`: another column takes them). A row whose word is not in the table, or missing, is left out with a fault."""
    known = pl.col(column).is_in(list(table)).fill_null(value=False)
    faults = tuple(
        Fault(
            where,
            f"{column} is missing: the record was not used"
            if raw is None
            else f"{shown(raw)} is no {column} that is documented: what it means is not known, and the record was not used",
            "look up what it means, and tell the makers of this program",
            locator or "",
            column,
        )
        for raw, locator in rows.filter(~known).select(column, "locator").iter_rows()
    )
    words = pl.col(column).replace_strict(list(table), list(table.values()), default=None, return_dtype=pl.String)
    return Rows(rows.filter(known).with_columns(words.alias(into or column)), faults)


def times(
    rows: pl.DataFrame, columns: Iterable[str], formats: tuple[str, ...] = (_formats.RFC3339,), never: Collection[str] = NEVER
) -> pl.DataFrame:
    """Bring columns of times into the RFC 3339 text that `typed` reads. Sentinels (`never`: how they begin; and `0`) are null; what no format reads stays,
    so that `typed` makes a fault of it.
    """
    made = []
    for name in (name for name in columns if name in rows.columns):
        blank = pl.col(name).is_in(["", "0"])
        for beginning in never:
            blank |= pl.col(name).str.starts_with(beginning)
        texts = rows.select(pl.when(~blank).then(pl.col(name).str.strip_chars()).alias(name)).to_series()
        if formats != (_formats.RFC3339,):
            texts = pl.select(pl.coalesce(_formats.normal(texts, formats, day_end=False), texts)).to_series().alias(name)
        made.append(texts)
    return rows.with_columns(made)


def assembled(
    envelope: Envelope,
    faults: Iterable[Fault],
    points: pl.DataFrame | None = None,
    runs: pl.DataFrame | None = None,
    listings: pl.DataFrame | None = None,
) -> Facts:
    """Put facts together. Where anything could not be read (a fault of level `error`) no listing of the payload is complete, nor any job log whole."""
    found = tuple(faults)
    facts = Facts(
        frame("recovery_point") if points is None else points,
        frame("run") if runs is None else runs,
        frame("listing") if listings is None else listings,
        found,
    )
    unread = any(fault.level == "error" for fault in found)
    return without(facts, ANYTHING if unread else ANYTHING.clear(), envelope.name or envelope.tool)
