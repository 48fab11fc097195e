"""What controls share that ask for something which evidence tells of a point, once and for all: that it is encrypted, or locked for long enough.

Such a promise does not end when the asset retires: it runs on until no point is left. It may be about some repositories only. Instants are Int64 microseconds.
"""

from __future__ import annotations

from abc import abstractmethod

import polars as pl

from audit.controls._each import Rule, hidden
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT
from audit.model.terms import FOR_EVER
from audit.model.world import Layer, World


class ToldRule(Rule):
    """Says of each point whether it lacks something that is told of it, and up to when that is asked."""

    outlives = True

    @abstractmethod
    def repositories(self, policy: PolicyVersion) -> tuple[str, ...]:
        """Return the names of the repositories that it is asked of; none: of all."""

    @abstractmethod
    def lacking(self, policy: PolicyVersion, has: str) -> pl.Series:
        """Say for each point whether it lacks what is asked: in the world `sure` also where nothing tells that it has it."""

    def asked_until(self, policy: PolicyVersion) -> pl.Series:  # noqa: ARG002 - a rule may ask it for a time only
        """Return for each point the instant from which on nothing is asked of it."""
        return pl.repeat(FOR_EVER, self.world.points.height, dtype=INT, eager=True)

    def counted(self, policy: PolicyVersion) -> pl.Series:
        """Say for each point whether it lies in a repository that the rule is about."""
        return self._inside(policy, self.world.points["repository"])

    def _inside(self, policy: PolicyVersion, numbers: pl.Series) -> pl.Series:
        names = self.repositories(policy)
        if not names:
            return pl.repeat(value=True, n=len(numbers), dtype=pl.Boolean, eager=True)
        chosen = self.world.repositories.filter(pl.col("name").is_in(names))["repository"].unique()
        return numbers.is_in(chosen.implode()).fill_null(value=False)

    def failing(self, layer: Layer, policy: PolicyVersion, has: str, life: str) -> pl.DataFrame:
        """Return when points that lack it live; see `Rule`."""
        codes = self.world.points["code"]
        some = self.counted(policy) & self.lacking(policy, has)
        high = pl.select(pl.min_horizontal(layer.of(codes, "end"), self.asked_until(policy))).to_series()
        # A minimum passes over what is null: a group without a segment here has no end, and is left out by its beginning.
        return self.places.named(self.places.live(self.lives_of(policy), life, some, layer.of(codes, "begin"), high))

    def unseen(self, layer: Layer, policy: PolicyVersion) -> pl.DataFrame:
        """Return when points that nobody saw may be there, for as long as it is asked of them."""
        rows = hidden(self.world, layer)
        rows = rows.filter(self._inside(policy, rows["repository"]))
        rows = rows.with_columns(
            begin=pl.max_horizontal("begin", "low"), gone=pl.min_horizontal("gone", self.unseen_until(policy, rows["end"]))
        )
        return rows.filter(pl.col("begin") < pl.col("gone")).drop("low")

    def unseen_until(self, policy: PolicyVersion, captured: pl.Series) -> pl.Series:  # noqa: ARG002 - as for `asked_until`
        """Return the instant from which on nothing is asked of points captured before an instant."""
        return pl.repeat(FOR_EVER, len(captured), dtype=INT, eager=True)


def involved(rule: ToldRule, breaches: pl.DataFrame, has: str = "possible") -> pl.DataFrame:
    """Return the points that surely lack it (in the world `sure`: also those of which nothing tells that they have it) while they surely live during a breach (`row`,
    `code`, `policy`, `begin`, `end`): `row`, `point`."""
    world: World = rule.world
    found = [pl.DataFrame(schema={"row": breaches.schema["row"], "point": pl.UInt32})]
    for index in breaches["policy"].drop_nulls().unique():
        policy = world.policies[index]
        some = (rule.counted(policy) & rule.lacking(policy, has)).arg_true()
        lives = rule.lives_of(policy).rows("sure").filter(pl.col("point").is_in(some.implode()))
        codes, until = (column.gather(lives["point"]) for column in (world.points["code"], rule.asked_until(policy)))
        lives = lives.select("point", code=codes, since="begin", last=pl.min_horizontal("end", until))
        mine = breaches.filter(pl.col("policy") == index).select("row", "code", "begin", "end")
        inside = lives.join(mine, on="code").filter((pl.col("since") < pl.col("end")) & (pl.col("last") > pl.col("begin")))
        found.append(inside.filter(pl.col("since") < pl.col("last")).select("row", pl.col("point").cast(pl.UInt32)).unique())
    return pl.concat(found)
