"""Timelines: what held from when, and how a history of edits becomes one. Pure.

A timeline is a list of (begin, value), sorted, the first at `BEGINNING`; each value holds until the next begins. Instants are
microseconds since 1970.

The one rule of history: at an edit, the declarations as they now stand are the truth from the *cut* on, and before it what was
known stays. The cut is the instant at which the edit was applied, or the earliest `since` that the edit says, if that is earlier.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

V = TypeVar("V")

BEGINNING = -(2**62)
END = 2**62

Timeline = list[tuple[int, V]]
Steps = tuple[tuple[int | None, V], ...]
"""Declarations as written, in order of time: `since`, or None where none is said, and what holds from then."""


@dataclass(frozen=True, slots=True)
class Edit(Generic[V]):
    """Declarations as they stood in the programme that was applied as entry `number` of the journal at the instant `at`."""

    number: int
    at: int
    steps: Steps[V]


@dataclass(frozen=True, slots=True)
class Reach:
    """An edit that changed what held before it was applied: from `since` on."""

    number: int
    since: int


def fold(edits: Iterable[Edit[V]]) -> tuple[Timeline[V], list[Reach]]:
    """Return what held when, after all edits (oldest first), and the edits that were retroactive."""
    timeline: Timeline[V] = []
    reaches: list[Reach] = []
    before: Steps[V] = ()
    for edit in edits:
        if not before:
            timeline = as_written(edit.steps)
        elif edit.steps != before:
            edited = splice(timeline, as_written(edit.steps), cut(before, edit))
            changed = first_difference(timeline, edited)
            if changed < edit.at:
                reaches.append(Reach(edit.number, changed))
            timeline = edited
        before = edit.steps
    return timeline, reaches


def as_written(steps: Steps[V]) -> Timeline[V]:
    """Return declarations as a timeline by themselves: the earliest holds from the beginning."""
    begins = [BEGINNING if index == 0 or since is None else since for index, (since, _) in enumerate(steps)]
    return joined(zip(begins, (value for _, value in steps), strict=True))


def cut(before: Steps[V], edit: Edit[V]) -> int:
    """Return the instant from which an edit of earlier declarations holds.

    A `since` counts when its declaration is new or changed. With it counts the `since` of a declaration that was removed or
    changed: moving a date later corrects the stretch between the two. Only removing declarations, or saying no date, reaches back
    nowhere.
    """
    says = [since for since, value in edit.steps if since is not None and (since, value) not in before]
    if not any(since < edit.at for since in says):
        return edit.at
    said = [since for since, value in before if since is not None and (since, value) not in edit.steps]
    return min([edit.at, *says, *said])


def splice(old: Timeline[V], new: Timeline[V], at: int) -> Timeline[V]:
    """Return `old` before an instant and `new` from it on."""
    head = [(begin, value) for begin, value in old if begin < at]
    tail = [(begin, value) for begin, value in new if begin > at]
    return joined([*head, (at, held(new, at)), *tail])


def held(timeline: Timeline[V], at: int) -> V:
    """Return what held at an instant."""
    return timeline[bisect_right(timeline, at, key=lambda step: step[0]) - 1][1]


def joined(steps: Iterable[tuple[int, V]]) -> Timeline[V]:
    """Return a timeline without steps that change nothing."""
    timeline: Timeline[V] = []
    for begin, value in steps:
        if not timeline or timeline[-1][1] != value:
            timeline.append((begin, value))
    return timeline


def first_difference(one: Timeline[V], other: Timeline[V]) -> int:
    """Return the first instant at which two timelines differ; `END` when they are equal."""
    for begin in sorted({step[0] for step in (*one, *other)}):
        if held(one, begin) != held(other, begin):
            return begin
    return END


def overlaid(*timelines: Timeline[Any]) -> Timeline[tuple[Any, ...]]:
    """Return several timelines as one of tuples, split at every change."""
    if all(len(timeline) == 1 for timeline in timelines):
        return [(BEGINNING, tuple(timeline[0][1] for timeline in timelines))]
    begins = sorted({begin for timeline in timelines for begin, _ in timeline})
    return joined((begin, tuple(held(timeline, begin) for timeline in timelines)) for begin in begins)


def stretches(timeline: Timeline[V]) -> list[tuple[int, int, V]]:
    """Return a timeline as (begin, end, value)."""
    ends: Sequence[int] = [begin for begin, _ in timeline[1:]] + [END]
    return [(begin, end, value) for (begin, value), end in zip(timeline, ends, strict=True)]
