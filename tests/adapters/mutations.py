"""Damage that fits the format of a payload: JSON, NDJSON, tables, lines of text, XML; and damage to any bytes.

`mutated(random_, payload)` gives one damaged payload; the same state of `random_` gives the same one.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

LONG = 100_000
MANY = 2_000
"""Values of a JSON document that has been made large enough."""
_BITS = [b'"', b",", b"{", b"}", b"[", b"]", b"\n", b"\r", b"\0", b"\xff", b"null", b"NaN", b"\\u", b"\\ud800", b"1e999", b"-1"]
_BITS += [b":", b"0001-01-01", b"\xef\xbb\xbf", b"true", b"9" * 30, b"[" * 3000, b"\xe5\xa4", b'"id":', b"2026-02-30", b"\x01"]
_BITS += [b"+25:00", b" ", b"\x85", b"<", b">", b"&", b"]]>", b"---\n", b"|", b"\t", b";", b"'", b"%", b"=", b"\\"]

_TEXTS = ["", " ", "unknown", "-", "N/A", "null", "0", "-1", "9" * 19, "9" * 30, "1e308", "1e999", "NaN", "true", "é", "上午", "\0"]
_TEXTS += [
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
    "2026-02-30T00:00:00Z",
    "1969-12-31",
    "\x85",
]
_TEXTS += [
    "2026-10-25T02:30:00",
    "2026-03-29T02:30:00",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z",
    "P1D",
    "+25:00",
    "a\nb",
    ",",
]
_TEXTS += [
    "x" * 10_000,
    "99999999999999",
    "253402300800",
    "-62135596800",
    "{}",
    "[]",
    "\u2028",
    "\ud800",
    "%s",
    "{0}",
    "/",
    "1.5 TB",
]
_TEXTS += ["10675199.02:48:05", "99999999:59:59", "00:00:00", "/Date(-62135596800000)/", "/Date(99999999999999999)/", "0x10", "٣"]
_NUMBERS = [0, -1, 1, 0.5, -0.0, 1e308, 10**18, 10**19, 2**63, -(2**63) - 1, 10**30, 253402300800, 99999999999999, True, False]
_MARK = "\ue000"
"""A character of no sample: stands for what `json.dumps` could not write."""
_HUGE = {
    f"{_MARK}{n}": text for n, text in enumerate(["[" * 50 + "]" * 50, '{"a":' * 900 + "1" + "}" * 900, "[" * 5000, "9" * 5000])
}
_HUGE |= {f"{_MARK}inf": "Infinity", f"{_MARK}nan": "NaN", f"{_MARK}exp": "1e400", f"{_MARK}long": f'"{"x" * LONG}"'}
_RUNS = [" ", "9", "a ", "1.", "-", "x", '"', "'", "\t", "/", "1:", "[", "(", ": ", ", ", "1 ", "\\", "=", "a=", "| ", "+-", "é"]

Place = tuple[Any, Any]
"""A container of a JSON value, and a key or index in it."""


def mutated(random_: Random, payload: bytes) -> bytes:
    """Damage a payload in the way of its format, or any bytes of it, or both."""
    how = random_.random()
    if how < 0.75:
        try:
            payload = _structural(random_, payload.decode("utf-8")).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            how = 1
    return damaged(random_, payload[:20_000]) if how > 0.65 else payload


def damaged(random_: Random, payload: bytes) -> bytes:
    """Change a payload in a few places: cut, doubled, swapped and foreign bytes."""
    for _ in range(random_.randint(0, 4)):
        at, to = sorted(random_.randrange(len(payload) + 1) for _ in range(2))
        to = min(to, at + 200)
        payload = random_.choice(
            [
                payload[:at],
                payload[:at] + payload[to:],
                payload[:to] + payload[at:],
                payload[:at] + random_.choice(_BITS) + payload[at:],
                payload[:at] + random_.choice(_BITS) + payload[at + 1 :],
                payload[:at] + bytes(random_.randrange(256) for _ in range(3)) + payload[at:],
                payload[:at] + payload[at:to][::-1] + payload[to:],
            ]
        )
    return payload


def _structural(random_: Random, text: str) -> str:
    if random_.random() < 0.15:
        return _lines(random_, text)
    if text.lstrip().startswith(("{", "[")):
        value = _value_of(text)
        return _json_lines(random_, text) if value is None else _json(random_, value)
    if text.lstrip().startswith("<"):
        return _xml(random_, text)
    sign = next((sign for sign in ("\t", ";", ",") if text.split("\n", 1)[0].count(sign) > 1), "")
    return _table(random_, text, sign) if sign and random_.random() < 0.8 else _lines(random_, text)


def _value_of(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


# --- JSON -------------------------------------------------------------------------------------------------------------------


def _json(random_: Random, value: Any) -> str:
    for _ in range(random_.randint(1, 5)):
        value = _changed(random_, value)
    text = json.dumps(value, ensure_ascii=random_.random() < 0.3, indent=random_.choice([None, None, 2]))
    for mark, huge in _HUGE.items():
        text = text.replace(json.dumps(mark), huge).replace(f'"{mark}"', huge)
    return text


def _json_lines(random_: Random, text: str) -> str:
    lines = text.splitlines()
    for _ in range(random_.randint(1, 3)):
        place = random_.randrange(len(lines))
        value = _value_of(lines[place])
        if value is not None:
            lines[place] = _json(random_, value).replace("\n", " ")
    return "\n".join(lines)


def _changed(random_: Random, value: Any) -> Any:
    places = _places(value)
    if not places or random_.random() < 0.03:
        return _strange(random_)
    holder, key = random_.choice(places)
    old = holder[key]
    how = random_.randrange(9)
    if how < 4:
        holder[key] = _strange(random_)
    elif how == 4:
        del holder[key]
    elif how == 5 and isinstance(holder, dict):
        del holder[key]
        holder[random_.choice(["x", "", str(key).upper(), f"{key}s", "id", "name"])] = old
    elif how == 6:
        other, its = random_.choice(places)
        if not _within(old, other) and not _within(other[its], holder):
            holder[key], other[its] = other[its], old
    elif how == 7 and isinstance(holder, list) and len(places) < MANY:
        holder.extend([old] * random_.choice([1, 2, 30]))
    else:
        holder[key] = random_.choice([[old], {"value": old}, {str(key): old}, str(old), [old, None], [], {}])
    return value


def _within(value: Any, holder: Any) -> bool:
    """Return whether a container is a value or lies in it: swapping them would make a ring."""
    return value is holder or any(each is holder for each, _ in _places(value))


def _places(value: Any) -> list[Place]:
    found: list[Place] = []
    left = [value]
    while left:
        one = left.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        found += [(one, key) for key in keys]
        left += [one[key] for key in keys if isinstance(one[key], (dict, list))]
    return found


def _strange(random_: Random) -> Any:
    kinds = [lambda: None, list, dict, lambda: random_.choice(list(_HUGE)), lambda: random_.choice(_NUMBERS)]
    kinds += [lambda: random_.choice(_TEXTS), lambda: random_.choice(_TEXTS), lambda: [None], lambda: {"": {}}]
    return random_.choice(kinds)()


# --- tables -----------------------------------------------------------------------------------------------------------------


def _table(random_: Random, text: str, sign: str) -> str:
    rows = list(csv.reader(io.StringIO(text), delimiter=sign))
    for _ in range(random_.randint(1, 4)):
        _change_table(random_, rows)
    quoting = random_.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    sign = random_.choice([sign] * 8 + [";", "\t"])
    out = io.StringIO()
    csv.writer(out, delimiter=sign, quoting=quoting, lineterminator=random_.choice(["\n", "\n", "\r\n", "\r"])).writerows(rows)
    text = out.getvalue()
    if random_.random() < 0.3:
        text = _put(random_, text, random_.choice(['"', '""', sign, "\r", "\0", '"\n', "\ufeff"]))
    return text


def _change_table(random_: Random, rows: list[list[str]]) -> None:
    """Change a cell, a row or a column of a table."""
    how = random_.randrange(8)
    row = random_.choice(rows) if rows else []
    width = max(map(len, rows), default=0)
    column, other = random_.randrange(width + 1), random_.randrange(width + 1)
    if how < 3 and row:
        row[random_.randrange(len(row))] = random_.choice(_TEXTS)
    elif how == 3:
        for one in rows:
            one[column : column + 1] = []
    elif how == 4:
        for one in rows:
            one.insert(other, (one[column : column + 1] or [""])[0])
    elif how == 5 and row:
        rows.insert(random_.randrange(len(rows)), list(row))
    elif how == 6:
        told = random_.choice(_TEXTS)
        for one in rows[1:]:
            one[column : column + 1] = [told]
    elif rows and rows[0]:
        rows[0][random_.randrange(len(rows[0]))] = random_.choice([*_TEXTS, *rows[0]])


# --- text and XML -----------------------------------------------------------------------------------------------------------


def _put(random_: Random, text: str, what: str) -> str:
    at = random_.randrange(len(text) + 1)
    return text[:at] + what + text[at:]


def _lines(random_: Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    changes: list[Callable[[list[str], int], None]] = [
        lambda all_, at: all_.pop(at) and None,
        lambda all_, at: all_.insert(random_.randrange(len(all_) + 1), all_[at]),
        lambda all_, at: all_.insert(random_.randrange(len(all_)), all_.pop(at)),
        lambda all_, at: all_.__setitem__(at, all_[at][: random_.randrange(len(all_[at]) + 1)]),
        lambda all_, at: all_.__setitem__(at, all_[at].rstrip("\n")),
        lambda all_, at: all_.__setitem__(at, _token(random_, all_[at])),
        lambda all_, at: all_.__setitem__(at, _token(random_, all_[at])),
        lambda all_, at: all_.__setitem__(at, all_[at].replace(" ", random_.choice(["", "  ", "\t"]))),
        lambda all_, at: all_.__setitem__(slice(at, at + 9), all_[at : at + 9][::-1]),
        lambda all_, at: all_.__setitem__(slice(at, at + 9), all_[at : at + 9] * random_.choice([2, 40])),
    ]
    for _ in range(random_.randint(1, 5)):
        if not lines:
            break
        at = random_.randrange(len(lines))
        random_.choice(changes)(lines, at)
    if lines and random_.random() < 0.15:
        at = random_.randrange(len(lines))
        run = random_.choice(_RUNS)
        lines[at] = _put(random_, lines[at], run * (LONG // len(run)))
    return "".join(lines)


def _token(random_: Random, line: str) -> str:
    """Put something strange in the place of a word or a number of a line."""
    found = list(re.finditer(random_.choice([r"\d+", r"[A-Za-z]+", r"\S+", r"\s+", r"[^\w\s]"]), line))
    if not found:
        return line
    one = random_.choice(found)
    return line[: one.start()] + random_.choice(_TEXTS) + line[one.end() :]


def _xml(random_: Random, text: str) -> str:
    for _ in range(random_.randint(1, 4)):
        found = list(
            re.finditer(
                random_.choice([r"<[^<>]+>", r'"[^"<>]*"', r">[^<>]+<", r"\b[\w:]{1,40}=", r"<(\w{1,40})\b[^<>]*>[^<>]*</\1>"]),
                text,
            )
        )
        if not found or len(text) > LONG:
            continue
        one = random_.choice(found)
        old = one[0]
        inner = "&<>" if random_.random() < 0.1 else random_.choice(_TEXTS).replace("&", "").replace("<", "")
        new = random_.choice(
            [
                "",
                old * random_.choice([2, 50]),
                old[0] + inner + old[-1],
                f"<a>{old}</a>",
                "<a>" * 300 + "</a>" * 300,
                f"<![CDATA[{old}]]>",
                f"<!--{old}-->",
                "&lt;&#0;&x;",
                '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
                f"{old}{'x' * LONG}",
            ]
        )
        text = text[: one.start()] + new + text[one.end() :]
    return text
