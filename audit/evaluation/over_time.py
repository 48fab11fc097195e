"""Over time: how exposure ran, and what was allowed, and how many copies were counted, as data; what a picture of a verdict is drawn from. Pure.

Instants are Int64 microseconds; stretches are half-open and lie in the period. `bound`: `sure` or `possible`, as the two bounds of every verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

import audit.controls
from audit.discovery import modules
from audit.evaluation.advice import staircase
from audit.evaluation.assess import as_seen_by
from audit.model.intervals import INT
from audit.model.world import World

EXPOSURE = {"code": pl.UInt32, "bound": pl.String, "begin": INT, "end": INT, "state": INT}
"""In [begin, end) the newest live state is that of the instant `state`: the exposure at t is t - state, a tooth of the sawtooth."""
ALLOWED = {"code": pl.UInt32, "begin": INT, "end": INT, "allowed": INT}


@dataclass(frozen=True, slots=True)
class OverTime:
    """How a control ran over time on an asset, by `part`. Of a control that asks for exposure, `exposure` and `allowed` tell it (EXPOSURE and ALLOWED); of one that
    counts copies, `counts` does (its COUNTS); else they are null."""

    exposure: pl.DataFrame | None = None
    allowed: pl.DataFrame | None = None
    counts: pl.DataFrame | None = None


def over_time(control: str, read: Callable[[str], pl.DataFrame]) -> OverTime:
    """Return how a control ran, of what `read` gives of an asset by the names of `courses`."""
    shows, counts = _what(control)
    return OverTime(
        exposure=read("exposure") if shows else None,
        allowed=read("allowed") if shows else None,
        counts=read(f"counts-{control}") if counts else None,
    )


def runs_over_time() -> list[str]:
    """Return the controls that run over time: of others there is nothing to draw."""
    return [control for control in modules(audit.controls.__name__) if any(_what(control))]


def courses(world: World, controls: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Return, for every asset that is judged, how controls ran over time: frames by name, with `asset` and `part` for `code`, by asset."""
    found: dict[str, pl.DataFrame] = {}
    for control in controls:
        shows, counts = _what(control)
        if shows and "exposure" not in found:
            found |= {"exposure": exposure(world), "allowed": allowed(world)}
        if counts:
            module = modules(audit.controls.__name__)[control]
            found[f"counts-{control}"] = module.counts(as_seen_by(module, world))
    groups = world.groups.select(pl.col("code").cast(pl.UInt32), "asset", "part")
    groups = groups.filter(~pl.col("code").is_in(world.beside.cast(pl.UInt32).implode()))
    return {
        name: frame.join(groups, on="code", maintain_order="left").select("asset", "part", pl.exclude("asset", "part", "code"))
        .sort("asset", "part", maintain_order=True)
        for name, frame in found.items()
    }  # fmt: skip


def _what(control: str) -> tuple[bool, bool]:
    """Say of a control whether it shows exposure, and whether it counts copies."""
    module = modules(audit.controls.__name__)[control]
    return getattr(module, "SHOWS_EXPOSURE", False), hasattr(module, "counts")


def exposure(world: World) -> pl.DataFrame:
    """Return the sawtooth of every group: EXPOSURE. Where nothing is live there is no row. What nobody may have seen is not in it: that is told by the verdict."""
    found, world = [], world.at_latest()
    for accepts, lives in world.lives.items():
        codes = _codes(world, accepts=accepts)
        for bound in ("sure", "possible"):
            stairs = staircase(world, lives, bound).filter(pl.col("code").is_in(codes.implode()))
            found.append(
                stairs.with_columns(bound=pl.lit(bound)).select(pl.col(name).cast(kind) for name, kind in EXPOSURE.items())
            )
    return pl.concat(found).sort("code", "bound", "begin")


def _codes(world: World, *, accepts: bool) -> pl.Series:
    """Return the groups whose last policy in the period accepts partial points, or does not."""
    last = world.segments.filter(pl.col("begin") < world.line.stop).group_by("code", maintain_order=True).last()
    mine = [index for index, policy in enumerate(world.policies) if policy.accept_partial is accepts]
    of_none = pl.col("policy").is_null() if not accepts else pl.lit(value=False)
    return last.filter(pl.col("policy").is_in(mine) | of_none)["code"].cast(INT)


def allowed(world: World) -> pl.DataFrame:
    """Return how much exposure the policy in force allowed (target and tolerance, in microseconds): ALLOWED."""
    terms = [
        None if (rpo := policy.objectives.get("rpo")) is None else rpo.target.microseconds + rpo.tolerance.microseconds
        for policy in world.policies
    ]
    table = pl.Series(terms, dtype=INT)
    rows = world.segments.with_columns(
        begin=pl.max_horizontal("begin", pl.lit(world.line.start)), end=pl.min_horizontal("end", pl.lit(world.line.stop))
    )
    rows = rows.filter((pl.col("begin") < pl.col("end")) & pl.col("policy").is_not_null())
    rows = rows.with_columns(allowed=table.gather(rows["policy"])).drop_nulls("allowed")
    return rows.select(pl.col(name).cast(kind) for name, kind in ALLOWED.items()).sort("code", "begin")
