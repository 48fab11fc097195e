"""Retention maximum: no copy is older than it may be (design 5, "retention-maximum").

What is inside a copy may be older than the copy: that content was purged in production when it had to be, no catalog of a backup tool shows. Where the policy
asks for it, the leg `content` rests on what people state and sign.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from pydantic import Field

from audit.controls._attested import Asked, doubts_of, said, stated_by
from audit.controls._holds import suspended
from audit.controls._objectives import Length, Objective
from audit.controls._retention import outlives
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, empty, subtract, union
from audit.model.lives import cuts_of_presence, presence_as_lives
from audit.model.terms import FOR_EVER, Term
from audit.model.world import Outcome, World, live_stretches, plus


class Dispose(Objective):
    """`dispose: {after: 3 months, grace: 7d}`; with `content: true` the purge in production has to be attested as well."""

    after: Length
    grace: Length = Term()
    content: bool = Field(
        default=False,
        description="also ask for a signed statement that what is due was purged in production: copies hold what is there",
    )

    def weaker_than(self, least: Dispose, zone: str) -> Iterator[Shortfall]:
        """Yield in what it lets copies stay longer: term and grace together count."""
        own, most = ([one.after, one.grace] for one in (self, least))
        yield from weaker("", self, least, shorter(most, own, zone))
        yield from weaker("content", self.content, least.content, least.content and not self.content)


def asks_for_content(policy: PolicyVersion) -> bool:
    """Say whether a policy version asks for a statement about content."""
    terms: Dispose | None = policy.objectives.get("dispose")
    return terms is not None and terms.content


CONTENT = "content"
LEGS = DOUBTS_OF = (CONTENT,)
"""The leg beside the age of copies, which has no name. Why it is unproven `doubts` says; of the age, points do."""
ASKED = Asked("retention-maximum", asks_for_content, lambda _: None)
"""A statement counts up to the day that it names itself."""


OBJECTIVES = {"dispose": Dispose}
LOOKS_AT = (
    "lives",
    "presence",
    "code",
    "captured",
    "restorable",
    "available",
    "catalog",
    "first_sighting",
)  # what has to be kept, disposes later
EACH_POINT = True
"""Every point counts by itself: what is in doubt is in doubt whatever else is there."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group whose policy says when copies go: breached while one is surely present too long, unproven while one possibly is.

    Whether the copy can be restored does not matter, and what was never seen is not held against anybody.
    """
    outcomes = []
    sure, possible = CUTS
    cuts = (world.prepared[sure], world.prepared[possible]) if sure in world.prepared else None
    lives = presence_as_lives(world.points, world.presence, cuts)
    after, gone = outlives(world)
    codes, latest, undated = world.points["code"], world.latest(), world.undated()
    nobody = pl.repeat(None, len(codes), dtype=INT, eager=True)
    for layer in world.layers(lambda policy: "dispose" in policy.objectives):
        judged, grace = world.judged(layer, outlives=after, gone=gone)
        breached, unproven = empty(), empty()
        for policy in layer.policies():
            part = layer.only(policy)
            begin, end = part.of(codes, "begin"), part.of(codes, "end")
            since = pl.select(pl.max_horizontal(begin, due(world, world.policies[policy]))).to_series()
            surely, possibly = live_stretches(lives, world.line, codes, since.zip_with(latest.is_not_null(), nobody), end)
            if undated.any():
                # How old it is nobody knows: it may have been overdue when it came.
                possibly = union(
                    possibly, live_stretches(lives, world.line, codes.zip_with(undated, nobody.cast(codes.dtype)), begin, end)[1]
                )
            free = suspended(world, part, world.policies[policy], world.policies[policy].objectives["dispose"].grace)
            breached, unproven = union(breached, subtract(surely, free)), union(unproven, subtract(possibly, free))
        outcomes.append(world.outcome(layer, None, judged, grace, breached, unproven, unseen=False))
    return [*outcomes, *_of_content(world, after, gone)]


def _of_content(world: World, after: pl.Series | None, gone: pl.Series | None) -> Iterator[Outcome]:
    """Yield what people state of the purge in production, for as long as copies are judged: no point says anything of it, and no legal hold makes it known."""
    for whole in world.layers(asks_for_content):
        judged, grace = world.judged(whole, outlives=after, gone=gone)
        holds, fails = said(world, whole, ASKED)
        unproven = subtract(judged, union(holds, fails))
        yield world.outcome(whole, CONTENT, judged, grace, fails, unproven, of_points=False)


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:  # noqa: ARG001 - it has no doubts about points
    """Return why the content is unproven, and when: there was no statement yet, or the last one had run out."""
    return doubts_of(world, ASKED).with_columns(leg=pl.lit(CONTENT))


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the statement that governs when a breach of the content begins: `row`, `id`, `entry`, `sha256`, `by`."""
    return stated_by(world, ASKED, breaches.filter(pl.col("leg") == CONTENT), holds=False)


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the statement that governs when a stretch in which the content is met begins: `row`, `id`, `entry`, `sha256`, `by`."""
    return stated_by(world, ASKED, met.filter(pl.col("leg") == CONTENT), holds=True)


CUTS = ("retention-maximum sure", "retention-maximum possible")


def prepare(world: World) -> dict[str, pl.DataFrame]:
    """Return what a later look at the same world finds in `World.prepared`, by name: when points with gaps are present. No promise changes that."""
    return dict(zip(CUTS, cuts_of_presence(world.points, world.presence), strict=True))


def due(world: World, policy: PolicyVersion) -> pl.Series:
    """Return, for each point, the instant by which it has to be gone under a policy version: the latest, where nobody told when it was captured; FOR_EVER where that lies after the
    period."""
    terms: Dispose = policy.objectives["dispose"]
    captured = world.latest()
    soon = (captured <= world.line.stop - terms.after.least - terms.grace.least).arg_true()
    by = plus(plus(captured.gather(soon), terms.after, policy.timezone), terms.grace, policy.timezone)
    never = pl.repeat(FOR_EVER, len(captured), dtype=INT, eager=True)
    return never.scatter(soon, by) if len(soon) else never


NAMES_OLDEST = True
"""Of many overdue points a breach names the oldest: they are overdue longest."""


def involved(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the points that are overdue during a breach (`row`, `code`, `policy`, `begin`, `end`): `row`, `role`, `point`."""
    found = [pl.DataFrame(schema={"row": breaches.schema["row"], "point": pl.UInt32})]
    breaches = breaches.filter(pl.col("leg").is_null())
    for index in breaches["policy"].unique():
        mine = breaches.filter(pl.col("policy") == index).select("row", "code", "begin", "end")
        points = world.points.select("code").with_columns(
            since=pl.select(pl.max_horizontal(due(world, world.policies[index]), world.points["available"])).to_series(),
            last=world.presence.ends["sure_end"],
        )
        points = points.with_row_index("point").filter(pl.col("since") < pl.col("last"))
        inside = points.join(mine, on="code").filter((pl.col("since") < pl.col("end")) & (pl.col("last") > pl.col("begin")))
        found.append(inside.select("row", "point"))
    return pl.concat(found).with_columns(role=pl.lit("overdue")).select("row", "role", "point")
