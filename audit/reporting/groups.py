"""Results taken together: by unit, control, policy; how many assets were judged, and how much of the judged time each state held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from audit.model.assessment import Results
from audit.model.document import HeatCell, State
from audit.model.verdicts import SHARES, Verdict
from audit.reporting.timelines import SHORTEST

Key = tuple[str, ...]
_STATES = (State.MET, State.GRACE, State.WAIVED, State.UNPROVEN, State.BREACHED)
_WORST_FIRST = pl.Enum([str(verdict) for verdict in Verdict])
_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}
"""From worst to best: verdicts are counted by their ranks."""


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


def worst_by_asset(results: Results) -> pl.DataFrame:
    """Return `asset`, `verdict`: the worst that each asset has among its results, in order of asset."""
    ranked = results.told("asset", "verdict").with_columns(pl.col("verdict").cast(_WORST_FIRST))
    return ranked.group_by("asset").agg(pl.col("verdict").min()).sort("asset")


class Tallies:
    """Results that are taken together by some of `unit`, `policy`, `version` (nine digits), `control` and `leg`; of what a result has none, the key is ""."""

    def __init__(self, results: Results) -> None:
        told = results.columns.results
        texts = [pl.col(name).fill_null("") for name in ("asset", "unit", "policy", "control", "leg")]
        version = pl.col("version").fill_null(0).cast(pl.String).str.zfill(9)
        ranks = {str(verdict): rank for verdict, rank in _RANK.items()}
        verdict = pl.col("verdict").replace_strict(ranks, return_dtype=pl.UInt8)
        self._rows = told.select(*texts, version, verdict, pl.col("judged_seconds").alias("seconds"), *SHARES)

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
