"""Recoveries that were tried: how each ended, how long it took and what would have been lost beside what was agreed, from which recovery point, and what shows it."""

from __future__ import annotations

from audit.model.assessment import Assessment
from audit.model.document import (
    Block,
    Cell,
    Column,
    DurationCell,
    EvidenceCell,
    Name,
    NumberCell,
    Paragraph,
    Table,
    Text,
    TextCell,
    VerdictCell,
)
from audit.model.drill import Drill, Recovery
from audit.model.verdicts import Verdict
from audit.reporting.context import Context
from audit.reporting.sections.drill import within_rpo, within_rto
from audit.reporting.words import named

NEEDS_DRILLS = True


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - the shape of every section
    """Return a row for each recovery that has a result, or was begun, or that the drill names."""
    told = context.drills
    if told is None:
        return []
    words, several = context.words, len(told.drills) != 1
    pairs = [(one, mine) for one in told.drills if one.kind != "table-top" and one.declared is not None for mine in one.recoveries]
    columns = (
        *([Column("drill", words("drill.drill"))] if several else []),
        Column("asset", words("labels.asset")),
        Column("unit", words("labels.unit")),
        Column("tier", words("drill.tier")),
        Column("outcome", words("drill.outcome"), "verdict"),
        Column("said", words("drill.ended-how")),
        Column("rto", words("drill.rto"), "duration"),
        Column("taken", words("drill.taken"), "duration"),
        Column("rpo", words("drill.rpo"), "duration"),
        Column("lost", words("drill.lost"), "duration"),
        Column("depth", words("drill.depth"), "number"),
        Column("coverage", words("drill.coverage")),
        Column("point", words("drill.point")),
        Column("shown", words("drill.shown")),
        Column("checks", words("drill.checks")),
        Column("evidence", words("labels.evidence"), "evidence"),
    )
    rows = tuple(_row(one, mine, several=several, context=context) for one, mine in pairs)
    return [Paragraph(words("drill.recoveries-intro")), Table("recoveries", columns, rows, empty=words("drill.none-tried"))]


def _row(one: Drill, mine: Recovery, *, several: bool, context: Context) -> tuple[Cell, ...]:
    assert one.declared is not None
    taken, lost = mine.taken(one.declared), mine.lost(one.declared)
    runs = tuple(run.evidence for run in mine.runs)
    return (
        *([TextCell((Name(one.id),))] if several else []),
        TextCell((Name(mine.asset),)),
        TextCell(context.unit_title(mine.unit)),
        TextCell(named(mine.tier)),
        VerdictCell(verdict(one, mine)),
        TextCell(_said(one, mine, context)),
        DurationCell(None if mine.rto is None else mine.rto.total_seconds()),
        DurationCell(None if taken is None else taken.total_seconds()),
        DurationCell(None if mine.rpo is None else mine.rpo.total_seconds()),
        DurationCell(None if lost is None else lost.total_seconds()),
        NumberCell(mine.depth),
        TextCell(context.words(f"drill.coverages.{mine.coverage}") if mine.coverage else ()),
        TextCell(_point(mine, context)),
        TextCell(_shown(mine, context)),
        TextCell(named(mine.checks)),
        EvidenceCell((*mine.evidence, *runs)),
    )


def verdict(one: Drill, mine: Recovery) -> Verdict:
    """Return what a recovery shows of what was agreed for it: breached where it failed, took too long or lost too much; met where it is proven and shows that RTO and RPO were kept, and
    nothing changed since; else unproven. Where it passed and nothing is agreed, not applicable."""
    answers = [
        within for agreed, within in ((mine.rto, within_rto(one, mine)), (mine.rpo, within_rpo(one, mine))) if agreed is not None
    ]
    if mine.outcome == "failed" or False in answers:
        return Verdict.BREACHED
    if mine.outcome == "passed" and not answers:
        return Verdict.NOT_APPLICABLE
    open_ = mine.outcome is None or not mine.proven or mine.changed is not None or None in answers
    return Verdict.UNPROVEN if open_ else Verdict.MET


def _said(one: Drill, mine: Recovery, context: Context) -> Text:
    words = context.words
    if mine.outcome is None:
        return words("drill.no-result")
    told = [words(f"drill.outcomes.{mine.outcome}")]
    if mine.outcome == "passed" and within_rto(one, mine) is False:
        told.append(words("drill.too-long"))
    if within_rpo(one, mine) is False:
        told.append(words("drill.too-old"))
    if mine.changed is not None:
        told.append(words("drill.changed", at=context.formats.instant(mine.changed)))
    return words.between("labels.clause", told)


def _point(mine: Recovery, context: Context) -> Text:
    words = context.words
    if mine.point is None:
        return words("drill.no-point")
    if mine.captured is None:
        return words("drill.point-unknown", point=Name(mine.point), repository=Name(mine.repository or ""))
    captured = context.formats.instant(mine.captured)
    return words("labels.point-in", point=Name(mine.point), repository=Name(mine.repository or ""), captured=captured)


def _shown(mine: Recovery, context: Context) -> Text:
    words = context.words
    if not mine.runs:
        return words("drill.no-run")
    if mine.proven and mine.proving:
        return words("drill.proven-by", runs=words.names([f"{run.source}/{run.id}" for run in mine.proving]))
    told = words.between(
        "labels.clause",
        [
            words("drill.run-ended", run=Name(f"{run.source}/{run.id}"), outcome=words(f"drill.run-outcomes.{run.outcome}"))
            for run in mine.runs
        ],
    )
    return words("drill.run-told", runs=told)
