"""The world that controls judge: who is judged, under which policy version, what lived when, and what may have lived unseen.

All instants are Int64 microseconds since 1970. A *group* is an asset, or one part of it, numbered by `code`; every point-based control is
computed for groups. `Outcome` is what a control gives back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from audit.model.estate import Demand, Known, PolicyVersion, Source
from audit.model.intervals import INT, Line, empty, intersect, islands, subtract
from audit.model.lives import Lives
from audit.model.observations import Observations
from audit.model.presence import Presence
from audit.model.terms import FOR_EVER, Term

FEED = {"code": pl.UInt32, "source": pl.String, "begin": INT, "end": INT}
JUDGED = {"code": pl.UInt32, "policy": pl.Int32, "begin": INT, "end": INT}
WAIVED = {**JUDGED, "waiver": pl.String}
DOUBT = {"code": pl.UInt32, "pair": pl.Int32, "repository": pl.Int32, "key": pl.String, "begin": INT, "end": INT}
"""Why a control is unproven, and when (`audit.evaluation.explain.reasons_told`). pair: where more than one may have a reason at a time, which; `key`: a message key."""

UNDATED = 4
"""The number, in the column `doubt` of points, of the doubt that nobody told when a point was captured (`audit.evaluation.explain.DOUBTS`)."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything a control may look at.

    line: the period, for `groups.height` groups. groups: `code`, `asset`, `part`, `unit`, in order of code.
    segments: `code`, `begin`, `end`, `policy` (Int32, null), `in_service`, `retired` (Int64, null), `city`, `medium`, `failure_domain`,
    `tier`, `data_class`, `started` (when it first came into service), `there` (Boolean: of a part, it is declared), sorted by code and begin, without holes. demands: the baseline.
    points: `code` (null: of no asset), `repository` (Int32), `pair`, `captured` (null: nobody told it, see `undated`), `deleted`, `restorable` (captured_until, else captured),
    `first_sighting`,
    `available`, `catalog`, `subject`, `immutable`, `locked` (up to when a lock surely holds), `encrypted` (Boolean; null: not told, or told both ways), `expires`, `doubt`, `id`,
    `entry`, `locator`, `partial`, `method`, `bytes`, `weakest`, `strongest` (how strong its method surely and possibly is) and `retold` (a copy told with another capture time
    than its original's), as `audit.model.captures` says; `base` (the row of the point that it needs; null: none that is known).
    presence: of all points. lives: by whether partial points count. standing: the same as if nobody had ever checked a point. checks: as
    `audit.model.checks.CHECK`.
    runs: `code` (of whom its subject was when it started), `source`, `subject`, `pair`, `repository` (Int32; both null: not told), `id`, `kind`, `method`, `outcome`, `started`,
    `finished`, `partial`, `whole` (told to cover a part, or all), `until` (when its alias or its source ends), `named` (of a restore: the id of its point), `bytes`, `entry`,
    `locator`: those with a code.
    unlogged: when runs of a group may have started that no job log shows, as `audit.model.unlogged.UNLOGGED`; worked out when it is first asked for.
    unseen: `code`, `pair`, `repository`, `begin`, `end`, `gone`: stretches of capture instants nobody observed, and when what was captured
    there is known to be gone. blind: codes of groups of which there is no evidence at all.
    repositories: `repository`, `begin`, `end`, `name`, `medium`, `city`, `country`, `failure_domain`, `offline`, `mirror` (Boolean), `provider`, each by stretches of time.
    records: by kind, when a register record speaks of a group: `code`, `begin`, `end`, `id`, `entry`, `sha256`, `by`, `at`, and the kind's own columns.
    feeds: `code`, `source`, `begin`, `end`: when an alias of a group names a source. sources: as declared, by name. deliveries: as `audit.model.deliveries.DELIVERY`, of
    all sources. known: how far the journal is known (null: there is none). zone: of the programme.
    observations: of the points. naming: runs that name a point: `point` (row), `kind`, `outcome`, `started`, `finished`, `entry`, `locator`. prunes: when prune runs ended well:
    `pair`, `subject` (null: not told), `at`, sorted by `at`. spoken: `code`, `first`, `last`: the instants of the first and the last complete listing that speaks of a group. keeps: by
    repository, what its listings show at the least.
    prepared: by name, what a control's `prepare` made of this world when it was kept; empty where it was not: `evaluate` then makes it itself.
    dated: false in the world that `at_latest` makes of one that has undated points: there points have the column `undated`.
    beside: codes of groups that are here only because controls look at them while they judge others: in no layer.
    """

    line: Line
    groups: pl.DataFrame
    segments: pl.DataFrame
    policies: tuple[PolicyVersion, ...]
    points: pl.DataFrame
    lives: Mapping[bool, Lives]
    standing: Callable[[bool], Lives]
    checks: pl.DataFrame
    runs: pl.DataFrame
    unlogged: Callable[[], pl.DataFrame]
    presence: Presence
    unseen: pl.DataFrame
    blind: pl.Series
    repositories: pl.DataFrame
    records: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    demands: tuple[Demand, ...] = ()
    beside: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt32))
    feeds: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FEED))
    sources: Mapping[str, Source] = field(default_factory=dict)
    deliveries: pl.DataFrame = field(default_factory=pl.DataFrame)
    known: Known | None = None
    zone: str = "UTC"
    observations: Observations | None = None
    naming: pl.DataFrame = field(default_factory=pl.DataFrame)
    prunes: pl.DataFrame = field(default_factory=pl.DataFrame)
    spoken: pl.DataFrame = field(default_factory=pl.DataFrame)
    keeps: Mapping[str, Term] = field(default_factory=dict)
    prepared: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    dated: bool = True

    def layers(
        self, applies: Callable[[PolicyVersion], bool], *, by_attributes: bool = False, unpromised: bool = False
    ) -> Iterator[Layer]:
        """Yield the segments in which a policy version applies, so that each layer has at most one segment of a group.

        Neighbouring segments of one version are one, unless `by_attributes` keeps them apart. unpromised: those too in which no policy version is in force.
        """
        wanted = [index for index, policy in enumerate(self.policies) if applies(policy)]
        asked = pl.col("policy").is_in(wanted) | (pl.col("policy").is_null() & unpromised)
        rows = self.segments.filter(asked & ~pl.col("code").is_in(self.beside.implode()))
        if not by_attributes:
            start = (
                (pl.col("code") != pl.col("code").shift(1))
                | pl.col("policy").ne_missing(pl.col("policy").shift(1))
                | (pl.col("begin") != pl.col("end").shift(1))
            )
            rows = rows.with_columns(stretch=start.fill_null(value=True).cum_sum())
            rows = rows.group_by("stretch", maintain_order=True).agg(
                pl.col("code", "policy", "begin").first(), pl.col("end").last()
            )
        rows = rows.with_columns(rank=pl.int_range(pl.len()).over("code"))
        for _, layer in rows.group_by("rank", maintain_order=True):
            yield Layer(layer.drop("rank"), self.groups.height)

    def serving(self, layer: Layer) -> pl.DataFrame:
        """Return the segments that make up a layer, each with its own `in_service` and `retired`: `code`, `policy`, `begin`, `end`, both, `started` and `there`."""
        bounds = layer.frame.select("code", "policy", low="begin", high="end")
        rows = self.segments.join(bounds, on=["code", "policy"], nulls_equal=True).filter(
            (pl.col("begin") >= pl.col("low")) & (pl.col("end") <= pl.col("high"))
        )
        return rows.select("code", "policy", "begin", "end", "in_service", "retired", "started", "there")

    def judged(
        self, layer: Layer, *, outlives: pl.Series | None = None, gone: pl.Series | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the judged time of a layer and its grace, as islands on the line.

        outlives: for each code the instant up to which obligations run on after retirement. gone: the same after a part went from its asset, where that is another.
        """
        rows = self.serving(layer)
        retired = pl.col("retired").fill_null(FOR_EVER)
        if outlives is not None:
            ends = [outlives.gather(rows["code"]), (outlives if gone is None else gone).gather(rows["code"])]
            retired = pl.max_horizontal(retired, pl.when("there").then(ends[0]).otherwise(ends[1]))
        serving = {"begin": pl.max_horizontal("begin", "in_service"), "end": pl.min_horizontal("end", retired)}
        window = islands(rows.select(*self.line.put(pl.col("code"), serving["begin"], serving["end"])))
        graces = rows.with_columns(until=self.grace_ends(rows)).drop_nulls("until")
        if graces.is_empty():
            return window, empty()
        span = {"begin": pl.max_horizontal("begin", "in_service"), "end": pl.min_horizontal("end", "until")}
        grace = intersect(islands(graces.select(*self.line.put(pl.col("code"), span["begin"], span["end"]))), window)
        return subtract(window, grace), grace

    def grace_ends(self, frame: pl.DataFrame) -> pl.Series:
        """Return up to when the grace of a new asset runs, for each row of `policy` and `started`; null where the policy gives none."""
        ends = pl.repeat(None, frame.height, dtype=INT, eager=True)
        for index in frame["policy"].drop_nulls().unique():
            policy = self.policies[index]
            if policy.new_asset_grace:
                mine = (frame["policy"] == index).arg_true()
                ends = ends.scatter(mine, plus(frame["started"].gather(mine), policy.new_asset_grace, policy.timezone))
        return ends

    def on_line(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return stretches (`code`, `begin`, `end`) as islands on the line."""
        return islands(rows.select(*self.line.put(pl.col("code"), pl.col("begin"), pl.col("end"))))

    def left_until(self) -> pl.Series:
        """Return, for each code, the last instant at which a point of the group is possibly present; null: no point was ever seen."""
        left = self.points.select("code").with_columns(end=self.presence.ends["possible_end"]).drop_nulls("code")
        left = left.group_by("code").agg(pl.col("end").max())
        last = pl.repeat(None, self.groups.height, dtype=INT, eager=True)
        return last.scatter(left["code"], left["end"]) if left.height else last

    def undated(self) -> pl.Series:
        """Say for each point whether it is of a group and nobody told when it was captured."""
        return self.points.select(pl.col("code").is_not_null() & pl.col("captured").is_null()).to_series()

    def latest(self) -> pl.Series:
        """Return the latest instant at which each point can have been captured: its capture time, else when it became available, or the last instant it restores, if earlier."""
        return self.points.select(pl.coalesce("captured", pl.min_horizontal("restorable", "available"))).to_series()

    def at_latest(self) -> World:
        """Return the world for what asks when points were captured: undated ones were captured as late as they can have been, and are live possibly only, for want of that time."""
        undated = self.undated()
        if not undated.any():
            return self
        latest = {"captured": self.latest(), "restorable": pl.coalesce("restorable", self.latest())}
        doubt = (
            {"doubt": pl.when(undated).then(pl.lit(UNDATED, pl.Int8)).otherwise("doubt")} if "doubt" in self.points.columns else {}
        )
        lives = {accepts: one.possible_only(undated) for accepts, one in self.lives.items()}
        return replace(self, points=self.points.with_columns(**latest, **doubt, undated=undated), lives=lives, dated=False)

    def lives_of(self, policy: PolicyVersion) -> Lives:
        """Return the lives under a policy version: with partial points, or without."""
        return self.lives[policy.accept_partial]

    def by_acceptance(self, layer: Layer) -> Iterator[tuple[Layer, Lives]]:
        """Split a layer by whether its policies accept partial points, with the lives that go with each."""
        for accepts, lives in self.lives.items():
            wanted = [index for index, policy in enumerate(self.policies) if policy.accept_partial is accepts]
            frame = layer.frame.filter(pl.col("policy").is_in(wanted))
            if frame.height:
                yield Layer(frame, layer.size), lives

    def outcome(
        self,
        layer: Layer,
        leg: str | None,
        judged: pl.DataFrame,
        grace: pl.DataFrame,
        breached: pl.DataFrame,
        unproven: pl.DataFrame,
        *,
        of_points: bool = True,
        **extra: Any,
    ) -> Outcome:
        """Return an outcome of a layer; breached and unproven (islands on the line) are cut to the judged time, and groups without any repository are unproven.

        of_points: whether it is judged on recovery points; what is not says nothing of evidence of them.
        """
        blind = layer.frame.filter(pl.col("code").is_in(self.blind.implode()) & of_points)
        if blind.height:
            dark = islands(blind.select(*self.line.put(pl.col("code"), pl.lit(self.line.start), pl.lit(self.line.stop))))
            breached, unproven = subtract(breached, dark), islands(pl.concat([unproven, dark]))
        breached = intersect(breached, judged)
        unproven = subtract(intersect(unproven, judged), breached)
        extra |= {} if of_points else {"of_points": False}

        def named(stretches: pl.DataFrame) -> pl.DataFrame:
            if stretches.is_empty():
                return pl.DataFrame(schema=JUDGED)
            rows = self.line.get(stretches, "code")
            return rows.select(pl.col("code").cast(pl.UInt32), "begin", "end", policy=layer.of(rows["code"], "policy")).select(
                *JUDGED
            )

        return Outcome(leg, named(judged), named(grace), named(breached), named(unproven), extra=extra)


@dataclass(frozen=True, slots=True)
class Layer:
    """Segments, at most one for each group: `code`, `begin`, `end`, `policy`, and attributes where asked for. `size`: the number of groups."""

    frame: pl.DataFrame
    size: int

    def of(self, codes: pl.Series, column: str) -> pl.Series:
        """Return a column's value for each code; null where the group has no segment here."""
        values = self.frame[column]
        table = pl.repeat(None, self.size, dtype=values.dtype, eager=True).scatter(self.frame["code"], values)
        return table.gather(codes)

    def cut(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return stretches (`code`, `begin`, `end`, and any others) cut to the segments."""
        rows = rows.with_columns(low=self.of(rows["code"], "begin"), high=self.of(rows["code"], "end")).drop_nulls("low")
        rows = rows.with_columns(begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high"))
        return rows.filter(pl.col("begin") < pl.col("end")).drop("low", "high")

    def policies(self) -> list[int]:
        """Return the indices of the policy versions that occur."""
        return sorted(self.frame["policy"].unique().to_list())

    def only(self, policy: int) -> Layer:
        """Return the segments under one policy version."""
        return Layer(self.frame.filter(pl.col("policy") == policy), self.size)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a control found for one leg: frames of `code`, `policy`, `begin`, `end` in microseconds; breached and unproven lie within judged.

    `detail` of a breach is asked for later, by the evaluation, of the few that are shown.
    """

    leg: str | None
    judged: pl.DataFrame
    grace: pl.DataFrame
    breached: pl.DataFrame
    unproven: pl.DataFrame
    waived: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=WAIVED))
    """What would be breached and is covered by the waiver that is named; no control says this (`audit.evaluation.waivers`)."""
    numbers: pl.DataFrame | None = None
    """Numbers of the control by group: `code`, `policy`, and any columns; those that are not null become the result's detail. Of a column that ends in `_at`: microseconds."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """`reason`: a message key, when everything unproven has the same; `unseen: False` where points that nobody saw do not count; `of_points: False` where recovery
    points say nothing of it; `named`: by role, points that results name in their detail: `code`, `policy`, `point`, and instants by names that end in `_at`."""


def plus(instants: pl.Series, term: Term, zone: str) -> pl.Series:
    """Return Int64 microseconds a term later (nulls kept). Instants at the ends of time stay there."""
    return _shift(instants, term, zone, 1)


def minus(instants: pl.Series, term: Term, zone: str) -> pl.Series:
    """Return Int64 microseconds a term earlier (nulls kept). Instants at the ends of time stay there."""
    return _shift(instants, term, zone, -1)


def _shift(instants: pl.Series, term: Term, zone: str, sign: int) -> pl.Series:
    if not term.months:
        return instants + sign * term.microseconds
    inside = instants.is_between(-FOR_EVER // 2, FOR_EVER).fill_null(value=False)
    dated = instants.zip_with(inside, pl.repeat(None, len(instants), dtype=INT, eager=True)).cast(pl.Datetime("us", "UTC"))
    moved = term.added_to(dated, zone) if sign > 0 else term.taken_from(dated, zone)
    return moved.cast(INT).zip_with(inside, instants)


def live_stretches(
    lives: Lives, line: Line, group: pl.Series, low: pl.Series | None, high: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return, as islands on a line of groups, when some point is live in [low, high), surely and possibly (surely included).

    group, low, high: for each point; null in any leaves the point out. low: null for any time. The possible world is the sure islands and only those rows by which it
    exceeds them.
    """
    limits = {"high": high} if low is None else {"low": low, "high": high}
    since = ["begin", line.start] if low is None else ["begin", "low", line.start]
    asked = pl.all_horizontal(pl.col(name).is_not_null() for name in limits)
    offset = pl.col("group").cast(INT) * line.pitch - line.start

    def placed(begin: pl.Expr, end: pl.Expr) -> list[pl.Expr]:
        # What begins after the period is put at its end, where it is empty: the number of what lies farther off might not fit into 64 bits.
        end = pl.min_horizontal(end, "high", line.stop)
        return [(offset + pl.min_horizontal(begin, line.stop)).alias("begin"), (offset + end).alias("end")]

    frame = lives.scalars.lazy().with_columns(group.alias("group"), **limits)
    plain = asked & ~pl.col("gapped")
    surely = frame.select(*placed(pl.max_horizontal(since), pl.col("sure_end")), plain=plain).filter("plain").select("begin", "end")
    # Of most points the possible life exceeds the sure one only after it has stopped to count.
    exceeding = frame.filter(plain & (pl.col("sure_end") < pl.min_horizontal("possible_end", "high")))
    exceeding = exceeding.select(placed(pl.max_horizontal(*since, "sure_end"), pl.col("possible_end")))

    def of_gapped(rows: pl.DataFrame) -> pl.LazyFrame:
        at = rows["point"]
        cut = rows.lazy().with_columns(group.gather(at).alias("group"), **{name: one.gather(at) for name, one in limits.items()})
        return cut.filter(asked).select(placed(pl.max_horizontal(since), pl.col("end")))

    sure = islands(pl.concat([surely, of_gapped(lives.sure)]))
    more = pl.concat([exceeding, of_gapped(lives.possible)]).filter(pl.col("begin") < pl.col("end")).collect()
    return sure, islands(pl.concat([sure, more])) if more.height else sure
