"""Unproven: what evidence does not settle, why, and which source and repository would settle it.

Option `each: stretch` (for a workbook): every stretch in a row of its own, with what would settle it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from audit.model.assessment import Assessment
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
from audit.model.verdicts import Result, Unproven
from audit.reporting.context import Context
from audit.reporting.details import detail_text
from audit.reporting.once import once
from audit.reporting.words import joined

Pair = tuple[Result, Unproven]
Key = tuple[Any, ...]
INSTANT = timedelta(microseconds=1)
"""A stretch of this length is one instant, the last before its end: shown as that end, without a length."""


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return what is missing (grouped: who can settle how much), then every promise to every asset that is unproven, the longest first.

    Stretches of one promise to one asset with the same cause stand in one row: a repository listed once a day leaves hundreds, and each
    is in the timelines. Paper names in one row all assets of which the same is to be said.
    """
    words = context.words
    found = [(result, stretch) for result in assessment.results.having("unproven") for stretch in result.unproven]
    blocks: list[Block] = [Paragraph(words("unproven.intro", n=len(found)))]
    if context.options.get("each") == "stretch":
        return [*blocks, _needs(found, context), _each(found, context)]
    if not found:
        return [*blocks, Paragraph(words("unproven.none"))]
    return [
        *blocks,
        _needs(found, context),
        Heading(words("unproven.all")),
        Paragraph(words("unproven.all-means")),
        replace(_stretches(found, context), printed=partial(_printed, found, context)),
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
            DurationCell(_seconds(pairs, length)),
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

    cells = _Cells(context)
    return Table("unproven", columns, tuple(cells.row(pairs, length) for _, pairs, length in _grouped(found, key)))


class _Cells:
    """The cells of the tables of stretches, each made once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._text, self._instant = once(TextCell), once(InstantCell)
        self._number, self._length = once(NumberCell), once(DurationCell)
        self._unit = once(lambda unit: TextCell(context.unit_title(unit)))
        self._promise = once(lambda *promise: TextCell(context.promise(*promise)))
        self._worded = once(lambda reasons, what: TextCell(_worded(reasons, what, context)))

    def row(self, pairs: list[Pair], length: float) -> tuple[Cell, ...]:
        """Return the row of stretches of one promise to one asset that have the same cause."""
        result, first = pairs[0]
        return (*self.whose(result), *self.summed(pairs, length), self.why(first, "text"), self.settled_by(first))

    def whose(self, result: Result) -> tuple[Cell, ...]:
        """Return asset, unit and promise."""
        promise = self._promise(result.control, result.leg, result.part)
        return TextCell((Name(result.asset),)), self._unit(result.unit), promise

    def summed(self, pairs: list[Pair], length: float) -> tuple[Cell, ...]:
        """Return when the first of some stretches begins, when the last ends, how many there are, and their length."""
        begin = min(_begin(stretch) for _, stretch in pairs)
        return *self.between(begin, max(stretch.until for _, stretch in pairs)), self._number(len(pairs)), self.long(pairs, length)

    def between(self, begin: datetime, end: datetime) -> tuple[Cell, Cell]:
        """Return two instants."""
        return self._instant(begin), self._instant(end)

    def long(self, pairs: list[Pair], length: float) -> Cell:
        """Return the length of some stretches."""
        return self._length(_seconds(pairs, length))

    def why(self, stretch: Unproven, what: str) -> Cell:
        """Return the `text` or the `remedy` of the reasons of a stretch."""
        return self._worded(_reasons(stretch), what)

    def settled_by(self, stretch: Unproven) -> Cell:
        """Return what the evidence would have to come from."""
        return self._text(_settled_by(stretch, self._context))


def _begin(stretch: Unproven) -> datetime:
    return stretch.until if stretch.until - stretch.since <= INSTANT else stretch.since


def _printed(found: list[Pair], context: Context) -> Table:
    """Return the table for paper: under each cause the promises that it leaves open, each with all its assets."""
    words = context.words
    columns = (
        Column("reason", words("unproven.why")),
        Column("detail", words("unproven.who-settles")),
        Column("promise", words("labels.promise")),
        Column("assets", words("labels.assets"), "number"),
        Column("names", words("unproven.which")),
        Column("from", words("unproven.first"), "instant"),
        Column("to", words("unproven.last"), "instant"),
        Column("stretches", words("unproven.stretches"), "number"),
        Column("length", words("unproven.in-all"), "duration"),
    )
    cells, rows = _Cells(context), list[tuple[Cell, ...]]()
    for _, same, _ in _grouped(found, lambda _, stretch: _cause(stretch)):
        cause = cells.why(same[0][1], "text"), cells.settled_by(same[0][1])
        for _, pairs, length in _grouped(same, lambda result, _: (result.control, result.leg or "")):
            result = pairs[0][0]
            assets = tuple(sorted({result.asset for result, _ in pairs}))
            promise, names = TextCell(context.promise(result.control, result.leg)), TextCell(_listed(assets, pairs, context))
            rows.append((*cause, promise, NumberCell(len(assets)), names, *cells.summed(pairs, length)))
    return Table("unproven", columns, tuple(rows), runs=2)


def _listed(assets: tuple[str, ...], pairs: list[Pair], context: Context) -> Text:
    """Return assets by name, each with its parts where it has some."""
    words = context.words
    told: list[str | Name] = []
    by_asset: dict[str, set[str]] = {}
    for result, _ in pairs:
        if result.part is not None:
            by_asset.setdefault(result.asset, set()).add(result.part)
    for asset in assets:
        parts = tuple(sorted(by_asset.get(asset, ())))
        told += [words.plain("labels.comma")] if told else []
        told += [Name(asset), *(words("labels.in-brackets", value=words.names(parts)) if parts else ())]
    return joined(*told)


def _each(found: list[Pair], context: Context) -> Table:
    """Return every stretch, the longest first, with what would settle it."""
    words = context.words
    columns = (
        Column("asset", words("labels.asset")),
        Column("unit", words("labels.unit")),
        Column("promise", words("labels.promise")),
        Column("from", words("labels.from"), "instant"),
        Column("to", words("labels.to"), "instant"),
        Column("length", words("labels.length"), "duration"),
        Column("reason", words("unproven.why")),
        Column("settled-by", words("unproven.settled-by")),
        Column("detail", words("unproven.who-settles")),
    )
    ranked = sorted(
        found,
        key=lambda pair: (
            pair[1].since - pair[1].until, pair[0].asset, pair[0].control, pair[0].leg or "", pair[0].part or "", pair[1].since,
        ),
    )  # fmt: skip
    cells = _Cells(context)
    rows = tuple(
        (
            *cells.whose(result),
            *cells.between(_begin(stretch), stretch.until),
            cells.long([(result, stretch)], (stretch.until - stretch.since).total_seconds()),
            cells.why(stretch, "text"),
            cells.why(stretch, "remedy"),
            cells.settled_by(stretch),
        )
        for result, stretch in ranked
    )
    return Table("unproven", columns, rows, empty=words("unproven.none"))


def _settled_by(stretch: Unproven, context: Context) -> Text:
    """Return what the evidence would have to come from: sources and repositories."""
    return detail_text({name: value for name, value in stretch.detail.items() if name != "reasons"}, context)


def _seconds(pairs: list[Pair], length: float) -> float | None:
    """A promise judged at one instant has no length."""
    return None if all(stretch.until - stretch.since <= INSTANT for _, stretch in pairs) else length


def _names(stretch: Unproven, key: str) -> tuple[str, ...]:
    values: Any = stretch.detail.get(key) or ()
    return tuple(sorted({str(value) for value in ([values] if isinstance(values, str) else values)}))


def _reasons(stretch: Unproven) -> tuple[str, ...]:
    """Return why, as message keys: all of them where several came together."""
    return _names(stretch, "reasons") or (stretch.reason,)


def _worded(reasons: tuple[str, ...], what: str, context: Context) -> Text:
    texts = [context.words.worded(f"reasons.{reason}.{what}", reason) for reason in reasons]
    return context.words.between("labels.sentence", texts)
