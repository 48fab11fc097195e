"""What controls say: stretches and results, and their JSON form (the shape other programs read)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from audit.model.envelope import time_text


class Verdict(StrEnum):
    """What can be said honestly. The order is from worst to best."""

    BREACHED = "breached"
    UNPROVEN = "unproven"
    WAIVED = "waived"
    MET = "met"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """A place in the evidence: journal number, SHA-256 of the payload, locator inside it."""

    entry: int
    sha256: str
    locator: str

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"entry": self.entry, "sha256": self.sha256, "locator": self.locator}


@dataclass(frozen=True, slots=True)
class Breach:
    """A stretch [since, until) of a breach, what it was in numbers, and the evidence of the points around it."""

    since: datetime
    until: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[EvidenceRef, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "from": utc_text(self.since),
            "to": utc_text(self.until),
            "detail": dict(self.detail),
            "evidence": [ref.to_json() for ref in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class Waived(Breach):
    """What would be a breach, and is covered by the waiver that is named by the id of its record."""

    waiver: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**Breach.to_json(self), "waiver": self.waiver}


@dataclass(frozen=True, slots=True)
class Unproven:
    """A stretch [since, until) that evidence does not settle. `reason` is a message key; `detail` names source and repository that would settle it."""

    since: datetime
    until: datetime
    reason: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"from": utc_text(self.since), "to": utc_text(self.until), "reason": self.reason, "detail": dict(self.detail)}


SHARES = ("met", "breached", "waived", "unproven", "grace")


@dataclass(frozen=True, slots=True)
class Result:
    """One control on one asset (part, leg) under one policy version. `shares` of the judged time sum to 1; `compliance` is the met share,
    `compliance_up_to` 1 less the breached one; all three are null when nothing was judged. `judged_seconds` is the length of T."""

    asset: str
    unit: str
    policy: str | None
    version: int | None
    part: str | None
    control: str
    leg: str | None
    verdict: Verdict
    shares: Mapping[str, float] | None
    judged_seconds: float
    breaches: tuple[Breach, ...] = ()
    unproven: tuple[Unproven, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Numbers of the control, such as worst and present exposure in seconds."""
    provenance: str | None = None
    """How the weakest evidence behind it reached us: `pulled`, `pushed` or `uploaded by ...`."""
    judged: tuple[tuple[datetime, datetime], ...] = ()
    """T without the grace: the stretches [since, until) that were judged."""
    grace: tuple[tuple[datetime, datetime], ...] = ()
    waived: tuple[Waived, ...] = ()

    @property
    def references(self) -> set[EvidenceRef]:
        """Every place in the evidence that its breaches name, the waived ones too."""
        return {ref for stretch in (*self.breaches, *self.waived) for ref in stretch.evidence}

    @property
    def compliance(self) -> float | None:
        """The met share."""
        return None if self.shares is None else self.shares["met"]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "asset": self.asset,
            "unit": self.unit,
            "policy": self.policy,
            "version": self.version,
            "part": self.part,
            "control": self.control,
            "leg": self.leg,
            "verdict": str(self.verdict),
            "compliance": self.compliance,
            "compliance_up_to": None if self.shares is None else round(1 - self.shares["breached"], 9),
            "shares": None if self.shares is None else dict(self.shares),
            "judged_seconds": self.judged_seconds,
            "breaches": [breach.to_json() for breach in self.breaches],
            "waived": [stretch.to_json() for stretch in self.waived],
            "unproven": [stretch.to_json() for stretch in self.unproven],
            "detail": dict(self.detail),
            "provenance": self.provenance,
            "judged": [_stretch(*stretch) for stretch in self.judged],
            "grace": [_stretch(*stretch) for stretch in self.grace],
        }


def utc_text(value: datetime) -> str:
    """Return an instant as results say it."""
    # In other zones than UTC two instants may be equal that are not the same: those of a doubled hour.
    return _utc_text(value) if value.tzinfo is UTC else time_text(value)


@lru_cache(maxsize=100_000)
def _utc_text(value: datetime) -> str:
    """The same few instants begin and end most stretches of an assessment."""
    return time_text(value)


def _stretch(since: datetime, until: datetime) -> dict[str, str]:
    return {"from": utc_text(since), "to": utc_text(until)}
