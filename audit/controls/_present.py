"""What controls share that ask something of the repositories in which points are present, restorable or not: what cannot be restored as a whole can still be read where it is."""

from __future__ import annotations

from abc import abstractmethod

import polars as pl

from audit.controls._each import Rule, hidden
from audit.model.estate import PolicyVersion
from audit.model.intervals import intersect, islands
from audit.model.lives import Lives, presence_as_lives
from audit.model.world import Layer, World


class PresentRule(Rule):
    """Fails when points are in repositories that lack what is asked. That is asked of what a retired asset left as well."""

    outlives = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.lives = presence_as_lives(world.points, world.presence)
        self.stands = world.points.select("pair", "repository").unique("pair")

    @abstractmethod
    def lacking(self, policy: PolicyVersion, has: str) -> pl.DataFrame:
        """Return when which repositories lack what is asked, in a world: `repository`, `begin`, `end`."""

    def lives_of(self, policy: PolicyVersion) -> Lives:  # noqa: ARG002 - whatever can be restored counts, and what cannot
        """Return when points are present."""
        return self.lives

    def failing(self, layer: Layer, policy: PolicyVersion, has: str, life: str) -> pl.DataFrame:
        """Return when points are in repositories that lack what is asked; see `_each.Rule`."""
        return self.there(layer, self.lacking(policy, has), life)

    def unseen(self, layer: Layer, policy: PolicyVersion) -> pl.DataFrame:
        """Return when points that nobody saw may be in repositories that lack what is asked."""
        return self.hidden(layer, self.lacking(policy, "sure"))

    def there(self, layer: Layer, where: pl.DataFrame, life: str) -> pl.DataFrame:
        """Return when points are in repositories (`repository`, `begin`, `end`): `code`, `pair`, `doubt`, `begin`, `end`.

        Why a point may be restorable and is not surely is no doubt here."""
        places, points = self.places, self.world.points
        some = points["repository"].is_in(where["repository"].unique().implode())
        present = places.live(self.lives, life, some, layer.of(points["code"], "begin"), layer.of(points["code"], "end"))
        numbered = places.frame.with_row_index("place").join(self.stands, on="pair").join(where, on="repository")
        held = islands(numbered.select(*places.line.put(pl.col("place"), pl.col("begin"), pl.col("end"))))
        rows = places.named(intersect(present, held))
        return rows.with_columns(doubt=pl.when(pl.col("doubt") <= 1).then("doubt").otherwise(pl.lit(0, pl.Int8)))

    def hidden(self, layer: Layer, where: pl.DataFrame) -> pl.DataFrame:
        """Return when points that nobody saw may be in repositories: as `_each.Rule.unseen`."""
        rows = hidden(self.world, layer).join(where.select("repository", "begin", "end"), on="repository", suffix="_of")
        rows = rows.with_columns(begin=pl.max_horizontal("begin", "low", "begin_of"), gone=pl.min_horizontal("gone", "end_of"))
        return rows.filter(pl.col("begin") < pl.col("gone")).drop("low", "begin_of", "end_of")
