"""Encryption: each point that is there is encrypted (design 5, "encryption").

It is asked of points that are present, restorable or not: what cannot be restored as a whole can still be read by whoever takes it.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audit.controls._each import NO_COPY, judge
from audit.controls._each import doubts as doubts_of
from audit.controls._objectives import Objective, Repositories
from audit.controls._told import ToldRule
from audit.controls._told import involved as involved_in
from audit.controls._weaker import Shortfall, narrower, weaker
from audit.model.estate import PolicyVersion
from audit.model.lives import Lives, presence_as_lives
from audit.model.world import Layer, Outcome, World


class Encrypted(Objective):
    """`encrypted: true`, or `encrypted: {repositories: [vault, cloud]}` where only those have to be."""

    AS_TRUE = "encrypted"

    repositories: Repositories = ()

    def weaker_than(self, least: Encrypted, zone: str) -> Iterator[Shortfall]:  # noqa: ARG002 - the same at any date
        """Yield in what it asks it of fewer repositories."""
        answer = narrower(self.repositories, least.repositories)
        yield from weaker("repositories", self.repositories or "all", least.repositories or "all", answer)


OBJECTIVES = {"encrypted": Encrypted}
LOOKS_AT = ("presence", "code", "pair", "repository", "doubt", "available", "encrypted")
OTHERWISE = NO_COPY
UNKNOWN = "encryption-unknown"
"""Why it is unproven where a point is surely there, and nothing tells whether it is encrypted, or one thing tells yes and another no."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy asks for encryption: breached while a point is surely there that is surely not encrypted."""
    return judge(_Rule, world)


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when; see `_each.doubts`."""
    return doubts_of(_Rule(world), UNKNOWN, names)


def unsure(world: World, stretches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that are surely there in stretches (`row`, `code`, `policy`, `begin`, `end`), and of which it is not known whether they are encrypted: `row`, `point`."""
    return involved_in(_Rule(world), stretches, "sure")


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that are not encrypted during a breach (`row`, `code`, `policy`, `begin`, `end`): `row`, `role`, `point`."""
    return involved_in(_Rule(world), breaches).select("row", "point", role=pl.lit("unencrypted"))


class _Rule(ToldRule):
    """When points are there that are not encrypted."""

    key = "encrypted"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.lives = presence_as_lives(world.points, world.presence)

    def lives_of(self, policy: PolicyVersion) -> Lives:  # noqa: ARG002 - partial points can be read as well
        """Return when points are present."""
        return self.lives

    def repositories(self, policy: PolicyVersion) -> tuple[str, ...]:
        """Return the repositories whose points have to be encrypted."""
        named: tuple[str, ...] = policy.objectives["encrypted"].repositories
        return named

    def lacking(self, policy: PolicyVersion, has: str) -> pl.Series:  # noqa: ARG002 - told of the point, whatever the policy
        """Say for each point whether it is not encrypted."""
        return ~self.world.points["encrypted"].fill_null(value=has == "possible")

    def failing(self, layer: Layer, policy: PolicyVersion, has: str, life: str) -> pl.DataFrame:
        """Return when points are there that are not encrypted; see `_each.Rule`. Why a point may be restorable and is not surely is no doubt here."""
        rows = super().failing(layer, policy, has, life)
        return rows.with_columns(doubt=pl.when(pl.col("doubt") <= 1).then("doubt").otherwise(pl.lit(0, pl.Int8)))
