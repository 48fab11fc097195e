"""Chains of bases that return to themselves: no point of such a chain can ever be restored, which is worth a warning."""

from __future__ import annotations

import polars as pl

from audit.adapters._typed import shown
from audit.errors import Fault

_KEY = ("source", "repository", "id")
_NAMED = 12
_SHOWN = 20


def cycles(points: pl.DataFrame, where: str) -> list[Fault]:
    """Warn of every cycle of bases within these recovery points, naming its ids."""
    if points["base"].null_count() == points.height:
        return []
    links = (
        points.filter(pl.col("base").is_not_null()).unique(_KEY, keep="first", maintain_order=True).select(*_KEY, "base", "locator")
    )
    # Only points that have a base themselves can be on a cycle: row of the base, null at the end of a chain.
    links = links.with_row_index("row")
    step = links.join(
        links.select("source", "repository", base="id", to="row"),
        on=["source", "repository", "base"],
        how="left",
        maintain_order="left",
    )["to"]
    reached, doublings = step, max(1, links.height.bit_length())
    for _ in range(doublings):
        if reached.null_count() == reached.len():
            return []
        reached = reached.gather(reached)  # two steps become four: after all doublings only cycles are still walking
    on_cycle = set(reached.drop_nulls().unique().to_list())
    return _told(links, step, on_cycle, where)


def _told(links: pl.DataFrame, step: pl.Series, on_cycle: set[int], where: str) -> list[Fault]:
    faults: list[Fault] = []
    seen: set[int] = set()
    for start in sorted(on_cycle):
        if start in seen:
            continue
        ring = [start]
        while (following := step[ring[-1]]) != start:
            ring.append(following)
        seen.update(ring)
        ids = [shown(links["id"][row]) for row in ring[:_NAMED]] + (["…"] if len(ring) > _NAMED else [shown(links["id"][start])])
        what = f"a cycle of bases: {' needs '.join(ids)}; none of these points can be restored"
        remedy = "check the field base: a chain must end in a point that needs no other"
        faults.append(Fault(where, what, remedy, links["locator"][start] or "", "base", level="warning"))
        if len(faults) == _SHOWN:
            break
    return faults
