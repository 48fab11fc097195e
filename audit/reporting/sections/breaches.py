"""Breaches: every stretch in which a promise was broken even if all that is possible is believed; with numbers and evidence."""

from __future__ import annotations

from audit.model.document import (
    Block,
    Cell,
    Column,
    Definitions,
    DurationCell,
    EvidenceCell,
    Heading,
    InstantCell,
    Name,
    Paragraph,
    Table,
    Text,
    TextCell,
)
from audit.model.verdicts import Assessment, Breach, Result, Verdict
from audit.reporting.context import Context
from audit.reporting.details import detail_text
from audit.reporting.words import joined


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return the table of breaches, longest first, and for each control broken what can be done."""
    words = context.words
    found = [(result, breach) for result in assessment.results for breach in result.breaches]
    found.sort(
        key=lambda pair: (
            pair[1].since - pair[1].until,
            pair[1].since,
            pair[0].asset,
            pair[0].control,
            pair[0].leg or "",
            pair[0].part or "",
        )
    )
    columns = (
        Column("asset", words("labels.asset")),
        Column("promise", words("labels.promise")),
        Column("from", words("labels.from"), "instant"),
        Column("to", words("labels.to"), "instant"),
        Column("length", words("labels.length"), "duration"),
        Column("detail", words("labels.detail-title")),
        Column("evidence", words("labels.evidence"), "evidence"),
    )
    rows = tuple(_row(result, breach, context) for result, breach in found)
    blocks: list[Block] = [
        Paragraph(words("breaches.intro", n=len(rows))),
        Table("breaches", columns, rows, empty=words("breaches.none")),
    ]
    remedies = [(control, context.control_says(control, "remedy")) for control in sorted({result.control for result, _ in found})]
    advice = tuple((context.control(control), (remedy,)) for control, remedy in remedies if remedy)
    if advice:
        blocks += [Heading(words("breaches.remedies")), Definitions(advice)]
    return blocks


def _row(result: Result, breach: Breach, context: Context) -> tuple[Cell, ...]:
    return (
        TextCell((Name(result.asset),)),
        TextCell(context.promise(result.control, result.leg, result.part)),
        InstantCell(breach.since),
        InstantCell(breach.until),
        DurationCell((breach.until - breach.since).total_seconds()),
        TextCell(_detail(result, breach, context)),
        EvidenceCell(breach.evidence),
    )


def _detail(result: Result, breach: Breach, context: Context) -> Text:
    """Return the numbers of a breach; before them, that the policy tolerates it, where the promise as a whole was met."""
    said = detail_text(breach.detail, context)
    if result.verdict is not Verdict.MET:
        return said
    return joined(*context.words("breaches.tolerated"), *((context.words.plain("labels.separator"), *said) if said else ()))
