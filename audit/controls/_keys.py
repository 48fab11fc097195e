"""Whether keys were proven usable without production in a drill (docs/definitions.md, section 13): what a policy may ask beside encryption.

A key that is kept in what was lost opens nothing. Only who restored a copy without production knows that his keys did not come from there, so the result of a drill has to say it.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from audit.controls._drills import passes
from audit.controls.restore_test import DEPTH
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, subtract
from audit.model.terms import FOR_EVER, Term
from audit.model.world import Layer, World, plus

USABLE, UNUSABLE = "usable", "unusable"
NOT_SHOWN = "keys-not-shown"
"""Why it is unproven: no proven drill within the term says that keys were usable without production."""
RECORD = ("id", "entry", "sha256", "by")


@dataclass(frozen=True, slots=True)
class Keys:
    """What drills say of the keys of the groups of a layer under one policy version that asks for it. known: the results of drills."""

    world: World
    layer: Layer
    policy: PolicyVersion
    known: pl.DataFrame
    every: Term
    repositories: tuple[str, ...]

    def usable(self, *, proven: bool) -> pl.DataFrame:
        """Return passes that opened a copy without production, in a repository that it is asked of: from `begin`, when each ended. proven: only those that are."""
        rows = passes(self.known).filter(
            (pl.col("keys") == USABLE) & (pl.col("depth") >= DEPTH) & (pl.col("proven") | pl.lit(not proven))
        )
        if self.repositories:
            # Of which repository it was has to be said where it is not asked of all; what nobody said may have been of one of these.
            inside = pl.col("repository").is_in(self.repositories)
            rows = rows.filter(inside.fill_null(value=not proven))
        return rows.with_columns(begin="ended")

    def unusable(self) -> pl.DataFrame:
        """Return results that say that keys were not usable without production, however the recovery ended."""
        rows = self.known.filter((pl.col("keys") == UNUSABLE) & pl.col("outcome").is_not_null())
        if self.repositories:
            rows = rows.filter(pl.col("repository").is_in(self.repositories).fill_null(value=True))
        return rows.with_columns(begin="ended")

    def shown(self) -> pl.DataFrame:
        """Return while keys are proven usable: for the term, up to the next change of the asset, and to the next drill in which they were not."""
        rows = self.usable(proven=True)
        rows = rows.with_columns(end=plus(rows["ended"], self.every, self.policy.timezone)).with_row_index("proof")
        later = rows.select("proof", "code", "begin").join(self.unusable().select("code", at="ended"), on="code")
        later = later.filter(pl.col("at") >= pl.col("begin")).group_by("proof").agg(until=pl.col("at").min())
        rows = rows.join(later, on="proof", how="left").with_columns(end=pl.min_horizontal("end", "changed", "until"))
        return self._serving(rows)

    def denied(self) -> pl.DataFrame:
        """Return while keys are not usable, and no later drill even possibly showed that they are again."""
        rows = self.unusable().with_row_index("denial")
        later = rows.select("denial", "code", "ended").join(self.usable(proven=False).select("code", at="ended"), on="code")
        later = later.filter(pl.col("at") > pl.col("ended")).group_by("denial").agg(end=pl.col("at").min())
        return self._serving(rows.drop("end").join(later, on="denial", how="left").with_columns(pl.col("end").fill_null(FOR_EVER)))

    def missing(self) -> pl.DataFrame:
        """Return, as islands on the world's line, while the assets are in service and it is not shown."""
        everything = self.layer.frame.select("code", begin=pl.lit(-FOR_EVER, INT), end=pl.lit(FOR_EVER, INT))
        return subtract(self.world.on_line(self._serving(everything)), self.world.on_line(self.shown()))

    def _serving(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows cut to when the groups are in service: nobody drills with what is gone, though its copies have to stay encrypted."""
        times = self.world.serving(self.layer).select(
            "code",
            low=pl.max_horizontal("begin", "in_service"),
            high=pl.min_horizontal("end", pl.col("retired").fill_null(FOR_EVER)),
        )
        rows = rows.join(times, on="code")
        rows = rows.with_columns(begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high"))
        return rows.filter(pl.col("begin") < pl.col("end")).drop("low", "high")
