"""Who confirmed the drill, and what that says; lines to sign where nobody did yet."""

from __future__ import annotations

from audit.model.assessment import Assessment
from audit.model.document import Block, Definitions, Name, Paragraph, Signatures, Signer
from audit.reporting.context import Context

NEEDS_DRILLS = True


def section(assessment: Assessment, context: Context) -> list[Block]:  # noqa: ARG001 - the shape of every section
    """Return the sign-off of the drill that the report is about, or lines for the signers that the report's definition names."""
    words, told = context.words, context.drills
    if told is None or len(told.drills) != 1:
        return []
    (one,) = told.drills
    if (done := one.last("sign-off")) is not None:
        at = context.formats.instant(done.entered.replace(microsecond=0))
        said = words("drill.signed-off", who=Name(done.by), at=at, entry=str(done.evidence.entry))
        return [Paragraph(said), Definitions(((words("drill.statement"), ((Name(one.statement),),)),))]
    signers = tuple(
        Signer(words.of(line["role"], "signers.role"), words.of(line["statement"], "signers.statement")) for line in context.signers
    )
    return [Paragraph(words("drill.unsigned", id=Name(one.id))), *([Signatures(signers)] if signers else [])]
