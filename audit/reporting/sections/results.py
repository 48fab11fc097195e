"""Results: one row per result of a control, for a workbook: what was judged, under which policy version, and all its shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

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
from audit.model.verdicts import SHARES, Assessment, Result
from audit.reporting.context import Context
from audit.reporting.details import detail_text
from audit.reporting.once import once
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
    rows = tuple(zip(*_cells(assessment.results, context), strict=True))
    return [Paragraph(words("results.intro", n=len(rows))), Table("results", columns, rows, empty=words("labels.nothing-judged"))]


def _cells(results: Sequence[Result], context: Context) -> list[list[Cell]]:
    """Return the columns of the table: there may be hundreds of thousands of rows, and of what stands in many each cell is made once."""

    def each(values: Iterable[Any], make: Callable[[Any], Cell]) -> list[Cell]:
        return list(map(once(make), values))

    shares = [result.shares or {} for result in results]
    return [
        each((result.asset for result in results), _named),
        each((result.unit for result in results), lambda unit: TextCell(context.unit_title(unit))),
        each((result.policy for result in results), _named),
        each((result.version for result in results), OrdinalCell),
        each((result.part for result in results), _named),
        each((result.control for result in results), lambda control: TextCell(context.control(control))),
        each(
            ((result.control, result.leg) for result in results),
            lambda leg: TextCell(context.leg(*leg) if leg[1] is not None else ()),
        ),
        each((result.verdict for result in results), VerdictCell),
        each((told.get("met") for told in shares), ShareCell),
        # Not rounded: the shortest breach must leave it below all.
        each((1 - told["breached"] if told else None for told in shares), ShareCell),
        *(each((told.get(name) for told in shares), ShareCell) for name in SHARES if name != "met"),
        each((result.judged_seconds if result.judged_seconds >= SHORTEST else None for result in results), DurationCell),
        each((len(result.breaches) for result in results), NumberCell),
        each((len(result.unproven) for result in results), NumberCell),
        each((detail_text(result.detail, context) if result.detail else () for result in results), TextCell),
        each((result.provenance for result in results), lambda told: TextCell(provenance_text(told, context) if told else ())),
    ]


def _named(name: str | None) -> Cell:
    return TextCell(named(name))
