"""Exercise: recovery was exercised in each agreed way, often enough, with a scenario and lessons (docs/definitions.md, section 27)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from pydantic import Field, model_validator

from audit.controls._doubts import as_doubts
from audit.controls._drills import Asked
from audit.controls._objectives import Length, Objective
from audit.controls._recorded import at_begin, not_yet_known, recorded, so_far
from audit.controls._weaker import Shortfall, shorter, weaker, written
from audit.model.estate import PolicyVersion
from audit.model.intervals import empty, subtract, union
from audit.model.terms import FOR_EVER, Term
from audit.model.world import Layer, Outcome, World, plus

STANDING_IN = {
    "table-top": ("full", "failover"),
    "file": ("full",),
    "database": ("full",),
    "full": (),
    "failover": (),
}
"""The kinds of exercises, and for each those that show as much and more. A failover restores nothing from a backup, and a restore switches nothing over."""
LEGS = tuple(STANDING_IN)
OPEN, UNTOLD, UNTRIED, NONE = "exercise-open", "exercise-untold", "exercise-untried", "no-exercise"
"""Why it is unproven: one that nobody signed off yet; one without scenario or lessons; one that named the asset and did not try it; none."""


class Exercise(Objective):
    """`exercise: {table-top: 6 months, full: 1y}`: how long after an exercise of a kind the next one has to be held."""

    table_top: Length | None = Field(None, alias="table-top", description="the longest time from one talk at a table to the next")
    file: Length | None = Field(None, description="the same of exercises in which files are recovered")
    database: Length | None = Field(None, description="the same of exercises in which a database is recovered")
    full: Length | None = Field(None, description="the same of exercises in which everything is recovered")
    failover: Length | None = Field(None, description="the same of exercises of a failover")

    @model_validator(mode="after")
    def _some(self) -> Exercise:
        if not any(self.every(kind) for kind in STANDING_IN):
            raise ValueError(f"write how often recovery is exercised in which way: {', '.join(STANDING_IN)}")
        return self

    def every(self, kind: str) -> Term | None:
        """Return how often an exercise of a kind is asked for; null where none is."""
        term: Term | None = getattr(self, kind.replace("-", "_"))
        return term

    def weaker_than(self, least: Exercise, zone: str) -> Iterator[Shortfall]:
        """Yield in what it lets exercises be rarer. One of a kind that stands in for the one demanded will do."""
        for kind in STANDING_IN:
            asked = least.every(kind)
            stated = [term for one in (kind, *STANDING_IN[kind]) if (term := self.every(one)) is not None]
            if asked is None:
                continue
            if not stated:
                yield Shortfall(kind, None, written(asked))
                continue
            answers = {shorter([asked], [term], zone) for term in stated}
            mine = self.every(kind) or stated[0]
            yield from weaker(kind, mine, asked, False if False in answers else True if answers == {True} else None)


OBJECTIVES = {"exercise": Exercise}
READS_KNOWN = True
OTHERWISE = NONE


def evaluate(world: World) -> list[Outcome]:
    """Judge each kind of exercise that a policy asks for: breached once the last one held is too long ago, met while a proven one is not."""
    outcomes = []
    for kind, whole, held in _asked(world):
        judged, grace = world.judged(whole)
        counting = union(empty(), *(world.on_line(one.counting()) for one in held))
        sure = union(empty(), *(world.on_line(one.counting().filter(_SURE)) for one in held))
        lapsed = union(empty(), *(world.on_line(one.lapsed()) for one in held))
        met, breached = so_far(world, sure), so_far(world, subtract(lapsed, counting))
        unproven = subtract(judged, union(met, breached))
        outcomes.append(world.outcome(whole, kind, judged, grace, breached, unproven, of_points=False))
    return outcomes


def asked_of_drills(policy: PolicyVersion) -> Iterator[Asked]:
    """Yield the exercises that a policy asks for."""
    for kind in STANDING_IN:
        if (term := _every(policy, kind)) is not None:
            yield Asked(kind, term, exercises=(kind, *STANDING_IN[kind]))


def _every(policy: PolicyVersion, kind: str) -> Term | None:
    objective: Exercise | None = policy.objectives.get("exercise")
    return None if objective is None else objective.every(kind)


_SURE = pl.col("signed") & pl.col("told") & pl.col("tried")


@dataclass(frozen=True, slots=True)
class _Held:
    """The exercises of a kind, or of one that stands in for it, that name the groups of a layer under one policy version."""

    world: World
    layer: Layer
    policy: PolicyVersion
    kind: str

    def _rows(self) -> pl.DataFrame:
        """Return them with `due`: when the next one has to be held."""
        schema = {
            "code": pl.UInt32,
            "id": pl.String,
            "entry": pl.Int64,
            "sha256": pl.String,
            "by": pl.String,
            "held": pl.Int64,
            "due": pl.Int64,
        }
        flags = dict.fromkeys(("signed", "told", "tried"), pl.Boolean)
        if not recorded(self.world, "drill"):
            return pl.DataFrame(schema={**schema, **flags})
        kinds = [self.kind, *STANDING_IN[self.kind]]
        rows = self.world.records["drill"].filter(pl.col("held").is_not_null() & ~pl.col("given_up") & pl.col("drill").is_in(kinds))
        # A record speaks of an asset segment by segment; an exercise is one.
        rows = rows.with_columns(pl.col("held").cast(pl.Int64)).unique(["code", "id"], maintain_order=True)
        term = _every(self.policy, self.kind)
        assert term is not None
        due = plus(rows["held"], term, self.policy.timezone)
        return rows.with_columns(due=due).select(pl.col(name).cast(of) for name, of in {**schema, **flags}.items())

    def counting(self) -> pl.DataFrame:
        """Return while exercises count, surely or possibly. Of one that is not signed off nobody said when it was over."""
        end = pl.when("signed").then("due").otherwise(pl.lit(FOR_EVER))
        return self.layer.cut(self._rows().with_columns(begin="held", end=end))

    def lapsed(self) -> pl.DataFrame:
        """Return from when on exercises that were held are too long ago."""
        return self.layer.cut(self._rows().filter("signed").with_columns(begin="due", end=pl.lit(FOR_EVER)))


def _asked(world: World) -> Iterator[tuple[str, Layer, list[_Held]]]:
    """Yield each kind and layer in which it is asked for, with the exercises by policy version."""
    for kind in STANDING_IN:
        for whole in world.layers(lambda policy, kind=kind: _every(policy, kind) is not None):  # type: ignore[misc]
            yield kind, whole, [_Held(world, whole.only(index), world.policies[index], kind) for index in whole.policies()]


# Why


def doubts(world: World, _names: tuple[str, ...]) -> pl.DataFrame:
    """Return why it is unproven, and when: `code`, `pair`, `repository`, `key`, `begin`, `end`, `leg`."""
    found = [as_doubts([]).with_columns(leg=pl.lit(None, pl.String))]
    signed = pl.when(pl.col("told")).then(pl.lit(UNTRIED)).otherwise(pl.lit(UNTOLD))
    key = pl.when(pl.col("signed")).then(signed).otherwise(pl.lit(OPEN))
    for kind, whole, held in _asked(world):
        # Where one surely counts it is met, whatever else may count.
        told = [one.counting().filter(~_SURE).with_columns(key=key) for one in held]
        found.append(as_doubts([*told, not_yet_known(world, whole)]).with_columns(leg=pl.lit(kind)))
    return pl.concat(found)


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the last exercise that was held before a breach (`row`, `code`, `policy`, `leg`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    found = [pl.DataFrame(schema={"row": pl.UInt32, "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String})]
    for kind, _, held in _asked(world):
        mine = breaches.filter(pl.col("leg") == kind)
        for one in held:
            rows = at_begin(mine, one.lapsed()).sort("held", "entry").unique("row", keep="last", maintain_order=True)
            found.append(rows.select("row", "id", "entry", "sha256", "by"))
    return pl.concat(found).sort("row", "entry")


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the last exercise that surely counts when a stretch in which it is met (`row`, `code`, `policy`, `leg`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    found = [pl.DataFrame(schema={"row": pl.UInt32, "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String})]
    for kind, _, held in _asked(world):
        mine = met.filter(pl.col("leg") == kind)
        for one in held:
            rows = (
                at_begin(mine, one.counting().filter(_SURE)).sort("held", "entry").unique("row", keep="last", maintain_order=True)
            )
            found.append(rows.select("row", "id", "entry", "sha256", "by"))
    return pl.concat(found).sort("row", "entry")
