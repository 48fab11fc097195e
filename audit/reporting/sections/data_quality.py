"""Data quality: what the verdicts rest on, source by source; what could not be read; what a reader must know of the inputs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from audit.model.assessment import Assessment
from audit.model.document import (
    Block,
    Column,
    DurationCell,
    Heading,
    InstantCell,
    Items,
    Name,
    Note,
    NumberCell,
    OrdinalCell,
    Paragraph,
    Table,
    Text,
    TextCell,
)
from audit.reporting.context import Context
from audit.reporting.details import detail_text
from audit.reporting.places import place
from audit.reporting.words import joined, named


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return sources, quarantine, notices and faults of controls."""
    words = context.words
    blocks: list[Block] = [Heading(words("data.sources")), *_sources(assessment, context)]
    blocks += [
        Heading(words("data.quarantine")),
        Paragraph(
            words("data.quarantine-means" if assessment.quarantined else "data.nothing-quarantined", n=assessment.quarantined)
        ),
        *_quarantine(context),
    ]
    blocks += [Heading(words("data.notices"))]
    notices = tuple(_notice(dict(notice), context) for notice in assessment.notices)
    blocks.append(Items(notices) if notices else Paragraph(words("data.no-notices")))
    if assessment.faults:
        blocks += [Heading(words("data.faults")), Note(words("data.faults-means", n=len(assessment.faults)), "warning")]
        blocks.append(Items(tuple((Name(fault),) for fault in assessment.faults)))
    return blocks


def _notice(notice: dict[str, Any], context: Context) -> tuple[str | Name, ...]:
    """Word a notice by its key; one that content does not know is shown as it is, with all it says."""
    key = str(notice.pop("key", "") or "notice")
    numbers = {name: value for name, value in notice.items() if isinstance(value, int | float)}
    rest = detail_text({name: value for name, value in notice.items() if name not in numbers}, context)
    if f"notices.{key}" in context.words:
        listed = next((len(value) for value in notice.values() if isinstance(value, list | tuple)), 0)
        text = context.words(f"notices.{key}", **{"n": numbers.get("count", listed), **numbers})
    else:
        text = joined(
            Name(key), *(("", *context.words("labels.in-brackets", value=detail_text(numbers, context))) if numbers else ())
        )
    return joined(*text, *(context.words("labels.in-brackets", value=rest) if rest else ()))


def _sources(assessment: Assessment, context: Context) -> list[Block]:
    words, payloads = context.words, context.payloads
    if payloads is None:
        return [Note(words("data.sources-unknown"), "warning")]
    told = {row["source"]: row for row in _by_source(payloads).iter_rows(named=True)}
    columns = (
        Column("source", words("labels.source")),
        Column("tool", words("labels.tool")),
        Column("declared", words("data.declared")),
        Column("payloads", words("data.payloads"), "number"),
        Column("first", words("data.first"), "instant"),
        Column("last", words("data.last"), "instant"),
        Column("silent", words("data.silent"), "duration"),
        Column("quarantined", words("data.quarantined"), "number"),
        Column("methods", words("labels.came")),
    )
    rows = []
    never = datetime.min.replace(tzinfo=UTC)
    silent_first = sorted(
        {*told, *context.estate.sources},
        key=lambda name: (name in told, told.get(name, {}).get("last") or never, name is None, name or ""),
    )
    for source in silent_first:
        row, declared = told.get(source, {}), context.estate.sources.get(source)
        tools = row.get("tools") or ([declared.tool] if declared else [])
        methods = [
            words.plain(f"methods.{method}") if f"methods.{method}" in words else method for method in row.get("methods") or ()
        ]
        rows.append((
            TextCell((Name(source),) if source else words("data.no-source")),
            TextCell(words.names(sorted(tools))),
            TextCell(words("labels.yes" if declared else "labels.no")),
            NumberCell(row.get("payloads", 0)),
            InstantCell(row.get("first")),
            InstantCell(row.get("last")),
            DurationCell(_silent(row.get("last"), assessment.until)),
            NumberCell(row.get("quarantined", 0)),
            TextCell((context.formats.listing(methods),) if methods else ()),
        ))  # fmt: skip
    return [Paragraph(words("data.sources-means")), Table("sources", columns, tuple(rows), empty=words("data.no-sources"))]


def _silent(last: datetime | None, until: datetime) -> float | None:
    """Return the seconds between a source's last observation and the period's end; none after it, null where nothing was observed."""
    return None if last is None else max((until - last).total_seconds(), 0.0)


def _by_source(payloads: pl.DataFrame) -> pl.DataFrame:
    return payloads.group_by("source").agg(
        pl.len().alias("payloads"),
        pl.col("observed_at").min().alias("first"),
        pl.col("observed_at").max().alias("last"),
        pl.col("quarantined").sum(),
        pl.col("tool").drop_nulls().unique().sort().alias("tools"),
        pl.col("method").drop_nulls().unique().sort().alias("methods"),
    )


def _quarantine(context: Context) -> list[Block]:
    words, quarantine = context.words, context.quarantine
    if quarantine is None or quarantine.is_empty():
        return []
    columns = (
        Column("entry", words("labels.entry"), "ordinal"),
        Column("where", words("labels.file")),
        Column("locator", words("data.locator")),
        Column("what", words("data.what")),
        Column("remedy", words("data.remedy")),
    )
    rows = tuple(
        (
            OrdinalCell(row["entry"]),
            TextCell(named(row["where"])),
            TextCell(_place(row["locator"], row["key"], context)),
            TextCell(named(row["what"])),
            TextCell(named(row["remedy"])),
        )
        for row in quarantine.sort("entry", maintain_order=True).iter_rows(named=True)
    )
    return [Table("quarantine", columns, rows)]


def _place(locator: str | None, key: str | None, context: Context) -> Text:
    told = [text for text in (place(locator or "", context.words), named(key)) if text]
    return context.words.between("labels.comma", told)
