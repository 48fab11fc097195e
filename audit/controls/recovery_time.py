"""Recovery time: from the declaration of a disaster to the validated service, as measured in drills and real incidents (docs/definitions.md, section 26)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl
from pydantic import field_validator

from audit.controls._doubts import as_doubts
from audit.controls._drills import EXPIRED, NONE, OPEN, STALE, UNPROVEN, Asked, cured, passes, results
from audit.controls._objectives import Length, Objective
from audit.controls._projected import projections
from audit.controls._recorded import at_begin, not_yet_known, so_far
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.drill import FULL_SERVICE
from audit.model.estate import PolicyVersion
from audit.model.intervals import empty, subtract, union
from audit.model.terms import Term
from audit.model.world import Layer, Outcome, World, plus


class RecoveryTime(Objective):
    """`rto: 4h`, or `rto: {target: 4h, every: 1y}`: for how long a measurement counts."""

    SHORT = "target"

    target: Length
    every: Length = Term(months=12, text="1y")

    @field_validator("target")
    @classmethod
    def _exact(cls, term: Term) -> Term:
        if term.months or not term:
            raise ValueError(f"an RTO is an exact length, such as 30m, 4h or 2d, not {term}")
        return term

    def weaker_than(self, least: RecoveryTime, zone: str) -> Iterator[Shortfall]:
        """Yield in what it lets recovery take longer, or measurements be older."""
        yield from weaker("target", self.target, least.target, shorter([least.target], [self.target], zone))
        yield from weaker("every", self.every, least.every, shorter([least.every], [self.every], zone))


OBJECTIVES = {"rto": RecoveryTime}
READS_KNOWN = True
OTHERWISE = NONE


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy states an RTO: breached while a recovery that took longer counts or a failure stands, met while a proven one in time counts."""
    if not any(map(_applies, world.policies)):
        return []
    known = results(world)
    outcomes = []
    for whole in world.layers(_applies):
        judged, grace = world.judged(whole)
        breached, doubtful, good = empty(), empty(), empty()
        for index in whole.policies():
            found = _Found(world, whole.only(index), world.policies[index], known)
            breached = union(breached, *(world.on_line(rows) for rows in found.failing()))
            doubtful = union(doubtful, *(world.on_line(rows) for rows, _ in found.doubtful()))
            good = union(good, so_far(world, world.on_line(found.quick(proven=True))))
        unproven = subtract(judged, subtract(good, union(breached, doubtful)))
        outcome = world.outcome(whole, None, judged, grace, breached, unproven, of_points=False)
        outcomes.append(replace(outcome, numbers=_projected(world, known, outcome.judged)))
    return outcomes


def _projected(world: World, known: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame | None:
    """Return what is projected of the judged groups; null where nothing is."""
    ends = judged.group_by("code", "policy").agg(pl.col("end").max())
    found = []
    for index in ends["policy"].drop_nulls().unique().sort():
        policy = world.policies[index]
        found.append(projections(world, known, policy, policy.objectives["rto"].every, ends.filter(pl.col("policy") == index)))
    return pl.concat(found) if found else None


def asked_of_drills(policy: PolicyVersion) -> Iterator[Asked]:
    """Yield the measurement that a policy asks for: to the full service, of all of the asset."""
    stated: RecoveryTime | None = policy.objectives.get("rto")
    if stated is not None:
        yield Asked(None, stated.every, FULL_SERVICE, whole=True)


def _applies(policy: PolicyVersion) -> bool:
    return "rto" in policy.objectives


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of the recovery times of the groups of a layer under one policy version. known: the results of drills."""

    world: World
    layer: Layer
    policy: PolicyVersion
    known: pl.DataFrame

    def _due(self, name: str) -> pl.Expr:
        target: Term = self.policy.objectives["rto"].target
        return pl.col(name) + target.microseconds

    def _counting(self, rows: pl.DataFrame, ended: str) -> pl.DataFrame:
        """Return rows with `end`: for how long what ended then counts."""
        return rows.with_columns(end=plus(rows[ended], self.policy.objectives["rto"].every, self.policy.timezone))

    def failing(self) -> tuple[pl.DataFrame, ...]:
        """Return what surely fails: failures, until a pass may have cured them; recoveries that took too long; restore runs that alone took longer."""
        return self._failures(passes(self.known)), self._slow(), self._runs(whole=True)

    def doubtful(self) -> list[tuple[pl.DataFrame, str]]:
        """Return what may fail, and why: failures cured by nothing proven, recoveries without a result, slow restore runs of nobody knows how much."""
        awaited = self.known.filter(pl.col("outcome").is_null()).with_columns(begin=self._due("declared"))
        return [
            (self._failures(passes(self.known).filter("proven")), UNPROVEN),
            (self.layer.cut(awaited), OPEN),
            (self._runs(whole=False), UNPROVEN),
        ]

    def quick(self, *, proven: bool, changed: bool = True) -> pl.DataFrame:
        """Return while recoveries of the full service in time count, those that are proven or those that are not. changed: only up to the next change."""
        rows = passes(self.known).filter((pl.col("ended") <= self._due("declared")) & (pl.col("proven") == proven))
        rows = rows.filter((pl.col("depth") >= FULL_SERVICE) & (pl.col("coverage") == "full")).with_columns(begin="ended")
        rows = self._counting(rows, "ended")
        return self.layer.cut(rows.with_columns(end=pl.min_horizontal("end", "changed")) if changed else rows)

    def _failures(self, cures: pl.DataFrame) -> pl.DataFrame:
        rows = self.known.filter(pl.col("outcome") == "failed").with_columns(
            begin=pl.min_horizontal("ended", self._due("declared"))
        )
        return self.layer.cut(rows.with_columns(end=cured(rows, cures)))

    def _slow(self) -> pl.DataFrame:
        late = (pl.col("outcome") == "passed") & (pl.col("ended") > self._due("declared"))
        rows = self.known.filter(late).with_columns(begin=self._due("declared"))
        return self.layer.cut(self._counting(rows, "ended"))

    def _runs(self, *, whole: bool) -> pl.DataFrame:
        """Return while restore runs that ended well, and took longer than the RTO, count: those told to be of all data, or those not told how much they were of."""
        well = (pl.col("kind") == "restore") & pl.col("outcome").is_in(["success", "warning"]) & ~pl.col("partial")
        rows = self.world.runs.with_row_index("run").filter(
            well & (pl.col("whole") == whole) & (pl.col("finished") > self._due("started"))
        )
        rows = rows.select("code", "run", "finished", begin=self._due("started"))
        return self.layer.cut(self._counting(rows, "finished"))


# Why


def doubts(world: World, _names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when: `code`, `pair`, `repository`, `key`, `begin`, `end`."""
    known, found = results(world), []
    for whole in world.layers(_applies):
        for index in whole.policies():
            here = _Found(world, whole.only(index), world.policies[index], known)
            quick = {proven: here.quick(proven=proven, changed=False) for proven in (True, False)}
            old = (
                quick[True].select("code", key=pl.lit(EXPIRED), begin="end").join(here.layer.frame.select("code", "end"), on="code")
            )
            found += [rows.with_columns(key=pl.lit(key)) for rows, key in here.doubtful()]
            found += [
                quick[True].with_columns(key=pl.lit(STALE), begin=pl.max_horizontal("begin", "changed")),
                quick[False].with_columns(key=pl.lit(UNPROVEN)),
                old,
                not_yet_known(world, here.layer),
            ]
    return as_doubts([rows.filter(pl.col("begin") < pl.col("end")) for rows in found])


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the drills that show what fails when a breach (`row`, `code`, `policy`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    found = [rows.select("row", "id", "entry", "sha256", "by") for rows in _involved(world, breaches, (0, 1))]
    return pl.concat(
        [pl.DataFrame(schema={"row": pl.UInt32, "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String}), *found]
    ).sort("row", "entry")


def runs_involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the restore runs that alone took longer than the RTO and count when a breach begins: `row`, `role`, `run` (a row of world.runs)."""
    found = [
        rows.select("row", pl.lit("slow").alias("role"), pl.col("run").cast(pl.UInt32)) for rows in _involved(world, breaches, (2,))
    ]
    return pl.concat([pl.DataFrame(schema={"row": pl.UInt32, "role": pl.String, "run": pl.UInt32}), *found])


def _involved(world: World, breaches: pl.DataFrame, places: tuple[int, ...]) -> Iterator[pl.DataFrame]:
    """Yield what fails (by its places among `failing`) at the instants at which breaches begin."""
    known = results(world)
    for whole in world.layers(_applies):
        for index in whole.policies():
            here = _Found(world, whole.only(index), world.policies[index], known)
            mine = breaches.filter(pl.col("policy") == index).select("row", "code", at_begin="begin")
            failing = here.failing()
            for place in places:
                rows = mine.join(failing[place], on="code")
                yield rows.filter((pl.col("begin") <= pl.col("at_begin")) & (pl.col("at_begin") < pl.col("end")))


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the last proven recovery in time that counts when a stretch in which it is met (`row`, `code`, `policy`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    known = results(world)
    found = [pl.DataFrame(schema={"row": pl.UInt32, "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String})]
    for whole in world.layers(_applies):
        for index in whole.policies():
            here = _Found(world, whole.only(index), world.policies[index], known)
            rows = at_begin(met.filter(pl.col("policy") == index), here.quick(proven=True)).sort("ended", "entry")
            found.append(rows.unique("row", keep="last", maintain_order=True).select("row", "id", "entry", "sha256", "by"))
    return pl.concat(found).sort("row", "entry")
