"""Vendor: each provider in use was assessed within its term (docs/definitions.md, section 30).

A provider is in use where a point is present in a repository that it runs, restorable or not: whoever holds what cannot be restored as a whole holds it all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from audit.controls._each import NO_COPY, versions
from audit.controls._each import doubts as doubts_of
from audit.controls._objectives import Length, Objective, Share
from audit.controls._present import PresentRule
from audit.controls._recorded import so_far, told_doubts
from audit.controls._weaker import Shortfall, shorter, weaker
from audit.model.estate import PolicyVersion
from audit.model.intervals import INT, Line, empty, intersect, islands, subtract, union
from audit.model.terms import FOR_EVER
from audit.model.world import Outcome, World, plus


class Assessed(Objective):
    """`vendor: 1y`, or `{assessed: 1y, score: 60%}`: how long an assessment counts at the most, and what it has to score."""

    SHORT = "assessed"

    assessed: Length
    score: Share | None = None

    def weaker_than(self, least: Assessed, zone: str) -> Iterator[Shortfall]:
        """Yield in what it lets assessments be older, or worse."""
        yield from weaker("assessed", self.assessed, least.assessed, shorter([least.assessed], [self.assessed], zone))
        if least.score is not None:
            yield from weaker("score", self.score, least.score, (self.score or 0) < least.score)


OBJECTIVES = {"vendor": Assessed}
READS_KNOWN = True
OTHERWISE = NO_COPY
UNKNOWN = "vendor-not-assessed"
"""Why it is unproven where a point is surely there: nobody assessed its provider yet, or approved that; or nobody declared the repository."""


def evaluate(world: World) -> list[Outcome]:
    """Judge every group while a provider may hold something of it: breached while one surely does whose assessment lapsed, was rejected, or lacks what is asked."""
    if not any(_Rule.applies(policy) for policy in world.policies):
        return []
    rule, after, outcomes = _Rule(world), world.left_until(), []
    blind = world.blind.cast(pl.UInt32)
    for whole in rule.layers():
        judged, grace = world.judged(whole, outlives=after)
        breached, failed = empty(), empty()
        dark = whole.frame.filter(pl.col("code").is_in(blind.implode()))
        asked = world.on_line(dark)
        for layer, policy in versions(world, whole):
            breached = union(breached, so_far(world, world.on_line(rule.failing(layer, policy, "possible", "sure"))))
            failed = union(
                failed, world.on_line(rule.failing(layer, policy, "sure", "possible")), _gone(world, rule.unseen(layer, policy))
            )
            there = world.on_line(rule.there(layer, rule.provided, "possible"))
            asked = union(asked, there, _gone(world, rule.hidden(layer, rule.provided)))
        judged, grace = intersect(judged, asked), intersect(grace, asked)
        failed = union(failed, subtract(judged, so_far(world, judged)))
        outcomes.append(world.outcome(whole, None, judged, grace, breached, subtract(failed, breached)))
    return outcomes


def doubts(world: World, names: tuple[str, ...]) -> pl.DataFrame:
    """Return what makes the control unproven, and when; see `_each.doubts`."""
    return pl.concat([doubts_of(_Rule(world), UNKNOWN, names), told_doubts(world, "vendor", lambda *_: [])])


def said_by(world: World, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return the newest assessment of each provider that fails when a breach (`row`, `code`, `begin`) begins: `row`, `id`, `entry`, `sha256`, `by`."""
    rule = _Rule(world)
    kept = rule.assessments.select("provider", "id", "entry", "sha256", "by", since="begin")
    found = []
    for whole in rule.layers():
        for layer, policy in versions(world, whole):
            failing = (
                rule.failing(layer, policy, "possible", "sure")
                .join(rule.stands, on="pair")
                .select("code", "repository", "begin", "end")
            )
            at = breaches.select("row", "code", at="begin").join(failing, on="code")
            at = at.filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end"))).select("row", "at", "repository")
            by = at.join(rule.provided, on="repository").filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end")))
            named = by.join(kept, on="provider").filter(pl.col("since") <= pl.col("at")).sort("entry")
            found.append(named.unique(["row", "provider"], keep="last", maintain_order=True))
    return pl.concat(found).select("row", "id", "entry", "sha256", "by").unique(maintain_order=True).sort("row", "entry")


def kept_by(world: World, met: pl.DataFrame) -> pl.DataFrame:
    """Return the newest assessment that counts of each provider that may hold a point when a stretch in which it is met (`row`, `code`, `begin`) begins: `row`, `id`, `entry`,
    `sha256`, `by`."""
    rule = _Rule(world)
    found = [
        pl.DataFrame(schema={"row": met.schema["row"], "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String})
    ]
    for whole in rule.layers():
        for layer, policy in versions(world, whole):
            there = rule.there(layer, rule.provided, "possible").join(rule.stands, on="pair")
            at = met.select("row", "code", at="begin").join(there.select("code", "repository", "begin", "end"), on="code")
            at = at.filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end"))).select("row", "at", "repository")
            by = at.join(rule.provided, on="repository").filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end")))
            named = by.select("row", "at", "provider").join(rule.counting(policy, "sure"), on="provider")
            named = named.filter((pl.col("begin") <= pl.col("at")) & (pl.col("at") < pl.col("end"))).sort("entry")
            found.append(named.unique(["row", "provider"], keep="last", maintain_order=True).select(found[0].columns))
    return pl.concat(found).unique(maintain_order=True).sort("row", "entry")


def _gone(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    return world.on_line(rows.select("code", "begin", end="gone"))


class _Rule(PresentRule):
    """When points are there whose repository is run by a provider without an assessment that counts."""

    key = "vendor"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        # Of a repository that nobody declared it is not known who runs it. A failure domain is always declared.
        provided = world.repositories.filter(pl.col("provider").is_not_null() | pl.col("failure_domain").is_null())
        self.provided = provided.select("repository", "begin", "end", "provider")
        rows = world.records.get("vendor", pl.DataFrame(schema=_ASSESSMENT))
        # A record about no asset in particular speaks of each, segment by segment; here it is one.
        whole = rows.group_by("id", maintain_order=True).agg(
            pl.col(*(_ASSESSMENT.keys() - {"id", "begin", "end"})).first(), pl.col("begin").min(), pl.col("end").max()
        )
        self.assessments = whole.select(_ASSESSMENT.keys())

    def counting(self, policy: PolicyVersion, has: str) -> pl.DataFrame:
        """Return while assessments count: as `assessments`."""
        terms: Assessed = policy.objectives["vendor"]
        rows = self.assessments
        rows = rows.with_columns(end=pl.min_horizontal("end", plus(rows["on"].cast(INT), terms.assessed, policy.timezone)))
        approved = pl.col("approved").fill_null(value=has == "possible")
        return rows.filter(pl.col("answered") & (pl.col("score") >= (terms.score or 0)) & approved)

    def lacking(self, policy: PolicyVersion, has: str) -> pl.DataFrame:
        """Return when which repositories are run by a provider without an assessment that counts: `repository`, `begin`, `end`. In the world `possible` one that nobody decided
        on counts, and so does what there was before the first; and a repository that nobody declared may have no provider."""
        good = self.counting(policy, has).select("provider", "begin", "end")
        mine = self.provided.with_row_index("place")
        if has == "possible":
            mine = mine.drop_nulls("provider")
            before = self.assessments.group_by("provider").agg(end=pl.col("begin").min())
            before = mine.select("provider").unique().join(before, on="provider", how="left")
            before = before.select("provider", begin=pl.lit(-FOR_EVER, INT), end=pl.col("end").fill_null(FOR_EVER))
            good = pl.concat([good, before])
        line = Line(self.world.line.start, self.world.line.stop)
        covered = mine.select("place", "provider").join(good, on="provider")
        own, fine = (islands(some.select(*line.put(pl.col("place"), pl.col("begin"), pl.col("end")))) for some in (mine, covered))
        left = line.get(subtract(own, fine), "place").with_columns(pl.col("place").cast(pl.UInt32))
        return left.join(mine.select("place", "repository"), on="place").select("repository", "begin", "end")


_ASSESSMENT: dict[str, Any] = {
    "id": pl.String, "entry": pl.Int64, "sha256": pl.String, "by": pl.String, "provider": pl.String, "on": pl.Datetime("us", "UTC"), "approved": pl.Boolean,
    "answered": pl.Boolean, "score": pl.Float64, "begin": INT, "end": INT,
}  # fmt: skip
