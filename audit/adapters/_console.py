"""What one command printed, on its way to facts: its lines with locators, the run that its envelope knows of, and faults.

Most tools that print text tell nothing of when they ran and under which id: the envelope does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from audit.adapters import _command, _text
from audit.adapters._typed import typed
from audit.errors import Fault
from audit.model.envelope import Envelope
from audit.model.facts import SCHEMAS, frame

STOPS = "the text stops before it says that it was completed: it still runs, or the text was cut off"
"""Of a run whose end is not told, whatever its exit code: that it failed is not known, either."""


@dataclass(slots=True)
class Console:
    """`lines`: number and text (without the blanks behind it) of the lines that are not blank. `faults`: what was wrong so far."""

    envelope: Envelope
    raw: bytes
    where: str
    text: str
    lines: list[tuple[int, str]]
    faults: list[Fault] = field(default_factory=list)

    @property
    def code(self) -> int | None:
        """The exit code, where the envelope has it."""
        return self.envelope.exit_code

    @property
    def cut(self) -> bool:
        """The text ends in the midst of a line: more of it may be missing."""
        return not self.raw.endswith(b"\n")

    def fault(self, what: str, remedy: str, line: int | None = None, key: str = "") -> None:
        """Note something that was not used."""
        self.faults.append(Fault(self.where, what, remedy, f"line {line}" if line else "", key))

    def warn(self, what: str, remedy: str, line: int | None = None, key: str = "") -> None:
        """Note something that was used, and that the reader of the facts should know."""
        self.faults.append(Fault(self.where, what, remedy, f"line {line}" if line else "", key, "warning"))

    def run(self, verb: str, kind: str, fallback: str | None = None, **fields: Any) -> pl.DataFrame:
        """Make the one run of a payload (RUN schema). Its id and its times are the envelope's, unless they are given (times as instants)."""
        envelope = self.envelope
        row: dict[str, Any] = {
            "source": envelope.source,
            "id": _command.run_id(verb, envelope, self.raw, fallback),
            "kind": kind,
            "started_at": envelope.started_at,
            "finished_at": envelope.finished_at,
            "repository": envelope.repository,
            "ambiguous": False,
            "locator": f"line {self.lines[0][0]}" if self.lines else "",
        }
        if fields.get("outcome") == "running":
            row["finished_at"] = None
        return frame("run", [row | {key: value for key, value in fields.items() if value is not None}])

    def ended(self, errors: Sequence[str], *, said: bool | None, silent: str) -> dict[str, Any]:
        """Return outcome and message of the one run of a payload.

        said: whether the text tells that it was completed. `None`: the tool has no word for that, so that only the exit code can tell, and only of a text that was not cut off;
        silent: what is said where there is none.
        """
        if errors or self.code:
            return {"outcome": "failed", "message": errors[0] if errors else f"exit code {self.code}"}
        if said is False or (said is None and self.cut):
            return {"outcome": "running", "message": STOPS}
        if said or self.code == 0:
            return {"outcome": "success"}
        return {"outcome": "warning", "message": silent}

    def typed(self, kind: str, rows: Sequence[dict[str, str | None]]) -> pl.DataFrame:
        """Read rows of text (with `locator`) into a kind's schema; what cannot be read is a fault."""
        columns = {"locator", *(key for row in rows for key in row)} & {*SCHEMAS[kind], "locator"}
        schema = dict.fromkeys(sorted(columns), pl.String())
        table = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema, orient="row")
        result = typed(kind, table, self.envelope)
        self.faults += result.faults
        return result.frame


def read(payload: bytes, envelope: Envelope) -> Console:
    """Take a payload apart. Raises `InputError` when it is no text."""
    where = envelope.name or envelope.tool
    text = _text.decode(where, payload)
    return Console(envelope, payload, where, text, lines(text))


def lines(text: str) -> list[tuple[int, str]]:
    """Return number and text of the lines that are not blank. A bare carriage return (progress on a screen) ends a line too, but does not count."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        last = line.rstrip().rsplit("\r", 1)[-1] if "\r" in line else line.rstrip()
        if last.strip():
            found.append((number, last))
    return found


def first(lines_: Iterable[tuple[int, str]], *beginnings: str) -> str | None:
    """Return the first line that begins with one of these, without the blanks before it."""
    return next((text for _, line in lines_ if (text := line.strip()).startswith(beginnings)), None)
