"""Policies: the versions in force in the period, for how many assets, since when, and what they promise, as they are written."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
from pydantic import BaseModel

from audit.model.document import Block, Column, InstantCell, Name, Note, NumberCell, OrdinalCell, Paragraph, Table, TextCell
from audit.model.estate import PolicyVersion
from audit.model.verdicts import Assessment
from audit.reporting.context import Context
from audit.reporting.words import joined


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return one row per policy version that was in force for an asset at some time in the period."""
    words, policies = context.words, context.estate.policies
    segments = _in_period(assessment, context)
    assets = dict(segments.filter(pl.col("policy").is_not_null()).group_by("policy").agg(pl.col("asset").n_unique()).iter_rows())
    columns = (
        Column("policy", words("labels.policy")),
        Column("version", words("policies.version"), "ordinal"),
        Column("assets", words("labels.assets"), "number"),
        Column("in-force", words("policies.in-force"), "instant"),
        Column("applied", words("policies.applied"), "instant"),
        Column("zone", words("policies.zone")),
        Column("objectives", words("policies.objectives")),
    )
    shown = sorted(assets, key=lambda index: (policies[index].name, policies[index].version))
    rows = tuple(
        (
            TextCell(_title(policies[index], context)),
            OrdinalCell(policies[index].version),
            NumberCell(assets[index]),
            InstantCell(policies[index].in_force or policies[index].effective),
            InstantCell(policies[index].applied),
            TextCell((Name(policies[index].timezone),)),
            TextCell((Name(as_written(policies[index])),)),
        )
        for index in shown
    )
    blocks: list[Block] = [Paragraph(words("policies.intro")), Table("policies", columns, rows, empty=words("policies.none"))]
    early = [f"{policies[index].name} {policies[index].version}" for index in shown if policies[index].reaches_back]
    if early:
        blocks.append(Note(words("policies.reaches-back", policies=words.names(early), n=len(early))))
    return blocks


def _in_period(assessment: Assessment, context: Context) -> pl.DataFrame:
    """Return the segments of assets in service at some instant of the period; with a unit, of its assets."""
    begun = pl.max_horizontal("from", "in_service").fill_null(assessment.since) < assessment.until
    open_ = pl.min_horizontal("to", "retired").fill_null(assessment.until) > assessment.since
    segments = context.estate.segments.filter(begun & open_)
    return segments if context.unit is None else segments.filter(pl.col("unit") == context.unit)


def _title(policy: PolicyVersion, context: Context) -> tuple[str | Name, ...]:
    title = policy.title.get(context.words.language)
    return joined(Name(policy.name), *(context.words("labels.in-brackets", value=title) if title else ()))


def as_written(policy: PolicyVersion) -> str:
    """Return the objectives as YAML writes them on one line each; what a policy leaves at its default is left out."""
    return "\n".join(f"{key}: {_flow(_plain(value))}" for key, value in policy.objectives.items())


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        values = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        # An objective whose only stated field is its target was written in its short form.
        return values["target"] if isinstance(values, dict) and list(values) == ["target"] else values
    return value


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_flow(inner) for inner in value) + "]"
        case bool() | None:
            return json.dumps(value)
        case _:
            return str(value)
