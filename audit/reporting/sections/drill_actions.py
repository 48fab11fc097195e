"""What went wrong in drills, what is done about it by whom, and what was learnt."""

from __future__ import annotations

from collections.abc import Iterator

from audit.model.assessment import Assessment
from audit.model.document import Block, Cell, Column, Heading, InstantCell, Name, Note, Paragraph, Table, TextCell
from audit.model.drill import Drill, Following
from audit.reporting.context import Context
from audit.reporting.words import named

NEEDS_DRILLS = True


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - the shape of every section
    """Return the problems and the actions told with results, the findings that follow the drills, and the lessons."""
    told = context.drills
    if told is None or not told.drills:
        return []
    return [block for one in told.drills for block in _blocks(one, context, several=len(told.drills) > 1)]


def _blocks(one: Drill, context: Context, *, several: bool) -> Iterator[Block]:
    words = context.words
    troubled = [mine for mine in one.recoveries if mine.problems or mine.actions or mine.outcome == "failed"]
    if several:
        if not troubled and not one.findings and not one.lessons:
            return
        yield Heading((Name(one.id), " ", Name(one.title)))
    columns = (
        Column("asset", words("labels.asset")),
        Column("problems", words("drill.problems")),
        Column("actions", words("drill.actions")),
    )
    rows = tuple(
        (TextCell((Name(mine.asset),)), TextCell(named(mine.problems)), TextCell(named(mine.actions))) for mine in troubled
    )
    yield Table(
        f"problems-{one.id}" if several else "problems", columns, rows, words("drill.problems"), empty=words("drill.no-problems")
    )
    if troubled and not one.findings:
        yield Note(words("drill.no-findings", id=Name(one.id)), "warning")
    if one.findings:
        yield _findings(one, context, several=several)
    if one.lessons:
        yield Paragraph(words("drill.lessons-told", lessons=Name(one.lessons)))
    elif one.state == "signed off" and not several:
        yield Paragraph(words("drill.no-lessons"))


def _findings(one: Drill, context: Context, *, several: bool) -> Table:
    words = context.words
    columns = (
        Column("finding", words("drill.finding")),
        Column("title", words("drill.action")),
        Column("severity", words("drill.severity")),
        Column("owner", words("drill.owner")),
        Column("due", words("drill.due"), "instant"),
        Column("state", words("drill.state")),
    )
    rows = tuple(_following(told, context) for told in one.findings)
    return Table(f"findings-{one.id}" if several else "findings", columns, rows, words("drill.findings"))


def _following(told: Following, context: Context) -> tuple[Cell, ...]:
    words = context.words
    return (
        TextCell((Name(told.id),)),
        TextCell((Name(told.title),)),
        TextCell(words(f"drill.severities.{told.severity}")),
        TextCell(named(told.owner) or words("drill.nobody")),
        InstantCell(told.due),
        TextCell(words(f"drill.finding-states.{told.state}")),
    )
