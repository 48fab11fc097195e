"""Location: no copy stands where it may not (design: data residency).

It is asked of points that are present, restorable or not: what cannot be restored as a whole can still be read where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import polars as pl
from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from audit.controls._each import NO_COPY, judge
from audit.controls._each import doubts as doubts_of
from audit.controls._objectives import Objective
from audit.controls._present import PresentRule
from audit.controls._weaker import Shortfall, weaker
from audit.model.estate import PolicyVersion
from audit.model.world import Outcome, World


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _words(description: str, item: dict[str, Any]) -> list[Any]:
    schema = {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}], "description": description}
    return [BeforeValidator(_several), Field(min_length=1), WithJsonSchema(schema)]


CODE = "^[A-Z]{2}$"
Countries = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=CODE)], ...],
    *_words("countries, two capital letters (ISO 3166); any when absent", {"type": "string", "pattern": CODE}),
]
Cities = Annotated[tuple[str, ...], *_words("cities, as sites write them; any when absent", {"type": "string"})]


class Location(Objective):
    """`location: {countries: [CN], cities: [Shanghai, Beijing]}`, at least one of the two."""

    countries: Countries = ()
    cities: Cities = ()

    @model_validator(mode="after")
    def _says_something(self) -> Location:
        if not self.countries and not self.cities:
            raise ValueError("it says neither countries nor cities; write at least one of them, such as `countries: [CN]`")
        return self

    def weaker_than(self, least: Location, zone: str) -> Iterator[Shortfall]:  # noqa: ARG002 - the same at any date
        """Yield in what it allows more places. Where it names only cities, nobody can say here in which countries they lie."""
        for name in ("countries", "cities"):
            own, allowed = getattr(self, name), getattr(least, name)
            if not allowed:
                continue
            answer: bool | None = not set(own) <= set(allowed) if own else None if name == "countries" else True
            yield from weaker(name, own or "any", allowed, answer)


OBJECTIVES = {"location": Location}
LOOKS_AT = ("presence", "code", "pair", "repository", "doubt", "available")
OTHERWISE = NO_COPY
UNKNOWN = "undeclared"
"""Why it is unproven where a point is surely there, and where its repository stands is not declared."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy says where copies may stand: breached while a point is surely there whose repository surely stands elsewhere."""
    return judge(_Rule, world)


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when; see `_each.doubts`."""
    return doubts_of(_Rule(world), UNKNOWN, names)


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that stand where they may not during a breach (`row`, `code`, `policy`, `begin`, `end`): `row`, `role`, `point`."""
    rule = _Rule(world)
    found = [pl.DataFrame(schema={"row": breaches.schema["row"], "point": pl.UInt32})]
    for index in breaches["policy"].drop_nulls().unique():
        outside = rule.lacking(world.policies[index], "possible")
        points = world.points.select("code", "repository").with_row_index("point")
        points = points.join(outside, on="repository").rename({"begin": "since", "end": "until"})
        mine = breaches.filter(pl.col("policy") == index).select("row", "code", "begin", "end")
        lives = rule.lives.rows("sure").select("point", came="begin", went="end")
        rows = points.join(mine, on="code").join(lives, on="point")
        first, last = pl.max_horizontal("since", "begin", "came"), pl.min_horizontal("until", "end", "went")
        found.append(rows.filter(first < last).select("row", "point").unique())
    return pl.concat(found).select("row", "point", role=pl.lit("misplaced"))


class _Rule(PresentRule):
    """When points are there whose repository stands where they may not."""

    key = "location"

    def lacking(self, policy: PolicyVersion, has: str) -> pl.DataFrame:
        """Return when which repositories stand elsewhere: `repository`, `begin`, `end`; in the world `sure` also those of which it is not declared."""
        terms: Location = policy.objectives["location"]
        inside = [
            pl.col(column).is_in(list(words)).fill_null(value=has == "possible")
            for column, words in (("country", terms.countries), ("city", terms.cities))
            if words
        ]
        return self.world.repositories.filter(~pl.all_horizontal(inside)).select("repository", "begin", "end")
