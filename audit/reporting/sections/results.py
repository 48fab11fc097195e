"""Results: one row per result of a control, for a workbook: what was judged, under which policy version, and all its shares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

import polars as pl

from audit.model.assessment import Assessment
from audit.model.cell_rows import CellColumn, CellRows
from audit.model.document import (
    Block,
    Cell,
    Column,
    DurationCell,
    NumberCell,
    OrdinalCell,
    Paragraph,
    ShareCell,
    Table,
    TextCell,
    VerdictCell,
)
from audit.model.verdicts import SHARES, Verdict
from audit.reporting.context import Context
from audit.reporting.details import detail_text
from audit.reporting.once import column_of
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
    rows = CellRows(_cells(assessment.results.columns.results, context))
    return [Paragraph(words("results.intro", n=len(rows))), Table("results", columns, rows, empty=words("labels.nothing-judged"))]


def _cells(results: pl.DataFrame, context: Context) -> Iterator[CellColumn]:
    """Yield the columns of the table of results (`audit.model.columns.RESULT`): there may be hundreds of thousands of rows, and of what stands in many each cell is made once."""

    of = partial(column_of, results)
    yield of(_named, "asset")
    yield of(lambda unit: TextCell(context.unit_title(unit)), "unit")
    yield of(_named, "policy")
    yield of(OrdinalCell, "version")
    yield of(_named, "part")
    yield of(lambda control: TextCell(context.control(control)), "control")
    yield of(lambda control, leg: TextCell(context.leg(control, leg) if leg is not None else ()), "control", "leg")
    yield of(lambda verdict: VerdictCell(Verdict(verdict)), "verdict")
    yield of(ShareCell, "met")
    # Not rounded: the shortest breach must leave it below all.
    yield of(lambda breached: ShareCell(None if breached is None else 1 - breached), "breached")
    for name in SHARES:
        if name != "met":
            yield of(ShareCell, name)
    yield of(lambda seconds: DurationCell(seconds if seconds >= SHORTEST else None), "judged_seconds")
    yield of(NumberCell, "breaches")
    yield of(NumberCell, "unproven_stretches")
    yield of(lambda told: TextCell(detail_text(json.loads(told), context) if told != "{}" else ()), "detail")
    yield of(lambda told: TextCell(provenance_text(told, context) if told else ()), "provenance")


def _named(name: str | None) -> Cell:
    return TextCell(named(name))
