"""JSON: the document with its values, for programs. Instants are RFC 3339 UTC, lengths seconds, shares numbers between 0 and 1;
words as read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from audit.content import Content
from audit.model.document import Document, EvidenceCell, Name, Section, ShareBar, Table
from audit.model.envelope import time_text
from audit.model.verdicts import EvidenceRef
from audit.reporting.words import plain

MEDIA_TYPE = "application/json"
FORMAT = "backup-audit/report/1"
"""Names the shape of this file; it changes when the shape does in a way that readers must know of."""


def write(document: Document, content: Content) -> bytes:  # noqa: ARG001 - every writer is called alike
    """Return the document as UTF-8 JSON: a table's rows are objects by column key.

    `sections` has every section once, those of the workbook alone last; `contents` names those of the report in order, `workbook` its sheets
    with theirs. A section that stands there in two forms has two ids: `breaches`, `breaches-2`.
    """
    sections = _named((*document.sections, *(section for sheet in document.sheets for section in sheet.sections)))
    values = {"format": FORMAT, **_value(replace(document, sections=(), sheets=()))}
    del values["sheets"]
    values["facts"] = {fact.key: _value(fact.value) for fact in document.facts}
    values["contents"] = [_id(section, sections) for section in document.sections]
    values["workbook"] = [
        {"id": sheet.id, "title": plain(sheet.title), "sections": [_id(section, sections) for section in sheet.sections]}
        for sheet in document.sheets
    ]
    values["sections"] = [_value(section) | {"id": name} for name, section in sections.items()]
    return (json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _named(sections: Iterable[Section]) -> dict[str, Section]:
    """Return each section once, by an id of its own."""
    found: dict[str, Section] = {}
    for section in sections:
        if any(section is one for one in found.values()):
            continue
        forms = sum(section.id == one.id for one in found.values())
        found[section.id if not forms else f"{section.id}-{forms + 1}"] = section
    return found


def _id(section: Section, sections: Mapping[str, Section]) -> str:
    return next(name for name, one in sections.items() if one is section)


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
        case ShareBar():
            return {"label": plain(value.label), "shares": {str(state): share for state, share in value.shares}}
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
