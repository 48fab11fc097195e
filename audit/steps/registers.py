"""registers: all records as tables, because that is where companies keep them; and new ones from tables, checked as a whole before any is entered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from textwrap import shorten
from types import ModuleType
from typing import Any, get_origin

import polars as pl
import rfc8785

from audit.adapters._cells import letter
from audit.content import Content
from audit.errors import Fault, InputError, UsageError
from audit.inventories._rows import Rows
from audit.model.envelope import time_text
from audit.policy.suggest import one_of, unknown
from audit.register.acts import KIND, kinds, records
from audit.register.records._record import NEW, Record, RefusedError
from audit.reporting.harmless import STARTS
from audit.steps._open import Store
from audit.steps.act import checked, named

ID, STATE, ENTERED, BY, ACT = OWN = ("id", "state", "entered", "by", "act")
"""Columns that every table has before what is told with the act that made a record."""


TWICE = "say each thing in one column, under its name"
"""What to do about a table that cannot be read as it is."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of tables: ids of the records that were made (or would be), by kind, and how many rows are of records that were there."""

    made: Mapping[str, Sequence[str]]
    there: int


def fields_of(kind: str) -> list[str]:
    """Return what is told with the acts that make a record of a kind, in their order."""
    names = [key for act in _making(kinds()[kind]).values() for key in act.values.model_fields]
    return list(dict.fromkeys(names))


def _making(module: ModuleType) -> dict[str, Any]:
    return {name: act for name, act in module.ACTS.items() if NEW in act.before and not act.by_program}


def exported(store: Store, kind: str, known: Mapping[str, Mapping[str, Record]] | None = None) -> pl.DataFrame:
    """Return the records of a kind as texts, the oldest first: OWN, then what was told with the act that made each; several values in lines of their own. known: all records,
    where they were read already."""
    columns = [*OWN, *fields_of(kind)]
    rows = [_row(record, columns) for record in (known or records(store.journal, store.vault))[kind].values()]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _row(record: Record, columns: Sequence[str]) -> dict[str, str | None]:
    first = record.done[0]
    own = {ID: record.id, STATE: record.state, ENTERED: time_text(first.at), BY: first.by, ACT: first.act}
    return {name: own[name] if name in own else _text(first.values.get(name)) for name in columns}


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        lines = [f"{one['question']}={one['score']} {one['answer']}" if isinstance(one, Mapping) else str(one) for one in value
                 if not isinstance(one, Mapping) or one["score"] is not None]  # fmt: skip
        return "\n".join(lines) or None
    return None if value in (None, "") else str(value)


def imported(
    store: Store, tables: Mapping[str, Rows], where: str, *, now: datetime, by: str, content: Content | None = None, check: bool = False
) -> Imported:  # fmt: skip
    """Enter the rows of tables (by kind) that have no id as new records, all of them or none; rows with an id are of records that are there already, and stay as they are.

    check: enter nothing. Raises `InputError` with the faults of all rows, each with its cell; `UsageError` when nobody does it.
    """
    if not named(by):
        raise UsageError("say who does this: --by NAME")
    known = records(store.journal, store.vault)
    faults = [
        fault
        for kind, table in tables.items()
        for fault in (*(replace(one, remedy=TWICE) for one in table.faults), *_columns(kind, table, where, len(tables) > 1))
    ]
    wanted: list[tuple[str, str, dict[str, Any]]] = []
    there = 0
    for kind, table in tables.items():
        for locator, row in table.rows:
            at = _At(where, f"{kind}!" if len(tables) > 1 else "", table.names, locator)
            if row.get(ID):
                there += 1
                faults += at.of_known(row, known[kind])
                continue
            making = _making(kinds()[kind])
            act = row.get(ACT) or next(iter(making))
            if act not in making:
                faults.append(at.fault(ACT, unknown("act", act, making), one_of(making)))
                continue
            values = _values(making[act].values, row)
            try:
                told = checked(store, kind, act, values, known, now=now, by=by, content=content)
                if hasattr(kinds()[kind], "check"):
                    kinds()[kind].check(None, act, told, by, now)
                wanted.append((kind, act, told))
            except InputError as error:
                faults += [at.fault(one.key.split(".")[0], one.what, one.remedy) for one in error.faults]
            except (RefusedError, UsageError) as error:
                faults.append(at.fault("", str(error), ""))
    if faults:
        raise InputError(f"nothing was entered: {len(faults)} fault{'' if len(faults) == 1 else 's'}", faults)
    made = {kind: [] for kind in tables} if check else _enter(store, wanted, now, by)
    if check:
        for kind, _, _ in wanted:
            made[kind].append("")
    return Imported({kind: ids for kind, ids in made.items() if ids}, there)


@dataclass(frozen=True, slots=True)
class _At:
    """A row, for faults: they name the cell."""

    where: str
    sheet: str
    names: Sequence[str]
    locator: str

    def fault(self, key: str, what: str, remedy: str) -> Fault:
        """Return a fault at a column's cell of the row; at the row where there is no such column."""
        place = self.locator
        if key and key in self.names and self.locator.startswith("row "):
            place = f"cell {self.sheet}{letter(self.names.index(key))}{self.locator.removeprefix('row ')}"
        elif self.sheet:
            place = f"{self.sheet.removesuffix('!')}, {self.locator}"
        return Fault(self.where, what, remedy, place, key)

    def of_known(self, row: Mapping[str, str], known: Mapping[str, Record]) -> list[Fault]:
        """Return what is wrong with a row that has an id: there is no such record, or it says something else than the record."""
        if row[ID] not in known:
            return [self.fault(ID, unknown("id", row[ID], known), "leave the id of a new record empty")]
        told = _row(known[row[ID]], [name for name in self.names if name])
        return [
            self.fault(
                name,
                f"the record says {shorten(told[name] or 'nothing', 60)!r}",
                "a table changes no record: leave its row as it is, and use the acts",
            )
            for name in told
            if _plain(row.get(name)) != _plain(told[name])
        ]


def _plain(text: str | None) -> list[str]:
    """Return a text as it is compared: spreadsheets change line ends and blanks at the ends, and an export to CSV marks what looks like a formula."""
    text = (text or "").strip()
    text = text[1:] if text[:1] == "'" and text[1:].startswith(STARTS) else text
    return [line.strip() for line in text.splitlines()]


def _columns(kind: str, table: Rows, where: str, named: bool) -> Iterator[Fault]:
    """Yield a fault for each column that a table of a kind does not have."""
    columns = [*OWN, *fields_of(kind)]
    for place, name in enumerate(table.names):
        if name and name not in columns:
            cell = f"column {kind + '!' if named else ''}{letter(place)}"
            yield Fault(where, unknown("column", name, columns), one_of(columns), cell)


def _values(model: Any, row: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row tells, as the act's model reads it."""
    values: dict[str, Any] = {}
    for key, field in model.model_fields.items():
        text = row.get(key, "")
        # What an export to CSV put before a text that a spreadsheet takes for a formula.
        text = text[1:] if text[:1] == "'" and text[1:].startswith(STARTS) else text
        if text:
            values[key] = _several(text) if get_origin(field.annotation) is tuple else text
    return values


def _several(text: str) -> list[str]:
    """Return the values of a cell: a line each, or in one line with semicolons between them."""
    parts = text.splitlines() if "\n" in text or "=" in text else text.split(";")
    return [part.strip() for part in parts if part.strip()]


def _enter(store: Store, wanted: Sequence[tuple[str, str, dict[str, Any]]], now: datetime, by: str) -> dict[str, list[str]]:
    """Enter the acts that make new records in one transaction; return the ids by kind."""
    store.folder.must_be_writable()
    made: dict[str, list[str]] = {}
    payloads = [rfc8785.dumps({"record": kind, "act": act, "values": told}) for kind, act, told in wanted]
    hashes = [store.vault.put(payload) for payload in payloads]
    with store.journal.writing() as writer:
        number = store.head()
        for (kind, act, _), payload, sha256 in zip(wanted, payloads, hashes, strict=True):
            number += 1
            identity = f"{kind}-{number}"
            writer.append(
                KIND, {"sha256": sha256, "size": len(payload), "record": kind, "id": identity, "act": act, "by": by.strip()}, now
            )
            made.setdefault(kind, []).append(identity)
    if wanted:
        store.checkpoint()
    return made
