"""Waivers: the permissions that counted in the period, who gave them and what is done instead, and every stretch that they cover.

Option `each: stretch` (for a workbook): only the stretches.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from audit.model.assessment import Assessment
from audit.model.document import (
    Block,
    Cell,
    Column,
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
from audit.model.records import SCOPE
from audit.model.verdicts import Result, Waived
from audit.reporting.causes import cause
from audit.reporting.context import Context


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return the table of waivers in force, and the table of what they cover, the longest first."""
    words = context.words
    waivers = _in_force(assessment, context)
    covered = [(result, stretch) for result in assessment.results.having("waived") for stretch in result.waived]
    covered.sort(key=lambda pair: (pair[1].since - pair[1].until, pair[1].since, pair[0].asset, pair[0].control, pair[0].leg or ""))
    intro = Paragraph(words("waivers.intro", n=len(waivers)) if waivers else words("waivers.none"))
    if context.options.get("each") == "stretch":
        return [intro, _covered(covered, context)]
    if not waivers:
        return [intro]
    return [intro, _table(waivers, context), Heading(words("waivers.covered")), _covered(covered, context)]


def _in_force(assessment: Assessment, context: Context) -> list[dict[str, Any]]:
    """Return the approved waivers that counted at any instant of the period, as rows, oldest first."""
    told = context.estate.records.get("waiver")
    if told is None:
        return []
    counting = told.filter((pl.col("begin") < assessment.until) & (pl.col("end") > assessment.since))
    return counting.sort("entry").rows(named=True)


def _table(waivers: list[dict[str, Any]], context: Context) -> Table:
    words = context.words
    columns = (
        Column("waiver", words("waivers.waiver")),
        Column("promise", words("labels.promise")),
        Column("scope", words("waivers.scope")),
        Column("from", words("labels.from"), "instant"),
        Column("to", words("labels.to"), "instant"),
        Column("reason", words("waivers.reason")),
        Column("measure", words("waivers.measure")),
        Column("asked-by", words("waivers.asked-by")),
        Column("approved-by", words("waivers.approved-by")),
    )
    rows = tuple(_waiver(one, context) for one in waivers)
    return Table("waivers", columns, rows, empty=words("waivers.none"), runs=3)


def _waiver(one: dict[str, Any], context: Context) -> tuple[Cell, ...]:
    return (
        TextCell((Name(one["id"]),)),
        TextCell(context.promise(one["control"], one["leg"])),
        TextCell(_scope(one, context)),
        InstantCell(one["begin"]),
        InstantCell(one["end"]),
        *(TextCell((Name(one[key]),)) for key in ("reason", "measure", "asked_by", "by")),
    )


def _scope(waiver: dict[str, Any], context: Context) -> Text:
    """Return the scope of a waiver in words: what it names for each key, or everything."""
    words = context.words
    told = [
        words(
            "labels.detail",
            label=words(f"waivers.scopes.{key}"),
            value=words.names(waiver[key]),
        )
        for key in SCOPE
        if waiver[key]
    ]
    return words.between("labels.clause", told) if told else words("waivers.scopes.everything")


def _covered(covered: list[tuple[Result, Waived]], context: Context) -> Table:
    words = context.words
    columns = (
        Column("asset", words("labels.asset")),
        Column("unit", words("labels.unit")),
        Column("promise", words("labels.promise")),
        Column("waiver", words("waivers.waiver")),
        Column("from", words("labels.from"), "instant"),
        Column("to", words("labels.to"), "instant"),
        Column("length", words("labels.length"), "duration"),
        Column("cause", words("breaches.cause")),
        Column("evidence", words("labels.evidence"), "evidence"),
    )
    rows = tuple(_row(result, stretch, context) for result, stretch in covered)
    return Table("waived", columns, rows, empty=words("waivers.nothing-covered"), runs=3)


def _row(result: Result, stretch: Waived, context: Context) -> tuple[Cell, ...]:
    return (
        TextCell((Name(result.asset),)),
        TextCell(context.unit_title(result.unit)),
        TextCell(context.promise(result.control, result.leg, result.part)),
        TextCell((Name(stretch.waiver),)),
        InstantCell(stretch.since),
        InstantCell(stretch.until),
        DurationCell((stretch.until - stretch.since).total_seconds()),
        TextCell(cause(result, stretch, context)),
        EvidenceCell(stretch.evidence),
    )
