"""Breaches: every stretch in which a promise was broken even if all that is possible is believed; with numbers and evidence."""

from __future__ import annotations

from typing import Any

from audit.model.assessment import Assessment
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
    NumberCell,
    Paragraph,
    Table,
    TextCell,
)
from audit.model.exposure import severity as degree
from audit.model.verdicts import Breach, Result, Verdict
from audit.reporting.causes import cause, severity
from audit.reporting.context import Context


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return the table of breaches, the worst first, and for each control broken what can be done.

    Worst first: what breaks the promise before what the policy tolerates; then the longest; of equal length the one of the greater severity
    (exposure over what is allowed); then the earliest.
    """
    words = context.words
    found = worst_first(assessment, context)
    columns = (
        Column("asset", words("labels.asset")),
        Column("unit", words("labels.unit")),
        Column("promise", words("labels.promise")),
        Column("policy", words("labels.policy")),
        Column("from", words("labels.from"), "instant"),
        Column("to", words("labels.to"), "instant"),
        Column("length", words("labels.length"), "duration"),
        Column("severity", words("breaches.severity"), "number"),
        Column("severity-word", words("breaches.severity-word")),
        Column("cause", words("breaches.cause")),
        Column("evidence", words("labels.evidence"), "evidence"),
    )
    rows = tuple(_row(result, breach, context) for result, breach in found)
    blocks: list[Block] = [
        Paragraph(words("breaches.intro", n=len(rows))),
        Table("breaches", columns, rows, empty=words("breaches.none"), runs=3),
    ]
    remedies = [(control, context.control_says(control, "remedy")) for control in sorted({result.control for result, _ in found})]
    advice = tuple((context.control(control), (remedy,)) for control, remedy in remedies if remedy)
    if advice:
        blocks += [Heading(words("breaches.remedies")), Definitions(advice)]
    return blocks


def worst_first(assessment: Assessment, context: Context) -> list[tuple[Result, Breach]]:
    """Return every breach with its result, the worst first."""
    found = [(result, breach) for result in assessment.results.having("breaches") for breach in result.breaches]

    def rank(pair: tuple[Result, Breach]) -> tuple[Any, ...]:
        result, breach = pair
        return (
            result.verdict is Verdict.MET, breach.since - breach.until, -(severity(result, breach, context) or 0.0), breach.since,
            result.asset, result.control, result.leg or "", result.part or "",
        )  # fmt: skip

    return sorted(found, key=rank)


def _row(result: Result, breach: Breach, context: Context) -> tuple[Cell, ...]:
    words = context.words
    policy = words("labels.version", policy=Name(result.policy), n=result.version) if result.policy and result.version else ()
    ratio = severity(result, breach, context)
    return (
        TextCell((Name(result.asset),)),
        TextCell(context.unit_title(result.unit)),
        TextCell(context.promise(result.control, result.leg, result.part)),
        TextCell(policy or words("labels.no-policy")),
        InstantCell(breach.since),
        InstantCell(breach.until),
        DurationCell((breach.until - breach.since).total_seconds()),
        NumberCell(None if ratio is None else round(ratio, 2)),
        TextCell(() if ratio is None else words(f"detail-values.severity.{degree(ratio, 1)}")),
        TextCell(cause(result, breach, context)),
        EvidenceCell(breach.evidence),
    )
