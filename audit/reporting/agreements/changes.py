"""What a version changes against what stood before it, and what was promised a year earlier."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import audit.controls
from audit.discovery import modules
from audit.model.document import Block, Column, Heading, Name, Paragraph, Table, Text, TextCell
from audit.model.estate import PolicyVersion
from audit.model.terms import Term
from audit.policy.compared import Difference, differences
from audit.reporting.agreements.reading import Reading
from audit.reporting.context import Context
from audit.reporting.promises import in_words, objective
from audit.reporting.words import joined


def changes(reading: Reading, context: Context) -> list[Block]:
    """Return in what the version differs from each that stood before it."""
    return _against(reading, reading.before, context, "agreement.nothing-before", "agreement.before", "changes")


def last_year(reading: Reading, context: Context) -> list[Block]:
    """Return what was promised a year before the version begins: the same as before it, or in what that differs."""
    words, at = context.words, context.formats.instant(reading.last_year_at)
    if not reading.last_year:
        return [Paragraph(words("agreement.not-in-service", at=at))]
    blocks: list[Block] = [Paragraph(words("agreement.a-year-earlier", at=at))]
    if reading.last_year.keys() == reading.before.keys():
        return [*blocks, Paragraph(words("agreement.as-before"))]
    policies = reading.estate.policies
    for place in sorted(place for place in reading.last_year if place is not None):
        blocks += [Heading(_name(policies[place], context)), _promises(policies[place], f"last-year-{place}", context)]
    return [
        *blocks,
        *_against(reading, reading.last_year, context, "agreement.nothing-a-year-earlier", "agreement.since-then", "since"),
    ]


def _against(reading: Reading, stood: Counter[int | None], context: Context, nothing: str, beside: str, table: str) -> list[Block]:
    words, policies = context.words, reading.estate.policies
    blocks: list[Block] = []
    if stood[None] or not stood:
        blocks.append(Paragraph(words(nothing, n=stood[None] or reading.parties.height)))
    for place in sorted(place for place in stood if place is not None):
        if place == reading.place:
            continue
        name, found = _name(policies[place], context), differences(policies[place], reading.policy)
        blocks.append(Paragraph(words(beside, version=name, n=stood[place])))
        blocks.append(_table(found, f"{table}-{place}", policies[place], reading.policy, context))
    return blocks


def _name(policy: PolicyVersion, context: Context) -> Text:
    return context.words("labels.version", policy=Name(policy.name), n=str(policy.version))


def _promises(policy: PolicyVersion, table: str, context: Context) -> Table:
    words = context.words
    columns = (Column("words", words("policies.in-words")), Column("written", words("policies.as-written")))
    rows = tuple(
        (TextCell(said or words("policies.not-worded")), TextCell((Name(written),))) for written, said in in_words(policy, context)
    )
    return Table(table, columns, rows, empty=words("agreement.promises-nothing"))


def _table(found: list[Difference], table: str, before: PolicyVersion, after: PolicyVersion, context: Context) -> Table:
    words = context.words
    columns = (
        Column("promise", words("labels.promise")),
        Column("how", words("agreement.how-it-changes")),
        Column("before", words("agreement.was")),
        Column("after", words("agreement.becomes")),
    )
    rows = tuple(
        (
            TextCell(_label(one, context)),
            TextCell(words(f"agreement.hows.{one.how}")),
            TextCell(_value(one, one.before, before, context)),
            TextCell(_value(one, one.after, after, context)),
        )
        for one in found
    )
    return Table(table, columns, rows, empty=words("agreement.promises-the-same"))


@cache
def _controls() -> dict[str, str]:
    """Return the control that judges each objective."""
    return {key: name for name, control in modules(audit.controls.__name__).items() for key in control.OBJECTIVES}


def _label(one: Difference, context: Context) -> Text:
    """Return what an objective is about, with its key as the policy writes it."""
    key = Name(f"{one.key}.{one.field}" if one.field else one.key)
    control = _controls().get(one.key)
    if control is None:
        return (key,)
    return joined(*context.control(control), *context.words("labels.in-brackets", value=key))


def _value(one: Difference, value: str | None, policy: PolicyVersion, context: Context) -> Text:
    if value is None:
        return context.words("agreement.nothing")
    if one.whole:
        stated: Any = policy.objectives.get(one.key, getattr(policy, one.key, None))
        return objective(one.key, stated, context) or (Name(value),)
    return _in_words(value, context)


def _in_words(value: str, context: Context) -> Text:
    """Return one value of an objective: lengths of time and shares as people write them, all else as it is written."""
    if value in ("any", "none", "true", "false"):
        return context.words(f"agreement.values.{value}")
    if value.endswith("%"):
        return (context.formats.share(round(float(value[:-1]) / 100, 9)),)
    try:
        return (context.formats.term(Term.parse(value)),)
    except ValueError:
        return (Name(value),)
