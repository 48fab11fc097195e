"""Coverage: assigned, protected, restorable, over one counted denominator at the period's end; the remainder by name."""

from __future__ import annotations

from audit.model.assessment import Assessment
from audit.model.document import (
    Block,
    Column,
    Figure,
    Heading,
    Items,
    KeyFigures,
    Name,
    Note,
    NumberCell,
    Paragraph,
    Table,
    TextCell,
)
from audit.reporting.context import Context

NUMBERS = ("assigned", "protected", "restorable")


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return the three numbers, what each means, and who is not in it."""
    words, coverage = context.words, assessment.coverage
    if coverage.in_service is None:
        return [Note(words("coverage.not-judged"), "warning")]
    if not coverage.in_service:
        return [Note(words("coverage.nobody"), "warning")]
    last = context.formats.instant(assessment.until)
    figures = []
    for number in NUMBERS:
        count, up_to = getattr(coverage, number), getattr(coverage, f"{number}_up_to", None)
        share = context.formats.share(count / coverage.in_service)
        possible = up_to is not None and up_to > count
        note = words("coverage.up-to" if possible else "coverage.share", share=share, up_to=up_to or 0)
        figures.append(Figure(NumberCell(count), words(f"coverage.{number}.title"), of=NumberCell(coverage.in_service), note=note))
    blocks: list[Block] = [Paragraph(words("coverage.intro", n=coverage.in_service, at=last)), KeyFigures(tuple(figures))]
    for number in NUMBERS:
        missing = coverage.remainder.get(number, ())
        blocks.append(Heading(words(f"coverage.{number}.title")))
        blocks.append(Paragraph(words(f"coverage.{number}.means")))
        if missing:
            blocks.append(Paragraph(words("coverage.missing", n=len(missing), of=coverage.in_service)))
            blocks.append(Items(tuple((Name(asset),) for asset in sorted(missing)), columns=True))
        else:
            blocks.append(Paragraph(words("coverage.nobody-missing")))
    if coverage.orphans:
        blocks += [
            Heading(words("coverage.orphans.title")),
            Paragraph(words("coverage.orphans.means", n=len(coverage.orphans))),
            _orphans(assessment, context),
        ]
    return blocks


def _orphans(assessment: Assessment, context: Context) -> Table:
    columns = (Column("source", context.words("labels.source")), Column("subject", context.words("labels.subject")))
    pairs = sorted((orphan.get("source", ""), orphan.get("subject", "")) for orphan in assessment.coverage.orphans)
    return Table("orphans", columns, tuple((TextCell((Name(source),)), TextCell((Name(subject),))) for source, subject in pairs))
