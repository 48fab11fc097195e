"""Results: one row per result of a control, for a workbook: what was judged, under which policy version, and all its shares."""

from __future__ import annotations

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
    cells = _Cells(context)
    rows = tuple(map(cells.row, assessment.results))
    return [Paragraph(words("results.intro", n=len(rows))), Table("results", columns, rows, empty=words("labels.nothing-judged"))]


class _Cells:
    """The cells of the table, each made once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._name = once(lambda name: TextCell(named(name)))
        self._unit = once(lambda unit: TextCell(context.unit_title(unit)))
        self._control = once(lambda control: TextCell(context.control(control)))
        self._leg = once(lambda control, leg: TextCell(context.leg(control, leg) if leg is not None else ()))
        self._provenance = once(lambda told: TextCell(provenance_text(told, context) if told else ()))
        self._verdict, self._share, self._length = once(VerdictCell), once(ShareCell), once(DurationCell)
        self._number, self._ordinal, self._text = once(NumberCell), once(OrdinalCell), once(TextCell)

    def row(self, result: Result) -> tuple[Cell, ...]:
        """Return the row of a result."""
        shares = result.shares or {}
        return (
            self._name(result.asset),
            self._unit(result.unit),
            self._name(result.policy),
            self._ordinal(result.version),
            self._name(result.part),
            self._control(result.control),
            self._leg(result.control, result.leg),
            self._verdict(result.verdict),
            self._share(shares.get("met")),
            # Not rounded: the shortest breach must leave it below all.
            self._share(1 - shares["breached"] if shares else None),
            *[self._share(shares.get(name)) for name in SHARES if name != "met"],
            self._length(result.judged_seconds if result.judged_seconds >= SHORTEST else None),
            self._number(len(result.breaches)),
            self._number(len(result.unproven)),
            self._text(detail_text(result.detail, self._context)),
            self._provenance(result.provenance),
        )
