"""Slots: from one due run to the next, as a policy's `schedule` says (docs/definitions.md, section 16). Instants are Int64 microseconds."""

from __future__ import annotations

from typing import Literal

import polars as pl

from audit.controls._buckets import borders
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT
from audit.model.terms import FOR_EVER

LONGEST = 3 * 366 * 86_400_000_000
"""Longer than any two neighbouring periods of the calendar: what began so long ago is not due any more."""


class Slots:
    """The slots of a policy version. stated: whether it has a schedule at all; without one no slot ends, and none holds a retry."""

    def __init__(self, policy: PolicyVersion, earliest: int, latest: int) -> None:
        schedule = policy.objectives.get("schedule")
        cadences = [] if schedule is None else [one for name in type(schedule).model_fields if (one := getattr(schedule, name))]
        self.clock = [(one.every.microseconds, one.allowed) for one in cadences if one.every]
        words = sorted({one.each for one in cadences if one.each})
        self.calendar = [pl.Series(borders(word, policy.timezone, earliest, latest), dtype=INT) for word in words]
        self.latest = latest

    @property
    def stated(self) -> bool:
        """Whether anything says when a run is due."""
        return bool(self.clock or self.calendar)

    def due(self, at: pl.Series, *, before: bool = False) -> pl.Series:
        """Return up to when a run that started at an instant is enough: the earliest of what each leg says. before: it started just before the instant."""
        ends = [at + allowed for _, allowed in self.clock] + [self._border(edges, at, 2, before) for edges in self.calendar]
        return pl.select(pl.min_horizontal(ends)).to_series() if ends else at

    def over(self, at: pl.Series, *, before: bool = False) -> pl.Series:
        """Return by when each job of the schedule was due again after an instant: the latest of what each leg says."""
        ends = [at + allowed for _, allowed in self.clock] + [self._border(edges, at, 2, before) for edges in self.calendar]
        return pl.select(pl.max_horizontal(ends)).to_series() if ends else pl.repeat(FOR_EVER, len(at), dtype=INT, eager=True)

    def retry(self, at: pl.Series) -> pl.Series:
        """Return before when a run has to start to be a retry of one that started at an instant."""
        ends = [at + every // 2 for every, _ in self.clock] + [self._border(edges, at, 1, False) for edges in self.calendar]
        return pl.select(pl.min_horizontal(ends)).to_series() if ends else at

    def _border(self, edges: pl.Series, at: pl.Series, number: int, before: bool) -> pl.Series:
        """Return the first, or second, border of the calendar after instants."""
        side: Literal["left", "right"] = "left" if before else "right"
        place = edges.search_sorted(at.clip(upper_bound=self.latest), side=side).cast(INT) - 1
        return edges.gather(place.clip(lower_bound=0) + number)
