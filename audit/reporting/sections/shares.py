"""Shares: how much of the judged time each promise held, by control and by unit and control. The denominator stands beside every
share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from audit.model.document import Block, Cell, Column, DurationCell, Heading, NumberCell, Paragraph, ShareCell, Table, TextCell
from audit.model.verdicts import Assessment, Result, Verdict
from audit.reporting.context import Context
from audit.reporting.timelines import SHORTEST, pooled, worst

SHOWN = ("met", "met_up_to", "breached", "unproven", "grace", "waived")
Key = tuple[str, ...]


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return one table over everything by control, and one by unit and control."""
    words = context.words
    by_control: dict[Key, list[Result]] = defaultdict(list)
    by_unit: dict[Key, list[Result]] = defaultdict(list)
    for result in assessment.results:
        by_control[result.control, result.leg or ""].append(result)
        by_unit[result.unit, result.control, result.leg or ""].append(result)
    blocks: list[Block] = [Paragraph(words("shares.intro")), _table("shares-by-control", by_control, context)]
    if len({unit for unit, *_ in by_unit}) > 1:
        blocks += [Heading(words("shares.by-unit")), _table("shares-by-unit", by_unit, context)]
    return blocks


def _table(name: str, groups: dict[Key, list[Result]], context: Context) -> Table:
    words = context.words
    with_unit = any(len(key) == 3 for key in groups)
    # A column of grace or waivers that is empty throughout would only make the page harder to read.
    shown = [
        share
        for share in SHOWN
        if share in SHOWN[:4] or any((r.shares or {}).get(share) for results in groups.values() for r in results)
    ]
    columns = [
        *([Column("unit", words("labels.unit"))] if with_unit else []),
        Column("promise", words("labels.promise")),
        *(
            Column(f"assets-{verdict}", words(f"shares.assets.{verdict}"), "number")
            for verdict in ("judged", "breached", "unproven")
        ),
        Column("judged", words("shares.judged"), "duration"),
        *(Column(share.replace("_", "-"), words(f"shares.{share.replace('_', '-')}"), "share") for share in shown),
    ]
    rows = tuple(_row(key, groups[key], shown, context) for key in sorted(groups))
    return Table(name, tuple(columns), rows, empty=words("labels.nothing-judged"))


def _row(key: Key, results: Sequence[Result], shown: Sequence[str], context: Context) -> tuple[Cell, ...]:
    *unit, control, leg = key
    verdicts: dict[str, Verdict] = {}
    for result in results:
        verdicts[result.asset] = worst((result.verdict, verdicts.get(result.asset, Verdict.NOT_APPLICABLE)))
    counts = Counter(verdicts.values())
    judged = [result for result in results if result.shares is not None]
    seconds = sum(result.judged_seconds for result in judged)
    return (
        *(TextCell(context.unit_title(name)) for name in unit),
        TextCell(context.promise(control, leg or None)),
        NumberCell(len(verdicts) - counts[Verdict.NOT_APPLICABLE]),
        NumberCell(counts[Verdict.BREACHED]),
        NumberCell(counts[Verdict.UNPROVEN]),
        DurationCell(seconds if seconds >= SHORTEST else None),
        *(ShareCell(pooled(judged, share)) for share in shown),
    )
