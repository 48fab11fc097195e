"""An agreement in plain words: what it asks, promises, changes and costs, and what was said of it so far. Pure.

Sections come in the order in which somebody decides: what is asked, what speaks against it, what is promised for what, what changes, what it would have done, what it costs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from audit.content import Content
from audit.model.document import (
    Block,
    Cell,
    Document,
    Fact,
    Heading,
    InstantCell,
    Items,
    Name,
    Note,
    OrdinalCell,
    Paragraph,
    Section,
    Text,
    TextCell,
)
from audit.model.terms import Term
from audit.reporting.agreements.answers import answers, countered
from audit.reporting.agreements.changes import changes, last_year
from audit.reporting.agreements.promised import promised, scope
from audit.reporting.agreements.reading import Reading
from audit.reporting.context import Context
from audit.reporting.formats import Formats
from audit.reporting.sections.costs import stored_and_paid
from audit.reporting.words import Words, joined, language_named


def written(reading: Reading, language: str, content: Content) -> Document:
    """Return an agreement as a document in a language."""
    formats = Formats(language_named(language), reading.estate.timezone)
    context = Context(content, Words(content, formats), formats, reading.estate, costs=reading.costs)
    words = context.words
    parts: dict[str, Callable[[Reading, Context], list[Block]]] = {
        "asked": _asked,
        "objections": _objections,
        "promised": promised,
        "scope": scope,
        "changes": changes,
        "last-year": last_year,
        "costs": _costs,
        "countered": countered,
        "answers": answers,
    }
    sections = [
        Section(name, words(f"agreement.sections.{name}"), tuple(blocks))
        for name, part in parts.items()
        if (blocks := part(reading, context))
    ]
    return Document(
        report=reading.kind,
        language=language,
        zone=reading.estate.timezone,
        title=words("agreement.title", policy=_title(reading, context)),
        subtitle=words("agreement.subtitle", n=str(reading.policy.version)),
        provisional=False,
        facts=_facts(reading, context),
        sections=tuple(sections),
        warnings=_warnings(reading, context),
    )


def _title(reading: Reading, context: Context) -> Text:
    title = reading.policy.title.get(context.words.language)
    return (title,) if title else (Name(reading.policy.name),)


def _facts(reading: Reading, context: Context) -> tuple[Fact, ...]:
    words, policy = context.words, reading.policy
    units = words.between("labels.comma", [context.unit_title(unit) for unit in reading.units])
    cells: dict[str, Cell] = {
        "policy": TextCell(words("labels.version", policy=Name(policy.name), n=str(policy.version))),
        "units": TextCell(units),
        "state": TextCell(words(f"agreement.states.{reading.state}")),
        "proposed": InstantCell(reading.proposal.at.replace(microsecond=0)),
        "by": TextCell((Name(reading.proposal.by),)),
        "until": InstantCell(_until(reading)),
        "effective": InstantCell(policy.effective),
        "in-force": InstantCell(policy.in_force),
        "text": TextCell((Name(str(reading.proposal.values["text"])),)),
        "id": TextCell((Name(reading.id),)),
    }
    found = [Fact(key, words(f"agreement.facts.{key}"), cell) for key, cell in cells.items()]
    # What running heads and other readers of documents look for has its usual key.
    found.append(Fact("zone", words("cover.zone"), TextCell((Name(reading.estate.timezone),))))
    found.append(Fact("as-known-at", words("cover.as-known-at"), OrdinalCell(reading.known_at)))
    found.append(Fact("journal-head", words("cover.journal-head"), TextCell((Name(reading.head),))))
    return tuple(found)


def _until(reading: Reading) -> datetime:
    return datetime.fromisoformat(str(reading.proposal.values["until"]))


def _warnings(reading: Reading, context: Context) -> tuple[Text, ...]:
    words = context.words
    found = []
    if reading.state != "proposed":
        found.append(words("agreement.withdrawn"))
    if not reading.units:
        found.append(words("agreement.for-nothing"))
    if grave := sum(one.grave for one in reading.objections):
        found.append(words("agreement.grave", n=grave))
    return tuple(found)


def _asked(reading: Reading, context: Context) -> list[Block]:
    """Return what is asked of the units, what a signature binds, and how one answers."""
    words, said = context.words, reading.proposal
    until = context.formats.instant(_until(reading))
    name = words("labels.version", policy=Name(reading.policy.name), n=str(reading.policy.version))
    at = context.formats.instant(said.at.replace(microsecond=0))
    blocks: list[Block] = [
        Paragraph(words("agreement.asks", version=name, by=Name(said.by), at=at, until=until)),
        Paragraph(_force(reading, context)),
        Paragraph(words("agreement.binds", text=Name(str(said.values["text"])))),
    ]
    if reading.state == "proposed":
        unit = reading.units[0] if len(reading.units) == 1 else words.plain("agreement.a-unit")
        blocks += [Heading(words("agreement.how")), Items(tuple(_how(reading, unit, context)))]
    return blocks


def _force(reading: Reading, context: Context) -> Text:
    """Return since or from when the version stands, or that it waits."""
    words, policy = context.words, reading.policy
    effective = context.formats.instant(reading.begin.replace(microsecond=0))
    if policy.in_force is None:
        return words("agreement.waits", effective=effective)
    stands = words("agreement.stands-since" if policy.in_force <= reading.said[-1].at else "agreement.stands-from", at=effective)
    # That it counts for a time before it was known is not to be overlooked.
    return words.between("labels.sentence", [stands, words("agreement.reaches-back")]) if policy.reaches_back else stands


def _how(reading: Reading, unit: str, context: Context) -> list[Text]:
    words, text = context.words, str(reading.proposal.values["text"])
    asked = words.plain
    commands = {
        "sign": f'sign {reading.id} --unit {unit} --capacity "{asked("agreement.a-capacity")}" --text {text}',
        "refuse": f'refuse {reading.id} --unit {unit} --reason "{asked("agreement.a-reason")}"',
        "counter": f'counter {reading.id} --unit {unit} --instead rpo=15m --reason "{asked("agreement.a-reason")}"',
        "comment": f'comment {reading.id} --comment "{asked("agreement.a-comment")}"',
    }
    return [
        joined(*words(f"agreement.ways.{act}", command=Name(f"backup-audit {reading.kind} {command}")))
        for act, command in commands.items()
    ]


def _objections(reading: Reading, context: Context) -> list[Block]:
    words = context.words
    blocks: list[Block] = [
        Note(
            words.between(
                "labels.sentence",
                [_objection(one.key, dict(one.values), context), *([words("agreement.objection-waived")] if one.waived else [])],
            ),
            "warning" if one.grave else "info",
        )
        for one in reading.objections
    ]
    return blocks or [Paragraph(words("agreement.nothing-against"))]


def _objection(key: str, values: dict[str, str], context: Context) -> Text:
    words = context.words
    told: dict[str, Text | Name] = {name: Name(value) for name, value in values.items()}
    for name in ("by", "keeping", "disposing"):
        if name in values:
            told[name] = words.worded(f"detail-values.demanded_by.{values[name]}", values[name])
    if "kinds" in values:
        told["kinds"] = words.between("labels.comma", [(Name(one),) for one in values["kinds"].split(", ")])
    for name in ("after", "term"):
        if name in values:
            told[name] = (context.formats.term(Term.parse(values[name])),)
    if "every" in values:
        told["every"] = words.worded(f"objective-values.every.{values['every']}", values["every"])
    return words(f"agreement.objections.{key}", **told)


def _costs(reading: Reading, context: Context) -> list[Block]:
    words = context.words
    if reading.costs is None:
        return []
    period = context.formats.period(*reading.period)
    if not reading.costs.lines:
        return [Paragraph(words("agreement.nothing-stored", period=period))]
    return [Paragraph(words("agreement.costs", period=period)), *stored_and_paid(context)]
