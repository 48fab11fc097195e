"""Framework: what the assessment says of each requirement of a standard or law, and of each control that answers it."""

from __future__ import annotations

from audit.evaluation.framework import COUNTED, Answer, ControlAnswer, RequirementAnswer
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
from audit.model.verdicts import Assessment, Verdict
from audit.policy.frameworks import Requirement
from audit.reporting.context import Context
from audit.reporting.words import names_kept

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
    pairs = list(zip(framework.requirements, answered.answers, strict=True))
    return [
        Paragraph(words("framework.intro")),
        Note(names_kept(words.translated(framework.disclaimer, "")), "warning"),
        KeyFigures(figures),
        Definitions(tuple(about)),
        Heading(words("framework.requirements")),
        _requirements(pairs, context),
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
            TextCell(_because(answer, context)),
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


def _because(answer: RequirementAnswer, context: Context) -> Text:
    """Return, worst first, what each control says."""
    words, order = context.words, list(Answer)
    told = [
        words("framework.says", control=context.promise(control.control, control.leg), answer=words(f"answers.{control.answer}"))
        for control in sorted(answer.controls, key=lambda control: order.index(control.answer))
    ]
    return words.between("labels.clause", told)


def _controls(answered: tuple[RequirementAnswer, ...], context: Context) -> Table:
    words = context.words
    columns = (
        Column("control", words("results.control")),
        Column("answer", words("framework.answer")),
        *(Column(name, words(f"framework.counted.{name}"), "number") for name in COUNTED),
        Column("named", words("framework.named")),
        Column("requirements", words("framework.asked-by")),
    )
    asking: dict[tuple[str, str | None], list[str]] = {}
    said: dict[tuple[str, str | None], ControlAnswer] = {}
    for one in answered:
        for control in one.controls:
            asking.setdefault((control.control, control.leg), []).append(one.requirement)
            said[control.control, control.leg] = control
    order = list(Answer)
    keys = sorted(said, key=lambda key: (order.index(said[key].answer), key[0], key[1] or ""))
    rows = tuple(_control_row(said[key], asking[key], context) for key in keys)
    return Table("controls-asked", columns, rows, runs=0)


def _control_row(said: ControlAnswer, asking: list[str], context: Context) -> tuple[Cell, ...]:
    words = context.words
    named: Text = words.names(said.named[:NAMED]) if said.named else ()
    if len(said.named) > NAMED:
        named = words("framework.named-more", names=named, n=len(said.named) - NAMED)
    return (
        TextCell(context.promise(said.control, said.leg)),
        TextCell(words(f"answers.{said.answer}") if said.there or said.answer is Answer.MANUAL else words("framework.not-there")),
        *(NumberCell(said.assets[name]) for name in COUNTED),
        TextCell(named),
        TextCell(words.names(asking)),
    )
