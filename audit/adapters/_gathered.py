"""Rows that are gathered one by one from a tool's text, as records of strings, and made into facts at once.

For logs and reports, where a row is put together from several lines; what is a table or a list of records is read in columns (`_records`, `_table`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from audit.adapters import _listing, _records
from audit.adapters._typed import shown, typed
from audit.errors import Fault
from audit.model.envelope import Envelope, time_text
from audit.model.facts import Facts, frame

Value = str | int | bool | datetime | None


@dataclass(slots=True)
class Gathered:
    """What was found so far. A row's keys are the names of its kind's fields, and `locator`."""

    envelope: Envelope
    points: list[Mapping[str, Value]] = field(default_factory=list)
    runs: list[Mapping[str, Value]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def where(self) -> str:
        """How messages name the payload."""
        return self.envelope.name or self.envelope.tool

    def fault(self, what: str, remedy: str = "", locator: str = "", key: str = "", level: str = "error") -> None:
        """Note something that the reader of the facts should know; `error`: something was not used."""
        self.faults.append(Fault(self.where, what, remedy, locator, key, level))

    def word(self, table: Mapping[str, str], raw: str, locator: str, key: str) -> str | None:
        """Return what a word of the tool is to us; one that the table does not know is a fault."""
        known = table.get(raw)
        if known is None:
            self.fault(
                f"{shown(raw)} is no {key} that is documented: what it means is not known, and the record was not used",
                "look up what it means, and tell the makers of this program",
                locator,
                key,
            )
        return known

    def listing(self, *, at: datetime | None = None, complete: bool = True, locator: str = "envelope") -> pl.DataFrame:
        """Return the listing that the payload is of its envelope's repository; `complete` where the envelope says so too."""
        told = self.envelope
        row = {
            "source": told.source,
            "repository": told.repository,
            "scope": told.scope,
            "listed_at": at or told.observed_at or told.finished_at,
            "complete": complete and bool(told.complete) and told.exit_code in (None, 0),
            "locator": locator,
        }
        return frame("listing", [row])

    def typed(self, kind: str, rows: Sequence[Mapping[str, Value]]) -> pl.DataFrame:
        """Make rows into a frame of their kind; what cannot be read becomes a fault."""
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = {name: [_text(row.get(name)) for row in rows] for name in names}
        raw = pl.DataFrame(columns or {"locator": []}, schema=dict.fromkeys(names or ["locator"], pl.String()))
        result = typed(kind, raw, self.envelope)
        self.faults += result.faults
        return result.frame

    def facts(self, listings: pl.DataFrame | None = None, *, log: bool = False) -> Facts:
        """Return all that was gathered as facts. `log`: it is a job history, and holds every run of its stretch where the envelope says that it is complete."""
        points, runs = self.typed("recovery_point", self.points), self.typed("run", self.runs)
        if log:
            listings = _listing.job_log(runs, self.envelope)
        return _records.assembled(self.envelope, self.faults, points, runs, listings)


def _text(value: Value) -> str | None:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)
