"""The baseline: what each tier must promise at the least."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from audit.policy.words import Item, Title

WHOLE = True


class Baseline(Item):
    """Kept as it is written; a later version judges policies by it."""

    model_config = ConfigDict(extra="allow", frozen=True, arbitrary_types_allowed=True)
    NOUN: ClassVar[str] = "baseline"

    title: Title | None = Field(None, description="how documents call it, by language")
    baseline: Any = Field(None, description="objectives by tier, each with the weakest value allowed")


ITEM = Baseline
