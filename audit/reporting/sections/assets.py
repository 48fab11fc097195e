"""Assets: every asset with its timelines; those with a breach or an unproven stretch first and in full, the others in one line
each.
"""

from __future__ import annotations

from audit.model.assessment import Assessment
from audit.model.document import Block, Heading, Legend, Name, Paragraph, State, Strip, StripGroup, Text, Timelines
from audit.model.verdicts import Verdict
from audit.reporting.context import Context
from audit.reporting.details import brief_text
from audit.reporting.timelines import AssetLines, Line, asset_lines, pooled
from audit.reporting.words import joined


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return the legend, the timelines of assets with something to see, then one line for each of the others."""
    words = context.words
    assets = asset_lines(assessment, context.estate)
    full = tuple(_full(asset, context) for asset in assets if asset.open)
    rest = [asset for asset in assets if not asset.open]
    span = (assessment.since, assessment.until)
    blocks: list[Block] = [
        Paragraph(words("assets.intro")),
        legend(assessment, context),
        Timelines("assets-open", *span, full, empty=words("assets.none-open")),
    ]
    if rest:
        group = StripGroup((), (), tuple(_short(asset, context) for asset in rest))
        blocks += [
            Heading(words("assets.rest")),
            Paragraph(words("assets.rest-means", n=len(rest))),
            Timelines("assets-rest", *span, (group,)),
        ]
    return blocks


def legend(assessment: Assessment, context: Context) -> Legend:
    """Return how to read the timelines; waivers only where there are any."""
    waived = any((result.shares or {}).get("waived") for result in assessment.results)
    states = [state for state in reversed(State) if waived or state is not State.WAIVED]
    return Legend(tuple((state, context.words(f"states.{state}.word"), context.words(f"states.{state}.means")) for state in states))


def _full(asset: AssetLines, context: Context) -> StripGroup:
    return StripGroup((Name(asset.asset),), _subtitle(asset, context), tuple(_strip(line, context) for line in asset.timed))


def _subtitle(asset: AssetLines, context: Context) -> Text:
    words = context.words
    versions = [words("labels.version", policy=Name(policy), n=version) for policy, version in asset.policies]
    policies = words.between("labels.separator", versions)
    parts = words("assets.subtitle", unit=context.unit_title(asset.unit), policies=policies or words("labels.no-policy"))
    provenance = sorted({result.provenance for result in asset.results if result.provenance})
    return words.between("labels.separator", [parts, *(provenance_text(told, context) for told in provenance)])


def provenance_text(told: str, context: Context) -> Text:
    """Return how the weakest evidence came: `pulled`, `pushed`, `uploaded by ...`."""
    how, _, who = told.partition(" by ")
    return context.words.worded(f"provenance.{how}{'-by' if who else ''}", told, who=Name(who))


def _strip(line: Line, context: Context) -> Strip:
    last = line.results[-1]
    return Strip(
        label=context.promise(line.control, line.leg, line.part),
        stretches=line.stretches,
        verdict=line.verdict,
        met=line.share("met"),
        met_up_to=line.share("met_up_to"),
        note=brief_text(last.detail, context),
    )


def _short(asset: AssetLines, context: Context) -> Strip:
    """Return one line over all promises that have a length; what is not met at one instant is named beside it."""
    judged = [result for line in asset.timed for result in line.results if result.shares is not None]
    return Strip(
        (Name(asset.asset),),
        asset.overall if judged else (),
        asset.verdict,
        pooled(judged, "met"),
        pooled(judged, "met_up_to"),
        joined(*_subtitle(asset, context), *_at_one_instant(asset, context)),
    )


def _at_one_instant(asset: AssetLines, context: Context) -> Text:
    words = context.words
    found = [line for line in asset.lines if line not in asset.timed and line.verdict in (Verdict.BREACHED, Verdict.UNPROVEN)]
    told: list[str | Name] = []
    for verdict in sorted({line.verdict for line in found}, key=list(Verdict).index):
        # Parts of an asset are judged alike, each by itself: a promise is named once.
        promises = dict.fromkeys(context.promise(line.control, line.leg) for line in found if line.verdict is verdict)
        listed = words.between("labels.comma", promises)
        told += [
            words.plain("labels.separator"),
            *words("assets.at-one-instant", verdict=words(f"verdicts.{verdict}"), promises=listed),
        ]
    return tuple(told)
