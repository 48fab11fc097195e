"""Copies: at every instant, 3-2-1 from the copies that really exist (design 5, "copies")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import polars as pl
from pydantic import Field

from audit.controls._objectives import LengthOrAny, Objective
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, Line, at_least, islands, subtract, union
from audit.model.terms import FOR_EVER, Term
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
LOOKS_AT = ("lives", "code", "repository", "captured", "available", "restorable", "immutable", "locked")
ASKS_WHEN_CAPTURED = True
LEGS = ("count", "media", "offsite", "immutable", "offline")
BOUNDS = ("sure", "possible")
PRODUCTION = "\0production"
UNDECLARED = "\0undeclared "


def evaluate(world: World) -> list[Outcome]:
    """Judge each leg that a policy asks for. First the islands of each (group, repository), then a sweep over those few for each leg."""
    outcomes, holdings = [], Holdings(world)
    for part, policy in _parts(world):
        outcomes += list(_of_policy(world, part, holdings, world.policies[policy]))
    return outcomes


def _parts(world: World) -> Iterator[tuple[Layer, int]]:
    """Yield the layers, each with only the groups under one policy version, and its index."""
    for layer in world.layers(_applies, by_attributes=True):
        for policy in layer.policies():
            yield layer.only(policy), policy


def reach(policy: PolicyVersion) -> int | None:
    """Return how old a copy may be and still count, in microseconds; null for any age, and for calendar terms (whose length depends on the date)."""
    copies = policy.objectives.get("copies")
    return None if copies is None or copies.max_age is None else copies.max_age.microseconds or None


def _applies(policy: PolicyVersion) -> bool:
    return "copies" in policy.objectives


Held = tuple[pl.DataFrame, pl.DataFrame]
"""When which repository holds a copy that counts, surely and possibly: `code`, `repository` (Int64), `begin`, `end` (microseconds), those of one disjoint."""


class Holdings:
    """When which repository holds a copy that counts. That hangs on how old a copy may be and on nothing else that is promised: the numbers asked
    for, and the attributes of assets and repositories, come after it. It is worked out once for all policies that count alike, for all groups."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._found: dict[str, Held] = {}

    def of(self, policy: PolicyVersion, *, locked: bool) -> Held:
        """Return them as a policy version counts. locked: only while a copy is immutable."""
        name = _name(policy, locked=locked)
        if name not in self._found:
            kept = [self._world.prepared.get(f"{name} {bound}") for bound in BOUNDS]
            self._found[name] = (
                (kept[0], kept[1]) if kept[0] is not None and kept[1] is not None else self._made(policy, locked=locked)
            )
        return self._found[name]

    def _made(self, policy: PolicyVersion, *, locked: bool) -> Held:
        points, max_age = self._world.points, policy.objectives["copies"].max_age
        until = pl.repeat(FOR_EVER, points.height, dtype=INT, eager=True)
        until = until if max_age is None else plus(points["captured"], max_age, policy.timezone)
        if not locked:
            return self._held(policy, until, until)
        surely, possibly = (
            points.select(until=pl.when(pl.col(lock).is_not_null()).then(pl.min_horizontal(lock, until))).to_series()
            for lock in ("locked", "immutable")
        )
        # Where every lock outlasts the time for which its copy counts, all copies are locked.
        return self.of(policy, locked=False) if surely.equals(until) else self._held(policy, surely, possibly)

    def _held(self, policy: PolicyVersion, surely: pl.Series, possibly: pl.Series) -> Held:
        """surely, possibly: up to when each point counts, in microseconds; null: it does not."""
        world, max_age = self._world, policy.objectives["copies"].max_age
        places, number = _numbered(world)
        line = Line(world.line.start, world.line.stop)
        # Clocks lie: what is listed before its own capture time counts from that on.
        lives, numbers = world.lives_of(policy), number(world.points)
        sure, possible = live_stretches(lives, line, numbers, world.points["captured"], surely)
        if not surely.equals(possibly):
            _, possible = live_stretches(lives, line, numbers, world.points["captured"], possibly)
        last = world.unseen["end"].clip(upper_bound=FOR_EVER)
        hidden = world.unseen.with_columns(
            place=number(world.unseen), until=pl.lit(FOR_EVER) if max_age is None else plus(last, max_age, policy.timezone)
        )
        unseen = hidden.select(*line.put(pl.col("place"), pl.col("begin"), pl.min_horizontal("until", "gone")))
        named = [line.get(stretches) for stretches in (sure, union(possible, islands(unseen)))]
        bare = [pl.concat([places[rows["group"]], rows.select("begin", "end")], how="horizontal") for rows in named]
        return bare[0], bare[1]


def _name(policy: PolicyVersion, *, locked: bool) -> str:
    """Return by what two policy versions differ that count copies differently."""
    max_age: Term | None = policy.objectives["copies"].max_age
    age = "any" if max_age is None else f"{max_age.months} {max_age.microseconds}"
    zone = policy.timezone if max_age is not None and max_age.months else ""
    return f"copies {policy.accept_partial} {age} {zone} {locked}"


def prepare(world: World) -> dict[str, pl.DataFrame]:
    """Return what a later look at the same world finds in `World.prepared`, by name, unless it asks for other ages than the agreed ones."""
    holdings = Holdings(world)
    found: dict[str, pl.DataFrame] = {}
    for policy in filter(_applies, world.policies):
        for locked in (False, True) if policy.objectives["copies"].immutable else (False,):
            held = holdings.of(policy, locked=locked)
            found |= {f"{_name(policy, locked=locked)} {bound}": rows for bound, rows in zip(BOUNDS, held, strict=True)}
    return found


def _numbered(world: World) -> tuple[pl.DataFrame, Callable[[pl.DataFrame], pl.Series]]:
    """Number the repositories of each group: only those that hold something, so that one line has room for them. Returns `code`, `repository` in order of
    the number, and what gives the number of each row of a frame of both; null where one is."""
    count = int(world.repositories["repository"].max() or 0) + 1  # type: ignore[arg-type]
    key = pl.col("code").cast(INT) * count + pl.col("repository")
    # Points come in runs of one place.
    of_points = world.points.select(key=key).filter((pl.col("key") != pl.col("key").shift(1)).fill_null(value=True))
    keys = pl.concat([of_points, world.unseen.select(key=key)]).drop_nulls().unique().sort("key")
    table = pl.repeat(None, world.groups.height * count, dtype=pl.UInt32, eager=True)
    table = table.scatter(keys["key"], pl.int_range(keys.height, dtype=pl.UInt32, eager=True))
    places = keys.select(code=pl.col("key") // count, repository=(pl.col("key") % count).cast(pl.Int32))
    return places, lambda rows: table.gather(rows.select(key).to_series())


def _of_policy(world: World, layer: Layer, holdings: Holdings, policy: PolicyVersion) -> Iterator[Outcome]:
    terms: Copies = policy.objectives["copies"]
    judged, grace = world.judged(layer)

    @cache
    def rows(*, locked: bool, sure: bool) -> pl.DataFrame:
        return _described(world, layer, holdings.of(policy, locked=locked)[0 if sure else 1])

    for leg in LEGS:
        if not (need := getattr(terms, leg)):
            continue
        locked = leg == "immutable"
        # What is possible matters only where something is open.
        left = subtract(judged, _enough(world, layer, rows(locked=locked, sure=True), leg, need, terms, sure=True))
        breached = left
        if left.height:
            breached = subtract(left, _enough(world, layer, rows(locked=locked, sure=False), leg, need, terms, sure=False))
        yield world.outcome(layer, leg, judged, grace, breached, subtract(left, breached))


def _described(world: World, layer: Layer, held: pl.DataFrame) -> pl.DataFrame:
    """Return when a repository holds a copy, for the groups of a layer, cut to where its attributes are the same, with them and the group's."""
    own = layer.frame.lazy().select(pl.col("code").cast(INT), city_of="city")
    rows = held.lazy().join(own, on="code").join(world.repositories.lazy(), on="repository", suffix="_of")
    rows = rows.with_columns(begin=pl.max_horizontal("begin", "begin_of"), end=pl.min_horizontal("end", "end_of"))
    return rows.filter(pl.col("begin") < pl.col("end")).collect()


def _enough(world: World, layer: Layer, rows: pl.DataFrame, leg: str, need: int, terms: Copies, *, sure: bool) -> pl.DataFrame:
    """Return the islands where a leg has enough: at least `need` different values of what it counts."""
    each = _values(layer, rows, leg, terms, sure=sure)
    return at_least(each.select(*world.line.put(pl.col("code"), pl.col("begin"), pl.col("end")), need=pl.lit(need)).collect())


def _values(layer: Layer, rows: pl.DataFrame, leg: str, terms: Copies, *, sure: bool) -> pl.LazyFrame:
    """Return when each different value of what a leg counts is there: `code`, `begin`, `end`, those of one value disjoint."""
    found, unknown, mirror = rows.lazy(), UNDECLARED + pl.col("name"), pl.col("mirror")
    if leg in ("count", "media"):
        declared = pl.col("failure_domain" if leg == "count" else "medium")
        found = found.filter(~mirror.fill_null(value=False)) if leg == "count" else found
        found = found.select("code", "begin", "end", value=declared if sure else pl.coalesce(declared, unknown))
        if terms.production:
            # That production is a copy of its own is sure; on which medium it is has to be declared.
            product = declared if sure and leg == "media" else pl.coalesce(declared, pl.lit(PRODUCTION))
            own = layer.frame.lazy().select(pl.col("code").cast(INT), "begin", "end", value=product)
            found = pl.concat([found, own])
        return _by_value(found.drop_nulls("value"))
    if leg == "offsite":
        found = found.filter((pl.col("city") != pl.col("city_of")).fill_null(value=not sure))
    elif leg == "immutable":
        found = found.filter(~mirror.fill_null(value=sure))
    else:
        found = found.filter(~mirror.fill_null(value=sure) & pl.col("offline").fill_null(value=not sure))
    # Each repository is one, also where its attributes change.
    return _by_value(found.select("code", "begin", "end", value="name"))


def _by_value(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Merge the stretches (`code`, `begin`, `end`, `value`) of each value of a group."""
    rows = rows.sort("code", "value", "begin").with_columns(reach=pl.col("end").cum_max().over("code", "value"))
    same = (pl.col("code") == pl.col("code").shift(1)) & (pl.col("value") == pl.col("value").shift(1))
    rows = rows.with_columns(new=(~same | (pl.col("reach").shift(1) < pl.col("begin"))).fill_null(value=True))
    last = pl.col("new").shift(-1, fill_value=True)
    return rows.select(pl.col("code", "begin").filter(pl.col("new")), end=pl.col("reach").filter(last))


COUNTS = {
    "code": pl.UInt32, "policy": pl.Int32, "leg": pl.String, "bound": pl.String, "begin": INT, "end": INT, "count": INT, "needed": INT,
}  # fmt: skip


def counts(world: World) -> pl.DataFrame:
    """Return how many each leg counted at every judged instant, on both bounds (`bound`: `sure` or `possible`), and how many it needed: COUNTS."""
    found = [pl.DataFrame(schema=COUNTS)]
    holdings = Holdings(world)
    for part, policy in _parts(world):
        found += _counts_of(world, part, holdings, policy)
    return pl.concat(found).sort("code", "policy", "leg", "bound", "begin")


def _counts_of(world: World, layer: Layer, holdings: Holdings, index: int) -> Iterator[pl.DataFrame]:
    policy = world.policies[index]
    terms: Copies = policy.objectives["copies"]
    judged = world.line.get(world.judged(layer)[0], "code").with_columns(pl.col("code").cast(INT))
    for leg in LEGS:
        if not (needed := getattr(terms, leg)):
            continue
        for held, bound in zip(holdings.of(policy, locked=leg == "immutable"), BOUNDS, strict=True):
            each = _values(layer, _described(world, layer, held), leg, terms, sure=bound == "sure").collect()
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
