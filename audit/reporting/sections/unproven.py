"""Unproven: what evidence does not settle, why, and which source and repository would settle it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from audit.model.document import (
    Block,
    Cell,
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

Pair = tuple[Result, Unproven]
Key = tuple[Any, ...]
INSTANT = timedelta(microseconds=1)
"""A stretch of this length is one instant, the last before its end: shown as that end, without a length."""


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return what is missing (grouped: who can settle how much), then every promise to every asset that is unproven, the longest first.

    Stretches of one promise to one asset with the same cause stand in one row: a repository listed once a day leaves hundreds, and each
    is in the timelines.
    """
    words = context.words
    found = [(result, stretch) for result in assessment.results for stretch in result.unproven]
    blocks: list[Block] = [Paragraph(words("unproven.intro", n=len(found)))]
    if not found:
        return [*blocks, Paragraph(words("unproven.none"))]
    return [
        *blocks,
        _needs(found, context),
        Heading(words("unproven.all")),
        Paragraph(words("unproven.all-means")),
        _stretches(found, context),
    ]


def _grouped(found: list[Pair], key: Callable[[Result, Unproven], Key]) -> list[tuple[Key, list[Pair], float]]:
    """Return groups with the sum of their lengths in seconds, the longest first."""
    groups: dict[Key, list[Pair]] = defaultdict(list)
    for result, stretch in found:
        groups[key(result, stretch)].append((result, stretch))
    summed = [(key, pairs, sum((s.until - s.since).total_seconds() for _, s in pairs)) for key, pairs in groups.items()]
    return sorted(summed, key=lambda group: (-group[2], group[0]))


def _cause(stretch: Unproven) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return _reasons(stretch), _names(stretch, "sources"), _names(stretch, "repositories")


def _needs(found: list[Pair], context: Context) -> Table:
    words = context.words
    columns = (
        Column("reason", words("unproven.why")),
        Column("settled-by", words("unproven.settled-by")),
        Column("sources", words("labels.sources")),
        Column("repositories", words("labels.repositories")),
        Column("assets", words("labels.assets"), "number"),
        Column("stretches", words("unproven.stretches"), "number"),
        Column("length", words("unproven.in-all"), "duration"),
    )
    rows = tuple(
        (
            TextCell(_worded(reasons, "text", context)),
            TextCell(_worded(reasons, "remedy", context)),
            TextCell(words.names(sources)),
            TextCell(words.names(repositories)),
            NumberCell(len({result.asset for result, _ in pairs})),
            NumberCell(len(pairs)),
            _length(pairs, length),
        )
        for (reasons, sources, repositories), pairs, length in _grouped(found, lambda _, stretch: _cause(stretch))
    )
    return Table("unproven-needs", columns, rows)


def _stretches(found: list[Pair], context: Context) -> Table:
    words = context.words
    columns = (
        Column("asset", words("labels.asset")),
        Column("unit", words("labels.unit")),
        Column("promise", words("labels.promise")),
        Column("from", words("unproven.first"), "instant"),
        Column("to", words("unproven.last"), "instant"),
        Column("stretches", words("unproven.stretches"), "number"),
        Column("length", words("unproven.in-all"), "duration"),
        Column("reason", words("unproven.why")),
        Column("detail", words("unproven.who-settles")),
    )

    def key(result: Result, stretch: Unproven) -> Key:
        return (result.asset, result.control, result.leg or "", result.part or "", *_cause(stretch))

    return Table("unproven", columns, tuple(_row(pairs, length, context) for _, pairs, length in _grouped(found, key)))


def _row(pairs: list[Pair], length: float, context: Context) -> tuple[Cell, ...]:
    result, first = pairs[0]
    detail = {name: value for name, value in first.detail.items() if name != "reasons"}
    return (
        TextCell((Name(result.asset),)),
        TextCell(context.unit_title(result.unit)),
        TextCell(context.promise(result.control, result.leg, result.part)),
        InstantCell(min((stretch.until if stretch.until - stretch.since <= INSTANT else stretch.since) for _, stretch in pairs)),
        InstantCell(max(stretch.until for _, stretch in pairs)),
        NumberCell(len(pairs)),
        _length(pairs, length),
        TextCell(_worded(_reasons(first), "text", context)),
        TextCell(detail_text(detail, context)),
    )


def _length(pairs: list[Pair], length: float) -> DurationCell:
    """A promise judged at one instant has no length."""
    return DurationCell(None if all(stretch.until - stretch.since <= INSTANT for _, stretch in pairs) else length)


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
