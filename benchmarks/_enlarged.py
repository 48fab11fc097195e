"""Payloads of many rows of the shape of a sample: records of a JSON document, rows of a CSV or of a text table, each with ids and times of its own."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

IDS = r"(?i)(^|[_a-z:])(id|uid|uuid|guid|arn|fid|recoverypointarn|snapshot|archive|barchive)$"
"""The keys that tell records apart, where nothing better is known of a tool."""
STEP = 20
"""Seconds between one record and the next, backwards: nothing lies in the future."""
_ISO = re.compile(r"(?<![0-9])(20[0-9]{2}-[01][0-9]-[0-3][0-9])([T ])([0-2][0-9]:[0-5][0-9]:[0-5][0-9])")
_EPOCH = re.compile(r"(?<![0-9.])1[5-9][0-9]{8}(?:[0-9]{3}|[0-9]{6})?(?![0-9.])")
_HEX = re.compile(r"[0-9a-f]{8}[0-9a-f-]*")
_SPOT = "\ue000"

Piece = Callable[[int], str]


class NoRecordsError(ValueError):
    """The sample has no records that could be made more of."""


def enlarged(sample: bytes, rows: int, keys: str = IDS, without: Collection[int] = ()) -> tuple[bytes, str]:
    """Return a payload of so many rows, and what it is: `json`, `csv` or `text`. Raises `NoRecordsError`. `without`: the records of a JSON document that
    are not repeated.
    """
    text = sample.decode("utf-8")
    if text.lstrip().startswith(("{", "[")):
        return _json(text, rows, re.compile(keys), without).encode(), "json"
    if text.count("\n| ") > 1:
        return _framed(text, rows).encode(), "text"
    if text.removeprefix(typed := _typed(text)).split("\n", 1)[0].count(",") > 1:
        return typed.encode() + _csv(text.removeprefix(typed), rows, re.compile(keys)).encode(), "csv"
    raise NoRecordsError


def _typed(text: str) -> str:
    """Return the line in which PowerShell tells the type of the rows."""
    return text[: text.index("\n") + 1] if text.startswith("#TYPE ") else ""


def _json(text: str, rows: int, keys: re.Pattern[str], without: Collection[int]) -> str:
    try:
        document = json.loads(text)
    except ValueError:
        raise NoRecordsError from None
    outer = {"": document}
    holder, key = _longest(outer)
    records = holder[key]
    holder[key] = _SPOT
    makers = [_maker(json.dumps(_marked(record, keys))) for place, record in enumerate(records) if place not in without]
    if not makers:
        raise NoRecordsError
    made = ",".join(makers[n % len(makers)](n) for n in range(rows))
    # What counts the records of the document counts them all.
    whole = json.dumps(outer, ensure_ascii=False)[5:-1]
    whole = re.sub(rf"(?i)(\"[a-z]*(?:total|count)[a-z]*\": ){len(records)}\b", rf"\g<1>{rows}", whole)
    return whole.replace(f'"{_SPOT}"', f"[{made}]")


def _longest(value: Any) -> tuple[Any, Any]:
    """Return the container and key of the longest list of objects; the outer one of equals."""
    found: list[tuple[int, int, Any, Any]] = []

    def walk(holder: Any, depth: int) -> None:
        for key, each in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if isinstance(each, list) and each and all(isinstance(one, dict) for one in each):
                found.append((len(each), -depth, holder, key))
            if isinstance(each, (dict, list)):
                walk(each, depth + 1)

    walk(value, 0)
    if not found:
        raise NoRecordsError
    best = max(found, key=lambda one: one[:2])
    return best[2], best[3]


def _marked(value: Any, keys: re.Pattern[str], key: str = "") -> Any:
    """Mark the ids in a record."""
    if isinstance(value, dict):
        return {name: _marked(each, keys, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_marked(each, keys, key) for each in value]
    if keys.search(key) and isinstance(value, (str, int)) and not isinstance(value, bool) and value:
        return f"{_SPOT}{value}{_SPOT}" if isinstance(value, str) else f"{_SPOT}#{_SPOT}"
    return value


def _maker(text: str) -> Callable[[int], str]:
    """Return what makes the n-th copy of a text in which ids are marked."""
    text = text.replace(json.dumps(_SPOT)[1:-1], _SPOT)
    pieces = list(_pieces(text))
    return lambda n: "".join(piece if isinstance(piece, str) else piece(n) for piece in pieces)


def _pieces(text: str) -> Iterator[str | Piece]:
    for place, part in enumerate(re.split(rf'("{_SPOT}#{_SPOT}"|{_SPOT}[^{_SPOT}]*{_SPOT})', text)):
        if place % 2:
            yield _id(part.strip('"')[1:-1])
            continue
        at = 0
        for one in sorted([*_ISO.finditer(part), *_EPOCH.finditer(part)], key=re.Match.start):
            yield part[at : one.start()]
            yield _iso(one) if one.re is _ISO else _number(one[0])
            at = one.end()
        yield part[at:]


def _iso(match: re.Match[str]) -> Piece:
    base, sign = datetime.fromisoformat(f"{match[1]} {match[3]}"), match[2]
    return lambda n: (base - timedelta(seconds=n * STEP)).isoformat(sign)


def _number(text: str) -> Piece:
    base, unit = int(text), 10 ** (len(text) - 10) * STEP
    return lambda n: str(base - n * unit)


def _id(value: str) -> Piece:
    if value == "#" or value.isdigit():
        return lambda n: str(1_000_000 + n)
    if _HEX.fullmatch(value):
        return lambda n: f"{n:08x}{value[8:]}"
    if number := re.match(r"[0-9]{5,}(?= )", value):
        return lambda n: f"{1_000_000 + n}{value[number.end() :]}"
    return lambda n: f"{value}-{n}"


def _csv(text: str, rows: int, keys: re.Pattern[str]) -> str:
    head, *body = [row for row in csv.reader(io.StringIO(text)) if row]
    if not body:
        raise NoRecordsError
    ids = [keys.search(name.strip()) is not None for name in head] if any(keys.search(name.strip()) for name in head) else [True]
    makers = []
    for row in body:
        marked = [
            f"{_SPOT}{cell}{_SPOT}" if cell and id_ else cell for cell, id_ in zip(row, [*ids, *[False] * len(row)], strict=False)
        ]
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(marked)
        makers.append(_maker(out.getvalue()))
    return text[: text.index("\n") + 1] + "\n".join(makers[n % len(makers)](n) for n in range(rows)) + "\n"


def _framed(text: str, rows: int) -> str:
    """Repeat the rows of a table framed with `|`; the first column tells them apart."""
    lines = text.splitlines(keepends=True)
    framed = [at for at, line in enumerate(lines) if line.startswith("| ")]
    first, last = framed[1], framed[-1]
    makers = []
    for line in (lines[at] for at in framed[1:]):
        row = re.fullmatch(r"\| *([0-9]+) +(\|.*\n?)", line, re.DOTALL)
        if row is None:
            raise NoRecordsError
        makers.append(_maker(f"| {_SPOT}{row[1]}{_SPOT} {row[2]}"))
    return "".join([*lines[:first], *(makers[n % len(makers)](n) for n in range(rows)), *lines[last + 1 :]])
