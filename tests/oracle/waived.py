"""Section 33 of docs/definitions.md: what is breached is waived while an approved waiver covers it. Naively: instant by instant, from the acts themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.oracle.governed import Kept, speaks
from tests.oracle.instants import FOR_EVER, add
from tests.oracle.ownership import Ownership

if TYPE_CHECKING:
    from tests.oracle.oracle import Name, OracleResult

NEVER = ("hold", "evidence", "agreement", "contradiction", "protection")


def subtract_waivers(result: OracleResult, owned: Mapping[str, Sequence[Ownership]], acted: Sequence[Kept]) -> None:
    """Move what waivers cover from `breached` to `waived`."""
    waivers = [one for one in acted if one.kind == "waiver" and one.all("approve")]
    for name, versions in result.results.items():
        own = next(one for one in owned[name[0]] if one.part == name[1])
        edges = {x for one in waivers for x in _counts(one)} | {
            x for one in own.estate.segments[name[0]] for x in (one.start, one.end)
        }
        for judged in versions.values():
            breached, judged.breached = judged.breached, []
            for since, until in breached:
                for cell in pairwise(sorted({since, until, *(x for x in edges if since < x < until)})):
                    covered = any(_covers(one, name, own, sum(cell) // 2) for one in waivers)
                    add(judged.waived if covered else judged.breached, cell)


def _counts(waiver: Kept) -> tuple[int, int]:
    """Return from when to when a waiver counts: never before it was approved."""
    told = waiver.acts[0].told
    return max(told["since"], waiver.all("approve")[0].at), min(told["until"], waiver.ended("revoke"), FOR_EVER)


def _covers(waiver: Kept, name: Name, own: Ownership, t: int) -> bool:
    told, (since, until) = waiver.acts[0].told, _counts(waiver)
    _, _, control, leg = name
    right = control == told["control"] and control not in NEVER and told.get("leg") in (None, leg)
    return right and since <= t < until and speaks(waiver, own.segment(t))
