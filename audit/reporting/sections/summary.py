"""Summary: what the report says, in words that need no other page."""

from __future__ import annotations

from collections import Counter

from audit.model.document import Block, Figure, KeyFigures, Name, Note, NumberCell, Paragraph, Text
from audit.model.verdicts import Assessment, Breach, Result, Verdict
from audit.reporting.context import Context
from audit.reporting.timelines import worst
from audit.reporting.words import joined


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return how many assets kept every promise, broke one, or cannot be judged; then the longest breach and what limits all
    this.
    """
    words = context.words
    verdicts: dict[str, Verdict] = {}
    for result in assessment.results:
        verdicts[result.asset] = worst((result.verdict, verdicts.get(result.asset, Verdict.NOT_APPLICABLE)))
    if not verdicts:
        return [Note(words("summary.nothing"), "warning")]
    counts = Counter(verdicts.values())
    period = context.formats.period(assessment.since, assessment.until)
    units = len({result.unit for result in assessment.results})
    blocks: list[Block] = [
        Paragraph(words("summary.scope", n=len(verdicts), units=words("summary.units", n=units), period=period)),
        KeyFigures(
            tuple(
                _figure(context, verdict, counts[verdict], len(verdicts))
                for verdict in Verdict
                if counts[verdict] or verdict in _ALWAYS
            )
        ),
        Paragraph(_headline(context, counts)),
    ]
    longest = _longest(assessment)
    if longest is not None:
        blocks.append(Paragraph(_sentence(context, *longest)))
    blocks.append(Paragraph(_data(assessment, context)))
    blocks.append(
        Note(words("summary.provisional" if context.provisional else "summary.final"), "warning" if context.provisional else "info")
    )
    return blocks


_ALWAYS = (Verdict.BREACHED, Verdict.UNPROVEN, Verdict.MET)


def _figure(context: Context, verdict: Verdict, count: int, of: int) -> Figure:
    return Figure(NumberCell(count), context.words(f"summary.assets.{verdict}"), of=NumberCell(of), verdict=verdict)


def _headline(context: Context, counts: Counter[Verdict]) -> Text:
    words = context.words
    if counts[Verdict.BREACHED]:
        return words("summary.breached", n=counts[Verdict.BREACHED], unproven=counts[Verdict.UNPROVEN])
    if counts[Verdict.UNPROVEN]:
        return words("summary.unproven", n=counts[Verdict.UNPROVEN])
    return words("summary.met" if counts[Verdict.MET] else "summary.not-applicable")


def _longest(assessment: Assessment) -> tuple[Result, Breach] | None:
    found = [(result, breach) for result in assessment.results for breach in result.breaches]
    return max(found, key=lambda pair: (pair[1].until - pair[1].since, pair[0].asset), default=None)


def _sentence(context: Context, result: Result, breach: Breach) -> Text:
    return context.words(
        "summary.longest",
        asset=Name(result.asset),
        promise=context.promise(result.control, result.leg, result.part),
        since=context.formats.instant(breach.since),
        until=context.formats.instant(breach.until),
        length=context.formats.duration((breach.until - breach.since).total_seconds()),
    )


def _data(assessment: Assessment, context: Context) -> Text:
    words = context.words
    if not (assessment.quarantined or assessment.faults or assessment.notices):
        return words("summary.data-clean")
    counts = {"quarantined": assessment.quarantined, "faults": len(assessment.faults), "notices": len(assessment.notices)}
    found = [words(f"summary.{what}", n=count) for what, count in counts.items() if count]
    between = words.plain("labels.clause")
    return words(
        "summary.data", found=joined(*(part for index, text in enumerate(found) for part in (between if index else "", *text)))
    )
