"""Lists that come in pages: asked whole, asked once more where they changed meanwhile, and kept page by page as they came."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.connectors._fetching import Asking, Fetched, FetchError
from audit.connectors._http import LARGEST, joined
from audit.model.envelope import time_text


@dataclass(frozen=True, slots=True)
class Page:
    """One page as received. `ids`: of its records; `total`: how many records the API says that there are on all pages, null where it does not say."""

    payload: bytes
    ids: Sequence[str]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of which no page is missing. `began`, `finished` (UTC): before its first page was asked, and after its last one. `whole`: it did not change meanwhile."""

    payload: bytes
    began: datetime
    finished: datetime
    whole: bool


def listed(asking: Asking, name: str, pages: Callable[[], Iterable[Page]]) -> Listed:
    """Ask for all pages of a list, and once more where it changed while it was read; where it changed again that is told as a warning."""
    began = asking.clock()
    read = _read(name, pages())
    if _changed(read):
        began = asking.clock()
        read = _read(name, pages())
    changed = _changed(read)
    if changed:
        asking.warn(f"{name} changed while it was read, twice ({changed}): what was read is kept, and is not taken as a whole list")
    return Listed(joined([page.payload for page in read]), began, asking.clock(), not changed)


def fetched(asking: Asking, name: str, pages: Callable[[], Iterable[Page]], *, unlimited: bool, **told: Any) -> Fetched:
    """Return a list as one payload. unlimited: nothing was left out of what was asked for, so that it is complete unless it changed; told: more of the envelope."""
    found = listed(asking, name, pages)
    return Fetched(name, found.payload, {**times(found), "complete": True if unlimited and found.whole else None, **told})


def times(first: Listed, last: Listed | None = None) -> dict[str, Any]:
    """Return the times of the envelope of a list, or of several that were read one after the other."""
    return {"observed_at": first.began, "started_at": first.began, "finished_at": (last or first).finished}


def by_offset(ask: Callable[[int], Page]) -> Iterator[Page]:
    """Yield the pages of a list that is asked for by the number of records before a page, until all that there are have come, or a page is empty."""
    before = 0
    while True:
        page = ask(before)
        yield page
        before += len(page.ids)
        if not page.ids or (page.total is not None and before >= page.total):
            return


def by_cursor(name: str, ask: Callable[[str | None], tuple[Page, str | None]]) -> Iterator[Page]:
    """Yield the pages of a list each of which tells how the next one is asked for. Raises `FetchError` where that goes in a circle."""
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        page, cursor = ask(cursor)
        yield page
        if not cursor:
            return
        if cursor in seen:
            raise FetchError(f"{name}: its pages go in a circle, and were not taken")
        seen.add(cursor)


def document(payload: bytes, name: str) -> dict[str, Any]:
    """Return the JSON object that an answer is. Raises `FetchError` when it is none."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise FetchError(f"{name}: the answer is no JSON object")
    return value


def records(value: dict[str, Any], key: str, name: str) -> list[dict[str, Any]]:
    """Return the records under a key of an answer; null means none. Raises `FetchError` where there is no list: an error must not look like an empty list."""
    if key not in value:
        raise FetchError(f"{name}: the answer has no {key}")
    found = [] if value[key] is None else value[key]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise FetchError(f"{name}: {key} is no list of records")
    return found


def number(value: Any) -> int | None:
    """Return a number of records as an API tells it; null where it tells none."""
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else None


def instant(at: datetime) -> str:
    """Return an instant as APIs are asked with it: RFC 3339 in UTC with whole seconds, rounded down."""
    return time_text(at.replace(microsecond=0))


def _read(name: str, pages: Iterable[Page]) -> list[Page]:
    read: list[Page] = []
    size = 0
    for page in pages:
        size += len(page.payload)
        if size > LARGEST:
            raise FetchError(f"{name}: its pages are larger than {LARGEST // 1024 // 1024} MiB together and were not taken")
        if read and page.ids and list(page.ids) == list(read[-1].ids):
            raise FetchError(f"{name}: the same page came twice: its paging is not as documented, and it was not taken")
        read.append(page)
    return read


def _changed(read: list[Page]) -> str | None:
    """Say why pages are not of one and the same list; null when they may be."""
    ids = [one for page in read for one in page.ids]
    totals = sorted({page.total for page in read if page.total is not None})
    if len(totals) > 1:
        return f"it had {totals[0]} records and {totals[-1]}"
    if len(set(ids)) < len(ids):
        return "a record came twice"
    if totals and totals[0] != len(ids):
        return f"it has {totals[0]} records, and {len(ids)} came"
    return None
