"""Compare two assessments: this year and last, before and after a policy or a piece of evidence (docs/compare.md). Pure.

A *promise* is a control (and leg) on an asset (and part), whatever policy versions asked for it. Breaches of one promise that overlap or touch are
one breach, told by both assessments; how long it is, is the time in which it was breached.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from audit.evaluation.kept import frames_of
from audit.model.envelope import time_text
from audit.model.facts import INSTANT
from audit.model.verdicts import Assessment, Verdict


class Change(StrEnum):
    """What became of a breach from the first assessment to the second."""

    NEW = "new"
    GONE = "gone"
    WAIVED = "waived"
    """A waiver covers, at least in part, what is not breached any more."""
    LONGER = "longer"
    SHORTER = "shorter"
    SAME = "same"


KEY = ("asset", "part", "control", "leg")
_TOLD = {"verdict": pl.String(), "judged_seconds": pl.Float64(), "breached_seconds": pl.Float64(), "unproven_seconds": pl.Float64(),
         "worst_exposure_seconds": pl.Float64()}  # fmt: skip
PROMISE: dict[str, pl.DataType] = {
    **dict.fromkeys(KEY, pl.String()),
    "unit": pl.String(),  # of the second assessment, where it is there
    **{f"{name}_{when}": kind for when in ("before", "after") for name, kind in _TOLD.items()},
}
"""One row a promise; null where an assessment does not judge it, and for an exposure that is not known or does not apply."""
BREACH: dict[str, pl.DataType] = {
    **dict.fromkeys(KEY, pl.String()),
    "change": pl.String(),
    "from": INSTANT,  # the first instant at which either has it
    "to": INSTANT,
    "seconds_before": pl.Float64(),
    "seconds_after": pl.Float64(),
}
COUNTED = ("in_service", "assigned", "protected", "protected_up_to", "restorable")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs: `promises` (PROMISE) and `breaches` (BREACH), in order of asset, and the numbers of coverage before and after."""

    promises: pl.DataFrame
    breaches: pl.DataFrame
    coverage: Mapping[str, tuple[int, int]]

    @property
    def changed(self) -> pl.DataFrame:
        """The promises whose verdict, breached or unproven time differs, and those that only one assessment judges."""
        differs = [
            pl.col(f"{name}_before").ne_missing(pl.col(f"{name}_after"))
            for name in ("verdict", "breached_seconds", "unproven_seconds")
        ]
        return self.promises.filter(pl.any_horizontal(differs))

    def counts(self) -> dict[Change, int]:
        """Return how many breaches changed in which way."""
        found = dict(self.breaches.group_by("change").agg(pl.len()).iter_rows())
        return {change: found.get(str(change), 0) for change in Change}

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form: what changed; breaches that are the same are only counted."""
        return {
            "coverage": {name: {"before": before, "after": after} for name, (before, after) in self.coverage.items()},
            "counts": {str(change): number for change, number in self.counts().items()},
            "promises": self.changed.to_dicts(),
            "breaches": [
                row | {"from": time_text(row["from"]), "to": time_text(row["to"])}
                for row in self.breaches.filter(pl.col("change") != Change.SAME).iter_rows(named=True)
            ],
        }


def compare(
    before: Assessment,
    after: Assessment,
    breaches: tuple[pl.DataFrame, pl.DataFrame] | None = None,
    waived: pl.DataFrame | None = None,
) -> Comparison:
    """Compare two assessments. breaches, waived: theirs, and what the second one has as waived, where the results do not have them (KEY, `from`, `to`, `seconds`)."""
    frames = [frames_of(before), frames_of(after)]
    told = [_promises(one["results"]) for one in frames]
    both = told[0].join(told[1], on=KEY, how="full", coalesce=True, nulls_equal=True, suffix="_after")
    both = both.rename({name: f"{name}_before" for name in _TOLD}).with_columns(unit=pl.coalesce("unit_after", "unit"))
    return Comparison(
        promises=both.select(pl.col(name).cast(kind) for name, kind in PROMISE.items()).sort(KEY),
        breaches=_breaches(
            *(breaches or (frames[0]["breaches"], frames[1]["breaches"])), frames[1]["waived"] if waived is None else waived
        ),
        coverage={name: (getattr(before.coverage, name), getattr(after.coverage, name)) for name in COUNTED},
    )


def _promises(results: pl.DataFrame) -> pl.DataFrame:
    """Return one row a promise: the worst verdict of its policy versions, and their times added up."""
    order = {str(verdict): number for number, verdict in enumerate(Verdict)}
    rows = results.with_columns(
        rank=pl.col("verdict").replace_strict(order, return_dtype=pl.Int8),
        breached_seconds=(pl.col("breached") * pl.col("judged_seconds")).fill_null(0.0),
        unproven_seconds=(pl.col("unproven") * pl.col("judged_seconds")).fill_null(0.0),
        worst_exposure_seconds=pl.col("detail").map_elements(_exposure, return_dtype=pl.Float64),
    )
    return rows.group_by(KEY).agg(
        pl.col("unit").last(),
        pl.col("verdict").sort_by("rank").first(),
        *(pl.col(name).sum() for name in ("judged_seconds", "breached_seconds", "unproven_seconds")),
        pl.col("worst_exposure_seconds").max(),
    )


def _exposure(detail: str) -> float | None:
    seconds = json.loads(detail).get("worst_exposure_seconds")
    return None if seconds is None else float(seconds)


def _breaches(before: pl.DataFrame, after: pl.DataFrame, waived: pl.DataFrame) -> pl.DataFrame:
    """Return the breaches of both, each that overlaps or touches one of the other as one. waived: what the second assessment has as such."""
    sides = [
        frame.select(
            *KEY, "from", "to", **{f"seconds_{side}": "seconds" if side == own else pl.lit(0.0) for side in ("before", "after")}
        )
        for own, frame in (("before", before), ("after", after))
    ]
    rows = pl.concat(sides).sort(*KEY, "from", "to")
    fresh = pl.col("from") > pl.col("to").cum_max().shift(1).over(KEY)
    rows = rows.with_columns(breach=fresh.fill_null(value=True).cum_sum())
    found = rows.group_by("breach", maintain_order=True).agg(
        pl.col(*KEY).first(), pl.col("from").min(), pl.col("to").max(), pl.col("seconds_before", "seconds_after").sum()
    )
    covered = found.join(waived.select(*KEY, low="from", high="to"), on=KEY, nulls_equal=True)
    covered = covered.filter((pl.col("low") < pl.col("to")) & (pl.col("from") < pl.col("high")))
    found = found.with_columns(waived=pl.col("breach").is_in(covered["breach"].unique().implode()))
    was, now = pl.col("seconds_before"), pl.col("seconds_after")
    change = (
        pl.when(was == 0).then(pl.lit(str(Change.NEW)))
        .when((now == 0) & pl.col("waived")).then(pl.lit(str(Change.WAIVED)))
        .when(now == 0).then(pl.lit(str(Change.GONE)))
        .when(now > was).then(pl.lit(str(Change.LONGER)))
        .when(now < was).then(pl.lit(str(Change.SHORTER)))
        .otherwise(pl.lit(str(Change.SAME)))
    )  # fmt: skip
    return found.with_columns(change=change).select(pl.col(name).cast(kind) for name, kind in BREACH.items()).sort(*KEY, "from")
