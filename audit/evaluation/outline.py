"""Results in outline: who, for how long, how much. What explains them is added in `audit.evaluation.results`; a what-if does without."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import cache, lru_cache
from itertools import accumulate
from types import ModuleType
from typing import Any, TypeVar

import polars as pl

from audit.evaluation.explain import exposures
from audit.model.envelope import time_text
from audit.model.exposure import worst as worst_told
from audit.model.facts import INSTANT
from audit.model.terms import instant, to_seconds
from audit.model.verdicts import SHARES, Breach, Result, Unproven, Verdict, Waived
from audit.model.world import Outcome, World

Made = TypeVar("Made")
MICROSECONDS = 1_000_000
NOT_ASKED = "not-asked"
"""The reason of what is unproven where nobody asked why: of a what-if."""
LISTED = 100
"""The breaches, and the unproven and waived stretches, of one promise that a what-if lists at the most, the longest; it measures them all. There may be one for each backup."""
STRETCH: dict[str, pl.DataType] = {
    "result": pl.UInt32(),  # the number of the result in the outline
    "from": INSTANT,
    "to": INSTANT,
    "exposure_seconds": pl.Float64(),  # of a breach; null: not known, or the control has none
}
"""A breach or an unproven stretch of a result, in outline."""
WAIVED = {**STRETCH, "waiver": pl.String()}
"""The same of what is waived, with the record of the waiver."""
_KEY = ("code", "policy")
_LENGTHS = ("judged", "grace", "breached", "unproven", "waived")


@dataclass(frozen=True, slots=True)
class Outline:
    """Results without breaches, unproven stretches and evidence, and their `breaches` and `unproven` (STRETCH) and `waived` (WAIVED) as frames: of a what-if there may be tens of
    millions.
    """

    results: list[Result]
    breaches: pl.DataFrame
    unproven: pl.DataFrame
    waived: pl.DataFrame

    @classmethod
    def joined(cls, several: Sequence[Outline]) -> Outline:
        """Return several outlines as one, the results in the order of an assessment's."""
        results = [result for one in several for result in one.results]
        order = sorted(range(len(results)), key=lambda number: in_order(results[number]))
        places = pl.Series(order, dtype=pl.UInt32).arg_sort().cast(pl.UInt32)  # where each goes
        firsts = [0, *accumulate(len(one.results) for one in several)]

        def moved(name: str, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
            frames = [pl.DataFrame(schema=schema)]
            for first, one in zip(firsts, several, strict=False):
                rows: pl.DataFrame = getattr(one, name)
                frames.append(rows.with_columns(result=places.gather(rows["result"] + first)))
            return pl.concat(frames)

        return cls(
            [results[number] for number in order], moved("breaches", STRETCH), moved("unproven", STRETCH), moved("waived", WAIVED)
        )

    def only(self, wanted: Callable[[Result], bool]) -> Outline:
        """Return the outline of some of the results."""
        kept = [number for number, result in enumerate(self.results) if wanted(result)]
        places = pl.DataFrame({"result": kept, "place": range(len(kept))}, schema={"result": pl.UInt32, "place": pl.UInt32})

        def mine(stretches: pl.DataFrame) -> pl.DataFrame:
            rows = stretches.join(places, on="result", maintain_order="left")
            return rows.with_columns(result="place").select(stretches.columns)

        return Outline([self.results[number] for number in kept], mine(self.breaches), mine(self.unproven), mine(self.waived))

    def whole(self) -> list[Result]:
        """Return the results with their stretches, of which nobody asked why. Of more than LISTED of a kind the longest are there, and the detail says how many there are."""
        counted: list[dict[str, int]] = [{} for _ in self.results]

        def listed(name: str, make: Callable[..., Made]) -> list[tuple[Made, ...]]:
            rows, counts = _longest(getattr(self, name))
            for number, count in counts.iter_rows():
                counted[number][f"{name}_counted"] = count
            found: list[list[Made]] = [[] for _ in self.results]
            for number, *row in rows.iter_rows():
                found[number].append(make(*row))
            return [tuple(some) for some in found]

        breaches = listed("breaches", lambda since, until, exposure: Breach(since, until, _exposed(exposure)))
        unproven = listed("unproven", lambda since, until, _: Unproven(since, until, NOT_ASKED))
        waived = listed("waived", lambda since, until, _, waiver: Waived(since, until, waiver=waiver))
        return [
            replace(
                one,
                breaches=breaches[number],
                unproven=unproven[number],
                waived=waived[number],
                detail={**one.detail, **counted[number]},
            )
            for number, one in enumerate(self.results)
        ]


def _longest(stretches: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return of each result the LISTED longest stretches, in their order, and how many there are of those with more (`result`, `count`)."""
    counts = stretches.group_by("result").agg(count=pl.len()).filter(pl.col("count") > LISTED)
    if counts.is_empty():
        return stretches, counts
    length = pl.col("to") - pl.col("from")
    return stretches.filter(length.rank("ordinal", descending=True).over("result") <= LISTED), counts


def _exposed(seconds: float | None) -> dict[str, float]:
    return {} if seconds is None else {"exposure_seconds": seconds}


def in_order(result: Result) -> tuple[str, str, str, str, int, str]:
    """Return what results are ordered by."""
    return (result.asset, result.part or "", result.control, result.policy or "", result.version or 0, result.leg or "")


def outline_of(world: World, control: str, module: ModuleType, outcome: Outcome) -> Outline:
    """Return the results of an outcome in outline: who, for how long, how much."""
    rows = outcome.breached.sort(*_KEY, "begin").with_row_index("row")
    told = pl.concat([pl.DataFrame(schema={"row": pl.UInt32, "exposure": pl.Int64}), *exposures_of(world, rows, module)])
    exposure = pl.repeat(None, rows.height, dtype=pl.Int64, eager=True)
    rows = rows.with_columns(exposure=exposure.scatter(told["row"], told["exposure"]) if told.height else exposure)
    worst = rows.group_by(_KEY).agg(pl.col("exposure").max(), known=pl.col("exposure").is_not_null().all())
    worst = worst.filter("known").select(*_KEY, "exposure")
    worsts = {(code, policy): worst_told(most, allowed_by(world, module, policy)) for code, policy, most in worst.iter_rows()}
    results, keys = [], []
    for key, said in bare_results(world, control, module, outcome):
        results.append(Result(**{**said, "detail": {**said["detail"], **worsts.get(key, {})}}))
        keys.append(key)
    numbers = pl.DataFrame(keys, schema={"code": pl.UInt32, "policy": pl.Int32}, orient="row").with_row_index("result")

    def of_results(stretches: pl.DataFrame, schema: Mapping[str, pl.DataType] = STRETCH) -> pl.DataFrame:
        # They come result by result: each is looked up once.
        fresh = stretches.select(pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in _KEY)).to_series()
        heads = stretches.select(_KEY).filter(fresh).join(numbers, on=_KEY, nulls_equal=True, how="left", maintain_order="left")
        rows = stretches.with_columns(result=heads["result"].gather(fresh.cum_sum() - 1))
        exposed = to_seconds(pl.col("exposure")) if "exposure" in stretches.columns else pl.lit(None)
        columns = {"from": pl.col("begin"), "to": pl.col("end"), "exposure_seconds": exposed}
        return rows.select(columns.get(name, pl.col(name)).cast(kind).alias(name) for name, kind in schema.items())

    return Outline(
        results,
        of_results(rows),
        of_results(outcome.unproven.sort(*_KEY, "begin")),
        of_results(outcome.waived.sort(*_KEY, "begin"), WAIVED),
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
    lengths = keys
    for name in _LENGTHS:
        lengths = lengths.join(_lengths(getattr(outcome, name), name), on=_KEY, how="left", nulls_equal=True, maintain_order="left")
    times = {name: _times(getattr(outcome, name)) for name in ("judged", "grace")}
    names = world.groups.select("asset", "part", "unit").rows()

    @cache
    def about(index: int | None, *told: int) -> dict[str, Any]:
        """Return what is the same of all results of one policy version with the same lengths: most have those of many others."""
        policy = None if index is None else world.policies[index]
        seconds = dict(zip(_LENGTHS, told, strict=True))
        asked = module.share_asked(policy, outcome.leg) if policy is not None and hasattr(module, "share_asked") else 1.0
        return {
            "policy": None if policy is None else policy.name,
            "version": None if policy is None else policy.version,
            "verdict": _verdict(seconds, asked),
            "shares": _shares(seconds),
            "judged_seconds": (seconds["judged"] + seconds["grace"]) / MICROSECONDS,
        }

    for code, index, *told in lengths.fill_null(0).select("code", keys["policy"], *_LENGTHS).iter_rows():
        asset, part, unit = names[code]
        key = (code, index)
        yield (
            key,
            {
                "asset": asset,
                "unit": unit or "",
                "part": part,
                "control": control,
                "leg": outcome.leg,
                **about(index, *told),
                "detail": numbers.get(key, {}),
                "judged": times["judged"].get(key, ()),
                "grace": times["grace"].get(key, ()),
            },
        )


def _times(stretches: pl.DataFrame) -> dict[tuple[int, int | None], tuple[tuple[datetime, datetime], ...]]:
    """Return the stretches in time order by (code, policy)."""
    found: dict[tuple[int, int | None], list[tuple[datetime, datetime]]] = {}
    for code, policy, begin, end in stretches.sort("begin").select("code", "policy", "begin", "end").iter_rows():
        found.setdefault((code, policy), []).append(_between(begin, end))
    return {key: tuple(times) for key, times in found.items()}


@lru_cache(maxsize=10_000)
def _between(begin: int, end: int) -> tuple[datetime, datetime]:
    """The same few stretches were judged of most assets."""
    return instant(begin), instant(end)


def _lengths(stretches: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the microseconds by (code, policy), in a column of this name."""
    return stretches.group_by(_KEY).agg((pl.col("end") - pl.col("begin")).sum().alias(name))


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


def _verdict(lengths: Mapping[str, int], asked: float) -> Verdict:
    """Return the verdict of microseconds: breached if any, else unproven if any, else waived if any, else met; nothing judged is not applicable.

    Where the policy asks for a share only (`at_least`), it is breached when even all that is unproven could not make it up. To the microsecond: exactly the share is enough.
    """
    judged, breached, unproven = lengths["judged"], lengths["breached"], lengths["unproven"]
    if judged == 0:
        return Verdict.NOT_APPLICABLE
    if asked < 1.0:
        needed = Fraction(repr(asked)) * judged
        if judged - breached < needed:
            return Verdict.BREACHED
        return Verdict.MET if judged - breached - unproven >= needed else Verdict.UNPROVEN
    if breached:
        return Verdict.BREACHED
    if unproven:
        return Verdict.UNPROVEN
    return Verdict.WAIVED if lengths["waived"] else Verdict.MET


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


def allowed_by(world: World, module: ModuleType, policy: int | None) -> int | None:
    """Return how old the newest copy may be under a policy, in microseconds; null where the control, or the policy, does not say."""
    if policy is None or not hasattr(module, "allowance"):
        return None
    allowed: int | None = module.allowance(world.policies[policy])
    return allowed


def exposures_of(world: World, breaches: pl.DataFrame, module: ModuleType) -> Iterator[pl.DataFrame]:
    """Yield `row`, `exposure` (microseconds) of breaches of a control that shows it."""
    if not getattr(module, "SHOWS_EXPOSURE", False):
        return
    accepts = {index: policy.accept_partial for index, policy in enumerate(world.policies)}
    for way in world.lives:
        mine = breaches.filter(pl.col("policy").replace_strict(accepts, default=False, return_dtype=pl.Boolean) == way)
        if mine.height:
            yield exposures(world, mine, way)
