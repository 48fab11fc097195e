"""Section 20 of docs/definitions.md: what people stated, at one instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit.model.terms import Term
from tests.oracle.instants import after
from tests.oracle.lives import SURE
from tests.oracle.ownership import Ownership
from tests.oracle.records import Version

STATED = {
    name: name.replace("-", "_")
    for name in (
        "isolation", "post-restore", "monitoring", "access", "log-retention", "corrective", "redundancy", "erasure-replay", "management-report",
    )
}  # fmt: skip
"""The objective of each control that rests on statements."""
ATTRIBUTES = {"assets": "asset", "units": "unit", "tiers": "tier", "data_classes": "data_class"}


class Statements:
    """The statements that speak of one part of an asset."""

    def __init__(self, own: Ownership, stated: Sequence[Mapping[str, Any]]) -> None:
        self.own, self.stated = own, stated

    def holds(self, control: str, key: str, t: int, world: str, version: Version) -> bool:
        """Section 20: the newest statement that counts at t governs; where none does, everything is possible and nothing sure."""
        counting = [one for one in self.stated if one["control"] == control and self._counts(one, key, t, version)]
        if not counting:
            return world != SURE
        return bool(counting[-1]["holds"])

    def _counts(self, one: Mapping[str, Any], key: str, t: int, version: Version) -> bool:
        written = version.objectives[key]
        # Section 10: of content nothing but the statement itself says for how long it counts.
        attested = written.get("attested") if isinstance(written, Mapping) else written
        segment = self.own.segment(t)
        named = all(not one.get(many) or getattr(segment, attribute) in one[many] for many, attribute in ATTRIBUTES.items())
        young = attested is None or t < after(one["at"], Term.parse(attested), version.zone)
        return bool(named and young and one["since"] <= t < one["until"])

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        return {x for one in self.stated for x in (one["since"], one["until"], *self._runs_out(one))}

    def _runs_out(self, one: Mapping[str, Any]) -> Iterator[int]:
        for version in self.own.estate.versions:
            for key in STATED.values():
                written = version.objectives.get(key)
                if written is not None:
                    yield after(
                        one["at"], Term.parse(written["attested"] if isinstance(written, Mapping) else written), version.zone
                    )
