"""report: an assessment becomes a document, and the document a file in one format and one language."""

from __future__ import annotations

import polars as pl

import audit.reporting.writers
from audit.content import Content
from audit.discovery import modules
from audit.errors import UsageError
from audit.model.estate import Estate
from audit.model.verdicts import Assessment
from audit.reporting.compose import Definition, compose
from audit.steps.assess import with_unit


def report(
    assessment: Assessment,
    estate: Estate,
    definition: Definition,
    language: str,
    fmt: str,
    unit: str | None = None,
    *,
    content: Content,
    payloads: pl.DataFrame | None = None,
    quarantine: pl.DataFrame | None = None,
) -> bytes:
    """Return a report as a file of format `fmt` (`formats()` names them).

    `estate` is as known at the assessment's journal entry; `payloads` and `quarantine` are the catalog's frames as known there.
    With `unit`,
    only that unit's assets are reported on. The same inputs give the same bytes.
    """
    writers = modules(audit.reporting.writers.__name__)
    if fmt not in writers:
        raise UsageError(f"there is no format {fmt!r}; there are: {', '.join(writers)}")
    if unit is not None:
        known = sorted({*estate.units, *(result.unit for result in assessment.results)})
        assessment = with_unit(assessment, unit, known)
    document = compose(
        assessment, estate, definition, language, content=content, unit=unit, payloads=payloads, quarantine=quarantine
    )
    return bytes(writers[fmt].write(document, content))


def formats() -> list[str]:
    """Return the formats that reports are written in."""
    return list(modules(audit.reporting.writers.__name__))
