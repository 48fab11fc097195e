"""Results: one row per result of a control, for a workbook: what was judged, under which policy version, and all its shares."""

from __future__ import annotations

from audit.model.document import (
    Block,
    Cell,
    Column,
    DurationCell,
    Name,
    NumberCell,
    OrdinalCell,
    Paragraph,
    ShareCell,
    Table,
    TextCell,
    VerdictCell,
)
from audit.model.verdicts import SHARES, Assessment, Result
from audit.reporting.context import Context
from audit.reporting.details import detail_text
from audit.reporting.sections.assets import provenance_text
from audit.reporting.timelines import SHORTEST
from audit.reporting.words import named


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return the table of results, in the order of the assessment: by asset, part, control, policy version and leg."""
    words = context.words
    columns = (
        Column("asset", words("labels.asset")),
        Column("unit", words("labels.unit")),
        Column("policy", words("labels.policy")),
        Column("version", words("policies.version"), "ordinal"),
        Column("part", words("results.part")),
        Column("control", words("results.control")),
        Column("leg", words("results.leg")),
        Column("verdict", words("results.verdict"), "verdict"),
        Column("met", words("shares.met"), "share"),
        Column("met-up-to", words("shares.met-up-to"), "share"),
        *(Column(name, words(f"shares.{name}"), "share") for name in SHARES if name != "met"),
        Column("judged", words("shares.judged"), "duration"),
        Column("breaches", words("results.breaches"), "number"),
        Column("unproven-stretches", words("results.unproven"), "number"),
        Column("detail", words("labels.detail-title")),
        Column("provenance", words("results.provenance")),
    )
    rows = tuple(_row(result, context) for result in assessment.results)
    return [Paragraph(words("results.intro", n=len(rows))), Table("results", columns, rows, empty=words("labels.nothing-judged"))]


def _row(result: Result, context: Context) -> tuple[Cell, ...]:
    shares = result.shares or {}
    return (
        TextCell((Name(result.asset),)),
        TextCell(context.unit_title(result.unit)),
        TextCell(named(result.policy)),
        OrdinalCell(result.version),
        TextCell(named(result.part)),
        TextCell(context.control(result.control)),
        TextCell(context.leg(result.control, result.leg) if result.leg is not None else ()),
        VerdictCell(result.verdict),
        ShareCell(shares.get("met")),
        # Not rounded: the shortest breach must leave it below all.
        ShareCell(1 - shares["breached"] if shares else None),
        *(ShareCell(shares.get(name)) for name in SHARES if name != "met"),
        DurationCell(result.judged_seconds if result.judged_seconds >= SHORTEST else None),
        NumberCell(len(result.breaches)),
        NumberCell(len(result.unproven)),
        TextCell(detail_text(result.detail, context)),
        TextCell(provenance_text(result.provenance, context) if result.provenance else ()),
    )
