"""Shares: how much of the judged time each promise held, by control, by month, by unit and by unit and policy. The denominator stands
beside every share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audit.model.assessment import Assessment
from audit.model.columns import NO_STRETCHES
from audit.model.document import (
    Block,
    Cell,
    Column,
    DurationCell,
    Heading,
    Name,
    NumberCell,
    OrdinalCell,
    Paragraph,
    ShareBar,
    ShareBars,
    ShareCell,
    Table,
    TextCell,
    VerdictCell,
)
from audit.reporting.context import Context
from audit.reporting.groups import Key, Tallies, Tally
from audit.reporting.months import MOST, by_month, edges_of

SHOWN = ("met", "met_up_to", "breached", "unproven", "grace", "waived")


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return bars and a table by control, bars by month, a table by unit, and one by unit and policy version."""
    words, results = context.words, assessment.results.columns.results
    tallies = Tallies(assessment.results)
    by_control, units = tallies.by("control", "leg"), tallies.units_worst_first()
    by_unit = _in_order(tallies.by("unit", "control", "leg"), units)
    by_policy = _in_order(tallies.by("unit", "policy", "version", "control", "leg"), units)
    # A column of grace or waivers that is empty throughout would only make the page harder to read.
    shown = [name for name in SHOWN if name in SHOWN[:4] or (results[name] > 0).any()]
    blocks: list[Block] = [
        Paragraph(words("shares.intro")),
        _bars(by_control, context),
        _table("shares-by-control", by_control, shown, (), context),
        *_months(assessment, context),
    ]
    if len(units) > 1:
        blocks += [Heading(words("shares.by-unit")), _table("shares-by-unit", by_unit, shown, ("unit",), context)]
    blocks += [
        Heading(words("shares.by-policy")),
        Paragraph(words("shares.by-policy-means")),
        _table("shares-by-policy", by_policy, shown, ("unit", "policy", "version"), context),
    ]
    return blocks


def _in_order(tallies: Mapping[Key, Tally], units: Sequence[str]) -> dict[Key, Tally]:
    """Put the worst unit first, and keep what belongs to one unit together."""
    place = {unit: number for number, unit in enumerate(units)}
    return {key: tallies[key] for key in sorted(tallies, key=lambda key: (place[key[0]], key))}


def _bars(tallies: Mapping[Key, Tally], context: Context) -> ShareBars:
    bars = tuple(ShareBar(context.promise(control, leg or None), tally.bar) for (control, leg), tally in tallies.items())
    return ShareBars("by-control", bars, caption=context.words("shares.bars"))


def _months(assessment: Assessment, context: Context) -> list[Block]:
    """Return bars by month where the period has some months, and not too many."""
    columns = assessment.results.columns
    edges = edges_of(assessment.since, assessment.until, context.estate.timezone)
    if not 3 <= len(edges) - 1 <= MOST or (columns.results["judged"] == NO_STRETCHES).all():
        return []
    held = by_month(columns, edges)
    bars = tuple(
        ShareBar((context.formats.month(since),), tuple(shares.items())) for since, shares in zip(edges, held, strict=False)
    )
    words = context.words
    return [
        Heading(words("shares.by-month")),
        Paragraph(words("shares.by-month-means")),
        ShareBars("by-month", bars, caption=words("shares.by-month")),
    ]


def _table(name: str, tallies: Mapping[Key, Tally], shown: Sequence[str], before: Sequence[str], context: Context) -> Table:
    words = context.words
    columns = [
        *(Column(key, words(f"shares.columns.{key}"), "ordinal" if key == "version" else "text") for key in before),
        Column("promise", words("labels.promise")),
        Column("verdict", words("labels.verdict"), "verdict"),
        *(
            Column(f"assets-{verdict}", words(f"shares.assets.{verdict}"), "number")
            for verdict in ("judged", "breached", "unproven")
        ),
        Column("judged", words("shares.judged"), "duration"),
        *(Column(share.replace("_", "-"), words(f"shares.{share.replace('_', '-')}"), "share") for share in shown),
    ]
    rows = tuple(_row(key, tally, shown, before, context) for key, tally in tallies.items())
    return Table(name, tuple(columns), rows, empty=words("labels.nothing-judged"))


def _row(key: Key, tally: Tally, shown: Sequence[str], before: Sequence[str], context: Context) -> tuple[Cell, ...]:
    *first, control, leg = key
    named: dict[str, Cell] = {}
    for what, value in zip(before, first, strict=True):
        match what:
            case "unit":
                named[what] = TextCell(context.unit_title(value))
            case "version":
                named[what] = OrdinalCell(int(value) or None)
            case _:
                named[what] = TextCell((Name(value),) if value else context.words("labels.no-policy"))
    return (
        *named.values(),
        TextCell(context.promise(control, leg or None)),
        VerdictCell(tally.verdict),
        NumberCell(tally.judged),
        NumberCell(tally.breached),
        NumberCell(tally.unproven),
        DurationCell(tally.seconds),
        *(ShareCell(tally.shares[share]) for share in shown),
    )
