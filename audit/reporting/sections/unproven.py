"""Unproven: every stretch that evidence does not settle, why, and which source and repository would settle it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from audit.model.document import (
    Block,
    Column,
    DurationCell,
    Heading,
    InstantCell,
    Name,
    NumberCell,
    Paragraph,
    Table,
    Text,
    TextCell,
)
from audit.model.verdicts import Assessment, Result, Unproven
from audit.reporting.context import Context
from audit.reporting.details import detail_text
from audit.reporting.words import joined

Need = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return what is missing (grouped: who can settle how much), then every stretch."""
    words = context.words
    found = [(result, stretch) for result in assessment.results for stretch in result.unproven]
    found.sort(key=lambda pair: (pair[0].asset, pair[0].control, pair[0].leg or "", pair[0].part or "", pair[1].since))
    blocks: list[Block] = [Paragraph(words("unproven.intro", n=len(found)))]
    if not found:
        return [*blocks, Paragraph(words("unproven.none"))]
    return [*blocks, _needs(found, context), Heading(words("unproven.all")), _stretches(found, context)]


def _needs(found: list[tuple[Result, Unproven]], context: Context) -> Table:
    words = context.words
    groups: dict[Need, list[tuple[Result, Unproven]]] = defaultdict(list)
    for result, stretch in found:
        groups[_reasons(stretch), _names(stretch, "sources"), _names(stretch, "repositories")].append((result, stretch))
    columns = (
        Column("reason", words("unproven.why")),
        Column("settled-by", words("unproven.settled-by")),
        Column("sources", words("labels.sources")),
        Column("repositories", words("labels.repositories")),
        Column("assets", words("labels.assets"), "number"),
        Column("stretches", words("unproven.stretches"), "number"),
        Column("length", words("unproven.in-all"), "duration"),
    )
    rows = []
    for (reasons, sources, repositories), pairs in groups.items():
        length = sum((stretch.until - stretch.since).total_seconds() for _, stretch in pairs)
        cells = (
            TextCell(_worded(reasons, "text", context)),
            TextCell(_worded(reasons, "remedy", context)),
            TextCell(words.names(sources)),
            TextCell(words.names(repositories)),
            NumberCell(len({result.asset for result, _ in pairs})),
            NumberCell(len(pairs)),
            DurationCell(length),
        )
        rows.append((-length, reasons, sources, repositories, cells))
    return Table("unproven-needs", columns, tuple(row[-1] for row in sorted(rows, key=lambda row: row[:-1])))


def _stretches(found: list[tuple[Result, Unproven]], context: Context) -> Table:
    words = context.words
    columns = (
        Column("asset", words("labels.asset")),
        Column("promise", words("labels.promise")),
        Column("from", words("labels.from"), "instant"),
        Column("to", words("labels.to"), "instant"),
        Column("length", words("labels.length"), "duration"),
        Column("reason", words("unproven.why")),
        Column("detail", words("unproven.who-settles")),
    )
    rows = tuple(
        (
            TextCell((Name(result.asset),)),
            TextCell(context.promise(result.control, result.leg, result.part)),
            InstantCell(stretch.since),
            InstantCell(stretch.until),
            DurationCell((stretch.until - stretch.since).total_seconds()),
            TextCell(_worded(_reasons(stretch), "text", context)),
            TextCell(detail_text({key: value for key, value in stretch.detail.items() if key != "reasons"}, context)),
        )
        for result, stretch in found
    )
    return Table("unproven", columns, rows)


def _names(stretch: Unproven, key: str) -> tuple[str, ...]:
    values: Any = stretch.detail.get(key) or ()
    return tuple(sorted({str(value) for value in ([values] if isinstance(values, str) else values)}))


def _reasons(stretch: Unproven) -> tuple[str, ...]:
    """Return why, as message keys: all of them where several came together."""
    return _names(stretch, "reasons") or (stretch.reason,)


def _worded(reasons: tuple[str, ...], what: str, context: Context) -> Text:
    texts = [context.words.worded(f"reasons.{reason}.{what}", reason) for reason in reasons]
    between = context.words.plain("labels.sentence")
    return joined(*(part for index, text in enumerate(texts) for part in (between if index else "", *text)))
