"""Immutability: each live point is locked against deletion and change for long enough (design 5, "immutability")."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from pydantic import Field

from audit.controls._each import NO_COPY, judge
from audit.controls._each import doubts as doubts_of
from audit.controls._objectives import Length, Objective, Repositories
from audit.controls._told import ToldRule
from audit.controls._told import involved as involved_in
from audit.controls._weaker import Shortfall, narrower, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.lives import Lives
from audit.model.terms import FOR_EVER, Term
from audit.model.world import Outcome, World, plus


class LockedFor(Objective):
    """`locked_for: 30d`, or `locked_for: {for: 30d, repositories: [vault]}` where only those have to lock."""

    SHORT = "for"

    term: Length = Field(alias="for")
    repositories: Repositories = ()

    def weaker_than(self, least: LockedFor, zone: str) -> Iterator[Shortfall]:
        """Yield in what it locks for less, or in fewer repositories."""
        yield from weaker("for", self.term, least.term, shorter([self.term], [least.term], zone))
        answer = narrower(self.repositories, least.repositories)
        yield from weaker("repositories", self.repositories or "all", least.repositories or "all", answer)


OBJECTIVES = {"locked_for": LockedFor}
LOOKS_AT = (
    "lives",
    "presence",
    "code",
    "pair",
    "repository",
    "doubt",
    "captured",
    "available",
    "restorable",
    "immutable",
    "locked",
)
OTHERWISE = NO_COPY
UNKNOWN = "lock-unknown"
"""Why it is unproven where a point is surely there, and nothing tells until when it is locked."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy asks for locks: breached while a point is surely live that is locked for less than its term, counted from its capture."""
    return judge(_Rule, world)


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when; see `_each.doubts`."""
    return doubts_of(_Rule(world), UNKNOWN, names)


def unsure(world: World, stretches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that are surely there in stretches (`row`, `code`, `policy`, `begin`, `end`), and not known to be locked for long enough: `row`, `point`."""
    return involved_in(_Rule(world), stretches, "sure")


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that are not locked for long enough during a breach (`row`, `code`, `policy`, `begin`, `end`): `row`, `role`, `point`."""
    return involved_in(_Rule(world), breaches).select("row", "point", role=pl.lit("unlocked"))


class _Rule(ToldRule):
    """When points live whose lock ends before their term. After the term nothing is asked of them."""

    key = "locked_for"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._terms: dict[tuple[Term, str], pl.Series] = {}  # many policies have the same, and it is asked for several times

    def lives_of(self, policy: PolicyVersion) -> Lives:
        """Return when points live under a policy version."""
        return self.world.lives_of(policy)

    def repositories(self, policy: PolicyVersion) -> tuple[str, ...]:
        """Return the repositories whose points have to be locked."""
        named: tuple[str, ...] = policy.objectives["locked_for"].repositories
        return named

    def lacking(self, policy: PolicyVersion, has: str) -> pl.Series:
        """Say for each point whether its lock ends before its term. Of one of which nobody told when it was captured, the term may be over long ago."""
        short = self.world.points["locked" if has == "sure" else "immutable"] < self.asked_until(policy)
        return short.fill_null(value=has == "sure") & (self.world.points["captured"].is_not_null() | (has == "sure"))

    def asked_until(self, policy: PolicyVersion) -> pl.Series:
        """Return for each point the end of its term, or the latest at which it can end."""
        term = policy.objectives["locked_for"].term
        key = (term, policy.timezone)
        if key not in self._terms:
            self._terms[key] = plus(self.world.latest(), term, policy.timezone)
        return self._terms[key]

    def unseen_until(self, policy: PolicyVersion, captured: pl.Series) -> pl.Series:
        """Return the end of the term of points captured before an instant."""
        return plus(captured.clip(upper_bound=FOR_EVER), policy.objectives["locked_for"].term, policy.timezone)
