"""Vendors: providers and their assessments."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from audit.policy.when import Date
from audit.policy.words import Loose


class Vendor(Loose):
    """`{name: cloud-cn, assessed: 2026-02-01, ...}`."""

    NOUN: ClassVar[str] = "vendor"

    assessed: Date | None = Field(None, description="when it was last assessed")
    valid_until: Date | None = Field(None, description="when the assessment lapses")


ITEM = Vendor
