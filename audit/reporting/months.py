"""How a period went, month by month: of the time judged in each, how much each state held."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from audit.model.document import State
from audit.model.verdicts import Result
from audit.reporting.once import once

MOST = 24
"""Months shown at the most."""


def edges_of(since: datetime, until: datetime, zone: str) -> list[datetime]:
    """Return the period's begin and end (UTC) and the begins of the zone's calendar months between them."""
    there = ZoneInfo(zone)
    first = since.astimezone(there).replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    found, step = [since], 1
    while (begin := (first + relativedelta(months=step)).replace(tzinfo=there).astimezone(UTC)) < until:
        found.append(begin)
        step += 1
    return [*found, until]


def by_month(results: Iterable[Result], edges: Sequence[datetime]) -> list[dict[State, float]]:
    """Return, for each month between edges, the share of the judged time that each state held; nothing for a month without any.

    What was judged at one instant only has no length and counts for nothing here.
    """
    seconds: list[dict[State, float]] = [dict.fromkeys(State, 0.0) for _ in edges[1:]]
    whole = [0.0] * len(seconds)
    # The same stretch was judged of thousands of assets.
    split = once(lambda begin, end: tuple(_split(begin, end, edges)))
    for result in results:
        lost = [(breach.since, breach.until, State.BREACHED) for breach in result.breaches]
        lost += [(stretch.since, stretch.until, State.WAIVED) for stretch in result.waived]
        lost += [(stretch.since, stretch.until, State.UNPROVEN) for stretch in result.unproven]
        for begin, end, state in lost:
            for month, length in split(begin, end):
                seconds[month][state] += length
        for stretches, state in ((result.judged, State.MET), (result.grace, State.GRACE)):
            for begin, end in stretches:
                for month, length in split(begin, end):
                    seconds[month][state] += length
                    whole[month] += length
    for held in seconds:  # what was judged holds what was lost
        held[State.MET] -= held[State.BREACHED] + held[State.WAIVED] + held[State.UNPROVEN]
    return [
        {state: length / whole[month] for state, length in held.items() if length > 0} if whole[month] >= 1 else {}
        for month, held in enumerate(seconds)
    ]


def _split(begin: datetime, end: datetime, edges: Sequence[datetime]) -> Iterable[tuple[int, float]]:
    month = max(bisect_right(edges, begin) - 1, 0)
    while begin < end and month < len(edges) - 1:
        stop = min(end, edges[month + 1])
        if stop > begin:
            yield month, (stop - begin).total_seconds()
        begin, month = max(begin, stop), month + 1
