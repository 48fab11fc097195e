"""Signatures: who signs this report, and what each signature says. The signers are named in the report's definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audit.model.assessment import Assessment
from audit.model.document import Block, Note, Paragraph, Signatures, Signer
from audit.reporting.context import Context


def section(assessment: Assessment, context: Context) -> list[Block]:
    """Return what signing means, then one line for each signer; with `each: unit` one for each unit that the report is on."""
    words = context.words
    if not context.signers:
        return [Paragraph(words("signatures.nobody"))]
    signers = tuple(one for line in context.signers for one in _signers(line, assessment, context))
    blocks: list[Block] = [Paragraph(words("signatures.intro", n=str(assessment.as_known_at)))]
    if context.provisional:
        blocks.append(Note(words("signatures.provisional"), "warning"))
    return [*blocks, Signatures(signers)]


def _signers(line: Mapping[str, Any], assessment: Assessment, context: Context) -> Iterator[Signer]:
    words, role, statement = context.words, line["role"], line["statement"]
    if line.get("each") != "unit":
        yield Signer(words.of(role, "signers.role"), words.of(statement, "signers.statement"))
        return
    for unit in sorted(assessment.results.told("unit")["unit"].unique()):
        title = context.unit_title(unit)
        yield Signer(words.of(role, "signers.role", unit=title), words.of(statement, "signers.statement", unit=title))
