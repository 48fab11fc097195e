"""Results in outline: who, for how long, how much. What explains them is added in `audit.evaluation.results`; a what-if does without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import ModuleType
from typing import Any

import polars as pl

from audit.evaluation.explain import exposures
from audit.model.envelope import time_text
from audit.model.facts import INSTANT
from audit.model.terms import instant
from audit.model.verdicts import SHARES, Breach, Result, Unproven, Verdict, Waived
from audit.model.world import Outcome, World

MICROSECONDS = 1_000_000
NOT_ASKED = "not-asked"
"""The reason of what is unproven where nobody asked why: of a what-if."""
STRETCH: dict[str, pl.DataType] = {
    "asset": pl.String(), "part": pl.String(), "control": pl.String(), "leg": pl.String(), "policy": pl.String(), "version": pl.Int64(),
    "from": INSTANT, "to": INSTANT, "seconds": pl.Float64(),
    "exposure_seconds": pl.Float64(),  # of a breach; null: not known, or the control has none
}  # fmt: skip
"""A breach or an unproven stretch of a result, in outline."""
WAIVED = {**STRETCH, "waiver": pl.String()}
"""The same of what is waived, with the record of the waiver."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Results without breaches, unproven stretches and evidence, and their `breaches` and `unproven` (STRETCH) and `waived` (WAIVED) as frames: of a what-if there may be
    millions.
    """

    results: list[Result]
    breaches: pl.DataFrame
    unproven: pl.DataFrame
    waived: pl.DataFrame

    @classmethod
    def joined(cls, several: Sequence[Outline]) -> Outline:
        """Return several outlines as one, the results in the order of an assessment's."""
        none = pl.DataFrame(schema=STRETCH)
        return cls(
            sorted((result for one in several for result in one.results), key=in_order),
            pl.concat([none, *(one.breaches for one in several)]),
            pl.concat([none, *(one.unproven for one in several)]),
            pl.concat([pl.DataFrame(schema=WAIVED), *(one.waived for one in several)]),
        )

    def whole(self) -> list[Result]:
        """Return the results with their stretches, of which nobody asked why."""
        breaches: dict[Any, list[Breach]] = {}
        unproven: dict[Any, list[Unproven]] = {}
        waived: dict[Any, list[Waived]] = {}
        for *key, since, until, _, exposure in self.breaches.iter_rows():
            detail = {} if exposure is None else {"exposure_seconds": exposure}
            breaches.setdefault(tuple(key), []).append(Breach(since, until, detail))
        for *key, since, until, _, _, waiver in self.waived.iter_rows():
            waived.setdefault(tuple(key), []).append(Waived(since, until, waiver=waiver))
        for *key, since, until, _, _ in self.unproven.iter_rows():
            unproven.setdefault(tuple(key), []).append(Unproven(since, until, NOT_ASKED))
        keys = [(one.asset, one.part, one.control, one.leg, one.policy, one.version) for one in self.results]
        return [
            replace(
                one, breaches=tuple(breaches.get(key, ())), unproven=tuple(unproven.get(key, ())), waived=tuple(waived.get(key, ()))
            )
            for key, one in zip(keys, self.results, strict=True)
        ]


def in_order(result: Result) -> tuple[str, str, str, str, int, str]:
    """Return what results are ordered by."""
    return (result.asset, result.part or "", result.control, result.policy or "", result.version or 0, result.leg or "")


def outline_of(world: World, control: str, module: ModuleType, outcome: Outcome) -> Outline:
    """Return the results of an outcome in outline: who, for how long, how much."""
    names = world.groups.select(pl.col("code").cast(pl.UInt32), "asset", "part")
    versions = pl.DataFrame(
        [(index, policy.name, policy.version) for index, policy in enumerate(world.policies)],
        schema={"policy": pl.Int32, "name": pl.String, "version": pl.Int64},
        orient="row",
    )
    rows = outcome.breached.sort("code", "policy", "begin").with_row_index("row")
    exposure = pl.concat([pl.DataFrame(schema={"row": pl.UInt32, "exposure": pl.Int64}), *exposures_of(world, rows, module)])
    rows = rows.join(exposure, on="row", how="left", maintain_order="left")
    worst = rows.group_by("code", "policy").agg(pl.col("exposure").max(), known=pl.col("exposure").is_not_null().all())
    worst = worst.filter("known").select("code", "policy", "exposure")
    worsts = {(code, policy): {"worst_exposure_seconds": most / MICROSECONDS} for code, policy, most in worst.iter_rows()}

    def named(stretches: pl.DataFrame, schema: Mapping[str, pl.DataType] = STRETCH) -> pl.DataFrame:
        told = stretches.join(names, on="code", how="left", maintain_order="left")
        told = told.join(versions, on="policy", how="left", nulls_equal=True, maintain_order="left")
        exposed = (pl.col("exposure") / MICROSECONDS) if "exposure" in told.columns else pl.lit(None)
        columns = {
            "control": pl.lit(control), "leg": pl.lit(outcome.leg), "policy": pl.col("name"), "from": pl.col("begin"), "to": pl.col("end"),
            "seconds": (pl.col("end") - pl.col("begin")) / MICROSECONDS, "exposure_seconds": exposed,
        }  # fmt: skip
        return told.select(columns.get(name, pl.col(name)).cast(kind).alias(name) for name, kind in schema.items())

    results = [
        Result(**{**told, "detail": {**told["detail"], **worsts.get(key, {})}})
        for key, told in bare_results(world, control, module, outcome)
    ]
    return Outline(
        results,
        named(rows),
        named(outcome.unproven.sort("code", "policy", "begin")),
        named(outcome.waived.sort("code", "policy", "begin"), WAIVED),
    )


def bare_results(
    world: World, control: str, module: ModuleType, outcome: Outcome
) -> Iterator[tuple[tuple[int, int | None], dict[str, Any]]]:
    """Yield, by (code, policy), what a `Result` says without what explains it: there may be hundreds of thousands, and each is made once."""
    told = [outcome.judged, outcome.grace, *([] if outcome.numbers is None else [outcome.numbers])]
    keys = pl.concat([rows.select("code", "policy") for rows in told]).unique().sort("code", "policy")
    if keys.is_empty():
        return
    numbers = _numbers(outcome.numbers)
    lengths = {name: _lengths(getattr(outcome, name)) for name in ("judged", "grace", "breached", "unproven", "waived")}
    times = {name: _times(getattr(outcome, name)) for name in ("judged", "grace")}
    names = world.groups.select("asset", "part", "unit").rows()
    for code, index in keys.iter_rows():
        asset, part, unit = names[code]
        policy = None if index is None else world.policies[index]
        key = (code, index)
        seconds = {name: lengths[name].get(key, 0) for name in lengths}
        shares = _shares(seconds)
        asked = module.share_asked(policy, outcome.leg) if policy is not None and hasattr(module, "share_asked") else 1.0
        yield (
            key,
            {
                "asset": asset,
                "unit": unit or "",
                "policy": None if policy is None else policy.name,
                "version": None if policy is None else policy.version,
                "part": part,
                "control": control,
                "leg": outcome.leg,
                "verdict": _verdict(shares, asked),
                "shares": shares,
                "judged_seconds": (seconds["judged"] + seconds["grace"]) / MICROSECONDS,
                "detail": numbers.get(key, {}),
                "judged": times["judged"].get(key, ()),
                "grace": times["grace"].get(key, ()),
            },
        )


def _times(stretches: pl.DataFrame) -> dict[tuple[int, int | None], tuple[tuple[datetime, datetime], ...]]:
    """Return the stretches in time order by (code, policy)."""
    found: dict[tuple[int, int | None], list[tuple[datetime, datetime]]] = {}
    for code, policy, begin, end in stretches.sort("begin").select("code", "policy", "begin", "end").iter_rows():
        found.setdefault((code, policy), []).append((instant(begin), instant(end)))
    return {key: tuple(times) for key, times in found.items()}


def _lengths(stretches: pl.DataFrame) -> dict[tuple[int, int | None], int]:
    """Return the microseconds by (code, policy)."""
    summed = stretches.group_by("code", "policy").agg(length=(pl.col("end") - pl.col("begin")).sum())
    return {(code, policy): length for code, policy, length in summed.iter_rows()}


def _shares(lengths: Mapping[str, int]) -> dict[str, float] | None:
    """Return the shares of the judged time; they sum to 1. Null when there is none."""
    whole = lengths["judged"] + lengths["grace"]
    if whole == 0:
        return None
    shares = dict.fromkeys(SHARES, 0.0)
    for name in ("breached", "waived", "unproven", "grace"):
        shares[name] = lengths[name] / whole
    shares["met"] = (lengths["judged"] - lengths["breached"] - lengths["waived"] - lengths["unproven"]) / whole
    return shares


def _verdict(shares: Mapping[str, float] | None, asked: float) -> Verdict:
    """Return the verdict: breached if any, else unproven if any, else waived if any, else met; nothing judged is not applicable.

    Where the policy asks for a share only (`at_least`), it is breached when even all that is unproven could not make it up.
    """
    if shares is None or shares["grace"] == 1.0:
        return Verdict.NOT_APPLICABLE
    judged = 1.0 - shares["grace"]
    if asked < 1.0:
        if (judged - shares["breached"]) / judged < asked:
            return Verdict.BREACHED
        return Verdict.MET if (shares["met"] + shares["waived"]) / judged >= asked else Verdict.UNPROVEN
    if shares["breached"] > 0:
        return Verdict.BREACHED
    if shares["unproven"] > 0:
        return Verdict.UNPROVEN
    return Verdict.WAIVED if shares["waived"] > 0 else Verdict.MET


def _numbers(rows: pl.DataFrame | None) -> dict[tuple[int, int | None], dict[str, Any]]:
    """Return what a control counted, by (code, policy); what it does not know is left out."""
    if rows is None:
        return {}
    return {
        (code, policy): {
            name: time_text(instant(value)) if name.endswith("_at") else value
            for name, value in numbers.items()
            if value is not None
        }
        for (code, policy), numbers in (((one.pop("code"), one.pop("policy")), one) for one in rows.rows(named=True))
    }


def exposures_of(world: World, breaches: pl.DataFrame, module: ModuleType) -> Iterator[pl.DataFrame]:
    """Yield `row`, `exposure` (microseconds) of breaches of a control that shows it."""
    if not getattr(module, "SHOWS_EXPOSURE", False):
        return
    accepts = {index: policy.accept_partial for index, policy in enumerate(world.policies)}
    for way in world.lives:
        mine = breaches.filter(pl.col("policy").replace_strict(accepts, default=False, return_dtype=pl.Boolean) == way)
        if mine.height:
            yield exposures(world, mine, way)
