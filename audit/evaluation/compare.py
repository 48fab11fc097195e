"""Compare two assessments: this year and last, before and after a policy or a piece of evidence (docs/compare.md). Pure.

A *promise* is a control (and leg) on an asset (and part), whatever policy versions asked for it. Breaches of one promise that overlap or touch are
one breach, told by both assessments; how long it is, is the time in which it was breached.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import polars as pl

from audit.evaluation.outline import Outline
from audit.model.assessment import Assessment
from audit.model.envelope import time_text
from audit.model.facts import INSTANT
from audit.model.intervals import AFTER_ALL, INT, Line, islands, search
from audit.model.terms import micros, to_seconds
from audit.model.verdicts import Verdict


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


_SIDES = ("before", "after")
_BLOCK = 5_000_000
"""Breaches whose change is worked out at a time, more or less: what bounds the memory of a what-if that breaches with every backup."""
_CHANGE = pl.Enum([str(change) for change in Change])
_CHANGED: dict[str, pl.DataType] = {
    "promise": pl.UInt32(),  # the row of `promises`
    "change": _CHANGE,
    "from": INSTANT,
    "to": INSTANT,
    "seconds_before": pl.Float64(),
    "seconds_after": pl.Float64(),
}


@dataclass(frozen=True)
class Comparison:
    """What differs: `promises` (PROMISE) and `breaches` (BREACH), in order of asset, and the numbers of coverage before and after (null: not judged)."""

    promises: pl.DataFrame
    coverage: Mapping[str, tuple[int | None, int | None]]
    stretches: Mapping[str, pl.DataFrame] = field(repr=False)
    """The breaches `before` and `after`, and what is `waived` after: `promise`, `from`, `to`."""

    @property
    def changed(self) -> pl.DataFrame:
        """The promises whose verdict, breached or unproven time differs, and those that only one assessment judges."""
        differs = [
            pl.col(f"{name}_before").ne_missing(pl.col(f"{name}_after"))
            for name in ("verdict", "breached_seconds", "unproven_seconds")
        ]
        return self.promises.filter(pl.any_horizontal(differs))

    @cached_property
    def _breaches(self) -> pl.DataFrame:
        return _changes(self.stretches, self.promises.height)

    @property
    def breaches(self) -> pl.DataFrame:
        """The breaches of both, each that overlaps or touches one of the other as one."""
        return self._named(self._breaches)

    def counts(self) -> dict[Change, int]:
        """Return how many breaches changed in which way."""
        found = dict(self._breaches.group_by("change").agg(pl.len()).iter_rows())
        return {change: found.get(str(change), 0) for change in Change}

    def to_json(self, most: int | None = None) -> dict[str, Any]:
        """Return the JSON form: what changed; breaches that are the same are only counted. most: of each promise list only so many breaches, the longest."""
        rows = self._breaches.filter(pl.col("change") != str(Change.SAME))
        if most is not None:
            longest = pl.max_horizontal("seconds_before", "seconds_after").rank("ordinal", descending=True).over("promise")
            rows = rows.filter(longest <= most)
        return {
            "coverage": {name: {"before": before, "after": after} for name, (before, after) in self.coverage.items()},
            "counts": {str(change): number for change, number in self.counts().items()},
            "promises": self.changed.to_dicts(),
            "breaches": [
                row | {"from": time_text(row["from"]), "to": time_text(row["to"])}
                for row in self._named(rows).iter_rows(named=True)
            ],
        }

    def _named(self, changes: pl.DataFrame) -> pl.DataFrame:
        """Return changes (_CHANGED) with what the promise is (BREACH)."""
        promises = self.promises.select(KEY)[changes["promise"]]
        rows = pl.concat([promises, changes.drop("promise")], how="horizontal")
        return rows.select(pl.col(name).cast(kind) for name, kind in BREACH.items())


def compare(before: Assessment, after: Assessment, outlines: tuple[Outline, Outline] | None = None) -> Comparison:
    """Compare two assessments. outlines: theirs, where their results do not have the breaches and what is waived."""
    columns = [before.results.columns, after.results.columns]
    told = [_promises(one.results) for one in columns]
    both = told[0].join(told[1], on=KEY, how="full", coalesce=True, nulls_equal=True, suffix="_after")
    both = both.rename({name: f"{name}_before" for name in _TOLD}).with_columns(unit=pl.coalesce("unit_after", "unit"))
    promises = both.select(pl.col(name).cast(kind) for name, kind in PROMISE.items()).sort(KEY)
    places = promises.select(KEY).with_row_index("promise")
    numbers = [
        one.results.select(KEY).join(places, on=KEY, nulls_equal=True, how="left", maintain_order="left")["promise"]
        for one in columns
    ]

    def placed(side: int, name: str) -> pl.DataFrame:
        rows: pl.DataFrame = getattr(columns[side] if outlines is None else outlines[side], name)
        return rows.select("from", "to", promise=numbers[side].gather(rows["result"]))

    return Comparison(
        promises=promises,
        coverage={name: (getattr(before.coverage, name), getattr(after.coverage, name)) for name in COUNTED},
        stretches={"before": placed(0, "breaches"), "after": placed(1, "breaches"), "waived": placed(1, "waived")},
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


def _changes(stretches: Mapping[str, pl.DataFrame], promises: int) -> pl.DataFrame:
    """Return what became of the breaches of so many promises (_CHANGED), in order of promise and time; each that overlaps or touches one of the other side is one with it."""
    told = [stretches[side] for side in _SIDES if stretches[side].height]
    if not told:
        return pl.DataFrame(schema=_CHANGED)
    line = Line(min(micros(one["from"].min()) for one in told), max(micros(one["to"].max()) for one in told))  # type: ignore[arg-type]
    blocks = max(1, sum(one.height for one in told) // _BLOCK)
    at_once = min(-(-promises // blocks), line.capacity)
    in_order = {
        name: one if one["promise"].is_sorted() else one.sort("promise", maintain_order=True) for name, one in stretches.items()
    }
    found = []
    for first in range(0, promises, at_once):
        borders = pl.Series([first, first + at_once], dtype=pl.UInt32)
        places = {name: one["promise"].search_sorted(borders, side="left") for name, one in in_order.items()}
        mine = {name: one.slice(places[name][0], places[name][1] - places[name][0]) for name, one in in_order.items()}
        found.append(_changes_on(line, first, mine))
    return pl.concat(found)


def _changes_on(line: Line, first: int, stretches: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the same of the promises from `first` on, laid end to end on a line."""
    put = line.put(pl.col("promise") - first, pl.col("from").cast(INT), pl.col("to").cast(INT))
    told = {name: one.with_columns(pl.col("promise").cast(INT)).select(put) for name, one in stretches.items()}
    length = pl.col("end") - pl.col("begin")
    rows = pl.concat(
        [
            told[own]
            .with_columns(length.alias(own), **{side: pl.lit(0, INT) for side in _SIDES if side != own})
            .select("begin", "end", *_SIDES)
            for own in _SIDES
        ]
    ).sort("begin")
    # Two promises never touch on the line. What is summed up to the last row of a breach, less that up to the one before it, is of this breach.
    rows = rows.select("begin", pl.col("end").cum_max(), pl.col(*_SIDES).cum_sum())
    new = (pl.col("begin") > pl.col("end").shift(1)).fill_null(value=True)
    last = new.shift(-1, fill_value=True)
    breaches = rows.select(pl.col("begin").filter(new), pl.col("end", *_SIDES).filter(last))
    was, now = (pl.col(side) - pl.col(side).shift(1, fill_value=0) for side in _SIDES)
    breaches = breaches.select("begin", "end", was=was, now=now)
    waived = islands(told["waived"])
    place = search(waived["end"], breaches["begin"], "right")
    covered = pl.concat([waived["begin"], pl.Series([AFTER_ALL], dtype=INT)]).gather(place) < breaches["end"]
    is_ = {change: pl.lit(str(change), _CHANGE) for change in Change}
    change = (
        pl.when(pl.col("was") == 0).then(is_[Change.NEW])
        .when((pl.col("now") == 0) & covered).then(is_[Change.WAIVED])
        .when(pl.col("now") == 0).then(is_[Change.GONE])
        .when(pl.col("now") > pl.col("was")).then(is_[Change.LONGER])
        .when(pl.col("now") < pl.col("was")).then(is_[Change.SHORTER])
        .otherwise(is_[Change.SAME])
    )  # fmt: skip
    placed = line.get(breaches, "promise").with_columns(pl.col("promise") + first)
    columns = {"change": change, "seconds_before": to_seconds(pl.col("was")), "seconds_after": to_seconds(pl.col("now"))}
    rows = pl.concat([placed.rename({"begin": "from", "end": "to"}), breaches.select("was", "now")], how="horizontal")
    return rows.select(columns.get(name, pl.col(name)).cast(kind).alias(name) for name, kind in _CHANGED.items())
