"""Runbooks: how to recover, and when that was last reviewed."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from audit.policy.when import Date
from audit.policy.words import Loose


class Runbook(Loose):
    """`{name: restore-messages, reviewed: 2026-03-01, ...}`."""

    NOUN: ClassVar[str] = "runbook"

    reviewed: Date | None = Field(None, description="when it was last reviewed")


ITEM = Runbook
