"""Recovery point: at every instant, how much work would be lost (design 5, "recovery-point")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import polars as pl
from pydantic import field_validator

from audit.controls._exposure import Judged, numbers_of
from audit.controls._objectives import Length, Objective, Share
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, islands, subtract, union
from audit.model.terms import FOR_EVER, Term
from audit.model.world import Layer, Outcome, World, live_stretches


class Rpo(Objective):
    """`rpo: 15m`, or `rpo: {target: 1h, tolerance: 10m, at_least: 99.5%}`."""

    SHORT = "target"

    target: Length
    tolerance: Length = Term()
    at_least: Share = 1.0

    @field_validator("target", "tolerance")
    @classmethod
    def _exact(cls, term: Term) -> Term:
        if term.months:
            raise ValueError(f"an RPO is an exact length, such as 15m, 24h or 30d, not {term}")
        return term

    def weaker_than(self, least: Rpo, zone: str) -> Iterator[Shortfall]:
        """Yield in what it allows more work to be lost: target and tolerance together count."""
        allowed, most = ([one.target, one.tolerance] for one in (self, least))
        yield from weaker(
            "",
            " + ".join(str(term) for term in allowed if term) or "0s",
            " + ".join(str(term) for term in most if term) or "0s",
            shorter(most, allowed, zone),
        )
        yield from weaker("at_least", f"{self.at_least:.6%}", f"{least.at_least:.6%}", self.at_least < least.at_least)


OBJECTIVES = {"rpo": Rpo}
LOOKS_AT = ("lives", "code", "captured", "available", "restorable")
ASKS_WHEN_CAPTURED = True
WITHOUT_RPO = 7 * 86_400_000_000
"""How old, in microseconds, the newest state may be where no policy states an RPO and something has to be recent all the same: 7 days."""
SHOWS_EXPOSURE = True


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy states an RPO: breached where no live point, and none that may exist, is young enough.

    The same as: exposure(t) = t - max{captured_at(p): p live at t} > target + tolerance.
    """
    outcomes, found = [], []
    allowances = _by_policy(world, pl.Series(range(len(world.policies)), dtype=pl.Int32))
    for whole in world.layers(_applies):
        for layer, lives in world.by_acceptance(whole):
            # Of a group that is not in this layer the allowance is null. When a segment begins and ends is cut to with the judged time.
            allowed = Layer(layer.frame.with_columns(allowed=_by_policy(world, layer.frame["policy"])), layer.size)
            until = world.points["restorable"] + allowed.of(world.points["code"], "allowed")
            sure, possible = live_stretches(lives, world.line, world.points["code"], None, until)
            starts = _new_assets(world, layer)
            start = world.on_line(starts)
            judged, grace = world.judged(layer)
            breached = subtract(judged, union(possible, start, _unseen(world, layer)))
            unproven = subtract(subtract(judged, union(sure, start)), breached)
            outcomes.append(world.outcome(layer, None, judged, grace, breached, unproven))
            found.append(Judged(outcomes[-1], lives, starts, allowances))
    return [replace(one, numbers=numbers_of(world, found) if one is outcomes[0] else None) for one in outcomes]


def share_asked(policy: PolicyVersion, leg: str | None) -> float:  # noqa: ARG001 - it has no legs
    """Return the share of the judged time that has to be met for the verdict `met` (`at_least`)."""
    share: float = policy.objectives["rpo"].at_least
    return share


def allowance(policy: PolicyVersion) -> int | None:
    """Return target + tolerance in microseconds; null when the policy states no RPO. Raises `ValueError` for a calendar term: an RPO is exact."""
    rpo = policy.objectives.get("rpo")
    return None if rpo is None else rpo.target.microseconds + rpo.tolerance.microseconds


reach = allowance
"""How old a point may be and still count, in microseconds."""


def _applies(policy: PolicyVersion) -> bool:
    return "rpo" in policy.objectives


def _by_policy(world: World, policy: pl.Series) -> pl.Series:
    """Return target + tolerance for a series of policy indices."""
    table = pl.Series([allowance(version) for version in world.policies], dtype=INT)
    return table.gather(policy)


def _new_assets(world: World, layer: Layer) -> pl.DataFrame:
    """Return the time that a new asset has for its first point, once, from when it first comes into service: `code`, `begin`, `end`, `state` (that instant)."""
    rows = world.serving(layer)
    frame = rows.with_columns(allowed=_by_policy(world, rows["policy"]))
    until = pl.min_horizontal(pl.col("started") + pl.col("allowed"), "end")
    return frame.select("code", begin=pl.max_horizontal("in_service", "begin"), end=until, state="started")


def _unseen(world: World, layer: Layer) -> pl.DataFrame:
    """Return when a point that nobody saw may protect: from its capture to the end of the allowance, or to the listing that would show it."""
    codes = world.unseen["code"]
    rows = world.unseen.with_columns(
        low=layer.of(codes, "begin"), high=layer.of(codes, "end"), allowed=_by_policy(world, layer.of(codes, "policy"))
    )
    rows = rows.filter(pl.col("allowed").is_not_null())
    until = pl.min_horizontal(pl.col("end").clip(upper_bound=FOR_EVER) + pl.col("allowed"), "gone", "high")
    return islands(rows.select(*world.line.put(pl.col("code"), pl.max_horizontal("begin", "low"), until)))
