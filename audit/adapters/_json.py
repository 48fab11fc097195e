"""Strict JSON: what lenient readers let pass (a key given twice, NaN, half a surrogate, endless nesting) is refused with a
reason.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from audit.adapters._typed import shown


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {shown(key)} is given twice")
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


_END = re.compile(r"\s*\Z")
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def loads(text: str) -> Any:
    """Read one JSON value that fills the text. Raises `ValueError` whose message is a fault in plain words."""
    value, end = scan(text, 0)
    if text[end:].strip(" \t\r\n"):
        raise ValueError(f"there is more after the end of the JSON value, at character {end + 1}")
    return value


def scan(text: str, start: int) -> tuple[Any, int]:
    """Read the JSON value that begins at `start` and return it with the place after it. Raises `ValueError` as `loads` does."""
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    try:
        value, end = _DECODER.raw_decode(text, start)
        escape = text.find("\\", start, end)  # one character is found faster than two
        if escape >= 0 and text.find("\\u", escape, end) >= 0:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        if _END.match(text, error.pos) or (error.msg.startswith("Unterminated") and "\n" not in text[error.pos :]):
            raise ValueError("it is cut off in the middle of a JSON value") from None
        place = f"at character {error.pos - start + 1}"
        if text[error.pos : error.pos + 1] == "\0":
            raise ValueError(f"it contains NUL bytes, the first {place}: it was damaged, or cut off by a crash") from None
        raise ValueError(f"it is not JSON: {error.msg.lower().removesuffix(' at')} {place}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply to be a record") from None
    except UnicodeEncodeError:
        raise ValueError("it holds half a surrogate pair, which is no character") from None
    return value, end
