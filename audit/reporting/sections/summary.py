"""Summary: for a reader who reads no other page: what was judged and against what, what came out, the worst of it, and what may and may
not be concluded.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import polars as pl

from audit.model.assessment import Assessment
from audit.model.document import Block, Definitions, Figure, Heading, Items, KeyFigures, Name, Note, NumberCell, Paragraph, Text
from audit.model.verdicts import Breach, Result, Verdict
from audit.reporting.causes import allowed_seconds
from audit.reporting.context import Context
from audit.reporting.groups import worst_by_asset
from audit.reporting.sections.breaches import worst_first
from audit.reporting.words import joined


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return how many assets kept every promise, broke one, or cannot be judged; the worst breach of each control; and what limits all
    this.
    """
    words = context.words
    verdicts = worst_by_asset(assessment.results)["verdict"]
    if verdicts.is_empty():
        return [Note(words("summary.nothing"), "warning")]
    counts = Counter(map(Verdict, verdicts))
    blocks: list[Block] = [
        *_scope(assessment, context, len(verdicts)),
        KeyFigures(
            tuple(
                _figure(context, verdict, counts[verdict], len(verdicts))
                for verdict in Verdict
                if counts[verdict] or verdict in _ALWAYS
            )
        ),
        Paragraph(_headline(context, counts, waived=bool(assessment.results.having("waived")))),
    ]
    beyond, risks = _beyond(assessment, context), _at_risk(assessment, context)
    worst_of = _worst_of_each(assessment, context)
    if worst_of:
        blocks += [Heading(words("summary.worst")), Paragraph(words("summary.worst-means")), Definitions(worst_of)]
    if risks:
        blocks += [Heading(words("summary.at-risk")), Paragraph(words("summary.at-risk-means")), Items(risks)]
    blocks += [
        Heading(words("summary.conclude")),
        Items(tuple(words.each("summary.may-conclude"))),
        Heading(words("summary.not-conclude")),
        Items((*beyond, *words.each("summary.may-not-conclude"))),
        Heading(words("summary.limits")),
        Paragraph(_data(assessment, context)),
        Note(
            words("summary.provisional" if context.provisional else "summary.final"), "warning" if context.provisional else "info"
        ),
    ]
    return blocks


AT_RISK_TOLD = 10
"""How many promises that are at risk the summary names."""
_ALWAYS = (Verdict.BREACHED, Verdict.UNPROVEN, Verdict.MET)


def _beyond(assessment: Assessment, context: Context) -> tuple[Text, ...]:
    """Return what no verdict covers: what the controls that judged say they leave open, each by its name; those that say the same together."""
    told = assessment.results.told("control", "verdict")
    judged = sorted(told.filter(pl.col("verdict") != Verdict.NOT_APPLICABLE.value)["control"].unique())
    named: dict[Text, list[Text]] = {}
    for control in judged:
        if limits := context.control_says(control, "limits"):
            named.setdefault(limits, []).append(context.control(control))
    words = context.words
    return tuple(
        words("summary.beyond", controls=words.between("labels.comma", titles), limits=limits) for limits, titles in named.items()
    )


def _at_risk(assessment: Assessment, context: Context) -> tuple[Text, ...]:
    """Return the promises that are kept by what is declared to go too early, those that would be broken first: what, of whom, and since when it would be missing."""
    words, formats = context.words, context.formats
    found = [
        (datetime.fromisoformat(result.detail["at_risk_from_at"]), result)
        for result in assessment.results.telling("at_risk_from_at")
    ]
    found.sort(key=lambda one: one[0])
    told = []
    for since, result in found[:AT_RISK_TOLD]:
        counts = {key: result.detail.get(f"at_risk_{key}") for key in ("points", "buckets")}
        what = words.between("labels.clause", [words(f"summary.at-risk-{key}", n=count) for key, count in counts.items() if count])
        promise = context.promise(result.control, result.leg, result.part)
        asset, unit = Name(result.asset), context.unit_title(result.unit)
        told.append(words("summary.at-risk-of", asset=asset, unit=unit, promise=promise, what=what, since=formats.instant(since)))
    more = len(found) - len(told)
    return (*told, words("summary.at-risk-more", n=more)) if more else tuple(told)


def _scope(assessment: Assessment, context: Context, assets: int) -> list[Block]:
    """Return what was judged, against what, and from what evidence."""
    words = context.words
    told = assessment.results.told("unit", "policy", "version")
    units = told["unit"].n_unique()
    versions = told.filter(pl.col("policy").is_not_null()).select("policy", "version").n_unique()
    period = context.formats.period(assessment.since, assessment.until)
    scope = words(
        "summary.scope",
        n=assets,
        units=words("summary.units", n=units),
        versions=words("summary.versions", n=versions),
        period=period,
    )
    blocks: list[Block] = [Paragraph(words("summary.what")), Paragraph(scope)]
    payloads = context.payloads
    if payloads is not None and payloads.height:
        sources = words("summary.sources", n=payloads["source"].drop_nulls().n_unique())
        blocks.append(Paragraph(words("summary.evidence", n=payloads.height, sources=sources)))
    return blocks


def _figure(context: Context, verdict: Verdict, count: int, of: int) -> Figure:
    return Figure(NumberCell(count), context.words(f"summary.assets.{verdict}"), of=NumberCell(of), verdict=verdict)


def _headline(context: Context, counts: Counter[Verdict], *, waived: bool) -> Text:
    """Return the first sentence: the worst that is to be said of the assets. waived: whether anything would have been breached without a waiver."""
    words = context.words
    if counts[Verdict.BREACHED]:
        key = "summary.breached-and-unproven" if counts[Verdict.UNPROVEN] else "summary.breached"
        further = words("summary.further", n=counts[Verdict.UNPROVEN])
        return words(key, n=counts[Verdict.BREACHED], further=further)
    if counts[Verdict.UNPROVEN]:
        return words("summary.unproven-and-waived" if waived else "summary.unproven", n=counts[Verdict.UNPROVEN])
    if waived:
        return words("summary.waived")
    return words("summary.met" if counts[Verdict.MET] else "summary.not-applicable")


def _worst_of_each(assessment: Assessment, context: Context) -> tuple[tuple[Text, tuple[Text, ...]], ...]:
    """Return the worst breach of each control: which asset, from when to when, and what it means in plain words."""
    found: dict[str, tuple[Result, Breach]] = {}
    for result, breach in worst_first(assessment, context):
        found.setdefault(result.control, (result, breach))
    return tuple((context.control(control), _told(*pair, context)) for control, pair in found.items())


def _told(result: Result, breach: Breach, context: Context) -> tuple[Text, ...]:
    words, formats = context.words, context.formats
    length = (breach.until - breach.since).total_seconds()
    values: dict[str, str | Name | Text] = {
        "asset": Name(result.asset),
        "unit": context.unit_title(result.unit),
        "promise": context.promise(result.control, result.leg, result.part),
        "since": formats.instant(breach.since),
        "until": formats.instant(breach.until),
        "length": formats.duration(length),
    }
    where = words("summary.where-instant" if length < 1 else "summary.where", **values)
    if result.verdict is Verdict.MET:
        where = joined(*where, words.plain("labels.sentence"), *words("breaches.tolerated"))
    meant = _consequence(result, breach, context)
    return (where, meant) if meant else (where,)


def _consequence(result: Result, breach: Breach, context: Context) -> Text:
    exposure, allowed = breach.detail.get("exposure_seconds"), allowed_seconds(result, context)
    if isinstance(exposure, int | float) and allowed is not None:
        formats = context.formats
        return context.words("summary.loss", length=formats.duration(exposure), allowed=formats.duration(allowed))
    return context.control_says(result.control, "consequence")


def _data(assessment: Assessment, context: Context) -> Text:
    words = context.words
    if not (assessment.quarantined or assessment.faults or assessment.notices):
        return words("summary.data-clean")
    counts = {"quarantined": assessment.quarantined, "faults": len(assessment.faults), "notices": len(assessment.notices)}
    found = [words(f"summary.{what}", n=count) for what, count in counts.items() if count]
    return words("summary.data", found=words.between("labels.clause", found))
