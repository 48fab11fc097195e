"""Series of runs: which ended well or badly, and how long one that ended badly weighs (docs/definitions.md, section 16). Instants are Int64 microseconds.

In the possible world a run that is not told to have ended ended well, and so may have runs that no job log shows; in the sure world it ended badly, and so may they.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from audit.controls._slots import LONGEST, Slots
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT
from audit.model.terms import FOR_EVER
from audit.model.unlogged import BADLY, KINDS, WELL
from audit.model.world import Layer, World

NOWHERE = -1
"""The pair of a run that names no repository, and of a source as a whole."""
WHOSE = ("code", "source", "subject")


class History:
    """The runs of backup and copy of all groups.

    Numbers stand for what they are of: `owner` (a source's subject of a group), `job` (its kind of run), `place` (where its runs go) and `series` (both).
    bad, good: by world (`sure`, `possible`): `run` (the row), `code`, `source`, `pair`, these numbers, and `at`; of bad ones also `until`, `next` (the first good one of the series
    at it or after it) and `rank` (the how manieth in its row it is). dark: World.unlogged, with the numbers that it has.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        runs = world.runs.with_row_index("run").filter(pl.col("kind").is_in(KINDS)).with_columns(at="started")
        dark = world.unlogged()
        owners = pl.concat([frame.select(WHOSE) for frame in (runs, dark)]).unique(maintain_order=True).with_row_index("owner")
        pairs = max((int(top) for frame in (runs, dark) if isinstance(top := frame["pair"].max(), int)), default=0) + 2
        self.runs, self.dark = (
            frame.join(owners, on=WHOSE, how="left", maintain_order="left")
            .with_columns(pl.col("owner").cast(INT), pl.col("pair").fill_null(NOWHERE))
            .with_columns(place=pl.col("owner") * pairs + pl.col("pair") + 1, copy=(pl.col("kind") == "copy").cast(INT))
            for frame in (runs, dark)
        )
        self.runs = self.runs.with_columns(job=pl.col("owner") * 2 + pl.col("copy"), series=pl.col("place") * 2 + pl.col("copy"))
        well, badly = pl.col("outcome").is_in(WELL), pl.col("outcome").is_in(BADLY)
        self.good = {"sure": self._some(well), "possible": self._some(~badly)}
        self.bad = {name: self._ranked(name, self._some(~well if name == "sure" else badly)) for name in self.good}
        first = self.runs["at"].min()
        self.earliest = min(first if isinstance(first, int) else world.line.start, world.line.start - LONGEST)

    def _some(self, which: pl.Expr) -> pl.DataFrame:
        told = ("run", "code", "source", "pair", "owner", "job", "place", "series", "kind", "outcome", "at", "until")
        return self.runs.filter(which).select(told)

    def _ranked(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        rows = rows.with_columns(next=self._next(name, rows)).sort("series", "next", "at", "run")
        return rows.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=INT).over("series", "next"))

    def _next(self, name: str, rows: pl.DataFrame) -> pl.Series:
        """Return the first run that ended well in the series of each, at it or after it; FOR_EVER where there is none. Of what names no repository it is one of any."""
        good, somewhere = self.good[name], rows["pair"] != NOWHERE
        found = _first(rows, good, "series").zip_with(somewhere, _first(rows, good, "job"))
        if name == "sure":
            return found
        untold = _first(rows, good.filter(pl.col("pair") == NOWHERE), "job")
        unseen = self._first_dark(rows, "place").zip_with(somewhere, self._first_dark(rows, "owner"))
        return _least(found, untold, unseen)

    def _first_dark(self, rows: pl.DataFrame, by: str) -> pl.Series:
        """Return the first instant, at each `at` or after it, at which a run may have ended well unseen."""
        dark = self.dark.filter("well").sort(by, "begin").with_columns(reach=pl.col("end").cum_max().over(by))
        asked = rows.select(by, "at").with_row_index("row").sort("at")
        begun = dark.select(by, "reach", begun="begin").sort("begun", "reach")
        held = asked.join_asof(begun, left_on="at", right_on="begun", by=by, check_sortedness=False)
        inside = held.sort("row").select(inside=(pl.col("reach") > pl.col("at")).fill_null(value=False))["inside"]
        return rows["at"].zip_with(inside, _first(rows, dark.select(by, at="begin"), by))

    def healed(self, name: str, rows: pl.DataFrame) -> pl.Series:
        """Return the first run of the same source and subject that ended well, at `at` or after it; FOR_EVER where there is none."""
        found = _first(rows, self.good[name], "owner")
        return found if name == "sure" else _least(found, self._first_dark(rows, "owner"))

    def spoken(self) -> pl.DataFrame:
        """Return for each group and source one pair of it: `code`, `source`, `spoken`."""
        known = pl.concat([frame.select("code", "source", "pair") for frame in (self.runs, self.dark)])
        return known.filter(pl.col("pair") != NOWHERE).group_by("code", "source").agg(spoken=pl.col("pair").min())

    def slots(self, policy: PolicyVersion) -> Slots:
        """Return the slots of a policy version."""
        return Slots(policy, self.earliest, self.world.line.stop)

    def weighing(self, name: str, layer: Layer, slots: Slots) -> pl.DataFrame:
        """Return the runs of a layer's groups that ended badly, as `bad`, with `begin` and `end` of the time for which each weighs."""
        rows = self.bad[name].filter(layer.of(self.bad[name]["code"], "policy").is_not_null())
        healed = self.healed(name, rows.with_columns(at=slots.over(rows["at"])))
        return rows.with_columns(begin="at", end=_least(rows["next"], rows["until"], healed)).filter(
            pl.col("begin") < pl.col("end")
        )

    def shadows(self, layer: Layer, slots: Slots) -> pl.DataFrame:
        """Return when runs of a layer's groups that no job log shows may have ended badly, and for how long they may weigh on what followed: `code`, `source`, `pair`, `begin`, `end`,
        `half` (a run that did not tell whose it was)."""
        rows = self.dark.filter("bad").with_columns(half=pl.col("begin") == pl.col("end"))
        rows = rows.filter(layer.of(rows["code"], "policy").is_not_null())
        series = self.runs.select("place", "job", "series").unique(maintain_order=True)
        cast = rows.join(series, on="place").with_columns(at="end")
        healed = self.healed("sure", cast.with_columns(at=_ended(cast, slots.over)))
        cast = cast.with_columns(end=_least(self._next("sure", cast), cast["until"], healed))
        columns = ["code", "source", "pair", "begin", "end", "half"]
        return pl.concat([rows.select(columns), cast.select(columns)]).filter(pl.col("begin") < pl.col("end"))

    def standing(self, name: str, layer: Layer, slots: Slots) -> pl.DataFrame:
        """Return the backups of a layer's groups that ended well and when each is enough: `run`, `code`, `source`, `pair`, `begin`, `end`."""
        rows = self.good[name].filter(pl.col("kind") == "backup")
        rows = rows.filter(layer.of(rows["code"], "policy").is_not_null())
        return rows.select("run", "code", "source", "pair", "outcome", begin="at", end=slots.due(rows["at"]))

    def hidden(self, layer: Layer, slots: Slots) -> pl.DataFrame:
        """Return when backups that no job log shows may have ended well and be enough: `code`, `source`, `pair`, `begin`, `end`, `half`."""
        rows = self.dark.filter(pl.col("well") & (pl.col("kind").is_null() | (pl.col("kind") == "backup")))
        rows = rows.filter(layer.of(rows["code"], "policy").is_not_null())
        return rows.select("code", "source", "pair", "begin", end=_ended(rows, slots.due), half=pl.col("begin") == pl.col("end"))


def _ended(rows: pl.DataFrame, due: Callable[..., pl.Series]) -> pl.Series:
    """Return what is due after stretches: of one of no length after its instant, else after those just before its end."""
    return due(rows["end"]).zip_with(rows["begin"] == rows["end"], due(rows["end"], before=True))


def _first(rows: pl.DataFrame, good: pl.DataFrame, by: str) -> pl.Series:
    """Return the first `at` of what is good, at or after that of each row; FOR_EVER where there is none."""
    asked = rows.select(by, "at").with_row_index("row").sort("at")
    ahead = good.select(by, "at", found="at").sort("at")
    hits = asked.join_asof(ahead, on="at", by=by, strategy="forward", check_sortedness=False)
    return hits.sort("row")["found"].fill_null(FOR_EVER)


def _least(*series: pl.Series) -> pl.Series:
    return pl.select(pl.min_horizontal(series)).to_series()
