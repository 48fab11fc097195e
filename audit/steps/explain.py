"""Explain: a control on an asset, with the points around each breach and the very bytes of evidence they came from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from audit.adapters._registry import text_form
from audit.content import Content
from audit.evaluation.assess import evidence_of
from audit.evaluation.chunks import Chunk
from audit.evaluation.facts import Facts
from audit.evaluation.over_time import OverTime, courses
from audit.evaluation.over_time import over_time as over_time_in
from audit.evaluation.why import Explaining, Why
from audit.evidence.places import text_of
from audit.model.assessment import Assessment
from audit.model.document import Name
from audit.model.envelope import time_text
from audit.model.terms import instant, micros
from audit.model.verdicts import EvidenceRef, Result
from audit.model.world import World
from audit.reporting.charts import document
from audit.reporting.context import Context
from audit.reporting.explained import doubt_text, reason_text
from audit.reporting.formats import Formats
from audit.reporting.over_time import copies_picture, exposure_picture
from audit.reporting.timelines import Line, asset_lines
from audit.reporting.words import Words
from audit.steps._open import Store
from audit.steps.assess import assessed
from audit.steps.evidence import entry_of, envelope_of

EXCERPT = 2_000
"""How many characters of a payload an excerpt shows at the most."""

ENVELOPE = "envelope"
"""The locator of what the envelope tells."""
_LINE = re.compile(r"(?:line |row |cell [A-Z]{1,3})([0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class Explained:
    """The assessment of a control on an asset, why it came out so, and the evidence that both name: by reference, the payload's file name and the excerpt at the locator."""

    assessment: Assessment
    evidence: Mapping[EvidenceRef, tuple[str, str]]
    over_time: OverTime
    why: Why


def explain(
    store: Store, asset: str, control: str, since: datetime, until: datetime, known_at: int | None = None, *, over_time: bool = False
) -> Explained:  # fmt: skip
    """Assess one asset and control, say why it came out so, and fetch the evidence; with `over_time`, also how exposure or copies ran. Raises `UsageError` for an
    unknown asset or control."""
    worlds: list[World] = []
    resolved: list[tuple[Chunk, Facts]] = []
    assessment = assessed(
        store, since, until, known_at, controls=[control], assets=[asset],
        looking=lambda _, world: worlds.append(world), resolved=lambda _, chunk, facts: resolved.append((chunk, facts)),
    ).assessment  # fmt: skip
    # One asset is one chunk: what it was judged on is what explains it.
    (world,), ((chunk, facts),) = worlds, resolved
    listings, payloads = store.catalog.listings(assessment.as_known_at), store.catalog.payloads(assessment.as_known_at)
    evidence = evidence_of(world, (chunk.wide or chunk).estate, facts, listings, payloads)
    why = Explaining(world, facts, evidence).why(assessment.results)
    refs = dict.fromkeys([ref for result in assessment.results for ref in sorted(result.references, key=astuple)] + why.references)
    ran = over_time_in(control, courses(world, [control]).__getitem__) if over_time else OverTime()
    return Explained(assessment, excerpts(store, list(refs)), ran, why)


def excerpts(store: Store, refs: Sequence[EvidenceRef]) -> dict[EvidenceRef, tuple[str, str]]:
    """Return of each place in the evidence the payload's file name and the text there; each payload is read once."""
    shown: dict[EvidenceRef, tuple[str, str]] = {}
    by_payload: dict[tuple[int, str], list[EvidenceRef]] = {}
    for ref in refs:
        by_payload.setdefault((ref.entry, ref.sha256), []).append(ref)
    for (entry, sha256), mine in by_payload.items():
        envelope = envelope_of(entry_of(store, entry))
        # What is told of all of a payload stands in no place of it: what was told with it does.
        told = json.dumps(envelope.to_json(), ensure_ascii=False)
        shown |= {ref: (envelope.name, told) for ref in mine if ref.locator == ENVELOPE}
        if rest := [ref for ref in mine if ref.locator != ENVELOPE]:
            text, encoding = text_form(store.vault.get(sha256), envelope)
            shown |= {ref: (envelope.name, excerpt(text, ref.locator, encoding)) for ref in rest}
    return {ref: shown[ref] for ref in refs}


def explained_json(found: Explained, context: Context) -> dict[str, Any]:
    """Return the JSON form: results with why they came out so (reasons as keys, and as text in the language), the excerpts of their evidence, and what ran over time;
    instants are RFC 3339 UTC, lengths seconds."""
    ran, assessment = found.over_time, found.assessment
    told: dict[str, Any] = {
        "period": {"from": time_text(assessment.since), "to": time_text(assessment.until)},
        "as_known_at": assessment.as_known_at,
        "results": [_result_json(number, result, found.why, context) for number, result in enumerate(assessment.results)],
        "evidence": [{**ref.to_json(), "name": name, "excerpt": shown} for ref, (name, shown) in found.evidence.items()],
    }
    if ran.exposure is not None:
        told["exposure"] = [
            {
                "part": part, "bound": bound, "from": time_text(instant(begin)), "to": time_text(instant(end)), "state_at": time_text(instant(state)),
                "exposure_seconds_from": (begin - state) / 1e6, "exposure_seconds_to": (end - state) / 1e6,
            }
            for part, bound, begin, end, state in ran.exposure.select("part", "bound", "begin", "end", "state").iter_rows()
        ]  # fmt: skip
    if ran.allowed is not None:
        told["allowed"] = [
            {"part": part, "from": time_text(instant(begin)), "to": time_text(instant(end)), "allowed_seconds": most / 1e6}
            for part, begin, end, most in ran.allowed.select("part", "begin", "end", "allowed").iter_rows()
        ]
    if ran.counts is not None:
        columns = ("part", "leg", "bound", "begin", "end", "count", "needed")
        told["counts"] = [
            {
                "part": part, "leg": leg, "bound": bound, "from": time_text(instant(begin)), "to": time_text(instant(end)), "count": count, "needed": needed,
            }
            for part, leg, bound, begin, end, count, needed in ran.counts.select(columns).iter_rows()
        ]  # fmt: skip
    return told


def _result_json(number: int, result: Result, why: Why, context: Context) -> dict[str, Any]:
    """Return a result with why each unproven stretch is so, and what bounds the judged time of what is met."""
    unproven = [
        {**one.to_json(), "text": reason_text(one, context), **_with_texts(why.unproven.get((number, place), {}), context)}
        for place, one in enumerate(result.unproven)
    ]
    bounds = {"bounds": _with_texts(why.met[number], context)} if number in why.met else {}
    return {**result.to_json(), "unproven": unproven, **bounds}


def _with_texts(told: Any, context: Context) -> Any:
    """Return what is told with the text of each doubt beside its key."""
    if isinstance(told, Mapping):
        rest = {key: _with_texts(value, context) for key, value in told.items()}
        return {**rest, "text": doubt_text(told, context)} if "reason" in told else rest
    return [_with_texts(one, context) for one in told] if isinstance(told, list | tuple) else told


def pictures_of(store: Store, found: Explained, language: str, content: Content) -> dict[str, str]:
    """Return the pictures of what ran over time as SVG documents, by file name: one for the asset, or for each of its parts that was judged."""
    assessment = found.assessment
    estate = store.estate(assessment.as_known_at)
    words = Words(content, Formats(language, estate.timezone))
    context = Context(content, words, words.formats, estate)
    lines = [line for one in asset_lines(assessment, estate) for line in one.lines]
    drawn: dict[str, str] = {}
    for number, part in enumerate(dict.fromkeys(line.part for line in lines)):
        mine = [line for line in lines if line.part == part]
        svg = picture_of(found.over_time, mine, assessment.since, assessment.until, context)
        if svg is None:
            continue
        file = re.sub(r"[^\w.-]+", "-", "-".join([mine[0].asset, *([] if part is None else [part]), mine[0].control]))
        # Two parts may differ only in what a file's name must not hold.
        drawn[f"{file}.svg" if f"{file}.svg" not in drawn else f"{file}-{number}.svg"] = svg
    return drawn


def picture_of(ran: OverTime, lines: Sequence[Line], since: datetime, until: datetime, context: Context) -> str | None:
    """Return as an SVG document how a control ran over [since, until) on an asset or a part of it. lines: all of that control and that part. Null: there is nothing to draw."""
    part, words = lines[0].part, context.words

    def within(rows: pl.DataFrame) -> pl.DataFrame:
        mine = rows.filter(pl.col("part").eq_missing(part)).with_columns(
            begin=pl.max_horizontal("begin", pl.lit(micros(since))), end=pl.min_horizontal("end", pl.lit(micros(until)))
        )
        return mine.filter(pl.col("begin") < pl.col("end"))

    name = (Name(lines[0].asset if part is None else f"{lines[0].asset} / {part}"),)
    if ran.exposure is not None and ran.allowed is not None:
        stretches = lines[0].stretches
        return document(exposure_picture(name, since, until, within(ran.exposure), within(ran.allowed), stretches, words))
    if ran.counts is not None:
        legs = {line.leg: (context.leg(line.control, line.leg), line.stretches) for line in lines if line.leg is not None}
        return document(copies_picture(name, since, until, within(ran.counts), legs, words))
    return None


def excerpt(payload: bytes, locator: str, encoding: str = "utf-8") -> str:
    """Return the text at a locator: `line 12` (of a sheet's text form `row 12` or `cell B12`), or a JSON pointer; the whole beginning when there is no locator.

    `encoding`: of text without a byte order mark (a codec of Python).
    """
    text = text_of(payload, encoding)
    if place := _LINE.match(locator):
        # Other signs that Unicode calls line ends may stand inside a line, and adapters do not count them.
        lines = text.split("\n")
        number = int(place[1])
        text = lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""
    elif locator.startswith("/"):
        text = json.dumps(_pointed(text, locator), ensure_ascii=False)
    return text[:EXCERPT]


def _pointed(text: str, pointer: str) -> Any:
    """Resolve a JSON pointer (RFC 6901) in the first JSON value of a text."""
    value, _ = json.JSONDecoder().raw_decode(text.lstrip("\ufeff \r\n\t"))
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value
