"""What was said of an agreement: each unit's answer, comments, and what units would sign instead with what that would have done."""

from __future__ import annotations

from audit.model.document import (
    Block,
    Cell,
    Column,
    DurationCell,
    Heading,
    InstantCell,
    Name,
    NumberCell,
    OrdinalCell,
    Paragraph,
    Table,
    Text,
    TextCell,
)
from audit.reporting.agreements.reading import Asked, Reading, Said
from audit.reporting.context import Context
from audit.reporting.words import joined

ANSWERS = ("sign", "refuse")
TOLD = ("capacity", "reason", "comment")
"""What is said in words with an act."""


def answers(reading: Reading, context: Context) -> list[Block]:
    """Return each unit's newest answer, and all that was said, oldest first."""
    words = context.words
    columns = (
        Column("unit", words("labels.unit")),
        Column("representatives", words("agreement.representatives")),
        Column("answer", words("agreement.answer")),
        Column("at", words("agreement.at"), "instant"),
        Column("by", words("agreement.by")),
    )
    newest = {str(one.values["unit"]): one for one in reading.said if one.act in ANSWERS}
    units = [*reading.units, *sorted(newest.keys() - set(reading.units))]
    rows = tuple(_answer(unit, newest.get(unit), context) for unit in units)
    blocks: list[Block] = [Table("answers", columns, rows, empty=words("agreement.for-nothing"))]
    if len(reading.said) > 1:
        blocks += [Heading(words("agreement.all-said")), _said(reading, context)]
    return blocks


def _answer(unit: str, said: Said | None, context: Context) -> tuple[Cell, ...]:
    words = context.words
    return (
        TextCell(context.unit_title(unit)),
        TextCell(words.between("labels.comma", [(Name(one),) for one in context.estate.representatives.get(unit, ())])),
        TextCell(words(f"agreement.acts.{said.act}") if said else words("agreement.no-answer")),
        InstantCell(said.at.replace(microsecond=0) if said else None),
        TextCell((Name(said.by),) if said else ()),
    )


def _said(reading: Reading, context: Context) -> Table:
    words = context.words
    columns = (
        Column("at", words("agreement.at"), "instant"),
        Column("by", words("agreement.by")),
        Column("unit", words("labels.unit")),
        Column("what", words("agreement.what")),
        Column("said", words("agreement.said")),
        Column("entry", words("labels.entry"), "ordinal"),
    )
    rows = tuple(
        (
            InstantCell(one.at.replace(microsecond=0)),
            TextCell((Name(one.by),)),
            TextCell(context.unit_title(str(one.values["unit"])) if "unit" in one.values else ()),
            TextCell(words(f"agreement.acts.{one.act}")),
            TextCell(_told(one, context)),
            OrdinalCell(one.entry),
        )
        for one in reading.said[1:]
    )
    return Table("said", columns, rows)


def _told(one: Said, context: Context) -> Text:
    words = context.words
    told: list[Text] = [(Name(str(one.values[key])),) for key in TOLD if one.values.get(key)]
    if instead := one.values.get("instead"):
        told.insert(0, words("agreement.instead", values=_values(tuple(instead), context)))
    return words.between("labels.clause", told)


def _values(values: tuple[str, ...], context: Context) -> Text:
    return context.words.between("labels.comma", [(Name(one),) for one in values])


def countered(reading: Reading, context: Context) -> list[Block]:
    """Return what the version, and what units would sign instead, would have made of the period: worked out, or the command that does."""
    words = context.words
    if not reading.countered:
        return []
    worked_out = any(one.effects is not None or one.wrong for one in reading.countered)
    key = "agreement.effects" if worked_out else "agreement.effects-left-out"
    blocks: list[Block] = [Paragraph(words(key, period=context.formats.period(*reading.period)))]
    for number, one in enumerate(reading.countered, 1):
        asked = (
            words("agreement.as-proposed")
            if one.unit is None
            else words("agreement.as-countered", unit=context.unit_title(one.unit))
        )
        blocks += [Heading(asked), Paragraph(_values(one.values, context)), *_effects(one, number, context)]
        blocks.append(Paragraph(words("agreement.work-out", command=Name(one.command))))
    return blocks


def _effects(one: Asked, number: int, context: Context) -> list[Block]:
    words = context.words
    if one.wrong:
        return [Paragraph(words("agreement.not-worked-out", why=Name(one.wrong)))]
    if one.effects is None:
        return []
    pairs = ("assets", "number"), ("seconds", "duration")
    columns = [Column("promise", words("labels.promise"))]
    for key, kind in pairs:
        columns += [Column(f"{key}-{when}", words(f"agreement.effect.{key}-{when}"), kind) for when in ("agreed", "would")]
    rows: list[tuple[Cell, ...]] = [
        (
            TextCell(joined(*context.promise(each.control, each.leg))),
            *(NumberCell(count) for count in each.assets),
            *(DurationCell(seconds) for seconds in each.seconds),
        )
        for each in one.effects
    ]
    return [Table(f"effects-{number}", tuple(columns), tuple(rows), empty=words("agreement.no-effect"))]
