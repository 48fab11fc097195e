"""Assessment to document: a report's definition names its sections; each section is a file in `sections/`; the cover is written
here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

import audit.controls
import audit.reporting.sections
from audit.content import Content, ContentError
from audit.discovery import modules
from audit.errors import UsageError
from audit.evaluation.costs import Costs
from audit.evaluation.framework import Answered
from audit.model.assessment import Assessment
from audit.model.document import Cell, Document, Fact, InstantCell, Name, OrdinalCell, Section, Sheet, Text, TextCell
from audit.model.drill import Drills
from audit.model.estate import Estate
from audit.reporting.context import Context, Record
from audit.reporting.formats import Formats
from audit.reporting.words import Words, language_named, names_kept

ABOUT = "drill"
"""The kind of record that a report can be about."""
FINAL_AFTER = timedelta(days=14)
"""A review is final when every source in use has delivered evidence to this long after the period's end (design 5)."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A report as `reports/<name>.yaml` defines it: title, subtitle and audience by language, and its sections in order with
    their options. about: the kind of record that it is about, one of which has to be named; null: it is about a period. controls: the only ones that are judged for it; null: all.
    """

    name: str
    title: Mapping[str, str]
    subtitle: Mapping[str, str]
    audience: Mapping[str, str]
    sections: tuple[tuple[str, Mapping[str, Any]], ...]
    workbook: tuple[tuple[str, tuple[tuple[str, Mapping[str, Any]], ...]], ...] = ()
    print_rows: int = 200
    signers: tuple[Mapping[str, Any], ...] = ()
    about: str | None = None
    controls: tuple[str, ...] | None = None

    @property
    def needs_framework(self) -> bool:
        """Whether one of its sections answers a framework."""
        return any(getattr(module, "NEEDS_FRAMEWORK", False) for module, _ in self._modules())

    @property
    def needs_drills(self) -> bool:
        """Whether one of its sections tells of drills."""
        return any(getattr(module, "NEEDS_DRILLS", False) for module, _ in self._modules())

    def needs_costs(self, estate: Estate) -> bool:
        """Whether one of its sections says what is stored and what that costs: where a repository declares a price, or with `always: true` in any case."""
        priced = not estate.prices.is_empty()
        return any(
            getattr(module, "NEEDS_COSTS", False) and (priced or bool(options.get("always"))) for module, options in self._modules()
        )

    def _modules(self) -> list[tuple[Any, Mapping[str, Any]]]:
        there = modules(audit.reporting.sections.__name__)
        named = [*self.sections, *(section for _, sections in self.workbook for section in sections)]
        return [(there[name], options) for name, options in named]

    @classmethod
    def load(cls, content: Content, name: str) -> Definition:
        """Read a definition. Raises `UsageError` when there is no such report, `ContentError` when it cannot be used."""
        known = content.names("reports", ".yaml")
        if name not in known:
            raise UsageError(f"there is no report {name!r}; there are: {', '.join(known)}")
        values = content.yaml(f"reports/{name}.yaml")
        sections = values.get("sections") if isinstance(values, Mapping) else None
        if not isinstance(sections, list) or not sections:
            raise ContentError(f"reports/{name}.yaml names no sections")
        found = tuple(_section_line(name, line) for line in sections)
        texts = {key: values.get(key) or {} for key in ("title", "subtitle", "audience")}
        return cls(
            name=name,
            sections=found,
            workbook=_workbook(name, values.get("workbook")),
            print_rows=_print_rows(name, values.get("print_rows", 200)),
            signers=_signers(name, values.get("signers")),
            about=_about(name, values.get("about")),
            controls=_controls(name, values.get("controls")),
            **texts,
        )


def _workbook(report: str, values: Any) -> tuple[tuple[str, tuple[tuple[str, Mapping[str, Any]], ...]], ...]:
    """Read `workbook: [{summary: [summary, coverage]}, ...]`: sheets in order, each with its sections."""
    if values is None:
        return ()
    if not isinstance(values, list) or not all(isinstance(line, Mapping) and len(line) == 1 for line in values):
        raise ContentError(f"reports/{report}.yaml: workbook must be a list of sheets, such as `- breaches: [breaches]`")
    sheets = [next(iter(line.items())) for line in values]
    empty = [sheet for sheet, sections in sheets if not isinstance(sections, list) or not sections]
    if empty:
        raise ContentError(f"reports/{report}.yaml: the sheet {empty[0]!r} names no sections")
    return tuple((str(sheet), tuple(_section_line(report, line) for line in sections)) for sheet, sections in sheets)


def _print_rows(report: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ContentError(f"reports/{report}.yaml: print_rows must be a whole number of at least 1, not {value!r}")
    return value


def _about(report: str, value: Any) -> str | None:
    """Read `about: drill`: the kind of record that a report is about."""
    if value not in (None, ABOUT):
        raise ContentError(
            f"reports/{report}.yaml: a report is about a {ABOUT} (`about: {ABOUT}`), or about a period, not about {value!r}"
        )
    return str(value) if value else None


def _controls(report: str, values: Any) -> tuple[str, ...] | None:
    """Read `controls: [...]`: the only ones that are judged for it; null: all."""
    if values is None:
        return None
    known = modules(audit.controls.__name__)
    if not isinstance(values, list) or not values or any(name not in known for name in values):
        raise ContentError(f"reports/{report}.yaml: controls must be a list of these: {', '.join(known)}")
    return tuple(values)


def _signers(report: str, values: Any) -> tuple[Mapping[str, Any], ...]:
    """Read `signers: [{role: {en: ..., zh: ...}, statement: {...}, each: unit}]`."""
    wrong = f"reports/{report}.yaml: each of the signers needs `role` and `statement`, by language"
    if values is None:
        return ()
    if not isinstance(values, list):
        raise ContentError(wrong)
    for one in values:
        if not isinstance(one, Mapping) or not all(isinstance(one.get(key), Mapping) for key in ("role", "statement")):
            raise ContentError(wrong)
        if one.get("each", "unit") != "unit":
            raise ContentError(f"reports/{report}.yaml: signers stand once, or `each: unit`, not each {one['each']!r}")
    return tuple(values)


def _section_line(report: str, line: Any) -> tuple[str, Mapping[str, Any]]:
    """Read `summary`, or `breaches: {option: value}`."""
    name, options = next(iter(line.items())) if isinstance(line, Mapping) and len(line) == 1 else (line, {})
    known = modules(audit.reporting.sections.__name__)
    if not isinstance(name, str) or name not in known:
        raise ContentError(f"reports/{report}.yaml names the section {name!r}; there are: {', '.join(known)}")
    return name, options or {}


def compose(
    assessment: Assessment,
    estate: Estate,
    definition: Definition,
    language: str,
    *,
    content: Content,
    unit: str | None = None,
    payloads: pl.DataFrame | None = None,
    quarantine: pl.DataFrame | None = None,
    record: Record | None = None,
    answered: Answered | None = None,
    costs: Costs | None = None,
    drills: Drills | None = None,
) -> Document:
    """Return the document of an assessment in `language`. With `unit` it is of that unit alone: the assessment has only its
    results.
    """
    formats = Formats(language_named(language), estate.timezone)
    words = Words(content, formats)
    final_at = assessment.until + FINAL_AFTER
    awaited = awaited_sources(estate, payloads, assessment.until, final_at)
    context = Context(
        content=content, words=words, formats=formats, estate=estate, unit=unit, payloads=payloads, quarantine=quarantine,
        provisional=awaited != (), awaited=awaited or (), final_at=final_at, signers=definition.signers, record=record or Record(),
        answered=answered, costs=costs, drills=drills,
    )  # fmt: skip
    written = _Sections(assessment, context)
    return Document(
        report=definition.name,
        language=language,
        zone=estate.timezone,
        title=words.translated(definition.title, definition.name),
        subtitle=words.translated(definition.subtitle, "") if definition.subtitle else (),
        provisional=context.provisional,
        facts=_facts(assessment, context, definition),
        sections=written.all(definition.sections),
        warnings=_warnings(assessment, context),
        sheets=tuple(
            Sheet(sheet, words(f"sheets.{sheet}"), there)
            for sheet, sections in definition.workbook
            if (there := written.all(sections))
        ),
        print_rows=definition.print_rows,
        simulated=_simulated(assessment),
    )


class _Sections:
    """The sections of one document, each written once, however many pages and sheets it stands on."""

    def __init__(self, assessment: Assessment, context: Context) -> None:
        self._assessment = assessment
        self._context = context
        self._written: dict[str, Section] = {}

    def all(self, lines: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[Section, ...]:
        """Return the sections of a definition's lines, in order; one that has nothing to say is left out."""
        return tuple(section for name, options in lines if (section := self._one(name, options)).blocks)

    def _one(self, name: str, options: Mapping[str, Any]) -> Section:
        key = f"{name} {sorted(options.items(), key=str)}"
        if key not in self._written:
            module = modules(audit.reporting.sections.__name__)[name]
            blocks = tuple(module.section(self._assessment, replace(self._context, options=options)))
            self._written[key] = Section(name, self._context.words(f"sections.{name}.title"), blocks)
        return self._written[key]


def _facts(assessment: Assessment, context: Context, definition: Definition) -> tuple[Fact, ...]:
    """Return the lines of the cover."""
    words = context.words
    unit = context.words("labels.all-units") if context.unit is None else context.unit_title(context.unit)
    status = words("cover.provisional" if context.provisional else "cover.final")
    record = context.record
    cells: dict[str, Cell] = {
        **({"organisation": TextCell((Name(record.organisation),))} if record.organisation else {}),
        "period": TextCell((context.formats.period(assessment.since, assessment.until),)),
        **_framework(context),
        "units": TextCell(unit),
        "status": TextCell(status),
        "from": InstantCell(assessment.since),
        "to": InstantCell(assessment.until),
        "zone": TextCell((Name(context.estate.timezone),)),
        "as-known-at": OrdinalCell(assessment.as_known_at),
        **({"entered-at": InstantCell(record.entered_at.replace(microsecond=0))} if record.entered_at else {}),
        "journal-head": TextCell((Name(assessment.journal_head),)),
        **_checkpoint(assessment, context),
    }
    audience = words.translated(definition.audience, "") if definition.audience else ()
    if audience:
        cells["audience"] = TextCell(audience)
    return tuple(Fact(key, words(f"cover.{key}"), cell) for key, cell in cells.items())


def _framework(context: Context) -> dict[str, Cell]:
    if context.answered is None:
        return {}
    return {"framework": TextCell(names_kept(context.words.translated(context.answered.framework.title, context.answered.name)))}


def _simulated(assessment: Assessment) -> bool:
    return any(notice.get("key") == "simulated" for notice in assessment.notices)


def _checkpoint(assessment: Assessment, context: Context) -> dict[str, Cell]:
    """Return the lines of the signed checkpoint: how much of the journal it covers, the log's name, and the root as base64, as it stands
    in the checkpoint.
    """
    signed, words = context.record.checkpoint, context.words
    if signed is None:
        return {"checkpoint": TextCell(words("cover.no-checkpoint"))}
    covers = "cover.checkpoint-covers" if signed.size >= assessment.as_known_at else "cover.checkpoint-short"
    return {
        "checkpoint": TextCell(words(covers, n=signed.size)),
        "checkpoint-origin": TextCell((Name(signed.origin),)),
        "checkpoint-root": TextCell((Name(base64.b64encode(signed.root).decode()),)),
    }


def _warnings(assessment: Assessment, context: Context) -> tuple[Text, ...]:
    """Return what must be read before anything else: simulated evidence, controls that failed, evidence still awaited."""
    words = context.words
    found = []
    if _simulated(assessment):
        found.append(words("cover.simulated"))
    if assessment.faults:
        found.append(words("cover.faults", n=len(assessment.faults)))
    if context.provisional and context.final_at is not None:
        until = context.formats.instant(context.final_at)
        key = "cover.awaited" if context.awaited else "cover.awaited-unknown"
        found.append(words(key, until=until, sources=words.names(context.awaited[:12]), n=len(context.awaited)))
    return tuple(found)


def awaited_sources(estate: Estate, payloads: pl.DataFrame | None, until: datetime, final_at: datetime) -> tuple[str, ...] | None:
    """Return the declared sources in use at the period's end that delivered nothing that could be read, observed at `final_at` or later; null: it is
    not known.
    """
    in_use = sorted(
        s.name for s in estate.sources.values() if (s.since is None or s.since < until) and (s.until is None or s.until >= until)
    )
    if payloads is None or not in_use:
        return None
    read = payloads.filter(pl.sum_horizontal("points", "runs", "listings") > 0)
    latest = dict(read.group_by("source").agg(pl.col("observed_at").max()).iter_rows())
    never = datetime.min.replace(tzinfo=UTC)
    return tuple(source for source in in_use if (latest.get(source) or never) < final_at)
