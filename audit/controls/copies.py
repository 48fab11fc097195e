"""Copies: at every instant, 3-2-1 from the copies that really exist (design 5, "copies")."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from pydantic import Field

from audit.controls._objectives import LengthOrAny, Objective
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, Line, at_least, empty, islands, subtract
from audit.model.lives import Lives
from audit.model.terms import FOR_EVER
from audit.model.world import Layer, Outcome, World, live_stretches, plus


class Copies(Objective):
    """`copies: {count: 3, media: 2, offsite: 1, immutable: 0, offline: 0, max_age: 24h, production: true}`; `max_age` must be written."""

    count: int = Field(3, ge=0)
    media: int = Field(2, ge=0)
    offsite: int = Field(1, ge=0)
    immutable: int = Field(0, ge=0)
    offline: int = Field(0, ge=0)
    max_age: LengthOrAny = Field(description="how old a copy may be and still count; `any` for no limit")
    production: bool = True

    def weaker_than(self, least: Copies, zone: str) -> Iterator[Shortfall]:
        """Yield in what it asks for fewer or older copies."""
        for leg in LEGS:
            has, need = getattr(self, leg), getattr(least, leg)
            answer: bool | None = has < need
            if leg in ("count", "media") and need and self.production != least.production:
                # Of one of the two, production is counted: it may add one domain or medium, or none where it shares one with a copy.
                surely, perhaps = (has - 1, has) if self.production else (has, has + 1)
                answer = False if surely >= need else None if perhaps >= need else True
            yield from weaker(leg, has, need, answer)
        if least.max_age is not None:
            answer = True if self.max_age is None else shorter([least.max_age], [self.max_age], zone)
            yield from weaker("max_age", self.max_age, least.max_age, answer)


OBJECTIVES = {"copies": Copies}
LOOKS_AT = ("lives", "code", "repository", "captured", "immutable")
LEGS = ("count", "media", "offsite", "immutable", "offline")
PRODUCTION = "\0production"
UNDECLARED = "\0undeclared "


def evaluate(world: World) -> list[Outcome]:
    """Judge each leg that a policy asks for. First the islands of each (group, repository), then a sweep over those few for each leg."""
    outcomes = []
    for whole in world.layers(_applies, by_attributes=True):
        for part, lives in world.by_acceptance(whole):
            for policy in part.policies():
                outcomes += list(_of_policy(world, part.only(policy), lives, world.policies[policy]))
    return outcomes


def reach(policy: PolicyVersion) -> int | None:
    """Return how old a copy may be and still count, in microseconds; null for any age, and for calendar terms (whose length depends on the date)."""
    copies = policy.objectives.get("copies")
    return None if copies is None or copies.max_age is None else copies.max_age.microseconds or None


def _applies(policy: PolicyVersion) -> bool:
    return "copies" in policy.objectives


def _of_policy(world: World, layer: Layer, lives: Lives, policy: PolicyVersion) -> Iterator[Outcome]:
    terms: Copies = policy.objectives["copies"]
    judged, grace = world.judged(layer)
    holding = _holding(world, layer, lives, policy, immutable=False)
    locked = _holding(world, layer, lives, policy, immutable=True) if terms.immutable else holding
    for leg in LEGS:
        need = getattr(terms, leg)
        if not need:
            continue
        rows = locked if leg == "immutable" else holding
        sure, possible = (
            _enough(world, layer, world_rows, leg, need, terms, sure=sure)
            for world_rows, sure in zip(rows, (True, False), strict=True)
        )
        breached = subtract(judged, possible)
        yield world.outcome(layer, leg, judged, grace, breached, subtract(subtract(judged, sure), breached))


def _holding(
    world: World, layer: Layer, lives: Lives, policy: PolicyVersion, *, immutable: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return, for the sure and for the possible world, when which repository holds a live point that is young enough (and locked, when
    asked): `code`, `begin`, `end`, and the repository's attributes at the time."""
    terms: Copies = policy.objectives["copies"]
    points = world.points
    count = int(world.repositories["repository"].max() or 0) + 1  # type: ignore[arg-type]
    group = points["code"].cast(INT) * count + points["repository"]
    # Clocks lie: what is listed before its own capture time counts from that on.
    low = pl.select(pl.max_horizontal(layer.of(points["code"], "begin"), points["captured"])).to_series()
    high = layer.of(points["code"], "end")
    limits = [high]
    if terms.max_age is not None:
        limits.append(plus(points["captured"], terms.max_age, policy.timezone))
    if immutable:
        limits.append(points["immutable"])
    usable = points["captured"].is_not_null() & (points["immutable"].is_not_null() if immutable else True)
    until = (
        pl.select(pl.min_horizontal(limits))
        .to_series()
        .zip_with(usable & high.is_not_null(), pl.repeat(None, len(high), dtype=INT, eager=True))
    )
    line = Line(world.line.start, world.line.stop)
    sure, possible = live_stretches(lives, line, group, low, until)
    hidden = world.unseen.with_columns(
        low=layer.of(world.unseen["code"], "begin"), high=layer.of(world.unseen["code"], "end")
    ).drop_nulls("high")
    reach = (
        pl.lit(FOR_EVER)
        if terms.max_age is None
        else plus(hidden["end"].clip(upper_bound=FOR_EVER), terms.max_age, policy.timezone)
    )
    place = pl.col("code").cast(INT) * count + pl.col("repository")
    unseen = islands(hidden.select(*line.put(place, pl.max_horizontal("begin", "low"), pl.min_horizontal(reach, "gone", "high"))))
    possible = islands(pl.concat([possible, unseen]))

    def described(stretches: pl.DataFrame) -> pl.DataFrame:
        rows = line.get(stretches).select(
            "begin", "end", code=pl.col("group") // count, repository=(pl.col("group") % count).cast(pl.Int32)
        )
        rows = rows.join(world.repositories, on="repository", suffix="_of")
        return rows.with_columns(begin=pl.max_horizontal("begin", "begin_of"), end=pl.min_horizontal("end", "end_of")).filter(
            pl.col("begin") < pl.col("end")
        )

    return described(sure), described(possible)


def _enough(world: World, layer: Layer, rows: pl.DataFrame, leg: str, need: int, terms: Copies, *, sure: bool) -> pl.DataFrame:
    """Return the islands where a leg has enough: at least `need` different values of what it counts."""
    each = _values(world, layer, rows, leg, terms, sure=sure)
    if each.is_empty():
        return empty()
    return at_least(each.select(*world.line.put(pl.col("code"), pl.col("begin"), pl.col("end")), need=pl.lit(need)))


def _values(world: World, layer: Layer, rows: pl.DataFrame, leg: str, terms: Copies, *, sure: bool) -> pl.DataFrame:
    """Return when each different value of what a leg counts is there: `code`, `begin`, `end`, those of one value disjoint."""
    frame = layer.frame.select(
        code=pl.col("code").cast(INT), since="begin", until="end", city_of="city", medium_of="medium", domain_of="failure_domain"
    )
    rows = rows.join(frame, on="code")
    unknown = UNDECLARED + pl.col("name")
    if leg == "count":
        rows = rows.filter(~pl.col("mirror").fill_null(value=False)).with_columns(
            value=pl.col("failure_domain") if sure else pl.coalesce("failure_domain", unknown)
        )
        own = frame.select("code", begin="since", end="until", value=pl.coalesce("domain_of", pl.lit(PRODUCTION)))
    elif leg == "media":
        rows = rows.with_columns(value=pl.col("medium") if sure else pl.coalesce("medium", unknown))
        own = frame.select(
            "code", begin="since", end="until", value=pl.col("medium_of") if sure else pl.coalesce("medium_of", pl.lit(PRODUCTION))
        )
    else:
        rows, own = rows.with_columns(value="name"), frame.clear().select("code", begin="since", end="until", value="city_of")
        if leg == "offsite":
            away = pl.col("city") != pl.col("city_of")
            rows = rows.filter(away.fill_null(value=not sure))
        elif leg == "immutable":
            rows = rows.filter(~pl.col("mirror").fill_null(value=sure))
        else:
            rows = rows.filter(~pl.col("mirror").fill_null(value=sure) & pl.col("offline").fill_null(value=not sure))
    if terms.production and own.height:
        rows = pl.concat([rows.select("code", "begin", "end", "value"), own.select("code", "begin", "end", "value")])
    rows = rows.select("code", "begin", "end", "value").drop_nulls("value")
    if rows.is_empty():
        return pl.DataFrame(schema={"begin": INT, "end": INT, "code": INT})
    values = rows.select("code", "value").unique().sort("code", "value").with_row_index("group")
    line = Line(world.line.start, world.line.stop)
    placed = islands(rows.join(values, on=["code", "value"]).select(*line.put(pl.col("group"), pl.col("begin"), pl.col("end"))))
    each = line.get(placed)
    return each.select("begin", "end", code=values["code"].gather(each["group"]).cast(INT))


COUNTS = {
    "code": pl.UInt32, "policy": pl.Int32, "leg": pl.String, "bound": pl.String, "begin": INT, "end": INT, "count": INT, "needed": INT,
}  # fmt: skip


def counts(world: World) -> pl.DataFrame:
    """Return how many each leg counted at every judged instant, on both bounds (`bound`: `sure` or `possible`), and how many it needed: COUNTS."""
    found = [pl.DataFrame(schema=COUNTS)]
    for whole in world.layers(_applies, by_attributes=True):
        for part, lives in world.by_acceptance(whole):
            for policy in part.policies():
                found += _counts_of(world, part.only(policy), lives, policy)
    return pl.concat(found).sort("code", "policy", "leg", "bound", "begin")


def _counts_of(world: World, layer: Layer, lives: Lives, index: int) -> Iterator[pl.DataFrame]:
    policy = world.policies[index]
    terms: Copies = policy.objectives["copies"]
    judged = world.line.get(world.judged(layer)[0], "code").with_columns(pl.col("code").cast(INT))
    for leg in LEGS:
        if not (needed := getattr(terms, leg)):
            continue
        both = zip(_holding(world, layer, lives, policy, immutable=leg == "immutable"), ("sure", "possible"), strict=True)
        for rows, bound in both:
            each = _values(world, layer, rows, leg, terms, sure=bound == "sure").select("code", "begin", "end")
            steps = pl.concat([
                each.select("code", at="begin", step=pl.lit(1, INT)),
                each.select("code", at="end", step=pl.lit(-1, INT)),
                *(judged.select("code", at=border, step=pl.lit(0, INT)) for border in ("begin", "end")),
            ])  # fmt: skip
            steps = steps.group_by("code", "at").agg(pl.col("step").sum()).sort("code", "at")
            steps = steps.with_columns(count=pl.col("step").cum_sum().over("code"), end=pl.col("at").shift(-1).over("code"))
            inside = steps.drop_nulls("end").join(judged, on="code", suffix="_of")
            inside = inside.with_columns(begin=pl.max_horizontal("at", "begin"), end=pl.min_horizontal("end", "end_of"))
            told = {"policy": index, "leg": leg, "bound": bound, "needed": needed}
            inside = inside.filter(pl.col("begin") < pl.col("end")).with_columns(
                **{key: pl.lit(value) for key, value in told.items()}
            )
            yield inside.select(pl.col(name).cast(kind) for name, kind in COUNTS.items())


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the newest point in each repository when a breach (`row`, `code`, `policy`, `begin`) begins: `row`, `role`, `point`."""
    lives = next(iter(world.lives.values())).scalars
    points = (
        world.points.select("code", "repository", "captured", "pair", "id")
        .with_columns(begun=lives["begin"])
        .with_row_index("point")
    )
    points = (
        points.filter(pl.col("code").is_in(breaches["code"].unique().implode()))
        .drop_nulls("captured")
        .sort("begun", "captured", "pair", "id")
    )
    newest = points.filter(pl.col("captured") >= pl.col("captured").cum_max().over("code", "repository"))
    asked = breaches.select("row", "code", "begin").join(newest.select("code", "repository").unique(), on="code").sort("begin")
    found = asked.join_asof(
        newest, left_on="begin", right_on="begun", by=["code", "repository"], check_sortedness=False
    ).drop_nulls("point")
    return found.select("row", pl.lit("newest").alias("role"), "point")


def undeclared(world: World, unproven: pl.DataFrame, leg: str) -> pl.DataFrame:
    """Return which unproven stretches (`row`, `code`, `begin`) of a leg hang on something that is not declared when they begin, and which `repositories`
    lack it (none: the asset does): `row`, `reason`, `repositories`, `pairs`, `keys`."""
    attribute = {"count": "failure_domain", "media": "medium", "offsite": "city", "offline": "offline"}.get(leg)
    at = (pl.col("begin_of") <= pl.col("begin")) & (pl.col("begin") < pl.col("end_of"))
    asked = unproven.select("row", "code", "begin")
    missing = [asked.select("row", repository=pl.lit(None, pl.Int32)).clear()]
    if attribute in ("medium", "city"):
        own = world.segments.select("code", attribute, begin_of="begin", end_of="end")
        missing.append(
            asked.join(own, on="code").filter(at & pl.col(attribute).is_null()).select("row", repository=pl.lit(None, pl.Int32))
        )
    if attribute is not None:
        held = (
            pl.concat([world.points.select("code", "repository"), world.unseen.select("code", "repository")]).drop_nulls().unique()
        )
        places = world.repositories.select("repository", attribute, begin_of="begin", end_of="end")
        rows = asked.join(held, on="code").join(places, on="repository")
        missing.append(rows.filter(at & pl.col(attribute).is_null()).select("row", "repository"))
    found = pl.concat(missing).group_by("row").agg(repositories=pl.col("repository").drop_nulls().unique().sort())
    return found.select(
        "row", "repositories", reason=pl.lit("undeclared"), pairs=pl.lit([], pl.List(pl.Int32)), keys=pl.lit(["undeclared"])
    )
