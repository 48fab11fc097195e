"""Asset list: one row per asset of the estate, for a workbook: what is declared of it, and the worst that was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from audit.model.document import (
    Block,
    Cell,
    Column,
    DurationCell,
    InstantCell,
    Name,
    NumberCell,
    Paragraph,
    Table,
    Text,
    TextCell,
    VerdictCell,
)
from audit.model.estate import standing
from audit.model.verdicts import Assessment, Breach, Result, Unproven
from audit.reporting.context import Context
from audit.reporting.once import once
from audit.reporting.timelines import SHORTEST, worst
from audit.reporting.words import joined, named

_DECLARED = ("data_class", "tier", "site", "city", "medium")


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return every asset, by name: also those that were not in service or not judged. What is declared is as at the period's end."""
    words = context.words
    columns = (
        Column("asset", words("labels.asset")),
        Column("unit", words("labels.unit")),
        *(Column(name.replace("_", "-"), words(f"asset-list.{name}")) for name in _DECLARED),
        Column("in-service", words("asset-list.in-service"), "instant"),
        Column("retired", words("asset-list.retired"), "instant"),
        Column("policies", words("asset-list.policies")),
        Column("verdict", words("asset-list.verdict"), "verdict"),
        Column("breaches", words("results.breaches"), "number"),
        Column("breached", words("asset-list.breached"), "duration"),
        Column("unproven", words("asset-list.unproven"), "duration"),
        Column("longest", words("asset-list.longest"), "duration"),
        Column("last", words("asset-list.last"), "instant"),
    )
    results: dict[str, list[Result]] = defaultdict(list)
    for result in assessment.results:
        results[result.asset].append(result)
    declared = _declared(assessment, context)
    cells = _Cells(context)
    rows = tuple(cells.row(asset, declared.get(asset, {}), results.get(asset, [])) for asset in sorted({*declared, *results}))
    return [Paragraph(words("asset-list.intro", n=len(rows))), Table("asset-list", columns, rows, empty=words("labels.nothing"))]


def _declared(assessment: Assessment, context: Context) -> dict[str, dict[str, Any]]:
    """Return, by asset, the segment at the last instant of the period; with a unit, of its assets."""
    last = assessment.until - timedelta(microseconds=1)
    segments = context.estate.segments.filter(standing(last))
    if context.unit is not None:
        segments = segments.filter(pl.col("unit") == context.unit)
    return {row["asset"]: row for row in segments.iter_rows(named=True)}


class _Cells:
    """The cells of the table, each made once."""

    def __init__(self, context: Context) -> None:
        self._unit = once(lambda unit: TextCell(context.unit_title(unit) if unit else ()))
        self._told = once(lambda name, value: TextCell(_told(name, value, context)))
        self._policies = once(lambda versions: TextCell(_policies(versions, context)))
        self._instant, self._length, self._number, self._verdict = map(once, (InstantCell, DurationCell, NumberCell, VerdictCell))

    def row(self, asset: str, declared: dict[str, Any], results: Sequence[Result]) -> tuple[Cell, ...]:
        """Return the row of an asset."""
        unit = declared.get("unit") or (results[-1].unit if results else None)
        breaches = [breach for result in results for breach in result.breaches]
        # What was judged at one instant has no length: such a breach is counted, and adds nothing to the time.
        lasting = [result for result in results if result.judged_seconds >= SHORTEST]
        broken = [breach for result in lasting for breach in result.breaches]
        unproven = [stretch for result in lasting for stretch in result.unproven]
        return (
            TextCell((Name(asset),)),
            self._unit(unit),
            *[self._told(name, declared.get(name)) for name in _DECLARED],
            self._instant(declared.get("in_service")),
            self._instant(declared.get("retired")),
            self._policies(frozenset((r.policy, r.version) for r in results if r.policy is not None and r.version is not None)),
            self._verdict(worst(result.verdict for result in results)),
            self._number(len(breaches)),
            self._length(_covered(broken)),
            self._length(_covered(unproven)),
            self._length(max(((breach.until - breach.since).total_seconds() for breach in broken), default=None)),
            self._instant(max((breach.until for breach in breaches), default=None)),
        )


def _told(name: str, value: str | None, context: Context) -> Text:
    """Return what is declared: media are ours to name, everything else the company's."""
    if name == "medium" and value is not None:
        return context.words.worded(f"media.{value}", value)
    return named(value)


def _policies(versions: Iterable[tuple[str, int]], context: Context) -> Text:
    """Return the policy versions that the asset was judged by."""
    words = context.words
    parts: list[str | Name] = []
    for policy, version in sorted(versions):
        parts += [words.plain("labels.separator")] if parts else []
        parts += words("labels.version", policy=Name(policy), n=version)
    return joined(*parts)


def _covered(stretches: Iterable[Breach | Unproven]) -> float:
    """Return the seconds in at least one of the stretches: of promises that were broken at once, the time counts once."""
    total = timedelta(0)
    end: datetime | None = None
    for since, until in sorted((stretch.since, stretch.until) for stretch in stretches):
        begin = since if end is None else max(since, end)
        total += max(until - begin, timedelta(0))
        end = until if end is None else max(until, end)
    return total / timedelta(seconds=1)
