"""The operations of `audit.model.intervals` on lists, for sets of so few stretches that to plan a query takes longer than to go through them.

A stretch is (begin, end), half-open; islands are stretches that are sorted, not empty, and neither overlap nor touch.
"""

from __future__ import annotations

from collections.abc import Iterable

Stretch = tuple[int, int]


def islands(stretches: Iterable[tuple[int | None, int | None]]) -> list[Stretch]:
    """Return the union of stretches as islands. One without a begin or an end is none."""
    found: list[Stretch] = []
    for begin, end in sorted((begin, end) for begin, end in stretches if begin is not None and end is not None and begin < end):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def subtract(first: Iterable[Stretch], second: list[Stretch]) -> list[Stretch]:
    """Return the islands of what is in `first` and not in `second`; both are islands."""
    found, at = [], 0
    for begin, end in first:
        while at < len(second) and second[at][1] <= begin:
            at += 1
        behind = at
        while behind < len(second) and second[behind][0] < end:
            if begin < second[behind][0]:
                found.append((begin, second[behind][0]))
            begin = second[behind][1]
            behind += 1
        if begin < end:
            found.append((begin, end))
    return found


def intersect(first: list[Stretch], second: list[Stretch]) -> list[Stretch]:
    """Return the islands of what is in both; both are islands."""
    found, one, other = [], 0, 0
    while one < len(first) and other < len(second):
        begin, end = max(first[one][0], second[other][0]), min(first[one][1], second[other][1])
        if begin < end:
            found.append((begin, end))
        if first[one][1] <= second[other][1]:
            one += 1
        else:
            other += 1
    return found
