"""JSON: the document with its values, for programs. Instants are RFC 3339 UTC, lengths seconds, shares numbers between 0 and 1;
words as read.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from audit.content import Content
from audit.model.document import Document, EvidenceCell, Name, Table
from audit.model.envelope import time_text
from audit.model.verdicts import EvidenceRef
from audit.reporting.words import plain

MEDIA_TYPE = "application/json"
FORMAT = "backup-audit/report/1"
"""Names the shape of this file; it changes when the shape does in a way that readers must know of."""


def write(document: Document, content: Content) -> bytes:  # noqa: ARG001 - every writer is called alike
    """Return the document as UTF-8 JSON: a table's rows are objects by column key."""
    values = {"format": FORMAT, **_value(document)}
    values["facts"] = {fact.key: _value(fact.value) for fact in document.facts}
    return (json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _value(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return str(value)
        case str():
            return value
        case datetime():
            return time_text(value)
        case Name():
            return value.text
        case EvidenceRef():
            return value.to_json()
        case EvidenceCell():
            return [ref.to_json() for ref in value.value]
        case Table():
            return _table(value)
        case tuple():
            return _tuple(value)
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is no part of a document")
    members = {_key(field.name): _value(getattr(value, field.name)) for field in fields(value)}
    members |= {_key(field.name): "" for field in fields(value) if field.type == "Text" and not getattr(value, field.name)}
    if set(members) == {"value"}:  # a cell is its value
        return members["value"]
    kind = getattr(value, "kind", None)
    return {"block": kind, **members} if kind else members


def _key(name: str) -> str:
    return {"since": "from", "until": "to"}.get(name, name)


def _tuple(values: tuple[Any, ...]) -> Any:
    """A text is one string, anything else a list."""
    if values and all(isinstance(value, str | Name) and not isinstance(value, Enum) for value in values):
        return plain(values)
    return [_value(value) for value in values]


def _table(table: Table) -> dict[str, Any]:
    keys = [column.key for column in table.columns]
    return {
        "block": table.kind,
        "id": table.id,
        "columns": [{"key": column.key, "title": plain(column.title), "kind": column.kind} for column in table.columns],
        "rows": [dict(zip(keys, map(_value, row), strict=True)) for row in table.rows],
        "caption": plain(table.caption),
        "empty": plain(table.empty),
    }
