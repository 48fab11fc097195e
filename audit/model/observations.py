"""Observations: every sighting of a point, every complete listing that speaks of it, and how long complete listings showed it. Laid out only where they are asked for.

Instants are Int64 microseconds; a *chain* is the series of complete listings of one source, repository and scope.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from audit.model.points import Chains, lay_out, stays


@dataclass(frozen=True, slots=True)
class Observations:
    """states: as in `audit.model.points.Merged`. chains: the complete listings. Points are numbered as the points of a world; those that no listing told of have none.
    disputed: the points on which complete listings of one instant disagree, as `audit.model.disputes.DISPUTED`, each with its number (`point`)."""

    states: pl.DataFrame
    chains: Chains
    disputed: pl.DataFrame

    def of(self, points: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return every sighting of some points, and every complete listing that speaks of them (`point`, `at` each)."""
        return lay_out(self.states.filter(pl.col("point").is_in(points.implode())), self.chains)

    def lacking(self, points: pl.Series) -> pl.DataFrame:
        """Return when complete listings speak of some points and none of that instant has them: `point`, `at`."""
        seen, spoken = self.of(points)
        return spoken.unique().join(seen, on=["point", "at"], how="anti")

    def stays(self) -> pl.DataFrame:
        """Return the unbroken rows of complete listings of a chain that have a point: `point`, `chain`, `pair`, `place`, `stop` (places [place, stop) in the chains'
        listings), `since`, `before` and `gone` (the instants of the first and the last that have it, and of the next, which lacks it; null: there is none)."""
        return stays(self.states, self.chains)
