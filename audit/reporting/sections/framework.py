"""Framework: what the assessment says of each requirement of a standard or law, and of each control that answers it."""

from __future__ import annotations

from audit.controls._weaker import Shortfall
from audit.evaluation.framework import COUNTED, Answer, ControlAnswer, RequirementAnswer
from audit.model.assessment import Assessment
from audit.model.document import (
    Block,
    Cell,
    Column,
    Definitions,
    Figure,
    Heading,
    KeyFigures,
    Name,
    Note,
    NumberCell,
    Paragraph,
    Table,
    Text,
    TextCell,
)
from audit.model.verdicts import Verdict
from audit.policy.frameworks import Requirement
from audit.reporting.context import Context
from audit.reporting.words import Words, names_kept

NEEDS_FRAMEWORK = True
"""A report with this section is asked for with a framework."""
SHOWN = {
    Answer.DOES_NOT_SUPPORT: Verdict.BREACHED,
    Answer.UNPROVEN: Verdict.UNPROVEN,
    Answer.SUPPORTS: Verdict.MET,
}
"""With which sign the count of an answer is shown."""
NAMED = 10
"""How many assets a row names at the most; it counts the rest."""


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - every section is called alike
    """Return what the framework is, how its requirements were answered, and every control behind the answers."""
    words, answered = context.words, context.answered
    assert answered is not None, "NEEDS_FRAMEWORK"
    framework = answered.framework
    figures = tuple(
        Figure(NumberCell(count), words(f"answers.{answer}"), NumberCell(len(answered.answers)), verdict=SHOWN.get(answer))
        for answer, count in reversed(answered.counts().items())
        if count
    )
    about = [
        (words("framework.about"), (names_kept(words.translated(framework.title, answered.name)),)),
        (words("framework.edition"), (words("framework.edition-of", edition=Name(framework.edition), status=words(f"framework.status.{framework.status}")),)),
        (words("framework.as-of"), ((Name(str(framework.as_of)),),)),
        (words("framework.source"), (names_kept(words.translated(framework.source, "")),)),
    ]  # fmt: skip
    if framework.superseded_by:
        about.insert(2, (words("framework.superseded-by"), ((Name(framework.superseded_by),),)))
    less = _agreed_less(answered.answers, context)
    pairs = list(zip(framework.requirements, answered.answers, strict=True))
    return [
        Paragraph(words("framework.intro")),
        Note(names_kept(words.translated(framework.disclaimer, "")), "warning"),
        KeyFigures(figures),
        Definitions(tuple(about)),
        Heading(words("framework.requirements")),
        _requirements(pairs, context),
        *less,
        Heading(words("framework.controls")),
        Paragraph(words("framework.controls-mean")),
        _controls(answered.answers, context),
    ]


def _requirements(pairs: list[tuple[Requirement, RequirementAnswer]], context: Context) -> Table:
    words = context.words
    columns = (
        Column("requirement", words("framework.requirement")),
        Column("asks", words("framework.asks")),
        Column("assessed", words("framework.assessed")),
        Column("answer", words("framework.answer")),
        Column("because", words("framework.because")),
        Column("confidence", words("framework.confidence")),
    )
    rows = tuple(
        (
            TextCell((Name(asked.id),)),
            TextCell(_asks(asked, context)),
            TextCell(words(f"framework.assessments.{asked.assessed}")),
            TextCell(words(f"answers.{answer.answer}")),
            TextCell(_because(asked, answer, context)),
            TextCell((Name(asked.confidence),)),
        )
        for asked, answer in pairs
    )
    return Table("requirements", columns, rows, runs=0)


def _asks(asked: Requirement, context: Context) -> Text:
    words = context.words
    parts: list[Text] = [names_kept(words.translated(asked.title, ""))]
    if asked.level:
        parts.append(words("framework.level", level=words.names(asked.level)))
    if asked.states is not None:
        parts.append(words("framework.states", states=names_kept(words.translated(asked.states, ""))))
    if asked.note is not None:
        parts.append(names_kept(words.translated(asked.note, "")))
    return words.between("framework.between", parts)


def _because(asked: Requirement, answer: RequirementAnswer, context: Context) -> Text:
    """Return, worst first, what each control says, and what people have to read beside it."""
    words, order = context.words, list(Answer)
    told = [
        words("framework.says", control=context.promise(control.control, control.leg), answer=words(f"answers.{control.answer}"))
        for control in sorted(answer.controls, key=lambda control: order.index(control.answer))
    ]
    if answer.read_beside:
        controls = words.between("labels.comma", [context.control(control) for control in answer.read_beside])
        told.append(words(f"framework.read-beside.{asked.compares}", controls=controls))
    return words.between("labels.clause", told)


def _agreed_less(answered: tuple[RequirementAnswer, ...], context: Context) -> tuple[Block, ...]:
    """Return what was agreed for less than a requirement states, or perhaps, and of which assets; nothing where nothing was."""
    words = context.words
    columns = (
        Column("requirement", words("framework.requirement")),
        Column("control", words("results.control")),
        Column("agreed", words("framework.agreed")),
        Column("assets", words("framework.of-assets"), "number"),
        Column("named", words("framework.named-less")),
    )
    rows = tuple(
        (
            TextCell((Name(answer.requirement),)),
            TextCell(context.promise(control.control, control.leg)),
            TextCell(_told(less, words)),
            NumberCell(len(assets)),
            TextCell(_named(assets, context)),
        )
        for answer in answered
        for control in answer.controls
        for less, assets in control.less_together()
    )
    if not rows:
        return ()
    return (
        Heading(words("framework.agreed-less")),
        Paragraph(words("framework.agreed-less-means")),
        Table("agreed-less", columns, rows, runs=0),
    )


def _told(less: Shortfall, words: Words) -> Text:
    """Return what was agreed of an objective, and what the clause asks."""
    if less.stated is None:
        return words("framework.less.nothing", what=Name(less.what), least=Name(less.least))
    key = "framework.less.surely" if less.surely else "framework.less.perhaps"
    return words(key, what=Name(less.what), stated=Name(less.stated), least=Name(less.least))


def _controls(answered: tuple[RequirementAnswer, ...], context: Context) -> Table:
    words = context.words
    columns = (
        Column("control", words("results.control")),
        Column("answer", words("framework.answer")),
        *(Column(name, words(f"framework.counted.{name}"), "number") for name in COUNTED),
        Column("named", words("framework.named")),
        Column("requirements", words("framework.asked-by")),
    )
    # What a requirement states itself makes another answer of the same control.
    asking: dict[tuple[str, str | None, tuple[tuple[str, str], ...]], list[str]] = {}
    said: dict[tuple[str, str | None, tuple[tuple[str, str], ...]], ControlAnswer] = {}
    for one in answered:
        for control in one.controls:
            key = control.control, control.leg, tuple(control.at_least.items())
            asking.setdefault(key, []).append(one.requirement)
            said[key] = control
    order = list(Answer)
    keys = sorted(said, key=lambda key: (order.index(said[key].answer), key[0], key[1] or "", key[2]))
    rows = tuple(_control_row(said[key], asking[key], context) for key in keys)
    return Table("controls-asked", columns, rows, runs=0)


def _control_row(said: ControlAnswer, asking: list[str], context: Context) -> tuple[Cell, ...]:
    words = context.words
    what = context.promise(said.control, said.leg)
    if said.at_least:
        what = words(
            "framework.at-least",
            control=what,
            least=words.between("labels.comma", [(Name(f"{key}: {value}"),) for key, value in said.at_least.items()]),
        )
    return (
        TextCell(what),
        TextCell(words(f"answers.{said.answer}") if said.there or said.answer is Answer.MANUAL else words("framework.not-there")),
        *(NumberCell(said.assets[name]) for name in COUNTED),
        TextCell(_named(said.named, context)),
        TextCell(words.names(asking)),
    )


def _named(assets: tuple[str, ...], context: Context) -> Text:
    words = context.words
    named: Text = words.names(assets[:NAMED]) if assets else ()
    if len(assets) > NAMED:
        named = words("framework.named-more", names=named, n=len(assets) - NAMED)
    return named
