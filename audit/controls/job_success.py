"""Job success: runs ended well at the agreed rate, and not too often badly in a row (design 5, "job-success")."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from pydantic import Field, model_validator

from audit.controls._captures import reasons
from audit.controls._each import versions
from audit.controls._objectives import Objective, Share
from audit.controls._series import NOWHERE, History
from audit.controls._slots import Slots
from audit.controls._weaker import Shortfall, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import islands, subtract, union
from audit.model.world import DOUBT, Layer, Outcome, World


class Success(Objective):
    """`success: {rate: 99%, consecutive_failures: 3}`."""

    rate: Share | None = Field(None, description="the share of the time for which runs have ended well")
    consecutive_failures: int | None = Field(None, ge=1, le=1000, description="how many runs in a row may not end badly")

    @model_validator(mode="after")
    def _some(self) -> Success:
        if self.rate is None and self.consecutive_failures is None:
            raise ValueError("write `rate`, such as 99%, or `consecutive_failures`, such as 3, or both")
        return self

    def weaker_than(self, least: Success, zone: str) -> Iterator[Shortfall]:  # noqa: ARG002 - it has no lengths of time
        """Yield in what it lets more runs fail."""
        if least.rate is not None:
            stated = None if self.rate is None else f"{self.rate:.6%}"
            yield from weaker("rate", stated, f"{least.rate:.6%}", self.rate is None or self.rate < least.rate)
        if least.consecutive_failures is not None:
            allowed, most = self.consecutive_failures, least.consecutive_failures
            yield from weaker("consecutive_failures", allowed, most, allowed is None or allowed > most)


OBJECTIVES = {"success": Success}
LEGS = {"rate": "rate", "consecutive": "consecutive_failures"}
"""The field of each leg."""
OTHERWISE = "no-run"
"""Why it is unproven where nothing else is in doubt: no run is known that ended well."""


def evaluate(world: World) -> list[Outcome]:
    """Judge each leg that a policy states: breached where it fails although all that is not told ended well."""
    return [_judged(world, *part) for part in _parts(world)]


def share_asked(policy: PolicyVersion, leg: str | None) -> float:
    """Return the share of the judged time that has to be met for the verdict `met`: of the rate, the rate."""
    terms: Success = policy.objectives["success"]
    return terms.rate if leg == "rate" and terms.rate is not None else 1.0


def _applies(policy: PolicyVersion) -> bool:
    return "success" in policy.objectives


Part = tuple[str, Layer, PolicyVersion, History, Slots]


def _parts(world: World) -> Iterator[Part]:
    """Yield each leg under each policy version that states it."""
    if not any(_applies(policy) for policy in world.policies):
        return
    history = History(world)
    for whole in world.layers(_applies):
        for layer, policy in versions(world, whole):
            slots = history.slots(policy)
            for leg, field in LEGS.items():
                if getattr(policy.objectives["success"], field) is not None:
                    yield leg, layer, policy, history, slots


def _judged(world: World, leg: str, layer: Layer, policy: PolicyVersion, history: History, slots: Slots) -> Outcome:
    judged, grace = world.judged(layer)
    failing = {name: world.on_line(layer.cut(_weighing(leg, policy, history, layer, slots, name))) for name in ("sure", "possible")}
    shadows = world.on_line(layer.cut(history.shadows(layer, slots)))
    enough, perhaps = _enough(world, leg, history, layer, slots)
    breached = union(subtract(judged, perhaps), failing["possible"])
    unproven = union(subtract(judged, enough), failing["sure"], shadows)
    return world.outcome(layer, leg, judged, grace, breached, unproven)


def _weighing(leg: str, policy: PolicyVersion, history: History, layer: Layer, slots: Slots, name: str) -> pl.DataFrame:
    """Return the runs that ended badly and what a leg does not forgive of them, with `begin` and `end` of the time for which each weighs."""
    rows = history.weighing(name, layer, slots)
    if leg == "rate":
        return rows.filter(rows["next"] >= slots.retry(rows["at"]))
    return rows.filter(pl.col("rank") >= policy.objectives["success"].consecutive_failures)


def _enough(world: World, leg: str, history: History, layer: Layer, slots: Slots) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return when a run that ended well is enough for a leg, surely and possibly, as islands on the line."""
    always = world.on_line(layer.frame)
    if leg == "consecutive":
        first = history.good["sure"].group_by("code").agg(begin=pl.col("at").min()).with_columns(end=world.line.stop)
        return world.on_line(layer.cut(first)), always
    if not slots.stated:
        return always.clear(), always
    start = _first_due(world, layer, slots)
    sure = world.on_line(layer.cut(history.standing("sure", layer, slots)))
    more = (history.standing("possible", layer, slots), history.hidden(layer, slots))
    return union(sure, start), union(start, *(world.on_line(layer.cut(rows)) for rows in more))


def _first_due(world: World, layer: Layer, slots: Slots) -> pl.DataFrame:
    """Return the time that a new asset has for its first run."""
    rows = world.serving(layer)
    rows = rows.with_columns(until=slots.due(rows["started"]))
    begin, end = pl.max_horizontal("in_service", "begin"), pl.min_horizontal("until", "end")
    return islands(rows.select(*world.line.put(pl.col("code"), begin, end)))


# Why


def doubts(world: World, _names: tuple[str, ...]) -> pl.DataFrame:
    """Return what may have ended otherwise than it should, and when that leaves a leg unproven: `code`, `pair`, `repository`, `key`, `begin`, `end`, `leg`."""
    numbers = pl.concat([frame.select("pair", "repository") for frame in (world.runs, world.points)]).drop_nulls().unique("pair")
    found = [reasons(pl.DataFrame(schema=DOUBT), "")]
    for leg, layer, policy, history, slots in _parts(world):
        spoken = history.spoken()
        running = pl.col("outcome") == "running"
        key = pl.when("half").then(pl.lit("run-untold")).otherwise(pl.lit("unlogged"))
        told = [_weighing(leg, policy, history, layer, slots, "sure").filter(running).with_columns(key=pl.lit("run-running"))]
        told.append(history.shadows(layer, slots).with_columns(key=key))
        if leg == "rate" and slots.stated:
            told.append(history.standing("possible", layer, slots).filter(running).with_columns(key=pl.lit("run-running")))
            told.append(history.hidden(layer, slots).with_columns(key=key))
        elif leg == "rate":
            told.append(layer.frame.with_columns(pair=pl.lit(NOWHERE, pl.Int32), source=pl.lit(""), key=pl.lit("no-schedule")))
        rows = pl.concat([layer.cut(one).select("code", "source", "pair", "key", "begin", "end") for one in told])
        # Of a source as a whole any of its pairs says which source it is.
        rows = rows.join(numbers, on="pair", how="left").join(spoken, on=["code", "source"], how="left")
        pair = pl.when(pl.col("pair") == NOWHERE).then(pl.col("spoken").fill_null(NOWHERE)).otherwise("pair")
        found.append(
            reasons(
                rows.select(pair.alias(name) if name == "pair" else pl.col(name).cast(kind) for name, kind in DOUBT.items()), leg
            )
        )
    return pl.concat(found)


def runs_involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the runs that ended badly and weigh in a breach (`row`, `code`, `policy`, `leg`, `begin`, `end`), or where none does the last backup before it that
    ended well: `row`, `role`, `run` (a row of world.runs)."""
    found = [pl.DataFrame(schema={"row": pl.UInt32, "role": pl.String, "run": pl.UInt32})]
    for leg, layer, policy, history, slots in _parts(world):
        mine = breaches.filter((layer.of(breaches["code"], "policy") == breaches["policy"]) & (pl.col("leg") == leg))
        asked = mine.select("row", "code", since="begin", to="end")
        bad = layer.cut(_weighing(leg, policy, history, layer, slots, "possible")).select("code", "run", "begin", "end")
        hits = asked.join(bad, on="code").filter((pl.col("begin") < pl.col("to")) & (pl.col("end") > pl.col("since")))
        found.append(hits.select("row", role=pl.lit("failed"), run="run"))
        rest = asked.join(hits.select("row").unique(), on="row", how="anti").select("row", "code", at="since").sort("at")
        good = history.good["possible"].filter(pl.col("kind") == "backup").select("code", "run", "at").sort("at", "run")
        last = rest.join_asof(good, on="at", by="code", check_sortedness=False).drop_nulls("run")
        found.append(last.select("row", role=pl.lit("last"), run="run"))
    return pl.concat(found).cast({"row": pl.UInt32, "run": pl.UInt32})
