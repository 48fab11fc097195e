"""Restore test: in each month, quarter or year of the calendar a restore was tried, deep enough, and passed (docs/definitions.md, section 25)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from audit.controls._buckets import borders, whole_buckets
from audit.controls._doubts import as_doubts
from audit.controls._drills import STALE, UNPROVEN, Asked, cured, of_others, passes, results, young
from audit.controls._objectives import Objective
from audit.controls._weaker import Shortfall, weaker
from audit.controls.recovery_point import WITHOUT_RPO, allowance
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, subtract, union
from audit.model.terms import FOR_EVER, Term, micros
from audit.model.world import Layer, Outcome, World, plus

Word = Literal["weekly", "monthly", "quarterly", "yearly"]
PERIODS = {"weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year"}
"""The calendar's periods, the shortest first."""
NONE = "no-test"
"""Why it is unproven where no test of the period is known."""
DEPTH = 1
"""How deep a test has to be where nothing is said of it."""
WITHOUT_RTO = Term(months=12, text="1y")
"""How long a test counts where a policy says neither how often restores are tested nor how long a recovery may take."""
POINT = "test-point-unknown"
"""Why it is where a test is proven, but not that its recovery point was young enough."""
BESIDE = "scope-failed"
"""Why it is where another asset could stand for the group, and the recovery of one that a drill names with it failed."""
AHEAD = "not-yet-known"
"""Why it is where the journal ends before the period does."""


class RestoreTest(Objective):
    """`restore_test: {partial: monthly, full: quarterly, per: asset, depth: 2}`."""

    partial: Word | None = Field(None, description="a test of at least a part of the asset, in each whole period of the calendar")
    full: Word | None = Field(None, description="a test of all of the asset, in each whole period of the calendar")
    per: Literal["asset", "scope"] = Field(
        "asset", description="whether each asset is tested, or one of those that a drill names stands for all of them"
    )
    depth: int = Field(
        DEPTH,
        ge=0,
        le=4,
        description="0 checksum, 1 file restored and compared, 2 boot or mount, 3 application or row counts, 4 full service",
    )

    @model_validator(mode="after")
    def _some(self) -> RestoreTest:
        if not any(getattr(self, leg) for leg in LEGS):
            raise ValueError(f"write how often a restore is tested: {', '.join(LEGS)}")
        return self

    def beside(self) -> str | None:
        """Return that one asset may stand for those that a drill names with it."""
        return "drill" if self.per == "scope" else None

    def weaker_than(self, least: RestoreTest, zone: str) -> Iterator[Shortfall]:  # noqa: ARG002 - words of the calendar
        """Yield in what it lets tests be rarer, shallower or fewer. A test of all of the asset is one of a part as well."""
        words = list(PERIODS)
        for leg in LEGS:
            asked = getattr(least, leg)
            stated = [word for name in LEGS[LEGS.index(leg) :] if (word := getattr(self, name)) is not None]
            if asked is not None and all(words.index(word) > words.index(asked) for word in stated):
                yield Shortfall(leg, getattr(self, leg), asked)
        yield from weaker("depth", self.depth, least.depth, self.depth < least.depth)
        yield from weaker("per", self.per, least.per, self.per == "scope" and least.per == "asset")


LEGS = ("partial", "full")
OBJECTIVES = {"restore_test": RestoreTest}
READS_KNOWN = True
OTHERWISE = NONE


def asked_of_drills(policy: PolicyVersion) -> Iterator[Asked]:
    """Yield the tests that a policy asks for."""
    stated: RestoreTest | None = policy.objectives.get("restore_test")
    for leg in LEGS:
        if stated is not None and (word := _word(policy, leg)):
            yield Asked(leg, PERIODS[word], stated.depth, whole=leg == "full", shared=stated.per == "scope")


@dataclass(frozen=True, slots=True)
class _Part:
    """A leg, a layer whose versions all state it by one word of the calendar in one zone, and its periods. known: the results of drills; others: those of other assets."""

    world: World
    leg: str
    layer: Layer
    word: str
    zone: str
    known: pl.DataFrame
    others: tuple[pl.DataFrame, pl.DataFrame]

    def edges(self) -> pl.Series:
        """Return the borders of the calendar's periods."""
        return pl.Series(borders(PERIODS[self.word], self.zone, self.world.line.start, self.world.line.stop), dtype=INT)

    def periods(self) -> pl.DataFrame:
        """Return the periods that count: `code`, `bucket`, `begin`, `end`."""
        edges = self.edges()
        found = whole_buckets(self._standing(), self.layer, edges, "right")
        return found.with_columns(begin=edges.gather(found["bucket"]), end=edges.gather(found["bucket"] + 1))

    def _standing(self) -> pl.DataFrame:
        """Return when groups are in service, their grace over, under versions that state the leg in this very way: `code`, `begin`, `end`, in order."""
        same = [
            index for index, policy in enumerate(self.world.policies) if (_word(policy, self.leg), policy.timezone) == (self.word, self.zone)
        ]  # fmt: skip
        rows = self.world.segments.filter(pl.col("policy").is_in(same))
        rows = rows.with_columns(grace=self.world.grace_ends(rows))
        return rows.select(
            "code",
            begin=pl.max_horizontal("begin", "in_service", "grace"),
            end=pl.min_horizontal("end", pl.col("retired").fill_null(FOR_EVER)),
        )

    def tests(self) -> pl.DataFrame:
        """Return the tests of the leg, as `tests_of`, with `bucket`: in which each ended."""
        rows = tests_of(self.world, self.known, self.others[0], self.layer, self.leg)
        return rows.with_columns(bucket=self.edges().search_sorted(rows["ended"], side="right").cast(INT) - 1)

    def failures(self) -> pl.DataFrame:
        """Return while failures stand, of which no pass possibly showed that they were made good."""
        rows = self.known.filter(pl.col("outcome") == "failed").with_columns(begin="ended")
        return rows.with_columns(end=cured(rows, passes(self.known)))

    def unsure(self) -> pl.DataFrame:
        """Return while failures stand, of which no proven pass showed that they were made good."""
        rows = self.known.filter(pl.col("outcome") == "failed").with_columns(begin="ended")
        return rows.with_columns(end=cured(rows, self.known.filter("proven")))

    def failing_beside(self) -> pl.DataFrame:
        """Return while failures of other assets stand, of which no proven pass showed that they were made good: no other asset stands for the group then."""
        return self.others[1].select("begin", "end", code="of")

    def recorded(self) -> pl.Series:
        """Return for each group from when on what is not in the register was not done: from the first act that began or told a recovery of it; where one of a scope is enough, never."""
        rows = self.known.group_by("code").agg(pl.col("entered").min())
        first = pl.repeat(FOR_EVER, self.world.groups.height, dtype=INT, eager=True)
        first = first.scatter(rows["code"], rows["entered"]) if rows.height else first
        shared = [index for index in self.layer.policies() if self.world.policies[index].objectives["restore_test"].per == "scope"]
        codes = self.layer.frame.filter(pl.col("policy").is_in(shared))["code"]
        return first.scatter(codes, FOR_EVER) if len(codes) else first

    def missing(self, untried: pl.DataFrame) -> pl.DataFrame:
        """Return of periods without a test those in which the register was in use, so that none was made as far as it is known."""
        return untried.filter(self.recorded().gather(untried["code"]) <= untried["begin"])

    def known_until(self) -> int:
        """Return up to when the journal is known: a test that was not entered by then may still be made in its period."""
        return FOR_EVER if self.world.known is None else micros(self.world.known.at)


def tests_of(world: World, known: pl.DataFrame, others: pl.DataFrame, layer: Layer, leg: str) -> pl.DataFrame:
    """Return the passes that are, surely (`sure`) or possibly, tests of a leg for a layer's groups: `code`, `ended`, `changed`, `proven`, `sure`, `own` (of the asset itself), and of
    the drill `id`, `entry`, `sha256`, `by`. Where nothing is stated of it they are as deep, and from points as recent, as is asked by default. known, others: the results of drills, and
    those of other assets."""
    shared = [
        index
        for index, policy in enumerate(world.policies)
        if _applies(policy) and policy.objectives["restore_test"].per == "scope"
    ]
    mine = passes(known).with_columns(of="code", own=pl.lit(value=True))
    theirs = others.filter(layer.of(others["of"], "policy").is_in(shared)).with_columns(own=pl.lit(value=False))
    rows = pl.concat([mine, theirs.select(mine.columns)])
    policies = layer.of(rows["of"], "policy")
    depths = [policy.objectives["restore_test"].depth if _applies(policy) else DEPTH for policy in world.policies]
    ages = [WITHOUT_RPO if (age := allowance(policy)) is None else age for policy in world.policies]
    rows = rows.with_columns(
        asked=pl.Series(depths, dtype=INT).gather(policies).fill_null(DEPTH),
        young=young(world, rows, pl.Series(ages, dtype=INT).gather(policies).fill_null(WITHOUT_RPO)),
    )
    deep = (pl.col("depth") >= pl.col("asked")) & ((pl.col("coverage") == "full") | pl.lit(leg == "partial"))
    rows = rows.filter(deep & pl.col("of").is_in(layer.frame["code"].implode()))
    rows = rows.with_columns(sure=pl.col("proven") & pl.col("young").fill_null(value=False))
    # Of another asset that has parts, the result has to be so of each.
    each = rows.group_by("of", "entry", "own", maintain_order=True)
    rows = each.agg(
        pl.col("ended").first(),
        pl.col("changed").min(),
        pl.col("proven", "sure").all(),
        pl.col("id", "sha256", "by").first(),
        old=~pl.col("young").fill_null(value=True).all(),
    )
    return rows.filter(~pl.col("old")).select("ended", "changed", "proven", "sure", "own", "id", "entry", "sha256", "by", code="of")


def in_time(world: World, groups: pl.DataFrame, at: int) -> pl.Series:
    """Return the codes of groups (`code`, `policy`: the version in force, or null) of which restores were, at an instant, surely tested as lately as promised: of each leg in the
    calendar's period or the one before it; without any, in as long as a measurement of the recovery time counts, else in a year."""
    if world.known is not None and at >= micros(world.known.at):
        return groups["code"].clear()
    known = results(world)
    failed = known.filter((pl.col("outcome") == "failed") & (pl.col("ended") <= at))
    doubtful = failed.filter(cured(failed, known.filter("proven")) > at)["code"]
    others = of_others(world)
    theirs = others[1].filter((pl.col("begin") <= at) & (pl.col("end") > at))["of"]
    found = [groups["code"].clear()]
    for index in groups["policy"].unique():
        mine = groups.filter(pl.col("policy").eq_missing(pl.lit(index, pl.Int32)) & ~pl.col("code").is_in(doubtful.implode()))
        policy, layer = None if index is None else world.policies[index], Layer(mine, world.groups.height)
        words = {leg: word for leg in LEGS if policy is not None and (word := _word(policy, leg))}
        codes = mine["code"]
        for leg in words or (LEGS[-1],):
            rows = tests_of(world, known, others[0], layer, leg)
            rows = rows.filter((pl.col("ended") <= at) & (pl.col("changed") > at) & pl.col("sure"))
            rows = rows.filter(pl.col("own") | ~pl.col("code").is_in(theirs.implode()))
            if policy is not None and words:
                rows = rows.filter(pl.col("ended") >= _period_before(words[leg], policy.timezone, at))
            else:
                every = WITHOUT_RTO if policy is None or "rto" not in policy.objectives else policy.objectives["rto"].every
                rows = rows.filter(plus(rows["ended"], every, world.zone if policy is None else policy.timezone) > at)
            codes = codes.filter(codes.is_in(rows["code"].implode()))
        found.append(codes)
    return pl.concat(found)


def _period_before(word: str, zone: str, at: int) -> int:
    """Return when the calendar's period before the one that holds an instant begins."""
    edges = borders(PERIODS[word], zone, at - 2 * 366 * 86_400_000_000, at)
    return [edge for edge in edges if edge <= at][-2]


def evaluate(world: World) -> list[Outcome]:
    """Judge each leg that a policy states: breached in a period in which surely no test passed, and while a failure stands."""
    return [_judged(part) for part in _parts(world)]


def _judged(part: _Part) -> Outcome:
    world, periods, tests = part.world, part.periods(), part.tests()
    ended = periods.filter((pl.col("end") > world.line.start) & (pl.col("end") <= world.line.stop))

    def met_by(some: pl.DataFrame) -> pl.DataFrame:
        rows = ended.join(_proven(some), on=["code", "bucket"])
        return world.on_line(rows.with_columns(end=pl.min_horizontal("end", "changed")))

    by_others = subtract(met_by(tests.filter(~pl.col("own"))), world.on_line(part.failing_beside()))
    met = union(met_by(tests.filter("own")), by_others)
    untried = ended.join(tests, on=["code", "bucket"], how="anti")
    missed = part.missing(untried).filter(pl.col("end") <= part.known_until())
    breached = union(world.on_line(missed), world.on_line(part.failures()))
    judged = world.on_line(ended)
    unproven = union(subtract(judged, met), world.on_line(part.unsure()))
    # The grace of a new asset is shown as for every control; no period that counts lies in it.
    _, grace = world.judged(part.layer)
    found = world.outcome(part.layer, part.leg, judged, grace, breached, unproven, of_points=False)
    due = periods.filter((pl.col("begin") < world.line.stop) & (pl.col("end") > world.line.stop))
    due = due.join(tests.filter("sure"), on=["code", "bucket"], how="anti")
    numbers = due.select("code", policy=part.layer.of(due["code"], "policy"), due_at="end")
    return replace(found, numbers=numbers)


def _proven(tests: pl.DataFrame) -> pl.DataFrame:
    """Return the periods in which a test surely passed, and when the last of them was left without proof by a change: `code`, `bucket`, `changed`."""
    return tests.filter("sure").group_by("code", "bucket").agg(pl.col("changed").max())


def _parts(world: World) -> Iterator[_Part]:
    if not any(map(_applies, world.policies)):
        return
    known, others = results(world), of_others(world)
    for whole in world.layers(_applies):
        for leg in LEGS:
            ways: dict[tuple[str, str], list[int]] = {}
            for index in whole.policies():
                policy = world.policies[index]
                if word := _word(policy, leg):
                    ways.setdefault((word, policy.timezone), []).append(index)
            for (word, zone), versions in sorted(ways.items()):
                layer = Layer(whole.frame.filter(pl.col("policy").is_in(versions)), whole.size)
                yield _Part(world, leg, layer, word, zone, known, others)


def _applies(policy: PolicyVersion) -> bool:
    return "restore_test" in policy.objectives


def _word(policy: PolicyVersion, leg: str) -> str | None:
    word: str | None = getattr(policy.objectives.get("restore_test"), leg, None)
    return word


# Why


def doubts(world: World, _names: tuple[str, ...]) -> pl.DataFrame:
    """Return what leaves a period unproven, and when: `code`, `pair`, `repository`, `key`, `begin`, `end`, `leg`."""
    found = [as_doubts([]).with_columns(leg=pl.lit(None, pl.String))]
    for part in _parts(world):
        periods, tests = part.periods(), part.tests()
        stale = periods.join(_proven(tests), on=["code", "bucket"]).with_columns(begin="changed", key=pl.lit(STALE))
        stated = periods.join(tests, on=["code", "bucket"], how="semi").join(_proven(tests), on=["code", "bucket"], how="anti")
        # What is signed off and shown by its run lacks only the recovery point.
        nameless = stated.join(tests.filter("proven"), on=["code", "bucket"], how="semi")
        stated = stated.join(tests.filter("proven"), on=["code", "bucket"], how="anti")
        told = [stale.filter(pl.col("begin") < pl.col("end")), stated.with_columns(key=pl.lit(UNPROVEN))]
        told.append(nameless.with_columns(key=pl.lit(POINT)))
        ahead = part.missing(periods.join(tests, on=["code", "bucket"], how="anti")).filter(pl.col("end") > part.known_until())
        told.append(ahead.with_columns(key=pl.lit(AHEAD)))
        told.append(part.unsure().with_columns(key=pl.lit(UNPROVEN)))
        shared = periods.join(_proven(tests.filter(~pl.col("own"))), on=["code", "bucket"])
        beside = shared.join(part.failing_beside().rename({"begin": "from", "end": "to"}), on="code")
        told.append(
            beside.with_columns(key=pl.lit(BESIDE), begin=pl.max_horizontal("begin", "from"), end=pl.min_horizontal("end", "to"))
        )
        found.append(as_doubts(told).with_columns(leg=pl.lit(part.leg)))
    return pl.concat(found)


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the drills whose failures stand when a breach (`row`, `code`, `policy`, `leg`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    found = [pl.DataFrame(schema={"row": pl.UInt32, "id": pl.String, "entry": INT, "sha256": pl.String, "by": pl.String})]
    for part in _parts(world):
        mine = breaches.filter((part.layer.of(breaches["code"], "policy") == breaches["policy"]) & (pl.col("leg") == part.leg))
        rows = mine.select("row", "code", at_begin="begin").join(part.failures(), on="code")
        rows = rows.filter((pl.col("begin") <= pl.col("at_begin")) & (pl.col("at_begin") < pl.col("end")))
        found.append(rows.select("row", "id", "entry", "sha256", "by"))
    return pl.concat(found).sort("row", "entry")


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the last test of the period that holds the instant at which a stretch in which it is met (`row`, `code`, `policy`, `leg`, `begin`) begins, one of the asset itself first:
    `row`, `id`, `entry`, `sha256`, `by`."""
    found = [pl.DataFrame(schema={"row": pl.UInt32, "id": pl.String, "entry": INT, "sha256": pl.String, "by": pl.String})]
    for part in _parts(world):
        mine = met.filter((part.layer.of(met["code"], "policy") == met["policy"]) & (pl.col("leg") == part.leg))
        rows = mine.select("row", "code", at_begin="begin").join(part.periods(), on="code")
        rows = rows.filter((pl.col("begin") <= pl.col("at_begin")) & (pl.col("at_begin") < pl.col("end")))
        rows = rows.join(part.tests().filter("sure"), on=["code", "bucket"]).filter(pl.col("at_begin") < pl.col("changed"))
        rows = rows.sort("own", "ended", "entry").unique("row", keep="last", maintain_order=True)
        found.append(rows.select("row", "id", "entry", "sha256", "by"))
    return pl.concat(found).sort("row", "entry")
