"""The calendar of drills: what is overdue, needs verification, is due and is done, for each asset and promise."""

from __future__ import annotations

from audit.model.assessment import Assessment
from audit.model.document import Block, Cell, Column, InstantCell, Name, Paragraph, Table, Text, TextCell
from audit.model.drill import Due
from audit.model.terms import Term
from audit.reporting.context import Context
from audit.reporting.words import named

NEEDS_DRILLS = True


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - the shape of every section
    """Return the calendar, the worst first."""
    told, words = context.drills, context.words
    if told is None:
        return []
    columns = (
        Column("asset", words("labels.asset")),
        Column("unit", words("labels.unit")),
        Column("tier", words("drill.tier")),
        Column("promise", words("labels.promise")),
        Column("every", words("drill.every")),
        Column("state", words("drill.state")),
        Column("due", words("drill.due"), "instant"),
        Column("last", words("drill.last"), "instant"),
        Column("drill", words("drill.drill")),
    )
    rows = tuple(_row(line, context) for line in told.calendar)
    intro = Paragraph(words("drill.calendar-intro", at=context.formats.instant(told.at)))
    return [intro, Table("calendar", columns, rows, empty=words("drill.nothing-asked"))]


def _row(line: Due, context: Context) -> tuple[Cell, ...]:
    return (
        TextCell((Name(line.asset),)),
        TextCell(context.unit_title(line.unit)),
        TextCell(named(line.tier)),
        TextCell(context.promise(line.control, line.leg)),
        TextCell(_every(line, context)),
        TextCell(context.words(f"drill.calendar-states.{line.state}")),
        InstantCell(line.due),
        InstantCell(line.last),
        TextCell(named(line.drill)),
    )


def _every(line: Due, context: Context) -> Text:
    if isinstance(line.every, Term):
        return (context.formats.term(line.every),)
    return context.words(f"drill.each.{line.every}")
