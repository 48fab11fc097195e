"""Schedule: backups of each method were made as often as agreed (design 5, "schedule")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from pydantic import ConfigDict, Field, model_serializer, model_validator

from audit.controls._buckets import STEP, borders, whole_buckets
from audit.controls._captures import CAPTURE, captures, reasons
from audit.controls._objectives import Length, Objective
from audit.controls._weaker import Shortfall, written
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, islands, subtract, union
from audit.model.terms import FOR_EVER, Term
from audit.model.world import Layer, Outcome, World


def _or_one_word(schema: dict[str, Any]) -> None:
    """Let the JSON Schema of a mapping allow its short form as well."""
    whole = dict(schema)
    schema.clear()
    schema["anyOf"] = [
        {"type": "string", "examples": ["week", "1d"], "description": "a word of the calendar, or a length of time"},
        whole,
    ]


class Cadence(Objective):
    """`week`, `1d` or `{every: 1h, tolerance: 10m}`."""

    model_config = ConfigDict(json_schema_extra=_or_one_word)

    each: Literal["day", "week", "month", "quarter", "year"] | None = Field(
        None, description="one in each whole period of the calendar"
    )
    every: Length | None = Field(None, description="the longest time from one to the next")
    tolerance: Length = Term(text="0s")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, Cadence):
            return value
        written = dict(value) if isinstance(value, dict) else {"every": value}
        if written.get("every") in STEP and "each" not in written:
            written["each"] = written.pop("every")
        return written

    @model_validator(mode="after")
    def _one_way(self) -> Cadence:
        if (self.each is None) == (self.every is None):
            raise ValueError(
                "write how often it is made: a word of the calendar, such as `week`, or a length of time, such as `1d` or `{every: 1h, tolerance: 10m}`"
            )
        for term in (self.every, self.tolerance):
            if term is not None and term.months:
                raise ValueError(
                    f"{term} differs in length; write `month`, `quarter` or `year` for one in each of the calendar, or an exact length such as 30d"
                )
        if self.each and self.tolerance:
            raise ValueError("a tolerance goes with a length of time; one in each period of the calendar has none")
        if self.every is not None and not self.every:
            raise ValueError("the time from one backup to the next must be longer than nothing")
        return self

    @model_serializer
    def _written(self) -> Any:
        if self.each:
            return self.each
        return {"every": str(self.every), "tolerance": str(self.tolerance)} if self.tolerance else str(self.every)

    @property
    def allowed(self) -> int | None:
        """The longest time from one capture to the next, in microseconds; null where the calendar says it."""
        return None if self.every is None else self.every.microseconds + self.tolerance.microseconds


class Schedule(Objective):
    """`schedule: {full: week, differential: 1d, incremental: {every: 1h, tolerance: 10m}}`."""

    full: Cadence | None = None
    differential: Cadence | None = None
    incremental: Cadence | None = None
    log: Cadence | None = None

    @model_validator(mode="after")
    def _some(self) -> Schedule:
        if not any(getattr(self, leg) for leg in LEGS):
            raise ValueError(f"write how often backups of at least one method are made: {', '.join(LEGS)}")
        return self

    def weaker_than(self, least: Schedule, zone: str) -> Iterator[Shortfall]:  # noqa: ARG002 - lengths here are exact
        """Yield the methods of which backups may be rarer. Those of a stronger method count for a weaker one."""
        for place, leg in enumerate(LEGS):
            demanded: Cadence | None = getattr(least, leg)
            if demanded is None:
                continue
            counting = [cadence for name in LEGS[: place + 1] if (cadence := getattr(self, name)) is not None]
            answers = [_rarer(cadence, demanded) for cadence in counting]
            if False not in answers:
                stated = getattr(self, leg)
                yield Shortfall(leg, None if stated is None else written(stated), written(demanded), surely=None not in answers)


OBJECTIVES = {"schedule": Schedule}
ASKS_WHEN_CAPTURED = True
LEGS = ("full", "differential", "incremental", "log")
LENGTHS = {"day": (23, 25), "week": (167, 169), "month": (671, 745), "quarter": (2159, 2209), "year": (8759, 8785)}
"""How many hours a calendar's period has at the least and at the most, in a zone that may change its clock by an hour."""
HOUR = 3_600_000_000


def _rarer(stated: Cadence, least: Cadence) -> bool | None:
    """Say whether a cadence lets backups be rarer than another: always, never, or (null) depending on the date."""
    if stated.allowed is not None and least.allowed is not None:
        return stated.allowed > least.allowed
    words = list(LENGTHS)
    if stated.each and least.each:
        # Each longer period of the calendar has a whole one of every shorter word in it.
        return words.index(stated.each) > words.index(least.each)
    if stated.allowed is not None:
        shortest, longest = (hours * HOUR for hours in LENGTHS[least.each or "day"])
        return False if stated.allowed < shortest else True if stated.allowed > longest else None
    # From the beginning of one period to the end of the next it may take all of both.
    shortest, longest = (2 * hours * HOUR for hours in LENGTHS[stated.each or "day"])
    return False if longest <= (least.allowed or 0) else True if shortest > (least.allowed or 0) else None


@dataclass(frozen=True, slots=True)
class _Part:
    """A leg under those versions of a layer that state it in one way: by the clock (`each` null), or one in each period of a zone's calendar."""

    leg: str
    layer: Layer
    each: str | None
    zone: str


def evaluate(world: World) -> list[Outcome]:
    """Judge each leg that a policy states: breached where not even possibly a backup of its method, or of a stronger one, was made in time."""
    return [_by_clock(world, part) if part.each is None else _by_calendar(world, part) for part in _parts(world)]


def _parts(world: World) -> Iterator[_Part]:
    for whole in world.layers(_applies):
        for leg in LEGS:
            ways: dict[tuple[str | None, str], list[int]] = {}
            for index in whole.policies():
                if cadence := _cadence(world.policies[index], leg):
                    zone = world.policies[index].timezone if cadence.each else ""
                    ways.setdefault((cadence.each, zone), []).append(index)
            for (each, zone), versions in sorted(ways.items(), key=str):
                yield _Part(leg, Layer(whole.frame.filter(pl.col("policy").is_in(versions)), whole.size), each, zone)


def _applies(policy: PolicyVersion) -> bool:
    return "schedule" in policy.objectives


def _cadence(policy: PolicyVersion, leg: str) -> Cadence | None:
    cadence: Cadence | None = getattr(policy.objectives.get("schedule"), leg, None)
    return cadence


# By the clock


def _by_clock(world: World, part: _Part) -> Outcome:
    """Judge from capture to capture: each covers the time up to the agreed length after it."""
    judged, grace = world.judged(part.layer)
    sure, more = (_covered(world, part, rows) for rows in captures(world, part.layer, part.leg))
    sure = union(world.on_line(sure), _first_due(world, part))
    breached = subtract(judged, union(sure, world.on_line(more)))
    return world.outcome(part.layer, part.leg, judged, grace, breached, subtract(subtract(judged, sure), breached))


def _allowed(world: World, part: _Part, policies: pl.Series) -> pl.Series:
    table = [cadence.allowed if (cadence := _cadence(policy, part.leg)) else None for policy in world.policies]
    return pl.Series(table, dtype=INT).gather(policies)


def _covered(world: World, part: _Part, rows: pl.DataFrame) -> pl.DataFrame:
    """Return captures with `begin` and `end` of the time for which each is enough, within the segments of the layer."""
    codes = rows["code"]
    allowed = _allowed(world, part, part.layer.of(codes, "policy"))
    rows = rows.with_columns(low=part.layer.of(codes, "begin"), high=part.layer.of(codes, "end"), allowed=allowed)
    until = pl.min_horizontal(pl.col("end").clip(upper_bound=FOR_EVER) + pl.col("allowed"), "high")
    return (
        rows.with_columns(begin=pl.max_horizontal("begin", "low"), end=until)
        .filter(pl.col("begin") < pl.col("end"))
        .select(CAPTURE.keys())
    )


def _first_due(world: World, part: _Part) -> pl.DataFrame:
    """Return the time that a new asset has for its first backup."""
    rows = world.serving(part.layer)
    rows = rows.with_columns(allowed=_allowed(world, part, rows["policy"]))
    until = pl.min_horizontal(pl.col("started") + pl.col("allowed"), "end")
    return islands(rows.select(*world.line.put(pl.col("code"), pl.max_horizontal("in_service", "begin"), until)))


# By the calendar


def _by_calendar(world: World, part: _Part) -> Outcome:
    """Judge each whole period of the calendar that ended in the period, and say of an unfinished one by when it is due."""
    edges = _edges(world, part)
    periods = whole_buckets(_standing(world, part), part.layer, edges, "right")
    periods = periods.with_columns(begin=edges.gather(periods["bucket"]), end=edges.gather(periods["bucket"] + 1))
    sure, more = (_buckets(rows, edges).select("code", "bucket").unique() for rows in captures(world, part.layer, part.leg))
    ended = periods.filter((pl.col("end") > world.line.start) & (pl.col("end") <= world.line.stop))
    unmet = ended.join(sure, on=["code", "bucket"], how="anti")
    missed, open_ = (unmet.join(more, on=["code", "bucket"], how=how) for how in ("anti", "semi"))
    # The grace of a new asset is shown as for every control; no period that counts lies in it.
    _, grace = world.judged(part.layer)
    found = world.outcome(part.layer, part.leg, world.on_line(ended), grace, world.on_line(missed), world.on_line(open_))
    due = periods.filter((pl.col("begin") < world.line.stop) & (pl.col("end") > world.line.stop)).join(
        sure, on=["code", "bucket"], how="anti"
    )
    numbers = due.select("code", policy=part.layer.of(due["code"], "policy"), due_at="end")
    return Outcome(found.leg, found.judged, found.grace, found.breached, found.unproven, numbers=numbers)


def _edges(world: World, part: _Part) -> pl.Series:
    assert part.each is not None
    return pl.Series(borders(part.each, part.zone, world.line.start, world.line.stop), dtype=INT)


def _standing(world: World, part: _Part) -> pl.DataFrame:
    """Return when groups are in service, their grace over, under versions that state the leg in this very way: `code`, `begin`, `end`, in order."""
    same = [
        index for index, policy in enumerate(world.policies)
        if (cadence := _cadence(policy, part.leg)) and (cadence.each, policy.timezone) == (part.each, part.zone)
    ]  # fmt: skip
    rows = world.segments.filter(pl.col("policy").is_in(same))
    rows = rows.with_columns(grace=world.grace_ends(rows))
    return rows.select(
        "code",
        begin=pl.max_horizontal("begin", "in_service", "grace"),
        end=pl.min_horizontal("end", pl.col("retired").fill_null(FOR_EVER)),
    )


def _buckets(rows: pl.DataFrame, edges: pl.Series) -> pl.DataFrame:
    """Return captures with the `bucket` in which each was made; one that lasts through several, once for each."""
    rows = rows.with_columns(
        bucket=edges.search_sorted(rows["begin"], side="right").cast(INT) - 1,
        until=edges.search_sorted(rows["last"], side="right").cast(INT) - 1,
    )
    once = rows.filter((pl.col("bucket") == pl.col("until")) & pl.col("bucket").is_between(0, len(edges) - 2))
    long = rows.filter(pl.col("bucket") < pl.col("until"))  # few
    through = pl.int_ranges(pl.col("bucket").clip(lower_bound=0), pl.col("until").clip(upper_bound=len(edges) - 2) + 1)
    long = long.with_columns(bucket=through).explode("bucket").drop_nulls("bucket").with_columns(pl.col("bucket").cast(INT))
    return pl.concat([once, long]).drop("until")


# Why


def doubts(world: World, _names: tuple[str, ...]) -> pl.DataFrame:
    """Return what may have been made and was not surely, and when that leaves a leg unproven: `code`, `pair`, `repository`, `key`, `begin`, `end`, `leg`."""
    found = []
    for part in _parts(world):
        _, more = captures(world, part.layer, part.leg)
        if part.each is None:
            rows = _covered(world, part, more)
        else:
            edges = _edges(world, part)
            rows = _buckets(more, edges)
            rows = rows.with_columns(begin=edges.gather(rows["bucket"]), end=edges.gather(rows["bucket"] + 1))
        found.append(reasons(rows, part.leg))
    return pl.concat(found)


def missing(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the periods of the calendar in which nothing was made during a breach (`row`, `code`, `policy`, `leg`, `begin`, `end`): `row`, `every`, `first_day`,
    `last_day` (Date, both inside), `deadline` (null), in time order."""
    found = [
        pl.DataFrame(schema={"row": pl.UInt32, "every": pl.String, "first_day": pl.Date, "last_day": pl.Date, "deadline": INT})
    ]
    for part in _parts(world):
        if part.each is None:
            continue
        edges = _edges(world, part)
        mine = breaches.filter(part.layer.of(breaches["code"], "policy") == breaches["policy"]).filter(pl.col("leg") == part.leg)
        days = edges.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(part.zone).dt.date()
        # A breach is made of whole periods, but for what lies before the period that is judged.
        first = edges.search_sorted(mine["begin"], side="right").cast(INT) - 1
        last = edges.search_sorted(mine["end"], side="left").cast(INT)
        rows = mine.select("row", bucket=pl.int_ranges(first, last)).explode("bucket").drop_nulls("bucket")
        closing = (edges.gather(rows["bucket"] + 1) - 1).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(part.zone).dt.date()
        found.append(
            rows.select(
                "row", every=pl.lit(part.each), first_day=days.gather(rows["bucket"]), last_day=closing, deadline=pl.lit(None, INT)
            )
        )
    return pl.concat(found).sort("row", "first_day")


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the last capture strong enough before a breach by the clock (`row`, `code`, `policy`, `leg`, `begin`, `end`), and the first after it: `row`, `role`, `point`."""
    found = [pl.DataFrame(schema={"row": pl.UInt32, "role": pl.String, "point": pl.UInt32})]
    for part in _parts(world):
        if part.each is not None:
            continue
        mine = breaches.filter(part.layer.of(breaches["code"], "policy") == breaches["policy"]).filter(pl.col("leg") == part.leg)
        points = pl.concat(captures(world, part.layer, part.leg)).drop_nulls("point")
        points = points.filter(pl.col("code").is_in(mine["code"].unique().implode()))
        last = mine.select("row", "code", at="begin").sort("at").join_asof(
            points.sort("last", "point").select("code", "point", at="last"), on="at", by="code", check_sortedness=False
        )  # fmt: skip
        following = mine.select("row", "code", at="end").sort("at").join_asof(
            points.sort("begin", "point").select("code", "point", at="begin"), on="at", by="code", strategy="forward", check_sortedness=False
        )  # fmt: skip
        found.append(last.select("row", pl.lit("last").alias("role"), "point"))
        found.append(following.select("row", pl.lit("next").alias("role"), "point"))
    return pl.concat(found).drop_nulls("point")
