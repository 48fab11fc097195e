"""Evidence: each payload that a breach refers to, once, with its whole SHA-256; and how a reader checks it."""

from __future__ import annotations

from typing import Any

from audit.model.assessment import Assessment
from audit.model.document import Block, Cell, Column, InstantCell, Name, OrdinalCell, Paragraph, Table, Text, TextCell
from audit.reporting.context import Context
from audit.reporting.words import named


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return the index of evidence that the report refers to, by journal number."""
    words = context.words
    refs = {(ref.entry, ref.sha256) for result in assessment.results.having("breaches", "waived") for ref in result.references}
    if context.drills is not None:
        refs |= {(ref.entry, ref.sha256) for ref in context.drills.references}
    told: dict[int, dict[str, Any]] = {}
    if context.payloads is not None:
        told = {row["entry"]: row for row in context.payloads.iter_rows(named=True)}
    columns = (
        Column("entry", words("labels.entry"), "ordinal"),
        Column("sha256", words("labels.sha256")),
        Column("source", words("labels.source")),
        Column("name", words("labels.file")),
        Column("observed", words("labels.observed"), "instant"),
        Column("received", words("labels.received"), "instant"),
        Column("came", words("labels.came")),
    )
    rows = tuple(_row(entry, sha256, told.get(entry, {}), context) for entry, sha256 in sorted(refs))
    return [Paragraph(words("evidence.intro")), Table("evidence", columns, rows, empty=words("evidence.none"), anchor="entry")]


def _row(entry: int, sha256: str, payload: dict[str, Any], context: Context) -> tuple[Cell, ...]:
    return (
        OrdinalCell(entry),
        TextCell(named(sha256)),
        TextCell(named(payload.get("source"))),
        TextCell(named(payload.get("name"))),
        InstantCell(payload.get("observed_at")),
        InstantCell(payload.get("received_at")),
        TextCell(came(payload, context)),
    )


def came(row: dict[str, Any], context: Context) -> Text:
    """Return how a payload reached us, and by whom."""
    method = row.get("method")
    if not method:
        return ()
    how = context.words.worded(f"methods.{method}", str(method))
    return context.words("labels.by", how=how, who=Name(str(row["by"]))) if row.get("by") else how
