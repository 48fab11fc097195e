"""Method: what the words mean, how verdicts are reached, what each control asks and why; how a reader checks all of it."""

from __future__ import annotations

from audit.model.document import Block, Definitions, Heading, Items, Paragraph, Text
from audit.model.verdicts import Assessment, Verdict
from audit.reporting.context import Context


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return definitions in plain words; of controls, those that were judged."""
    words = context.words
    verdicts = tuple((words(f"verdicts.{verdict}"), (words(f"method.verdicts.{verdict}"),)) for verdict in Verdict)
    controls: list[tuple[Text, tuple[Text, ...]]] = []
    for control in sorted({result.control for result in assessment.results}):
        said = tuple(text for text in (context.control_says(control, what) for what in ("means", "rationale")) if text)
        controls.append((context.control(control), said))
    blocks: list[Block] = [
        *map(Paragraph, words.each("method.text")),
        Heading(words("method.verdicts-title")),
        Definitions(verdicts),
    ]
    if controls:
        blocks += [Heading(words("method.controls-title")), Definitions(tuple(controls))]
    blocks += [
        Heading(words("method.words-title")),
        Definitions(
            tuple(
                (words(f"method.words.{word}.word"), (words(f"method.words.{word}.means"),)) for word in words.find("method.words")
            )
        ),
        Heading(words("method.check-title")),
        Items(tuple(words.each("method.check"))),
    ]
    return blocks
