"""How serious findings are, and by when they are due: `policies/findings.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from audit.content import Content, ContentError
from audit.errors import Fault
from audit.model.terms import Term

FILE = "policies/findings.yaml"
Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES = cast("tuple[Severity, ...]", get_args(Severity))
"""From the most to the least serious."""


class _Due(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    due: str


class Severities(BaseModel):
    """The table: what is due when, and how serious a breach of a control is; of one that is not named, medium; and what else the program finds (others), high when not named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    severities: Mapping[Severity, _Due]
    controls: Mapping[str, Severity] = {}
    others: Mapping[str, Severity] = {}

    def of(self, control: str) -> Severity:
        """Return how serious a breach of a control is."""
        return self.controls.get(control, "medium")

    def of_other(self, what: str) -> Severity:
        """Return how serious something is that no control finds."""
        return self.others.get(what, "high")

    def due(self, severity: Severity, at: datetime, zone: str) -> datetime:
        """Return by when a finding of a severity that was entered at an instant is due (UTC), to the second."""
        return Term.parse(self.severities[severity].due).after(at, zone).replace(microsecond=0)


def severities_of(content: Content) -> Severities:
    """Read the table. Raises `ContentError` when it is wrong."""
    try:
        table = Severities.model_validate(content.yaml(FILE))
        for name in SEVERITIES:
            Term.parse(table.severities[name].due)
    except (ValidationError, ValueError, KeyError) as error:
        raise ContentError(f"{FILE} cannot be used", [Fault(FILE, str(error).splitlines()[0])]) from error
    return table
