"""Encryption: each point that is there is encrypted (design 5, "encryption").

It is asked of points that are present, restorable or not: what cannot be restored as a whole can still be read by whoever takes it. A policy may ask as well that drills prove
the keys usable without production.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from pydantic import Field

from audit.controls._doubts import as_doubts
from audit.controls._drills import Asked, results
from audit.controls._each import NO_COPY, judge, versions
from audit.controls._each import doubts as doubts_of
from audit.controls._keys import NOT_SHOWN, RECORD, USABLE, Keys
from audit.controls._objectives import Length, Objective, Repositories
from audit.controls._recorded import at_begin
from audit.controls._told import ToldRule
from audit.controls._told import involved as involved_in
from audit.controls._weaker import Shortfall, narrower, shorter, weaker, written
from audit.controls.restore_test import DEPTH
from audit.model.estate import PolicyVersion
from audit.model.lives import Lives, presence_as_lives
from audit.model.world import Layer, Outcome, World


class Encrypted(Objective):
    """`encrypted: true`, or `encrypted: {repositories: [vault, cloud], keys_proven: 6 months}` where only those have to be, and drills have to prove that keys open them."""

    AS_TRUE = "encrypted"

    repositories: Repositories = ()
    keys_proven: Length | None = Field(
        None, description="how long a drill counts that proved the keys usable without production; when absent none is asked for"
    )

    def weaker_than(self, least: Encrypted, zone: str) -> Iterator[Shortfall]:
        """Yield in what it asks it of fewer repositories, or lets keys be proven more rarely, or not at all."""
        if least.keys_proven is not None and self.keys_proven is None:
            yield Shortfall("keys_proven", None, written(least.keys_proven))
        elif least.keys_proven is not None and self.keys_proven is not None:
            answer = shorter([least.keys_proven], [self.keys_proven], zone)
            yield from weaker("keys_proven", self.keys_proven, least.keys_proven, answer)
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


def asked_of_drills(policy: PolicyVersion) -> Iterator[Asked]:
    """Yield the proof of keys that a policy asks for."""
    stated: Encrypted | None = policy.objectives.get("encrypted")
    if stated is not None and stated.keys_proven is not None:
        yield Asked(None, stated.keys_proven, DEPTH, keys=USABLE)


def looks_beyond(policy: PolicyVersion) -> bool:
    """Say whether, under a policy version, it looks at more than LOOKS_AT says: at drills, and restore runs that show them."""
    return any(True for _ in asked_of_drills(policy))


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when; see `_each.doubts`."""
    rule = _Rule(world)
    found = []
    for keys in _asked(rule):
        rows = world.line.get(keys.missing(), "code").with_columns(pl.col("code").cast(pl.UInt32), key=pl.lit(NOT_SHOWN))
        found.append(rows.select("code", "key", "begin", "end"))
    return pl.concat([doubts_of(rule, UNKNOWN, names), as_doubts(found)])


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the drills that say that keys were not usable when a breach (`row`, `code`, `policy`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    return _of_drills(world, breaches, "denied")


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the drills that prove keys usable when a stretch in which it is met (`row`, `code`, `policy`, `begin`) begins."""
    return _of_drills(world, met, "shown")


def _of_drills(world: World, stretches: pl.DataFrame, which: str) -> pl.DataFrame:
    found = [pl.DataFrame(schema={"row": pl.UInt32, "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String})]
    for keys in _asked(_Rule(world)):
        mine = stretches.filter(keys.layer.of(stretches["code"], "policy") == stretches["policy"])
        rows = at_begin(mine, keys.denied() if which == "denied" else keys.shown())
        found.append(rows.select(pl.col("row").cast(pl.UInt32), *RECORD))
    return pl.concat(found).unique().sort("row", "entry")


def _asked(rule: _Rule) -> Iterator[Keys]:
    """Yield what drills say of keys, of each layer and policy version that asks for it."""
    for whole in rule.layers():
        for layer, policy in versions(rule.world, whole):
            if (keys := rule.keys(layer, policy)) is not None:
                yield keys


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

    def keys(self, layer: Layer, policy: PolicyVersion) -> Keys | None:
        """Return what drills say of keys; null where the policy does not ask for it."""
        stated: Encrypted = policy.objectives["encrypted"]
        if stated.keys_proven is None:
            return None
        return Keys(self.world, layer, policy, results(self.world), stated.keys_proven, stated.repositories)

    def beside(self, layer: Layer, policy: PolicyVersion) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return when keys are surely not usable without production, and when no drill proves that they are."""
        keys = self.keys(layer, policy)
        return super().beside(layer, policy) if keys is None else (self.world.on_line(keys.denied()), keys.missing())

    def failing(self, layer: Layer, policy: PolicyVersion, has: str, life: str) -> pl.DataFrame:
        """Return when points are there that are not encrypted; see `_each.Rule`. Why a point may be restorable and is not surely is no doubt here."""
        rows = super().failing(layer, policy, has, life)
        return rows.with_columns(doubt=pl.when(pl.col("doubt") <= 1).then("doubt").otherwise(pl.lit(0, pl.Int8)))
