"""Section 35 of docs/definitions.md: which findings are overdue, at one instant. It reads the acts themselves."""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracle.governed import Kept
from tests.oracle.ownership import Ownership
from tests.oracle.records import Segment
from tests.oracle.stated import ATTRIBUTES

OPENING = ("open", "follow", "notice", "resume", "reopen", "still-unrecorded")
SETTLING = ("close", "refute", "waive")


class Findings:
    """The findings that speak of one part of an asset."""

    def __init__(self, own: Ownership, acted: Sequence[Kept], known: int) -> None:
        self.own, self.known = own, known
        found = [one for one in acted if one.kind == "finding"]
        self.found = [one for one in found if one.acts[0].told.get("control") != "corrective"]

    def overdue(self, t: int) -> bool:
        """Whether a finding is overdue at t."""
        return any(_names(one, self.own.segment(t)) and _is_overdue(one, t) for one in self.found)

    def instants(self) -> set[int]:
        """Return when an answer may change."""
        acts = [act for one in self.found for act in one.acts]
        return {self.known, *(act.at for act in acts), *(act.told["due"] for act in acts if "due" in act.told)}


def _is_overdue(one: Kept, t: int) -> bool:
    """By what was entered up to t; before anything was, by what it was opened with."""
    done = [act for act in one.acts if act.at <= t] or one.acts[:1]
    turns = [act.act for act in done if act.act in OPENING + SETTLING]
    due = [act.told["due"] for act in done if "due" in act.told]
    return turns[-1] in OPENING and due[-1] <= t


def _names(one: Kept, segment: Segment) -> bool:
    told = one.acts[0].told
    scope = {**told, "assets": [told["asset"]]} if "asset" in told else told
    return all(not scope.get(many) or getattr(segment, attribute) in scope[many] for many, attribute in ATTRIBUTES.items())
