"""The drills and incidents of a period: which there were, how they ended, and how much of each tier they cover."""

from __future__ import annotations

from collections import Counter, defaultdict

from audit.model.assessment import Assessment
from audit.model.document import (
    Block,
    Cell,
    Column,
    Figure,
    Heading,
    InstantCell,
    KeyFigures,
    Name,
    NumberCell,
    Paragraph,
    ShareCell,
    Table,
    TextCell,
)
from audit.model.drill import CALENDAR_STATES, Drill
from audit.model.verdicts import Verdict
from audit.reporting.context import Context
from audit.reporting.words import named

NEEDS_DRILLS = True


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - the shape of every section
    """Return key figures, the coverage by tier and the list of drills."""
    told, words = context.drills, context.words
    if told is None:
        return []
    states = Counter(line.state for line in told.calendar)
    figures = (
        Figure(NumberCell(sum(one.state == "signed off" for one in told.drills)), words("drill.figures.signed-off"), NumberCell(len(told.drills))),
        Figure(NumberCell(states["done"]), words("drill.figures.done"), NumberCell(len(told.calendar))),
        Figure(NumberCell(states["due"]), words("drill.figures.due")),
        Figure(
            NumberCell(states["overdue"]), words("drill.figures.overdue"), verdict=Verdict.UNPROVEN if states["overdue"] else None
        ),
        Figure(NumberCell(states["needs-verification"]), words("drill.figures.needs-verification")),
        Figure(NumberCell(len(told.unrecorded)), words("drill.figures.unrecorded")),
    )  # fmt: skip
    return [
        Paragraph(words("drill.period-intro", at=context.formats.instant(told.at))),
        KeyFigures(figures),
        Heading(words("drill.by-tier")),
        _by_tier(context),
        Heading(words("drill.list")),
        _list(context),
    ]


def _by_tier(context: Context) -> Table:
    assert context.drills is not None
    words = context.words
    groups: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for line in context.drills.calendar:
        groups[line.tier or "", line.control, line.leg or ""][line.state] += 1
    columns = (
        Column("tier", words("drill.tier")),
        Column("promise", words("labels.promise")),
        Column("assets", words("labels.assets"), "number"),
        *(Column(state, words(f"drill.calendar-states.{state}"), "number") for state in reversed(CALENDAR_STATES)),
        Column("covered", words("drill.covered"), "share"),
    )
    rows = []
    for (tier, control, leg), states in sorted(groups.items()):
        count = states.total()
        cells: list[Cell] = [
            TextCell(named(tier) or words("drill.no-tier")),
            TextCell(context.promise(control, leg or None)),
            NumberCell(count),
        ]
        cells += [NumberCell(states[state]) for state in reversed(CALENDAR_STATES)]
        rows.append((*cells, ShareCell(states["done"] / count)))
    return Table("by-tier", columns, tuple(rows), empty=words("drill.nothing-asked"))


def _list(context: Context) -> Table:
    assert context.drills is not None
    words = context.words
    columns = (
        Column("drill", words("drill.drill")),
        Column("title", words("drill.title")),
        Column("kind", words("drill.kind")),
        Column("state", words("drill.state")),
        Column("declared", words("drill.declared"), "instant"),
        Column("ended", words("drill.ended"), "instant"),
        Column("assets", words("labels.assets"), "number"),
        Column("passed", words("drill.passed"), "number"),
        Column("failed", words("drill.failed"), "number"),
        Column("findings", words("drill.findings"), "number"),
        Column("signed-by", words("drill.signed-by")),
    )
    return Table("drills", columns, tuple(_row(one, context) for one in context.drills.drills), empty=words("drill.no-drills"))


def _row(one: Drill, context: Context) -> tuple[Cell, ...]:
    words, signed = context.words, one.last("sign-off")
    outcomes = Counter(mine.outcome for mine in one.recoveries)
    return (
        TextCell((Name(one.id),)),
        TextCell((Name(one.title),)),
        TextCell(words(f"drill.kinds.{one.kind}")),
        TextCell(words(f"drill.states.{one.state.replace(' ', '-')}")),
        InstantCell(one.declared or one.planned_for),
        InstantCell(one.ended),
        NumberCell(len(one.assets)),
        NumberCell(outcomes["passed"]),
        NumberCell(outcomes["failed"]),
        NumberCell(len(one.findings)),
        TextCell(named(signed.by) if signed else words("drill.nobody")),
    )
