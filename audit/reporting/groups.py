"""Results taken together: by unit, control, policy; how many assets were judged, and how much of the judged time each state held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from audit.model.document import HeatCell, State
from audit.model.verdicts import SHARES, Result, Verdict
from audit.reporting.timelines import SHORTEST

Key = tuple[str, ...]
_STATES = (State.MET, State.GRACE, State.WAIVED, State.UNPROVEN, State.BREACHED)
_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
"""From worst to best: verdicts are counted by their ranks."""
_KINDS: dict[str, pl.DataType] = {
    **dict.fromkeys(("asset", "unit", "policy", "control", "leg"), pl.String()),
    "version": pl.Int64(),
    "verdict": pl.UInt8(),
    "seconds": pl.Float64(),
    **dict.fromkeys(SHARES, pl.Float64()),
}


@dataclass(frozen=True, slots=True)
class Tally:
    """What several results say together. Assets are counted under the worst verdict each has among them; `seconds` is the judged time added
    up, null where all was judged at one instant; `shares` are of it, or there of the assets.
    """

    verdict: Verdict
    judged: int
    breached: int
    unproven: int
    waived: int
    seconds: float | None
    shares: Mapping[str, float | None]

    @property
    def rank(self) -> tuple[int, float, float]:
        """Sorts the worst first: by verdict, then by breached and by unproven share."""
        return _RANK[self.verdict], -(self.shares["breached"] or 0.0), -(self.shares["unproven"] or 0.0)

    @property
    def bar(self) -> tuple[tuple[State, float], ...]:
        """The shares by state, those that are nothing left out."""
        return tuple((state, share) for state in _STATES if (share := self.shares[str(state)]))

    @property
    def cell(self) -> HeatCell:
        """The tally as one cell of a heat map; without shares where it was judged at one instant."""
        met, up_to = (self.shares["met"], self.shares["met_up_to"]) if self.seconds is not None else (None, None)
        return HeatCell(self.verdict, met, up_to, self.judged, self.breached, self.unproven, self.waived)


class Tallies:
    """Results that are taken together by some of `unit`, `policy`, `version` (nine digits), `control` and `leg`; of what a result has none, the key is ""."""

    def __init__(self, results: Sequence[Result]) -> None:
        of_none = dict.fromkeys(SHARES)
        shares = [result.shares or of_none for result in results]
        told: dict[str, list[Any]] = {
            "asset": [result.asset for result in results],
            "unit": [result.unit for result in results],
            "policy": [result.policy or "" for result in results],
            "version": [result.version or 0 for result in results],
            "control": [result.control for result in results],
            "leg": [result.leg or "" for result in results],
            "verdict": [_RANK[result.verdict] for result in results],
            "seconds": [result.judged_seconds for result in results],
            **{name: [of_one.get(name, 0.0) for of_one in shares] for name in SHARES},
        }
        rows = pl.DataFrame(told, schema_overrides=_KINDS)
        self._rows = rows.with_columns(pl.col("version").cast(pl.String).str.zfill(9))

    def by(self, *keys: str) -> dict[Key, Tally]:
        """Return what the results of each group say together, by their keys, in order."""
        if self._rows.is_empty():
            return {}
        assets = self._rows.group_by(*keys, "asset").agg(pl.col("verdict").min())
        counted = assets.group_by(keys).agg((pl.col("verdict") == rank).sum().alias(str(rank)) for rank in _RANK.values())
        judged = self._rows.filter(pl.col("met").is_not_null()).group_by(keys, maintain_order=True)
        times = judged.agg(pl.col("seconds").sum(), *(_pooled(name) for name in SHARES))
        told = counted.join(times, on=keys, how="left").sort(keys)
        return {tuple(row[key] for key in keys): _tally(row) for row in told.iter_rows(named=True)}

    def units_worst_first(self) -> list[str]:
        """Return the units, the worst first."""
        tallies = {unit: tally for (unit,), tally in self.by("unit").items()}
        return sorted(tallies, key=lambda unit: (tallies[unit].rank, unit))


def _pooled(name: str) -> pl.Expr:
    """Return a share of the judged time of several results; that of one is exactly as the control said it."""
    weighted = (pl.col("seconds") * pl.col(name)).sum() / pl.col("seconds").sum()
    return pl.when(pl.len() == 1).then(pl.col(name).first()).otherwise(weighted).alias(name)


def _tally(row: Mapping[str, Any]) -> Tally:
    counts = {verdict: row[str(rank)] for verdict, rank in _RANK.items()}
    judged = sum(counts.values()) - counts[Verdict.NOT_APPLICABLE]
    seconds = row["seconds"] or 0.0
    shares: dict[str, float | None] = {name: row[name] for name in SHARES}
    if seconds < SHORTEST:
        # Parts of one asset are one asset: at one instant it counts once, as in the counts beside.
        shares = {name: (counts.get(Verdict(name), 0) if name != "grace" else 0) / judged if judged else None for name in SHARES}
    breached = shares["breached"]
    return Tally(
        verdict=next(verdict for verdict, count in counts.items() if count),
        judged=judged,
        breached=counts[Verdict.BREACHED],
        unproven=counts[Verdict.UNPROVEN],
        waived=counts[Verdict.WAIVED],
        seconds=seconds if seconds >= SHORTEST else None,
        shares=shares | {"met_up_to": None if breached is None else 1 - breached},
    )
