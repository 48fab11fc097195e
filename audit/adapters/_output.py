"""What a command printed, in pieces: JSON values that begin a line, and the lines of text between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from audit.adapters import _json
from audit.errors import Fault


@dataclass(slots=True)
class Output:
    """`values`: JSON objects and arrays with the line they begin in; `lines`: what is not JSON, blank lines left out; `faults`:
    JSON that could not be read.
    """

    values: list[tuple[int, Any]] = field(default_factory=list)
    lines: list[tuple[int, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def split(text: str, where: str) -> Output:
    """Take a payload apart. JSON may be one document over many lines, one object a line, and mixed with text."""
    output = Output()
    at, line = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        piece = text[at:end].strip()
        if piece.startswith(("{", "[{", "[]")) or piece == "[":
            stop = _value(text, at, line, output, where)
            if stop is not None:
                line += text.count("\n", at, stop)
                at = stop
                continue
        elif piece:
            output.lines.append((line, piece))
        at, line = end + 1, line + 1
    return output


def _value(text: str, at: int, line: int, output: Output, where: str) -> int | None:
    """Read the JSON value that begins here and return where it ends; `None` and a fault when it cannot be read."""
    try:
        value, stop = _json.scan(text, at)
    except ValueError as error:
        output.faults.append(
            Fault(
                where,
                f"the JSON that begins here was not read: {error}",
                "copy the whole output and ingest it again",
                f"line {line}",
            )
        )
        return None
    output.values.append((line, value))
    return stop
