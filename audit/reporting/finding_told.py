"""What `explain` says of a finding, as lines: what it is, when it is due, what it is about, and what was done about it, by whom and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from audit.model.document import Name, Text
from audit.model.envelope import time_text
from audit.register.records._record import Record
from audit.reporting.context import Context
from audit.reporting.words import plain

SCOPES = ("assets", "units", "tiers", "data_classes")


def finding_lines(record: Record, stands: Mapping[str, Any], context: Context) -> Iterator[str]:
    """Yield the lines of a finding. stands: its row among the findings."""
    words = context.words
    state = words(f"drill.finding-states.{record.state}")
    severity = words(f"explain.finding.words.severity.{stands['severity']}")
    owner = (Name(stands["owner"]),) if stands["owner"] else words("explain.finding.nobody")
    yield words.plain("explain.finding.is", id=Name(record.id), state=state, severity=severity, owner=owner)
    due = "explain.finding.overdue" if stands["overdue"] else "explain.finding.due"
    yield f"  {words.plain(due, due=time_text(stands['due']))}"
    yield f"  {words.plain('explain.finding.about', what=_about(record, stands, context))}"
    yield f"  {words.plain('explain.finding.history')}"
    for one in record.done:
        act = words(f"explain.finding.acts.{one.act}")
        yield f"    {words.plain('explain.finding.act', at=time_text(one.at), entry=str(one.number), act=act, who=Name(one.by))}"
        told = [
            words("labels.detail", label=words(f"explain.finding.values.{key}"), value=_value(key, value, context))
            for key, value in one.values.items()
            if value not in ("", None, [], ())
        ]
        if told:
            yield f"      {plain(words.between('labels.separator', told))}"


def _about(record: Record, stands: Mapping[str, Any], context: Context) -> Text:
    """Return what a finding is about: asset, part, control and leg of its breach; of what a person found, all that its scope names."""
    if stands["control"]:
        return (Name(" / ".join(stands[key] for key in ("asset", "part", "control", "leg") if stands[key])),)
    scope = [name for key in SCOPES for name in record.values.get(key) or ()]
    return context.words.names(scope) if scope else context.words("explain.finding.everything")


def _value(key: str, value: Any, context: Context) -> Text:
    """Return what was told with an act: instants exactly, an interval as ISO 8601 writes it."""
    if key == "assessed":
        return (Name("/".join(value)),)
    if isinstance(value, list | tuple):
        return context.words.names(tuple(map(str, value)))
    if isinstance(value, datetime):
        return (Name(time_text(value)),)
    return context.words.worded(f"explain.finding.words.{key}.{value}", str(value))
