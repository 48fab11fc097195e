"""Costs: what is stored, by policy, class of data and repository, and what that costs where repositories declare a price."""

from __future__ import annotations

from audit.evaluation.costs import Bounds, Line, rounded
from audit.model.assessment import Assessment
from audit.model.document import Block, Cell, Column, Heading, Name, Note, NumberCell, Paragraph, Table, Text, TextCell
from audit.reporting.context import Context

NEEDS_COSTS = True
"""It is given `Context.costs`: where a repository declares a price, or its option `always` is true."""
GIB = 2**30


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - every section is called alike
    """Return what each currency comes to, and the lines it is made of; nothing where no repository declares a price."""
    return stored_and_paid(context)


def stored_and_paid(context: Context) -> list[Block]:
    """Return what the context's costs say; nothing where it has none."""
    words, costs = context.words, context.costs
    if costs is None:
        return []
    columns = (
        Column("policy", words("labels.policy")),
        Column("data-class", words("costs.data-class")),
        Column("repository", words("costs.repository")),
        *_bounds("points", context),
        *_bounds("stored", context),
        *_bounds("average", context),
        Column("price", words("costs.price")),
        *_bounds("cost", context),
        Column("unknown", words("costs.unknown"), "number"),
    )
    lines = tuple(_row(line, context) for line in costs.lines)
    blocks: list[Block] = [Paragraph(words("costs.intro"))]
    if costs.totals:
        of_currency = (Column("currency", words("costs.currency")), *_bounds("cost", context), Column("note", words("costs.note")))
        rows = tuple(
            (TextCell((Name(total.currency),)), *_money(total.cost), TextCell(words("costs.at-least") if total.at_least else ()))
            for total in costs.totals
        )
        blocks.append(Table("totals", of_currency, rows, caption=words("costs.totals")))
    if costs.unpriced:
        blocks.append(Note(words("costs.unpriced", repositories=words.names(costs.unpriced), n=len(costs.unpriced)), "warning"))
    if costs.unknown:
        blocks.append(Note(words("costs.unknown-means", n=costs.unknown), "warning"))
    return [
        *blocks,
        Heading(words("costs.lines")),
        Paragraph(words("costs.means")),
        Table("costs", columns, lines, empty=words("costs.nothing"), runs=2),
    ]


def _bounds(name: str, context: Context) -> tuple[Column, Column]:
    words = context.words
    return (
        Column(f"{name}-sure", words("costs.sure", what=words(f"costs.{name}")), "number"),
        Column(f"{name}-possible", words("costs.possible", what=words(f"costs.{name}")), "number"),
    )


def _row(line: Line, context: Context) -> tuple[Cell, ...]:
    words = context.words
    return (
        TextCell((Name(line.policy),) if line.policy else words("labels.no-policy")),
        TextCell((Name(line.data_class),)),
        TextCell((Name(line.repository),)),
        NumberCell(line.points.sure),
        NumberCell(line.points.possible),
        *_gib(line.stored),
        *_gib(line.average),
        TextCell(_price(line, context)),
        *_money(line.cost),
        NumberCell(line.unknown),
    )


def _price(line: Line, context: Context) -> Text:
    if line.amount is None or line.currency is None or line.per is None:
        return context.words("costs.no-price")
    return context.words("costs.priced", amount=f"{line.amount:f}", currency=Name(line.currency), per=Name(line.per))


def _gib(size: Bounds) -> tuple[Cell, Cell]:
    return NumberCell(round(size.sure / GIB, 3)), NumberCell(round(size.possible / GIB, 3))


def _money(cost: Bounds | None) -> tuple[Cell, Cell]:
    """A cell holds the number nearest to the exact sum: money is added up before, and never here."""
    if cost is None:
        return NumberCell(None), NumberCell(None)
    return NumberCell(float(rounded(cost.sure))), NumberCell(float(rounded(cost.possible)))
