"""A drill or an incident: whether it passed, what was planned, who took part, and what its record still lacks."""

from __future__ import annotations

from collections.abc import Iterator

from audit.model.assessment import Assessment
from audit.model.document import Block, Definitions, DurationCell, Figure, KeyFigures, Name, Note, NumberCell, Paragraph, Text
from audit.model.drill import Drill, Recovery
from audit.model.verdicts import Verdict
from audit.reporting.context import Context
from audit.reporting.words import named

NEEDS_DRILLS = True


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - the shape of every section
    """Return what is said of the drill that the report is about."""
    told = context.drills
    if told is None or not told.drills:
        return []
    return [block for one in told.drills for block in _blocks(one, context)]


def _blocks(one: Drill, context: Context) -> Iterator[Block]:
    words = context.words
    tried = [mine for mine in one.recoveries if mine.outcome is not None]
    key = "drill.intro-incident" if one.last("report-incident") else "drill.intro"
    yield Paragraph(words(key, title=Name(one.title), id=Name(one.id), kind=words(f"drill.kinds.{one.kind}"), n=len(one.assets)))
    yield from (Note(text, "warning") for text in _lacking(one, context))
    if one.declared is not None and tried:
        yield KeyFigures(tuple(_figures(one, tried, context)))
    yield Definitions(tuple(_plan(one, context)))


def _lacking(one: Drill, context: Context) -> Iterator[Text]:
    """Yield what a reader must not miss: that nobody else confirmed it, that something has changed since, or that nothing was tried."""
    words = context.words
    if one.state in ("planned", "running", "cancelled"):
        yield words(f"drill.state-notes.{one.state}", reason=named(one.reason))
    changed = sorted({mine.changed for mine in one.recoveries if mine.changed})
    if changed:
        yield words("drill.needs-verification", at=context.formats.instant(changed[0]))
    untried = sorted({mine.asset for mine in one.recoveries if mine.outcome is None})
    if one.declared is not None and untried and one.kind != "table-top":
        yield words("drill.untried", assets=words.names(untried))
    unshown = sorted({mine.asset for mine in one.recoveries if mine.outcome == "passed" and not mine.proving})
    if unshown:
        yield words("drill.without-run", assets=words.names(unshown))


def _figures(one: Drill, tried: list[Recovery], context: Context) -> Iterator[Figure]:
    words = context.words
    assert one.declared is not None
    passed = [mine for mine in tried if mine.outcome == "passed"]
    yield Figure(
        NumberCell(len(passed)), words("drill.figures.passed"), NumberCell(len(tried)),
        verdict=Verdict.MET if len(passed) == len(tried) else Verdict.BREACHED,
    )  # fmt: skip
    longest = max((taken for mine in passed if (taken := mine.taken(one.declared)) is not None), default=None)
    yield Figure(DurationCell(None if longest is None else longest.total_seconds()), words("drill.figures.longest"))
    for key, within in (("rto", within_rto), ("rpo", within_rpo)):
        answers = [within(one, mine) for mine in tried if getattr(mine, key) is not None]
        if answers:
            verdict = Verdict.BREACHED if False in answers else Verdict.UNPROVEN if None in answers else Verdict.MET
            yield Figure(
                NumberCell(answers.count(True)), words(f"drill.figures.within-{key}"), NumberCell(len(answers)), verdict=verdict
            )
    yield Figure(
        NumberCell(sum(mine.proven for mine in passed)), words("drill.figures.proven"), NumberCell(len(passed)),
        verdict=Verdict.MET if passed and all(mine.proven for mine in passed) else Verdict.UNPROVEN,
    )  # fmt: skip


def within_rto(one: Drill, mine: Recovery) -> bool | None:
    """Say whether a recovery took no longer than agreed; null: nothing is agreed, it has no result, or it did not bring all of the asset back to the full service, and shows only how
    long that takes at the least. One that failed did take longer."""
    if mine.rto is None or one.declared is None or mine.outcome is None:
        return None
    taken = mine.taken(one.declared)
    if taken is None or taken > mine.rto:
        return False
    return True if mine.whole else None


def within_rpo(one: Drill, mine: Recovery) -> bool | None:
    """Say whether the restored state was no older than agreed; null: nothing is agreed, or it is not known."""
    lost = None if one.declared is None else mine.lost(one.declared)
    return None if mine.rpo is None or lost is None else lost <= mine.rpo


def _plan(one: Drill, context: Context) -> Iterator[tuple[Text, tuple[Text, ...]]]:
    words, formats = context.words, context.formats
    yield words("drill.kind"), (words(f"drill.kinds.{one.kind}"),)
    yield words("drill.state"), (words(f"drill.states.{one.state.replace(' ', '-')}"),)
    if one.planned_for is not None:
        yield words("drill.planned-for"), ((formats.instant(one.planned_for),),)
    if one.declared is not None:
        yield words("drill.declared"), ((formats.instant(one.declared),),)
    for key in ("scenario", "runbook", "criteria"):
        if value := getattr(one, key):
            yield words(f"drill.{key}"), ((Name(value),),)
    yield words("drill.assets"), (words.names(one.assets),)
    if one.population is not None:
        drawn = words("drill.drawn", n=len(one.assets), of=one.population, seed=str(one.seed))
        yield words("drill.sample"), (drawn,)
    elif one.seed is not None:
        yield words("drill.sample"), (words("drill.seeded", seed=str(one.seed)),)
    people = one.participants
    yield words("drill.participants"), (words.names(people) if people else words("labels.nothing"),)
    led = one.told[0].by
    yield words("drill.recorded-by"), ((Name(led),),)
