"""Policies: versioned promises for a scope of assets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from audit.controls._objectives import Length
from audit.policy.when import Date
from audit.policy.words import Item, Title, Word, Zone

FILES = r"policy(-.*)?"
WHOLE = True


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Several = Annotated[
    tuple[Word, ...],
    BeforeValidator(_several),
    Field(min_length=1),
    WithJsonSchema({
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
        "description": "a word, or a list of words of which one must match",
    }),
]  # fmt: skip


class Scope(Item):
    """`{data_class: messages, tier: [core, standard]}`: every key must match, of a list one word. Empty: every asset."""

    NOUN: ClassVar[str] = "scope"

    data_class: Several | None = None
    tier: Several | None = None
    unit: Several | None = None
    site: Several | None = None
    asset: Several | None = None
    assets: Several | None = Field(None, description="the same as `asset`")

    def conditions(self) -> dict[str, frozenset[str]]:
        """Return the words that match, by key; `assets` counts as `asset`."""
        found = {
            key: frozenset(getattr(self, key)) for key in ("data_class", "tier", "unit", "site", "asset") if getattr(self, key)
        }
        if self.assets:
            found["asset"] = found.get("asset", frozenset()) | frozenset(self.assets)
        return found


class Policy(Item):
    """One version of a policy: a file of its own. `objectives` are checked against the controls that define them."""

    NOUN: ClassVar[str] = "policy"

    policy: Word = Field(description="the policy's name, the same in all its versions")
    version: Annotated[int, Field(strict=True, ge=1)] = Field(description="1, 2, 3 ...: a changed policy is a new version")
    effective: Date = Field(description="the day from which the version is meant to hold")
    timezone: Zone | None = Field(
        None, description="the zone of its days, weeks, months and bare dates; the programme's when absent"
    )
    title: Title | None = Field(None, description="how documents call it, by language; may change without a new version")
    description: Title | None = Field(None, description="what it is about, by language; may change without a new version")
    mode: Literal["hot", "warm", "cold"] | None = Field(
        None, description="how backups are taken: hot (in use), warm (read-only), cold (stopped)"
    )
    applies_to: Scope | None = Field(None, description="which assets it is for: `data_class`, `tier`, `unit`, `site`, `asset`")
    objectives: Mapping[str, Any] | None = Field(None, description="what is promised, see Objectives")
    accept_partial: bool | None = Field(
        None, description="true: copies known to be incomplete count; also allowed within objectives"
    )
    new_asset_grace: Length | None = Field(None, description="how long a new asset is not judged; also allowed within objectives")
    withdrawn: bool = Field(
        False, description="true: from `effective` on the policy promises nothing; needs neither scope nor objectives"
    )

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.policy} version {self.version}"

    @model_validator(mode="after")
    def _complete(self) -> Policy:
        if self.withdrawn:
            if self.objectives or self.applies_to:
                raise ValueError("a withdrawn policy promises nothing: leave out `applies_to` and `objectives`")
        elif self.applies_to is None:
            raise ValueError("missing key `applies_to`; say which assets the policy is for, such as `applies_to: {tier: core}`")
        elif not self.objectives:
            raise ValueError("missing key `objectives`; say what is promised, such as `objectives: {rpo: 1h}`")
        return self


ITEM = Policy
