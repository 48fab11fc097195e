"""Lists: any frame as a list that one can filter, sort, page, share by its URL and take away as CSV. No Flask here: frames and query in, rows out.

The query: `q` looks for a text in every column of words; a column's own name filters by it (several values: one of them; of a text column without
choices: a part of it); `sort` is a column, with `-` before it from the largest; `page` counts from 1; `size` is rows a page.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import polars as pl

from audit.model.envelope import time_text
from audit.reporting.harmless import harmless

SIZES = (25, 50, 100)
USUAL_SIZE = 50
MAX_CHOICES = 60
"""A column with more values than these is filtered by a part of the word, not by choice."""
Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its name in the frame, the key of its title, and the kind of its values.

    kind: `text` (words to be translated by `word`), `name`, `number`, `ordinal`, `bytes`, `share`, `instant`, `duration` (seconds), `verdict`, `yes`, `hash`.
    choose: whether it is filtered by choice; search: whether `q` looks into it. link: from a row to the address its value leads to. word: from a value to
    what is shown for it (text or markup). shown: from a row to what is shown, where one value alone does not say it; CSV has the value.
    """

    key: str
    title: str
    kind: str = "name"
    choose: bool = False
    search: bool = False
    link: Callable[[Mapping[str, Any]], str | None] | None = None
    word: Callable[[Any], Any] | None = None
    shown: Callable[[Mapping[str, Any]], Any] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A value a column can be filtered by, how many rows have it, and whether it is chosen."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list. `rows` are those of the page, `frame` all that the filters leave, `total` those there are without filters."""

    id: str
    columns: tuple[Column, ...]
    rows: list[dict[str, Any]]
    frame: pl.DataFrame
    total: int
    page: int
    pages: int
    size: int
    sort: str
    query: dict[str, list[str]]
    choices: dict[str, list[Choice]]
    text: str
    fixed: dict[str, list[str]] = field(default_factory=dict)
    """What stands in the URL beside the list's own query."""

    @property
    def found(self) -> int:
        """How many rows the filters leave."""
        return self.frame.height

    def url(self, **changes: str | int | None) -> str:
        """Return this list's query with changes, as `?...`; null takes a key away. A change other than of the page begins at the first one."""
        query: dict[str, Any] = {**self.fixed, **self.query}
        if "page" not in changes:
            query.pop("page", None)
        for key, value in changes.items():
            if value is None:
                query.pop(key, None)
            else:
                query[key] = [str(value)]
        return "?" + urlencode(sorted(query.items()), doseq=True)

    def sorted_by(self, column: Column) -> str | None:
        """Return `ascending` or `descending` when the list is sorted by a column."""
        return {column.key: "ascending", f"-{column.key}": "descending"}.get(self.sort)

    def sort_url(self, column: Column) -> str:
        """Return where a click on a column's title leads: numbers and lengths begin with the largest, and a second click turns them round."""
        largest_first = column.kind in ("number", "bytes", "share", "instant", "duration", "ordinal")
        ways = (f"-{column.key}", column.key) if largest_first else (column.key, f"-{column.key}")
        return self.url(sort=ways[1] if self.sort == ways[0] else ways[0])


def listed(
    name: str, frame: pl.DataFrame, columns: Iterable[Column], query: Query, *, sort: str = "", fixed: Iterable[str] = ()
) -> Listed:
    """Return the page of a frame that a query asks for. What a query asks for and there is not (a column, a page) is passed over.

    sort: the order when none is asked for. fixed: keys of the query that are not the list's own and stay in its URLs.
    """
    columns = tuple(columns)
    by_key = {column.key: column for column in columns}
    own = {
        key: [value for value in values if value != ""]
        for key, values in query.items()
        if key in {*by_key, "q", "sort", "page", "size"}
    }
    own = {key: values for key, values in own.items() if values}
    text = own.get("q", [""])[0].strip()
    left = _searched(frame, columns, text)
    filters = {key: own[key] for key in by_key if key in own}
    for key, values in filters.items():
        left = left.filter(_condition(by_key[key], values))
    order = own.get("sort", [sort])[0]
    if order.lstrip("-") not in by_key:
        order = sort
    if order:
        left = left.sort(order.lstrip("-"), descending=order.startswith("-"), nulls_last=True, maintain_order=True)
    size = _number(own.get("size"), USUAL_SIZE, SIZES[0], SIZES[-1])
    pages = max(-(-left.height // size), 1)
    page = _number(own.get("page"), 1, 1, pages)
    return Listed(
        id=name,
        columns=columns,
        rows=left.slice((page - 1) * size, size).to_dicts(),
        frame=left,
        total=frame.height,
        page=page,
        pages=pages,
        size=size,
        sort=order,
        query={key: values for key, values in own.items() if key != "page" or page > 1},
        choices={column.key: _choices(frame, column, filters.get(column.key, [])) for column in columns if column.choose},
        text=text,
        fixed={key: list(query[key]) for key in fixed if query.get(key)},
    )


def _searched(frame: pl.DataFrame, columns: Sequence[Column], text: str) -> pl.DataFrame:
    inside = [column.key for column in columns if column.search]
    if not text or not inside:
        return frame
    wanted = text.lower()
    return frame.filter(pl.any_horizontal(_contains(key, wanted) for key in inside))


def _contains(key: str, text: str) -> pl.Expr:
    return pl.col(key).cast(pl.String).str.to_lowercase().str.contains(text, literal=True).fill_null(value=False)


def _condition(column: Column, values: Sequence[str]) -> pl.Expr:
    if column.choose:
        told = pl.col(column.key).cast(pl.String).fill_null("-")
        return told.is_in(list(values))
    return pl.any_horizontal(_contains(column.key, value.lower()) for value in values)


def _choices(frame: pl.DataFrame, column: Column, chosen: Sequence[str]) -> list[Choice]:
    counts = (
        frame.group_by(value=pl.col(column.key).cast(pl.String).fill_null("-")).len().sort("len", "value", descending=[True, False])
    )
    found = [Choice(value, count, value in chosen) for value, count in counts.head(MAX_CHOICES).iter_rows()]
    there = {choice.value for choice in found}
    return found + [Choice(value, 0, chosen=True) for value in chosen if value not in there]


def _number(values: Sequence[str] | None, usual: int, least: int, most: int) -> int:
    text = values[0] if values else ""
    return min(max(int(text), least), most) if text.isdecimal() and len(text) < 10 else min(usual, most)


def csv_of(found: Listed) -> str:
    """Return everything that a list's filters leave as CSV, in its order: instants RFC 3339 UTC, lengths in seconds, shares between 0 and 1; the
    header is the frame's own names. What a spreadsheet would take for a formula is kept from being one.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    keys = [column.key for column in found.columns]
    writer.writerow(keys)
    for row in found.frame.select(keys).iter_rows():
        writer.writerow([_plain(value) for value in row])
    return out.getvalue()


def _plain(value: Any) -> object:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, list):
        return harmless("; ".join(map(str, value)))
    return harmless(value)
