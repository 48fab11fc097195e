"""The timeline of recoveries against RTO and RPO: as a picture, and every step as it was stamped."""

from __future__ import annotations

from audit.model.assessment import Assessment
from audit.model.document import (
    Block,
    Cell,
    Clock,
    ClockLine,
    Column,
    DurationCell,
    EvidenceCell,
    Heading,
    InstantCell,
    Name,
    Paragraph,
    Table,
    TextCell,
)  # fmt: skip
from audit.model.drill import Drill, Recovery, Told
from audit.register.records.drill import STEPS
from audit.reporting.context import Context
from audit.reporting.words import named

NEEDS_DRILLS = True


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - the shape of every section
    """Return the clock of the drills whose recoveries were begun, and the table of what was stamped."""
    told = context.drills
    running = [one for one in (told.drills if told else ()) if one.declared is not None]
    if not running:
        return []
    words = context.words
    lines = tuple(
        line for one in running for mine in one.recoveries if (line := _line(one, mine, len(running) > 1, context)) is not None
    )
    blocks: list[Block] = [Paragraph(words("clock.intro"))]
    if lines:
        blocks.append(Clock("recoveries", lines, caption=words("clock.title")))
    filed = any(act.files for one in running for act in one.told)
    rows = tuple(
        _row(one, act, len(running) > 1, filed, context)
        for one in running
        for act in sorted(one.told, key=lambda act: (act.at, act.entered))
    )
    columns = (
        Column("at", words("clock.at"), "instant"),
        Column("since", words("clock.since-declared"), "duration"),
        Column("step", words("clock.step")),
        *([Column("drill", words("drill.drill"))] if len(running) > 1 else []),
        Column("asset", words("labels.asset")),
        Column("by", words("clock.by")),
        Column("entered", words("clock.entered"), "instant"),
        *([Column("files", words("drill.files"))] if filed else []),
        Column("evidence", words("labels.evidence"), "evidence"),
    )
    return [*blocks, Heading(words("clock.stamps")), Table("stamps", columns, rows)]


def _line(one: Drill, mine: Recovery, several: bool, context: Context) -> ClockLine | None:
    if one.declared is None or (mine.outcome is None and not mine.stamps):
        return None
    steps = [(act, at) for act in STEPS if (at := mine.stamps.get(act)) is not None]
    if mine.outcome == "failed" and mine.ended is not None:
        steps.append(("failed", mine.ended))
    steps.sort(key=lambda step: step[1])
    lost = mine.lost(one.declared)
    return ClockLine(
        context.words("labels.of", what=Name(one.id), detail=Name(mine.asset)) if several else (Name(mine.asset),),
        None if lost is None else lost.total_seconds(),
        None if mine.rpo is None else mine.rpo.total_seconds(),
        tuple((context.words(f"drill.acts.{act}"), (at - one.declared).total_seconds()) for act, at in steps),
        None if mine.rto is None else mine.rto.total_seconds(),
        None if mine.outcome is None else mine.outcome == "passed",
    )


def _row(one: Drill, act: Told, several: bool, filed: bool, context: Context) -> tuple[Cell, ...]:
    after = None if one.declared is None or act.at < one.declared else (act.at - one.declared).total_seconds()
    return (
        InstantCell(act.at),
        DurationCell(after),
        TextCell(context.words(f"drill.acts.{act.act}")),
        *([TextCell((Name(one.id),))] if several else []),
        TextCell(named(act.asset)),
        TextCell((Name(act.by),)),
        InstantCell(act.entered),
        *([TextCell(context.words.names(act.files))] if filed else []),
        EvidenceCell((act.evidence,)),
    )
