"""How a period went, month by month: of the time judged in each, how much each state held."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from audit.model.columns import Columns, stretches_told
from audit.model.document import State

MOST = 24
"""Months shown at the most."""
SHORTEST = 1_000_000
"""Microseconds that have to be judged in a month, over all results, for it to be shown."""


def edges_of(since: datetime, until: datetime, zone: str) -> list[datetime]:
    """Return the period's begin and end (UTC) and the begins of the zone's calendar months between them."""
    there = ZoneInfo(zone)
    first = since.astimezone(there).replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    found, step = [since], 1
    while (begin := (first + relativedelta(months=step)).replace(tzinfo=there).astimezone(UTC)) < until:
        found.append(begin)
        step += 1
    return [*found, until]


def by_month(columns: Columns, edges: Sequence[datetime]) -> list[dict[State, float]]:
    """Return, for each month between edges, the share of the judged time that each state held; nothing for a month without any.

    What was judged at one instant only has no length and counts for nothing here.
    """
    held = [dict.fromkeys(State, 0) for _ in edges[1:]]
    whole = [0] * len(held)
    # The same stretch was judged of thousands of assets.
    judged: Counter[tuple[datetime, datetime, State]] = Counter()
    for name, state in (("judged", State.MET), ("in_grace", State.GRACE)):
        for text, many in columns.results.group_by(name).len().iter_rows():
            for stretch in stretches_told(text):
                judged[(*stretch, state)] += many
    states = ((columns.breaches, State.BREACHED), (columns.waived, State.WAIVED), (columns.unproven, State.UNPROVEN))
    lost = {
        (begin, end, state): many for rows, state in states for begin, end, many in rows.group_by("from", "to").len().iter_rows()
    }
    for (begin, end, state), many in judged.items():
        for month, length in _split(begin, end, edges):
            held[month][state] += length * many
            whole[month] += length * many
    for (begin, end, state), many in lost.items():  # what was judged holds what was lost
        for month, length in _split(begin, end, edges):
            held[month][state] += length * many
            held[month][State.MET] -= length * many
    return [
        {state: length / whole[month] for state, length in states.items() if length > 0} if whole[month] >= SHORTEST else {}
        for month, states in enumerate(held)
    ]


def _split(begin: datetime, end: datetime, edges: Sequence[datetime]) -> Iterable[tuple[int, int]]:
    """Yield the months that a stretch lies in, by number, each with how many microseconds of it."""
    month = max(bisect_right(edges, begin) - 1, 0)
    while begin < end and month < len(edges) - 1:
        stop = min(end, edges[month + 1])
        if stop > begin:
            yield month, (stop - begin) // timedelta(microseconds=1)
        begin, month = max(begin, stop), month + 1
