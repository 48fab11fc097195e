"""Asset list: one row per asset of the estate, for a workbook: what is declared of it, and the worst that was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl

from audit.model.assessment import Assessment
from audit.model.cell_rows import CellColumn, CellRows
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
from audit.model.terms import to_seconds
from audit.model.verdicts import Verdict
from audit.reporting.context import Context
from audit.reporting.groups import worst_by_asset
from audit.reporting.once import column_of
from audit.reporting.timelines import SHORTEST
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
    versions = _versions(assessment.results.columns.results)
    rows = CellRows(_cells(_rows(assessment, versions, context), versions, context))
    return [Paragraph(words("asset-list.intro", n=len(rows))), Table("asset-list", columns, rows, empty=words("labels.nothing"))]


def _rows(assessment: Assessment, versions: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Return one row an asset, by name: what is declared of it, `policies` (the places among `versions` of those that it was judged by, as text), and what was found."""
    results = assessment.results.columns.results
    declared = _declared(assessment, context)
    names = pl.concat([declared["asset"], results["asset"]]).unique().sort().to_frame()
    judged = results.group_by("asset").agg(pl.col("unit").last().alias("judged_as"))
    judged_by = results.select("asset", "policy", "version").unique().join(versions, on=["policy", "version"])
    by = judged_by.group_by("asset").agg(policies=pl.col("place").sort().cast(pl.String).str.join(","))
    breaches, unproven = assessment.results.columns.breaches, assessment.results.columns.unproven
    counted = breaches.group_by("asset").agg(breaches=pl.len(), last=pl.col("to").max())
    # What was judged at one instant has no length: such a breach is counted, and adds nothing to the time.
    lasting = results["judged_seconds"] >= SHORTEST
    broken, missing = (rows.filter(lasting.gather(rows["result"])) for rows in (breaches, unproven))
    longest = broken.group_by("asset").agg(longest=pl.col("seconds").max())
    found = (worst_by_asset(assessment.results), counted, longest, _covered(broken, "breached"), _covered(missing, "unproven"))
    for told in (declared, judged, by, *found):
        names = names.join(told, on="asset", how="left", maintain_order="left")
    return names.with_columns(
        pl.coalesce("unit", "judged_as").alias("unit"),
        pl.col("policies").fill_null(""),
        pl.col("verdict").cast(pl.String).fill_null(Verdict.NOT_APPLICABLE.value),
        pl.col("breaches").fill_null(0),
        pl.col("breached", "unproven").fill_null(0.0),
    )


def _declared(assessment: Assessment, context: Context) -> pl.DataFrame:
    """Return, by asset, the segment at the last instant of the period; with a unit, of its assets."""
    last = assessment.until - timedelta(microseconds=1)
    segments = context.estate.segments.filter(standing(last))
    if context.unit is not None:
        segments = segments.filter(pl.col("unit") == context.unit)
    return segments.select("asset", "unit", *_DECLARED, "in_service", "retired").unique("asset", keep="last")


def _versions(results: pl.DataFrame) -> pl.DataFrame:
    """Return `place`, `policy`, `version` of what anything was judged by, in order."""
    rows = results.select("policy", "version").drop_nulls().unique().sort("policy", "version")
    return rows.with_row_index("place")


def _covered(stretches: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return by asset the seconds in at least one of its stretches: of promises that were broken at once, the time counts once."""
    rows = stretches.sort("asset", "from").with_columns(until=pl.col("to").cum_max().over("asset"))
    rows = rows.with_columns(before=pl.col("until").shift(1).over("asset"))
    new = pl.col("until") - pl.max_horizontal("from", "before")
    return rows.group_by("asset").agg(new.sum().dt.total_microseconds().alias(name)).with_columns(to_seconds(pl.col(name)))


def _cells(rows: pl.DataFrame, versions: pl.DataFrame, context: Context) -> Iterator[CellColumn]:
    """Yield the columns of the table."""

    def policies(places: str) -> Cell:
        return TextCell(_policies([versions.row(int(place))[1:] for place in places.split(",") if place], context))

    of = partial(column_of, rows)
    yield of(lambda asset: TextCell((Name(asset),)), "asset")
    yield of(lambda unit: TextCell(context.unit_title(unit) if unit else ()), "unit")
    for name in _DECLARED:
        yield of(partial(_declared_cell, context, name), name)
    yield of(InstantCell, "in_service")
    yield of(InstantCell, "retired")
    yield of(policies, "policies")
    yield of(lambda verdict: VerdictCell(Verdict(verdict)), "verdict")
    yield of(NumberCell, "breaches")
    yield of(DurationCell, "breached")
    yield of(DurationCell, "unproven")
    yield of(DurationCell, "longest")
    yield of(InstantCell, "last")


def _declared_cell(context: Context, name: str, value: str | None) -> Cell:
    """Return what is declared: media are ours to name, everything else the company's."""
    told = context.words.worded(f"media.{value}", value) if name == "medium" and value is not None else named(value)
    return TextCell(told)


def _policies(versions: Iterable[tuple[Any, ...]], context: Context) -> Text:
    """Return policy versions (name, number)."""
    words = context.words
    parts: list[str | Name] = []
    for policy, version in versions:
        parts += [words.plain("labels.separator")] if parts else []
        parts += words("labels.version", policy=Name(policy), n=version)
    return joined(*parts)
