"""Exposure where the promise is kept: the worst and the present one, for recovery-point (docs/definitions.md, section 7).

All instants and lengths are Int64 microseconds; stretches lie on the world's line where it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from audit.model.exposure import severities
from audit.model.intervals import AFTER_ALL, BEFORE_ALL, INT, highest, search
from audit.model.lives import Lives
from audit.model.terms import to_seconds
from audit.model.world import Outcome, World

EXPOSURE = {"code": pl.UInt32, "policy": pl.Int32, "end": INT, "allowed": INT, "kept": pl.Boolean, "worst": INT, "present": INT}


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of a layer, and what it was found from. starts: the time that new assets have for their first point: `code`, `begin`, `end`, `state` (when it came into service).
    allowed: by policy, how old the newest point may be."""

    outcome: Outcome
    lives: Lives
    starts: pl.DataFrame
    allowed: pl.Series


def numbers_of(world: World, several: Sequence[Judged]) -> pl.DataFrame:
    """Return the numbers of an outcome: `code`, `policy`, `worst_exposure_seconds` and `worst_severity` of what is surely kept throughout, and `present_exposure_seconds` and
    `present_severity` of the last judged instant where it is known there. The worst of what is breached is told by its breaches."""
    rows = pl.concat([pl.DataFrame(schema=EXPOSURE), *(_exposure(world, one) for one in several)])
    # A policy version may judge a group in several layers.
    rows = rows.sort("end").group_by("code", "policy", maintain_order=True).agg(
        pl.col("allowed", "present").last(), worst=pl.when(pl.col("kept").all()).then(pl.col("worst").max())
    )  # fmt: skip
    known = pl.any_horizontal(pl.col("worst", "present").is_not_null())
    return rows.filter(known).select(
        "code",
        "policy",
        worst_exposure_seconds=to_seconds(pl.col("worst")),
        worst_severity=severities(pl.col("worst"), pl.col("allowed")),
        present_exposure_seconds=to_seconds(pl.col("present")),
        present_severity=severities(pl.col("present"), pl.col("allowed")),
    )


def _exposure(world: World, one: Judged) -> pl.DataFrame:
    """Return the exposures of one layer (EXPOSURE). kept: nothing of it is breached or unproven."""
    outcome = one.outcome
    found = outcome.judged.group_by("code").agg(pl.col("policy").first(), pl.col("end").max())
    broken = pl.concat([outcome.breached, outcome.unproven]).group_by("code").agg(until=pl.col("end").max())
    breached = outcome.breached.group_by("code").agg(breached=pl.col("end").max())
    found = found.join(broken, on="code", how="left").join(breached, on="code", how="left")
    found = found.with_columns(kept=pl.col("until").is_null(), allowed=one.allowed.gather(found["policy"]))
    # What is unproven at the last instant is not known there.
    fine = found.filter(pl.col("until").ne_missing(pl.col("end")))
    lost = found.filter(pl.col("breached") == pl.col("end"))
    newest = pl.concat([_present(world, one, fine, "sure"), _present(world, one, lost, "possible")])
    found = found.join(newest, on="code", how="left").join(_worst(world, one, found.filter("kept")), on="code", how="left")
    return found.select(pl.col(name).cast(kind) for name, kind in EXPOSURE.items())


def _of(world: World, rows: pl.DataFrame, name: str) -> pl.Series:
    """Return, for each point, a column of its group in some groups (`code`, ...); null for points of others."""
    values = pl.repeat(None, world.groups.height, dtype=rows[name].dtype, eager=True)
    values = values.scatter(rows["code"], rows[name]) if rows.height else values
    return values.gather(world.points["code"])


def _lived(world: World, one: Judged, which: str, of: pl.Series) -> pl.DataFrame:
    """Return when some points lived in a world: `code`, `begin`, `end`, `state` (the instant that it restores); with the time of new assets for their first."""
    rows = one.lives.rows(which, of.fill_null(value=False))
    rows = rows.with_columns(
        code=world.points["code"].gather(rows["point"]), state=world.points["restorable"].gather(rows["point"])
    )
    columns = ("code", "begin", "end", "state")
    return pl.concat([rows.select(columns), one.starts.select(columns)]).drop_nulls()


def _present(world: World, one: Judged, asked: pl.DataFrame, which: str) -> pl.DataFrame:
    """Return how old the newest state was that lived at the end of some groups (`code`, `end`, `allowed`): `code`, `present`; no row where none did."""
    if asked.is_empty():
        return pl.DataFrame(schema={"code": pl.UInt32, "present": INT})
    at = _of(world, asked, "end")
    # What is kept is so by a state that is young enough.
    young = world.points["restorable"] >= at - _of(world, asked, "allowed") if which == "sure" else at.is_not_null()
    rows = _lived(world, one, which, young).join(asked.select("code", at="end"), on="code")
    rows = rows.filter((pl.col("begin") < pl.col("at")) & (pl.col("at") <= pl.col("end")))
    return rows.group_by("code").agg(present=(pl.col("at") - pl.col("state")).min())


def _worst(world: World, one: Judged, kept: pl.DataFrame) -> pl.DataFrame:
    """Return the greatest age that the newest surely live state had in the judged time of groups in which the promise was surely kept (`code`, `allowed`): `code`, `worst`.

    Between two instants at which a point becomes live the age only grows: it is greatest just before one of them, or at the end of a judged stretch.
    """
    line, oldest = world.line, world.line.start - int(kept["allowed"].max() or 0)  # type: ignore[arg-type]
    judged = one.outcome.judged.join(kept.select("code"), on="code", how="semi")
    judged = judged.select("code", *line.put(pl.col("code"), pl.col("begin"), pl.col("end")), until="end").sort("begin")
    if judged.is_empty():
        return pl.DataFrame(schema={"code": pl.UInt32, "worst": INT})
    # Laid end to end like the positions, states too grow along the line. Older ones than these hold nothing up.
    apart = line.stop - oldest + 1
    apart = apart if apart * (world.groups.height + 1) < AFTER_ALL else 0
    lived = _lived(world, one, "sure", _of(world, kept, "allowed").is_not_null())
    state = pl.col("state").clip(oldest, line.stop) - oldest + pl.col("code").cast(INT) * apart
    rows = lived.select(*line.put(pl.col("code"), pl.col("begin"), pl.col("end")), state=state).filter(
        pl.col("begin") < pl.col("end")
    )
    # At the end of judged time nothing begins, and it is looked at as if something did.
    ends = judged.select(begin="end", end="end", state=pl.lit(BEFORE_ALL, INT))
    rows = pl.concat([rows, ends]).sort("begin", maintain_order=True)
    newest = pl.when(pl.col("state") >= pl.col("state").cum_max()).then(pl.col("end", "state")).forward_fill().shift(1)
    tops = rows.select(newest, position="begin")
    place = search(judged["begin"], tops["position"], "left").cast(INT) - 1
    tops = tops.with_columns(place=place).filter(place >= 0)
    tops = tops.filter(pl.col("position") <= judged["end"].gather(tops["place"]))
    gone = tops.filter(pl.col("end") < pl.col("position"))
    there = tops.filter(pl.col("end") >= pl.col("position"))
    if gone.height:
        # The newest so far no longer lives.
        there = pl.concat([there, gone.with_columns(state=highest(rows, gone["position"] - 1, "state"))])
    ages = there.group_by("place").agg(age=(pl.col("position") - pl.col("state")).max())
    at = judged[ages["place"]]
    since = at["end"] - at["until"] + oldest - at["code"].cast(INT) * apart
    return pl.DataFrame({"code": at["code"], "worst": ages["age"] - since}).group_by("code").agg(pl.col("worst").max())
