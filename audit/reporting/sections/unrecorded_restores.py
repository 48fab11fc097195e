"""Restore runs in the evidence that no record of a drill or an incident tells of: each was a test, or something that happened."""

from __future__ import annotations

from audit.model.assessment import Assessment
from audit.model.document import Block, Cell, Column, EvidenceCell, InstantCell, Name, Paragraph, Table, TextCell
from audit.model.drill import RestoreRun
from audit.reporting.context import Context
from audit.reporting.words import named

NEEDS_DRILLS = True


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - the shape of every section
    """Return the runs, in the order of time."""
    told, words = context.drills, context.words
    if told is None:
        return []
    columns = (
        Column("asset", words("labels.asset")),
        Column("run", words("drill.run")),
        Column("outcome", words("drill.run-outcome")),
        Column("started", words("labels.from"), "instant"),
        Column("finished", words("labels.to"), "instant"),
        Column("repository", words("drill.repository")),
        Column("evidence", words("labels.evidence"), "evidence"),
    )
    rows = tuple(_row(run, context) for run in told.unrecorded)
    return [Paragraph(words("drill.unrecorded-intro")), Table("unrecorded", columns, rows, empty=words("drill.all-recorded"))]


def _row(run: RestoreRun, context: Context) -> tuple[Cell, ...]:
    return (
        TextCell((Name(run.asset),)),
        TextCell((Name(f"{run.source}/{run.id}"),)),
        TextCell(context.words.worded(f"outcomes.{run.outcome}", run.outcome)),
        InstantCell(run.started),
        InstantCell(run.finished),
        TextCell(named(run.repository)),
        EvidenceCell((run.evidence,)),
    )
