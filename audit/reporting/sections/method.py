"""Method: what the words mean, how verdicts are reached, what each control asks and why; how a reader checks all of it."""

from __future__ import annotations

from audit.model.assessment import Assessment
from audit.model.document import Block, Definitions, Heading, Items, Paragraph, Text
from audit.model.verdicts import Verdict
from audit.reporting.context import Context


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return definitions in plain words; of controls, those that were judged. Each has an id by which it can be referred to:
    `verdict-met`, `control-copies`, `word-asset`.
    """
    words = context.words
    verdicts = tuple((words(f"verdicts.{verdict}"), (words(f"method.verdicts.{verdict}"),)) for verdict in Verdict)
    controls: list[tuple[Text, tuple[Text, ...]]] = []
    judged = sorted(assessment.results.told("control")["control"].unique())
    for control in judged:
        said = tuple(text for text in (context.control_says(control, what) for what in ("means", "rationale")) if text)
        controls.append((context.control(control), said))
    terms = list(words.find("method.words"))
    blocks: list[Block] = [
        *map(Paragraph, words.each("method.text")),
        Heading(words("method.verdicts-title")),
        Definitions(verdicts, ids=tuple(f"verdict-{verdict}" for verdict in Verdict)),
    ]
    if controls:
        blocks += [
            Heading(words("method.controls-title")),
            Definitions(tuple(controls), ids=tuple(f"control-{control}" for control in judged)),
        ]
    blocks += [
        Heading(words("method.words-title")),
        Definitions(
            tuple((words(f"method.words.{term}.word"), (words(f"method.words.{term}.means"),)) for term in terms),
            ids=tuple(f"word-{term}" for term in terms),
        ),
        Heading(words("method.check-title")),
        Items(tuple(words.each("method.check"))),
    ]
    return blocks
