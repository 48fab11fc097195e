"""What controls share that ask something of each live point (docs/definitions.md, section 12): one that may lack it is as bad as none.

Met where some point is surely live and each that may be, seen or unseen, surely has what is asked; breached where a surely live one surely lacks it. A control's
`Rule` says when points fail. Instants are Int64 microseconds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, Line, empty, islands, search, subtract, union
from audit.model.lives import Lives
from audit.model.presence import GAP
from audit.model.terms import FOR_EVER
from audit.model.world import DOUBT, Layer, Outcome, World, live_stretches

NO_COPY = "no-copy"
"""Why it is unproven where nothing may fail, and nothing is surely live."""
STRETCH = {"code": pl.UInt32, "pair": pl.Int32, "doubt": pl.Int8, "begin": INT, "end": INT}


@dataclass(frozen=True, slots=True)
class Places:
    """The groups by (code, pair, doubt) that points fall into. frame: `code`, `pair`, `doubt`, in order of number. number: for each point; null: of no asset."""

    frame: pl.DataFrame
    number: pl.Series
    line: Line

    @classmethod
    def of(cls, world: World) -> Places:
        """Number the places of a world's points."""
        points = world.points.select("code", "pair", "doubt")
        pairs = int(points["pair"].max() or 0) + 1  # type: ignore[arg-type]
        key = points.select((pl.col("code").cast(INT) * pairs + pl.col("pair")) * 8 + pl.col("doubt")).to_series()
        known = key.drop_nulls().unique().sort()
        frame = pl.DataFrame({"key": known}).select(
            code=(pl.col("key") // (8 * pairs)).cast(pl.UInt32),
            pair=(pl.col("key") // 8 % pairs).cast(pl.Int32),
            doubt=(pl.col("key") % 8).cast(pl.Int8),
        )
        number = search(known, key.fill_null(0), "left").cast(INT)
        nobody = pl.repeat(None, len(key), dtype=INT, eager=True)
        return cls(frame, number.zip_with(key.is_not_null(), nobody), Line(world.line.start, world.line.stop))

    def named(self, stretches: pl.DataFrame) -> pl.DataFrame:
        """Return islands on the line as `code`, `pair`, `doubt`, `begin`, `end`."""
        rows = self.line.get(stretches, "place")
        return pl.concat([self.frame[rows["place"]], rows.select("begin", "end")], how="horizontal")

    def live(self, lives: Lives, life: str, some: pl.Series, low: pl.Series, high: pl.Series) -> pl.DataFrame:
        """Return, as islands on the line, when some (Boolean, for each point) are live in a world within [low, high) (null in any leaves the point out)."""
        group = self.number.zip_with(some.fill_null(value=False), pl.repeat(None, len(some), dtype=INT, eager=True))
        if group.null_count() == len(group):
            return empty()
        return live_stretches(lives, self.line, group, low, high)[0 if life == "sure" else 1]


class Rule(ABC):
    """What a control asks of each live point of a world. What does not depend on the policy is worked out once."""

    key: ClassVar[str]
    """The objective with which a policy asks for it."""
    outlives: ClassVar[bool] = False
    """Whether it is asked after retirement too, as long as a point may be left. Nothing has to be there then: where nothing is, nothing fails."""

    def __init__(self, world: World) -> None:
        self.world, self.places = world, Places.of(world)

    @classmethod
    def applies(cls, policy: PolicyVersion) -> bool:
        """Say whether a policy version asks for it."""
        return cls.key in policy.objectives

    @abstractmethod
    def lives_of(self, policy: PolicyVersion) -> Lives:
        """Return when points live, as far as this rule goes."""

    def counted(self, policy: PolicyVersion) -> pl.Series:  # noqa: ARG002 - a rule may ask it of some points only
        """Say for each point whether the rule is about it."""
        return pl.repeat(value=True, n=self.world.points.height, dtype=pl.Boolean, eager=True)

    @abstractmethod
    def failing(self, layer: Layer, policy: PolicyVersion, has: str, life: str) -> pl.DataFrame:
        """Return when points lack in the world `has` what is asked and live in the world `life`: `code`, `pair`, `doubt`, `begin`, `end`."""

    @abstractmethod
    def unseen(self, layer: Layer, policy: PolicyVersion) -> pl.DataFrame:
        """Return when points that nobody saw may fail, from `begin` to `gone`: `code`, `pair`, `repository`, `begin`, `end`, `gone`."""

    def beside(self, layer: Layer, policy: PolicyVersion) -> tuple[pl.DataFrame, pl.DataFrame]:  # noqa: ARG002 - a rule may ask for more
        """Return, as islands on the world's line, when what else is asked surely fails, and when it is not surely so: what no point tells."""
        return empty(), empty()

    def layers(self) -> Iterator[Layer]:
        """Yield the stretches in which a policy version asks for it."""
        return self.world.layers(self.applies)


def judge(kind: type[Rule], world: World) -> list[Outcome]:
    """Judge all groups by a kind of rule. Nothing is worked out where no policy asks for it."""
    if not any(kind.applies(policy) for policy in world.policies):
        return []
    rule = kind(world)
    outcomes = []
    after = world.left_until() if rule.outlives else None
    for whole in rule.layers():
        judged, grace = world.judged(whole, outlives=after)
        breached, failed, some = empty(), empty(), empty()
        for layer, policy in versions(world, whole):
            low, high = layer.of(world.points["code"], "begin"), layer.of(world.points["code"], "end")
            surely, perhaps = rule.beside(layer, policy)
            breached = union(breached, world.on_line(rule.failing(layer, policy, "possible", "sure")), surely)
            maybe = rule.unseen(layer, policy).select("code", "begin", end="gone")
            failed = union(failed, world.on_line(rule.failing(layer, policy, "sure", "possible")), world.on_line(maybe), perhaps)
            codes = world.points["code"].zip_with(rule.counted(policy), pl.repeat(None, len(low), dtype=pl.UInt32, eager=True))
            some = union(some, live_stretches(rule.lives_of(policy), world.line, codes, low, high)[0])
        if rule.outlives:
            some = union(some, _retired(world, whole))
        unproven = subtract(judged, union(subtract(some, failed), breached))
        outcomes.append(world.outcome(whole, None, judged, grace, breached, unproven))
    return outcomes


def _retired(world: World, layer: Layer) -> pl.DataFrame:
    """Return, as islands on the line, the time after retirement."""
    rows = world.serving(layer).drop_nulls("retired")
    return islands(rows.select(*world.line.put(pl.col("code"), pl.max_horizontal("begin", "retired"), pl.col("end"))))


def doubts(rule: Rule, unknown: str, names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when: `code`, `pair`, `repository`, `key` (a message key), `begin`, `end`.

    unknown: the key where a point is surely live and not surely has what is asked. names: the keys of doubts about lives, by number.
    """
    found = [pl.DataFrame(schema=DOUBT)]
    world = rule.world
    repositories = world.points.select("pair", "repository").unique("pair")
    words = pl.Series(names)
    for whole in rule.layers():
        for layer, policy in versions(world, whole):
            lacking = rule.failing(layer, policy, "sure", "sure").with_columns(key=pl.lit(unknown))
            perhaps = _less(world, rule.failing(layer, policy, "sure", "possible"), lacking)
            perhaps = perhaps.with_columns(key=words.gather(perhaps["doubt"]))
            rows = pl.concat([lacking, perhaps]).join(repositories, on="pair", how="left")
            hidden = rule.unseen(layer, policy).with_columns(
                key=pl.when(pl.col("end") >= FOR_EVER).then(pl.lit("no-listing-after")).otherwise(pl.lit("unseen")), end="gone"
            )
            found += [frame.select(pl.col(name).cast(kind) for name, kind in DOUBT.items()) for frame in (rows, hidden)]
    return pl.concat(found)


def _less(world: World, rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Return stretches by `code`, `pair`, `doubt` less those of the same in `others`."""
    by = ["code", "pair", "doubt"]
    groups = rows.select(by).unique().sort(by).with_row_index("group")
    line = Line(world.line.start, world.line.stop)
    here, there = (
        islands(frame.join(groups, on=by).select(*line.put(pl.col("group"), pl.col("begin"), pl.col("end"))))
        for frame in (rows, others)
    )
    left = line.get(subtract(here, there))
    return pl.concat([groups[left["group"]].select(by), left.select("begin", "end")], how="horizontal")


def versions(world: World, whole: Layer) -> Iterator[tuple[Layer, PolicyVersion]]:
    """Yield the segments of each policy version in a layer."""
    for index in whole.policies():
        yield whole.only(index), world.policies[index]


def inside(world: World, lives: Lives, life: str, rows: pl.DataFrame, layer: Layer) -> pl.DataFrame:
    """Return the stretches (`point`, `begin`, `end`) of points cut to when each is live in a world and its group's segment in the layer holds."""
    codes = world.points["code"].gather(rows["point"])
    rows = rows.with_columns(low=layer.of(codes, "begin"), high=layer.of(codes, "end")).drop_nulls("low")
    rows = rows.select(
        pl.col("point").cast(pl.UInt32), begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high")
    )
    scalars = lives.scalars[rows["point"]]
    rows = rows.with_columns(scalars["gapped"], low=scalars["begin"], high=scalars[f"{life}_end"])
    plain = rows.filter(~pl.col("gapped"))
    pieces = rows.filter("gapped").select("point", "begin", "end")
    of_gapped = (lives.sure if life == "sure" else lives.possible).select("point", low="begin", high="end")
    cut = pl.concat([plain.select("point", "begin", "end", "low", "high"), pieces.join(of_gapped, on="point")])
    cut = cut.select("point", begin=pl.max_horizontal("begin", "low"), end=pl.min_horizontal("end", "high"))
    return cut.filter(pl.col("begin") < pl.col("end")).select(GAP.keys())


def hidden(world: World, layer: Layer) -> pl.DataFrame:
    """Return the unseen stretches of the groups of a layer, cut to its segments: `code`, `pair`, `repository`, `begin`, `end`, `gone` (captured in [begin, end), live until
    `gone` at the latest), `low` (the segment's beginning)."""
    codes = world.unseen["code"]
    rows = world.unseen.with_columns(low=layer.of(codes, "begin"), high=layer.of(codes, "end")).drop_nulls("low")
    return rows.with_columns(gone=pl.min_horizontal("gone", "high")).drop("high")
