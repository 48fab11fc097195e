"""Policies: the versions in force in the period, for which units and how many assets, from when to when; what they promise, in plain
words beside what is written; who applied them, and whether anybody signed them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from audit.model.assessment import Assessment
from audit.model.document import (
    Block,
    Cell,
    Column,
    Heading,
    InstantCell,
    Name,
    Note,
    NumberCell,
    OrdinalCell,
    Paragraph,
    Table,
    Text,
    TextCell,
)
from audit.model.estate import PolicyVersion
from audit.reporting.context import Context, Declaration
from audit.reporting.promises import in_words
from audit.reporting.words import joined


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return one row per policy version that was in force for an asset at some time in the period, what each promises, and how all this
    was declared.
    """
    words, policies = context.words, context.estate.policies
    held = _in_period(assessment, context)
    shown = sorted(held, key=lambda index: (policies[index].name, policies[index].version))
    columns = (
        Column("policy", words("labels.policy")),
        Column("version", words("policies.version"), "ordinal"),
        Column("units", words("policies.units")),
        Column("assets", words("labels.assets"), "number"),
        Column("in-force", words("policies.in-force"), "instant"),
        Column("until", words("policies.until"), "instant"),
        Column("applied", words("policies.applied"), "instant"),
        Column("by", words("policies.by")),
        Column("signed", words("policies.signed")),
    )
    rows = tuple(_row(policies[index], held[index], assessment, context) for index in shown)
    blocks: list[Block] = [Paragraph(words("policies.intro")), Table("policies", columns, rows, empty=words("policies.none"))]
    if shown:
        blocks.append(Note(words("policies.signatures"), "warning"))
    if waiting := _waiting(assessment, context):
        blocks.append(Note(words("policies.waiting", policies=words.names(waiting), n=len(waiting)), "warning"))
    early = [f"{policies[index].name} {policies[index].version}" for index in shown if policies[index].reaches_back]
    if early:
        blocks.append(Note(words("policies.reaches-back", policies=words.names(early), n=len(early)), "warning"))
    if shown:
        blocks += [Heading(words("policies.promised")), Paragraph(words("policies.promised-means"))]
        blocks.append(_promises([policies[index] for index in shown], context))
    return [*blocks, *_declarations(context)]


def _in_period(assessment: Assessment, context: Context) -> dict[int, dict[str, object]]:
    """Return, by index of the policy version, its `units`, number of `assets`, and from when to when it held within the period."""
    begun = pl.max_horizontal("from", "in_service").fill_null(assessment.since)
    ended = pl.min_horizontal("to", "retired").fill_null(assessment.until)
    segments = context.estate.segments.filter(
        (begun < assessment.until) & (ended > assessment.since) & pl.col("policy").is_not_null()
    )
    if context.unit is not None:
        segments = segments.filter(pl.col("unit") == context.unit)
    rows = segments.group_by("policy").agg(
        pl.col("unit").drop_nulls().unique().sort().alias("units"),
        pl.col("asset").n_unique().alias("assets"),
        pl.col("from").fill_null(assessment.since).min(),
        pl.col("to").fill_null(assessment.until).max(),
    )
    return {row["policy"]: row for row in rows.iter_rows(named=True)}


def _row(policy: PolicyVersion, held: dict[str, object], assessment: Assessment, context: Context) -> tuple[Cell, ...]:
    words = context.words
    units, until = held["units"], held["to"]
    assert isinstance(units, list)
    assert isinstance(until, datetime)
    titles = [context.unit_title(unit) for unit in units]
    return (
        TextCell(_title(policy, context)),
        OrdinalCell(policy.version),
        TextCell(words.between("labels.comma", titles)),
        NumberCell(int(str(held["assets"]))),
        InstantCell(policy.in_force or policy.effective),
        InstantCell(until if until < assessment.until else None),
        InstantCell(policy.applied),
        TextCell(_applied_by(policy, context)),
        TextCell(words.between("labels.clause", [_signed(policy, unit, min(until, assessment.until), context) for unit in units])),
    )


def _waiting(assessment: Assessment, context: Context) -> list[str]:
    """Return the versions applied before the period's end that wait for signatures still."""
    rows = context.estate.awaiting
    if context.unit is not None:
        rows = rows.filter(pl.col("unit") == context.unit)
    versions = [context.estate.policies[place] for place in rows["policy"].unique().sort()]
    return [f"{one.name} {one.version}" for one in versions if one.applied is not None and one.applied < assessment.until]


def _signed(policy: PolicyVersion, unit: str, end: datetime, context: Context) -> Text:
    """Return who signed a version for a unit, and when: the signature that stood last before an instant; or that there is none on record."""
    words, title = context.words, context.unit_title(unit)
    signed = _signature(policy, unit, end - timedelta(microseconds=1), context)
    if signed is None:
        return words("policies.no-signature", unit=title)
    return words("policies.signature", unit=title, by=Name(signed["by"]), at=context.formats.day(signed["begin"]))


def _signature(policy: PolicyVersion, unit: str, at: datetime, context: Context) -> dict[str, Any] | None:
    """Return the newest signature (a row of the records) of a unit on what a version promises that stands at an instant."""
    rows = context.estate.records.get("agreement")
    if rows is None:
        return None
    about = (pl.col("policy") == policy.name) & (pl.col("version") == policy.version) & (pl.col("text") == policy.sha256)
    mine = rows.filter(about, pl.col("units").list.contains(unit), pl.col("begin") <= at).sort("begin", "entry")
    # An answer to one agreement ends a signature there; a refusal ends those on every agreement about the version.
    refused = mine.filter(pl.col("act") == "refuse")["begin"].max()
    standing = mine.filter(pl.col("act") == "sign", pl.col("end").is_null() | (pl.col("end") > at))
    if refused is not None:
        standing = standing.filter(pl.col("begin") >= refused)
    return standing.row(-1, named=True) if standing.height else None


def _title(policy: PolicyVersion, context: Context) -> Text:
    title = policy.title.get(context.words.language)
    return joined(Name(policy.name), *(context.words("labels.in-brackets", value=title) if title else ()))


def _applied_by(policy: PolicyVersion, context: Context) -> Text:
    """Return who applied the programme in which a version first stood, with the journal entry."""
    found = [one for one in context.record.declarations if one.at == policy.applied]
    return context.words("policies.by-entry", who=Name(found[-1].by), entry=str(found[-1].entry)) if found else ()


def _promises(shown: list[PolicyVersion], context: Context) -> Table:
    words = context.words
    columns = (
        Column("policy", words("labels.policy")),
        Column("words", words("policies.in-words")),
        Column("written", words("policies.as-written")),
    )
    rows = []
    for policy in shown:
        label = words("labels.version", policy=Name(policy.name), n=policy.version)
        rows += [
            (TextCell(label), TextCell(said or words("policies.not-worded")), TextCell((Name(written),)))
            for written, said in in_words(policy, context)
        ]
    return Table("promises", columns, tuple(rows), runs=1)


def _declarations(context: Context) -> list[Block]:
    """Return the programmes that were applied: by whom, confirmed by whom, and what each changed for the time before."""
    words = context.words
    if not context.record.declarations:
        return []
    columns = (
        Column("entry", words("labels.entry"), "ordinal"),
        Column("applied", words("policies.applied"), "instant"),
        Column("by", words("policies.by")),
        Column("confirmed", words("policies.confirmed")),
        Column("retroactive", words("policies.retroactive")),
    )
    rows = tuple(
        (
            OrdinalCell(one.entry),
            InstantCell(one.at),
            TextCell((Name(one.by),)),
            TextCell((Name(one.confirmed_by),) if one.confirmed_by else words("policies.nobody")),
            TextCell(_retroactive(one, context)),
        )
        for one in context.record.declarations
    )
    return [
        Heading(words("policies.declared")),
        Paragraph(words("policies.declared-means")),
        Table("declarations", columns, rows),
    ]


def _retroactive(one: Declaration, context: Context) -> Text:
    words = context.words
    told = []
    for kind, name, since in one.retroactive:
        begin = words("policies.beginning") if since is None else (context.formats.instant(datetime.fromisoformat(since)),)
        told.append(words("policies.changed", kind=words.worded(f"nouns.{kind}", kind), name=Name(name), since=begin))
    if not told:
        return words("policies.nothing-retroactive")
    return words.between("labels.clause", told)
